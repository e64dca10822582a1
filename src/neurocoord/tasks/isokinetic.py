"""Muscle actions at a dynamometer whose lever moves: concentric, eccentric, stretch-shortening.

The joint is strapped to a lever that keeps a set speed (`body.dynamometer`). Every trial begins
with an isometric effort of the same drive where the movers are strongest, so that torques can be
told as shares of it. In the stretch-shortening cycle the eccentric action is followed at once by a
concentric one, which is compared with a concentric action from an isometric effort of equal drive.

By default tendons are rigid: elastic energy return is absent, and what is left of an enhancement
comes from active state and the force-velocity curve alone. ``tendons="elastic"`` gives the movers
elastic ones (`muscle.series_elastic`); docs/dynamometer.md says how far to trust them.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np

from neurocoord.body import capacity
from neurocoord.body.dynamometer import elastic_muscles, find_lever, with_lever
from neurocoord.body.model import Body, keyframe_qpos, load
from neurocoord.body.reading import BodyReading
from neurocoord.body.roles import joint_of
from neurocoord.muscle import mechanics, series_elastic
from neurocoord.settings import unknown
from neurocoord.tasks import lever_measures, lever_protocol
from neurocoord.tasks.dynamometry import MOVERS, RISE_S, action_of, mover_indices
from neurocoord.tasks.lever_measures import NEAR_DEG
from neurocoord.tasks.lever_protocol import ACTIONS, RAMP_S, Course, Segment
from neurocoord.tasks.movement import BLOCK_S, bump
from neurocoord.tasks.protocol import Reach, Task

# by joint: angles (degrees) that differ from the seated posture, and the lever's range. Choices:
# ankle and knee as in Anderson et al. 2007; hips stay at 85 degrees in the chair
POSTURES: dict[str, dict[str, float]] = {
    "knee": {},
    "elbow": {},
    "ankle": {"knee_flexion": 20.0},
}
RANGES_DEG = {"knee": (15.0, 95.0), "elbow": (20.0, 110.0), "ankle": (-30.0, 15.0)}
TENDONS = ("rigid", "elastic")
FASTEST_DEG_PER_S = 500.0  # the limit of usual dynamometers


@dataclass(frozen=True, kw_only=True)
class Settings:
    """One action of one joint at one speed, in words and numbers of the dynamometer's panel."""

    joint: str = "knee"  # knee, elbow, ankle
    direction: str = "extension"  # flexion or extension; dorsiflexion or plantarflexion
    action: str = "concentric"  # isometric, eccentric, stretch_shortening
    drive: float = 1.0  # of the movers, in all but the holds of action isometric
    hold_drives: tuple[float, float, float, float] = (0.05, 0.2, 0.5, 1.0)
    speed_deg_per_s: float = 60.0
    range_deg: tuple[float, float] | None = None  # of the joint's angle; None: RANGES_DEG
    hold_s: float = 1.5  # isometric efforts; their first 0.5 s are not measured
    rest_s: float = 0.4  # before an effort, and before the lever returns
    ready_s: float = 0.6  # effort against the still lever before it moves; 0: it starts with it
    ballistic_s: float = 0.6
    tendons: str = "rigid"  # or "elastic": those of the movers


class Plan(NamedTuple):
    """The protocol, bound to a body."""

    settings: Settings
    action: str  # such as "knee_extension"
    sign: float  # 1 or -1: the action turns the joint its positive or negative way
    joint: int  # index of the hinge
    muscles: np.ndarray  # int[mover]
    qpos: np.ndarray
    protocol: tuple[Segment, ...]
    curve: capacity.Curve  # of the range, by degree
    passive_nm: np.ndarray  # [angle], of all muscles at rest, in the action's direction


def range_deg(settings: Settings) -> tuple[float, float]:
    """Lowest and highest angle of the joint (degrees) that the lever reaches."""
    return settings.range_deg or RANGES_DEG[settings.joint]


def set_up(name: str | Path, settings: Settings) -> Body:
    """The dynamometer ``name`` with its lever on the tested joint."""
    joint, _ = joint_of(load(name), action_of(settings))
    if settings.tendons not in TENDONS:
        raise ValueError(unknown("tendons", settings.tendons, TENDONS))
    movers = tuple(f"{muscle}_r" for muscle in MOVERS[action_of(settings)])
    return with_lever(
        name, joint, POSTURES[settings.joint], movers if settings.tendons == "elastic" else ()
    )


def fastest_deg_per_s(settings: Settings) -> float:
    """The highest speed at which the lever still comes to it, and to rest, within its range."""
    low, high = range_deg(settings)
    return min(FASTEST_DEG_PER_S, 0.999 * (high - low) / (2.0 * RAMP_S))


def check(body: Body, settings: Settings, joint: int) -> None:
    """ValueError names the field, what was given and what is allowed."""
    if settings.action not in ACTIONS:
        raise ValueError(unknown("action", settings.action, ACTIONS))
    for name, n, drives in (
        ("drive", 1, (settings.drive,)),
        ("hold_drives", 4, settings.hold_drives),
    ):
        if len(drives) != n or not all(0.0 < drive <= 1.0 for drive in drives):
            raise ValueError(
                f"{name}={getattr(settings, name)} is not allowed; it is a drive above 0, at most 1"
                f"{', four times' if name == 'hold_drives' else ''}"
            )
    speed = settings.speed_deg_per_s
    if not 0.0 < speed <= FASTEST_DEG_PER_S:
        raise ValueError(
            f"speed_deg_per_s={speed} is not allowed; it lies above 0 and up to {FASTEST_DEG_PER_S}"
        )
    if not settings.hold_s > RISE_S:
        raise ValueError(f"hold_s={settings.hold_s} is too short; it is more than {RISE_S} s")
    if not settings.rest_s >= BLOCK_S:
        raise ValueError(f"rest_s={settings.rest_s} is too short; it is {BLOCK_S} s or more")
    if not settings.ready_s >= 0.0:
        raise ValueError(f"ready_s={settings.ready_s} is not allowed; it is 0 s or more")
    if not settings.ballistic_s > 0.3:
        raise ValueError(f"ballistic_s={settings.ballistic_s} is too short; it is more than 0.3 s")
    low, high = range_deg(settings)
    lowest, highest = np.degrees(body.joint_range[joint])
    if not lowest - 1e-9 <= low < high <= highest + 1e-9:
        raise ValueError(
            f"range_deg={low:g},{high:g} is not allowed; the {settings.joint} turns from"
            f" {lowest:g} to {highest:g} degrees, low first"
        )
    if (high - low) / speed < 2.0 * RAMP_S:
        raise ValueError(
            f"range_deg={low:g},{high:g} is too short for {speed:g} deg/s; it takes at least"
            f" {2.0 * RAMP_S * speed:g} degrees"
        )


def plan(body: Body, settings: Settings) -> Plan:
    """The range's torque curve, where the movers are strongest, and the lever's course."""
    action = action_of(settings)
    joint_name, sign = joint_of(body, action)
    joint = body.joints.index(joint_name)
    check(body, settings, joint)
    muscles = mover_indices(body, action)
    low, high = range_deg(settings)
    degrees = np.linspace(low, high, int(np.ceil(high - low)) + 1)
    curve = capacity.curve(body, joint_name, degrees, "seated", POSTURES[settings.joint])
    rest = sign * (curve.arm_m * resting_force_n(body, curve.length_m)).sum(axis=1)
    # far enough from the ends for the lever to pass it at its speed
    margin = min(0.5 * (high - low), 0.5 * RAMP_S * settings.speed_deg_per_s + NEAR_DEG)
    inside = (degrees >= low + margin - 1e-9) & (degrees <= high - margin + 1e-9)
    strength = np.where(inside, mover_torque_nm(body, curve, muscles, sign), -1.0)
    best = degrees[strength.argmax()]
    ends = np.radians((low, high) if sign > 0 else (high, low))
    course = Course(
        best_rad=float(np.radians(best)),
        long_rad=float(ends[0]),
        short_rad=float(ends[1]),
        speed_rad_per_s=float(np.radians(settings.speed_deg_per_s)),
        drive=settings.drive,
        hold_drives=settings.hold_drives,
        hold_s=settings.hold_s,
        rest_s=settings.rest_s,
        ready_s=settings.ready_s,
        ballistic_s=settings.ballistic_s,
    )
    qpos = keyframe_qpos(body, "seated")
    lever = find_lever(body)
    if lever is None:
        raise ValueError(f"body {body.name!r} has no lever; `set_up` of the task gives it one")
    qpos[[body.joint_qpos[joint], lever.qpos]] = course.best_rad
    protocol = lever_protocol.segments(settings.action, course)
    return Plan(settings, action, sign, joint, muscles, qpos, protocol, curve, rest)


def resting_force_n(body: Body, path_m: np.ndarray) -> np.ndarray:
    """Force [angle, muscle] (N) of muscles without active state, by elastic tendons where so."""
    force = -mechanics.bias(body.muscle_parameters, path_m)
    some = elastic_muscles(body)
    if some.size:
        muscles = mechanics.MuscleParameters(*(p[some] for p in body.muscle_parameters))
        of, path = series_elastic.tendon(muscles), path_m[:, some]
        fibre = series_elastic.at_rest(muscles, of, path)
        force[:, some] = series_elastic.tendon_force_n(of, path - fibre)
    return force


def mover_torque_nm(
    body: Body, curve: capacity.Curve, muscles: np.ndarray, sign: float, deg_per_s: float = 0.0
) -> np.ndarray:
    """Torque [angle] (Nm) of the movers at active state 1, shortening at a speed (deg/s)."""
    alone = np.zeros_like(curve.arm_m)
    alone[:, muscles] = curve.arm_m[:, muscles]
    return capacity.active_torque_nm(body, curve._replace(arm_m=alone), int(sign), deg_per_s)


def start_qpos(body: Body, plan: Plan, rng: np.random.Generator) -> np.ndarray:
    """Seated, strapped to the lever."""
    return plan.qpos.copy()


def lead_in_s(plan: Plan) -> float:
    """The protocol begins with a rest of its own."""
    return 0.0


def horizon_s(plan: Plan) -> float:
    """Not used: drive is given, not sought."""
    return 0.02


def begin(plan: Plan) -> None:
    """Nothing is remembered."""


def lever(plan: Plan, time_s: float) -> tuple[float, float]:
    """Angle (rad) and speed (rad/s) of the lever over the block that begins at ``time_s``."""
    return lever_protocol.motion(plan.protocol, BLOCK_S)(time_s)


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
    """The protocol's drive of the movers; all else is silent."""
    drive = np.zeros(len(body.muscles))
    drive[plan.muscles] = lever_protocol.at(plan.protocol, time_s).drive
    return drive, np.full(len(body.joints), np.nan), None


def outcome(body: Body, plan: Plan, reading: BodyReading, env: int, time_s: float) -> str:
    """Done at the protocol's end."""
    return "done" if time_s >= plan.protocol[-1].end_s - 0.5 * BLOCK_S else ""


def reward_terms(
    body: Body, plan: Plan, reading: BodyReading, env: int, drive: np.ndarray
) -> dict[str, float]:
    """Named terms in [0, 1], from the torque that the drive stands for at this angle and speed:
    the movers' share of their greatest against the one wanted, 1 less the antagonists' share of
    theirs, and 1 less the drive of all that do not help."""
    wanted = lever_protocol.at(plan.protocol, float(reading.time_s[env])).drive
    length, velocity = reading.muscle_length_m[env], reading.muscle_velocity_m_per_s[env]
    force = -mechanics.gain(body.muscle_parameters, length, velocity)
    pull = -plan.sign * reading.moment_arm[env, :, body.joint_dof[plan.joint]] * force
    helping = np.maximum(pull[plan.muscles], 0.0)
    hindering = np.maximum(-pull, 0.0)
    others = np.delete(drive, plan.muscles)
    return {
        "torque": bump(_share(helping, drive[plan.muscles]) - wanted, 0.2),
        "antagonists_at_rest": 1.0 - _share(hindering, drive),
        "economy": 1.0 - float(others.mean()),
    }


def _share(weight: np.ndarray, drive: np.ndarray) -> float:
    total = float(weight.sum())
    return float(np.clip(weight @ drive / total, 0.0, 1.0)) if total > 0.0 else 0.0


def goal(plan: Plan) -> dict[str, float]:
    """What the observation says of the task."""
    low, high = range_deg(plan.settings)
    return {
        "direction": plan.sign,
        "action": float(ACTIONS.index(plan.settings.action)),
        "drive": plan.settings.drive,
        "speed_deg_per_s": plan.settings.speed_deg_per_s,
        "low_deg": low,
        "high_deg": high,
    }


TASK = Task(
    name="isokinetic",
    body="dynamometer",
    question="turn a joint against a lever that moves at a set speed",
    settings=Settings,
    seconds=60.0,  # at most: it is done when its protocol is
    plan=plan,
    start_qpos=start_qpos,
    lead_in_s=lead_in_s,
    horizon_s=horizon_s,
    begin=begin,
    expert=expert,
    outcome=outcome,
    reward_terms=reward_terms,
    goal=goal,
    measure=lever_measures.measure,
    measures=lever_measures.TABLE,
    set_up=set_up,
    lever=lever,
)
