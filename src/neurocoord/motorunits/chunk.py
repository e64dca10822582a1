"""What is done to a chunk of units in one tick, compiled: short loops over rows of a work space.

The rows lie one after the other in one array, so that a compiled loop over them need not check
whether they overlap, and are padded to whole vectors, so that nothing is left over.
"""

from __future__ import annotations

import numpy as np

from neurocoord.motorunits import discharge
from neurocoord.motorunits.compiled import (
    U0,
    U1,
    U2,
    bell,
    decay,
    draw,
    hazard_at,
    inner,
    prefetch,
)
from neurocoord.motorunits.records import (
    RHYTHM_A1,
    RHYTHM_A2,
    RHYTHM_SCALE,
    SLOW_NOISE_DECAY,
    SLOW_NOISE_SCALE,
    STAGGER_GROUP,
    TICK_S,
    Constants,
)

CHUNK = 160  # units worked on at a time: their rows fit the first cache; groups of 40 (choice)
(
    PHASE,
    THETA,
    FIRST,
    SECOND,
    THRESHOLD,
    MINIMUM,
    GAIN,
    PEAK,
    FORCE,
    DECAY,
    FAST,
    STEP,
    BEFORE,
    AFTER,
    RHYTHM_BEFORE,
    RHYTHM_AFTER,
) = (np.uint64(k * CHUNK) for k in range(16))
ROWS_SIZE = 16 * CHUNK
LANES = np.uint64(16)  # rows are padded to multiples of this
PAD = LANES - np.uint64(1)
ROW_PHASE, ROW_THETA, ROW_FIRST, ROW_SECOND = (np.uint64(k) for k in range(4))  # of the state
SLOW_NOISE_ROW, RHYTHM_ROW = np.uint64(4), np.uint64(7)  # filter, knot before, knot after
_SLOW_BEFORE, _SLOW_AFTER = np.uint64(5), np.uint64(6)
_RHYTHM_BEFORE, _RHYTHM_AFTER = np.uint64(8), np.uint64(9)
_NOW_THRESHOLD, _NOW_MINIMUM, _NOW_GAIN, _NOW_PEAK, _NOW_FORCE, _NOW_DECAY = (
    np.uint64(Constants._fields.index(name))
    for name in (
        "recruitment_threshold",
        "minimum_rate_hz",
        "rate_gain_hz",
        "peak_rate_hz",
        "twitch_force",
        "tick_decay",
    )
)
_LINE = np.uint64(8)  # numbers to a cache line
_NEVER_REACHED = 1e30  # threshold of the units that rows are padded with
_Z_LIMIT = discharge.Z_LIMIT


@inner
def advance_slow_noise(start, stop, key, count, table, row):
    """One knot on: the knot before takes the one after, the two-pole filter makes the next.

    Rows of `table` from `row` on: filter state, knot before, knot after.
    """
    for i in range(start, stop):
        n = bell(draw(key, i, count))
        filtered = SLOW_NOISE_DECAY * table[row, i] + n
        after = table[row + U2, i]
        table[row, i] = filtered
        table[row + U1, i] = after
        table[row + U2, i] = SLOW_NOISE_DECAY * after + SLOW_NOISE_SCALE * filtered


@inner
def advance_rhythm(start, stop, key, count, table, row):
    """One knot on in the resonator (transposed direct form); rows likewise."""
    for i in range(start, stop):
        n = RHYTHM_SCALE * bell(draw(key, i, count))
        new, after = n + table[row, i], table[row + U2, i]
        table[row, i] = RHYTHM_A1 * new - n + RHYTHM_A2 * after
        table[row + U1, i] = after
        table[row + U2, i] = new


@inner
def load(rows, at, table, row, start, n, padding):
    """Units `start` to `start + n` of a row of `table` into a row of the work space, padded."""
    for i in range(n):
        rows[at + i] = table[row, start + i]
    for i in range(n, (n + PAD) & ~PAD):
        rows[at + i] = padding


@inner
def store(rows, at, table, row, start, n):
    for i in range(n):
        table[row, start + i] = rows[at + i]


@inner
def linear_steps(rows, n, base, private, w, over):
    """What phases grow by in one tick, before the rhythm modulates it."""
    for i in range(n):
        noise = rows[BEFORE + i] + w * (rows[AFTER + i] - rows[BEFORE + i])
        excitation = base + private * noise
        rate = rows[MINIMUM + i] + rows[GAIN + i] * (excitation - rows[THRESHOLD + i])
        rate = (rate if rate < rows[PEAK + i] else rows[PEAK + i]) + over
        rows[STEP + i] = rate * TICK_S if excitation >= rows[THRESHOLD + i] else 0.0


@inner
def quiet_linear_steps(rows, n, excitation, over):
    """The same without private noise in the drive."""
    for i in range(n):
        rate = rows[MINIMUM + i] + rows[GAIN + i] * (excitation - rows[THRESHOLD + i])
        rate = (rate if rate < rows[PEAK + i] else rows[PEAK + i]) + over
        rows[STEP + i] = rate * TICK_S if excitation >= rows[THRESHOLD + i] else 0.0


@inner
def saturating_steps(rows, n, base, private, w, over, table):
    """The same for rates that rise exponentially towards their peak."""
    for i in range(n):
        noise = rows[BEFORE + i] + w * (rows[AFTER + i] - rows[BEFORE + i])
        excitation = base + private * noise
        threshold, minimum = rows[THRESHOLD + i], rows[MINIMUM + i]
        span = max(rows[PEAK + i] - minimum, 1e-9)
        u = max(rows[GAIN + i] * (excitation - threshold) / span, 0.0)
        rate = minimum + span * (1.0 - decay(u, table)) + over
        rows[STEP + i] = rate * TICK_S if excitation >= threshold else 0.0


@inner
def modulate(rows, n, base, private, w):
    """Let the rhythm speed units up and slow them down."""
    for i in range(n):
        before = rows[RHYTHM_BEFORE + i]
        factor = base + private * (before + w * (rows[RHYTHM_AFTER + i] - before))
        rows[STEP + i] *= max(factor, 0.0)


@inner
def grow(rows, n):
    for i in range(n):
        rows[PHASE + i] += rows[STEP + i]


@inner
def n_ready(rows, start, stop, need):
    """How many units fire by themselves or may do so by a shared event."""
    n = np.int64(0)
    for i in range(start, stop):
        n += np.int64(rows[PHASE + i] >= min(rows[THETA + i], need))
    return n


@inner
def find_ready(rows, n, need, found):
    """Their indices. Most groups have none, and which unit fires cannot be foreseen: within a group
    that has some they are listed without a branch."""
    n_found = np.int64(0)
    for group in range(U0, n, LANES):
        if n_ready(rows, group, group + LANES, need) == 0:
            continue
        for i in range(group, group + LANES):
            found[n_found] = i
            n_found += np.int64(rows[PHASE + i] >= min(rows[THETA + i], need))
    return n_found


@inner
def stagger(rows, n, start, share, hazard, spiking, sums, first_group, sampled):
    """Systematic sampling of the shared hazard in groups of neighbours: who fires in turn."""
    group = np.uint64(first_group)
    for a in range(U0, n, np.uint64(STAGGER_GROUP)):
        total = sums[group]
        for i in range(a, min(a + np.uint64(STAGGER_GROUP), n)):
            sampled[i] = False
            cv = spiking[start + i].isi_cv
            phase, step = rows[PHASE + i], rows[STEP + i]
            z = (phase - 1.0) / cv
            if z <= -_Z_LIMIT or step == 0.0:
                continue
            added = share * (hazard_at(hazard, z) - hazard_at(hazard, (phase - step - 1.0) / cv))
            even, odd = 1.0 + added * added * (1.0 / 12.0), 0.5 * added
            total += 1.0 - (even - odd) / (even + odd)
            if total >= 1.0:
                total -= 1.0
                sampled[i] = True
        sums[group] = total
        group += U1


@inner(fastmath={"reassoc", "nsz"})
def twitch_step(rows, n):
    """Advance the twitch filters; summed force, and that of the fast units."""
    total = 0.0
    fast = 0.0
    for i in range(n):
        decay, first = rows[DECAY + i], rows[FIRST + i]
        y = decay * (rows[SECOND + i] + first)
        rows[SECOND + i] = y
        rows[FIRST + i] = decay * first
        total += y
        fast += rows[FAST + i] * y
    return total, fast


@inner(fastmath={"reassoc", "nsz"})
def saturating_twitch_step(rows, n, half_slope, slow, quick, ratio):
    """The same for saturating units, whose filters sum twitches of unit height."""
    total = 0.0
    fast = 0.0
    for i in range(n):
        decay, first = rows[DECAY + i], rows[FIRST + i]
        y = decay * (rows[SECOND + i] + first)
        rows[SECOND + i] = y
        rows[FIRST + i] = decay * first
        b = half_slope * (quick if rows[FAST + i] > 0.0 else slow)
        f = rows[FORCE + i] / ratio * np.tanh(b * y)
        total += f
        fast += rows[FAST + i] * f
    return total, fast


@inner
def load_noises(rows, unit, has_noise, has_rhythm, a, n):
    """The knots between which private noises lie now."""
    if has_noise:
        load(rows, BEFORE, unit, _SLOW_BEFORE, a, n, 0.0)
        load(rows, AFTER, unit, _SLOW_AFTER, a, n, 0.0)
    if has_rhythm:
        load(rows, RHYTHM_BEFORE, unit, _RHYTHM_BEFORE, a, n, 0.0)
        load(rows, RHYTHM_AFTER, unit, _RHYTHM_AFTER, a, n, 0.0)


@inner
def load_constants(rows, now, a, n):
    """Constants of units `a` to `a + n` into the work space."""
    load(rows, THRESHOLD, now, _NOW_THRESHOLD, a, n, _NEVER_REACHED)
    load(rows, MINIMUM, now, _NOW_MINIMUM, a, n, 0.0)
    load(rows, GAIN, now, _NOW_GAIN, a, n, 0.0)
    load(rows, PEAK, now, _NOW_PEAK, a, n, 0.0)
    load(rows, FORCE, now, _NOW_FORCE, a, n, 0.0)
    load(rows, DECAY, now, _NOW_DECAY, a, n, 0.0)


@inner
def load_state(rows, unit, is_fast, a, n_on, n_live):
    """State of the units from `a` on: of `n_on` what fires them, of `n_live` their twitches."""
    load(rows, PHASE, unit, ROW_PHASE, a, n_on, 0.0)
    load(rows, THETA, unit, ROW_THETA, a, n_on, np.inf)
    load(rows, FIRST, unit, ROW_FIRST, a, n_live, 0.0)
    load(rows, SECOND, unit, ROW_SECOND, a, n_live, 0.0)
    for i in range(n_live):
        rows[FAST + i] = is_fast[a + i]
    for i in range(n_live, (n_live + PAD) & ~PAD):
        rows[FAST + i] = 0.0


@inner
def fetch_ahead(unit, spiking, start, n):
    """Let the state of the `n` units from `start` on come while others are worked on.

    All units together are larger than the second cache: waiting for them was a third of the time.
    """
    stop = min(start + n, np.uint64(unit.shape[1]))
    for i in range(start, stop, _LINE):
        for row in range(4):
            prefetch(unit, row, i)
    for i in range(start, stop, np.uint64(2)):
        prefetch(spiking, i)
