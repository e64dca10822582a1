"""Figures of a study: effects beside what would matter (forest), and response to a dose."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from neurocoord.analysis.plots import COLOURS, GREY, LINES, MARKERS, one_panel, row_of_panels
from neurocoord.analysis.statistics import EXACT, Pair, mean_interval

if TYPE_CHECKING:
    from neurocoord.analysis.plots import Figure

Floats = NDArray[np.float64]

FARTHEST = 6.0  # multiples of the smallest difference of interest that a forest shows (choice)
BAND = "#e4e4e4"
ONE_LINE, KEY_LETTERS = 62, 7  # letters of title and key that are as wide as the axes (choice)
KEY_LINE = 72  # letters of a key that may reach out over the row labels (choice)


class ForestRow(NamedTuple):
    """One measure: conditions against the baseline."""

    label: str
    pairs: Sequence[Pair]  # in the same order in all rows; those without a margin are not drawn


class DosePanel(NamedTuple):
    """One measure over a dose, a line for each condition."""

    title: str
    x_label: str
    y_label: str
    lines: Mapping[str, tuple[Floats, Floats]]  # condition: (dose [dose], values [dose, subject])


def forest(title: str, rows: Sequence[ForestRow]) -> Figure:
    """Differences from the baseline with 95 % intervals, in multiples of the smallest difference
    of interest, whose band is shaded; beside them the differences in percent, of chances in people.

    Filled symbols: the difference is surely there and may matter ("more", "less"); open ones: not.
    """
    shown = [row for row in rows if any(_in_margins(pair) for pair in row.pairs)]
    conditions = list(dict.fromkeys(pair.second for row in shown for pair in row.pairs))
    step = 0.2 if len(conditions) < 3 else 0.145  # inches from symbol to symbol
    height = 1.25 + step * sum(max(len(row.pairs), 1) + 0.8 for row in shown)
    return one_panel(title, lambda axes: _forest(axes, shown, conditions), size=(7.2, height))


def dose_response(title: str, panels: Sequence[DosePanel]) -> Figure:
    """Mean over subjects with its 95 % interval at each dose, a line for each condition."""
    if not panels:
        raise ValueError("panels is empty; one or more are drawn")

    def draw(panel: DosePanel, first: bool) -> Any:
        return lambda axes: _dose(axes, panel, first)

    return row_of_panels(title, [draw(panel, i == 0) for i, panel in enumerate(panels)])


def _in_margins(pair: Pair) -> bool:
    return bool(pair.margin > 0 and np.isfinite(pair.mean_difference))


def _forest(axes: Any, rows: Sequence[ForestRow], conditions: Sequence[str]) -> None:
    axes.axvspan(-1, 1, color=BAND, zorder=0)
    axes.axvline(0, color=GREY, linewidth=0.8, zorder=1)
    at, ticks = 0.0, []
    for row in rows:
        ticks.append((at + 0.5 * (len(row.pairs) - 1), row.label))
        for pair in row.pairs:
            if _in_margins(pair):
                _effect(axes, at, pair, conditions.index(pair.second))
            at += 1.0
        at += 0.8
    axes.set_ylim(at - 0.4, -0.9)  # first row on top
    axes.set_xlim(-FARTHEST, FARTHEST)
    axes.set_yticks([y for y, _ in ticks], [label for _, label in ticks])
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    axes.set_xlabel(
        "difference over the smallest difference of interest (shaded: too small to matter)"
    )
    title, letters = axes.get_title(loc="left"), sum(len(name) + KEY_LETTERS for name in conditions)
    n_rows = max(1, math.ceil(letters / KEY_LINE))
    _key(axes, conditions, markers_only=True, n_rows=n_rows)
    if len(title) + letters > ONE_LINE:
        above_key = 8 + 14 * n_rows
        axes.set_title(title, loc="left", weight="bold", pad=above_key)


def _effect(axes: Any, y: float, pair: Pair, index: int) -> None:
    colour, marker = COLOURS[(index + 1) % len(COLOURS)], MARKERS[(index + 1) % len(MARKERS)]
    mean, low, high = (
        value / pair.margin for value in (pair.mean_difference, pair.ci_low, pair.ci_high)
    )
    if np.isfinite(low):
        inside = np.clip([low, high], -FARTHEST, FARTHEST)
        axes.plot(inside, [y, y], color=colour, linewidth=1.6, zorder=2)
    if abs(mean) > FARTHEST:  # beyond what is shown: an arrow at the edge
        marker, mean = (">" if mean > 0 else "<"), float(np.clip(mean, -FARTHEST, FARTHEST))
    sure = pair.finding in ("more", "less")
    face = colour if sure else "white"
    axes.plot(
        mean, y, marker, color=colour, markerfacecolor=face, markersize=6, zorder=3, clip_on=False
    )
    axes.annotate(
        _change(pair),
        (1.0, y),
        (6, 0),
        xycoords=("axes fraction", "data"),
        textcoords="offset points",
        va="center",
        size=7.5,
        color=colour if sure else GREY,
        annotation_clip=False,
    )


def _change(pair: Pair) -> str:
    """A difference in percent of the baseline; of falls and other chances, how many more of all."""
    if pair.method == EXACT:
        text = f"{round(pair.mean_difference * pair.n):+d} of {pair.n}"
    elif np.isfinite(pair.percent):
        text = f"{pair.percent:+.1f}"
        text = f"{'0.0' if float(text) == 0.0 else text} %"
    else:
        return ""
    return text.replace("+0 ", "0 ").replace("-", "\N{MINUS SIGN}")


def _dose(axes: Any, panel: DosePanel, key: bool) -> None:
    for index, (dose, values) in enumerate(panel.lines.values()):
        colour, marker = COLOURS[index % len(COLOURS)], MARKERS[index % len(MARKERS)]
        found = [mean_interval(of_dose) for of_dose in np.asarray(values, float)]
        x = np.asarray(dose, float)
        low, high = np.array([[interval.low, interval.high] for interval in found]).T
        axes.fill_between(x, low, high, color=colour, alpha=0.18, linewidth=0)
        axes.plot(
            x,
            [interval.mean for interval in found],
            color=colour,
            marker=marker,
            linestyle=LINES[index % len(LINES)],
            linewidth=1.4,
            markersize=5,
        )
    axes.set_title(panel.title, loc="left")
    axes.set_xlabel(panel.x_label)
    axes.set_ylabel(panel.y_label)
    if key:
        _key(axes, list(panel.lines), markers_only=False)


def _key(axes: Any, conditions: Sequence[str], *, markers_only: bool, n_rows: int = 1) -> None:
    """Which symbol is which condition; in a forest the first symbol is the baseline's, unused."""
    first = 1 if markers_only else 0
    handles = [
        axes.plot(
            [],
            [],
            color=COLOURS[(index + first) % len(COLOURS)],
            marker=MARKERS[(index + first) % len(MARKERS)],
            linestyle="" if markers_only else LINES[(index + first) % len(LINES)],
            label=name.replace("_", " "),
        )[0]
        for index, name in enumerate(conditions)
    ]
    if markers_only:
        axes.legend(
            handles=handles, loc="lower right", bbox_to_anchor=(1.0, 1.0),
            ncols=math.ceil(len(handles) / n_rows),
            frameon=False, borderaxespad=0.1,
        )  # fmt: skip
    else:
        axes.legend(handles=handles, frameon=False)
