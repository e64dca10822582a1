"""Measures of spike trains: rate and interval variability, recruitment speed, synchrony of a pool.

All take the record of `motorunits.trains`, made by `trains.from_raster`, `from_times_s` or
`read_csv`: simulated and recorded trains alike. A unit with too few spikes gives NaN.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from neurocoord.motorunits import trains as trains_
from neurocoord.motorunits.trains import SpikeTrains

Floats = NDArray[np.float64]
I64 = NDArray[np.int64]

STTC_WINDOW_S = 0.005  # choice, and elephant's default
SYNCHRONY_BIN_S = 0.010  # choice: holds the short-term peak (half width about 5 ms), little more


class Discharge(NamedTuple):
    """How each unit discharged; all of shape `[unit]`."""

    n_spikes: I64
    mean_rate_hz: Floats  # spikes over the length of the record
    discharge_rate_hz: Floats  # 1 / mean interval; NaN under two spikes
    isi_mean_s: Floats  # NaN without an interval
    isi_cv: Floats  # sample SD / mean of the intervals; NaN under two intervals


class RecruitmentSpeed(NamedTuple):
    """How fast a contraction brings in its units."""

    n_recruited: int  # units that fired in the contraction
    units_per_s: float  # mean over the whole of recruitment; inf if all came in one tick
    middle_units_per_s: float  # the same from the first to the last tenth of the units
    first_spike_s: Floats  # [unit] from the start of the contraction; NaN for silent units


def all_pairs(n_units: int) -> I64:
    """Every pair of units once, `[pair, 2]`, first < second."""
    return np.stack(np.triu_indices(n_units, k=1), axis=1).astype(np.int64)


def checked_pairs(trains: SpikeTrains, pairs: ArrayLike | None) -> I64:
    """`pairs` as int64 `[pair, 2]` (all pairs for None); ValueError for one that there is not."""
    n = trains_.n_units(trains_.check(trains))
    if pairs is None:
        return all_pairs(n)
    given = np.asarray(pairs)
    if given.ndim != 2 or given.shape[1] != 2 or given.dtype.kind not in "iu":
        raise ValueError(f"pairs has shape {given.shape}, {given.dtype}; it must be int[pair, 2]")
    bad = (given < 0) | (given >= n) | (given[:, :1] == given[:, 1:])
    if bad.any():
        row = given[bad.any(axis=1)][0]
        raise ValueError(
            f"pairs holds {row.tolist()}; it must be two different units of 0..{n - 1}"
        )
    return given.astype(np.int64)


def discharge(trains: SpikeTrains, *, longest_interval_s: float = np.inf) -> Discharge:
    """Rate and interval variability of every unit.

    `longest_interval_s`: longer intervals are pauses, not intervals, and are left out of rate,
    mean and CV (give it for contractions in which units come and go, or for decomposed trains with
    missed spikes).
    """
    trains_.check(trains)
    if not longest_interval_s > 0:
        raise ValueError(f"longest_interval_s is {longest_interval_s!r}; it must be above 0")
    n, spikes = trains_.n_units(trains), trains_.counts(trains)
    unit = trains_.unit_of_spike(trains)
    isi = np.diff(trains.tick) * trains.tick_s
    kept = (unit[1:] == unit[:-1]) & (isi <= longest_interval_s)
    isi, unit = isi[kept], unit[1:][kept]
    n_isi = np.bincount(unit, minlength=n)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.bincount(unit, isi, minlength=n) / n_isi
        square = np.bincount(unit, (isi - mean[unit]) ** 2, minlength=n)
        cv = np.sqrt(square / np.where(n_isi > 1, n_isi - 1, np.nan)) / mean
    return Discharge(spikes, spikes / trains_.duration_s(trains), 1.0 / mean, mean, cv)


def recruitment_speed(trains: SpikeTrains, *, start_s: float = 0.0) -> RecruitmentSpeed:
    """Units recruited per second in a contraction that begins at `start_s`.

    A unit is recruited at its first spike from `start_s` on. `units_per_s` is (n - 1) over the time
    from the first unit's spike to the last's; `middle_units_per_s` leaves out the first and last
    tenth of the units, for a straggler rules the former. After Del Vecchio et al. 2019 (J Physiol
    597:2445-2456), who count motor units recruited per second from first discharges; the exact form
    is our choice. NaN with fewer than two units.
    """
    trains_.check(trains)
    if not 0 <= start_s < trains_.duration_s(trains):
        raise ValueError(f"start_s is {start_s!r}; it must lie in the record")
    late = np.flatnonzero(trains.tick >= start_s / trains.tick_s - 1e-9)
    recruited, where = np.unique(trains_.unit_of_spike(trains)[late], return_index=True)
    first = np.full(trains_.n_units(trains), np.nan)
    first[recruited] = trains.tick[late[where]] * trains.tick_s - start_s
    order = np.sort(first[recruited])
    cut = order.size // 10
    return RecruitmentSpeed(
        n_recruited=int(order.size),
        units_per_s=_speed(order),
        middle_units_per_s=_speed(order[cut : order.size - cut]),
        first_spike_s=first,
    )


def sttc(
    trains: SpikeTrains, pairs: ArrayLike | None = None, *, window_s: float = STTC_WINDOW_S
) -> Floats:
    """Spike time tiling coefficient of each pair, `[pair]`; NaN where a train is empty.

    Cutts & Eglen 2014 (J Neurosci 34:14288-14303)::

        STTC = 1/2 [(P_A - T_B) / (1 - P_A T_B) + (P_B - T_A) / (1 - P_B T_A)]

    P_A: share of A's spikes within +-`window_s` (bounds included) of a spike of B; T_A: share of
    the record within +-`window_s` of a spike of A; 0/0 is 1. -1 .. 1, insensitive to rate. Equal to
    elephant's `spike_time_tiling_coefficient` in records under 100 s; in longer ones elephant 1.2.1
    widens the window of P by 1e-5 of the spike's time (the default rtol of numpy.isclose), here it
    stays as given. Counting in ticks, no spike on the edge is lost to rounding. A window of whole
    ticks w holds 2 w + 1 lags but covers 2 w ticks, which lifts independent trains slightly above 0
    (0.01 at 10 imp/s); a window of half ticks (5.5 ms) does not.
    """
    chosen = checked_pairs(trains, pairs)
    window = window_s / trains.tick_s
    if not 0 < window < 2**31:
        raise ValueError(f"window_s is {window_s!r}; it must be finite and above 0")
    tiled = _tiled_share(trains, window)
    near = _near_share(trains, chosen, int(np.floor(window + 1e-9)))
    a, b = chosen.T
    return 0.5 * (_tiling_term(near[:, 0], tiled[b]) + _tiling_term(near[:, 1], tiled[a]))


def population_synchrony_index(trains: SpikeTrains, *, bin_s: float = SYNCHRONY_BIN_S) -> float:
    """Synchrony of a whole pool in one number: 0 for independent trains, 1 for identical ones.

    With x_i the spike count of unit i in bins of `bin_s` and chi^2 = Var(mean_i x_i) / mean_i
    Var(x_i) (Golomb & Rinzel 1993, Phys Rev E 48:4810-4814; 1/N for N independent units), it is
    (N chi^2 - 1) / (N - 1): the mean covariance of two units over their mean variance. Silent units
    are left out; NaN with fewer than two others. Wide bins count common slow modulation of rate as
    well; a ramp counts at any width, so cut it away first.
    """
    trains_.check(trains)
    width = trains_.in_ticks(bin_s, trains.tick_s)
    if not 1 <= width <= trains.n_ticks // 2:
        raise ValueError(
            f"bin_s is {bin_s!r}; it must be a tick, {trains.tick_s} s, or more, "
            f"and at most half of the record, {trains_.duration_s(trains):g} s"
        )
    n_bins = trains.n_ticks // width
    bins = trains.tick // width
    inside = bins < n_bins
    unit, bins = trains_.unit_of_spike(trains)[inside], bins[inside]
    # Trains are sorted, so equal bins of a unit stand together: their counts are run lengths.
    starts = np.flatnonzero(np.diff(unit * n_bins + bins, prepend=-1))
    count = np.diff(starts, append=unit.size).astype(np.float64)
    total = np.bincount(unit[starts], count, minlength=trains_.n_units(trains))
    square = np.bincount(unit[starts], count**2, minlength=trains_.n_units(trains))
    n = int(np.count_nonzero(total))
    variance = (square / n_bins - (total / n_bins) ** 2).sum()
    if n < 2 or not variance > 0:
        return float("nan")
    pooled = np.bincount(bins, minlength=n_bins).var()
    return float((pooled / variance - 1.0) / (n - 1))


def _speed(first_s: Floats) -> float:
    if first_s.size < 2:
        return float("nan")
    span = first_s[-1] - first_s[0]
    return float((first_s.size - 1) / span) if span > 0 else float("inf")


def _tiled_share(trains: SpikeTrains, window: float) -> Floats:
    """Share of the record within +-`window` ticks of a spike, `[unit]`."""
    n, spikes = trains_.n_units(trains), trains_.counts(trains)
    unit = trains_.unit_of_spike(trains)
    gap = np.minimum(np.diff(trains.tick), 2.0 * window) * (unit[1:] == unit[:-1])
    covered = np.bincount(unit[1:], gap, minlength=n).astype(np.float64)
    fires = spikes > 0
    first, last = trains.first_spike[:-1][fires], trains.first_spike[1:][fires] - 1
    covered[fires] += np.minimum(trains.tick[first], window)
    covered[fires] += np.minimum(trains.n_ticks - trains.tick[last], window)
    return covered / trains.n_ticks


def _near_share(trains: SpikeTrains, pairs: I64, window: int) -> Floats:
    """Share of the first unit's spikes near the second's, and the other way, `[pair, 2]`."""
    near = np.full(pairs.shape, np.nan)
    spikes = trains_.counts(trains)
    for column in (0, 1):
        other = pairs[:, 1 - column]
        for unit in np.unique(other):
            rows = np.flatnonzero(other == unit)
            asked = pairs[rows, column]
            mask = _near_mask(trains_.of_unit(trains, int(unit)), window, trains.n_ticks)
            hits = np.concatenate([[0], np.cumsum(mask[trains.tick])])
            found = hits[trains.first_spike[asked + 1]] - hits[trains.first_spike[asked]]
            valid = (spikes[asked] > 0) & (spikes[unit] > 0)
            near[rows[valid], column] = found[valid] / spikes[asked[valid]]
    return near


def _near_mask(ticks: I64, window: int, n_ticks: int) -> NDArray[np.bool_]:
    """True in each tick within `window` ticks of one of `ticks`, `[tick]`."""
    edges = np.zeros(n_ticks + 1, np.int32)
    np.add.at(edges, np.maximum(ticks - window, 0), 1)
    np.add.at(edges, np.minimum(ticks + window + 1, n_ticks), -1)
    return np.cumsum(edges[:-1]) > 0


def _tiling_term(near: Floats, tiled: Floats) -> Floats:
    product = near * tiled
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(product == 1.0, 1.0, (near - tiled) / (1.0 - product))
