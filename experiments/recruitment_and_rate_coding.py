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
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import NamedTuple

from neurocoord import report as reports
from neurocoord import results
from neurocoord import study as studies
from neurocoord.analysis import force_gain_plots
from neurocoord.analysis.endurance import endurance_s
from neurocoord.analysis.force_gain import ForceGain
from neurocoord.analysis.statistics import Measurement, compare_all
from neurocoord.body import model as bodies
from neurocoord.body.model import muscle_index
from neurocoord.motorunits import fatigue, published
from neurocoord.motorunits.parameters import PoolParameters, of_muscle
from neurocoord.pools import Pools, body_pools
from neurocoord.study import force_split, parts
from neurocoord.study.labels import of
from neurocoord.tasks import TASKS, isometric
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


QUICK = Config(n_subjects=2, n_units=40, hold_s=1.6, tiring_hold_s=2.0, crawl_s=2.0)
MUSCLES = {"SOL_r": "Soleus", "TA_r": "Tibialis anterior", "VAS_L_r": "Vastus lateralis"}
MUSCLES |= {"BIC_r": "Biceps brachii"}  # whose force is split
NARROW = 10.0  # range of thresholds of a second pool of 1993; its own is 30 (choice)
ONE_MUSCLE = "VAS_L_r"  # whose endurance and force by order are told
LEVELS = (0.3, 0.5, 0.7)  # of its force at full drive, to be held
LONGEST_S = 1800.0  # for so long at most

HOLDS = of("isometric", *(
    name.format(hold)
    for hold in ("low", "high")
    for name in (
        "torque_{}_nm", "torque_{}_cv", "power_{}_w", "torque_per_power_{}_nm_per_w"
    )
))  # fmt: skip
MEASURES = {
    "isometric": HOLDS,
    "isometric_tiring": HOLDS,
    "endurance": {
        f"endurance_{100 * at:.0f}_s": f"Time at {100 * at:.0f} % of maximum" for at in LEVELS
    },
    "crawl": of(
        "crawl", "fell", "speed_m_per_s", "tracking_error_deg", "muscle_force_n",
        "muscle_force_fluctuation", "drive", "metabolic_power_w", "cost_of_transport_j_per_kg_m",
    ),
}  # fmt: skip
PARTS = {
    "isometric": "Rested holds",
    "isometric_tiring": "Tiring holds",
    "endurance": "Endurance",
    "crawl": "Crawling",
}
COSTS = {  # of which each energy model is told
    "isometric": ("power_low_w", "power_high_w"),
    "isometric_tiring": ("power_low_w", "power_high_w"),
    "crawl": ("metabolic_power_w", "cost_of_transport_j_per_kg_m"),
}
WEAKER = (
    "In every order a muscle's full drive gives its maximum. Strong units that are recruited first "
    "fire faster at full drive than where they come last (peak rates belong to the place in the "
    "order), so reversed reaches it with weaker fibres of the same mass: about an eighth weaker at "
    "the dynamometer, a quarter in the moving body, which is a part of its cost."
)
NOTES = {
    "isometric": [
        "Equal torque is what the drives were set for, and no finding. " + WEAKER,
    ],
    "isometric_tiring": [
        "Two holds of 20 s with fatigue and adaptation, the low one first. The CV takes in the "
        "torque's fall over the hold, which is less under reversed.",
    ],
    "endurance": [
        "Expected states, without noise: intervals tell how people differ as they were drawn. "
        "Units adapt by their place in the order (rates of those recruited last fall most), and "
        "where the strongest come last, a muscle can give about 74 % of its rested maximum once "
        "they have adapted. So a hold at 70 % is short by size and longer reversed; at 50 and 30 % "
        "tiring decides, and reversed is shorter.",
        "Taking turns at first gave no difference at all: a unit gave way to its neighbour alone. "
        "The rule was mended after that nil, and the hold at 30 % added: that turns lengthen it is "
        "a finding that asks to be repeated. Gains differ widely between people.",
    ],
    "crawl": [
        "Drive of another order is another scale, no less effort. " + WEAKER,
    ],
}  # fmt: skip
TURNS_FROM_S = -fatigue.TIREDNESS_TAU_S * math.log(1.0 - fatigue.TIREDNESS_MARGIN)
SPLIT = "Force by recruitment and by rate coding"
QUESTION = (
    "How much of a muscle's force is gained by recruiting motor units, and how much by their "
    "firing faster? What do force, steadiness, endurance and metabolic cost lose or gain when "
    "units are recruited in turns (rotation) or largest first (reversed) instead of by size?"
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


def splits() -> dict[str, tuple[PoolParameters, ForceGain]]:
    """By name: pools of the body with their own numbers of units, and two published ones."""
    body = bodies.load(TASKS["crawl"].body)
    of_body = body_pools(Pools(counts="fitted"), body)
    pools = {word: of_muscle(of_body, muscle_index(body, m)) for m, word in MUSCLES.items()}
    saturating = body_pools(Pools(counts="fitted", twitch="saturating"), body)
    name = f"{MUSCLES[ONE_MUSCLE]}, saturating"
    pools[name] = of_muscle(saturating, muscle_index(body, ONE_MUSCLE))
    pools["As published in 1993"] = published.fuglevand_1993()
    pools["1993, narrow thresholds"] = published.fuglevand_1993(recruitment_range=NARROW)
    return {name: (p, force_split.of_pool(p)) for name, p in pools.items()}


@cache
def _dynamometer() -> bodies.Body:
    return bodies.load(TASKS["isometric"].body)


def endurance(loaded: studies.Loaded) -> list[Measurement]:
    """Endurance of every subject under every order, of the pools that the tiring holds had."""
    muscle, found = muscle_index(_dynamometer(), ONE_MUSCLE), []
    for stored, outcome in zip(loaded.trials, studies.outcomes(loaded)):
        if stored.factors.get("fatigue") == "yes" and stored.seed == loaded.trials[0].seed:
            pool = of_muscle(body_pools(outcome.config.pools, _dynamometer()), muscle)
            for level in LEVELS:
                name, held_s = f"endurance_{100 * level:.0f}_s", endurance_s(pool, level, LONGEST_S)
                order = stored.factors["order"]
                found.append(Measurement("endurance", order, stored.subject, name, held_s, "s"))
    return found


def place(done: studies.StoredTrial) -> tuple[str, str]:
    """Part and order of a trial."""
    tiring = "_tiring" if done.factors["fatigue"] == "yes" else ""
    return done.task + tiring, done.factors["order"]


def told(loaded: studies.Loaded) -> parts.Report:
    """Everything that is told of a folder of the study, as far as it has come."""
    measured = [*studies.subject_means(loaded, place, upright=True), *endurance(loaded)]
    first = next(iter(Config().drives))
    comparisons = compare_all(measured, primary=MEASURES, baseline=first)
    split = splits()
    gains = {name: gain for name, (_, gain) in split.items()}
    drawn = {name: force_split.thinned(gain) for name, gain in gains.items()}
    figures = {"force_gain": force_gain_plots.draw(SPLIT, drawn)}
    answer = [force_split.answer(gains)]
    sections = [force_split.section(SPLIT, split, figures["force_gain"], [order_table()])]
    groups = []
    for name, labels in MEASURES.items():
        part = parts.Part(name, PARTS[name], labels, name.removesuffix("_tiring"))
        group = parts.group_of(part, comparisons, first)
        equal = [parts.equal_speed(part, comparisons, first)] if name == "crawl" else []
        part = part._replace(notes=[*equal, *NOTES[name]])
        if group.comparisons:
            groups.append(group)
            figure = parts.forest(part, group, f"{first} order")
            figures |= {f"effects_{name}": figure} if figure else {}
            answer += reports.answers(
                part.title, labels, group.comparisons, model_dependent=list(group.hanging)
            )
            tables = [parts.numbers(part, group)]
            if name in COSTS:
                tables.append(parts.model_table(part, comparisons, first, COSTS[name]))
            sections.append(parts.section(part, group, figure, tables))
    answer += unchanged(groups)
    page = reports.Page(
        "Recruitment, rate coding and the size principle",
        QUESTION,
        answer,
        sections,
        [force_split.DEFINITION, *_method(len({done.subject for done in loaded.trials}))],
        results.provenance(loaded.run),
        loaded.run.command,
    )
    return parts.Report(page, figures, measured, comparisons, groups)


def report(folder: Path, loaded: studies.Loaded) -> list[Path]:
    """Tables, figures and the page of a folder of the study, as far as it has come."""
    return parts.write_report(folder, loaded.run, told(loaded))


def order_table() -> reports.Table:
    """Force of one muscle at equal excitation under each order."""
    muscle, gains = muscle_index(_dynamometer(), ONE_MUSCLE), {}
    for order in Config().drives:
        pools = body_pools(Pools(order=order), _dynamometer())
        gains[order] = force_split.of_pool(pools, muscle)
    note = "Rested: rotation begins as size order. Full drive gives a muscle its maximum in each."
    caption = f"{MUSCLES[ONE_MUSCLE]}: force at equal excitation"
    return force_split.by_name(caption, "Order", gains, note)


def unchanged(groups: Sequence[reports.Group]) -> list[str]:
    """A sentence for each order that never came into play in some parts: nothing differed there."""
    alike: dict[str, list[str]] = {}
    for group in groups:
        pairs = [p for c in group.comparisons if c.measure in group.labels for p in c.pairs]
        for order in dict.fromkeys(pair.second for pair in pairs):
            if all(pair.identical for pair in pairs if pair.second == order):
                alike.setdefault(order, []).append(group.title.lower())
    return [
        f"Under {order} every measure of {', '.join(titles)} is exactly as under size order: no "
        f"unit was active for long enough ({TURNS_FROM_S:.0f} s) for it to set in. This is a nil "
        "of these efforts, and none of longer ones."
        for order, titles in alike.items()
    ]


def _method(n_subjects: int) -> list[str]:
    """How the orders were compared."""
    drives = "; ".join(f"{o} {d.low:g} and {d.high:g}" for o, d in Config().drives.items())
    return [
        f"Orders are compared in {n_subjects} virtual subjects, paired on the same noise. Drives "
        f"of the holds give equal torque in the body as it is ({drives}); people differ from it: "
        "a difference of torque is left in them, and CV and torque/power are what to read. "
        "Crawling is commanded alike. Neighbours in size take turns only when some have been "
        "active for minutes: no trial here is long enough to show rotation, endurance is.",
        f"Endurance is the time for which the {MUSCLES[ONE_MUSCLE].lower()} can be expected to "
        f"give a share of its own rested maximum under that order (no noise; {LONGEST_S:g} s at "
        "most), its drive raised as it tires. Fatigue is that of Potvin & Fuglevand 2017 (PLoS "
        "Comput Biol 13:e1005581). Endurance and the split of force are computed when the page is "
        "written, by the code it is kept with; trials are of the commit below.",
        "Intervals and tests: paired t over subjects; corrected within a "
        "measure (Holm) and over all measures shown (q, Benjamini-Hochberg); a difference that "
        "surely lies below the smallest of interest, fixed beforehand, counts as none.",
    ]


def run(
    config: Config | None = None, *, out: Path | None = None, n_workers: int | None = None
) -> list[Path]:
    """The whole study; the files to be read."""
    return studies.run_and_report(study_of(config or Config()), report, out, n_workers=n_workers)


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
