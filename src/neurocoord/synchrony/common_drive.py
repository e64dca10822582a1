"""Common drive: the pool's units share the slow fluctuation of their drive.

De Luca & Erim 1994 (Trends Neurosci 17:299-305): discharge rates of a pool's units rise and fall
together below about 2.5 Hz. Each unit's drive noise is ``sqrt(1-s) private + sqrt(s) shared``: its
law does not depend on s. Negro, Yavuz & Farina 2016 measured shares above 60 % below 5 Hz.
"""

from __future__ import annotations

from numpy.typing import ArrayLike

from neurocoord.motorunits.parameters import Coupling, PoolParameters
from neurocoord.synchrony.independent import check_strength, couple


def coupling(
    params: PoolParameters,
    *,
    strength: float = 1.0,
    scope: str = "pool",
    groups: ArrayLike | None = None,
) -> Coupling:
    """Share of the slow noise's variance that is common = `strength` (0..1)."""
    return couple(params, drive_share=check_strength(strength), scope=scope, groups=groups)
