"""Crawling, block by block: what a gait asks of the body at one moment, and which way it goes."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple, Protocol

import numpy as np

from neurocoord.body.model import Body
from neurocoord.body.reading import BodyReading
from neurocoord.coordination.gait import PHASES, CrawlTable, Gait, hand_centre_m, tabulate
from neurocoord.coordination.reference import (
    LIMBS,
    Reference,
    facing,
    joint_index,
    limb_bodies,
    limb_of_support,
    wrapped,
)
from neurocoord.coordination.size import size_of
from neurocoord.motorunits.compiled import compiled

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
DIFFERENCE_S = 1e-3  # over which the posture's velocity is taken (choice)


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
    limb_body: np.ndarray  # int[limb]: hand or tibia
    aside_joint: np.ndarray  # int[limb], the joint that carries a limb aside
    aside_rad_per_m: np.ndarray  # [limb], of that joint, to the left
    ahead_joint: np.ndarray  # int[limb], the joint that carries a limb ahead
    reach_m: np.ndarray  # [limb, 2], about where it bears, from the pelvis: ahead, to the left
    stiffness: np.ndarray  # [joint], torque-space, Nm/rad
    course: np.ndarray  # [phase, joint + limb + 3], the table's columns side by side


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
    """Torque-space stiffness of every joint [joint], Nm/rad, for a body of this size."""
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
    return size_of(body).torque * np.array(
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
    place = {"hand": (shoulder + hand_centre_m(body, gait), 0.2), "knee": (gait.knee_centre_m, 0.1)}
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
        limb_body=limb_bodies(body),
        aside_joint=np.array([index[f"{joint}_adduction_{side}"] for joint, side in carriers]),
        aside_rad_per_m=np.array([-1 if name.endswith("l") else 1 for name in LIMBS]) / LIMB_M,
        ahead_joint=np.array([index[f"{joint}_flexion_{side}"] for joint, side in carriers]),
        reach_m=_reach_m(body, gait),
        stiffness=joint_stiffness(body, gait),
        course=np.column_stack(
            [
                table.joint_angle,
                table.travel,
                table.root_height_m,
                table.root_roll,
                table.sway_m,
            ]
        ),
    )


def _direction(heading_rad: float) -> np.ndarray:
    return np.array([math.cos(heading_rad), math.sin(heading_rad)])


def left_of(heading_rad: float) -> np.ndarray:
    """To the left [2] of a heading (rad) on the floor."""
    return np.array([-math.sin(heading_rad), math.cos(heading_rad)])


def _at(crawl: Crawl, column: np.ndarray, time_s: float) -> np.ndarray:
    """A column [phase, ...] of the table at a time of the cycle, linear between rows."""
    position = max(time_s, 0.0) * crawl.table.cadence.frequency_hz % 1.0 * PHASES
    lower = int(position)
    return column[lower] + (position - lower) * (column[lower + 1] - column[lower])


def on_way_m(crawl: Crawl, time_s: float, position_m: np.ndarray, heading_rad: float) -> np.ndarray:
    """Where on its way [2] (m) a crawl is whose pelvis is at ``position_m`` and sways."""
    return position_m - _at(crawl, crawl.table.sway_m, time_s) * left_of(heading_rad)


def keep_over_limbs(
    crawl: Crawl, time_s: float, wanted: Reference, reading: BodyReading, env: int, yaw_rad: float
) -> Reference:
    """What is wanted, with the pelvis' place sideways taken from the limbs in stance.

    A body that sways is balanced over limbs where they are, not over a line on the floor: the
    pelvis is asked to be where the posture has it over them. A gait without sway is left as it is,
    and so is a moment at which no limb bears.
    """
    if not crawl.gait.sway:
        return wanted
    table, left = crawl.table, left_of(yaw_rad)
    later_s = max(time_s + crawl.gait.lookahead_s, 0.0)
    bears = table.in_stance[int(later_s * table.cadence.frequency_hz % 1.0 * PHASES)]
    if not bears.any():
        return wanted
    here = reading.qpos[env, :2]
    limb_m = (reading.body_position_m[env, crawl.limb_body, :2] - here) @ left
    over_m = float((limb_m - _at(crawl, table.limb_aside_m, later_s))[bears].mean())
    place = wanted.root_position_m.copy()
    place[:2] += (over_m - (place[:2] - here) @ left) * left
    return wanted._replace(root_position_m=place)


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
    bearing = math.atan2(aim[1] - position_m[1], aim[0] - position_m[0])
    error = wrapped(bearing - way.heading_rad - (math.pi if backward else 0.0))
    turn = _within(TURN_GAIN * error, MOST_TURN_RAD_PER_S)
    lead = _within(wrapped(way.heading_rad - yaw_rad), LEASH_RAD)
    heading = yaw_rad + lead + step_s * turn
    position = way.position_m + step_s * crawl.speed_m_per_s * _direction(heading)
    away = position - position_m
    length = math.hypot(*away)
    if length > LEASH_M:
        position = position_m + away * (LEASH_M / length)
    return Way(way.start_m, position, heading, turn)


def yaw_rad(reading: BodyReading, env: int) -> float:
    """Where the pelvis points: 0 along +x, positive to the left."""
    forward = reading.body_rotation[env, 1][:, 2]
    return float(np.arctan2(forward[1], forward[0]))


def begin_way(crawl: Crawl, time_s: float, reading: BodyReading, env: int) -> Way:
    """The way of a body that is where the cycle has it at ``time_s``."""
    return start_way(on_way_m(crawl, time_s, reading.qpos[env, :2], 0.0))


def follow_way(
    crawl: Crawl,
    way: Way,
    time_s: float,
    reading: BodyReading,
    env: int,
    goal_m: tuple[float, float] | None,
    step_s: float,
) -> Way:
    """The way a moment later, of a body as it is read."""
    here = on_way_m(crawl, time_s, reading.qpos[env, :2], way.heading_rad)
    return advance_way(crawl, way, here, yaw_rad(reading, env), goal_m, step_s)


def ask_on_way(
    crawl: Crawl,
    way: Way,
    time_s: float,
    reading: BodyReading,
    env: int,
    ask: Callable[[Way, float], Reference],
) -> Reference:
    """What ``ask`` wants of a body on its way, by its sideways speed (m/s), kept over its limbs."""
    wanted = ask(way, float(reading.qvel[env, :2] @ left_of(way.heading_rad)))
    return keep_over_limbs(crawl, time_s, wanted, reading, env, yaw_rad(reading, env))


def _within(value: float, most: float) -> float:
    """The value, at most ``most`` to either side of 0."""
    return min(max(value, -most), most)


def crawl_reference(
    crawl: Crawl, time_s: float, way: Way, sideways_m_per_s: float = 0.0
) -> Reference:
    """What the gait asks for at ``time_s``; posture is asked ``lookahead_s`` ahead.

    Before time 0 the body is asked to stand still on all fours, as the cycle begins.
    ``sideways_m_per_s``: how fast the body moves to its left; limbs in swing step after what of it
    is not the sway that is asked for.
    """
    gait, table = crawl.gait, crawl.table
    frequency = table.cadence.frequency_hz
    later_s = max(time_s + gait.lookahead_s, 0.0)
    is_moving = time_s + gait.lookahead_s > 0.0
    speed, turn = (crawl.speed_m_per_s, way.turn_rad_per_s) if is_moving else (0.0, 0.0)
    swept_rad = way.turn_rad_per_s * table.cadence.stance_s
    carried = (crawl.aside_joint, crawl.aside_rad_per_m, crawl.ahead_joint, crawl.reach_m)
    now, height, roll, sway = _posture(crawl.course, later_s * frequency, swept_rad, *carried)
    velocity, climb, swaying = np.zeros_like(now), 0.0, 0.0
    if is_moving:
        moment = later_s + DIFFERENCE_S
        later, later_height, _, later_sway = _posture(
            crawl.course, moment * frequency, swept_rad, *carried
        )
        velocity, climb = (later - now) / DIFFERENCE_S, (later_height - height) / DIFFERENCE_S
        swaying = (later_sway - sway) / DIFFERENCE_S
    lead_s = max(time_s + gait.unload_lead_s, 0.0)
    in_stance = table.in_stance[int((lead_s * frequency % 1.0) * PHASES)]
    supports = (crawl.limb >= 0) & in_stance[crawl.limb]
    swings = ~in_stance
    aside_m = _within(gait.sidestep_s * (sideways_m_per_s - swaying), SIDESTEP_MOST_M)
    now[crawl.aside_joint[swings]] += (crawl.aside_rad_per_m * aside_m)[swings]
    heading = _direction(way.heading_rad)
    left = left_of(way.heading_rad)
    place = way.position_m + speed * max(gait.lookahead_s, 0.0) * heading + sway * left
    moves = speed * heading + swaying * left
    pitch = math.radians(gait.trunk_pitch_deg)
    return Reference(
        joint_angle=now,
        joint_velocity=velocity,
        root_quaternion=facing(way.heading_rad, roll, pitch),
        # a turn about the vertical, in the pelvis' frame, which is pitched
        root_angular_velocity=np.array([-turn * math.sin(pitch), 0.0, turn * math.cos(pitch)]),
        root_position_m=np.array([place[0], place[1], height]),
        root_velocity_m_per_s=np.array([moves[0], moves[1], climb]),
        root_weight=np.ones(6),
        may_support=supports,
        stiffness_nm_per_rad=crawl.stiffness,
    )


@compiled
def _posture(course, phase, swept_rad, aside_joint, aside_rad_per_m, ahead_joint, reach_m):  # type: ignore[no-untyped-def]
    """Joint angles [joint] (rad), pelvis height (m), roll (rad) and sway (m) at a phase.

    Linear between rows.

    When the body turns, limbs keep their place on the floor under a trunk that turns about the
    pelvis, by ``swept_rad`` over a stance.
    """
    position = (phase % 1.0) * PHASES
    lower = int(position)
    share = position - lower
    row = (1 - share) * course[lower] + share * course[lower + 1]
    n_limb = aside_joint.size
    n_joint = row.size - n_limb - 3
    angle = row[:n_joint].copy()
    if swept_rad != 0.0:
        for limb in range(n_limb):
            swept = row[n_joint + limb] * swept_rad
            angle[aside_joint[limb]] += aside_rad_per_m[limb] * swept * reach_m[limb, 0]
            angle[ahead_joint[limb]] -= swept * reach_m[limb, 1] / LIMB_M
    return angle, row[-3], row[-2], row[-1]
