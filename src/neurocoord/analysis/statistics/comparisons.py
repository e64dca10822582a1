"""Conditions compared pair by pair, measure by measure.

Within one measure the pairs of conditions are corrected together by Holm (1979, Scand J Stat
6:65-70); over all measures of a table by Benjamini & Hochberg (1995, J R Stat Soc B 57:289-300).
Both are told: `differs` and `finding` go by Holm, `q` is what is left of them among all measures.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Hashable, Iterable, Mapping, Sequence
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from neurocoord.analysis.statistics import chances, verdicts
from neurocoord.analysis.statistics.effects import effect_size
from neurocoord.analysis.statistics.equivalence import equivalence_p, margin_of
from neurocoord.analysis.statistics.interest import Interest, interest_in
from neurocoord.analysis.statistics.intervals import (
    difference_interval,
    known,
    mean_interval,
    p_above_0,
    percent_interval,
)
from neurocoord.analysis.statistics.power import smallest_detectable
from neurocoord.analysis.statistics.records import (
    CONFIDENCE,
    NAN,
    Comparison,
    Measurement,
    Pair,
    Summary,
)
from neurocoord.analysis.statistics.subjects import average_over_seeds
from neurocoord.settings import unknown

Floats = NDArray[np.float64]


def compare_pair(
    first: ArrayLike,
    second: ArrayLike,
    *,
    names: tuple[str, str] = ("first", "second"),
    n_pairs: int = 1,
    interest: Interest | None = None,
) -> Pair:
    """Paired comparison of two conditions: `[seed]`, entry k of both the same seed of one subject,
    or `[subject, seed]`, averaged over seeds within each subject first.

    `n_pairs` is the number of pairs that are tested together: it makes `smallest_detectable` allow
    for the correction. Pairs of which either is NaN are left out. `p_holm` is `p` until `compare`
    corrects it. p and interval are those of the paired t, of chances those of the exact sign test.
    """
    a, b = np.asarray(first, float), np.asarray(second, float)
    if a.ndim not in (1, 2) or a.shape != b.shape:
        raise ValueError(
            f"first has shape {a.shape} and second {b.shape}; "
            "both must be [seed], or [subject, seed]"
        )
    known(a), known(b)  # refuse infinity
    paired_by, noise_sd, noise_share = "seed", NAN, NAN
    if a.ndim == 2:
        paired_by = "subject"
        a, b, noise_sd, noise_share = average_over_seeds(a, b)
    both = ~np.isnan(b - a)
    a, b = a[both], b[both]
    n, difference = a.size, b - a
    mean = float(difference.mean()) if n else NAN
    pair = Pair(*names, n, mean, NAN, NAN, NAN, NAN, False, NAN, paired_by)
    if n < 2:
        return pair
    percent, percent_low, percent_high = percent_interval(a, b)
    if chances.is_chance(a, b, interest):
        (low, high), method = chances.interval(difference), chances.EXACT
        p, smallest = chances.sign_p(difference), chances.smallest_detectable(n, n_pairs=n_pairs)
        percent_low, percent_high = NAN, NAN
    else:
        low, high, method = difference_interval(difference)
        p, smallest = _p(a, b), smallest_detectable(difference, n_pairs=n_pairs)
        # Differences of rounding alone are none: the t of a spread of 1e-17 is "significant".
        if np.ptp(difference) <= _rounding(a, b):  # this size in so many pairs would be found
            smallest = abs(mean) * chances.smallest_detectable(n, n_pairs=n_pairs) if mean else 0.0
    p_equivalence = NAN if interest is None else equivalence_p(a, b, interest)
    effect = effect_size(difference)
    pair = pair._replace(
        ci_low=low,
        ci_high=high,
        p=p,
        p_holm=p,
        smallest_detectable=smallest,
        method=method,
        mean_first=float(a.mean()),
        percent=percent,
        percent_low=percent_low,
        percent_high=percent_high,
        d_z=effect.d_z,
        g_z=effect.g_z,
        g_low=effect.low,
        g_high=effect.high,
        margin=margin_of(a, interest),
        p_equivalence=p_equivalence,
        noise_sd=noise_sd,
        noise_share=noise_share,
        identical=bool(np.abs(difference).max() <= _rounding(a, b)),
    )
    return _judged(pair)


def compare(
    values: Mapping[str, Mapping[Any, float]],
    *,
    task: str = "",
    measure: str,
    unit: str = "",
    baseline: str | None = None,
    main: Container[str] | None = None,
) -> Comparison:
    """Compare two or more conditions on one measure: `values[condition][seed]`, or
    `values[condition][subject, seed]` of virtual subjects.

    Pairs come in the order of `values`, so put the baseline (`independent`) first. Where a
    `baseline` is named, the pairs are those with it alone, and only they are corrected together.
    Where `main` conditions are, pairs whose second is one are corrected together, and the others
    apart. Pairs of measured values that are the same to the last bit are no test, and not counted.
    """
    if len(values) < 2:
        raise ValueError(f"values holds strategies {list(values)}; two or more are compared")
    names = list(combinations(values, 2))
    if baseline is not None:
        if baseline not in values:
            raise ValueError(unknown("baseline", baseline, values))
        names = [(baseline, other) for other in values if other != baseline]
    interest = interest_in(measure)
    asked = [main is None or second in main for _, second in names]
    pairs = [
        compare_pair(
            *_arrays(values[first], values[second]),
            names=(first, second),
            n_pairs=asked.count(of),
            interest=interest,
        )
        for (first, second), of in zip(names, asked)
    ]
    family = [(of, _untestable(pair)) for of, pair in zip(asked, pairs)]
    p = _within(family, [pair.p for pair in pairs], holm)
    p_equivalence = _within(family, [pair.p_equivalence for pair in pairs], holm)
    corrected = tuple(
        _judged(pair._replace(p_holm=float(of_p), p_equivalence=float(of_equivalence)))
        for pair, of_p, of_equivalence in zip(pairs, p, p_equivalence)
    )
    return Comparison(task, measure, unit, corrected, verdicts.verdict(measure, unit, corrected))


def compare_all(
    measurements: Iterable[Measurement],
    *,
    primary: Mapping[str, Container[str]] | None = None,
    baseline: str | None = None,
    main: Container[str] | None = None,
) -> list[Comparison]:
    """One comparison for each task and measure that two or more strategies have, in their order;
    with a `baseline`, for those that it has, and of each strategy with it alone.

    `primary` holds, by task, the measures that were named beforehand, and `main` the strategies:
    these are corrected together, and the others apart, so that what is only looked at costs them
    nothing.
    """
    made = [
        compare(by_strategy, task=task, measure=measure, unit=unit, baseline=baseline, main=main)
        for (task, measure, unit), by_strategy in _grouped(measurements).items()
        if len(by_strategy) > 1 and (baseline is None or baseline in by_strategy)
    ]
    return over_measures(made, primary=primary, main=main)


def holm(p_values: ArrayLike) -> Floats:
    """Holm's step-down adjusted p values, in the order given; NaN stay NaN and are not counted."""
    p = np.asarray(p_values, float)
    adjusted = np.full_like(p, np.nan)
    order = np.argsort(p)[: np.count_nonzero(~np.isnan(p))]
    factors = np.arange(order.size, 0, -1)
    adjusted[order] = np.minimum(np.maximum.accumulate(p[order] * factors), 1.0)
    return adjusted


def over_measures(
    comparisons: Sequence[Comparison],
    *,
    primary: Mapping[str, Container[str]] | None = None,
    main: Container[str] | None = None,
) -> list[Comparison]:
    """The same comparisons with `q` of every pair, and the sentence that says so.

    q is the Benjamini-Hochberg adjusted `p_holm`, over all pairs of all measures given, those of
    `primary` and `main` apart from the others: of the differences with q of at most 0.05 one in
    twenty is expected to be none.
    """
    family = [
        (
            primary is None or c.measure in primary.get(c.task, ()),
            main is None or p.second in main,
            _untestable(p),
        )
        for c in comparisons
        for p in c.pairs
    ]
    q = _within(family, [pair.p_holm for c in comparisons for pair in c.pairs], _false_discovery)
    left = iter(q.tolist())
    found = []
    for comparison in comparisons:
        pairs = tuple(pair._replace(q=next(left)) for pair in comparison.pairs)
        sentence = verdicts.verdict(comparison.measure, comparison.unit, pairs)
        found.append(comparison._replace(pairs=pairs, verdict=sentence))
    return found


def _untestable(pair: Pair) -> bool:
    """Whether values were made by the same computation: a family of its own, so that it counts for
    no other pair. Chances may be equal by chance."""
    return pair.identical and pair.method != chances.EXACT


def _within(
    family: Sequence[Hashable], p_values: Sequence[float], correct: Callable[[Floats], Floats]
) -> Floats:
    """p values [test] corrected within each family of tests."""
    p = np.array(p_values, float)
    for one in set(family):
        among = np.array([of == one for of in family])
        p[among] = correct(p[among])
    return p


def _false_discovery(p: Floats) -> Floats:
    """Benjamini-Hochberg adjusted p values; NaN stay NaN and are not counted."""
    from scipy.stats import false_discovery_control

    q, tested = np.full_like(p, np.nan), ~np.isnan(p)
    if tested.any():
        q[tested] = false_discovery_control(p[tested], method="bh")
    return q


def summarise(measurements: Iterable[Measurement]) -> list[Summary]:
    """Mean, interval and spread over seeds for each task, measure and strategy, in their order."""
    rows = []
    for (task, measure, unit), by_strategy in _grouped(measurements).items():
        for strategy, by_seed in by_strategy.items():
            values = known(np.array(list(by_seed.values()), float))
            sd = float(values.std(ddof=1)) if values.size > 1 else NAN
            mean, low, high, n = mean_interval(values)
            rows.append(Summary(task, measure, unit, strategy, mean, low, high, sd, n))
    return rows


def _judged(pair: Pair) -> Pair:
    return pair._replace(
        differs=bool(pair.p_holm <= 1 - CONFIDENCE),
        finding=verdicts.finding(pair.mean_difference, pair.p_holm, pair.p_equivalence),
    )


def _p(first: Floats, second: Floats) -> float:
    difference, rounding = second - first, _rounding(first, second)
    if np.ptp(difference) <= rounding:  # no spread to test by: what their signs alone say
        return chances.sign_p(np.where(np.abs(difference) <= rounding, 0.0, difference))
    return 2 * min(p_above_0(difference), p_above_0(-difference))


def _rounding(first: Floats, second: Floats) -> float:
    return 1e-12 * max(float(np.abs(first).max()), float(np.abs(second).max()), 1e-300)


def _arrays(first: Mapping[Any, float], second: Mapping[Any, float]) -> tuple[Floats, Floats]:
    """Values of what both have: `[seed]`, or `[subject, seed]` with NaN where there is none."""
    keys = sorted(first.keys() & second.keys())
    if not keys or not isinstance(keys[0], tuple):
        return np.array([first[k] for k in keys]), np.array([second[k] for k in keys])
    subjects = {subject: i for i, subject in enumerate(dict.fromkeys(k[0] for k in keys))}
    columns = {seed: i for i, seed in enumerate(sorted({k[1] for k in keys}))}
    a, b = (np.full((len(subjects), len(columns)), np.nan) for _ in range(2))
    for subject, seed in keys:
        at = subjects[subject], columns[seed]
        a[at], b[at] = first[subject, seed], second[subject, seed]
    return a, b


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
