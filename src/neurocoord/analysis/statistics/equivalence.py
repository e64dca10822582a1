"""Is a nil a nil? Two one-sided tests against the smallest difference of interest."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from neurocoord.analysis.statistics import chances
from neurocoord.analysis.statistics.interest import CHANCES, Interest
from neurocoord.analysis.statistics.intervals import known, p_above_0
from neurocoord.analysis.statistics.records import NAN


def margin_of(first: ArrayLike, interest: Interest | None) -> float:
    """Smallest difference of interest in the measure's unit; NaN where none was fixed."""
    values = known(np.asarray(first, float))
    if interest is None or values.size == 0:
        return NAN
    return interest.absolute or interest.share * abs(float(values.mean()))


def equivalence_p(first: ArrayLike, second: ArrayLike, interest: Interest) -> float:
    """p of two one-sided paired t tests (Schuirmann 1987, J Pharmacokinet Biopharm 15:657-680).

    Small where the difference of the means lies within the margin. A margin that is a share of the
    first mean is tested as a ratio, on ``second - (1 ± share) first`` pair by pair, so that the
    first mean need not be taken as known (after Hauschke et al. 1999, Stat Med 18:93-105).
    Chances are tested exactly. Without any spread it is NaN, but 0 for values that are the same.
    `first` and `second` are `[pair]`, none NaN.
    """
    a, b = np.asarray(first, float), np.asarray(second, float)
    if a.size < 2:
        return NAN
    if chances.is_chance(a, b, interest):
        return chances.equivalence_p(b - a, margin_of(a, interest))
    rounding = 1e-12 * max(np.abs(a).max(), np.abs(b).max(), 1e-300)
    if np.ptp(b - a) <= rounding:  # no spread to test by
        same = interest.of != CHANCES and abs((b - a).mean()) <= rounding
        return 0.0 if same and margin_of(a, interest) > 0 else NAN
    margin = np.full(a.shape, interest.absolute)
    if not interest.absolute:
        margin = interest.share * a * np.sign(a.mean())
    return max(_p(b - a + margin), _p(a - b + margin))


def _p(values: np.ndarray) -> float:
    """One-sided p of a mean above 0; by rounding, values that are all the same are certain."""
    if np.ptp(values) <= 1e-12 * np.abs(values).max():
        return 0.0 if values.mean() > 0 else 1.0
    return p_above_0(values)
