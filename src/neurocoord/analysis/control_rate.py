"""Is synchrony only the beat of the controller? Spike trains at the rate of its clock.

A controller that sets the drive every 4 ms (or an agent, every 20 ms) could align the spikes of all
pools with its steps. That would show as a line in the spectrum of the pooled train at 250 Hz (or 50
Hz), and as coherence between two halves of the units there, above the frequencies beside it.
`docs/statistics.md` says what was found.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from neurocoord.analysis.coherence import HANN_NEIGHBOURS, LEVEL, cumulative_coherence
from neurocoord.motorunits import trains as trains_
from neurocoord.motorunits.trains import SpikeTrains

Floats = NDArray[np.float64]

CONTROL_RATES_HZ = {"control block": 250.0, "environment step": 50.0}
SEGMENT_S = 0.5  # bins 2 Hz apart (choice)
# Of each of two tests (choice). Of 2200 tries without a line power fell below it in 0.9 %,
# coherence in 0.3 %, either in 1.1 %.
LINE_LEVEL = 0.005
UNSKEWED = 3.6  # shape of the Weibull law without skew
NEIGHBOURS = range(3, 10)  # bins to either side that a rate is held against, past the Hann window's


class RatePeak(NamedTuple):
    """The pooled train at one rate, beside the frequencies around it."""

    frequency_hz: float
    depth: (
        float  # of the pooled rate's modulation at the rate, 0..2; about 2/sqrt(spikes) by chance
    )
    power_ratio: float  # power there / mean power of the neighbours; 1 without a peak
    power_p: float  # of so high a ratio without one (F law)
    coherence: float  # between the even and the odd units
    coherence_beside: float  # mean of the neighbours
    coherence_p: float  # of so high a coherence among such neighbours (t)
    coherence_limit: float  # what 5 % of frequencies exceed without association
    effective_segments: float  # that carry spikes

    @property
    def found(self) -> bool:
        """Whether there is a peak, in power or in coherence. How large it is says `depth` m: a
        pool's coincidences rise by a share of m^2 / 2."""
        return self.power_p < LINE_LEVEL or self.coherence_p < LINE_LEVEL


def rate_peak(
    trains: SpikeTrains, frequency_hz: float, *, segment_s: float = SEGMENT_S
) -> RatePeak:
    """Power of the pooled train, and coherence of its halves, at `frequency_hz` and beside it.

    Without a peak the power of L segments, disjoint and Hann-windowed, over the mean of K
    neighbours follows F(2 L, 2 L K / c), c for the correlation of neighbouring bins. In movement
    most spikes fall into some of the segments, so L is the effective number (sum n)^2 / sum n^2 of
    their windowed spike counts n; with the plain number the limit of coherence is exceeded 5 times
    as often as it says when rates rise and fall at 1 Hz.
    """
    trains_.check(trains)
    width = trains_.in_ticks(segment_s, trains.tick_s)
    segments = trains.n_ticks // max(width, 1)
    at = round(frequency_hz * segment_s)
    last = max(NEIGHBOURS)
    if segments < 2:
        raise ValueError(
            f"segment_s is {segment_s!r}; it must be at most half of the record, "
            f"{trains_.duration_s(trains):g} s"
        )
    if not (abs(at - frequency_hz * segment_s) < 1e-9 and last < at <= width // 2 - last):
        raise ValueError(
            f"frequency_hz is {frequency_hz!r}; it must be a multiple of {1 / segment_s:g} Hz, "
            f"{last + 1} or more of them from 0 and {last} from {0.5 / trains.tick_s:g} Hz"
        )
    beside = np.array([at + side * k for side in (-1, 1) for k in NEIGHBOURS])
    power = _power(trains, width)
    mean = float(power[beside].mean())
    ratio = float(power[at] / mean) if mean > 0 else float("nan")
    units = np.arange(trains_.n_units(trains))
    halves = [trains_.select(trains, units[side::2]) for side in (0, 1)]
    effective = _effective_segments(trains, segments, width)
    found = cumulative_coherence(*halves, segment_s=segment_s)
    return RatePeak(
        frequency_hz=float(frequency_hz),
        depth=_depth(trains, frequency_hz),
        power_ratio=ratio,
        power_p=_p(ratio, effective, beside.size),
        coherence=float(found.coherence[at]),
        coherence_beside=float(found.coherence[beside].mean()),
        coherence_p=_coherence_p(float(found.coherence[at]), found.coherence[beside]),
        coherence_limit=1.0 - LEVEL ** (1.0 / (effective - 1.0)) if effective > 1 else 1.0,
        effective_segments=effective,
    )


def _effective_segments(trains: SpikeTrains, n_segments: int, width: int) -> float:
    from scipy.signal import get_window

    pooled = trains_.cumulative(trains)[: n_segments * width].reshape(n_segments, width)
    carried = pooled @ get_window("hann", width) ** 2  # spikes by what the window leaves of them
    return float(carried.sum() ** 2 / (carried**2).sum()) if carried.any() else 0.0


def _depth(trains: SpikeTrains, frequency_hz: float) -> float:
    turn = np.exp(-2j * np.pi * frequency_hz * trains.tick_s * trains.tick)
    return float(2.0 * np.abs(turn.mean())) if trains.tick.size else float("nan")


def _power(trains: SpikeTrains, width: int) -> Floats:
    """Power `[frequency]` of the pooled train over disjoint segments of `width` ticks."""
    from scipy import signal

    pooled = trains_.cumulative(trains).astype(np.float64)
    _, density = signal.welch(pooled, window="hann", nperseg=width, noverlap=0, detrend="constant")
    return np.asarray(density)


def _coherence_p(there: float, beside: Floats) -> float:
    """p of one coherence among its neighbours `[side x bin]`: a new draw against a sample, by t.
    The halves of a synchronous pool are coherent everywhere, so that no fixed limit will do.

    Without association -ln(1 - c) is exponential; its power 1 / 3.6 is a Weibull law of shape 3.6,
    which has no skew. Neighbouring bins are correlated, which makes their sample SD too small and
    its degrees of freedom fewer (Satterthwaite 1946, Biometrics Bull 2:110-114).
    """
    from scipy.special import stdtr

    there_y, y = (
        (-np.log1p(-np.minimum(c, 1.0 - 1e-12))) ** (1.0 / UNSKEWED) for c in (there, beside)
    )
    correlation, n = _correlation(y.size // 2), y.size
    residual = np.eye(n) - 1.0 / n
    made = residual @ correlation
    expected = np.trace(made)  # of the sum of squares, in units of the variance
    degrees = expected**2 / np.trace(made @ made)
    variance = float(((y - y.mean()) ** 2).sum()) / expected
    if not variance > 0:
        return 1.0
    error = np.sqrt(variance * (1.0 + correlation.sum() / n**2))
    return float(stdtr(degrees, -(there_y - y.mean()) / error))


def _correlation(each: int) -> Floats:
    """Correlation of the bins of both sides, `each` a side, `[bin, bin]`."""
    apart = np.abs(np.subtract.outer(np.arange(each), np.arange(each)))
    by_distance = np.zeros(max(each, len(HANN_NEIGHBOURS) + 1))
    by_distance[: len(HANN_NEIGHBOURS) + 1] = (1.0, *HANN_NEIGHBOURS)
    return np.asarray(np.kron(np.eye(2), by_distance[apart]), np.float64)


def _p(ratio: float, n_segments: float, n_beside: int) -> float:
    from scipy.special import fdtrc

    each = n_beside // 2
    correlated = sum(
        2.0 * rho * max(each - k, 0) / each for k, rho in enumerate(HANN_NEIGHBOURS, 1)
    )
    degrees = 2.0 * n_segments
    return float(fdtrc(degrees, degrees * n_beside / (1.0 + correlated), ratio))
