"""The compiled half of `kernel.py`: the spiking step of some muscles for a block of ticks.

Must agree with `reference.py`, spikes bit for bit: float expressions keep its order of operations.
All compiled code the step needs is in this file, because numba's cache does not see edits of other
files.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numba
import numpy as np

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
)

EVENT_OFFSET = 64  # added to ticks of shared events so that delayed ones count from 0
NOISE_LIMIT_SD = 8.0  # units further than this above the excitation are skipped (never reached)
LIVE_LIMIT = 1e-13  # twitches below this part of P are dropped (denormals; far below 1e-12)

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
_U0, _U1 = np.uint64(0), np.uint64(1)
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
def _advance_rhythm(start, stop, key, count, filtered, before, after):
    """One knot on in the resonator (transposed direct form)."""
    for i in range(start, stop):
        n = RHYTHM_SCALE * _bell(_draw(key, i, count))
        new = n + filtered[i]
        filtered[i] = RHYTHM_A1 * new - n + RHYTHM_A2 * after[i]
        before[i] = after[i]
        after[i] = new


@compiled
def _accumulate_phase(
    start, stop, base, private, w, over, threshold, minimum, gain, peak, before, after, phase
):
    """Let the phases of units `start` to `stop` grow by one tick."""
    for i in range(start, stop):
        excitation = base + private * (before[i] + w * (after[i] - before[i]))
        rate = minimum[i] + gain[i] * (excitation - threshold[i])
        rate = (rate if rate < peak[i] else peak[i]) + over
        phase[i] += rate * TICK_S if excitation >= threshold[i] else 0.0


@compiled
def _accumulate_quiet_phase(start, stop, excitation, over, threshold, minimum, gain, peak, phase):
    """The same without private noise in the drive."""
    for i in range(start, stop):
        rate = minimum[i] + gain[i] * (excitation - threshold[i])
        rate = (rate if rate < peak[i] else peak[i]) + over
        phase[i] += rate * TICK_S if excitation >= threshold[i] else 0.0


@compiled
def _steps(
    start, stop, base, private, w, over, threshold, minimum, gain, peak, before, after, step
):
    """What phases grow by in one tick, into `step`, for the rhythm to modulate."""
    for i in range(start, stop):
        excitation = base + private * (before[i] + w * (after[i] - before[i]))
        rate = minimum[i] + gain[i] * (excitation - threshold[i])
        rate = (rate if rate < peak[i] else peak[i]) + over
        step[i - start] = rate * TICK_S if excitation >= threshold[i] else 0.0


@compiled
def _saturating_steps(
    start, stop, base, private, w, over, threshold, minimum, gain, peak, before, after, step, table
):
    """The same for rates that rise exponentially towards their peak."""
    for i in range(start, stop):
        excitation = base + private * (before[i] + w * (after[i] - before[i]))
        span = max(peak[i] - minimum[i], 1e-9)
        u = max(gain[i] * (excitation - threshold[i]) / span, 0.0)
        rate = minimum[i] + span * (1.0 - _decay(u, table)) + over
        step[i - start] = rate * TICK_S if excitation >= threshold[i] else 0.0


@compiled
def _modulate_and_add(start, stop, base, private, w, before, after, step, phase):
    """Let the rhythm speed units up and slow them down; then their phases grow."""
    for i in range(start, stop):
        factor = base + private * (before[i] + w * (after[i] - before[i]))
        step[i - start] *= max(factor, 0.0)
        phase[i] += step[i - start]


@compiled
def _add_steps(start, stop, step, phase):
    for i in range(start, stop):
        phase[i] += step[i - start]


@compiled
def _find_candidates(start, stop, need, phase, theta, found):
    """Indices of units that fire by themselves or may do so by a shared event.

    Without a branch: which unit fires cannot be foreseen, and a wrong guess costs 20 units' time.
    """
    n = np.int64(0)
    for i in range(start, stop):
        found[n] = i
        n += np.int64(phase[i] >= min(theta[i], need))
    return n


@compiled
def _stagger(start, stop, share, hazard, phase, step, spiking, sums, sampled):
    """Systematic sampling of the shared hazard in groups of neighbours: who fires in turn."""
    group = np.uint64(0)
    for a in range(start, stop, np.uint64(STAGGER_GROUP)):
        total = sums[group]
        for i in range(a, min(a + np.uint64(STAGGER_GROUP), stop)):
            sampled[i - start] = False
            cv = spiking[i].isi_cv
            z = (phase[i] - 1.0) / cv
            if z <= -_Z_LIMIT or step[i - start] == 0.0:
                continue
            added = share * (
                _hazard_at(hazard, z) - _hazard_at(hazard, (phase[i] - step[i - start] - 1.0) / cv)
            )
            even, odd = 1.0 + added * added * (1.0 / 12.0), 0.5 * added
            total += 1.0 - (even - odd) / (even + odd)
            if total >= 1.0:
                total -= 1.0
                sampled[i - start] = True
        sums[group] = total
        group += _U1


@compiled(fastmath={"reassoc", "nsz"})
def _twitch_step(start, stop, decay, first, second):
    """Advance the twitch filters; summed force."""
    total = 0.0
    for i in range(start, stop):
        y = decay[i] * (second[i] + first[i])
        second[i] = y
        first[i] = decay[i] * first[i]
        total += y
    return total


@compiled(fastmath={"reassoc", "nsz"})
def _sum_fast(start, stop, is_fast, second):
    """Force of the fast units where they are mixed with slow ones."""
    fast = 0.0
    for i in range(start, stop):
        fast += second[i] if is_fast[i] else 0.0
    return fast


@compiled
def _saturating_twitch_step(
    start, stop, decay, is_fast, first, second, slope, sensitivity, ratio, force
):
    """The same for saturating units, whose filters sum twitches of unit height: also the fast."""
    total = 0.0
    fast = 0.0
    for i in range(start, stop):
        y = decay[i] * (second[i] + first[i])
        second[i] = y
        first[i] = decay[i] * first[i]
        b = 0.5 * slope * (sensitivity[1] if is_fast[i] else sensitivity[0])
        f = force[i] / ratio * np.tanh(b * y)
        total += f
        fast += f if is_fast[i] else 0.0
    return total, fast


@compiled
def _rotate(start, stop, group, tiredness, threshold):
    """Swap neighbours in threshold of each group where the lower is more tired by the margin."""
    order = np.empty(group, np.int64)
    handed = np.empty(group)
    for a in range(start, stop, group):
        n = min(group, stop - a)
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
def slow_step(p, m, slow, now, env, is_active, relative_force):
    """What fatigue, adaptation, inward currents and rotation do to muscle `m` in SLOW_STEP_S.

    `p`: the packed constants; `is_active`, `relative_force`: of the muscle's units. As
    `reference.slow_step`, in place.
    """
    u0, u1, of = p.first_unit[m], p.first_unit[m + 1], p.muscle[m]
    for i in range(u0, u1):
        active, unit = is_active[i - u0], p.slow[i]
        capacity = slow.capacity[env, i]
        if active:
            lost = SLOW_STEP_S * (unit.fatigue_rate_per_s * relative_force[i - u0])
            capacity = max(capacity - lost, 0.0)
        else:
            back = SLOW_STEP_S * (unit.recovery_rate_per_s * (1.0 - capacity))
            capacity = min(capacity + back, 1.0)
        slow.capacity[env, i] = capacity
        a, c, t = slow.adaptation[env, i], slow.inward_current[env, i], slow.tiredness[env, i]
        slow.adaptation[env, i] = _approach(a, active, of.adaptation_decay)
        slow.inward_current[env, i] = _approach(c, active, of.pic_decay)
        slow.tiredness[env, i] = _approach(t, active, of.rotation_decay)
    if of.rotation_group > 1:
        _rotate(u0, u1, of.rotation_group, slow.tiredness[env], slow.threshold[env])
    least = np.inf
    for back in range(u1 - u0):
        i = u1 - 1 - back
        unit = p.slow[i]
        q = unit.adaptation_share * slow.adaptation[env, i]
        offset, threshold = of.adaptation_offset_hz, slow.threshold[env, i]
        minimum, peak = unit.minimum_rate_hz, unit.peak_rate_hz
        pic = of.pic_excitation * slow.inward_current[env, i]
        threshold = threshold - min(pic, _PIC_MOST * threshold)
        least = min(least, threshold)
        now.recruitment_threshold[env, i] = threshold
        now.threshold_above[env, i] = least
        now.minimum_rate_hz[env, i] = max(minimum - q * offset, 0.0)
        now.rate_gain_hz[env, i] = unit.rate_gain_hz * (1.0 - q)
        now.peak_rate_hz[env, i] = max(peak - q * ((peak - minimum) + offset), 0.0)
        now.twitch_force[env, i] = unit.twitch_force * slow.capacity[env, i]
        if of.slowing > 0.0:
            lost = 1.0 - slow.capacity[env, i]
            time_s = unit.contraction_time_s * (1.0 + of.slowing * lost)
            now.contraction_time_s[env, i] = time_s
            now.tick_decay[env, i] = np.exp(-TICK_S / time_s)
            now.twitch_scale[env, i] = np.e * TICK_S / time_s


@compiled
def _approach(x, active, kept):
    return 1.0 - (1.0 - x) * kept if active else x * kept


@compiled
def _spiking_slow_step(p, m, s, env, tick, first, second):
    """`slow_step` from the units' spikes and forces at this tick."""
    u0, n = p.first_unit[m], p.first_unit[m + 1] - p.first_unit[m]
    is_active, relative_force, scale = np.empty(n, np.bool_), np.empty(n), np.empty(n)
    slope = p.muscle[m].saturation_slope
    for k in range(n):
        i = u0 + k
        scale[k] = s.now.twitch_scale[env, i]
        y = s.now.tick_decay[env, i] * (second[i] + first[i])
        if slope > 0.0:
            relative = np.tanh(0.5 * slope * y)
        else:
            relative = y / max(s.slow.capacity[env, i] * p.slow[i].tetanic_force, 1e-300)
        relative_force[k] = min(max(relative, 0.0), 1.0)
        is_active[k] = tick - s.spiking[env, i].last_spike_tick <= ACTIVE_TICKS
    slow_step(p, m, s.slow, s.now, env, is_active, relative_force)
    if p.muscle[m].slowing > 0.0:
        for k in range(n):
            change = s.now.twitch_scale[env, u0 + k] / scale[k]
            first[u0 + k] *= change
            second[u0 + k] *= change


@compiled
def shared_inputs(seed, tick, noises, rhythms, exponential, has_rhythm, out):
    """What muscles may share over a block: slow noise and rhythm `[env, tick, key]`, events.

    `noises`, `rhythms`: the shared filters' states, which go on; `out`: the three, to be filled;
    events come first for the ticks of the largest delay before the block.
    """
    noise_out, rhythm_out, events = out
    filtered, before, after = noises
    rhythm_filter, rhythm_before, rhythm_after = rhythms
    n_tick = noise_out.shape[1]
    first_event = EVENT_OFFSET - (events.shape[1] - n_tick)
    for env in range(tick.size):
        t0 = tick[env]
        keys = np.uint64(before.shape[1])
        key_noise = _stream_key(seed[env], _S_SLOW_SHARED)
        key_rhythm = _stream_key(seed[env], _S_RHYTHM_SHARED)
        key_events = _stream_key(seed[env], _S_SHARED_HAZARD)
        b, a, rb, ra = before[env], after[env], rhythm_before[env], rhythm_after[env]
        for k in range(n_tick):
            t = t0 + k
            if t % KNOT_TICKS == 0 and t > 0:
                knot = t // KNOT_TICKS + 1
                _advance_slow_noise(_U0, keys, key_noise, knot, filtered[env], b, a)
                if has_rhythm:
                    _advance_rhythm(_U0, keys, key_rhythm, knot, rhythm_filter[env], rb, ra)
            w = (t % KNOT_TICKS) / KNOT_TICKS
            for m in range(b.size):
                noise_out[env, k, m] = b[m] + w * (a[m] - b[m])
                rhythm_out[env, k, m] = rb[m] + w * (ra[m] - rb[m])
        for k in range(events.shape[1]):
            for j in range(events.shape[2]):
                bits = _draw(key_events, j, t0 + k + first_event)
                events[env, k, j] = _lookup(exponential, bits)


@compiled
def run(p, c, s, drive, sensitivity, shared_noise, shared_rhythm, events, m0, m1, record, out):
    """The block for muscles `m0` to `m1` of all environments; `p` the packed constants."""
    # Unsigned indices spare numba's check for negative ones, without which loops do not vectorise.
    active_state, active_sum, spike_sum, spikes = out
    n_tick = drive.shape[1]
    shares = c.hazard_share > 0.0 and not c.staggers
    n_delay = c.max_delay_ticks
    largest = np.max(p.first_unit[1:] - p.first_unit[:-1])
    found, step = np.empty(largest, np.uint64), np.empty(largest)
    sampled = np.zeros(largest, np.bool_)
    decay_table, is_fast, constants = p.decay_table, p.is_fast, p.spiking
    threshold_z, hazard = c.threshold_z, c.hazard
    for env in range(drive.shape[0]):
        t0, seed = s.tick[env], s.seed[env]
        key_threshold = _stream_key(seed, _S_THRESHOLD)
        key_slow = _stream_key(seed, _S_SLOW_PRIVATE)
        key_rhythm = _stream_key(seed, _S_RHYTHM_PRIVATE)
        key_doublet = _stream_key(seed, _S_DOUBLET)
        phase, theta, spiking = s.phase[env], s.threshold[env], s.spiking[env]
        first, second = s.twitch_1[env], s.twitch_2[env]
        filtered, before, after = s.slow_filter[env], s.slow_before[env], s.slow_after[env]
        rhythm_before, rhythm_after = s.rhythm_before[env], s.rhythm_after[env]
        rhythm_filter = s.rhythm_filter[env]
        row = env if p.is_dynamic else 0
        now = s.now if p.is_dynamic else p.rested
        threshold, minimum = now.recruitment_threshold[row], now.minimum_rate_hz[row]
        gain, peak = now.rate_gain_hz[row], now.peak_rate_hz[row]
        force, time_s = now.twitch_force[row], now.contraction_time_s[row]
        decay, above = now.tick_decay[row], now.threshold_above[row]
        for m in range(m0, m1):
            u0, u1, of = np.uint64(p.first_unit[m]), np.uint64(p.first_unit[m + 1]), p.muscle[m]
            noise_key, hazard_key = c.drive_key[m], c.hazard_key[m]
            private_part, shared_part = np.sqrt(1.0 - c.drive_share[m]), np.sqrt(c.drive_share[m])
            rhythm_private = of.rhythm_noise * np.sqrt(1.0 - c.rhythm_share[m])
            rhythm_shared = of.rhythm_noise * np.sqrt(c.rhythm_share[m])
            ratio = of.twitch_tetanus_ratio
            by_step = of.rate_saturates or of.rhythm_noise > 0.0 or c.staggers
            n_group = (p.first_unit[m + 1] - p.first_unit[m] - 1) // STAGGER_GROUP + 1
            sums = s.stagger[env, of.first_group : of.first_group + n_group]
            highest = 0.0  # units with thresholds above it stay silent in this block
            for k in range(n_tick):
                d = drive[env, k, m]
                noise_sd = of.drive_noise_floor + of.drive_noise_slope * d
                highest = max(highest, d * of.max_excitation * (1.0 + NOISE_LIMIT_SD * noise_sd))
            on = _count_up_to(above, u0, u1, highest)
            max_step = 0.0  # no unit's phase grows more in a tick, in its isi_cv
            if shares:
                over = of.onset_gain_hz * highest
                fastest = of.gain_high * (highest - above[u0]) + of.minimum_high + over
                max_step = fastest * TICK_S / of.cv_low
                if not of.rate_saturates:
                    max_step = min(of.max_phase_step + over * TICK_S / of.cv_low, max_step)
                max_step *= 1.0 + NOISE_LIMIT_SD * of.rhythm_noise
            live = u0 + np.uint64(s.n_live[env, m])
            slow_sum, fast_sum = 0.0, 0.0
            for k in range(n_tick):
                t = t0 + k
                w = (t % KNOT_TICKS) / KNOT_TICKS
                if p.is_dynamic and t % SLOW_TICKS == 0 and t > 0:
                    _spiking_slow_step(p, m, s, env, t, first, second)
                    on = _count_up_to(above, u0, u1, highest)
                if w == 0.0 and t > 0:
                    knot = t // KNOT_TICKS + 1
                    if p.has_drive_noise:
                        _advance_slow_noise(u0, u1, key_slow, knot, filtered, before, after)
                    if p.has_rhythm:
                        _advance_rhythm(
                            u0, u1, key_rhythm, knot, rhythm_filter, rhythm_before, rhythm_after
                        )
                d = drive[env, k, m]
                excitation = d * of.max_excitation
                ahead = excitation - s.slow_excitation[env, m]
                s.slow_excitation[env, m] += of.onset_follow * ahead
                total, fast = 0.0, 0.0
                if live > u0 and ratio > 0.0:
                    b, sens = of.saturation_slope, sensitivity[env, m]
                    total, fast = _saturating_twitch_step(
                        u0, live, decay, is_fast, first, second, b, sens, ratio, force
                    )
                elif live > u0 and of.n_slow >= 0:
                    middle = min(u0 + np.uint64(of.n_slow), live)
                    total = _twitch_step(u0, middle, decay, first, second)
                    fast = _twitch_step(middle, live, decay, first, second)
                    total += fast
                elif live > u0:
                    total = _twitch_step(u0, live, decay, first, second)
                    fast = _sum_fast(u0, live, is_fast, second)
                active_state[env, k, m] = total / of.max_force
                active_sum[env, k, m, 0] = (total - fast) * of.active_sum_scale
                active_sum[env, k, m, 1] = fast * of.active_sum_scale
                while live > u0:
                    i = live - _U1
                    height = 1.0 if ratio > 0.0 else p.spiking[i].twitch_force
                    if first[i] + second[i] >= LIVE_LIMIT * height:
                        break
                    first[i] = 0.0
                    second[i] = 0.0
                    live = i
                if on == u0:
                    continue

                sd = (of.drive_noise_floor + of.drive_noise_slope * d) * excitation
                base = excitation + sd * shared_part * shared_noise[env, k, noise_key]
                private = sd * private_part
                over = of.onset_gain_hz * max(ahead, 0.0)
                if not by_step and private == 0.0:
                    _accumulate_quiet_phase(
                        u0, on, base, over, threshold, minimum, gain, peak, phase
                    )
                elif not by_step:
                    _accumulate_phase(
                        u0,
                        on,
                        base,
                        private,
                        w,
                        over,
                        threshold,
                        minimum,
                        gain,
                        peak,
                        before,
                        after,
                        phase,
                    )
                else:
                    if of.rate_saturates:
                        _saturating_steps(
                            u0,
                            on,
                            base,
                            private,
                            w,
                            over,
                            threshold,
                            minimum,
                            gain,
                            peak,
                            before,
                            after,
                            step,
                            decay_table,
                        )
                    else:
                        _steps(
                            u0,
                            on,
                            base,
                            private,
                            w,
                            over,
                            threshold,
                            minimum,
                            gain,
                            peak,
                            before,
                            after,
                            step,
                        )
                    if of.rhythm_noise > 0.0:
                        common = 1.0 + rhythm_shared * shared_rhythm[env, k, c.rhythm_key[m]]
                        _modulate_and_add(
                            u0,
                            on,
                            common,
                            rhythm_private,
                            w,
                            rhythm_before,
                            rhythm_after,
                            step,
                            phase,
                        )
                    else:
                        _add_steps(u0, on, step, phase)
                need = np.inf  # least phase at which a shared event can make a unit fire
                if shares:
                    least = np.inf
                    for j in range(n_delay + 1):
                        least = min(least, events[env, k + j, hazard_key])
                    z = _least_candidate_z(c.z_at_hazard, least / c.hazard_share, max_step)
                    need = 1.0 + (of.cv_high if z < 0.0 else of.cv_low) * z
                elif c.staggers:
                    _stagger(u0, on, c.hazard_share, c.hazard, phase, step, spiking, sums, sampled)
                    need = 1.0 - _Z_LIMIT * of.cv_high
                n_found = _find_candidates(u0, on, need, phase, theta, found)
                for j in range(n_found):
                    i = found[j]
                    mine = spiking[i]
                    silence = t - mine.last_spike_tick
                    e = base + private * (before[i] + w * (after[i] - before[i]))
                    if silence < mine.hold or e < threshold[i]:
                        continue
                    if by_step:
                        grown = step[i - u0]
                    else:
                        rate = minimum[i] + gain[i] * (e - threshold[i])
                        grown = ((rate if rate < peak[i] else peak[i]) + over) * TICK_S
                    if grown == 0.0:
                        continue
                    if phase[i] >= theta[i]:
                        rest = phase[i] - theta[i] if theta[i] > -np.inf else 0.0
                    elif c.staggers:
                        if not sampled[i - u0]:
                            continue
                        rest = 0.5 * grown
                    else:
                        cv = mine.isi_cv
                        added = _hazard_at(hazard, (phase[i] - 1.0) / cv) - _hazard_at(
                            hazard, (phase[i] - grown - 1.0) / cv
                        )
                        event = events[env, k + n_delay - np.int64(mine.delay), hazard_key]
                        if c.hazard_share * added <= event:
                            continue
                        rest = 0.5 * grown
                    unit = constants[i]
                    time_i = time_s[i] if p.is_dynamic else unit.contraction_time_s
                    impulse = 1.0
                    if ratio == 0.0:
                        impulse = _gain(time_i / (np.float64(silence) * TICK_S))
                        impulse *= force[i] if p.is_dynamic else unit.twitch_force
                    first[i] += impulse * (np.e * TICK_S / time_i)
                    live = max(live, i + _U1)
                    mine.last_spike_tick = t
                    mine.spike_count += 1
                    if unit.isi_cv_onset > 0.0:
                        u = max(e - threshold[i], 0.0) / (of.isi_cv_decay * of.max_excitation)
                        mine.isi_cv = unit.isi_cv + unit.isi_cv_onset * _decay(u, decay_table)
                    bits = _draw(key_threshold, i, mine.spike_count)
                    z = _lookup(threshold_z, bits)
                    theta[i] = max(1.0 + mine.isi_cv * z, _LEAST_THRESHOLD)
                    mine.delay = (np.int64(bits & _MASK11) * (n_delay + 1)) >> 11
                    mine.hold = of.refractory_ticks
                    phase[i] = rest
                    if silence > _SILENCE_TICKS and unit.doublet_share > 0.0:
                        chance = _uniform(_draw(key_doublet, i, mine.spike_count))
                        if chance < unit.doublet_share:
                            theta[i] = -np.inf
                            mine.hold = of.doublet_ticks
                    if unit.is_fast:
                        fast_sum += unit.force_share
                    else:
                        slow_sum += unit.force_share
                    if record:
                        spikes[env, k, i] = 1
            spike_sum[env, m, 0] = slow_sum
            spike_sum[env, m, 1] = fast_sum
            s.n_live[env, m] = live - u0
