"""Measures of coordination that every movement of the whole body has: joints, balance, chains.

The sums are in `analysis`; here they are given their arrays, name and unit. What a trial's record
does not hold (moment arms, forces in joints) comes from going through it again (`body.replay`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from neurocoord.analysis import balance
from neurocoord.analysis import joint_mechanics as joints
from neurocoord.body.model import Body
from neurocoord.body.replay import Replay, replay
from neurocoord.muscle import mechanics
from neurocoord.tasks.movement import BLOCK_S, STEPS, active_force_n
from neurocoord.tasks.protocol import Measure, Trace

EVERY = 4  # blocks between the moments looked at: 62.5 a second (choice)
MOMENT_S = EVERY * BLOCK_S
GRAVITY = balance.GRAVITY_M_PER_S2
SIDES = ("r", "l")
PEAK = 95.0  # percentile over time that stands for a peak (choice: one moment decides nothing)
# What is looked at: the joint's main hinge and the body whose joint it is.
JOINTS = {
    "shoulder": ("shoulder_flexion", "humerus"),
    "elbow": ("elbow_flexion", "ulna"),
    "trunk": ("lumbar_extension", "lumbar"),
    "hip": ("hip_flexion", "femur"),
    "knee": ("knee_flexion", "tibia"),
}
CHAINS = ("anterior", "posterior")  # the rest is lateral

_FALCONER = "Falconer & Winter 1985, of muscle torques each way"
_RUDOLPH = "Rudolph, Axe & Snyder-Mackler 2000, drive weighed by torque capacity"
_STIFFNESS = "Cui et al. 2008 and Hu, Murray & Perreault 2011, tendons rigid, arms constant"
_CONTACT = "rigid-body equilibrium with the muscles' pull on each bone (MuJoCo 4, cfrc_int)"
_CAPACITY = "isometric torque of all muscles that way at that posture (body/capacity.py)"
_HOF = "Hof, Gazendam & Sinke 2005; pendulum as long as the centre of mass is high (choice)"
_CHAIN = "chains of models/anatomy/muscles.csv; the rest is lateral"


def _of_joints(stem: str, unit: str, what: str, source: str, suffix: str = "") -> dict:
    return {
        f"{stem}_{joint}{suffix}": Measure(
            unit, what.format(joint=joint), group="Joints", source=source
        )
        for joint in JOINTS
    }


BODY_MEASURES: dict[str, Measure] = {
    **_of_joints("excursion", "deg", "range of {joint} flexion", "choice", "_deg"),
    **_of_joints(
        "cocontraction", "%", "torque of {joint} flexors against extensors", _FALCONER,
        "_percent",
    ),
    **_of_joints(
        "cocontraction_drive", "1", "drive of {joint} flexors against extensors", _RUDOLPH
    ),
    **_of_joints(
        "stiffness", "Nm/rad", "mean short-range stiffness of the {joint}",
        _STIFFNESS, "_nm_per_rad",
    ),
    **_of_joints(
        "torque_use", "1", "peak torque over the most there, {joint}", _CAPACITY
    ),
    **_of_joints(
        "joint_force", "BW", "peak bone-on-bone force in the {joint}", _CONTACT,
        "_bw",
    ),
    "margin_of_stability_m": Measure(
        "m", "extrapolated centre of mass to support's edge", group="Balance",
        source=_HOF,
    ),
    "margin_of_stability_low_m": Measure(
        "m", "the same, 5th percentile", group="Balance", source=_HOF
    ),
    "unsupported_share": Measure(
        "1", "share of time it is outside the support", group="Balance", source=_HOF
    ),
    **{
        f"force_share_{chain}": Measure(
            "1", f"share of active force-time, {chain} chain", group="Chains",
            source=_CHAIN,
        )
        for chain in CHAINS
    },
    **{
        f"work_share_{chain}": Measure(
            "1", f"share of positive work, {chain} chain", group="Chains",
            source=_CHAIN,
        )
        for chain in CHAINS
    },
}  # fmt: skip


class Moments(NamedTuple):
    """A trial at moments ``MOMENT_S`` apart, after its start; [moment, ...]."""

    block: np.ndarray  # int64[moment], into the trace
    seen: Replay
    angle: np.ndarray  # [moment, joint], rad
    drive: np.ndarray  # [moment, muscle]
    active_force_n: np.ndarray  # [moment, muscle]
    force_n: np.ndarray  # [moment, muscle], passive force included
    isometric_n: np.ndarray  # [moment, muscle], active force at active state 1 and no velocity
    power_w: np.ndarray  # [moment, muscle], of active force, shortening positive


def moments(body: Body, trace: Trace, during: np.ndarray) -> Moments:
    """Go through the blocks ``during`` (bool[block]) again, every ``EVERY``th."""
    block = np.flatnonzero(during)[::EVERY]
    step = block * STEPS  # a block's first physics step
    length = trace.muscle_length_m[step]
    active = active_force_n(body, trace)[step]
    return Moments(
        block=block,
        seen=replay(
            body.model,
            trace.qpos[block],
            trace.qvel[block],
            trace.active_state[step],
            body.support.geoms,
        ),
        angle=trace.qpos[block][:, body.joint_qpos],
        drive=trace.drive[block],
        active_force_n=active,
        force_n=trace.muscle_force_n[step],
        isometric_n=-mechanics.gain(body.muscle_parameters, length, np.zeros_like(length)),
        power_w=-active * trace.muscle_velocity_m_per_s[step],
    )


def body_weight_n(body: Body) -> float:
    """Weight of the body, N."""
    return body.mass_kg * GRAVITY


def body_measures(body: Body, at: Moments) -> dict[str, float]:
    """The measures of ``BODY_MEASURES``; NaN where there is nothing to measure."""
    if at.block.size == 0:
        return dict.fromkeys(BODY_MEASURES, float("nan"))
    margin = margins_of_stability_m(at)
    return {
        **_joint_measures(body, at),
        "margin_of_stability_m": _finite(np.mean, margin),
        "margin_of_stability_low_m": _finite(lambda x: np.percentile(x, 100.0 - PEAK), margin),
        "unsupported_share": _finite(lambda x: np.mean(x < 0.0), margin),
        **_chain_measures(body, at),
    }


def margins_of_stability_m(at: Moments) -> np.ndarray:
    """Margin of stability [moment] (m) over all geoms that touch the floor; NaN in the air."""
    centre = at.seen.centre_of_mass_m
    place = balance.extrapolated_centre_of_mass_m(
        centre, at.seen.centre_of_mass_velocity_m_per_s, centre[:, 2]
    )
    return balance.margins_m(place, at.seen.contacts.point_m[..., :2])


def _chain_measures(body: Body, at: Moments) -> dict[str, float]:
    nothing = float("nan")
    force = joints.share_by_group(at.active_force_n, body.table.chain)
    work = joints.share_by_group(np.maximum(at.power_w, 0.0), body.table.chain)
    return {
        **{f"force_share_{chain}": force.get(chain, nothing) for chain in CHAINS},
        **{f"work_share_{chain}": work.get(chain, nothing) for chain in CHAINS},
    }


def _joint_measures(body: Body, at: Moments) -> dict[str, float]:
    """Of every joint of ``JOINTS``; left and right are averaged."""
    found: dict[str, float] = {}
    for joint, (hinge, bone) in JOINTS.items():
        names = [(hinge, bone)]
        if hinge not in body.joints:
            names = [(f"{hinge}_{side}", f"{bone}_{side}") for side in SIDES]
        rows = [
            _one_joint(body, at, body.joints.index(name), body.bodies.index(its_body))
            for name, its_body in names
        ]
        excursion, ratio, drive, stiffness, use, force = np.mean(rows, axis=0)
        found[f"excursion_{joint}_deg"] = excursion
        found[f"cocontraction_{joint}_percent"] = ratio
        found[f"cocontraction_drive_{joint}"] = drive
        found[f"stiffness_{joint}_nm_per_rad"] = stiffness
        found[f"torque_use_{joint}"] = use
        found[f"joint_force_{joint}_bw"] = force
    order = [name for name, m in BODY_MEASURES.items() if m.group == "Joints"]
    return {name: float(found[name]) for name in order}


def _one_joint(body: Body, at: Moments, joint: int, bone: int) -> list[float]:
    arm = at.seen.arm_m[:, :, body.joint_dof[joint]].astype(float)
    up, down = joints.torques_each_way_nm(arm, at.active_force_n)
    most_up, most_down = joints.torques_each_way_nm(arm, at.isometric_n)
    excitation = [
        joints.mean_excitation(at.drive, np.maximum(way * arm, 0.0) * at.isometric_n)
        for way in (1.0, -1.0)
    ]
    stiffness = joints.short_range_stiffness_nm_per_rad(
        arm, at.active_force_n, body.table.optimal_length_m
    )
    use = joints.torque_use(up - down, most_up, most_down)
    bone_on_bone = np.linalg.norm(at.seen.joint_force_n[:, bone], axis=1)
    return [
        float(np.degrees(np.ptp(at.angle[:, joint]))),
        joints.cocontraction_percent(up, down),
        joints.cocontraction_rudolph(*excitation),
        float(stiffness.mean()),
        float(np.nanpercentile(use, PEAK)),
        float(np.percentile(bone_on_bone, PEAK)) / body_weight_n(body),
    ]


def _finite(what: Callable[[np.ndarray], Any], values: np.ndarray) -> float:
    known = values[np.isfinite(values)]
    return float(what(known)) if known.size else float("nan")
