"""Training: what weeks of a programme change in a pool's primary constants.

What is put in stands in `models/physiology/training_model.csv`: sizes and time constants, derived
by us from the measured changes in `training.csv` (choices, each with the paper it is derived from).
Anything else of a pool is held fixed, among it what was measured and did not change: the
input-output gain of motoneurons (Del Vecchio et al. 2019, J Physiol 597:1873), the time course of
the twitch (Van Cutsem et al. 1998, J Physiol 513:295) and common input (Kidgell et al. 2006; it is
no constant of a pool but a setting of synchrony). What follows from the changes, such as strength
and rate of force development, is not put in but simulated: `neurocoord.analysis.adaptation`.

Programmes follow one another by calling `train` again; which sources disagree is in `training.csv`.

Active state is force over the pool's own maximum, so that a gain of strength shows only in
`max_force` (twitch units): a body whose muscles are trained needs its maximal forces scaled by it.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Callable
from functools import cache
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from neurocoord.motorunits import checks
from neurocoord.motorunits.parameters import (
    PER_MUSCLE,
    PRIMARY,
    PoolParameters,
    build,
    n_muscles,
    n_units,
    replaced,
)
from neurocoord.motorunits.published import (
    BODY_ISI_CV,
    DRIVE_NOISE_FLOOR,
    DRIVE_NOISE_SLOPE,
    fuglevand_1993,
)
from neurocoord.resources import models_folder
from neurocoord.settings import unknown

F64 = NDArray[np.float64]

SIZE_FIELDS = ("twitch_force",)  # what muscle growth changes; all else that is trained is neural
# Thresholds of units recruited below this share of maximal force are no guide to the shift of the
# others: they cannot fall by 5 % of it (choice).
TRACKED_ABOVE = 0.1
LEAST_RANGE = 0.1  # of the range of thresholds that is always left (choice)


class Change(NamedTuple):
    """One row of `training_model.csv`: what a programme puts in."""

    programme: str
    parameter: str
    size: float  # share gained in the end, or a week where there is no time constant
    unit: str
    tau_weeks: float | None
    from_week: float
    at_most: float
    source: str
    tag: str

    def after(self, weeks: float) -> float:
        """How much of it is there after so many weeks: ``size (1 - exp(-w / tau))`` or a ramp."""
        if self.tau_weeks is not None:
            return self.size * -math.expm1(-weeks / self.tau_weeks)
        return min(self.size * max(weeks - self.from_week, 0.0), self.at_most)


@cache
def changes() -> dict[str, tuple[Change, ...]]:
    """What each programme puts in, in the order in which it is applied."""
    path = models_folder() / "physiology" / "training_model.csv"
    found: dict[str, tuple[Change, ...]] = {}
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            change = Change(
                programme=row["programme"],
                parameter=row["parameter"],
                size=float(row["size"]),
                unit=row["unit"],
                tau_weeks=float(row["tau_weeks"]) if row["tau_weeks"] else None,
                from_week=float(row["from_week"] or 0.0),
                at_most=float(row["at_most"] or np.inf),
                source=row["source"],
                tag=row["tag"],
            )
            found[change.programme] = (*found.get(change.programme, ()), change)
    return found


def programmes() -> tuple[str, ...]:
    """Names of the programmes: resistance, maximal_load, plyometric, skill, detraining."""
    return tuple(changes())


def untrained(n_units: int = 120) -> PoolParameters:
    """A pool to train, one muscle: that of 1993, made fit for fast contractions.

    The 1993 gain punishes doublets and high rates at onset, so units saturate (twitch-tetanus ratio
    0.2; choice). Before training Van Cutsem et al. 1998 found doublets in 5.2 % of units and rates
    of about 69 Hz (recalled) in the first interval: here, where full drive sets in at once. Slow
    drive noise and the variability of intervals are those of the body's pools.
    """
    pool = fuglevand_1993(
        n_units,
        isi_cv=BODY_ISI_CV,
        twitch_tetanus_ratio=0.2,
        doublet_share=0.052,
        drive_noise_floor=DRIVE_NOISE_FLOOR,
        drive_noise_slope=DRIVE_NOISE_SLOPE,
    )
    gain = (69.0 - pool.peak_rate_hz.mean()) / pool.max_excitation[0]
    return replaced(pool, onset_gain_hz=gain)


def train(
    params: PoolParameters,
    programme: str,
    weeks: float,
    *,
    trained: PoolParameters | None = None,
) -> PoolParameters:
    """The pools after `weeks` of a programme; `params` is what they were before any training.

    `detraining` lets the gains of `trained` fade back towards `params`, neural ones faster than
    size; the other programmes take no `trained`. Raises ValueError for an unknown programme, weeks
    that are negative or not finite, and a `trained` that is missing, unasked for or other units.
    """
    check_programme(programme)
    if isinstance(weeks, bool):
        raise ValueError(f"weeks must be finite and 0 or more, got {weeks!r}")
    checks.one_within("weeks", weeks, 0.0)
    if programme == "detraining":
        if trained is None:
            raise ValueError("detraining needs trained, the pools whose gains are to fade")
        return _fade(params, trained, float(weeks))
    if trained is not None:
        raise ValueError(f"trained goes with detraining only, and the programme is {programme!r}")
    now = params
    for change in changes()[programme]:
        now = _PUT_IN[change.parameter](params, now, change.after(float(weeks)))
    return now


def check_programme(programme: str) -> None:
    """Raises ValueError with the nearest name unless `programme` is one."""
    if programme not in changes():
        raise ValueError(unknown("programme", programme, programmes()))


def pool_of_muscle(params: PoolParameters, muscle: int) -> PoolParameters:
    """The pool of one muscle, alone."""
    if checks.count("muscle", muscle, 0) >= n_muscles(params):
        raise ValueError(f"muscle must lie in 0..{n_muscles(params) - 1}, got {muscle}")
    first, last = params.first_unit[muscle], params.first_unit[muscle + 1]
    fields = {
        name: getattr(params, name)[[muscle] if name in PER_MUSCLE else slice(first, last)]
        for name in PRIMARY[1:]
    }
    return build(first_unit=[0, last - first], **fields)


def threshold_force(params: PoolParameters) -> F64:
    """Mean force of its muscle at which each unit is recruited, `[unit]`, share of the maximum."""
    out = np.empty(n_units(params))
    for m, (a, b) in enumerate(pairwise(params.first_unit)):
        curve = params.static_active_state[m]
        drive = params.recruitment_threshold[a:b] / params.max_excitation[m]
        out[a:b] = np.interp(drive, np.linspace(0.0, 1.0, curve.size), curve)
    return out


def initial_rate_hz(params: PoolParameters) -> F64:
    """Mean rate of each muscle's units as full drive sets in from rest, `[muscle]`."""
    return _unit_mean(params, params.peak_rate_hz) + params.onset_gain_hz * params.max_excitation


def _unit_mean(params: PoolParameters, values: F64) -> F64:
    first = params.first_unit
    return np.asarray(np.add.reduceat(values, first[:-1]) / np.diff(first))


def _fade(base: PoolParameters, trained: PoolParameters, weeks: float) -> PoolParameters:
    if not np.array_equal(base.first_unit, trained.first_unit):
        raise ValueError("trained must hold the same muscles and numbers of units as params")
    lost = {c.parameter: -c.after(weeks) for c in changes()["detraining"]}
    fields: dict[str, ArrayLike] = {}
    for name in PRIMARY[1:]:
        before, now = getattr(base, name), getattr(trained, name)
        if before.dtype != np.float64:
            fields[name] = now  # a class or a switch does not fade
            continue
        kept = 1.0 - lost["size_gains" if name in SIZE_FIELDS else "neural_gains"]
        fields[name] = before + kept * (now - before)
    return replaced(trained, **fields)


# ---- what can be put in: (before, now, amount) -> pools ----


def _peak_rate(before: PoolParameters, now: PoolParameters, amount: float) -> PoolParameters:
    return replaced(now, peak_rate_hz=now.peak_rate_hz * (1.0 + amount))


def _unit_force(before: PoolParameters, now: PoolParameters, amount: float) -> PoolParameters:
    return replaced(now, twitch_force=now.twitch_force * (1.0 + amount))


def _isi_cv(before: PoolParameters, now: PoolParameters, amount: float) -> PoolParameters:
    return replaced(
        now,
        isi_cv=now.isi_cv * (1.0 + amount),
        isi_cv_onset=now.isi_cv_onset * (1.0 + amount),
    )


def _drive_noise(before: PoolParameters, now: PoolParameters, amount: float) -> PoolParameters:
    """Of slow drive noise as a whole; which part of it is common is a setting of synchrony."""
    scale = math.sqrt(1.0 + amount)
    return replaced(
        now,
        drive_noise_floor=now.drive_noise_floor * scale,
        drive_noise_slope=now.drive_noise_slope * scale,
    )


def _doublet_share(before: PoolParameters, now: PoolParameters, amount: float) -> PoolParameters:
    return replaced(now, doublet_share=np.minimum(now.doublet_share + amount, 1.0))


def _initial_rate(before: PoolParameters, now: PoolParameters, amount: float) -> PoolParameters:
    """Through the onset gain, which is never negative: it may be too small to hold a rate down."""
    wanted = initial_rate_hz(before) * (1.0 + amount)
    gain = (wanted - _unit_mean(now, now.peak_rate_hz)) / now.max_excitation
    return replaced(now, onset_gain_hz=np.maximum(gain, 0.0))


def _threshold_range(before: PoolParameters, now: PoolParameters, amount: float) -> PoolParameters:
    kept = np.full(n_muscles(now), 1.0 + amount)
    return replaced(now, recruitment_threshold=_compressed(now, kept))


def _threshold_force(before: PoolParameters, now: PoolParameters, amount: float) -> PoolParameters:
    """Thresholds are measured in force, and a pool holds them in excitation.

    The force at which a unit is recruited is made by the units before it, so thresholds cannot be
    moved one by one: the range of excitation thresholds of each muscle is compressed, the smallest
    unit's staying and the order kept, until the mean force threshold of the units recruited above
    `TRACKED_ABOVE` of the maximum, each in its own pool's maximum, has fallen by `amount`. Where
    that is out of reach the range ends at `LEAST_RANGE` of itself.
    """
    from scipy.optimize import brentq

    kept = np.ones(n_muscles(now))
    found: dict[bytes, float] = {}
    for m in range(n_muscles(now)):
        old, new = pool_of_muscle(before, m), pool_of_muscle(now, m)
        key = b"".join(getattr(p, f).tobytes() for p in (old, new) for f in PRIMARY)
        if key not in found:
            found[key] = 1.0
            excess = _excess_threshold(old, new, amount)
            if excess(1.0) > 0.0:
                reachable = excess(LEAST_RANGE) < 0.0
                found[key] = brentq(excess, LEAST_RANGE, 1.0, xtol=1e-4) if reachable else 0.1
        kept[m] = found[key]
    return replaced(now, recruitment_threshold=_compressed(now, kept))


def _excess_threshold(
    old: PoolParameters, new: PoolParameters, amount: float
) -> Callable[[float], float]:
    """How far above the goal the mean force threshold lies at a share of the range; one muscle."""
    before = threshold_force(old)
    tracked = before > TRACKED_ABOVE

    def excess(kept: float) -> float:
        if not tracked.any():
            return 0.0
        pool = replaced(new, recruitment_threshold=_compressed(new, np.array([kept])))
        return float(np.mean((threshold_force(pool) - before)[tracked]) - amount)

    return excess


def _compressed(params: PoolParameters, kept: F64) -> F64:
    """Thresholds whose range above the muscle's lowest is multiplied by `kept[muscle]`."""
    counts = np.diff(params.first_unit)
    lowest = np.repeat(
        np.minimum.reduceat(params.recruitment_threshold, params.first_unit[:-1]), counts
    )
    return lowest + (params.recruitment_threshold - lowest) * np.repeat(kept, counts)


_PUT_IN: dict[str, Callable[[PoolParameters, PoolParameters, float], PoolParameters]] = {
    "peak_rate": _peak_rate,
    "unit_force": _unit_force,
    "isi_cv": _isi_cv,
    "drive_noise_variance": _drive_noise,
    "doublet_share": _doublet_share,
    "initial_rate": _initial_rate,
    "threshold_range": _threshold_range,
    "threshold_force": _threshold_force,
}
