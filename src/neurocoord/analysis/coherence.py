"""Coherence: linear association of two signals by frequency, each with its 95 % limit.

Rosenberg, Amjad, Breeze, Brillinger & Halliday 1989 (Prog Biophys Mol Biol 53:1-31). Spectra are
averaged over disjoint Hann-windowed segments (scipy.signal), so L segments carry L independent
estimates and, without association, coherence exceeds ``1 - 0.05^(1/(L-1))`` in 5 % of frequencies.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from neurocoord.analysis.spikes import checked_pairs
from neurocoord.motorunits import trains as trains_
from neurocoord.motorunits.trains import SpikeTrains
from neurocoord.settings import unknown

Floats = NDArray[np.float64]

SEGMENT_S = 1.0  # length of a segment: frequencies 1 Hz apart (choice)
LEVEL = 0.05  # chance of exceeding the limit without association
# Bands in which coherence of motor units is usually reported; the edges are a choice of ours.
BANDS_HZ: dict[str, tuple[float, float]] = {
    "common drive": (0.5, 5.0),
    "alpha": (5.0, 15.0),
    "beta": (15.0, 35.0),
    "gamma": (35.0, 60.0),
}
# Correlation of neighbouring bins of a coherence from Hann windows, one and two bins apart: the
# squared autocorrelation of the window's transform (weights -1/2, 1, -1/2).
HANN_NEIGHBOURS = ((2.0 / 3.0) ** 2, (1.0 / 6.0) ** 2)


class Coherence(NamedTuple):
    """Magnitude-squared coherence by frequency."""

    frequency_hz: Floats  # [frequency]
    coherence: Floats  # [..., frequency] 0 .. 1; NaN where a signal does not vary
    limit_95: float  # exceeded by 5 % of the frequencies without association
    n_segments: int


class PooledCoherence(NamedTuple):
    """Coherence of many pairs of units in one spectrum."""

    frequency_hz: Floats  # [frequency]
    z: Floats  # [frequency] mean over pairs of atanh(|R|) sqrt(2 L)
    coherence: Floats  # [frequency] the same as a coherence: tanh(z / sqrt(2 L))^2
    limit_95: float  # of z
    n_pairs: int
    n_segments: int


class BandCoherence(NamedTuple):
    """Mean coherence of the cumulative spike trains of muscles, by band."""

    band: tuple[str, ...]
    coherence: Floats  # [muscle, muscle, band]; 1 on the diagonal
    limit_95: Floats  # [band] exceeded by 5 % of the pairs of muscles without association
    n_segments: int


def coherence(
    first: ArrayLike, second: ArrayLike, tick_s: float, *, segment_s: float = SEGMENT_S
) -> Coherence:
    """|P_xy|^2 / (P_xx P_yy) of two signals `[..., tick]`, e.g. drive and force.

    Each segment's mean is taken off. Frequencies from 0 (which carries nothing) to half the rate.
    """
    x, y = _signal("first", first), _signal("second", second)
    if x.shape != y.shape:
        raise ValueError(f"second has shape {y.shape}; it must have that of first, {x.shape}")
    transforms = (_transform(signal, tick_s, segment_s) for signal in (x, y))
    a, b = transforms
    return Coherence(
        frequency_hz=_frequency_hz(x.shape[-1], tick_s, segment_s),
        coherence=_squared(a, b),
        limit_95=limit_95(a.shape[-2]),
        n_segments=a.shape[-2],
    )


def pair_coherence(
    trains: SpikeTrains, pairs: ArrayLike | None = None, *, segment_s: float = SEGMENT_S
) -> Coherence:
    """Coherence of each pair of units, `[pair, frequency]` (all pairs by default)."""
    chosen = checked_pairs(trains, pairs)
    units, index = np.unique(chosen, return_inverse=True)
    index = index.reshape(chosen.shape)
    segments = _segments(trains.n_ticks, trains.tick_s, segment_s)
    spectra = np.stack(
        [_transform(_unit_signal(trains, unit), trains.tick_s, segment_s) for unit in units]
    )
    # The cross-spectra of all pairs of the units that are asked for, one frequency at a time.
    found = np.empty((len(chosen), spectra.shape[-1]))
    for k in range(spectra.shape[-1]):
        at = spectra[:, :, k]
        cross = at.conj() @ at.T
        power = np.real(np.diagonal(cross))
        a, b = index.T
        found[:, k] = _divide(np.abs(cross[a, b]) ** 2, power[a] * power[b])
    return Coherence(
        _frequency_hz(trains.n_ticks, trains.tick_s, segment_s),
        found,
        limit_95(segments),
        segments,
    )


def pooled_coherence(
    trains: SpikeTrains, pairs: ArrayLike | None = None, *, segment_s: float = SEGMENT_S
) -> PooledCoherence:
    """One spectrum for many pairs of units, pooled by Fisher's z = atanh(|R|) sqrt(2 L).

    Without association |R|^2 of a pair is Beta(1, L-1), so its z has mean 1.25 and SD 0.66 (with L
    large); the limit is the 95 % point of the gamma law with mean and variance of the mean of n
    such z. It takes the pairs as independent. Pairs of a silent unit are left out. Kidgell, Sale &
    Semmler 2006 (Exp Brain Res) report this z by band.
    """
    each = pair_coherence(trains, pairs, segment_s=segment_s)
    varies = np.isfinite(each.coherence[:, 1:]).all(axis=1)
    if not varies.any():
        raise ValueError("pairs holds no pair of two units that fire; it must hold one or more")
    scale = np.sqrt(2.0 * each.n_segments)
    size = np.sqrt(np.minimum(each.coherence[varies], 1.0 - 1e-12))
    z = (np.arctanh(size) * scale).mean(axis=0)
    n = int(np.count_nonzero(varies))
    mean, variance = _z_without_association(each.n_segments)
    return PooledCoherence(
        frequency_hz=each.frequency_hz,
        z=z,
        coherence=np.tanh(z / scale) ** 2,
        limit_95=_gamma_limit(mean, variance / n),
        n_pairs=n,
        n_segments=each.n_segments,
    )


def cumulative_coherence(
    first: SpikeTrains, second: SpikeTrains, *, segment_s: float = SEGMENT_S
) -> Coherence:
    """Coherence between the cumulative spike trains of two groups of units, `[frequency]`.

    The groups are two muscles, or two halves of one pool (`trains.select`); a unit in both would
    make them coherent by itself.
    """
    _same_clock([first, second])
    return coherence(
        trains_.cumulative(first),
        trains_.cumulative(second),
        first.tick_s,
        segment_s=segment_s,
    )


def intermuscular_coherence(
    muscles: Sequence[SpikeTrains],
    *,
    bands_hz: Mapping[str, tuple[float, float]] = BANDS_HZ,
    segment_s: float = SEGMENT_S,
) -> BandCoherence:
    """Coherence between muscles (their cumulative spike trains), averaged over bands.

    `bands_hz`: name to (lowest, highest) frequency, both included.
    """
    if len(muscles) < 2:
        raise ValueError(f"muscles holds {len(muscles)}; it must hold the trains of 2 or more")
    _same_clock(muscles)
    tick_s, n_ticks = muscles[0].tick_s, muscles[0].n_ticks
    spectra = [
        _transform(trains_.cumulative(muscle).astype(float), tick_s, segment_s)
        for muscle in muscles
    ]
    every = np.stack([[_squared(a, b) for b in spectra] for a in spectra])
    n = spectra[0].shape[-2]
    whole = Coherence(_frequency_hz(n_ticks, tick_s, segment_s), every, limit_95(n), n)
    means = [band_coherence(whole, bands_hz, name) for name in bands_hz]
    return BandCoherence(
        band=tuple(bands_hz),
        coherence=np.stack([mean for mean, _ in means], axis=-1),
        limit_95=np.array([limit for _, limit in means]),
        n_segments=n,
    )


def band_coherence(
    found: Coherence, bands_hz: Mapping[str, tuple[float, float]], band: str
) -> tuple[Floats, float]:
    """Mean coherence in a band `[...]`, and the limit that 5 % exceed without association.

    The limit is the 95 % point of the gamma law with the mean and variance of a mean of the band's
    bins, each with mean 1/L and variance (L-1)/(L^2 (L+1)), neighbours correlated by the window.
    """
    if band not in bands_hz:
        raise ValueError(unknown("band", band, bands_hz))
    low, high = bands_hz[band]
    inside = (found.frequency_hz >= low - 1e-9) & (found.frequency_hz <= high + 1e-9)
    inside &= found.frequency_hz > 0
    n = int(np.count_nonzero(inside))
    if not 0 <= low < high or n == 0:
        raise ValueError(
            f"bands_hz has {band!r} as {low!r}..{high!r} Hz; it must be 0 <= low < high and hold "
            f"a frequency of the spectrum, 0..{found.frequency_hz[-1]:g} Hz"
        )
    segments = found.n_segments
    correlated = sum(2.0 * rho * max(n - k, 0) / n for k, rho in enumerate(HANN_NEIGHBOURS, 1))
    variance = (segments - 1) / (segments**2 * (segments + 1)) * (1.0 + correlated) / n
    return found.coherence[..., inside].mean(axis=-1), _gamma_limit(1.0 / segments, variance)


def limit_95(n_segments: int) -> float:
    """Coherence that 5 % of frequencies exceed without association: 1 - 0.05^(1/(L-1))."""
    if isinstance(n_segments, bool) or n_segments < 2:
        raise ValueError(f"n_segments is {n_segments!r}; it must be 2 or more")
    return float(1.0 - LEVEL ** (1.0 / (n_segments - 1)))


def _z_without_association(n_segments: int) -> tuple[float, float]:
    """Mean and variance of atanh(|R|) sqrt(2 L) for |R|^2 of the law Beta(1, L-1)."""
    tail = (np.arange(4000) + 0.5) / 4000
    square = 1.0 - tail ** (1.0 / (n_segments - 1))
    z = np.arctanh(np.sqrt(square)) * np.sqrt(2.0 * n_segments)
    return float(z.mean()), float(z.var())


def _gamma_limit(mean: float, variance: float) -> float:
    from scipy.stats import gamma

    return float(gamma.ppf(1.0 - LEVEL, mean**2 / variance, scale=variance / mean))


def _segments(n_ticks: int, tick_s: float, segment_s: float) -> int:
    """Number of disjoint segments; ValueError unless there are two or more."""
    if not (np.isfinite(tick_s) and tick_s > 0):
        raise ValueError(f"tick_s is {tick_s!r}; it must be finite and above 0")
    width = trains_.in_ticks(segment_s, tick_s)
    if width < 4 or n_ticks < 2 * width:
        raise ValueError(
            f"segment_s is {segment_s!r}; it must be 4 ticks of {tick_s} s or more, "
            f"and at most half of the record, {n_ticks * tick_s:g} s"
        )
    return n_ticks // width


def _transform(signal: Floats, tick_s: float, segment_s: float) -> NDArray[np.complex128]:
    """Fourier transforms of disjoint Hann-windowed segments, `[..., segment, frequency]`."""
    from scipy import fft
    from scipy import signal as scipy_signal

    n = _segments(signal.shape[-1], tick_s, segment_s)
    width = trains_.in_ticks(segment_s, tick_s)
    parts = signal[..., : n * width].reshape(*signal.shape[:-1], n, width)
    parts = scipy_signal.detrend(parts, axis=-1, type="constant")
    return fft.rfft(parts * scipy_signal.get_window("hann", width), axis=-1)


def _frequency_hz(n_ticks: int, tick_s: float, segment_s: float) -> Floats:
    _segments(n_ticks, tick_s, segment_s)
    width = trains_.in_ticks(segment_s, tick_s)
    return np.arange(width // 2 + 1) / np.float64(width * tick_s)


def _squared(a: NDArray[np.complex128], b: NDArray[np.complex128]) -> Floats:
    cross = np.abs((a.conj() * b).sum(axis=-2)) ** 2
    power = (np.abs(a) ** 2).sum(axis=-2) * (np.abs(b) ** 2).sum(axis=-2)
    return _divide(cross, power)


def _divide(cross: Floats, power: Floats) -> Floats:
    enough = power > 1e-24 * max(float(power.max(initial=0.0)), 1e-300)
    return np.divide(cross, power, out=np.full(cross.shape, np.nan), where=enough)


def _unit_signal(trains: SpikeTrains, unit: int) -> Floats:
    signal = np.zeros(trains.n_ticks)
    signal[trains_.of_unit(trains, int(unit))] = 1.0
    return signal


def _signal(name: str, given: ArrayLike) -> Floats:
    array = np.asarray(given, dtype=np.float64)
    if array.ndim == 0 or not np.isfinite(array).all():
        raise ValueError(f"{name} has shape {array.shape}; it must be [..., tick], all finite")
    return array


def _same_clock(muscles: Sequence[SpikeTrains]) -> None:
    for trains in muscles:
        trains_.check(trains)
        clock = (trains.n_ticks, trains.tick_s)
        if clock != (muscles[0].n_ticks, muscles[0].tick_s):
            raise ValueError(
                f"trains have (n_ticks, tick_s) {clock} and "
                f"{(muscles[0].n_ticks, muscles[0].tick_s)}; they must be the same"
            )
