"""A crawl driven by a generator and synergies, corrected by the whole-body controller.

Every block the generator moves on and the synergies give an active state. The controller
(``allocation``) then asks for as little more or less than that as its feedback needs: its effort is
counted from the synergies' active state. It may look rarely, late, noisily, or without feeling some
limbs; between looks the synergies run on and the last correction is held.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from typing import NamedTuple

import numpy as np

from neurocoord.body.clock import BLOCK_S
from neurocoord.body.model import Body
from neurocoord.body.reading import BodyReading
from neurocoord.coordination import generator as generators
from neurocoord.coordination.allocation import ControllerGains, WarmStart, allocate
from neurocoord.coordination.crawl import (
    Crawl,
    Way,
    ask_on_way,
    begin_way,
    crawl_reference,
    follow_way,
)
from neurocoord.coordination.generator import Generator
from neurocoord.coordination.reference import GRAVITY_M_PER_S2, LIMBS, Reference
from neurocoord.coordination.synergies import Synergies, active_state_at

# joints of a limb, by the stems of their names
_JOINTS = {
    "hand": ("shoulder", "elbow", "pronation", "wrist", "girdle"),
    "knee": ("hip", "knee", "ankle", "subtalar"),
}


@dataclass(frozen=True, kw_only=True)
class Senses:
    """How often and how well the controller sees; the defaults are all it can be."""

    every_blocks: int = 1  # it looks once in so many blocks of 4 ms
    delay_blocks: int = 0  # what it sees is so old
    angle_noise_rad: float = 0.0  # SD, white, of every joint
    velocity_noise_rad_per_s: float = 0.0  # SD, white, of every joint
    feels: tuple[str, ...] = LIMBS  # limbs whose contact is felt


@dataclass(frozen=True, kw_only=True)
class Pace:
    """What is used beside feedback, and of how much worth it is."""

    effort: float = 1.0  # by which the cost of leaving the synergies' active state is multiplied
    has_feedback: bool = True  # else the synergies alone
    senses: Senses = field(default_factory=Senses)


class Paced(NamedTuple):
    """A crawl bound to a body, its generator, its synergies if any, and how it is sensed."""

    crawl: Crawl
    gains: ControllerGains
    generator: Generator
    synergies: Synergies | None
    pace: Pace
    limb_of_joint: np.ndarray  # int[joint], into LIMBS, or their number
    weight_n: float


class Memory(NamedTuple):
    """What is remembered between blocks."""

    way: Way
    phase: np.ndarray  # [limb], of the generator
    seen: tuple[BodyReading, ...]  # the last ones, oldest first
    correction: np.ndarray  # [muscle]
    wanted_angle: np.ndarray  # [joint]
    warm_start: WarmStart | None
    block: int


class Command(NamedTuple):
    """What one block asks for."""

    drive: np.ndarray  # [muscle]
    active_state: np.ndarray  # [muscle], asked for at the horizon
    feed_forward: np.ndarray  # [muscle], the synergies' part of it, within reach
    wanted_angle: np.ndarray  # [joint], rad


def make_paced(
    body: Body,
    crawl: Crawl,
    gains: ControllerGains,
    synergies: Synergies | None,
    pace: Pace,
    hold_above_bw: float = np.inf,
) -> Paced:
    """Bind all to a body."""
    limb = np.full(len(body.joints), len(LIMBS))
    for index, joint in enumerate(body.joints):
        for kind, stems in _JOINTS.items():
            if joint.split("_")[0] in stems:
                limb[index] = LIMBS.index(f"{kind}_{joint[-1]}")
    return Paced(
        crawl=crawl,
        gains=replace(gains, effort=gains.effort * pace.effort),
        generator=generators.make_generator(
            crawl.gait, crawl.speed_m_per_s, hold_above_bw=hold_above_bw
        ),
        synergies=synergies,
        pace=pace,
        limb_of_joint=limb,
        weight_n=body.mass_kg * GRAVITY_M_PER_S2,
    )


def begin(paced: Paced, reading: BodyReading, env: int) -> Memory:
    """On all fours, where the body is now."""
    n_joints, n_muscles = paced.limb_of_joint.size, reading.muscle_length_m.shape[1]
    return Memory(
        way=begin_way(paced.crawl, 0.0, reading, env),
        phase=generators.start(paced.generator),
        seen=(reading,),
        correction=np.zeros(n_muscles),
        wanted_angle=np.full(n_joints, np.nan),
        warm_start=None,
        block=0,
    )


def command(
    body: Body,
    paced: Paced,
    memory: Memory,
    reading: BodyReading,
    env: int,
    low: np.ndarray,
    high: np.ndarray,
    reach: Callable[[np.ndarray], np.ndarray],
    rng: np.random.Generator,
) -> tuple[Command, Memory]:
    """What to drive now, and what to remember. ``rng`` gives the noise of the senses."""
    senses = paced.pace.senses
    seen = (*memory.seen, reading)[-1 - senses.delay_blocks :]
    sensed = seen[0]
    feed_forward = np.zeros(low.size)
    if paced.synergies is not None:
        ahead = paced.gains.horizon_s / (paced.generator.stance_s + paced.generator.swing_s)
        at = generators.common(paced.generator, memory.phase) + ahead
        feed_forward = np.clip(active_state_at(paced.synergies, at), low, high)
    memory = memory._replace(seen=seen)
    if paced.pace.has_feedback and memory.block % senses.every_blocks == 0:
        sensed = _noisy(body, sensed, senses, paced.crawl, rng)
        memory = _look(body, paced, memory, sensed, env, low, high, feed_forward)
    asked = np.clip(feed_forward + memory.correction, low, high)
    load = _load_bw(paced, seen[0], env)
    phase = generators.step(paced.generator, memory.phase, load, BLOCK_S)
    given = Command(reach(asked), asked, feed_forward, memory.wanted_angle)
    return given, memory._replace(phase=phase, block=memory.block + 1)


def _look(
    body: Body,
    paced: Paced,
    memory: Memory,
    sensed: BodyReading,
    env: int,
    low: np.ndarray,
    high: np.ndarray,
    feed_forward: np.ndarray,
) -> Memory:
    """The correction that feedback asks for."""
    since_s = paced.pace.senses.every_blocks * BLOCK_S if memory.block else 0.0
    at = generators.common(paced.generator, memory.phase)
    time_s = float(at.mean()) / paced.crawl.table.cadence.frequency_hz
    way = follow_way(paced.crawl, memory.way, time_s, sensed, env, None, since_s)
    ask = partial(reference_at, paced, at)
    wanted = ask_on_way(paced.crawl, way, time_s, sensed, env, ask)
    given = allocate(
        body, sensed, env, wanted, low, high, paced.gains, memory.warm_start, feed_forward
    )
    return memory._replace(
        way=way,
        correction=given.active_state - feed_forward,
        wanted_angle=wanted.joint_angle,
        warm_start=given.warm_start,
    )


def reference_at(
    paced: Paced, phase: np.ndarray, way: Way, sideways_m_per_s: float = 0.0
) -> Reference:
    """What the gait asks for when each limb is at its own ``phase`` [limb] of the common cycle.

    Trunk and pelvis are at the mean phase.
    """
    frequency_hz = paced.crawl.table.cadence.frequency_hz
    mean = float(phase.mean())
    wanted = crawl_reference(paced.crawl, mean / frequency_hz, way, sideways_m_per_s)
    for limb, own in enumerate(phase):
        if abs(own - mean) < 1e-9:
            continue
        of_limb = crawl_reference(paced.crawl, own / frequency_hz, way, sideways_m_per_s)
        joints, supports = paced.limb_of_joint == limb, paced.crawl.limb == limb
        wanted.joint_angle[joints] = of_limb.joint_angle[joints]
        wanted.joint_velocity[joints] = of_limb.joint_velocity[joints]
        wanted.may_support[supports] = of_limb.may_support[supports]
    return wanted


def _noisy(
    body: Body, reading: BodyReading, senses: Senses, crawl: Crawl, rng: np.random.Generator
) -> BodyReading:
    """A reading with the noise of the senses, without the contacts that are not felt."""
    if senses == replace(Senses(), every_blocks=senses.every_blocks,
                         delay_blocks=senses.delay_blocks):  # fmt: skip
        return reading
    qpos, qvel = reading.qpos.copy(), reading.qvel.copy()
    shape = qpos[:, body.joint_qpos].shape
    qpos[:, body.joint_qpos] += senses.angle_noise_rad * rng.standard_normal(shape)
    qvel[:, body.joint_dof] += senses.velocity_noise_rad_per_s * rng.standard_normal(shape)
    felt = np.array([*(limb in senses.feels for limb in LIMBS), True])[crawl.limb]
    found = reading.contact_found & felt[:, None]
    return reading._replace(qpos=qpos, qvel=qvel, contact_found=found)


def _load_bw(paced: Paced, reading: BodyReading, env: int) -> np.ndarray:
    """What each limb bears [limb], in body weights."""
    force = reading.contact_force_n[env].sum(axis=-1)
    return np.array(
        [force[paced.crawl.limb == limb].sum() / paced.weight_n for limb in range(len(LIMBS))]
    )
