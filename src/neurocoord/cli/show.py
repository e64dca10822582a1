"""What commands print for people, on stdout."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from neurocoord.analysis.statistics import Comparison, Summary, model_dependence, verdict
from neurocoord.settings import flatten
from neurocoord.study import Outcome, comparing
from neurocoord.tasks import TASKS, model_variants
from neurocoord.trial import Trial, measures_of

WIDTH = 110  # of tables that go into a file or a pipe


def console() -> Console:
    """Standard output, wide enough for the tables."""
    return Console(width=None if sys.stdout.isatty() else WIDTH, highlight=False, soft_wrap=False)


def print_json(data: Any) -> None:
    """One JSON document and nothing else; NaN is null."""
    print(json.dumps(_plain(data), indent=2, allow_nan=False))


def name(outcome: Outcome) -> str:
    """A trial of a study in a few words."""
    config = outcome.config
    return f"{config.task} {config.synchrony.strategy} seed {config.seed}"


def story(done: Trial) -> str:
    """What a trial was and how it ended, in one line."""
    how = {"": "ran its whole time", "done": "was done", "fell": "fell"}
    config = done.config
    return (
        f"{config.task}, {config.synchrony.strategy} (strength {config.synchrony.strength:g}, "
        f"scope {config.synchrony.scope}), seed {config.seed}, {config.seconds:g} s: "
        f"{how.get(done.ended, done.ended)}"
    )


def trial(done: Trial, json: bool) -> None:
    """One trial: its measures with units."""
    config = done.config
    if not json:
        known = measures_of(config.task)
        meaning = {name: m.meaning for name, m in known.items()}
        groups = {name: m.group for name, m in known.items()}
        print_measures(story(done), done.measures, done.units, meaning, groups)
        return
    print_json(
        {
            "task": config.task,
            "strategy": config.synchrony.strategy,
            "seed": config.seed,
            "seconds": config.seconds,
            "ended": done.ended or "time",
            "fell": done.fell,
            "measures": done.measures,
            "units": done.units,
            "config": flatten(config),
        }
    )


def report(found: comparing.Report, json: bool) -> None:
    """The report of a compare study: a table and sentences for each task, or all as JSON."""
    config = found.config
    if json:
        print_json(
            {
                "folder": found.folder,
                "n_seeds": config.n_seeds,
                "held_equal": found.held_equal,
                "unit_facts": {task: comparing.unit_facts(task, found) for task in config.tasks},
                "summary": found.summary,
                "comparisons": found.comparisons,
                "failed": [name(outcome) for outcome in found.outcomes if outcome.error],
            }
        )
        return
    for task, equal in found.held_equal.items():
        labels = comparing.shown(task, found)
        print_comparison(task, equal, labels, config.strategies, found.summary, found.comparisons)
        console().print(Text(comparing.unit_facts(task, found)))
    print(f"\nReport: {found.folder / 'report.html'}")
    print(f"Figure: {found.folder / 'compare.png'}\nTables: {found.folder}")


def print_comparison(
    task: str,
    held_equal: str,
    labels: Mapping[str, str],
    strategies: Sequence[str],
    summary: Sequence[Summary],
    comparisons: Sequence[Comparison],
) -> None:
    """One task: a table of measures by strategies, then a sentence for each measure."""
    out = console()
    rows = {(row.measure, row.strategy): row for row in summary if row.task == task}
    n_seeds = max((row.n_seeds for row in rows.values()), default=0)
    seeds = "1 seed" if n_seeds == 1 else f"{n_seeds} seeds"
    table = _table()
    table.add_column("measure")
    table.add_column("unit", style="dim")
    for strategy in strategies:
        table.add_column(strategy, justify="right", no_wrap=True)
    at_dynamometer = task in TASKS and TASKS[task].body == "dynamometer"
    falls = [rows.get(("fell", strategy)) for strategy in strategies]
    if any(row is not None and row.mean > 0 for row in falls) or not at_dynamometer:
        table.add_row("Falls", "", *(_falls(row) for row in falls))
    for measure, label in labels.items():
        found = [rows.get((measure, strategy)) for strategy in strategies]
        unit = next((row.unit for row in found if row is not None), "")
        table.add_row(
            label, "" if unit == "1" else unit, *(mean_and_half(row, n_seeds) for row in found)
        )
    title = f" at equal {held_equal}: mean ± half of the 95 % interval, {seeds}"
    out.print()
    out.print(Text.assemble((task.capitalize(), "bold"), title))
    out.print()
    out.print(table)
    out.print()
    compared = {c.measure: c for c in comparisons if c.task == task}
    for measure, label in labels.items():
        if measure in compared:
            comparison = compared[measure]
            unit = "" if comparison.unit == "1" else comparison.unit
            sentence = verdict(label, unit, comparison.pairs)
            out.print(Text.assemble((label, "bold"), sentence.removeprefix(label)))
            variants = model_variants(task, measure)
            by_model = {m: compared[v].pairs for v, m in variants.items() if v in compared}
            if note := model_dependence(by_model):
                out.print(f"  {note}")


def print_measures(
    title: str,
    measures: Mapping[str, float],
    units: Mapping[str, str],
    meaning: Mapping[str, str],
    groups: Mapping[str, str] | None = None,
) -> None:
    """Measures of one trial with unit and meaning, under the headings of `groups` if given."""
    table = _table()
    table.add_column("measure", no_wrap=True)
    table.add_column("value", justify="right", no_wrap=True)
    table.add_column("unit", style="dim", no_wrap=True)
    table.add_column("meaning", style="dim")
    of = groups or {}
    for group in dict.fromkeys(of.get(name, "") for name in measures):
        if group:
            if table.row_count:
                table.add_row()
            table.add_row(Text(group, style="bold"))
        for name in (name for name in measures if of.get(name, "") == group):
            value, unit = measures[name], units.get(name, "")
            shown = "none" if math.isnan(value) else f"{value:.4g}"
            table.add_row(name, shown, "" if unit == "1" else unit, meaning.get(name, ""))
    out = console()
    out.print(Text(title, style="bold"))
    out.print(table)


def mean_and_half(row: Summary | None, n_seeds: int = 0) -> str:
    """`56.4 ± 0.52`: two digits of the half interval decide those of the mean. Where fewer than
    `n_seeds` have a value, it says how many."""
    if row is None or math.isnan(row.mean):
        return "none"
    if row.n_seeds < n_seeds:
        return f"{mean_and_half(row)} ({row.n_seeds} of {n_seeds})"
    half = (row.ci_high - row.ci_low) / 2
    if math.isnan(half):
        return f"{row.mean:.4g}"
    smallest = half or abs(row.mean) / 1000 or 1.0
    decimals = max(0, min(6, 1 - math.floor(math.log10(smallest))))
    return f"{row.mean:.{decimals}f} ± {half:.{decimals}f}"


def _table() -> Table:
    return Table(show_edge=False, pad_edge=False)


def _falls(row: Summary | None) -> str:
    return "none" if row is None else f"{round(row.mean * row.n_seeds)} of {row.n_seeds}"


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(entry) for key, entry in value.items()}
    if hasattr(value, "_asdict"):
        return _plain(value._asdict())
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(entry) for entry in value]
    if hasattr(value, "tolist"):
        return _plain(value.tolist())
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value if isinstance(value, str | int | float | bool | None) else str(value)
