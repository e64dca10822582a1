"""Does synchronizing motor units change force output, steadiness, or what movement costs?

Three tasks under three synchronization strategies, on the same noise seed by seed; a fourth,
`isokinetic`, where it is named. Those at the dynamometer are done at equal drive, rolling and
crawling at the same commanded movement. Writes a results folder with tables, figures and a report.
`neurocoord compare` is this file; run as a script it takes the same options:

    python experiments/compare_synchronization.py --seeds 10
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import NamedTuple

from neurocoord import report as reports
from neurocoord import results
from neurocoord import study as studies
from neurocoord.analysis import plots, study_plots
from neurocoord.analysis.statistics import (
    Comparison,
    Pair,
    Summary,
    compare_all,
    model_dependence,
    summarise,
)
from neurocoord.settings import flatten
from neurocoord.synchrony import STRATEGIES
from neurocoord.tasks import TASKS, isometric, model_variants
from neurocoord.trial import TrialConfig


@dataclass(frozen=True, kw_only=True)
class Config:
    """What is compared. The sizes are a choice: the whole fits into three minutes on two cores."""

    tasks: tuple[str, ...] = ("isometric", "roll", "crawl")
    strategies: tuple[str, ...] = ("independent", "common_drive", "short_term")  # baseline first
    n_seeds: int = 5
    first_seed: int = 0
    strength: float = 1.0  # the dial of synchronization, 0 to 1
    scope: str = "pool"  # who shares input: the motor units of a muscle
    seconds: float | None = None  # of roll and crawl; None: SECONDS, or the task's own length
    overrides: tuple[str, ...] = ()  # "path=value" for all tasks or "task.path=value" for one


SECONDS = {"crawl": 6.0}
QUICK_SEEDS = 3
N_SUBJECTS = 20  # of the whole study (choice)
HOLD_SHOWN_S = 1.0  # how much of a hold the figure shows (choice)
BALLISTIC_SHOWN_S = 0.3  # and of the ballistic effort (choice)

HELD_EQUAL = {
    "isometric": "drive",
    "isokinetic": "drive",
    "roll": "commanded movement",
    "crawl": "commanded movement",
    "balance": "commanded posture",
    "react": "commanded posture and push",
}
AT_DYNAMOMETER = tuple(name for name, task in TASKS.items() if task.body == "dynamometer")

# What is shown, in this order; every other measure of a task is in trials.csv and summary.csv.
MEASURES = {
    "isometric": {
        "torque_low_nm": "Torque, low hold",
        "torque_high_nm": "Torque, high hold",
        "torque_peak_nm": "Peak torque, ballistic",
        "torque_low_cv": "Torque CV, low hold",
        "torque_high_cv": "Torque CV, high hold",
        "rfd_0_50_ms_per_s": "Rate of rise, 0-50 ms",
        "rfd_50_100_ms_per_s": "Rate of rise, 50-100 ms",
        "rfd_100_200_ms_per_s": "Rate of rise, 100-200 ms",
        "power_low_w": "Metabolic power, low hold",
        "power_high_w": "Metabolic power, high hold",
        "torque_per_power_low_nm_per_w": "Torque/power, low hold",
        "torque_per_power_high_nm_per_w": "Torque/power, high hold",
    },
    "isokinetic": {
        "torque_isometric_nm": "Torque, isometric",
        "torque_isometric_cv": "Torque CV, isometric",
        "torque_concentric_nm": "Torque, concentric",
        "concentric_over_isometric": "Concentric over isometric",
        "work_concentric_j": "Work, concentric",
        "power_concentric_w": "Metabolic power, concentric",
        "efficiency_concentric": "Efficiency, concentric",
        "torque_eccentric_nm": "Torque, eccentric",
        "eccentric_over_isometric": "Eccentric over isometric",
        "power_eccentric_w": "Metabolic power, eccentric",
        "work_enhancement": "Work after a stretch over without",
    },
    "roll": {
        "roll_time_s": "Time to roll",
        "tracking_error_deg": "Tracking error",
        "muscle_force_fluctuation": "Force fluctuation",
        "metabolic_power_w": "Metabolic power",
        "metabolic_energy_j": "Metabolic energy",
        "efficiency": "Efficiency",
    },
    "crawl": {
        "speed_m_per_s": "Speed",
        "tracking_error_deg": "Tracking error",
        "muscle_force_n": "Muscle force, sum",
        "muscle_force_fluctuation": "Force fluctuation",
        "metabolic_power_w": "Metabolic power",
        "efficiency": "Efficiency",
        "cost_of_transport_j_per_kg_m": "Cost of transport",
        "sideways_drift_m": "Sideways drift",
    },
    "balance": {
        "time_held_s": "Time held",
        "sway_m": "Sway",
        "margin_of_stability_m": "Margin of stability",
        "tracking_error_deg": "Tracking error",
        "muscle_force_fluctuation": "Force fluctuation",
        "metabolic_power_w": "Metabolic power",
    },
    "react": {
        "time_held_s": "Time up",
        "displacement_m": "Displacement",
        "displacement_left_m": "Displacement left",
        "least_margin_of_stability_m": "Least margin of stability",
        "drive": "Drive",
        "metabolic_power_w": "Metabolic power",
    },
}


UNITS = {
    "recruited_units": "recruited",
    "discharge_rate_hz": "discharge rate in 1/s",
    "isi_cv": "interval CV",
    "input_noise_variance": "variance of their input noise over its nominal value",
}


class Plan(NamedTuple):
    """An experiment that was checked and can begin."""

    config: Config
    opened: studies.Opened

    @property
    def trials(self) -> list[TrialConfig]:
        """Every trial."""
        return [job.config for job in self.opened.jobs]


class Report(NamedTuple):
    """What came out."""

    config: Config
    held_equal: dict[str, str]  # by task
    outcomes: list[studies.Outcome]
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
    return studies.conditions(
        config.tasks,
        config.strategies,
        config.n_seeds,
        first_seed=config.first_seed,
        strength=config.strength,
        scope=config.scope,
        seconds=seconds,
        overrides=config.overrides,
    )


def study_of(config: Config) -> studies.Study:
    """The study of a config: a condition for each task and strategy."""
    seeds = tuple(range(config.first_seed, config.first_seed + config.n_seeds))
    return studies.Study(
        name="compare",
        question=(__doc__ or "").splitlines()[0],
        conditions=tuple(
            studies.Condition(
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
        measures={task: tuple(MEASURES.get(task, ())) for task in config.tasks},
    )


def study(quick: bool = False) -> studies.Study:
    """The study as `neurocoord study run` knows it; at its quick size a short `compare`."""
    name = "compare_synchronization"
    if quick:
        return replace(study_of(Config(n_seeds=QUICK_SEEDS)), name=name)
    full = Config(tasks=tuple(HELD_EQUAL), strategies=tuple(STRATEGIES), n_seeds=1)
    return replace(study_of(full), name=name, n_subjects=N_SUBJECTS)


def report(folder: Path, loaded: studies.Loaded) -> list[Path]:
    """What is to be read of a folder of the study, as far as it has come."""
    outcomes = by_subject(loaded)
    done = [outcome for outcome in outcomes if not outcome.error]
    synchrony = done[0].config.synchrony
    config = Config(
        tasks=tuple(dict.fromkeys(outcome.config.task for outcome in done)),
        strategies=tuple(dict.fromkeys(o.config.synchrony.strategy for o in done)),
        n_seeds=len({outcome.config.seed for outcome in done}),
        first_seed=done[0].config.seed,
        strength=synchrony.strength,
        scope=synchrony.scope,
    )
    finish(config, folder, loaded.run, outcomes)
    return [folder / "report.html", folder / "compare.png", folder / results.SUMMARY_TABLE]


def by_subject(loaded: studies.Loaded) -> list[studies.Outcome]:
    """One outcome for each condition and virtual subject: means over the noise seeds, none where a
    seed has none. Without virtual subjects, every trial."""
    groups: dict[tuple[str, str, int], list[studies.Outcome]] = {}
    for stored, outcome in zip(loaded.trials, studies.outcomes(loaded)):
        of = stored.subject or -stored.seed  # of the body as it is each seed is a pair of its own
        groups.setdefault((stored.task, stored.condition, of), []).append(outcome)
    return [_mean(group) for group in groups.values()]


def _mean(group: list[studies.Outcome]) -> studies.Outcome:
    first = group[0]
    failed = [outcome for outcome in group if outcome.error]
    if failed or len(group) == 1:
        return failed[0] if failed else first
    values = {name: [outcome.measures[name] for outcome in group] for name in first.measures}
    means = {name: sum(each) / len(each) for name, each in values.items()}
    return first._replace(measures=means, fell=any(outcome.fell for outcome in group))


def prepare(
    config: Config, out: Path | None = None, *, command: Sequence[str] | None = None
) -> Plan:
    """Check everything that was asked for, and that the folder can be written, before any work."""
    planned = study_of(config)
    told = {
        **asdict(config),
        "trials": {c.config.task: flatten(c.config) for c in planned.conditions},
    }
    opened = studies.open_study(planned, out, seed=config.first_seed, told=told, command=command)
    return Plan(config, opened)


def carry_out(
    plan: Plan,
    *,
    n_workers: int | None = None,
    backend: str = "local",
    on_done: studies.OnDone | None = None,
    on_damage: Callable[[str], None] | None = None,
) -> Report:
    """Run the trials that the folder lacks, compare, and write the tables and the figure."""
    outcomes, begun = studies.perform(
        plan.opened, n_workers=n_workers, backend=backend, on_done=on_done, on_damage=on_damage
    )
    found = finish(plan.config, plan.opened.folder, begun, outcomes)
    studies.write_tables(plan.opened.folder, outcomes)
    return found


def finish(
    config: Config, folder: Path, begun: results.Run, outcomes: list[studies.Outcome]
) -> Report:
    """Compare what came out, and write the tables and the figure."""
    measured = studies.measurements(outcomes)
    if not measured:
        raise RuntimeError(f"no trial has an outcome; the first failed with {outcomes[0].error}")
    held_equal = {task: HELD_EQUAL.get(task, "commanded movement") for task in config.tasks}
    summary, comparisons = summarise(measured), compare_all(measured, primary=MEASURES)
    report = Report(config, held_equal, outcomes, summary, comparisons, folder)
    figures = {"compare": draw(report)} | {f"effects_{t}": f for t, f in forests(report).items()}
    results.write(folder, begun, trials=measured, summary=summary, comparisons=comparisons)
    for name, figure in figures.items():
        for suffix in (".svg", ".pdf", ".png")[: 3 if name == "compare" else 2]:
            with results.atomic_path(folder / f"{name}{suffix}") as path:
                plots.save(figure, path)
    with results.atomic_path(folder / "report.html") as path:
        path.write_text(reports.html(page(report, begun, figures)), encoding="utf-8")
    return report


def run(
    config: Config | None = None, *, out: Path | None = None, n_workers: int | None = None
) -> Report:
    """The whole experiment."""
    return carry_out(prepare(config or Config(), out), n_workers=n_workers)


def draw(report: Report) -> plots.Figure:
    """The figure: knee torque on one seed's noise, then every seed of every measure."""
    config, measured = report.config, studies.measurements(report.outcomes)
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
        "Synchronization of motor units: what it changes and what it does not",
        f"Held equal: {_equal(report)}. {seeds}, the same noise under every strategy "
        f"(strength {config.strength:g}, scope {config.scope}).\n"
        "Small symbols: seeds, joined; large: mean with 95 % interval. "
        f"Torque traces: seed {config.first_seed}.",
        config.strategies,
        torque_panels(report.outcomes, config.first_seed),
        [row for row in rows if row.labels],
    )


def torque_panels(outcomes: Iterable[studies.Outcome], seed: int) -> list[plots.TracePanel]:
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
            shown = (time >= first) & (time < last)
            if shown.any():
                x = time[shown] - (start if name == "ballistic" else first)
                lines[outcome.config.synchrony.strategy] = (
                    x,
                    outcome.traces["torque_nm"].values[shown],
                )
        if lines:
            since = "onset of drive" if name == "ballistic" else "start of window"
            panels.append(
                plots.TracePanel(title, f"s from {since}", f"{settings.joint} torque (Nm)", lines)
            )
    return panels


def forests(report: Report) -> dict[str, plots.Figure]:
    """By task: every measure against the baseline, beside what would matter."""
    baseline = report.config.strategies[0]
    found = {}
    for task in report.config.tasks:
        compared = against_baseline(task, report)
        rows = [
            study_plots.ForestRow(label, compared[measure].pairs)
            for measure, label in shown(task, report).items()
            if measure in compared
        ]
        if any(pair.margin > 0 for row in rows for pair in row.pairs):
            found[task] = study_plots.forest(f"{task.capitalize()}, against {baseline}", rows)
    return found


def against_baseline(task: str, report: Report) -> dict[str, Comparison]:
    """By measure: the pairs with the first strategy, of those that are compared."""
    baseline = report.config.strategies[0]
    return {
        c.measure: c._replace(pairs=tuple(pair for pair in c.pairs if pair.first == baseline))
        for c in report.comparisons
        if c.task == task
    }


QUESTION = (
    "Does synchronizing the motor units of a muscle give more force, steadier force or more "
    "efficient movement, when the same body does the same task on the same noise?"
)
METHOD = (
    "Strategies are compared seed by seed on the same noise: paired t, of chances an "
    "exact sign test; pairs of strategies are corrected within a measure (Holm), and "
    "over all measures shown (q, Benjamini-Hochberg). A difference that surely lies below the "
    "smallest of interest, which was fixed beforehand, counts as none that matters (two one-sided "
    "tests)."
)
ONE_BODY = "One body is used: the intervals speak of noise and not of differences between people."
PEOPLE = (
    "Each pair is one virtual subject, whose motor units and strength are drawn from published "
    "spreads between people; noise seeds are averaged within a subject first."
)
FOREST_ALT = (
    "Differences from the baseline with 95 % intervals, a row for each measure, beside the band "
    "that is too small to matter; the table below holds the numbers."
)


def page(report: Report, described: results.Run, figures: dict[str, plots.Figure]) -> reports.Page:
    """The report as a page: answer, figures, tables, method, provenance."""
    config, answer, sections = report.config, [], []
    for task in config.tasks:
        compared, labels = against_baseline(task, report), shown(task, report)
        notes = {measure: _hangs_on_model(task, measure, compared) for measure in labels}
        hanging = [
            (measure, pair.first, pair.second)
            for measure in labels
            for pair in (compared[measure].pairs if measure in compared else ())
            if _hangs_on_model(task, measure, compared, pair)
        ]
        name, rows = task.capitalize(), list(compared.values())
        answer += reports.answers(name, labels, rows, model_dependent=hanging)
        drawn = [figures[f] for f in (f"effects_{task}",) if f in figures]
        caption = f"{name} at equal {report.held_equal[task]}: differences from the baseline."
        sections.append(
            reports.Section(
                _row_title(task, report),
                [unit_facts(task, report)],
                [reports.Figure(plots.svg_text(f), caption, FOREST_ALT) for f in drawn],
                [reports.comparison_table(name, labels, rows, notes=notes)] if rows else [],
            )
        )
    every = reports.Figure(
        plots.svg_text(figures["compare"]),
        "Every seed of every measure, and knee torque on one seed's noise.",
        "Small panels, one for each measure: each seed a dot, strategies side by side, the mean "
        "with its 95 % interval beside them.",
    )
    drawn_people = described.config["study"]["subjects"][0]["number"] > 0
    pairs = f"{config.n_seeds} seeds from {config.first_seed}"
    if drawn_people:
        pairs = f"{config.n_seeds} virtual subjects"
    done = (
        f"{', '.join(config.tasks)} under {', '.join(config.strategies)} (strength "
        f"{config.strength:g}, scope {config.scope}), {pairs}. Held equal: {_equal(report)}."
    )
    return reports.Page(
        "Synchronization of motor units: what it changes and what it does not",
        QUESTION,
        answer or ["One strategy alone was run: nothing is compared."],
        [*sections, reports.Section("Every seed", figures=[every])],
        [done, METHOD, PEOPLE if drawn_people else ONE_BODY],
        results.provenance(described),
        described.command,
    )


def _hangs_on_model(
    task: str, measure: str, compared: dict[str, Comparison], pair: Pair | None = None
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


def shown(task: str, report: Report) -> dict[str, str]:
    """Measures of a task that are shown, with what a person calls them; at the dynamometer those
    of the efforts that were made."""
    there = {
        row.measure
        for row in report.summary
        if row.task == task and not (task in AT_DYNAMOMETER and math.isnan(row.mean))
    }
    return {name: label for name, label in MEASURES.get(task, {}).items() if name in there}


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


def main() -> None:
    """The command line of `neurocoord compare`, with this file as the experiment."""
    from neurocoord import cli

    sys.exit(cli.main(["compare", *sys.argv[1:]], experiment=sys.modules[__name__]))


if __name__ == "__main__":
    main()
