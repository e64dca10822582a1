"""What tasks at the dynamometer share: which muscles turn which joint, efforts, their measures."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from neurocoord.analysis.force import rate_of_force_development, steadiness
from neurocoord.analysis.force_spectrum import SEGMENT_S, tremor
from neurocoord.body.model import Body, muscle_index
from neurocoord.body.roles import joint_of
from neurocoord.muscle.efficiency import economy_n_s_per_j
from neurocoord.settings import unknown
from neurocoord.tasks.movement import (
    BLOCK_S,
    ENERGY_MODELS,
    STEPS,
    active_force_n,
    by_model,
    metabolic_power,
    model_name,
)
from neurocoord.tasks.protocol import Measure, Trace

STEP_S = BLOCK_S / STEPS
RISE_S = 0.5  # the rise and settling of a hold that is left out of its measures (choice)
RFD_WINDOWS = ("0_50", "50_100", "100_200")
SHORTEST_S = 0.5  # of a record whose tremor is told: frequencies 2 Hz apart (choice)
ENDS_S = 1.0  # how long the beginning and the end of a hold are, whose torque is compared (choice)

# Action: the muscles of the right side that a subject is asked to use, its prime movers (choice;
# `body.roles` and the columns of muscles.csv say which muscles turn the joint that way).
MOVERS = {
    "knee_extension": ("RF", "VAS_L", "VAS_M"),
    "knee_flexion": ("MHAM", "BFLH", "BFSH", "GAS", "GRAC", "SART"),
    "elbow_flexion": ("BIC", "BRA", "BRD", "ECR", "PT"),
    "elbow_extension": ("TRI_LONG", "TRI_SHORT"),
    "ankle_plantarflexion": ("SOL", "GAS", "TP", "PER"),
    "ankle_dorsiflexion": ("TA",),
}


class Aim(Protocol):
    """Settings that say which joint is turned which way."""

    @property
    def joint(self) -> str: ...
    @property
    def direction(self) -> str: ...


def action_of(settings: Aim) -> str:
    """Name of the action, such as ``knee_extension``; errors name what is allowed."""
    actions = [name.split("_", 1) for name in MOVERS]
    joints = list(dict.fromkeys(joint for joint, _ in actions))
    if settings.joint not in joints:
        raise ValueError(unknown("joint", settings.joint, joints))
    directions = [direction for joint, direction in actions if joint == settings.joint]
    if settings.direction not in directions:
        where = f" at the {settings.joint}"
        raise ValueError(unknown("direction", settings.direction, directions, where))
    return f"{settings.joint}_{settings.direction}"


def mover_indices(body: Body, action: str) -> np.ndarray:
    """The prime movers of an action, int[mover]."""
    return np.array([muscle_index(body, f"{name}_r") for name in MOVERS[action]])


def muscle_torque_nm(body: Body, trace: Trace, action: str) -> np.ndarray:
    """Torque of all muscles, passive included, in an action's direction [step] (Nm)."""
    joint, sign = joint_of(body, action)
    return sign * trace.joint_torque_nm[:, body.joints.index(joint)]


def step_times_s(trace: Trace) -> np.ndarray:
    """Time [step] (s) of every physics step."""
    return np.repeat(trace.time_s, STEPS) + np.tile(np.arange(STEPS) * STEP_S, trace.time_s.size)


def block_power_w(body: Body, trace: Trace) -> dict[str, np.ndarray]:
    """Metabolic power above basal [block] (W) by each model of ``ENERGY_MODELS``."""
    return {
        key: metabolic_power(body, trace, model).total_w.sum(axis=1)
        for key, model in ENERGY_MODELS.items()
    }


def total_active_force_n(body: Body, trace: Trace) -> np.ndarray:
    """Active force of all muscles [step] (N)."""
    return active_force_n(body, trace).sum(axis=1)


def hold_measures(
    name: str,
    during: tuple[float, float],
    trace: Trace,
    torque_nm: np.ndarray,
    force_n: np.ndarray,
    powers_w: dict[str, np.ndarray],
) -> dict[str, float]:
    """Mean torque, steadiness, tremor, power by model, economy and what is left at the end of a
    hold from ``during`` (s)."""
    start, end = during
    time = step_times_s(trace)
    held = (time >= start + RISE_S) & (time < end)
    if not held.any():
        return {}
    steady = steadiness(torque_nm[held])
    blocks = (trace.time_s >= start + RISE_S) & (trace.time_s < end)
    spent = {key: float(power[blocks].mean()) for key, power in powers_w.items()}
    found = {
        f"torque_{name}_nm": float(steady.mean_n),
        f"torque_{name}_cv": float(steady.cv),
        f"tremor_{name}_nm": _tremor_nm(torque_nm[held]),
    }
    for key, watts in spent.items():
        found[model_name(f"power_{name}", key, "w")] = watts
    found[f"endurance_{name}_share"] = _share_left(torque_nm[held])
    found[f"torque_per_power_{name}_nm_per_w"] = float(steady.mean_n) / spent[""]
    found[f"economy_{name}_n_s_per_j"] = float(economy_n_s_per_j(force_n[held].mean(), spent[""]))
    return found


def _tremor_nm(torque_nm: np.ndarray) -> float:
    """RMS of torque in the tremor band; NaN for a record too short to tell."""
    length_s = torque_nm.size * STEP_S
    if length_s < SHORTEST_S:
        return float("nan")
    return float(tremor(torque_nm, STEP_S, segment_s=min(SEGMENT_S, length_s)).rms_n)


def _share_left(torque_nm: np.ndarray) -> float:
    """Torque at the end of a hold over that at its beginning; NaN where the two would overlap."""
    n = round(ENDS_S / STEP_S)
    first = float(torque_nm[:n].mean())
    if torque_nm.size < 2 * n or first <= 0.0:
        return float("nan")
    return float(torque_nm[-n:].mean()) / first


def of_holds(unit: str, meaning: str) -> Measure:
    """A measure of torque while a drive is held."""
    return Measure(unit, meaning, group="Holds", source="analysis/force.py")


def of_ballistic(unit: str, meaning: str) -> Measure:
    """A measure of an effort as fast as can be."""
    return Measure(unit, meaning, group="Ballistic effort", source="analysis/force.py")


def of_energy(unit: str, meaning: str) -> Measure:
    """A measure of what an effort costs."""
    source = "muscle/energetics.py, docs/energetics.md"
    return Measure(unit, meaning, group="Energy", source=source)


def course_table(name: str, words: str) -> dict[str, Measure]:
    """How torque fluctuates and lasts while a drive is held."""
    return {
        f"tremor_{name}_nm": Measure(
            "Nm",
            f"RMS of torque from 8 to 12 Hz, {words}",
            group="Holds",
            source="analysis/force_spectrum.py",
        ),
        f"endurance_{name}_share": of_holds(
            "1", f"torque of the last second over that of the first, {words}"
        ),
    }


def hold_table(name: str, words: str) -> dict[str, Measure]:
    """The measures of ``hold_measures``, described."""
    return {
        f"torque_{name}_nm": of_holds("Nm", f"mean active torque, {words}"),
        f"torque_{name}_cv": of_holds("1", f"steadiness: SD over mean of torque, {words}"),
        **course_table(name, words),
        **by_model(f"power_{name}", "w", of_energy("W", f"metabolic power above basal, {words}")),
        f"torque_per_power_{name}_nm_per_w": of_energy("Nm/W", f"torque over power, {words}"),
        f"economy_{name}_n_s_per_j": of_energy("N s/J", f"force-time over energy, {words}"),
    }


def ballistic_measures(
    during: tuple[float, float], trace: Trace, torque_nm: np.ndarray
) -> dict[str, float]:
    """Peak torque and its rate of development per peak of an effort as fast as possible."""
    start, end = during
    time = step_times_s(trace)
    fast = (time >= start - 0.1) & (time < end)
    if not (fast.any() and time[-1] > start + 0.3):
        return {}
    rise = rate_of_force_development(np.maximum(torque_nm[fast], 0.0), STEP_S, baseline_s=0.08)
    found = {
        f"rfd_{window}_ms_per_s": float(rate)
        for window, rate in zip(RFD_WINDOWS, np.atleast_1d(rise.rate_per_s), strict=True)
    }
    found["torque_peak_nm"] = float(rise.peak_force_n)
    return found


BALLISTIC_TABLE = {
    "torque_peak_nm": of_ballistic("Nm", "peak torque of the ballistic effort"),
    "rfd_0_50_ms_per_s": of_ballistic("1/s", "rate of torque development, 0-50 ms, per peak"),
    "rfd_50_100_ms_per_s": of_ballistic("1/s", "rate of torque development, 50-100 ms, per peak"),
    "rfd_100_200_ms_per_s": of_ballistic("1/s", "rate of torque development, 100-200 ms, per peak"),
}
