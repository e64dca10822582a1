"""The pools without spikes: expected state, what it can reach, and the drive that would hold it.

The controller asks here, never the spikes it is judged by. Each unit's twitches are replaced by
their expectation: impulses of density ``r * gbar(T r) * P`` through the same critically damped
filter. gbar is the 1993 gain averaged over the interval law; because the gain of a twitch looks
back over an interval, its rate lags: ``dr~/dt = r (r - r~) / 0.6``, in silence ``dr~/dt = -r~^2``
(fitted to the spiking model; choice), and every unit's first spike after a silence still has the
gain of the silence. Saturating units sum twitches of unit height, and their mean saturation is read
from the settled relation. Fatigue, adaptation, inward currents and rotation take their slow steps
here as in the spiking pools, from expected forces. Bounds and inverse are those at the fibres'
lengths given last.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from neurocoord.motorunits import checks, expected_step, fluctuation, reach_step
from neurocoord.motorunits.compiled import are_own, straight
from neurocoord.motorunits.kernel import length_sensitivity, share_muscles
from neurocoord.motorunits.records import (
    SLOW_TICKS,
    TICK_S,
    Constants,
    PoolParameters,
    n_muscles,
    n_units,
)
from neurocoord.motorunits.state import Slow, constants, copy_into, rested

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]

TOLERANCE_FLOOR = 0.005  # of the maximal force (choice)
N_TIRED = 64  # cells of the static curve of pools that change (choice)


class Decays(NamedTuple):
    """What follows from the contraction times for one block and one horizon."""

    block: F64  # [row, unit] exp(-block / T)
    weight: F64  # [row, unit] exp(-horizon / T) / T
    response: F64  # [row, unit] share of its settled value that a step of rate reaches in it
    early: F64  # [row, unit] the part of that share which has the gain of the first node


class ExpectedState(NamedTuple):
    """Expected state of the pools."""

    tick: I64  # [env]
    slow_excitation: F64  # [env, muscle] low-passed excitation that onsets are measured against
    impulse: F64  # [env, unit] first filter state, twitch units; unit height if saturating
    tail: F64  # [env, unit] second filter state, the same * s
    gain_rate_hz: F64  # [env, unit] rate that the gain sees
    first_due: F64  # [env, unit] chance that the first spike after a silence is still to come
    variance: F64  # [env, unit] expected variance of unit force over P^2; no units if not tracked
    sensitivity: F64  # [env, muscle, class] of saturating units at their length; see `twitch`
    slow: Slow
    now: Constants  # [env, unit]; no units unless the pools are dynamic
    block_s: float
    horizon_s: float
    decays: Decays
    static: F64  # [row, muscle, knot] mean active state over drive 0 .. 1


class Moving(NamedTuple):
    """What compiled code reads of an `ExpectedState` to look ahead."""

    slow_excitation: F64
    impulse: F64
    tail: F64
    gain_rate_hz: F64
    first_due: F64
    sensitivity: F64


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
    if isinstance(n_env, bool) or not isinstance(n_env, int | np.integer) or n_env < 1:
        raise ValueError(f"n_env must be a whole number of 1 or more, got {n_env!r}")
    shape = (n_env, n_units(params))
    block_s, horizon_s = _duration("block_s", block_s), _duration("horizon_s", horizon_s)
    now = constants(params, n_env)
    current = now if params.is_dynamic else params.rested
    return ExpectedState(
        tick=np.zeros(n_env, np.int64),
        slow_excitation=np.zeros((n_env, n_muscles(params))),
        impulse=np.zeros(shape),
        tail=np.zeros(shape),
        gain_rate_hz=np.zeros(shape),
        first_due=np.ones(shape),
        variance=np.zeros(shape if track_spike_sd else (n_env, 0)),
        sensitivity=np.ones((n_env, n_muscles(params), 2)),
        slow=rested(params, n_env),
        now=now,
        block_s=block_s,
        horizon_s=horizon_s,
        decays=decays_of(current, horizon_s, block_s),
        static=_static(params, now),
    )


def reach(params: PoolParameters, horizon_s: float) -> F64:
    """Active state `[muscle]` that full drive adds to rested, silent pools within `horizon_s`."""
    return bounds(params, init(params, horizon_s=horizon_s))[1][0]


def advance(
    params: PoolParameters,
    state: ExpectedState,
    drive: NDArray[np.floating],
    duration_s: float | None = None,
    *,
    fibre_length: NDArray[np.floating] | None = None,
    n_threads: int = 1,
    out: ExpectedState | None = None,
) -> ExpectedState:
    """One step over a block with `drive[env, muscle]` (0..1) held at its mean.

    Exact for the linear twitch filter. `fibre_length[env, muscle]` (optimal length = 1) as in
    `kernel.advance`; where it is not given, lengths stay as they were. `n_threads` share the
    muscles and change no bit. `state` is left as it is unless passed as `out` too.
    `drive[block, env, muscle]` is that of several blocks in turn, each of `duration_s`: the same
    bits as one by one, but faster.
    """
    checks.fits_expected(params, state)
    checks.count("n_threads", n_threads)
    numbers = checks.numbers("drive", drive)
    blocks = numbers if numbers.ndim == 3 and numbers.shape[0] else numbers[None]
    if len(blocks) > 1 and params.is_dynamic:  # constants change between the blocks
        for held in blocks:
            state = out = advance(
                params,
                state,
                held,
                duration_s,
                fibre_length=fibre_length,
                n_threads=n_threads,
                out=out,
            )
        return state
    checked = [_check_drive(params, block, state.impulse.shape[0]) for block in blocks]
    excitation = np.stack(checked) * params.max_excitation
    duration_s = state.block_s if duration_s is None else _duration("duration_s", duration_s)
    if fibre_length is not None:
        sensitivity = length_sensitivity(params, state.impulse.shape[0], fibre_length)
    new = state if out is state else _copy_into(state, out)
    if fibre_length is not None:
        new.sensitivity[:] = sensitivity
    now = new.now if params.is_dynamic else params.rested
    decay = new.decays.block
    if duration_s != new.block_s:
        decay = np.exp(-duration_s / now.contraction_time_s)
    n_ticks = max(round(duration_s / TICK_S), 1)
    filters = (new.impulse, new.tail, new.gain_rate_hz, new.first_due)
    moving = (new.tick, new.slow_excitation, new.slow, *filters)
    if new.variance.shape[1]:
        for block in excitation:
            new.variance[:] = fluctuation.variance(params, new.variance, block, duration_s)
    before = new.tick // SLOW_TICKS
    given = (params.packed, now, decay, excitation, n_ticks, duration_s, moving)
    share_muscles(
        lambda first, end: call(state, expected_step.advance, *given, first, end),
        params,
        n_threads,
    )
    new.tick[:] += len(excitation) * n_ticks
    if params.is_dynamic and np.any(new.tick // SLOW_TICKS > before):
        new = new._replace(
            decays=decays_of(new.now, new.horizon_s, new.block_s),
            static=_static(params, new.now),
        )
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
    the SD that spikes add (the upper one by what they add under full drive, where that is more)
    plus half a per cent: where realised, not expected, states must lie.
    """
    checks.fits_expected(params, state)
    now = state.now if params.is_dynamic else params.rested
    horizon_s, decays = decays_at(params, state, horizon_s)
    low = _project(params, now, state, decays.weight, horizon_s)
    high = np.empty_like(low)
    full = np.ones_like(low)
    call(state, reach_step.add, params.packed, now, horizon_s, decays, moving(state), full, high)
    high += low
    if spike_tolerance is not None:
        spike_tolerance = checks.one_within("spike_tolerance", spike_tolerance, 0.0)
        below = 2.0 * spike_tolerance * spike_sd(params, state)
        later = fluctuation.variance_at_full_drive(params, state.variance, horizon_s)
        above = 2.0 * spike_tolerance * fluctuation.sd(params, later)
        low = np.maximum(low - below - TOLERANCE_FLOOR, 0.0)
        high = high + np.maximum(above, below) + TOLERANCE_FLOOR
    return low, high


def active_state(params: PoolParameters, state: ExpectedState) -> F64:
    """Expected active state now, `[env, muscle]`."""
    checks.fits_expected(params, state)
    now = state.now if params.is_dynamic else params.rested
    return _project(params, now, state, 1.0 / now.contraction_time_s, 0.0)


def spike_sd(params: PoolParameters, state: ExpectedState) -> F64:
    """Expected SD of active state `[env, muscle]` from the spikes of independent units."""
    checks.fits_expected(params, state)
    if state.variance.shape[1] == 0:
        raise ValueError("state must come from init(..., track_spike_sd=True) for the spike SD")
    return fluctuation.sd(params, state.variance)


def inverse(
    params: PoolParameters,
    active_state: NDArray[np.floating],
    state: ExpectedState | None = None,
) -> F64:
    """Drive `[env, muscle]` that holds the mean active state at `active_state[env, muscle]`.

    From the static curves of `params`, or of `state` where fatigue, adaptation or rotation have
    changed them. Between their knots the units themselves are asked: where few are at work force
    comes in steps, which only the drive's noise makes smooth (without noise: the curves). What
    cannot be held is clipped: below 0 to drive 0, above the curve's end (`is_reachable` says
    where) to drive 1.
    """
    target = _check_target(params, active_state)
    curve = _curve(params, state, target.shape[0])
    out = np.empty_like(target)
    expected_step.invert(curve, target, out)
    now = state.now if state is not None and params.is_dynamic else params.rested
    lengths = np.ones((*target.shape, 2)) if state is None else state.sensitivity
    expected_step.refine(params.packed, now, 1.5 / (curve.shape[2] - 1), lengths, target, out)
    return out


def is_reachable(
    params: PoolParameters,
    active_state: NDArray[np.floating],
    state: ExpectedState | None = None,
) -> NDArray[np.bool_]:
    """True where a drive in 0..1 holds `active_state[env, muscle]` (on average over spikes)."""
    target = _check_target(params, active_state)
    highest = _curve(params, state, target.shape[0]).max(axis=2)
    return np.asarray((target >= 0.0) & (target <= highest))


def forward(
    params: PoolParameters, drive: NDArray[np.floating], state: ExpectedState | None = None
) -> F64:
    """Mean active state `[env, muscle]` at a held `drive[env, muscle]`: the static curve.

    Straight lines between its knots: up to 2 % from where `inverse` goes, where few units work.
    """
    held = _check_drive(params, drive, None)
    curve = _curve(params, state, held.shape[0])
    position = held * (curve.shape[2] - 1)
    j = np.minimum(position.astype(np.int64), curve.shape[2] - 2)
    row = np.arange(held.shape[0])[:, None] if curve.shape[0] > 1 else 0
    muscle = np.arange(held.shape[1])
    a, b = curve[row, muscle, j], curve[row, muscle, j + 1]
    return np.asarray(a + (position - j) * (b - a))


def _curve(params: PoolParameters, state: ExpectedState | None, n_env: int) -> F64:
    curve = params.static_active_state[None] if state is None else state.static
    if state is not None:
        checks.fits_expected(params, state)
    if state is not None and state.sensitivity.shape[0] != n_env:
        raise ValueError(f"state holds {state.sensitivity.shape[0]} envs; {n_env} are asked for")
    if state is not None and has_length(params) and np.any(state.sensitivity != 1.0):
        return _static_curves(params, state.now, state.sensitivity)
    return curve


def has_length(params: PoolParameters) -> bool:
    """Whether force at a drive depends on the fibres' length, in any muscle."""
    return bool(np.any(params.twitch_tetanus_ratio > 0))


def _static(params: PoolParameters, now: Constants) -> F64:
    """Static curves as the pools are now; noise in the drive is averaged over at rest only."""
    if not params.is_dynamic:
        return params.static_active_state[None]
    n_env = now.contraction_time_s.shape[0]
    return _static_curves(params, now, np.ones((n_env, n_muscles(params), 2)))


def _static_curves(params: PoolParameters, now: Constants, sensitivity: F64) -> F64:
    now = now if params.is_dynamic else params.rested
    out = np.empty((*sensitivity.shape[:2], N_TIRED + 1))
    expected_step.curves(params.packed, now, sensitivity, out)
    return out


def decays_at(
    params: PoolParameters, state: ExpectedState, horizon_s: float | None = None
) -> tuple[float, Decays]:
    """A horizon (s), by default that of `state`, and what follows from it."""
    if horizon_s is None or horizon_s == state.horizon_s:
        return state.horizon_s, state.decays
    horizon_s = _duration("horizon_s", horizon_s)
    now = state.now if params.is_dynamic else params.rested
    return horizon_s, decays_of(now, horizon_s, state.block_s)


def decays_of(now: Constants, horizon_s: float, block_s: float = 0.004) -> Decays:
    """What follows from the contraction times."""
    time_s = now.contraction_time_s
    h = horizon_s / time_s
    decay = np.exp(-h)
    response = 1.0 - decay * (1.0 + h)
    early = reach_step.EARLY_SHARE * np.exp(reach_step.EARLY * h)
    late = (1.0 - reach_step.EARLY_SHARE) * np.exp(reach_step.LATE * h)
    share = early / (early + late)
    return Decays(np.exp(-block_s / time_s), decay / time_s, response, share * response)


def call(state: ExpectedState, function: Callable[..., None], *given: Any) -> None:
    """Call a compiled function, past numba's look at types where the state's arrays are our own."""
    own = are_own((*state[:8], *state.slow, *state.now))
    (straight(function, *given) if own else function)(*given)


def moving(state: ExpectedState) -> Moving:
    """What compiled code reads of the state to look ahead."""
    return Moving(*(getattr(state, name) for name in Moving._fields))


def _copy_into(state: ExpectedState, out: ExpectedState | None) -> ExpectedState:
    """A copy of what changes of `state`, in the arrays of `out` if given."""
    moving = (*ExpectedState._fields[:8], "slow", "now")
    parts = {name: copy_into(getattr(state, name), out and getattr(out, name)) for name in moving}
    return state._replace(**parts)


def _duration(name: str, value: float) -> float:
    return checks.one_within(name, value, 0.0, above_low=True)


def _check_drive(params: PoolParameters, drive: NDArray[np.floating], n_env: int | None) -> F64:
    array = checks.numbers("drive", drive)
    muscles = n_muscles(params)
    if array.ndim != 2 or array.shape != (n_env or array.shape[0], muscles):
        raise ValueError(
            f"drive must have shape [env={n_env or 'any'}, muscle={muscles}], got {array.shape}"
        )
    if not (array.min() >= 0.0 and array.max() <= 1.0):
        inside = (array >= 0.0) & (array <= 1.0)
        raise ValueError(f"drive must lie in 0..1, got {array[~inside][0]}")
    return array


def _check_target(params: PoolParameters, active_state: NDArray[np.floating]) -> F64:
    target = checks.numbers("active_state", active_state)
    if target.ndim != 2 or target.shape[1] != n_muscles(params) or np.isnan(target).any():
        raise ValueError(
            f"active_state must be numbers of shape [env, muscle={n_muscles(params)}],"
            f" got shape {target.shape}" + (", with NaN" if np.isnan(target).any() else "")
        )
    return target


def _project(
    params: PoolParameters,
    now: Constants,
    state: ExpectedState,
    weight: F64,
    horizon_s: float,
) -> F64:
    out = np.empty((state.impulse.shape[0], n_muscles(params)))
    filters = (state.impulse, state.tail)
    given = (params.packed, now, weight, horizon_s, *filters, state.sensitivity, out)
    call(state, expected_step.project, *given)
    return out
