"""How much force comes from recruiting motor units and how much from their firing faster, and what
does it cost to recruit them in another order than by size?

The split is computed from the expected force of the pools. The orders are compared at the
dynamometer at equal torque, rested and tiring, and in crawling at the same commanded movement; how
long a force can be held is computed from the expected state of one muscle.

    neurocoord study run recruitment_and_rate_coding --quick
    python experiments/recruitment_and_rate_coding.py --quick      # the same
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from neurocoord import report as reports
from neurocoord import results
from neurocoord import study as studies
from neurocoord.analysis import force_gain, force_gain_plots, plots, study_plots
from neurocoord.analysis.force_gain import ForceGain
from neurocoord.analysis.statistics import Comparison, Measurement, compare_all, summarise
from neurocoord.analysis.statistics import model_dependence as hangs_on_model
from neurocoord.body import model as bodies
from neurocoord.body.model import muscle_index
from neurocoord.motorunits import published, rate_model
from neurocoord.motorunits.parameters import PoolParameters, of_muscle
from neurocoord.pools import Pools, body_pools
from neurocoord.tasks import TASKS, isometric, model_variants
from neurocoord.trial import TrialConfig


class Drives(NamedTuple):
    """Drive of the two holds."""

    low: float
    high: float


@dataclass(frozen=True, kw_only=True)
class Config:
    """What is compared. Sizes and efforts are choices; drives give equal torque in the body as it
    is (27.5 and 80 Nm of knee extension; a test measures it)."""

    drives: Mapping[str, Drives] = field(  # by order; the first is the baseline
        default_factory=lambda: {
            "size": Drives(0.30, 0.55),
            "rotation": Drives(0.30, 0.55),
            "reversed": Drives(0.0539, 0.2785),
        }
    )
    n_subjects: int = 20
    n_units: int = 120  # of every muscle
    hold_s: float = 2.5  # rested
    tiring_hold_s: float = 20.0  # with fatigue, each of the two
    crawl_s: float = 6.0
    muscles: tuple[str, ...] = ("SOL_r", "TA_r", "VAS_L_r", "BIC_r")  # whose force is split
    endurance_muscle: str = "VAS_L_r"
    endurance_levels: tuple[float, ...] = (0.4, 0.6)  # of its force at full drive
    endurance_step_s: float = 0.5
    longest_s: float = 1800.0  # that a force is held


QUICK = Config(n_subjects=3, n_units=40, tiring_hold_s=4.0, crawl_s=3.0, endurance_step_s=1.0)
EXCITATION = np.linspace(0.0, 1.0, 201)
TOLD = (0.1, 0.3, 0.5, 1.0)  # excitations of the tables

HOLDS = {
    f"{measure.replace('*', name)}": f"{words}, {name} hold"
    for name in ("low", "high")
    for measure, words in {
        "torque_*_nm": "Torque",
        "torque_*_cv": "Torque CV",
        "power_*_w": "Metabolic power",
        "torque_per_power_*_nm_per_w": "Torque/power",
    }.items()
}
MEASURES = {
    "isometric": HOLDS,
    "isometric_tiring": HOLDS,
    "endurance": {"endurance_40_s": "Time at 40 % of maximum", "endurance_60_s": "... at 60 %"},
    "crawl": {
        "fell": "Falls",
        "speed_m_per_s": "Speed",
        "tracking_error_deg": "Tracking error",
        "muscle_force_n": "Muscle force, sum",
        "muscle_force_fluctuation": "Force fluctuation",
        "drive": "Drive",
        "metabolic_power_w": "Metabolic power",
        "cost_of_transport_j_per_kg_m": "Cost of transport",
    },
}
PARTS = {
    "isometric": "Isometric holds, rested",
    "isometric_tiring": "Isometric holds, tiring",
    "endurance": "Endurance of one muscle",
    "crawl": "Crawling",
}
QUESTION = (
    "How much of a muscle's force is gained by recruiting motor units, and how much by their firing "
    "faster? What do force, steadiness, endurance and metabolic cost lose or gain when units are "
    "recruited in turns (rotation) or largest first (reversed) instead of by size?"
)
DEFINITION = (
    "Recruitment is, by definition here, the force that the units at work would give were each "
    "still at the minimal rate at which it was recruited; rate coding is the rest. The two "
    "mechanisms are those of Milner-Brown, Stein & Yemm 1973 (J Physiol 230:371-390), the pools "
    "those of Fuglevand, Winter & Patla 1993 (J Neurophysiol 70:2470-2488). Forces are expected "
    "ones of rested pools at optimal length; the four parts sum to the pool's force."
)


def study(quick: bool = False) -> studies.Study:
    """The study as `neurocoord study run` knows it."""
    return study_of(QUICK if quick else Config())


def study_of(config: Config) -> studies.Study:
    """Three conditions for each order: isometric rested, isometric tiring, crawl."""
    made = []
    for order, drives in config.drives.items():
        pools = Pools(n_units=config.n_units, order=order)
        for tiring in (False, True):
            settings = isometric.Settings(
                low_drive=drives.low,
                high_drive=drives.high,
                hold_s=config.tiring_hold_s if tiring else config.hold_s,
                ballistic_s=0.1,  # no part of the question
            )
            held = TrialConfig(
                task="isometric",
                seconds=isometric.duration_s(settings),
                settings=settings,
                pools=replace(pools, fatigue=tiring),
            )
            name, told = (f"{order}_tiring", "yes") if tiring else (order, "no")
            factors = {"order": order, "fatigue": told}
            made.append(studies.Condition(name=name, config=held, factors=factors))
        crawl = TrialConfig(task="crawl", seconds=config.crawl_s, pools=pools)
        factors = {"order": order, "fatigue": "no"}
        made.append(studies.Condition(name=order, config=crawl, factors=factors))
    return studies.Study(
        name="recruitment_and_rate_coding",
        question=QUESTION,
        conditions=tuple(made),
        n_subjects=config.n_subjects,
        measures={task: tuple(MEASURES[task]) for task in ("isometric", "crawl")},
    )


def splits(config: Config) -> dict[str, tuple[PoolParameters, ForceGain]]:
    """By name: pools of the body with their own numbers of units, and two published ones."""
    body = bodies.load(TASKS["crawl"].body)
    of_body = body_pools(Pools(counts="fitted"), body)
    pools = {name: of_muscle(of_body, muscle_index(body, name)) for name in config.muscles}
    for thresholds in (30.0, 10.0):  # 1993; narrow, as of small muscles of the hand (choice)
        pool = published.fuglevand_1993(recruitment_range=thresholds)
        pools[f"1993, thresholds 1 to {thresholds:g}"] = pool
    return {name: (p, force_gain.force_gain(p, 0, EXCITATION)) for name, p in pools.items()}


def endurance_s(pool: PoolParameters, level: float, config: Config) -> float:
    """How long (s) one muscle is expected to hold `level` of its force, by raising its drive."""
    state = rate_model.init(pool, block_s=config.endurance_step_s)
    target, held_s = np.array([[level]]), 0.0
    while held_s < config.longest_s and rate_model.is_reachable(pool, target, state)[0, 0]:
        state = rate_model.advance(pool, state, rate_model.inverse(pool, target, state), out=state)
        held_s += config.endurance_step_s
    return held_s


@cache
def _dynamometer() -> bodies.Body:
    return bodies.load(TASKS["isometric"].body)


def endurance(loaded: studies.Loaded, config: Config) -> list[Measurement]:
    """Endurance of every subject under every order, of the pools that the tiring holds had."""
    muscle, found = muscle_index(_dynamometer(), config.endurance_muscle), []
    for stored, outcome in zip(loaded.trials, studies.outcomes(loaded)):
        if stored.factors.get("fatigue") == "yes" and stored.seed == loaded.trials[0].seed:
            pool = of_muscle(body_pools(outcome.config.pools, _dynamometer()), muscle)
            for level in config.endurance_levels:
                name, held_s = f"endurance_{100 * level:.0f}_s", endurance_s(pool, level, config)
                order = stored.factors["order"]
                found.append(Measurement("endurance", order, stored.subject, name, held_s, "s"))
    return found


def by_subject(loaded: studies.Loaded) -> list[Measurement]:
    """Means over the noise seeds of each subject, part and order; none where a seed has none."""
    values: dict[tuple[str, str, int, str, str], list[float]] = {}
    for done in loaded.trials:
        part = done.task + ("_tiring" if done.factors["fatigue"] == "yes" else "")
        for name, value in {} if done.error else done.measures.items():
            key = (part, done.factors["order"], done.subject or -done.seed, name, done.units[name])
            values.setdefault(key, []).append(value)
    most = max(map(len, values.values()), default=0)
    return [
        Measurement(part, order, who, name, float(np.mean(each)), unit)
        for (part, order, who, name, unit), each in values.items()
        if len(each) == most
    ]


def report(folder: Path, loaded: studies.Loaded, config: Config | None = None) -> list[Path]:
    """Tables, figures and the page of a folder of the study, as far as it has come."""
    config = config or (QUICK if len(_subjects(loaded)) <= QUICK.n_subjects else Config())
    measured = [*by_subject(loaded), *endurance(loaded, config)]
    comparisons = compare_all(measured, primary=MEASURES)
    results.write(
        folder, loaded.run, trials=measured, summary=summarise(measured), comparisons=comparisons
    )
    split = splits(config)
    gains = {name: gain for name, (_, gain) in split.items()}
    figures = {"force_gain": force_gain_plots.draw("Force by recruitment and by rate coding", gains)}
    answer, sections = [split_answer(gains)], [_split_section(split, figures["force_gain"])]
    sections[0].tables.append(order_table(config))  # type: ignore[attr-defined]
    for part, labels in MEASURES.items():
        rows = _against_size([c for c in comparisons if c.task == part], config)
        if rows:
            said, section, drawn = _part(part, labels, rows)
            answer, sections = [*answer, *said], [*sections, section]
            figures |= {f"effects_{part}": figure for figure in drawn}
    for name, figure in figures.items():
        for suffix in (".svg", ".pdf", ".png"):
            with results.atomic_path(folder / f"{name}{suffix}") as path:
                plots.save(figure, path)
    page = reports.Page(
        "Recruitment, rate coding and the size principle",
        QUESTION,
        answer,
        sections,
        [DEFINITION, *_method(config, len(_subjects(loaded)))],
        results.provenance(loaded.run),
        loaded.run.command,
    )
    with results.atomic_path(folder / "report.html") as path:
        path.write_text(reports.html(page), encoding="utf-8")
    return [folder / "report.html", folder / "force_gain.png", folder / results.SUMMARY_TABLE]


def split_answer(gains: Mapping[str, ForceGain]) -> str:
    """Recruitment's share of force at low and full excitation, over the pools, in a sentence."""
    share = {at: [_shares(gain, at)[0] for gain in gains.values()] for at in (0.1, 1.0)}
    low, full = (f"{min(s):.0%} to {max(s):.0%}" for s in share.values())
    even = [force_gain.even_drive(gain) for gain in gains.values()]
    return (
        f"Recruitment gives {low} of the force at 10 % of maximal excitation and {full} at full "
        f"excitation: rate coding gives more than half from {min(even):.0%} (the pool where it does "
        f"first) or {max(even):.0%} (last) of excitation on."
    )


def _shares(gain: ForceGain, at: float) -> tuple[float, float]:
    """Share by recruitment, and force over force at full drive, at an excitation."""
    index = int(np.argmin(np.abs(gain.drive - at)))
    whole = float(force_gain.total(gain)[index])
    return float(gain.recruitment.sum(axis=0)[index]) / whole, whole


def _split_section(split: Mapping[str, Any], figure: plots.Figure) -> reports.Section:
    head = ["Pool", "Units", "Last recruited at"]
    head += [f"By recruitment at {at:.0%}" for at in TOLD]
    head += ["Slow units: by recruitment, at 100 %", "Fast units: by recruitment, at 100 %"]
    rows = []
    for name, (pool, gain) in split.items():
        last = float(pool.recruitment_threshold.max() / pool.max_excitation[0])
        of_fibre = gain.recruitment[:, -1] / (gain.recruitment + gain.rate_coding)[:, -1]
        shares = [_shares(gain, at)[0] for at in TOLD]
        told = [f"{value:.0%}" for value in (last, *shares, *of_fibre)]
        rows.append([name, str(pool.twitch_force.size), *told])
    alt = "Six panels, one for each pool: force over excitation in four stacked parts, and a line."
    shown = reports.Figure(plots.svg_text(figure), DEFINITION, alt)
    table = reports.Table("Share of force by recruitment, over excitation", head, rows)
    return reports.Section("Force by recruitment and by rate coding", [], [shown], [table])


def order_table(config: Config) -> reports.Table:
    """Force of one muscle at equal excitation under size order and reversed."""
    head, rows = ["Order"], []
    for at in TOLD:
        head += [f"Force at {at:.0%}", "by recruitment"]
    for order in config.drives:
        pools = body_pools(Pools(n_units=config.n_units, order=order), _dynamometer())
        muscle = muscle_index(_dynamometer(), config.endurance_muscle)
        gain = force_gain.force_gain(pools, muscle, EXCITATION)
        told = [f"{value:.0%}" for at in TOLD for value in reversed(_shares(gain, at))]
        rows.append([order, *told])
    note = "Rested: rotation begins as size order. Full drive gives a muscle its maximum in each."
    name = config.endurance_muscle
    return reports.Table(f"Force of {name} at equal excitation", head, rows, note=note)


def _against_size(comparisons: Sequence[Comparison], config: Config) -> list[Comparison]:
    first = next(iter(config.drives))
    return [c._replace(pairs=tuple(p for p in c.pairs if p.first == first)) for c in comparisons]


def _part(
    part: str, labels: Mapping[str, str], rows: Sequence[Comparison]
) -> tuple[list[str], reports.Section, list[plots.Figure]]:
    """Answer, section and figure of one part of the comparison."""
    compared, task = {c.measure: c for c in rows}, part.removesuffix("_tiring")
    notes = {}
    for measure in labels:
        variants = model_variants(task, measure)
        pairs = {m: compared[v].pairs for v, m in variants.items() if v in compared}
        notes[measure] = hangs_on_model(pairs)
    hanging, name = [m for m, note in notes.items() if note], PARTS[part]
    answer = reports.answers(name, labels, rows, model_dependent=hanging)
    drawn = [study_plots.ForestRow(labels[m], compared[m].pairs) for m in labels if m in compared]
    figures = []
    if any(pair.margin > 0 for row in drawn for pair in row.pairs):
        figures = [study_plots.forest(f"{name}, against size order", drawn)]
    alt = "Differences from size order with 95 % intervals; the table below holds the numbers."
    shown = [reports.Figure(plots.svg_text(f), f"{name}: differences.", alt) for f in figures]
    table = reports.comparison_table(name, labels, rows, notes=notes)
    return answer, reports.Section(name, [], shown, [table]), figures


def _subjects(loaded: studies.Loaded) -> set[int]:
    return {done.subject for done in loaded.trials}


def _method(config: Config, n_subjects: int) -> list[str]:
    """How the orders were compared."""
    drives = "; ".join(f"{o} {d.low:g} and {d.high:g}" for o, d in config.drives.items())
    return [
        f"Orders are compared in {n_subjects} virtual subjects, paired on the same noise. Drives of "
        f"the holds give equal torque in the body as it is ({drives}); people differ from it, so a "
        "difference of torque is left in them, and CV and torque/power are what to read. Crawling "
        "is commanded alike. Rotation takes minutes to set in, so short trials show it hardly.",
        f"Endurance is the time for which {config.endurance_muscle} can be expected to give a share "
        f"of its rested maximum (no noise; {config.longest_s:g} s at most), its drive raised as it "
        "tires. Fatigue is that of Potvin & Fuglevand 2017 (PLoS Comput Biol 13:e1005581).",
        "Intervals: paired t below 20 subjects, BCa bootstrap from 20 on; corrected within a measure "
        "(Holm) and over all measures shown (q, Benjamini-Hochberg); a difference that surely lies "
        "below the smallest of interest, fixed beforehand, counts as none that matters.",
    ]


def run(
    config: Config | None = None, *, out: Path | None = None, n_workers: int | None = None
) -> list[Path]:
    """The whole study; the files to be read."""
    config = config or Config()
    opened = studies.open_study(study_of(config), out)
    outcomes, _ = studies.perform(opened, n_workers=n_workers)
    studies.write_tables(opened.folder, outcomes)
    return report(opened.folder, studies.load(opened.folder), config)


def main(arguments: Sequence[str] | None = None) -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=QUESTION)
    parser.add_argument("--quick", action="store_true", help="a short study, under two minutes")
    parser.add_argument("--out", type=Path, help="folder of the results")
    parser.add_argument("--workers", type=int, help="trials at a time; default: one for each core")
    given = parser.parse_args(arguments)
    for path in run(QUICK if given.quick else None, out=given.out, n_workers=given.workers):
        print(path)


if __name__ == "__main__":
    main()
