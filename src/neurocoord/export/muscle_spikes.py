"""The spike trains of one muscle of a trial, and its force on the same ticks."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from neurocoord.body.model import Body
from neurocoord.motorunits import trains
from neurocoord.motorunits.trains import SpikeTrains
from neurocoord.trial import Trial


class MuscleSpikes(NamedTuple):
    """Units of a muscle that fired, in order of recruitment threshold."""

    trains: SpikeTrains
    unit: np.ndarray  # int64[train], which unit of the muscle each is, from 0
    force_n: np.ndarray  # [tick], of the muscle; held over a physics step


def muscle_spikes(done: Trial, body: Body, muscle: str) -> MuscleSpikes:
    """What a muscle's units did; ValueError for a trial that kept no spikes."""
    if done.spikes is None:
        raise ValueError("the trial kept no spikes; run it with keep_spikes=True")
    m = list(body.muscles).index(muscle)
    first, last = done.first_unit[m], done.first_unit[m + 1]
    unit = np.flatnonzero(done.discharge.n_spikes[first:last])
    found = trains.select(done.spikes, first + unit)
    from_zero = done.trace.time_s > -0.5 * done.spikes.tick_s
    by_step = done.trace.muscle_force_n[:, m].reshape(from_zero.size, -1)[from_zero].ravel()
    held = max(1, found.n_ticks // max(1, by_step.size))
    return MuscleSpikes(found, unit, np.repeat(by_step, held))
