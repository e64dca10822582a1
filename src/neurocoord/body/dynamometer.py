"""A dynamometer's lever: the strapped body with one joint turned at a set speed.

The lever is a hinge of its own beside the body, so heavy that no muscle changes its speed; an
equality holds the tested joint's angle to it, as a strap does at rest. Its speed is given block by
block (`Simulation.drive_lever`) and the torque by which it holds the joint is logged
(`lever_torque_nm`): with the straps it is all that acts on the body beside its muscles and gravity.
Nothing of it is in the model files: it is added to a body of kind ``dynamometer`` when a task asks.

MuJoCo's tendons are rigid. Muscles that are to have elastic ones become actuators that pull with a
given force; `simulation` works it out (`muscle.series_elastic`).
"""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import mujoco
import numpy as np

from neurocoord.body.model import Body, body_path, dof_above, load
from neurocoord.body.postures import posture_qpos, set_joint_angles
from neurocoord.body.rhythm import follow

LEVER = "lever"
# choice: 300 Nm for 2 s change its speed by 0.03 deg/s
LEVER_INERTIA_KGM2 = 1e6
LEVER_RGBA = (0.3, 0.33, 0.38, 1.0)
LEVER_RADIUS_M, LEVER_OFFSET_M = 0.014, 0.07  # to be seen, beside the limb (choice)
STRAP_SOLREF = (0.004, 1.0)  # as the straps of the model file


class Lever(NamedTuple):
    """Where a body's lever stands in ``qpos`` and ``qvel``."""

    qpos: int
    dof: int


def find_lever(body: Body) -> Lever | None:
    """The lever of a body that `with_lever` made, else None."""
    index = mujoco.mj_name2id(body.model, mujoco.mjtObj.mjOBJ_JOINT, LEVER)
    if index < 0:
        return None
    return Lever(int(body.model.jnt_qposadr[index]), int(body.model.jnt_dofadr[index]))


def lever_geoms(model: mujoco.MjModel) -> np.ndarray:
    """Which geoms [geom] are a lever's."""
    lever = mujoco.mj_name2id(model, mujoco.mjtObj.mjOBJ_BODY, LEVER)
    return np.asarray(model.geom_bodyid) == (lever if lever >= 0 else model.nbody)


def elastic_muscles(body: Body) -> np.ndarray:
    """Indices [muscle] of the muscles that pull with a given force, through elastic tendons."""
    fixed = body.model.actuator_gaintype == mujoco.mjtGain.mjGAIN_FIXED
    return np.flatnonzero(fixed)


def with_lever(
    name: str | Path, joint: str, angles_deg: dict[str, float], elastic: tuple[str, ...] = ()
) -> Body:
    """The dynamometer ``name`` with a lever on ``joint`` (``knee_flexion_r``), in a posture.

    ``angles_deg``: joint angles that differ from the seated posture's. The keyframe ``seated`` and
    the straps follow them; the tested joint's strap gives way to the lever. ``elastic``: muscles
    (``SOL_r``) with elastic tendons.
    """
    path = body_path(name)
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    return _with_lever(path, sha256, joint, tuple(sorted(angles_deg.items())), elastic)


@lru_cache(maxsize=8)
def _with_lever(
    path: Path,
    sha256: str,
    joint: str,
    angles_deg: tuple[tuple[str, float], ...],
    elastic: tuple[str, ...],
) -> Body:
    body = load(path)
    if body.kind != "dynamometer" or joint not in body.joints:
        raise ValueError(f"joint {joint!r} of body {body.name!r} ({body.kind}) cannot get a lever")
    qpos = posture_qpos(body.model, "seated")
    set_joint_angles(body.model, qpos, dict(angles_deg))
    qpos = follow(body.model, qpos)
    spec = mujoco.MjSpec.from_file(str(path))
    _add_lever(spec, body, joint, qpos)
    for muscle in elastic:
        actuator = spec.actuator(muscle)
        actuator.gaintype, actuator.biastype = (
            mujoco.mjtGain.mjGAIN_FIXED,
            mujoco.mjtBias.mjBIAS_NONE,
        )
        actuator.gainprm = [-1.0, *([0.0] * 9)]
        actuator.biasprm = [0.0] * 10
    for strap in list(spec.equalities):
        held = strap.name1
        if strap.name == f"strap_{joint}":
            spec.delete(strap)
        elif strap.name.startswith("strap_"):
            strap.data[0] = qpos[body.model.joint(held).qposadr[0]]
    for key in list(spec.keys):
        spec.delete(key)
    start = qpos[body.model.joint(joint).qposadr[0]]
    spec.add_key(name="seated", qpos=[*qpos, start])
    model = spec.compile()
    if model.nq != qpos.size + 1 or model.joint(LEVER).qposadr[0] != qpos.size:
        raise RuntimeError("the lever must be the last joint of the model")
    return body._replace(
        model=model,
        bodies=tuple(model.body(b).name for b in range(model.nbody)),
        dof_above=dof_above(model),
    )


def _add_lever(spec: mujoco.MjSpec, body: Body, joint: str, qpos: np.ndarray) -> None:
    """A hinge in the tested joint's axis, and the equality that straps the joint to it."""
    data = mujoco.MjData(body.model)
    data.qpos[:] = qpos
    mujoco.mj_kinematics(body.model, data)
    index = body.model.joint(joint).id
    centre, axis = data.xanchor[index], data.xaxis[index]
    moved = body.model.jnt_bodyid[index]
    beside = LEVER_OFFSET_M * axis * (-1.0 if axis[1] > 0.0 else 1.0)  # outward of a right limb
    lever = spec.worldbody.add_body(
        name=LEVER, pos=centre + beside, mass=1.0, inertia=[1.0, 1.0, 1.0], explicitinertial=True
    )
    lever.add_joint(
        name=LEVER,
        type=mujoco.mjtJoint.mjJNT_HINGE,
        axis=axis,
        armature=LEVER_INERTIA_KGM2,
        limited=False,
    )
    angle = qpos[body.model.jnt_qposadr[index]]
    back = np.zeros(4)
    mujoco.mju_axisAngle2Quat(back, axis, -angle)  # drawn at angle 0, where the hinge begins
    end = np.zeros(3)
    mujoco.mju_rotVecQuat(end, 2.0 * (data.xipos[moved] - centre), back)
    lever.add_geom(
        name=LEVER,
        type=mujoco.mjtGeom.mjGEOM_CAPSULE,
        fromto=[0.0, 0.0, 0.0, *end],
        size=[LEVER_RADIUS_M, 0, 0],
        contype=0,
        conaffinity=0,
        group=1,
        mass=0,
        rgba=LEVER_RGBA,
    )
    spec.add_equality(
        name=f"lever_{joint}",
        type=mujoco.mjtEq.mjEQ_JOINT,
        objtype=mujoco.mjtObj.mjOBJ_JOINT,
        name1=joint,
        name2=LEVER,
        data=[0.0, 1.0, *([0.0] * 10)],
        solref=STRAP_SOLREF,
    )
