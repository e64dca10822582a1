"""What every task offers: one shape, so that trials, environments and tests treat all alike."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from neurocoord.body.model import Body
from neurocoord.body.reading import BodyReading

Reach = Callable[[np.ndarray], np.ndarray]  # active state [muscle] -> drive [muscle]


class Measure(NamedTuple):
    """One outcome of a trial."""

    unit: str
    meaning: str
    variant_of: str = ""  # the measure that this is under another energy model
    model: str = ""  # that model, for people
    group: str = ""  # heading under which it is shown
    source: str = ""  # who defined it, or that it is a choice


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


class Task(NamedTuple):
    """A task: its settings, how it starts, its built-in controller, its reward and measures."""

    name: str
    body: str  # model it is done on
    question: str  # one line for people
    settings: type  # frozen dataclass of the task's own settings
    seconds: float  # default duration after the start
    plan: Callable[[Body, Any], Any]  # (body, settings) -> plan, the costly preparation
    start_qpos: Callable[[Body, Any, np.random.Generator], np.ndarray]  # (body, plan, rng)
    lead_in_s: Callable[[Any], float]  # time the built-in controller gets before time 0
    horizon_s: Callable[[Any], float]  # how far ahead its controller leads the motor units
    begin: Callable[[Any], Any]  # plan -> memory of the built-in controller
    expert: Callable[..., tuple[np.ndarray, np.ndarray, Any]]
    # (body, plan, memory, reading, env, time_s, low, high, reach)
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
