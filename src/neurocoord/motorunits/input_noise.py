"""The noise that motor units receive, read from the state: what a strategy must leave as it is."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from neurocoord.motorunits import checks
from neurocoord.motorunits.records import KNOT_TICKS, Coupling, PoolParameters, muscle_of_unit
from neurocoord.motorunits.state import PoolState

F64 = NDArray[np.float64]


def kinds(params: PoolParameters) -> tuple[str, ...]:
    """Which noises the pools' input holds: "drive" (slow) and "rhythm" (beta)."""
    there = {"drive": params.has_drive_noise, "rhythm": params.has_rhythm}
    return tuple(name for name, is_there in there.items() if is_there)


def input_noise(params: PoolParameters, coupling: Coupling, state: PoolState) -> F64:
    """Noise now in each unit's input, private and shared together, `[env, kind, unit]`.

    In its nominal SD, in the order of `kinds`: each is ``sqrt(1 - s) private + sqrt(s) shared``,
    the sum that the kernel forms, and its variance over time is 1 whatever s is. Units of a muscle
    without that noise read 0.
    """
    checks.fits(params, state, coupling)
    muscle = muscle_of_unit(params)
    w = ((state.tick % KNOT_TICKS) / KNOT_TICKS)[:, None]
    amplitudes = {
        "drive": params.drive_noise_floor + params.drive_noise_slope,
        "rhythm": params.rhythm_noise,
    }
    parts = {
        "drive": (
            coupling.drive_share,
            coupling.drive_key,
            state.slow_noise,
            state.shared_slow_noise,
        ),
    }
    if params.has_rhythm:
        parts["rhythm"] = (
            coupling.rhythm_share,
            coupling.rhythm_key,
            state.rhythm,
            state.shared_rhythm,
        )
    found = np.empty((state.tick.size, len(kinds(params)), muscle.size))
    for row, name in enumerate(kinds(params)):
        share, key, (_, before, after), (_, shared_before, shared_after) = parts[name]
        is_there = amplitudes[name] > 0
        shared = shared_before + w * (shared_after - shared_before)
        common = np.where(is_there, np.sqrt(share), 0.0) * shared[:, key]
        private = np.where(is_there, np.sqrt(1.0 - share), 0.0)[muscle]
        found[:, row] = private * (before + w * (after - before)) + common[:, muscle]
    return found
