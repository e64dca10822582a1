"""Isometric efforts at the dynamometer, at equal drive: two holds, ramped to if asked, and a
ballistic effort.

Knee extension unless the settings name another joint and direction, in the seated posture.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from neurocoord.body.model import Body, keyframe_qpos
from neurocoord.body.reading import BodyReading
from neurocoord.tasks.dynamometry import (
    BALLISTIC_TABLE,
    RISE_S,
    action_of,
    ballistic_measures,
    block_power_w,
    course_table,
    hold_measures,
    mover_indices,
    muscle_torque_nm,
    of_energy,
    of_holds,
    total_active_force_n,
)
from neurocoord.tasks.movement import BLOCK_S, STEPS, bump, by_model
from neurocoord.tasks.protocol import Reach, Series, Task, Trace


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The joint and its direction, drive of the two holds, times of ramps, holds, rests and the
    ballistic effort (s)."""

    joint: str = "knee"  # knee, elbow, ankle
    direction: str = "extension"  # flexion or extension; dorsiflexion or plantarflexion
    low_drive: float = 0.2
    high_drive: float = 0.5
    ramp_s: float = 0.0  # over which the drive of a hold rises, before the hold itself
    hold_s: float = 2.5
    rest_s: float = 0.4
    ballistic_s: float = 0.6


class Plan(NamedTuple):
    """The protocol, bound to a body."""

    settings: Settings
    action: str
    muscles: np.ndarray  # int[mover]
    qpos: np.ndarray


def plan(body: Body, settings: Settings) -> Plan:
    """Which muscles turn the joint, and how the subject sits."""
    action = action_of(settings)
    for name in ("low_drive", "high_drive"):
        value = getattr(settings, name)
        if not 0.0 < value <= 1.0:
            raise ValueError(f"{name}={value} is not allowed; it is a drive above 0, at most 1")
    for name in ("hold_s", "rest_s", "ballistic_s"):
        value = getattr(settings, name)
        if not value > RISE_S * (name == "hold_s"):
            raise ValueError(f"{name}={value} s is too short")
    if not settings.ramp_s >= 0.0:
        raise ValueError(f"ramp_s={settings.ramp_s} is not allowed; it must be 0 or more")
    return Plan(settings, action, mover_indices(body, action), keyframe_qpos(body, "seated"))


def phases(settings: Settings) -> dict[str, tuple[float, float]]:
    """Start and end (s) of each effort, ramps included."""
    effort_s = settings.ramp_s + settings.hold_s
    low_end = settings.rest_s + effort_s
    high_end = low_end + settings.rest_s + effort_s
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
    capacity: np.ndarray | None = None,
) -> tuple[np.ndarray, np.ndarray, None]:
    """The protocol's drive of the prime movers; all else is silent."""
    level = {"low": plan.settings.low_drive, "high": plan.settings.high_drive, "ballistic": 1.0}
    drive = np.zeros(len(body.muscles))
    ramp_s = plan.settings.ramp_s
    for name, (start, end) in phases(plan.settings).items():
        if start <= time_s < end:
            ramps = name != "ballistic" and time_s < start + ramp_s
            drive[plan.muscles] = level[name] * ((time_s - start) / ramp_s if ramps else 1.0)
    return drive, np.full(len(body.joints), np.nan), None


def outcome(body: Body, plan: Plan, reading: BodyReading, env: int, time_s: float) -> str:
    """Done at the protocol's end."""
    return "done" if time_s >= duration_s(plan.settings) - 0.5 * BLOCK_S else ""


def reward_terms(
    body: Body, plan: Plan, reading: BodyReading, env: int, drive: np.ndarray
) -> dict[str, float]:
    """Named terms in [0, 1]: the wanted drive on the movers, nothing on the rest."""
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


def active_torque_nm(body: Body, settings: Settings, trace: Trace) -> np.ndarray:
    """Active torque [step] (Nm) the way asked for: the muscles' torque less its value at rest."""
    torque = muscle_torque_nm(body, trace, action_of(settings))
    return torque - torque[1]


def series(body: Body, settings: Settings, trace: Trace) -> dict[str, Series]:
    """Active torque by block: what the figure of a comparison shows."""
    torque = active_torque_nm(body, settings, trace)
    return {"torque_nm": Series(torque.reshape(-1, STEPS).mean(axis=1), "Nm")}


def measure(body: Body, plan: Plan, trace: Trace) -> dict[str, float]:
    """Force output and steadiness of the holds, rate of rise of the ballistic effort, cost."""
    torque = active_torque_nm(body, plan.settings, trace)
    powers = block_power_w(body, trace)
    force = total_active_force_n(body, trace)
    spans = phases(plan.settings)
    found: dict[str, float] = {}
    for name in ("low", "high"):
        start, end = spans[name]
        held = (start + plan.settings.ramp_s, end)
        found |= hold_measures(name, held, trace, torque, force, powers)
    return found | ballistic_measures(spans["ballistic"], trace, torque)


TASK = Task(
    name="isometric",
    body="dynamometer",
    question="turn a joint against a fixed lever at equal drive",
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
    series=series,
    lasts=duration_s,
    measure=measure,
    measures={
        "torque_low_nm": of_holds("Nm", "mean torque of the low hold"),
        "torque_low_cv": of_holds("1", "steadiness of the low hold: SD over mean of torque"),
        "torque_high_nm": of_holds("Nm", "mean torque of the high hold"),
        "torque_high_cv": of_holds("1", "steadiness of the high hold: SD over mean of torque"),
        **course_table("low", "low hold"),
        **course_table("high", "high hold"),
        **BALLISTIC_TABLE,
        **by_model(
            "power_low", "w", of_energy("W", "metabolic power of the low hold, above basal")
        ),
        **by_model(
            "power_high", "w", of_energy("W", "metabolic power of the high hold, above basal")
        ),
        "torque_per_power_low_nm_per_w": of_energy("Nm/W", "torque over power of the low hold"),
        "torque_per_power_high_nm_per_w": of_energy("Nm/W", "torque over power of the high hold"),
        "economy_low_n_s_per_j": of_energy("N s/J", "force-time over energy, low hold"),
        "economy_high_n_s_per_j": of_energy("N s/J", "force-time over energy, high hold"),
    },
)
