"""Synergies that drive: groups of muscles, and time courses read at the phase of the movement.

They are extracted from EMG by ``analysis.synergies`` and turned here into active states, so that
they can be asked of the motor units again.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from neurocoord.body.model import Body
from neurocoord.coordination.reference import LIMBS

TRUNK = len(LIMBS)  # where a muscle is of no limb; it follows the mean phase
# joints that make a muscle one of a limb: of the arm with its girdle, and of the leg
_ARM = ("shoulder", "elbow", "pronation", "wrist", "girdle")
_LEG = ("hip", "knee", "ankle", "subtalar")
MOST_LAG = 0.1  # longest lag of active state behind EMG that is looked for, cycles (choice)


class Synergies(NamedTuple):
    """Active states as weight @ activation, over the phase of one cycle."""

    weight: np.ndarray  # [muscle, synergy], active state by unit of activation
    activation: np.ndarray  # [synergy, phase], evenly spaced from 0, which the last one runs up to
    limb: np.ndarray  # int[muscle], into LIMBS, or TRUNK
    lag: float  # cycles that active state was found to lag behind EMG; already taken into account


def limb_of_muscle(body: Body) -> np.ndarray:
    """int[muscle]: the limb of ``LIMBS`` that a muscle moves, or ``TRUNK``."""
    found = np.full(len(body.muscles), TRUNK)
    for index, (joints, side) in enumerate(zip(body.table.joints, body.table.side, strict=True)):
        for kind, stems in (("hand", _ARM), ("knee", _LEG)):
            if any(joint.split("_")[0] in stems for joint in joints):
                found[index] = LIMBS.index(f"{kind}_{side}")
    return found


def calibrate(
    weight: np.ndarray, activation: np.ndarray, active_state: np.ndarray, limb: np.ndarray
) -> Synergies:
    """Synergies of EMG as synergies of active state.

    ``weight`` [muscle, synergy] and ``activation`` [synergy, phase] give the EMG over a mean cycle,
    ``active_state`` [muscle, phase] what the motor units gave over it. One lag is found for all
    muscles and one factor for each, both by least squares.
    """
    best: Synergies | None = None
    least = np.inf
    for shift in range(round(MOST_LAG * activation.shape[1]) + 1):
        later = np.roll(activation, shift, axis=1)
        emg = weight @ later
        power = (emg**2).sum(axis=1)
        factor = np.divide(
            (emg * active_state).sum(axis=1), power, out=np.zeros_like(power), where=power > 0.0
        )
        error = float(((active_state - factor[:, None] * emg) ** 2).sum())
        if error < least:
            least = error
            lag = shift / activation.shape[1]
            best = Synergies(factor[:, None] * weight, later, limb, lag)
    assert best is not None
    return best


def active_state_at(synergies: Synergies, phase: np.ndarray) -> np.ndarray:
    """Active state [muscle] of the synergies when each limb is at its ``phase`` [limb] of the
    common cycle (cycles); the trunk is at their mean."""
    phases = np.append(phase, np.mean(phase))
    n = synergies.activation.shape[1]
    position = (phases % 1.0) * n
    below = position.astype(int) % n
    share = position - np.floor(position)
    activation = (1.0 - share) * synergies.activation[:, below]
    activation += share * synergies.activation[:, (below + 1) % n]
    return np.einsum("ms,sm->m", synergies.weight, activation[:, synergies.limb])
