"""The spiking step in plain NumPy, equation by equation: the truth that `kernel.py` must match.

Spikes must agree bit for bit, so float expressions are written in the kernel's order of
operations; forces agree to rounding. One tick at a time, all units of all environments at once.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from neurocoord import noise
from neurocoord.motorunits import discharge, twitch
from neurocoord.motorunits.kernel import (
    EVENT_OFFSET,
    BlockOutput,
    check_drive,
    copy_into,
    draw_first_thresholds,
)
from neurocoord.motorunits.parameters import (
    KNOT_TICKS,
    SLOW_NOISE_DECAY,
    SLOW_NOISE_SCALE,
    TICK_S,
    Coupling,
    PoolParameters,
    PoolState,
    muscle_of_unit,
    n_units,
)

F64 = NDArray[np.float64]
Bools = NDArray[np.bool_]


def advance(
    params: PoolParameters,
    coupling: Coupling,
    state: PoolState,
    drive: NDArray[np.floating],
    *,
    record_spikes: bool = False,
    out: PoolState | None = None,
) -> tuple[PoolState, BlockOutput]:
    """As `kernel.advance`: `drive[env, tick, muscle]` in 0..1 -> new state and output."""
    drive = check_drive(params, state, drive)
    new = copy_into(state, out)
    draw_first_thresholds(params, coupling, new)
    n_env, n_tick, muscles = drive.shape
    active_state = np.zeros((n_env, n_tick, muscles))
    active_sum = np.zeros((n_env, n_tick, muscles, 2))
    spike_sum = np.zeros((n_env, muscles, 2))
    spikes = np.zeros((n_env, n_tick, n_units(params)), np.uint8)
    for k in range(n_tick):
        force = _filter_twitches(params, new)
        active_state[:, k] = _sum_units(params, force) / params.max_force
        for kind, chosen in enumerate((~params.is_fast, params.is_fast)):
            total = _sum_units(params, np.where(chosen, force, 0.0))
            active_sum[:, k, :, kind] = total * params.active_sum_scale
        step = _accumulate_phase(params, coupling, new, drive[:, k])
        fires = _fire(params, coupling, new, step)
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


def _sum_units(params: PoolParameters, values: F64) -> F64:
    """`values[env, unit]` summed over the units of each muscle."""
    return np.add.reduceat(values, params.first_unit[:-1], axis=1)


def _filter_twitches(params: PoolParameters, state: PoolState) -> F64:
    """Twitches (eq 11) as a critically damped filter; force `[env, unit]` at this tick."""
    state.twitch_2[:] = params.tick_decay * (state.twitch_2 + state.twitch_1)
    state.twitch_1[:] = params.tick_decay * state.twitch_1
    return params.twitch_scale * state.twitch_2


def _next_knot(
    seed: noise.U64, stream: int, count: noise.I64, filtered: F64, before: F64, after: F64
) -> None:
    """Slow noise (two poles at 2.5 Hz half power), one knot on, for rows of environments."""
    key = noise.stream_key(seed, stream)[:, None]
    bits = noise.draw(key, np.arange(filtered.shape[1]), count[:, None])
    filtered[:] = SLOW_NOISE_DECAY * filtered + noise.bell(bits)
    before[:] = after
    after[:] = SLOW_NOISE_DECAY * after + SLOW_NOISE_SCALE * filtered


def _slow_noise(state: PoolState) -> tuple[F64, F64]:
    """Private `[env, unit]` and shared `[env, key]` slow noise at this tick, unit variance."""
    due = np.flatnonzero((state.tick % KNOT_TICKS == 0) & (state.tick > 0))
    streams = (
        (noise.SLOW_PRIVATE, state.slow_filter, state.slow_before, state.slow_after),
        (noise.SLOW_SHARED, state.shared_filter, state.shared_before, state.shared_after),
    )
    for stream, *arrays in streams:
        for e in due:
            row = slice(e, e + 1)
            count = state.tick[row] // KNOT_TICKS + 1
            _next_knot(state.seed[row], stream, count, *(a[row] for a in arrays))
    w = ((state.tick % KNOT_TICKS) / KNOT_TICKS)[:, None]
    private = state.slow_before + w * (state.slow_after - state.slow_before)
    shared = state.shared_before + w * (state.shared_after - state.shared_before)
    return private, shared


def _accumulate_phase(
    params: PoolParameters, coupling: Coupling, state: PoolState, drive: F64
) -> F64:
    """Let phases grow by rate * tick (eq 2) under noisy excitation; the growth `[env, unit]`."""
    muscle = muscle_of_unit(params)
    private, shared = _slow_noise(state)
    excitation = drive * params.max_excitation
    sd = (params.drive_noise_floor + params.drive_noise_slope * drive) * excitation
    base = excitation + sd * np.sqrt(coupling.drive_share) * shared[:, coupling.drive_key]
    private_sd = sd * np.sqrt(1.0 - coupling.drive_share)
    rate = discharge.discharge_rate_hz(
        base[:, muscle] + private_sd[:, muscle] * private,
        params.recruitment_threshold,
        params.minimum_rate_hz,
        params.peak_rate_hz,
        params.rate_gain_hz,
    )
    step = rate * TICK_S
    state.phase[:] += step
    return step


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


def _fire(params: PoolParameters, coupling: Coupling, state: PoolState, step: F64) -> Bools:
    """Who fires at this tick `[env, unit]`; new thresholds, delays and twitches."""
    phase, theta, cv = state.phase, state.threshold, params.isi_cv
    private = phase >= theta
    fires, rest = private, phase - theta
    if coupling.hazard_share > 0:
        added = _hazard_at(coupling.hazard, (phase - 1.0) / cv) - _hazard_at(
            coupling.hazard, (phase - step - 1.0) / cv
        )
        event = coupling.hazard_share * added > _shared_event(params, coupling, state)
        fires = private | event
        rest = np.where(private, rest, 0.5 * step)
    env, unit = np.nonzero(fires)
    tick = state.tick[env]
    isi_s = (tick - state.last_spike_tick[env, unit]) * TICK_S
    gain = twitch.gain(params.contraction_time_s[unit] / isi_s)
    state.twitch_1[env, unit] += gain * params.twitch_force[unit]
    state.last_spike_tick[env, unit] = tick
    state.spike_count[env, unit] += 1
    key = noise.stream_key(state.seed, noise.THRESHOLD)[env]
    bits = noise.draw(key, unit, state.spike_count[env, unit])
    z = noise.lookup(coupling.threshold_z, noise.uniform(bits))
    theta[env, unit] = discharge.interval_threshold(z, cv[unit])
    state.delay[env, unit] = noise.small_integer(bits, coupling.max_delay_ticks + 1)
    phase[env, unit] = rest[env, unit]
    return fires
