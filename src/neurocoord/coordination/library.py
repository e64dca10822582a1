"""Movements that were found by hand or by search and kept: small files in ``models/movements``.

A file holds the parameters of one movement and of the controller that carries it out, and says
in ``made_by`` how they were found: by hand, or by a command of ``experiments/tune_movement.py``.
"""

from __future__ import annotations

import json
from dataclasses import fields, replace
from functools import cache
from typing import Any, NamedTuple

from neurocoord.coordination.allocation import ControllerGains
from neurocoord.coordination.balance import Balance
from neurocoord.coordination.gait import Gait
from neurocoord.coordination.roll import RollKeyframe, RollPlan
from neurocoord.resources import models_folder
from neurocoord.settings import unknown


class Movement(NamedTuple):
    """A movement as found: a gait, a roll or postures to hold, and the controller's gains."""

    plan: Gait | RollPlan | Balance
    gains: ControllerGains


def movement_names() -> list[str]:
    """Names of the movements that are kept."""
    return sorted(path.stem for path in (models_folder() / "movements").glob("*.json"))


@cache
def load_movement(name: str) -> Movement:
    """A movement by name, such as ``crawl_hands_knees``."""
    if name not in movement_names():
        raise ValueError(unknown("movement", name, movement_names()))
    path = models_folder() / "movements" / f"{name}.json"
    return movement_from(json.loads(path.read_text(encoding="utf-8")))


def names_of(kind: type) -> list[str]:
    """Names of the kept movements whose plan is a ``kind``."""
    return [name for name in movement_names() if isinstance(load_movement(name).plan, kind)]


def movement_of(kind: type, called: str, name: str) -> Movement:
    """A movement by name whose plan is a ``kind``; ValueError names those that are."""
    found = load_movement(name)
    if not isinstance(found.plan, kind):
        allowed = ", ".join(names_of(kind))
        raise ValueError(f"movement {name!r} is no {called}; allowed: {allowed}")
    return found


def check_alone(settings: Any, *places: str) -> None:
    """ValueError where a movement is named and what it is in place of was changed as well."""
    if not settings.movement:
        return
    usual = type(settings)()
    given = [name for name in places if getattr(settings, name) != getattr(usual, name)]
    if given:
        raise ValueError(
            f"movement={settings.movement} is in place of {' and '.join(places)}, and "
            f"{' and '.join(given)} changed too; give one or the other"
        )


def with_movement(settings: Any, name: str) -> Any:
    """A task's settings with the plan and the gains of a kept movement, which must be its kind."""
    fits = {
        n: field.name
        for n in movement_names()
        for field in fields(settings)
        if type(load_movement(n).plan) is type(getattr(settings, field.name))
    }
    if name not in fits:
        load_movement(name)  # an unknown name is named as such
        allowed = ", ".join(fits) or "none for this task"
        raise ValueError(f"movement {name!r} is of another kind; allowed: {allowed}")
    found = load_movement(name)
    unnamed = {"movement": ""} if hasattr(settings, "movement") else {}
    return replace(settings, **{fits[name]: found.plan, "gains": found.gains}, **unnamed)


def movement_from(found: dict[str, Any]) -> Movement:
    """Build a movement from the plain values of its file."""
    gains = make(ControllerGains, found["gains"])
    if found["kind"] == "crawl":
        return Movement(make(Gait, found["plan"]), gains)
    if found["kind"] == "roll":
        plan = dict(found["plan"])
        for frame in ("start", "first", "second", "last"):
            if frame in plan:
                plan[frame] = make(RollKeyframe, plan[frame])
        plan["times_s"] = tuple(plan["times_s"])
        return Movement(make(RollPlan, plan), gains)
    if found["kind"] == "balance":
        return Movement(make(Balance, found["plan"]), gains)
    raise ValueError(unknown("kind", found["kind"], ("balance", "crawl", "roll")))


def make(record: type, values: dict[str, Any]) -> Any:
    """A record from plain values; what the file does not name keeps its default."""
    known = [field.name for field in fields(record)]
    for name in values:
        if name not in known:
            raise ValueError(unknown(f"{record.__name__} field", name, known))
    return record(**values)
