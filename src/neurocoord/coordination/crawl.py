"""Crawling, block by block: what a gait asks of the body at one moment, and which way it goes."""

from __future__ import annotations

from typing import NamedTuple, Protocol

import numpy as np

from neurocoord.body.model import Body
from neurocoord.coordination.gait import PHASES, CrawlTable, Gait, tabulate
from neurocoord.coordination.reference import (
    LIMBS,
    Reference,
    about,
    joint_index,
    limb_of_support,
    multiply,
    wrapped,
)

# torque-space stiffness of the limbs, in stance and in swing, Nm/rad (choice), scaled by the gait
LEG_STIFFNESS = {
    "hip_flexion": 200,
    "hip_adduction": 200,
    "hip_rotation": 200,
    "knee_flexion": 120,
}
ARM_STIFFNESS = {
    "shoulder_flexion": 100,
    "shoulder_adduction": 100,
    "shoulder_rotation": 60,
    "elbow_flexion": 60,
}
# light segments that bear weight: inertia alone asks for next to no torque there (choice)
DISTAL_STIFFNESS = {"pronation": 8, "wrist": 12, "ankle": 20, "subtalar": 12, "neck": 15}
LIMB_M = 0.45  # length over which a limb swings aside or ahead (choice: hip and shoulder heights)
_CARRIER = {"hand": "shoulder", "knee": "hip"}  # the joint that carries a limb aside and ahead
LEASH_M, LEASH_RAD = 0.12, 0.3  # how far the way may run ahead of the body (choices)
TURN_GAIN = 1.5  # 1/s, of turning towards a goal (choice)
MOST_TURN_RAD_PER_S = 0.35  # choice
AIM_M = 1.5  # a crawl without a goal aims for its line so far ahead (choice)
SIDESTEP_MOST_M = 0.1  # choice


class Way(NamedTuple):
    """Where a crawl is asked to be now, and how it turns."""

    start_m: np.ndarray  # [2], where it began
    position_m: np.ndarray  # [2], of the pelvis on the floor
    heading_rad: float  # 0 along +x, positive to the left
    turn_rad_per_s: float


class Crawl(NamedTuple):
    """A gait bound to a body: what ``crawl_reference`` reads each block."""

    gait: Gait
    table: CrawlTable
    speed_m_per_s: float
    limb: np.ndarray  # int[support]
    aside_joint: np.ndarray  # int[limb], the joint that carries a limb aside
    aside_rad_per_m: np.ndarray  # [limb], of that joint, to the left
    ahead_joint: np.ndarray  # int[limb], the joint that carries a limb ahead
    reach_m: np.ndarray  # [limb, 2], where a limb bears, from the pelvis: ahead, to the left
    stiffness: np.ndarray  # [joint], torque-space, Nm/rad
    course: np.ndarray  # [phase, joint + limb + 2], the table's columns side by side


class StiffnessShares(Protocol):
    """How stiff a movement wants the regions of the body: a gait, or a posture to hold."""

    @property
    def leg_stiffness(self) -> float: ...  # share of LEG_STIFFNESS

    @property
    def arm_stiffness(self) -> float: ...

    @property
    def distal_stiffness(self) -> float: ...

    @property
    def trunk_stiffness_nm_per_rad(self) -> float: ...

    @property
    def girdle_stiffness_nm_per_rad(self) -> float: ...


def joint_stiffness(body: Body, gait: StiffnessShares) -> np.ndarray:
    """Torque-space stiffness of every joint [joint], Nm/rad."""
    of_joint = {
        **{name: gait.leg_stiffness * value for name, value in LEG_STIFFNESS.items()},
        **{name: gait.arm_stiffness * value for name, value in ARM_STIFFNESS.items()},
    }
    of_region = {
        "lumbar": gait.trunk_stiffness_nm_per_rad,
        "thorax": gait.trunk_stiffness_nm_per_rad,
        "girdle": gait.girdle_stiffness_nm_per_rad,
        **{name: gait.distal_stiffness * value for name, value in DISTAL_STIFFNESS.items()},
    }
    return np.array(
        [
            of_joint.get(joint.rsplit("_", 1)[0], of_region.get(joint.split("_")[0], 0.0))
            for joint in body.joints
        ]
    )


def _reach_m(body: Body, gait: Gait) -> np.ndarray:
    """Where each limb bears, from the pelvis [limb, 2] (m): ahead, to the left."""
    model = body.model
    trunk = sum(float(model.body(name).pos[2]) for name in ("lumbar", "thorax"))
    shoulder = trunk + float(model.body("humerus_r").pos[2])
    place = {"hand": (shoulder + gait.hand_centre_m, 0.2), "knee": (gait.knee_centre_m, 0.1)}
    rows = []
    for name in LIMBS:
        kind, side = name.split("_")
        ahead, out = place[kind]
        rows.append((ahead, out if side == "l" else -out))
    return np.array(rows)


def make_crawl(body: Body, gait: Gait, speed_m_per_s: float) -> Crawl:
    """Bind a gait to a body at a commanded speed (m/s, negative: backward)."""
    index, table = joint_index(body), tabulate(body, gait, speed_m_per_s)
    carriers = [(_CARRIER[kind], side) for kind, side in (name.split("_") for name in LIMBS)]
    return Crawl(
        gait=gait,
        table=table,
        speed_m_per_s=speed_m_per_s,
        limb=limb_of_support(body),
        aside_joint=np.array([index[f"{joint}_adduction_{side}"] for joint, side in carriers]),
        aside_rad_per_m=np.array([-1 if name.endswith("l") else 1 for name in LIMBS]) / LIMB_M,
        ahead_joint=np.array([index[f"{joint}_flexion_{side}"] for joint, side in carriers]),
        reach_m=_reach_m(body, gait),
        stiffness=joint_stiffness(body, gait),
        course=np.column_stack(
            [table.joint_angle, table.travel, table.root_height_m, table.root_roll]
        ),
    )


def _at(table: np.ndarray, phase: float) -> np.ndarray:
    """Row of a table at a phase, linear between rows."""
    position = (phase % 1.0) * PHASES
    lower = int(position)
    share = position - lower
    return (1 - share) * table[lower] + share * table[lower + 1]


def _direction(heading_rad: float) -> np.ndarray:
    return np.array([np.cos(heading_rad), np.sin(heading_rad)])


def start_way(position_m: np.ndarray) -> Way:
    """Standing at a place on the floor [2] (m), heading along +x."""
    return Way(np.array(position_m, float), np.array(position_m, float), 0.0, 0.0)


def advance_way(
    crawl: Crawl,
    way: Way,
    position_m: np.ndarray,
    yaw_rad: float,
    goal_m: tuple[float, float] | None,
    step_s: float,
) -> Way:
    """The way a moment later, from where the body is: to a goal (m), or along the line y = start.

    It runs on at the commanded speed, on a leash: a body that was held up or pushed off course is
    not dragged back to where it should have been, but steers back.
    """
    backward = crawl.speed_m_per_s < 0.0
    ahead_m = -AIM_M if backward else AIM_M
    aim = (position_m[0] + ahead_m, way.start_m[1]) if goal_m is None else goal_m
    bearing = np.arctan2(aim[1] - position_m[1], aim[0] - position_m[0])
    error = wrapped(bearing - way.heading_rad - (np.pi if backward else 0.0))
    turn = float(np.clip(TURN_GAIN * error, -MOST_TURN_RAD_PER_S, MOST_TURN_RAD_PER_S))
    lead = float(np.clip(wrapped(way.heading_rad - yaw_rad), -LEASH_RAD, LEASH_RAD))
    heading = yaw_rad + lead + step_s * turn
    position = way.position_m + step_s * crawl.speed_m_per_s * _direction(heading)
    away = position - position_m
    length = float(np.linalg.norm(away))
    if length > LEASH_M:
        position = position_m + away * (LEASH_M / length)
    return Way(way.start_m, position, heading, turn)


def crawl_reference(
    crawl: Crawl, time_s: float, way: Way, sideways_m_per_s: float = 0.0
) -> Reference:
    """What the gait asks for at ``time_s``; posture is asked ``lookahead_s`` ahead.

    Before time 0 the body is asked to stand still on all fours, as the cycle begins.
    ``sideways_m_per_s``: how fast the body moves to its left; limbs in swing step after it.
    """
    gait, table = crawl.gait, crawl.table
    frequency = table.cadence.frequency_hz
    later_s = max(time_s + gait.lookahead_s, 0.0)
    is_moving = time_s + gait.lookahead_s > 0.0
    ahead = later_s * frequency
    step = 1e-3
    next_step = ahead + step * frequency
    now, height, roll = _posture(crawl, ahead, way)
    speed, climb, turn = 0.0, 0.0, 0.0
    velocity = np.zeros_like(now)
    if is_moving:
        later, later_height, _ = _posture(crawl, next_step, way)
        velocity, climb = (later - now) / step, (later_height - height) / step
        speed, turn = crawl.speed_m_per_s, way.turn_rad_per_s
    lead_s = max(time_s + gait.unload_lead_s, 0.0)
    in_stance = table.in_stance[int((lead_s * frequency % 1.0) * PHASES)]
    supports = np.where(crawl.limb >= 0, in_stance[crawl.limb], False)
    swings = ~in_stance
    aside_m = np.clip(gait.sidestep_s * sideways_m_per_s, -SIDESTEP_MOST_M, SIDESTEP_MOST_M)
    now[crawl.aside_joint[swings]] += (crawl.aside_rad_per_m * aside_m)[swings]
    heading = _direction(way.heading_rad)
    place = way.position_m + speed * max(gait.lookahead_s, 0.0) * heading
    pitch = np.radians(gait.trunk_pitch_deg)
    level = multiply(about((1, 0, 0), roll), about((0, 1, 0), pitch))
    # a turn about the vertical, in the pelvis' frame, which is pitched
    turning = turn * np.array([-np.sin(pitch), 0.0, np.cos(pitch)])
    return Reference(
        joint_angle=now,
        joint_velocity=velocity,
        root_quaternion=multiply(about((0, 0, 1), way.heading_rad), level),
        root_angular_velocity=turning,
        root_position_m=np.array([*place, height]),
        root_velocity_m_per_s=np.array([*(speed * heading), climb]),
        root_weight=np.ones(6),
        may_support=supports,
        stiffness_nm_per_rad=crawl.stiffness,
    )


def _posture(crawl: Crawl, phase: float, way: Way) -> tuple[np.ndarray, float, float]:
    """Joint angles [joint] (rad), pelvis height (m) and roll (rad) at a phase; when the body turns,
    limbs keep their place on the floor under a trunk that turns about the pelvis."""
    course = _at(crawl.course, phase)
    n_limb = len(LIMBS)
    angle, travel = course[: -n_limb - 2], course[-n_limb - 2 : -2]
    if way.turn_rad_per_s != 0.0:
        swept = travel * way.turn_rad_per_s * crawl.table.cadence.stance_s
        angle[crawl.aside_joint] += crawl.aside_rad_per_m * swept * crawl.reach_m[:, 0]
        angle[crawl.ahead_joint] -= swept * crawl.reach_m[:, 1] / LIMB_M
    return angle, float(course[-2]), float(course[-1])
