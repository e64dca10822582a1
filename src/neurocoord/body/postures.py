"""Named postures in degrees, and their ``qpos`` on a model: the keyframes.

Every posture is our choice, written as joint angles plus the pelvis' orientation; its height is
set so that the lowest geom touches the floor.
"""

from __future__ import annotations

import difflib

import mujoco
import numpy as np

from neurocoord.body.rhythm import follow

# joint (both sides unless it ends in _r/_l or is a midline joint) -> degrees
HANDS_KNEES: dict[str, float] = {
    "hip_flexion": 83,
    "knee_flexion": 90,
    "ankle_flexion": -54,
    "shoulder_flexion": 67,
    "elbow_flexion": 25,
    "pronation": 65,
    "shoulder_rotation": -27,
    "wrist_flexion": -83,
    "neck_extension": 25,
    "girdle_protraction": 6,
}
LYING: dict[str, float] = {
    "hip_flexion": 8,
    "knee_flexion": 12,
    "ankle_flexion": -25,
    "shoulder_flexion": 5,
    "shoulder_adduction": -15,
    "elbow_flexion": 15,
}
SEATED: dict[str, float] = {
    "hip_flexion": 85,
    "knee_flexion": 60,
    "shoulder_adduction": -10,
    "elbow_flexion": 30,
}
# name -> (joint angles, pelvis pitch forward in degrees, pelvis roll in degrees)
POSTURES: dict[str, tuple[dict[str, float], float, float]] = {
    "standing": ({}, 0.0, 0.0),
    "supine": (LYING, -90.0, 0.0),
    "prone": ({**LYING, "neck_rotation": 40, "ankle_flexion": -55}, 90.0, 0.0),
    "hands_knees": (HANDS_KNEES, 84.0, 0.0),
    "seated": (SEATED, 0.0, 0.0),
}
KEYFRAMES = ("standing", "supine", "prone", "hands_knees")


def angles_of(name: str) -> tuple[dict[str, float], float, float]:
    """A posture's joint angles (degrees), pitch and roll (degrees)."""
    if name not in POSTURES:
        near = difflib.get_close_matches(name, POSTURES, 1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        raise ValueError(f"posture {name!r} is unknown; allowed: {', '.join(POSTURES)}{hint}")
    return POSTURES[name]


def set_joint_angles(model: mujoco.MjModel, qpos: np.ndarray, angles: dict[str, float]) -> None:
    """Write joint angles (degrees) into ``qpos``; a bare name sets both sides."""
    known = [model.joint(j).name for j in range(model.njnt)]
    for joint, degrees in angles.items():
        names = [n for n in (joint, f"{joint}_r", f"{joint}_l") if n in known]
        if not names:
            raise ValueError(f"joint {joint!r} is not in the model; allowed: {', '.join(known)}")
        for name in names:
            qpos[model.joint(name).qposadr[0]] = np.radians(degrees)


def lowest_point_m(model: mujoco.MjModel, qpos: np.ndarray) -> float:
    """Height (m) of the lowest point of any capsule or sphere of the skin."""
    data = mujoco.MjData(model)
    data.qpos[:] = qpos
    mujoco.mj_kinematics(model, data)
    lowest = np.inf
    for geom in range(model.ngeom):
        if model.geom_contype[geom] == 0 or model.geom_bodyid[geom] == 0:
            continue
        radius, half = model.geom_size[geom][:2]
        if model.geom_type[geom] == mujoco.mjtGeom.mjGEOM_SPHERE:
            half = 0.0
        axis = data.geom_xmat[geom].reshape(3, 3)[2, 2]
        lowest = min(lowest, data.geom_xpos[geom][2] - abs(axis) * half - radius)
    return float(lowest)


def resting_height_m(model: mujoco.MjModel, qpos: np.ndarray) -> float:
    """Height (m) of the root at which the lowest point of the skin touches the floor."""
    return float(qpos[2] - lowest_point_m(model, qpos))


def posture_qpos(model: mujoco.MjModel, name: str) -> np.ndarray:
    """``qpos`` of a named posture; a free root is placed so that the body rests on the floor."""
    angles, pitch_deg, roll_deg = angles_of(name)
    qpos = model.qpos0.copy()
    set_joint_angles(model, qpos, angles)
    qpos = follow(model, qpos)
    if model.jnt_type[0] == mujoco.mjtJoint.mjJNT_FREE:
        pitch, roll = np.zeros(4), np.zeros(4)
        mujoco.mju_axisAngle2Quat(pitch, np.array([0.0, 1.0, 0.0]), np.radians(pitch_deg))
        mujoco.mju_axisAngle2Quat(roll, np.array([0.0, 0.0, 1.0]), np.radians(roll_deg))
        mujoco.mju_mulQuat(qpos[3:7], pitch, roll)
        qpos[:3] = 0.0
        qpos[2] = resting_height_m(model, qpos)
    return qpos
