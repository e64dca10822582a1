"""Strategies compared at tasks, seed by seed, on one body: what `neurocoord compare` does.

An experiment says what is asked and measured (`Design`), a `Config` how much of it is done.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import NamedTuple

from neurocoord import report as reports
from neurocoord import results
from neurocoord.analysis import plots
from neurocoord.analysis.statistics import Comparison, Summary, compare_all, summarise
from neurocoord.settings import flatten
from neurocoord.study import design, parts
from neurocoord.study.labels import HELD_EQUAL
from neurocoord.study.outcome import Outcome, measurements
from neurocoord.study.run_study import OnDone, Opened, open_study, perform, write_tables
from neurocoord.tasks import TASKS, isometric
from neurocoord.trial import TrialConfig


@dataclass(frozen=True, kw_only=True)
class Config:
    """What is compared. The sizes are a choice: the whole takes four minutes on two cores."""

    tasks: tuple[str, ...] = ("isometric", "roll", "crawl")
    strategies: tuple[str, ...] = ("independent", "common_drive", "short_term")  # baseline first
    n_seeds: int = 5
    first_seed: int = 0
    strength: float = 1.0  # the dial of synchronization, 0 to 1
    scope: str = "pool"  # who shares input: the motor units of a muscle
    seconds: float | None = None  # of the moving tasks; None: SECONDS, or the task's own length
    overrides: tuple[str, ...] = ()  # "path=value" for all tasks or "task.path=value" for one


QUICK = Config(n_seeds=2, overrides=("pools.n_units=40",))  # a minute: it shows only what is large
SECONDS = {"crawl": 6.0}
HOLD_SHOWN_S = 1.0  # how much of a hold the figure shows (choice)
BALLISTIC_SHOWN_S = 0.3  # and of the ballistic effort (choice)
AT_DYNAMOMETER = tuple(name for name, task in TASKS.items() if task.body == "dynamometer")
UNITS = {
    "recruited_units": "recruited",
    "discharge_rate_hz": "discharge rate in 1/s",
    "isi_cv": "interval CV",
    "input_noise_variance": "variance of their input noise over its nominal value",
}
ONE_BODY = "One body is used: the intervals speak of noise and not of differences between people."


class Design(NamedTuple):
    """What an experiment that compares strategies asks, measures and says."""

    title: str
    question: str
    method: str
    measures: Mapping[str, Mapping[str, str]]  # by task: measure, and what a person calls it


class Plan(NamedTuple):
    """A comparison that was checked and can begin."""

    config: Config
    design: Design
    opened: Opened

    @property
    def trials(self) -> list[TrialConfig]:
        """Every trial."""
        return [job.config for job in self.opened.jobs]


class Report(NamedTuple):
    """What came out."""

    config: Config
    design: Design
    held_equal: dict[str, str]  # by task
    outcomes: list[Outcome]
    summary: list[Summary]
    comparisons: list[Comparison]
    folder: Path


def conditions(config: Config) -> list[TrialConfig]:
    """The trials: tasks x strategies x seeds."""
    seconds = {
        task: SECONDS.get(task) if config.seconds is None else config.seconds
        for task in config.tasks
        if task not in AT_DYNAMOMETER  # their protocols have lengths of their own
    }
    return design.conditions(
        config.tasks,
        config.strategies,
        config.n_seeds,
        first_seed=config.first_seed,
        strength=config.strength,
        scope=config.scope,
        seconds=seconds,
        overrides=config.overrides,
    )


def study_of(config: Config, asked: Design) -> design.Study:
    """The study of a config: a condition for each task and strategy."""
    seeds = tuple(range(config.first_seed, config.first_seed + config.n_seeds))
    return design.Study(
        name="compare",
        question=asked.question,
        conditions=tuple(
            design.Condition(
                name=template.synchrony.strategy,
                config=template,
                factors={
                    "strategy": template.synchrony.strategy,
                    "strength": f"{config.strength:g}",
                    "scope": config.scope,
                },
            )
            for template in conditions(replace(config, n_seeds=min(config.n_seeds, 1)))
        ),
        seeds=seeds,
        measures={task: tuple(asked.measures.get(task, ())) for task in config.tasks},
    )


def prepare(
    config: Config, asked: Design, out: Path | None = None, *, command: Sequence[str] | None = None
) -> Plan:
    """Check everything that was asked for, and that the folder can be written, before any work."""
    planned = study_of(config, asked)
    told = {
        **asdict(config),
        "trials": {c.config.task: flatten(c.config) for c in planned.conditions},
    }
    opened = open_study(planned, out, seed=config.first_seed, told=told, command=command)
    return Plan(config, asked, opened)


def carry_out(
    plan: Plan,
    *,
    n_workers: int | None = None,
    backend: str = "local",
    on_done: OnDone | None = None,
    on_damage: Callable[[str], None] | None = None,
) -> Report:
    """Run the trials that the folder lacks, compare, and write the tables and the figure."""
    outcomes, begun = perform(
        plan.opened, n_workers=n_workers, backend=backend, on_done=on_done, on_damage=on_damage
    )
    measured = measurements(outcomes)
    if not measured:
        raise RuntimeError(f"no trial has an outcome; the first failed with {outcomes[0].error}")
    config, asked = plan.config, plan.design
    held_equal = {task: HELD_EQUAL.get(task, "commanded movement") for task in config.tasks}
    summary = summarise(measured)
    compared = compare_all(measured, primary=asked.measures)
    report = Report(config, asked, held_equal, outcomes, summary, compared, plan.opened.folder)
    told = told_of(report, begun)
    parts.write_report(report.folder, begun, told, png=("compare",))
    write_tables(report.folder, outcomes)
    return report


def run(
    config: Config | None,
    asked: Design,
    *,
    out: Path | None = None,
    n_workers: int | None = None,
) -> Report:
    """The whole comparison."""
    return carry_out(prepare(config or Config(), asked, out), n_workers=n_workers)


def told_of(report: Report, described: results.Run) -> parts.Report:
    """The report as a page and figures: answer, figures, tables, method, provenance."""
    config, asked = report.config, report.design
    answer, sections, groups = [], [], []
    baseline, every = config.strategies[0], draw(report)
    figures = {"compare": every}
    for task in config.tasks:
        labels, name = shown(task, report), task.capitalize()
        part = parts.Part(task, name, labels, caption=f"{name} at equal {report.held_equal[task]}")
        group = parts.group_of(part, report.comparisons, baseline)
        groups.append(group)
        answer += reports.answers(
            name, labels, group.comparisons, model_dependent=list(group.hanging)
        )
        figure = parts.forest(part, group, baseline)
        if figure is not None:
            figures[f"effects_{task}"] = figure
        tables = [parts.numbers(part, group)] if group.comparisons else []
        told = part._replace(notes=[unit_facts(task, report)])
        found = parts.section(told, group, figure, tables)
        sections.append(found._replace(title=_row_title(task, report)))
    shown_every = reports.Figure(
        plots.svg_text(every),
        "Every seed of every measure, and knee torque on one seed's noise.",
        "Small panels, one for each measure: each seed a dot, strategies side by side, the mean "
        "with its 95 % interval beside them.",
    )
    done = (
        f"{', '.join(config.tasks)} under {', '.join(config.strategies)} (strength "
        f"{config.strength:g}, scope {config.scope}), {config.n_seeds} seeds from "
        f"{config.first_seed}. Held equal: {_equal(report)}."
    )
    page = reports.Page(
        asked.title,
        asked.question,
        answer or ["One strategy alone was run: nothing is compared."],
        [*sections, reports.Section("Every seed", figures=[shown_every])],
        [done, asked.method, ONE_BODY],
        results.provenance(described),
        described.command,
    )
    measured = measurements(report.outcomes)
    return parts.Report(page, figures, measured, report.comparisons, groups)


def draw(report: Report) -> plots.Figure:
    """The figure: knee torque on one seed's noise, then every seed of every measure."""
    config, measured = report.config, measurements(report.outcomes)
    rows = [
        plots.DotRow(
            _row_title(task, report),
            shown(task, report),
            [m for m in measured if m.task == task],
            [c for c in report.comparisons if c.task == task],
        )
        for task in config.tasks
    ]
    seeds = "1 seed" if config.n_seeds == 1 else f"{config.n_seeds} seeds"
    return plots.compare_figure(
        report.design.title,
        f"Held equal: {_equal(report)}. {seeds}, the same noise under every strategy "
        f"(strength {config.strength:g}, scope {config.scope}).\n"
        "Small symbols: seeds, joined; large: mean with 95 % interval. "
        f"Torque traces: seed {config.first_seed}.",
        config.strategies,
        torque_panels(report.outcomes, config.first_seed),
        [row for row in rows if row.labels],
    )


def torque_panels(outcomes: Iterable[Outcome], seed: int) -> list[plots.TracePanel]:
    """Knee torque of the isometric trials of one seed, a panel for each effort."""
    found = [
        outcome
        for outcome in outcomes
        if outcome.traces and outcome.config.task == "isometric" and outcome.config.seed == seed
    ]
    if not found:
        return []
    settings = found[0].config.settings
    phases = isometric.phases(settings)
    panels = []
    for name, title in (
        ("low", f"{settings.low_drive:.0%} of maximal drive, held"),
        ("high", f"{settings.high_drive:.0%} of maximal drive, held"),
        ("ballistic", "As fast as possible"),
    ):
        start, end = phases[name]
        first, last = start - 0.02, min(start + BALLISTIC_SHOWN_S, end)
        if name != "ballistic":
            first, last = max(start + isometric.RISE_S, end - HOLD_SHOWN_S), end
        lines = {}
        for outcome in found:
            time = outcome.traces["time_s"].values
            seen = (time >= first) & (time < last)
            if seen.any():
                x = time[seen] - (start if name == "ballistic" else first)
                y = outcome.traces["torque_nm"].values[seen]
                lines[outcome.config.synchrony.strategy] = (x, y)
        if lines:
            since = "onset of drive" if name == "ballistic" else "start of window"
            panels.append(
                plots.TracePanel(title, f"s from {since}", f"{settings.joint} torque (Nm)", lines)
            )
    return panels


def shown(task: str, report: Report) -> dict[str, str]:
    """Measures of a task that are shown, with what a person calls them; at the dynamometer those
    of the efforts that were made."""
    there = {
        row.measure
        for row in report.summary
        if row.task == task and not (task in AT_DYNAMOMETER and math.isnan(row.mean))
    }
    labels = report.design.measures.get(task, {})
    return {name: label for name, label in labels.items() if name in there}


def unit_facts(task: str, report: Report) -> str:
    """What the motor units themselves did, which a strategy leaves as it is at equal drive."""
    means = {(r.measure, r.strategy): r.mean for r in report.summary if r.task == task}
    first, *others = report.config.strategies
    facts = []
    for measure, name in UNITS.items():
        base = means.get((measure, first), float("nan"))
        off = [abs(means.get((measure, s), float("nan")) / base - 1.0) for s in others if base]
        largest = f" (others within {max(off):.2%})" if off else ""
        facts.append(f"{name} {base:.4g}{largest}")
    return f"Of the units themselves, under {first}: {', '.join(facts)}."


def _equal(report: Report) -> str:
    by_what: dict[str, list[str]] = {}
    for task, what in report.held_equal.items():
        by_what.setdefault(what, []).append(task)
    return ", ".join(f"{what} ({', '.join(tasks)})" for what, tasks in by_what.items())


def _row_title(task: str, report: Report) -> str:
    done = [o for o in report.outcomes if o.config.task == task and not o.error]
    falls = sum(outcome.fell for outcome in done)
    told = "" if task in AT_DYNAMOMETER else f"; falls: {falls} of {len(done)}"
    return f"{task.capitalize()} at equal {report.held_equal[task]}{told}"
