"""Isometric knee extension on a dynamometer, at equal drive: two holds and a ballistic effort."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from neurocoord.analysis.force import rate_of_force_development, steadiness
from neurocoord.body.model import Body, keyframe_qpos, muscle_index
from neurocoord.body.reading import BodyReading
from neurocoord.muscle.efficiency import economy_n_s_per_j
from neurocoord.tasks.movement import (
    BLOCK_S,
    ENERGY_MODELS,
    STEPS,
    active_force_n,
    bump,
    by_model,
    metabolic_power,
    model_name,
)
from neurocoord.tasks.protocol import Measure, Reach, Task, Trace

STEP_S = BLOCK_S / STEPS
KNEE = "knee_flexion_r"
EXTENSORS = ("RF_r", "VAS_L_r", "VAS_M_r")
RISE_S = 0.5  # the rise and settling of a hold that is left out of its measures (choice)


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Drive of the two holds, and the times of holds, rests and the ballistic effort (s)."""

    low_drive: float = 0.2
    high_drive: float = 0.5
    hold_s: float = 2.5
    rest_s: float = 0.4
    ballistic_s: float = 0.6


class Plan(NamedTuple):
    """The protocol, bound to a body."""

    settings: Settings
    muscles: np.ndarray  # int[extensor]
    qpos: np.ndarray


def plan(body: Body, settings: Settings) -> Plan:
    """Which muscles extend the knee, and how the subject sits."""
    for name in ("low_drive", "high_drive"):
        value = getattr(settings, name)
        if not 0.0 < value <= 1.0:
            raise ValueError(f"{name}={value} is not allowed; it is a drive above 0, at most 1")
    for name in ("hold_s", "rest_s", "ballistic_s"):
        value = getattr(settings, name)
        if not value > RISE_S * (name == "hold_s"):
            raise ValueError(f"{name}={value} s is too short")
    muscles = np.array([muscle_index(body, name) for name in EXTENSORS])
    return Plan(settings, muscles, keyframe_qpos(body, "seated"))


def phases(settings: Settings) -> dict[str, tuple[float, float]]:
    """Start and end (s) of each effort."""
    low_end = settings.rest_s + settings.hold_s
    high_end = low_end + settings.rest_s + settings.hold_s
    ballistic = high_end + 2 * settings.rest_s
    return {
        "low": (settings.rest_s, low_end),
        "high": (low_end + settings.rest_s, high_end),
        "ballistic": (ballistic, ballistic + settings.ballistic_s),
    }


def duration_s(settings: Settings) -> float:
    """Length of the whole protocol (s)."""
    return phases(settings)["ballistic"][1]


def start_qpos(body: Body, plan: Plan, rng: np.random.Generator) -> np.ndarray:
    """Seated, strapped."""
    return plan.qpos.copy()


def lead_in_s(plan: Plan) -> float:
    """The protocol begins with a rest of its own."""
    return 0.0


def horizon_s(plan: Plan) -> float:
    """Not used: drive is given, not sought."""
    return 0.02


def begin(plan: Plan) -> None:
    """Nothing is remembered."""


def expert(
    body: Body,
    plan: Plan,
    memory: None,
    reading: BodyReading,
    env: int,
    time_s: float,
    low: np.ndarray,
    high: np.ndarray,
    reach: Reach,
) -> tuple[np.ndarray, np.ndarray, None]:
    """The protocol's drive of the knee extensors; all else is silent."""
    level = {"low": plan.settings.low_drive, "high": plan.settings.high_drive, "ballistic": 1.0}
    drive = np.zeros(len(body.muscles))
    for name, (start, end) in phases(plan.settings).items():
        if start <= time_s < end:
            drive[plan.muscles] = level[name]
    return drive, np.full(len(body.joints), np.nan), None


def outcome(body: Body, plan: Plan, reading: BodyReading, env: int, time_s: float) -> str:
    """Done at the protocol's end."""
    return "done" if time_s >= duration_s(plan.settings) - 0.5 * BLOCK_S else ""


def reward_terms(
    body: Body, plan: Plan, reading: BodyReading, env: int, drive: np.ndarray
) -> dict[str, float]:
    """Named terms in [0, 1]: the wanted drive on the extensors, nothing on the rest."""
    wanted, _, _ = expert(
        body, plan, None, reading, env, float(reading.time_s[env]), drive, drive, lambda a: a
    )
    others = np.delete(drive, plan.muscles)
    return {
        "effort": bump(float(drive[plan.muscles].mean() - wanted[plan.muscles].mean()), 0.2),
        "others_at_rest": 1.0 - float(others.mean()),
    }


def goal(plan: Plan) -> dict[str, float]:
    """What the observation says of the task."""
    return {"low_drive": plan.settings.low_drive, "high_drive": plan.settings.high_drive}


def extension_torque_nm(body: Body, trace: Trace) -> np.ndarray:
    """Active knee extension torque [step] (Nm): the muscles' torque less its value at rest."""
    torque = -trace.joint_torque_nm[:, body.joints.index(KNEE)]
    return torque - torque[1]


def measure(body: Body, plan: Plan, trace: Trace) -> dict[str, float]:
    """Force output and steadiness of the holds, rate of rise of the ballistic effort, cost."""
    torque = extension_torque_nm(body, trace)
    powers = {
        key: metabolic_power(body, trace, model).total_w.sum(axis=1)
        for key, model in ENERGY_MODELS.items()
    }
    force = active_force_n(body, trace).sum(axis=1)
    time = np.repeat(trace.time_s, STEPS) + np.tile(np.arange(STEPS) * STEP_S, trace.time_s.size)
    found: dict[str, float] = {}
    for name, (start, end) in phases(plan.settings).items():
        if name == "ballistic":
            continue
        held = (time >= start + RISE_S) & (time < end)
        if not held.any():
            continue
        steady = steadiness(torque[held])
        blocks = (trace.time_s >= start + RISE_S) & (trace.time_s < end)
        spent = {key: float(power[blocks].mean()) for key, power in powers.items()}
        found[f"torque_{name}_nm"] = float(steady.mean_n)
        found[f"torque_{name}_cv"] = float(steady.cv)
        for key, watts in spent.items():
            found[model_name(f"power_{name}", key, "w")] = watts
        found[f"torque_per_power_{name}_nm_per_w"] = float(steady.mean_n) / spent[""]
        found[f"economy_{name}_n_s_per_j"] = float(economy_n_s_per_j(force[held].mean(), spent[""]))
    start, end = phases(plan.settings)["ballistic"]
    fast = (time >= start - 0.1) & (time < end)
    if fast.any() and time[-1] > start + 0.3:
        rise = rate_of_force_development(np.maximum(torque[fast], 0.0), STEP_S, baseline_s=0.08)
        windows = ("0_50", "50_100", "100_200")
        for window, rate in zip(windows, np.atleast_1d(rise.rate_per_s), strict=True):
            found[f"rfd_{window}_ms_per_s"] = float(rate)
        found["torque_peak_nm"] = float(rise.peak_force_n)
    return found


def _hold(unit: str, meaning: str) -> Measure:
    return Measure(unit, meaning, group="Holds", source="analysis/force.py")


def _fast(unit: str, meaning: str) -> Measure:
    return Measure(unit, meaning, group="Ballistic effort", source="analysis/force.py")


def _cost(unit: str, meaning: str) -> Measure:
    source = "muscle/energetics.py, docs/energetics.md"
    return Measure(unit, meaning, group="Energy", source=source)


TASK = Task(
    name="isometric",
    body="dynamometer",
    question="extend the knee against a fixed lever at equal drive",
    settings=Settings,
    seconds=duration_s(Settings()),
    plan=plan,
    start_qpos=start_qpos,
    lead_in_s=lead_in_s,
    horizon_s=horizon_s,
    begin=begin,
    expert=expert,
    outcome=outcome,
    reward_terms=reward_terms,
    goal=goal,
    measure=measure,
    measures={
        "torque_low_nm": _hold("Nm", "mean knee extension torque of the low hold"),
        "torque_low_cv": _hold("1", "steadiness of the low hold: SD over mean of torque"),
        "torque_high_nm": _hold("Nm", "mean knee extension torque of the high hold"),
        "torque_high_cv": _hold("1", "steadiness of the high hold: SD over mean of torque"),
        "torque_peak_nm": _fast("Nm", "peak torque of the ballistic effort"),
        "rfd_0_50_ms_per_s": _fast("1/s", "rate of torque development, 0-50 ms, per peak"),
        "rfd_50_100_ms_per_s": _fast("1/s", "rate of torque development, 50-100 ms, per peak"),
        "rfd_100_200_ms_per_s": _fast("1/s", "rate of torque development, 100-200 ms, per peak"),
        **by_model("power_low", "w", _cost("W", "metabolic power of the low hold, above basal")),
        **by_model("power_high", "w", _cost("W", "metabolic power of the high hold, above basal")),
        "torque_per_power_low_nm_per_w": _cost("Nm/W", "torque over power of the low hold"),
        "torque_per_power_high_nm_per_w": _cost("Nm/W", "torque over power of the high hold"),
        "economy_low_n_s_per_j": _cost("N s/J", "force-time over energy, low hold"),
        "economy_high_n_s_per_j": _cost("N s/J", "force-time over energy, high hold"),
    },
)
