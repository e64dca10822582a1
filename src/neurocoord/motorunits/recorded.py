"""Force from given spike trains: recorded and decomposed, simulated, or rearranged.

The same units and the same arithmetic as in the closed loop: on spikes that `kernel.advance`
recorded from rest it gives the kernel's force. Nothing here tires or adapts: a rested pool.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from neurocoord import noise, seeds
from neurocoord.motorunits import checks, trains, twitch
from neurocoord.motorunits.compiled import compiled
from neurocoord.motorunits.parameters import PoolParameters, muscle_of_unit, n_muscles, n_units
from neurocoord.motorunits.trains import SpikeTrains

F64 = NDArray[np.float64]

MAXIMUM_S = 20.0  # of a train at peak rate, to find the maximum of saturating units (choice)


class RecordedForce(NamedTuple):
    """Force of each muscle that its units' spikes give."""

    force: F64  # [tick, muscle] twitch units
    active_state: F64  # [tick, muscle] force over the mean force at drive 1


def force(
    spikes: SpikeTrains | ArrayLike,
    params: PoolParameters,
    *,
    twitch_tetanus_ratio: float | None = None,
) -> RecordedForce:
    """Force `[tick, muscle]` of a pool whose units fire as in `spikes`, from rest.

    spikes: trains of all units of `params`, in its order, or a raster `[tick, unit]`. A twitch
    begins at its spike's tick, and twitches add by an exact critically damped filter.

    twitch_tetanus_ratio: 0 for the gain of Fuglevand et al. 1993, given to each twitch by the
    interval before it (eq 16-17; 1 for the first); above 0 and below 1 for a saturating unit
    ``f = F_tet tanh(y atanh(ratio))``, with y the sum of twitches of height 1 and
    ``F_tet = P / ratio``, so that a single twitch is P high (choice: it leaves doublets their
    force, which the 1993 gain takes away). By default what the parameters say.
    """
    given = _trains_of(spikes, params)
    ratio = _ratio(params, twitch_tetanus_ratio)
    maximum = params.max_force
    if twitch_tetanus_ratio is not None and not np.array_equal(ratio, _ratio(params, None)):
        maximum = _maximum(params, ratio)
    total = _force(given, params, ratio)
    return RecordedForce(force=total, active_state=total / maximum)


def _force(given: SpikeTrains, params: PoolParameters, ratio: F64) -> F64:
    muscle = muscle_of_unit(params)
    out = np.zeros((n_muscles(params), given.n_ticks))
    _add_units(
        given.tick,
        given.first_spike,
        np.where(ratio[muscle][trains.unit_of_spike(given)] > 0, 1.0, _gain(given, params)),
        params.twitch_force,
        params.contraction_time_s,
        ratio[muscle],
        given.tick_s,
        muscle,
        out,
    )
    return np.ascontiguousarray(out.T)


def _gain(given: SpikeTrains, params: PoolParameters) -> F64:
    """The 1993 gain of each spike's twitch, by the interval before it."""
    isi = np.full(given.tick.size, np.inf)
    isi[1:] = np.diff(given.tick) * given.tick_s
    first = given.first_spike[:-1]
    isi[first[first < given.tick.size]] = np.inf
    return twitch.gain(params.contraction_time_s[trains.unit_of_spike(given)] / isi)


@compiled
def _add_units(tick, first_spike, impulse, height, time_s, ratio, tick_s, muscle, out):  # type: ignore[no-untyped-def]
    n_tick = out.shape[1]
    for i in range(height.size):
        j, stop = first_spike[i], first_spike[i + 1]
        if j == stop:
            continue
        decay = np.exp(-tick_s / time_s[i])
        scale = np.e * tick_s / time_s[i]
        bend = np.arctanh(ratio[i])
        row = out[muscle[i]]
        y1 = 0.0
        y2 = 0.0
        for t in range(tick[j], n_tick):
            y2 = decay * (y2 + y1)
            y1 = decay * y1
            if ratio[i] > 0.0:
                row[t] += height[i] / ratio[i] * np.tanh(bend * (scale * y2))
            else:
                row[t] += height[i] * (scale * y2)
            if j < stop and tick[j] == t:
                y1 += impulse[j]
                j += 1
            elif j == stop and y1 + y2 < 1e-13:
                break


def _maximum(params: PoolParameters, ratio: F64) -> F64:
    """Mean force `[muscle]` with every unit at its peak rate and its own interval CV."""
    n_tick, settled = round(MAXIMUM_S / trains.TICK_S), round(1.0 / trains.TICK_S)
    ticks = []
    for i in range(n_units(params)):
        mean = 1.0 / params.peak_rate_hz[i] / trains.TICK_S
        key = noise.stream_key(seeds.stream(0, "recorded", "maximum"), 0)
        z = noise.bell(noise.draw(key, i, np.arange(int(1.3 * n_tick / mean) + 20)))
        at = np.cumsum(np.maximum(mean * (1.0 + params.isi_cv[i] * z), 2.0)).astype(np.int64)
        ticks.append(at[at < n_tick])
    steady = trains.from_ticks(ticks, n_tick)
    return np.asarray(_force(steady, params, ratio)[settled:].mean(axis=0))


def _trains_of(spikes: SpikeTrains | ArrayLike, params: PoolParameters) -> SpikeTrains:
    given = trains.check(spikes) if isinstance(spikes, SpikeTrains) else trains.from_raster(spikes)
    if trains.n_units(given) != n_units(params):
        raise ValueError(
            f"spikes holds {trains.n_units(given)} units; params holds {n_units(params)}"
        )
    return given


def _ratio(params: PoolParameters, given: float | None) -> F64:
    """Twitch-tetanus ratio of each muscle `[muscle]`; 0 is the 1993 gain."""
    if given is None:
        own = getattr(params, "twitch_tetanus_ratio", 0.0)
        return np.array(np.broadcast_to(own, (n_muscles(params),)), dtype=np.float64)
    if not 0.0 <= float(checks.numbers("twitch_tetanus_ratio", given)) < 1.0:
        raise ValueError(f"twitch_tetanus_ratio is {given!r}; it must lie in 0..1, below 1")
    return np.full(n_muscles(params), float(given))
