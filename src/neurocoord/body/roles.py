"""Which muscles work, oppose and stabilize in a joint's action, at a posture: from moment arms.

- **Agonists** and **antagonists** are told by torque capacity: moment arm times the force that the
  muscle gives at this length, fully active and still. One whose capacity is below 5 % of the
  strongest muscle's about this joint has no part in the action.
- **Stabilizers** have no part in the action and yet stiffen: those that cross the joint itself and
  those that hold the part on which it works, one moving body further up. What counts is the
  stiffness that they give to the hinges there, short-range stiffness of the muscle times moment
  arm squared. Further up only those count that anatomy knows as stabilizers: local muscles (after
  Bergmark 1989, Acta Orthop Scand Suppl 230) and those that hold scapula, pelvis or spine
  (``models/anatomy/stabilizers.csv``).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from neurocoord.body.capacity import moment_arms
from neurocoord.body.model import Body
from neurocoord.muscle import mechanics
from neurocoord.settings import unknown

PART_SHARE = (
    0.05  # of the strongest muscle's capacity, or stiffness, at which a part begins (choice)
)
SHORT_RANGE_STIFFNESS = 23.4  # force per optimal length: Cui et al. 2008, J Biomech 41:1945

# Action -> hinge and the direction in which the action turns it. Of a paired joint the bare name
# means the right side; "_r" and "_l" say which.
ACTIONS: dict[str, tuple[str, float]] = {
    "trunk_extension": ("lumbar_extension", 1.0),
    "trunk_flexion": ("lumbar_extension", -1.0),
    "trunk_bending_right": ("lumbar_bending", 1.0),
    "trunk_bending_left": ("lumbar_bending", -1.0),
    "trunk_rotation_left": ("lumbar_rotation", 1.0),
    "trunk_rotation_right": ("lumbar_rotation", -1.0),
    "thorax_extension": ("thorax_extension", 1.0),
    "thorax_flexion": ("thorax_extension", -1.0),
    "thorax_bending_right": ("thorax_bending", 1.0),
    "thorax_bending_left": ("thorax_bending", -1.0),
    "thorax_rotation_left": ("thorax_rotation", 1.0),
    "thorax_rotation_right": ("thorax_rotation", -1.0),
    "neck_extension": ("neck_extension", 1.0),
    "neck_flexion": ("neck_extension", -1.0),
    "neck_bending_right": ("neck_bending", 1.0),
    "neck_bending_left": ("neck_bending", -1.0),
    "neck_rotation_left": ("neck_rotation", 1.0),
    "neck_rotation_right": ("neck_rotation", -1.0),
    "hip_flexion": ("hip_flexion", 1.0),
    "hip_extension": ("hip_flexion", -1.0),
    "hip_adduction": ("hip_adduction", 1.0),
    "hip_abduction": ("hip_adduction", -1.0),
    "hip_internal_rotation": ("hip_rotation", 1.0),
    "hip_external_rotation": ("hip_rotation", -1.0),
    "knee_flexion": ("knee_flexion", 1.0),
    "knee_extension": ("knee_flexion", -1.0),
    "ankle_dorsiflexion": ("ankle_flexion", 1.0),
    "ankle_plantarflexion": ("ankle_flexion", -1.0),
    "ankle_inversion": ("subtalar_inversion", 1.0),
    "ankle_eversion": ("subtalar_inversion", -1.0),
    "scapula_protraction": ("girdle_protraction", 1.0),
    "scapula_retraction": ("girdle_protraction", -1.0),
    "scapula_elevation": ("girdle_elevation", 1.0),
    "scapula_depression": ("girdle_elevation", -1.0),
    "scapula_upward_rotation": ("girdle_upward_rotation", 1.0),
    "scapula_downward_rotation": ("girdle_upward_rotation", -1.0),
    "shoulder_flexion": ("shoulder_flexion", 1.0),
    "shoulder_extension": ("shoulder_flexion", -1.0),
    "shoulder_adduction": ("shoulder_adduction", 1.0),
    "shoulder_abduction": ("shoulder_adduction", -1.0),
    "shoulder_internal_rotation": ("shoulder_rotation", 1.0),
    "shoulder_external_rotation": ("shoulder_rotation", -1.0),
    "elbow_flexion": ("elbow_flexion", 1.0),
    "elbow_extension": ("elbow_flexion", -1.0),
    "forearm_pronation": ("pronation", 1.0),
    "forearm_supination": ("pronation", -1.0),
    "wrist_flexion": ("wrist_flexion", 1.0),
    "wrist_extension": ("wrist_flexion", -1.0),
    "wrist_radial_deviation": ("wrist_deviation", 1.0),
    "wrist_ulnar_deviation": ("wrist_deviation", -1.0),
}


class Role(NamedTuple):
    """One muscle in an action: positive moment arm and torque help it."""

    muscle: str
    moment_arm_m: float
    torque_capacity_nm: float
    stiffness_nm_per_rad: float  # of the hinges that it stiffens, added up, fully active
    stabilizer: str  # "local" or "global"


class Roles(NamedTuple):
    """Who does what in an action at a posture, each group with its strongest first."""

    action: str
    joint: str
    agonists: tuple[Role, ...]
    antagonists: tuple[Role, ...]
    stabilizers: tuple[Role, ...]


def roles(body: Body, action: str, qpos: np.ndarray) -> Roles:
    """Agonists, antagonists and stabilizers of an action at a posture ``qpos`` [nq]."""
    joint, sign = joint_of(body, action)
    if np.shape(qpos) != (body.model.nq,):
        raise ValueError(f"qpos has shape {np.shape(qpos)}, allowed is ({body.model.nq},)")
    arm, length = moment_arms(body.model, qpos)
    force = -mechanics.gain(body.muscle_parameters, length, np.zeros_like(length))
    dof = body.joint_dof[body.joints.index(joint)]
    helping = sign * arm[:, dof]
    capacity = helping * force
    short_range = SHORT_RANGE_STIFFNESS * force / body.table.optimal_length_m
    here, above = _hinges_around(body, joint)
    at_joint = short_range * (arm[:, here] ** 2).sum(axis=1)
    held = short_range * (arm[:, above] ** 2).sum(axis=1)
    known = np.array(body.table.stabilizer) == "local"
    known |= np.array(body.table.stabilizes) != "none"
    has_part = np.abs(capacity) >= PART_SHARE * np.abs(capacity).max()
    stiffens = at_joint >= PART_SHARE * at_joint.max()
    stiffens |= known & (held >= PART_SHARE * max(held.max(initial=0.0), 1e-12))
    stiffness = at_joint + held

    def group(chosen: np.ndarray, order: np.ndarray) -> tuple[Role, ...]:
        ranked = sorted(np.flatnonzero(chosen), key=lambda m: -order[m])
        return tuple(
            Role(
                body.muscles[m],
                float(helping[m]),
                float(capacity[m]),
                float(stiffness[m]),
                body.table.stabilizer[m],
            )
            for m in ranked
        )

    return Roles(
        action,
        joint,
        group(has_part & (capacity > 0.0), capacity),
        group(has_part & (capacity < 0.0), -capacity),
        group(~has_part & stiffens, stiffness),
    )


def joint_of(body: Body, action: str) -> tuple[str, float]:
    """Hinge of an action and its direction, +1 or -1; the bare name of a paired one is right."""
    stem, side = action, ""
    if action not in ACTIONS and action[-2:] in ("_r", "_l"):
        stem, side = action[:-2], action[-2:]
    if stem not in ACTIONS:
        raise ValueError(unknown("action", action, ACTIONS, ", of paired joints with _r or _l"))
    joint, sign = ACTIONS[stem]
    if joint in body.joints:
        if side:
            raise ValueError(f"action {action!r} has no sides; allowed: {stem!r}")
        return joint, sign
    return f"{joint}{side or '_r'}", sign


def _hinges_around(body: Body, joint: str) -> tuple[np.ndarray, np.ndarray]:
    """Degrees of freedom of the body that a hinge moves, and of the next one above that moves."""
    model = body.model
    here = model.jnt_bodyid[model.joint(joint).id]
    above = model.body_parentid[here]
    while above > 0 and model.body_dofnum[above] == 0:
        above = model.body_parentid[above]

    def hinges(index: int) -> np.ndarray:
        start, count = model.body_dofadr[index], model.body_dofnum[index]
        return np.intersect1d(np.arange(start, start + count), body.joint_dof)

    return hinges(here), hinges(above) if above > 0 else np.array([], int)
