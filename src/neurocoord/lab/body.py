"""The lab's body, live: it rolls or crawls, is pushed, and is measured while it moves.

    body = LiveBody(BodyDials(task="roll"))
    body.advance(0.1)
    body.picture()

No page here, and nothing that grows: figures are taken over the last seconds.
"""

from __future__ import annotations

from collections import deque
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from neurocoord.analysis import joint_mechanics as joints
from neurocoord.body.figure import Figure, Pose
from neurocoord.body.model import muscle_index
from neurocoord.lab.dials import NEW_TASK, BodyDials, changed
from neurocoord.lab.rings import Ring
from neurocoord.muscle import energetics, mechanics
from neurocoord.pools import full_drive_fraction
from neurocoord.settings import unknown
from neurocoord.simulation import BLOCK_S, TICK_S, TICKS_PER_BLOCK, Block, SimulationFailed
from neurocoord.tasks.body_measures import CHAINS, JOINTS, SIDES
from neurocoord.tasks.movement import ENERGY_MODELS, energetic_parameters
from neurocoord.tasks.protocol import Push, check_pushes
from neurocoord.trial import Pools, Runner, Synchrony, TrialConfig, make_coupling

F64 = NDArray[np.float64]

FIGURES_S = 2.0  # over which figures are taken
MOMENT_BLOCKS = 5  # blocks whose means figures are taken of
MOMENT_S = MOMENT_BLOCKS * BLOCK_S
NOW_MOMENTS = 12  # a quarter of a second
SPIKES_S = 2.0  # of the muscle that is watched
N_UNITS = 60  # of each muscle (choice): a trial's 120 do not keep up with real time
MOST_SPIKES = 12_000  # kept of the muscle that is looked into (choice)
PUSH_S = 0.1
MOST_PUSH_N = 500.0
WAYS = {"left": (0.0, 1.0), "right": (0.0, -1.0), "ahead": (1.0, 0.0), "back": (-1.0, 0.0)}
PUSHED = "thorax"
BASAL = energetics.BASAL_W_PER_KG


class Moment(NamedTuple):
    """What is kept of every 20 ms."""

    time_s: float
    place_m: F64  # [2] of the pelvis
    power_w: float  # metabolic, above basal
    chain_force_n: F64  # [anterior, posterior, lateral], active
    torque_nm: F64  # [joint, side, way] of active forces


class Figures(NamedTuple):
    """How it goes, over the last seconds; NaN where there is nothing to measure."""

    seconds: float
    speed_m_per_s: float
    power_w_per_kg: float  # metabolic, basal included
    cost_j_per_kg_m: float
    chain_share: dict[str, float]  # of active force-time
    chain_share_now: dict[str, float]  # the same over the last quarter of a second
    cocontraction_percent: dict[str, float]  # of each joint


class Watched(NamedTuple):
    """Motor units of one muscle."""

    muscle: str
    n_units: int
    spike_time_s: F64  # [spike], the last seconds
    spike_unit: NDArray[np.int64]  # [spike]
    drive: float
    active_state: float
    rate_hz: float  # mean of the units that fired


class Picture(NamedTuple):
    """All that a page shows of a moment."""

    time_s: float
    outcome: str  # "", "done", "fell", or what went wrong
    pose: Pose
    active_state: F64  # [muscle]
    contact_m: F64  # [contact, 3]
    contact_force_n: F64  # [contact]
    figures: Figures
    watched: Watched
    pushed: bool  # now, or just before
    n_pushes: int  # since it began


class LiveBody:
    """A body at a task, whose dials may be turned while it moves."""

    def __init__(self, dials: BodyDials | None = None, seed: int = 1) -> None:
        self.dials = dials or BodyDials()
        self.seed = seed
        self._watch = ""
        self._build()

    def _build(self) -> None:
        self._runner = Runner(_config(self.dials, self.seed))
        self.body = self._runner.body
        self.figure = Figure(self.body)
        if self._watch not in self.body.muscles:
            self._watch = self.body.muscles[0]
        parameters = full_drive_fraction(self._runner.pools)
        self._energetics = energetic_parameters(self.body, parameters)
        self._chains = np.array([np.array(self.body.table.chain) == c for c in _CHAINS], float)
        self.restart()

    def restart(self) -> None:
        """Begin anew, from the task's start."""
        self._runner.reset(self.seed)
        self.outcome, self.n_pushes = "", 0
        self._moments: deque[Moment] = deque(maxlen=round(FIGURES_S / MOMENT_S))
        self._sums: list[F64] = []
        self._n_summed = 0
        self._active = np.zeros(len(self.body.muscles))
        self._drive = np.zeros(len(self.body.muscles))
        self._forget_spikes()

    def _forget_spikes(self) -> None:
        self._spikes = Ring(MOST_SPIKES, (2,))  # times, units
        self._watched_since_s = self._runner.time_s

    @property
    def muscle_names(self) -> tuple[str, ...]:
        """What people call each muscle, behind its short name."""
        table, sides = self.body.table, {"r": "right", "l": "left"}
        named = zip(self.body.muscles, table.full_name, table.side)
        return tuple(f"{name} ({full}, {sides[side]})" for name, full, side in named)

    @property
    def time_s(self) -> float:
        """The task's own time; it begins before 0."""
        return self._runner.time_s

    def set_dials(self, dials: BodyDials) -> None:
        """Turn all dials at once; those of the task itself begin anew."""
        turned = changed(self.dials, dials)
        self.dials = dials
        if turned & set(NEW_TASK):
            self._build()
        elif turned & {"strategy", "strength", "scope"}:
            simulation = self._runner.simulation
            simulation.coupling = make_coupling(_synchrony(dials), self.body, self._runner.pools)

    def push(self, way: str, force_n: float) -> None:
        """Push the chest for 0.1 s; a ValueError names the ways and forces there are."""
        if way not in WAYS:
            raise ValueError(unknown("way", way, WAYS))
        if not 0.0 <= force_n <= MOST_PUSH_N:
            raise ValueError(f"force_n={force_n!r} is not allowed; it is 0 to {MOST_PUSH_N:g} N")
        x, y = WAYS[way]
        push = Push(
            body=PUSHED,
            start_s=self.time_s,
            duration_s=PUSH_S,
            force_n=(x * force_n, y * force_n, 0.0),
        )
        check_pushes(self.body, (push,))
        over_s = self.time_s - 1.0  # a push that ended must be seen once more, to end
        kept = tuple(p for p in self._runner.pushes if p.start_s + p.duration_s > over_s)
        self._runner.pushes = (*kept, push)
        self.n_pushes += 1

    def watch(self, muscle: str) -> None:
        """Look at the motor units of a muscle; a ValueError names the nearest one."""
        muscle_index(self.body, muscle)
        self._watch = muscle
        self._forget_spikes()

    @property
    def goes_on(self) -> bool:
        """Whether there is more to come: not once the body fell."""
        return self.outcome in ("", "done")

    def advance(self, seconds: float) -> float:
        """Run on by whole blocks; how much (s) was simulated, less where it ended."""
        done = 0.0
        while done + 0.5 * BLOCK_S < seconds and self.goes_on:
            try:
                drive, _ = self._runner.command()
                block = self._runner.advance(drive)
            except SimulationFailed as failure:
                self.outcome = str(failure)
                break
            self._look(block)
            if not self.outcome:
                self.outcome = self._runner.outcome()
            done += BLOCK_S
        return done

    def _look(self, block: Block) -> None:
        self._gather(block)
        self._active = _mean(block.step_active_state[0])
        self._drive = self._runner.drive

    def _gather(self, block: Block) -> None:
        """Sum what a block did; every so many blocks, take figures of their mean."""
        of_block = (
            _mean(block.muscle_length_m[0]),
            _mean(block.muscle_velocity_m_per_s[0]),
            _mean(block.muscle_force_n[0]),
            _mean(block.active_sum[0]),
            block.spike_sum[0] / BLOCK_S,
        )
        self._sums = (
            [old + new for old, new in zip(self._sums, of_block)] if self._sums else [*of_block]
        )
        self._n_summed += 1
        if self._n_summed == MOMENT_BLOCKS:
            self._moments.append(self._moment(*(total / MOMENT_BLOCKS for total in self._sums)))
            self._sums, self._n_summed = [], 0
            self._note_spikes()

    def _moment(
        self, length: F64, velocity: F64, force: F64, active_sum: F64, rate_sum: F64
    ) -> Moment:
        body, reading = self.body, self._runner.reading
        passive = -mechanics.bias(body.muscle_parameters, length)
        active = np.maximum(force - passive, 0.0)
        spent = energetics.power(
            self._energetics,
            ENERGY_MODELS[""].cost_set,
            active_sum,
            rate_sum,
            mechanics.normalised_length(body.muscle_parameters, length),
            -velocity / self._energetics.optimal_length_m,
            active,
        )
        return Moment(
            time_s=self._runner.time_s,
            place_m=reading.qpos[0, :2].copy(),
            power_w=float(spent.total_w.sum()),
            chain_force_n=self._chains @ active,
            torque_nm=_torques_each_way(body, reading.moment_arm[0], active),
        )

    def _note_spikes(self) -> None:
        """Spikes since the last look; of a unit the last one (two within 20 ms are rare)."""
        units = self._units()
        tick, last, _ = self._runner.simulation.spikes()
        ago = tick[0] - last[0, units]
        fired = np.flatnonzero((ago > 0) & (ago <= MOMENT_BLOCKS * TICKS_PER_BLOCK))
        if fired.size:
            fired = fired[np.argsort(-ago[fired], kind="stable")]  # earliest first
            times = self._runner.time_s - TICK_S * ago[fired]
            self._spikes.add(np.column_stack([times, fired]))

    def _units(self) -> slice:
        m, first = self.body.muscles.index(self._watch), self._runner.pools.first_unit
        return slice(int(first[m]), int(first[m + 1]))

    def picture(self) -> Picture:
        """How things are now."""
        reading = self._runner.reading
        found = reading.contact_found[0]
        time_s = self.time_s
        return Picture(
            time_s=time_s,
            outcome=self.outcome,
            pose=self.figure.pose(reading.qpos[0]),
            active_state=self._active,
            contact_m=reading.contact_position_m[0][found],
            contact_force_n=reading.contact_force_n[0][found],
            figures=self.figures(),
            watched=self._watched(),
            pushed=any(p.start_s <= time_s <= p.start_s + 0.3 for p in self._runner.pushes),
            n_pushes=self.n_pushes,
        )

    def figures(self) -> Figures:
        """How it went over the last seconds."""
        nothing = float("nan")
        if len(self._moments) < 2:
            return Figures(0.0, nothing, nothing, nothing, {}, {}, {})
        first, last = self._moments[0], self._moments[-1]
        seconds = last.time_s - first.time_s
        way_m = float(np.hypot(*(last.place_m - first.place_m)))
        kg = self.body.mass_kg
        power = float(np.mean([m.power_w for m in self._moments])) / kg + BASAL
        speed = way_m / seconds
        force = np.array([m.chain_force_n for m in self._moments])
        return Figures(
            seconds=seconds,
            speed_m_per_s=speed,
            power_w_per_kg=power,
            cost_j_per_kg_m=power / speed if speed > 0.02 else nothing,
            chain_share=_shares(force),
            chain_share_now=_shares(force[-NOW_MOMENTS:]),
            cocontraction_percent=_cocontraction(np.array([m.torque_nm for m in self._moments])),
        )

    def _watched(self) -> Watched:
        m, units = self.body.muscles.index(self._watch), self._units()
        n = units.stop - units.start
        spikes = self._spikes.last(MOST_SPIKES)
        spikes = spikes[spikes[:, 0] > self.time_s - SPIKES_S]
        unit = spikes[:, 1].astype(np.int64)
        seconds = min(self.time_s - self._watched_since_s, SPIKES_S)
        counts = np.bincount(unit, minlength=n)
        rates = counts[counts > 0] / max(seconds, MOMENT_S)
        return Watched(
            muscle=self._watch,
            n_units=n,
            spike_time_s=spikes[:, 0],
            spike_unit=unit,
            drive=float(self._drive[m]),
            active_state=float(self._active[m]),
            rate_hz=float(rates.mean()) if rates.size else float("nan"),
        )


_CHAINS = (*CHAINS, "lateral")


def _mean(steps: F64) -> F64:
    """Mean over the first axis; ndarray.mean takes three times as long on so few."""
    return np.asarray(np.add.reduce(steps, axis=0) / len(steps))


def _shares(force_n: F64) -> dict[str, float]:
    """Share of each chain in the sum over moments of `force_n[moment, chain]`."""
    total = force_n.sum(axis=0)
    share = total / total.sum() if total.sum() > 0 else np.full(total.size, np.nan)
    return dict(zip(_CHAINS, share.tolist()))


def _synchrony(dials: BodyDials) -> Synchrony:
    return Synchrony(strategy=dials.strategy, strength=dials.strength, scope=dials.scope)


def _config(dials: BodyDials, seed: int) -> TrialConfig:
    from neurocoord.tasks import task as find_task

    given: dict[str, Any] = {
        "allocation": dials.allocation,
        "allocation_dial": dials.allocation_dial,
    }
    if dials.task == "crawl":
        given["speed_m_per_s"] = dials.speed_m_per_s
    settings = find_task(dials.task).settings(**given)
    return TrialConfig(
        task=dials.task,
        seed=seed,
        synchrony=_synchrony(dials),
        pools=Pools(n_units=N_UNITS),
        settings=settings,
    )


def _hinges(names: tuple[str, ...], hinge: str) -> list[int]:
    found = [hinge] if hinge in names else [f"{hinge}_{side}" for side in SIDES]
    return [names.index(name) for name in found]


def _torques_each_way(body: Any, arm: F64, active_n: F64) -> F64:
    """Torque (Nm) up and down `[joint, side, way]` of the muscles about the joints of `JOINTS`."""
    found = np.zeros((len(JOINTS), len(SIDES), 2))
    for row, (hinge, _) in enumerate(JOINTS.values()):
        for side, joint in enumerate(_hinges(body.joints, hinge)):
            about = arm[None, :, body.joint_dof[joint]].astype(float)
            up, down = joints.torques_each_way_nm(about, active_n[None])
            found[row, side] = float(up[0]), float(down[0])
    return found


def _cocontraction(torques: F64) -> dict[str, float]:
    """Of each joint (%), sides averaged; from torques `[moment, joint, side, way]`."""
    found = {}
    for row, name in enumerate(JOINTS):
        sides = [torques[:, row, side] for side in range(len(SIDES))]
        values = [
            joints.cocontraction_percent(side[:, 0], side[:, 1]) for side in sides if side.any()
        ]
        found[name] = float(np.mean(values)) if values else float("nan")
    return found
