"""How a body is proportioned: one table of ``models/proportions`` for each kind of person.

A row is a segment of de Leva (1996). Lengths and breadths are fractions of standing height, masses
fractions of body mass, radii of gyration fractions of the segment's length. A new kind of person
(an infant, say) is one file of this form and no code.
"""

from __future__ import annotations

import csv
import math
from pathlib import Path
from typing import NamedTuple

from neurocoord.resources import models_folder
from neurocoord.settings import unknown

REFERENCE = "male"  # whom the anatomy tables were drawn for
SEGMENTS = (
    "Head", "Upper trunk", "Middle trunk", "Lower trunk", "Upper arm", "Forearm", "Hand 2", "Thigh",
    "Shank", "Foot",
)  # fmt: skip
PAIRED = SEGMENTS[4:]  # there are two of each


class Segment(NamedTuple):
    """One segment: fractions of height, of body mass, and of the segment's length."""

    length_per_height: float
    """De Leva's length: the one that his radii of gyration are fractions of."""
    bone_per_height: float
    """Length of the bones, by which joint centres and muscle paths scale."""
    breadth_per_height: float
    """Breadth from side to side."""
    mass_fraction: float
    com_fraction: float
    """Centre of mass along the bone, from its upper end (of the foot: from the heel)."""
    rg_sagittal: float
    rg_transverse: float
    rg_longitudinal: float
    muscle_volume: float
    """Volume of the segment's muscles over that of a man of this mass times height."""
    muscle_strength: float
    """Force of the segment's muscles over that of a man of this mass times height."""


class Proportions(NamedTuple):
    """One table, by segment; mass fractions add up to 1."""

    name: str
    segments: dict[str, Segment]


def names() -> tuple[str, ...]:
    """The tables that are shipped."""
    return tuple(sorted(path.stem for path in _folder().glob("*.csv")))


def read_proportions(given: str | Path = REFERENCE) -> Proportions:
    """A shipped table by name, or any by its path (ending in ``.csv``)."""
    path = Path(given)
    if path.suffix != ".csv":
        if str(given) not in names():
            also = ", or the path of a .csv of that form"
            raise ValueError(unknown("table of proportions", str(given), names(), also))
        path = _folder() / f"{given}.csv"
    if not path.is_file():
        raise ValueError(f"proportions {str(path)!r}: there is no such file")
    with path.open(newline="", encoding="utf-8") as handle:
        rows = list(csv.DictReader(handle))
    return Proportions(path.stem, _whole({r.get("segment") or "": r for r in rows}, path))


def _folder() -> Path:
    return models_folder() / "proportions"


def _whole(rows: dict[str, dict[str, str]], path: Path) -> dict[str, Segment]:
    """Every segment of a table, with masses that add up to 1."""
    missing = [name for name in SEGMENTS if name not in rows]
    if missing:
        raise ValueError(f"proportions {str(path)!r} have no row for {', '.join(missing)}")
    found = {name: _segment(rows[name], f"proportions {str(path)!r}, {name}") for name in SEGMENTS}
    total = sum(s.mass_fraction * (1 + (name in PAIRED)) for name, s in found.items())
    if not 0.97 < total < 1.03:
        raise ValueError(
            f"proportions {str(path)!r}: mass fractions add up to {total:.3f} and not to 1"
            " (arms and legs count twice)"
        )
    return {name: s._replace(mass_fraction=s.mass_fraction / total) for name, s in found.items()}


def _segment(row: dict[str, str], where: str) -> Segment:
    values = {}
    for column in Segment._fields:
        try:
            value = float(row[column])
        except (KeyError, TypeError, ValueError):
            raise ValueError(f"{where}: {column} is missing or no number") from None
        if not (math.isfinite(value) and value > 0.0):
            raise ValueError(f"{where}: {column} is {row[column]}; it must be above 0")
        values[column] = value
    return Segment(**values)
