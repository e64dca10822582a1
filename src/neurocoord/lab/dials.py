"""What a visitor may set: every dial with its label, unit, range and words of help.

Pages draw their controls from these tables, lessons name their entries, and whatever comes from a
browser or a file is checked against them.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, NamedTuple, TypeVar

from neurocoord.settings import unknown
from neurocoord.synchrony import STRATEGIES

Dials = TypeVar("Dials", "MuscleDials", "BodyDials")


class Span(NamedTuple):
    """A dial that is a number."""

    label: str
    low: float
    high: float
    step: float
    hint: str


class Choice(NamedTuple):
    """A dial that is one of some words; `words` tells people what each stands for."""

    label: str
    words: Mapping[str, str]
    hint: str


class Switch(NamedTuple):
    """A dial that is on or off."""

    label: str
    hint: str


Dial = Span | Choice | Switch

_STRATEGY_WORDS = {
    "independent": "independent: nothing shared",
    "common_drive": "common drive: slow input shared",
    "short_term": "short term: spikes within milliseconds",
    "beta": "beta: a rhythm near 20 per s shared",
    "staggered": "staggered: units take turns",
}
_STRATEGY = Choice(
    "Synchrony",
    {name: _STRATEGY_WORDS.get(name, name) for name in ("independent", *STRATEGIES)},
    "With whom motor units share their input. It moves no unit's own mean rate.",
)
_STRENGTH = Span("Synchrony dial (0 to 1)", 0.0, 1.0, 0.05, "0 shares nothing, 1 is the full dial.")


@dataclass(frozen=True, kw_only=True)
class MuscleDials:
    """How the one muscle is driven, and what it is."""

    drive_percent: float = 30.0  # of maximal excitation
    goal: str = "drive"  # what is held: the drive, or a force by changing the drive
    force_percent: float = 30.0  # of the untrained maximum; where the goal is a force
    strategy: str = "independent"
    strength: float = 1.0
    order: str = "size"
    training: str = "none"
    weeks: float = 8.0
    fatigue: bool = False
    pace: float = 1.0  # simulated over real time


MUSCLE: dict[str, Dial] = {
    "drive_percent": Span(
        "Drive (% of maximum)", 0.0, 100.0, 1.0, "How hard the nervous system drives the muscle."
    ),
    "goal": Choice(
        "Hold",
        {"drive": "the drive", "force": "a force, by changing the drive"},
        "A person told to keep a force drives harder as the muscle tires.",
    ),
    "force_percent": Span(
        "Force to hold (% of maximum)", 5.0, 90.0, 1.0, "Used where a force is held."
    ),
    "strategy": _STRATEGY,
    "strength": _STRENGTH,
    "order": Choice(
        "Recruitment order",
        {
            "size": "small units first (size principle)",
            "reversed": "large units first (as in stimulation)",
            "rotation": "small first, tired units take turns",
        },
        "Which units work first. A change begins anew. Turns are taken after some minutes.",
    ),
    "training": Choice(
        "Training before",
        {
            "none": "none",
            "resistance": "resistance",
            "maximal_load": "maximal load",
            "plyometric": "plyometric (fast contractions)",
            "skill": "skill",
        },
        "What weeks of a programme change in the units. A change begins anew.",
    ),
    "weeks": Span("Weeks of training", 0.0, 24.0, 1.0, "A change begins anew."),
    "fatigue": Switch("Fatigue", "Units tire and recover. A change begins anew."),
    "pace": Span(
        "Pace (x real time)",
        0.1,
        20.0,
        0.1,
        "0.1 shows single spikes; 20 shows minutes of fatigue.",
    ),
}
NEW_POOL = ("order", "training", "weeks", "fatigue")  # a change of these begins anew


@dataclass(frozen=True, kw_only=True)
class BodyDials:
    """What the body does, and how its muscles' units share their input."""

    task: str = "crawl"
    speed_m_per_s: float = 0.4
    strategy: str = "independent"
    strength: float = 1.0
    scope: str = "pool"
    allocation: str = "effort"
    allocation_dial: float = 1.0
    pace: float = 1.0


BODY: dict[str, Dial] = {
    "task": Choice(
        "Movement",
        {"crawl": "crawl on hands and knees", "roll": "roll over from the back"},
        "A change begins anew.",
    ),
    "speed_m_per_s": Span(
        "Crawling speed asked for (m/s)", 0.1, 0.6, 0.05, "A change begins anew."
    ),
    "strategy": _STRATEGY,
    "strength": _STRENGTH,
    "scope": Choice(
        "Shared among",
        {
            "pool": "the units of one muscle",
            "synergists": "muscles that work together",
            "body": "all muscles of the body",
        },
        "How far input is shared.",
    ),
    "allocation": Choice(
        "Muscles are chosen for",
        {
            "effort": "least effort",
            "co_contraction": "co-contraction: antagonists work along",
            "stabilizers": "stabilizers: they work along",
        },
        "How the controller shares a task among muscles. A change begins anew.",
    ),
    "allocation_dial": Span("... how much of it (0 to 1)", 0.0, 1.0, 0.1, "A change begins anew."),
    "pace": Span("Pace (x real time)", 0.1, 1.0, 0.1, "Below 1 is slow motion."),
}
NEW_TASK = ("task", "speed_m_per_s", "allocation", "allocation_dial")
TABLES: dict[type, dict[str, Dial]] = {MuscleDials: MUSCLE, BodyDials: BODY}


def default(kind: type[Dials]) -> Dials:
    """All dials as they are at first."""
    return kind()


def turned(dials: Dials, name: str, value: Any) -> Dials:
    """The dials with one of them turned; a ValueError names the dial and what is allowed."""
    table = TABLES[type(dials)]
    if name not in table:
        raise ValueError(unknown("dial", name, table))
    return replace(dials, **{name: checked(name, table[name], value)})


def checked(name: str, dial: Dial, value: Any) -> Any:
    """A value for a dial, of the dial's own type and inside its range; else a ValueError."""
    if isinstance(dial, Switch):
        if not isinstance(value, bool):
            raise ValueError(f"{name}={value!r} is not allowed; it is true or false")
        return value
    if isinstance(dial, Choice):
        if not isinstance(value, str) or value not in dial.words:
            raise ValueError(unknown(name, value, dial.words))
        return value
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number or not math.isfinite(value) or not dial.low <= value <= dial.high:
        raise ValueError(
            f"{name}={value!r} is not allowed; it is a number from {dial.low:g} to {dial.high:g}"
        )
    return float(value)


def with_all(dials: Dials, given: Mapping[str, Any]) -> Dials:
    """The dials with several of them turned."""
    for name, value in given.items():
        dials = turned(dials, name, value)
    return dials


def changed(before: Dials, after: Dials) -> set[str]:
    """Names of the dials that differ."""
    return {
        field.name
        for field in fields(before)
        if getattr(before, field.name) != getattr(after, field.name)
    }


def told(dials: MuscleDials) -> str:
    """The dials of a muscle in one line for people."""
    held = (
        f"force {dials.force_percent:g} %"
        if dials.goal == "force"
        else f"drive {dials.drive_percent:g} %"
    )
    sync = dials.strategy.replace("_", " ")
    if dials.strategy != "independent":
        sync += f" {dials.strength:g}"
    more = [] if dials.order == "size" else [f"{dials.order} order"]
    if dials.training != "none" and dials.weeks > 0:
        more.append(f"{dials.weeks:g} weeks of {dials.training.replace('_', ' ')}")
    more += ["tiring"] * dials.fatigue
    return ", ".join([held, sync, *more])
