"""The pools without spikes: expected state, what it can reach, and the drive that would hold it.

The controller asks here, never the spikes it is judged by. Each unit's twitches are replaced by
their expectation: impulses of density ``r * gbar(T r) * P`` through the same critically damped
filter. gbar is the 1993 gain averaged over the interval law; because the gain of a twitch looks
back over an interval, its rate lags: ``dr~/dt = r (r - r~) / 0.6``, in silence ``dr~/dt = -r~^2``
(fitted to the spiking model; choice).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from neurocoord.motorunits import discharge
from neurocoord.motorunits.kernel import compiled
from neurocoord.motorunits.parameters import (
    GAIN_LIMIT,
    N_DRIVE,
    N_GAIN,
    PoolParameters,
    interpolate_gain,
    muscle_of_unit,
    n_muscles,
    n_units,
)

F64 = NDArray[np.float64]

GAIN_LAG_INTERVALS = 0.6  # time constant of the gain's lag in intervals (fitted; choice)
# SD of a unit's force over its P at steady normalised rate x (fitted to the spiking model).
FLUCTUATION_X = np.array([0.0, 0.25, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0])
FLUCTUATION_SD = np.array([0.0, 0.31, 0.62, 0.62, 0.23, 0.15, 0.075, 0.05])
FLUCTUATION_LAG = 0.7  # its time constant over the contraction time (fitted; choice)
_U1 = np.uint64(1)
TOLERANCE_FLOOR = 0.005  # of the maximal force (choice)


class ExpectedState(NamedTuple):
    """Expected state of the pools, and decays worked out for one block and one horizon."""

    impulse: F64  # [env, unit] first filter state, twitch units
    tail: F64  # [env, unit] second filter state, twitch units * s
    gain_rate_hz: F64  # [env, unit] rate that the gain sees
    variance: F64  # [env, unit] expected variance of unit force over P^2; no units if not tracked
    block_s: float
    block_decay: F64  # [unit] exp(-block / T)
    horizon_s: float
    horizon_weight: F64  # [unit] exp(-horizon / T) / T
    horizon_reach: F64  # [muscle] active state that full drive adds within the horizon


def init(
    params: PoolParameters,
    n_env: int = 1,
    *,
    block_s: float = 0.004,
    horizon_s: float = 0.03,
    track_spike_sd: bool = False,
) -> ExpectedState:
    """Silent pools. `block_s` and `horizon_s`: the durations for which decays are worked out now.

    `track_spike_sd` is needed by `spike_sd` and the spike tolerance of `bounds`; it costs time.
    """
    if isinstance(n_env, bool) or int(n_env) != n_env or n_env < 1:
        raise ValueError(f"n_env must be a whole number of 1 or more, got {n_env!r}")
    shape = (n_env, n_units(params))
    return ExpectedState(
        impulse=np.zeros(shape),
        tail=np.zeros(shape),
        gain_rate_hz=np.zeros(shape),
        variance=np.zeros(shape if track_spike_sd else (n_env, 0)),
        block_s=_duration("block_s", block_s),
        block_decay=np.exp(-block_s / params.contraction_time_s),
        horizon_s=_duration("horizon_s", horizon_s),
        horizon_weight=_weight(params, horizon_s),
        horizon_reach=reach(params, horizon_s),
    )


def reach(params: PoolParameters, horizon_s: float) -> F64:
    """Active state `[muscle]` that full drive adds to what is there within `horizon_s`."""
    time_s, peak = params.contraction_time_s, params.peak_rate_hz
    gain = interpolate_gain(params, params.gain_row, time_s * peak)
    h = horizon_s / time_s
    force = params.twitch_force * np.e * time_s * peak * gain * (1.0 - np.exp(-h) * (1.0 + h))
    return np.add.reduceat(force, params.first_unit[:-1]) / params.max_force


def advance(
    params: PoolParameters,
    state: ExpectedState,
    drive: NDArray[np.floating],
    duration_s: float | None = None,
    *,
    out: ExpectedState | None = None,
) -> ExpectedState:
    """One step over a block with `drive[env, muscle]` (0..1) held at its mean.

    Exact for the linear twitch filter. `state` is left as it is unless passed as `out` too.
    """
    excitation = _check_drive(params, drive, state.impulse.shape[0]) * params.max_excitation
    duration_s = state.block_s if duration_s is None else _duration("duration_s", duration_s)
    block_decay = state.block_decay
    if duration_s != state.block_s:
        block_decay = np.exp(-duration_s / params.contraction_time_s)
    new = _copy_into(state, out)
    rates = (
        params.recruitment_threshold,
        params.minimum_rate_hz,
        params.rate_gain_hz,
        params.peak_rate_hz,
    )
    _advance(
        params.first_unit,
        params.threshold_above,
        *rates,
        params.twitch_force,
        params.contraction_time_s,
        params.gain_row,
        params.mean_gain,
        block_decay,
        excitation,
        duration_s,
        new.impulse,
        new.tail,
        new.gain_rate_hz,
    )
    if new.variance.shape[1]:
        rate = discharge.discharge_rate_hz(excitation[:, muscle_of_unit(params)], *rates)
        x = rate * params.contraction_time_s
        settled = np.interp(x, FLUCTUATION_X, FLUCTUATION_SD) ** 2
        new.variance[:] = settled + (new.variance - settled) * block_decay ** (1 / FLUCTUATION_LAG)
    return new


def bounds(
    params: PoolParameters,
    state: ExpectedState,
    horizon_s: float | None = None,
    *,
    spike_tolerance: float | None = None,
) -> tuple[F64, F64]:
    """Lowest and highest expected active state `[env, muscle]` at `horizon_s` from now.

    Lowest: no drive from now on; highest: full drive. With `spike_tolerance` = k (ratio of the
    strategy's force SD to that of independent units, 1 for independent) both are widened by twice
    the SD that spikes add plus half a per cent: where realised, not expected, states must lie.
    """
    horizon_s = state.horizon_s if horizon_s is None else _duration("horizon_s", horizon_s)
    weight, added = state.horizon_weight, state.horizon_reach
    if horizon_s != state.horizon_s:
        weight = _weight(params, horizon_s)
        added = reach(params, horizon_s)
    low = _project(params, state, weight, horizon_s)
    high = low + added
    if spike_tolerance is not None:
        if not (np.isfinite(spike_tolerance) and spike_tolerance >= 0):
            raise ValueError(f"spike_tolerance must be 0 or more, got {spike_tolerance}")
        tolerance = 2.0 * spike_tolerance * spike_sd(params, state) + TOLERANCE_FLOOR
        low, high = np.maximum(low - tolerance, 0.0), high + tolerance
    return low, high


def active_state(params: PoolParameters, state: ExpectedState) -> F64:
    """Expected active state now, `[env, muscle]`."""
    return _project(params, state, 1.0 / params.contraction_time_s, 0.0)


def spike_sd(params: PoolParameters, state: ExpectedState) -> F64:
    """Expected SD of active state `[env, muscle]` from the spikes of independent units."""
    if state.variance.shape[1] == 0:
        raise ValueError("state must come from init(..., track_spike_sd=True) for the spike SD")
    variance = params.twitch_force**2 * state.variance
    total = np.add.reduceat(variance, params.first_unit[:-1], axis=1)
    return np.sqrt(total) / params.max_force


def inverse(params: PoolParameters, active_state: NDArray[np.floating]) -> F64:
    """Drive `[env, muscle]` that holds the mean active state at `active_state[env, muscle]`.

    From the static curves of `params`. What cannot be held is clipped: below 0 to drive 0, above
    the curve's end (`is_reachable` says where) to drive 1.
    """
    target = np.ascontiguousarray(active_state, dtype=np.float64)
    if target.ndim != 2 or target.shape[1] != n_muscles(params) or np.isnan(target).any():
        raise ValueError(
            f"active_state must be numbers of shape [env, muscle={n_muscles(params)}],"
            f" got shape {target.shape}" + (", with NaN" if np.isnan(target).any() else "")
        )
    out = np.empty_like(target)
    _inverse(params.static_active_state, target, out)
    return out


def is_reachable(params: PoolParameters, active_state: NDArray[np.floating]) -> NDArray[np.bool_]:
    """True where a drive in 0..1 holds `active_state[env, muscle]` (on average over spikes)."""
    target = np.asarray(active_state)
    return np.asarray((target >= 0.0) & (target <= params.static_active_state[:, -1]))


def forward(params: PoolParameters, drive: NDArray[np.floating]) -> F64:
    """Mean active state `[env, muscle]` at a held `drive[env, muscle]`: the static curve."""
    held = _check_drive(params, drive, None)
    position = held * N_DRIVE
    j = np.minimum(position.astype(np.int64), N_DRIVE - 1)
    muscle = np.arange(held.shape[1])
    a, b = params.static_active_state[muscle, j], params.static_active_state[muscle, j + 1]
    return a + (position - j) * (b - a)


def _copy_into(state: ExpectedState, out: ExpectedState | None) -> ExpectedState:
    """A copy of `state`, in the arrays of `out` if given; `state` itself if `out` is `state`."""
    if out is state:
        return state
    arrays = (state.impulse, state.tail, state.gain_rate_hz, state.variance)
    targets = [a.copy() for a in arrays]
    if out is not None:
        targets = [out.impulse, out.tail, out.gain_rate_hz, out.variance]
        for source, target in zip(arrays, targets, strict=True):
            np.copyto(target, source)
    return state._replace(
        impulse=targets[0], tail=targets[1], gain_rate_hz=targets[2], variance=targets[3]
    )


def _weight(params: PoolParameters, horizon_s: float) -> F64:
    return np.exp(-horizon_s / params.contraction_time_s) / params.contraction_time_s


def _duration(name: str, value: float) -> float:
    if not (np.isfinite(value) and value > 0):
        raise ValueError(f"{name} must be finite and above 0 s, got {value}")
    return float(value)


def _check_drive(params: PoolParameters, drive: NDArray[np.floating], n_env: int | None) -> F64:
    array: F64 = np.ascontiguousarray(drive, dtype=np.float64)
    muscles = n_muscles(params)
    if array.ndim != 2 or array.shape != (n_env or array.shape[0], muscles):
        raise ValueError(
            f"drive must have shape [env={n_env or 'any'}, muscle={muscles}], got {array.shape}"
        )
    inside = (array >= 0.0) & (array <= 1.0)
    if not inside.all():
        raise ValueError(f"drive must lie in 0..1, got {array[~inside][0]}")
    return array


def _project(params: PoolParameters, state: ExpectedState, weight: F64, horizon_s: float) -> F64:
    """Active state after `horizon_s` without drive; `weight` = exp(-horizon / T) / T, `[unit]`."""
    out = np.empty((state.impulse.shape[0], n_muscles(params)))
    scale = np.e / params.max_force
    first = params.first_unit
    _project_compiled(first, scale, weight, horizon_s, state.impulse, state.tail, out)
    return out


@compiled
def _cell(x):
    position = min(x * (N_GAIN / GAIN_LIMIT), N_GAIN - 1e-6)
    j = np.int64(position)
    return np.uint64(j), position - np.float64(j)


@compiled
def _rate(i, e, threshold, minimum, slope, peak):
    rate = minimum[i] + slope[i] * (e - threshold[i])
    rate = rate if rate < peak[i] else peak[i]
    return rate if e >= threshold[i] else 0.0


@compiled
def _let_gain_rate_follow(start, stop, e, h, threshold, minimum, slope, peak, seen):
    lag_step = 0.5 * h / GAIN_LAG_INTERVALS
    for i in range(start, stop):
        rate = _rate(i, e, threshold, minimum, slope, peak)
        step = lag_step * rate  # exponential approach by its (1, 1) Pade form
        kept = (1.0 - step) / (1.0 + step)
        followed = rate + (seen[i] - rate) * (kept if kept > 0.0 else 0.0)
        seen[i] = followed if rate > 0.0 else seen[i] / (1.0 + seen[i] * h)


@compiled
def _look_up_gain(start, stop, time_s, seen, row, mean_gain, gain):
    for i in range(start, stop):
        r = np.uint64(row[i])
        j, f = _cell(time_s[i] * seen[i])
        gain[i - start] = mean_gain[r, j] + f * (mean_gain[r, j + _U1] - mean_gain[r, j])


@compiled
def _filter_impulses(
    start, stop, e, h, threshold, minimum, slope, peak, force, time_s, gain, decay, y1, y2
):
    """Twitch filter over a block of length `h`, its input held: exact."""
    for i in range(start, stop):
        rate = _rate(i, e, threshold, minimum, slope, peak)
        t, d = time_s[i], decay[i]
        settled = rate * force[i] * t * gain[i - start]
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
def _advance(
    first_unit,
    threshold_above,
    threshold,
    minimum,
    slope,
    peak,
    force,
    time_s,
    row,
    mean_gain,
    decay,
    excitation,
    h,
    impulse,
    tail,
    gain_rate,
):
    # Short loops, each of which vectorises: 2.5 times as fast as one loop that does all.
    gain = np.empty(np.max(first_unit[1:] - first_unit[:-1]))
    for env in range(excitation.shape[0]):
        y1, y2, seen = impulse[env], tail[env], gain_rate[env]
        for m in range(excitation.shape[1]):
            e = excitation[env, m]
            u0, u1 = np.uint64(first_unit[m]), np.uint64(first_unit[m + 1])
            on = u0
            while on < u1 and threshold_above[on] <= e:
                on += _U1
            _let_gain_rate_follow(u0, on, e, h, threshold, minimum, slope, peak, seen)
            _look_up_gain(u0, on, time_s, seen, row, mean_gain, gain)
            _filter_impulses(
                u0, on, e, h, threshold, minimum, slope, peak, force, time_s, gain, decay, y1, y2
            )
            _let_fade(on, u1, h, decay, y1, y2, seen)


@compiled(fastmath={"reassoc", "nsz"})
def _sum_projected(start, stop, rate_decay, h, impulse, tail):
    total = 0.0
    for i in range(start, stop):
        total += rate_decay[i] * (tail[i] + h * impulse[i])
    return total


@compiled
def _project_compiled(first_unit, scale, rate_decay, h, impulse, tail, out):
    for env in range(out.shape[0]):
        for m in range(out.shape[1]):
            total = _sum_projected(
                np.uint64(first_unit[m]),
                np.uint64(first_unit[m + 1]),
                rate_decay,
                h,
                impulse[env],
                tail[env],
            )
            out[env, m] = scale[m] * total


@compiled
def _inverse(curve, target, out):
    last = curve.shape[1] - 1
    for env in range(target.shape[0]):
        for m in range(target.shape[1]):
            a = target[env, m]
            if a <= 0.0:
                out[env, m] = 0.0
            elif a >= curve[m, last]:
                out[env, m] = 1.0
            else:
                low, high = 0, last  # curve[low] < a <= curve[high]
                while high - low > 1:
                    middle = (low + high) // 2
                    if curve[m, middle] < a:
                        low = middle
                    else:
                        high = middle
                rise = curve[m, high] - curve[m, low]
                out[env, m] = (low + (a - curve[m, low]) / rise) / last
