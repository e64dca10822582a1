"""Rolling over: from supine to prone, back, or on and on along the floor."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import NamedTuple

import numpy as np

from neurocoord.analysis.smoothness import SOURCE as SMOOTHNESS_SOURCE
from neurocoord.analysis.smoothness import spectral_arc_length
from neurocoord.body.model import Body
from neurocoord.body.postures import resting_height_m
from neurocoord.body.reading import BodyReading
from neurocoord.coordination.allocation import ControllerGains, WarmStart, allocate
from neurocoord.coordination.library import (
    Movement,
    check_alone,
    load_movement,
    movement_of,
)
from neurocoord.coordination.reference import rotation_of
from neurocoord.coordination.roll import (
    Roll,
    RollPlan,
    advance_clock,
    make_roll,
    posture_of,
    roll_angle,
    roll_reference,
    turn_sign,
    wanted_orientation,
)
from neurocoord.coordination.size import gains_for
from neurocoord.coordination.strategies import Strategy, strategy
from neurocoord.tasks.body_measures import BODY_MEASURES, Moments, body_measures, moments
from neurocoord.tasks.movement import (
    BLOCK_S,
    MOVEMENT_MEASURES,
    blocks_since_s,
    bump,
    by_model,
    metabolic_energies,
    movement,
    movement_measures,
    noisy_start,
)
from neurocoord.tasks.protocol import Measure, Reach, Task, Trace

MOVEMENT = "roll_supine_to_prone"  # in models/movements
ARRIVED_RAD = np.radians(30.0)  # choice: pelvis and thorax this near the end have rolled
NEXT_RAD = np.radians(35.0)  # choice: this near the end the next roll of a series begins
STILL_RAD_PER_S = 1.5  # choice: slower than this about the long axis is having arrived
HEAD_BACKWARD = np.array([[0.0, 0.0, -1.0], [0.0, 1.0, 0.0], [1.0, 0.0, 0.0]])


def _plan() -> RollPlan:
    found = load_movement(MOVEMENT).plan
    assert isinstance(found, RollPlan)
    return found


def _gains() -> ControllerGains:
    return load_movement(MOVEMENT).gains


@dataclass(frozen=True, kw_only=True)
class Settings:
    """A roll: its keyframes, feedback gains, what follows it, and how noisy the start is."""

    start_noise_rad: float = 0.03
    allocation: str = "effort"  # or "fatigue", "co_contraction", "stabilizers"
    allocation_dial: float = 1.0  # 0: as effort
    allocation_joints: tuple[str, ...] = ()  # of the last two; none: all
    senses_delay_s: float = 0.0  # the controller plans on an internal model led over it
    model_error: float = 1.0  # of that model: masses times it, strengths divided by it
    movement: str = ""  # one of models/movements, in place of plan and gains
    side: str = ""  # "left" or "right", in place of the plan's
    then: tuple[str, ...] = ()  # rolls that follow in the same sense, each after the one before
    plan: RollPlan = field(default_factory=_plan)
    gains: ControllerGains = field(default_factory=_gains)


class Stage(NamedTuple):
    """One roll of a series."""

    roll: Roll
    gains: ControllerGains


class Plan(NamedTuple):
    """Rolls bound to a body."""

    settings: Settings
    stages: tuple[Stage, ...]
    thorax: int  # body index
    strategy: Strategy


class Memory(NamedTuple):
    """What the built-in controller remembers between blocks."""

    stage: int
    clock_s: float  # the roll's own time
    waited_s: float  # how long the clock has stood still
    warm_start: WarmStart | None
    asked_s: float | None  # when it was last asked; none: never


def plan(body: Body, settings: Settings) -> Plan:
    """Bind the keyframes to this body."""
    check_alone(settings, "plan", "gains")
    first = Movement(settings.plan, settings.gains)
    if settings.movement:
        first = _roll_named(settings.movement)
    assert isinstance(first.plan, RollPlan)
    side = settings.side or first.plan.side
    stages = [Stage(make_roll(body, replace(first.plan, side=side)), gains_for(body, first.gains))]
    for found in (_roll_named(name) for name in settings.then):
        assert isinstance(found.plan, RollPlan)
        before = stages[-1].roll
        _check_joins(before.plan, found.plan, settings.then)
        turns_on = _turning_as(before.sign, found.plan)
        stages.append(Stage(make_roll(body, turns_on, before), gains_for(body, found.gains)))
    chosen = strategy(
        body, settings.allocation, settings.allocation_dial, settings.allocation_joints
    )
    return Plan(settings, tuple(stages), body.bodies.index("thorax"), chosen)


def _check_joins(before: RollPlan, after: RollPlan, then: tuple[str, ...]) -> None:
    """A roll begins as the one before it ends: face up or face down."""
    gap = (after.start.roll - before.last.roll + 180.0) % 360.0 - 180.0
    if abs(gap) > 90.0:
        raise ValueError(
            f"then={','.join(then)} is not allowed; each roll begins face up or down as the one "
            "before it ends, such as roll_prone_arms_overhead after roll_arm_led_arms_overhead"
        )


def _turning_as(sign: float, plan: RollPlan) -> RollPlan:
    """The roll over that side which goes on in the same sense: from prone, the other one."""
    left = replace(plan, side="left")
    return left if turn_sign(left) == sign else replace(plan, side="right")


def _roll_named(name: str) -> Movement:
    return movement_of(RollPlan, "roll", name)


def start_qpos(body: Body, plan: Plan, rng: np.random.Generator) -> np.ndarray:
    """Lying as the first roll starts, with a little noise."""
    roll = plan.stages[0].roll
    lying = posture_of(body, roll.plan.start, roll.plan.side, roll.sign)
    qpos = body.model.qpos0.copy()
    qpos[body.joint_qpos] = noisy_start(body, lying, plan.settings.start_noise_rad, rng)
    qpos[:3] = 0.0
    qpos[3:7] = wanted_orientation(HEAD_BACKWARD, roll.sign * float(roll.knot_roll[0]))
    qpos[2] = resting_height_m(body.model, qpos) - 0.002
    return qpos


def lead_in_s(plan: Plan) -> float:
    """A short rest, so that the noisy start comes to lie."""
    return 0.3


def horizon_s(plan: Plan) -> float:
    """As the gains of the first roll say."""
    return plan.stages[0].gains.horizon_s


def begin(plan: Plan) -> Memory:
    """The roll's clock has not begun."""
    return Memory(0, 0.0, 0.0, None, None)


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
    stage, clock, waited = memory.stage, memory.clock_s, memory.waited_s
    roll, gains = plan.stages[stage]
    if time_s > 0.0:
        is_late = clock > roll.knot_s[-2]
        if stage + 1 < len(plan.stages) and is_late and _is_at_end(plan, stage, reading, env):
            stage, waited = stage + 1, 0.0
            clock = float(plan.stages[stage].roll.knot_s[0])
            roll, gains = plan.stages[stage]
        since_s = blocks_since_s(time_s, memory.asked_s)
        clock, waited = advance_clock(roll, reading, env, clock, waited, since_s)
    wanted = roll_reference(roll, reading, env, clock)
    warm = memory.warm_start
    given = allocate(
        body,
        reading,
        env,
        wanted,
        low,
        high,
        gains,
        warm,
        strategy=plan.strategy,
        capacity=capacity,
    )
    after = Memory(stage, clock, waited, given.warm_start, time_s)
    return reach(given.active_state), wanted.joint_angle, after


def _is_at_end(plan: Plan, stage: int, reading: BodyReading, env: int) -> bool:
    end = float(plan.stages[stage].roll.knot_roll[-1])
    return all(abs(angle - end) < NEXT_RAD for angle in roll_angles(plan, reading, env, stage))


def roll_angles(plan: Plan, reading: BodyReading, env: int, stage: int = 0) -> tuple[float, float]:
    """Roll (rad) of pelvis and thorax, from half a turn before to half a turn after the middle of
    a stage's own."""
    roll = plan.stages[stage].roll
    middle = float(0.5 * (roll.knot_roll[0] + roll.knot_roll[-1]))
    rotation = reading.body_rotation[env]
    pelvis = roll_angle(rotation[1], roll.sign, middle)
    return pelvis, roll_angle(rotation[plan.thorax], roll.sign, middle)


def outcome(body: Body, plan: Plan, reading: BodyReading, env: int, time_s: float) -> str:
    """Done when pelvis and thorax have both turned and come to rest; a series goes on."""
    if time_s <= 0.0 or len(plan.stages) > 1:
        return ""
    end = float(plan.stages[0].roll.knot_roll[-1])
    is_there = all(abs(a - end) < ARRIVED_RAD for a in roll_angles(plan, reading, env))
    is_still = abs(reading.qvel[env, 5]) < STILL_RAD_PER_S
    return "done" if is_there and is_still else ""


def reward_terms(
    body: Body, plan: Plan, reading: BodyReading, env: int, drive: np.ndarray
) -> dict[str, float]:
    """Named terms in [0, 1]: roll of pelvis and thorax, trunk together, little drive."""
    pelvis, thorax = roll_angles(plan, reading, env)
    start, end = plan.stages[0].roll.knot_roll[[0, -1]]
    return {
        "pelvis": float(np.clip((pelvis - start) / (end - start), 0.0, 1.0)),
        "thorax": float(np.clip((thorax - start) / (end - start), 0.0, 1.0)),
        "together": bump(pelvis - thorax, 1.5),
        "economy": 1.0 - float(drive.mean()),
    }


def goal(plan: Plan) -> dict[str, float]:
    """What the observation says of the task."""
    return {"side": plan.stages[0].roll.sign}


def measure(body: Body, plan: Plan, trace: Trace) -> dict[str, float]:
    """Outcomes of one roll, over its time after the rest."""
    moving = trace.time_s >= 0.0
    angles_deg = turned_deg(plan, trace.qpos[moving, 3:7])
    turned = float(angles_deg.max(initial=0.0))
    measures = movement_measures(body, trace, moving)
    duration = float(moving.sum() * BLOCK_S)
    # supine is supine whichever way a body got there: it must have turned as the rolls ask
    asked = [np.degrees(np.ptp(stage.roll.knot_roll)) for stage in plan.stages]
    if len(asked) == 1:
        rolled = trace.ended == "done" and turned > 0.5 * asked[0]
        roll_time_s = energy_s = duration if rolled else float("nan")
    else:  # a series goes on after it: its time is that of the turn, its energy not told apart
        there = angles_deg > sum(asked) - np.degrees(NEXT_RAD)
        rolled, energy_s = bool(there.any()), float("nan")
        roll_time_s = float((there.argmax() + 1) * BLOCK_S) if rolled else float("nan")
    at = moments(body, trace, moving)
    return {
        "rolled": float(rolled),
        "turned_deg": turned,
        "roll_time_s": roll_time_s,
        **metabolic_energies(measures, energy_s),
        **measures,
        **_turning(body, plan, at),
        "smoothness_roll": spectral_arc_length(np.abs(trace.qvel[moving, 5]), BLOCK_S),
        **body_measures(body, at),
    }


def turned_deg(plan: Plan, quaternion: np.ndarray) -> np.ndarray:
    """Turn of the pelvis so far [block] in the rolls' sense; of unit quaternions [block, 4]."""
    sign = plan.stages[0].roll.sign
    angles = np.unwrap([roll_angle(rotation_of(q), sign) for q in quaternion])
    return np.degrees(angles - angles[:1])


def _turning(body: Body, plan: Plan, at: Moments) -> dict[str, float]:
    """By how much thorax and head are ahead of the pelvis in the roll, mean (degrees)."""
    sign = plan.stages[0].roll.sign
    angles = {
        name: np.unwrap([roll_angle(r, sign) for r in at.seen.body_rotation[:, index]])
        for name, index in ((n, body.bodies.index(n)) for n in ("pelvis", "thorax", "head"))
    }

    def lead(name: str) -> float:
        ahead = angles[name] - angles["pelvis"]
        return float(np.degrees(ahead.mean())) if ahead.size else float("nan")

    return {"thorax_lead_deg": lead("thorax"), "head_lead_deg": lead("head")}


TASK = Task(
    name="roll",
    body="humanoid",
    question="roll over, from supine to prone or back",
    settings=Settings,
    seconds=5.0,
    plan=plan,
    start_qpos=start_qpos,
    lead_in_s=lead_in_s,
    horizon_s=horizon_s,
    begin=begin,
    expert=expert,
    outcome=outcome,
    stays_when_done=True,
    reward_terms=reward_terms,
    goal=goal,
    measure=measure,
    measures={
        "rolled": movement("1", "share of trials that end as the roll should"),
        "turned_deg": movement(
            "deg", "how far the pelvis turned about its long axis at most, the roll's way"
        ),
        "roll_time_s": movement(
            "s", "time from the command to lying still; of a series, to its turn"
        ),
        **by_model(
            "metabolic_energy",
            "j",
            Measure(
                "J",
                "metabolic energy of the roll, basal included",
                group="Energy",
                source="power (metabolic_power_w) times the roll's time",
            ),
        ),
        **MOVEMENT_MEASURES,
        "thorax_lead_deg": Measure(
            "deg",
            "mean lead of the thorax over the pelvis",
            group="Alignment",
            source="choice",
        ),
        "head_lead_deg": Measure(
            "deg",
            "mean lead of the head over the pelvis",
            group="Alignment",
            source="choice",
        ),
        "smoothness_roll": Measure(
            "1",
            "of the pelvis' speed about its long axis",
            group="Smoothness",
            source=SMOOTHNESS_SOURCE,
        ),
        **BODY_MEASURES,
    },
)
