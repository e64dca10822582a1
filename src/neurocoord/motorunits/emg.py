"""Surface EMG of each muscle from the spikes of its motor units.

Every spike of a unit puts the unit's potential into the sum, beginning at the spike's own tick. A
potential is biphasic: the first Hermite-Rodriguez function (Lo Conte, Merletti & Sandri 1994, IEEE
Trans Biomed Eng 41:1147-1159), of zero mean. Its size follows the number of fibres of the unit,
which goes with its twitch force (Fuglevand, Winter & Patla 1993, J Neurophysiol 70:2470-2488), and
falls with the distance of the unit from the electrode (power law).
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from neurocoord import noise, seeds
from neurocoord.motorunits import checks, trains
from neurocoord.motorunits.parameters import PoolParameters, muscle_of_unit, n_muscles, n_units
from neurocoord.motorunits.trains import SpikeTrains

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]

DURATION_S = 0.010  # choice: near the mean of the limb muscles below
# Mean duration of a unit's potential at 20 to 29 years (Buchthal & Rosenfalck 1955; as later texts
# give it, the paper itself was not read).
MUSCLE_DURATION_S = {
    "deltoid": 0.0114,
    "biceps_brachii": 0.0092,
    "triceps_brachii": 0.0104,
    "thenar": 0.0102,
    "abductor_digiti_minimi": 0.0119,
    "quadriceps": 0.0103,
    "gastrocnemius": 0.0092,
    "tibialis_anterior": 0.0115,
}
AMPLITUDE_EXPONENT = 1.0  # potential against twitch force: as the number of fibres (1993)
DEPTH_EXPONENT = 1.0  # choice: fall of the potential with distance; about 2 for close bipolar pairs
ELECTRODE_GAP = 0.5  # choice: skin and fat between muscle and electrode, in muscle radii
SHAPE_WIDTH = 6.0  # the duration spans +-3 widths of the Hermite-Rodriguez function (choice)
LONGEST_S = 0.1  # a potential of that length is a mistake of units


class Potentials(NamedTuple):
    """The waveform that each unit adds to the EMG of its muscle at every spike."""

    waveform: F64  # [unit, sample] from the spike's tick on; 0 after the unit's own duration
    amplitude: F64  # [unit] peak; 1 is a unit of twitch force 1 in the middle of the muscle
    distance: F64  # [unit] from the electrode, in muscle radii
    first_unit: I64  # [muscle + 1]
    tick_s: float


def potentials(
    params: PoolParameters,
    *,
    duration_s: ArrayLike = DURATION_S,
    amplitude_exponent: float = AMPLITUDE_EXPONENT,
    depth_exponent: float = DEPTH_EXPONENT,
    electrode_gap: float = ELECTRODE_GAP,
    seed: int = 0,
    tick_s: float = trains.TICK_S,
) -> Potentials:
    """Potentials of all units.

    duration_s: a number, or one a muscle (see `MUSCLE_DURATION_S`), or one a unit. Peaks go as
    twitch force to the power `amplitude_exponent` and as distance to the power
    -`depth_exponent`. Units lie at random in a round muscle of radius 1 (from `seed`), the
    electrode `electrode_gap` above its edge. Raises ValueError naming the argument.
    """
    checks.one_within("amplitude_exponent", amplitude_exponent, 0.0)
    checks.one_within("depth_exponent", depth_exponent, 0.0)
    checks.one_within("electrode_gap", electrode_gap, 0.0, above_low=True)
    checks.one_within("tick_s", tick_s, 0.0, above_low=True)
    duration = _duration_of_unit(params, duration_s, tick_s)
    distance = _distance(n_units(params), electrode_gap, seed)
    amplitude = params.twitch_force**amplitude_exponent * (
        (1.0 + electrode_gap) / distance
    ) ** depth_exponent  # fmt: skip
    return Potentials(
        waveform=amplitude[:, None] * _shape(duration, tick_s),
        amplitude=amplitude,
        distance=distance,
        first_unit=params.first_unit.copy(),
        tick_s=float(tick_s),
    )


def emg(spikes: SpikeTrains | ArrayLike, potentials: Potentials) -> F64:
    """EMG `[tick, muscle]`: the sum of all potentials, which cancel where their signs differ.

    `spikes`: trains of all units, or a raster `[tick, unit]`.
    """
    return _sum(spikes, potentials, potentials.waveform)


def emg_without_cancellation(spikes: SpikeTrains | ArrayLike, potentials: Potentials) -> F64:
    """Sum of the rectified potentials `[tick, muscle]`: rectified first, so none is cancelled.

    The measure of Day & Hulliger 2001 (J Neurophysiol 86:2144-2158) and Keenan et al. 2005 (J Appl
    Physiol 98:120-131); see `analysis.emg.amplitude_cancellation`.
    """
    return _sum(spikes, potentials, np.abs(potentials.waveform))


def _sum(spikes: SpikeTrains | ArrayLike, p: Potentials, waveform: F64) -> F64:
    """Waveforms `[unit, sample]` added at every spike, one sample of all spikes at a time."""
    if isinstance(spikes, SpikeTrains):
        given = trains.check(spikes)
    else:
        given = trains.from_raster(spikes, p.tick_s)
    n, muscles = trains.n_units(given), p.first_unit.size - 1
    if n != waveform.shape[0]:
        raise ValueError(f"spikes holds {n} units; potentials holds {waveform.shape[0]}")
    if not math.isclose(given.tick_s, p.tick_s, rel_tol=1e-9):
        raise ValueError(
            f"spikes has a tick of {given.tick_s} s; potentials were made for {p.tick_s} s"
        )
    unit = trains.unit_of_spike(given)
    cell = given.tick * muscles + np.repeat(np.arange(muscles), np.diff(p.first_unit))[unit]
    n_sample = waveform.shape[1]
    total = np.zeros((given.n_ticks + n_sample) * muscles)
    for k in range(n_sample):
        added = np.bincount(cell, waveform[unit, k], given.n_ticks * muscles)
        total[k * muscles : k * muscles + added.size] += added
    return total[: given.n_ticks * muscles].reshape(given.n_ticks, muscles)


def _shape(duration_s: F64, tick_s: float) -> F64:
    """Biphasic shapes `[unit, sample]`, peak 1, odd about their middle so that they sum to 0."""
    n_sample = np.ceil(duration_s / tick_s - 1e-9)
    k = np.arange(int(n_sample.max()))
    z = (k - (n_sample[:, None] - 1.0) / 2.0) * (SHAPE_WIDTH * tick_s / duration_s)[:, None]
    shape = -z * np.exp(0.5 * (1.0 - z * z))
    return np.where(k < n_sample[:, None], shape, 0.0)


def _distance(n: int, gap: float, seed: int) -> F64:
    """Distance of `n` units, evenly spread over a disc of radius 1, from a point above its edge."""
    key = noise.stream_key(seeds.stream(seed, "emg", "position"), 0)
    radius = np.sqrt(noise.uniform(noise.draw(key, np.arange(n), 0)))
    angle = 2.0 * np.pi * noise.uniform(noise.draw(key, np.arange(n), 1))
    return np.hypot(radius * np.cos(angle) - (1.0 + gap), radius * np.sin(angle))


def _duration_of_unit(params: PoolParameters, duration_s: ArrayLike, tick_s: float) -> F64:
    given = checks.numbers("duration_s", duration_s)
    muscles, units = n_muscles(params), n_units(params)
    if given.shape not in ((), (muscles,), (units,)):
        raise ValueError(
            f"duration_s has shape {given.shape}; it must be a number, one a muscle ({muscles},) "
            f"or one a unit ({units},)"
        )
    if not np.all((given >= 2.0 * tick_s) & (given <= LONGEST_S)):
        raise ValueError(
            f"duration_s is {duration_s!r}; it must lie in {2.0 * tick_s:g}..{LONGEST_S} s "
            "(two ticks or more)"
        )
    if given.shape == (muscles,):
        given = given[muscle_of_unit(params)]
    return np.broadcast_to(given, (units,)).astype(np.float64)
