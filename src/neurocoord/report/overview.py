"""What many comparisons say: a sentence for each measure, one for each class of measures, and a
table with a cell for each measure and condition."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

from neurocoord.analysis.statistics import Comparison, Pair, interest_in
from neurocoord.report.page import Table
from neurocoord.report.tables import (
    EQUIVALENT,
    LESS,
    MINUS,
    MORE,
    NOT_RESOLVED,
    doubts,
    is_chance,
    is_unsure,
    number,
    plain,
    word,
)

Hanging = Collection[tuple[str, str, str]]  # (measure, first, second) that hang on the energy model

MARKS = {
    MORE: "more",
    LESS: "less",
    EQUIVALENT: "=",
    "identical": "same",
    "as often": "as often",
    NOT_RESOLVED: "?",
    "no margin": "?",
    "not compared": "–",
}
NOTE = (
    "Each cell: difference from the baseline, and what was found. more, less: found, corrected for "
    "the conditions, and not surely too small to matter; ~: not sure among all measures; =: no "
    "difference that matters; ?: left open, with the smallest difference that would have been "
    "found 4 times in 5; same: the same values; as often: as many falls, or other chances; *: "
    "depends on the energy model. Percent of the baseline's mean, or the measure's own unit where "
    "that mean is 0. The baseline's mean is that of the first pair; others may leave out people."
)
UNDER = {
    MORE: "more under",
    LESS: "less under",
    EQUIVALENT: "no difference that matters under",
    "identical": "the same under",
    "as often": "as often under",
    NOT_RESOLVED: "left open under",
    "no margin": "no difference found under",
    "not compared": "not compared under",
}


class Group(NamedTuple):
    """Comparisons of one part of a study."""

    title: str
    labels: Mapping[str, str]  # measure: what a person calls it
    comparisons: Sequence[Comparison]  # pairs with the baseline
    hanging: Hanging = ()


def measure_answers(group: Group, conditions: Collection[str] | None = None) -> list[str]:
    """One plain sentence for each measure: what each condition changes, of what nothing is
    changed, and where that is left open, the smallest difference that could have been seen.

    `conditions` are those that are told of, by default all.
    """
    found = []
    for comparison in _of_labels(group):
        by_word: dict[str, list[Pair]] = {}
        for pair in comparison.pairs:
            if conditions is None or pair.second in conditions:
                by_word.setdefault(word(pair), []).append(pair)
        parts = [
            f"{UNDER[w]} {_named(w, by_word[w], comparison, group.hanging)}"
            for w in UNDER
            if w in by_word
        ]
        if parts:
            found.append(f"{group.labels[comparison.measure]}: {'; '.join(parts)}.")
    return found


def _named(found: str, pairs: Sequence[Pair], comparison: Comparison, hanging: Hanging) -> str:
    """Conditions of which the same was found, with what is told of each, and of all at once."""
    unit = "" if comparison.unit == "1" else comparison.unit
    names = []
    for pair in pairs:
        hangs = (comparison.measure, pair.first, pair.second) in hanging
        said = [_told(found, pair, unit), "depends on the energy model" * hangs]
        told = ", ".join(filter(None, said))
        names.append(plain(pair.second) + (f" ({told})" if told else ""))
    return _and(names) + _of_all(found, pairs, comparison.measure, unit)


def _told(found: str, pair: Pair, unit: str) -> str:
    """What is told of one condition."""
    if found in (MORE, LESS):
        return ", ".join([_size(pair, pair.mean_difference, unit, sign=True), *doubts(pair)])
    if found in (NOT_RESOLVED, "no margin"):
        if math.isnan(pair.smallest_detectable):
            return "too few to see any"
        seen = f"{_size(pair, pair.smallest_detectable, unit)} could have been seen"
        return f"{_between([pair], unit)}; {seen}"
    return ""


def _of_all(found: str, pairs: Sequence[Pair], measure: str, unit: str) -> str:
    """What is told of all conditions of which there is surely no difference that matters, or that
    fell as often."""
    if found == EQUIVALENT:
        interest, most = interest_in(measure), max(pair.margin for pair in pairs)
        limit = f"{number(most, 2)} {unit}".rstrip()
        if interest is not None and interest.share:
            limit = f"{number(100.0 * interest.share, 2)} %"
        return f" ({_between(pairs, unit)}, within the limit of ±{limit})"
    if found == "as often":
        most = max(pair.ci_high for pair in pairs)
        return f" (a difference of up to {number(100.0 * most, 2)} % of runs is not excluded)"
    return ""


def _between(pairs: Sequence[Pair], unit: str) -> str:
    """The widest of the 95 % intervals."""
    low = min(pairs, key=lambda pair: pair.ci_low)
    high = max(pairs, key=lambda pair: pair.ci_high)
    ends = _size(low, low.ci_low, "", sign=True), _size(high, high.ci_high, unit, sign=True)
    return f"{ends[0].removesuffix(' %')} to {ends[1]}"


def class_answers(groups: Sequence[Group], conditions: Sequence[str]) -> list[str]:
    """One plain sentence for each class of measures (`statistics.INTERESTS`): of how many
    measures of all parts each condition has more, less, no difference that matters."""
    by_class: dict[str, dict[str, list[Pair]]] = {}
    for group in groups:
        for comparison in _of_labels(group):
            interest = interest_in(comparison.measure)
            if interest is not None:
                of = by_class.setdefault(interest.of, {c: [] for c in conditions})
                for pair in comparison.pairs:
                    if pair.second in of:
                        of[pair.second].append(pair)
    found = []
    for name, of in by_class.items():
        told = [f"{plain(c)}: {_counted(pairs)}" for c, pairs in of.items() if pairs]
        if told:
            found.append(f"{name[0].upper()}{name[1:]}. {_capital('; '.join(told))}.")
    return found


def overview_table(caption: str, group: Group) -> Table:
    """A row for each measure, a column for each condition."""
    shown = _of_labels(group)
    conditions = list(dict.fromkeys(pair.second for c in shown for pair in c.pairs))
    baselines = list(dict.fromkeys(pair.first for c in shown for pair in c.pairs))
    head = [
        "Measure",
        "Unit",
        *(f"{plain(b)}, mean" for b in baselines[:1]),
        *map(plain, conditions),
    ]
    rows = []
    for comparison in shown:
        pairs = {pair.second: pair for pair in comparison.pairs}
        mean = next(
            (p.mean_first for p in pairs.values() if not math.isnan(p.mean_first)), math.nan
        )
        unit = "" if comparison.unit == "1" else comparison.unit
        cells = []
        for condition in conditions:
            pair = pairs.get(condition)
            hangs = (
                pair is not None and (comparison.measure, pair.first, condition) in group.hanging
            )
            cells.append("–" if pair is None else _cell(pair) + ("*" if hangs else ""))
        rows.append([group.labels[comparison.measure], unit, number(mean), *cells])
    return Table(caption, head, rows, 2, NOTE)


def _of_labels(group: Group) -> list[Comparison]:
    by_measure = {comparison.measure: comparison for comparison in group.comparisons}
    return [by_measure[measure] for measure in group.labels if measure in by_measure]


def _cell(pair: Pair) -> str:
    found = word(pair)
    if found in ("identical", "as often", "not compared"):
        return MARKS[found]
    seen = "~" if found in (MORE, LESS) and is_unsure(pair) else ""
    if found == NOT_RESOLVED and math.isfinite(pair.smallest_detectable):
        seen = f", {_size(pair, pair.smallest_detectable)} seen"
    return f"{_short(pair)} {MARKS[found]}{seen}"


def _short(pair: Pair) -> str:
    """A difference, in percent to one decimal."""
    if not _in_percent(pair) or abs(pair.percent) >= 10.0:
        return _size(pair, pair.mean_difference, sign=True)
    text = f"{pair.percent:+.1f}"
    return f"{'0.0' if float(text) == 0.0 else text} %".replace("-", MINUS)


def _size(pair: Pair, value: float, unit: str = "", *, sign: bool = False) -> str:
    """A difference in percent of the baseline's mean, in its unit where that is 0 or a chance."""
    plus = "+" if sign and value > 0 else ""
    if _in_percent(pair):
        return f"{plus}{number(100.0 * value / abs(pair.mean_first), 2)} %"
    return f"{plus}{number(value, 2)} {unit}".rstrip()


def _in_percent(pair: Pair) -> bool:
    return bool(pair.mean_first) and math.isfinite(pair.percent) and not is_chance(pair)


def _counted(pairs: Sequence[Pair]) -> str:
    by_word: dict[str, list[Pair]] = {}
    for pair in pairs:
        by_word.setdefault(word(pair), []).append(pair)
    parts = []
    for found, said in (
        (MORE, "more in"),
        (LESS, "less in"),
        (EQUIVALENT, "no difference that matters in"),
        ("identical", "the same in"),
        ("as often", "as often in"),
        (NOT_RESOLVED, "left open in"),
        ("no margin", "left open in"),
        ("not compared", "not compared in"),
    ):
        if found in by_word:
            of = by_word[found]
            unsure = sum(map(is_unsure, of)) if found in (MORE, LESS) else 0
            told = [*_range(found, of), *[f"{unsure} not sure among all measures"] * (unsure > 0)]
            more = f" ({'; '.join(told)})" if told else ""
            parts.append(f"{said} {len(of)} of {len(pairs)}{more}")
    return ", ".join(parts)


def _range(found: str, pairs: Sequence[Pair]) -> list[str]:
    known = [p for p in pairs if _in_percent(p) and math.isfinite(p.smallest_detectable)]
    if found not in (MORE, LESS, NOT_RESOLVED) or not known:
        return []
    values = [p.percent for p in known]
    if found == NOT_RESOLVED:
        values = [100.0 * p.smallest_detectable / abs(p.mean_first) for p in known]
    low, high = (number(v, 2) for v in (min(values, key=abs), max(values, key=abs)))
    told = f"{low} %" if low == high else f"{low} to {high} %"
    return [told + " could have been seen" * (found == NOT_RESOLVED)]


def _capital(text: str) -> str:
    return text[0].upper() + text[1:]


def _and(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
