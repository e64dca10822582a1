"""Recruitment: which units are active at which excitation (Fuglevand, Winter & Patla 1993).

J Neurophysiol 70:2470-2488, doi 10.1152/jn.1993.70.6.2470. Equation numbers are that paper's.
Excitation is in the paper's arbitrary units: the first unit is recruited near 1.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from neurocoord.motorunits import checks

F64 = NDArray[np.float64]


def recruitment_threshold(n_units: int, recruitment_range: float) -> F64:
    """Threshold excitation of units 1..n, eq 1: ``RTE_i = exp(a i)``, ``a = ln(RR) / n``."""
    checks.count("n_units", n_units)
    checks.one_within("recruitment_range", recruitment_range, 1.0, above_low=True)
    i = np.arange(1, n_units + 1)
    return np.exp(np.log(recruitment_range) / n_units * i)


def max_excitation(
    recruitment_threshold: F64, minimum_rate_hz: F64, peak_rate_hz: F64, rate_gain_hz: F64
) -> float:
    """Excitation at which the last unit recruited reaches its peak rate (E_max of the paper)."""
    checks.within("recruitment_threshold", recruitment_threshold, 0.0)
    checks.within("rate_gain_hz", rate_gain_hz, 0.0, above_low=True)
    checks.within("minimum_rate_hz", minimum_rate_hz, 0.0)
    checks.within("peak_rate_hz", peak_rate_hz, 0.0)
    checks.match(
        recruitment_threshold=recruitment_threshold,
        minimum_rate_hz=minimum_rate_hz,
        peak_rate_hz=peak_rate_hz,
        rate_gain_hz=rate_gain_hz,
    )
    reach = recruitment_threshold + (peak_rate_hz - minimum_rate_hz) / rate_gain_hz
    return float(reach[np.argmax(recruitment_threshold)])
