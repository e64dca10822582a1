"""How far people get on a ladder of ever harder levels, each tried once by each.

Two answers are told. Of one person: the last level before the first that was failed (the ladder
rule of a step test). Of all: the level at which a share of them still succeeds, on the share as it
falls with level (isotonic regression, pool adjacent violators: Barlow et al. 1972, Statistical
Inference under Order Restrictions), straight between the levels, with a bootstrap over people.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

SUCCESS = 0.9  # the share of people asked for (choice)
N_RESAMPLES = 2000
_ROUNDING = 1e-9  # pooled shares come out a hair off: 0.9 may be 0.8999999


class Reached(NamedTuple):
    """Level at which a share of people succeed; beyond the ladder its end, and so said."""

    level: float  # NaN where already the easiest level is too hard
    low: float  # 95 % interval
    high: float
    censored: bool  # the hardest level that was tried is not too hard


def rungs_passed(passed: ArrayLike) -> NDArray[np.int64]:
    """Levels passed in a row from the easiest `[person]`, of `passed[person, level]`."""
    tried = _checked(passed)
    return np.cumprod(tried, axis=1).sum(axis=1).astype(np.int64)


def falling_share(passed: ArrayLike) -> Floats:
    """Share of people who pass each level `[level]`, made to fall with level."""
    from scipy.optimize import isotonic_regression

    share = _checked(passed).mean(axis=0)
    return np.asarray(isotonic_regression(share, increasing=False).x)


def level_at(levels: ArrayLike, share: ArrayLike, success: float = SUCCESS) -> float:
    """Level at which a falling `share[level]` comes to `success`, straight between levels; NaN
    where it lies below at the easiest, the hardest level where it lies above at all."""
    level, of = np.asarray(levels, float), np.asarray(share, float)
    success -= _ROUNDING
    if of[0] < success:
        return float("nan")
    below = np.flatnonzero(of < success)
    if below.size == 0:
        return float(level[-1])
    k = int(below[0])
    step = (of[k - 1] - success) / (of[k - 1] - of[k])
    return float(level[k - 1] + step * (level[k] - level[k - 1]))


def reached(
    levels: ArrayLike, passed: ArrayLike, *, success: float = SUCCESS, seed: int = 0
) -> Reached:
    """Level at which `success` of the people succeed, with its percentile bootstrap interval.

    `levels[level]` from easy to hard, `passed[person, level]`. A resample in which already the
    easiest level is too hard counts as that level.
    """
    tried, level = _checked(passed), np.asarray(levels, float)
    if level.shape != (tried.shape[1],):
        raise ValueError(f"levels has shape {level.shape}; passed is of {tried.shape[1]} levels")
    share = falling_share(tried)
    rng = np.random.default_rng(seed)
    found = []
    for _ in range(N_RESAMPLES):
        drawn = tried[rng.integers(len(tried), size=len(tried))]
        at = level_at(level, falling_share(drawn), success)
        found.append(level[0] if np.isnan(at) else at)
    low, high = np.sort(np.percentile(found, [2.5, 97.5]))
    is_censored = bool(share[-1] >= success - _ROUNDING)
    return Reached(level_at(level, share, success), float(low), float(high), is_censored)


def _checked(passed: ArrayLike) -> Floats:
    tried = np.asarray(passed, float)
    if tried.ndim != 2 or tried.size == 0 or not np.isin(tried, (0.0, 1.0)).all():
        raise ValueError(
            f"passed has shape {tried.shape}; it must be [person, level], one of each or more, "
            "of 0 and 1"
        )
    return tried
