"""Smoothness of a movement: spectral arc length of its speed.

Balasubramanian, Melendez-Calderon & Burdet (2012, IEEE Trans Biomed Eng 59:2126-2136), with the
adaptive cut-off of Balasubramanian et al. (2015, J NeuroEng Rehab 12:112), by which noise does not
lengthen the arc. Dimensionless and negative; nearer to 0 is smoother (about -1.4 for one
bell-shaped speed). Meant for one movement, from rest to rest or a stride.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

SOURCE = "Balasubramanian et al. 2012, 2015: spectral arc length"
HIGHEST_HZ, LEAST_SHARE = 10.0, 0.05  # of the spectrum's peak: Balasubramanian et al. 2015
PADDING = 4  # powers of two by which the record is lengthened with zeros, same source


def spectral_arc_length(
    speed: ArrayLike,
    tick_s: float,
    highest_hz: float = HIGHEST_HZ,
    least_share: float = LEAST_SHARE,
) -> float:
    """Arc length of the normalised amplitude spectrum of ``speed`` [time], times -1.

    The spectrum is taken up to ``highest_hz`` and there between the first and the last frequency
    whose amplitude is at least ``least_share`` of the greatest. NaN for a record that is too short
    or does not move.
    """
    given = np.asarray(speed, float)
    if given.size < 3 or not np.any(given):
        return float("nan")
    n = 2 ** (int(np.ceil(np.log2(given.size))) + PADDING)
    frequency = np.arange(n // 2 + 1) / (n * tick_s)
    amplitude = np.abs(np.fft.rfft(given, n))
    amplitude /= amplitude.max()
    low = frequency <= highest_hz
    frequency, amplitude = frequency[low], amplitude[low]
    strong = np.flatnonzero(amplitude >= least_share)
    if strong.size < 2:
        return float("nan")
    chosen = slice(strong[0], strong[-1] + 1)
    frequency, amplitude = frequency[chosen], amplitude[chosen]
    across = np.diff(frequency) / (frequency[-1] - frequency[0])
    return -float(np.hypot(across, np.diff(amplitude)).sum())
