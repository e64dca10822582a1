"""Beta: the pool's units share a rhythm of 15-30 Hz that comes in bursts.

Every unit's rate carries a rhythm of its own, resonator noise at 21 Hz (`rhythm_noise` of the
pools), which by itself comes in 3-4 bursts a second of some 65 ms, as Bracklein et al. 2022 (J
Neurosci 42:3611-3621) found in motor units. Each unit's is ``sqrt(1-s) private + sqrt(s) shared``:
its law does not depend on s.
"""

from __future__ import annotations

import numpy as np
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
    """Share of the rhythm's variance that is common = `strength` (0..1).

    ValueError if the pools have no rhythm to share and `strength` is above 0.
    """
    share = check_strength(strength)
    if share > 0 and not np.any(params.rhythm_noise > 0):
        raise ValueError("beta shares a rhythm, and the pools' rhythm_noise is 0; give e.g. 0.2")
    return couple(params, rhythm_share=share, scope=scope, groups=groups)
