"""Potvin & Fuglevand 2017: rested force, recruitment and endurance of the published model.

The paper's tables were not to be had; what is held against here was recomputed beforehand from the
equations and constants of the authors' released program. The human endurance curve is shown only.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from neurocoord.motorunits import potvin_fuglevand
from neurocoord.motorunits.potvin_fuglevand import FatigueModel
from neurocoord.validation.frey_law_2012 import power_law_s
from neurocoord.validation.protocol import Check

PAPER = "Potvin & Fuglevand 2017, PLoS Comput Biol 13:e1005581"
RESTED_FORCE = {10: 182.82, 20: 491.48, 40: 1311.87, 60: 2119.15, 67: 2215.98}  # by excitation
ENDURANCE_S = {20: 511.4, 50: 95.4, 80: 14.8}  # by target, % of maximum
UNITS_AT_START = {20: 90, 50: 109, 80: 120}
EXCITATION_AT_START = {20: 18.65, 50: 35.50, 80: 50.03}
CURVE = (20, 30, 40, 50, 60, 70, 80, 90)  # % of maximum, for the figure

CHECKS = (
    *(
        Check(f"force_{e}", f"force, rested, at E = {e}", f, "a.u.", 1e-4, "relative", "recomputed")
        for e, f in RESTED_FORCE.items()
    ),
    *(
        Check(f"endurance_{p}", f"endurance at {p} %", t, "s", 0.01, "relative", "recomputed")
        for p, t in ENDURANCE_S.items()
    ),
    *(
        Check(f"units_{p}", f"active units, start of {p} %", n, "1", 0.0, "exactly", "recomputed")
        for p, n in UNITS_AT_START.items()
    ),
    *(
        Check(f"excitation_{p}", f"E, start of {p} %", e, "1", 0.011, "absolute", "recomputed")
        for p, e in EXCITATION_AT_START.items()
    ),
    *(
        Check(
            f"people_{p}",
            f"endurance at {p} % against people (power law of all joints)",
            round(float(power_law_s("general", p / 100.0)), 1),
            "s",
            0.0,
            "shown",
            "recalled",
        )
        for p in ENDURANCE_S
    ),
)

BROKEN: dict[str, dict[str, Any]] = {
    "twitches of a smaller range": {"changes": {"twitch_range": 90.0}},
    "thresholds of a wider range": {"changes": {"recruitment_range": 60.0}},
    "fatigue a tenth faster": {"changes": {"largest_fatigue_rate_per_s": 0.02475}},
    "no slowing": {"changes": {"slowing": 0.0}},
    "no adaptation": {"changes": {"adaptation_scale": 0.0}},
}


def measure(*, quick: bool = False, changes: Mapping[str, Any] | None = None) -> dict[str, float]:
    """Our values; `changes` are constants of the model to break it with.

    `quick` halves the sampling rate of the longest contraction and leaves the curve out.
    """
    model = FatigueModel(**(changes or {}))
    highest = potvin_fuglevand.max_excitation(model)
    levels = np.minimum(np.array(list(RESTED_FORCE), dtype=np.float64), highest)
    rested = potvin_fuglevand.force_at_excitation(levels, model)
    out = {f"force_{e}": float(f) for e, f in zip(RESTED_FORCE, rested, strict=True)}
    targets = np.array(list(ENDURANCE_S)) / 100.0
    start = potvin_fuglevand.simulate(targets[:, None], model)
    for i, percent in enumerate(ENDURANCE_S):
        out[f"units_{percent}"] = float(np.count_nonzero(start.rate_hz[i, 0]))
        out[f"excitation_{percent}"] = float(start.excitation[i, 0])
    percents = tuple(ENDURANCE_S) if quick else CURVE
    for some in (percents[:1], percents[1:]):
        rate = {"samples_per_s": 5.0} if quick and some == percents[:1] else {}
        timed = FatigueModel(**{**(changes or {}), **rate})
        endurance = potvin_fuglevand.endurance_time_s(
            np.array(some) / 100.0, timed, longest_s=3000.0
        )
        out |= {f"endurance_{p}": float(t) for p, t in zip(some, endurance, strict=True)}
    return out | {f"people_{p}": out[f"endurance_{p}"] for p in ENDURANCE_S}


def plot(axes: Any, measured: Mapping[str, float]) -> None:
    """Endurance against target: the model, the program's own, and the human power law."""
    measured_at = [p for p in CURVE if f"endurance_{p}" in measured]
    loads = np.linspace(0.12, 0.95, 200)
    human = power_law_s("general", loads)
    axes.plot(100.0 * loads, human, color="0.6", label="people, all joints (Frey-Law & Avin 2010)")
    axes.plot(
        measured_at, [measured[f"endurance_{p}"] for p in measured_at], "-", label="this model"
    )
    axes.plot(
        list(ENDURANCE_S), list(ENDURANCE_S.values()), "o", mfc="none", label="from the equations"
    )
    axes.set(xlabel="Target (% of maximum)", ylabel="Endurance time (s)", yscale="log")
    axes.legend(frameon=False)
