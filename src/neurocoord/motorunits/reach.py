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

from neurocoord.motorunits import expected_step
from neurocoord.motorunits.rate_model import ExpectedState
from neurocoord.motorunits.records import PoolParameters, n_muscles

F64 = NDArray[np.float64]
N_KNOTS = 64  # cells of the curve over drive 0..1 (choice)


class ReachCurves(NamedTuple):
    """Active state added within ``horizon_s`` by a held drive, per muscle."""

    added: F64  # [row, muscle, N_KNOTS + 1], over drive 0 .. 1; one row, or one for each env
    horizon_s: float


def reach_curves(
    params: PoolParameters, horizon_s: float, state: ExpectedState | None = None
) -> ReachCurves:
    """Tabulate what each drive adds to active state within ``horizon_s`` (s).

    Of rested pools, or as ``state`` has them where they are dynamic. Saturating units are taken as
    if they started from rest: with force already there they gain less.
    """
    if not (np.isfinite(horizon_s) and horizon_s > 0):
        raise ValueError(f"horizon_s must be finite and above 0 s, got {horizon_s}")
    now = state.now if state is not None and params.is_dynamic else params.rested
    h = horizon_s / now.contraction_time_s
    response = 1.0 - np.exp(-h) * (1.0 + h)
    added = np.empty((h.shape[0], n_muscles(params), N_KNOTS + 1))
    expected_step.curves(params, now, response, added)
    return ReachCurves(added=added, horizon_s=float(horizon_s))


def drive_to_reach(curves: ReachCurves, wanted: F64, low: F64) -> F64:
    """Drive ``[env, muscle]`` that takes active state from ``low`` to ``wanted`` at the horizon.

    ``low`` is the state at the horizon without drive (``rate_model.bounds`` at the same horizon).
    A state below ``low`` gives drive 0, one that cannot be reached drive 1.
    """
    wanted, low = np.ascontiguousarray(wanted, float), np.ascontiguousarray(low, float)
    rows, muscles = curves.added.shape[:2]
    fits = wanted.ndim == 2 and wanted.shape[1] == muscles and rows in (1, wanted.shape[0])
    if not fits or wanted.shape != low.shape:
        raise ValueError(
            f"wanted and low must have shape [env, muscle={muscles}],"
            f" got {wanted.shape} and {low.shape}"
        )
    if np.isnan(wanted).any() or np.isnan(low).any():
        raise ValueError("wanted and low must be numbers, got NaN")
    drive = np.empty_like(wanted)
    expected_step.invert(curves.added, wanted - low, drive)
    return drive
