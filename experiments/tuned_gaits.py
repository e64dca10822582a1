"""Does synchronization look better, or worse, when the gait is tuned to it?

A gait was searched for under each strategy, in the same way and for the same time (files
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
    | {"swing_contact_share": "Swing limbs on the floor", "stance_slip_m": "Slip of stance limbs"}
)
SHARED = parts.Part("shared", "Each strategy with the gait of independent input", MEASURES, "crawl")
OWN = parts.Part("own", "Each strategy with its own gait", MEASURES, "crawl")
ALONE = parts.Part("gait", "Every gait under independent input", MEASURES, "crawl")
COST = "cost_of_transport_j_per_kg_m"
METHOD = [
    "Independent input with the gait tuned under it is the baseline of all three parts. Gaits were "
    "tuned at 0.35 m/s, with 40 units a muscle, over a spread of strength and friction, for power, "
    "drive, tracking, drift and speed, by the same command but for the strategy (the second search "
    "under independent input: but for the seed); the kept gait, from which all began, may win.",
    "Paired t, of chances an exact sign test, over virtual subjects, each on the same noise under "
    "every condition; corrected within a measure (Holm) and over all measures shown (q, "
    "Benjamini-Hochberg). Numbers of the answer: mean and 95 % interval over subjects, in percent "
    "of the baseline's cost. There is one gait a strategy: what is said of a gait is of that gait "
    "in these people, not of what another search would have found.",
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
            *found.sections,
            reports.Section("What the searches found", tables=[gaits(loaded)]),
            reports.Section("All numbers", tables=found.tables),
        ],
        METHOD,
        results.provenance(loaded.run),
        loaded.run.command,
    )
    return parts.Report(page, found.figures, measured, comparisons, found.groups)


def answers(measured: Sequence[Measurement]) -> list[str]:
    """What each strategy costs with either gait, and what its own gait is worth to it alone."""
    cost: dict[tuple[str, str], dict[int, float]] = {}
    for m in measured:
        if m.measure == COST and not math.isnan(m.value):
            cost.setdefault((m.task, m.strategy), {})[m.seed] = m.value
    base, again = cost.get(("shared", BASELINE)), cost.get(("gait", AGAIN))
    if not base:
        return []

    def percent(sign: Mapping[tuple[str, str], int]) -> Interval | None:
        """Sum over conditions of sign times cost, in percent of the baseline's mean."""
        if not all(at in cost for at in sign):
            return None
        people = sorted(set.intersection(*(set(cost[at]) for at in sign)))
        sums = [sum(of * cost[at][who] for at, of in sign.items()) for who in people]
        return mean_interval(100.0 * np.array(sums) / np.mean(list(base.values())))

    at_base, said = ("shared", BASELINE), []
    if again and (luck := percent({("gait", AGAIN): 1, at_base: -1})):
        said.append(
            "Two searches under independent input, by different seeds, ended in gaits that differ "
            f"by {_told(luck)} in cost of transport. One search a strategy cannot tell a gait that "
            "suits a strategy from a gait that is good or bad anyway; the last number of each line "
            "below can, as the gait itself is taken out."
        )
    if kept := percent({("gait", HELD): 1, at_base: -1}):
        said.append(
            "The gait that other studies hold, set by hand for many speeds and floors, costs "
            f"{_told(kept)} beside the one tuned at this speed, both under independent input."
        )
    for name in dict.fromkeys(strategy for part, strategy in cost if part == "own"):
        shared = percent({("shared", name): 1, at_base: -1})
        own = percent({("own", name): 1, at_base: -1})
        alone = percent({("gait", name): 1, at_base: -1})
        signs = {("own", name): 1, ("shared", name): -1, ("gait", name): -1, at_base: 1}
        suits = percent(signs)
        if name != BASELINE and shared and own and alone and suits:
            said.append(
                f"{name.replace('_', ' ').capitalize()}: cost of transport {_told(shared)} with "
                f"the gait of independent input, {_told(own)} with its own. Its gait alone, under "
                f"independent input: {_told(alone)}. What its own gait is worth to it beyond that: "
                f"{_told(suits)}{_verdict(suits)}."
            )
    return said


def _told(found: Interval) -> str:
    return f"{found.mean:+.1f} % ({found.low:+.1f} to {found.high:+.1f})"


def _verdict(found: Interval) -> str:
    """Whether the smallest difference of interest is excluded, by the 95 % interval."""
    interest = interest_in(COST)
    limit = 100.0 * (interest.share or 0.0) if interest else 0.0
    if -limit < found.low and found.high < limit:
        return f", which lies within the {limit:g} % that matter"
    return "" if found.low > 0.0 or found.high < 0.0 else ", which leaves it open"


def gaits(loaded: studies.Loaded) -> reports.Table:
    """What of the gaits and gains differs from the one that is held."""
    names = [HELD, *dict.fromkeys(done.factors["gait"] for done in loaded.trials)]
    values = {name: _numbers(gait_of(name)) for name in dict.fromkeys(names)}
    rows = [
        [path, *(f"{of_gait[path]:.3g}" for of_gait in values.values())]
        for path in values[HELD]
        if any(of_gait[path] != values[HELD][path] for of_gait in values.values())
    ]
    head = ["Parameter", *(name.replace("_", " ") for name in values)]
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
