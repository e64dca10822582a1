"""Bodies and motor-unit pools on one clock: the one room that changes state in place.

tick 1 ms (motor units), physics step 2 ms (driven by the mean of its two ticks), control block
4 ms. A block is: drive -> motor units -> active state -> MuJoCo, for every body of the batch.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from copy import deepcopy
from typing import NamedTuple

import mujoco
import numpy as np
from mujoco.batch import Batch

from neurocoord.body.clock import BLOCK_S as BLOCK_S
from neurocoord.body.clock import TICKS_PER_BLOCK as TICKS_PER_BLOCK
from neurocoord.body.clock import step_control, steps_per_block
from neurocoord.body.dynamometer import elastic_muscles, find_lever
from neurocoord.body.model import Body
from neurocoord.body.reading import STAGE, BodyReading, make_reader, read
from neurocoord.motorunits import checks, kernel, onset, rate_model
from neurocoord.motorunits.discharge import drive_ramp
from neurocoord.motorunits.input_noise import input_noise
from neurocoord.motorunits.parameters import TICK_S as TICK_S
from neurocoord.motorunits.parameters import Coupling, PoolParameters
from neurocoord.motorunits.reach import drive_to_reach, reach_curves
from neurocoord.motorunits.state import capacity_left
from neurocoord.muscle import series_elastic
from neurocoord.muscle.mechanics import MuscleParameters, normalised_length, tendon_length_m

STEPS_PER_BLOCK = 2  # of the project's own models, whose time step is 2 ms
_CONTACTS = ("contact_found", "contact_force_n", "contact_position_m")
LEAST_FIBRE_LENGTH = 0.05  # of the optimal one; motor units do not tell lengths below 0.7 apart
_AT_START = ("actuator_length", "actuator_velocity")  # what a physics step starts from
_BY_STEP = ("actuator_force", "qfrc_actuator")  # what it computes


class Block(NamedTuple):
    """What a control block of 4 ms did, or some at one drive; records of a physics step describe
    its start."""

    drive: np.ndarray  # [env, tick, muscle]
    active_state: np.ndarray  # [env, tick, muscle]
    active_sum: np.ndarray  # [env, tick, muscle, 2], share-weighted, slow and fast units
    spike_sum: np.ndarray  # [env, muscle, 2], share-weighted spikes in it
    spikes: np.ndarray  # uint8[env, tick, unit], or empty when not recorded
    step_active_state: np.ndarray  # [env, step, muscle], what MuJoCo was driven by
    muscle_force_n: np.ndarray  # [env, step, muscle], pulling positive, passive force included
    muscle_length_m: np.ndarray  # [env, step, muscle]; less an elastic tendon's stretch
    muscle_velocity_m_per_s: np.ndarray  # [env, step, muscle], lengthening positive
    joint_torque_nm: np.ndarray  # [env, step, joint], of all muscles, in the joint's direction
    lever_torque_nm: np.ndarray  # [env, step], of a dynamometer's lever on its joint; 0 without one


class SimulationFailed(RuntimeError):
    """MuJoCo warned about an env (a divergence, or a control that is not a number)."""


class Snapshot(NamedTuple):
    """Everything needed to go on from a moment, bit for bit."""

    physics: np.ndarray
    pools: kernel.PoolState
    expected: rate_model.ExpectedState
    drive: np.ndarray
    fibre_length: np.ndarray
    elastic: tuple[np.ndarray, np.ndarray]  # fibre and path lengths of muscles with such tendons
    contacts: dict[str, np.ndarray]  # of the reading: MuJoCo's state does not hold them


def _held(drive: np.ndarray, n_blocks: int) -> np.ndarray:
    return np.repeat(drive[:, None], n_blocks * TICKS_PER_BLOCK, axis=1)


class Simulation:
    """``n_env`` bodies of one model, each muscle driven by its own pool of motor units; of
    ``n_threads`` each takes some of the bodies, or of the muscles, and no bit changes."""

    def __init__(
        self,
        body: Body,
        pools: PoolParameters,
        coupling: Coupling,
        *,
        seeds: Sequence[int],
        n_threads: int = 1,
        horizon_s: float = 0.02,
        record_spikes: bool = False,
        onset_share: float | None = None,
    ) -> None:
        n, given = len(body.muscles), pools.first_unit.size - 1
        if given != n:
            raise ValueError(f"pools has {given} muscles, body {body.name!r} has {n}")
        if len(seeds) == 0:
            raise ValueError("seeds is empty; give one seed for each env")
        checks.count("n_threads", n_threads)
        self.body = body
        self.pools = pools
        self.coupling = coupling
        self.n_env = len(seeds)
        self.feels_length = rate_model.has_length(pools)  # units, that of their fibres
        self.record_spikes = record_spikes
        self._onset_share = None if onset_share is None else onset.check_share(onset_share)
        self._n_threads = n_threads
        self._n_steps = steps_per_block(body.model.opt.timestep)
        self._horizon_s = horizon_s
        self._reach = reach_curves(pools, horizon_s)
        self._reach_of: rate_model.Decays | None = None  # the state that the curves belong to
        self._batch = Batch(body.model, self.n_env, n_threads, persistent=True)
        self._reader = make_reader(body, self._batch)
        self._ctrl = self._batch.bind("ctrl")
        self._qpos = self._batch.bind("qpos")
        self._qvel = self._batch.bind("qvel")
        self._push = self._batch.bind("xfrc_applied")
        self._lever = find_lever(body)
        names = (*_AT_START, *_BY_STEP, *(() if self._lever is None else ("qfrc_constraint",)))
        self._recorded = {name: self._batch.bind(name) for name in names}
        self._elastic = elastic_muscles(body)
        if self._elastic.size:
            self._fibres = MuscleParameters(*(p[self._elastic] for p in body.muscle_parameters))
            self._tendon = series_elastic.tendon(self._fibres)
        self._seen_warnings = np.zeros_like(self._batch.warning)
        self.reset(np.tile(body.model.qpos0, (self.n_env, 1)), seeds=seeds)

    def reset(
        self, qpos: np.ndarray, qvel: np.ndarray | None = None, *, seeds: Sequence[int]
    ) -> BodyReading:
        """Put every body at ``qpos`` [env, nq] (``qvel`` [env, nv]) with rested, silent pools."""
        if np.shape(qpos) != self._qpos.shape:
            raise ValueError(f"qpos has shape {np.shape(qpos)}, allowed is {self._qpos.shape}")
        self._batch.reset(stage=mujoco.mjtStage.mjSTAGE_NONE)
        self._qpos[:] = qpos
        self._qvel[:] = 0.0 if qvel is None else qvel
        self._push[:] = 0.0
        self._pool_state = kernel.init(self.pools, self.n_env, list(seeds))
        self._expected = rate_model.init(
            self.pools, self.n_env, block_s=BLOCK_S, horizon_s=self._horizon_s
        )
        self._limits: tuple[np.ndarray, np.ndarray] | None = None  # of the state as it is now
        self._drive = np.zeros((self.n_env, len(self.body.muscles)))
        self._restored_contacts: dict[str, np.ndarray] = {}
        self._seen_warnings[:] = self._batch.warning
        self._batch.forward()
        reading = self._refresh()
        length = reading.muscle_length_m.copy()
        self._path_m = length[:, self._elastic]  # [env, elastic muscle], also with no such muscle
        self._fibre_m = np.zeros_like(self._path_m)
        if self._elastic.size:
            self._fibre_m = series_elastic.at_rest(self._fibres, self._tendon, self._path_m)
            length[:, self._elastic] = self._fibre_m + tendon_length_m(self._fibres)
        self._fibre_length = self._normalised(length)
        return reading

    def read(self) -> BodyReading:
        """The bodies' state now (contacts are one physics step old)."""
        reading = read(self.body, self._reader)
        return reading._replace(**self._restored_contacts) if self._restored_contacts else reading

    def _refresh(self) -> BodyReading:
        """`read` after a write to the state: what follows from it is worked out anew."""
        self._batch.forward(stage=STAGE)
        return self.read()

    def bounds(self) -> tuple[np.ndarray, np.ndarray]:
        """Lowest and highest active state [env, muscle] the pools are expected to reach."""
        if self._limits is None:
            self._limits = rate_model.bounds(self.pools, self._expected)
        return self._limits

    def input_noise(self) -> np.ndarray:
        """Noise now in each unit's input [env, kind, unit], in its nominal SD."""
        return input_noise(self.pools, self.coupling, self._pool_state)

    def spikes(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Ticks of each env since its start [env]; of each unit the tick of its last spike (far
        below 0: none) and the number of its spikes [env, unit], settling included."""
        state = self._pool_state
        return state.tick.copy(), state.last_spike_tick.copy(), state.spike_count.copy()

    def expected_active_state(self) -> np.ndarray:
        """Expected active state [env, muscle] now, from the history of drive alone."""
        return rate_model.active_state(self.pools, self._expected)

    def expected_capacity(self) -> np.ndarray:
        """Share of tetanic force [env, muscle] that fatigue is expected to have left."""
        return capacity_left(self.pools, self._expected.slow)

    def drive_for(self, active_state: np.ndarray) -> np.ndarray:
        """Drive [env, muscle] that would hold an active state."""
        return rate_model.inverse(self.pools, active_state, self._expected)

    def drive_to_reach(self, active_state: np.ndarray) -> np.ndarray:
        """Drive [env, muscle] that brings the pools to an active state within the horizon."""
        decays = self._expected.decays  # another record after each slow step
        if self.pools.is_dynamic and decays is not self._reach_of:
            self._reach = reach_curves(self.pools, self._horizon_s, self._expected)
            self._reach_of = decays
        return drive_to_reach(self.pools, self._expected, self._reach, active_state, self.bounds())

    def advance(
        self, drive: np.ndarray, n_blocks: int = 1, ends: Callable[[], bool] | None = None
    ) -> Block:
        """Run one block of 4 ms; ``drive`` [env, muscle] in 0..1 is reached at its end.

        It is held for more blocks where ``n_blocks`` says so: the same bits as one by one, but
        faster, since the pools do all their ticks at once. ``ends`` is asked after each, and may
        write to the bodies; after True there is no next one (the pools are ahead then).
        """
        wanted = self._checked_drive(drive)
        if self.feels_length and n_blocks > 1:
            raise ValueError("n_blocks must be 1 where units feel their fibres' length")
        self._draw_first_phases(wanted)
        ticks = drive_ramp(self._drive, wanted, TICKS_PER_BLOCK)
        if n_blocks > 1:
            ticks = np.concatenate([ticks, _held(wanted, n_blocks - 1)], axis=1)
        output = self._drive_pools(ticks)
        self._drive = wanted
        self._restored_contacts = {}
        control = step_control(output.active_state, n_blocks * self._n_steps)
        records: list[dict[str, np.ndarray]] = []
        for of_block in np.split(control, n_blocks, axis=1):
            records.append(self._move(of_block))
            self._check()
            if ends is not None and ends():
                break
        record = {name: np.concatenate([r[name] for r in records], axis=1) for name in records[0]}
        control = control[:, : len(records) * self._n_steps]
        if self.feels_length:
            self._fibre_length = self._normalised(record["actuator_length"][:, -1])
        return Block(
            drive=ticks,
            **output._asdict(),
            step_active_state=control,
            muscle_force_n=-record["actuator_force"],
            muscle_length_m=record["actuator_length"],
            muscle_velocity_m_per_s=record["actuator_velocity"],
            joint_torque_nm=record["qfrc_actuator"][:, :, self.body.joint_dof],
            lever_torque_nm=self._lever_torque(record, control.shape[:2]),
        )

    def _move(self, control: np.ndarray) -> dict[str, np.ndarray]:
        """The physics steps of a block, with what is recorded of each, `[env, step, ..]`.

        Each step ends with the stages that `read` needs, and the next goes on from them, so that
        they are computed once.
        """
        n_steps = control.shape[1]
        record = {
            name: np.empty((self.n_env, n_steps, bound.shape[1]))
            for name, bound in self._recorded.items()
        }
        for step in range(n_steps):
            for name in _AT_START:
                record[name][:, step] = self._recorded[name]
            self._ctrl[:] = control[:, step]
            if self._elastic.size:
                self._pull_elastic(control[:, step], record, step)
            self._batch.step(stage=STAGE)
            for name in self._recorded.keys() - set(_AT_START):
                record[name][:, step] = self._recorded[name]
        return record

    def _pull_elastic(self, active: np.ndarray, record: dict[str, np.ndarray], step: int) -> None:
        """Muscles with elastic tendons pull as fibre and tendon in series do, by active states
        [env, muscle]; the record of a step then tells of their fibres."""
        dt_s, before = self.body.model.opt.timestep, self._fibre_m
        path = self._recorded["actuator_length"][:, self._elastic].copy()
        state = np.maximum(active[:, self._elastic], 0.0)
        moved = zip(before, state, self._path_m, path, strict=True)
        fibre = np.array([
            series_elastic.advance(self._fibres, self._tendon, *of_env, dt_s) for of_env in moved
        ])  # fmt: skip
        force = series_elastic.tendon_force_n(self._tendon, path - fibre)
        self._ctrl[:, self._elastic] = force
        record["actuator_length"][:, step, self._elastic] = fibre + tendon_length_m(self._fibres)
        record["actuator_velocity"][:, step, self._elastic] = (fibre - before) / dt_s
        self._fibre_m, self._path_m = fibre, path

    def settle(self, drive: np.ndarray, duration_s: float) -> None:
        """Let the pools come to a steady discharge at ``drive`` while the bodies are held still."""
        wanted = self._checked_drive(drive)
        self._draw_first_phases(wanted)
        held = _held(wanted, 1)
        for _ in range(round(duration_s / BLOCK_S)):
            self._drive_pools(held)
        self._drive = wanted

    def _checked_drive(self, drive: np.ndarray) -> np.ndarray:
        """A copy of a drive [env, muscle]; an error where its shape or a value is not allowed."""
        given = np.array(drive, float)
        if given.shape != self._drive.shape:
            raise ValueError(
                f"drive has shape {given.shape}, allowed is [env, muscle] = {self._drive.shape}"
            )
        if not (given.min() >= 0.0 and given.max() <= 1.0):
            env, muscle = np.argwhere(~((given >= 0.0) & (given <= 1.0)))[0]
            raise ValueError(
                f"drive of {self.body.muscles[muscle]!r} in env {env} is {given[env, muscle]},"
                " allowed is 0..1"
            )
        return given

    def _draw_first_phases(self, wanted: np.ndarray) -> None:
        """Where drive sets in after none, if onset synchrony was asked for."""
        if self._onset_share is None:
            return
        sets_in = (self._drive == 0.0) & (wanted > 0.0)
        if sets_in.any():
            pools, state = self.pools, self._pool_state
            onset.draw_first_phases(
                pools, self.coupling, state, self._onset_share, sets_in, out=state
            )

    def _normalised(self, length_m: np.ndarray) -> np.ndarray:
        length = normalised_length(self.body.muscle_parameters, length_m)
        return np.maximum(length, LEAST_FIBRE_LENGTH)

    def _drive_pools(self, ticks: np.ndarray) -> kernel.BlockOutput:
        length = self._fibre_length if self.feels_length else None
        of_block = ticks.reshape(self.n_env, -1, TICKS_PER_BLOCK, ticks.shape[2])
        self._pool_state, output = kernel.advance(
            self.pools,
            self.coupling,
            self._pool_state,
            ticks,
            fibre_length=length,
            record_spikes=self.record_spikes,
            n_threads=self._n_threads,
            out=self._pool_state,
        )
        self._expected = rate_model.advance(
            self.pools,
            self._expected,
            np.add.reduce(of_block, axis=2).swapaxes(0, 1) / TICKS_PER_BLOCK,
            fibre_length=length,
            n_threads=self._n_threads,
            out=self._expected,
        )
        self._limits = None
        return output

    def push(self, env: int, body_name: str, force_n: np.ndarray) -> None:
        """Push a body with a force (N, world) until told otherwise: an experiment's own push."""
        self._push[env].reshape(-1, 6)[self.body.bodies.index(body_name), :3] = force_n

    def drive_lever(self, env: int, angle_rad: float, speed_rad_per_s: float) -> None:
        """Put a dynamometer's lever at an angle of its joint, with a speed that it keeps."""
        if self._lever is None:
            name = self.body.name
            raise ValueError(f"body {name!r} has no lever; `body.dynamometer.with_lever` gives one")
        self._qpos[env, self._lever.qpos] = angle_rad
        self._qvel[env, self._lever.dof] = speed_rad_per_s
        self._batch.forward(stage=STAGE)  # the next step goes on from there

    def _lever_torque(self, record: dict[str, np.ndarray], shape: tuple[int, ...]) -> np.ndarray:
        if self._lever is None:
            return np.zeros(shape)
        return -record["qfrc_constraint"][:, :, self._lever.dof]

    def external_force(self) -> np.ndarray:
        """Largest applied generalised or Cartesian force of each env (N): zero but for pushes. A
        dynamometer's straps and lever act by constraints; the lever's torque is in every block."""
        applied = np.abs(self._batch.bind("qfrc_applied")).max(axis=1)
        return np.maximum(applied, np.abs(self._push).reshape(self.n_env, -1).max(axis=1))

    def snapshot(self) -> Snapshot:
        """A copy of everything, for ``restore``."""
        reading = self.read()
        return Snapshot(
            physics=self._batch.state.copy(),
            pools=deepcopy(self._pool_state),
            expected=deepcopy(self._expected),
            drive=self._drive.copy(),
            fibre_length=self._fibre_length.copy(),
            elastic=(self._fibre_m.copy(), self._path_m.copy()),
            contacts={name: getattr(reading, name) for name in _CONTACTS},
        )

    def restore(self, snapshot: Snapshot) -> BodyReading:
        """Go back to a snapshot of this simulation."""
        self._batch.state[:] = snapshot.physics
        self._pool_state = deepcopy(snapshot.pools)
        self._expected = deepcopy(snapshot.expected)
        self._limits = None
        self._drive = snapshot.drive.copy()
        self._fibre_length = snapshot.fibre_length.copy()
        self._fibre_m, self._path_m = (array.copy() for array in snapshot.elastic)
        self._restored_contacts = deepcopy(snapshot.contacts)
        return self._refresh()

    def _check(self) -> None:
        rose = (self._batch.warning - self._seen_warnings)[:, :, 1]  # env, kind; 0 is detail
        self._seen_warnings[:] = self._batch.warning
        if (bad := np.flatnonzero(rose.any(axis=1))).size:
            kinds = [mujoco.mjtWarning(int(w)).name for w in np.flatnonzero(rose[bad[0]])]
            raise SimulationFailed(
                f"MuJoCo warned in env {bad.tolist()} ({', '.join(kinds)}): the body diverged"
            )
