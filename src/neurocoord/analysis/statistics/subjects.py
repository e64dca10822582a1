"""Virtual subjects as the random factor: noise seeds are averaged within a subject first."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]


class SubjectMeans(NamedTuple):
    """Two conditions by subject, and what noise is left in their difference."""

    first: Floats  # [subject] mean over the seeds that both conditions have
    second: Floats  # [subject]
    noise_sd: float  # SD of the difference over seeds, within a subject, pooled; NaN for one seed
    noise_share: float  # share of the variance over subjects of the difference that it makes


def average_over_seeds(first: ArrayLike, second: ArrayLike) -> SubjectMeans:
    """Mean of each subject, both conditions `[subject, seed]` on the same noise.

    A seed on which either condition is NaN is left out of both; a subject without any seed left is
    left out. More seeds take noise out of a subject's mean; only more subjects make the answer
    hold for other subjects.
    """
    a, b = np.asarray(first, float), np.asarray(second, float)
    if a.ndim != 2 or a.shape != b.shape:
        raise ValueError(
            f"first has shape {a.shape} and second {b.shape}; both must be [subject, seed]"
        )
    both = ~(np.isnan(a) | np.isnan(b))
    n_seeds = both.sum(axis=1)
    has_any = n_seeds > 0
    means = [
        np.where(both, x, 0.0).sum(axis=1)[has_any] / n_seeds[has_any]  # of what both have
        for x in (a, b)
    ]
    difference = np.where(both, b - a, 0.0)[has_any]
    within = np.where(both[has_any], difference - (means[1] - means[0])[:, None], 0.0)
    degrees = int((n_seeds[has_any] - 1).sum())
    if degrees < 1:
        return SubjectMeans(means[0], means[1], float("nan"), float("nan"))
    variance = float((within**2).sum() / degrees)
    share = float("nan")
    between = float(np.var(means[1] - means[0], ddof=1)) if has_any.sum() > 1 else 0.0
    if between > 0:
        share = min(variance * float(np.mean(1.0 / n_seeds[has_any])) / between, 1.0)
    return SubjectMeans(means[0], means[1], float(np.sqrt(variance)), share)
