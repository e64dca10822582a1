"""Figures. The only room that knows matplotlib, which it loads when a figure is drawn.

Figures are made without pyplot, so no display is asked for and no state is left behind.
"""

from __future__ import annotations

import io
import textwrap
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from neurocoord.analysis.statistics import Comparison, Measurement, mean_interval

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Okabe & Ito (2008): told apart by colour-blind readers. Marker and line style differ as well, for
# print without colour.
COLOURS = ("#000000", "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
MARKERS = ("o", "s", "^", "D", "v", "P", "X")
LINES: tuple[Any, ...] = ("-", (0, (5, 1.2)), (0, (1.2, 1)), "-.", (0, (3, 1, 1, 1)), "-", "--")
GREY = "#6b6b6b"
PANELS_A_ROW = 6
LETTERS_A_LINE = 30  # of a panel's finding: as many as are as wide as the panel


class TracePanel(NamedTuple):
    """Lines over time, one for each strategy."""

    title: str
    x_label: str
    y_label: str
    lines: Mapping[str, tuple[NDArray[np.float64], NDArray[np.float64]]]  # strategy: (x, y)


class DotRow(NamedTuple):
    """A row of small panels: the measures of one task, every seed a dot."""

    title: str  # of the row
    labels: Mapping[str, str]  # measure: what a person calls it
    measurements: Sequence[Measurement]  # of this task
    comparisons: Sequence[Comparison]


def compare_figure(
    title: str,
    subtitle: str,
    strategies: Sequence[str],
    traces: Sequence[TracePanel],
    rows: Sequence[DotRow],
) -> Figure:
    """Traces above, then rows of dots for each task; `strategies` gives order and colours."""
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    heights = ([2.5] if traces else []) + [2.25 * _n_bands(row) for row in rows]
    with rc_context(_STYLE):
        figure = Figure(figsize=(13.5, 1.05 + sum(heights)), dpi=150, layout="constrained")
        head = 0.95 / figure.get_figheight()
        figure.get_layout_engine().set(rect=(0.004, 0.0, 0.992, 1 - head), hspace=0.06)  # type: ignore[union-attr,call-arg]
        bands = figure.subfigures(len(heights), 1, height_ratios=heights, squeeze=False)[:, 0]
        if traces:
            _trace_band(bands[0], strategies, traces)
        for band, row in zip(bands[len(bands) - len(rows) :], rows):
            _dot_band(band, strategies, row)
        inch = 1 / figure.get_figheight()
        figure.text(0.01, 1 - 0.16 * inch, title, size=14, weight="bold", va="top")
        figure.text(0.01, 1 - 0.50 * inch, subtitle, size=9.5, color=GREY, va="top")
        _legend(figure, strategies)
    return figure


def one_panel(
    title: str, draw: Callable[[Axes], None], *, size: tuple[float, float] = (6.4, 4.4)
) -> Figure:
    """A figure of one panel of `size` (inches), which `draw` fills."""
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    with rc_context(_STYLE):
        figure = Figure(figsize=size, dpi=150, layout="constrained")
        axes = figure.subplots()
        axes.set_title(title, loc="left", weight="bold")
        draw(axes)
    return figure


def stacked(title: str, heights: Sequence[float], draw: Callable[[Sequence[Axes]], None]) -> Figure:
    """Panels over one another that share their x, of relative `heights`, which `draw` fills."""
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    with rc_context(_STYLE):
        figure = Figure(figsize=(8.0, 1.1 + 1.0 * sum(heights)), dpi=150, layout="constrained")
        axes = figure.subplots(len(heights), 1, sharex=True, height_ratios=heights, squeeze=False)
        draw(list(axes[:, 0]))
        figure.align_ylabels()
        figure.suptitle(title, x=0.01, ha="left", size=10.5, weight="bold")
    return figure


def row_of_panels(title: str, draws: Sequence[Callable[[Axes], None]]) -> Figure:
    """Panels beside one another, at most three in a row, each filled by one of `draws`."""
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    across = min(3, len(draws))
    down = -(-len(draws) // across)
    with rc_context(_STYLE):
        size = (0.3 + 3.2 * across, 0.5 + 2.9 * down)
        figure = Figure(figsize=size, dpi=150, layout="constrained")
        figure.suptitle(title, x=0.01, ha="left", size=10.5, weight="bold")
        grid = figure.subplots(down, across, squeeze=False).ravel()
        for axes, draw in zip(grid, draws):
            draw(axes)
        for axes in grid[len(draws) :]:
            axes.set_axis_off()
    return figure


def save(figure: Figure, path: Path) -> None:
    """Write a figure; the suffix of the path says in which format."""
    from matplotlib import rc_context

    date = {".png": {}, ".pdf": {"CreationDate": None}}.get(path.suffix, {"Date": None})
    with rc_context({"svg.hashsalt": "neurocoord", "svg.fonttype": "none", "pdf.fonttype": 42}):
        figure.savefig(path, **({"metadata": date} if date else {}))  # type: ignore[arg-type]


def svg_text(figure: Figure) -> str:
    """A figure as the text of an SVG file, the same every time."""
    from matplotlib import rc_context

    text = io.StringIO()
    with rc_context({"svg.hashsalt": "neurocoord", "svg.fonttype": "none"}):
        figure.savefig(text, format="svg", metadata={"Date": None})
    return text.getvalue()


_STYLE: Any = {
    "font.size": 9,
    "font.family": "DejaVu Sans",
    "axes.titlesize": 9,
    "axes.labelsize": 8.5,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.linewidth": 0.7,
    "axes.edgecolor": GREY,
    "xtick.labelsize": 8,
    "ytick.labelsize": 8,
    "xtick.color": "#333333",
    "ytick.color": "#333333",
}


def _n_bands(row: DotRow) -> int:
    return -(-len(row.labels) // PANELS_A_ROW)


def _trace_band(band: Any, strategies: Sequence[str], traces: Sequence[TracePanel]) -> None:
    for axes, panel in zip(band.subplots(1, len(traces), squeeze=False)[0], traces):
        for index, strategy in enumerate(strategies):
            if strategy in panel.lines:
                axes.plot(
                    *panel.lines[strategy],
                    color=COLOURS[index % len(COLOURS)],
                    linestyle=LINES[index % len(LINES)],
                    linewidth=1.4,
                )
        axes.set_title(panel.title, loc="left", weight="bold")
        axes.set_xlabel(panel.x_label)
        axes.set_ylabel(panel.y_label)
        axes.margins(x=0.01)


def _dot_band(band: Any, strategies: Sequence[str], row: DotRow) -> None:
    band.suptitle(row.title, x=0.008, ha="left", size=10.5, weight="bold")
    grid = band.subplots(_n_bands(row), PANELS_A_ROW, squeeze=False).ravel()
    found_of = {
        measure: _found(next((c for c in row.comparisons if c.measure == measure), None))
        for measure in row.labels
    }
    n_lines = max((text.count("\n") + 1 for text, _ in found_of.values()), default=1)
    for axes, (measure, label) in zip(grid, row.labels.items()):
        found = [m for m in row.measurements if m.measure == measure]
        values = {
            strategy: {m.seed: m.value for m in found if m.strategy == strategy}
            for strategy in strategies
        }
        unit = found[0].unit if found else ""
        _dots(axes, values)
        axes.set_title(label, loc="left", pad=7 + 9 * n_lines)  # titles of a row on one line
        found_text, differs = found_of[measure]
        axes.annotate(
            found_text,
            (0.0, 1.0),
            (0.0, 3 + 9 * n_lines),
            xycoords="axes fraction",
            textcoords="offset points",
            size=6.8,
            color="black" if differs else GREY,
            va="top",
        ).set_in_layout(False)
        axes.set_ylabel("" if unit == "1" else unit)
    for axes in grid[len(row.labels) :]:
        axes.set_axis_off()


def _dots(axes: Axes, values: Mapping[str, Mapping[int, float]]) -> None:
    """Every seed a dot, its dots joined; beside them mean and 95 % interval of each strategy."""
    order = list(values)
    for seed in sorted({seed for by_seed in values.values() for seed in by_seed}):
        of_seed = [values[strategy].get(seed, np.nan) for strategy in order]
        axes.plot(range(len(order)), of_seed, color="#b8b8b8", linewidth=0.7, zorder=1)
    for index, strategy in enumerate(order):
        colour, marker = COLOURS[index % len(COLOURS)], MARKERS[index % len(MARKERS)]
        y = np.array(list(values[strategy].values()), float)
        y = y[np.isfinite(y)]
        x = np.full(y.size, float(index))
        axes.plot(x, y, marker, color=colour, markersize=4, alpha=0.55, markeredgewidth=0, zorder=2)
        mean, low, high, n = mean_interval(y)
        if n:
            if np.isfinite(low):
                axes.plot([index + 0.25] * 2, [low, high], color=colour, linewidth=1.6, zorder=3)
            axes.plot(index + 0.25, mean, marker, color=colour, markersize=6.5, zorder=4)
    axes.set_xlim(-0.4, len(order) - 0.35)
    axes.set_xticks(range(len(order)), [_short(name) for name in order], size=6)
    axes.tick_params(axis="x", length=0)
    axes.ticklabel_format(axis="y", useOffset=False, style="plain")
    low, high = axes.get_ylim()
    if not any(np.isfinite(v) for by_seed in values.values() for v in by_seed.values()):
        axes.set_yticks([])
        axes.text(0.5, 0.5, "no value", transform=axes.transAxes, ha="center", color=GREY)
    elif high - low < 0.02 * max(abs(low), abs(high)):  # a hair's breadth is shown as one
        middle, half = (low + high) / 2, 0.01 * max(abs(low), abs(high))
        axes.set_ylim(middle - half, middle + half)


def _found(comparison: Comparison | None) -> tuple[str, bool]:
    """What the comparison found, in a few words of short lines, and whether it is a difference."""
    if comparison is None or all(np.isnan(pair.p) for pair in comparison.pairs):
        return "not compared", False
    lower: dict[str, list[str]] = {}  # by the higher strategy, those below it
    for pair in comparison.pairs:
        if pair.finding in ("more", "less"):
            up = pair.mean_difference > 0
            above, below = (pair.second, pair.first) if up else (pair.first, pair.second)
            lower.setdefault(above, []).append(below)
    if not lower:
        same = all(pair.finding == "equivalent" for pair in comparison.pairs)
        return "equivalent" if same else "no difference found", False
    if sum(map(len, lower.values())) == len(comparison.pairs):  # all differ: one chain
        names = {name for pair in comparison.pairs for name in (pair.first, pair.second)}
        chain = sorted(names, key=lambda name: -len(lower.get(name, ())))
        return _lines(" > ".join(_short(name, " ") for name in chain)), True
    higher: dict[tuple[str, ...], list[str]] = {}  # by those below, what is above them
    for high, lows in lower.items():
        higher.setdefault(tuple(lows), []).append(high)
    parts = [
        " > ".join(", ".join(_short(name, " ") for name in side) for side in (highs, those))
        for those, highs in higher.items()
    ]
    return _lines("; ".join(parts)), True


def _lines(text: str) -> str:
    """Text broken into lines that a small panel is wide enough for."""
    return "\n".join(textwrap.wrap(text, LETTERS_A_LINE))


def _short(name: str, between: str = "\n") -> str:
    return name.replace("_", between)


def _legend(figure: Figure, strategies: Sequence[str]) -> None:
    from matplotlib.lines import Line2D

    handles = [
        Line2D(
            [],
            [],
            color=COLOURS[index % len(COLOURS)],
            linestyle=LINES[index % len(LINES)],
            marker=MARKERS[index % len(MARKERS)],
            markersize=6,
            label=_short(strategy, " "),
        )
        for index, strategy in enumerate(strategies)
    ]
    figure.legend(
        handles=handles, loc="upper right", ncols=len(handles), frameon=False, handlelength=3.2,
        bbox_to_anchor=(0.995, 1.0), fontsize=10,
    )  # fmt: skip
