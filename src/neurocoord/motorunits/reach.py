"""The drive that brings a pool to a wanted active state within a horizon, or nearest to it.

``rate_model.inverse`` answers which drive *holds* an active state; a controller that must lead a
pool's lag asks instead which drive, held from now on, *reaches* it after ``horizon_s``. From the
expected state: what is there decays (``rate_model.bounds``' lowest state), and each unit adds what
its rate and its lagging twitch gain make of the time (``reach_step``), up to the highest state of
the bounds. The answer is the inverse of the same map that gives the bounds.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from neurocoord.motorunits import checks, rate_model, reach_step
from neurocoord.motorunits.rate_model import ExpectedState
from neurocoord.motorunits.records import PoolParameters, n_muscles

F64 = NDArray[np.float64]
Bools = NDArray[np.bool_]
N_KNOTS = 64  # cells of the curve over drive 0..1 (choice)


class ReachCurves(NamedTuple):
    """Active state that a held drive adds to silent pools within ``horizon_s``, per muscle."""

    added: F64  # [row, muscle, N_KNOTS + 1], over drive 0 .. 1; one row, or one for each env
    horizon_s: float


def reach_curves(
    params: PoolParameters, horizon_s: float, state: ExpectedState | None = None
) -> ReachCurves:
    """Tabulate what each drive adds to the active state of silent pools within ``horizon_s`` (s).

    Of rested pools at their optimal length, or as ``state`` has them where they are dynamic.
    """
    horizon_s = checks.one_within("horizon_s", horizon_s, 0.0, above_low=True)
    if state is not None:
        checks.fits_expected(params, state)
    now = state.now if state is not None and params.is_dynamic else params.rested
    decays = rate_model.decays_of(now, horizon_s)
    rows, units = decays.response.shape
    muscles, nothing = n_muscles(params), np.zeros((rows, units))
    due, length = np.ones((rows, units)), np.ones((rows, muscles, 2))
    silent = rate_model.Moving(np.zeros((rows, muscles)), nothing, nothing, nothing, due, length)
    added = np.empty((rows, muscles, N_KNOTS + 1))
    of_drive = np.empty((rows, muscles))
    for knot in range(N_KNOTS + 1):
        held = np.full((rows, muscles), knot / N_KNOTS)
        reach_step.add(params.packed, now, horizon_s, decays, silent, held, of_drive)
        added[..., knot] = of_drive
    return ReachCurves(added=added, horizon_s=float(horizon_s))


def drive_to_reach(
    params: PoolParameters,
    state: ExpectedState,
    curves: ReachCurves,
    wanted: F64,
    limits: tuple[F64, F64] | None = None,
) -> F64:
    """Drive ``[env, muscle]`` that takes active state to ``wanted`` at the horizon of ``curves``.

    ``limits``: ``rate_model.bounds`` of ``state`` at that horizon, where they are known already. A
    state below them gives drive 0, one above drive 1 (``is_within_reach`` says where). The drive
    is sought along ``curves`` until it gives the state to 0.001 and 1 % of what it adds, in at most
    four tries (where few units are at work force comes in steps: then the nearest). One step on
    from a drive that is not five times as far off is not tried any more: it mostly gives as much.
    """
    wanted = _check_wanted(params, state, wanted)
    rows, muscles = curves.added.shape[:2]
    if muscles != n_muscles(params):
        raise ValueError(f"curves are of {muscles} muscles; params holds {n_muscles(params)}")
    if rows not in (1, wanted.shape[0]):
        raise ValueError(f"curves are of {rows} envs, wanted of {wanted.shape[0]}")
    low, high = _limits(params, state, curves.horizon_s, limits)
    horizon_s, decays = rate_model.decays_at(params, state, curves.horizon_s)
    now = state.now if params.is_dynamic else params.rested
    drive = np.empty_like(wanted)
    moving = rate_model.moving(state)
    of_pools = (params.packed, now, horizon_s, decays, moving, curves.added)
    rate_model.call(state, reach_step.lead, *of_pools, low, high, wanted, drive)
    return drive


def is_within_reach(
    params: PoolParameters,
    state: ExpectedState,
    wanted: F64,
    horizon_s: float | None = None,
    limits: tuple[F64, F64] | None = None,
) -> Bools:
    """True where a drive in 0..1 takes active state to ``wanted[env, muscle]`` at the horizon.

    ``horizon_s`` is by default that of ``state``; ``limits`` as in ``drive_to_reach``.
    """
    wanted = _check_wanted(params, state, wanted)
    low, high = _limits(params, state, horizon_s, limits)
    return np.asarray((wanted >= low) & (wanted <= high))


def _check_wanted(params: PoolParameters, state: ExpectedState, wanted: F64) -> F64:
    checks.fits_expected(params, state)
    wanted = checks.numbers("wanted", wanted)
    expected = (state.tick.size, n_muscles(params))
    if wanted.shape != expected:
        raise ValueError(
            f"wanted must have shape [env={expected[0]}, muscle={expected[1]}], got {wanted.shape}"
        )
    if np.isnan(wanted).any():
        raise ValueError("wanted must be numbers, got NaN")
    return wanted


def _limits(
    params: PoolParameters,
    state: ExpectedState,
    horizon_s: float | None,
    limits: tuple[F64, F64] | None,
) -> tuple[F64, F64]:
    if limits is None:
        return rate_model.bounds(params, state, horizon_s)
    if len(limits) != 2:
        raise ValueError(f"limits must be two arrays, lowest and highest state, got {len(limits)}")
    low, high = (checks.numbers("limits", limit) for limit in limits)
    expected = (state.tick.size, n_muscles(params))
    if low.shape != expected or high.shape != expected:
        raise ValueError(
            f"limits must be two arrays of shape [env={expected[0]}, muscle={expected[1]}],"
            f" got {low.shape} and {high.shape}"
        )
    if np.isnan(low).any() or np.isnan(high).any():
        raise ValueError("limits must be numbers, got NaN")
    return low, high
