"""What a comparison found, in one word and in one plain sentence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from neurocoord.analysis.statistics.records import CONFIDENCE, Pair

MORE, LESS, EQUIVALENT, NOT_RESOLVED = FINDINGS = ("more", "less", "equivalent", "not resolved")
MODEL_DEPENDENT = "model-dependent"


def finding(mean_difference: float, p: float, p_equivalence: float) -> str:
    """One of `FINDINGS`, of p values that are corrected already.

    A difference that surely lies within the smallest of interest is "equivalent", also where it is
    surely not 0.
    """
    level = 1 - CONFIDENCE
    if p_equivalence <= level:
        return EQUIVALENT
    if p <= level:
        return MORE if mean_difference > 0 else LESS
    return NOT_RESOLVED


def verdict(measure: str, unit: str, pairs: Sequence[Pair]) -> str:
    """One plain sentence on one measure: which conditions differ, by how much, and if none does,
    whether they are equivalent and how small a difference these pairs could have shown."""
    tested = [pair for pair in pairs if not np.isnan(pair.p)]
    if not tested:
        by = next((pair.paired_by for pair in pairs), "seed")
        return f"{measure}: no comparison is possible; it takes two {by}s or more."
    parts = [_difference(pair, unit) for pair in tested if pair.differs]
    nils = [pair for pair in tested if not pair.differs]
    for group in (
        [pair for pair in nils if pair.finding == EQUIVALENT],
        [pair for pair in nils if pair.finding != EQUIVALENT],
    ):
        if group:
            between = " and ".join(f"{pair.first}/{pair.second}" for pair in group)
            where = f"between {between} " if len(group) < len(tested) else ""
            parts.append(where + _nil(group, unit))
    return f"{measure}: {'; '.join(parts)}."


def model_dependence(by_model: Mapping[str, Sequence[Pair]]) -> str:
    """What of a comparison hangs on the model that a measure was counted by; "" where nothing does.

    `by_model` holds the same pairs of conditions under each model's name. A pair is model-dependent
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


def finding_across_models(by_model: Mapping[str, Pair]) -> str:
    """One word for one pair of conditions under several energy models.

    "model-dependent" where some find more and some less; one of `FINDINGS` where all agree on it;
    else "not resolved".
    """
    words = {pair.finding for pair in by_model.values()}
    if {MORE, LESS} <= words:
        return MODEL_DEPENDENT
    return words.pop() if len(words) == 1 else NOT_RESOLVED


def _difference(pair: Pair, unit: str) -> str:
    word = "higher" if pair.mean_difference > 0 else "lower"
    sign = 1 if pair.mean_difference > 0 else -1
    low, high = sorted((sign * pair.ci_low, sign * pair.ci_high))
    told = (
        f"{pair.second} is {_number(abs(pair.mean_difference), unit)} {word} than {pair.first} "
        f"(95 % interval {low:.3g} to {high:.3g}, {_how_many(pair)}"
    )
    if pair.q > 1 - CONFIDENCE:
        told += f"; not sure among all measures, q = {pair.q:.2g}"
    if pair.finding == EQUIVALENT:
        return f"{told}), too little to matter (under {_number(pair.margin, unit)})"
    return f"{told})"


def _nil(pairs: Sequence[Pair], unit: str) -> str:
    if all(pair.identical for pair in pairs):
        return f"no difference; the values are the same on every {pairs[0].paired_by}"
    fewest = _how_many(min(pairs, key=lambda pair: pair.n))
    if all(pair.finding == EQUIVALENT for pair in pairs):
        margin = _number(min(pair.margin for pair in pairs), unit)
        return f"equivalent: no difference that matters, within ±{margin} ({fewest})"
    worst = max(pair.smallest_detectable for pair in pairs)
    if any(np.isnan(pair.smallest_detectable) for pair in pairs):
        return f"no difference found; too few to see any ({fewest})"
    return (
        "no difference found; the smallest difference this could have seen is "
        f"{_number(worst, unit)} ({fewest})"
    )


def _how_many(pair: Pair) -> str:
    return f"{pair.n} {pair.paired_by}" + ("s" if pair.n != 1 else "")


def _number(value: float, unit: str) -> str:
    return f"{value:.3g} {'' if unit == '1' else unit}".rstrip()
