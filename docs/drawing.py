"""What the scripts that draw the docs' figures share: one style, one command line."""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from neurocoord.analysis.plots import GREY, save

FIGURES = Path(__file__).resolve().parent / "figures"
STYLE = {
    "font.size": 9,
    "axes.titlesize": 9,
    "axes.labelsize": 8.5,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.linewidth": 0.7,
    "axes.edgecolor": GREY,
    "xtick.labelsize": 8,
    "ytick.labelsize": 8,
}


def between(text: str, begin: str, end: str, new: str) -> str:
    """A page with what stands between two marks made anew; ValueError where they are missing."""
    if begin not in text or end not in text:
        raise ValueError(f"the page holds no {begin!r} and {end!r}")
    marked = re.escape(begin) + ".*?" + re.escape(end)
    return re.sub(marked, lambda _: f"{begin}\n\n{new}\n\n{end}", text, flags=re.DOTALL)


Drawings = Mapping[str, tuple[Callable[[Any], None], tuple[float, float]]]  # and size in inches


def draw_chosen(
    drawings: Drawings, prefix: str, description: str, style: Mapping[str, Any] = STYLE
) -> tuple[str, ...]:
    """The command line: draw the figures that `--only` names, by default all; returns the names."""
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    parser = argparse.ArgumentParser(description=description.splitlines()[0])
    parser.add_argument(
        "--only", nargs="+", choices=drawings, default=tuple(drawings), metavar="NAME",
        help=", ".join(drawings),
    )  # fmt: skip
    FIGURES.mkdir(exist_ok=True)
    chosen = tuple(parser.parse_args().only)
    for name in chosen:
        draw, size = drawings[name]
        with rc_context(style):
            figure = Figure(figsize=size, dpi=110, layout="constrained")
            draw(figure)
            path = FIGURES / f"{prefix}_{name}.png"
            save(figure, path)
        print(f"{path.relative_to(FIGURES.parents[1])}  {path.stat().st_size / 1e3:.0f} kB")
    return chosen
