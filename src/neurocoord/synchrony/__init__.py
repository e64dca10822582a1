"""Synchrony strategies: which part of their noise motor units share, and with whom.

A strategy is one file with a function ``coupling(params, *, strength, scope, groups)`` and one line
in `STRATEGIES`. It returns data only (`motorunits.parameters.Coupling`). Every noise is present
at every setting; the dial moves its shared part and leaves each unit's own law as it is.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable

from neurocoord.motorunits.parameters import Coupling
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
    if name in STRATEGIES:
        return STRATEGIES[name]
    near = difflib.get_close_matches(str(name), STRATEGIES, n=1, cutoff=0.0)
    raise ValueError(
        f"strategy must be one of {', '.join(STRATEGIES)}, got {name!r}; nearest: {near[0]!r}"
    )
