"""Orders of recruitment other than the size principle.

Rotation, which changes the order while a muscle works, is `fatigue.rotate`.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from neurocoord.motorunits.parameters import PRIMARY, PoolParameters, build

# What belongs to the muscle fibres of a unit and not to its motoneuron.
MECHANICAL = (
    "twitch_force",
    "contraction_time_s",
    "is_fast",
    "fatigue_rate_per_s",
    "recovery_rate_per_s",
)


def reversed_order(params: PoolParameters) -> PoolParameters:
    """The pools with the strongest units recruited first, as electrical stimulation tends to.

    In every muscle the mechanical properties (`MECHANICAL`) change places over the positions of
    recruitment, first with last; thresholds and discharge rates stay with the position. Doing it
    twice gives the first pools back. Stimulated nerves recruit large axons first (Blair & Erlanger
    1933), though through the skin the order is mixed rather than reversed (Gregory & Bickel 2005,
    Phys Ther 85:358-364): this is the extreme.
    """
    fields = {name: np.array(getattr(params, name)) for name in PRIMARY[1:]}
    for first, last in pairwise(params.first_unit):
        order = first + np.argsort(fields["recruitment_threshold"][first:last], kind="stable")
        for name in set(MECHANICAL) & set(fields):
            fields[name][order] = fields[name][order[::-1]]
    return build(first_unit=params.first_unit, **fields)
