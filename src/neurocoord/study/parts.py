"""Parts of a study, each compared against its baseline, as sections of a report.

A part is a task or an effort that conditions are compared at; its name is the `task` of the
measurements that `subject_means` makes.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from neurocoord import report as reports
from neurocoord import results
from neurocoord.analysis import plots, study_plots
from neurocoord.analysis.statistics import (
    Comparison,
    Measurement,
    Pair,
    model_dependence,
    summarise,
)
from neurocoord.report.tables import plain
from neurocoord.tasks import model_variants

FOREST_ALT = (
    "Differences from the baseline with 95 % intervals, a row for each measure, beside the band "
    "that is too small to matter; the tables hold the numbers."
)


SHORT_TITLE = 20  # letters that leave a figure's title room for its key (choice)
SPEED = "speed_m_per_s"
EQUAL_SPEED = 1.0  # percent within which moving tasks count as equally fast


class Part(NamedTuple):
    """One part of a study."""

    name: str
    title: str
    labels: Mapping[str, str]  # measure: what a person calls it
    task: str = ""  # whose energy models its measures hang on; "": its own name
    caption: str = ""  # of its figure; "": its title
    notes: Sequence[str] = ()  # paragraphs before what was found
    tables: Sequence[reports.Table] = ()  # of its own, before those of the comparison


class Report(NamedTuple):
    """Everything that is told of a study."""

    page: reports.Page
    figures: Mapping[str, plots.Figure]  # by the name of their files
    measured: Sequence[Measurement]
    comparisons: Sequence[Comparison]
    groups: Sequence[reports.Group]  # those of the page's parts


def of_part(part: Part, comparisons: Sequence[Comparison], baseline: str) -> list[Comparison]:
    """The comparisons of a part, of the pairs with the baseline."""
    return [
        c._replace(pairs=tuple(pair for pair in c.pairs if pair.first == baseline))
        for c in comparisons
        if c.task == part.name
    ]


def hangs_on_model(
    task: str, measure: str, compared: Mapping[str, Comparison], pair: Pair | None = None
) -> str:
    """What of a measure, or of one pair of it, hangs on the energy model; "" where nothing does."""
    by_model = {
        model: [
            of_model
            for of_model in compared[variant].pairs
            if pair is None or (of_model.first, of_model.second) == (pair.first, pair.second)
        ]
        for variant, model in model_variants(task, measure).items()
        if variant in compared
    }
    return model_dependence(by_model)


def group_of(part: Part, comparisons: Sequence[Comparison], baseline: str) -> reports.Group:
    """A part's comparisons with the baseline, and which of them hang on the energy model."""
    rows = of_part(part, comparisons, baseline)
    compared, task = {c.measure: c for c in rows}, part.task or part.name
    hanging = [
        (measure, pair.first, pair.second)
        for measure in part.labels
        for pair in (compared[measure].pairs if measure in compared else ())
        if hangs_on_model(task, measure, compared, pair)
    ]
    return reports.Group(part.title, part.labels, rows, hanging)


def numbers(
    part: Part, group: reports.Group, conditions: Collection[str] | None = None
) -> reports.Table:
    """The table of a part with intervals, of some conditions or of all."""
    compared = {c.measure: c for c in group.comparisons}
    task = part.task or part.name
    notes = {m: hangs_on_model(task, m, compared) for m in part.labels}
    rows = _only(group.comparisons, conditions)
    return reports.comparison_table(part.title, part.labels, rows, notes=notes)


def forest(
    part: Part, group: reports.Group, baseline: str, conditions: Collection[str] | None = None
) -> plots.Figure | None:
    """The differences of a part beside what would matter; None where nothing is to be drawn."""
    by_measure = {c.measure: c for c in _only(group.comparisons, conditions)}
    rows = [
        study_plots.ForestRow(label, by_measure[measure].pairs)
        for measure, label in part.labels.items()
        if measure in by_measure
    ]
    if not any(pair.margin > 0 for row in rows for pair in row.pairs):
        return None
    against = f"gainst {baseline.replace('_', ' ')}"
    short = len(part.title) <= SHORT_TITLE
    return study_plots.forest(f"{part.title}, a{against}" if short else f"A{against}", rows)


def section(
    part: Part,
    group: reports.Group,
    figure: plots.Figure | None,
    tables: Sequence[reports.Table],
    points: Sequence[str] = (),
) -> reports.Section:
    """A part as a section: notes, sentences, figure, tables."""
    shown = []
    if figure is not None:
        caption = f"{part.caption or part.title}: differences from the baseline."
        name = f"effects_{part.name}"
        shown = [reports.Figure(plots.svg_text(figure), caption, FOREST_ALT, name)]
    return reports.Section(part.title, part.notes, shown, [*part.tables, *tables], points)


class Found(NamedTuple):
    """What comparisons of many parts come to."""

    groups: list[reports.Group]
    sections: list[reports.Section]  # a part each: sentences, figure, a cell for each comparison
    tables: list[reports.Table]  # a part each, with intervals
    figures: dict[str, plots.Figure]


def find(
    asked: Sequence[Part],
    comparisons: Sequence[Comparison],
    baseline: str,
    main: Sequence[str],
) -> Found:
    """Every part that has been compared. `main` are the conditions told of in sentences, figures
    and tables with intervals; the others are in the tables with a cell for each."""
    found = Found([], [], [], {})
    for part in asked:
        group = group_of(part, comparisons, baseline)
        if not any(c.pairs for c in group.comparisons if c.measure in part.labels):
            continue
        figure = forest(part, group, baseline, main)
        overview = reports.overview_table(f"{part.title}: every condition", group)
        if found.groups:
            overview = overview._replace(note="")  # the first says how to read them
        points = reports.measure_answers(group, main)
        found.groups.append(group)
        found.sections.append(section(part, group, figure, [overview], points))
        found.tables.append(numbers(part, group, main))
        if figure is not None:
            found.figures[f"effects_{part.name}"] = figure
    return found


def measured_labels(
    labels: Mapping[str, str], part: str, measured: Sequence[Measurement]
) -> dict[str, str]:
    """Those labels of a part that any of its trials has a value of."""
    there = {m.measure for m in measured if m.task == part and not math.isnan(m.value)}
    return {name: label for name, label in labels.items() if name in there}


def equal_speed(part: Part, comparisons: Sequence[Comparison], baseline: str) -> str:
    """Whether a moving task was equally fast under every condition, as its cost is compared."""
    speeds = [c for c in of_part(part, comparisons, baseline) if c.measure == SPEED]
    pairs = [pair for c in speeds for pair in c.pairs if not math.isnan(pair.percent)]
    off = [f"{p.second} {p.percent:+.1f} %" for p in pairs if not abs(p.percent) <= EQUAL_SPEED]
    if not pairs:
        return ""
    if off:
        return f"Not equally fast within {EQUAL_SPEED:g} %: {', '.join(off)}. Read their cost so."
    most = max(abs(pair.percent) for pair in pairs)
    return f"Equally fast: every mean within {most:.2f} % of {baseline} ({EQUAL_SPEED:g} % asked)."


def model_table(
    part: Part, comparisons: Sequence[Comparison], baseline: str, measures: Sequence[str]
) -> reports.Table:
    """Differences of costs in percent, a column for each energy model."""
    compared = {c.measure: c for c in of_part(part, comparisons, baseline)}
    rows: list[list[str]] = []
    models: list[str] = []
    for measure in measures:
        variants = model_variants(part.task or part.name, measure)
        models = models or list(variants.values())
        for pair in compared[measure].pairs if measure in compared else ():
            percent = {
                model: p.percent
                for name, model in variants.items()
                for p in (compared[name].pairs if name in compared else ())
                if p.second == pair.second and not math.isnan(p.percent)
            }
            cells = (f"{percent[m]:+.1f}" if m in percent else "" for m in models)
            rows.append([part.labels[measure], plain(pair.second), *cells])
    head = ["Measure", "Condition", *(f"{model} (%)" for model in models)]
    note = "Difference of the means in percent of the baseline; the first model is the one told of."
    return reports.Table(f"{part.title}: cost by energy model", head, rows, 2, note)


def key_group(
    title: str, key: Sequence[tuple[str, str, str]], groups: Sequence[reports.Group]
) -> reports.Group:
    """Some measures of many parts (part, measure, words) as one group; each measure once."""
    known = {(c.task, c.measure): (c, group.hanging) for group in groups for c in group.comparisons}
    found = [known[part, measure] for part, measure, _ in key if (part, measure) in known]
    rows = [(c, hanging) for c, hanging in found if c.pairs]
    hanging = [at for c, of in rows for at in of if at[0] == c.measure]
    return reports.Group(title, {m: words for _, m, words in key}, [c for c, _ in rows], hanging)


def model_answers(found: Found, main: Collection[str]) -> list[str]:
    """A sentence: which of the comparisons hang on the energy model; none where none is made."""
    said = [
        f"{group.labels[measure]} ({group.title}, {second.replace('_', ' ')})"
        for group in found.groups
        for measure, _, second in group.hanging
        if second in main
    ]
    if said:
        return [
            "Model-dependent, where energy models differ in sign or some alone find a difference: "
            f"{'; '.join(said)}."
        ]
    none = (
        "Of what is compared here no difference of cost hangs on the energy model: no two models"
        " contradict each other."
    )
    return [none] if found.groups else []


def write_report(
    folder: Path, run: results.Run, told: Report, *, png: Collection[str] | None = None
) -> list[Path]:
    """Tables, figures and page of a study into its folder; the paths that are to be read first.

    Figures are written as SVG and PDF, and as PNG those that `png` names, by default all.
    """
    results.write(
        folder,
        run,
        trials=told.measured,
        summary=summarise(told.measured),
        comparisons=told.comparisons,
    )
    for name, figure in told.figures.items():
        suffixes = [".svg", ".pdf", *([".png"] if png is None or name in png else [])]
        for suffix in suffixes:
            with results.atomic_path(folder / f"{name}{suffix}") as path:
                plots.save(figure, path)
    with results.atomic_path(folder / "report.html") as path:
        path.write_text(reports.html(told.page), encoding="utf-8")
    first = next(iter(told.figures), None)
    shown = [folder / f"{first}.png"] if first and (png is None or first in png) else []
    return [folder / "report.html", *shown, folder / results.SUMMARY_TABLE]


def _only(
    comparisons: Sequence[Comparison], conditions: Collection[str] | None
) -> list[Comparison]:
    if conditions is None:
        return list(comparisons)
    kept = [
        c._replace(pairs=tuple(p for p in c.pairs if p.second in conditions)) for c in comparisons
    ]
    return [c for c in kept if c.pairs]
