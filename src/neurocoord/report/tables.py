"""What comparisons say, as a table with intervals and as plain sentences."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence

from neurocoord.analysis.statistics import CONFIDENCE, EXACT, FINDINGS, Comparison, Pair
from neurocoord.report.page import Table

MINUS = "\N{MINUS SIGN}"
HEAD = (
    "Measure",
    "Condition",
    "Finding",
    "n",
    "Baseline mean",
    "Difference (95 % interval)",
    "in % (95 % interval)",
    "Effect g",
    "p (Holm)",
    "q",
    "Could have seen",
    "Matters from",
)
MORE, LESS, EQUIVALENT, NOT_RESOLVED = FINDINGS
SAID = {
    MORE: "More",
    LESS: "Less",
    EQUIVALENT: "No difference that matters",
    "identical": "The same in every run",
    "as often": "As often, which does not exclude a difference",
    NOT_RESOLVED: "Left open, too few runs to tell",
    "no margin": "No difference found, and none was fixed that would matter",
    "not compared": "Not compared, fewer than two runs",
}
NOTE = (
    "n: how many are paired. Difference: condition less baseline, pair by pair on the same noise; "
    "intervals are of that pair alone, so one without 0 may still be not resolved. Effect g: mean "
    "of the paired differences over their SD (Hedges). p (Holm): corrected for the pairs of "
    "conditions of the measure; q: for all measures as well. Could have seen: the smallest "
    "difference that would be found 4 times in 5, going by the spread of these. Matters from: the "
    "smallest difference of interest, fixed beforehand."
)


def comparison_table(
    caption: str,
    labels: Mapping[str, str],
    comparisons: Sequence[Comparison],
    *,
    notes: Mapping[str, str] | None = None,
) -> Table:
    """A row for each measure and pair; `labels` gives measures, their order and their names.

    `notes` by measure stand under the table (what hangs on the energy model). A baseline that all
    pairs share is named in the caption alone.
    """
    by_measure = {comparison.measure: comparison for comparison in comparisons}
    baselines = {pair.first for comparison in comparisons for pair in comparison.pairs}
    rows = []
    for measure, label in labels.items():
        if measure in by_measure:
            comparison = by_measure[measure]
            unit = "" if comparison.unit == "1" else f" ({comparison.unit})"
            rows += [_row(f"{label}{unit}", pair, len(baselines) > 1) for pair in comparison.pairs]
    said = [f"{labels[m]}: {note}" for m, note in (notes or {}).items() if m in labels and note]
    if len(baselines) == 1:
        caption = f"{caption}, against {plain(*baselines)}"
    return Table(caption, HEAD, rows, 3, " ".join([NOTE, *said]))


def answers(
    task: str,
    labels: Mapping[str, str],
    comparisons: Sequence[Comparison],
    *,
    model_dependent: Collection[str | tuple[str, str, str]] = (),
) -> list[str]:
    """One plain sentence for each pair of conditions of a task: what is more, less, the same, and
    what is left open. What is in `model_dependent` is said to hang on the energy model: a measure
    with all its pairs, or one pair as `(measure, first, second)`."""
    by_measure = {comparison.measure: comparison for comparison in comparisons}
    found: dict[tuple[str, str], dict[str, list[str]]] = {}
    for measure, label in labels.items():
        for pair in by_measure[measure].pairs if measure in by_measure else ():
            words = found.setdefault((pair.first, pair.second), {word: [] for word in SAID})
            told = [f"{'+' if pair.percent > 0 else ''}{number(pair.percent, 2)} %"]
            if pair.finding not in ("more", "less") or math.isnan(pair.percent):
                told = []
            told += doubts(pair) if told else []
            of_pair = (measure, pair.first, pair.second)
            hangs = measure in model_dependent or of_pair in model_dependent
            told += ["depends on the energy model"] * hangs
            words[word(pair)].append(label + (f" ({', '.join(told)})" if told else ""))
    return [
        f"{task}, {plain(second)} against {plain(first)}. {_listed(words)}"
        for (first, second), words in found.items()
    ]


def _listed(words: Mapping[str, Sequence[str]]) -> str:
    return " ".join(f"{SAID[word]}: {'; '.join(names)}." for word, names in words.items() if names)


def word(pair: Pair) -> str:
    """The finding; of what is not resolved, why."""
    if pair.identical and not is_chance(pair):
        return "identical"
    if pair.finding != NOT_RESOLVED:
        return pair.finding
    if math.isnan(pair.p):
        return "not compared"
    if pair.identical:
        return "as often"
    return NOT_RESOLVED if pair.margin > 0 else "no margin"


def doubts(pair: Pair) -> list[str]:
    """What keeps a difference that was found from being sure, or from being of interest."""
    small = abs(pair.mean_difference) < pair.margin
    return [
        *["perhaps too small to matter"] * small,
        *["not sure among all measures"] * is_unsure(pair),
    ]


def is_unsure(pair: Pair) -> bool:
    """Whether a difference may be one of those that are found by chance among all measures."""
    return pair.q > 1 - CONFIDENCE


def is_chance(pair: Pair) -> bool:
    """Whether a pair is of falls or other chances, which are counted and not measured."""
    return pair.method == EXACT


def _row(label: str, pair: Pair, name_baseline: bool) -> list[str]:
    against = f" against {plain(pair.first)}" if name_baseline else ""
    return [
        label,
        f"{plain(pair.second)}{against}",
        pair.finding,
        str(pair.n),
        number(pair.mean_first),
        _with_interval(pair.mean_difference, pair.ci_low, pair.ci_high),
        _with_interval(pair.percent, pair.percent_low, pair.percent_high),
        number(pair.g_z, 2),
        _p(pair.p_holm),
        _p(pair.q),
        number(pair.smallest_detectable),
        number(pair.margin),
    ]


def plain(name: str) -> str:
    return name.replace("_", " ")


def number(value: float, digits: int = 3) -> str:
    if math.isnan(value):
        return "–"
    text = f"{value:.{digits}g}"
    if "e+" in text:  # 1.24e+04 is no way to print a force
        text = f"{value:.0f}"
    return text.replace("-", MINUS)


def _with_interval(value: float, low: float, high: float) -> str:
    if math.isnan(low):
        return number(value)
    return f"{number(value)} ({number(low)} to {number(high)})"


def _p(value: float) -> str:
    if math.isnan(value):
        return "–"
    return "< 0.001" if value < 0.001 else f"{value:.3f}"
