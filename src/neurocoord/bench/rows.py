"""What the bench tells, and how much it measures."""

from __future__ import annotations

from typing import NamedTuple


class Row(NamedTuple):
    """One figure. `target` and `met` are None where there is none, `value` where it has none."""

    name: str
    value: float | None
    unit: str
    target: float | None = None
    met: bool | None = None
    note: str = ""  # conditions, or why there is no value


class Size(NamedTuple):
    """How much is measured."""

    n_muscles: int = 100
    n_units: int = 120  # a muscle
    seconds: float = 0.5  # simulated for each repeat
    repeats: int = 7
    whole_body: bool = True  # every muscle of the body; else `n_muscles` small ones
    fresh_processes: int = 5


def at_least(name: str, value: float, unit: str, target: float | None, note: str = "") -> Row:
    """A figure that should be high."""
    return Row(name, value, unit, target, None if target is None else value >= target, note)


def at_most(name: str, value: float, unit: str, target: float, note: str = "") -> Row:
    """A figure that should be low."""
    return Row(name, value, unit, target, value <= target, note)
