"""The spiking step of all pools for a block of ticks, compiled. Must agree with `reference.py`.

Spikes agree bit for bit and forces to 1e-12. Each tick's arithmetic depends on the absolute tick
and never on the block, and each environment only on its own seed: results are bit-identical for
any block length, number and order of environments. All compiled code the step needs is in this
file, because numba's cache does not see edits of other files.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numba
import numpy as np
from numpy.typing import NDArray

from neurocoord import noise
from neurocoord.motorunits import discharge, twitch
from neurocoord.motorunits.parameters import (
    KNOT_TICKS,
    SLOW_NOISE_DECAY,
    SLOW_NOISE_SCALE,
    TICK_S,
    Coupling,
    PoolParameters,
    PoolState,
    n_muscles,
    n_units,
)

F64 = NDArray[np.float64]

NEVER = -(1 << 30)  # last_spike_tick of a unit that has not fired
EVENT_OFFSET = 64  # added to ticks of shared events so that delayed ones count from 0
MAX_DELAY_TICKS = 15
NOISE_LIMIT_SD = 8.0  # units further than this above the excitation are skipped (never reached)
LIVE_LIMIT = 1e-13  # twitches below this part of P are dropped (denormals; far below 1e-12)
WARM_UP_KNOTS = 48  # steps that bring the slow noise to its stationary law

_GOLDEN = np.uint64(noise.GOLDEN)
_MIX_1 = np.uint64(noise.MIX_1)
_MIX_2 = np.uint64(noise.MIX_2)
_STREAM_STEP = np.uint64(noise.STREAM_STEP)
_S_THRESHOLD = np.uint64(noise.THRESHOLD)
_S_SLOW_PRIVATE = np.uint64(noise.SLOW_PRIVATE)
_S_SHARED_HAZARD = np.uint64(noise.SHARED_HAZARD)
_S_SLOW_SHARED = np.uint64(noise.SLOW_SHARED)
_BELL_SCALE = noise._IRWIN_HALL_SCALE
_U0, _U1 = np.uint64(0), np.uint64(1)
_U30, _U27, _U31, _U32 = np.uint64(30), np.uint64(27), np.uint64(31), np.uint64(32)
_U11, _U16, _U48 = np.uint64(11), np.uint64(16), np.uint64(48)
_MASK16, _MASK11 = np.uint64(0xFFFF), np.uint64(0x7FF)
_KNEE, _KNEE_RATIO = twitch.KNEE, twitch.KNEE_RATIO
_Z_LIMIT = discharge.Z_LIMIT
HAZARD_LIMIT = discharge.HAZARD_LIMIT
_PER_Z = float(discharge.N_HAZARD) / (2.0 * discharge.Z_LIMIT)


class BlockOutput(NamedTuple):
    """What a block of ticks gave. Class axis: 0 slow (type I), 1 fast (type II)."""

    active_state: F64  # [env, tick, muscle] force over the mean force at drive 1
    active_sum: F64  # [env, tick, muscle, class] sum of share_i * (unit force / its tetanic force)
    spike_sum: F64  # [env, muscle, class] sum of share_i * spikes of the block
    spikes: NDArray[np.uint8]  # [env, tick, unit]; empty unless recorded


def compiled(function: Callable[..., Any] | None = None, **options: Any) -> Any:
    """`numba.njit` with nogil and the cache, or without the cache where none can be written."""
    if function is None:
        return lambda f: compiled(f, **options)
    options.setdefault("error_model", "numpy")  # x / 0 is inf; the check costs vectorisation
    try:
        return numba.njit(nogil=True, cache=True, **options)(function)
    except RuntimeError:  # "no locator available": no writable folder for the cache
        return numba.njit(nogil=True, **options)(function)


@compiled
def _mix(x):
    x = (x ^ (x >> _U30)) * _MIX_1
    x = (x ^ (x >> _U27)) * _MIX_2
    return x ^ (x >> _U31)


@compiled
def _stream_key(seed, stream):
    return _mix(_mix(seed) + stream * _STREAM_STEP)


@compiled
def _draw(key, unit, count):
    return _mix(key + ((np.uint64(unit) << _U32) | np.uint64(count)) * _GOLDEN)


@compiled
def _bell(bits):
    s = (bits & _MASK16) + ((bits >> _U16) & _MASK16)
    s = s + ((bits >> _U32) & _MASK16) + (bits >> _U48)
    return (np.float64(np.int64(s)) - 131070.0) * _BELL_SCALE


@compiled
def _lookup(table, bits):
    position = np.float64(np.int64(bits >> _U11)) * 2.0**-53 * (table.size - 1)
    j = np.int64(position)
    return table[j] + (position - j) * (table[j + 1] - table[j])


@compiled
def _hazard_at(table, z):
    position = (z + _Z_LIMIT) * _PER_Z
    position = min(max(position, 0.0), table.size - 1.000001)
    j = np.int64(position)
    return table[j] + (position - j) * (table[j + 1] - table[j])


@compiled
def _least_candidate_z(z_at_hazard, need, max_step):
    """z below which a step of at most `max_step` cannot add `need` of cumulative hazard."""
    position = need / max_step * ((z_at_hazard.size - 1) / HAZARD_LIMIT)
    if not position < z_at_hazard.size - 1:
        return np.inf
    return z_at_hazard[np.int64(position)]


@compiled
def _count_up_to(rising, start, stop, limit):
    """Where the values of `rising[start:stop]` begin to exceed `limit`."""
    low, high = start, stop
    while low < high:
        middle = (low + high) >> _U1
        if rising[middle] > limit:
            high = middle
        else:
            low = middle + _U1
    return low


@compiled
def _gain(x):
    if x < _KNEE:
        return 1.0
    return (1.0 - np.exp(-2.0 * (x * x * x))) / x / _KNEE_RATIO


@compiled
def _advance_slow_noise(start, stop, key, count, filtered, before, after):
    """One knot on: `before` takes `after`, the two-pole filter makes the next."""
    for i in range(start, stop):
        n = _bell(_draw(key, i, count))
        filtered[i] = SLOW_NOISE_DECAY * filtered[i] + n
        before[i] = after[i]
        after[i] = SLOW_NOISE_DECAY * after[i] + SLOW_NOISE_SCALE * filtered[i]


@compiled
def _accumulate_phase(
    start, stop, base, private, w, threshold, minimum, gain, peak, before, after, phase
):
    """Let the phases of units `start` to `stop` grow by one tick."""
    for i in range(start, stop):
        excitation = base + private * (before[i] + w * (after[i] - before[i]))
        rate = minimum[i] + gain[i] * (excitation - threshold[i])
        rate = rate if rate < peak[i] else peak[i]
        phase[i] += rate * TICK_S if excitation >= threshold[i] else 0.0


@compiled
def _find_candidates(start, stop, need, phase, theta, found):
    """Indices of units that fire by themselves or may do so by a shared event."""
    n = 0
    for i in range(start, stop):
        if phase[i] >= theta[i] or phase[i] >= need:
            found[n] = i
            n += 1
    return n


@compiled(fastmath={"reassoc", "nsz"})
def _twitch_step(start, stop, decay, scale, is_fast, first, second):
    """Advance the twitch filters; summed force of all units and of the fast ones."""
    total = 0.0
    fast = 0.0
    for i in range(start, stop):
        y = decay[i] * (second[i] + first[i])
        second[i] = y
        first[i] = decay[i] * first[i]
        force = scale[i] * y
        total += force
        fast += force if is_fast[i] else 0.0
    return total, fast


@compiled
def _shared_noise(t0, n_tick, key, filtered, before, after, out):
    """Shared slow noise `out[tick, scope key]` over a block."""
    for k in range(n_tick):
        t = t0 + k
        if t % KNOT_TICKS == 0 and t > 0:
            _advance_slow_noise(
                _U0, np.uint64(before.size), key, t // KNOT_TICKS + 1, filtered, before, after
            )
        w = (t % KNOT_TICKS) / KNOT_TICKS
        for m in range(before.size):
            out[k, m] = before[m] + w * (after[m] - before[m])


@compiled
def _run(p, c, s, drive, record, active_state, active_sum, spike_sum, spikes):
    # Unsigned indices spare numba's check for negative ones, without which loops do not vectorise.
    n_env, n_tick, n_muscle = drive.shape
    shares_hazard = c.hazard_share > 0.0
    n_delay = c.max_delay_ticks
    weight = np.empty(n_tick)
    shared = np.empty((n_tick, n_muscle))
    events = np.empty((n_tick + n_delay, c.n_hazard_keys))
    found = np.empty(np.max(p.first_unit[1:] - p.first_unit[:-1]), np.uint64)
    for env in range(n_env):
        t0, seed = s.tick[env], s.seed[env]
        key_threshold = _stream_key(seed, _S_THRESHOLD)
        key_slow = _stream_key(seed, _S_SLOW_PRIVATE)
        key_events = _stream_key(seed, _S_SHARED_HAZARD)
        key_shared = _stream_key(seed, _S_SLOW_SHARED)
        phase, theta = s.phase[env], s.threshold[env]
        count, delay, last = s.spike_count[env], s.delay[env], s.last_spike_tick[env]
        first, second = s.twitch_1[env], s.twitch_2[env]
        filtered, before, after = s.slow_filter[env], s.slow_before[env], s.slow_after[env]
        _shared_noise(
            t0,
            n_tick,
            key_shared,
            s.shared_filter[env],
            s.shared_before[env],
            s.shared_after[env],
            shared,
        )
        for k in range(n_tick):
            weight[k] = ((t0 + k) % KNOT_TICKS) / KNOT_TICKS
        if shares_hazard:
            for k in range(n_tick + n_delay):
                for j in range(c.n_hazard_keys):
                    bits = _draw(key_events, j, t0 + k - n_delay + EVENT_OFFSET)
                    events[k, j] = _lookup(c.exponential, bits)
        for m in range(n_muscle):
            u0, u1 = np.uint64(p.first_unit[m]), np.uint64(p.first_unit[m + 1])
            drive_key, hazard_key = c.drive_key[m], c.hazard_key[m]
            private_part = np.sqrt(1.0 - c.drive_share[m])
            shared_part = np.sqrt(c.drive_share[m])
            highest = 0.0  # units with thresholds above it stay silent in this block
            for k in range(n_tick):
                d = drive[env, k, m]
                noise_sd = p.drive_noise_floor[m] + p.drive_noise_slope[m] * d
                highest = max(highest, d * p.max_excitation[m] * (1.0 + NOISE_LIMIT_SD * noise_sd))
            on = _count_up_to(p.threshold_above, u0, u1, highest)
            max_step = 0.0  # no unit's phase grows more in a tick, in its isi_cv
            if shares_hazard:
                fastest = p.gain_high[m] * (highest - p.threshold_above[u0]) + p.minimum_high[m]
                max_step = min(p.max_phase_step[m], fastest * TICK_S / p.cv_low[m])
            live = u0 + np.uint64(s.n_live[env, m])
            slow_sum, fast_sum = 0.0, 0.0
            for k in range(n_tick):
                t = t0 + k
                w = weight[k]
                if w == 0.0 and t > 0:
                    knot = t // KNOT_TICKS + 1
                    _advance_slow_noise(u0, u1, key_slow, knot, filtered, before, after)
                if on == u0 and live == u0:
                    active_state[env, k, m] = 0.0
                    active_sum[env, k, m, 0] = 0.0
                    active_sum[env, k, m, 1] = 0.0
                    continue
                total, fast = _twitch_step(
                    u0, live, p.tick_decay, p.twitch_scale, p.is_fast, first, second
                )
                active_state[env, k, m] = total / p.max_force[m]
                active_sum[env, k, m, 0] = (total - fast) * p.active_sum_scale[m]
                active_sum[env, k, m, 1] = fast * p.active_sum_scale[m]
                while live > u0:
                    i = live - _U1
                    if first[i] + second[i] >= LIVE_LIMIT * p.twitch_force[i]:
                        break
                    first[i] = 0.0
                    second[i] = 0.0
                    live = i

                d = drive[env, k, m]
                excitation = d * p.max_excitation[m]
                sd = (p.drive_noise_floor[m] + p.drive_noise_slope[m] * d) * excitation
                base = excitation + sd * shared_part * shared[k, drive_key]
                private = sd * private_part
                _accumulate_phase(
                    u0,
                    on,
                    base,
                    private,
                    w,
                    p.recruitment_threshold,
                    p.minimum_rate_hz,
                    p.rate_gain_hz,
                    p.peak_rate_hz,
                    before,
                    after,
                    phase,
                )
                need = np.inf  # least phase at which a shared event can make a unit fire
                if shares_hazard:
                    least = np.inf
                    for j in range(n_delay + 1):
                        least = min(least, events[k + j, hazard_key])
                    z = _least_candidate_z(c.z_at_hazard, least / c.hazard_share, max_step)
                    need = 1.0 + (p.cv_high[m] if z < 0.0 else p.cv_low[m]) * z
                n_found = _find_candidates(u0, on, need, phase, theta, found)
                for j in range(n_found):
                    i = found[j]
                    if phase[i] >= theta[i]:
                        rest = phase[i] - theta[i]
                    else:
                        threshold = p.recruitment_threshold[i]
                        e = base + private * (before[i] + w * (after[i] - before[i]))
                        if e < threshold:
                            continue
                        rate = p.minimum_rate_hz[i] + p.rate_gain_hz[i] * (e - threshold)
                        step = min(rate, p.peak_rate_hz[i]) * TICK_S
                        cv = p.isi_cv[i]
                        added = _hazard_at(c.hazard, (phase[i] - 1.0) / cv) - _hazard_at(
                            c.hazard, (phase[i] - step - 1.0) / cv
                        )
                        event = events[k + n_delay - np.int64(delay[i]), hazard_key]
                        if c.hazard_share * added <= event:
                            continue
                        rest = 0.5 * step
                    x = p.contraction_time_s[i] / (np.float64(t - last[i]) * TICK_S)
                    first[i] += _gain(x) * p.twitch_force[i]
                    live = max(live, i + _U1)
                    last[i] = t
                    count[i] += 1
                    bits = _draw(key_threshold, i, count[i])
                    theta[i] = 1.0 + p.isi_cv[i] * _lookup(c.threshold_z, bits)
                    delay[i] = (np.int64(bits & _MASK11) * (n_delay + 1)) >> 11
                    phase[i] = rest
                    if p.is_fast[i]:
                        fast_sum += p.force_share[i]
                    else:
                        slow_sum += p.force_share[i]
                    if record:
                        spikes[env, k, i] = 1
            spike_sum[env, m, 0] = slow_sum
            spike_sum[env, m, 1] = fast_sum
            s.n_live[env, m] = live - u0
        s.tick[env] = t0 + n_tick


def init(
    params: PoolParameters, n_env: int = 1, seed: int | Sequence[int] | NDArray = 0
) -> PoolState:
    """State at rest: no force, random phases, slow noise in its stationary law.

    `seed`: one integer, spread over environments, or one per environment.
    """
    seeds = noise.env_seeds(seed, n_env)
    units, muscles = n_units(params), n_muscles(params)
    slow = _stationary_noise(seeds, noise.SLOW_PRIVATE, units)
    shared = _stationary_noise(seeds, noise.SLOW_SHARED, muscles)
    key = noise.stream_key(seeds, noise.FIRST_PHASE)[:, None]
    phase = noise.uniform(noise.draw(key, np.arange(units), 0))

    def full(value: float) -> F64:
        return np.full((n_env, units), value)

    return PoolState(
        seed=np.array(seeds),
        tick=np.zeros(n_env, np.int64),
        phase=phase,
        threshold=full(np.inf),
        spike_count=np.zeros((n_env, units), np.int32),
        delay=np.zeros((n_env, units), np.uint8),
        last_spike_tick=np.full((n_env, units), NEVER, np.int32),
        twitch_1=full(0.0),
        twitch_2=full(0.0),
        slow_filter=slow[0],
        slow_before=slow[1],
        slow_after=slow[2],
        shared_filter=shared[0],
        shared_before=shared[1],
        shared_after=shared[2],
        n_live=np.zeros((n_env, muscles), np.int64),
    )


def _stationary_noise(seeds: noise.U64, stream: int, n: int) -> tuple[F64, F64, F64]:
    """Filter state and the knots 0 and 1 of `n` slow noises per env, after a warm-up.

    The warm-up draws from counters that the run itself never reaches (the top of the range).
    """
    key = noise.stream_key(seeds, stream)[:, None]
    unit = np.arange(n)
    filtered, before, after = (np.zeros((seeds.size, n)) for _ in range(3))
    counts = [2**32 - WARM_UP_KNOTS + j for j in range(WARM_UP_KNOTS)] + [0, 1]
    for count in counts:
        filtered = SLOW_NOISE_DECAY * filtered + noise.bell(noise.draw(key, unit, count))
        before = after
        after = SLOW_NOISE_DECAY * after + SLOW_NOISE_SCALE * filtered
    return filtered, before, after


def draw_first_thresholds(params: PoolParameters, coupling: Coupling, state: PoolState) -> None:
    """Thresholds of units whose environment is at tick 0, drawn given the phase they start from.

    In place. Needs the coupling (the law of a private threshold depends on the hazard share), hence
    not part of `init`.
    """
    env = np.flatnonzero(state.tick == 0)
    if env.size == 0:
        return
    unit = np.arange(n_units(params))
    key = noise.stream_key(state.seed[env], noise.THRESHOLD)[:, None]
    bits = noise.draw(key, unit, 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        z = np.clip((state.phase[env] - 1.0) / params.isi_cv, -_Z_LIMIT, _Z_LIMIT)
    survival = np.interp(
        np.nan_to_num(z),
        np.linspace(-_Z_LIMIT, _Z_LIMIT, coupling.private_survival.size),
        coupling.private_survival,
    )
    u = noise.uniform(bits) * survival
    state.threshold[env] = discharge.interval_threshold(
        noise.lookup(coupling.threshold_z, u), params.isi_cv
    )
    state.delay[env] = noise.small_integer(bits, coupling.max_delay_ticks + 1)


def advance(
    params: PoolParameters,
    coupling: Coupling,
    state: PoolState,
    drive: NDArray[np.floating],
    *,
    record_spikes: bool = False,
    out: PoolState | None = None,
) -> tuple[PoolState, BlockOutput]:
    """Run all pools over a block: `drive[env, tick, muscle]` in 0..1 -> new state and output.

    `state` is left as it is unless it is passed as `out` too, which saves the copy.
    """
    drive = check_drive(params, state, drive)
    new = copy_into(state, out)
    draw_first_thresholds(params, coupling, new)
    n_env, n_tick, muscles = drive.shape
    output = BlockOutput(
        active_state=np.empty((n_env, n_tick, muscles)),
        active_sum=np.empty((n_env, n_tick, muscles, 2)),
        spike_sum=np.empty((n_env, muscles, 2)),
        spikes=np.zeros((n_env, n_tick, n_units(params) if record_spikes else 0), np.uint8),
    )
    _run(params, coupling, new, drive, record_spikes, *output)
    return new, output


def check_drive(params: PoolParameters, state: PoolState, drive: NDArray[np.floating]) -> F64:
    """`drive` as contiguous float64 after checking its shape and range; a ValueError otherwise."""
    given: F64 = np.ascontiguousarray(drive, dtype=np.float64)
    expected = (state.tick.size, n_muscles(params))
    if given.ndim != 3 or (given.shape[0], given.shape[2]) != expected or given.shape[1] < 1:
        raise ValueError(
            f"drive must have shape [env={expected[0]}, tick, muscle={expected[1]}],"
            f" got {given.shape}"
        )
    if not (given.min() >= 0.0 and given.max() <= 1.0):
        bad = given[~((given >= 0.0) & (given <= 1.0))][0]
        raise ValueError(f"drive must lie in 0..1, got {bad}")
    return given


def copy_into(state: PoolState, out: PoolState | None) -> PoolState:
    """A copy of `state`, in the arrays of `out` if given; `state` itself if `out` is `state`."""
    if out is state:
        return state
    if out is None:
        return PoolState._make(a.copy() for a in state)
    for name in PoolState._fields:
        np.copyto(getattr(out, name), getattr(state, name))
    return out
