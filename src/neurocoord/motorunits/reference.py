"""The spiking step in plain NumPy, equation by equation: the truth that `kernel.py` must match.

Spikes must agree bit for bit, so float expressions are written in the kernel's order of
operations; forces agree to rounding. One tick at a time, all units of all environments at once.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from neurocoord import noise
from neurocoord.motorunits import checks, derive, discharge, fatigue, twitch
from neurocoord.motorunits.kernel import BlockOutput, length_sensitivity
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
    Coupling,
    PoolParameters,
    muscle_of_unit,
    n_units,
)
from neurocoord.motorunits.state import (
    PoolState,
    Slow,
    check_drive,
    copy_into,
    draw_first_thresholds,
)
from neurocoord.motorunits.tick import EVENT_OFFSET

F64 = NDArray[np.float64]
Bools = NDArray[np.bool_]


def advance(
    params: PoolParameters,
    coupling: Coupling,
    state: PoolState,
    drive: NDArray[np.floating],
    *,
    fibre_length: NDArray[np.floating] | None = None,
    record_spikes: bool = False,
    out: PoolState | None = None,
) -> tuple[PoolState, BlockOutput]:
    """As `kernel.advance`: `drive[env, tick, muscle]` in 0..1 -> new state and output."""
    checks.fits(params, state, coupling)
    drive = check_drive(params, state.tick.size, drive)
    sensitivity = length_sensitivity(params, state.tick.size, fibre_length)
    new = copy_into(state, out)
    draw_first_thresholds(params, coupling, new)
    n_env, n_tick, muscles = drive.shape
    active_state = np.zeros((n_env, n_tick, muscles))
    active_sum = np.zeros((n_env, n_tick, muscles, 2))
    spike_sum = np.zeros((n_env, muscles, 2))
    spikes = np.zeros((n_env, n_tick, n_units(params)), np.uint8)
    for k in range(n_tick):
        _take_slow_step(params, new)
        force = _filter_twitches(params, new, sensitivity)
        active_state[:, k] = _sum_units(params, force) / params.max_force
        for kind, chosen in enumerate((~params.is_fast, params.is_fast)):
            total = _sum_units(params, np.where(chosen, force, 0.0))
            active_sum[:, k, :, kind] = total * params.active_sum_scale
        step, excitation = _accumulate_phase(params, coupling, new, drive[:, k])
        fires = _fire(params, coupling, new, step, excitation)
        for kind, chosen in enumerate((~params.is_fast, params.is_fast)):
            spike_sum[:, :, kind] += _sum_units(
                params, np.where(fires & chosen, params.force_share, 0.0)
            )
        spikes[:, k] = fires
        new.tick[:] += 1
    new.n_live[:] = np.diff(params.first_unit)
    return new, BlockOutput(
        active_state, active_sum, spike_sum, spikes if record_spikes else spikes[:, :, :0]
    )


def slow_step(
    params: PoolParameters, slow: Slow, is_active: Bools, relative_force: F64
) -> tuple[Slow, Constants]:
    """What SLOW_STEP_S of activity does to units, all arrays `[env, unit]`; see `fatigue`."""
    muscle = muscle_of_unit(params)
    new = Slow(
        capacity=fatigue.capacity_step(
            slow.capacity,
            relative_force,
            is_active,
            params.fatigue_rate_per_s,
            params.recovery_rate_per_s,
            SLOW_STEP_S,
        ),
        adaptation=fatigue.adaptation_step(
            slow.adaptation, is_active, params.adaptation_decay[muscle]
        ),
        inward_current=fatigue.pic_step(slow.inward_current, is_active, params.pic_decay[muscle]),
        tiredness=fatigue.tiredness_step(slow.tiredness, is_active, params.rotation_decay[muscle]),
        threshold=slow.threshold.copy(),
    )
    for m, group in enumerate(params.rotation_group):
        if group > 1:
            u = slice(params.first_unit[m], params.first_unit[m + 1])
            new.threshold[:, u] = fatigue.rotate(
                new.threshold[:, u], new.tiredness[:, u], int(group)
            )
    threshold, minimum, gain, peak = fatigue.adapted_constants(
        params.minimum_rate_hz,
        params.rate_gain_hz,
        params.peak_rate_hz,
        new.threshold,
        params.adaptation_share * new.adaptation,
        params.adaptation_offset_hz[muscle],
        params.pic_excitation[muscle] * new.inward_current,
    )
    above = [
        derive.least_above(threshold[:, a:b])
        for a, b in zip(params.first_unit[:-1], params.first_unit[1:], strict=True)
    ]
    time_s = fatigue.contraction_time_s(
        params.contraction_time_s, new.capacity, params.slowing[muscle]
    )
    return new, Constants(
        recruitment_threshold=threshold,
        minimum_rate_hz=minimum,
        rate_gain_hz=gain,
        peak_rate_hz=peak,
        twitch_force=params.twitch_force * new.capacity,
        contraction_time_s=time_s,
        tick_decay=np.exp(-TICK_S / time_s),
        twitch_scale=np.e * TICK_S / time_s,
        threshold_above=np.concatenate(above, axis=1),
    )


def _take_slow_step(params: PoolParameters, state: PoolState) -> None:
    due = np.flatnonzero((state.tick % SLOW_TICKS == 0) & (state.tick > 0))
    if not (params.is_dynamic and due.size):
        return
    slope = params.saturation_slope[muscle_of_unit(params)]
    y = state.now.tick_decay * (state.twitch_2 + state.twitch_1)
    scale = state.now.twitch_scale.copy()
    capacity = np.maximum(state.slow.capacity * params.tetanic_force, 1e-300)
    relative = np.where(slope > 0, np.tanh(0.5 * slope * y), y / capacity)
    is_active = state.tick[:, None] - state.last_spike_tick <= ACTIVE_TICKS
    new = slow_step(params, state.slow, is_active, np.clip(relative, 0.0, 1.0))
    for twitches in (state.twitch_1, state.twitch_2):
        twitches[due] *= (new[1].twitch_scale / scale)[due]
    for old, changed in zip((state.slow, state.now), new, strict=True):
        for target, source in zip(old, changed, strict=True):
            target[due] = source[due]


def _now(params: PoolParameters, state: PoolState) -> Constants:
    return state.now if params.is_dynamic else params.rested


def _sum_units(params: PoolParameters, values: F64) -> F64:
    """`values[env, unit]` summed over the units of each muscle."""
    return np.add.reduceat(values, params.first_unit[:-1], axis=1)


def _filter_twitches(params: PoolParameters, state: PoolState, sensitivity: F64) -> F64:
    """Twitches (eq 11) as a critically damped filter; force `[env, unit]` at this tick."""
    now, muscle = _now(params, state), muscle_of_unit(params)
    state.twitch_2[:] = now.tick_decay * (state.twitch_2 + state.twitch_1)
    state.twitch_1[:] = now.tick_decay * state.twitch_1
    summed = state.twitch_2
    ratio = params.twitch_tetanus_ratio[muscle]
    if not np.any(ratio > 0):
        return summed.copy()
    by_unit = sensitivity[:, muscle, params.is_fast.astype(np.int64)]
    share = twitch.saturation(summed, params.saturation_slope[muscle] * by_unit)
    return np.where(ratio > 0, now.twitch_force / np.where(ratio > 0, ratio, 1.0) * share, summed)


def _advance_noise(params: PoolParameters, state: PoolState) -> None:
    """One knot on, in environments where it is due: slow noise (two poles), rhythm (resonator)."""
    due = np.flatnonzero((state.tick % KNOT_TICKS == 0) & (state.tick > 0))
    slow = (
        (noise.SLOW_PRIVATE, *state.slow_noise),
        (noise.SLOW_SHARED, *state.shared_slow_noise),
    )
    for e in due:
        count = state.tick[e] // KNOT_TICKS + 1
        for stream, filtered, before, after in slow if params.has_drive_noise else slow[1:]:
            n = _innovation(state.seed[e], stream, filtered.shape[1], count)
            filtered[e] = SLOW_NOISE_DECAY * filtered[e] + n
            before[e] = after[e]
            after[e] = SLOW_NOISE_DECAY * after[e] + SLOW_NOISE_SCALE * filtered[e]
        if not params.has_rhythm:
            continue
        rhythms = (
            (noise.RHYTHM_PRIVATE, *state.rhythm),
            (noise.RHYTHM_SHARED, *state.shared_rhythm),
        )
        for stream, filtered, before, after in rhythms:
            n = RHYTHM_SCALE * _innovation(state.seed[e], stream, before.shape[1], count)
            new = n + filtered[e]
            filtered[e] = RHYTHM_A1 * new - n + RHYTHM_A2 * after[e]
            before[e], after[e] = after[e], new


def _innovation(seed: noise.U64, stream: int, n: int, count: int) -> F64:
    return noise.bell(noise.draw(noise.stream_key(seed, stream), np.arange(n), count))


def _accumulate_phase(
    params: PoolParameters, coupling: Coupling, state: PoolState, drive: F64
) -> tuple[F64, F64]:
    """Let phases grow by rate * tick (eq 2) under noisy excitation; both are `[env, unit]`."""
    muscle, now = muscle_of_unit(params), _now(params, state)
    _advance_noise(params, state)
    w = ((state.tick % KNOT_TICKS) / KNOT_TICKS)[:, None]
    private, shared = _between(state.slow_noise, w), _between(state.shared_slow_noise, w)
    excitation = drive * params.max_excitation
    ahead = excitation - state.slow_excitation
    state.slow_excitation[:] += params.onset_follow * ahead
    over = params.onset_gain_hz * np.maximum(ahead, 0.0)
    sd = (params.drive_noise_floor + params.drive_noise_slope * drive) * excitation
    base = excitation + sd * np.sqrt(coupling.drive_share) * shared[:, coupling.drive_key]
    private_sd = sd * np.sqrt(1.0 - coupling.drive_share)
    noisy = base[:, muscle] + private_sd[:, muscle] * private
    constants = (
        now.recruitment_threshold,
        now.minimum_rate_hz,
        now.peak_rate_hz,
        now.rate_gain_hz,
    )
    rate = np.where(
        params.rate_saturates[muscle],
        discharge.saturating_rate_hz(noisy, *constants, params.decay_table),
        discharge.discharge_rate_hz(noisy, *constants),
    )
    recruited = noisy >= now.recruitment_threshold
    step = np.where(recruited, (rate + over[:, muscle]) * TICK_S, 0.0)
    step *= _rhythm_factor(params, coupling, state, w)
    state.phase[:] += step
    return step, noisy


def _between(noises: tuple[F64, F64, F64], w: F64) -> F64:
    """Filtered noise between its knots, `w` of the way."""
    _, before, after = noises
    return np.asarray(before + w * (after - before))


def _rhythm_factor(params: PoolParameters, coupling: Coupling, state: PoolState, w: F64) -> F64:
    """What the beta rhythm multiplies each unit's rate by."""
    if not params.has_rhythm:
        return np.ones(1)
    muscle = muscle_of_unit(params)
    private, shared = _between(state.rhythm, w), _between(state.shared_rhythm, w)
    private_sd = params.rhythm_noise * np.sqrt(1.0 - coupling.rhythm_share)
    shared_sd = params.rhythm_noise * np.sqrt(coupling.rhythm_share)
    common = 1.0 + shared_sd * shared[:, coupling.rhythm_key]
    factor = np.maximum(common[:, muscle] + private_sd[muscle] * private, 0.0)
    return np.where(params.rhythm_noise[muscle] > 0, factor, 1.0)


def _shared_event(params: PoolParameters, coupling: Coupling, state: PoolState) -> F64:
    """The shared exponential variable that each unit sees at this tick, after its delay."""
    key = noise.stream_key(state.seed, noise.SHARED_HAZARD)[:, None]
    tick = state.tick[:, None] - state.delay.astype(np.int64) + EVENT_OFFSET
    bits = noise.draw(key, coupling.hazard_key[muscle_of_unit(params)], tick)
    return noise.lookup(coupling.exponential, noise.uniform(bits))


def _hazard_at(table: F64, z: F64) -> F64:
    position = (z + discharge.Z_LIMIT) * (float(discharge.N_HAZARD) / (2.0 * discharge.Z_LIMIT))
    position = np.minimum(np.maximum(position, 0.0), table.size - 1.000001)
    j = position.astype(np.int64)
    return table[j] + (position - j) * (table[j + 1] - table[j])


def _sampled(params: PoolParameters, state: PoolState, chance: F64) -> Bools:
    """Systematic sampling: in each group whoever lifts the running sum of chances past 1."""
    fires = np.zeros(chance.shape, np.bool_)
    for e in range(chance.shape[0]):
        group = 0
        for a, b in zip(params.first_unit[:-1], params.first_unit[1:], strict=True):
            for start in range(a, b, STAGGER_GROUP):
                total = state.stagger[e, group]
                for i in range(start, min(start + STAGGER_GROUP, b)):
                    total += chance[e, i]
                    if total >= 1.0:
                        total -= 1.0
                        fires[e, i] = True
                state.stagger[e, group] = total
                group += 1
    return fires


def _fire(
    params: PoolParameters, coupling: Coupling, state: PoolState, step: F64, excitation: F64
) -> Bools:
    """Who fires at this tick `[env, unit]`; new intervals, delays and twitches."""
    phase, theta, cv = state.phase, state.threshold, state.isi_cv
    muscle, now = muscle_of_unit(params), _now(params, state)
    may = (state.tick[:, None] - state.last_spike_tick >= state.hold) & (step > 0)
    private = (phase >= theta) & may
    fires = private
    rest = np.where(theta > -np.inf, phase - np.where(theta > -np.inf, theta, 0.0), 0.0)
    if coupling.hazard_share > 0:
        added = _hazard_at(coupling.hazard, (phase - 1.0) / cv) - _hazard_at(
            coupling.hazard, (phase - step - 1.0) / cv
        )
        if coupling.staggers:
            chance = discharge.firing_probability(coupling.hazard_share * added)
            event = _sampled(params, state, np.where(step > 0, chance, 0.0))
        else:
            event = coupling.hazard_share * added > _shared_event(params, coupling, state)
        fires = private | (event & may)
        rest = np.where(private, rest, 0.5 * step)
    env, unit = np.nonzero(fires)
    tick, row = state.tick[env], env if params.is_dynamic else 0 * env
    silence = tick - state.last_spike_tick[env, unit]
    gain = twitch.gain(now.contraction_time_s[row, unit] / (silence * TICK_S))
    impulse = gain * now.twitch_force[row, unit]
    saturates = params.twitch_tetanus_ratio[muscle[unit]] > 0
    scale = now.twitch_scale[row, unit]
    state.twitch_1[env, unit] += np.where(saturates, 1.0, impulse) * scale
    state.last_spike_tick[env, unit] = tick
    state.spike_count[env, unit] += 1
    falling = discharge.interval_cv(
        excitation[env, unit],
        now.recruitment_threshold[row, unit],
        params.isi_cv[unit],
        params.isi_cv_onset[unit],
        (params.isi_cv_decay * params.max_excitation)[muscle[unit]],
        params.decay_table,
    )
    cv[env, unit] = np.where(params.isi_cv_onset[unit] > 0, falling, params.isi_cv[unit])
    key = noise.stream_key(state.seed, noise.THRESHOLD)[env]
    bits = noise.draw(key, unit, state.spike_count[env, unit])
    z = noise.lookup(coupling.threshold_z, noise.uniform(bits))
    theta[env, unit] = discharge.interval_threshold(z, cv[env, unit])
    state.delay[env, unit] = noise.small_integer(bits, coupling.max_delay_ticks + 1)
    phase[env, unit] = rest[env, unit]
    state.hold[env, unit] = params.refractory_ticks[muscle[unit]]
    key = noise.stream_key(state.seed, noise.DOUBLET)[env]
    chance = noise.uniform(noise.draw(key, unit, state.spike_count[env, unit]))
    doublet = (silence > discharge.SILENCE_TICKS) & (chance < params.doublet_share[unit])
    theta[env[doublet], unit[doublet]] = -np.inf
    state.hold[env[doublet], unit[doublet]] = params.doublet_ticks[muscle[unit[doublet]]]
    return fires
