"""The movement that is wanted: what a gait or a roll asks of the body at one moment."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from neurocoord.body.model import Body
from neurocoord.motorunits.compiled import compiled

GRAVITY_M_PER_S2 = 9.81
LIMBS = ("hand_r", "hand_l", "knee_r", "knee_l")
LIMB_GROUPS = {"hand": ("hand",), "knee": ("knee", "shin", "toes", "foot")}


class Reference(NamedTuple):
    """Wanted posture and support at one moment; angles in rad, SI units."""

    joint_angle: np.ndarray  # [joint]
    joint_velocity: np.ndarray  # [joint], rad/s
    root_quaternion: np.ndarray  # [4], pelvis in the world
    root_angular_velocity: np.ndarray  # [3], rad/s, in the pelvis' frame
    root_position_m: np.ndarray  # [3]
    root_velocity_m_per_s: np.ndarray  # [3]
    root_weight: np.ndarray  # [6], share of the root's soft rows that are asked for
    may_support: np.ndarray  # bool[support], geoms that may bear weight now
    stiffness_nm_per_rad: np.ndarray  # [joint], torque-space stiffness
    load_limit_n: np.ndarray | None = None  # [support], most that a geom may bear; None: no limit


def joint_index(body: Body) -> dict[str, int]:
    """Index of each hinge in ``Body.joints``."""
    return {name: index for index, name in enumerate(body.joints)}


def limb_of_support(body: Body) -> np.ndarray:
    """int[support]: index into ``LIMBS`` of the limb a support geom belongs to, -1 for none."""
    limb = np.full(len(body.support.geoms), -1)
    for index, name in enumerate(LIMBS):
        kind, side = name.split("_")
        for support, (group, geom_side) in enumerate(
            zip(body.support.groups, body.support.side, strict=True)
        ):
            if group in LIMB_GROUPS[kind] and geom_side == side:
                limb[support] = index
    return limb


def limb_bodies(body: Body) -> np.ndarray:
    """int[limb]: the body of each of ``LIMBS`` that bears, a hand or a tibia."""
    return np.array([body.bodies.index(name.replace("knee", "tibia")) for name in LIMBS])


@compiled
def multiply(first, second):  # type: ignore[no-untyped-def]
    """Product of two unit quaternions (w, x, y, z)."""
    w1, x1, y1, z1 = first
    w2, x2, y2, z2 = second
    return np.array(
        [
            w1 * w2 - x1 * x2 - y1 * y2 - z1 * z2,
            w1 * x2 + x1 * w2 + y1 * z2 - z1 * y2,
            w1 * y2 - x1 * z2 + y1 * w2 + z1 * x2,
            w1 * z2 + x1 * y2 - y1 * x2 + z1 * w2,
        ]
    )


def wrapped(angle_rad: float) -> float:
    """The same angle (rad) from -pi to pi."""
    return float((angle_rad + math.pi) % (2 * math.pi) - math.pi)


def rotation_of(quaternion: np.ndarray) -> np.ndarray:
    """Rotation matrix [3, 3] of a unit quaternion (w, x, y, z)."""
    w, x, y, z = quaternion
    return np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)],
            [2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)],
            [2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)],
        ]
    )


@compiled
def about(axis, angle):  # type: ignore[no-untyped-def]
    """Quaternion of a rotation by ``angle`` (rad) about ``axis``."""
    half = 0.5 * angle
    sine = np.sin(half)
    return np.array([np.cos(half), sine * axis[0], sine * axis[1], sine * axis[2]])


@compiled
def facing(yaw, roll, pitch):  # type: ignore[no-untyped-def]
    """Quaternion of a pelvis turned by ``pitch`` about y, ``roll`` about x, ``yaw`` about z (rad),
    in this order, about axes of the world."""
    level = multiply(about((1.0, 0.0, 0.0), roll), about((0.0, 1.0, 0.0), pitch))
    return multiply(about((0.0, 0.0, 1.0), yaw), level)


@compiled
def rotation_error(wanted, actual):  # type: ignore[no-untyped-def]
    """Rotation vector [3] (rad) in the actual frame that turns quaternion ``actual`` into
    ``wanted``."""
    conjugate = actual.copy()
    conjugate[1:] *= -1.0
    difference = multiply(conjugate, wanted)
    if difference[0] < 0:
        difference = -difference
    turn = difference[1:]
    sine = np.sqrt(turn[0] * turn[0] + turn[1] * turn[1] + turn[2] * turn[2])
    if sine < 1e-12:
        return np.zeros(3)
    return 2.0 * np.arctan2(sine, difference[0]) / sine * turn
