"""Crawling, block by block: what a gait asks of the body at one moment."""

from __future__ import annotations

from typing import NamedTuple

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
)


class Crawl(NamedTuple):
    """A gait bound to a body: what ``reference`` reads each block."""

    gait: Gait
    table: CrawlTable
    speed_m_per_s: float
    limb: np.ndarray  # int[support]
    sidestep_joint: np.ndarray  # int[limb], the joint that carries a limb aside
    sidestep_rad_per_m: np.ndarray  # [limb], of that joint, to the left
    stiffness: np.ndarray  # [joint], torque-space, Nm/rad
    course: np.ndarray  # [phase, joint + 2], the table's angles, root height and roll side by side


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
LIMB_M = 0.45  # length over which a limb swings aside (choice: hip and shoulder heights)
_SIDESTEP_JOINT = {
    "hand_r": "shoulder_adduction_r",
    "hand_l": "shoulder_adduction_l",
    "knee_r": "hip_adduction_r",
    "knee_l": "hip_adduction_l",
}


def _stiffness(body: Body, gait: Gait) -> np.ndarray:
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


def make_crawl(body: Body, gait: Gait, speed_m_per_s: float) -> Crawl:
    """Bind a gait to a body at a commanded speed (m/s)."""
    index, table = joint_index(body), tabulate(body, gait, speed_m_per_s)
    return Crawl(
        gait=gait,
        table=table,
        speed_m_per_s=speed_m_per_s,
        limb=limb_of_support(body),
        sidestep_joint=np.array([index[_SIDESTEP_JOINT[name]] for name in LIMBS]),
        sidestep_rad_per_m=np.array([-1 if name.endswith("l") else 1 for name in LIMBS]) / LIMB_M,
        stiffness=_stiffness(body, gait),
        course=np.column_stack([table.joint_angle, table.root_height_m, table.root_roll]),
    )


def _at(table: np.ndarray, phase: float) -> np.ndarray:
    """Row of a table at a phase, linear between rows."""
    position = (phase % 1.0) * PHASES
    lower = int(position)
    share = position - lower
    return (1 - share) * table[lower] + share * table[lower + 1]


def crawl_reference(
    crawl: Crawl, time_s: float, start_xy: np.ndarray, sideways_m_per_s: float = 0.0
) -> Reference:
    """What the gait asks for at ``time_s``; posture is asked ``lookahead_s`` ahead.

    Before time 0 the body is asked to stand still on all fours, as the cycle begins.
    ``start_xy``: where the pelvis was at time 0 (m); the crawl heads along +x.
    ``sideways_m_per_s``: how fast the body moves to its left; limbs in swing step after it.
    """
    gait, table = crawl.gait, crawl.table
    later_s = max(time_s + gait.lookahead_s, 0.0)
    is_moving = time_s + gait.lookahead_s > 0.0
    ahead = later_s * gait.frequency_hz
    step = 1e-3
    next_step = ahead + step * gait.frequency_hz
    course = _at(crawl.course, ahead)
    now, height, roll = course[:-2], float(course[-2]), float(course[-1])
    velocity = np.zeros_like(now)
    root_velocity = np.zeros(3)
    if is_moving:
        change = (_at(crawl.course, next_step) - course) / step
        velocity, climb = change[:-2], change[-2]
        root_velocity = np.array([crawl.speed_m_per_s, 0.0, climb])
    lead_s = max(time_s + gait.unload_lead_s, 0.0)
    in_stance = table.in_stance[int((lead_s * gait.frequency_hz % 1.0) * PHASES)]
    supports = np.where(crawl.limb >= 0, in_stance[crawl.limb], False)
    pitch = np.radians(gait.trunk_pitch_deg)
    swings = ~in_stance
    aside = crawl.sidestep_rad_per_m * np.clip(gait.sidestep_s * sideways_m_per_s, -0.1, 0.1)
    now[crawl.sidestep_joint[swings]] += aside[swings]
    return Reference(
        joint_angle=now,
        joint_velocity=velocity,
        root_quaternion=multiply(about((1, 0, 0), roll), about((0, 1, 0), pitch)),
        root_angular_velocity=np.zeros(3),
        root_position_m=np.array(
            [start_xy[0] + crawl.speed_m_per_s * later_s, start_xy[1], height]
        ),
        root_velocity_m_per_s=root_velocity,
        root_weight=np.ones(6),
        may_support=supports,
        stiffness_nm_per_rad=crawl.stiffness,
    )
