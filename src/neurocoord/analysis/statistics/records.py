"""The records of a comparison, and the level at which it is made."""

from __future__ import annotations

from typing import NamedTuple

CONFIDENCE = 0.95  # of intervals, and 1 - the level of the tests
POWER = 0.8  # of the smallest difference that could have been seen; the usual choice
NAN = float("nan")


class Measurement(NamedTuple):
    """One value of one measure of one trial: a row of the long table `trials.csv`."""

    task: str
    strategy: str
    seed: int
    measure: str
    value: float
    unit: str


class Interval(NamedTuple):
    """Mean over seeds (or subjects) and its interval; NaN bounds with fewer than two of them."""

    mean: float
    low: float
    high: float
    n_seeds: int


class Summary(NamedTuple):
    """One row of the summary table."""

    task: str
    measure: str
    unit: str
    strategy: str
    mean: float
    ci_low: float
    ci_high: float
    sd: float
    n_seeds: int


class EffectSize(NamedTuple):
    """Standardised mean of paired differences; NaN with fewer than two pairs or no spread."""

    d_z: float  # mean difference / SD of the differences (Cohen 1988)
    g_z: float  # the same without its bias in small samples (Hedges 1981)
    low: float  # interval of g_z
    high: float


class Pair(NamedTuple):
    """Condition `second` against condition `first`, on the subjects or seeds that both have."""

    first: str
    second: str
    n: int  # how many are paired
    mean_difference: float  # second - first
    ci_low: float  # of this pair alone, not widened for the other pairs
    ci_high: float
    p: float  # paired t; of chances the exact sign test
    p_holm: float  # p, corrected for the number of pairs in this measure
    differs: bool  # p_holm at most 0.05
    smallest_detectable: float  # difference that would be found 4 times in 5 with these pairs
    paired_by: str = "seed"  # or "subject": what was paired
    method: str = ""  # of the interval: "paired t", of chances "exact (sign test)"
    mean_first: float = NAN  # what the percentages are of
    percent: float = NAN  # difference of the means in percent of the first
    percent_low: float = NAN
    percent_high: float = NAN
    d_z: float = NAN  # as in `EffectSize`
    g_z: float = NAN
    g_low: float = NAN
    g_high: float = NAN
    margin: float = NAN  # smallest difference of interest, in the measure's unit; NaN: none fixed
    p_equivalence: float = NAN  # two one-sided tests against the margin, corrected as p_holm is
    finding: str = "not resolved"  # or "more", "less", "equivalent"
    q: float = NAN  # p_holm, corrected for all measures of the table (Benjamini-Hochberg)
    noise_sd: float = NAN  # SD over noise seeds of the difference within a subject
    noise_share: float = NAN  # share of the variance over subjects that such noise makes
    identical: bool = False  # no pair differs, but by rounding


class Comparison(NamedTuple):
    """All pairs of conditions in one measure of one task, and what they say in one sentence."""

    task: str
    measure: str
    unit: str
    pairs: tuple[Pair, ...]
    verdict: str
