"""Intervals of a mean, of a paired difference and of a paired ratio.

With few pairs the t interval holds its level and a percentile bootstrap does not (84 % instead of
95 % at five pairs); from `MANY` on the bias-corrected and accelerated bootstrap (Efron 1987, J Am
Stat Assoc 82:171-185; scipy.stats.bootstrap) follows skewed differences better than t.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from neurocoord import seeds
from neurocoord.analysis.statistics.records import CONFIDENCE, NAN, Interval

Floats = NDArray[np.float64]

MANY = 20  # pairs from which on intervals are bootstrapped
N_RESAMPLES = 9999  # scipy's own default
PAIRED_T, BCA = "paired t", "BCa bootstrap"


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
    """Interval of the mean of paired differences `[pair]`, and by which method: t below 20 pairs,
    BCa bootstrap from 20 on. NaN differences are left out."""
    kept = known(np.asarray(difference, float))
    if kept.size >= MANY and np.ptp(kept) > 0:
        low, high = _bootstrap((kept,), np.mean, confidence)
        if np.isfinite(low + high):  # it has none where nearly all values are the same
            return low, high, BCA
    _, low, high, _ = mean_interval(kept, confidence)
    return low, high, PAIRED_T


def percent_interval(
    first: ArrayLike, second: ArrayLike, confidence: float = CONFIDENCE
) -> tuple[float, float, float]:
    """Difference of the means of pairs in percent of the first mean, with its interval.

    Both means vary from subject to subject, so it is the interval of a paired ratio: Fieller's
    (1954, J R Stat Soc B 16:175-185) below 20 pairs, the BCa bootstrap's from 20 on. NaN bounds
    where the first mean's own interval holds 0: the ratio has then no bound.
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
    if a.size >= MANY and np.ptp(b / a.mean()) > 0:
        bounds = _bootstrap((a, b), _ratio, confidence)
        if np.isfinite(sum(bounds)):
            low, high = bounds
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


def _ratio(first: Floats, second: Floats, axis: int = -1) -> Floats:
    return np.asarray(second.mean(axis=axis) / first.mean(axis=axis))


def _bootstrap(
    samples: tuple[Floats, ...], statistic: Callable[..., Any], confidence: float
) -> tuple[float, float]:
    """BCa interval; the draws come from one named stream, so the same data give the same."""
    import warnings

    from scipy import stats

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", stats.DegenerateDataWarning)
        found = stats.bootstrap(
            samples,
            statistic,
            paired=True,
            vectorized=True,
            method="BCa",
            confidence_level=confidence,
            n_resamples=N_RESAMPLES,
            random_state=seeds.generator(0, "statistics", "bootstrap"),
        ).confidence_interval
    return float(found.low), float(found.high)
