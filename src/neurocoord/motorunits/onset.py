"""Onset synchrony: how far units that start together after a silence start in step.

A silent unit keeps the phase at which it stopped, so that a pool's first spikes spread over an
interval. Here the phases of silent units are drawn anew at an onset, each uniform over 0..1 at
every setting; only their common part moves (a Gaussian copula). Each unit's expected spike count is
therefore the same at every share, and conditions are compared at matched count. The recipe is ours
(choice). It is data to the kernel: phases and thresholds of the state.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from neurocoord import noise
from neurocoord.motorunits import checks, discharge
from neurocoord.motorunits.records import (
    Coupling,
    PoolParameters,
    muscle_of_unit,
    n_muscles,
    n_units,
)
from neurocoord.motorunits.state import PoolState, copy_into

F64 = NDArray[np.float64]


def check_share(share: float) -> float:
    """Part of the first phases' variance that units share, 0..1; a ValueError otherwise."""
    is_number = isinstance(share, int | float | np.number) and np.isreal(share)
    if not (is_number and 0.0 <= share <= 1.0):
        raise ValueError(f"onset share must lie in 0..1, got {share!r}")
    return float(share)


def draw_first_phases(
    params: PoolParameters,
    coupling: Coupling,
    state: PoolState,
    share: float,
    is_onset: NDArray[np.bool_] | None = None,
    *,
    out: PoolState | None = None,
) -> PoolState:
    """State whose silent units start with new phases, of whose variance `share` is common.

    `is_onset[env, muscle]`: where drive is about to set in (everywhere by default); shared within
    the coupling's scope. Units that fired within the last 200 ms keep their phase. Thresholds are
    drawn given the phase. `state` is left as it is unless passed as `out` too.
    """
    share = check_share(share)
    checks.fits(params, state, coupling)
    n_env, muscle = state.tick.size, muscle_of_unit(params)
    where = np.ones((n_env, n_muscles(params)), bool) if is_onset is None else np.asarray(is_onset)
    if where.shape != (n_env, n_muscles(params)) or where.dtype != np.bool_:
        raise ValueError(
            f"is_onset must be bool of shape ({n_env}, {n_muscles(params)}),"
            f" got {where.dtype} of shape {where.shape}"
        )
    new = copy_into(state, out)
    silence = new.tick[:, None] - new.last_spike_tick
    chosen = where[:, muscle] & (silence > discharge.SILENCE_TICKS)
    units, tick = np.arange(n_units(params)), new.tick[:, None]
    private = _normal(new, noise.ONSET_PRIVATE, units, tick)
    shared = _normal(new, noise.ONSET_SHARED, np.arange(coupling.n_hazard_keys), tick)
    z = np.sqrt(1.0 - share) * private + np.sqrt(share) * shared[:, coupling.hazard_key[muscle]]
    phase = ndtr(z)
    threshold = _threshold(params, coupling, new, phase, units, tick)
    new.phase[chosen] = phase[chosen]
    new.threshold[chosen] = threshold[chosen]
    return new


def _normal(state: PoolState, stream: int, index: NDArray[np.int64], tick: NDArray) -> F64:
    key = noise.stream_key(state.seed, stream)[:, None]
    return np.asarray(ndtri(noise.uniform(noise.draw(key, index, tick)) + 2.0**-54))


def _threshold(
    params: PoolParameters,
    coupling: Coupling,
    state: PoolState,
    phase: F64,
    units: NDArray[np.int64],
    tick: NDArray,
) -> F64:
    """Private thresholds above the phase, by their law: as `state.draw_first_thresholds`."""
    limit = discharge.Z_LIMIT
    with np.errstate(divide="ignore", invalid="ignore"):
        z = np.nan_to_num(np.clip((phase - 1.0) / state.isi_cv, -limit, limit))
    at = np.linspace(-limit, limit, coupling.private_survival.size)
    survival = np.interp(z, at, coupling.private_survival)
    key = noise.stream_key(state.seed, noise.ONSET_THRESHOLD)[:, None]
    u = noise.uniform(noise.draw(key, units, tick)) * survival
    drawn = noise.lookup(coupling.threshold_z, u)
    return np.asarray(discharge.interval_threshold(drawn, state.isi_cv))
