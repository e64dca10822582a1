"""One trial: a task, done by one body, under one synchronization strategy, with one seed."""

from __future__ import annotations

import difflib
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import numpy as np

from neurocoord import seeds, synchrony
from neurocoord.analysis import running
from neurocoord.body import model as bodies
from neurocoord.body import synergists
from neurocoord.body.ground import Ground, on_ground
from neurocoord.body.reading import BodyReading
from neurocoord.motorunits import counts, fatigue, input_noise, onset, orders, published
from neurocoord.motorunits.parameters import Coupling, PoolParameters, replaced
from neurocoord.muscle import unit_energy
from neurocoord.simulation import (
    BLOCK_S,
    TICK_S,
    TICKS_PER_BLOCK,
    Block,
    Simulation,
    SimulationFailed,
)
from neurocoord.tasks import task as find_task
from neurocoord.tasks.protocol import Measure, Push, Task, Trace, check_pushes, forces_at

TWITCH_TETANUS_RATIO = 0.2  # of saturating units (choice, within the 0.11 to 0.34 of soleus units)
ROTATION_GROUP = 20  # neighbours in size that take turns (choice)
CHOICES = {
    "counts": ("equal", *counts.RULES),
    "twitch": ("auto", "gain_1993", "saturating"),
    "order": ("size", "reversed", "rotation"),
}
NOISE_BLOCKS = 25  # the noise in the units' input is looked at every so many blocks (choice)
SETTLE_S = 0.3  # pools discharge at the first command before the body is let go (choice)


@dataclass(frozen=True, kw_only=True)
class Pools:
    """The motor units of the body's muscles."""

    n_units: int = 120  # of every muscle, where counts is "equal" (choice)
    counts: str = "equal"  # or each muscle's own number: "fitted", "low", "high"
    twitch: str = "auto"  # "gain_1993", "saturating"; auto: saturating at the dynamometer
    order: str = "size"  # of recruitment; or "reversed", "rotation"
    fatigue: bool = False  # capacity, slowing and rate adaptation of Potvin & Fuglevand 2017
    doublet_share: float = 0.0  # chance that a unit starts with a doublet
    onset_gain_hz: float = 0.0  # rate above its peak per unit of excitation at a fast onset
    onset_share: float | None = None  # of first phases in common at an onset; none: not drawn anew


@dataclass(frozen=True, kw_only=True)
class Synchrony:
    """How the units of a pool share their input."""

    strategy: str = "independent"
    strength: float = 1.0  # dial, 0 to 1
    scope: str = "pool"


@dataclass(frozen=True, kw_only=True)
class TrialConfig:
    """Everything that decides a trial; ``settings`` None means the task's own defaults."""

    task: str = "crawl"
    seed: int = 0
    seconds: float | None = None  # None: the task's own length
    body: str | None = None  # path of one that `neurocoord build` wrote; None: the task's own
    strength: float = 1.0  # of every muscle, over the body's own
    ground: Ground = field(default_factory=Ground)
    synchrony: Synchrony = field(default_factory=Synchrony)
    pools: Pools = field(default_factory=Pools)
    settings: Any = None
    pushes: tuple[Push, ...] = ()  # an experiment's own, beside those of the task


class Trial(NamedTuple):
    """A finished trial."""

    config: TrialConfig
    measures: dict[str, float]
    units: dict[str, str]
    trace: Trace
    ended: str  # as in the trace
    fell: bool
    discharge: running.UnitDischarge  # of every unit, from time 0 on
    first_unit: np.ndarray  # int64[muscle + 1]: whose units these are


def complete(config: TrialConfig) -> TrialConfig:
    """Check a config and fill in the task's defaults; errors name what is allowed."""
    task = find_task(config.task)
    synchrony.strategy(config.synchrony.strategy)
    seconds = task.seconds if config.seconds is None else config.seconds
    if not (np.isfinite(seconds) and seconds > 0):
        raise ValueError(f"seconds={config.seconds} is not allowed; it must be above 0")
    if config.seed < 0:
        raise ValueError(f"seed={config.seed} is not allowed; it must be 0 or more")
    settings = task.settings() if config.settings is None else config.settings
    return replace(config, seconds=float(seconds), settings=settings)


def find_body(config: TrialConfig) -> bodies.Body:
    """The body of a trial: the task's own, or another of its kind by path."""
    task = find_task(config.task)
    name = config.body or task.body
    body = bodies.load(name)
    if body.kind != task.body:
        raise ValueError(
            f"body={config.body!r} is a {body.kind}; {config.task} needs a {task.body}"
            f" (`neurocoord build --kind {task.body}`)"
        )
    if task.set_up is not None:
        body = task.set_up(name, complete(config).settings)
    check_pushes(body, config.pushes)
    return on_ground(body, config.ground, config.strength, name)


def make_pools(config: TrialConfig, body: bodies.Body) -> tuple[PoolParameters, Coupling]:
    """Pools of every muscle of the body and how their units are coupled."""
    pools = body_pools(config.pools, body)
    chosen = config.synchrony
    coupling = synchrony.strategy(chosen.strategy)(
        pools,
        strength=chosen.strength,
        scope=chosen.scope,
        groups=synergists.groups(body.muscles) if chosen.scope == "synergists" else None,
    )
    return pools, coupling


def body_pools(chosen: Pools, body: bodies.Body) -> PoolParameters:
    """Pools of every muscle of the body, with what was chosen; ValueError names what may be."""
    for name, allowed in CHOICES.items():
        value = getattr(chosen, name)
        if value not in allowed:
            near = difflib.get_close_matches(str(value), allowed, n=1, cutoff=0.0)[0]
            raise ValueError(
                f"pools.{name}={value!r} is not allowed; it may be {', '.join(allowed)};"
                f" nearest: {near!r}"
            )
    if chosen.onset_share is not None:
        onset.check_share(chosen.onset_share)
    n = np.full(len(body.muscles), chosen.n_units)
    if chosen.counts != "equal":
        n = counts.unit_counts(body.muscles, chosen.counts)
    options: dict[str, Any] = {
        "doublet_share": chosen.doublet_share,
        "onset_gain_hz": chosen.onset_gain_hz,
    }
    at_dynamometer = chosen.twitch == "auto" and body.kind == "dynamometer"
    if chosen.twitch == "saturating" or at_dynamometer:
        options["twitch_tetanus_ratio"] = TWITCH_TETANUS_RATIO
    if chosen.order == "rotation":
        options["rotation_group"] = ROTATION_GROUP
    if chosen.fatigue:
        rates = [fatigue.fatigue_rate_per_s(int(count)) for count in n]
        options["fatigue_rate_per_s"] = np.concatenate(rates)
        options["recovery_rate_per_s"] = fatigue.RECOVERY_RATE_PER_S
        options["slowing"] = fatigue.SLOWING
    pools = published.body_pools(n, body.table.type1_share, **options)
    if chosen.fatigue:
        pairs = zip(pools.first_unit[:-1], pools.first_unit[1:], strict=True)
        shares = [fatigue.adaptation_share(pools.recruitment_threshold[a:b]) for a, b in pairs]
        pools = replaced(pools, adaptation_share=np.concatenate(shares))
    return orders.reversed_order(pools) if chosen.order == "reversed" else pools


def full_drive_fraction(pools: PoolParameters) -> np.ndarray:
    """Share of tetanic force [muscle] that a pool gives at full drive."""
    return pools.max_force / np.add.reduceat(pools.tetanic_force, pools.first_unit[:-1])


class Runner:
    """A body at a task, stepped by block: what trials and environments share."""

    def __init__(
        self, config: TrialConfig, *, n_threads: int = 1, record_spikes: bool = False
    ) -> None:
        self.config = complete(config)
        self.task: Task = find_task(self.config.task)
        self.body = find_body(self.config)
        self.plan = self.task.plan(self.body, self.config.settings)
        self.pools, coupling = make_pools(self.config, self.body)
        self.simulation = Simulation(
            self.body,
            self.pools,
            coupling,
            seeds=[0],
            n_threads=n_threads,
            horizon_s=self.task.horizon_s(self.plan),
            record_spikes=record_spikes,
            onset_share=self.config.pools.onset_share,
        )
        self.reading: BodyReading = self.simulation.read()
        self.memory: Any = None
        self.time_s = 0.0
        self.pushes: tuple[Push, ...] = ()  # of this run: the config's and the task's own

    def reset(self, seed: int) -> None:
        """Start over: the body in the task's start, the pools discharging, before the lead-in."""
        rng = seeds.generator(seed, "start")
        qpos = self.task.start_qpos(self.body, self.plan, rng)
        self.reading = self.simulation.reset(qpos[None], seeds=[seeds.stream(seed, "units")])
        drawn = self.task.pushes(self.plan, seeds.generator(seed, "push"))
        check_pushes(self.body, drawn)
        self.pushes = (*self.config.pushes, *drawn)
        self.memory = self.task.begin(self.plan)
        self.time_s = -self.task.lead_in_s(self.plan)
        drive, _ = self.command()
        if drive.any():
            self.simulation.settle(drive[None], SETTLE_S)

    def command(self) -> tuple[np.ndarray, np.ndarray]:
        """What the built-in controller drives now, [muscle], and the posture it asks for."""
        low, high = self.simulation.bounds()
        drive, wanted, self.memory = self.task.expert(
            self.body,
            self.plan,
            self.memory,
            self.reading,
            0,
            self.time_s,
            low[0],
            np.maximum(high[0], low[0] + 1e-9),
            lambda active: self.simulation.drive_to_reach(active[None])[0],
        )
        return drive, wanted

    def advance(self, drive: np.ndarray) -> Block:
        """One block of 4 ms with a drive [muscle]."""
        self._apply_pushes()
        if self.task.lever is not None:
            self.simulation.drive_lever(0, *self.task.lever(self.plan, self.time_s))
        block = self.simulation.advance(drive[None])
        self.reading = self.simulation.read()
        self.time_s += BLOCK_S
        return block

    def _apply_pushes(self) -> None:
        forces = forces_at(self.pushes, self.time_s, BLOCK_S)
        for name in {push.body for push in self.pushes}:
            self.simulation.push(0, name, forces.get(name, np.zeros(3)))

    def outcome(self) -> str:
        """ "" while the task goes on, else "fell" or "done"."""
        return self.task.outcome(self.body, self.plan, self.reading, 0, self.time_s)


def run(config: TrialConfig, progress: Callable[[float], None] | None = None) -> Trial:
    """Run one trial with the task's built-in controller; ``progress`` gets shares from 0 to 1."""
    runner = Runner(config, record_spikes=True)
    config = runner.config
    assert config.seconds is not None
    runner.reset(config.seed)
    pools = runner.pools
    energy_units = unit_energy.unit_shares(pools.tetanic_force, pools.is_fast, pools.first_unit)
    slow_rate = unit_energy.slow_rate_init(1, pools.is_fast.size)
    n_blocks = round((config.seconds - runner.time_s) / BLOCK_S)
    rows: list[tuple] = []
    kinds = input_noise.kinds(runner.pools)
    sums = running.start(int(runner.pools.first_unit[-1]), len(kinds))
    ended = ""
    for index in range(n_blocks):
        ended = runner.outcome()
        if ended:
            break
        before, time_s = runner.reading, runner.time_s
        drive, wanted = runner.command()
        try:
            block = runner.advance(drive)
        except SimulationFailed as failure:
            ended = str(failure)
            break
        slow_rate, weighted = unit_energy.saturating_step(
            slow_rate, block.spikes, energy_units, tick_s=TICK_S
        )
        rows.append(_row(time_s, before, wanted, drive, block, weighted))
        if time_s > -0.5 * BLOCK_S:
            running.add_spikes(sums, block.spikes[0], index * TICKS_PER_BLOCK, TICK_S)
            if kinds and index % NOISE_BLOCKS == 0:
                running.add_noise(sums, runner.simulation.input_noise()[0])
        if progress is not None and index % 25 == 0:
            progress(index / n_blocks)
    else:
        ended = runner.outcome()
    trace = _trace(rows, full_drive_fraction(runner.pools), ended, runner.pushes)
    fell = ended not in ("", "done")
    discharge = running.discharge(sums, TICK_S)
    measures = {
        "fell": float(fell),
        **runner.task.measure(runner.body, runner.plan, trace),
        **running.measures(discharge),
    }
    units = {name: m.unit for name, m in measures_of(config.task).items()}
    return Trial(config, measures, units, trace, ended, fell, discharge, runner.pools.first_unit)


def measures_of(task: str) -> dict[str, Measure]:
    """Every measure of a trial of a task: whether it fell, the task's own, and of its units."""
    return {
        "fell": Measure("1", "1 if the trial ended in a fall", group="Movement", source="choice"),
        **find_task(task).measures,
        **{
            name: Measure(unit, meaning, group="Motor units", source="analysis/running.py")
            for name, (unit, meaning) in running.MEASURES.items()
        },
    }


def _row(
    time_s: float,
    reading: BodyReading,
    wanted: np.ndarray,
    drive: np.ndarray,
    block: Block,
    weighted_spike_sum: np.ndarray,
) -> tuple:
    return (
        time_s,
        reading.qpos[0],
        reading.qvel[0],
        wanted,
        drive,
        block.step_active_state[0],
        block.muscle_force_n[0],
        block.muscle_length_m[0],
        block.muscle_velocity_m_per_s[0],
        block.joint_torque_nm[0],
        block.lever_torque_nm[0],
        block.active_sum[0].mean(axis=0),
        block.spike_sum[0] / BLOCK_S,
        weighted_spike_sum[0] / BLOCK_S,
        reading.contact_force_n[0].sum(axis=-1),
        reading.body_position_m[0],
    )


def _trace(rows: list[tuple], fraction: np.ndarray, ended: str, pushes: tuple[Push, ...]) -> Trace:
    if not rows:
        raise ValueError("the trial ended before its first block: the start is already an end")
    columns = [np.array(column) for column in zip(*rows, strict=True)]
    by_step = slice(5, 11)
    columns[by_step] = [column.reshape(-1, *column.shape[2:]) for column in columns[by_step]]
    return Trace._make([*columns, fraction, ended, pushes])
