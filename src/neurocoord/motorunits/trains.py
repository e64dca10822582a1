"""Spike trains of many units, recorded or simulated: one compact record, and its ways in and out.

A train is kept as integer ticks, because every measure made of it counts in ticks. The functions
that make a record check what they are given; `check` does the same for a record made by hand.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from neurocoord.motorunits import checks

I64 = NDArray[np.int64]

TICK_S = 0.001  # default tick, that of the simulated pools
COLUMNS = ("unit", "time_s")


class SpikeTrains(NamedTuple):
    """Spikes of all units: those of unit i are ``tick[first_spike[i] : first_spike[i + 1]]``."""

    tick: I64  # [spike] unit after unit, strictly rising inside a unit, 0 .. n_ticks - 1
    first_spike: I64  # [unit + 1]
    n_ticks: int  # length of the record
    tick_s: float  # length of a tick


def from_raster(raster: ArrayLike, tick_s: float = TICK_S) -> SpikeTrains:
    """Trains of a raster `[tick, unit]` of 0 and 1 (or bool), as `kernel.advance` records it."""
    array = np.asarray(raster)
    if array.ndim != 2 or array.shape[0] < 1:
        raise ValueError(f"raster has shape {array.shape}; it must be [tick, unit], 1 tick or more")
    _check_tick_s(tick_s)
    fired = array != 0
    if array.dtype != np.bool_ and np.any(array[fired] != 1):
        worst = array[fired][array[fired] != 1][0]
        raise ValueError(f"raster holds {worst}; each tick of a unit must be 0 or 1")
    _, tick = np.nonzero(np.ascontiguousarray(fired.T))
    return _join(tick.astype(np.int64), np.count_nonzero(fired, axis=0), len(array), tick_s)


def from_spikes(
    found: Sequence[NDArray], n: int, n_ticks: int, tick_s: float = TICK_S
) -> SpikeTrains:
    """Trains of `n` units of arrays of (tick, unit), int[spike, 2], one after the other."""
    tick, unit = np.concatenate(found or [np.empty((0, 2), np.int64)]).T
    order = np.lexsort((tick, unit))
    return _join(tick[order], np.bincount(unit, minlength=n), n_ticks, tick_s)


def from_ticks(
    ticks: Sequence[ArrayLike], n_ticks: int, tick_s: float = TICK_S, *, name: str = "ticks"
) -> SpikeTrains:
    """Trains of one array of whole ticks a unit, each strictly rising within 0 .. n_ticks - 1.

    Raises ValueError naming the unit whose ticks are not whole, not rising or out of range.
    """
    n_ticks = _checked_count("n_ticks", n_ticks)
    _check_tick_s(tick_s)
    arrays = [np.asarray(t) for t in ticks]
    for unit, array in enumerate(arrays):
        where = f"{name} of unit {unit}"
        if array.ndim != 1:
            raise ValueError(f"{where} has shape {array.shape}; it must be [spike]")
        if array.size and array.dtype.kind not in "iu":
            raise ValueError(f"{where} is {array.dtype}; it must hold whole numbers (ticks)")
        _check_rising(where, array, "strictly rising, at most one spike a tick")
        _check_range(where, array, 0, n_ticks - 1)
    flat = [array.astype(np.int64) for array in arrays] or [np.empty(0, np.int64)]
    return _join(np.concatenate(flat), [a.size for a in arrays], n_ticks, tick_s)


def from_times_s(
    times_s: Sequence[ArrayLike], duration_s: float, tick_s: float = TICK_S
) -> SpikeTrains:
    """Trains of one array of discharge times (s from the start) a unit, put on the nearest tick.

    A spike in the last half tick of the record is put on its last tick. Refuses times that are not
    finite, negative, beyond `duration_s` or not rising, and two spikes of a unit in one tick (an
    interval below a tick is no interval of a motor unit: check the decomposition).
    """
    _check_tick_s(tick_s)
    if not 0 < checks.one_within("duration_s", duration_s, 0.0, above_low=True) / tick_s < 2**62:
        raise ValueError(f"duration_s is {duration_s!r}; it must be at most 2^62 ticks")
    n_ticks = max(1, math.ceil(duration_s / tick_s - 1e-6))
    ticks = []
    for unit, given in enumerate(times_s):
        times, where = np.asarray(given), f"times_s of unit {unit}"
        if times.ndim != 1 or (times.size and times.dtype.kind not in "iuf"):
            raise ValueError(f"{where} has shape {times.shape}, {times.dtype}; must be real[spike]")
        if not np.isfinite(times).all():
            raise ValueError(f"{where} holds NaN or infinity; it must be finite")
        _check_range(where, times, 0.0, duration_s)
        _check_rising(where, times, "rising")
        tick = np.minimum(np.rint(times / tick_s), n_ticks - 1).astype(np.int64)
        same = np.flatnonzero(np.diff(tick) < 1)
        if same.size:
            i = same[0]
            raise ValueError(
                f"{where} holds {times[i]} and {times[i + 1]}, in one tick of {tick_s} s; "
                "it must have at most one spike a tick"
            )
        ticks.append(tick)
    return from_ticks(ticks, n_ticks, tick_s)


def check(trains: SpikeTrains) -> SpikeTrains:
    """The same record, or a ValueError that names the field that does not hold together."""
    _checked_count("n_ticks", trains.n_ticks)
    _check_tick_s(trains.tick_s)
    tick, first = np.asarray(trains.tick), np.asarray(trains.first_spike)
    if tick.ndim != 1 or tick.dtype.kind not in "iu":
        raise ValueError(f"tick has shape {tick.shape}, {tick.dtype}; it must be int[spike]")
    if first.ndim != 1 or first.size < 1 or first.dtype.kind not in "iu":
        raise ValueError(f"first_spike has shape {first.shape}; it must be int[unit + 1]")
    if first[0] != 0 or first[-1] != tick.size or np.any(np.diff(first) < 0):
        raise ValueError(f"first_spike must rise from 0 to {tick.size}, got {first}")
    _check_range("tick", tick, 0, trains.n_ticks - 1)
    fall = np.flatnonzero(np.diff(tick) < 1) + 1
    inside = fall[~np.isin(fall, first)]
    if inside.size:
        at = int(inside[0])
        raise ValueError(
            f"tick falls or repeats at spike {at} ({tick[at - 1]}, then {tick[at]}); "
            "it must be strictly rising inside a unit"
        )
    return trains


def in_ticks(span_s: float, tick_s: float) -> int:
    """Whole ticks nearest to a span of time; 0 for one that is negative, NaN or beyond counting."""
    ratio = span_s / tick_s
    return round(ratio) if 0 <= ratio < 2**62 else 0


def n_units(trains: SpikeTrains) -> int:
    """Number of units, silent ones counted."""
    return trains.first_spike.size - 1


def duration_s(trains: SpikeTrains) -> float:
    """Length of the record in s."""
    return trains.n_ticks * trains.tick_s


def of_unit(trains: SpikeTrains, unit: int) -> I64:
    """Ticks of one unit `[spike]` (a view); ValueError for a unit that there is not."""
    if not isinstance(unit, int | np.integer) or not 0 <= unit < n_units(trains):
        raise ValueError(f"unit is {unit!r}; it must lie in 0..{n_units(trains) - 1}")
    return trains.tick[trains.first_spike[unit] : trains.first_spike[unit + 1]]


def counts(trains: SpikeTrains) -> I64:
    """Spikes of each unit, `[unit]`."""
    return np.diff(trains.first_spike)


def unit_of_spike(trains: SpikeTrains) -> I64:
    """The unit of each spike, `[spike]`."""
    return np.repeat(np.arange(n_units(trains)), counts(trains))


def raster(trains: SpikeTrains) -> NDArray[np.uint8]:
    """0 or 1 for every tick and unit, `uint8[tick, unit]`."""
    out = np.zeros((trains.n_ticks, n_units(trains)), np.uint8)
    out[trains.tick, unit_of_spike(trains)] = 1
    return out


def cumulative(trains: SpikeTrains) -> I64:
    """Cumulative spike train: spikes of all units in each tick, `[tick]`.

    From about five units on it carries the common input of a pool nearly linearly below 10 Hz
    (Farina, Negro & Dideriksen 2014, J Physiol 592:3427-3441).
    """
    return np.bincount(trains.tick, minlength=trains.n_ticks).astype(np.int64)


def select(trains: SpikeTrains, units: ArrayLike) -> SpikeTrains:
    """The trains of `units` (whole numbers `[n]`, each once), in the order given."""
    chosen = np.asarray(units)
    n = n_units(trains)
    if chosen.ndim != 1 or (chosen.size and chosen.dtype.kind not in "iu"):
        raise ValueError(f"units must be whole numbers [n], got {units!r}")
    if np.any((chosen < 0) | (chosen >= n)) or np.unique(chosen).size < chosen.size:
        raise ValueError(f"units must lie in 0..{n - 1}, each once, got {units!r}")
    parts = [of_unit(trains, int(unit)) for unit in chosen] or [np.empty(0, np.int64)]
    return _join(
        np.concatenate(parts),
        counts(trains)[chosen.astype(np.int64)],
        trains.n_ticks,
        trains.tick_s,
    )


def crop(trains: SpikeTrains, start_tick: int, stop_tick: int) -> SpikeTrains:
    """The spikes of start_tick <= tick < stop_tick, counted from `start_tick`."""
    whole = all(isinstance(at, int | np.integer) for at in (start_tick, stop_tick))
    if not whole or not 0 <= start_tick < stop_tick <= trains.n_ticks:
        raise ValueError(
            f"start_tick and stop_tick are {start_tick!r} and {stop_tick!r}; "
            f"they must be 0 <= start < stop <= {trains.n_ticks}"
        )
    kept = (trains.tick >= start_tick) & (trains.tick < stop_tick)
    n_kept = np.bincount(unit_of_spike(trains)[kept], minlength=n_units(trains))
    return _join(trains.tick[kept] - start_tick, n_kept, stop_tick - start_tick, trains.tick_s)


def read_csv(
    path: Path | str,
    duration_s: float | None = None,
    *,
    n_units: int | None = None,
    tick_s: float = TICK_S,
) -> SpikeTrains:
    """Trains of a file with columns unit (0, 1, ...) and time_s, in a header; others are ignored.

    Rows may stand in any order of units, but each unit's times must rise. The record lasts
    `duration_s` (by default to the end of the tick of the last spike); there are `n_units` units
    (by default up to the highest number in the file: those not named are silent). Errors name the
    line of the file.
    """
    _check_tick_s(tick_s)
    rows = _rows(Path(path))
    units = 1 + max((unit for _, unit, _ in rows), default=-1)
    if n_units is not None and units > _checked_count("n_units", n_units):
        line = next(line for line, unit, _ in rows if unit >= n_units)
        raise ValueError(f"{path}, line {line}: unit must be below n_units, {n_units}")
    last: dict[int, float] = {}
    for line, unit, time_s in rows:
        if duration_s is not None and time_s > duration_s:
            raise ValueError(
                f"{path}, line {line}: time_s is {time_s}, beyond duration_s {duration_s}"
            )
        if round(time_s / tick_s) <= round(last.get(unit, -tick_s) / tick_s):
            raise ValueError(
                f"{path}, line {line}: time_s of unit {unit} is {time_s} after {last[unit]}; "
                f"times must rise by a tick, {tick_s} s, or more"
            )
        last[unit] = time_s
    if duration_s is None:
        if not rows:
            raise ValueError(f"{path} holds no spike: duration_s must be given")
        duration_s = (round(max(last.values()) / tick_s) + 1) * tick_s
    times: list[list[float]] = [[] for _ in range(units if n_units is None else n_units)]
    for _, unit, time_s in rows:
        times[unit].append(time_s)
    return from_times_s(times, duration_s, tick_s)


def write_csv(trains: SpikeTrains, path: Path | str) -> None:
    """Write unit and time_s of every spike, unit after unit; `read_csv` reads it.

    The file holds spikes only: hand `read_csv` the duration, and the number of units if the last
    of them are silent.
    """
    times_s = check(trains).tick * trains.tick_s
    with Path(path).open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        writer.writerows((u, f"{t:.12g}") for u, t in zip(unit_of_spike(trains), times_s))


def _rows(path: Path) -> list[tuple[int, int, float]]:
    """Line number, unit and time of every row of a file."""
    with path.open(newline="", encoding="utf-8-sig") as file:
        reader = csv.reader(file)
        header = [name.strip() for name in next(reader, [])]
        if not set(COLUMNS) <= set(header):
            raise ValueError(f"{path}, line 1: header must name {', '.join(COLUMNS)}, got {header}")
        at_unit, at_time = (header.index(name) for name in COLUMNS)
        rows = []
        for row in reader:
            if not row:
                continue
            where = f"{path}, line {reader.line_num}"
            if len(row) <= max(at_unit, at_time):
                raise ValueError(f"{where}: {len(row)} columns, the header has {len(header)}")
            unit = _number(int, row[at_unit], f"{where}: unit must be a whole number, 0 or more")
            time_s = _number(float, row[at_time], f"{where}: time_s must be a number, 0 or more")
            rows.append((reader.line_num, int(unit), time_s))
        return rows


def _number(kind: Callable[[str], float], text: str, rule: str) -> float:
    try:
        value = kind(text)
    except ValueError:
        raise ValueError(f"{rule}, got {text!r}") from None
    if not (math.isfinite(value) and value >= 0):
        raise ValueError(f"{rule}, got {text!r}")
    return value


def _join(tick: I64, n_spikes: ArrayLike, n_ticks: int, tick_s: float) -> SpikeTrains:
    first = np.concatenate([[0], np.cumsum(np.asarray(n_spikes, np.int64))])
    return SpikeTrains(tick, first.astype(np.int64), int(n_ticks), float(tick_s))


def _checked_count(name: str, value: int) -> int:
    return checks.count(name, value)


def _check_tick_s(tick_s: float) -> None:
    checks.one_within("tick_s", tick_s, 0.0, above_low=True)


def _check_rising(where: str, values: NDArray, rule: str) -> None:
    falls = np.flatnonzero(values[1:] <= values[:-1])
    if falls.size:
        i = falls[0]
        raise ValueError(f"{where} holds {values[i]}, then {values[i + 1]}; it must be {rule}")


def _check_range(where: str, values: NDArray, low: float, high: float) -> None:
    bad = values[(values < low) | (values > high)]
    if bad.size:
        raise ValueError(f"{where} holds {bad[0]}; it must lie in {low}..{high}")
