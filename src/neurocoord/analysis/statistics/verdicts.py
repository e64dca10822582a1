"""What a comparison found, in one word and in one plain sentence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from neurocoord.analysis.statistics.records import CONFIDENCE, Pair

MORE, LESS, EQUIVALENT, NOT_RESOLVED = FINDINGS = ("more", "less", "equivalent", "not resolved")
WORDS = {MORE: "higher", LESS: "lower"}


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
    where models find differences of opposite sign, or some find one that others surely find none
    in ("equivalent") or leave open on the other side of 0.
    """
    parts = []
    for pairs in zip(*by_model.values(), strict=True):
        names = {(pair.first, pair.second) for pair in pairs}
        if len(names) > 1:
            raise ValueError(f"by_model holds different pairs at one place: {sorted(names)}")
        found: dict[str, list[str]] = {MORE: [], LESS: []}
        for model, pair in zip(by_model, pairs):
            if pair.finding in found:
                found[pair.finding].append(model)
        said = {word: f"{WORDS[word]} by {', '.join(of)}" for word, of in found.items() if of}
        between = f"{pairs[0].second} against {pairs[0].first}"
        if len(said) == 2:
            parts.append(f"{between} is {' but '.join(said.values())}")
        elif said:
            ((word, words),) = said.items()
            if any(_speaks_against(pair, word) for pair in pairs):
                parts.append(f"{between} is {words} alone")
    return f"Model-dependent: {'; '.join(parts)}." if parts else ""


def _speaks_against(pair: Pair, word: str) -> bool:
    """Whether a model's result does not go with what another found."""
    other_side = (pair.mean_difference > 0) != (word == MORE)
    return pair.finding == EQUIVALENT or (pair.finding == NOT_RESOLVED and other_side)


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
