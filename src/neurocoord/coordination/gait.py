"""Crawling on hands and knees: a gait is a small record of parameters, a phase gives a posture.

Diagonal limbs move together, or those of one side, or one limb after another (Patrick, Noah & Yang
2009). In stance a limb's contact point travels backward under the body at the commanded speed; in
swing it returns along a smooth arc. Joint angles follow from these paths by inverse kinematics on
the body's own skeleton.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from neurocoord.body.model import Body
from neurocoord.body.rhythm import follow_angles
from neurocoord.coordination.kinematics import (
    Pose,
    Skeleton,
    make_skeleton,
    pose,
    rotation_about,
    solve_posture,
)
from neurocoord.coordination.reference import GRAVITY_M_PER_S2, LIMBS, joint_index, limb_bodies
from neurocoord.settings import unknown

# phase of each limb of LIMBS in the cycle, by pattern
PATTERNS = {
    "diagonal": (0.0, 0.5, 0.5, 0.0),
    "four_beat": (0.0, 0.5, 0.25, 0.75),  # lateral sequence: a knee, then the hand of its side
    "pace": (0.0, 0.5, 0.0, 0.5),
    "pace_like": (0.0, 0.5, 0.1, 0.6),  # a knee shortly before the hand of its side
}
PHASES = 64
SINK_M = 0.002  # how far contact geoms are asked into the floor, so that contact is not lost
ARM_JOINTS = (
    "shoulder_flexion",
    "shoulder_adduction",
    "elbow_flexion",
    "pronation",
    "wrist_flexion",
    "wrist_deviation",
)
# cost of leaving the resting angle, in the order of ARM_JOINTS (choice): the forearm stays pronated
ARM_REST_WEIGHT = 0.01 * np.array([0.1, 0.3, 0.3, 8.0, 2.0, 4.0])
LEG_JOINTS = ("hip_flexion", "knee_flexion")


@dataclass(frozen=True, kw_only=True)
class Gait:
    """A crawl; values are choices, set in closed loop (``docs/control.md``). Degrees, m, s."""

    pattern: str = "diagonal"
    swing_s: float = 0.4  # about the same at every speed (Righetti et al. 2015)
    stance_travel_m: float = 0.28  # how far the body moves on over a limb in stance
    stance_longest_s: float = 1.2  # at low speed
    backward_longest_s: float = 0.8  # the same, backward
    duty_least: float = 0.53  # at high speed
    trunk_pitch_deg: float = 83.0
    hip_abduction_deg: float = 14.0
    hip_abduction_swing_deg: float = 16.0
    knee_centre_m: float = 0.0
    toe_lift_m: float = 0.04
    ankle_deg: float = -55.0
    hand_centre_m: float = 0.015  # ahead of the shoulders, in mid-stance
    hand_downhill_m: float = 0.0  # further ahead by this times the slope along +x; uphill, behind
    hand_lift_m: float = 0.075
    hand_width_m: float = 0.08  # outside the shoulders
    backward_hand_width_m: float | None = None  # the same, backward; None: as forward
    shoulder_rotation_deg: float = -17.0
    elbow_rest_deg: float = 20.0
    pronation_deg: float = 75.0
    wrist_deg: float = -70.0
    protraction_deg: float = 6.0
    neck_extension_deg: float = 25.0
    sway: float = 0.0  # share of an inverted pendulum's sway aside, over the limbs that bear
    pelvis_roll_deg: float = 4.0
    lumbar_bend_deg: float = 2.0
    lookahead_s: float = 0.0
    unload_lead_s: float = 0.02  # a limb stops bearing weight this long before it lifts
    sidestep_s: float = (
        0.2  # swing limbs go aside by this times the sideways speed over the sway's (Raibert 1986)
    )
    leg_stiffness: float = 0.7  # share of LEG_STIFFNESS
    arm_stiffness: float = 0.7  # share of ARM_STIFFNESS
    trunk_stiffness_nm_per_rad: float = 236.0
    girdle_stiffness_nm_per_rad: float = 105.0
    distal_stiffness: float = 1.0  # share of DISTAL_STIFFNESS


class Cadence(NamedTuple):
    """How often a gait steps at one speed."""

    frequency_hz: float
    duty: float  # share of the cycle that a limb is in stance

    @property
    def stance_s(self) -> float:
        """How long a limb is in stance."""
        return self.duty / self.frequency_hz


class CrawlTable(NamedTuple):
    """One cycle of the gait, tabulated over phase; the last row repeats the first."""

    cadence: Cadence
    joint_angle: np.ndarray  # [PHASES + 1, joint], rad
    root_height_m: np.ndarray  # [PHASES + 1], pelvis origin
    root_roll: np.ndarray  # [PHASES + 1], rad
    sway_m: np.ndarray  # [PHASES + 1], of the pelvis aside from its way, to the left
    limb_aside_m: np.ndarray  # [PHASES + 1, limb], hands and tibiae to the left of the pelvis
    travel: np.ndarray  # [PHASES + 1, limb], of a limb's way in stance: 0.5 ahead to -0.5 behind
    in_stance: np.ndarray  # bool[PHASES, limb]


def cadence(gait: Gait, speed_m_per_s: float) -> Cadence:
    """Frequency and duty at a speed: stance shortens as speed grows, swing stays as it is.

    Righetti et al. 2015 found that in crawling infants; the lengths are the gait's own (choices).
    """
    if not (0.0 < gait.duty_least < 1.0 and gait.swing_s > 0.0 and np.isfinite(speed_m_per_s)):
        raise ValueError(
            f"speed_m_per_s={speed_m_per_s}, gait.swing_s={gait.swing_s}, "
            f"gait.duty_least={gait.duty_least} are not allowed; a speed is a number, swing_s "
            "above 0 and duty_least between 0 and 1"
        )
    shortest_s = gait.swing_s * gait.duty_least / (1.0 - gait.duty_least)
    stance_s = gait.stance_travel_m / max(abs(speed_m_per_s), 1e-6)
    longest_s = gait.backward_longest_s if speed_m_per_s < 0.0 else gait.stance_longest_s
    stance_s = float(np.clip(stance_s, shortest_s, max(longest_s, shortest_s)))
    cycle_s = stance_s + gait.swing_s
    return Cadence(frequency_hz=1.0 / cycle_s, duty=stance_s / cycle_s)


def _travel(phase: np.ndarray, duty: float) -> tuple[np.ndarray, np.ndarray]:
    """Place of the contact point, 0.5 ahead to -0.5 behind, and swing bump (0..1), over phase."""
    swing = np.clip((phase - duty) / (1.0 - duty), 0.0, 1.0)
    forward = swing**3 * (10.0 - 15.0 * swing + 6.0 * swing**2)
    stance = 0.5 - np.minimum(phase, duty) / duty
    position = np.where(phase < duty, stance, -0.5 + forward)
    return position, np.sin(np.pi * swing) ** 2


def pendulum_sway_m(
    stance: np.ndarray, place_m: np.ndarray, height_m: float, cycle_s: float
) -> np.ndarray:
    """Sway of an inverted pendulum over the limbs that bear [phase] (m, to the left).

    ``stance`` bool[phase, limb], ``place_m`` [limb]: how far to the left each bears. It is the
    periodic solution of y'' = g / h (y - p) with the zero-moment point p in the middle of the limbs
    in stance: the linear inverted pendulum of Kajita et al. (2001).
    """
    point = stance @ place_m / np.maximum(stance.sum(axis=1), 1)
    wave = np.fft.rfft(point)
    turn_rad_per_s = 2.0 * np.pi * np.arange(len(wave)) / cycle_s
    fall = GRAVITY_M_PER_S2 / height_m
    return np.fft.irfft(wave * fall / (fall + turn_rad_per_s**2), len(point))


class _Limbs(NamedTuple):
    """Body indices and geometry that inverse kinematics needs, both sides."""

    skeleton: Skeleton
    joint_of: dict[str, int]
    body_of: dict[str, int]
    thigh_m: float
    knee_point_m: np.ndarray  # in the tibia's frame, right side
    knee_radius_m: float
    toe_point_m: np.ndarray  # in the foot's frame, right side
    toe_radius_m: float
    palm_point_m: np.ndarray  # in the hand's frame, right side
    palm_radius_m: float


def _limbs(body: Body) -> _Limbs:
    model = body.model
    bodies = {name: i for i, name in enumerate(body.bodies)}

    def geom(name: str) -> tuple[np.ndarray, float]:
        return model.geom(name).pos.copy(), float(model.geom(name).size[0])

    knee, knee_radius = geom("knee_r")
    toe, toe_radius = geom("toes_medial_r")
    palm = 0.5 * (geom("palm_radial_r")[0] + geom("palm_ulnar_r")[0])
    return _Limbs(
        skeleton=make_skeleton(body),
        joint_of=joint_index(body),
        body_of=bodies,
        thigh_m=float(np.linalg.norm(model.body("tibia_r").pos)),
        knee_point_m=knee,
        knee_radius_m=knee_radius,
        toe_point_m=toe,
        toe_radius_m=toe_radius,
        palm_point_m=palm,
        palm_radius_m=geom("palm_radial_r")[1],
    )


def _point(limbs: _Limbs, at: Pose, name: str, point_m: np.ndarray, side: str) -> np.ndarray:
    """World position of a right-side point on one side's body (y is to the left)."""
    body = limbs.body_of[f"{name}_{side}"]
    own = point_m * (np.array([1.0, -1.0, 1.0]) if side == "l" else 1.0)
    return at.position_m[body] + at.rotation[body] @ own


def _place_leg(
    body: Body,
    limbs: _Limbs,
    gait: Gait,
    root: Pose,
    angle: np.ndarray,
    side: str,
    knee_x_m: float,
    toe_z_m: float,
) -> None:
    """Hip and knee flexion that put the knee ahead of the hip and the toes at a height."""
    joints = [limbs.joint_of[f"{name}_{side}"] for name in LEG_JOINTS]
    hip = limbs.body_of[f"femur_{side}"]

    def error(values: np.ndarray) -> np.ndarray:
        angle[joints] = values
        at = pose(limbs.skeleton, root.position_m[1], root.rotation[1], angle)
        knee = _point(limbs, at, "tibia", limbs.knee_point_m, side)
        toe = _point(limbs, at, "foot", limbs.toe_point_m, side)
        return np.array(
            [knee[0] - at.position_m[hip, 0] - knee_x_m, toe[2] - limbs.toe_radius_m - toe_z_m]
        )

    rest = np.radians([gait.trunk_pitch_deg, 92.0])
    start = angle[joints] if angle[joints].any() else rest
    angle[joints] = solve_posture(error, start, body.joint_range[joints], rest, np.full(2, 1e-4))


def _place_arm(
    body: Body,
    limbs: _Limbs,
    gait: Gait,
    root: Pose,
    angle: np.ndarray,
    side: str,
    palm_m: tuple[float, float, float],
) -> None:
    """Arm angles that put the palm, flat and pointing forward, where it should be.

    ``palm_m``: ahead of the shoulder, outside of it, above the floor.
    """
    joints = [limbs.joint_of[f"{name}_{side}"] for name in ARM_JOINTS]
    shoulder, hand = limbs.body_of[f"humerus_{side}"], limbs.body_of[f"hand_{side}"]
    outward = 1.0 if side == "l" else -1.0

    def error(values: np.ndarray) -> np.ndarray:
        angle[joints] = values
        at = pose(limbs.skeleton, root.position_m[1], root.rotation[1], angle)
        palm = _point(limbs, at, "hand", limbs.palm_point_m, side)
        place = palm - at.position_m[shoulder]
        fingers = -at.rotation[hand][:, 2]  # the hand's long axis
        normal = -outward * at.rotation[hand][:, 1]  # out of the back of the hand
        return np.array(
            [
                place[0] - palm_m[0],
                place[1] - outward * palm_m[1],
                palm[2] - limbs.palm_radius_m - palm_m[2],
                0.10 * normal[0],
                0.10 * normal[1],
                0.01 * fingers[1],
            ]
        )

    rest = np.radians(
        [gait.trunk_pitch_deg, -5.0, gait.elbow_rest_deg, gait.pronation_deg, gait.wrist_deg, 0.0]
    )
    start = angle[joints] if angle[joints].any() else rest
    angle[joints] = solve_posture(error, start, body.joint_range[joints], rest, ARM_REST_WEIGHT)


def _hip_height_m(limbs: _Limbs, gait: Gait, stance_x_m: np.ndarray, stance: np.ndarray) -> float:
    """Height of the hips that lets the stance knees touch the floor; ``stance_x_m`` [leg]."""
    reach = np.sqrt(limbs.thigh_m**2 - np.clip(stance_x_m, -0.3, 0.3) ** 2)
    height = limbs.knee_radius_m + reach * np.cos(np.radians(gait.hip_abduction_deg))
    return float(height[stance].mean() if stance.any() else height.mean())


def _bearing_m(body: Body, limbs: _Limbs, gait: Gait) -> np.ndarray:
    """How far to the left each limb bears [limb] (m), under an upright pelvis."""
    at = pose(limbs.skeleton, np.zeros(3), np.eye(3), np.zeros(len(body.joints)))
    out = {
        "hand": abs(at.position_m[limbs.body_of["humerus_l"], 1]) + gait.hand_width_m,
        "knee": abs(at.position_m[limbs.body_of["femur_l"], 1])
        + limbs.thigh_m * np.sin(np.radians(gait.hip_abduction_deg)),
    }
    return np.array([out[n[:-2]] * (1.0 if n.endswith("l") else -1.0) for n in LIMBS])


def _smooth_cycle(values: np.ndarray, width: int) -> np.ndarray:
    """Circular running mean over ``width`` phases."""
    kernel = np.ones(width) / width
    padded = np.concatenate([values[-width:], values, values[:width]])
    return np.convolve(padded, kernel, mode="same")[width:-width]


def hand_centre_m(body: Body, gait: Gait) -> float:
    """How far ahead of the shoulder a hand bears in mid-stance (m), on the body's slope along +x.

    A slope is a tilt of gravity (`body.ground`); without weight there is none.
    """
    x, _, z = body.model.opt.gravity
    return gait.hand_centre_m - gait.hand_downhill_m * (float(x / z) if z < 0.0 else 0.0)


def tabulate(body: Body, gait: Gait, speed_m_per_s: float) -> CrawlTable:
    """Joint angles and support over one cycle at a commanded speed (m/s, negative: backward)."""
    if gait.pattern not in PATTERNS:
        raise ValueError(unknown("pattern", gait.pattern, PATTERNS))
    if speed_m_per_s < 0.0 and gait.backward_hand_width_m is not None:
        gait = replace(gait, hand_width_m=gait.backward_hand_width_m)
    ahead_of_shoulder_m = hand_centre_m(body, gait)
    limbs = _limbs(body)
    index = limbs.joint_of
    phase = np.arange(PHASES) / PHASES
    own = (phase[:, None] + np.array(PATTERNS[gait.pattern])) % 1.0
    steps = cadence(gait, speed_m_per_s)
    travel, bump = _travel(own, steps.duty)
    ahead_m = travel * speed_m_per_s * steps.stance_s
    stance = own < steps.duty
    knee_x = ahead_m[:, 2:] + gait.knee_centre_m
    hip_height = _smooth_cycle(
        np.array([_hip_height_m(limbs, gait, knee_x[k], stance[k, 2:]) for k in range(PHASES)]), 9
    )
    # the pelvis is carried higher on the side whose knee swings
    hike = _smooth_cycle(bump[:, 2] - bump[:, 3], 9)
    roll = -np.radians(gait.pelvis_roll_deg) * hike
    cycle_s = 1.0 / steps.frequency_hz
    sway_m = gait.sway * pendulum_sway_m(
        stance, _bearing_m(body, limbs, gait), float(hip_height.mean()), cycle_s
    )
    pitch = rotation_about(np.array([0.0, 1.0, 0.0]), np.radians(gait.trunk_pitch_deg))
    rotations = [rotation_about(np.array([1.0, 0.0, 0.0]), value) @ pitch for value in roll]
    hips = 0.5 * (body.model.body("femur_r").pos + body.model.body("femur_l").pos)
    angle = np.zeros((PHASES, len(body.joints)))
    for name, degrees in {
        "neck_extension": gait.neck_extension_deg,
        **{f"ankle_flexion_{s}": gait.ankle_deg for s in "rl"},
        **{f"shoulder_rotation_{s}": gait.shoulder_rotation_deg for s in "rl"},
        **{f"girdle_protraction_{s}": gait.protraction_deg for s in "rl"},
    }.items():
        angle[:, index[name]] = np.radians(degrees)
    angle[:, index["lumbar_bending"]] = np.radians(gait.lumbar_bend_deg) * hike
    height = np.zeros(PHASES)
    solved = [index[f"{name}_{side}"] for name in (*ARM_JOINTS, *LEG_JOINTS) for side in "rl"]
    for k in range(PHASES):
        rotation = rotations[k]
        height[k] = hip_height[k] - (rotation @ hips)[2] - SINK_M
        root = Pose(np.array([[0, 0, 0], [0, 0, height[k]]]), np.array([np.eye(3), rotation]))
        if k > 0:  # go on from the phase before: fewer iterations, no jumps
            angle[k, solved] = angle[k - 1, solved]
        for limb, name in enumerate(LIMBS):
            kind, side = name.split("_")
            # a pelvis that sways to the left leaves its limbs to the right
            outward_m = sway_m[k] if side == "r" else -sway_m[k]
            if kind == "knee":
                abduction = gait.hip_abduction_deg + gait.hip_abduction_swing_deg * bump[k, limb]
                angle[k, index[f"hip_adduction_{side}"]] = -(
                    np.radians(abduction) + outward_m / limbs.thigh_m
                )
                toe = gait.toe_lift_m * bump[k, limb] - SINK_M
                _place_leg(body, limbs, gait, root, angle[k], side, knee_x[k, limb - 2], toe)
            else:
                palm = (
                    ahead_m[k, limb] + ahead_of_shoulder_m,
                    gait.hand_width_m + outward_m,
                    gait.hand_lift_m * bump[k, limb] - SINK_M,
                )
                _place_arm(body, limbs, gait, root, angle[k], side, palm)
    angle = follow_angles(body, angle)
    bodies, limb_aside_m = limb_bodies(body), np.zeros((PHASES, len(LIMBS)))
    for k in range(PHASES):
        at = pose(limbs.skeleton, np.zeros(3), rotations[k], angle[k])
        limb_aside_m[k] = at.position_m[bodies, 1]
    return CrawlTable(
        cadence=steps,
        joint_angle=np.vstack([angle, angle[:1]]),
        root_height_m=np.append(height, height[0]),
        root_roll=np.append(roll, roll[0]),
        sway_m=np.append(sway_m, sway_m[0]),
        limb_aside_m=np.vstack([limb_aside_m, limb_aside_m[:1]]),
        travel=np.vstack([travel, travel[:1]]),
        in_stance=stance,
    )
