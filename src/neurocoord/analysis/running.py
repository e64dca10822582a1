"""What each unit did in a long run, from running sums: memory does not grow with its length."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from neurocoord.motorunits.compiled import compiled

Floats = NDArray[np.float64]
I64 = NDArray[np.int64]

# Longer intervals are pauses (choice: twice the mean interval at recruitment, 8 imp/s).
LONGEST_INTERVAL_S = 0.25


class UnitSums(NamedTuple):
    """Sums over the spikes of each unit so far, `[unit]`, intervals in ticks; `update` moves on."""

    last_tick: I64  # of the last spike; -1 before the first
    last_interval: I64  # of the last two spikes; 0 where there is none, or a pause
    n_spikes: I64
    n_intervals: I64
    interval_sum: I64
    n_pairs: I64  # of neighbouring intervals
    pair_square: I64  # sum of their squared difference
    noise_square: Floats  # [kind, unit] sum of the squared noise in its input
    n_noise: I64  # [1] how many values that is


class UnitDischarge(NamedTuple):
    """How each unit discharged, `[unit]`; NaN where too few spikes tell."""

    n_spikes: I64
    discharge_rate_hz: Floats  # 1 / mean interval, pauses left out
    isi_cv: Floats  # from neighbouring intervals
    input_noise_variance: Floats  # over its nominal value


def start(n_units: int, n_kinds: int) -> UnitSums:
    """Sums of a run in which nothing has happened; `n_kinds`: of noise in the units' input."""

    def zeros() -> I64:
        return np.zeros(n_units, np.int64)

    return UnitSums(
        last_tick=np.full(n_units, -1, np.int64),
        last_interval=zeros(),
        n_spikes=zeros(),
        n_intervals=zeros(),
        interval_sum=zeros(),
        n_pairs=zeros(),
        pair_square=zeros(),
        noise_square=np.zeros((n_kinds, n_units)),
        n_noise=np.zeros(1, np.int64),
    )


def add_spikes(sums: UnitSums, spikes: NDArray[np.uint8], first_tick: int, tick_s: float) -> None:
    """Add a block's raster `[tick, unit]`, whose first tick is the run's `first_tick`. In place."""
    found = np.flatnonzero(np.ascontiguousarray(spikes).reshape(-1).view(np.bool_))
    longest = round(LONGEST_INTERVAL_S / tick_s)
    _add(found, spikes.shape[1], first_tick, longest, *sums[:7])


def add_noise(sums: UnitSums, noise: Floats) -> None:
    """Add the noise now in the units' input, `[kind, unit]` in its nominal SD. In place."""
    sums.noise_square[:] += noise * noise
    sums.n_noise[0] += 1


@compiled
def _add(found, n_units, first_tick, longest, last, before, n, n_isi, total, n_pairs, square):  # type: ignore[no-untyped-def]
    for at in found:
        tick, i = first_tick + at // n_units, at % n_units
        n[i] += 1
        interval = tick - last[i]
        if last[i] < 0 or interval > longest:
            interval = 0  # the first spike, or one after a pause
        else:
            n_isi[i] += 1
            total[i] += interval
            if before[i] > 0:
                n_pairs[i] += 1
                square[i] += (interval - before[i]) ** 2
        last[i], before[i] = tick, interval


def discharge(sums: UnitSums, tick_s: float) -> UnitDischarge:
    """Rate, interval CV and input noise of each unit.

    The CV is ``sqrt(mean((I' - I)^2) / 2) / mean(I)`` over neighbouring intervals I, I' (mean
    square successive difference; von Neumann, Kent, Bellinson & Hart 1941, Ann Math Stat
    12:153-162): for independent intervals SD / mean, and blind to slow changes of drive, which a
    trial is full of.
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = sums.interval_sum / sums.n_intervals
        cv = np.sqrt(0.5 * sums.pair_square / sums.n_pairs) / mean
        noise = sums.noise_square / sums.n_noise
    variance = noise.mean(axis=0) if noise.size else np.full(mean.size, np.nan)
    return UnitDischarge(sums.n_spikes.copy(), 1.0 / (mean * tick_s), cv, variance)


# Measure: unit, what it is. The same in every task.
MEASURES = {
    "recruited_units": ("units", "motor units that fired, of all muscles"),
    "discharge_rate_hz": ("1/s", "mean discharge rate of the units that fired, pauses left out"),
    "isi_cv": ("1", "mean CV of their intervals, from neighbouring ones"),
    "input_noise_variance": ("1", "variance of the noise in units' input, over its nominal value"),
}


def measures(found: UnitDischarge) -> dict[str, float]:
    """The values of `MEASURES`: means over units."""
    return {
        "recruited_units": float(np.count_nonzero(found.n_spikes)),
        "discharge_rate_hz": _mean(found.discharge_rate_hz),
        "isi_cv": _mean(found.isi_cv),
        "input_noise_variance": _mean(found.input_noise_variance),
    }


def _mean(values: Floats) -> float:
    known = values[np.isfinite(values)]
    return float(known.mean()) if known.size else float("nan")
