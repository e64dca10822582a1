"""Synchrony strategies: which part of their noise motor units share, and with whom.

A strategy is one file with a function ``coupling(params, *, strength, scope, groups)`` and one line
in `STRATEGIES`. It returns data only (`motorunits.parameters.Coupling`). Every noise is present
at every setting; the dial moves its shared part and leaves each unit's own law as it is.
"""

from __future__ import annotations

from collections.abc import Callable

from neurocoord.motorunits.parameters import Coupling
from neurocoord.settings import unknown
from neurocoord.synchrony import beta, common_drive, independent, short_term, staggered

STRATEGIES: dict[str, Callable[..., Coupling]] = {
    "beta": beta.coupling,
    "common_drive": common_drive.coupling,
    "independent": independent.coupling,
    "short_term": short_term.coupling,
    "staggered": staggered.coupling,
}


def strategy(name: str) -> Callable[..., Coupling]:
    """The coupling function of a strategy; a ValueError names the nearest valid one."""
    if name not in STRATEGIES:
        raise ValueError(unknown("strategy", name, STRATEGIES))
    return STRATEGIES[name]
