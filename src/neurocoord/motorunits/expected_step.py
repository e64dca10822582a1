"""The compiled half of `rate_model.py` and `reach.py`: expected state of some muscles over a block.

Short loops, each of which vectorises: 2.5 times as fast as one loop that does all.
"""

from __future__ import annotations

import math

import numpy as np

from neurocoord.motorunits import derive
from neurocoord.motorunits.compiled import compiled, decay, inner, twitch_gain
from neurocoord.motorunits.records import GAIN_LIMIT, N_GAIN, SLOW_TICKS, Constants
from neurocoord.motorunits.slow_step import slow_step
from neurocoord.motorunits.state import Slow

GAIN_LAG_INTERVALS = 0.6  # time constant of the gain's lag in intervals (fitted; choice)
ACTIVE_RATE_HZ = 5.0  # the gain's rate of a unit that has been silent for 200 ms
_U0, _U1 = np.uint64(0), np.uint64(1)
_CV_STEP = derive.CV_STEP


@inner
def _table(table, row, x):
    position = min(x * (N_GAIN / GAIN_LIMIT), N_GAIN - 1e-6)
    j = np.uint64(np.int64(position))
    return table[row, j] + (position - np.float64(j)) * (table[row, j + _U1] - table[row, j])


@inner
def _rates(start, stop, e, over, threshold, minimum, slope, peak, rate):
    for i in range(start, stop):
        r = minimum[i] + slope[i] * (e - threshold[i])
        r = (r if r < peak[i] else peak[i]) + over
        rate[i - start] = r if e >= threshold[i] else 0.0


@inner
def _saturating_rates(start, stop, e, over, threshold, minimum, slope, peak, table, rate):
    for i in range(start, stop):
        span = max(peak[i] - minimum[i], 1e-9)
        u = max(slope[i] * (e - threshold[i]) / span, 0.0)
        r = minimum[i] + span * (1.0 - decay(u, table)) + over
        rate[i - start] = r if e >= threshold[i] else 0.0


@inner
def _take_first_spikes(start, stop, h, rate, due, first, found):
    """Part of each unit's spikes that end a silence, `first` (imp/s); `due` is what remains.

    Phases are spread evenly, so that after a silence a unit's spikes of the first 1 / rate are all
    first ones: the twitch gain still looks back on the silence, and only they start doublets.
    Returns how many units have some; they are listed in `found`.
    """
    for i in range(start, stop):
        r = rate[i - start]
        n = min(due[i], r * h)
        first[i - start] = n / h
        due[i] = due[i] - n if r > 0.0 else 1.0
    n_found = np.int64(0)
    for i in range(start, stop):  # without a branch, which would be a coin's
        found[n_found] = i
        n_found += np.int64(first[i - start] > 0.0)
    return n_found


@inner
def _second(n, h, later_s, time_s, y2, i):
    """Density that stands for one of `n` a second, over `h` seconds, that comes `later_s` later.

    The filter's state is put where it gives what the later impulses will have given.
    """
    grown = n * np.exp(later_s / time_s[i])
    y2[i] -= grown * h * later_s
    return grown


@inner
def _let_gain_rate_follow(start, stop, h, rate, due, first, seen):
    lag_step = 0.5 * h / GAIN_LAG_INTERVALS
    for i in range(start, stop):
        r = rate[i - start]
        step = lag_step * r  # exponential approach by its (1, 1) Pade form
        kept = (1.0 - step) / (1.0 + step)
        followed = r + (seen[i] - r) * (kept if kept > 0.0 else 0.0)
        followed = r if first[i - start] > 0.0 else followed  # the last first spikes are done
        followed = seen[i] if due[i] > 0.0 else followed  # what the silence left
        seen[i] = followed if r > 0.0 else seen[i] / (1.0 + seen[i] * h)


@inner
def _filter(start, stop, h, density, time_s, decay, y1, y2):
    """Twitch filter over a block of length `h`, its input held: exact."""
    for i in range(start, stop):
        t, d = time_s[i], decay[i]
        settled = density[i - start] * t
        excess = y1[i] - settled
        y1[i] = settled + excess * d
        y2[i] = y2[i] * d + settled * t * (1.0 - d) + excess * h * d


@inner
def _let_fade(start, stop, h, decay, y1, y2, seen, due):
    """The same for silent units."""
    for i in range(start, stop):
        y2[i] = (y2[i] + h * y1[i]) * decay[i]
        y1[i] = y1[i] * decay[i]
        seen[i] = seen[i] / (1.0 + seen[i] * h)
        due[i] = 1.0


@inner
def _gain_row(p, m, i, e, threshold):
    """Row of the mean gain for the interval law at excitation `e`."""
    if p.isi_cv_onset[i] == 0.0:
        return p.gain_row[i]
    u = max(e - threshold, 0.0) / (p.muscle[m].isi_cv_decay * p.muscle[m].max_excitation)
    return p.gain_row[i] + np.int64(p.isi_cv_onset[i] * decay(u, p.decay_table) / _CV_STEP + 0.5)


@compiled
def advance(p, now, block_decay, excitation, n_ticks, h, s, first_muscle, end_muscle):
    """Blocks of `h` seconds, `excitation[block, env, muscle]` held over each; `s` what changes
    (but for its tick), from one muscle to before another."""
    largest = np.max(p.first_unit[1:] - p.first_unit[:-1])
    rate, density, first = np.empty(largest), np.empty(largest), np.empty(largest)
    found = np.empty(largest + 1, np.uint64)
    for env in range(excitation.shape[1]):
        row = env if p.is_dynamic else 0
        for m in range(first_muscle, end_muscle):
            for block in range(excitation.shape[0]):
                e = excitation[block, env, m]
                _advance_muscle(
                    p, now, block_decay, row, e, n_ticks, h, s, env, m, rate, density, first, found
                )
                if p.is_dynamic:
                    before = s[0][env] + block * n_ticks
                    for _ in range((before + n_ticks) // SLOW_TICKS - before // SLOW_TICKS):
                        _expected_slow_step(p, m, s[2], now, env, e, s[4][env], s[5][env])
    rate[0], density[0], first[0], found[0] = 0.0, 0.0, 0.0, 0  # they live until here


@inner
def _advance_muscle(
    p, now, block_decay, row, e, n_ticks, h, s, env, m, rate, density, first, found
):  # fmt: skip
    """The same for one muscle; constants are those of the first muscle with equal ones."""
    of, slow_excitation = p.muscle[m], s[1]
    u0, u1, at = np.uint64(p.first_unit[m]), np.uint64(p.first_unit[m + 1]), np.uint64(p.alike[m])
    n, to = u1 - u0, at + (u1 - u0)
    threshold, minimum = now.recruitment_threshold[row, at:to], now.minimum_rate_hz[row, at:to]
    slope, peak = now.rate_gain_hz[row, at:to], now.peak_rate_hz[row, at:to]
    force, time_s = now.twitch_force[row, at:to], now.contraction_time_s[row, at:to]
    above, decay, spiking = now.threshold_above[row, at:to], block_decay[row, at:to], p.spiking
    y1, y2, seen, due = s[3][env, u0:u1], s[4][env, u0:u1], s[5][env, u0:u1], s[6][env, u0:u1]
    followed = -n_ticks * np.log1p(-of.onset_follow)  # the block, in time constants
    kept = np.exp(-followed)
    ahead = e - slow_excitation[env, m]
    slow_excitation[env, m] = e - ahead * kept
    over = of.onset_gain_hz * max(ahead, 0.0) * (1.0 - kept) / followed  # its mean
    on = _U0
    while on < n and above[on] <= e:
        on += _U1
    if of.rate_saturates:
        _saturating_rates(_U0, on, e, over, threshold, minimum, slope, peak, p.decay_table, rate)
    else:
        _rates(_U0, on, e, over, threshold, minimum, slope, peak, rate)
    n_found = _take_first_spikes(_U0, on, h, rate, due, first, found)
    if of.twitch_tetanus_ratio > 0.0:
        for i in range(on):
            density[i] = rate[i]
        for j in range(n_found):
            i = found[j]
            if seen[i] < ACTIVE_RATE_HZ and spiking[at + i].doublet_share > 0.0:
                doubled = first[i] * spiking[at + i].doublet_share
                density[i] += _second(doubled, h, of.doublet_interval_s, time_s, y2, i)
        _let_gain_rate_follow(_U0, on, h, rate, due, first, seen)
    else:
        for i in range(on):
            density[i] = 0.0
        for j in range(n_found):
            i = found[j]
            gain = _table(
                p.mean_gain, _gain_row(p, m, at + i, e, threshold[i]), time_s[i] * seen[i]
            )
            density[i] = first[i] * force[i] * gain
            if seen[i] < ACTIVE_RATE_HZ and spiking[at + i].doublet_share > 0.0:
                later_s = of.doublet_interval_s
                doubled = first[i] * spiking[at + i].doublet_share * force[i]
                doubled *= twitch_gain(time_s[i] / later_s)
                density[i] += _second(doubled, h, later_s, time_s, y2, i)
        _let_gain_rate_follow(_U0, on, h, rate, due, first, seen)
        for i in range(on):
            gain = _table(
                p.mean_gain, _gain_row(p, m, at + i, e, threshold[i]), time_s[i] * seen[i]
            )
            density[i] += (rate[i] - first[i]) * force[i] * gain
    _filter(_U0, on, h, density, time_s, decay, y1, y2)
    _let_fade(on, n, h, decay, y1, y2, seen, due)


@inner(_nrt=True)
def _expected_slow_step(p, m, slow, now, env, e, tail, seen):
    """`slow_step` from expected rates and forces."""
    u0, n = p.first_unit[m], p.first_unit[m + 1] - p.first_unit[m]
    is_active, relative_force = np.empty(n, np.bool_), np.empty(n)
    for k in range(n):
        i = u0 + k
        x = max(tail[i], 0.0) / now.contraction_time_s[env, i]
        if p.muscle[m].twitch_tetanus_ratio > 0.0:
            relative = _table(p.mean_saturation, m, x)
        else:
            relative = np.e * x / max(slow.capacity[env, i] * p.tiring.tetanic_force[i], 1e-300)
        relative_force[k] = min(max(relative, 0.0), 1.0)
        is_active[k] = e >= now.recruitment_threshold[env, i] or seen[i] > ACTIVE_RATE_HZ
    of_env = Slow(
        slow.capacity[env],
        slow.adaptation[env],
        slow.inward_current[env],
        slow.tiredness[env],
        slow.threshold[env],
    )
    now_env = Constants(
        now.recruitment_threshold[env],
        now.minimum_rate_hz[env],
        now.rate_gain_hz[env],
        now.peak_rate_hz[env],
        now.twitch_force[env],
        now.contraction_time_s[env],
        now.tick_decay[env],
        now.twitch_scale[env],
        now.threshold_above[env],
    )
    slow_step(p, m, of_env, now_env, is_active, relative_force)


@inner(fastmath={"reassoc", "nsz"})
def _sum_projected(n, rate_decay, h, impulse, tail):
    total = 0.0
    for i in range(n):
        total += rate_decay[i] * (tail[i] + h * impulse[i])
    return total


@compiled
def project(p, now, weight, h, impulse, tail, sensitivity, out):
    """Active state after `h` seconds without drive; `weight[row, unit]`: exp(-h / T) / T.

    `sensitivity[env, muscle, class]`: of saturating units to length. Scaling the normalised rate by
    it, where the units scale their summed twitch, errs by 0.7 % at most.
    """
    _project(p, now, weight, h, impulse, tail, sensitivity, out)


@inner
def _project(p, now, weight, h, impulse, tail, sensitivity, out):
    for env in range(out.shape[0]):
        row = env if p.is_dynamic else 0
        for m in range(out.shape[1]):
            u0, u1 = np.uint64(p.first_unit[m]), np.uint64(p.first_unit[m + 1])
            ratio = p.muscle[m].twitch_tetanus_ratio
            if ratio > 0.0:
                total = 0.0
                for i in range(u0, u1):
                    x = max(weight[row, i] * (tail[env, i] + h * impulse[env, i]), 0.0)
                    x *= sensitivity[env, m, 1 if p.is_fast[i] else 0]
                    share = _table(p.mean_saturation, m, x)
                    total += now.twitch_force[row, i] / ratio * share
            else:
                at = np.uint64(p.alike[m])
                total = np.e * _sum_projected(
                    u1 - u0, weight[row, at:], h, impulse[env, u0:], tail[env, u0:]
                )
            out[env, m] = total / p.muscle[m].max_force


@compiled
def curves(p, now, sensitivity, out):
    """Static curves: mean active state at each held drive, `out[row, muscle, knot]` over 0 .. 1.

    `sensitivity[row, muscle, class]` as in `project`; it may have more rows than `now`. Onsets,
    whose rate exceeds the peak for a while, are left out.
    """
    last = out.shape[2] - 1
    largest = np.max(p.first_unit[1:] - p.first_unit[:-1])
    rate = np.empty(largest)
    for to in range(out.shape[0]):
        row = min(to, now.contraction_time_s.shape[0] - 1)
        for m in range(out.shape[1]):
            u0, u1 = np.uint64(p.first_unit[m]), np.uint64(p.first_unit[m + 1])
            ratio = p.muscle[m].twitch_tetanus_ratio
            for knot in range(last + 1):
                e = knot * p.muscle[m].max_excitation / last
                args = (
                    now.recruitment_threshold[row],
                    now.minimum_rate_hz[row],
                    now.rate_gain_hz[row],
                    now.peak_rate_hz[row],
                )
                if p.muscle[m].rate_saturates:
                    _saturating_rates(u0, u1, e, 0.0, *args, p.decay_table, rate)
                else:
                    _rates(u0, u1, e, 0.0, *args, rate)
                total = 0.0
                for i in range(u0, u1):
                    if rate[i - u0] == 0.0:
                        continue
                    x = now.contraction_time_s[row, i] * rate[i - u0]
                    force = now.twitch_force[row, i]
                    if ratio > 0.0:
                        x *= sensitivity[to, m, 1 if p.is_fast[i] else 0]
                        total += force / ratio * _table(p.mean_saturation, m, x)
                    else:
                        g = _gain_row(p, m, i, e, now.recruitment_threshold[row, i])
                        gain = _table(p.mean_gain, g, x)
                        total += force * np.e * x * gain
                out[to, m, knot] = total / p.muscle[m].max_force


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


@inner
def _recruited(e, sd, threshold):
    """Chance that excitation ``e + sd z`` is above `threshold`, and its mean where it is."""
    if sd == 0.0 or abs(e - threshold) > 6.0 * sd:
        return (1.0 if e >= threshold else 0.0), e
    u = (e - threshold) / sd
    chance = 0.5 * math.erfc(-u / math.sqrt(2.0))
    return chance, e + sd * math.exp(-0.5 * u * u) / (math.sqrt(2.0 * math.pi) * chance)


@inner
def _held_at(p, now, row, m, drive, sensitivity):
    """Mean active state of muscle `m` at a held `drive`, with slow noise about it."""
    e = drive * p.muscle[m].max_excitation
    sd = e * (p.muscle[m].drive_noise_floor + p.muscle[m].drive_noise_slope * drive)
    ratio, total = p.muscle[m].twitch_tetanus_ratio, 0.0
    for i in range(p.first_unit[m], p.first_unit[m + 1]):
        threshold = now.recruitment_threshold[row, i]
        chance, mean = _recruited(e, sd, threshold)
        if chance < 1e-12:
            continue
        minimum, peak = now.minimum_rate_hz[row, i], now.peak_rate_hz[row, i]
        rise = now.rate_gain_hz[row, i] * (mean - threshold)
        if p.muscle[m].rate_saturates:
            span = max(peak - minimum, 1e-9)
            rate = minimum + span * (1.0 - decay(max(rise / span, 0.0), p.decay_table))
        else:
            rate = min(minimum + rise, peak)
        x, force = now.contraction_time_s[row, i] * rate, now.twitch_force[row, i]
        if ratio > 0.0:
            x *= sensitivity[1 if p.is_fast[i] else 0]
            total += chance * force / ratio * _table(p.mean_saturation, m, x)
        else:
            gain = _table(p.mean_gain, _gain_row(p, m, i, mean, threshold), x)
            total += chance * force * np.e * x * gain
    return total / p.muscle[m].max_force


@compiled
def refine(p, now, cell, sensitivity, target, drive):
    """Move each `drive[env, muscle]`, right to `cell`, to where the held state is the target's."""
    for env in range(drive.shape[0]):
        row = env if now.recruitment_threshold.shape[0] > 1 else 0
        for m in range(drive.shape[1]):
            if p.muscle[m].drive_noise_floor + p.muscle[m].drive_noise_slope == 0.0 or not (
                0.0 < drive[env, m] < 1.0
            ):
                continue
            low, high = max(drive[env, m] - cell, 0.0), min(drive[env, m] + cell, 1.0)
            for _ in range(20):
                middle = 0.5 * (low + high)
                if _held_at(p, now, row, m, middle, sensitivity[env, m]) < target[env, m]:
                    low = middle
                else:
                    high = middle
            drive[env, m] = 0.5 * (low + high)
