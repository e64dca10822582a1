"""What a check against a paper is, and how it is judged.

A file of this folder holds one paper: ``PAPER`` (its reference), ``CHECKS``, ``measure(*, quick,
...)`` that gives our value for each check by its key, ``BROKEN`` (faults: keywords of `measure`
that break the model on purpose, so that a test sees each gating check fail) and, optionally,
``plot(axes, measured)``.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from neurocoord.settings import unknown

KINDS = ("relative", "absolute", "at_least", "at_most", "exactly", "shown")
# read: in the primary source; recomputed: by us, from published equations; recalled: from memory,
# so it never gates; definition: follows from what the quantity is (a planted value, an equality).
ORIGINS = ("read", "recomputed", "recalled", "definition")
PASS, FAIL, SHOWN = "pass", "fail", "shown"


class Check(NamedTuple):
    """One quantity of a paper. `published` and our value are both in `unit`.

    How `tolerance` is read depends on `kind`:
    relative: |ours - published| <= tolerance * |published| (0.05 is 5 %);
    absolute: |ours - published| <= tolerance, in `unit`;
    at_least, at_most: ours may lie at most `tolerance` on the wrong side of `published`; where
    nothing was published (None) `tolerance` is itself the bound;
    exactly: equal, and tolerance is 0; shown: not judged.
    """

    key: str  # of our value in what `measure` returns
    quantity: str  # what a person calls it, with the condition it was measured in
    published: float | None
    unit: str  # "1" for a plain number
    tolerance: float
    kind: str  # one of KINDS
    origin: str  # one of ORIGINS: where `published` comes from


class Row(NamedTuple):
    """One line of `neurocoord validate`."""

    paper: str
    quantity: str
    published: float | None
    ours: float
    unit: str
    tolerance: str  # in words: "5 %", "0.15 /s", "at least 0.3", "exactly"; "" where not judged.
    # "points" are per cent of what the unit is per cent of, where "%" is per cent of `published`.
    verdict: str  # pass, fail, shown
    origin: str


def gates(check: Check) -> bool:
    """Whether a check can fail: recalled figures and those of kind "shown" cannot."""
    return check.kind != "shown" and check.origin != "recalled"


def judge(check: Check, value: float, paper: str = "") -> Row:
    """Hold our value against a check; NaN fails every check that gates.

    Raises ValueError for a check that makes no sense (unknown kind or origin, nothing published
    where something is needed, a negative tolerance).
    """
    validate_check(check)
    ours = float(value)
    verdict = SHOWN
    if gates(check):
        verdict = PASS if _holds(check, ours) else FAIL
    return Row(
        paper=paper,
        quantity=check.quantity,
        published=None if check.published is None else float(check.published),
        ours=ours,
        unit=check.unit,
        tolerance=_in_words(check) if gates(check) else "",
        verdict=verdict,
        origin=check.origin,
    )


def validate_check(check: Check) -> None:
    """Refuse a check that cannot be judged; the ValueError names its key."""
    for name, given, allowed in (("kind", check.kind, KINDS), ("origin", check.origin, ORIGINS)):
        if given not in allowed:
            raise ValueError(unknown(f"check {check.key!r}: {name}", given, allowed))
    if check.published is not None and not math.isfinite(check.published):
        raise ValueError(
            f"published of check {check.key!r} must be finite or None, got {check.published}"
        )
    if check.published is None and check.kind in ("relative", "absolute", "exactly"):
        raise ValueError(
            f"published of check {check.key!r} must be given for kind {check.kind!r}, got None"
        )
    bound = check.published is None and check.kind in ("at_least", "at_most")
    if not math.isfinite(check.tolerance) or (check.tolerance < 0 and not bound):
        raise ValueError(
            f"tolerance of check {check.key!r} must be finite and 0 or more, got {check.tolerance}"
        )
    if check.kind == "exactly" and check.tolerance != 0:
        raise ValueError(
            f"tolerance of check {check.key!r} must be 0 for kind 'exactly', got {check.tolerance}"
        )


def _holds(check: Check, ours: float) -> bool:
    """NaN compares false with everything, so it holds nowhere."""
    if check.kind == "at_least":
        return ours >= _bound(check)
    if check.kind == "at_most":
        return ours <= _bound(check)
    published = check.published
    assert published is not None  # validate_check
    if check.kind == "exactly":
        return ours == published
    allowed = check.tolerance * (abs(published) if check.kind == "relative" else 1.0)
    return abs(ours - published) <= allowed


def _bound(check: Check) -> float:
    if check.published is None:
        return check.tolerance
    return check.published + (check.tolerance if check.kind == "at_most" else -check.tolerance)


def _in_words(check: Check) -> str:
    unit = "" if check.unit == "1" else f" {check.unit}"
    if check.kind == "relative":
        return f"{100 * check.tolerance:.4g} %"
    if check.kind == "absolute":
        points = " points" if check.unit.startswith("%") else unit
        return f"{check.tolerance:.4g}{points}"
    if check.kind == "exactly":
        return "exactly"
    return f"{check.kind.replace('_', ' ')} {_bound(check):.4g}{unit}"
