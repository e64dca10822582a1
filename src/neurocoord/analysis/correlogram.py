"""Short-term synchrony of pairs of motor units, from the cross-correlogram of their discharges.

The indices of Nordstrom, Fuglevand & Enoka 1992 (J Physiol 453:547-574), with the peak found by
the cumulative sum as in Keen, Chou, Nordstrom & Fuglevand 2012 (J Neurophysiol 108:3264-3275).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from neurocoord.analysis.spikes import checked_pairs
from neurocoord.motorunits import trains as trains_
from neurocoord.motorunits.trains import SpikeTrains

Floats = NDArray[np.float64]
I64 = NDArray[np.int64]

REACH_S = 0.1  # lags of the correlogram, -REACH_S .. REACH_S
BASELINE_S = 0.06  # lags of this size and above are baseline; the peak is sought inside
PEAK_LEVELS = (0.1, 0.9)  # of the range of the cumulative sum: the bounds of the peak
SIGNIFICANT_Z = 1.96
DEFAULT_PEAK_S = 0.005  # without a significant peak: this far to either side of zero lag


class CrossCorrelogram(NamedTuple):
    """Discharges of one unit around those of another, in bins of one tick."""

    lag_s: Floats  # [lag]; positive: the event unit fires after the reference unit
    counts: I64  # [pair, lag]
    reference: I64  # [pair] unit that the lags are counted from: the one with fewer spikes
    n_reference: I64  # [pair] its spikes
    n_event: I64  # [pair] spikes of the other unit
    duration_s: float


class SynchronyIndices(NamedTuple):
    """Indices of short-term synchrony; all of shape `[pair]`. `extra` = count above baseline."""

    cis_hz: Floats  # common input strength: extra coincidences in the peak, per second
    k_prime: Floats  # count in the peak / count expected from baseline
    e: Floats  # extra / spikes of the reference unit
    s: Floats  # extra / spikes of both units
    si: Floats  # extra / half of the counts of the correlogram
    peak_start_s: Floats  # lag of the peak's first bin
    peak_stop_s: Floats  # ... and of its last
    z: Floats  # of the peak that the cumulative sum gives
    is_significant: NDArray[np.bool_]  # z at least 1.96: its peak was used, else +-5 ms


def cross_correlogram(
    trains: SpikeTrains,
    pairs: ArrayLike | None = None,
    *,
    reach_s: float = REACH_S,
    order: int | None = None,
) -> CrossCorrelogram:
    """Cross-correlogram of each of `pairs` (`int[pair, 2]`; all pairs by default).

    `order` 1 counts from each reference spike the next event spike and the one before (first-order
    recurrence times), `order` n the n next and n before. By default all are counted: recurrence
    times of low order thin out beyond the shortest interval, which tilts the baseline of units
    above some 10 imp/s; with all orders it is flat for independent units. A coincidence in the
    same tick has lag 0. Memory: 8 bytes a pair and lag.
    """
    chosen = checked_pairs(trains, pairs)
    reach = trains_.in_ticks(reach_s, trains.tick_s)
    if not 1 <= reach < trains.n_ticks:
        raise ValueError(f"reach_s is {reach_s!r}; it must be a tick or more, within the record")
    if order is not None and (isinstance(order, bool) or not isinstance(order, int) or order < 1):
        raise ValueError(f"order is {order!r}; it must be a whole number of 1 or more, or None")
    spikes = trains_.counts(trains)
    swap = spikes[chosen[:, 1]] < spikes[chosen[:, 0]]
    reference = np.where(swap, chosen[:, 1], chosen[:, 0])
    event = np.where(swap, chosen[:, 0], chosen[:, 1])
    count = np.empty((len(chosen), 2 * reach + 1), np.int64)
    for row, (r, e) in enumerate(zip(reference, event)):
        lags = _lags(trains_.of_unit(trains, r), trains_.of_unit(trains, e), reach, order)
        count[row] = np.bincount(lags + reach, minlength=2 * reach + 1)
    return CrossCorrelogram(
        lag_s=np.arange(-reach, reach + 1) * np.float64(trains.tick_s),
        counts=count,
        reference=reference,
        n_reference=spikes[reference],
        n_event=spikes[event],
        duration_s=trains_.duration_s(trains),
    )


def synchrony_indices(
    correlogram: CrossCorrelogram,
    *,
    baseline_s: float = BASELINE_S,
    default_peak_s: float = DEFAULT_PEAK_S,
) -> SynchronyIndices:
    """CIS, k', E, S and SI of each pair, with the peak found by the cumulative sum.

    Baseline: mean (and SD) count of the bins `baseline_s` or more from zero lag. Within them, the
    cumulative sum of (count - baseline) is taken; its range is minimum to maximum, and the peak
    runs from where it last leaves 10 % of its range to where it first reaches 90 %. z = (mean count
    of the peak's bins - baseline) / SD of the baseline's bins; below 1.96, or where the sum has no
    rise, the peak is instead +-`default_peak_s` round zero. extra = sum over the peak of (count -
    baseline), bins below baseline counted as negative, so that independent units give 0 on average.

        CIS = extra / duration      k' = count in peak / expected      E = extra / N_reference
        S = extra / (N_reference + N_event)      SI = extra / (total count / 2)

    NaN where the baseline is empty (k'), or a unit silent (E, S, SI).
    """
    lag, count = correlogram.lag_s, np.asarray(correlogram.counts, np.float64)
    if count.ndim != 2 or count.shape[1] != lag.size or not np.all(count >= 0):
        raise ValueError(f"correlogram.counts must be [pair, lag={lag.size}], 0 or more")
    size = np.abs(lag) + 1e-9
    if not (0 < default_peak_s < baseline_s and np.count_nonzero(size >= baseline_s) >= 4):
        raise ValueError(
            f"baseline_s is {baseline_s!r} and default_peak_s {default_peak_s!r}; they must be "
            f"0 < default_peak_s < baseline_s < {lag[-1]:g}, with 4 bins of baseline or more"
        )
    outer = size >= baseline_s
    inner = np.flatnonzero(~outer)
    baseline = count[:, outer].mean(axis=1)
    sd = count[:, outer].std(axis=1, ddof=1)
    start, stop = _peak(np.cumsum(count[:, inner] - baseline[:, None], axis=1))
    width = np.maximum(stop - start + 1, 1)
    z = _ratio(_sum(count[:, inner], start, stop) / width - baseline, sd)
    significant = (z >= SIGNIFICANT_Z) & (start <= stop)
    fixed = np.flatnonzero(np.abs(lag[inner]) <= default_peak_s + 1e-9)[[0, -1]]
    start = np.where(significant, start, fixed[0])
    stop = np.where(significant, stop, fixed[1])
    in_peak = _sum(count[:, inner], start, stop)
    expected = baseline * (stop - start + 1)
    extra = in_peak - expected
    n_reference, n_event = correlogram.n_reference, correlogram.n_event
    return SynchronyIndices(
        cis_hz=extra / correlogram.duration_s,
        k_prime=_ratio(in_peak, expected),
        e=_ratio(extra, n_reference),
        s=_ratio(extra, n_reference + n_event),
        si=_ratio(extra, count.sum(axis=1) / 2.0),
        peak_start_s=lag[inner[start]],
        peak_stop_s=lag[inner[stop]],
        z=z,
        is_significant=significant,
    )


def synchrony(trains: SpikeTrains, pairs: ArrayLike | None = None) -> SynchronyIndices:
    """Indices of short-term synchrony of each of `pairs`: `synchrony_indices` at its defaults."""
    return synchrony_indices(cross_correlogram(trains, pairs))


def _lags(reference: I64, event: I64, reach: int, order: int | None) -> I64:
    """Event minus reference ticks within +-reach, for all reference spikes."""
    low = np.searchsorted(event, reference - reach, side="left")
    high = np.searchsorted(event, reference + reach, side="right")
    if order is not None:
        zero = np.searchsorted(event, reference, side="left")
        low, high = np.maximum(low, zero - order), np.minimum(high, zero + order)
    n = high - low
    offset = np.repeat(low - (np.cumsum(n) - n), n)
    return event[np.arange(offset.size) + offset] - np.repeat(reference, n)


def _peak(cumulative: Floats) -> tuple[I64, I64]:
    """First and last bin of the rise of each row; start > stop where there is none."""
    low = cumulative.min(axis=1, keepdims=True)
    span = cumulative.max(axis=1, keepdims=True) - low
    stop = np.argmax(cumulative >= low + PEAK_LEVELS[1] * span, axis=1)
    below = cumulative <= low + PEAK_LEVELS[0] * span
    before = below & (np.arange(cumulative.shape[1]) < stop[:, None])
    last = cumulative.shape[1] - 1 - np.argmax(before[:, ::-1], axis=1)
    start = np.where(before.any(axis=1), last + 1, stop + 1)
    return start, stop


def _sum(count: Floats, start: I64, stop: I64) -> Floats:
    """Sum of each row over start .. stop, both included."""
    total = np.concatenate([np.zeros((len(count), 1)), np.cumsum(count, axis=1)], axis=1)
    row = np.arange(len(count))
    return total[row, stop + 1] - total[row, start]


def _ratio(above: Floats, below: Floats | I64) -> Floats:
    """above / below, NaN where below is 0."""
    return np.divide(above, below, out=np.full(above.shape, np.nan), where=below != 0)
