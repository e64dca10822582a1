"""How steadily a posture was held: centre of mass over its support, limbs off the floor."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from neurocoord.analysis.balance import extrapolated_centre_of_mass_m, margin_m
from neurocoord.body.model import Body
from neurocoord.coordination.balance import Hold
from neurocoord.coordination.kinematics import Pose, pose
from neurocoord.coordination.reference import LIMBS, rotation_of
from neurocoord.coordination.stance import Figure, centre_of_mass, make_figure, point_of
from neurocoord.tasks.body_measures import BODY_MEASURES
from neurocoord.tasks.movement import BLOCK_S
from neurocoord.tasks.protocol import Measure, Trace

EVERY = 5  # a posture is looked at every so many blocks (choice)
LOADED_N = 5.0  # a geom that bears more than this counts as support (choice)
TRUNK_GROUPS = ("trunk", "pelvis", "head")
REST_S = 0.5  # the end of a trial over which what is left of a push is told (choice)

HOF = "Hof et al. 2005"


def _balance(unit: str, meaning: str, source: str = "choice") -> Measure:
    return Measure(unit, meaning, group="Balance", source=source)


STEADINESS_MEASURES = {
    "held": _balance("1", "1 if the posture was held to the end, lifted limbs in the air"),
    "time_held_s": _balance("s", "how long it was held, from the moment it should be reached"),
    "hand_clearance_m": _balance("m", "lowest height of the lifted palm while it was to be held"),
    "knee_clearance_m": _balance("m", "lowest height of the lifted knee or toes in that time"),
    "arm_to_trunk_deg": _balance("deg", "mean angle between the lifted arm and the trunk"),
    "leg_to_trunk_deg": _balance("deg", "mean angle between the lifted leg and the trunk"),
    "sway_m": _balance("m", "RMS distance of the centre of mass from its mean, horizontally"),
    "margin_of_stability_m": BODY_MEASURES["margin_of_stability_m"],
    "least_margin_of_stability_m": _balance("m", "the least of that margin", HOF),
    "displacement_m": _balance("m", "farthest the centre of mass went after the first push"),
    "displacement_left_m": _balance("m", "what of it was left in the last half second"),
    "peak_hand_force_n": _balance("N", "largest normal force of the floor on one hand"),
    "trunk_touched": _balance("1", "1 if trunk, pelvis or head touched the floor"),
}


class Course(NamedTuple):
    """What a body did, every `EVERY` blocks."""

    time_s: np.ndarray  # [sample]
    centre_m: np.ndarray  # [sample, 3]
    margin_m: np.ndarray  # [sample], NaN without support
    palm_m: np.ndarray  # [sample], lowest palm of the lifted ones; NaN where none is lifted
    knee_m: np.ndarray  # [sample], lowest knee or toes of the lifted ones
    arm_rad: np.ndarray  # [sample], between the lifted arm and the trunk
    leg_rad: np.ndarray  # [sample]


def _ends_m(body: Body) -> tuple[np.ndarray, np.ndarray]:
    """Both ends [support, 2, 3] of the geoms that may bear, in their bodies, and these bodies."""
    model = body.model
    ends = np.empty((len(body.support.geoms), 2, 3))
    for k, name in enumerate(body.support.geoms):
        geom = model.geom(name)
        half = float(geom.size[1]) if geom.size[1] > 0 else 0.0
        axis = rotation_of(geom.quat)[:, 2] * half
        ends[k] = geom.pos + axis, geom.pos - axis
    return ends, body.support.body


def _between(first: np.ndarray, second: np.ndarray) -> float:
    cosine = first @ second / (np.linalg.norm(first) * np.linalg.norm(second))
    return float(np.arccos(np.clip(cosine, -1.0, 1.0)))


def course(body: Body, hold: Hold, trace: Trace) -> Course:
    """The centre of mass, its margin and the lifted limbs, from the postures of a trace."""
    figure = make_figure(body)
    ends, of_body = _ends_m(body)
    blocks = np.arange(0, trace.time_s.size, EVERY)
    arm = [name[-1] for name, up in zip(LIMBS, hold.lifted) if up and name.startswith("hand")]
    leg = [name[-1] for name, up in zip(LIMBS, hold.lifted) if up and name.startswith("knee")]
    places = [
        pose(figure.skeleton, q[:3], rotation_of(q[3:7]), q[body.joint_qpos])
        for q in trace.qpos[blocks]
    ]
    centre = np.array([centre_of_mass(figure, at) for at in places])
    time = trace.time_s[blocks]
    velocity = np.gradient(centre, time, axis=0) if time.size > 1 else np.zeros_like(centre)
    margin, lifted = np.empty(time.size), np.full((4, time.size), np.nan)
    for k, (block, at) in enumerate(zip(blocks, places)):
        loaded = trace.contact_force_n[block] > LOADED_N
        points = np.einsum("sij,sej->sei", at.rotation[of_body[loaded]], ends[loaded])
        points += at.position_m[of_body[loaded], None]
        ahead = extrapolated_centre_of_mass_m(centre[k], velocity[k], centre[k, 2])
        margin[k] = margin_m(ahead, points[..., :2].reshape(-1, 2))
        if arm and leg:
            lifted[:, k] = _lifted(figure, at, arm[0], leg[0])
    return Course(time, centre, margin, *lifted)


def _lifted(figure: Figure, at: Pose, arm: str, leg: str) -> tuple[float, float, float, float]:
    """Heights (m) of palm and knee, angles (rad) of arm and leg with the trunk."""
    palm, knee, toe = (
        point_of(figure, at, part, side)
        for part, side in (("palm", arm), ("knee", leg), ("toe", leg))
    )
    place = {name: at.position_m[figure.body_of[name]] for name in ("lumbar", "head")}
    trunk = place["head"] - place["lumbar"]  # the base of the neck
    shoulder = at.position_m[figure.body_of[f"humerus_{arm}"]]
    hip, ankle = (at.position_m[figure.body_of[f"{name}_{leg}"]] for name in ("femur", "foot"))
    return (
        float(palm[2] - figure.palm_radius_m),
        float(min(knee[2] - figure.knee_radius_m, toe[2] - figure.toe_radius_m)),
        _between(palm - shoulder, trunk),
        _between(hip - ankle, trunk),
    )


def steadiness(body: Body, hold: Hold, trace: Trace) -> dict[str, float]:
    """The measures of `STEADINESS_MEASURES`."""
    seen = course(body, hold, trace)
    load = trace.contact_force_n
    after = trace.time_s >= 0.0
    holding = trace.time_s >= hold.settled_s
    lifted_load = load[:, (hold.limb >= 0) & hold.lifted[hold.limb]].sum(axis=1)
    failed = holding & (lifted_load > LOADED_N)
    end = float(trace.time_s[-1] + BLOCK_S)
    first_failure = float(trace.time_s[failed][0]) if failed.any() else end
    fell = trace.ended not in ("", "done")
    held_s = max(first_failure - hold.settled_s, 0.0) if holding.any() else 0.0
    during = seen.time_s >= hold.settled_s
    hands = [load[after][:, hold.limb == k].sum(axis=1) for k in (0, 1)]
    of_trunk = np.isin(np.array(body.support.groups), TRUNK_GROUPS)
    return {
        "held": float(held_s > 0.0 and not failed.any() and not fell),
        "time_held_s": held_s,
        "hand_clearance_m": _least(seen.palm_m[during]),
        "knee_clearance_m": _least(seen.knee_m[during]),
        "arm_to_trunk_deg": float(np.degrees(_mean(seen.arm_rad[during]))),
        "leg_to_trunk_deg": float(np.degrees(_mean(seen.leg_rad[during]))),
        "sway_m": _sway(seen.centre_m[during, :2]),
        "margin_of_stability_m": _mean(seen.margin_m[during]),
        "least_margin_of_stability_m": _least(seen.margin_m[during]),
        **_displacement(seen, trace),
        "peak_hand_force_n": float(max(h.max() for h in hands)) if after.any() else float("nan"),
        "trunk_touched": float((load[after][:, of_trunk] > 0.0).any()),
    }


def _displacement(seen: Course, trace: Trace) -> dict[str, float]:
    """How far the centre of mass went after the first push, and was still away at the end."""
    found = {"displacement_m": float("nan"), "displacement_left_m": float("nan")}
    start = min((push.start_s for push in trace.pushes), default=np.inf)
    before = seen.time_s < start
    if not before.any() or before.all():
        return found
    away = np.linalg.norm(seen.centre_m[~before, :2] - seen.centre_m[before, :2][-1], axis=1)
    late = seen.time_s[~before] > seen.time_s[-1] - REST_S
    return {"displacement_m": float(away.max()), "displacement_left_m": float(away[late].mean())}


def _least(values: np.ndarray) -> float:
    return float(np.nanmin(values)) if np.isfinite(values).any() else float("nan")


def _mean(values: np.ndarray) -> float:
    return float(np.nanmean(values)) if np.isfinite(values).any() else float("nan")


def _sway(centre_m: np.ndarray) -> float:
    if len(centre_m) < 2:
        return float("nan")
    return float(np.sqrt(((centre_m - centre_m.mean(axis=0)) ** 2).sum(axis=1).mean()))
