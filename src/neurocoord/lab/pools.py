"""The pool of the lab's one muscle, as its dials make it."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from neurocoord.lab.dials import MuscleDials
from neurocoord.motorunits import fatigue, orders, training
from neurocoord.motorunits.parameters import PoolParameters, replaced
from neurocoord.motorunits.published import RHYTHM_NOISE

N_UNITS = 120  # as in 1993
ROTATION_GROUP = 20  # neighbours in size that take turns (choice, as in a body's pools)


@lru_cache(maxsize=64)
def pool_of(order: str, programme: str, weeks: float, tires: bool) -> PoolParameters:
    """120 units, trained for some weeks, in an order of recruitment, that tire or not.

    Before training it is `training.untrained`: the pool of 1993, saturating, with doublets and slow
    drive noise; a beta rhythm is added, so that the strategy of that name has something to share.
    """
    pool = replaced(training.untrained(N_UNITS), rhythm_noise=RHYTHM_NOISE)
    if programme != "none":
        pool = training.train(pool, programme, weeks)
    options: dict[str, np.ndarray | float | int] = {}
    if tires:
        options |= {
            "fatigue_rate_per_s": fatigue.fatigue_rate_per_s(N_UNITS),
            "recovery_rate_per_s": fatigue.RECOVERY_RATE_PER_S,
            "slowing": fatigue.SLOWING,
            "adaptation_share": fatigue.adaptation_share(pool.recruitment_threshold),
        }
    if order == "rotation":
        options["rotation_group"] = ROTATION_GROUP
    pool = replaced(pool, **options) if options else pool
    return orders.reversed_order(pool) if order == "reversed" else pool


def pool(dials: MuscleDials) -> PoolParameters:
    """The pool that the dials ask for."""
    return pool_of(dials.order, dials.training, dials.weeks, dials.fatigue)


def untrained_maximum() -> float:
    """Mean force (twitch units) of the untrained pool at full drive: what 100 % stands for."""
    return float(pool_of("size", "none", 0.0, False).max_force[0])
