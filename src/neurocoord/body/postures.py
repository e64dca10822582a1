"""Named postures in degrees, and their ``qpos`` on a model: the keyframes.

Every posture is our choice, written as joint angles plus the pelvis' orientation; its height is
set so that the lowest geom touches the floor. The angles were found on the body of the tables; on
limbs of other proportions a posture on two supports is levelled until both touch.
"""

from __future__ import annotations

import mujoco
import numpy as np

from neurocoord.body.rhythm import follow
from neurocoord.settings import unknown

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
# on the belly and the thighs, the arms along the sides
PRONE: dict[str, float] = {
    **LYING,
    "hip_flexion": 2,
    "knee_flexion": 10,
    "ankle_flexion": -55,
    "shoulder_flexion": -4,
    "elbow_flexion": 8,
    "neck_rotation": 40,
}
SEATED: dict[str, float] = {
    "hip_flexion": 85,
    "knee_flexion": 60,
    "shoulder_adduction": -10,
    "elbow_flexion": 30,
}
FOREARMS_KNEES: dict[str, float] = {
    "hip_flexion": 106,
    "knee_flexion": 90,
    "ankle_flexion": -54,
    "shoulder_flexion": 105,
    "elbow_flexion": 88,
    "pronation": 75,
    "shoulder_rotation": -8,
    "neck_extension": 35,
    "girdle_protraction": 6,
}
# hips and knees bent, the lower arm in front of the head, the upper one before the chest
SIDE_LYING: dict[str, float] = {
    "hip_flexion": 45,
    "knee_flexion": 60,
    "ankle_flexion": -20,
    "pronation": 0,
}


def side_lying(lower: str) -> dict[str, float]:
    """Joint angles (degrees) on the side ``lower`` (``r`` or ``l``)."""
    upper = "l" if lower == "r" else "r"
    sign = 1.0 if lower == "r" else -1.0  # a positive side bend is to the right
    return {
        **SIDE_LYING,
        f"shoulder_flexion_{lower}": 85,
        f"elbow_flexion_{lower}": 80,
        f"girdle_protraction_{lower}": 20,
        f"shoulder_flexion_{upper}": 45,
        f"shoulder_adduction_{upper}": 5,
        f"shoulder_rotation_{upper}": 30,
        f"elbow_flexion_{upper}": 70,
        "neck_bending": 25.0 * sign,
    }


# name -> (joint angles, pelvis pitch forward in degrees, pelvis roll in degrees)
POSTURES: dict[str, tuple[dict[str, float], float, float]] = {
    "standing": ({"shoulder_adduction": -14}, 0.0, 0.0),
    "supine": (LYING, -90.0, 0.0),
    "prone": (PRONE, 90.0, 0.0),
    "side_lying_r": (side_lying("r"), -90.0, -90.0),
    "side_lying_l": (side_lying("l"), -90.0, 90.0),
    "hands_knees": (HANDS_KNEES, 84.0, 0.0),
    "forearms_knees": (FOREARMS_KNEES, 107.0, 0.0),
    "seated": (SEATED, 0.0, 0.0),
}
KEYFRAMES = (
    "standing",
    "supine",
    "prone",
    "side_lying_r",
    "side_lying_l",
    "hands_knees",
    "forearms_knees",
)
# What a posture rests on in front and behind: beginnings of the names of geoms.
SUPPORTS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "hands_knees": (("palm_", "fingers"), ("knee_",)),
    "forearms_knees": (("forearm_", "elbow_tip"), ("knee_",)),
}
LEVEL_WITHIN_M = 0.015  # what the skin gives (choice)


def angles_of(name: str) -> tuple[dict[str, float], float, float]:
    """A posture's joint angles (degrees), pitch and roll (degrees)."""
    if name not in POSTURES:
        raise ValueError(unknown("posture", name, POSTURES))
    return POSTURES[name]


def set_joint_angles(model: mujoco.MjModel, qpos: np.ndarray, angles: dict[str, float]) -> None:
    """Write joint angles (degrees) into ``qpos``; a bare name sets both sides."""
    known = [model.joint(j).name for j in range(model.njnt)]
    for joint, degrees in angles.items():
        names = [n for n in (joint, f"{joint}_r", f"{joint}_l") if n in known]
        if not names:
            raise ValueError(unknown("joint", joint, known))
        for name in names:
            qpos[model.joint(name).qposadr[0]] = np.radians(degrees)


def lowest_point_m(
    model: mujoco.MjModel, qpos: np.ndarray, names: tuple[str, ...] = ("",)
) -> float:
    """Height (m) of the lowest point of any capsule or sphere of the skin so called."""
    data = mujoco.MjData(model)
    data.qpos[:] = qpos
    mujoco.mj_kinematics(model, data)
    lowest = np.inf
    for geom in range(model.ngeom):
        if model.geom_contype[geom] == 0 or model.geom_bodyid[geom] == 0:
            continue
        if not model.geom(geom).name.startswith(names):
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
    qpos = _posed(model, angles, pitch_deg, roll_deg)
    if model.jnt_type[0] == mujoco.mjtJoint.mjJNT_FREE:
        if name in SUPPORTS:
            qpos = _levelled(model, qpos, SUPPORTS[name], angles, pitch_deg)
        qpos[2] = resting_height_m(model, qpos)
    return qpos


def _posed(
    model: mujoco.MjModel, angles: dict[str, float], pitch_deg: float, roll_deg: float
) -> np.ndarray:
    qpos = model.qpos0.copy()
    set_joint_angles(model, qpos, angles)
    qpos = follow(model, qpos)
    if model.jnt_type[0] == mujoco.mjtJoint.mjJNT_FREE:
        pitch, roll = np.zeros(4), np.zeros(4)
        mujoco.mju_axisAngle2Quat(pitch, np.array([0.0, 1.0, 0.0]), np.radians(pitch_deg))
        mujoco.mju_axisAngle2Quat(roll, np.array([0.0, 0.0, 1.0]), np.radians(roll_deg))
        mujoco.mju_mulQuat(qpos[3:7], pitch, roll)
        qpos[:3] = 0.0
    return qpos


def _levelled(
    model: mujoco.MjModel,
    qpos: np.ndarray,
    supports: tuple[tuple[str, ...], tuple[str, ...]],
    angles: dict[str, float],
    pitch_deg: float,
) -> np.ndarray:
    """The posture with the trunk pitched further until both supports are level; thighs and upper
    arms keep their direction in space. One that is level already stays as it is."""

    def gap_m(qpos: np.ndarray) -> float:
        front, behind = (lowest_point_m(model, qpos, names) for names in supports)
        return front - behind

    def tilted(further_deg: float) -> np.ndarray:
        turned = {n: angles[n] + further_deg for n in ("hip_flexion", "shoulder_flexion")}
        return _posed(model, {**angles, **turned}, pitch_deg + further_deg, 0.0)

    if abs(gap_m(qpos)) < LEVEL_WITHIN_M:
        return qpos
    low, high = -15.0, 15.0  # a front that hangs too high goes down as the trunk pitches forward
    for _ in range(40):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if gap_m(tilted(middle)) > 0.0 else (low, middle)
    return tilted(0.5 * (low + high))
