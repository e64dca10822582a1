"""Spectrum of force fluctuations and its physiological-tremor band.

All take `force_n` of shape `[..., tick]`, sampled every `tick_s`, in N.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from neurocoord.motorunits.trains import in_ticks

Floats = NDArray[np.float64]

SEGMENT_S = 2.0  # Hann window, half overlapping: frequencies 0.5 Hz apart (choice)
TREMOR_BAND_HZ = (8.0, 12.0)  # physiological tremor (Elble & Randall 1976, J Neurophysiol 39:370)


class ForceSpectrum(NamedTuple):
    """One-sided power spectral density of force about its mean (Welch)."""

    frequency_hz: Floats  # [frequency]
    density_n2_per_hz: Floats  # [..., frequency]


class Tremor(NamedTuple):
    """Force fluctuation in a band; each of shape `[...]`."""

    power_n2: Floats  # variance of force in the band
    share: Floats  # of the variance at all frequencies above 0; NaN for a constant force
    rms_n: Floats  # square root of power_n2
    peak_hz: Floats  # frequency of the largest density in the band; NaN for a constant force


def force_spectrum(
    force_n: ArrayLike, tick_s: float, *, segment_s: float = SEGMENT_S
) -> ForceSpectrum:
    """Welch's estimate (scipy.signal.welch): each segment's mean is taken off, Hann window."""
    from scipy import signal

    force = np.asarray(force_n, dtype=np.float64)
    if force.ndim == 0 or not np.isfinite(force).all():
        raise ValueError(f"force_n has shape {force.shape}; it must be [..., tick], all finite")
    if not (np.isfinite(tick_s) and tick_s > 0):
        raise ValueError(f"tick_s is {tick_s!r}; it must be finite and above 0")
    width = in_ticks(segment_s, tick_s)
    if not 4 <= width <= force.shape[-1]:
        raise ValueError(
            f"segment_s is {segment_s!r}; it must be 4 ticks of {tick_s} s or more, "
            f"and at most the record, {force.shape[-1] * tick_s:g} s"
        )
    frequency, density = signal.welch(
        force, fs=1.0 / tick_s, window="hann", nperseg=width, detrend="constant", axis=-1
    )
    return ForceSpectrum(frequency, density)


def band_power_n2(spectrum: ForceSpectrum, band_hz: tuple[float, float]) -> Floats:
    """Variance of force in a band `[...]`: density summed over the bins from low to high, included.

    Bins at the two edges count half, so that bands side by side add up.
    """
    return (spectrum.density_n2_per_hz * _weights(spectrum, band_hz)).sum(axis=-1)


def tremor(
    force_n: ArrayLike,
    tick_s: float,
    *,
    band_hz: tuple[float, float] = TREMOR_BAND_HZ,
    segment_s: float = SEGMENT_S,
) -> Tremor:
    """Power, share of variance, RMS and peak frequency of force in the 8-12 Hz tremor band."""
    spectrum = force_spectrum(force_n, tick_s, segment_s=segment_s)
    inside = _weights(spectrum, band_hz) > 0
    power = band_power_n2(spectrum, band_hz)
    total = band_power_n2(spectrum, (0.0, float(spectrum.frequency_hz[-1])))
    varies = total > 0
    density = spectrum.density_n2_per_hz[..., inside]
    peak = spectrum.frequency_hz[inside][np.argmax(density, axis=-1)]
    return Tremor(
        power_n2=power,
        share=np.divide(power, total, out=np.full(power.shape, np.nan), where=varies),
        rms_n=np.sqrt(power),
        peak_hz=np.where(varies, peak, np.nan),
    )


def _weights(spectrum: ForceSpectrum, band_hz: tuple[float, float]) -> Floats:
    """Width in Hz that each bin contributes to a band, `[frequency]`."""
    frequency = spectrum.frequency_hz
    low, high = band_hz
    if not 0 <= low < high <= frequency[-1] * (1 + 1e-9):
        raise ValueError(
            f"band_hz is {band_hz!r}; it must be (low, high), 0 <= low < high <= {frequency[-1]:g}"
        )
    half = 0.5 * frequency[1]
    edges = np.clip(frequency + half, low, high) - np.clip(frequency - half, low, high)
    edges[0] = 0.0  # the mean, which was taken off
    if not edges.any():
        raise ValueError(f"band_hz is {band_hz!r}; it lies between two frequencies of the spectrum")
    return edges
