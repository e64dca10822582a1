"""A movement gone through again, moment by moment, for what its record does not hold.

Positions, velocities and the muscles' control of a moment decide all else, so a trial keeps only
those: moment arms, contacts with the floor and forces in joints are worked out here afterwards.
"""

from __future__ import annotations

from typing import NamedTuple

import mujoco
import numpy as np

FLOOR = "floor"


class Contacts(NamedTuple):
    """What geoms have to do with the floor, by moment; forces act on the body, world axes."""

    force_n: np.ndarray  # [moment, geom, 3], sum over a geom's contacts
    point_m: np.ndarray  # [moment, geom, 3], centre of pressure; NaN without force
    velocity_m_per_s: np.ndarray  # [moment, geom, 3], of the skin at that point; NaN without force
    height_m: np.ndarray  # [moment, geom], of the geom's lowest point above the floor


class Replay(NamedTuple):
    """Moments of a movement; SI units, world axes."""

    arm_m: (
        np.ndarray
    )  # float32[moment, muscle, nv], pulling positive turns the joint's positive way
    centre_of_mass_m: np.ndarray  # [moment, 3], whole body
    centre_of_mass_velocity_m_per_s: np.ndarray  # [moment, 3]
    body_position_m: np.ndarray  # [moment, body, 3]
    body_rotation: np.ndarray  # [moment, body, 3, 3]
    joint_force_n: np.ndarray  # [moment, body, 3], bone on bone: on the body, by its parent
    contacts: Contacts


def replay(
    model: mujoco.MjModel,
    qpos: np.ndarray,
    qvel: np.ndarray,
    control: np.ndarray,
    geoms: tuple[str, ...],
) -> Replay:
    """Go through moments ``qpos`` [moment, nq], ``qvel`` [moment, nv], ``control`` [moment, nu].

    ``geoms``: spheres and capsules whose contact with the floor is told. Each moment is solved by
    itself (``mj_forward``); nothing moves on. Forces in joints are MuJoCo's ``cfrc_int``, which
    from version 4 on counts the pull of tendons among the forces on each body that they touch.
    """
    data = mujoco.MjData(model)
    n, n_geom = len(qpos), len(geoms)
    ids = np.array([model.geom(name).id for name in geoms], int)
    out = Replay(
        arm_m=np.zeros((n, model.nu, model.nv), np.float32),
        centre_of_mass_m=np.zeros((n, 3)),
        centre_of_mass_velocity_m_per_s=np.zeros((n, 3)),
        body_position_m=np.zeros((n, model.nbody, 3)),
        body_rotation=np.zeros((n, model.nbody, 3, 3)),
        joint_force_n=np.zeros((n, model.nbody, 3)),
        contacts=Contacts(
            force_n=np.zeros((n, n_geom, 3)),
            point_m=np.full((n, n_geom, 3), np.nan),
            velocity_m_per_s=np.full((n, n_geom, 3), np.nan),
            height_m=np.zeros((n, n_geom)),
        ),
    )
    dense = np.zeros((model.nu, model.nv))
    for k in range(n):
        data.qpos[:], data.qvel[:], data.ctrl[:] = qpos[k], qvel[k], control[k]
        mujoco.mj_forward(model, data)
        mujoco.mj_subtreeVel(model, data)
        mujoco.mj_rnePostConstraint(model, data)
        mujoco.mju_sparse2dense(
            dense, data.actuator_moment, data.moment_rownnz, data.moment_rowadr, data.moment_colind
        )
        out.arm_m[k] = -dense
        out.centre_of_mass_m[k] = data.subtree_com[0]
        out.centre_of_mass_velocity_m_per_s[k] = data.subtree_linvel[0]
        out.body_position_m[k] = data.xpos
        out.body_rotation[k] = data.xmat.reshape(-1, 3, 3)
        out.joint_force_n[k] = data.cfrc_int[:, 3:]
        out.contacts.height_m[k] = _lowest_points(model, data, ids)
        _read_contacts(model, data, ids, out.contacts, k)
    return out


def _lowest_points(model: mujoco.MjModel, data: mujoco.MjData, ids: np.ndarray) -> np.ndarray:
    """Height (m) [geom] of the lowest point of spheres and capsules above the floor at 0."""
    half = np.where(
        model.geom_type[ids] == mujoco.mjtGeom.mjGEOM_CAPSULE, model.geom_size[ids, 1], 0.0
    )
    axis_z = np.abs(data.geom_xmat[ids, 8])
    return data.geom_xpos[ids, 2] - axis_z * half - model.geom_size[ids, 0]


def _read_contacts(
    model: mujoco.MjModel, data: mujoco.MjData, ids: np.ndarray, out: Contacts, k: int
) -> None:
    pairs = data.contact.geom
    is_floor = pairs == model.geom(FLOOR).id
    found = np.flatnonzero(is_floor.any(axis=1))
    place = np.full(model.ngeom, -1)
    place[ids] = np.arange(ids.size)
    of = place[np.where(is_floor[:, 0], pairs[:, 1], pairs[:, 0])]
    sign = np.where(is_floor[:, 0], 1.0, -1.0)  # forces are told as they act on the second geom
    frames, points = data.contact.frame.reshape(-1, 3, 3), data.contact.pos
    wrench = np.zeros(6)
    force, weighed = out.force_n[k], np.zeros((ids.size, 3))
    for c in found[of[found] >= 0]:
        mujoco.mj_contactForce(model, data, int(c), wrench)
        on_body = sign[c] * (wrench[:3] @ frames[c])
        force[of[c]] += on_body
        weighed[of[c]] += on_body[2] * points[c]
    touch = np.flatnonzero(force[:, 2] > 0.0)
    bodies = model.geom_bodyid[ids[touch]]
    out.point_m[k, touch] = weighed[touch] / force[touch, 2:]
    wx, wy, wz, *_ = (twist := data.cvel[bodies]).T
    x, y, z = (out.point_m[k, touch] - data.subtree_com[model.body_rootid[bodies]]).T
    turning = np.column_stack([wy * z - wz * y, wz * x - wx * z, wx * y - wy * x])
    out.velocity_m_per_s[k, touch] = twist[:, 3:] + turning
