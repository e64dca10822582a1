"""Amplitude of the surface EMG of a long run, from running sums: memory does not grow with it."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from neurocoord.motorunits.compiled import compiled
from neurocoord.motorunits.emg import potentials
from neurocoord.motorunits.parameters import PoolParameters, muscle_of_unit

Floats = NDArray[np.float64]

MEASURES = {  # measure: unit, what it is
    "emg_rectified": (
        "1",
        "mean rectified surface EMG, summed over muscles (unit: of motorunits/emg.py)",
    ),
}


class EmgSums(NamedTuple):
    """The run so far; `add_spikes` moves on."""

    waveform: Floats  # [unit, sample] that each spike adds
    muscle: NDArray[np.int64]  # [unit]
    ahead: Floats  # [sample, muscle] what the spikes so far add to the ticks to come, a ring
    rectified: Floats  # [muscle] sum of the rectified EMG
    n_ticks: NDArray[np.int64]  # [1] so far


def start(pools: PoolParameters, tick_s: float) -> EmgSums:
    """Sums of a run in which nothing has happened."""
    waveform = potentials(pools, tick_s=tick_s).waveform
    n_muscles = pools.first_unit.size - 1
    return EmgSums(
        np.ascontiguousarray(waveform),
        muscle_of_unit(pools).astype(np.int64),
        np.zeros((waveform.shape[1], n_muscles)),
        np.zeros(n_muscles),
        np.zeros(1, np.int64),
    )


def add_spikes(sums: EmgSums, spikes: NDArray[np.uint8]) -> None:
    """Add a block's raster `[tick, unit]`. In place."""
    found = np.flatnonzero(np.ascontiguousarray(spikes).reshape(-1).view(np.bool_))
    _add(found, spikes.shape[0], spikes.shape[1], *sums)


@compiled
def _add(found, n_ticks, n_units, waveform, muscle, ahead, rectified, so_far):  # type: ignore[no-untyped-def]
    n_samples = waveform.shape[1]
    following = 0
    for tick in range(n_ticks):
        now = so_far[0] % n_samples
        while following < found.size and found[following] // n_units == tick:
            i = found[following] % n_units
            for k in range(n_samples):
                ahead[(now + k) % n_samples, muscle[i]] += waveform[i, k]
            following += 1
        for m in range(rectified.size):
            rectified[m] += abs(ahead[now, m])
            ahead[now, m] = 0.0
        so_far[0] += 1


def average_rectified_value(sums: EmgSums) -> Floats:
    """Mean rectified EMG `[muscle]`, as `analysis.emg.average_rectified_value` of the whole."""
    return sums.rectified / max(int(sums.n_ticks[0]), 1)


def measures(sums: EmgSums) -> dict[str, float]:
    """The values of `MEASURES`."""
    return {"emg_rectified": float(average_rectified_value(sums).sum())}
