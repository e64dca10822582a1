"""Joints that follow others: the scapula turns upward as the arm is raised.

The scapula is a body of its own beside the arm, on a hinge through the glenohumeral centre, so that
the arm's angles stay those against the trunk. A fixed tendon with a spring pulls it to its place in
the scapulohumeral rhythm, as capsule and ligaments do; muscles may hold it elsewhere.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import mujoco
import numpy as np

from neurocoord.body.anatomy import SIDES, CouplingRow

if TYPE_CHECKING:
    from neurocoord.body.model import Body


def add_couplings(spec: mujoco.MjSpec, couplings: tuple[CouplingRow, ...]) -> None:
    """Fixed tendons of length ``joint - sum(ratio * leader)``, slack at 0."""
    for side in SIDES:
        made: dict[str, mujoco.MjsTendon] = {}
        for row in couplings:
            name = f"{row.name}_{side}"
            if name not in made:
                made[name] = spec.add_tendon(
                    name=name,
                    stiffness=[row.stiffness_nm_per_rad, 0, 0],
                    springlength=[0.0, 0.0],
                    group=5,
                )
                made[name].wrap_joint(f"{row.joint}_{side}", 1.0)
            made[name].wrap_joint(f"{row.leader}_{side}", -row.ratio)


def leaders(model: mujoco.MjModel) -> dict[int, dict[int, float]]:
    """Joint that follows -> {joint it follows: ratio}, from the model's fixed tendons."""
    found: dict[int, dict[int, float]] = {}
    for tendon in range(model.ntendon):
        start = model.tendon_adr[tendon]
        wraps = range(start, start + model.tendon_num[tendon])
        if model.wrap_type[start] == mujoco.mjtWrap.mjWRAP_JOINT:
            joints = [int(model.wrap_objid[wrap]) for wrap in wraps]
            coefficients = [float(model.wrap_prm[wrap]) for wrap in wraps]
            found[joints[0]] = {
                joint: -value / coefficients[0]
                for joint, value in zip(joints[1:], coefficients[1:], strict=True)
            }
    return found


def follow(model: mujoco.MjModel, qpos: np.ndarray) -> np.ndarray:
    """A copy of ``qpos`` [..., nq] with every following joint at its place, within its range."""
    placed = np.array(qpos, float)
    address = model.jnt_qposadr
    for joint, ratios in leaders(model).items():
        angle = sum(ratio * placed[..., address[leader]] for leader, ratio in ratios.items())
        placed[..., address[joint]] = np.clip(angle, *model.jnt_range[joint])
    return placed


def follow_angles(body: Body, angle: np.ndarray) -> np.ndarray:
    """A copy of joint angles [..., joint] (rad) with every following joint at its place."""
    qpos = np.zeros((*np.shape(angle)[:-1], body.model.nq))
    qpos[..., body.joint_qpos] = angle
    return follow(body.model, qpos)[..., body.joint_qpos]
