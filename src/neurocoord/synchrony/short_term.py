"""Short-term synchrony: units share brief events that make them fire within a few milliseconds.

Part c of each unit's firing hazard is driven by one exponential variable per tick that the scope
shares; a private threshold with hazard (1-c)h carries the rest, so the total is h and the interval
law does not depend on c. The dial reads in common input strength (CIS, extra coincidences per
second; Nordstrom, Fuglevand & Enoka 1992, J Physiol 453:547-574): strength 1 is a CIS of 1 /s at
40 % drive, the upper end of what is measured in people (0.3 to 1 /s).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from neurocoord.motorunits.parameters import Coupling, PoolParameters
from neurocoord.synchrony.independent import MAX_HAZARD_SHARE, check_strength, couple

DELAY_TICKS = 3  # spread of the events' delays over units: a peak about 3 ms wide (choice)
FULL_DIAL_CIS_HZ = 1.0  # choice

# CIS (/s) against hazard share and isi_cv: measured on this model (120 units of the 1993 pool, 40 %
# drive, delays 0..3 ms, coincidences within 5 ms, 120 s a cell, standard error about 0.02).
HAZARD_SHARE = np.array([0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.75])
ISI_CV = np.array([0.10, 0.15, 0.20])
CIS_HZ = np.array(
    [
        [0.0, 0.13, 0.26, 0.41, 0.57, 0.74, 0.95, 1.26],
        [0.0, 0.24, 0.51, 0.79, 1.09, 1.43, 1.81, 2.45],
        [0.0, 0.34, 0.72, 1.13, 1.57, 2.04, 2.58, 3.53],
    ]
)


def coupling(
    params: PoolParameters,
    *,
    strength: float = 1.0,
    scope: str = "pool",
    groups: ArrayLike | None = None,
    hazard_share: float | None = None,
    max_delay_ticks: int = DELAY_TICKS,
) -> Coupling:
    """Events shared so that CIS is about `strength` /s at 40 % drive.

    `hazard_share` (0..0.75) sets c itself, past the dial where stronger synchrony is wanted, as for
    the levels of Yao, Fuglevand & Enoka 2000.
    """
    dial = check_strength(strength)
    c = dial_to_hazard_share(params, dial) if hazard_share is None else hazard_share
    return couple(
        params, hazard_share=c, max_delay_ticks=max_delay_ticks, scope=scope, groups=groups
    )


def dial_to_hazard_share(params: PoolParameters, strength: float) -> float:
    """Hazard share c that gives a CIS of `strength` /s at 40 % drive, for the mean isi_cv."""
    cv = float(params.isi_cv.mean())
    cis = np.array([np.interp(cv, ISI_CV, column) for column in CIS_HZ.T])
    c = np.interp(strength * FULL_DIAL_CIS_HZ, cis, HAZARD_SHARE)
    return float(min(c, MAX_HAZARD_SHARE))
