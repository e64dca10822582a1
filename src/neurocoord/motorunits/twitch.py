"""Twitch and force gain (Fuglevand, Winter & Patla 1993, eq 11 and 13-17).

The gain is applied to each twitch at its own spike and the twitches then add linearly.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

F64 = NDArray[np.float64]

KNEE = 0.4  # normalised rate T/ISI below which twitches add without gain (eq 17)
KNEE_RATIO = float((1.0 - np.exp(-2.0 * KNEE**3)) / KNEE)  # S(0.4)/0.4 = 0.3004
TETANIC_FORCE_PER_TWITCH = float(np.e / KNEE_RATIO)  # sustained force at full fusion, per P_i


def twitch_force(n_units: int, twitch_range: float) -> F64:
    """Peak twitch force (twitch units), eq 13: ``P_i = exp(b i)``, ``b = ln(RP) / n``."""
    i = np.arange(1, n_units + 1)
    return np.exp(np.log(twitch_range) / n_units * i)


def contraction_time_s(
    twitch_force: F64, longest_s: float, twitch_range: float, contraction_range: float
) -> F64:
    """Contraction time, eq 14-15: ``T_i = T_L (1/P_i)^(1/c)``, ``c = ln(RP) / ln(RT)``."""
    return longest_s * (1.0 / twitch_force) ** (np.log(contraction_range) / np.log(twitch_range))


def twitch(time_s: F64, twitch_force: F64, contraction_time_s: F64) -> F64:
    """Force after a single spike at time 0, eq 11: ``P (t/T) exp(1 - t/T)``; 0 before it."""
    t = np.maximum(time_s, 0.0) / contraction_time_s
    return twitch_force * t * np.exp(1.0 - t)


def fusion(normalised_rate: F64) -> F64:
    """Sigmoid ``S(x) = 1 - exp(-2 x^3)`` of the normalised rate x = T/ISI (eq 16)."""
    return -np.expm1(-2.0 * np.asarray(normalised_rate) ** 3)


def gain(normalised_rate: F64) -> F64:
    """Twitch gain, eq 17: 1 below x = 0.4, above it ``[S(x)/x] / [S(0.4)/0.4]``."""
    x = np.asarray(normalised_rate, dtype=np.float64)
    above = np.maximum(x, KNEE)
    return np.where(x < KNEE, 1.0, fusion(above) / above / KNEE_RATIO)


def mean_gain(normalised_rate: F64, isi_cv: float, n_quantiles: int = 400) -> F64:
    """Gain averaged over the interval law: E[gain(x / (1 + cv z))], x = T times the mean rate."""
    from scipy.special import ndtri

    z = ndtri((np.arange(n_quantiles) + 0.5) / n_quantiles)
    interval = np.maximum(1.0 + isi_cv * z, 0.05)
    x = np.asarray(normalised_rate, dtype=np.float64)
    return gain(x[..., None] / interval).mean(axis=-1)


def mean_force(rate_hz: F64, twitch_force: F64, contraction_time_s: F64, mean_gain: F64) -> F64:
    """Steady mean force of a unit: rate times the area of a twitch (P e T) times the mean gain."""
    return rate_hz * twitch_force * np.e * contraction_time_s * mean_gain
