"""Making pools: `build` checks the primary constants and adds what follows from them.

The records themselves are in `records.py`; their names can be had from here too.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from neurocoord.motorunits import checks, derive, fatigue
from neurocoord.motorunits.records import PER_MUSCLE as PER_MUSCLE
from neurocoord.motorunits.records import PRIMARY as PRIMARY
from neurocoord.motorunits.records import TICK_S as TICK_S
from neurocoord.motorunits.records import Constants as Constants
from neurocoord.motorunits.records import Coupling as Coupling
from neurocoord.motorunits.records import PoolParameters as PoolParameters
from neurocoord.motorunits.records import muscle_of_unit as muscle_of_unit
from neurocoord.motorunits.records import n_muscles as n_muscles
from neurocoord.motorunits.records import n_units as n_units
from neurocoord.settings import unknown

I64 = NDArray[np.int64]


class Allowed(NamedTuple):
    """What a primary field may hold, ends included unless `above_low`, and its default."""

    low: float = 0.0
    high: float = np.inf
    above_low: bool = False
    default: float | None = None


_POSITIVE = Allowed(above_low=True)
ALLOWED: dict[str, Allowed] = {
    "recruitment_threshold": _POSITIVE,
    "minimum_rate_hz": _POSITIVE,
    "peak_rate_hz": _POSITIVE,
    "rate_gain_hz": _POSITIVE,
    "twitch_force": _POSITIVE,
    "contraction_time_s": Allowed(low=TICK_S, high=1.0),  # the slow step's series
    "isi_cv": Allowed(high=0.25),
    "is_fast": Allowed(high=1.0),
    "drive_noise_floor": Allowed(),
    "drive_noise_slope": Allowed(),
    "isi_cv_onset": Allowed(high=0.25, default=0.0),
    "isi_cv_decay": Allowed(above_low=True, default=0.025),  # Nagamori et al. 2021, authors' code
    "rhythm_noise": Allowed(high=0.3, default=0.0),  # above it rates would be cut at 0
    "rate_saturates": Allowed(high=1.0, default=0.0),
    "onset_gain_hz": Allowed(high=10.0, default=0.0),
    "onset_tau_s": Allowed(above_low=True, default=0.05),  # choice
    "doublet_share": Allowed(high=1.0, default=0.0),
    "doublet_interval_s": Allowed(low=0.002, high=0.02, default=0.004),  # Van Cutsem 1998: 2-5 ms
    "refractory_s": Allowed(low=0.001, high=0.02, default=0.002),  # Nagamori et al. 2021: 2 ms
    "twitch_tetanus_ratio": Allowed(high=0.9, default=0.0),
    "fatigue_rate_per_s": Allowed(high=1.0, default=0.0),
    "recovery_rate_per_s": Allowed(high=1.0, default=0.0),
    "slowing": Allowed(high=2.0, default=0.0),
    "adaptation_share": Allowed(high=1.0, default=0.0),
    "adaptation_tau_s": Allowed(above_low=True, default=fatigue.ADAPTATION_TAU_S),
    "adaptation_offset_hz": Allowed(default=fatigue.ADAPTATION_OFFSET_HZ),
    "pic_excitation": Allowed(default=0.0),
    "pic_tau_s": Allowed(above_low=True, default=fatigue.PIC_TAU_S),
    "rotation_group": Allowed(default=0.0),
    "rotation_tau_s": Allowed(above_low=True, default=fatigue.TIREDNESS_TAU_S),
}


def build(*, first_unit: ArrayLike, **fields: ArrayLike) -> PoolParameters:
    """Check the primary constants and derive the rest. Scalars are spread over units or muscles.

    The fields are those of `PoolParameters` up to `rotation_tau_s`; those after
    `drive_noise_slope` are options and off unless given. Raises ValueError naming the field that
    is missing, unknown, not finite, out of range or of the wrong shape.
    """
    first = _whole_numbers("first_unit", first_unit)
    if first.ndim != 1 or first.size < 2 or first[0] != 0 or np.any(np.diff(first) < 1):
        raise ValueError(f"first_unit must rise from 0, one unit or more a muscle, got {first}")
    for name in fields:
        if name not in ALLOWED:
            raise ValueError(unknown("pool field", name, ALLOWED))
    checked = {}
    for name in PRIMARY[1:]:
        value = fields.get(name, ALLOWED[name].default)
        if value is None:
            raise ValueError(f"{name} must be given")
        checked[name] = _field(name, value, first)
    peak, least = checked["peak_rate_hz"], checked["minimum_rate_hz"]
    if np.any(peak < least):
        i = int(np.flatnonzero(peak < least)[0])
        raise ValueError(
            "peak_rate_hz must be at least minimum_rate_hz in every unit,"
            f" got {peak[i]:g} and {least[i]:g} in unit {i}"
        )
    return derive.complete(first, checked)


WHOLE = ("is_fast", "rate_saturates", "rotation_group")  # 0 or 1, or a number of units


def _whole_numbers(name: str, value: ArrayLike) -> I64:
    array = checks.numbers(name, value)
    if not np.all(np.isfinite(array) & (array == np.floor(array))):
        raise ValueError(f"{name} must hold whole numbers, got {value!r}")
    return array.astype(np.int64)


def _field(name: str, value: ArrayLike, first_unit: I64) -> NDArray:
    size = first_unit.size - 1 if name in PER_MUSCLE else int(first_unit[-1])
    array = checks.numbers(name, value)
    if array.shape not in ((), (size,)):
        raise ValueError(f"{name} must be a number or have shape ({size},), got {array.shape}")
    array = np.array(np.broadcast_to(array, (size,)))
    low, high, above_low, _ = ALLOWED[name]
    bad = ~np.isfinite(array) | (array < low) | (array > high) | (above_low & (array == low))
    if np.any(bad):
        least = f"above {low:g}" if above_low else f"{low:g} or more"
        most = f", at most {high:g}" if np.isfinite(high) else ""
        raise ValueError(f"{name} must be finite, {least}{most}, got {array[bad][0]}")
    if name in WHOLE and np.any(array != np.floor(array)):
        raise ValueError(f"{name} must be whole, got {array[array != np.floor(array)][0]}")
    if name in ("is_fast", "rate_saturates"):
        return array.astype(np.bool_)
    return array.astype(np.int64) if name == "rotation_group" else array


def replaced(params: PoolParameters, **fields: ArrayLike) -> PoolParameters:
    """The same pools with some primary fields changed, checked and derived anew."""
    kept = {name: getattr(params, name) for name in PRIMARY[1:]}
    return build(first_unit=params.first_unit, **{**kept, **fields})


def concat(pools: Sequence[PoolParameters]) -> PoolParameters:
    """The pools of several records behind one another, in the order given."""
    if not pools:
        raise ValueError("pools must hold at least one PoolParameters, got none")
    counts = np.concatenate([np.diff(p.first_unit) for p in pools])
    joined = {name: np.concatenate([getattr(p, name) for p in pools]) for name in PRIMARY[1:]}
    return build(first_unit=np.concatenate([[0], np.cumsum(counts)]), **joined)


def of_muscle(params: PoolParameters, muscle: int) -> PoolParameters:
    """The pool of one muscle alone."""
    if not 0 <= muscle < n_muscles(params):
        raise ValueError(f"muscle is {muscle}; it may be 0 to {n_muscles(params) - 1}")
    units = slice(params.first_unit[muscle], params.first_unit[muscle + 1])
    fields = {
        name: getattr(params, name)[muscle if name in PER_MUSCLE else units] for name in PRIMARY[1:]
    }
    return build(first_unit=[0, units.stop - units.start], **fields)
