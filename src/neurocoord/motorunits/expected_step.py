"""The compiled half of `rate_model.py` and `reach.py`: expected state of some muscles over a block.

Short loops, each of which vectorises: 2.5 times as fast as one loop that does all.
"""

from __future__ import annotations

import numpy as np

from neurocoord.motorunits import derive
from neurocoord.motorunits.records import GAIN_LIMIT, N_GAIN, SLOW_TICKS
from neurocoord.motorunits.tick import _decay, compiled, slow_step

GAIN_LAG_INTERVALS = 0.6  # time constant of the gain's lag in intervals (fitted; choice)
ACTIVE_RATE_HZ = 5.0  # the gain's rate of a unit that has been silent for 200 ms
_U1 = np.uint64(1)
_CV_STEP = derive.CV_STEP


@compiled
def _table(table, row, x):
    position = min(x * (N_GAIN / GAIN_LIMIT), N_GAIN - 1e-6)
    j = np.uint64(np.int64(position))
    return table[row, j] + (position - np.float64(j)) * (table[row, j + _U1] - table[row, j])


@compiled
def _rates(start, stop, e, over, threshold, minimum, slope, peak, rate):
    for i in range(start, stop):
        r = minimum[i] + slope[i] * (e - threshold[i])
        r = (r if r < peak[i] else peak[i]) + over
        rate[i - start] = r if e >= threshold[i] else 0.0


@compiled
def _saturating_rates(start, stop, e, over, threshold, minimum, slope, peak, table, rate):
    for i in range(start, stop):
        span = max(peak[i] - minimum[i], 1e-9)
        u = max(slope[i] * (e - threshold[i]) / span, 0.0)
        r = minimum[i] + span * (1.0 - _decay(u, table)) + over
        rate[i - start] = r if e >= threshold[i] else 0.0


@compiled
def _let_gain_rate_follow(start, stop, h, rate, seen):
    lag_step = 0.5 * h / GAIN_LAG_INTERVALS
    for i in range(start, stop):
        r = rate[i - start]
        step = lag_step * r  # exponential approach by its (1, 1) Pade form
        kept = (1.0 - step) / (1.0 + step)
        followed = r + (seen[i] - r) * (kept if kept > 0.0 else 0.0)
        seen[i] = followed if r > 0.0 else seen[i] / (1.0 + seen[i] * h)


@compiled
def _filter(start, stop, h, density, time_s, decay, y1, y2):
    """Twitch filter over a block of length `h`, its input held: exact."""
    for i in range(start, stop):
        t, d = time_s[i], decay[i]
        settled = density[i - start] * t
        excess = y1[i] - settled
        y1[i] = settled + excess * d
        y2[i] = y2[i] * d + settled * t * (1.0 - d) + excess * h * d


@compiled
def _let_fade(start, stop, h, decay, y1, y2, seen):
    """The same for silent units."""
    for i in range(start, stop):
        y2[i] = (y2[i] + h * y1[i]) * decay[i]
        y1[i] = y1[i] * decay[i]
        seen[i] = seen[i] / (1.0 + seen[i] * h)


@compiled
def _gain_row(p, m, i, e, threshold):
    """Row of the mean gain for the interval law at excitation `e`."""
    if p.isi_cv_onset[i] == 0.0:
        return p.gain_row[i]
    u = max(e - threshold, 0.0) / (p.isi_cv_decay[m] * p.max_excitation[m])
    return p.gain_row[i] + np.int64(p.isi_cv_onset[i] * _decay(u, p.decay_table) / _CV_STEP + 0.5)


@compiled
def advance(p, now, block_decay, excitation, n_ticks, h, s):
    """One block of `h` seconds with `excitation[env, muscle]` held; `s` the arrays that change."""
    tick, slow_excitation, slow, impulse, tail, gain_rate = s
    largest = np.max(p.first_unit[1:] - p.first_unit[:-1])
    rate, density = np.empty(largest), np.empty(largest)
    for env in range(excitation.shape[0]):
        row = env if p.is_dynamic else 0
        threshold, minimum = now.recruitment_threshold[row], now.minimum_rate_hz[row]
        slope, peak, force = now.rate_gain_hz[row], now.peak_rate_hz[row], now.twitch_force[row]
        time_s, above, decay = (
            now.contraction_time_s[row],
            now.threshold_above[row],
            block_decay[row],
        )
        y1, y2, seen = impulse[env], tail[env], gain_rate[env]
        is_due = (tick[env] + n_ticks) // SLOW_TICKS > tick[env] // SLOW_TICKS
        for m in range(excitation.shape[1]):
            e = excitation[env, m]
            u0, u1 = np.uint64(p.first_unit[m]), np.uint64(p.first_unit[m + 1])
            kept = np.exp(n_ticks * np.log1p(-p.onset_follow[m]))
            ahead = e - slow_excitation[env, m]
            slow_excitation[env, m] = e - ahead * kept
            over = p.onset_gain_hz[m] * max(ahead, 0.0)
            on = u0
            while on < u1 and above[on] <= e:
                on += _U1
            if p.rate_saturates[m]:
                _saturating_rates(
                    u0, on, e, over, threshold, minimum, slope, peak, p.decay_table, rate
                )
            else:
                _rates(u0, on, e, over, threshold, minimum, slope, peak, rate)
            if p.twitch_tetanus_ratio[m] > 0.0:
                for i in range(u0, on):
                    density[i - u0] = rate[i - u0]
                    starts = seen[i] < ACTIVE_RATE_HZ and rate[i - u0] > 0.0
                    y1[i] += p.doublet_share[i] if starts else 0.0
                _let_gain_rate_follow(u0, on, h, rate, seen)
            else:
                for i in range(u0, on):
                    starts = seen[i] < ACTIVE_RATE_HZ and rate[i - u0] > 0.0
                    y1[i] += force[i] * p.doublet_share[i] if starts else 0.0
                _let_gain_rate_follow(u0, on, h, rate, seen)
                for i in range(u0, on):
                    g = _gain_row(p, m, i, e, threshold[i])
                    gain = _table(p.mean_gain, g, time_s[i] * seen[i])
                    density[i - u0] = rate[i - u0] * force[i] * gain
            _filter(u0, on, h, density, time_s, decay, y1, y2)
            _let_fade(on, u1, h, decay, y1, y2, seen)
            if p.is_dynamic and is_due:
                _expected_slow_step(p, m, slow, now, env, e, y2, seen)
        tick[env] += n_ticks


@compiled
def _expected_slow_step(p, m, slow, now, env, e, tail, seen):
    """`slow_step` from expected rates and forces."""
    u0, n = p.first_unit[m], p.first_unit[m + 1] - p.first_unit[m]
    is_active, relative_force = np.empty(n, np.bool_), np.empty(n)
    for k in range(n):
        i = u0 + k
        x = tail[i] / now.contraction_time_s[env, i]
        if p.twitch_tetanus_ratio[m] > 0.0:
            relative = _table(p.mean_saturation, m, x)
        else:
            relative = np.e * x / max(slow.capacity[env, i] * p.tetanic_force[i], 1e-300)
        relative_force[k] = min(max(relative, 0.0), 1.0)
        is_active[k] = e >= now.recruitment_threshold[env, i] or seen[i] > ACTIVE_RATE_HZ
    slow_step(p, m, slow, now, env, is_active, relative_force)


@compiled(fastmath={"reassoc", "nsz"})
def _sum_projected(start, stop, rate_decay, h, impulse, tail):
    total = 0.0
    for i in range(start, stop):
        total += rate_decay[i] * (tail[i] + h * impulse[i])
    return total


@compiled
def project(p, now, weight, h, impulse, tail, added, out):
    """Active state after `h` seconds without drive, plus what `added` adds.

    `weight[row, unit]`: exp(-h / T) / T. `added[row, unit]`: in twitch units, for saturating units
    in normalised rate; no rows for nothing.
    """
    for env in range(out.shape[0]):
        row = env if p.is_dynamic else 0
        for m in range(out.shape[1]):
            u0, u1 = np.uint64(p.first_unit[m]), np.uint64(p.first_unit[m + 1])
            ratio = p.twitch_tetanus_ratio[m]
            if ratio > 0.0:
                total = 0.0
                for i in range(u0, u1):
                    x = weight[row, i] * (tail[env, i] + h * impulse[env, i])
                    x += added[row, i] if added.shape[0] > 0 else 0.0
                    share = _table(p.mean_saturation, m, x)
                    total += now.twitch_force[row, i] / ratio * share
            else:
                total = np.e * _sum_projected(u0, u1, weight[row], h, impulse[env], tail[env])
                if added.shape[0] > 0:
                    for i in range(u0, u1):
                        total += added[row, i]
            out[env, m] = total / p.max_force[m]


@compiled
def curves(p, now, response, over, out):
    """Active state that each held drive adds: `out[row, muscle, knot]` over drive 0 .. 1.

    `response[row, unit]`: share of its settled value that a unit's twitch sum reaches; ones give
    the static curve. `over[row, muscle]`: rate above the peak while an onset lasts.
    """
    last = out.shape[2] - 1
    largest = np.max(p.first_unit[1:] - p.first_unit[:-1])
    rate = np.empty(largest)
    for row in range(out.shape[0]):
        for m in range(out.shape[1]):
            u0, u1 = np.uint64(p.first_unit[m]), np.uint64(p.first_unit[m + 1])
            ratio = p.twitch_tetanus_ratio[m]
            for knot in range(last + 1):
                e = knot * p.max_excitation[m] / last
                args = (
                    now.recruitment_threshold[row],
                    now.minimum_rate_hz[row],
                    now.rate_gain_hz[row],
                    now.peak_rate_hz[row],
                )
                if p.rate_saturates[m]:
                    _saturating_rates(u0, u1, e, over[row, m], *args, p.decay_table, rate)
                else:
                    _rates(u0, u1, e, over[row, m], *args, rate)
                total = 0.0
                for i in range(u0, u1):
                    if rate[i - u0] == 0.0:
                        continue
                    x = now.contraction_time_s[row, i] * rate[i - u0]
                    force = now.twitch_force[row, i]
                    if ratio > 0.0:
                        x *= response[row, i]
                        total += force / ratio * _table(p.mean_saturation, m, x)
                    else:
                        g = _gain_row(p, m, i, e, now.recruitment_threshold[row, i])
                        gain = _table(p.mean_gain, g, x)
                        total += force * np.e * x * gain * response[row, i]
                out[row, m, knot] = total / p.max_force[m]


@compiled
def invert(curve, target, out):
    """Drive at which rising `curve[row, muscle, knot]` reaches `target[env, muscle]`, clipped."""
    last = curve.shape[2] - 1
    for env in range(target.shape[0]):
        row = env if curve.shape[0] > 1 else 0
        for m in range(target.shape[1]):
            a = target[env, m]
            if a <= curve[row, m, 0]:
                out[env, m] = 0.0
            elif a >= curve[row, m, last]:
                out[env, m] = 1.0
            else:
                low, high = 0, last  # curve[low] < a <= curve[high]
                while high - low > 1:
                    middle = (low + high) // 2
                    if curve[row, m, middle] < a:
                        low = middle
                    else:
                        high = middle
                rise = curve[row, m, high] - curve[row, m, low]
                out[env, m] = (low + (a - curve[row, m, low]) / rise) / last
