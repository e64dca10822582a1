"""Energy of single units: from unit states to the sums of `energetics`, and the saturating law.

`type_sums` gathers what units do by fibre type, share-weighted, as `energetics.power` reads it. The
saturating law is the activation energy of a spike that follows others, from a unit's own spike
train; it equals the linear law at the reference rate. It differs from that law by a factor alone,
the same for every set and type, so `saturating_step` weights spikes by it block by block, and
`energetics.power` with the weighted spikes is the saturating law.
"""

import itertools
from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import ArrayLike, NDArray

from neurocoord.muscle.energetics import (
    DEFAULT_COST_SET,
    REFERENCE_RATE_HZ,
    Array,
    CostSet,
    cost_set,
)

SATURATION_RATE_HZ = 6.4
"""Half-rate of the saturating law: fits a twitch and 25 Hz of human dorsiflexors (choice)."""
RATE_TAU_S = 0.5  # time constant of the slow rate in the saturating law (choice)


def type_sums(
    unit_values: ArrayLike, twitch_force: ArrayLike, is_fast: ArrayLike, first_unit: ArrayLike
) -> Array:
    """Sum over units of share_i x_i per muscle and type: [..., unit] -> [..., muscle, 2].

    `first_unit` is int64[muscle + 1]. With active states this is `active_sum`, with spikes per
    second `spike_rate_sum`, with ones each type's part of the muscle's mass.
    """
    values = np.asarray(unit_values, dtype=np.float64)
    twitch = np.asarray(twitch_force, dtype=np.float64)
    first = np.asarray(first_unit)
    fast = np.asarray(is_fast, dtype=np.bool_)
    out = np.empty((*values.shape[:-1], first.size - 1, 2))
    for muscle, (start, stop) in enumerate(itertools.pairwise(first)):
        share = twitch[start:stop] / twitch[start:stop].sum()
        for column, of_type in enumerate((~fast[start:stop], fast[start:stop])):
            out[..., muscle, column] = values[..., start:stop] @ (share * of_type)
    return out


def type_masses_kg(
    mass_kg: ArrayLike, twitch_force: ArrayLike, is_fast: ArrayLike, first_unit: ArrayLike
) -> Array:
    """Mass of slow and fast fibres of each muscle, kg, [muscle, 2]."""
    ones = np.ones(np.shape(twitch_force))
    parts = type_sums(ones, twitch_force, is_fast, first_unit)
    return np.asarray(mass_kg, dtype=np.float64)[..., None] * parts


@njit(cache=True)
def _slow_rate(times: Array, tau: float, out: Array) -> None:
    before = 0.0
    for k in range(times.size):
        if k > 0:
            before = (before + 1.0 / tau) * np.exp(-(times[k] - times[k - 1]) / tau)
        out[k] = before + 0.5 / tau


def slow_rate_hz(spike_times_s: ArrayLike, *, tau_s: float = RATE_TAU_S) -> Array:
    """A unit's exponentially averaged rate at each of its spikes, Hz, [spike].

    Mean of the value just before and just after the spike; the train starts from rest.
    """
    times = np.ascontiguousarray(spike_times_s, dtype=np.float64)
    if times.ndim != 1 or np.any(np.diff(times) < 0.0):
        raise ValueError("spike_times_s must be one-dimensional and in order of time")
    if not tau_s > 0.0:
        raise ValueError(f"tau_s must be positive, got {tau_s}")
    out = np.empty(times.size)
    _slow_rate(times, tau_s, out)
    return out


def saturating_spike_energy_j_per_kg(
    spike_times_s: ArrayLike,
    constants: str | CostSet = DEFAULT_COST_SET,
    *,
    is_fast: bool = False,
    tau_s: float = RATE_TAU_S,
) -> Array:
    """Activation energy of each spike of one unit under the saturating law, J/kg, [spike].

    ``e(f) = phi E (f_ref + f_h) / (f_ref (f + f_h))`` with f the unit's slow rate: a calcium
    release following others costs less to restore. Equal to the linear law at the reference rate;
    recovery (`heat_factor`) is not included.
    """
    activation = cost_set(constants).activation_w_per_kg[int(is_fast)]
    rate = slow_rate_hz(spike_times_s, tau_s=tau_s)
    return saturating_energy_at_rate_j_per_kg(rate, activation)


def saturating_energy_at_rate_j_per_kg(rate_hz: ArrayLike, activation_w_per_kg: ArrayLike) -> Array:
    """The saturating law at a known rate: J per kg and spike."""
    return np.asarray(activation_w_per_kg) * saturating_factor(rate_hz) / REFERENCE_RATE_HZ


def saturating_factor(rate_hz: ArrayLike) -> Array:
    """Energy of a spike under the saturating law over that under the linear one."""
    ref, half = REFERENCE_RATE_HZ, SATURATION_RATE_HZ
    return (ref + half) / (np.asarray(rate_hz, dtype=np.float64) + half)


def single_interval_rate_hz(spike_times_s: ArrayLike) -> Array:
    """Rate of a unit from each spike's last interval alone, Hz, [spike]; 0 at the first.

    An option for `saturating_energy_at_rate_j_per_kg`, used by no default: arguable physiology (the
    next release finds calcium channels inactivated), but then power changes when only the timing of
    spikes does, which the rates above are there to avoid.
    """
    times = np.asarray(spike_times_s, dtype=np.float64)
    if times.ndim != 1 or not np.all(np.diff(times) > 0.0):
        raise ValueError("spike_times_s must be one-dimensional and rise")
    return np.concatenate([np.zeros(min(times.size, 1)), 1.0 / np.diff(times)])


class SlowRate(NamedTuple):
    """State of `saturating_step`: each unit's slow rate just after its last spike."""

    rate_hz: Array  # [env, unit]
    last_tick: NDArray[np.int64]  # [env, unit]
    tick: int  # of the next block's start


def slow_rate_init(n_env: int, n_units: int) -> SlowRate:
    """Units that have not fired."""
    return SlowRate(np.zeros((n_env, n_units)), np.zeros((n_env, n_units), np.int64), 0)


class UnitShares(NamedTuple):
    """Where a unit's spikes are counted: see `unit_shares`."""

    share: Array  # [unit] of its muscle's mass
    column: NDArray[np.int64]  # [unit] 2 muscle + class
    n_muscles: int


def unit_shares(tetanic_force: ArrayLike, is_fast: ArrayLike, first_unit: ArrayLike) -> UnitShares:
    """Share of mass (of tetanic force) and place of each unit of a ragged pool."""
    first = np.asarray(first_unit, dtype=np.int64)
    force = np.asarray(tetanic_force, dtype=np.float64)
    muscle = np.repeat(np.arange(first.size - 1), np.diff(first))
    share = force / np.add.reduceat(force, first[:-1])[muscle]
    return UnitShares(share, 2 * muscle + np.asarray(is_fast, dtype=np.int64), first.size - 1)


def saturating_step(
    state: SlowRate,
    spikes: NDArray[np.uint8],
    units: UnitShares,
    *,
    tick_s: float,
    tau_s: float = RATE_TAU_S,
) -> tuple[SlowRate, Array]:
    """Spikes of a block weighted by the saturating law: [env, tick, unit] -> [env, muscle, 2].

    Share-weighted as `type_sums`; over the block's length it is the `spike_rate_sum` with which
    `energetics.power` gives the saturating law. Any split into blocks gives the same.
    """
    if spikes.shape[2] != units.share.size:
        raise ValueError(
            f"spikes has shape {spikes.shape}; its last axis must be {units.share.size}"
        )
    rate, last = state.rate_hz.copy(), state.last_tick.copy()
    out = np.zeros((spikes.shape[0], 2 * units.n_muscles))
    half = SATURATION_RATE_HZ
    numbers = (tick_s / tau_s, 1.0 / tau_s, REFERENCE_RATE_HZ + half, half)
    where = np.flatnonzero(spikes.astype(np.bool_))  # in order of time within each env
    _weigh(where, spikes.shape[1:], units, state.tick, numbers, rate, last, out)
    sums = out.reshape(spikes.shape[0], units.n_muscles, 2)
    return SlowRate(rate, last, state.tick + spikes.shape[1]), sums


@njit(cache=True)
def _weigh(where, shape, units, start, numbers, rate, last, out):  # type: ignore[no-untyped-def]
    n_tick, n_units = shape
    decay, jump, full, half = numbers
    for at in where:
        e, i = at // (n_tick * n_units), at % n_units
        now = start + at // n_units % n_tick
        before = rate[e, i] * np.exp(-decay * (now - last[e, i]))
        out[e, units.column[i]] += units.share[i] * full / (before + 0.5 * jump + half)
        rate[e, i], last[e, i] = before + jump, now
