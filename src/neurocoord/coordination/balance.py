"""Postures to hold: hands and knees, bird dog, kneeling upright, as a table over time.

Bird dog lifts one arm and the opposite leg until they are level with the trunk. The weight goes
over the other diagonal first, all limbs still on the floor; the lifted limbs follow.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from neurocoord.body.model import Body
from neurocoord.body.reading import BodyReading
from neurocoord.body.rhythm import follow_angles
from neurocoord.coordination.crawl import joint_stiffness
from neurocoord.coordination.gait import SINK_M
from neurocoord.coordination.kinematics import Pose
from neurocoord.coordination.reference import (
    GRAVITY_M_PER_S2,
    LIMBS,
    Reference,
    facing,
    limb_bodies,
    limb_of_support,
    wrapped,
)
from neurocoord.coordination.stance import (
    Figure,
    Posture,
    centre_of_mass,
    make_figure,
    placed,
    stand_on,
    supports_of,
)
from neurocoord.settings import unknown

POSTURES = ("hands_knees", "bird_dog", "kneel_tall")
SIDES = ("right", "left")
TABLE_STEP_S = 0.05


@dataclass(frozen=True, kw_only=True)
class Balance:
    """How the postures are held; values are choices, set in closed loop. Degrees, m, s."""

    trunk_pitch_deg: float = 86.0
    hip_abduction_deg: float = 3.0
    ankle_deg: float = -55.0
    hand_ahead_m: float = 0.0  # of the shoulder
    hand_width_m: float = 0.0  # outward of the shoulder
    shoulder_rotation_deg: float = -17.0
    elbow_rest_deg: float = 20.0
    protraction_deg: float = 6.0
    neck_extension_deg: float = 20.0
    shift_s: float = 0.7  # time to bring the weight over the diagonal
    unload_s: float = 0.3  # then the limbs to be lifted are unloaded
    lift_s: float = 1.3  # and raised
    hike_deg: float = 3.0  # of the pelvis, up on the side of the leg that is lifted
    level_deg: float = 0.0  # the same while the posture is held
    centre_share: float = 0.3  # of the way from the bearing knee to the bearing hand
    centre_aside_m: float = 0.032  # from the diagonal, towards the lifted leg
    toe_sink_m: float = 0.02  # of the bearing leg, so that its toes press on the floor
    lookahead_s: float = 0.05  # the limbs are asked for what is due this much later
    lifted_shoulder_deg: float = 167.0
    lifted_rotation_deg: float = 0.0
    lifted_elbow_deg: float = 5.0
    lifted_pronation_deg: float = 20.0
    lifted_hip_deg: float = 0.0
    lifted_knee_deg: float = 5.0
    lifted_ankle_deg: float = -20.0
    lift_elbow_bump_deg: float = 30.0  # bends on the way, so that hand and toes come clear
    lift_knee_bump_deg: float = 12.0
    lift_abduction_bump_deg: float = 4.0
    unload_elbow_deg: float = 15.0  # the arm to be lifted bends by this while it is unloaded
    lifted_friction: float = 0.25  # trusted while a diagonal bears: shear makes hand and knee creep
    lifted_force_cost: float = 3e-4  # of contact forces then, 1/N^2
    kneel_pitch_deg: float = 4.0
    kneel_centre_m: float = -0.10  # of the centre of mass, ahead of the knees
    kneel_shoulder_deg: float = 5.0
    leg_stiffness: float = 0.7  # shares of the crawl's tables, as a gait has them
    arm_stiffness: float = 0.7
    trunk_stiffness_nm_per_rad: float = 236.0
    girdle_stiffness_nm_per_rad: float = 105.0
    distal_stiffness: float = 1.0


class Hold(NamedTuple):
    """A posture bound to a body: what ``balance_reference`` reads each block."""

    pitch_rad: float
    joint_angle: np.ndarray  # [row, joint], one row each TABLE_STEP_S; the last is held
    root_m: np.ndarray  # [row, 3]
    roll_rad: np.ndarray  # [row], of the pelvis, left side up
    centre_m: np.ndarray  # [row, 2], of mass, over the floor
    lift_begins_s: float  # infinite where nothing is lifted
    settled_s: float  # from here on the posture is held
    lifted: np.ndarray  # bool[limb], of LIMBS
    used: np.ndarray  # bool[limb], those that bear weight at the start
    support_m: np.ndarray  # [limb, 2], where palms and knees stand on the floor
    limb: np.ndarray  # int[support]
    limb_body: np.ndarray  # int[limb]: hand or tibia
    limb_body_m: np.ndarray  # [limb, 2], where these are at the start
    stiffness: np.ndarray  # [joint], Nm/rad
    unload_s: float
    lookahead_s: float
    weight_n: float


def check(name: str, value: str, allowed: tuple[str, ...]) -> None:
    """Raise ValueError that names what is allowed."""
    if value not in allowed:
        raise ValueError(unknown(name, value, allowed))


def make_hold(body: Body, balance: Balance, posture: str, side: str) -> Hold:
    """Tabulate the way into a posture; ``side`` is that of the arm which bird dog lifts."""
    check("posture", posture, POSTURES)
    check("side", side, SIDES)
    if not balance.unload_s > 0.0:
        raise ValueError(f"unload_s={balance.unload_s} is not allowed; it must be above 0")
    figure = make_figure(body)
    kneels = posture == "kneel_tall"
    pitch = np.radians(balance.kneel_pitch_deg if kneels else balance.trunk_pitch_deg)
    lifted = np.zeros(len(LIMBS), bool)
    if posture == "bird_dog":
        arm, leg = ("r", "l") if side == "right" else ("l", "r")
        lifted = np.array([name in (f"hand_{arm}", f"knee_{leg}") for name in LIMBS])
    used = np.array([name.startswith("knee") or not kneels for name in LIMBS])
    first = _kneeling(figure, balance, pitch) if kneels else _on_all_fours(figure, balance, pitch)
    rows = [first]
    if lifted.any():
        rows = _bird_dog(figure, balance, first, pitch, lifted)
    angle = follow_angles(body, np.array([row.angle for row in rows]))
    limb_body = limb_bodies(body)
    at = placed(figure, first, pitch)
    return Hold(
        pitch_rad=float(pitch),
        joint_angle=angle,
        root_m=np.array([row.root_m for row in rows]),
        roll_rad=np.array([row.roll_rad for row in rows]),
        centre_m=np.array([centre_of_mass(figure, placed(figure, r, pitch))[:2] for r in rows]),
        lift_begins_s=balance.shift_s + balance.unload_s if lifted.any() else np.inf,
        settled_s=balance.shift_s + balance.unload_s + balance.lift_s if lifted.any() else 0.0,
        lifted=lifted,
        used=used,
        support_m=supports_of(figure, first, pitch),
        limb=limb_of_support(body),
        limb_body=limb_body,
        limb_body_m=at.position_m[limb_body, :2],
        stiffness=joint_stiffness(body, balance),
        unload_s=balance.unload_s,
        lookahead_s=balance.lookahead_s,
        weight_n=GRAVITY_M_PER_S2 * body.mass_kg,
    )


def stand_near(body: Body, hold: Hold, angle: np.ndarray) -> Posture:
    """The posture nearest to joint angles [joint] (rad) in which the limbs that bear at the start
    all stand on the floor where the hold has them."""
    limbs = [limb for limb, bears in zip(LIMBS, hold.used, strict=True) if bears]
    where = dict(zip(LIMBS, hold.support_m, strict=True))
    near = Posture(angle, hold.root_m[0])
    return stand_on(make_figure(body), near, hold.pitch_rad, limbs, where, None)


def _angles(figure: Figure, degrees: dict[str, float]) -> np.ndarray:
    """Joint angles [joint] (rad); a name without a side sets both."""
    angle = np.zeros(len(figure.joint_of))
    for name, value in degrees.items():
        for joint in (name, f"{name}_r", f"{name}_l"):
            if joint in figure.joint_of:
                angle[figure.joint_of[joint]] = np.radians(value)
    return angle


def _on_all_fours(figure: Figure, balance: Balance, pitch: float) -> Posture:
    """Hands under the shoulders, knees under the hips."""
    angle = _angles(
        figure,
        {
            "neck_extension": balance.neck_extension_deg,
            "ankle_flexion": balance.ankle_deg,
            "girdle_protraction": balance.protraction_deg,
            "shoulder_rotation": balance.shoulder_rotation_deg,
            "shoulder_flexion": balance.trunk_pitch_deg,
            "shoulder_adduction": -5.0,
            "elbow_flexion": balance.elbow_rest_deg,
            "pronation": 60.0,
            "wrist_flexion": -78.0,
            "hip_flexion": balance.trunk_pitch_deg,
            "hip_adduction": -balance.hip_abduction_deg,
            "knee_flexion": 90.0,
        },
    )
    start = Posture(angle, np.array([0.0, 0.0, 0.5]))
    at = placed(figure, start, pitch)
    where = {}
    for limb in LIMBS:
        kind, side = limb.split("_")
        outward = 1.0 if side == "l" else -1.0
        if kind == "hand":
            shoulder = at.position_m[figure.body_of[f"humerus_{side}"]]
            where[limb] = shoulder[:2] + np.array(
                [balance.hand_ahead_m, outward * balance.hand_width_m]
            )
        else:
            where[limb] = _knee_place(figure, at, side, balance)
    return stand_on(figure, start, pitch, LIMBS, where, None)


def _knee_place(figure: Figure, at: Pose, side: str, balance: Balance) -> np.ndarray:
    """Where a knee stands on the floor, [2] (m): under its hip and a little outward."""
    hip = at.position_m[figure.body_of[f"femur_{side}"]]
    thigh = np.linalg.norm(figure.skeleton.offset_m[figure.body_of[f"tibia_{side}"]])
    outward = 1.0 if side == "l" else -1.0
    aside = outward * thigh * np.sin(np.radians(balance.hip_abduction_deg))
    return np.array([hip[0], hip[1] + aside])


def _kneeling(figure: Figure, balance: Balance, pitch: float) -> Posture:
    """Upright on knees, shins and toes."""
    angle = _angles(
        figure,
        {
            "ankle_flexion": balance.ankle_deg,
            "shoulder_flexion": balance.kneel_shoulder_deg,
            "shoulder_adduction": -14.0,
            "elbow_flexion": 20.0,
            "hip_flexion": balance.kneel_pitch_deg,
            "hip_adduction": -balance.hip_abduction_deg,
            "knee_flexion": 90.0,
        },
    )
    start = Posture(angle, np.array([0.0, 0.0, 0.5]))
    at = placed(figure, start, pitch)
    knees = {limb: _knee_place(figure, at, limb[-1], balance) for limb in LIMBS[2:]}
    centre = np.mean(list(knees.values()), axis=0) + np.array([balance.kneel_centre_m, 0.0])
    return stand_on(figure, start, pitch, LIMBS[2:], knees, centre)


def _bird_dog(
    figure: Figure, balance: Balance, first: Posture, pitch: float, lifted: np.ndarray
) -> list[Posture]:
    """Shift of the weight over the diagonal that stays, then arm and leg rise."""
    where = dict(zip(LIMBS, supports_of(figure, first, pitch)))
    bearing = [limb for limb, up in zip(LIMBS, lifted) if not up]
    hand, knee = (where[limb] for limb in bearing)
    arm, leg = (limb[-1] for limb, up in zip(LIMBS, lifted) if up)
    aside = np.array([0.0, 1.0 if leg == "l" else -1.0])
    centre = knee + balance.centre_share * (hand - knee) + balance.centre_aside_m * aside
    begin = centre_of_mass(figure, placed(figure, first, pitch))[:2]
    rows = [first]
    for share in _steps(balance.shift_s):
        towards = begin + share * (centre - begin)
        rows.append(
            stand_on(figure, rows[-1], pitch, LIMBS, where, towards, first.angle, iterations=6)
        )
    raised = {
        f"shoulder_flexion_{arm}": balance.lifted_shoulder_deg,
        f"elbow_flexion_{arm}": balance.lifted_elbow_deg,
        f"shoulder_adduction_{arm}": 0.0,
        f"shoulder_rotation_{arm}": balance.lifted_rotation_deg,
        f"pronation_{arm}": balance.lifted_pronation_deg,
        f"wrist_flexion_{arm}": 0.0,
        f"wrist_deviation_{arm}": 0.0,
        f"hip_flexion_{leg}": balance.lifted_hip_deg,
        f"hip_adduction_{leg}": 0.0,
        f"hip_rotation_{leg}": 0.0,
        f"knee_flexion_{leg}": balance.lifted_knee_deg,
        f"ankle_flexion_{leg}": balance.lifted_ankle_deg,
    }
    joints = [figure.joint_of[name] for name in raised]
    bumps = {
        figure.joint_of[f"elbow_flexion_{arm}"]: balance.lift_elbow_bump_deg,
        figure.joint_of[f"knee_flexion_{leg}"]: balance.lift_knee_bump_deg,
        figure.joint_of[f"hip_adduction_{leg}"]: -balance.lift_abduction_bump_deg,
    }

    def on_diagonal(moved: Posture, share: float) -> Posture:
        sink = SINK_M + share * (balance.toe_sink_m - SINK_M)
        near = first.angle
        return stand_on(
            figure, moved, pitch, bearing, where, centre, near, toe_sink_m=sink, iterations=6
        )

    sign = 1.0 if leg == "l" else -1.0
    elbow = figure.joint_of[f"elbow_flexion_{arm}"]
    bent = np.radians(balance.unload_elbow_deg)
    before = rows[-1].angle[elbow]
    hike, level = sign * np.radians([balance.hike_deg, balance.level_deg])
    for share in _steps(balance.unload_s):
        angle = rows[-1].angle.copy()
        angle[elbow] = before + share * bent
        moved = Posture(angle, rows[-1].root_m, float(share * hike))
        rows.append(on_diagonal(moved, share))
    low, high = rows[-1].angle[joints], np.radians(list(raised.values()))
    for share in _steps(balance.lift_s):
        angle = rows[-1].angle.copy()
        angle[joints] = low + share * (high - low)
        for joint, degrees in bumps.items():
            angle[joint] += np.radians(degrees) * np.sin(np.pi * share**0.35) ** 2
        moved = Posture(angle, rows[-1].root_m, float(hike + share * (level - hike)))
        rows.append(on_diagonal(moved, 1.0))
    return rows


def _steps(duration_s: float) -> np.ndarray:
    """Shares of a smooth way (minimum jerk), without its start."""
    time = np.linspace(0.0, 1.0, max(round(duration_s / TABLE_STEP_S), 1) + 1)[1:]
    return time**3 * (10 - 15 * time + 6 * time**2)


def _at(table: np.ndarray, time_s: float) -> tuple[np.ndarray, np.ndarray]:
    """Row of a table at a time, linear between rows, and its rate."""
    position = float(np.clip(time_s / TABLE_STEP_S, 0.0, len(table) - 1.0))
    lower = min(int(position), max(len(table) - 2, 0))
    if len(table) == 1:
        return table[0], np.zeros_like(table[0])
    change = table[lower + 1] - table[lower]
    moves = 0.0 < time_s < (len(table) - 1) * TABLE_STEP_S
    return table[lower] + (position - lower) * change, moves * change / TABLE_STEP_S


class Standing(NamedTuple):
    """How the bearing limbs stand now against where the table has them."""

    planned_m: np.ndarray  # [2], middle of the limbs that touch the floor
    actual_m: np.ndarray  # [2]
    yaw_rad: float  # how far the line from knees to hands has turned


def standing(hold: Hold, reading: BodyReading, env: int, time_s: float) -> Standing:
    """Compare limbs on the floor; without one that touches, all that should bear count."""
    bears = hold.used & ~(hold.lifted & (time_s >= hold.lift_begins_s))
    there = reading.body_position_m[env, hold.limb_body, :2]
    touches = bears & _touches(hold, reading, env)
    chosen = touches if touches.any() else bears
    planned, actual = _line(hold.limb_body_m, bears), _line(there, bears)
    yaw = np.arctan2(*actual[::-1]) - np.arctan2(*planned[::-1])
    return Standing(
        hold.limb_body_m[chosen].mean(axis=0),
        there[chosen].mean(axis=0),
        wrapped(yaw),
    )


def _touches(hold: Hold, reading: BodyReading, env: int) -> np.ndarray:
    """Which limbs touch the floor, bool[limb]."""
    return np.isin(np.arange(len(LIMBS)), hold.limb[reading.contact_found[env].any(axis=-1)])


def _line(limb_m: np.ndarray, bears: np.ndarray) -> np.ndarray:
    """From the knees to the hands [2] (m); from knee to knee where no hand bears."""
    hands, knees = limb_m[:2][bears[:2]], limb_m[2:][bears[2:]]
    return hands.mean(axis=0) - knees.mean(axis=0) if len(hands) else knees[1] - knees[0]


def centre_error_m(hold: Hold, reading: BodyReading, env: int, time_s: float) -> np.ndarray:
    """From the centre of mass to where it should be, [2] (m): over the limbs as these stand now."""
    now = standing(hold, reading, env, time_s)
    cosine, sine = np.cos(now.yaw_rad), np.sin(now.yaw_rad)
    turned = np.array([[cosine, -sine], [sine, cosine]])
    wanted = now.actual_m + turned @ (_at(hold.centre_m, time_s)[0] - now.planned_m)
    return wanted - reading.centre_of_mass_m[env, :2]


def wanted_angle(hold: Hold, time_s: float) -> np.ndarray:
    """Joint angles [joint] (rad) that are asked for."""
    return _at(hold.joint_angle, time_s)[0]


def balance_reference(hold: Hold, reading: BodyReading, env: int, time_s: float) -> Reference:
    """What the posture asks for at ``time_s``; before 0 the body stays as it starts."""
    angle, rate = _at(hold.joint_angle, time_s + hold.lookahead_s * (time_s > 0.0))
    height, roll = _at(hold.root_m, time_s)[0][2], float(_at(hold.roll_rad, time_s)[0])
    aside = centre_error_m(hold, reading, env, time_s)
    yaw = standing(hold, reading, env, time_s).yaw_rad
    left = float(np.clip((hold.lift_begins_s - time_s) / hold.unload_s, 0.0, 1.0))
    bears = hold.used & ~(hold.lifted & (left == 0.0))
    limit = np.where(hold.lifted[hold.limb], left * hold.weight_n, np.inf)
    return Reference(
        joint_angle=angle,
        joint_velocity=rate,
        root_quaternion=facing(yaw, roll, hold.pitch_rad),
        root_angular_velocity=np.zeros(3),
        root_position_m=np.array([*(reading.qpos[env, :2] + aside), height]),
        root_velocity_m_per_s=_at(hold.root_m, time_s)[1],
        root_weight=np.ones(6),
        may_support=np.where(hold.limb >= 0, bears[hold.limb], False),
        stiffness_nm_per_rad=hold.stiffness,
        load_limit_n=limit if 0.0 < left < 1.0 else None,
    )
