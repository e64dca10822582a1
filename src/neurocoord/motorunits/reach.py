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
from neurocoord.motorunits.kernel import length_sensitivity
from neurocoord.motorunits.rate_model import ExpectedState, has_length
from neurocoord.motorunits.records import PoolParameters, n_muscles

F64 = NDArray[np.float64]
N_KNOTS = 64  # cells of the curve over drive 0..1 (choice)
LENGTHS = np.linspace(0.7, 1.25, 12)  # where `twitch.length_sensitivity` is not held (choice)


class ReachCurves(NamedTuple):
    """Active state added within ``horizon_s`` by a held drive, per muscle."""

    added: F64  # [row, muscle, N_KNOTS + 1], over drive 0 .. 1; one row, or one for each env
    horizon_s: float
    lengths: F64  # [row] normalised fibre lengths where rows are these; else empty


def reach_curves(
    params: PoolParameters, horizon_s: float, state: ExpectedState | None = None
) -> ReachCurves:
    """Tabulate what each drive adds to active state within ``horizon_s`` (s).

    Of rested pools, or as ``state`` has them where they are dynamic. Saturating units are taken as
    if they started from rest: with force already there they gain less. Their curves are there for
    several lengths of the fibres, in dynamic pools for those of ``state``.
    """
    if not (np.isfinite(horizon_s) and horizon_s > 0):
        raise ValueError(f"horizon_s must be finite and above 0 s, got {horizon_s}")
    now = state.now if state is not None and params.is_dynamic else params.rested
    h = horizon_s / now.contraction_time_s
    response = 1.0 - np.exp(-h) * (1.0 + h)
    lengths, sensitivity = np.empty(0), np.ones((h.shape[0], n_muscles(params), 2))
    if has_length(params) and now is params.rested:
        lengths = LENGTHS
        each = np.repeat(lengths[:, None], n_muscles(params), axis=1)
        sensitivity = length_sensitivity(params, lengths.size, each)
    elif state is not None and params.is_dynamic:
        sensitivity = state.sensitivity
    added = np.empty((*sensitivity.shape[:2], N_KNOTS + 1))
    expected_step.curves(params, now, response, sensitivity, added)
    return ReachCurves(added=added, horizon_s=float(horizon_s), lengths=lengths)


def drive_to_reach(
    curves: ReachCurves, wanted: F64, low: F64, fibre_length: F64 | None = None
) -> F64:
    """Drive ``[env, muscle]`` that takes active state from ``low`` to ``wanted`` at the horizon.

    ``low`` is the state at the horizon without drive (``rate_model.bounds`` at the same horizon).
    A state below ``low`` gives drive 0, one that cannot be reached drive 1. ``fibre_length[env,
    muscle]`` (optimal length = 1, the default) where the curves are there for several.
    """
    wanted, low = np.ascontiguousarray(wanted, float), np.ascontiguousarray(low, float)
    rows, muscles = curves.added.shape[:2]
    allowed = (1, wanted.shape[0]) if curves.lengths.size == 0 else (rows,)
    fits = wanted.ndim == 2 and wanted.shape[1] == muscles and rows in allowed
    if not fits or wanted.shape != low.shape:
        raise ValueError(
            f"wanted and low must have shape [env, muscle={muscles}],"
            f" got {wanted.shape} and {low.shape}"
        )
    if np.isnan(wanted).any() or np.isnan(low).any():
        raise ValueError("wanted and low must be numbers, got NaN")
    drive = np.empty_like(wanted)
    added = curves.added
    if curves.lengths.size:
        given = np.ones_like(wanted) if fibre_length is None else np.asarray(fibre_length, float)
        if given.shape != wanted.shape or not np.all(given > 0):
            raise ValueError(
                f"fibre_length must be above 0 and of shape {wanted.shape}, got {given.shape}"
            )
        added = _at_length(curves, given)
    expected_step.invert(added, wanted - low, drive)
    return drive


def _at_length(curves: ReachCurves, fibre_length: F64) -> F64:
    """Curves `[env, muscle, knot]` between those of the nearest two lengths."""
    last = curves.lengths.size - 1
    span = curves.lengths[-1] - curves.lengths[0]
    position = np.clip((fibre_length - curves.lengths[0]) / span, 0.0, 1.0) * last
    j = np.minimum(position.astype(np.int64), last - 1)
    muscle = np.arange(fibre_length.shape[1])
    a, b = curves.added[j, muscle], curves.added[j + 1, muscle]
    return np.asarray(a + (position - j)[..., None] * (b - a))
