"""The compiled half of `kernel.py`: the spiking step of some muscles for a block of ticks.

Must agree with `reference.py`, spikes bit for bit: float expressions keep its order of operations.
Muscle by muscle and chunk by chunk, all ticks of a block at once, so that a chunk's units stay in
the first cache meanwhile.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from neurocoord import noise
from neurocoord.motorunits import discharge
from neurocoord.motorunits.chunk import (
    AFTER,
    BEFORE,
    CHUNK,
    FAST,
    FIRST,
    PAD,
    PHASE,
    RHYTHM_ROW,
    ROW_FIRST,
    ROW_PHASE,
    ROW_SECOND,
    ROWS_SIZE,
    SECOND,
    SLOW_NOISE_ROW,
    STEP,
    THETA,
    THRESHOLD,
    advance_rhythm,
    advance_slow_noise,
    fetch_ahead,
    find_ready,
    grow,
    linear_steps,
    load_constants,
    load_noises,
    load_state,
    modulate,
    quiet_linear_steps,
    saturating_steps,
    saturating_twitch_step,
    stagger,
    store,
    twitch_step,
)
from neurocoord.motorunits.compiled import (
    MASK11,
    U0,
    U1,
    compiled,
    count_up_to,
    decay,
    draw,
    hazard_at,
    inner,
    least_candidate_z,
    lookup,
    stream_key,
    twitch_gain,
    uniform,
)
from neurocoord.motorunits.records import (
    KNOT_TICKS,
    SLOW_TICKS,
    STAGGER_GROUP,
    TICK_S,
)
from neurocoord.motorunits.slow_step import (
    constants_of,
    slow_of,
    spiking_slow_step,
)

EVENT_OFFSET = 64  # added to ticks of shared events so that delayed ones count from 0
NOISE_LIMIT_SD = 8.0  # units further than this above the excitation are skipped (never reached)
LIVE_LIMIT = 1e-16  # of full force; of a twitch in saturating units: what is less is dropped

_S_THRESHOLD = np.uint64(noise.THRESHOLD)
_S_SLOW_PRIVATE = np.uint64(noise.SLOW_PRIVATE)
_S_SHARED_HAZARD = np.uint64(noise.SHARED_HAZARD)
_S_SLOW_SHARED = np.uint64(noise.SLOW_SHARED)
_S_RHYTHM_PRIVATE = np.uint64(noise.RHYTHM_PRIVATE)
_S_RHYTHM_SHARED = np.uint64(noise.RHYTHM_SHARED)
_S_DOUBLET = np.uint64(noise.DOUBLET)
_Z_LIMIT = discharge.Z_LIMIT
LEAST_THRESHOLD = discharge.LEAST_THRESHOLD
_SILENCE_TICKS = discharge.SILENCE_TICKS
_SHARED_SLOW, _SHARED_RHYTHM = np.uint64(0), np.uint64(3)  # rows of the shared noises
_NOTHING = np.uint64(2**64 - 1)


class _Keys(NamedTuple):
    """Keys of an environment's private noise streams."""

    threshold: np.uint64
    slow: np.uint64
    rhythm: np.uint64
    doublet: np.uint64


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
        key_noise = stream_key(seed[env], _S_SLOW_SHARED)
        key_rhythm = stream_key(seed[env], _S_RHYTHM_SHARED)
        key_events = stream_key(seed[env], _S_SHARED_HAZARD)
        rows = state[env]
        for k in range(n_tick):
            t = t0 + k
            if t % KNOT_TICKS == 0 and t > 0:
                knot = t // KNOT_TICKS + 1
                advance_slow_noise(U0, keys, key_noise, knot, rows, _SHARED_SLOW)
                if has_rhythm:
                    advance_rhythm(U0, keys, key_rhythm, knot, rows, _SHARED_RHYTHM)
            w = (t % KNOT_TICKS) / KNOT_TICKS
            for m in range(keys):
                noises[env, k, 0, m] = rows[1, m] + w * (rows[2, m] - rows[1, m])
                noises[env, k, 1, m] = rows[4, m] + w * (rows[5, m] - rows[4, m])
        for k in range(events.shape[1]):
            for j in range(events.shape[2]):
                bits = draw(key_events, j, t0 + k + first_event)
                events[env, k, j] = lookup(exponential, bits)


@inner
def _drop_dead(start, stop, limit, first, second):
    """Zero what is left of twitches long past; one beyond the last unit that carries force."""
    live = start
    for i in range(start, stop):
        alive = first[i] + second[i] >= limit
        first[i] = first[i] if alive else 0.0
        second[i] = second[i] if alive else 0.0
        live = i + U1 if alive else live
    return live


@inner
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
        z = least_candidate_z(c.z_at_hazard, event / c.hazard_share, max_step)
        course[k, 4] = 1.0 + (of.cv_high if z < 0.0 else of.cv_low) * z
    return highest, low_passed


@inner
def _part_of(end, start, n):
    """How many of the `n` units from `start` on lie before `end`."""
    return min(max(end, start) - start, n)


@inner
def _whole(n, n_all):
    """`n` units and those that fill their last vector, of `n_all`."""
    return min((n + PAD) & ~PAD, n_all)


@inner
def _advance_chunk(
    rows, found, sampled, course, force_sum, of, keys, rhythm_part, t0, k0, k1, a, at, n, n_on,
    n_live, unit, now, spiking, constants, decay_table, has_noise, has_rhythm, sensitivity, m,
    threshold_z, hazard, hazard_share, staggers, n_delay, events, hazard_key, sums, group, record,
    spikes,
):  # fmt: skip
    """Ticks `k0` to `k1` of units `a` to `a + n`, of which `n_on` may fire and `n_live` have force.

    Their constants are those from `at` on, which may be another muscle's: see `Packed.alike`.
    Arrays one by one and not in records: to take one out of a record counts a reference, which is
    an atomic operation each time. Returns `n_live` and the share-weighted spikes, all and fast.
    """
    ratio = of.twitch_tetanus_ratio
    spike_sum, fast_sum = 0.0, 0.0
    n_loaded, n_on = _whole(n_on, n), (n_on + PAD) & ~PAD
    for k in range(k0, k1):
        t = t0 + k
        w = (t % KNOT_TICKS) / KNOT_TICKS
        if w == 0.0 and t > 0:
            if has_noise:
                advance_slow_noise(a, a + n, keys.slow, t // KNOT_TICKS + 1, unit, SLOW_NOISE_ROW)
            if has_rhythm:
                advance_rhythm(a, a + n, keys.rhythm, t // KNOT_TICKS + 1, unit, RHYTHM_ROW)
            load_noises(rows, unit, has_noise, has_rhythm, a, n_loaded)
        if n_live > U0:
            padded = (n_live + PAD) & ~PAD
            if ratio > 0.0:
                slow, quick = sensitivity[m, 0], sensitivity[m, 1]
                total, fast = saturating_twitch_step(
                    rows, padded, 0.5 * of.saturation_slope, slow, quick, ratio
                )
            else:
                total, fast = twitch_step(rows, padded)
            force_sum[k, 0] += total
            force_sum[k, 1] += fast
        if n_on == U0:
            continue

        base, private, over, need = course[k, 0], course[k, 1], course[k, 2], course[k, 4]
        if of.rate_saturates:
            saturating_steps(rows, n_on, base, private, w, over, decay_table)
        elif private == 0.0:
            quiet_linear_steps(rows, n_on, base, over)
        else:
            linear_steps(rows, n_on, base, private, w, over)
        if of.rhythm_noise > 0.0:
            modulate(rows, n_on, course[k, 3], rhythm_part, w)
        grow(rows, n_on)
        if staggers:
            stagger(rows, min(n, n_on), a, hazard_share, hazard, spiking, sums, group, sampled)
        for q in range(find_ready(rows, n_on, need, found)):
            j = found[q]
            i = a + j
            phase, theta, grown = rows[PHASE + j], rows[THETA + j], rows[STEP + j]
            if grown == 0.0:  # silent, or no unit but padding
                continue
            mine, unit_of, c = spiking[i], constants[at + j], at + j
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
                added = hazard_at(hazard, (phase - 1.0) / mine.isi_cv)
                added -= hazard_at(hazard, (phase - grown - 1.0) / mine.isi_cv)
                late = n_delay - np.int64(mine.delay)
                if hazard_share * added <= events[k + late, hazard_key]:
                    continue
                rest = 0.5 * grown
            impulse = 1.0
            if ratio == 0.0:
                impulse = twitch_gain(np.e / (now[7, c] * np.float64(silence))) * now[4, c]
            rows[FIRST + j] += impulse * now[7, c]  # now[7] is e tick / T
            n_live = max(n_live, j + U1)
            if unit_of.isi_cv_onset > 0.0:
                noise = rows[BEFORE + j] + w * (rows[AFTER + j] - rows[BEFORE + j])
                above = max(base + private * noise - rows[THRESHOLD + j], 0.0)
                u = above / (of.isi_cv_decay * of.max_excitation)
                mine.isi_cv = unit_of.isi_cv + unit_of.isi_cv_onset * decay(u, decay_table)
            mine.last_spike_tick = t
            mine.spike_count += 1
            mine.hold = of.refractory_ticks
            bits = draw(keys.threshold, i, mine.spike_count)
            z = lookup(threshold_z, bits)
            theta = max(1.0 + mine.isi_cv * z, LEAST_THRESHOLD)
            rows[PHASE + j] = rest
            mine.delay = (np.int64(bits & MASK11) * (n_delay + 1)) >> 11
            if silence > _SILENCE_TICKS and unit_of.doublet_share > 0.0:
                chance = uniform(draw(keys.doublet, i, mine.spike_count))
                if chance < unit_of.doublet_share:
                    theta = -np.inf
                    mine.hold = of.doublet_ticks
            rows[THETA + j], unit[1, i] = theta, theta
            spike_sum += unit_of.force_share
            fast_sum += unit_of.force_share * rows[FAST + j]
            if record:
                spikes[k, i] = 1
    return n_live, spike_sum, fast_sum


class _Space(NamedTuple):
    """Work space: rows of a chunk, lists of its units, and courses over the block."""

    rows: np.ndarray
    found: np.ndarray
    sampled: np.ndarray
    course: np.ndarray
    force_sum: np.ndarray


@compiled
def run(p, c, s, drive, sensitivity, noises, events, m0, m1, record, out):
    """The block for muscles `m0` to `m1` of all environments; `p`, `c` the packed constants."""
    # Zeros: rows for noise are read, times 0, where there is none and they are not loaded.
    space = _Space(
        np.zeros(ROWS_SIZE),
        np.empty(CHUNK + 1, np.uint64),
        np.zeros(CHUNK, np.bool_),
        np.empty((drive.shape[1], 5)),
        np.empty((drive.shape[1], 2)),
    )
    _run(p, c, s, drive, sensitivity, noises, events, m0, m1, record, out, space)
    space.rows[0] = 0.0  # it lives until here


@inner
def _run(p, c, s, drive, sensitivity, noises, events, m0, m1, record, out, space):
    # Unsigned indices spare numba's check for negative ones, without which loops do not vectorise.
    active_state, active_sum, spike_sum, spikes = out
    rows, found, sampled, course, force_sum = space
    n_tick, is_dynamic = drive.shape[1], p.is_dynamic
    held, n_held = _NOTHING, U0  # whose constants the rows hold
    constants, decay_table, fast_units = p.spiking, p.decay_table, p.is_fast
    threshold_z, hazard = c.threshold_z, c.hazard
    for env in range(drive.shape[0]):
        t0, seed = s.tick[env], s.seed[env]
        unit, spiking, sums = s.unit[env], s.spiking[env], s.stagger[env]
        now = s.now_units[env] if is_dynamic else p.rested
        noises_here, events_here, spikes_here = noises[env], events[env], spikes[env]
        sensitivity_here = sensitivity[env]
        keys = _Keys(
            stream_key(seed, _S_THRESHOLD),
            stream_key(seed, _S_SLOW_PRIVATE),
            stream_key(seed, _S_RHYTHM_PRIVATE),
            stream_key(seed, _S_DOUBLET),
        )
        held = _NOTHING
        for m in range(m0, m1):
            u0, u1, of = np.uint64(p.first_unit[m]), np.uint64(p.first_unit[m + 1]), p.muscle[m]
            shared_by, alike = c.muscle[m], np.uint64(p.alike[m])
            rhythm_part = of.rhythm_noise * np.sqrt(1.0 - shared_by.rhythm_share)
            low_passed, least = s.slow_excitation[env, m], now[8, alike]
            highest, s.slow_excitation[env, m] = _course(
                c, shared_by, of, drive, env, m, noises_here, events_here, low_passed, least, course
            )
            live = u0 + np.uint64(s.n_live[env, m])
            slow_spikes, fast_spikes = 0.0, 0.0
            for k in range(n_tick):
                force_sum[k, 0] = 0.0
                force_sum[k, 1] = 0.0
            k0 = np.int64(0)  # not a literal, which would compile all twice
            while k0 < n_tick:
                t = t0 + k0
                if t % SLOW_TICKS == 0 and t > 0:
                    if is_dynamic:
                        held = _NOTHING
                        slow, changed = slow_of(s.slow_units[env]), constants_of(now)
                        spiking_slow_step(p, m, slow, changed, spiking, t, unit[2], unit[3])
                    limit = LIVE_LIMIT * (1.0 if of.twitch_tetanus_ratio > 0.0 else of.max_force)
                    live = _drop_dead(u0, u1, limit, unit[2], unit[3])
                k1 = min(n_tick, k0 + SLOW_TICKS - t % SLOW_TICKS)
                on = u0 + count_up_to(now, 8, alike, alike + (u1 - u0), highest) - alike
                group = of.first_group
                for a in range(u0, u1, np.uint64(CHUNK)):
                    n = min(u1 - a, np.uint64(CHUNK))
                    n_on, n_live = _part_of(on, a, n), _part_of(live, a, n)
                    at = alike + (a - u0)
                    n_rows = max(n_on, n_live)
                    if n_rows > U0:
                        if held != at or n_held != n:
                            load_constants(rows, now, at, n)
                            held, n_held = at, n
                        load_state(rows, unit, fast_units, a, _whole(n_on, n), n_rows)
                        has_noise, has_rhythm = p.has_drive_noise, p.has_rhythm
                        load_noises(rows, unit, has_noise, has_rhythm, a, _whole(n_on, n))
                        fetch_ahead(unit, spiking, a + n, n)
                    n_stored = _whole(n_on, n)
                    n_live, total, fast = _advance_chunk(
                        rows, found, sampled, course, force_sum, of, keys, rhythm_part, t0, k0, k1,
                        a, at, n, n_on, n_live, unit, now, spiking, constants, decay_table,
                        p.has_drive_noise, p.has_rhythm, sensitivity_here, m, threshold_z, hazard,
                        c.hazard_share, c.staggers, c.max_delay_ticks, events_here,
                        shared_by.hazard_key, sums, group, record, spikes_here,
                    )  # fmt: skip
                    store(rows, PHASE, unit, ROW_PHASE, a, n_stored)
                    if n_live > U0:
                        store(rows, FIRST, unit, ROW_FIRST, a, n_live)
                        store(rows, SECOND, unit, ROW_SECOND, a, n_live)
                        live = max(live, a + n_live)
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
