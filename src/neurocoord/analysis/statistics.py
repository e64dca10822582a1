"""What a comparison of strategies over seeds can say, and what it could not have seen.

Strategies run on the same seeds, so they are compared seed by seed (paired t). Within one measure
the pairs of strategies are corrected together by Holm (1979, Scand J Stat 6:65-70); measures are
not corrected for one another, so among twenty nil measures one is expected to differ by chance.
"""

from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

CONFIDENCE = 0.95  # of intervals, and 1 - the level of the tests
POWER = 0.8  # of the smallest difference that could have been seen; the usual choice


class Measurement(NamedTuple):
    """One value of one measure of one trial: a row of the long table `trials.csv`."""

    task: str
    strategy: str
    seed: int
    measure: str
    value: float
    unit: str


class Interval(NamedTuple):
    """Mean over seeds and its interval; NaN bounds with fewer than two seeds."""

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


class Pair(NamedTuple):
    """Strategy `second` against strategy `first` on the seeds that both have."""

    first: str
    second: str
    n_seeds: int
    mean_difference: float  # second - first
    ci_low: float  # of this pair alone, not widened for the other pairs
    ci_high: float
    p: float
    p_holm: float  # p, corrected for the number of pairs in this measure
    differs: bool
    smallest_detectable: float  # difference that would be found 4 times in 5 with these seeds


class Comparison(NamedTuple):
    """All pairs of strategies in one measure of one task, and what they say in one sentence."""

    task: str
    measure: str
    unit: str
    pairs: tuple[Pair, ...]
    verdict: str


def mean_interval(values: ArrayLike, confidence: float = CONFIDENCE) -> Interval:
    """Mean over seeds with its t interval; values that are NaN (never rolled) are left out."""
    kept = _finite(np.atleast_1d(np.asarray(values, float)))
    if kept.size < 2:
        mean = float(kept[0]) if kept.size else float("nan")
        return Interval(mean, float("nan"), float("nan"), kept.size)
    mean = float(kept.mean())
    half = _t_quantile(0.5 + confidence / 2, kept.size - 1) * _standard_error(kept)
    return Interval(mean, mean - half, mean + half, kept.size)


def compare_pair(
    first: ArrayLike,
    second: ArrayLike,
    *,
    names: tuple[str, str] = ("first", "second"),
    n_pairs: int = 1,
) -> Pair:
    """Paired t comparison of two strategies; entry k of both is the same seed.

    `n_pairs` is the number of pairs that are tested together: it makes `smallest_detectable`
    (normal power theory: the two t quantiles times the standard error) allow for the correction.
    Seeds on which either is NaN are left out. `p_holm` is `p` until `compare` corrects it.
    """
    a, b = np.asarray(first, float), np.asarray(second, float)
    if a.ndim != 1 or a.shape != b.shape:
        raise ValueError(f"first has shape {a.shape} and second {b.shape}; both must be [seed]")
    difference = _finite(b - a)
    n = difference.size
    mean, low, high = mean_interval(difference)[:3]
    if n < 2:
        nan = float("nan")
        return Pair(*names, n, mean, nan, nan, nan, nan, False, nan)
    # Differences of rounding alone are none: the t of a spread of 1e-17 would be "significant".
    rounding = 1e-12 * max(np.nanmax(np.abs(a)), np.nanmax(np.abs(b)), 1e-300)
    if np.ptp(difference) <= rounding:
        p, smallest = (1.0 if abs(mean) <= rounding else 0.0), 0.0
    else:
        from scipy import stats

        p = float(stats.ttest_1samp(difference, 0.0).pvalue)
        alpha = (1 - CONFIDENCE) / n_pairs
        quantiles = _t_quantile(1 - alpha / 2, n - 1) + _t_quantile(POWER, n - 1)
        smallest = quantiles * _standard_error(difference)
    return Pair(*names, n, mean, low, high, p, p, p <= 1 - CONFIDENCE, smallest)


def holm(p_values: ArrayLike) -> Floats:
    """Holm's step-down adjusted p values, in the order given; NaN stay NaN and are not counted."""
    p = np.asarray(p_values, float)
    adjusted = np.full_like(p, np.nan)
    order = np.argsort(p)[: np.count_nonzero(~np.isnan(p))]
    factors = np.arange(order.size, 0, -1)
    adjusted[order] = np.minimum(np.maximum.accumulate(p[order] * factors), 1.0)
    return adjusted


def compare(
    values: Mapping[str, Mapping[int, float]], *, task: str = "", measure: str, unit: str = ""
) -> Comparison:
    """Compare two or more strategies on one measure; `values[strategy][seed]`.

    Pairs come in the order of `values`, so put the baseline (`independent`) first.
    """
    if len(values) < 2:
        raise ValueError(f"values holds strategies {list(values)}; two or more are compared")
    names = list(combinations(values, 2))
    pairs = []
    for first, second in names:
        seeds = sorted(values[first].keys() & values[second].keys())
        a, b = ([values[s][seed] for seed in seeds] for s in (first, second))
        pairs.append(compare_pair(a, b, names=(first, second), n_pairs=len(names)))
    adjusted = holm([pair.p for pair in pairs])
    corrected = tuple(
        pair._replace(p_holm=float(p), differs=bool(p <= 1 - CONFIDENCE))
        for pair, p in zip(pairs, adjusted)
    )
    return Comparison(task, measure, unit, corrected, verdict(measure, unit, corrected))


def compare_all(measurements: Iterable[Measurement]) -> list[Comparison]:
    """One comparison for each task and measure that two or more strategies have, in their order."""
    return [
        compare(by_strategy, task=task, measure=measure, unit=unit)
        for (task, measure, unit), by_strategy in _grouped(measurements).items()
        if len(by_strategy) > 1
    ]


def summarise(measurements: Iterable[Measurement]) -> list[Summary]:
    """Mean, interval and spread over seeds for each task, measure and strategy, in their order."""
    rows = []
    for (task, measure, unit), by_strategy in _grouped(measurements).items():
        for strategy, by_seed in by_strategy.items():
            values = _finite(np.array(list(by_seed.values()), float))
            sd = float(values.std(ddof=1)) if values.size > 1 else float("nan")
            mean, low, high, n = mean_interval(values)
            rows.append(Summary(task, measure, unit, strategy, mean, low, high, sd, n))
    return rows


def verdict(measure: str, unit: str, pairs: Sequence[Pair]) -> str:
    """One plain sentence on one measure: which strategies differ, by how much, and if none does,
    how small a difference these seeds could have shown."""
    tested = [pair for pair in pairs if not np.isnan(pair.p)]
    if not tested:
        return f"{measure}: no comparison is possible; it takes two seeds or more."
    found = [pair for pair in tested if pair.differs]
    if not found:
        return f"{measure}: {_nil(tested, unit)}."
    parts = [_difference(pair, unit) for pair in found]
    rest = [pair for pair in tested if not pair.differs]
    if rest:
        between = " and ".join(f"{pair.first}/{pair.second}" for pair in rest)
        parts.append(f"between {between} {_nil(rest, unit)}")
    return f"{measure}: {'; '.join(parts)}."


def model_dependence(by_model: Mapping[str, Sequence[Pair]]) -> str:
    """What of a comparison hangs on the model that a measure was counted by; "" where nothing does.

    `by_model` holds the same pairs of strategies under each model's name. A pair is model-dependent
    where models find differences of opposite sign, and said to be found by some alone where the
    others find none.
    """
    parts = []
    for pairs in zip(*by_model.values(), strict=True):
        names = {(pair.first, pair.second) for pair in pairs}
        if len(names) > 1:
            raise ValueError(f"by_model holds different pairs at one place: {sorted(names)}")
        found: dict[str, list[str]] = {"higher": [], "lower": []}
        for model, pair in zip(by_model, pairs):
            if pair.differs:
                found["higher" if pair.mean_difference > 0 else "lower"].append(model)
        said = [f"{word} by {', '.join(models)}" for word, models in found.items() if models]
        n_found = sum(len(models) for models in found.values())
        between = f"{pairs[0].second} against {pairs[0].first}"
        if len(said) == 2:
            parts.append(f"{between} is {' but '.join(said)}")
        elif 0 < n_found < len(by_model):
            parts.append(f"{between} is {said[0]} alone")
    return f"Model-dependent: {'; '.join(parts)}." if parts else ""


def _difference(pair: Pair, unit: str) -> str:
    word = "higher" if pair.mean_difference > 0 else "lower"
    sign = 1 if pair.mean_difference > 0 else -1
    low, high = sorted((sign * pair.ci_low, sign * pair.ci_high))
    return (
        f"{pair.second} is {_number(abs(pair.mean_difference), unit)} {word} than {pair.first} "
        f"(95 % interval {low:.3g} to {high:.3g}, {pair.n_seeds} seeds)"
    )


def _nil(pairs: Sequence[Pair], unit: str) -> str:
    if all(pair.smallest_detectable == 0 for pair in pairs):
        return "no difference; the values are the same on every seed"
    smallest = max(pair.smallest_detectable for pair in pairs)
    n_seeds = min(pair.n_seeds for pair in pairs)
    return (
        "no difference found; the smallest difference this could have seen is "
        f"{_number(smallest, unit)} ({n_seeds} seeds)"
    )


def _number(value: float, unit: str) -> str:
    return f"{value:.3g} {unit}".rstrip()


def _grouped(
    measurements: Iterable[Measurement],
) -> dict[tuple[str, str, str], dict[str, dict[int, float]]]:
    groups: dict[tuple[str, str, str], dict[str, dict[int, float]]] = {}
    for row in measurements:
        by_strategy = groups.setdefault((row.task, row.measure, row.unit), {})
        by_seed = by_strategy.setdefault(row.strategy, {})
        if row.seed in by_seed:
            raise ValueError(
                f"measurements holds {row.measure!r} of {row.task!r}, {row.strategy!r}, "
                f"seed {row.seed} twice; once is allowed"
            )
        by_seed[row.seed] = row.value
    return groups


def _finite(values: Floats) -> Floats:
    if np.isinf(values).any():
        raise ValueError("values holds infinity; finite numbers and NaN (left out) are allowed")
    return values[~np.isnan(values)]


def _standard_error(values: Floats) -> float:
    return float(values.std(ddof=1) / np.sqrt(values.size))


def _t_quantile(probability: float, degrees: int) -> float:
    from scipy.special import stdtrit  # a tenth of the import time of scipy.stats

    return float(stdtrit(degrees, probability))
