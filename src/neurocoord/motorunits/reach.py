"""The drive that brings a pool to a wanted active state within a horizon, or nearest to it.

``rate_model.inverse`` answers which drive *holds* an active state; a controller that must lead a
pool's lag asks instead which drive, held from now on, *reaches* it after ``horizon_s``. For linear
twitches the answer is exact: what is there decays (``rate_model.bounds``' lowest state), and a
held rate adds ``P e T r g [1 - exp(-h/T)(1 + h/T)]`` per unit (step response of the critically
damped twitch, Fuglevand, Winter & Patla 1993, eq 11), a monotone function of drive.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from neurocoord.motorunits.kernel import compiled
from neurocoord.motorunits.parameters import GAIN_LIMIT, N_GAIN, PoolParameters

F64 = NDArray[np.float64]
N_KNOTS = 64  # cells of the curve over drive 0..1 (choice)


class ReachCurves(NamedTuple):
    """Active state added within ``horizon_s`` by a held drive, per muscle."""

    added: F64  # [muscle, N_KNOTS + 1], over drive 0 .. 1
    horizon_s: float


def reach_curves(params: PoolParameters, horizon_s: float) -> ReachCurves:
    """Tabulate what each drive adds to active state within ``horizon_s`` (s)."""
    if not (np.isfinite(horizon_s) and horizon_s > 0):
        raise ValueError(f"horizon_s must be finite and above 0 s, got {horizon_s}")
    time_s = params.contraction_time_s
    h = horizon_s / time_s
    response = 1.0 - np.exp(-h) * (1.0 + h)
    n_muscles = params.first_unit.size - 1
    muscle = np.repeat(np.arange(n_muscles), np.diff(params.first_unit))
    grid = np.linspace(0.0, GAIN_LIMIT, N_GAIN + 1)
    added = np.empty((n_muscles, N_KNOTS + 1))
    for knot, drive in enumerate(np.linspace(0.0, 1.0, N_KNOTS + 1)):
        above = drive * params.max_excitation[muscle] - params.recruitment_threshold
        rate = np.minimum(params.minimum_rate_hz + params.rate_gain_hz * above, params.peak_rate_hz)
        rate = np.where(above >= 0.0, rate, 0.0)
        gain = np.empty_like(rate)
        for row in np.unique(params.gain_row):
            units = params.gain_row == row
            gain[units] = np.interp((time_s * rate)[units], grid, params.mean_gain[row])
        force = params.twitch_force * np.e * time_s * rate * gain * response
        added[:, knot] = np.add.reduceat(force, params.first_unit[:-1]) / params.max_force
    return ReachCurves(added=added, horizon_s=float(horizon_s))


def drive_to_reach(curves: ReachCurves, wanted: F64, low: F64) -> F64:
    """Drive ``[env, muscle]`` that takes active state from ``low`` to ``wanted`` at the horizon.

    ``low`` is the state at the horizon without drive (``rate_model.bounds`` at the same horizon).
    A state below ``low`` gives drive 0, one that cannot be reached drive 1.
    """
    wanted, low = np.ascontiguousarray(wanted, float), np.ascontiguousarray(low, float)
    allowed = (wanted.shape[0], curves.added.shape[0])
    if wanted.ndim != 2 or wanted.shape != low.shape or wanted.shape != allowed:
        raise ValueError(
            f"wanted and low must have shape [env, muscle={curves.added.shape[0]}],"
            f" got {wanted.shape} and {low.shape}"
        )
    if np.isnan(wanted).any() or np.isnan(low).any():
        raise ValueError("wanted and low must be numbers, got NaN")
    drive = np.empty_like(wanted)
    _drive_to_reach(curves.added, wanted - low, drive)
    return drive


@compiled
def _drive_to_reach(added, missing, drive):  # type: ignore[no-untyped-def]
    n_knots = added.shape[1] - 1
    for env in range(missing.shape[0]):
        for m in range(missing.shape[1]):
            target = missing[env, m]
            if target <= added[m, 0]:
                drive[env, m] = 0.0
                continue
            if target >= added[m, n_knots]:
                drive[env, m] = 1.0
                continue
            low, high = 0, n_knots
            while high - low > 1:
                middle = (low + high) // 2
                if added[m, middle] <= target:
                    low = middle
                else:
                    high = middle
            span = added[m, high] - added[m, low]
            drive[env, m] = (low + (target - added[m, low]) / span) / n_knots
