"""Short-term synchrony: units share brief events that make them fire within a few milliseconds.

Part c of each unit's firing hazard is driven by one exponential variable per tick that the scope
shares; a private threshold with hazard (1-c)h carries the rest, so the total is h and the interval
law does not depend on c. The dial reads in common input strength (CIS, extra coincidences per
second; Nordstrom, Fuglevand & Enoka 1992, J Physiol 453:547-574): strength 1 is a CIS of 1 /s at
40 % drive, the upper end of what is measured in people (0.3 to 1 /s). `cis_table` measures what it
is for another parameter set or drive; `cis_of` and `strength_for_cis` read that table.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from neurocoord.motorunits import checks, kernel
from neurocoord.motorunits.parameters import Coupling, PoolParameters
from neurocoord.synchrony.independent import MAX_HAZARD_SHARE, check_strength, couple

DELAY_TICKS = 3  # spread of the events' delays over units: a peak about 3 ms wide (choice)
FULL_DIAL_CIS_HZ = 1.0  # choice
WINDOW_TICKS = 5  # coincidences within 5 ms
WARM_UP_TICKS = 1000  # before spikes are counted (choice)

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


class CisTable(NamedTuple):
    """CIS against the dial, measured on one parameter set at one drive."""

    strength: NDArray[np.float64]  # [knot] 0 .. 1
    cis_hz: NDArray[np.float64]  # [knot], rising
    drive: float


def cis_table(
    params: PoolParameters,
    *,
    drive: float = 0.4,
    muscle: int = 0,
    seconds: float = 30.0,
    n_knots: int = 5,
    seed: int = 0,
) -> CisTable:
    """Run the pools at a held drive under `n_knots` settings of the dial and count coincidences.

    CIS of `muscle`: spikes of two units within 5 ms beyond chance, per pair and second, over all
    pairs of the units that fired. Its standard error falls with `seconds` (0.02 /s at 30 s).
    """
    checks.one_within("drive", drive, 0.0, 1.0, above_low=True)
    n_muscles = params.first_unit.size - 1
    if muscle not in range(n_muscles):
        raise ValueError(f"muscle must be one of 0..{n_muscles - 1}, got {muscle!r}")
    checks.one_within("seconds", seconds, 1.0, 3600.0)
    if n_knots not in range(2, 101):
        raise ValueError(f"n_knots must be one of 2..100, got {n_knots!r}")
    units = slice(params.first_unit[muscle], params.first_unit[muscle + 1])
    held = np.zeros((1, WARM_UP_TICKS + round(1000 * seconds), n_muscles))
    held[:, :, muscle] = drive
    strength = np.linspace(0.0, 1.0, int(n_knots))
    cis = []
    for dial in strength:
        state, made = kernel.init(params, 1, seed), coupling(params, strength=float(dial))
        _, out = kernel.advance(params, made, state, held, record_spikes=True, out=state)
        cis.append(_common_input_strength_hz(out.spikes[0, WARM_UP_TICKS:, units]))
    rising = np.maximum.accumulate(np.array(cis) - cis[0])  # at 0 nothing is shared
    return CisTable(strength, rising, float(drive))


def cis_of(table: CisTable, strength: float) -> float:
    """CIS (/s) that the dial stands for."""
    return float(np.interp(check_strength(strength), table.strength, table.cis_hz))


def strength_for_cis(table: CisTable, cis_hz: float) -> float:
    """The dial that gives a CIS (/s); a ValueError beyond what the dial reaches."""
    most = float(table.cis_hz[-1])
    if not 0.0 <= float(checks.numbers("cis_hz", cis_hz)) <= most:
        raise ValueError(
            f"cis_hz must lie in 0..{most:.3g} at drive {table.drive:g}, got {cis_hz!r};"
            " hazard_share goes past the dial"
        )
    return float(np.interp(cis_hz, table.cis_hz, table.strength))


def _common_input_strength_hz(raster: NDArray[np.uint8]) -> float:
    """Coincidences beyond chance per pair and second; `raster[tick, unit]`."""
    s = raster[:, raster.any(axis=0)].astype(np.float64)
    n_tick, n = s.shape
    if n < 2:
        raise ValueError(f"CIS needs two units that fire, got {n}; raise the drive")
    total, rate, extra = s.sum(axis=1), s.mean(axis=0), 0.0
    for lag in range(-WINDOW_TICKS, WINDOW_TICKS + 1):
        m, k = n_tick - abs(lag), abs(lag)
        extra += total[:m] @ total[k:] - np.einsum("tu,tu->", s[:m], s[k:])
    extra -= n_tick * (2 * WINDOW_TICKS + 1) * (rate.sum() ** 2 - np.sum(rate**2))
    return float(extra / (n * (n - 1) * n_tick * kernel.TICK_S))


def dial_to_hazard_share(params: PoolParameters, strength: float) -> float:
    """Hazard share c that gives a CIS of `strength` /s at 40 % drive, for the mean isi_cv."""
    cv = float(params.isi_cv.mean())
    cis = np.array([np.interp(cv, ISI_CV, column) for column in CIS_HZ.T])
    c = np.interp(check_strength(strength) * FULL_DIAL_CIS_HZ, cis, HAZARD_SHARE)
    return float(min(c, MAX_HAZARD_SHARE))
