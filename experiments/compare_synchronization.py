"""Does synchronizing motor units give more force, steadier force or more efficient movement?

Every strategy and strength at the dynamometer (equal drive), rolling and crawling (the same
command), in virtual subjects on the same noise; with whom input is shared; how fast and how hard
pushed a body still gets along. `neurocoord compare` does some of it seed by seed on one body, and
as a script this file takes its options.

    neurocoord study run compare_synchronization            # all of it
    python experiments/compare_synchronization.py --seeds 10
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace
from pathlib import Path

from neurocoord import report as reports
from neurocoord import results
from neurocoord import study as studies
from neurocoord.analysis import plots
from neurocoord.analysis.statistics import compare_all
from neurocoord.settings import replace_path
from neurocoord.study import comparing, ladders, parts
from neurocoord.study.labels import SHOWN, of
from neurocoord.study.ladders import LADDERS
from neurocoord.study.reading import READING
from neurocoord.synchrony import STRATEGIES
from neurocoord.tasks import crawl, isokinetic, isometric, roll
from neurocoord.tasks.protocol import Push
from neurocoord.trial import Pools, Synchrony, TrialConfig

BASELINE = "independent"


@dataclass(frozen=True, kw_only=True)
class Config:
    """The whole study. Sizes and levels are choices: under three hours on two cores."""

    strategies: tuple[str, ...] = tuple(s for s in STRATEGIES if s != BASELINE)
    strengths: tuple[float, ...] = (0.5, 1.0)  # the dial
    scopes: tuple[str, ...] = ("synergists", "body")  # beside the pool, at the full dial
    scoped: tuple[str, ...] = ("beta", "common_drive", "short_term")  # turns are a pool's own
    n_subjects: int = 20
    n_units: int = 120
    actions: tuple[str, ...] = ("concentric", "eccentric")
    ramp_s: float = 1.0
    hold_s: float = 2.5
    tiring_s: float = 20.0  # a hold with fatigue
    speeds_m_per_s: tuple[float, ...] = (0.2, 0.35, 0.5)  # scopes: the middle
    crawl_s: float = 5.0
    fastest_m_per_s: tuple[float, ...] = (0.58, 0.66, 0.74, 0.82)  # ladders, from easy to hard
    tempo: tuple[float, ...] = (0.9, 1.0, 1.15, 1.35)  # of a roll's keyframes, over its own
    push_n: tuple[float, ...] = (300.0, 400.0, 500.0, 600.0)  # to the left at the chest, 0.1 s
    ladder_s: float = 4.0  # of a trial on a ladder


QUICK = Config(
    strategies=("short_term",), strengths=(1.0,), scopes=("body",), scoped=("short_term",),
    actions=("concentric",), n_subjects=2, n_units=40, ramp_s=0.4, hold_s=1.2, tiring_s=2.6,
    speeds_m_per_s=(0.35,), crawl_s=1.2, fastest_m_per_s=(0.66,), tempo=(1.0,), push_n=(300.0,),
    ladder_s=2.4,
)  # fmt: skip
CRAWL = {**of("crawl", "fell"), **SHOWN["crawl"], **of("crawl", "drive", "emg_rectified")}
PARTS: dict[str, tuple[str, str, dict[str, str]]] = {  # title, task, measures
    "isometric": (
        "Ramp, hold and fast contraction at equal drive",
        "isometric",
        SHOWN["isometric"] | of("isometric", "tremor_low_nm", "tremor_high_nm", "emg_rectified"),
    ),
    "tiring": (
        "A long hold with fatigue at equal drive",
        "isometric",
        of("isometric", "endurance_low_share")
        | {
            "torque_low_nm": "Torque, hold at 60 % drive",
            "torque_low_cv": "Torque CV, hold at 60 % drive",
            "power_low_w": "Metabolic power, hold at 60 % drive",
        },
    ),
    "concentric": ("Concentric action at equal drive", "isokinetic", SHOWN["isokinetic"]),
    "eccentric": (
        "Eccentric action at equal drive",
        "isokinetic",
        of("isokinetic", "torque_eccentric_nm", "eccentric_over_isometric", "power_eccentric_w"),
    ),
    "roll": (
        "Rolling over at the same command",
        "roll",
        of("roll", "rolled") | SHOWN["roll"] | of("roll", "drive", "emg_rectified"),
    ),
    "crawl": ("Crawling at {} m/s", "crawl", CRAWL),
    "push": ("Pushed while crawling", "crawl", CRAWL),
    **{one.part: (one.label, "", {one.measure: one.label}) for one in LADDERS},
}
NOTES = {  # of a part by its task or stem
    "isometric": "Low hold: 20 % of maximal drive; high hold: 50 %; fast: full drive at once.",
    "eccentric": "Eccentric over isometric is taken as the joint passes the isometric angle.",
    "roll": "A roll that begins anew counts with all its time and energy, so a single second try "
    "moves a mean by much.",
    "crawl": "Efficiency is positive muscle work over energy: where it rises together with the "
    "cost of transport, more work is done at the same speed.",
    "push": "The first level of the ladder below.",
}
KEY = (  # part, measure and words of the first figure
    ("isometric", "torque_high_nm", "Torque, hold at 50 % drive"),
    ("isometric", "rfd_0_50_ms_per_s", "Rate of rise, 0-50 ms"),
    ("isometric", "torque_high_cv", "Unsteadiness of the hold (CV)"),
    ("isometric", "emg_rectified", "EMG"),
    ("tiring", "endurance_low_share", "Torque left after a long hold"),
    ("concentric", "efficiency_concentric", "Efficiency, concentric"),
    ("roll", "metabolic_energy_j", "Energy of a roll"),
    ("crawl_0.35", "cost_of_transport_j_per_kg_m", "Cost of transport, crawl"),
    ("highest_speed", "highest_speed_m_per_s", "Highest speed"),
    ("shortest_roll", "shortest_roll_s", "Shortest roll"),
    ("largest_push", "largest_push_n", "Largest push survived"),
)
KEY_CAPTION = (
    "The main outcomes at the full dial, beside what would matter (shaded). Lines: 95 % intervals "
    "of each pair alone; filled: a difference was found. The last three go by coarse ladders."
)
PUSH_SHOWN_N = 300.0  # the push whose crawls are compared in full (choice)
TITLE = "Synchronization of motor units: what it changes and what it does not"
QUESTION = (
    "Does synchronizing the motor units of a muscle give more force, steadier force or more "
    "efficient movement, when the same body does the same task on the same noise?"
)
METHOD = (
    "Strategies are compared pair by pair on the same noise: paired t, of chances an exact sign "
    "test; corrected within a measure (Holm; strategies at the full dial apart from other dials "
    "and scopes), and over all measures shown (q, Benjamini-Hochberg). A difference that surely "
    "lies below the smallest of interest, which was fixed beforehand, counts as none that matters "
    "(two one-sided tests, corrected within a measure)."
)
DESIGN = comparing.Design(TITLE, QUESTION, METHOD, SHOWN)


def cells(config: Config, *, scopes: bool = False) -> dict[str, Synchrony]:
    """The conditions by name; the full dial and the pool have none of their own."""
    found = {BASELINE: Synchrony()}
    for strategy in config.strategies:
        for dial in config.strengths:
            name = strategy if dial == 1.0 else f"{strategy}_{dial:g}"
            found[name] = Synchrony(strategy=strategy, strength=dial)
    for strategy in config.scoped if scopes else ():
        for scope in config.scopes:
            found[f"{strategy}_{scope}"] = Synchrony(strategy=strategy, scope=scope)
    return found


def conditions(config: Config) -> list[studies.Condition]:
    """What is done. Half the dial: in what is compared in full; scopes: in three of it; ladders,
    fatigue and the eccentric action: at the full dial (choice, by what a trial costs)."""
    every, full = cells(config), cells(replace(config, strengths=(1.0,)))
    wide, made = cells(config, scopes=True), []
    hold = isometric.Settings(ramp_s=config.ramp_s, hold_s=config.hold_s)
    still = TrialConfig(task="isometric", seconds=isometric.duration_s(hold), settings=hold)
    made += studies.of_part("isometric", still, wide)
    long = replace(hold, low_drive=0.6, hold_s=config.tiring_s)
    tiring = replace(still, settings=long, seconds=isometric.phases(long)["low"][1])
    made += studies.of_part("tiring", replace(tiring, pools=Pools(fatigue=True)), full)
    for action in config.actions:
        moving = isokinetic.Settings(action=action)
        moves = TrialConfig(task="isokinetic", seconds=8.0, settings=moving)  # done before
        made += studies.of_part(action, moves, every if action == "concentric" else full)
    made += studies.of_part("roll", TrialConfig(task="roll"), wide)
    middle = config.speeds_m_per_s[len(config.speeds_m_per_s) // 2]
    for speed in config.speeds_m_per_s:
        crawls, under = _crawl(speed, config.crawl_s), wide if speed == middle else every
        made += studies.of_part(f"crawl_{speed:g}", crawls, under, gait="held")
    for speed in config.fastest_m_per_s:
        crawls = _crawl(speed, config.ladder_s)
        made += studies.of_part("highest_speed", crawls, full, level=speed, gait="held")
    plan = roll.Settings().plan
    for tempo in config.tempo:
        faster = roll.Settings(plan=replace(plan, times_s=tuple(t / tempo for t in plan.times_s)))
        rolls = TrialConfig(task="roll", seconds=config.ladder_s, settings=faster)
        made += studies.of_part("shortest_roll", rolls, full, level=tempo)
    for force_n in config.push_n:
        push = Push(start_s=1.5, duration_s=0.1, force_n=(0.0, force_n, 0.0))
        crawls = replace(_crawl(middle, config.ladder_s), pushes=(push,))
        made += studies.of_part("largest_push", crawls, full, level=force_n, gait="held")
    return made


def _crawl(speed: float, seconds: float) -> TrialConfig:
    settings = crawl.Settings(speed_m_per_s=speed)
    return TrialConfig(task="crawl", seconds=seconds, settings=settings)


def study(quick: bool = False) -> studies.Study:
    """The study as `neurocoord study run` knows it."""
    return study_of(QUICK if quick else Config())


def study_of(config: Config) -> studies.Study:
    """The study of a config."""
    return studies.Study(
        name="compare_synchronization",
        question=QUESTION,
        conditions=tuple(
            replace(c, config=replace_path(c.config, "pools.n_units", config.n_units))
            for c in conditions(config)
        ),
        n_subjects=config.n_subjects,
        measures={t: tuple(SHOWN[t]) for t in ("isometric", "isokinetic", "roll", "crawl")},
    )


def place(done: studies.StoredTrial) -> tuple[str, str] | None:
    """Part and condition under which a trial is compared in full; of ladders, one push alone."""
    part, condition = studies.by_factors(done)
    if "level" not in done.factors:
        return part, condition
    shown = part == "largest_push" and float(done.factors["level"]) == PUSH_SHOWN_N
    return ("push", condition) if shown else None


def told(loaded: studies.Loaded) -> parts.Report:
    """Everything that is told of a folder of the study, as far as it has come."""
    measured = studies.subject_means(loaded, place, upright=True)
    measured += [row for one in LADDERS for row in ladders.measurements(one, loaded)]
    asked = []
    for name in dict.fromkeys(m.task for m in measured):
        stem, _, at = name.partition("_") if name.startswith("crawl_") else (name, "", "")
        title, task, labels = PARTS.get(stem, (name.capitalize(), name, SHOWN.get(name, {})))
        shown = parts.measured_labels(labels, name, measured)
        asked.append(parts.Part(name, title.format(at), shown, task))
    primary = {part.name: part.labels for part in asked}
    main = [name for name in STRATEGIES if name != BASELINE]
    comparisons = compare_all(measured, primary=primary, baseline=BASELINE, main=main)
    asked = [
        part._replace(
            notes=[
                *([parts.equal_speed(part, comparisons, BASELINE)] if part.task == "crawl" else []),
                *([NOTES[stem]] if (stem := part.name.partition("_")[0]) in NOTES else []),
            ],
            tables=[ladders.table(one, loaded) for one in LADDERS if one.part == part.name],
        )
        for part in asked
    ]
    found = parts.find(asked, comparisons, BASELINE, main)
    key = parts.key_group("At a glance", KEY, found.groups)
    figure, figures = parts.forest(parts.Part("", *key[:2]), key, BASELINE, main), found.figures
    shown = []
    if figure is not None:
        figures = {"key": figure, **figures}
        shown = [reports.Figure(plots.svg_text(figure), KEY_CAPTION, parts.FOREST_ALT, "key")]
    answer = [*reports.measure_answers(key, main), *parts.model_answers(found, main)]
    counted = reports.class_answers(found.groups, main)
    page = reports.Page(
        TITLE,
        QUESTION,
        answer or ["Nothing is compared yet."],
        [
            READING,
            reports.Section(key.title, figures=shown),
            reports.Section("Counted over all measures", points=counted),
            *found.sections,
            reports.Section("All numbers of the full dial", tables=found.tables),
        ],
        [METHOD, *_who(loaded)],
        results.provenance(loaded.run),
        loaded.run.command,
    )
    return parts.Report(page, figures, measured, comparisons, found.groups)


def _who(loaded: studies.Loaded) -> list[str]:
    """Who did it, and what that means."""
    people = len({done.subject for done in loaded.trials})
    return [
        f"{people} virtual subjects, whose motor units and strength are drawn from published "
        "spreads between people. A trial that fell, or a roll that did not get over, tells of "
        "that alone, and the rest is compared among those it went well for under both conditions. "
        "Equal drive at the dynamometer; moving tasks have the same command, and the speed of "
        "crawls is checked. The gait is the same under all; the study tuned_gaits compares gaits "
        "tuned under each strategy.",
        "Highest speed, shortest roll and largest push: each subject once at each level of a "
        "ladder; a subject's outcome is the best of the levels passed in a row from the easiest. "
        "Who passed none counts as 0, of rolls is not compared; who passed all may be better.",
    ]


def report(folder: Path, loaded: studies.Loaded) -> list[Path]:
    """Tables, figures and the page of a folder of the study, as far as it has come."""
    return parts.write_report(folder, loaded.run, told(loaded), png=("key",))


def run(
    config: Config | None = None, *, out: Path | None = None, n_workers: int | None = None
) -> list[Path]:
    """The whole study; the files to be read."""
    return studies.run_and_report(study_of(config or Config()), report, out, n_workers=n_workers)


def main() -> None:
    """The command line of `neurocoord compare`, with this file as the experiment."""
    from neurocoord import cli

    sys.exit(cli.main(["compare", *sys.argv[1:]], experiment=sys.modules[__name__]))


if __name__ == "__main__":
    main()
