"""Does synchronization look better, or worse, when the gait is tuned to it?

A gait was searched for under each strategy, in the same way and for as many generations (files
`crawl_hands_knees_STRATEGY` in models/movements, each with its command in `made_by`), and once more
under independent input with another seed. Bodies crawl under each strategy with the gait of
independent input and with its own, and with every gait under independent input: what a gait is
worth anyway is taken out of what it is worth to its strategy.

    neurocoord study run tuned_gaits
"""

from __future__ import annotations

import math
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np

from neurocoord import report as reports
from neurocoord import results
from neurocoord import study as studies
from neurocoord.analysis.statistics import (
    Interval,
    Measurement,
    compare_all,
    interest_in,
    mean_interval,
)
from neurocoord.coordination.library import load_movement, with_movement
from neurocoord.report.tables import plain
from neurocoord.settings import flatten, replace_path
from neurocoord.study import parts
from neurocoord.study.labels import SHOWN, of
from neurocoord.synchrony import STRATEGIES
from neurocoord.tasks import crawl
from neurocoord.trial import Synchrony, TrialConfig

BASELINE = "independent"
AGAIN, HELD = "independent_again", "held"


@dataclass(frozen=True, kw_only=True)
class Config:
    """The whole study. Sizes are choices: about twenty minutes on two cores."""

    strategies: tuple[str, ...] = tuple(s for s in STRATEGIES if s != BASELINE)
    n_subjects: int = 20
    n_units: int = 120
    speed_m_per_s: float = 0.35  # at which the gaits were tuned
    crawl_s: float = 5.0


QUICK = Config(strategies=("short_term",), n_subjects=2, n_units=40, crawl_s=2.0)
MEASURES = (
    of("crawl", "fell")
    | SHOWN["crawl"]
    | of("crawl", "drive", "emg_rectified")
    | {"swing_contact_share": "Swing limbs on the floor"}
)
SHARED = parts.Part("shared", "Each strategy with the gait of independent input", MEASURES, "crawl")
OWN = parts.Part("own", "Each strategy with its own gait", MEASURES, "crawl")
ALONE = parts.Part("gait", "Every gait under independent input", MEASURES, "crawl")
COST = "cost_of_transport_j_per_kg_m"
METHOD = [
    "Independent input with the gait tuned under it is the baseline of all three parts. Gaits were "
    "tuned at 0.35 m/s, with 40 units a muscle, over a spread of strength and friction, for power, "
    "drive, tracking, drift and speed, by the same command but for the strategy (the second search "
    "under independent input: but for the seed); the kept gait, from which all began, may win. The "
    "two searches under independent input were stopped after three of their six generations and "
    "gone on with, which begins the search's own spread anew.",
    "Paired t, of chances an exact sign test, over virtual subjects, each on the same noise under "
    "every condition; corrected within a measure (Holm) and over all measures shown (q, "
    "Benjamini-Hochberg). Numbers of the answer stand in the first table. There is one gait a "
    "strategy: what is said of a gait is of that gait in these people, not of what another search "
    "would have found.",
]
TITLE = "Gaits tuned under each strategy of synchronization"
QUESTION = (
    "Does synchronization of motor units make crawling cheaper or better when the gait is tuned "
    "to it, and not held as it was found without?"
)


def gait_of(name: str) -> str:
    """The movement that was tuned under a strategy, or the one that is held."""
    return crawl.MOVEMENT if name == HELD else f"{crawl.MOVEMENT}_{name}"


def study(quick: bool = False) -> studies.Study:
    """The study as `neurocoord study run` knows it."""
    return study_of(QUICK if quick else Config())


def study_of(config: Config) -> studies.Study:
    """The study of a config."""

    def crawls(gait: str) -> TrialConfig:
        settings = crawl.Settings(speed_m_per_s=config.speed_m_per_s)
        settings = with_movement(settings, gait_of(gait))
        done = TrialConfig(task="crawl", seconds=config.crawl_s, settings=settings)
        return replace_path(done, "pools.n_units", config.n_units)

    made = []
    for name in (BASELINE, *config.strategies):
        under = {name: Synchrony(strategy=name)}
        made += studies.of_part("shared", crawls(BASELINE), under, gait=BASELINE)
    for name in config.strategies:
        made += studies.of_part("own", crawls(name), {name: Synchrony(strategy=name)}, gait=name)
    for name in (AGAIN, HELD, *config.strategies):
        made += studies.of_part("gait", crawls(name), {name: Synchrony()}, gait=name)
    return studies.Study(
        name="tuned_gaits",
        question=QUESTION,
        conditions=tuple(made),
        n_subjects=config.n_subjects,
        measures={"crawl": tuple(SHOWN["crawl"])},
    )


def told(loaded: studies.Loaded) -> parts.Report:
    """Everything that is told of a folder of the study, as far as it has come."""
    measured = studies.subject_means(loaded, studies.by_factors, upright=True)
    base = [m for m in measured if (m.task, m.strategy) == ("shared", BASELINE)]
    measured += [m._replace(task=part) for part in ("own", "gait") for m in base]
    asked = [part._replace(labels=parts.measured_labels(MEASURES, part.name, measured))
             for part in (SHARED, OWN, ALONE)]  # fmt: skip
    primary = {part.name: part.labels for part in asked}
    comparisons = compare_all(measured, primary=primary, baseline=BASELINE)
    asked = [p._replace(notes=[parts.equal_speed(p, comparisons, BASELINE)]) for p in asked]
    main = [name for name in dict.fromkeys(m.strategy for m in measured) if name != BASELINE]
    found = parts.find(asked, comparisons, BASELINE, main)
    page = reports.Page(
        TITLE,
        QUESTION,
        answers(measured) or ["Nothing is compared yet."],
        [
            reports.Section("What a gait is worth", tables=[table(measured)]),
            *found.sections,
            reports.Section("What the searches found", tables=[gaits(loaded)]),
            reports.Section("All numbers", tables=found.tables),
        ],
        METHOD,
        results.provenance(loaded.run),
        loaded.run.command,
    )
    return parts.Report(page, found.figures, measured, comparisons, found.groups)


class Worth(NamedTuple):
    """Cost of transport in percent of the baseline's, of those who fell under none of the four."""

    shared: Interval  # the strategy with the gait of independent input
    own: Interval  # ... with its own
    alone: Interval  # its gait under independent input
    beyond: Interval  # own less shared, less alone: what is left when the gait is taken out
    alone_by_person: np.ndarray  # [person]


def costs(measured: Sequence[Measurement]) -> dict[tuple[str, str], dict[int, float]]:
    """Cost of transport by part and condition, and by person."""
    found: dict[tuple[str, str], dict[int, float]] = {}
    for m in measured:
        if m.measure == COST and not math.isnan(m.value):
            found.setdefault((m.task, m.strategy), {})[m.seed] = m.value
    return found


def by_person(
    cost: Mapping[tuple[str, str], Mapping[int, float]], *cells: tuple[str, str]
) -> list[np.ndarray]:
    """Difference of each cell from the baseline in percent of its mean, [person], of those who have
    a value in all of them; nothing for fewer than two people."""
    base = ("shared", BASELINE)
    if not all(cell in cost for cell in (base, *cells)):
        return []
    people = sorted(set.intersection(*(set(cost[cell]) for cell in (base, *cells))))
    if len(people) < 2:
        return []
    of_base, *others = (np.array([cost[c][who] for who in people]) for c in (base, *cells))
    return [100.0 * (other - of_base) / of_base.mean() for other in others]


def worth(cost: Mapping[tuple[str, str], Mapping[int, float]], name: str) -> Worth | None:
    """What the gait of a strategy is worth to it and anyway; None where too few have come."""
    found = by_person(cost, ("shared", name), ("own", name), ("gait", name))
    if not found:
        return None
    shared, own, alone = found
    of = (mean_interval(x) for x in (shared, own, alone, own - shared - alone))
    return Worth(*of, alone_by_person=alone)


def answers(measured: Sequence[Measurement]) -> list[str]:
    """What each strategy costs with either gait, and what is left when the gait is taken out."""
    cost, said = costs(measured), []
    if luck := by_person(cost, ("gait", AGAIN)):
        said.append(
            "Two searches under independent input, by different seeds, ended in gaits that differ "
            f"by {_told(mean_interval(luck[0]))} in cost of transport: one search a strategy does "
            "not tell a gait that suits a strategy from one that is good or bad anyway. So the "
            "gait itself is taken out at the end of each line below."
        )
    if kept := by_person(cost, ("gait", HELD)):
        said.append(
            "The gait that other studies hold, set by hand for many speeds and floors, costs "
            f"{_told(mean_interval(kept[0]))} beside the one tuned at this speed, both under "
            "independent input."
        )
    for name in _strategies(cost):
        if of := worth(cost, name):
            said.append(
                f"{plain(name).capitalize()}: cost of transport {_told(of.shared)} with the gait "
                f"of independent input, {_told(of.own)} with its own. Its gait alone, under "
                f"independent input: {_told(of.alone)}. Beyond that its own gait changes its cost "
                f"by {_told(of.beyond)}{_verdict(of.beyond)}."
            )
    return said


def table(measured: Sequence[Measurement]) -> reports.Table:
    """The numbers of the answer, a row for each strategy."""
    cost, rows = costs(measured), []
    for name in _strategies(cost):
        if of := worth(cost, name):
            spread = of.alone_by_person
            rows.append([
                plain(name), str(of.shared.n_seeds), *map(_told, (of.shared, of.own, of.alone)),
                f"{np.median(spread):+.1f} ({spread.min():+.1f} to {spread.max():+.1f})",
                _told(of.beyond),
            ])  # fmt: skip
    head = (
        "Strategy", "n", "Gait of independent input", "Its own gait",
        "Its gait, independent input", "... median (range of people)", "Beyond the gait",
    )  # fmt: skip
    note = (
        "Percent of the cost under independent input with its own gait; mean and 95 % interval (t) "
        "of those who fell under none of the four, not corrected for the number of strategies. "
        "Beyond the gait: what its own gait changes under the strategy, less what it changes under "
        "independent input."
    )
    return reports.Table("Cost of transport by strategy and gait", head, rows, 1, note)


def _strategies(cost: Mapping[tuple[str, str], object]) -> list[str]:
    return [name for part, name in cost if part == "own" and name != BASELINE]


def _told(found: Interval) -> str:
    return f"{found.mean:+.1f} % ({found.low:+.1f} to {found.high:+.1f})"


def _verdict(found: Interval) -> str:
    """What the 95 % interval says of the smallest difference of interest."""
    interest = interest_in(COST)
    limit = 100.0 * (interest.share or 0.0) if interest else 0.0
    sure = found.low > 0.0 or found.high < 0.0
    if -limit < found.low and found.high < limit:
        return f", surely less than the {limit:.2g} % from which it would matter"
    return ", perhaps too little to matter" * (abs(found.mean) < limit) if sure else ": left open"


def gaits(loaded: studies.Loaded) -> reports.Table:
    """What of the gaits and gains differs from the one that is held."""
    names = [HELD, *dict.fromkeys(done.factors["gait"] for done in loaded.trials)]
    values = {name: _numbers(gait_of(name)) for name in dict.fromkeys(names)}
    rows = [
        [path, *(f"{of_gait[path]:.3g}" for of_gait in values.values())]
        for path in values[HELD]
        if any(of_gait[path] != values[HELD][path] for of_gait in values.values())
    ]
    head = ["Parameter", *map(plain, values)]
    return reports.Table("Parameters that were searched for", head, rows, 1, "Held: before any.")


def _numbers(movement: str) -> dict[str, float]:
    kept = load_movement(movement)
    found = {f"plan.{k}": v for k, v in flatten(kept.plan).items()}
    found |= {f"gains.{k}": v for k, v in flatten(kept.gains).items()}
    return {path: float(v) for path, v in found.items() if isinstance(v, int | float)}


def report(folder: Path, loaded: studies.Loaded) -> list[Path]:
    """Tables, figures and the page of a folder of the study, as far as it has come."""
    return parts.write_report(folder, loaded.run, told(loaded))


def run(
    config: Config | None = None, *, out: Path | None = None, n_workers: int | None = None
) -> list[Path]:
    """The whole study; the files to be read."""
    return studies.run_and_report(study_of(config or Config()), report, out, n_workers=n_workers)


def main() -> None:
    """The command line of `neurocoord study run tuned_gaits`."""
    from neurocoord import cli

    sys.exit(cli.main(["study", "run", "tuned_gaits", *sys.argv[1:]]))


if __name__ == "__main__":
    main()
