"""Common drive: how far the discharge rates of units rise and fall together.

De Luca, LeFever, McCue & Xenakis 1982 (J Physiol 329:129-142), De Luca & Erim 1994 (Trends
Neurosci 17:299-305).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from neurocoord.analysis.spikes import checked_pairs
from neurocoord.motorunits import trains as trains_
from neurocoord.motorunits.trains import SpikeTrains

Floats = NDArray[np.float64]

WINDOW_S = 0.4  # Hann window that turns a train into a rate (De Luca 1982)
HIGH_PASS_HZ = 0.75  # takes slow trends of rate away (De Luca 1982)
MAX_LAG_S = 0.05  # the peak is sought this far to either side of zero lag (De Luca & Erim 1994)
STEP_S = 0.005  # rates are sampled this often: they hold nothing above some 5 Hz (choice)
HIGH_PASS_ORDER = 2  # Butterworth, run forth and back so that it shifts nothing (choice)


def smoothed_rate_hz(
    trains: SpikeTrains, units: ArrayLike | None = None, *, window_s: float = WINDOW_S
) -> Floats:
    """Discharge rate of each unit smoothed by a Hann window of unit area, `[unit, step]`.

    Sampled every `STEP_S` (every tick where that is longer). Within half a window of either end
    the rate falls away, for there are no spikes beyond.
    """
    from scipy import signal

    trains_.check(trains)
    n = trains_.n_units(trains)
    chosen = np.arange(n) if units is None else np.asarray(units)
    if chosen.ndim != 1 or (chosen.size and chosen.dtype.kind not in "iu"):
        raise ValueError(f"units must be whole numbers [n], got {units!r}")
    width = trains_.in_ticks(window_s, trains.tick_s)
    if not 2 <= width < trains.n_ticks:
        raise ValueError(f"window_s is {window_s!r}; it must be 2 ticks or more, within the record")
    window = signal.get_window("hann", width + 1 - width % 2, fftbins=False)
    window = window / (window.sum() * trains.tick_s)
    every = max(1, round(STEP_S / trains.tick_s))
    rates = []
    for unit in chosen:
        spikes = np.zeros(trains.n_ticks)
        spikes[trains_.of_unit(trains, int(unit))] = 1.0
        rates.append(signal.oaconvolve(spikes, window, mode="same")[::every])
    return np.stack(rates) if rates else np.empty((0, -(-trains.n_ticks // every)))


def common_drive_coefficient(
    trains: SpikeTrains,
    pairs: ArrayLike | None = None,
    *,
    window_s: float = WINDOW_S,
    high_pass_hz: float = HIGH_PASS_HZ,
    max_lag_s: float = MAX_LAG_S,
) -> Floats:
    """Peak of the cross-correlation of the smoothed rates within +-`max_lag_s`, `[pair]`.

    Rates are smoothed by a Hann window of `window_s` and high-passed at `high_pass_hz`, a window's
    length is cut off either end, and the correlation at each lag is sum(x y) / sqrt(sum(x^2)
    sum(y^2)) of the overlap. Give a stretch in which the units fire throughout (`trains.crop`).
    Being a peak, it is slightly above 0 for independent units. NaN where a unit is silent.
    """
    from scipy import signal

    chosen = checked_pairs(trains, pairs)
    step = max(1, round(STEP_S / trains.tick_s)) * trains.tick_s
    if not (np.isfinite(high_pass_hz) and 0 < high_pass_hz < 0.5 / step):
        raise ValueError(f"high_pass_hz is {high_pass_hz!r}; it must lie in 0..{0.5 / step:g}")
    if not (np.isfinite(max_lag_s) and max_lag_s >= 0):
        raise ValueError(f"max_lag_s is {max_lag_s!r}; it must be finite and 0 or more")
    units, index = np.unique(chosen, return_inverse=True)
    rates = smoothed_rate_hz(trains, units, window_s=window_s)
    filter_ = signal.butter(HIGH_PASS_ORDER, high_pass_hz, "highpass", fs=1.0 / step, output="sos")
    edge, reach = trains_.in_ticks(window_s, step), trains_.in_ticks(max_lag_s, step)
    if rates.shape[1] < 2 * edge + 4 * (reach + 1) or rates.shape[1] <= 20:
        raise ValueError(
            f"trains last {trains_.duration_s(trains):g} s; they must be longer than two windows "
            f"of {window_s} s and four times max_lag_s"
        )
    rates = signal.sosfiltfilt(filter_, rates, axis=1)[:, edge : rates.shape[1] - edge]
    spikes = trains_.counts(trains)
    index = index.reshape(chosen.shape)
    peak = _peak_correlation(rates, index, reach)
    peak[(spikes[chosen] == 0).any(axis=1)] = np.nan
    return peak


def _peak_correlation(rates: Floats, pairs: NDArray[np.int64], reach: int) -> Floats:
    """Largest correlation of zero-mean signals `[unit, step]` at lags within +-reach, `[pair]`."""
    n = rates.shape[1]
    first, second = pairs.T
    best = np.full(len(pairs), -1.0)
    for lag in range(reach + 1):
        head, tail = rates[:, : n - lag], rates[:, lag:]
        power = [np.einsum("ut,ut->u", part, part) for part in (head, tail)]
        scale = np.sqrt(np.outer(*power))
        # [i, j]: i leads j by the lag.
        cross = np.divide(head @ tail.T, scale, out=np.full(scale.shape, -1.0), where=scale > 0)
        best = np.maximum(best, np.maximum(cross[first, second], cross[second, first]))
    return best
