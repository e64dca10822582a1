"""Footfalls measured from contact: stance, duty factor, phase lags, clearance, slip.

Everything here is about one limb's record of time, bool or float [time], unless it says otherwise;
times are ticks of ``tick_s``. Strides run from one touch-down of a limb to its next.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

# A limb bears weight from ON_BW on and no more below OFF_BW, in body weight (choice: the usual 20 N
# of force plates is 0.03 of an adult). What lasts less than LEAST_S is no step (choice).
ON_BW, OFF_BW, LEAST_S = 0.05, 0.02, 0.06


def in_stance(force_n: ArrayLike, on_n: float, off_n: float, least_s: float, tick_s: float) -> Mask:
    """Whether a limb stands, bool[time], from the normal force [time] on it.

    Stance begins at ``on_n`` and ends below ``off_n``; then gaps, and after them stances, that are
    shorter than ``least_s`` are taken out. What the record begins or ends with is kept.
    """
    force = np.asarray(force_n, float)
    if not 0.0 <= off_n <= on_n:
        raise ValueError(f"off_n={off_n} is not allowed; it lies between 0 and on_n={on_n}")
    known = np.where(force >= on_n, 1, np.where(force < off_n, 0, -1))
    known[:1] = force[:1] >= on_n
    last = np.maximum.accumulate(np.where(known >= 0, np.arange(force.size), 0))
    stance = known[last] == 1
    for kind in (False, True):
        for start, end in complete(stance == kind):
            if (end - start) * tick_s < least_s:
                stance[start:end] = not kind
    return stance


def complete(mask: ArrayLike) -> NDArray[np.int64]:
    """Runs of True that begin and end inside the record, int[run, (first tick, tick after)]."""
    steps = np.diff(np.asarray(mask, np.int8))
    begins, ends = np.flatnonzero(steps == 1) + 1, np.flatnonzero(steps == -1) + 1
    if begins.size and ends.size:
        ends = ends[ends > begins[0]]
    n = min(begins.size, ends.size)
    return np.column_stack([begins[:n], ends[:n]]).astype(np.int64)


def touchdowns(stance: ArrayLike) -> NDArray[np.int64]:
    """Ticks at which stances begin inside the record."""
    return np.flatnonzero(np.diff(np.asarray(stance, np.int8)) == 1) + 1


def duty_factor(stance: ArrayLike) -> float:
    """Share of a stride that a limb stands, mean over whole strides (Alexander 1977); NaN: none."""
    at, standing = touchdowns(stance), np.asarray(stance, float)
    return _mean([standing[a:b].mean() for a, b in pairwise(at)])


def stride_frequency_hz(stance: ArrayLike, tick_s: float) -> float:
    """Strides a second, over whole strides; NaN without one."""
    at = touchdowns(stance)
    return (at.size - 1) / ((at[-1] - at[0]) * tick_s) if at.size > 1 else float("nan")


def phase_lags(first: ArrayLike, second: ArrayLike) -> Floats:
    """Touch-downs of a second limb within each stride of the first, 0 to 1 of that stride.

    As Patrick, Noah & Yang (2009) and Righetti et al. (2015) take interlimb phase. Strides of the
    first limb without a touch-down of the second are left out.
    """
    starts, other = touchdowns(first), touchdowns(second)
    lags = []
    for a, b in pairwise(starts):
        within = other[(other >= a) & (other < b)]
        lags += [(within[0] - a) / (b - a)] if within.size else []
    return np.array(lags)


def mean_phase(lags: ArrayLike) -> float:
    """Circular mean of phases (cycles), in [0, 1); NaN where there is none or no direction."""
    vector = np.exp(2j * np.pi * np.asarray(lags, float))
    if vector.size == 0 or abs(vector.mean()) < 1e-9:
        return float("nan")
    return float(np.angle(vector.mean()) / (2.0 * np.pi) % 1.0)


def swing_clearance_m(height_m: ArrayLike, stance: ArrayLike) -> float:
    """Lowest height in the middle half of a swing (choice), mean over whole swings; NaN: none.

    ``height_m`` [time]: of the limb's lowest point above the floor.
    """
    height = np.asarray(height_m, float)
    lowest = []
    for start, end in complete(~np.asarray(stance, bool)):
        quarter = (end - start) // 4
        lowest.append(height[start + quarter : end - quarter].min())
    return _mean(lowest)


def slip_m(velocity_m_per_s: ArrayLike, stance: ArrayLike, tick_s: float) -> float:
    """Way of the skin over the floor in a stance, mean over whole stances; NaN without one.

    ``velocity_m_per_s`` [time, 2]: horizontal, of the skin at the centre of pressure; NaN where
    nothing touches, which counts as no way.
    """
    speed = np.nan_to_num(np.linalg.norm(np.asarray(velocity_m_per_s, float), axis=-1))
    return _mean([speed[a:b].sum() * tick_s for a, b in complete(stance)])


def net_slip_m(velocity_m_per_s: ArrayLike, stance: ArrayLike, tick_s: float) -> float:
    """How far from where it landed the skin has come by the end of a stance: as ``slip_m``, net."""
    velocity = np.nan_to_num(np.asarray(velocity_m_per_s, float))
    ways = [velocity[a:b].sum(axis=0) * tick_s for a, b in complete(stance)]
    return _mean([float(np.linalg.norm(way)) for way in ways])


def swing_share(touches: ArrayLike, stance: ArrayLike) -> float:
    """Share of a limb's swing during which something touches; NaN without swing."""
    swings = ~np.asarray(stance, bool)
    return float(np.asarray(touches, float)[swings].mean()) if swings.any() else float("nan")


def strides(values: ArrayLike, at: ArrayLike, n_phases: int = 101) -> Floats:
    """``values`` [time, ...] between the ticks ``at``, stretched: [stride, phase, ...].

    Each stride gets ``n_phases`` phases from 0 to 1 of the cycle, both ends included.
    """
    given, ticks = np.asarray(values, float), np.asarray(at, int)
    found = []
    for a, b in pairwise(ticks):
        where = a + (b - a) * np.linspace(0.0, 1.0, n_phases)
        below = np.minimum(where.astype(int), b - 1)
        share = (where - below).reshape(-1, *([1] * (given.ndim - 1)))
        found.append((1.0 - share) * given[below] + share * given[below + 1])
    return np.array(found).reshape(-1, n_phases, *given.shape[1:])


def mean_cycle(values: ArrayLike, at: ArrayLike, n_phases: int = 101) -> tuple[Floats, Floats]:
    """Mean and SD over strides [phase, ...] of ``values`` [time, ...] between the ticks ``at``."""
    found = strides(values, at, n_phases)
    if not len(found):
        empty = np.full(found.shape[1:], np.nan)
        return empty, empty.copy()
    return found.mean(axis=0), found.std(axis=0)


def _mean(values: list[float]) -> float:
    return float(np.mean(values)) if values else float("nan")
