"""Drawing of the force that recruitment and rate coding give, over excitation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from neurocoord.analysis.force_gain import ForceGain, total
from neurocoord.analysis.plots import row_of_panels

if TYPE_CHECKING:
    from neurocoord.analysis.plots import Figure

PARTS = (  # from the axis upwards: words, colour (Okabe & Ito, two of them paled), hatch for print
    ("slow, recruitment", "#0072B2", ""),
    ("slow, rate coding", "#9CCBE6", "\\\\\\\\"),
    ("fast, recruitment", "#D55E00", ""),
    ("fast, rate coding", "#F3BE9A", "////"),
)
SHARE = "recruitment's share of the force at that excitation"


def draw(title: str, gains: Mapping[str, ForceGain]) -> Figure:
    """A panel for each pool: its force in four parts over one another, and the share by
    recruitment as a line; both axes in percent."""
    figure = row_of_panels(title, [_panel(name, gain) for name, gain in gains.items()])
    handles, labels = figure.axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=3, frameon=False, fontsize=8)
    return figure


def _panel(name: str, gain: ForceGain) -> Any:
    def fill(axes: Any) -> None:
        percent, whole = 100.0 * gain.drive, total(gain)
        parts = (gain.recruitment[0], gain.rate_coding[0], gain.recruitment[1], gain.rate_coding[1])
        top = np.zeros_like(percent)
        for part, (words, colour, hatch) in zip(parts, PARTS, strict=True):
            below, top = top, top + 100.0 * part
            axes.fill_between(
                percent, below, top, facecolor=colour, hatch=hatch, edgecolor="white",
                linewidth=0.0, label=words,
            )  # fmt: skip
        at_work = whole > 0
        share = 100.0 * gain.recruitment.sum(axis=0)[at_work] / whole[at_work]
        axes.plot(percent[at_work], share, color="black", linewidth=1.5, label=SHARE)
        axes.set_xlim(0, 100)
        axes.set_ylim(0, 104)
        axes.set_title(name, loc="left")
        axes.set_xlabel("excitation (% of maximum)")
        axes.set_ylabel("force (% of maximum)")

    return fill
