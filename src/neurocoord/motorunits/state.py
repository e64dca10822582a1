"""State of the pools: what each unit and muscle carries from tick to tick.

The batch axis is in front everywhere, so that rows can be copied (`copy_row`). Fields that only
some pools need have no units or muscles (shape ``[env, 0]``) in the others.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from neurocoord import noise
from neurocoord.motorunits import checks, discharge, twitch
from neurocoord.motorunits.records import (
    RHYTHM_A1,
    RHYTHM_A2,
    RHYTHM_SCALE,
    SLOW_NOISE_DECAY,
    SLOW_NOISE_SCALE,
    Constants,
    Coupling,
    PoolParameters,
    n_groups,
    n_muscles,
    n_units,
)

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]
I32 = NDArray[np.int32]
U8 = NDArray[np.uint8]
U64 = NDArray[np.uint64]

Record = TypeVar("Record", bound=tuple | np.ndarray)

NEVER = -(1 << 30)  # last_spike_tick of a unit that has not fired
WARM_UP_KNOTS = 48  # steps that bring filtered noise to its stationary law


class Slow(NamedTuple):
    """What changes over seconds; no units unless the pools are dynamic."""

    capacity: F64  # [env, unit] force a unit can still give, of what it gives rested
    adaptation: F64  # [env, unit] course of rate adaptation, 0 .. 1
    inward_current: F64  # [env, unit] activation of the persistent inward current, 0 .. 1
    tiredness: F64  # [env, unit] recent activity that rotation looks at, 0 .. 1
    threshold: F64  # [env, unit] recruitment thresholds as rotation has handed them out


SPIKING = np.dtype(
    [
        ("isi_cv", np.float64),  # of the interval that runs
        ("last_spike_tick", np.int32),  # very negative if none
        ("spike_count", np.int32),  # spikes so far
        ("delay", np.uint8),  # ticks of delay of shared synaptic events
        ("hold", np.uint8),  # least ticks from the last spike to the next
    ],
    align=True,
)


UNIT_ROWS = (
    "phase",
    "threshold",
    "twitch_1",
    "twitch_2",
    "slow_filter",
    "slow_before",
    "slow_after",
    "rhythm_filter",
    "rhythm_before",
    "rhythm_after",
)
SHARED_ROWS = UNIT_ROWS[4:]


class PoolState(NamedTuple):
    """State of the spiking pools: few arrays, so that a compiled call costs little.

    What is in them goes by name: `state.phase[env, unit]` and so on are views.
    """

    seed: U64  # [env]
    tick: I64  # [env] ticks done since the start
    unit: F64  # [env, UNIT_ROWS, unit]; the rhythm's rows only in pools with one
    spiking: NDArray[np.void]  # [env, unit] fields of SPIKING: what only a spike touches
    shared: F64  # [env, SHARED_ROWS, muscle] shared noise, by scope key
    stagger: F64  # [env, group] running sum of the systematic sampling, 0 .. 1
    slow_excitation: F64  # [env, muscle] low-passed excitation that onsets are measured against
    n_live: I64  # [env, muscle] units of the muscle that may still carry force
    slow_units: F64  # [env, fields of Slow, unit]; no units unless the pools are dynamic
    now_units: F64  # [env, fields of Constants, unit]; likewise

    @property
    def phase(self) -> F64:
        """Phase of each unit's interval, `[env, unit]`, 0 .. about 1."""
        return self.unit[:, 0]

    @property
    def threshold(self) -> F64:
        """Phase of each unit's next private spike, `[env, unit]`; -inf: a doublet is due."""
        return self.unit[:, 1]

    @property
    def twitch_1(self) -> F64:
        """First state of the twitch filter, `[env, unit]`, twitch units (saturating: 1)."""
        return self.unit[:, 2]

    @property
    def twitch_2(self) -> F64:
        """Second state, `[env, unit]`: the unit's force, or its summed twitches."""
        return self.unit[:, 3]

    @property
    def slow_noise(self) -> tuple[F64, F64, F64]:
        """Private slow noise, each `[env, unit]`: filter state, last knot, next knot."""
        return self.unit[:, 4], self.unit[:, 5], self.unit[:, 6]

    @property
    def rhythm(self) -> tuple[F64, F64, F64]:
        """Private rhythm, likewise; an IndexError in pools without."""
        return self.unit[:, 7], self.unit[:, 8], self.unit[:, 9]

    @property
    def shared_slow_noise(self) -> tuple[F64, F64, F64]:
        """Shared slow noise by scope key, likewise, `[env, muscle]`."""
        return self.shared[:, 0], self.shared[:, 1], self.shared[:, 2]

    @property
    def shared_rhythm(self) -> tuple[F64, F64, F64]:
        """Shared rhythm by scope key, likewise."""
        return self.shared[:, 3], self.shared[:, 4], self.shared[:, 5]

    @property
    def slow(self) -> Slow:
        """What changes over seconds, `[env, unit]`."""
        return Slow(*np.moveaxis(self.slow_units, 1, 0))

    @property
    def now(self) -> Constants:
        """The constants that this has changed, `[env, unit]`."""
        return Constants(*np.moveaxis(self.now_units, 1, 0))

    @property
    def isi_cv(self) -> F64:
        """CV of the interval that runs, `[env, unit]`."""
        return self.spiking["isi_cv"]

    @property
    def last_spike_tick(self) -> I32:
        """Tick of each unit's last spike, `[env, unit]`; very negative if none."""
        return self.spiking["last_spike_tick"]

    @property
    def spike_count(self) -> I32:
        """Spikes of each unit so far, `[env, unit]`."""
        return self.spiking["spike_count"]

    @property
    def delay(self) -> U8:
        """Ticks of delay of shared synaptic events, `[env, unit]`."""
        return self.spiking["delay"]

    @property
    def hold(self) -> U8:
        """Least ticks from each unit's last spike to its next, `[env, unit]`."""
        return self.spiking["hold"]


def init(
    params: PoolParameters, n_env: int = 1, seed: int | Sequence[int] | NDArray = 0
) -> PoolState:
    """State at rest: no force, random phases, all noise in its stationary law.

    `seed`: one integer, spread over environments, or one per environment.
    """
    seeds = noise.env_seeds(seed, n_env)
    units, muscles = n_units(params), n_muscles(params)
    filters = [*_stationary_noise(seeds, noise.SLOW_PRIVATE, units)]
    if params.has_rhythm:
        filters += _stationary_rhythm(seeds, noise.RHYTHM_PRIVATE, units)
    shared = (
        *_stationary_noise(seeds, noise.SLOW_SHARED, muscles),
        *_stationary_rhythm(seeds, noise.RHYTHM_SHARED, muscles),
    )
    spiking = np.zeros((n_env, units), SPIKING)
    spiking["isi_cv"], spiking["last_spike_tick"], spiking["hold"] = params.isi_cv, NEVER, 1

    def uniform(stream: int, n: int) -> F64:
        key = noise.stream_key(seeds, stream)[:, None]
        return noise.uniform(noise.draw(key, np.arange(n), 0))

    still = np.zeros((n_env, units))
    rows = (uniform(noise.FIRST_PHASE, units), still + np.inf, still, still, *filters)
    return PoolState(
        seed=np.array(seeds),
        tick=np.zeros(n_env, np.int64),
        unit=np.stack(rows, axis=1),
        spiking=spiking,
        shared=np.stack(shared, axis=1),
        stagger=uniform(noise.STAGGER, n_groups(params)),
        slow_excitation=np.zeros((n_env, muscles)),
        n_live=np.zeros((n_env, muscles), np.int64),
        slow_units=np.stack(rested(params, n_env), axis=1),
        now_units=np.stack(constants(params, n_env), axis=1),
    )


def rested(params: PoolParameters, n_env: int) -> Slow:
    """Slow state of pools that have done nothing yet."""
    units = n_units(params) if params.is_dynamic else 0
    shape = (n_env, units)
    return Slow(
        capacity=np.ones(shape),
        adaptation=np.zeros(shape),
        inward_current=np.zeros(shape),
        tiredness=np.zeros(shape),
        threshold=np.tile(params.recruitment_threshold[:units], (n_env, 1)),
    )


def capacity_left(params: PoolParameters, slow: Slow) -> F64:
    """Share of each muscle's rested tetanic force that it still has, `[env, muscle]`."""
    if not params.is_dynamic:
        return np.ones((slow.capacity.shape[0], n_muscles(params)))
    total = np.add.reduceat(params.tetanic_force, params.first_unit[:-1])
    left = np.add.reduceat(slow.capacity * params.tetanic_force, params.first_unit[:-1], axis=1)
    return np.asarray(left / total)


def unit_force(params: PoolParameters, state: PoolState, units: I64 | None = None) -> F64:
    """Force that each unit, or each of `units`, carries now, `[env, unit]`, twitch units; at
    optimal fibre length."""
    chosen = np.arange(n_units(params)) if units is None else units
    summed = state.twitch_2[:, chosen]
    muscle = np.searchsorted(params.first_unit, chosen, side="right") - 1
    ratio = params.twitch_tetanus_ratio[muscle]
    if not np.any(ratio > 0):
        return np.array(summed)
    force = (state.now if params.is_dynamic else params.rested).twitch_force[:, chosen]
    share = twitch.saturation(summed, params.saturation_slope[muscle])
    return np.where(ratio > 0, force / np.where(ratio > 0, ratio, 1.0) * share, summed)


def constants(params: PoolParameters, n_env: int) -> Constants:
    """What the slow step changes, as it is at rest: a row for each environment."""
    if not params.is_dynamic:
        return Constants._make(np.empty((n_env, 0)) for _ in Constants._fields)
    return Constants._make(np.tile(a, (n_env, 1)) for a in params.rested)


def _stationary_noise(seeds: U64, stream: int, n: int) -> tuple[F64, F64, F64]:
    """Filter state and the knots 0 and 1 of `n` slow noises per env, after a warm-up."""
    filtered, before, after = (np.zeros((seeds.size, n)) for _ in range(3))
    for innovation in _innovations(seeds, stream, n):
        filtered = SLOW_NOISE_DECAY * filtered + innovation
        before = after
        after = SLOW_NOISE_DECAY * after + SLOW_NOISE_SCALE * filtered
    return filtered, before, after


def _stationary_rhythm(seeds: U64, stream: int, n: int) -> tuple[F64, F64, F64]:
    """Filter state and the knots 0 and 1 of `n` rhythms per env, after a warm-up."""
    filtered, before, after = (np.zeros((seeds.size, n)) for _ in range(3))
    for innovation in _innovations(seeds, stream, n):
        new = RHYTHM_SCALE * innovation + filtered
        filtered = RHYTHM_A1 * new - RHYTHM_SCALE * innovation + RHYTHM_A2 * after
        before, after = after, new
    return filtered, before, after


def _innovations(seeds: U64, stream: int, n: int) -> list[F64]:
    """Of the warm-up and the knots 0 and 1.

    The warm-up draws from counters that the run itself never reaches (the top of the range).
    """
    if n == 0:
        return []
    key = noise.stream_key(seeds, stream)[:, None]
    counts = [2**32 - WARM_UP_KNOTS + j for j in range(WARM_UP_KNOTS)] + [0, 1]
    return [noise.bell(noise.draw(key, np.arange(n), count)) for count in counts]


def draw_first_thresholds(params: PoolParameters, coupling: Coupling, state: PoolState) -> None:
    """Thresholds of units whose environment is at tick 0, drawn given the phase they start from.

    In place. Needs the coupling (the law of a private threshold depends on the hazard share), hence
    not part of `init`.
    """
    if state.tick.min() > 0:
        return
    env = np.flatnonzero(state.tick == 0)
    limit = discharge.Z_LIMIT
    key = noise.stream_key(state.seed[env], noise.THRESHOLD)[:, None]
    bits = noise.draw(key, np.arange(n_units(params)), 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        z = np.clip((state.phase[env] - 1.0) / params.isi_cv, -limit, limit)
    survival = np.interp(
        np.nan_to_num(z),
        np.linspace(-limit, limit, coupling.private_survival.size),
        coupling.private_survival,
    )
    u = noise.uniform(bits) * survival
    state.threshold[env] = discharge.interval_threshold(
        noise.lookup(coupling.threshold_z, u), params.isi_cv
    )
    state.delay[env] = noise.small_integer(bits, coupling.max_delay_ticks + 1)


def check_drive(params: PoolParameters, n_env: int, drive: NDArray[np.floating]) -> F64:
    """`drive` as contiguous float64 after checking its shape and range; a ValueError otherwise."""
    given = checks.numbers("drive", drive)
    expected = (n_env, n_muscles(params))
    if given.ndim != 3 or (given.shape[0], given.shape[2]) != expected or given.shape[1] < 1:
        raise ValueError(
            f"drive must have shape [env={expected[0]}, tick, muscle={expected[1]}],"
            f" got {given.shape}"
        )
    if not (given.min() >= 0.0 and given.max() <= 1.0):
        bad = given[~((given >= 0.0) & (given <= 1.0))][0]
        raise ValueError(f"drive must lie in 0..1, got {bad}")
    return given


def copied(record: Record) -> Record:
    """A copy of an array, or of a record and of all arrays in it."""
    if isinstance(record, np.ndarray):
        return record.copy()
    return type(record)._make(copied(a) for a in record)  # type: ignore[attr-defined]


def copy_into(record: Record, out: Record | None) -> Record:
    """A copy of `record`, in the arrays of `out` if given; `record` itself if `out` is it."""
    if out is None:
        return copied(record)
    if out is not record:
        for source, target in zip(arrays(record), arrays(out), strict=True):
            if source.shape != target.shape:
                raise ValueError(f"out holds shape {target.shape} where state has {source.shape}")
            np.copyto(target, source)
    return out


def copy_row(source: Record, env: int, target: Record, to_env: int) -> None:
    """Give environment `to_env` of `target` the state of environment `env` of `source`."""
    for a, b in zip(arrays(source), arrays(target), strict=True):
        b[to_env] = a[env]


def arrays(record: tuple | NDArray) -> list[NDArray]:
    """All arrays of a record and of the records in it, in order; an array by itself."""
    if isinstance(record, np.ndarray):
        return [record]
    return [a for part in record for a in arrays(part)]
