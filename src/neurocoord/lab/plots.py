"""Plots of the page: uPlot by way of viser, each axis with its name and unit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating]

AGO = "time before now (s)"


class Line(NamedTuple):
    """One series of a plot."""

    label: str
    colour: str
    points: float = 0.0  # size of dots in place of a line (px)
    dashed: bool = False
    width: float = 2.0


class Plot:
    """A plot in the current container of a client's page."""

    def __init__(
        self,
        gui: Any,
        title: str,
        x: str,
        y: str,
        lines: Sequence[Line],
        *,
        height: int = 190,
        x_range: tuple[float, float],
        y_range: tuple[float, float] | None = None,
    ) -> None:
        self._n = len(lines)
        edges = np.array(x_range, float)
        empty = (edges, *(np.zeros(2) for _ in range(self._n)))
        scales: dict[str, Any] = {"x": {"time": False, "range": list(x_range), "auto": False}}
        if y_range is not None:
            scales["y"] = {"range": list(y_range), "auto": False}
        self._handle = gui.add_uplot(
            empty,
            ({"label": x}, *(_series(line) for line in lines)),
            title=title,
            scales=scales,
            axes=(_axis(x), _axis(y)),
            legend={"show": self._n > 1 and not any(line.points for line in lines), "live": False},
            cursor={"show": False},
            height=height,
        )

    def show(self, x: Floats, *ys: Floats) -> None:
        """Put in new values; all arrays are as long as `x`, at least one value."""
        if len(ys) != self._n:
            raise ValueError(f"{len(ys)} lines were given; the plot has {self._n}")
        if x.size:
            self._handle.data = (x, *ys)


def _series(line: Line) -> dict[str, Any]:
    if line.points:
        dots = {"show": True, "size": line.points, "fill": line.colour, "width": 0}
        return {"label": line.label, "stroke": line.colour, "width": 0, "points": dots}
    series: dict[str, Any] = {
        "label": line.label,
        "stroke": line.colour,
        "width": line.width,
        "points": {"show": False},
    }
    return series | ({"dash": [6, 4]} if line.dashed else {})


def _axis(label: str) -> dict[str, Any]:
    return {
        "label": label,
        "labelSize": 18,
        "labelFont": "12px sans-serif",
        "font": "11px sans-serif",
        "size": 34,
        "stroke": "#333333",
        "grid": {"stroke": "#dddddd", "width": 1},
    }
