"""The scapula turns upward as the arm is raised, and shoulder muscles keep their signs.

Braman et al. 2009 (J Shoulder Elbow Surg 18:960-7; the abstract is what was read), bone-fixed
sensors, unconstrained raising: 0.43 degrees of upward rotation with each degree of glenohumeral
elevation. Scibek & Carcia 2012 (World J Orthop 3:87-94) found 2.34 to 1, which is the same. Our
scapula is free, held by muscles; the rhythm is where its passive spring and every posture put it.

That depressors and elevators of the arm keep their signs to 140 degrees of flexion, as in people,
is a consequence: with the scapula held at rest the first of them turns round before.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from neurocoord.body import capacity
from neurocoord.body.model import load
from neurocoord.body.postures import posture_qpos, set_joint_angles
from neurocoord.body.rhythm import follow
from neurocoord.validation.protocol import Check

PAPER = "Braman et al. 2009"

ANGLES_DEG = np.arange(0, 141, 10)
EXTENSORS, FLEXORS = ("DELT_P", "TMAJ", "TRI_LONG", "LAT_L"), ("DELT_A", "BIC")
UPWARD_SHARE = 0.857  # of upward rotation in the joint's axis, the rest is posterior tilt

CHECKS = (
    Check(
        "ratio", "upward rotation with each degree of glenohumeral elevation", 0.43, "1", 0.05,
        "absolute", "read",
    ),
    Check(
        "extensors", "least arm of the arm's extensors, 0 to 140 deg of flexion", None, "mm", 0.0,
        "at_least", "definition",
    ),
    Check(
        "flexors", "least arm of its flexors, 0 to 140 deg of flexion", None, "mm", 0.0,
        "at_least", "definition",
    ),
)  # fmt: skip

BROKEN: dict[str, dict[str, Any]] = {
    "the scapula stays at rest": {"rhythm": 0.0},
    "it turns the other way": {"rhythm": -1.0},
}


def measure(*, quick: bool = False, rhythm: float = 1.0) -> dict[str, float]:
    """Our values; `rhythm` scales the upward rotation. It is quick anyway."""
    body = load()
    joint = {name: body.joint_qpos[k] for k, name in enumerate(body.joints)}
    dof = body.joint_dof[body.joints.index("shoulder_flexion_r")]
    qpos, upward, arms = posture_qpos(body.model, "standing"), [], []
    for angle in ANGLES_DEG:
        set_joint_angles(body.model, qpos, {"shoulder_flexion": float(angle)})
        placed = follow(body.model, qpos)
        placed[joint["girdle_upward_rotation_r"]] *= rhythm
        upward.append(UPWARD_SHARE * placed[joint["girdle_upward_rotation_r"]])
        arms.append(1e3 * capacity.moment_arms(body.model, placed)[0][:, dof])
    arm = np.array(arms)

    def of(name: str) -> Any:
        return arm[:, body.muscles.index(f"{name}_r")]

    turned = np.degrees(upward[-1])
    measured = {
        "ratio": float(turned / (ANGLES_DEG[-1] - turned)),
        "extensors": float(min((-of(name)).min() for name in EXTENSORS)),
        "flexors": float(min(of(name).min() for name in FLEXORS)),
    }
    for name in (*EXTENSORS, *FLEXORS):
        measured |= {f"{name} {a}": float(v) for a, v in zip(ANGLES_DEG, of(name))}
    return measured


def plot(axes: Any, measured: dict[str, float]) -> None:
    """Moment arms of shoulder muscles over arm flexion, with the scapula following."""
    for name in (*EXTENSORS, *FLEXORS):
        axes.plot(ANGLES_DEG, [measured[f"{name} {a}"] for a in ANGLES_DEG], label=name)
    axes.axhline(0, color="#999999", lw=0.8)
    axes.set_xlabel("Arm flexion (deg)")
    axes.set_ylabel("Moment arm, flexion positive (mm)")
    axes.legend(frameon=False, fontsize=8)
