"""The compiled half of `reach.py` and of the bounds: what drive held from now on will have added.

The same course as `expected_step.advance` takes block by block, over a whole horizon h at once. A
held rate adds ``P e T r g R(h)`` per unit, ``R(u) = 1 - exp(-u/T)(1 + u/T)`` the step response of
the critically damped twitch (Fuglevand, Winter & Patla 1993, eq 11), and g is what the lagging gain
makes of it: that of the silence until a silent unit's first spikes are done (phases are uniform:
after 1 / r), that of the rate from then on; in a unit that fires already it goes from one to the
other, and is taken at two instants (Gauss's nodes for the early twitch, whose weight is the time
that is left).
"""

from __future__ import annotations

import math

import numpy as np

from neurocoord.motorunits.compiled import compiled, twitch_gain
from neurocoord.motorunits.expected_step import (
    ACTIVE_RATE_HZ,
    GAIN_LAG_INTERVALS,
    _gain_row,
    _rates,
    _saturating_rates,
    _table,
)

# Gauss's nodes and weights for the weight 1 - t on 0..1, as shares of horizon and of response.
EARLY, LATE = 0.4 - math.sqrt(0.06), 0.4 + math.sqrt(0.06)
EARLY_SHARE = 0.5 + 1.0 / math.sqrt(54.0)
# Intervals vary, so that second spikes begin before all first ones are done: as if these ended at
# this share of an interval (fitted to the spiking model's mean at an onset; choice).
FIRST_DONE = 0.9
N_TRIES = 4  # drives tried for one muscle at most (choice)
CLOSE = 1e-3  # active state so near is reached; and this share of what is to be added: (choice)
CLOSE_SHARE = 1e-2
_U1 = np.uint64(1)


@compiled
def _response(u):
    return 1.0 - math.exp(-u) * (1.0 + u) if u > 0.0 else 0.0


@compiled
def _looks(start, stop, h, rate, times, response, early, seen, due, first, second, share):
    """The two normalised rates that each unit's gain is looked up at, and the first one's share.

    Of a silent unit: that of the silence, and that of its rate for what comes after first spikes.
    """
    c1, c2 = h / GAIN_LAG_INTERVALS * EARLY, h / GAIN_LAG_INTERVALS * LATE
    for i in range(start, stop):
        k = i - start
        r, s, t = rate[k], seen[i], times[i]
        u1, u2 = c1 * r, c2 * r
        n1, n2 = 1.0 + u1 * u1 * (1.0 / 12.0), 1.0 + u2 * u2 * (1.0 / 12.0)
        kept_1 = (n1 - 0.5 * u1) / (n1 + 0.5 * u1)  # exp(-u) by its (2, 2) Pade form
        kept_2 = (n2 - 0.5 * u2) / (n2 + 0.5 * u2)
        u = max(h - FIRST_DONE * due[i] / max(r, 1e-9), 0.0) / t
        v = 0.25 * u
        n = 1.0 + v * v * (1.0 / 12.0)
        quarter = (n - 0.5 * v) / (n + 0.5 * v)
        late = 1.0 - quarter * quarter * quarter * quarter * (1.0 + u)
        is_silent = due[i] > 0.0
        first[k] = t * (s if is_silent else r + (s - r) * kept_1)
        second[k] = t * (r if is_silent else r + (s - r) * kept_2)
        share[k] = response[i] - late if is_silent else early[i]


@compiled
def _seconds(r, h, time_s, later_s, due):
    """Share of the response that second spikes of doublets have, one for each first spike."""
    begun = _response((h - later_s) / time_s)
    return begun - _response((h - later_s - due / r) / time_s)


@compiled
def _sum_linear(start, stop, rate, force, times, response, first, second, share, rows, table):
    total = 0.0
    for i in range(start, stop):
        g, k = rows[i], i - start
        gain, left = _table(table, g, first[k]) * share[k], response[i] - share[k]
        if left > 0.0:  # not in a silent unit whose first spikes last beyond the horizon
            gain += _table(table, g, second[k]) * left
        total += force[i] * times[i] * rate[k] * gain
    return total * np.e


@compiled
def _sum_seconds(start, stop, h, rate, force, times, later_s, seen, due, share):
    """What the second spikes of doublets add to `_sum_linear`."""
    total = 0.0
    for i in range(start, stop):
        r, t = rate[i - start], times[i]
        if r > 0.0 and due[i] > 0.0 and seen[i] < ACTIVE_RATE_HZ and share[i] > 0.0:
            second = twitch_gain(t / later_s) * _seconds(r, h, t, later_s, due[i])
            total += force[i] * t * r * share[i] * second
    return total * np.e


@compiled
def _sum_saturating(
    start, stop, h, rate, force, times, later_s, response, weight, y1, y2, seen, due, share,
    is_fast, sensitivity, row, table,
):  # fmt: skip
    total = 0.0
    for i in range(start, stop):
        r, t = rate[i - start], times[i]
        if r > 0.0:
            more = t * r * response[i]
            if share[i] > 0.0 and due[i] > 0.0 and seen[i] < ACTIVE_RATE_HZ:
                more += t * r * share[i] * _seconds(r, h, t, later_s, due[i])
            counts = sensitivity[row, 1 if is_fast[i] else 0]
            x, more = counts * max(weight[i] * (y2[i] + h * y1[i]), 0.0), counts * more
            total += force[i] * (_table(table, row, x + more) - _table(table, row, x))
    return total


@compiled(forceinline=True)
def _added(p, now, row, m, e, slow, of_row, units, room):
    """Active state that excitation `e`, held for `h`, adds to muscle `m`."""
    h, response, early, weight = of_row
    y1, y2, seen, due, sensitivity = units
    rate, first, second, share = room
    u0, u1 = np.uint64(p.first_unit[m]), np.uint64(p.first_unit[m + 1])
    threshold, above = now.recruitment_threshold[row], now.threshold_above[row]
    force, times = now.twitch_force[row], now.contraction_time_s[row]
    minimum, slope = now.minimum_rate_hz[row], now.rate_gain_hz[row]
    peak, later_s = now.peak_rate_hz[row], p.doublet_interval_s[m]
    over = p.onset_gain_hz[m] * max(e - slow, 0.0)
    if over > 0.0:
        u = h / p.onset_tau_s[m]
        over *= EARLY_SHARE * math.exp(-EARLY * u) + (1.0 - EARLY_SHARE) * math.exp(-LATE * u)
    on = u0
    while on < u1 and above[on] <= e:
        on += _U1
    if p.rate_saturates[m]:
        _saturating_rates(u0, on, e, over, threshold, minimum, slope, peak, p.decay_table, rate)
    else:
        _rates(u0, on, e, over, threshold, minimum, slope, peak, rate)
    if p.twitch_tetanus_ratio[m] > 0.0:
        total = _sum_saturating(
            u0, on, h, rate, force, times, later_s, response, weight, y1, y2, seen, due,
            p.doublet_share, p.is_fast, sensitivity, m, p.mean_saturation,
        ) / p.twitch_tetanus_ratio[m]  # fmt: skip
    else:
        if p.isi_cv_onset[u0] > 0.0:
            rows = np.empty(u1, np.int64)
            for i in range(u0, on):
                rows[i] = _gain_row(p, m, i, e, threshold[i])
        else:
            rows = p.gain_row
        _looks(u0, on, h, rate, times, response, early, seen, due, first, second, share)
        total = _sum_linear(
            u0, on, rate, force, times, response, first, second, share, rows, p.mean_gain
        )
        if p.has_onsets:
            total += _sum_seconds(
                u0, on, h, rate, force, times, later_s, seen, due, p.doublet_share
            )
    return total / p.max_force[m]


@compiled
def add(p, now, h, decays, state, drive, out):
    """Active state `out[env, muscle]` that `drive[env, muscle]`, held for `h`, adds."""
    weight, response, early = decays
    slow, impulse, tail, gain_rate, first_due, sensitivity = state
    largest = np.max(p.first_unit[1:] - p.first_unit[:-1])
    room = np.empty(largest), np.empty(largest), np.empty(largest), np.empty(largest)
    for env in range(out.shape[0]):
        row = env if p.is_dynamic else 0
        of_row = (h, response[row], early[row], weight[row])
        units = (impulse[env], tail[env], gain_rate[env], first_due[env], sensitivity[env])
        for m in range(out.shape[1]):
            e = drive[env, m] * p.max_excitation[m]
            out[env, m] = _added(p, now, row, m, e, slow[env, m], of_row, units, room)


@compiled
def _drive_at(curve, value):
    """Drive at which the rising `curve[knot]` has `value`, which lies within it."""
    low, high = 0, curve.size - 1
    while high - low > 1:
        middle = (low + high) // 2
        if curve[middle] < value:
            low = middle
        else:
            high = middle
    rise = curve[high] - curve[low]
    inside = (value - curve[low]) / rise if rise > 0.0 else 1.0
    return (low + min(max(inside, 0.0), 1.0)) / (curve.size - 1)


@compiled
def lead(p, now, h, decays, state, curve, low, high, wanted, out):
    """Drive `out[env, muscle]` that, held from now on, gives `wanted[env, muscle]` after `h`.

    False position (Illinois) along what the drive would add to a silent pool, `curve`: what it adds
    to this one is nearly in proportion.
    """
    weight, response, early = decays
    slow, impulse, tail, gain_rate, first_due, sensitivity = state
    largest = np.max(p.first_unit[1:] - p.first_unit[:-1])
    room = np.empty(largest), np.empty(largest), np.empty(largest), np.empty(largest)
    for env in range(out.shape[0]):
        row = env if p.is_dynamic else 0
        of_row = (h, response[row], early[row], weight[row])
        units = (impulse[env], tail[env], gain_rate[env], first_due[env], sensitivity[env])
        for m in range(out.shape[1]):
            target = wanted[env, m] - low[env, m]
            most = high[env, m] - low[env, m]
            if target <= 0.0 or target >= most:
                out[env, m] = 0.0 if target <= 0.0 else 1.0
                continue
            a, b = 0.0, curve[row, m, -1]
            miss_a, miss_b = -target, most - target
            close = CLOSE + CLOSE_SHARE * target
            side, nearest = 0, np.inf
            for _ in range(N_TRIES):
                at = a - miss_a * (b - a) / (miss_b - miss_a)
                drive = _drive_at(curve[row, m], at)
                e = drive * p.max_excitation[m]
                got = _added(p, now, row, m, e, slow[env, m], of_row, units, room)
                miss = got - target
                if abs(miss) < nearest:
                    nearest, out[env, m] = abs(miss), drive
                if nearest <= close:
                    break
                if miss > 0.0:
                    b, miss_b = at, miss
                    miss_a *= 0.5 if side > 0 else 1.0
                    side = 1
                else:
                    a, miss_a = at, miss
                    miss_b *= 0.5 if side < 0 else 1.0
                    side = -1
