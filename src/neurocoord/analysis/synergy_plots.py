"""Drawing of synergies: time courses and strongest muscles, and how many are needed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from neurocoord.analysis.plots import COLOURS, GREY, LINES
from neurocoord.analysis.synergies import N_PHASES, Extraction, Factors


def time_courses(axes: Sequence[Any], factors: Factors, n_phases: int = N_PHASES) -> None:
    """Mean and SD over cycles of each synergy's activation, an axes a synergy."""
    n = factors.weight.shape[1]
    cycles = factors.activation.reshape(n, -1, n_phases)
    percent = 100.0 * np.arange(n_phases) / n_phases
    mean, sd = cycles.mean(axis=1), cycles.std(axis=1)
    for index, panel in enumerate(axes[:n]):
        colour = COLOURS[index % len(COLOURS)]
        low, high = mean[index] - sd[index], mean[index] + sd[index]
        panel.fill_between(percent, np.maximum(low, 0.0), high, color=colour, alpha=0.2, lw=0)
        panel.plot(percent, mean[index], color=colour, lw=1.4)
        panel.set_xlim(0, 100)
        panel.set_ylim(0.0, 1.05 * float((mean + sd).max()))
        panel.set_title(f"{index + 1}", loc="left", weight="bold")
        panel.set_xlabel("cycle (%)")


def strongest(axes: Sequence[Any], factors: Factors, muscles: Sequence[str], n: int = 9) -> None:
    """Bars of the ``n`` muscles of the greatest weight in each synergy, an axes a synergy."""
    for index, panel in enumerate(axes[: factors.weight.shape[1]]):
        weight = factors.weight[:, index]
        order = np.argsort(-weight, kind="stable")[:n]
        panel.barh(range(len(order)), weight[order], color=COLOURS[index % len(COLOURS)])
        panel.set_yticks(range(len(order)), [muscles[i] for i in order], size=6.5)
        panel.invert_yaxis()
        panel.set_xticks([])
        panel.tick_params(axis="y", length=0)


def how_many(axes: Any, found: Extraction, bar: float) -> None:
    """VAF against the number of synergies, with its controls, and the bar that counts them."""
    counts = np.arange(1, found.vaf.size + 1)
    lines = {
        "all cycles": found.vaf,
        "weights of odd cycles on even ones": found.cross_validated,
        "each muscle moved in time": found.out_of_step,
        "each muscle's samples shuffled": found.shuffled,
    }
    for index, (label, vaf) in enumerate(lines.items()):
        axes.plot(
            counts, vaf, color=COLOURS[index], ls=LINES[index], marker="o", markersize=3, lw=1.3,
            label=label,
        )  # fmt: skip
    axes.axhline(bar, color=GREY, lw=0.7)
    axes.set_xticks(counts)
    axes.set_xlabel("synergies")
    axes.set_ylabel("variance accounted for")
    axes.set_ylim(0.3, 1.0)
    axes.legend(frameon=False, fontsize=7.5, loc="lower right")
