"""How much of a pool's force comes from recruiting units and how much from their firing faster.

The split (a definition, stated with every result): as excitation rises, each unit comes in at its
minimal rate and then fires faster. *Recruitment* is what the units at work would give were each
still at the rate it had at its own threshold; *rate coding* is the rest. Summed over steps of
excitation it is the same to credit recruitment with what a step's new units give and rate coding
with what those already at work add. These are the two mechanisms that Milner-Brown, Stein & Yemm
1973 (J Physiol 230:371-390) weighed against each other in people; the pools are those of Fuglevand,
Winter & Patla 1993 (J Neurophysiol 70:2470-2488). No spikes are drawn: forces are the expected ones
of rested pools.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from neurocoord.motorunits import checks, derive
from neurocoord.motorunits.parameters import PoolParameters, n_muscles

F64 = NDArray[np.float64]
FIBRES = ("slow", "fast")


class ForceGain(NamedTuple):
    """Force of one muscle over its force at full drive, as its units give it."""

    drive: F64  # [drive] share of maximal excitation
    recruitment: F64  # [fibre, drive] by `FIBRES`
    rate_coding: F64  # [fibre, drive]


def force_gain(params: PoolParameters, muscle: int, drive: ArrayLike) -> ForceGain:
    """Force by recruitment and by rate coding of one rested muscle held at each `drive` (0..1).

    Slow noise of the drive is averaged over as in `derive.static_force`, so that the parts sum to
    the pool's static force over its `max_force`.
    """
    if not 0 <= muscle < n_muscles(params):
        raise ValueError(f"muscle is {muscle}; it may be 0 to {n_muscles(params) - 1}")
    held = checks.within("drive", np.atleast_1d(np.asarray(drive, float)), 0.0, 1.0)
    units = np.arange(params.first_unit[muscle], params.first_unit[muscle + 1])
    threshold = params.recruitment_threshold[units]
    at_entry = derive.mean_unit_force(params, threshold[None], units)
    fibre = np.stack([~params.is_fast[units], params.is_fast[units]])
    gained = np.zeros((2, len(FIBRES), held.size))
    for excitation, weight in derive.noisy_excitation(params, muscle, held):
        noisy = np.broadcast_to(excitation[:, None], (held.size, units.size))
        entered = np.where(noisy >= threshold, at_entry, 0.0)
        faster = derive.mean_unit_force(params, noisy, units) - entered
        gained += weight * np.stack([fibre @ entered.T, fibre @ faster.T])
    recruitment, rate_coding = gained / params.max_force[muscle]
    return ForceGain(held, recruitment, rate_coding)


def total(gain: ForceGain) -> F64:
    """Force over force at full drive `[drive]`."""
    return np.asarray((gain.recruitment + gain.rate_coding).sum(axis=0))


def even_drive(gain: ForceGain) -> float:
    """Drive above which rate coding gives more than half of the force; NaN if it nowhere does."""
    by_rate, whole = gain.rate_coding.sum(axis=0), total(gain)
    above = np.flatnonzero((whole > 0) & (by_rate > 0.5 * whole))
    below = np.flatnonzero((whole > 0) & (by_rate <= 0.5 * whole))
    if above.size == 0:
        return float("nan")
    last = below[below < above[-1]]
    return float(gain.drive[last[-1] + 1 if last.size else above[0]])
