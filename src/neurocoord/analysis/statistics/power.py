"""How many subjects it takes, and what those that there are could have shown."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from neurocoord.analysis.statistics.intervals import known, standard_error, t_quantile
from neurocoord.analysis.statistics.records import CONFIDENCE, NAN, POWER

MOST_SUBJECTS = 100_000


def power_of(n: int, effect: float, alpha: float = 1 - CONFIDENCE) -> float:
    """Chance that a two-sided paired t test of `n` pairs finds an effect d_z (noncentral t; Cohen
    1988, Statistical Power Analysis for the Behavioral Sciences, 2.3)."""
    from scipy import special

    if n < 2:
        raise ValueError(f"n is {n!r}; a paired t test takes 2 pairs or more")
    critical, noncentral = t_quantile(1 - alpha / 2, n - 1), effect * np.sqrt(n)
    above = 1.0 - special.nctdtr(n - 1, noncentral, critical)
    below = float(special.nctdtr(n - 1, noncentral, -critical))
    return float(above) + (0.0 if np.isnan(below) else below)  # NaN where too small to be told


def n_subjects_for(
    power: float = POWER, effect: float = 0.5, *, alpha: float = 1 - CONFIDENCE, n_tests: int = 1
) -> int:
    """Fewest subjects with which a paired comparison finds `effect` (d_z) with chance `power`.

    `n_tests` comparisons that are corrected together are allowed for as Bonferroni would.
    """
    for name, value in (("power", power), ("alpha", alpha)):
        if not 0 < value < 1:
            raise ValueError(f"{name} is {value!r}; it must lie between 0 and 1")
    if not (np.isfinite(effect) and effect != 0):
        raise ValueError(f"effect is {effect!r}; it must be a number other than 0 (Cohen's d_z)")
    if n_tests < 1:
        raise ValueError(f"n_tests is {n_tests!r}; it must be 1 or more")
    low, high = 1, 2  # power rises with n: double until enough, then halve between
    size, level = abs(effect), alpha / n_tests
    while power_of(high, size, level) < power:
        low, high = high, 2 * high
        if high > MOST_SUBJECTS:
            raise ValueError(
                f"effect is {effect!r}; it takes more than {MOST_SUBJECTS} subjects to find it"
            )
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if power_of(middle, size, level) >= power else (middle, high)
    return high


def smallest_detectable(
    difference: ArrayLike, *, n_pairs: int = 1, confidence: float = CONFIDENCE
) -> float:
    """Difference that would be found with chance `POWER`, from the spread of paired differences.

    It is the effect of which `power_of` is `POWER`, times the spread, at a level that allows for
    `n_pairs` pairs tested together. (The spread is a sample's: from few pairs it may be far off.)
    """
    from scipy import special

    if n_pairs < 1:
        raise ValueError(f"n_pairs is {n_pairs!r}; it must be 1 or more")
    kept = known(np.asarray(difference, float))
    if kept.size < 2:
        return NAN
    critical = t_quantile(1 - (1 - confidence) / n_pairs / 2, kept.size - 1)
    noncentral = float(special.nctdtrinc(kept.size - 1, 1.0 - POWER, critical))
    return noncentral * standard_error(kept)
