"""Intervals of a mean, of a paired difference and of a paired ratio.

They are t intervals at any number of pairs, as the tests are, so that interval and p agree. A
percentile bootstrap falls short with few pairs, and the bias-corrected and accelerated one (Efron
1987, J Am Stat Assoc 82:171-185) covered no better up to 40 (`experiments/interval_coverage.py`).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from neurocoord.analysis.statistics.records import CONFIDENCE, NAN, Interval

Floats = NDArray[np.float64]

PAIRED_T = "paired t"


def mean_interval(values: ArrayLike, confidence: float = CONFIDENCE) -> Interval:
    """Mean over seeds with its t interval; values that are NaN (never rolled) are left out."""
    kept = known(np.atleast_1d(np.asarray(values, float)))
    if kept.size < 2:
        mean = float(kept[0]) if kept.size else NAN
        return Interval(mean, NAN, NAN, kept.size)
    mean = float(kept.mean())
    half = t_quantile(0.5 + confidence / 2, kept.size - 1) * standard_error(kept)
    return Interval(mean, mean - half, mean + half, kept.size)


def difference_interval(
    difference: ArrayLike, confidence: float = CONFIDENCE
) -> tuple[float, float, str]:
    """Interval of the mean of paired differences `[pair]`, and by which method: that of the paired
    t. NaN differences are left out."""
    _, low, high, _ = mean_interval(difference, confidence)
    return low, high, PAIRED_T


def percent_interval(
    first: ArrayLike, second: ArrayLike, confidence: float = CONFIDENCE
) -> tuple[float, float, float]:
    """Difference of the means of pairs in percent of the first mean, with its interval.

    Both means vary from subject to subject, so it is the interval of a paired ratio: Fieller's
    (1954, J R Stat Soc B 16:175-185). NaN bounds where the first mean's own interval holds 0: the
    ratio has then no bound.
    """
    a, b = np.asarray(first, float), np.asarray(second, float)
    both = ~(np.isnan(a) | np.isnan(b))
    a, b = a[both], b[both]
    if a.size == 0 or a.mean() == 0:
        return NAN, NAN, NAN
    percent = 100.0 * (b.mean() / a.mean() - 1.0) * np.sign(a.mean())
    if a.size < 2:
        return float(percent), NAN, NAN
    quantile = t_quantile(0.5 + confidence / 2, a.size - 1)
    (var_a, cov), (_, var_b) = np.cov(a, b) / a.size * quantile**2
    square = a.mean() ** 2 - var_a
    if square <= 0:
        return float(percent), NAN, NAN
    middle = a.mean() * b.mean() - cov
    half = np.sqrt(max(middle**2 - square * (b.mean() ** 2 - var_b), 0.0))
    low, high = (middle - half) / square, (middle + half) / square
    low, high = sorted(100.0 * (bound - 1.0) * np.sign(a.mean()) for bound in (low, high))
    return float(percent), float(low), float(high)


def known(values: Floats) -> Floats:
    """Values that are not NaN; ValueError for infinity."""
    if np.isinf(values).any():
        raise ValueError("values holds infinity; finite numbers and NaN (left out) are allowed")
    return values[~np.isnan(values)]


def standard_error(values: Floats) -> float:
    """Standard error of the mean of `values`."""
    return float(values.std(ddof=1) / np.sqrt(values.size))


def t_quantile(probability: float, degrees: int) -> float:
    """Quantile of Student's t."""
    from scipy.special import stdtrit  # a tenth of the import time of scipy.stats

    return float(stdtrit(degrees, probability))


def p_above_0(values: Floats) -> float:
    """One-sided p of a mean above 0, by t (as scipy.stats.ttest_1samp, without its overhead)."""
    from scipy.special import stdtr

    return float(stdtr(values.size - 1, -values.mean() / standard_error(values)))
