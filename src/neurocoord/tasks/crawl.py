"""Crawling on hands and knees at a commanded speed."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import NamedTuple

import numpy as np

from neurocoord.body.model import Body
from neurocoord.body.postures import resting_height_m
from neurocoord.body.reading import BodyReading
from neurocoord.coordination.allocation import ControllerGains, WarmStart, allocate
from neurocoord.coordination.crawl import (
    Crawl,
    Way,
    ask_on_way,
    begin_way,
    crawl_reference,
    follow_way,
    make_crawl,
    start_way,
    yaw_rad,
)
from neurocoord.coordination.gait import Gait
from neurocoord.coordination.library import (
    Movement,
    check_alone,
    load_movement,
    movement_of,
)
from neurocoord.coordination.reference import Reference, wrapped
from neurocoord.coordination.size import gains_for
from neurocoord.coordination.strategies import Strategy, strategy
from neurocoord.tasks.body_measures import BODY_MEASURES, body_measures, moments
from neurocoord.tasks.gait_measures import FEET, GAIT_MEASURES, gait_measures
from neurocoord.tasks.movement import (
    BLOCK_S,
    MOVEMENT_MEASURES,
    blocks_since_s,
    bump,
    by_model,
    costs_of_transport,
    lowest_trunk_m,
    movement,
    movement_measures,
    noisy_start,
)
from neurocoord.tasks.protocol import Measure, Reach, Task, Trace

MOVEMENT = "crawl_hands_knees"  # in models/movements
FALLEN_HEIGHT_M = 0.27  # choice: pelvis or thorax origin below this is a fall
ARRIVED_M = 0.25  # choice: the pelvis this near its goal has arrived
FALLEN_YAW_RAD = np.pi / 3  # choice: turned away from the way


def _gait() -> Gait:
    found = load_movement(MOVEMENT).plan
    assert isinstance(found, Gait)
    return found


def _gains() -> ControllerGains:
    return load_movement(MOVEMENT).gains


@dataclass(frozen=True, kw_only=True)
class Settings:
    """A crawl: commanded speed, where to, gait, feedback gains, and how noisy the start is."""

    speed_m_per_s: float = 0.40  # negative: backward
    goal_m: tuple[float, float] | None = None  # a place on the floor to turn to; none: along +x
    start_noise_rad: float = 0.01
    allocation: str = "effort"  # or "fatigue", "co_contraction", "stabilizers"
    allocation_dial: float = 1.0  # 0: as effort
    allocation_joints: tuple[str, ...] = ()  # of the last two; none: all
    senses_delay_s: float = 0.0  # the controller plans on an internal model led over it
    model_error: float = 1.0  # of that model: masses times it, strengths divided by it
    movement: str = ""  # one of models/movements, in place of gait and gains
    gait: Gait = field(default_factory=_gait)
    gains: ControllerGains = field(default_factory=_gains)


class Plan(NamedTuple):
    """A crawl bound to a body."""

    settings: Settings
    crawl: Crawl
    gains: ControllerGains  # for this body's size
    strategy: Strategy


class Memory(NamedTuple):
    """What the built-in controller remembers between blocks."""

    way: Way | None  # none before the first block
    warm_start: WarmStart | None
    asked_s: float | None  # when it was last asked; none: never


def plan(body: Body, settings: Settings) -> Plan:
    """Tabulate the gait for this body and speed."""
    chosen = strategy(
        body, settings.allocation, settings.allocation_dial, settings.allocation_joints
    )
    check_alone(settings, "gait", "gains")
    found = Movement(settings.gait, settings.gains)
    if settings.movement:
        found = movement_of(Gait, "crawl", settings.movement)
    assert isinstance(found.plan, Gait)
    crawl = make_crawl(body, found.plan, settings.speed_m_per_s)
    return Plan(settings, crawl, gains_for(body, found.gains), chosen)


def start_qpos(body: Body, plan: Plan, rng: np.random.Generator) -> np.ndarray:
    """On hands and knees, as the cycle begins, with a little noise."""
    wanted = crawl_reference(plan.crawl, -1.0, start_way(np.zeros(2)))
    qpos = body.model.qpos0.copy()
    qpos[3:7] = wanted.root_quaternion
    qpos[body.joint_qpos] = noisy_start(
        body, wanted.joint_angle, plan.settings.start_noise_rad, rng
    )
    qpos[:3] = wanted.root_position_m
    qpos[2] = resting_height_m(body.model, qpos) - 0.002
    return qpos


def lead_in_s(plan: Plan) -> float:
    """Half a second of standing still on all fours."""
    return 0.5


def horizon_s(plan: Plan) -> float:
    """As the gains say."""
    return plan.gains.horizon_s


def begin(plan: Plan) -> Memory:
    """Nothing is known yet."""
    return Memory(None, None, None)


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
    since_s = blocks_since_s(time_s, memory.asked_s)
    wanted, way = reference(plan, memory.way, reading, env, time_s, since_s)
    given = allocate(
        body,
        reading,
        env,
        wanted,
        low,
        high,
        plan.gains,
        memory.warm_start,
        strategy=plan.strategy,
        capacity=capacity,
    )
    return reach(given.active_state), wanted.joint_angle, Memory(way, given.warm_start, time_s)


def reference(
    plan: Plan,
    way: Way | None,
    reading: BodyReading,
    env: int,
    time_s: float,
    since_s: float = BLOCK_S,
) -> tuple[Reference, Way]:
    """What the gait asks for now, and the way on which the body is, ``since_s`` after ``way``."""
    crawl = plan.crawl
    if way is None or time_s <= 0.0:
        way = begin_way(crawl, time_s, reading, env)
    else:
        way = follow_way(crawl, way, time_s, reading, env, plan.settings.goal_m, since_s)
    ask = partial(crawl_reference, crawl, time_s)
    return ask_on_way(crawl, way, time_s, reading, env, ask), way


def outcome(body: Body, plan: Plan, reading: BodyReading, env: int, time_s: float) -> str:
    """Fallen, or turned away from its way; done at the goal, and never without one."""
    goal = plan.settings.goal_m
    turned = goal is None and abs(yaw_rad(reading, env)) > FALLEN_YAW_RAD
    if turned or lowest_trunk_m(body, reading, env) < FALLEN_HEIGHT_M:
        return "fell"
    if goal is not None and np.linalg.norm(np.subtract(goal, reading.qpos[env, :2])) < ARRIVED_M:
        return "done"
    return ""


def bearing_rad(plan: Plan, reading: BodyReading, env: int) -> float:
    """Where the body is to face: along +x, or from the pelvis to the goal, its back to it in
    crawling backward."""
    if plan.settings.goal_m is None:
        return 0.0
    away = np.subtract(plan.settings.goal_m, reading.qpos[env, :2])
    away *= -1.0 if plan.settings.speed_m_per_s < 0.0 else 1.0
    return float(np.arctan2(away[1], away[0]))


def reward_terms(
    body: Body, plan: Plan, reading: BodyReading, env: int, drive: np.ndarray
) -> dict[str, float]:
    """Named terms in [0, 1]: speed along the way, heading, height, little drive."""
    bearing = bearing_rad(plan, reading, env)
    speed = float(reading.qvel[env, :2] @ [np.cos(bearing), np.sin(bearing)])
    return {
        "speed": bump(speed - plan.settings.speed_m_per_s, 0.2),
        "heading": bump(wrapped(yaw_rad(reading, env) - bearing), 0.4),
        "height": float(np.clip(lowest_trunk_m(body, reading, env) / 0.40, 0.0, 1.0)),
        "economy": 1.0 - float(drive.mean()),
    }


def goal(plan: Plan) -> dict[str, float]:
    """What the observation says of the task."""
    return {"commanded_speed_m_per_s": plan.settings.speed_m_per_s}


def measure(body: Body, plan: Plan, trace: Trace) -> dict[str, float]:
    """Outcomes of one crawl, over its time after the start."""
    moving = trace.time_s >= 0.0
    time = trace.time_s[moving]
    along, aside = _on_the_way(plan, trace.qpos[moving, :2])
    duration = float(time[-1] - time[0])
    measures = movement_measures(body, trace, moving)
    distance = float(along[-1])
    stance = plan.crawl.table.in_stance
    phase = (time * plan.crawl.table.cadence.frequency_hz % 1.0 * len(stance)).astype(int)
    swings = ~stance[phase]
    loaded = _loads_n(body, plan, trace.contact_force_n[moving]) > 5.0
    measures.update(
        speed_m_per_s=distance / duration if duration > 0 else float("nan"),
        distance_m=distance,
        sideways_drift_m=float(np.abs(aside).max()),
        swing_contact_share=float((swings & loaded).sum() / max(swings.sum(), 1)),
        **costs_of_transport(body, measures, duration, abs(distance)),
    )
    at = moments(body, trace, moving)
    measures.update(gait_measures(body, trace, moving, at, measures["speed_m_per_s"]))
    measures.update(body_measures(body, at))
    return measures


def _on_the_way(plan: Plan, at_m: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """How far along its way and to the left of it [block] (m) a body at [block, 2] has come: the
    line from its start along +x, or to the goal; backward without a goal it comes to less than 0.
    """
    moved, way = at_m - at_m[0], np.array([1.0, 0.0])
    if plan.settings.goal_m is not None:
        away = np.subtract(plan.settings.goal_m, at_m[0])
        way = away / max(float(np.linalg.norm(away)), 1e-9)
        way *= -1.0 if plan.settings.speed_m_per_s < 0.0 else 1.0
    return moved @ way, moved @ np.array([-way[1], way[0]])


def _loads_n(body: Body, plan: Plan, contact_force_n: np.ndarray) -> np.ndarray:
    """Load of each limb [block, limb] (N) by its contacts' [block, support]; feet may drag."""
    limb = np.where(np.isin(body.support.groups, FEET), -1, plan.crawl.limb)
    n_limb = plan.crawl.table.in_stance.shape[1]
    return np.stack([contact_force_n[:, limb == k].sum(axis=1) for k in range(n_limb)], axis=1)


TASK = Task(
    name="crawl",
    body="humanoid",
    question="crawl on hands and knees at a commanded speed",
    settings=Settings,
    seconds=10.0,
    plan=plan,
    start_qpos=start_qpos,
    lead_in_s=lead_in_s,
    horizon_s=horizon_s,
    begin=begin,
    expert=expert,
    outcome=outcome,
    reward_terms=reward_terms,
    goal=goal,
    bearing_rad=bearing_rad,
    measure=measure,
    measures={
        "speed_m_per_s": movement("m/s", "mean speed along the way"),
        "distance_m": movement("m", "distance along the way"),
        "sideways_drift_m": movement("m", "largest departure from the straight way"),
        "swing_contact_share": movement(
            "1", "share of commanded swing in which the limb bears over 5 N"
        ),
        **by_model(
            "cost_of_transport",
            "j_per_kg_m",
            Measure(
                "J/kg/m",
                "metabolic energy with basal, over mass and way",
                group="Energy",
                source="gross cost of transport, Schmidt-Nielsen 1972",
            ),
        ),
        **MOVEMENT_MEASURES,
        **GAIT_MEASURES,
        **BODY_MEASURES,
    },
)
