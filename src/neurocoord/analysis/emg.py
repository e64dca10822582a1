"""Measures of surface EMG: amplitude, envelope and how much of it cancels.

All take a record of shape `[tick, ...]` (`[tick, muscle]` as `motorunits.emg` makes it, or
recorded), in any unit of amplitude.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

ENVELOPE_CUTOFF_HZ = 6.0  # choice: half power of one pass; movement lies below it
ENVELOPE_ORDER = 2  # choice; run forward and back it acts as one of order 4


def average_rectified_value(emg: ArrayLike) -> Floats:
    """Mean of the rectified record over its ticks, `[...]`: the amplitude of the EMG."""
    return np.asarray(np.abs(_checked("emg", emg)).mean(axis=0))


def root_mean_square(emg: ArrayLike) -> Floats:
    """Root of the mean square over the ticks, `[...]`."""
    return np.asarray(np.sqrt(np.mean(_checked("emg", emg) ** 2, axis=0)))


def envelope(
    emg: ArrayLike,
    tick_s: float,
    *,
    cutoff_hz: float = ENVELOPE_CUTOFF_HZ,
    order: int = ENVELOPE_ORDER,
) -> Floats:
    """Smoothed amplitude `[tick, ...]`: rectified, then low-passed without lag.

    The filter is a Butterworth of `order` with half power at `cutoff_hz`, run forward and back (so
    it does not delay, and its amplitude is halved at `cutoff_hz`).
    """
    record = _checked("emg", emg)
    if not (np.isfinite(tick_s) and tick_s > 0):
        raise ValueError(f"tick_s is {tick_s!r}; it must be finite and above 0")
    nyquist = 0.5 / tick_s
    if not 0 < cutoff_hz < nyquist:
        raise ValueError(f"cutoff_hz is {cutoff_hz!r}; it must lie between 0 and {nyquist:g} Hz")
    if order not in range(1, 11):
        raise ValueError(f"order is {order!r}; it must be a whole number from 1 to 10")
    from scipy.signal import butter, sosfiltfilt

    sections = butter(order, cutoff_hz / nyquist, output="sos")
    padding = min(record.shape[0] - 1, 3 * (2 * len(sections) + 1))
    return np.asarray(sosfiltfilt(sections, np.abs(record), axis=0, padlen=padding))


def amplitude_cancellation(emg: ArrayLike, without_cancellation: ArrayLike) -> Floats:
    """Share of the amplitude that is lost where potentials of opposite sign meet, `[...]`.

    1 - (average rectified value) / (mean of the sum of the rectified potentials), as in Keenan et
    al. 2005, J Appl Physiol 98:120-131; NaN without any potential. Only of simulated EMG, as the
    second record cannot be measured on the skin.
    """
    with_, without = _checked("emg", emg), _checked("without_cancellation", without_cancellation)
    if with_.shape != without.shape:
        raise ValueError(
            f"without_cancellation has shape {without.shape}; it must be that of emg, {with_.shape}"
        )
    if np.any(without < 0):
        raise ValueError("without_cancellation holds values below 0; it is a sum of rectified ones")
    lost, whole = average_rectified_value(with_), without.mean(axis=0)
    kept = np.divide(lost, whole, out=np.full_like(whole, np.nan), where=whole > 0)
    return np.asarray(1.0 - kept)


def _checked(name: str, record: ArrayLike) -> Floats:
    values = np.asarray(record, dtype=np.float64)
    if values.ndim == 0 or values.shape[0] < 2:
        raise ValueError(
            f"{name} has shape {values.shape}; it must be [tick, ...], 2 ticks or more"
        )
    if not np.isfinite(values).all():
        raise ValueError(f"{name} holds NaN or infinity; it must be finite")
    return values
