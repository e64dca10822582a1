"""The compiled half of `reach.py` and of the bounds: what drive held from now on will have added.

The same course as `expected_step.advance` takes block by block, over a whole horizon h at once. A
held rate adds ``P e T r g R(h)`` per unit, ``R(u) = 1 - exp(-u/T)(1 + u/T)`` the step response of
the critically damped twitch (Fuglevand, Winter & Patla 1993, eq 11), and g is what the lagging gain
makes of it: that of the silence until a silent unit's first spikes are done (phases are uniform:
after 1 / r), that of the rate from then on; in a unit that fires already it goes from one to the
other, and is taken at two instants (Gauss's nodes for the early twitch, whose weight is the time
that is left).

Units are worked on in rows of one work space, as in `chunk.py`, so that loops vectorise; in single
precision, which doubles their pace and errs by 1e-6 of what is added.
"""

from __future__ import annotations

import math

import numpy as np

from neurocoord.motorunits.chunk import CHUNK, PAD
from neurocoord.motorunits.compiled import U0, U1, compiled, count_up_to, decay, inner, twitch_gain
from neurocoord.motorunits.expected_step import (
    ACTIVE_RATE_HZ,
    GAIN_LAG_INTERVALS,
    _gain_row,
    _table,
)
from neurocoord.motorunits.records import GAIN_LIMIT, N_GAIN

# Gauss's nodes and weights for the weight 1 - t on 0..1, as shares of horizon and of response.
EARLY, LATE = 0.4 - math.sqrt(0.06), 0.4 + math.sqrt(0.06)
EARLY_SHARE = 0.5 + 1.0 / math.sqrt(54.0)
# Intervals vary, so that second spikes begin before all first ones are done: as if these ended at
# this share of an interval (fitted to the spiking model's mean at an onset; choice).
FIRST_DONE = 0.9
N_TRIES = 4  # drives tried for one muscle at most (choice)
CLOSE = 1e-3  # active state so near is reached; and this share of what is to be added: (choice)
CLOSE_SHARE = 1e-2
NEAR = 5.0  # times as far off, the next drive is taken as it is, without trying it: (choice)
_PER_X = np.float32(N_GAIN / GAIN_LIMIT)  # cells of the gain's table
_LAST_CELL = np.float32(N_GAIN - 1e-3)
_ZERO, _ONE, _HALF, _QUARTER = (np.float32(x) for x in (0.0, 1.0, 0.5, 0.25))
_TWELFTH, _LEAST, _FIRST_DONE = np.float32(1.0 / 12.0), np.float32(1e-9), np.float32(FIRST_DONE)
_EARLY_RATE, _LATE_RATE = EARLY / GAIN_LAG_INTERVALS, LATE / GAIN_LAG_INTERVALS
_CHUNK, _NOTHING = np.uint64(CHUNK), np.uint64(2**64 - 1)
_NEVER = 1e30  # threshold of the units that rows are padded with
(
    THRESHOLD,
    MINIMUM,
    SLOPE,
    PEAK,
    TIME,
    FORCE,
    RESPONSE,
    FIRST_NODE,
    SEEN,
    DUE,
    TABLE,
    BEFORE,
    COUNTS,
    RATE,
    FIRST,
    SECOND,
    FIRST_WEIGHT,
    SECOND_WEIGHT,
) = (np.uint64(k * CHUNK) for k in range(18))
ROWS_SIZE = 18 * CHUNK


@inner
def _response(u):
    return 1.0 - math.exp(-u) * (1.0 + u) if u > 0.0 else 0.0


@inner
def _load(rows, at, table, row, start, n, padding):
    """Units `start` to `start + n` of `table[row]` into a row of the work space, padded."""
    for i in range(n):
        rows[at + i] = table[row, start + i]
    for i in range(n, (n + PAD) & ~PAD):
        rows[at + i] = padding


@inner
def _load_constants(rows, p, now, decays, row, a, n):
    """Constants of units `a` to `a + n` into the work space."""
    _load(rows, THRESHOLD, now.recruitment_threshold, row, a, n, _NEVER)
    _load(rows, MINIMUM, now.minimum_rate_hz, row, a, n, 0.0)
    _load(rows, SLOPE, now.rate_gain_hz, row, a, n, 0.0)
    _load(rows, PEAK, now.peak_rate_hz, row, a, n, 0.0)
    _load(rows, TIME, now.contraction_time_s, row, a, n, 1.0)
    _load(rows, FORCE, now.twitch_force, row, a, n, 0.0)
    _load(rows, RESPONSE, decays.response, row, a, n, 0.0)
    _load(rows, FIRST_NODE, decays.early, row, a, n, 0.0)
    for i in range(n):
        rows[TABLE + i] = np.float64(p.gain_row[a + i]) * (N_GAIN + 1)
    for i in range(n, (n + PAD) & ~PAD):
        rows[TABLE + i] = 0.0


@inner
def _load_held(rows, p, h, weight, impulse, tail, sensitivity, env, row, m, a, n):
    """What saturating units hold after `h` seconds, and how much a twitch counts."""
    for i in range(n):
        held = weight[row, a + i] * (tail[env, a + i] + h * impulse[env, a + i])
        counts = sensitivity[env, m, 1 if p.is_fast[a + i] else 0]
        rows[BEFORE + i] = counts * max(held, 0.0)
        rows[COUNTS + i] = counts


@inner
def _load_onset_rows(rows, p, m, e, a, n):
    """Rows of the table of gains where the interval law depends on excitation."""
    for i in range(n):
        row = _gain_row(p, m, a + i, e, rows[THRESHOLD + i])
        rows[TABLE + i] = np.float64(row) * (N_GAIN + 1)


@inner
def _linear_rates(rows, n, e, over):
    for i in range(n):
        r = rows[MINIMUM + i] + rows[SLOPE + i] * (e - rows[THRESHOLD + i])
        r = (r if r < rows[PEAK + i] else rows[PEAK + i]) + over
        rows[RATE + i] = r if e >= rows[THRESHOLD + i] else _ZERO


@inner
def _saturating_rates(rows, n, e, over, table):
    for i in range(n):
        span = max(rows[PEAK + i] - rows[MINIMUM + i], 1e-9)
        u = max(rows[SLOPE + i] * (e - rows[THRESHOLD + i]) / span, 0.0)
        r = rows[MINIMUM + i] + span * (1.0 - decay(u, table)) + over
        rows[RATE + i] = r if e >= rows[THRESHOLD + i] else 0.0


@inner
def _look(rows, n, h):
    """Where in the table each unit's gain is looked up, twice, and the weights of the two.

    Of a silent unit: that of the silence, and that of its rate for what comes after first spikes.
    """
    h, c1, c2 = np.float32(h), np.float32(h * _EARLY_RATE), np.float32(h * _LATE_RATE)
    for i in range(n):
        r, s, t, due = rows[RATE + i], rows[SEEN + i], rows[TIME + i], rows[DUE + i]
        left = h - _FIRST_DONE * due / (r if r > _LEAST else _LEAST)
        left = (left if left > _ZERO else _ZERO) / t
        u1, u2 = (_QUARTER * left if due > _ZERO else c1 * r), c2 * r
        n1, n2 = _ONE + u1 * u1 * _TWELFTH, _ONE + u2 * u2 * _TWELFTH
        kept_1 = (n1 - _HALF * u1) / (n1 + _HALF * u1)  # exp(-u) by its (2, 2) Pade form
        kept_2 = (n2 - _HALF * u2) / (n2 + _HALF * u2)
        squared = kept_1 * kept_1
        late = _ONE - squared * squared * (_ONE + left)
        x1 = t * (s if due > _ZERO else r + (s - r) * kept_1) * _PER_X
        x2 = t * (r if due > _ZERO else r + (s - r) * kept_2) * _PER_X
        response, amount = rows[RESPONSE + i], rows[FORCE + i] * t * r
        first = response - late if due > _ZERO else rows[FIRST_NODE + i]
        rows[FIRST + i] = x1 if x1 < _LAST_CELL else _LAST_CELL
        rows[SECOND + i] = x2 if x2 < _LAST_CELL else _LAST_CELL
        rows[FIRST_WEIGHT + i] = amount * first
        rows[SECOND_WEIGHT + i] = amount * (response - first)


@inner(fastmath={"reassoc", "nsz"})
def _sum_gains(rows, n, table):
    """The weighted gains, between the cells of `table`, of which each unit has its own row."""
    total = 0.0
    for i in range(n):
        first, second, row = rows[FIRST + i], rows[SECOND + i], np.int32(rows[TABLE + i])
        j, k = np.int32(first), np.int32(second)
        at, to = np.uint64(row + j), np.uint64(row + k)
        a = table[at] + (first - np.float32(j)) * (table[at + U1] - table[at])
        b = table[to] + (second - np.float32(k)) * (table[to + U1] - table[to])
        total += rows[FIRST_WEIGHT + i] * a + rows[SECOND_WEIGHT + i] * b
    return total


@inner
def _seconds(r, h, time_s, later_s, due):
    """Share of the response that second spikes of doublets have, one for each first spike."""
    begun = _response((h - later_s) / time_s)
    return begun - _response((h - later_s - due / r) / time_s)


@inner
def _sum_seconds(rows, n, a, h, later_s, spiking):
    """What the second spikes of doublets add to `_sum_gains`."""
    total = 0.0
    for i in range(n):
        r, t, due, share = (
            rows[RATE + i],
            rows[TIME + i],
            rows[DUE + i],
            spiking[a + i].doublet_share,
        )
        if r > 0.0 and due > 0.0 and rows[SEEN + i] < ACTIVE_RATE_HZ and share > 0.0:
            second = twitch_gain(t / later_s) * _seconds(r, h, t, later_s, due)
            total += rows[FORCE + i] * t * r * share * second
    return total


@inner
def _sum_saturating(rows, n, a, h, later_s, spiking, table, m):
    """Share of its twitch that each unit adds to what its filters hold, in units of saturation."""
    total = 0.0
    for i in range(n):
        r, t, due, share = (
            rows[RATE + i],
            rows[TIME + i],
            rows[DUE + i],
            spiking[a + i].doublet_share,
        )
        if r > 0.0:
            more = t * r * rows[RESPONSE + i]
            if share > 0.0 and due > 0.0 and rows[SEEN + i] < ACTIVE_RATE_HZ:
                more += t * r * share * _seconds(r, h, t, later_s, due)
            x, more = rows[BEFORE + i], rows[COUNTS + i] * more
            total += rows[FORCE + i] * (_table(table, m, x + more) - _table(table, m, x))
    return total


@inner
def _added(rows, held, e, p, now, h, decays, state, gains, env, row, m):
    """Active state that excitation `e`, held for `h`, adds to muscle `m`.

    `held`: where the constants come from, and the muscle whose state it is, that rows hold already.
    """
    of, u0 = p.muscle[m], np.uint64(p.first_unit[m])
    alike, n_all = np.uint64(p.alike[m]), np.uint64(p.first_unit[m + 1]) - u0
    over = of.onset_gain_hz * max(e - state.slow_excitation[env, m], 0.0)
    if over > 0.0:
        u = h / of.onset_tau_s
        over *= EARLY_SHARE * math.exp(-EARLY * u) + (1.0 - EARLY_SHARE) * math.exp(-LATE * u)
    total = 0.0
    n_on = count_up_to(now.threshold_above, row, alike, alike + n_all, e) - alike
    for k in range(U0, n_on, _CHUNK):
        n, loaded, a = min(n_on - k, _CHUNK), min(n_all - k, _CHUNK), u0 + k
        padded = (n + PAD) & ~PAD
        if held[0] != alike + k or held[1] != loaded:
            _load_constants(rows, p, now, decays, row, alike + k, loaded)
            held[0], held[1] = alike + k, loaded
        if held[2] != a:
            _load(rows, SEEN, state.gain_rate_hz, env, a, loaded, 0.0)
            _load(rows, DUE, state.first_due, env, a, loaded, 1.0)
            held[2] = a
        if of.rate_saturates:
            _saturating_rates(rows, padded, e, over, p.decay_table)
        else:
            _linear_rates(rows, padded, np.float32(e), np.float32(over))
        if of.twitch_tetanus_ratio > 0.0:
            _load_held(
                rows, p, h, decays.weight, state.impulse, state.tail, state.sensitivity,
                env, row, m, a, n,
            )  # fmt: skip
            part = _sum_saturating(
                rows, n, a, h, of.doublet_interval_s, p.spiking, p.mean_saturation, m
            )
            total += part / of.twitch_tetanus_ratio
            continue
        if p.isi_cv_onset[a] > 0.0:
            _load_onset_rows(rows, p, m, e, a, n)
        _look(rows, padded, h)
        part = _sum_gains(rows, padded, gains)
        if p.has_onsets:
            part += _sum_seconds(rows, n, a, h, of.doublet_interval_s, p.spiking)
        total += part * np.e
    return total / of.max_force


@compiled
def add(p, now, h, decays, state, drive, out):
    """Active state `out[env, muscle]` that `drive[env, muscle]`, held for `h`, adds."""
    rows, gains, held = (
        np.empty(ROWS_SIZE, np.float32),
        p.mean_gain.ravel().astype(np.float32),
        np.empty(3, np.uint64),
    )
    _add(p, now, h, decays, state, drive, out, rows, gains, held)
    rows[0], gains[0], held[0] = _ZERO, _ZERO, _NOTHING  # they live until here


@inner
def _add(p, now, h, decays, state, drive, out, rows, gains, held):
    for env in range(out.shape[0]):
        row = env if p.is_dynamic else 0
        held[:] = _NOTHING
        for m in range(out.shape[1]):
            e = drive[env, m] * p.muscle[m].max_excitation
            out[env, m] = _added(rows, held, e, p, now, h, decays, state, gains, env, row, m)


@inner
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
    rows, gains, held = (
        np.empty(ROWS_SIZE, np.float32),
        p.mean_gain.ravel().astype(np.float32),
        np.empty(3, np.uint64),
    )
    _lead(p, now, h, decays, state, curve, low, high, wanted, out, rows, gains, held)
    rows[0], gains[0], held[0] = _ZERO, _ZERO, _NOTHING  # they live until here


@inner
def _lead(p, now, h, decays, state, curve, low, high, wanted, out, rows, gains, held):
    for env in range(out.shape[0]):
        row = env if p.is_dynamic else 0
        held[:] = _NOTHING
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
                e = drive * p.muscle[m].max_excitation
                got = _added(rows, held, e, p, now, h, decays, state, gains, env, row, m)
                miss = got - target
                if abs(miss) < nearest:
                    nearest, out[env, m] = abs(miss), drive
                if nearest <= close:
                    break
                is_near = nearest <= NEAR * close
                if miss > 0.0:
                    b, miss_b = at, miss
                    miss_a *= 0.5 if side > 0 and not is_near else 1.0
                    side = 1
                else:
                    a, miss_a = at, miss
                    miss_b *= 0.5 if side < 0 and not is_near else 1.0
                    side = -1
                if is_near:
                    at = a - miss_a * (b - a) / (miss_b - miss_a)
                    out[env, m] = _drive_at(curve[row, m], at)
                    break
