"""What every task offers: one shape, so that trials, environments and tests treat all alike."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from neurocoord.body.clock import BLOCK_S
from neurocoord.body.model import Body
from neurocoord.body.reading import BodyReading
from neurocoord.settings import unknown

Reach = Callable[[np.ndarray], np.ndarray]  # active state [muscle] -> drive [muscle]


class Measure(NamedTuple):
    """One outcome of a trial."""

    unit: str
    meaning: str
    variant_of: str = ""  # the measure that this is under another energy model
    model: str = ""  # that model, for people
    group: str = ""  # heading under which it is shown
    source: str = ""  # who defined it, or that it is a choice


@dataclass(frozen=True, kw_only=True)
class Push:
    """A push from outside: a force on one part of the body for a while, part of an experiment.

    As text ``body:start_s:duration_s:x,y,z``, for instance ``thorax:2.0:0.1:0,300,0``.
    """

    body: str = "thorax"
    start_s: float = 1.0  # the task's own time; 0 is where the task begins
    duration_s: float = 0.1
    force_n: tuple[float, float, float] = (0.0, 100.0, 0.0)  # world axes, at the centre of mass

    def __str__(self) -> str:
        force = ",".join(repr(float(f)) for f in self.force_n)
        return f"{self.body}:{float(self.start_s)!r}:{float(self.duration_s)!r}:{force}"

    @classmethod
    def from_text(cls, text: str) -> Push:
        """A push from ``body:start_s:duration_s:x,y,z``; ValueError says what is wrong."""
        parts = text.split(":")
        try:
            body, start, duration, force = parts
            x, y, z = force.split(",")
            numbers = [float(value) for value in (start, duration, x, y, z)]
        except ValueError:
            raise ValueError(
                f"push {text!r} is not of the form body:start_s:duration_s:x,y,z"
                " (s, s, N; x forward, y left, z up), such as thorax:2.0:0.1:0,300,0"
            ) from None
        return cls(
            body=body.strip(),
            start_s=numbers[0],
            duration_s=numbers[1],
            force_n=(numbers[2], numbers[3], numbers[4]),
        )


def check_pushes(body: Body, pushes: tuple[Push, ...]) -> None:
    """Refuse pushes that cannot be given; ValueError names what is allowed."""
    for push in pushes:
        if push.body not in body.bodies[1:]:
            raise ValueError(unknown("pushed body", push.body, body.bodies[1:]))
        if not np.isfinite([push.start_s, *push.force_n]).all():
            raise ValueError(f"push {push} is not allowed; its numbers must be finite")
        if not (np.isfinite(push.duration_s) and push.duration_s >= BLOCK_S):
            raise ValueError(
                f"push {push} is not allowed; duration_s must be {BLOCK_S} or more, a block"
            )


def forces_at(pushes: tuple[Push, ...], time_s: float, block_s: float) -> dict[str, np.ndarray]:
    """Force [3] (N) on each body that is pushed in the block that begins at ``time_s``."""
    forces: dict[str, np.ndarray] = {}
    middle = time_s + 0.5 * block_s
    for push in pushes:
        if push.start_s <= middle < push.start_s + push.duration_s:
            forces[push.body] = forces.get(push.body, 0.0) + np.array(push.force_n, float)
    return forces


def along_x(plan: Any, reading: BodyReading, env: int) -> float:
    """Direction of the way of a task without a goal (rad, from +x to the left)."""
    return 0.0


def no_pushes(plan: Any, rng: np.random.Generator) -> tuple[Push, ...]:
    """A task in which nothing outside the body acts on it but the floor."""
    return ()


class Trace(NamedTuple):
    """What happened to one body, by block of 4 ms, and by physics step of 2 ms where said."""

    time_s: np.ndarray  # [block], at the block's start; 0 is where the task begins
    qpos: np.ndarray  # [block, nq]
    qvel: np.ndarray  # [block, nv]
    wanted_angle: np.ndarray  # [block, joint], rad; NaN where the task asks for no posture
    drive: np.ndarray  # [block, muscle]
    active_state: np.ndarray  # [step, muscle]
    muscle_force_n: np.ndarray  # [step, muscle], pulling positive, passive force included
    muscle_length_m: np.ndarray  # [step, muscle]; less an elastic tendon's stretch
    muscle_velocity_m_per_s: np.ndarray  # [step, muscle], lengthening positive
    joint_torque_nm: np.ndarray  # [step, joint], of all muscles, in the joint's direction
    lever_torque_nm: np.ndarray  # [step], of a dynamometer's lever on its joint; 0 without one
    active_sum: np.ndarray  # [block, muscle, 2], share-weighted, slow and fast units
    spike_rate_sum: np.ndarray  # [block, muscle, 2], share-weighted spikes per second
    saturating_spike_rate_sum: np.ndarray  # the same, each spike weighted by the saturating law
    contact_force_n: np.ndarray  # [block, support], normal
    body_position_m: np.ndarray  # [block, body, 3]
    full_drive_fraction: np.ndarray  # [muscle], active state over tetanic at full drive
    ended: str  # "" when time was up, "done", "fell", or what MuJoCo warned of
    pushes: tuple[Push, ...] = ()  # the only forces from outside, beside gravity and the floor
    solves_unconverged: int = 0  # solves of the controller that fell back on coordinate descent


class Series(NamedTuple):
    """One quantity over the time of a trial, by block of 4 ms, with what it takes to read it."""

    values: np.ndarray  # [block] or [block, name]
    unit: str
    axis: str = ""  # what the second axis holds: "muscle", "joint", ...
    names: tuple[str, ...] = ()  # along the second axis


def no_series(body: Body, settings: Any, trace: Trace) -> dict[str, Series]:
    """A task whose course no figure shows."""
    return {}


class Task(NamedTuple):
    """A task: its settings, how it starts, its built-in controller, its reward and measures."""

    name: str
    body: str  # model it is done on
    question: str  # one line for people
    settings: type  # frozen dataclass of the task's own settings
    seconds: float  # default duration after the start, by its default settings
    plan: Callable[[Body, Any], Any]  # (body, settings) -> plan, the costly preparation
    start_qpos: Callable[[Body, Any, np.random.Generator], np.ndarray]  # (body, plan, rng)
    lead_in_s: Callable[[Any], float]  # time the built-in controller gets before time 0
    horizon_s: Callable[[Any], float]  # how far ahead its controller leads the motor units
    begin: Callable[[Any], Any]  # plan -> memory of the built-in controller
    expert: Callable[..., tuple[np.ndarray, np.ndarray, Any]]
    # (body, plan, memory, reading, env, time_s, low, high, reach, capacity [muscle] or None)
    #   -> (drive [muscle], wanted angle [joint], memory)
    outcome: Callable[[Body, Any, BodyReading, int, float], str]
    # (body, plan, reading, env, time_s) -> "" while it goes on, else "fell" or "done"
    reward_terms: Callable[[Body, Any, BodyReading, int, np.ndarray], dict[str, float]]
    # (body, plan, reading, env, drive [muscle]) -> named terms, each in [0, 1]
    goal: Callable[[Any], dict[str, float]]  # plan -> what the observation says of the task
    measure: Callable[[Body, Any, Trace], dict[str, float]]
    measures: dict[str, Measure]
    set_up: Callable[[str | Path, Any], Body] | None = None
    # (model name or path, settings) -> the body as the task straps it; None: as it is
    lever: Callable[[Any, float], tuple[float, float]] | None = None
    # (plan, time_s) -> angle (rad) and speed (rad/s) of a dynamometer's lever over the next block
    bearing_rad: Callable[[Any, BodyReading, int], float] = along_x
    # (plan, reading, env) -> direction of the way now, as the observation tells it
    pushes: Callable[[Any, np.random.Generator], tuple[Push, ...]] = no_pushes
    # (plan, rng) -> pushes that are the task's own experiment
    series: Callable[[Body, Any, Trace], dict[str, Series]] = no_series
    # (body, settings, trace) -> what a study keeps of every trial's course, for its figures
    lasts: Callable[[Any], float] | None = None  # settings -> default duration; None: seconds
    stays_when_done: bool = False  # environments go on to the end: their reward pays staying there
