"""Outcomes that a controller's clock does not fix: the farthest rung of a ladder of conditions.

A ladder is a part of a study in which each condition is run at levels from easy to hard (factor
`level`), every subject once at each.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from neurocoord import report as reports
from neurocoord.analysis import ladder as analysis
from neurocoord.analysis.statistics import Measurement
from neurocoord.study.store import Loaded, StoredTrial

LEVEL = "level"


class Ladder(NamedTuple):
    """What is asked of people on a ladder."""

    part: str  # of the study
    measure: str  # what comes of it, by subject
    unit: str
    label: str  # for people
    level: str  # what a level is, with its unit
    passed: Callable[[StoredTrial], bool]
    value: Callable[[StoredTrial], float]  # of a rung that was passed
    best: Callable[[Sequence[float]], float] = max  # of the rungs passed in a row
    none: float = 0.0  # of who passed no rung; NaN: such a one is not compared


FAST_ENOUGH = 0.9  # of the commanded speed (choice)


def _kept_up(done: StoredTrial) -> bool:
    speed, wanted = done.measures["speed_m_per_s"], float(done.factors[LEVEL])
    return not done.fell and speed >= FAST_ENOUGH * wanted


LADDERS = (
    Ladder(
        "highest_speed", "highest_speed_m_per_s", "m/s", "Highest speed of crawling",
        "commanded speed (m/s); passed: it does not fall and goes at 0.9 of it or more",
        _kept_up,
        lambda done: done.measures["speed_m_per_s"],
    ),
    Ladder(
        "shortest_roll", "shortest_roll_s", "s", "Shortest roll",
        "tempo of the roll over its own; passed: it rolls over within the trial",
        lambda done: done.measures["rolled"] == 1.0,
        lambda done: done.measures["roll_time_s"],
        best=min,
        none=float("nan"),
    ),
    Ladder(
        "largest_push", "largest_push_n", "N", "Largest push survived",
        "push (N) to the left at the chest for 0.1 s; passed: the body does not fall",
        lambda done: not done.fell,
        lambda done: float(done.factors[LEVEL]),
    ),
)  # fmt: skip


class Climbed(NamedTuple):
    """A ladder under one condition."""

    levels: list[float]  # from easy to hard
    subjects: list[int]
    passed: np.ndarray  # bool[subject, level]
    value: np.ndarray  # [subject, level]


def climbed(ladder: Ladder, loaded: Loaded) -> dict[str, Climbed]:
    """By condition: the subjects who tried every level that has come under all conditions."""
    tried: dict[str, dict[int, dict[float, StoredTrial]]] = {}
    for done in loaded.trials:
        if done.factors.get("part") == ladder.part and not done.error:
            of = tried.setdefault(done.factors["compared"], {})
            of.setdefault(done.subject or -done.seed, {})[float(done.factors[LEVEL])] = done
    come = [{at for rungs in people.values() for at in rungs} for people in tried.values()]
    levels, found = sorted(set.intersection(*come)) if come else [], {}
    for condition, people in tried.items():
        whole = {who: rungs for who, rungs in people.items() if set(levels) <= set(rungs)}
        if whole and levels:
            rows = [[rungs[at] for at in levels] for rungs in whole.values()]
            passed = np.array([[ladder.passed(done) for done in row] for row in rows])
            value = np.array([[ladder.value(done) for done in row] for row in rows], float)
            found[condition] = Climbed(levels, list(whole), passed, value)
    return found


def measurements(ladder: Ladder, loaded: Loaded) -> list[Measurement]:
    """The outcome of each subject under each condition."""
    found = []
    for condition, of in climbed(ladder, loaded).items():
        for who, n, value in zip(of.subjects, analysis.rungs_passed(of.passed), of.value):
            got = ladder.best(value[:n].tolist()) if n else ladder.none
            found.append(Measurement(ladder.part, condition, who, ladder.measure, got, ladder.unit))
    return found


def table(ladder: Ladder, loaded: Loaded) -> reports.Table:
    """A row for each condition: how many passed each level, and the level at which 9 in 10 do."""
    rows, levels = [], []
    for condition, of in climbed(ladder, loaded).items():
        levels = of.levels
        found = analysis.reached(of.levels, of.passed)
        n = len(of.subjects)
        low = f"{found.low:.3g}" + " or less" * (found.low <= of.levels[0])
        high = f"{found.high:.3g}" + " or more" * (found.high >= of.levels[-1])
        told = f"{found.level:.3g} ({low} to {high})"
        if np.isnan(found.level):
            told = f"easier than {of.levels[0]:g}"
        elif found.censored:
            told = f"{of.levels[-1]:g} or harder"
        passed = [f"{count} of {n}" for count in of.passed.sum(axis=0)]
        rows.append([condition.replace("_", " "), *passed, told])
    share = f"{100 * analysis.SUCCESS:.0f} %"
    head = ["Condition", *(f"passed at {at:g}" for at in levels), f"Level at which {share} pass"]
    note = (
        f"Level: {ladder.level}, from easy to hard. The last column reads the share that passes, "
        "made to fall with level (isotonic regression), between the levels; interval: bootstrap "
        "over people, of each condition alone. A ladder is coarse: what differs by less than a "
        "level stays open, and all conditions are held against the same run of the baseline."
    )
    return reports.Table(f"{ladder.label}: who passed", head, rows, 1, note)
