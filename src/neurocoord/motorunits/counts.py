"""How many motor units a muscle of the body has, and how much of its mass is type I.

The numbers are in `models/physiology/motor_units.csv`, each with its source. Few muscles have been
counted: most rows follow an allometric fit through those that were, and are tagged `interpolated`.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from neurocoord.motorunits import checks
from neurocoord.resources import models_folder
from neurocoord.settings import unknown

# Columns of the table by rule. `low` and `high` are 0.5 and 1.7 times the fit: the spread between
# anatomical counts and estimates from recordings (choice).
RULES = {"fitted": "n_units", "low": "n_low", "high": "n_high"}
SIDES = ("_r", "_l")
# n = 80.4 V^0.379, V in cm3: through the muscles that have been counted; the table's
# `interpolated` rows follow it.
UNITS_AT_1_CM3, VOLUME_EXPONENT = 80.4, 0.379


class MuscleUnits(NamedTuple):
    """One row of the table: a muscle of one side of the body."""

    n_units: dict[str, int]  # by rule
    type1_share: float  # share of fibre mass, not of units; 0 .. 1
    n_tag: str  # where the count comes from: read, read-2nd, recalled or interpolated
    type1_tag: str  # the same for the type-I share
    n_source: str
    type1_source: str


@cache
def table() -> dict[str, MuscleUnits]:
    """Every row by the muscle's name without its side. Read once."""
    path = models_folder() / "physiology" / "motor_units.csv"
    with path.open(encoding="utf-8", newline="") as file:
        return {row["id"]: _row(row) for row in csv.DictReader(file)}


def unit_counts(muscle_ids: Sequence[str], rule: str = "fitted") -> NDArray[np.int64]:
    """Number of motor units of each muscle, `[muscle]`; both sides have the same.

    `rule`: `fitted` (about 74,000 in the whole body), `low` (half) or `high` (1.7 times).
    Raises ValueError for an unknown rule or muscle, naming the nearest.
    """
    if rule not in RULES:
        raise ValueError(unknown("rule", rule, RULES))
    return np.array([row.n_units[rule] for row in _rows(muscle_ids)], dtype=np.int64)


def units_of_volume(volume_cm3: ArrayLike) -> NDArray[np.int64]:
    """Number of motor units of muscles of a volume (cm3), by the fit; any shape, 1 or more."""
    volume = checks.within("volume_cm3", volume_cm3, 0.0, above_low=True)
    n_units = np.rint(UNITS_AT_1_CM3 * volume**VOLUME_EXPONENT)
    return np.maximum(n_units, 1).astype(np.int64)


def type1_share(muscle_ids: Sequence[str]) -> NDArray[np.float64]:
    """Share of each muscle's fibre mass that is type I, `[muscle]`, 0 .. 1.

    It counts mass, not units: slow units are smaller, so most units are slow in most muscles.
    """
    return np.array([row.type1_share for row in _rows(muscle_ids)], dtype=np.float64)


def _row(row: dict[str, str]) -> MuscleUnits:
    return MuscleUnits(
        n_units={rule: int(row[column]) for rule, column in RULES.items()},
        type1_share=float(row["type1_pct"]) / 100.0,
        n_tag=row["n_tag"],
        type1_tag=row["type1_tag"],
        n_source=row["n_source"],
        type1_source=row["type1_source"],
    )


def _rows(muscle_ids: Sequence[str]) -> list[MuscleUnits]:
    if isinstance(muscle_ids, str):
        raise ValueError(f"muscle_ids must be a sequence of names, got the text {muscle_ids!r}")
    return [_find(name) for name in muscle_ids]


def _find(name: str) -> MuscleUnits:
    stem = name[:-2] if name.endswith(SIDES) else name
    if stem not in table():
        raise ValueError(unknown("muscle", name, table(), "; `neurocoord info` lists them"))
    return table()[stem]
