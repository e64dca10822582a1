"""The compiled slow step: fatigue, adaptation, inward currents and rotation of a muscle's units.

Must agree with `reference.slow_step`. Short loops, for they vectorise only while few arrays take
part in each.
"""

from __future__ import annotations

import numpy as np

from neurocoord.motorunits import fatigue
from neurocoord.motorunits.compiled import (
    U1,
    inner,
)
from neurocoord.motorunits.records import (
    ACTIVE_TICKS,
    SLOW_STEP_S,
    TICK_S,
    Constants,
)
from neurocoord.motorunits.state import Slow

_PIC_MOST = fatigue.PIC_MOST_OF_THRESHOLD
_MARGIN = fatigue.TIREDNESS_MARGIN


@inner(_nrt=True)
def _rotate(start, stop, group, tiredness, threshold):
    """Units of each group give way to the next in threshold that is less tired by the margin."""
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
        for k in range(n - 1):
            for j in range(k + 1, n):  # whom k gives way to is less tired: those before are not
                if tiredness[a + order[k]] - tiredness[a + order[j]] > _MARGIN:
                    order[k], order[j] = order[j], order[k]
        for k in range(n):
            threshold[a + order[k]] = handed[k]


@inner
def _approach(x, start, stop, active, kept):
    """Exponential approach to 1 of active units and to 0 of the others."""
    for i in range(start, stop):
        x[i] = 1.0 - (1.0 - x[i]) * kept if active[i - start] else x[i] * kept


@inner
def _capacity_step(capacity, start, stop, active, relative_force, fatigue_rate, recovery_rate):
    for i in range(start, stop):
        lost = SLOW_STEP_S * (fatigue_rate[i] * relative_force[i - start])
        back = SLOW_STEP_S * (recovery_rate[i] * (1.0 - capacity[i]))
        tired, rested = max(capacity[i] - lost, 0.0), min(capacity[i] + back, 1.0)
        capacity[i] = tired if active[i - start] else rested


@inner
def _lower_thresholds(threshold, handed, start, stop, excitation, current):
    """What persistent inward currents take off recruitment thresholds."""
    for i in range(start, stop):
        off = excitation * current[i]
        threshold[i] = handed[i] - min(off, _PIC_MOST * handed[i])


@inner
def _adapt_minimum(rate, start, stop, rested, share, course, offset):
    for i in range(start, stop):
        rate[i] = max(rested[i] - share[i] * course[i] * offset, 0.0)


@inner
def _adapt_gain(gain, start, stop, rested, share, course):
    for i in range(start, stop):
        gain[i] = rested[i] * (1.0 - share[i] * course[i])


@inner
def _adapt_peak(rate, start, stop, rested, minimum, share, course, offset):
    for i in range(start, stop):
        q = share[i] * course[i]
        rate[i] = max(rested[i] - q * ((rested[i] - minimum[i]) + offset), 0.0)


@inner
def _multiply(out, start, stop, a, b):
    for i in range(start, stop):
        out[i] = a[i] * b[i]


@inner
def _slow_contractions(time_s, start, stop, rested, capacity, slowing):
    for i in range(start, stop):
        time_s[i] = rested[i] * (1.0 + slowing * (1.0 - capacity[i]))


@inner
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


@inner
def _scales_of(scale, start, stop, time_s):
    for i in range(start, stop):
        scale[i] = np.e * TICK_S / time_s[i]


@inner
def slow_step(p, m, slow, now, is_active, relative_force):
    """What fatigue, adaptation, inward currents and rotation do to muscle `m` in SLOW_STEP_S.

    `p`: the packed constants; `slow`, `now`: rows of one environment, changed in place;
    `is_active`, `relative_force`: of the muscle's units. As `reference.slow_step`. Short loops, for
    they vectorise only while few arrays take part in each.
    """
    a, b, of = np.uint64(p.first_unit[m]), np.uint64(p.first_unit[m + 1]), p.muscle[m]
    tiring, rested = p.tiring, constants_of(p.rested)
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
        i = b - U1 - back
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


@inner
def constants_of(rows):
    """The rows `[field, unit]` of the constants by name."""
    return Constants(
        rows[0], rows[1], rows[2], rows[3], rows[4], rows[5], rows[6], rows[7], rows[8]
    )


@inner
def slow_of(rows):
    """The rows `[field, unit]` of the slow state by name."""
    return Slow(rows[0], rows[1], rows[2], rows[3], rows[4])


@inner(_nrt=True)
def spiking_slow_step(p, m, slow, now, spiking, tick, first, second):
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
