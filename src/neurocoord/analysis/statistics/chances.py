"""Differences of chances: a trial falls or does not, so a t test has nothing to go by.

Three trials of three alike are little, though their spread is 0. Exact tests say how little.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from neurocoord.analysis.statistics.interest import CHANCES, Interest
from neurocoord.analysis.statistics.records import CONFIDENCE, NAN, POWER

Floats = NDArray[np.float64]

EXACT = "exact (sign test)"


def is_chance(first: Floats, second: Floats, interest: Interest | None) -> bool:
    """Whether exact tests are due: a chance by name, or values of 0 and 1 alone, whose differences
    are 0 or all of one size."""
    sizes = np.abs(second - first)
    values = np.concatenate([first, second])
    by_value = bool(np.isin(values, (0.0, 1.0)).all() and values.any())
    named = interest is not None and interest.of == CHANCES
    return (named or by_value) and np.unique(sizes[sizes > 0]).size <= 1


def sign_p(difference: Floats) -> float:
    """Two-sided exact sign test of paired differences: McNemar's test by the binomial law of the
    pairs that differ (McNemar 1947, Psychometrika 12:153-157)."""
    from scipy.special import bdtr

    up, down = int((difference > 0).sum()), int((difference < 0).sum())
    return min(2.0 * float(bdtr(min(up, down), up + down, 0.5)), 1.0) if up + down else 1.0


def interval(difference: Floats, confidence: float = CONFIDENCE) -> tuple[float, float]:
    """Interval of the mean difference that holds 0 just where the sign test does not find it.

    It is q (2 r - 1) over the exact intervals (Clopper & Pearson 1934, Biometrika 26:404-413) of q,
    the share of pairs that differ, and of r, the share of those that rise; wider than need be.
    """
    up, n_differ = int((difference > 0).sum()), int(np.count_nonzero(difference))
    size = float(np.abs(difference).max()) or 1.0
    share = _exact(n_differ, difference.size, confidence)
    low, high = (2.0 * r - 1.0 for r in _exact(up, n_differ, confidence))
    return size * low * share[low < 0], size * high * share[high > 0]


def equivalence_p(difference: Floats, margin: float) -> float:
    """p of as few pairs that differ, were they as many as the margin: no more may the chances
    themselves differ. Of 0.1 with no pair that differs it takes 29 pairs to be sure."""
    from scipy.special import bdtr

    size = float(np.abs(difference).max()) or 1.0
    share = min(margin / size, 1.0)
    return float(bdtr(np.count_nonzero(difference), difference.size, share))


def smallest_detectable(n: int, *, n_pairs: int = 1, confidence: float = CONFIDENCE) -> float:
    """Share of `n` pairs that must change, all one way, to be found with chance `POWER`; NaN where
    the sign test finds nothing even if all do."""
    from scipy.special import betaincinv

    needed = int(np.ceil(1.0 - np.log2((1.0 - confidence) / n_pairs)))  # 2 / 2^needed <= level
    return float(betaincinv(needed, n - needed + 1, POWER)) if n >= needed else NAN


def _exact(k: int, n: int, confidence: float) -> tuple[float, float]:
    from scipy.special import betaincinv

    tail = (1.0 - confidence) / 2
    inverse: Callable[[float, float, float], float] = betaincinv
    low = 0.0 if k == 0 else float(inverse(k, n - k + 1, tail))
    high = 1.0 if k == n else float(inverse(k + 1, n - k, 1.0 - tail))
    return low, high
