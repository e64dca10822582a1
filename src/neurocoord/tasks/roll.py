"""Rolling over from supine to prone."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from neurocoord.analysis.smoothness import SOURCE as SMOOTHNESS_SOURCE
from neurocoord.analysis.smoothness import spectral_arc_length
from neurocoord.body.model import Body
from neurocoord.body.postures import resting_height_m
from neurocoord.body.reading import BodyReading
from neurocoord.coordination.allocation import ControllerGains, WarmStart, allocate
from neurocoord.coordination.library import load_movement
from neurocoord.coordination.roll import (
    SUPINE,
    Roll,
    RollPlan,
    advance_clock,
    make_roll,
    posture_of,
    roll_angle,
    roll_reference,
    wanted_orientation,
)
from neurocoord.tasks.body_measures import BODY_MEASURES, Moments, body_measures, moments
from neurocoord.tasks.movement import (
    BLOCK_S,
    MOVEMENT_MEASURES,
    bump,
    by_model,
    metabolic_energies,
    movement,
    movement_measures,
    noisy_start,
)
from neurocoord.tasks.protocol import Measure, Reach, Task, Trace

MOVEMENT = "roll_supine_to_prone"  # in models/movements
PRONE_RANGE_RAD = (np.radians(150.0), np.radians(210.0))  # choice: within 30 degrees of prone
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
    """A roll: its keyframes, feedback gains, and how noisy the start is."""

    start_noise_rad: float = 0.03
    plan: RollPlan = field(default_factory=_plan)
    gains: ControllerGains = field(default_factory=_gains)


class Plan(NamedTuple):
    """A roll bound to a body."""

    settings: Settings
    roll: Roll
    thorax: int  # body index


class Memory(NamedTuple):
    """What the built-in controller remembers between blocks."""

    clock_s: float  # the roll's own time
    waited_s: float  # how long the clock has stood still
    warm_start: WarmStart | None


def plan(body: Body, settings: Settings) -> Plan:
    """Bind the keyframes to this body."""
    return Plan(settings, make_roll(body, settings.plan), body.bodies.index("thorax"))


def start_qpos(body: Body, plan: Plan, rng: np.random.Generator) -> np.ndarray:
    """Supine, arms at the sides, with a little noise."""
    supine = posture_of(body, SUPINE, plan.settings.plan.side)
    qpos = body.model.qpos0.copy()
    qpos[body.joint_qpos] = noisy_start(body, supine, plan.settings.start_noise_rad, rng)
    qpos[:3] = 0.0
    qpos[3:7] = wanted_orientation(HEAD_BACKWARD, 0.0)
    qpos[2] = resting_height_m(body.model, qpos) - 0.002
    return qpos


def lead_in_s(plan: Plan) -> float:
    """A short rest on the back, so that the noisy start comes to lie."""
    return 0.3


def horizon_s(plan: Plan) -> float:
    """As the gains say."""
    return plan.settings.gains.horizon_s


def begin(plan: Plan) -> Memory:
    """The roll's clock has not begun."""
    return Memory(0.0, 0.0, None)


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
) -> tuple[np.ndarray, np.ndarray, Memory]:
    """Drive [muscle] of the built-in controller, and the posture it asks for."""
    clock, waited = memory.clock_s, memory.waited_s
    if time_s > 0.0:
        clock, waited = advance_clock(plan.roll, reading, env, clock, waited, BLOCK_S)
    wanted = roll_reference(plan.roll, reading, env, clock)
    given = allocate(body, reading, env, wanted, low, high, plan.settings.gains, memory.warm_start)
    return reach(given.active_state), wanted.joint_angle, Memory(clock, waited, given.warm_start)


def roll_angles(plan: Plan, reading: BodyReading, env: int) -> tuple[float, float]:
    """Roll (rad) of pelvis and thorax: 0 supine, pi prone."""
    rotation = reading.body_rotation[env]
    return roll_angle(rotation[1], plan.roll.sign), roll_angle(
        rotation[plan.thorax], plan.roll.sign
    )


def outcome(body: Body, plan: Plan, reading: BodyReading, env: int, time_s: float) -> str:
    """Done when pelvis and thorax are both prone and have come to rest."""
    low, high = PRONE_RANGE_RAD
    is_prone = all(low < angle < high for angle in roll_angles(plan, reading, env))
    is_still = abs(reading.qvel[env, 5]) < STILL_RAD_PER_S
    return "done" if time_s > 0.0 and is_prone and is_still else ""


def reward_terms(
    body: Body, plan: Plan, reading: BodyReading, env: int, drive: np.ndarray
) -> dict[str, float]:
    """Named terms in [0, 1]: roll of pelvis and thorax, trunk together, little drive."""
    pelvis, thorax = roll_angles(plan, reading, env)
    return {
        "pelvis": float(np.clip(pelvis / np.pi, 0.0, 1.0)),
        "thorax": float(np.clip(thorax / np.pi, 0.0, 1.0)),
        "together": bump(pelvis - thorax, 1.5),
        "economy": 1.0 - float(drive.mean()),
    }


def goal(plan: Plan) -> dict[str, float]:
    """What the observation says of the task."""
    return {"side": plan.roll.sign}


def measure(body: Body, plan: Plan, trace: Trace) -> dict[str, float]:
    """Outcomes of one roll, over its time after the rest."""
    moving = trace.time_s >= 0.0
    rolled = trace.ended == "done"
    measures = movement_measures(body, trace, moving)
    duration = float(moving.sum() * BLOCK_S)
    at = moments(body, trace, moving)
    return {
        "rolled": float(rolled),
        "roll_time_s": duration if rolled else float("nan"),
        **metabolic_energies(measures, duration if rolled else float("nan")),
        **measures,
        **_turning(body, plan, at),
        "smoothness_roll": spectral_arc_length(np.abs(trace.qvel[moving, 5]), BLOCK_S),
        **body_measures(body, at),
    }


def _turning(body: Body, plan: Plan, at: Moments) -> dict[str, float]:
    """By how much thorax and head are ahead of the pelvis in the roll, mean (degrees)."""
    angles = {
        name: np.unwrap([roll_angle(r, plan.roll.sign) for r in at.seen.body_rotation[:, index]])
        for name, index in ((n, body.bodies.index(n)) for n in ("pelvis", "thorax", "head"))
    }

    def lead(name: str) -> float:
        ahead = angles[name] - angles["pelvis"]
        return float(np.degrees(ahead.mean())) if ahead.size else float("nan")

    return {"thorax_lead_deg": lead("thorax"), "head_lead_deg": lead("head")}


TASK = Task(
    name="roll",
    body="humanoid",
    question="roll over from supine to prone",
    settings=Settings,
    seconds=5.0,
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
    measures={
        "rolled": movement("1", "share of trials that end prone"),
        "roll_time_s": movement("s", "time from the command to lying prone"),
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
