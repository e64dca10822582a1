"""Independent: nothing is shared (the renewal process of Fuglevand et al. 1993).

Also home of `couple`, which turns shares into a checked `Coupling` for every strategy.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from neurocoord.motorunits import checks, discharge
from neurocoord.motorunits.parameters import Coupling, PoolParameters, n_muscles
from neurocoord.motorunits.records import COUPLING_FIELDS, PackedCoupling, structured
from neurocoord.settings import unknown

SCOPES = ("pool", "synergists", "body")
MAX_HAZARD_SHARE = 0.75  # above it units of equal rate would coalesce (choice)
MAX_DELAY_TICKS = 15


def coupling(
    params: PoolParameters,
    *,
    strength: float = 1.0,
    scope: str = "pool",
    groups: ArrayLike | None = None,
) -> Coupling:
    """No sharing. `strength`, `scope` and `groups` are checked as everywhere and change nothing."""
    check_strength(strength)
    return couple(params, scope=scope, groups=groups)


def couple(
    params: PoolParameters,
    *,
    drive_share: float = 0.0,
    rhythm_share: float = 0.0,
    hazard_share: float = 0.0,
    staggers: bool = False,
    max_delay_ticks: int = 0,
    scope: str = "pool",
    groups: ArrayLike | None = None,
) -> Coupling:
    """A `Coupling` with the given shares, the same in every muscle, over `scope`.

    drive_share, rhythm_share: part of the variance of the slow drive noise and of the beta rhythm
    that is common (0..1); hazard_share: part of the firing hazard driven by shared brief events
    (0..0.75) or, with `staggers`, dealt out in turn; max_delay_ticks: the events' delays are drawn
    from 0 .. this.
    """
    checks.one_within("drive_share", drive_share, 0.0, 1.0)
    checks.one_within("rhythm_share", rhythm_share, 0.0, 1.0)
    checks.one_within("hazard_share", hazard_share, 0.0, MAX_HAZARD_SHARE)
    if max_delay_ticks not in range(MAX_DELAY_TICKS + 1):
        raise ValueError(f"max_delay_ticks must be one of 0..15, got {max_delay_ticks!r}")
    if hazard_share > 0 and params.cv_low.min() <= 0:
        raise ValueError("hazard_share above 0 needs isi_cv above 0 in every unit, got isi_cv 0")
    keys = scope_keys(n_muscles(params), scope, groups)
    threshold_z, private_survival, hazard, z_at_hazard, exponential = _tables(float(hazard_share))
    coupling = Coupling(
        drive_share=np.full(keys.size, float(drive_share)),
        drive_key=keys,
        rhythm_share=np.full(keys.size, float(rhythm_share)),
        rhythm_key=keys.copy(),
        staggers=bool(staggers),
        hazard_share=float(hazard_share),
        hazard_key=keys.copy(),
        n_hazard_keys=int(keys.max()) + 1,
        max_delay_ticks=int(max_delay_ticks),
        threshold_z=threshold_z,
        private_survival=private_survival,
        hazard=hazard,
        z_at_hazard=z_at_hazard,
        exponential=exponential,
        packed=None,  # type: ignore[arg-type] # below, from all the rest
    )
    return coupling._replace(packed=_packed(coupling))


def _packed(coupling: Coupling) -> PackedCoupling:
    names = [name for name in PackedCoupling._fields if name != "muscle"]
    muscle = structured(coupling, COUPLING_FIELDS)
    return PackedCoupling(muscle, *(getattr(coupling, name) for name in names))


def check_strength(strength: float) -> float:
    """The dial, 0..1; a ValueError otherwise."""
    is_number = isinstance(strength, int | float | np.number) and np.isreal(strength)
    if not (is_number and 0.0 <= strength <= 1.0):
        raise ValueError(f"strength must lie in 0..1, got {strength!r}")
    return float(strength)


def scope_keys(n_muscles: int, scope: str, groups: ArrayLike | None) -> NDArray[np.int64]:
    """Who shares: muscles with equal keys `[muscle]`, numbered from 0.

    "pool": each muscle for itself; "synergists": muscles with the same entry in `groups`
    (`int[muscle]`); "body": all muscles.
    """
    if scope not in SCOPES:
        raise ValueError(unknown("scope", scope, SCOPES))
    if scope == "pool":
        return np.arange(n_muscles, dtype=np.int64)
    if scope == "body":
        return np.zeros(n_muscles, np.int64)
    if groups is None:
        raise ValueError("groups must be given for scope 'synergists': int[muscle], got None")
    given = np.asarray(groups)
    if given.shape != (n_muscles,) or given.dtype.kind not in "iu":
        raise ValueError(f"groups must be integers of shape ({n_muscles},), got {groups!r}")
    return np.unique(given, return_inverse=True)[1].astype(np.int64).reshape(-1)


@lru_cache(maxsize=32)
def _tables(hazard_share: float) -> tuple[NDArray, NDArray, NDArray, NDArray, NDArray]:
    tables = (
        discharge.threshold_table(hazard_share),
        discharge.private_survival_table(hazard_share),
        discharge.hazard_table(),
        discharge.z_at_hazard_table(),
        discharge.exponential_table(),
    )
    for table in tables:
        table.flags.writeable = False
    return tables
