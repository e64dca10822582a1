"""Drawing of a gait: footfall diagram, loads by limb, joint angles over the mean cycle."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from neurocoord.analysis.footfalls import mean_cycle
from neurocoord.analysis.plots import COLOURS, GREY, LINES

DIAGONALS = (1, 2, 2, 1)  # colours of right hand, left hand, right knee, left knee


def footfall_diagram(
    axes: Any,
    time: ArrayLike,
    stance: ArrayLike,
    labels: Sequence[str],
    colours: Sequence[int] = DIAGONALS,
) -> None:
    """A bar for each stance: ``stance`` bool[time, limb], first limb on top (Hildebrand 1966).

    ``time`` [time] in evenly spaced steps, of any unit; ``colours``: of each limb, into COLOURS.
    """
    at, standing = np.asarray(time, float), np.asarray(stance, bool)
    step = at[1] - at[0] if at.size > 1 else 1.0
    for row, (of_limb, colour) in enumerate(zip(standing.T, colours, strict=True)):
        padded = np.concatenate([[False], of_limb, [False]]).astype(np.int8)
        begins, ends = np.flatnonzero(np.diff(padded) == 1), np.flatnonzero(np.diff(padded) == -1)
        bars = [(at[a], (b - a) * step) for a, b in zip(begins, ends)]
        axes.broken_barh(bars, (row - 0.32, 0.64), color=COLOURS[colour], lw=0)
    axes.set_yticks(range(len(labels)), labels)
    axes.set_ylim(len(labels) - 0.5, -0.5)
    axes.set_xlim(at[0], at[-1])


def loads(
    axes: Any,
    time: ArrayLike,
    load: ArrayLike,
    labels: Sequence[str],
    colours: Sequence[int] = DIAGONALS,
) -> None:
    """Vertical force on each limb over time, [time, limb] in body weights, and their sum.

    ``colours`` as in `footfall_diagram`; the first two limbs (hands) are drawn through, the others
    dashed.
    """
    at, given = np.asarray(time, float), np.asarray(load, float)
    rows = zip(given.T, labels, colours, strict=True)
    for index, (row, label, colour) in enumerate(rows):
        line = LINES[0] if index < 2 else LINES[1]
        axes.plot(at, row, color=COLOURS[colour], ls=line, lw=1.1, label=label)
    axes.plot(at, given.sum(axis=1), color=GREY, lw=0.7, label="all")
    axes.set_xlim(at[0], at[-1])
    axes.set_ylim(0, None)
    axes.set_ylabel("vertical force (BW)")


def angles_over_cycle(axes: Any, angles_deg: Mapping[str, ArrayLike], at: ArrayLike) -> None:
    """Mean and SD over strides of joint angles [time] by name, from touch-down to touch-down.

    ``at``: ticks of the touch-downs that begin the strides.
    """
    for index, (name, angle) in enumerate(angles_deg.items()):
        mean, sd = mean_cycle(angle, at)
        percent = np.linspace(0.0, 100.0, mean.size)
        colour = COLOURS[index % len(COLOURS)]
        axes.fill_between(percent, mean - sd, mean + sd, color=colour, alpha=0.2, lw=0)
        axes.plot(percent, mean, color=colour, ls=LINES[index % len(LINES)], lw=1.4, label=name)
    axes.set_xlim(0, 100)
    axes.set_xlabel("cycle (%)")
    axes.set_ylabel("angle (degrees)")
