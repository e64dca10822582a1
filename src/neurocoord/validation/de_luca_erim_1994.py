"""Common drive: discharge rates of a pool's units rise and fall together.

De Luca, LeFever, McCue & Xenakis 1982 (J Physiol 329:129-142) and De Luca & Erim 1994 (Trends
Neurosci 17:299-305): the peak of the cross-correlation of two units' smoothed rates. What people
show, some 0.4 to 0.8, is from memory here and only shown. What gates was worked out from the 1993
pool with a separate programme: about 0.04 for independent units (a peak is sought, so it is above
0, and falls as the record gets longer), and 0.31 at 40 % of E_max where one slow noise of SD 10 %
of the excitation reaches all units. That the coefficient rises with the
shared part, and not with the noise itself, is what the dial of `common_drive` means.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

from neurocoord import synchrony
from neurocoord.analysis.common_drive import common_drive_coefficient
from neurocoord.motorunits import kernel, published, trains
from neurocoord.validation.protocol import Check

PAPER = "De Luca & Erim 1994"

DRIVE, DRIVE_NOISE = 0.4, 0.10
STRENGTHS = (0.0, 0.5, 1.0)
N_UNITS = 10  # whose pairs are compared; all recruited well below DRIVE (choice)
SETTLE_S, SECONDS, QUICK_SECONDS = 2.0, 240.0, 100.0

CHECKS = (
    Check(
        "independent", "common drive of independent units", 0.04, "1", 0.03, "at_most",
        "recomputed",
    ),
    Check(
        "shared_1.0", "common drive, slow noise of 10 % all common", 0.31, "1", 0.05, "absolute",
        "recomputed",
    ),
    Check(
        "shared_0.0", "common drive, slow noise of 10 % all private", 0.04, "1", 0.03, "at_most",
        "definition",
    ),
    Check(
        "half_over_whole", "common drive at strength 0.5 over strength 1", 0.5, "1", 0.12,
        "absolute", "definition",
    ),
    Check("people", "common drive in people (0.4 to 0.8), ours at 10 %", 0.6, "1", 0, "shown",
          "recalled"),
)  # fmt: skip

BROKEN: dict[str, dict[str, Any]] = {
    "nothing is shared": {"strengths": (0.0, 0.0, 0.0)},
    "everything is shared always": {"strengths": (1.0, 1.0, 1.0), "leak": DRIVE_NOISE},
    "half the noise": {"drive_noise": 0.05},
    "the dial is squared": {"strengths": (0.0, 0.25, 1.0)},
}


def measure(
    *,
    quick: bool = False,
    strengths: tuple[float, float, float] = STRENGTHS,
    drive_noise: float = DRIVE_NOISE,
    leak: float = 0.0,
) -> dict[str, float]:
    """Our values. Faults: other `strengths` or noise; `leak`, common noise where none should be."""
    seconds = QUICK_SECONDS if quick else SECONDS
    measured = {"independent": _coefficient(leak, 1.0, seconds)}
    for name, strength in zip(STRENGTHS, strengths):
        measured[f"shared_{name}"] = _coefficient(drive_noise, strength, seconds)
    measured["half_over_whole"] = measured["shared_0.5"] / measured["shared_1.0"]
    measured["people"] = measured["shared_1.0"]
    return measured


def plot(axes: Any, measured: dict[str, float]) -> None:
    """The coefficient against the dial, between what is expected at its ends."""
    ours = [measured[f"shared_{s}"] for s in STRENGTHS]
    axes.axhspan(0.4, 0.8, color="#e8e8e8", label="people (recalled)")
    axes.plot([0, 1], [0.04, 0.31], "o", mfc="none", ms=10, color="#0072B2", label="recomputed")
    axes.plot(STRENGTHS, ours, "x-", color="#D55E00", label="ours")
    axes.set_xlabel("strength of common_drive (share of the slow noise that is common)")
    axes.set_ylabel("common-drive coefficient")
    axes.set_ylim(0, 1)
    axes.legend(frameon=False)


@lru_cache(maxsize=32)
def _coefficient(drive_noise: float, strength: float, seconds: float) -> float:
    """Mean over pairs of units of the common-drive coefficient at a held drive."""
    settle = round(1000 * SETTLE_S)
    pool = published.fuglevand_1993(drive_noise_floor=drive_noise)
    coupling = synchrony.strategy("common_drive")(pool, strength=strength)
    held = np.full((1, settle + round(1000 * seconds), 1), DRIVE)
    state = kernel.init(pool, 1, seed=1994)
    _, out = kernel.advance(pool, coupling, state, held, record_spikes=True)
    steady = np.flatnonzero(pool.recruitment_threshold < 0.5 * DRIVE * pool.max_excitation[0])
    units = steady[np.linspace(0, steady.size - 1, N_UNITS).round().astype(int)]
    pairs = [(i, j) for k, i in enumerate(units) for j in units[k + 1 :]]
    record = trains.from_raster(out.spikes[0, settle:])
    return float(np.mean(common_drive_coefficient(record, np.array(pairs))))
