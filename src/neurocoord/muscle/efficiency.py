"""Ratios of mechanics to metabolic energy that a study reports.

All take totals over a stretch of time (energy in J, impulse in N s) and broadcast. Whether basal
energy is inside is the caller's choice and should be said: "gross" with it, "net" without.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]


def _ratio(numerator: ArrayLike, denominator: ArrayLike, empty: float) -> Array:
    """Quotient, `empty` where the denominator is not above zero."""
    top, bottom = np.broadcast_arrays(
        np.asarray(numerator, dtype=np.float64), np.asarray(denominator, dtype=np.float64)
    )
    valid = bottom > 0.0
    return np.where(valid, top / np.where(valid, bottom, 1.0), empty)


def positive_work_efficiency(positive_work_j: ArrayLike, energy_j: ArrayLike) -> Array:
    """Positive mechanical work per metabolic energy, NaN where no energy is spent."""
    return _ratio(positive_work_j, energy_j, np.nan)


def economy_n_s_per_j(force_time_n_s: ArrayLike, energy_j: ArrayLike) -> Array:
    """Force-time integral per metabolic energy, N s / J; NaN where no energy is spent."""
    return _ratio(force_time_n_s, energy_j, np.nan)


def cost_of_transport(energy_j: ArrayLike, body_mass_kg: ArrayLike, distance_m: ArrayLike) -> Array:
    """Metabolic energy per body mass and distance, J/(kg m); infinite where none is covered."""
    return _ratio(energy_j, np.asarray(body_mass_kg) * np.asarray(distance_m), np.inf)
