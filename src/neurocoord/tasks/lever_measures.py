"""Measures of actions against a lever: torque by angle, work, power, and what a stretch adds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from neurocoord.body.dynamometer import elastic_muscles
from neurocoord.muscle import series_elastic
from neurocoord.muscle.efficiency import economy_n_s_per_j, positive_work_efficiency
from neurocoord.muscle.mechanics import MuscleParameters
from neurocoord.tasks.dynamometry import (
    BALLISTIC_TABLE,
    STEP_S,
    ballistic_measures,
    block_power_w,
    hold_measures,
    hold_table,
    muscle_torque_nm,
    of_energy,
    step_times_s,
    total_active_force_n,
)
from neurocoord.tasks.movement import BLOCK_S, STEPS, by_model, model_name
from neurocoord.tasks.protocol import Measure, Trace

if TYPE_CHECKING:
    from neurocoord.body.model import Body
    from neurocoord.tasks.isokinetic import Plan
    from neurocoord.tasks.lever_protocol import Segment

NEAR_DEG = 2.5  # how near to the isometric angle torque is compared with it (choice)
HOLDS = ("hold_1", "hold_2", "hold_3", "hold_4")
MOVING = {
    "eccentric": "eccentric action",
    "after_stretch": "concentric action at once after the eccentric one",
    "concentric": "concentric action from an isometric effort",
}


def joint_angle_rad(body: Body, plan: Plan, trace: Trace) -> np.ndarray:
    """The tested joint's angle at every physics step [step] (rad)."""
    offset = np.tile(np.arange(STEPS) * STEP_S, trace.time_s.size)
    angle = np.repeat(trace.qpos[:, body.joint_qpos[plan.joint]], STEPS)
    return angle + offset * joint_speed_rad_per_s(body, plan, trace)


def joint_speed_rad_per_s(body: Body, plan: Plan, trace: Trace) -> np.ndarray:
    """The tested joint's speed [step] (rad/s), of its block."""
    return np.repeat(trace.qvel[:, body.joint_dof[plan.joint]], STEPS)


def active_torque_nm(body: Body, plan: Plan, trace: Trace) -> np.ndarray:
    """Active torque [step] (Nm) the way asked for: what remains after the muscles' torque at rest
    at the same angle is taken off, as a passive pass of the lever does on people."""
    whole = muscle_torque_nm(body, trace, plan.action)
    degrees = np.degrees(joint_angle_rad(body, plan, trace))
    return whole - np.interp(degrees, plan.curve.angle_deg, plan.passive_nm)


def measure(body: Body, plan: Plan, trace: Trace) -> dict[str, float]:
    """Every measure of ``TABLE``, NaN where the action asked for has no such effort."""
    torque = active_torque_nm(body, plan, trace)
    powers = block_power_w(body, trace)
    force = total_active_force_n(body, trace)
    efforts = {segment.name: segment for segment in plan.protocol if segment.name}
    found = dict.fromkeys(TABLE, float("nan"))
    for name in ("isometric", *HOLDS):
        if name in efforts:
            found |= hold_measures(name, efforts[name].span, trace, torque, force, powers)
    if "ballistic" in efforts:
        found |= ballistic_measures(efforts["ballistic"].span, trace, torque)
    for name in MOVING:
        if name in efforts:
            found |= _moving(name, efforts[name], body, plan, trace, torque, force, powers)
    isometric = found["torque_isometric_nm"]
    for name in MOVING:
        if name in efforts:
            passing = _passing_nm(efforts[name], body, plan, trace, torque)
            found[f"{name}_over_isometric"] = passing / isometric
    found["work_enhancement"] = found["work_after_stretch_j"] / found["work_concentric_j"]
    found["torque_max_nm_per_kg"] = float(torque.max()) / body.mass_kg
    tried = step_times_s(trace) >= plan.protocol[0].end_s  # the body has come to rest in its straps
    found["lever_torque_max_nm"] = float(np.abs(trace.lever_torque_nm[tried]).max(initial=0.0))
    return found


def _passing_nm(effort: Segment, body: Body, plan: Plan, trace: Trace, torque: np.ndarray) -> float:
    """Mean torque while the joint passes the angle of the isometric effort; NaN if it does not."""
    time = step_times_s(trace)
    away = joint_angle_rad(body, plan, trace) - plan.qpos[body.joint_qpos[plan.joint]]
    near = (time >= effort.steady[0]) & (time < effort.steady[1])
    near &= np.abs(np.degrees(away)) <= NEAR_DEG
    return float(torque[near].mean()) if near.any() else float("nan")


def _moving(
    name: str,
    effort: Segment,
    body: Body,
    plan: Plan,
    trace: Trace,
    torque: np.ndarray,
    force: np.ndarray,
    powers: dict[str, np.ndarray],
) -> dict[str, float]:
    """Torque while the lever keeps its speed; work and metabolic energy of the whole movement."""
    time = step_times_s(trace)
    steady = (time >= effort.steady[0]) & (time < effort.steady[1])
    whole = (time >= effort.start_s) & (time < effort.end_s)
    if not steady.any() or time[-1] < effort.end_s - BLOCK_S:
        return {}
    speed = joint_speed_rad_per_s(body, plan, trace)
    blocks = whole[::STEPS]
    spent = {key: float(power[blocks].sum() * BLOCK_S) for key, power in powers.items()}
    rate = plan.sign * torque * speed
    positive = float(np.maximum(rate[whole], 0.0).sum() * STEP_S)
    stored = _stored_j(body, trace)[whole]
    at_peak = np.flatnonzero(steady)[torque[steady].argmax()]
    wanted = np.radians(plan.settings.speed_deg_per_s)
    found = {
        f"torque_{name}_nm": float(torque[steady].mean()),
        f"peak_{name}_nm": float(torque[at_peak]),
        f"peak_angle_{name}_deg": float(np.degrees(joint_angle_rad(body, plan, trace)[at_peak])),
        f"work_{name}_j": float(rate[whole].sum() * STEP_S),
        f"tendon_return_{name}_j": float(stored[0] - stored[-1]),
        f"economy_{name}_n_s_per_j": float(
            economy_n_s_per_j(force[whole].sum() * STEP_S, spent[""])
        ),
        f"speed_error_{name}_deg_per_s": float(
            np.degrees(np.abs(np.abs(speed[steady]) - wanted).max())
        ),
    }
    for key, joules in spent.items():
        found[model_name(f"power_{name}", key, "w")] = joules / (blocks.sum() * BLOCK_S)
        if name != "eccentric":
            found[model_name(f"efficiency_{name}", key, "")] = float(
                positive_work_efficiency(positive, joules)
            )
    return found


def _stored_j(body: Body, trace: Trace) -> np.ndarray:
    """Strain energy of all elastic tendons [step] (J)."""
    some = elastic_muscles(body)
    if not some.size:
        return np.zeros(trace.muscle_force_n.shape[0])
    of = series_elastic.tendon(MuscleParameters(*(p[some] for p in body.muscle_parameters)))
    return series_elastic.tendon_energy_j(of, trace.muscle_force_n[:, some]).sum(axis=1)


def of_action(unit: str, meaning: str) -> Measure:
    """A measure of an action against the lever."""
    return Measure(unit, meaning, group="Actions", source="docs/dynamometer.md")


def _moving_table(name: str, words: str) -> dict[str, Measure]:
    table = {
        f"torque_{name}_nm": of_action("Nm", f"mean active torque at constant speed, {words}"),
        f"peak_{name}_nm": of_action("Nm", f"peak active torque at constant speed, {words}"),
        f"{name}_over_isometric": of_action(
            "1", f"torque over the isometric effort's as the joint passes its angle, {words}"
        ),
        f"peak_angle_{name}_deg": of_action("deg", f"the joint's angle at the peak, {words}"),
        f"work_{name}_j": of_action("J", f"work on the lever, {words}"),
        f"tendon_return_{name}_j": of_action(
            "J", f"of it from energy stored in tendons (rigid ones: none), {words}"
        ),
        **by_model(f"power_{name}", "w", of_energy("W", f"metabolic power above basal, {words}")),
        f"economy_{name}_n_s_per_j": of_energy("N s/J", f"force-time over energy, {words}"),
        f"speed_error_{name}_deg_per_s": of_action(
            "deg/s", f"largest error of the joint's constant speed, {words}"
        ),
    }
    if name != "eccentric":
        table |= by_model(
            f"efficiency_{name}",
            "",
            of_action("1", f"positive work over metabolic energy above basal, {words}"),
        )
    return table


TABLE = {
    **hold_table("isometric", "isometric effort where the movers are strongest"),
    **{k: v for name, words in MOVING.items() for k, v in _moving_table(name, words).items()},
    "work_enhancement": of_action(
        "1", "work after the stretch over without; rigid tendons: elastic energy return is absent"
    ),
    **{k: v for i, name in enumerate(HOLDS) for k, v in hold_table(name, f"hold {i + 1}").items()},
    **BALLISTIC_TABLE,
    "torque_max_nm_per_kg": of_action("Nm/kg", "highest active torque of the trial per body mass"),
    "lever_torque_max_nm": of_action("Nm", "largest torque of the lever on the joint, either way"),
}
