"""Frey-Law, Looft & Heitsman 2012: endurance in the three-compartment model, joint by joint.

The simulation is held against the closed form of its own equations, the constants against the
ranges in the abstract (which gives them under each other's names), and the order of joints against
what Frey-Law & Avin 2010 (Ergonomics 53:109-129) found in 369 endurance times. Their power laws
``ET = b0 load^b1`` were not read in the paper, so they are shown and never judged.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from neurocoord.motorunits import three_compartment
from neurocoord.motorunits.three_compartment import JOINTS, Rates
from neurocoord.settings import unknown
from neurocoord.validation.protocol import Check

PAPER = "Frey-Law, Looft & Heitsman 2012, J Biomech 45:1803-1808"
# b0 (s) and b1, as transcribed by others
POWER_LAWS = {
    "ankle": (34.71, -2.06),
    "trunk": (22.69, -2.27),
    "hand": (33.55, -1.61),
    "elbow": (17.98, -2.21),
    "knee": (19.38, -1.88),
    "shoulder": (14.86, -1.83),
    "general": (21.92, -1.98),
}
# From the most to the least resistant, in the abstract of Frey-Law & Avin 2010.
ORDER = ("ankle", "trunk", "hand", "elbow", "knee", "shoulder")
LOADS = (20, 50, 80)  # % of maximum
STEP_S = 0.1

CHECKS = (
    *(
        Check(
            f"error_{p}",
            f"simulated endurance over closed form at {p} %, the joint farthest off",
            1.0,
            "1",
            0.01,
            "relative",
            "definition",
        )
        for p in LOADS
    ),
    Check(
        "sum", "compartments, sum at its farthest from 1", 1.0, "1", 1e-9, "absolute", "definition"
    ),
    Check("least_f", "F, least of the joints (ankle)", 0.00589, "/s", 0.0, "exactly", "read"),
    Check("largest_f", "F, largest (shoulder)", 0.0182, "/s", 0.0, "exactly", "read"),
    Check("least_r", "R, least of the joints", 0.00058, "/s", 0.0, "exactly", "read"),
    Check("largest_r", "R, largest", 0.00168, "/s", 0.0, "exactly", "read"),
    Check(
        "order",
        "joints by endurance at 50 %, rank correlation with people",
        1.0,
        "1",
        0.1,
        "at_least",
        "read",
    ),
    *(
        Check(
            f"{name}_{p}",
            f"endurance at {p} %, {name}, against people",
            round(b0 * (p / 100.0) ** b1, 1),
            "s",
            0.0,
            "shown",
            "recalled",
        )
        for name, (b0, b1) in POWER_LAWS.items()
        for p in LOADS
    ),
)

BROKEN: dict[str, dict[str, Any]] = {
    "recovery at rest's rate under load": {"always_rests": True},
    "fatigued muscle is lost": {"leak_per_s": 1e-9},
    "F and R under each other's names": {"swapped": True},
}


def power_law_s(name: str, load: ArrayLike) -> NDArray[np.float64]:
    """Endurance time of people at a load 0..1, Frey-Law & Avin 2010: ``b0 load^b1``."""
    if name not in POWER_LAWS:
        raise ValueError(unknown("power law", name, POWER_LAWS))
    b0, b1 = POWER_LAWS[name]
    return np.asarray(b0 * np.asarray(load, dtype=np.float64) ** b1)


def measure(
    *,
    quick: bool = False,
    always_rests: bool = False,
    leak_per_s: float = 0.0,
    swapped: bool = False,
) -> dict[str, float]:
    """Our values. `quick` takes steps of 0.2 s; the other arguments break the model."""
    names = list(JOINTS)
    f, r, rest = (np.array(values)[:, None] for values in zip(*JOINTS.values(), strict=True))
    if swapped:
        f, r = r, f
    loads = np.array(LOADS) / 100.0
    closed = three_compartment.endurance_time_s(loads, Rates(f, r, rest))
    simulated, worst_sum = _endurance(
        loads, Rates(f, r * rest if always_rests else r, rest), leak_per_s, 0.2 if quick else STEP_S
    )
    ratio = simulated / np.where(np.isfinite(closed), closed, np.nan)
    out = {"sum": worst_sum}
    for i, percent in enumerate(LOADS):
        out[f"error_{percent}"] = float(ratio[np.argmax(np.abs(ratio[:, i] - 1.0)), i])
        out |= {f"{n}_{percent}": float(t) for n, t in zip(names, simulated[:, i], strict=True)}
    joints = [names.index(name) for name in ORDER]
    out |= {"least_f": float(f[joints].min()), "largest_f": float(f[joints].max())}
    out |= {"least_r": float(r[joints].min()), "largest_r": float(r[joints].max())}
    at_half = simulated[joints, LOADS.index(50)]
    rank = np.argsort(np.argsort(-at_half, kind="stable"))
    correlation = np.corrcoef(rank, np.arange(len(joints)))[0, 1]
    out["order"] = float(correlation) if np.all(np.isfinite(at_half)) else np.nan
    return out


def _endurance(
    loads: NDArray[np.float64], rates: Rates, leak_per_s: float, step_s: float
) -> tuple[NDArray[np.float64], float]:
    """Time `[joint, load]` until active + resting < load, and the sum farthest from 1."""
    shape = np.broadcast_shapes(np.shape(rates.fatigue_rate_per_s), loads.shape)
    muscle = three_compartment.holding(np.broadcast_to(loads, shape))
    endurance = np.full(shape, np.inf)
    worst = 1.0
    for i in range(1, round(2000.0 / step_s)):
        muscle = three_compartment.step(muscle, loads, step_s, rates)
        muscle = muscle._replace(fatigued=muscle.fatigued * (1.0 - leak_per_s * step_s))
        total = muscle.active + muscle.resting + muscle.fatigued
        farthest = float(total.flat[np.argmax(np.abs(total - 1.0))])
        worst = farthest if abs(farthest - 1.0) > abs(worst - 1.0) else worst
        failed = np.isinf(endurance) & (muscle.active + muscle.resting < loads)
        endurance[failed] = i * step_s
        if np.all(np.isfinite(endurance)):
            break
    return endurance, worst


def plot(axes: Any, measured: Mapping[str, float]) -> None:
    """Endurance against load for each joint: the model's points and the human power laws."""
    loads = np.linspace(0.15, 0.9, 200)
    for i, name in enumerate(ORDER):
        axes.plot(100.0 * loads, power_law_s(name, loads), color=f"C{i}", lw=0.8, alpha=0.6)
        axes.plot(LOADS, [measured[f"{name}_{p}"] for p in LOADS], "o", color=f"C{i}", label=name)
    axes.set(xlabel="Load (% of maximum)", ylabel="Endurance time (s)", yscale="log")
    axes.legend(frameon=False, title="3CC; lines: people")
