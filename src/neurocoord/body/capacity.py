"""What muscles can do about a joint: moment arms and greatest torques over its range.

A curve is taken in a named posture with one joint moved; joints that follow it (the scapula) go
along. Torques are those of all muscles whose moment arm points the way asked for, at active state 1
and the length the posture gives: what a dynamometer reads after the passive torque is taken off.
"""

from __future__ import annotations

from typing import NamedTuple

import mujoco
import numpy as np

from neurocoord.body.model import Body, muscle_index
from neurocoord.body.postures import posture_qpos, set_joint_angles
from neurocoord.body.rhythm import follow
from neurocoord.muscle import mechanics


class Curve(NamedTuple):
    """Muscles over one joint's range in a posture."""

    angle_deg: np.ndarray  # [angle]
    arm_m: np.ndarray  # [angle, muscle], pulling positive turns the joint's positive way
    length_m: np.ndarray  # [angle, muscle], muscle and tendon


def joint_name(body: Body, joint: str) -> str:
    """A joint's own name: midline as it is, limbs the right one."""
    return joint if joint in body.joints else f"{joint}_r"


def moment_arms(model: mujoco.MjModel, qpos: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Pulling moment arm [muscle, nv] (m) and path length [muscle] (m) at ``qpos``."""
    data = mujoco.MjData(model)
    data.qpos[:] = qpos
    mujoco.mj_kinematics(model, data)
    mujoco.mj_comPos(model, data)
    mujoco.mj_tendon(model, data)
    mujoco.mj_transmission(model, data)
    dense = np.zeros((model.nu, model.nv))
    mujoco.mju_sparse2dense(
        dense, data.actuator_moment, data.moment_rownnz, data.moment_rowadr, data.moment_colind
    )
    return -dense, data.actuator_length.copy()


def curve(
    body: Body,
    joint: str,
    angle_deg: np.ndarray,
    posture: str = "standing",
    others: dict[str, float] | None = None,
) -> Curve:
    """Moment arms and lengths over ``angle_deg`` of one joint, the rest as in ``posture``.

    ``others``: joint angles (degrees) that differ from the posture's.
    """
    name = joint_name(body, joint)
    index = body.joints.index(name)
    qpos = posture_qpos(body.model, posture)
    set_joint_angles(body.model, qpos, others or {})
    arms, lengths = [], []
    for angle in np.atleast_1d(angle_deg):
        qpos[body.joint_qpos[index]] = np.radians(angle)
        placed = follow(body.model, qpos)
        placed[body.joint_qpos[index]] = np.radians(angle)  # also where it is one that follows
        arm, length = moment_arms(body.model, placed)
        arms.append(arm[:, body.joint_dof[index]])
        lengths.append(length)
    return Curve(np.atleast_1d(np.asarray(angle_deg, float)), np.array(arms), np.array(lengths))


def arm_mm(body: Body, found: Curve, muscles: str) -> np.ndarray:
    """Moment arm [angle] (mm) of muscles of the right side, their mean by strength."""
    indices = [muscle_index(body, f"{muscle}_r") for muscle in muscles.split()]
    weight = body.muscle_parameters.max_force_n[indices]
    return 1e3 * found.arm_m[:, indices] @ weight / weight.sum()


def active_torque_nm(
    body: Body, found: Curve, direction: int, rate_deg_per_s: float = 0.0
) -> np.ndarray:
    """Greatest active torque [angle] (Nm, positive) one way, isometric or in shortening.

    ``direction``: 1 or -1, the joint's positive or negative way. ``rate_deg_per_s``: how fast the
    joint turns that way.
    """
    pull = np.maximum(direction * found.arm_m, 0.0)
    velocity = -pull * np.radians(rate_deg_per_s)
    force = -mechanics.gain(body.muscle_parameters, found.length_m, velocity)
    return (pull * force).sum(axis=1)


def passive_torque_nm(body: Body, joint: str, found: Curve) -> np.ndarray:
    """Torque [angle] (Nm) of unstimulated muscles and of the joint's own spring, one joint."""
    force = -mechanics.bias(body.muscle_parameters, found.length_m)
    index = body.model.joint(joint_name(body, joint)).id
    stiffness = float(np.ravel(body.model.jnt_stiffness[index])[0])
    spring = body.model.qpos_spring[body.model.jnt_qposadr[index]]
    return (found.arm_m * force).sum(axis=1) - stiffness * (np.radians(found.angle_deg) - spring)
