"""The compiled half of `kernel.py`: the spiking step of some muscles for a block of ticks.

Must agree with `reference.py`, spikes bit for bit: float expressions keep its order of operations.
All compiled code the step needs is in this file, because numba's cache does not see edits of other
files.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numba
import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from neurocoord import noise
from neurocoord.motorunits import discharge, fatigue, twitch
from neurocoord.motorunits.records import (
    ACTIVE_TICKS,
    KNOT_TICKS,
    RHYTHM_A1,
    RHYTHM_A2,
    RHYTHM_SCALE,
    SLOW_NOISE_DECAY,
    SLOW_NOISE_SCALE,
    SLOW_STEP_S,
    SLOW_TICKS,
    STAGGER_GROUP,
    TICK_S,
    Constants,
)
from neurocoord.motorunits.state import Slow

EVENT_OFFSET = 64  # added to ticks of shared events so that delayed ones count from 0
CHUNK = 160  # units worked on at a time: their rows fit the first cache; groups of 40 (choice)
NOISE_LIMIT_SD = 8.0  # units further than this above the excitation are skipped (never reached)
LIVE_LIMIT = 1e-16  # of full force; of a twitch in saturating units: what is less is dropped

# Rows of a chunk's work space, one after the other in one array: compiled loops over it need no
# check whether rows overlap, and none for what is left over (rows are padded to whole vectors).
(
    _PHASE,
    _THETA,
    _FIRST,
    _SECOND,
    _DECAY,
    _FAST,
    _FORCE,
    _THRESHOLD,
    _MINIMUM,
    _GAIN,
    _PEAK,
    _STEP,
    _BEFORE,
    _AFTER,
    _RHYTHM_BEFORE,
    _RHYTHM_AFTER,
) = (np.uint64(k * CHUNK) for k in range(16))
_ROWS_SIZE = 16 * CHUNK
_LINE = np.uint64(8)  # numbers to a cache line
_LANES = np.uint64(16)  # rows are padded to multiples of this
_PAD = _LANES - np.uint64(1)
_NEVER_REACHED = 1e30  # threshold of the units that rows are padded with

_GOLDEN = np.uint64(noise.GOLDEN)
_MIX_1 = np.uint64(noise.MIX_1)
_MIX_2 = np.uint64(noise.MIX_2)
_STREAM_STEP = np.uint64(noise.STREAM_STEP)
_S_THRESHOLD = np.uint64(noise.THRESHOLD)
_S_SLOW_PRIVATE = np.uint64(noise.SLOW_PRIVATE)
_S_SHARED_HAZARD = np.uint64(noise.SHARED_HAZARD)
_S_SLOW_SHARED = np.uint64(noise.SLOW_SHARED)
_S_RHYTHM_PRIVATE = np.uint64(noise.RHYTHM_PRIVATE)
_S_RHYTHM_SHARED = np.uint64(noise.RHYTHM_SHARED)
_S_DOUBLET = np.uint64(noise.DOUBLET)
_BELL_SCALE = noise._IRWIN_HALL_SCALE
_U0, _U1, _U3 = np.uint64(0), np.uint64(1), np.uint64(3)
_U30, _U27, _U31, _U32 = np.uint64(30), np.uint64(27), np.uint64(31), np.uint64(32)
_U11, _U16, _U48 = np.uint64(11), np.uint64(16), np.uint64(48)
_MASK16, _MASK11 = np.uint64(0xFFFF), np.uint64(0x7FF)
_KNEE, _KNEE_RATIO = twitch.KNEE, twitch.KNEE_RATIO
_Z_LIMIT = discharge.Z_LIMIT
HAZARD_LIMIT = discharge.HAZARD_LIMIT
_PER_Z = float(discharge.N_HAZARD) / (2.0 * discharge.Z_LIMIT)
_PER_DECAY = discharge.N_DECAY / discharge.DECAY_LIMIT
_LAST_DECAY = discharge.N_DECAY - 1e-9
_LEAST_THRESHOLD = discharge.LEAST_THRESHOLD
_SILENCE_TICKS = discharge.SILENCE_TICKS
_PIC_MOST = fatigue.PIC_MOST_OF_THRESHOLD
_MARGIN = fatigue.TIREDNESS_MARGIN


class _Keys(NamedTuple):
    """Keys of a muscle's private noise streams, and how much rhythm is private."""

    threshold: np.uint64
    slow: np.uint64
    rhythm: np.uint64
    doublet: np.uint64
    rhythm_part: float


def compiled(function: Callable[..., Any] | None = None, **options: Any) -> Any:
    """`numba.njit` with nogil and the cache, or without the cache where none can be written."""
    if function is None:
        return lambda f: compiled(f, **options)
    options.setdefault("error_model", "numpy")  # x / 0 is inf; the check costs vectorisation
    try:
        return numba.njit(nogil=True, cache=True, **options)(function)
    except RuntimeError:  # "no locator available": no writable folder for the cache
        return numba.njit(nogil=True, **options)(function)


@intrinsic
def _prefetch(typingctx, table, *index):  # type: ignore[no-untyped-def]
    """Ask for the cache line of `table[index]`, which will be needed soon."""

    def generate(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        kind = signature.args[0]
        data = context.make_array(kind)(context, builder, arguments[0])
        index = (
            cgutils.unpack_tuple(builder, arguments[1]) if len(arguments) == 2 else arguments[1:]
        )
        at = cgutils.get_item_pointer(context, builder, kind, data, index, wraparound=False)
        at = builder.bitcast(at, ir.IntType(8).as_pointer())
        word = ir.IntType(32)
        call = ir.FunctionType(ir.VoidType(), [at.type, word, word, word])
        builder.call(
            builder.module.declare_intrinsic("llvm.prefetch", (at.type,), call),
            [at, word(0), word(3), word(1)],  # to read, into the first cache, data
        )
        return context.get_dummy_value()

    return types.void(table, types.StarArgTuple(index)), generate


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
def _uniform(bits):
    return np.float64(np.int64(bits >> _U11)) * 2.0**-53


@compiled
def _lookup(table, bits):
    position = _uniform(bits) * (table.size - 1)
    j = np.int64(position)
    return table[j] + (position - j) * (table[j + 1] - table[j])


@compiled
def _decay(u, table):
    position = min(u * _PER_DECAY, _LAST_DECAY)
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
def _count_up_to(table, row, start, stop, limit):
    """Where the rising values `table[row, start:stop]` begin to exceed `limit`."""
    low, high = start, stop
    while low < high:
        middle = (low + high) >> _U1
        if table[row, middle] > limit:
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
def _advance_slow_noise(start, stop, key, count, table, row):
    """One knot on: the knot before takes the one after, the two-pole filter makes the next.

    Rows of `table` from `row` on: filter state, knot before, knot after.
    """
    for i in range(start, stop):
        n = _bell(_draw(key, i, count))
        filtered = SLOW_NOISE_DECAY * table[row, i] + n
        after = table[row + 2, i]
        table[row, i] = filtered
        table[row + 1, i] = after
        table[row + 2, i] = SLOW_NOISE_DECAY * after + SLOW_NOISE_SCALE * filtered


@compiled
def _advance_rhythm(start, stop, key, count, table, row):
    """One knot on in the resonator (transposed direct form); rows likewise."""
    for i in range(start, stop):
        n = RHYTHM_SCALE * _bell(_draw(key, i, count))
        new, after = n + table[row, i], table[row + 2, i]
        table[row, i] = RHYTHM_A1 * new - n + RHYTHM_A2 * after
        table[row + 1, i] = after
        table[row + 2, i] = new


@compiled
def _load(rows, at, table, row, start, n, padding):
    """Units `start` to `start + n` of a row of `table` into a row of the work space, padded."""
    for i in range(n):
        rows[at + i] = table[row, start + i]
    for i in range(n, (n + _PAD) & ~_PAD):
        rows[at + i] = padding


@compiled
def _store(rows, at, table, row, start, n):
    for i in range(n):
        table[row, start + i] = rows[at + i]


@compiled
def _linear_steps(rows, n, base, private, w, over):
    """What phases grow by in one tick, before the rhythm modulates it."""
    for i in range(n):
        noise = rows[_BEFORE + i] + w * (rows[_AFTER + i] - rows[_BEFORE + i])
        excitation = base + private * noise
        rate = rows[_MINIMUM + i] + rows[_GAIN + i] * (excitation - rows[_THRESHOLD + i])
        rate = (rate if rate < rows[_PEAK + i] else rows[_PEAK + i]) + over
        rows[_STEP + i] = rate * TICK_S if excitation >= rows[_THRESHOLD + i] else 0.0


@compiled
def _quiet_linear_steps(rows, n, excitation, over):
    """The same without private noise in the drive."""
    for i in range(n):
        rate = rows[_MINIMUM + i] + rows[_GAIN + i] * (excitation - rows[_THRESHOLD + i])
        rate = (rate if rate < rows[_PEAK + i] else rows[_PEAK + i]) + over
        rows[_STEP + i] = rate * TICK_S if excitation >= rows[_THRESHOLD + i] else 0.0


@compiled
def _saturating_steps(rows, n, base, private, w, over, table):
    """The same for rates that rise exponentially towards their peak."""
    for i in range(n):
        noise = rows[_BEFORE + i] + w * (rows[_AFTER + i] - rows[_BEFORE + i])
        excitation = base + private * noise
        threshold, minimum = rows[_THRESHOLD + i], rows[_MINIMUM + i]
        span = max(rows[_PEAK + i] - minimum, 1e-9)
        u = max(rows[_GAIN + i] * (excitation - threshold) / span, 0.0)
        rate = minimum + span * (1.0 - _decay(u, table)) + over
        rows[_STEP + i] = rate * TICK_S if excitation >= threshold else 0.0


@compiled
def _modulate(rows, n, base, private, w):
    """Let the rhythm speed units up and slow them down."""
    for i in range(n):
        before = rows[_RHYTHM_BEFORE + i]
        factor = base + private * (before + w * (rows[_RHYTHM_AFTER + i] - before))
        rows[_STEP + i] *= max(factor, 0.0)


@compiled
def _grow(rows, n):
    for i in range(n):
        rows[_PHASE + i] += rows[_STEP + i]


@compiled
def _n_ready(rows, start, stop, need):
    """How many units fire by themselves or may do so by a shared event."""
    n = np.int64(0)
    for i in range(start, stop):
        n += np.int64(rows[_PHASE + i] >= min(rows[_THETA + i], need))
    return n


@compiled
def _find_ready(rows, n, need, found):
    """Their indices. Most groups have none, and which unit fires cannot be foreseen: within a group
    that has some they are listed without a branch."""
    n_found = np.int64(0)
    for group in range(_U0, n, _LANES):
        if _n_ready(rows, group, group + _LANES, need) == 0:
            continue
        for i in range(group, group + _LANES):
            found[n_found] = i
            n_found += np.int64(rows[_PHASE + i] >= min(rows[_THETA + i], need))
    return n_found


@compiled
def _stagger(rows, n, start, share, hazard, spiking, sums, first_group, sampled):
    """Systematic sampling of the shared hazard in groups of neighbours: who fires in turn."""
    group = np.uint64(first_group)
    for a in range(_U0, n, np.uint64(STAGGER_GROUP)):
        total = sums[group]
        for i in range(a, min(a + np.uint64(STAGGER_GROUP), n)):
            sampled[i] = False
            cv = spiking[start + i].isi_cv
            phase, step = rows[_PHASE + i], rows[_STEP + i]
            z = (phase - 1.0) / cv
            if z <= -_Z_LIMIT or step == 0.0:
                continue
            added = share * (_hazard_at(hazard, z) - _hazard_at(hazard, (phase - step - 1.0) / cv))
            even, odd = 1.0 + added * added * (1.0 / 12.0), 0.5 * added
            total += 1.0 - (even - odd) / (even + odd)
            if total >= 1.0:
                total -= 1.0
                sampled[i] = True
        sums[group] = total
        group += _U1


@compiled(fastmath={"reassoc", "nsz"})
def _twitch_step(rows, n):
    """Advance the twitch filters; summed force, and that of the fast units."""
    total = 0.0
    fast = 0.0
    for i in range(n):
        decay, first = rows[_DECAY + i], rows[_FIRST + i]
        y = decay * (rows[_SECOND + i] + first)
        rows[_SECOND + i] = y
        rows[_FIRST + i] = decay * first
        total += y
        fast += rows[_FAST + i] * y
    return total, fast


@compiled(fastmath={"reassoc", "nsz"})
def _saturating_twitch_step(rows, n, half_slope, slow, quick, ratio):
    """The same for saturating units, whose filters sum twitches of unit height."""
    total = 0.0
    fast = 0.0
    for i in range(n):
        decay, first = rows[_DECAY + i], rows[_FIRST + i]
        y = decay * (rows[_SECOND + i] + first)
        rows[_SECOND + i] = y
        rows[_FIRST + i] = decay * first
        b = half_slope * (quick if rows[_FAST + i] > 0.0 else slow)
        f = rows[_FORCE + i] / ratio * np.tanh(b * y)
        total += f
        fast += rows[_FAST + i] * f
    return total, fast


@compiled
def _rotate(start, stop, group, tiredness, threshold):
    """Swap neighbours in threshold of each group where the lower is more tired by the margin."""
    order = np.empty(group, np.uint64)
    handed = np.empty(group)
    for a in range(start, stop, group):
        n = np.int64(min(group, stop - a))
        for k in range(n):  # by insertion: few units, and nearly in order
            j = k
            while j > 0 and threshold[a + order[j - 1]] > threshold[a + k]:
                order[j] = order[j - 1]
                j -= 1
            order[j] = k
        for k in range(n):
            handed[k] = threshold[a + order[k]]
        swapped = True
        while swapped:  # at most n - 1 passes change anything
            swapped = False
            for k in range(n - 1):
                i, j = order[k], order[k + 1]
                if tiredness[a + i] - tiredness[a + j] > _MARGIN:
                    order[k], order[k + 1] = j, i
                    swapped = True
        for k in range(n):
            threshold[a + order[k]] = handed[k]


@compiled
def _approach(x, start, stop, active, kept):
    """Exponential approach to 1 of active units and to 0 of the others."""
    for i in range(start, stop):
        x[i] = 1.0 - (1.0 - x[i]) * kept if active[i - start] else x[i] * kept


@compiled
def _capacity_step(capacity, start, stop, active, relative_force, fatigue_rate, recovery_rate):
    for i in range(start, stop):
        lost = SLOW_STEP_S * (fatigue_rate[i] * relative_force[i - start])
        back = SLOW_STEP_S * (recovery_rate[i] * (1.0 - capacity[i]))
        tired, rested = max(capacity[i] - lost, 0.0), min(capacity[i] + back, 1.0)
        capacity[i] = tired if active[i - start] else rested


@compiled
def _lower_thresholds(threshold, handed, start, stop, excitation, current):
    """What persistent inward currents take off recruitment thresholds."""
    for i in range(start, stop):
        off = excitation * current[i]
        threshold[i] = handed[i] - min(off, _PIC_MOST * handed[i])


@compiled
def _adapt_minimum(rate, start, stop, rested, share, course, offset):
    for i in range(start, stop):
        rate[i] = max(rested[i] - share[i] * course[i] * offset, 0.0)


@compiled
def _adapt_gain(gain, start, stop, rested, share, course):
    for i in range(start, stop):
        gain[i] = rested[i] * (1.0 - share[i] * course[i])


@compiled
def _adapt_peak(rate, start, stop, rested, minimum, share, course, offset):
    for i in range(start, stop):
        q = share[i] * course[i]
        rate[i] = max(rested[i] - q * ((rested[i] - minimum[i]) + offset), 0.0)


@compiled
def _multiply(out, start, stop, a, b):
    for i in range(start, stop):
        out[i] = a[i] * b[i]


@compiled
def _slow_contractions(time_s, start, stop, rested, capacity, slowing):
    for i in range(start, stop):
        time_s[i] = rested[i] * (1.0 + slowing * (1.0 - capacity[i]))


@compiled
def _decays_of(decay, start, stop, time_s):
    """exp(-tick / T), T at least a tick: by its series at a 16th, which unlike exp vectorises."""
    for i in range(start, stop):
        x = (-TICK_S / 16.0) / time_s[i]
        e = 1.0 + x * (1.0 / 8.0)
        e = 1.0 + x * (1.0 / 7.0) * e
        e = 1.0 + x * (1.0 / 6.0) * e
        e = 1.0 + x * (1.0 / 5.0) * e
        e = 1.0 + x * (1.0 / 4.0) * e
        e = 1.0 + x * (1.0 / 3.0) * e
        e = 1.0 + x * (1.0 / 2.0) * e
        e = 1.0 + x * e
        e *= e
        e *= e
        e *= e
        decay[i] = e * e


@compiled
def _scales_of(scale, start, stop, time_s):
    for i in range(start, stop):
        scale[i] = np.e * TICK_S / time_s[i]


@compiled
def slow_step(p, m, slow, now, is_active, relative_force):
    """What fatigue, adaptation, inward currents and rotation do to muscle `m` in SLOW_STEP_S.

    `p`: the packed constants; `slow`, `now`: rows of one environment, changed in place;
    `is_active`, `relative_force`: of the muscle's units. As `reference.slow_step`. Short loops, for
    they vectorise only while few arrays take part in each.
    """
    a, b, of = np.uint64(p.first_unit[m]), np.uint64(p.first_unit[m + 1]), p.muscle[m]
    tiring, rested = p.tiring, _constants_of(p.rested)
    fatigue_rate, recovery_rate = tiring.fatigue_rate_per_s, tiring.recovery_rate_per_s
    _capacity_step(slow.capacity, a, b, is_active, relative_force, fatigue_rate, recovery_rate)
    _approach(slow.adaptation, a, b, is_active, of.adaptation_decay)
    _approach(slow.inward_current, a, b, is_active, of.pic_decay)
    _approach(slow.tiredness, a, b, is_active, of.rotation_decay)
    if of.rotation_group > 1:
        _rotate(a, b, np.uint64(of.rotation_group), slow.tiredness, slow.threshold)
    threshold, handed = now.recruitment_threshold, slow.threshold
    _lower_thresholds(threshold, handed, a, b, of.pic_excitation, slow.inward_current)
    least = np.inf
    for back in range(b - a):
        i = b - _U1 - back
        least = min(least, threshold[i])
        now.threshold_above[i] = least
    share, course, offset = tiring.adaptation_share, slow.adaptation, of.adaptation_offset_hz
    minimum, peak = rested.minimum_rate_hz, rested.peak_rate_hz
    _adapt_minimum(now.minimum_rate_hz, a, b, minimum, share, course, offset)
    _adapt_gain(now.rate_gain_hz, a, b, rested.rate_gain_hz, share, course)
    _adapt_peak(now.peak_rate_hz, a, b, peak, minimum, share, course, offset)
    _multiply(now.twitch_force, a, b, rested.twitch_force, slow.capacity)
    if of.slowing > 0.0:
        time_s = now.contraction_time_s
        _slow_contractions(time_s, a, b, rested.contraction_time_s, slow.capacity, of.slowing)
        _decays_of(now.tick_decay, a, b, time_s)
        _scales_of(now.twitch_scale, a, b, time_s)


@compiled
def shared_inputs(seed, tick, state, exponential, has_rhythm, noises, events):
    """What muscles may share over a block: noises `[env, tick, (slow, rhythm), key]` and events.

    `state[env, row, key]`: the shared filters, which go on. Events come first for the ticks of the
    largest delay before the block.
    """
    n_tick = noises.shape[1]
    first_event = EVENT_OFFSET - (events.shape[1] - n_tick)
    for env in range(tick.size):
        t0 = tick[env]
        keys = np.uint64(state.shape[2])
        key_noise = _stream_key(seed[env], _S_SLOW_SHARED)
        key_rhythm = _stream_key(seed[env], _S_RHYTHM_SHARED)
        key_events = _stream_key(seed[env], _S_SHARED_HAZARD)
        rows = state[env]
        for k in range(n_tick):
            t = t0 + k
            if t % KNOT_TICKS == 0 and t > 0:
                knot = t // KNOT_TICKS + 1
                _advance_slow_noise(_U0, keys, key_noise, knot, rows, 0)
                if has_rhythm:
                    _advance_rhythm(_U0, keys, key_rhythm, knot, rows, 3)
            w = (t % KNOT_TICKS) / KNOT_TICKS
            for m in range(keys):
                noises[env, k, 0, m] = rows[1, m] + w * (rows[2, m] - rows[1, m])
                noises[env, k, 1, m] = rows[4, m] + w * (rows[5, m] - rows[4, m])
        for k in range(events.shape[1]):
            for j in range(events.shape[2]):
                bits = _draw(key_events, j, t0 + k + first_event)
                events[env, k, j] = _lookup(exponential, bits)


@compiled
def _constants_of(rows):
    """The rows `[field, unit]` of the constants by name."""
    return Constants(
        rows[0], rows[1], rows[2], rows[3], rows[4], rows[5], rows[6], rows[7], rows[8]
    )


@compiled
def _slow_of(rows):
    """The rows `[field, unit]` of the slow state by name."""
    return Slow(rows[0], rows[1], rows[2], rows[3], rows[4])


@compiled
def _spiking_slow_step(p, m, slow, now, spiking, tick, first, second):
    """`slow_step` from the units' spikes and forces at this tick."""
    u0, u1 = np.uint64(p.first_unit[m]), np.uint64(p.first_unit[m + 1])
    n = u1 - u0
    is_active, relative_force, scale = np.empty(n, np.bool_), np.empty(n), np.empty(n)
    slope, tetanic = p.muscle[m].saturation_slope, p.tiring.tetanic_force
    for i in range(u0, u1):
        relative_force[i - u0] = now.tick_decay[i] * (second[i] + first[i])
        is_active[i - u0] = tick - spiking[i].last_spike_tick <= ACTIVE_TICKS
    for i in range(u0, u1):
        y = relative_force[i - u0]
        relative = y / max(slow.capacity[i] * tetanic[i], 1e-300)
        if slope > 0.0:
            relative = np.tanh(0.5 * slope * y)
        relative_force[i - u0] = min(max(relative, 0.0), 1.0)
    for i in range(u0, u1):
        scale[i - u0] = now.twitch_scale[i]
    slow_step(p, m, slow, now, is_active, relative_force)
    if p.muscle[m].slowing > 0.0:
        for i in range(u0, u1):
            first[i] *= now.twitch_scale[i] / scale[i - u0]
            second[i] *= now.twitch_scale[i] / scale[i - u0]


@compiled
def _drop_dead(start, stop, limit, first, second):
    """Zero what is left of twitches long past; one beyond the last unit that carries force."""
    live = start
    for i in range(start, stop):
        alive = first[i] + second[i] >= limit
        first[i] = first[i] if alive else 0.0
        second[i] = second[i] if alive else 0.0
        live = i + _U1 if alive else live
    return live


@compiled
def _course(c, shared_by, of, drive, env, m, noises, events, low_passed, least, course):
    """What all units of a muscle see over the block, into `course[tick, field]`.

    Fields: excitation with its shared noise, amplitude of private noise, rate ahead of the peak,
    shared part of the rhythm, least phase at which a shared event can make a unit fire. Returns the
    excitation that no unit's exceeds, and the low-passed one, which goes on.
    """
    private_part, shared_part = np.sqrt(1.0 - shared_by.drive_share), np.sqrt(shared_by.drive_share)
    rhythm = of.rhythm_noise * np.sqrt(shared_by.rhythm_share)
    highest = 0.0
    for k in range(drive.shape[1]):
        excitation = drive[env, k, m] * of.max_excitation
        ahead = excitation - low_passed
        low_passed += of.onset_follow * ahead
        noise_sd = of.drive_noise_floor + of.drive_noise_slope * drive[env, k, m]
        sd = noise_sd * excitation
        course[k, 0] = excitation + sd * shared_part * noises[k, 0, shared_by.drive_key]
        course[k, 1] = sd * private_part
        course[k, 2] = of.onset_gain_hz * max(ahead, 0.0)
        course[k, 3] = 1.0 + rhythm * noises[k, 1, shared_by.rhythm_key]
        course[k, 4] = 1.0 - _Z_LIMIT * of.cv_high if c.staggers else np.inf
        highest = max(highest, excitation * (1.0 + NOISE_LIMIT_SD * noise_sd))
    if c.hazard_share == 0.0 or c.staggers:
        return highest, low_passed
    # No unit's phase grows more in a tick than this, in its isi_cv.
    over = of.onset_gain_hz * highest
    fastest = of.gain_high * (highest - least) + of.minimum_high + over
    max_step = fastest * TICK_S / of.cv_low
    if not of.rate_saturates:
        max_step = min(of.max_phase_step + over * TICK_S / of.cv_low, max_step)
    max_step *= 1.0 + NOISE_LIMIT_SD * of.rhythm_noise
    for k in range(drive.shape[1]):
        event = np.inf
        for late in range(c.max_delay_ticks + 1):
            event = min(event, events[k + late, shared_by.hazard_key])
        z = _least_candidate_z(c.z_at_hazard, event / c.hazard_share, max_step)
        course[k, 4] = 1.0 + (of.cv_high if z < 0.0 else of.cv_low) * z
    return highest, low_passed


@compiled
def _load_noises(rows, unit, has_noise, has_rhythm, a, n):
    if has_noise:
        _load(rows, _BEFORE, unit, 5, a, n, 0.0)
        _load(rows, _AFTER, unit, 6, a, n, 0.0)
    if has_rhythm:
        _load(rows, _RHYTHM_BEFORE, unit, 8, a, n, 0.0)
        _load(rows, _RHYTHM_AFTER, unit, 9, a, n, 0.0)


@compiled
def _load_chunk(rows, unit, now, fast, a, n):
    """State and constants of units `a` to `a + n` into the work space."""
    _load(rows, _PHASE, unit, 0, a, n, 0.0)
    _load(rows, _THETA, unit, 1, a, n, np.inf)
    _load(rows, _FIRST, unit, 2, a, n, 0.0)
    _load(rows, _SECOND, unit, 3, a, n, 0.0)
    _load(rows, _THRESHOLD, now, 0, a, n, _NEVER_REACHED)
    _load(rows, _MINIMUM, now, 1, a, n, 0.0)
    _load(rows, _GAIN, now, 2, a, n, 0.0)
    _load(rows, _PEAK, now, 3, a, n, 0.0)
    _load(rows, _DECAY, now, 6, a, n, 0.0)
    for i in range(n):
        rows[_FAST + i] = fast[a + i]
    for i in range(n, (n + _PAD) & ~_PAD):
        rows[_FAST + i] = 0.0


@compiled
def _fetch_ahead(unit, now, spiking, constants, start, n):
    """Let the state and constants of the `n` units from `start` on come while others are worked on.

    All units together are larger than the second cache: waiting for them was a third of the time.
    """
    stop = min(start + n, np.uint64(unit.shape[1]))
    for i in range(start, stop, _LINE):
        for row in range(4):
            _prefetch(unit, row, i)
        for row in range(8):
            _prefetch(now, row, i)
    for i in range(start, stop, np.uint64(2)):
        _prefetch(spiking, i)
        _prefetch(constants, i)


@compiled
def _part_of(end, start, n):
    """How many of the `n` units from `start` on lie before `end`."""
    return min(max(end, start) - start, n)


@compiled
def _advance_chunk(
    rows,
    found,
    sampled,
    course,
    force_sum,
    of,
    keys,
    t0,
    k0,
    k1,
    a,
    n,
    n_on,
    n_live,
    unit,
    now,
    spiking,
    constants,
    decay_table,
    has_noise,
    has_rhythm,
    sensitivity,
    m,
    threshold_z,
    hazard,
    hazard_share,
    staggers,
    n_delay,
    events,
    hazard_key,
    sums,
    group,
    record,
    spikes,
):
    """Ticks `k0` to `k1` of units `a` to `a + n`, of which `n_on` may fire and `n_live` have force.

    Arrays one by one and not in records: to take one out of a record counts a reference, which is
    an atomic operation each time. Returns `n_live` and the share-weighted spikes, all and fast.
    """
    ratio = of.twitch_tetanus_ratio
    spike_sum, fast_sum = 0.0, 0.0
    n_on = (n_on + _PAD) & ~_PAD
    for k in range(k0, k1):
        t = t0 + k
        w = (t % KNOT_TICKS) / KNOT_TICKS
        if w == 0.0 and t > 0:
            if has_noise:
                _advance_slow_noise(a, a + n, keys.slow, t // KNOT_TICKS + 1, unit, 4)
            if has_rhythm:
                _advance_rhythm(a, a + n, keys.rhythm, t // KNOT_TICKS + 1, unit, 7)
            _load_noises(rows, unit, has_noise, has_rhythm, a, n)
        if n_live > _U0:
            padded = (n_live + _PAD) & ~_PAD
            if ratio > 0.0:
                slow, quick = sensitivity[m, 0], sensitivity[m, 1]
                total, fast = _saturating_twitch_step(
                    rows, padded, 0.5 * of.saturation_slope, slow, quick, ratio
                )
            else:
                total, fast = _twitch_step(rows, padded)
            force_sum[k, 0] += total
            force_sum[k, 1] += fast
        if n_on == _U0:
            continue

        base, private, over, need = course[k, 0], course[k, 1], course[k, 2], course[k, 4]
        if of.rate_saturates:
            _saturating_steps(rows, n_on, base, private, w, over, decay_table)
        elif private == 0.0:
            _quiet_linear_steps(rows, n_on, base, over)
        else:
            _linear_steps(rows, n_on, base, private, w, over)
        if of.rhythm_noise > 0.0:
            _modulate(rows, n_on, course[k, 3], keys.rhythm_part, w)
        _grow(rows, n_on)
        if staggers:
            _stagger(rows, min(n, n_on), a, hazard_share, hazard, spiking, sums, group, sampled)
        for q in range(_find_ready(rows, n_on, need, found)):
            j = found[q]
            i = a + j
            phase, theta, grown = rows[_PHASE + j], rows[_THETA + j], rows[_STEP + j]
            if grown == 0.0:  # silent, or no unit but padding
                continue
            mine, unit_of = spiking[i], constants[i]
            silence = t - mine.last_spike_tick
            if silence < mine.hold:
                continue
            if phase >= theta:
                rest = phase - theta if theta > -np.inf else 0.0
            elif staggers:
                if not sampled[j]:
                    continue
                rest = 0.5 * grown
            else:
                added = _hazard_at(hazard, (phase - 1.0) / mine.isi_cv)
                added -= _hazard_at(hazard, (phase - grown - 1.0) / mine.isi_cv)
                late = n_delay - np.int64(mine.delay)
                if hazard_share * added <= events[k + late, hazard_key]:
                    continue
                rest = 0.5 * grown
            impulse = 1.0
            if ratio == 0.0:
                impulse = _gain(np.e / (now[7, i] * np.float64(silence))) * now[4, i]
            rows[_FIRST + j] += impulse * now[7, i]  # now[7] is e tick / T
            n_live = max(n_live, j + _U1)
            if unit_of.isi_cv_onset > 0.0:
                noise = rows[_BEFORE + j] + w * (rows[_AFTER + j] - rows[_BEFORE + j])
                above = max(base + private * noise - rows[_THRESHOLD + j], 0.0)
                u = above / (of.isi_cv_decay * of.max_excitation)
                mine.isi_cv = unit_of.isi_cv + unit_of.isi_cv_onset * _decay(u, decay_table)
            mine.last_spike_tick = t
            mine.spike_count += 1
            mine.hold = of.refractory_ticks
            bits = _draw(keys.threshold, i, mine.spike_count)
            z = _lookup(threshold_z, bits)
            theta = max(1.0 + mine.isi_cv * z, _LEAST_THRESHOLD)
            rows[_PHASE + j] = rest
            mine.delay = (np.int64(bits & _MASK11) * (n_delay + 1)) >> 11
            if silence > _SILENCE_TICKS and unit_of.doublet_share > 0.0:
                chance = _uniform(_draw(keys.doublet, i, mine.spike_count))
                if chance < unit_of.doublet_share:
                    theta = -np.inf
                    mine.hold = of.doublet_ticks
            rows[_THETA + j], unit[1, i] = theta, theta
            spike_sum += unit_of.force_share
            fast_sum += unit_of.force_share * rows[_FAST + j]
            if record:
                spikes[k, i] = 1
    return n_live, spike_sum, fast_sum


@compiled
def run(p, c, s, drive, sensitivity, noises, events, m0, m1, record, out):
    """The block for muscles `m0` to `m1` of all environments; `p`, `c` the packed constants."""
    # Unsigned indices spare numba's check for negative ones, without which loops do not vectorise.
    active_state, active_sum, spike_sum, spikes = out
    n_tick = drive.shape[1]
    rows, found = np.empty(_ROWS_SIZE), np.empty(CHUNK + 1, np.uint64)
    sampled, course = np.zeros(CHUNK, np.bool_), np.empty((n_tick, 5))
    force_sum = np.empty((n_tick, 2))
    constants, decay_table, fast_units = p.spiking, p.decay_table, p.is_fast
    threshold_z, hazard = c.threshold_z, c.hazard
    for env in range(drive.shape[0]):
        t0, seed = s.tick[env], s.seed[env]
        unit, spiking, sums = s.unit[env], s.spiking[env], s.stagger[env]
        now = s.now_units[env] if p.is_dynamic else p.rested
        noises_here, events_here, spikes_here = noises[env], events[env], spikes[env]
        sensitivity_here = sensitivity[env]
        for m in range(m0, m1):
            u0, u1, of = np.uint64(p.first_unit[m]), np.uint64(p.first_unit[m + 1]), p.muscle[m]
            shared_by = c.muscle[m]
            has_noise = p.has_drive_noise or of.rate_saturates
            keys = _Keys(
                _stream_key(seed, _S_THRESHOLD),
                _stream_key(seed, _S_SLOW_PRIVATE),
                _stream_key(seed, _S_RHYTHM_PRIVATE),
                _stream_key(seed, _S_DOUBLET),
                of.rhythm_noise * np.sqrt(1.0 - shared_by.rhythm_share),
            )
            low_passed, least = s.slow_excitation[env, m], now[8, u0]
            highest, s.slow_excitation[env, m] = _course(
                c, shared_by, of, drive, env, m, noises_here, events_here, low_passed, least, course
            )
            live = u0 + np.uint64(s.n_live[env, m])
            slow_spikes, fast_spikes = 0.0, 0.0
            for k in range(n_tick):
                force_sum[k, 0] = 0.0
                force_sum[k, 1] = 0.0
            k0 = 0
            while k0 < n_tick:
                t = t0 + k0
                if t % SLOW_TICKS == 0 and t > 0:
                    if p.is_dynamic:
                        slow, changed = _slow_of(s.slow_units[env]), _constants_of(now)
                        _spiking_slow_step(p, m, slow, changed, spiking, t, unit[2], unit[3])
                    limit = LIVE_LIMIT * (1.0 if of.twitch_tetanus_ratio > 0.0 else of.max_force)
                    live = _drop_dead(u0, u1, limit, unit[2], unit[3])
                k1 = min(n_tick, k0 + SLOW_TICKS - t % SLOW_TICKS)
                on = _count_up_to(now, 8, u0, u1, highest)
                group = of.first_group
                for a in range(u0, u1, np.uint64(CHUNK)):
                    n = min(u1 - a, np.uint64(CHUNK))
                    n_on, n_live = _part_of(on, a, n), _part_of(live, a, n)
                    works = n_on > _U0 or n_live > _U0
                    if works:
                        _load_chunk(rows, unit, now, fast_units, a, n)
                        _load_noises(rows, unit, has_noise, p.has_rhythm, a, n)
                        if of.twitch_tetanus_ratio > 0.0:
                            _load(rows, _FORCE, now, 4, a, n, 0.0)
                        _fetch_ahead(unit, now, spiking, constants, a + n, n)
                    n_live, total, fast = _advance_chunk(
                        rows,
                        found,
                        sampled,
                        course,
                        force_sum,
                        of,
                        keys,
                        t0,
                        k0,
                        k1,
                        a,
                        n,
                        n_on,
                        n_live,
                        unit,
                        now,
                        spiking,
                        constants,
                        decay_table,
                        p.has_drive_noise,
                        p.has_rhythm,
                        sensitivity_here,
                        m,
                        threshold_z,
                        hazard,
                        c.hazard_share,
                        c.staggers,
                        c.max_delay_ticks,
                        events_here,
                        shared_by.hazard_key,
                        sums,
                        group,
                        record,
                        spikes_here,
                    )
                    if works:
                        _store(rows, _PHASE, unit, 0, a, n)
                        _store(rows, _FIRST, unit, 2, a, n)
                        _store(rows, _SECOND, unit, 3, a, n)
                        live = max(live, a + n_live) if n_live > _U0 else live
                    slow_spikes += total - fast
                    fast_spikes += fast
                    group += CHUNK // STAGGER_GROUP
                k0 = k1
            for k in range(n_tick):
                total, fast = force_sum[k, 0], force_sum[k, 1]
                active_state[env, k, m] = total / of.max_force
                active_sum[env, k, m, 0] = (total - fast) * of.active_sum_scale
                active_sum[env, k, m, 1] = fast * of.active_sum_scale
            spike_sum[env, m, 0] = slow_spikes
            spike_sum[env, m, 1] = fast_spikes
            s.n_live[env, m] = live - u0
