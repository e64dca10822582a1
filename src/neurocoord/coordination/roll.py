"""Rolling over: keyframes of posture and roll angle on a clock that waits.

From supine to prone (0 to 180 degrees) or on from prone to supine (180 to 360). In a segmental roll
the trailing leg and arm reach across while the trunk turns, and the pelvis follows; in a log roll
the trunk stays straight. The clock stops while the body's roll lags the reference by more than a
set angle, and begins anew when the body does not catch up. A roll to the left goes over the left
side of the body, and one to the right is its mirror image. From prone the left side lies where the
right one lies from supine: who turns on and on in one direction goes over left and right in turn.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from neurocoord.body.model import Body
from neurocoord.body.reading import BodyReading
from neurocoord.body.rhythm import follow_angles
from neurocoord.coordination.reference import Reference, joint_index
from neurocoord.coordination.size import size_of
from neurocoord.settings import unknown

SIDES = ("left", "right")
PRONE_DEG = 180.0
GET_READY_S = 0.8  # from the end of one roll to the start of the next (choice)


@dataclass(frozen=True, kw_only=True)
class RollKeyframe:
    """One posture of a roll; degrees. Leading is the side that is rolled onto."""

    roll: float = 0.0
    trunk_flexion: float = 0.0
    trunk_rotation: float = 0.0  # thorax ahead of the pelvis in the roll
    neck_extension: float = 0.0
    lead_shoulder_flexion: float = 5.0
    lead_shoulder_adduction: float = -15.0
    lead_elbow: float = 15.0
    trail_shoulder_flexion: float = 5.0
    trail_shoulder_adduction: float = -15.0
    trail_elbow: float = 15.0
    lead_hip_flexion: float = 8.0
    lead_knee: float = 12.0
    lead_hip_adduction: float = 0.0
    trail_hip_flexion: float = 8.0
    trail_knee: float = 12.0
    trail_hip_adduction: float = 0.0


SUPINE = RollKeyframe()
PRONE = RollKeyframe(roll=PRONE_DEG, lead_shoulder_flexion=120, trail_shoulder_flexion=40)
_FIRST = RollKeyframe(
    roll=40,
    trunk_flexion=30,
    trunk_rotation=40,
    neck_extension=-20,
    lead_shoulder_flexion=130,
    trail_shoulder_flexion=74,
    trail_shoulder_adduction=26,
    trail_hip_flexion=59,
    trail_knee=89,
    trail_hip_adduction=10,
)
_SECOND = RollKeyframe(
    roll=120,
    trunk_flexion=10,
    trunk_rotation=20,
    lead_shoulder_flexion=140,
    trail_shoulder_flexion=74,
    trail_shoulder_adduction=46,
    trail_hip_flexion=67,
    trail_knee=60,
    trail_hip_adduction=28,
)


@dataclass(frozen=True, kw_only=True)
class RollPlan:
    """A roll; every value is our choice, found by search (``docs/control.md``)."""

    side: str = "left"
    start: RollKeyframe = field(default_factory=lambda: SUPINE)
    times_s: tuple[float, float, float] = (0.45, 1.1, 1.8)
    first: RollKeyframe = field(default_factory=lambda: _FIRST)
    second: RollKeyframe = field(default_factory=lambda: _SECOND)
    last: RollKeyframe = field(default_factory=lambda: PRONE)
    wait_deg: float = 45.0
    patience_s: float = 0.35  # after waiting this long the roll begins anew (choice)
    lookahead_s: float = 0.03
    trunk_stiffness_nm_per_rad: float = 100.0
    limb_stiffness_nm_per_rad: float = 30.0
    rolling_radius_m: float = 0.12


class Roll(NamedTuple):
    """A roll bound to a body."""

    plan: RollPlan
    sign: float  # of the turn about the long axis (towards the head): of supine over left, 1
    knot_s: np.ndarray  # [knot]; before 0 the body gets ready, where another roll came before
    knot_angle: np.ndarray  # [knot, joint], rad
    knot_roll: np.ndarray  # [knot], rad
    may_support: np.ndarray  # bool[support]
    stiffness: np.ndarray  # [joint]


def is_from_prone(plan: RollPlan) -> bool:
    """Whether a roll starts face down."""
    return bool(np.cos(np.radians(plan.start.roll)) < 0.0)


def turn_sign(plan: RollPlan) -> float:
    """Sense of a roll about the body's long axis, towards the head: of supine over left, 1."""
    return 1.0 if (plan.side == "left") != is_from_prone(plan) else -1.0


def posture_of(body: Body, frame: RollKeyframe, side: str, sign: float) -> np.ndarray:
    """Joint angles [joint] (rad) of a keyframe for a roll over ``side`` in the sense ``sign``."""
    lead, trail = ("l", "r") if side == "left" else ("r", "l")
    index = joint_index(body)
    degrees = np.zeros(len(body.joints))
    for name in ("lumbar_extension", "thorax_extension"):
        degrees[index[name]] = -0.5 * frame.trunk_flexion
    degrees[index["thorax_rotation"]] = 0.85 * sign * frame.trunk_rotation
    degrees[index["lumbar_rotation"]] = 0.15 * sign * frame.trunk_rotation
    degrees[index["neck_extension"]] = frame.neck_extension
    for limb, letter in (("lead", lead), ("trail", trail)):
        degrees[index[f"shoulder_flexion_{letter}"]] = getattr(frame, f"{limb}_shoulder_flexion")
        degrees[index[f"shoulder_adduction_{letter}"]] = getattr(
            frame, f"{limb}_shoulder_adduction"
        )
        degrees[index[f"elbow_flexion_{letter}"]] = getattr(frame, f"{limb}_elbow")
        degrees[index[f"hip_flexion_{letter}"]] = getattr(frame, f"{limb}_hip_flexion")
        degrees[index[f"knee_flexion_{letter}"]] = getattr(frame, f"{limb}_knee")
        degrees[index[f"hip_adduction_{letter}"]] = getattr(frame, f"{limb}_hip_adduction")
        degrees[index[f"ankle_flexion_{letter}"]] = -30.0
    angle = follow_angles(body, np.radians(degrees))
    return np.clip(angle, body.joint_range[:, 0], body.joint_range[:, 1])


def make_roll(body: Body, plan: RollPlan, after: Roll | None = None) -> Roll:
    """Bind a roll to a body; ``after`` another one it begins by moving from that one's end."""
    if plan.side not in SIDES:
        raise ValueError(unknown("side", plan.side, SIDES))
    if not np.all(np.diff((0.0, *plan.times_s)) > 0):
        raise ValueError(f"times_s={plan.times_s} must grow from above 0")
    frames, sign = (plan.start, plan.first, plan.second, plan.last), turn_sign(plan)
    of_region = {
        "lumbar": plan.trunk_stiffness_nm_per_rad,
        "thorax": plan.trunk_stiffness_nm_per_rad,
    }
    limb = dict.fromkeys(("hip", "knee", "shoulder", "elbow"), plan.limb_stiffness_nm_per_rad)
    stiffness = {**of_region, **limb, "girdle": plan.trunk_stiffness_nm_per_rad}
    knot_s, knot_roll = [0.0, *plan.times_s], [frame.roll for frame in frames]
    knot_angle = [posture_of(body, frame, plan.side, sign) for frame in frames]
    if after is not None:
        knot_s, knot_roll = [-GET_READY_S, *knot_s], [plan.start.roll, *knot_roll]
        knot_angle = [after.knot_angle[-1], *knot_angle]
    return Roll(
        plan=plan,
        sign=sign,
        knot_s=np.array(knot_s),
        knot_angle=np.array(knot_angle),
        knot_roll=np.radians(knot_roll),
        may_support=np.ones(len(body.support.geoms), bool),
        stiffness=size_of(body).torque
        * np.array([stiffness.get(j.split("_")[0], 0.0) for j in body.joints]),
    )


def roll_angle(rotation: np.ndarray, sign: float, near_rad: float = 0.5 * np.pi) -> float:
    """Roll (rad) of a trunk segment about its long axis: 0 supine, pi prone, 2 pi supine again.

    Of the angles a whole turn apart it is the one nearest to ``near_rad``.
    """
    front, long = rotation[:, 0], rotation[:, 2]
    up = np.array([0.0, 0.0, 1.0]) - long[2] * long
    angle = np.arctan2(np.dot(long, np.cross(up, front)), np.dot(up, front)) * sign
    return float(near_rad + (angle - near_rad + np.pi) % (2.0 * np.pi) - np.pi)


def _between(knots: np.ndarray, values: np.ndarray, time_s: float) -> tuple[np.ndarray, np.ndarray]:
    """Smooth value and rate between knots (minimum jerk from each to the next)."""
    k = int(np.clip(np.searchsorted(knots, time_s, side="right") - 1, 0, len(knots) - 2))
    span = knots[k + 1] - knots[k]
    s = float(np.clip((time_s - knots[k]) / span, 0.0, 1.0))
    share = s**3 * (10 - 15 * s + 6 * s**2)
    rate = 30 * s**2 * (1 - s) ** 2 / span
    change = values[k + 1] - values[k]
    return values[k] + share * change, rate * change


def advance_clock(
    roll: Roll, reading: BodyReading, env: int, clock_s: float, waited_s: float, step_s: float
) -> tuple[float, float]:
    """The roll's own time, and how long it has waited (s).

    It stands still while the body lags too far behind; a body that does not catch up within
    ``patience_s`` begins anew.
    """
    wanted, _ = _between(roll.knot_s, roll.knot_roll, clock_s)
    actual = roll_angle(reading.body_rotation[env, 1], roll.sign, float(wanted))
    if wanted - actual <= np.radians(roll.plan.wait_deg):
        return clock_s + step_s, 0.0
    if waited_s + step_s > roll.plan.patience_s:
        return 0.0, 0.0
    return clock_s, waited_s + step_s


def wanted_orientation(rotation: np.ndarray, roll_rad: float) -> np.ndarray:
    """Quaternion of the pelvis lying level along its present heading, rolled by ``roll_rad``."""
    long = np.array([rotation[0, 2], rotation[1, 2], 0.0])
    long /= max(float(np.linalg.norm(long)), 1e-9)
    up = np.array([0.0, 0.0, 1.0])
    front = np.cos(roll_rad) * up + np.sin(roll_rad) * np.cross(long, up)
    frame = np.column_stack([front, np.cross(long, front), long])
    return quaternion_of(frame)


def quaternion_of(rotation: np.ndarray) -> np.ndarray:
    """Unit quaternion (w, x, y, z) of a rotation matrix."""
    trace = np.trace(rotation)
    candidates = np.array([trace, *np.diag(rotation)])
    k = int(np.argmax(candidates))
    q = np.empty(4)
    if k == 0:
        q[0] = 1 + trace
        q[1] = rotation[2, 1] - rotation[1, 2]
        q[2] = rotation[0, 2] - rotation[2, 0]
        q[3] = rotation[1, 0] - rotation[0, 1]
    else:
        i, j, m = k - 1, k % 3, (k + 1) % 3
        q[0] = rotation[m, j] - rotation[j, m]
        q[1 + i] = 1 + rotation[i, i] - rotation[j, j] - rotation[m, m]
        q[1 + j] = rotation[j, i] + rotation[i, j]
        q[1 + m] = rotation[m, i] + rotation[i, m]
    return q / np.linalg.norm(q)


def roll_reference(roll: Roll, reading: BodyReading, env: int, clock_s: float) -> Reference:
    """What the roll asks for at its own time ``clock_s``; at 0 the body lies still."""
    later = clock_s + roll.plan.lookahead_s if clock_s != 0.0 else 0.0
    angle, rate = _between(roll.knot_s, roll.knot_angle, later)
    turned, turn_rate = _between(roll.knot_s, roll.knot_roll, later)
    rotation = reading.body_rotation[env, 1]
    sideways = np.cross(np.array([0.0, 0.0, 1.0]), rotation[:, 2])
    speed = roll.sign * float(turn_rate) * roll.plan.rolling_radius_m
    return Reference(
        joint_angle=angle,
        joint_velocity=rate,
        root_quaternion=wanted_orientation(rotation, roll.sign * float(turned)),
        root_angular_velocity=np.array([0.0, 0.0, roll.sign * float(turn_rate)]),
        root_position_m=reading.qpos[env, :3].copy(),
        root_velocity_m_per_s=-speed * sideways,
        root_weight=np.array([0.3, 0.3, 0.3, 1.0, 1.0, 1.0]),
        may_support=roll.may_support,
        stiffness_nm_per_rad=roll.stiffness,
    )
