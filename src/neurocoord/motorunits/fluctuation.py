"""How much a unit's force varies about its mean, because it comes in twitches."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from neurocoord.motorunits import derive
from neurocoord.motorunits.records import PoolParameters, muscle_of_unit, n_units

F64 = NDArray[np.float64]

# SD of a unit's force over its P at steady normalised rate x (fitted to the spiking model).
FLUCTUATION_X = np.array([0.0, 0.25, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0])
FLUCTUATION_SD = np.array([0.0, 0.31, 0.62, 0.62, 0.23, 0.15, 0.075, 0.05])
FLUCTUATION_LAG = 0.7  # its time constant over the contraction time (fitted; choice)


def variance(params: PoolParameters, before: F64, excitation: F64, duration_s: float) -> F64:
    """Variance over P^2 `[env, unit]` after a held `excitation[env, muscle]`."""
    units = np.arange(n_units(params))
    rate = derive.rate_hz(params, excitation[:, muscle_of_unit(params)], units)
    return _followed(params, before, rate * params.contraction_time_s, duration_s)


def variance_at_full_drive(params: PoolParameters, before: F64, horizon_s: float) -> F64:
    """The same after a horizon of full drive: from rest, spikes add their spread by then."""
    x = params.rested.peak_rate_hz[0] * params.contraction_time_s
    return _followed(params, before, x, horizon_s)


def _followed(params: PoolParameters, before: F64, x: F64, duration_s: float) -> F64:
    settled = np.interp(x, FLUCTUATION_X, FLUCTUATION_SD) ** 2
    kept = np.exp(-duration_s / params.contraction_time_s / FLUCTUATION_LAG)
    return settled + (before - settled) * kept


def sd(params: PoolParameters, of_units: F64) -> F64:
    """SD of active state `[env, muscle]` from the variances of independent units."""
    total = np.add.reduceat(params.twitch_force**2 * of_units, params.first_unit[:-1], axis=1)
    return np.sqrt(total) / params.max_force
