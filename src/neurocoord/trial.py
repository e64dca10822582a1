"""One trial: a task, done by one body, under one synchronization strategy, with one seed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import numpy as np

from neurocoord import seeds, senses, synchrony
from neurocoord.analysis import running, running_emg
from neurocoord.body import model as bodies
from neurocoord.body import synergists
from neurocoord.body.ground import Ground, on_ground
from neurocoord.body.reading import BodyReading
from neurocoord.coordination import reflexes
from neurocoord.coordination.reflexes import Reflexes
from neurocoord.motorunits import input_noise, trains
from neurocoord.motorunits.parameters import Coupling, PoolParameters
from neurocoord.muscle import unit_energy
from neurocoord.pools import CHOICES as CHOICES
from neurocoord.pools import ROTATION_GROUP as ROTATION_GROUP
from neurocoord.pools import TWITCH_TETANUS_RATIO as TWITCH_TETANUS_RATIO
from neurocoord.pools import Pools as Pools
from neurocoord.pools import body_pools as body_pools
from neurocoord.pools import full_drive_fraction as full_drive_fraction
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

NOISE_BLOCKS = 25  # the noise in the units' input is looked at every so many blocks (choice)
_OF_UNITS = {"running": running.MEASURES, "running_emg": running_emg.MEASURES}
SETTLE_S = 0.3  # pools discharge at the first command before the body is let go (choice)


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
    reflexes: Reflexes = field(default_factory=Reflexes)  # all off by default
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
    spikes: trains.SpikeTrains | None = None  # of every unit, tick 0 at time 0; where asked for


def complete(config: TrialConfig) -> TrialConfig:
    """Check a config and fill in the task's defaults; errors name what is allowed."""
    task = find_task(config.task)
    synchrony.strategy(config.synchrony.strategy)
    settings = task.settings() if config.settings is None else config.settings
    if not isinstance(settings, task.settings):
        given, takes = type(settings).__module__, task.settings.__module__
        raise ValueError(f"settings are of {given}; {config.task} takes those of {takes}")
    seconds = config.seconds
    if seconds is None:
        seconds = task.seconds if task.lasts is None else task.lasts(settings)
    if not (np.isfinite(seconds) and seconds > 0):
        raise ValueError(f"seconds={config.seconds} is not allowed; it must be above 0")
    if config.seed < 0:
        raise ValueError(f"seed={config.seed} is not allowed; it must be 0 or more")
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
    return pools, make_coupling(config.synchrony, body, pools)


def make_coupling(chosen: Synchrony, body: bodies.Body, pools: PoolParameters) -> Coupling:
    """How the units of a body's pools are coupled."""
    return synchrony.strategy(chosen.strategy)(
        pools,
        strength=chosen.strength,
        scope=chosen.scope,
        groups=synergists.groups(body.muscles) if chosen.scope == "synergists" else None,
    )


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
        self.senses = senses.of_settings(self.body, self.config.settings)
        self.reading: BodyReading = self.simulation.read()
        self.wiring: reflexes.Wiring | None = None  # none where every reflex is off
        if not reflexes.is_off(self.config.reflexes):
            self.wiring = reflexes.wire(self.body, self.config.reflexes, self.reading.moment_arm[0])
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
        self._begin_senses()
        drive, _ = self.command()
        if drive.any():
            self.simulation.settle(drive[None], SETTLE_S)
            self._begin_senses()

        if self.wiring is not None:
            arm = self.reading.moment_arm[0]
            self.wiring = reflexes.wire(self.body, self.config.reflexes, arm)
            self._reflex_state = reflexes.init(self.wiring)
            self._force_n = np.zeros(len(self.body.muscles))

    def _begin_senses(self) -> None:
        if self.senses is not None:
            self.senses.reset(self.reading, self.simulation.expected_active_state()[0])

    def command(self) -> tuple[np.ndarray, np.ndarray]:
        """What the built-in controller drives now, [muscle], and the posture it asks for."""
        low, high = self.simulation.bounds()
        body, felt = self.body, self.reading
        if self.senses is not None:
            body, felt = self.senses.body, self.senses.predict(self.reading)
        drive, wanted, self.memory = self.task.expert(
            body,
            self.plan,
            self.memory,
            felt,
            0,
            self.time_s,
            low[0],
            np.maximum(high[0], low[0] + 1e-9),
            lambda active: self.simulation.drive_to_reach(active[None])[0],
            self.simulation.expected_capacity()[0],
        )
        return drive, wanted

    def advance(self, drive: np.ndarray) -> Block:
        """One block of 4 ms with a drive [muscle], to which reflexes add; ``drive`` has the sum."""
        self._before_block()
        self.drive = drive if self.wiring is None else self._with_reflexes(self.wiring, drive)
        block = self.simulation.advance(self.drive[None])
        self._force_n = block.muscle_force_n[0, -1]
        self._after_block()
        if self.senses is not None:
            self.senses.after_block(self.reading, self.simulation.expected_active_state()[0])
        return block

    def advance_held(self, drive: np.ndarray, n_blocks: int, ends: Callable[[], bool]) -> Block:
        """Blocks at one drive [muscle], until ``ends`` after one of them; the last one's record.

        Where nothing but the drive reaches the motor units they are run at once, which gives the
        same bits faster; the record is then of all blocks.
        """
        alone = self.wiring is None and self.senses is None and not self.simulation.feels_length
        if not alone:
            for _ in range(n_blocks):
                block = self.advance(drive)
                if ends():
                    break
            return block

        def after_block() -> bool:
            self._after_block()
            if ends():
                return True
            self._before_block()
            return False

        self._before_block()
        self.drive = drive
        return self.simulation.advance(drive[None], n_blocks, after_block)

    def _before_block(self) -> None:
        self._apply_pushes()
        if self.task.lever is not None:
            self.simulation.drive_lever(0, *self.task.lever(self.plan, self.time_s))

    def _after_block(self) -> None:
        self.reading = self.simulation.read()
        self.time_s += BLOCK_S

    def _with_reflexes(self, wiring: reflexes.Wiring, drive: np.ndarray) -> np.ndarray:
        added, self._reflex_state = reflexes.step(
            wiring, self.body, self._reflex_state, self.reading, 0, self._force_n
        )
        return np.clip(drive + added, 0.0, 1.0)

    def _apply_pushes(self) -> None:
        forces = forces_at(self.pushes, self.time_s, BLOCK_S)
        for name in {push.body for push in self.pushes}:
            self.simulation.push(0, name, forces.get(name, np.zeros(3)))

    def solves_unconverged(self) -> int:
        """Solves of the built-in controller since the reset that fell back on a slower method."""
        warm_start = getattr(self.memory, "warm_start", None)
        return 0 if warm_start is None else int(warm_start.n_unconverged)

    def outcome(self) -> str:
        """ "" while the task goes on, else "fell" or "done"."""
        return self.task.outcome(self.body, self.plan, self.reading, 0, self.time_s)


def run(
    config: TrialConfig,
    progress: Callable[[float], None] | None = None,
    *,
    keep_spikes: bool = False,
) -> Trial:
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
    emg = running_emg.start(pools, TICK_S)
    rasters: list[np.ndarray] = []
    ended = ""
    for index in range(n_blocks):
        ended = runner.outcome()
        if ended:
            break
        before, time_s = runner.reading, runner.time_s
        try:
            drive, wanted = runner.command()
            block = runner.advance(drive)
        except SimulationFailed as failure:
            ended = str(failure)
            break
        slow_rate, weighted = unit_energy.saturating_step(
            slow_rate, block.spikes, energy_units, tick_s=TICK_S
        )
        rows.append(_row(time_s, before, wanted, runner.drive, block, weighted))
        if time_s > -0.5 * BLOCK_S:
            running.add_spikes(sums, block.spikes[0], index * TICKS_PER_BLOCK, TICK_S)
            running_emg.add_spikes(emg, block.spikes[0])
            if keep_spikes:
                fired = np.argwhere(block.spikes[0])
                fired[:, 0] += len(rasters) * TICKS_PER_BLOCK
                rasters.append(fired)
            if kinds and index % NOISE_BLOCKS == 0:
                running.add_noise(sums, runner.simulation.input_noise()[0])
        if progress is not None and index % 25 == 0:
            progress(index / n_blocks)
    else:
        ended = runner.outcome()
    trace = _trace(
        rows, full_drive_fraction(runner.pools), ended, runner.pushes, runner.solves_unconverged()
    )
    fell = ended not in ("", "done")
    discharge = running.discharge(sums, TICK_S)
    of_task = dict.fromkeys(runner.task.measures, float("nan"))
    if trace.time_s[-1] >= 0.0:  # else it fell before the task began
        of_task |= runner.task.measure(runner.body, runner.plan, trace)
    measures = {
        "fell": float(fell),
        **of_task,
        **running.measures(discharge),
        **running_emg.measures(emg),
    }
    units = {name: m.unit for name, m in measures_of(config.task).items()}
    first_unit = runner.pools.first_unit
    n_ticks = max(1, len(rasters) * TICKS_PER_BLOCK)
    spikes = trains.from_spikes(rasters, int(first_unit[-1]), n_ticks) if keep_spikes else None
    return Trial(config, measures, units, trace, ended, fell, discharge, first_unit, spikes)


def measures_of(task: str) -> dict[str, Measure]:
    """Every measure of a trial of a task: whether it fell, the task's own, and of its units."""
    return {
        "fell": Measure("1", "1 if it fell or could not go on", group="Movement", source="choice"),
        **find_task(task).measures,
        **{
            name: Measure(unit, meaning, group="Motor units", source=f"analysis/{room}.py")
            for room, table in _OF_UNITS.items()
            for name, (unit, meaning) in table.items()
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


def _trace(
    rows: list[tuple],
    fraction: np.ndarray,
    ended: str,
    pushes: tuple[Push, ...],
    solves_unconverged: int,
) -> Trace:
    if not rows:
        raise ValueError("the trial ended before its first block: the start is already an end")
    columns = [np.array(column) for column in zip(*rows, strict=True)]
    by_step = slice(5, 11)
    columns[by_step] = [column.reshape(-1, *column.shape[2:]) for column in columns[by_step]]
    return Trace._make([*columns, fraction, ended, pushes, solves_unconverged])
