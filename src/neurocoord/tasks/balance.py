"""Holding a posture: hands and knees, bird dog, kneeling upright; or catching a fall with the arms.

``drop_height_m`` above 0 lets the body go on its knees, leaning back so far that its palms are that
high over the floor; it falls forward onto its hands.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import NamedTuple

import numpy as np

from neurocoord.body.model import Body
from neurocoord.body.postures import resting_height_m
from neurocoord.body.reading import BodyReading
from neurocoord.coordination.allocation import ControllerGains, WarmStart, allocate
from neurocoord.coordination.balance import (
    POSTURES,
    SIDES,
    Balance,
    Hold,
    balance_reference,
    centre_error_m,
    make_hold,
    stand_near,
    wanted_angle,
)
from neurocoord.coordination.library import load_movement
from neurocoord.coordination.reference import about
from neurocoord.coordination.size import gains_for
from neurocoord.coordination.strategies import Strategy, strategy
from neurocoord.tasks.movement import (
    MOVEMENT_MEASURES,
    bump,
    lowest_trunk_m,
    movement_measures,
    noisy_start,
)
from neurocoord.tasks.protocol import Measure, Reach, Task, Trace
from neurocoord.tasks.steadiness import STEADINESS_MEASURES, steadiness

MOVEMENT = "balance_postures"  # in models/movements
LEAD_IN_S = 0.5  # choice: standing still before time 0
FALLEN_SHARE = 0.65  # choice: pelvis or thorax below this share of its height is a fall
DEEPEST_START_M = 0.0095  # choice: so deep may skin of palms and toes be in the floor at the start
HIGHEST_DROP_M = 0.3  # choice: higher, and the body would sit on its heels


def _balance() -> Balance:
    found = load_movement(MOVEMENT).plan
    assert isinstance(found, Balance)
    return found


def _gains() -> ControllerGains:
    return load_movement(MOVEMENT).gains


@dataclass(frozen=True, kw_only=True)
class Settings:
    """A posture to hold, how it starts, and how it is held."""

    posture: str = "hands_knees"  # or "bird_dog", "kneel_tall"
    side: str = "right"  # of the arm that bird dog lifts
    drop_height_m: float = 0.0  # of the palms at the start, on hands and knees
    start_noise_rad: float = 0.01
    allocation: str = "effort"  # or "fatigue", "co_contraction", "stabilizers"
    allocation_dial: float = 1.0  # 0: as effort
    allocation_joints: tuple[str, ...] = ()  # of the last two; none: all
    senses_delay_s: float = 0.0  # the controller plans on an internal model led over it
    model_error: float = 1.0  # of that model: masses times it, strengths divided by it
    balance: Balance = field(default_factory=_balance)
    gains: ControllerGains = field(default_factory=_gains)


class Plan(NamedTuple):
    """A posture bound to a body."""

    settings: Settings
    gains: ControllerGains
    hold: Hold
    fallen_m: float  # pelvis or thorax lower than this is a fall
    strategy: Strategy


class Memory(NamedTuple):
    """What the built-in controller remembers between blocks."""

    warm_start: WarmStart | None


def plan(body: Body, settings: Settings) -> Plan:
    """Tabulate the way into the posture on this body."""
    drop = settings.drop_height_m
    if not 0.0 <= drop <= HIGHEST_DROP_M:
        raise ValueError(f"drop_height_m={drop} is not allowed; it is 0 to {HIGHEST_DROP_M}")
    if drop > 0.0 and settings.posture != "hands_knees":
        raise ValueError(f"drop_height_m={drop} needs posture='hands_knees', not a drop, to be 0")
    hold = make_hold(body, settings.balance, settings.posture, settings.side)
    gains = settings.gains
    if hold.lifted.any() or drop > 0.0:
        gains = replace(
            gains,
            friction=settings.balance.lifted_friction,
            contact_force_cost=settings.balance.lifted_force_cost,
        )
    gains = gains_for(body, gains)
    chosen = strategy(
        body, settings.allocation, settings.allocation_dial, settings.allocation_joints
    )
    return Plan(settings, gains, hold, FALLEN_SHARE * float(hold.root_m[:, 2].min()), chosen)


def start_qpos(body: Body, plan: Plan, rng: np.random.Generator) -> np.ndarray:
    """The posture's beginning with a little noise, its limbs on the floor; or leaning back for a
    drop."""
    hold, qpos = plan.hold, body.model.qpos0.copy()
    noisy = noisy_start(body, hold.joint_angle[0], plan.settings.start_noise_rad, rng)
    angle, root_m, _ = stand_near(body, hold, noisy)
    hands, knees = hold.support_m[:2].mean(axis=0), hold.support_m[2:].mean(axis=0)
    back = float(np.arcsin(plan.settings.drop_height_m / max(hands[0] - knees[0], 0.1)))
    for side in "rl":
        angle[body.joints.index(f"knee_flexion_{side}")] += back
    qpos[:3] = root_m
    qpos[0] = knees[0] + (root_m[0] - knees[0]) * np.cos(back)
    qpos[0] -= root_m[2] * np.sin(back)
    qpos[3:7] = about((0, 1, 0), hold.pitch_rad - back)
    qpos[body.joint_qpos] = np.clip(angle, body.joint_range[:, 0], body.joint_range[:, 1])
    resting = resting_height_m(body.model, qpos)
    qpos[2] = resting - 0.002 if back > 0.0 else max(qpos[2], resting - DEEPEST_START_M)
    return qpos


def lead_in_s(plan: Plan) -> float:
    """Half a second of standing still; none where the body is let fall."""
    return 0.0 if plan.settings.drop_height_m > 0.0 else LEAD_IN_S


def horizon_s(plan: Plan) -> float:
    """As the gains say."""
    return plan.gains.horizon_s


def begin(plan: Plan) -> Memory:
    """Nothing is known yet."""
    return Memory(None)


def expert(
    body: Body,
    plan: Plan,
    memory: Memory,
    reading: BodyReading,
    env: int,
    time_s: float,
    low: np.ndarray,
    high: np.ndarray,
    reach: Reach,
    capacity: np.ndarray | None = None,
) -> tuple[np.ndarray, np.ndarray, Memory]:
    """Drive [muscle] of the built-in controller, and the posture it asks for."""
    wanted = balance_reference(plan.hold, reading, env, time_s)
    warm = memory.warm_start
    given = allocate(
        body,
        reading,
        env,
        wanted,
        low,
        high,
        plan.gains,
        warm,
        strategy=plan.strategy,
        capacity=capacity,
    )
    return reach(given.active_state), wanted.joint_angle, Memory(given.warm_start)


def outcome(body: Body, plan: Plan, reading: BodyReading, env: int, time_s: float) -> str:
    """Fallen when the trunk is low; a posture is never done."""
    return "fell" if lowest_trunk_m(body, reading, env) < plan.fallen_m else ""


def reward_terms(
    body: Body, plan: Plan, reading: BodyReading, env: int, drive: np.ndarray
) -> dict[str, float]:
    """Named terms in [0, 1]: height, centre of mass, posture, little drive."""
    time_s = float(reading.time_s[env]) - lead_in_s(plan)
    away = centre_error_m(plan.hold, reading, env, time_s)
    angle = wanted_angle(plan.hold, time_s) - reading.qpos[env, body.joint_qpos]
    height = lowest_trunk_m(body, reading, env) / (plan.fallen_m / FALLEN_SHARE)
    return {
        "height": float(np.clip(height, 0.0, 1.0)),
        "centre": bump(float(np.linalg.norm(away)), 0.15),
        "posture": bump(float(np.sqrt((angle**2).mean())), 0.5),
        "economy": 1.0 - float(drive.mean()),
    }


def goal(plan: Plan) -> dict[str, float]:
    """What the observation says of the task: which posture, and the lifted arm's side."""
    asked = {name: float(plan.settings.posture == name) for name in POSTURES}
    return {**asked, "side": 1.0 if plan.settings.side == SIDES[0] else -1.0}


def measure(body: Body, plan: Plan, trace: Trace) -> dict[str, float]:
    """Outcomes of one hold, over its time after the start."""
    return {
        **steadiness(body, plan.hold, trace),
        **movement_measures(body, trace, trace.time_s >= 0.0),
    }


MEASURES: dict[str, Measure] = {**STEADINESS_MEASURES, **MOVEMENT_MEASURES}

TASK = Task(
    name="balance",
    body="humanoid",
    question="hold hands and knees, bird dog or kneeling upright; catch a fall",
    settings=Settings,
    seconds=12.5,
    plan=plan,
    start_qpos=start_qpos,
    lead_in_s=lead_in_s,
    horizon_s=horizon_s,
    begin=begin,
    expert=expert,
    outcome=outcome,
    reward_terms=reward_terms,
    goal=goal,
    measure=measure,
    measures=MEASURES,
)
