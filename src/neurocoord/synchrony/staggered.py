"""Staggered: units of like size take turns, so that their spikes spread evenly.

Part c of each unit's firing hazard is not private but dealt out by systematic sampling: in each
group of 40 neighbours in size the chances to fire in this tick are added up from unit to unit, and
whoever lifts the sum past a whole number fires. Each unit's chance is what it was; the group's
count varies less. The recipe is our own (choice). The memory of the sum makes it the one strategy
that is not exact: interval CV falls by up to 1.5 %, mean force by 0.3 %.
"""

from __future__ import annotations

from numpy.typing import ArrayLike

from neurocoord.motorunits.parameters import Coupling, PoolParameters
from neurocoord.synchrony.independent import check_strength, couple

FULL_DIAL_SHARE = 0.5  # choice: 0.75 moves mean force by 0.5 %


def coupling(
    params: PoolParameters,
    *,
    strength: float = 1.0,
    scope: str = "pool",
    groups: ArrayLike | None = None,
) -> Coupling:
    """Share of the hazard dealt out in turn = 0.5 * `strength` (0..1).

    Turns are taken within a pool: ValueError for another scope.
    """
    share = FULL_DIAL_SHARE * check_strength(strength)
    if scope != "pool":
        raise ValueError(
            f"scope must be 'pool' for staggered, which deals out turns, got {scope!r}"
        )
    return couple(params, hazard_share=share, staggers=share > 0, scope=scope, groups=groups)
