"""Twitch and force gain (Fuglevand, Winter & Patla 1993, eq 11 and 13-17); a saturating unit.

1993: a gain is applied to each twitch at its own spike, and the twitches then add linearly. It
looks at the last interval only and so punishes doublets. The saturating unit adds the twitches
first and then saturates, as activation by calcium does; fast contractions need it.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from neurocoord.motorunits import checks

F64 = NDArray[np.float64]

KNEE = 0.4  # normalised rate T/ISI below which twitches add without gain (eq 17)
KNEE_RATIO = float((1.0 - np.exp(-2.0 * KNEE**3)) / KNEE)  # S(0.4)/0.4 = 0.3004
TETANIC_FORCE_PER_TWITCH = float(np.e / KNEE_RATIO)  # sustained force at full fusion, per P_i


def twitch_force(n_units: int, twitch_range: float) -> F64:
    """Peak twitch force (twitch units), eq 13: ``P_i = exp(b i)``, ``b = ln(RP) / n``."""
    checks.count("n_units", n_units)
    checks.one_within("twitch_range", twitch_range, 1.0, above_low=True)
    i = np.arange(1, n_units + 1)
    return np.exp(np.log(twitch_range) / n_units * i)


def contraction_time_s(
    twitch_force: F64, longest_s: float, twitch_range: float, contraction_range: float
) -> F64:
    """Contraction time, eq 14-15: ``T_i = T_L (1/P_i)^(1/c)``, ``c = ln(RP) / ln(RT)``."""
    force = checks.within("twitch_force", twitch_force, 0.0, above_low=True)
    checks.one_within("longest_s", longest_s, 0.0, above_low=True)
    checks.one_within("twitch_range", twitch_range, 1.0, above_low=True)
    checks.one_within("contraction_range", contraction_range, 1.0, above_low=True)
    return longest_s * (1.0 / force) ** (np.log(contraction_range) / np.log(twitch_range))


def twitch(time_s: F64, twitch_force: F64, contraction_time_s: F64) -> F64:
    """Force after a single spike at time 0, eq 11: ``P (t/T) exp(1 - t/T)``; 0 before it."""
    checks.each_within("contraction_time_s", contraction_time_s, 0.0, above_low=True)
    checks.each_within("time_s", time_s, -np.inf)
    checks.match(time_s=time_s, twitch_force=twitch_force, contraction_time_s=contraction_time_s)
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

    checks.one_within("isi_cv", isi_cv, 0.0, 1.0)
    checks.count("n_quantiles", n_quantiles)
    z = ndtri((np.arange(n_quantiles) + 0.5) / n_quantiles)
    interval = np.maximum(1.0 + isi_cv * z, 0.05)
    x = checks.each_within("normalised_rate", normalised_rate, 0.0)
    return gain(x[..., None] / interval).mean(axis=-1)


def mean_force(rate_hz: F64, twitch_force: F64, contraction_time_s: F64, mean_gain: F64) -> F64:
    """Steady mean force of a unit: rate times the area of a twitch (P e T) times the mean gain."""
    return rate_hz * twitch_force * np.e * contraction_time_s * mean_gain


def saturation_slope(twitch_tetanus_ratio: F64 | float) -> F64:
    """b of the saturating unit, so that one twitch of unit height gives `twitch_tetanus_ratio`."""
    ratio = checks.within("twitch_tetanus_ratio", twitch_tetanus_ratio, 0.0)
    if ratio.max() >= 1.0:
        raise ValueError(f"twitch_tetanus_ratio must lie in 0..1, below 1, got {ratio.max()}")
    return np.asarray(2.0 * np.arctanh(ratio))


def saturation(summed_twitch: F64, slope: F64 | float) -> F64:
    """Share of tetanic force of a unit whose twitches of unit height add up to `summed_twitch`.

    ``(1 - exp(-b y)) / (1 + exp(-b y)) = tanh(b y / 2)``: the static saturation of Cisi & Kohn 2008
    (J Comput Neurosci 25:520-542). Other than the 1993 gain it does not look back over the last
    interval, so that a doublet adds force.
    """
    return np.tanh(0.5 * slope * summed_twitch)


@lru_cache(maxsize=32)
def _mean_saturation_table(slope: float, isi_cv: float, limit: float, n_cells: int) -> F64:
    """Mean of `saturation` over time at steady rate: `n_cells + 1` values over x = 0 .. `limit`."""
    step = 0.1  # of a contraction time
    z = np.random.default_rng(0).permutation(_normal_quantiles(300))
    ends = np.cumsum(np.maximum(1.0 + isi_cv * z, 0.05))
    mean = np.zeros(n_cells + 1)
    for j in range(1, n_cells + 1):
        x = limit * j / n_cells
        at = np.floor(ends / x / step).astype(np.int64)
        impulses = np.bincount(at, minlength=int(at[-1]) + 1).astype(np.float64)
        mean[j] = _mean_after_filter(impulses, slope, step)
    return mean


def _mean_after_filter(impulses: F64, slope: float, step: float) -> float:
    from scipy.signal import lfilter

    a = np.exp(-step)
    summed = np.e * step * lfilter([0.0, a], [1.0, -2.0 * a, a * a], impulses)
    settled = summed[min(summed.size // 10, 400) :]
    return float(np.mean(saturation(settled, slope)))


def _normal_quantiles(n: int) -> F64:
    from scipy.special import ndtri

    return np.asarray(ndtri((np.arange(n) + 0.5) / n))


def mean_saturation(
    normalised_rate: F64, twitch_tetanus_ratio: float, isi_cv: float, n_cells: int = 64
) -> F64:
    """Mean share of tetanic force at steady normalised rate x = T r, over the interval law.

    x up to 4; beyond it the tanh of the mean, which has no fluctuation left.
    """
    x = checks.each_within("normalised_rate", normalised_rate, 0.0)
    checks.one_within("twitch_tetanus_ratio", twitch_tetanus_ratio, 0.0, above_low=True)
    checks.one_within("isi_cv", isi_cv, 0.0, 1.0)
    checks.count("n_cells", n_cells)
    slope = float(saturation_slope(twitch_tetanus_ratio))
    limit = 4.0
    table = _mean_saturation_table(slope, float(isi_cv), limit, n_cells)
    inside = np.interp(x, np.linspace(0.0, limit, n_cells + 1), table)
    return np.where(x < limit, inside, saturation(np.e * x, slope))


def length_sensitivity(normalised_length: F64, is_fast: NDArray[np.bool_]) -> F64:
    """How much a twitch counts towards activation at a fibre length (optimal length = 1).

    Ratio of the rates that half activate a unit at optimal and at this length, from the rising
    phase of ``Af = 1 - exp[-(f / (a_f n_f))^n_f]``, ``n_f = 2.1 + n_f1 (1/L - 1)``, a_f = 0.56,
    n_f1 = 5 (slow) or 3.3 (fast) of Song, Raphael, Lan & Loeb 2008 (J Neural Eng 5:239-252).
    Short muscles need higher rates. Lengths below 0.7 and above 1.25 count as those (choice: the
    form is not meant for more).
    """
    length = np.clip(np.asarray(normalised_length, dtype=np.float64), 0.7, 1.25)
    n_f = 2.1 + np.where(is_fast, 3.3, 5.0) * (1.0 / length - 1.0)
    return _half_activation(2.1) / _half_activation(n_f)


def _half_activation(n_f: F64 | float) -> F64:
    return np.asarray(0.56 * n_f * np.log(2.0) ** (1.0 / np.asarray(n_f)))
