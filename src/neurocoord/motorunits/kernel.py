"""The spiking step of all pools for a block of ticks, compiled. Must agree with `reference.py`.

Spikes agree bit for bit and forces to 1e-12. Each tick's arithmetic depends on the absolute tick
and never on the block, and each environment only on its own seed: results are bit-identical for
any block length, number of threads, number and order of environments.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from neurocoord.motorunits import checks, tick, twitch
from neurocoord.motorunits.compiled import are_own, straight
from neurocoord.motorunits.records import TICK_S as TICK_S
from neurocoord.motorunits.records import Coupling, PoolParameters, n_muscles, n_units
from neurocoord.motorunits.state import PoolState as PoolState
from neurocoord.motorunits.state import check_drive, copy_into, draw_first_thresholds
from neurocoord.motorunits.state import init as init

F64 = NDArray[np.float64]


class BlockOutput(NamedTuple):
    """What a block of ticks gave. Class axis: 0 slow (type I), 1 fast (type II)."""

    active_state: F64  # [env, tick, muscle] force over the mean force at drive 1
    active_sum: F64  # [env, tick, muscle, class] sum of share_i * (unit force / its tetanic force)
    spike_sum: F64  # [env, muscle, class] sum of share_i * spikes of the block
    spikes: NDArray[np.uint8]  # [env, tick, unit]; empty unless recorded


def advance(
    params: PoolParameters,
    coupling: Coupling,
    state: PoolState,
    drive: NDArray[np.floating],
    *,
    fibre_length: NDArray[np.floating] | None = None,
    record_spikes: bool = False,
    n_threads: int = 1,
    out: PoolState | None = None,
) -> tuple[PoolState, BlockOutput]:
    """Run all pools over a block: `drive[env, tick, muscle]` in 0..1 -> new state and output.

    `fibre_length[env, muscle]` (optimal length = 1) shifts the force-frequency relation of
    saturating units; those of the 1993 gain do not know length. `n_threads` share the muscles and
    change no bit. `state` is left as it is unless it is passed as `out` too, which saves the copy.
    """
    checks.fits(params, state, coupling)
    n_env = state.tick.size
    drive = check_drive(params, n_env, drive)
    sensitivity = length_sensitivity(params, n_env, fibre_length)
    checks.count("n_threads", n_threads)
    new = copy_into(state, out)
    draw_first_thresholds(params, coupling, new)
    n_tick, muscles = drive.shape[1:]
    output = BlockOutput(
        active_state=np.empty((n_env, n_tick, muscles)),
        active_sum=np.empty((n_env, n_tick, muscles, 2)),
        spike_sum=np.empty((n_env, muscles, 2)),
        spikes=np.zeros((n_env, n_tick, n_units(params) if record_spikes else 0), np.uint8),
    )
    noises = np.empty((n_env, n_tick, 2, muscles))
    has_events = coupling.hazard_share > 0 and not coupling.staggers
    n_event = n_tick + coupling.max_delay_ticks if has_events else 0
    events = np.empty((n_env, n_event, coupling.n_hazard_keys))
    exponential = coupling.packed.exponential
    tick.shared_inputs(
        new.seed, new.tick, new.shared, exponential, params.has_rhythm, noises, events
    )
    given = (params.packed, coupling.packed, new, drive, sensitivity, noises, events)

    compiled_run = _compiled_run(new, *given, 0, 0, record_spikes, output)

    def run(first: int, end: int) -> None:
        compiled_run(*given, first, end, record_spikes, output)

    share_muscles(run, params, n_threads)
    new.tick[:] += n_tick
    return new, output


def share_muscles(run: Callable[[int, int], None], params: PoolParameters, n_threads: int) -> None:
    """Call `run(first, end)` on runs of muscles with about as many units each, one a thread."""
    parts = _parts(params, n_threads)
    if len(parts) == 1:
        run(*parts[0])
    else:
        list(_threads(len(parts)).map(run, *zip(*parts, strict=True)))


def _compiled_run(state: PoolState, *arguments: object) -> Callable[..., None]:
    """`tick.run`, past numba's look at the types of all `arguments` where that is safe.

    To look tells nothing new: every array but the state's is made here or by `build` and `couple`.
    """
    return straight(tick.run, *arguments) if are_own(state) else tick.run


def length_sensitivity(
    params: PoolParameters, n_env: int, fibre_length: NDArray[np.floating] | None
) -> F64:
    """`[env, muscle, class]` from `fibre_length[env, muscle]`; ones where none is given."""
    shape = (n_env, n_muscles(params))
    if fibre_length is None:
        return _ones((*shape, 2))
    length = checks.numbers("fibre_length", fibre_length)
    if length.shape != shape:
        raise ValueError(
            f"fibre_length must have shape [env={shape[0]}, muscle={shape[1]}], got {length.shape}"
        )
    checks.within("fibre_length", length, 0.0, above_low=True)
    return twitch.length_sensitivity(length[..., None], np.array([False, True]))


def _parts(params: PoolParameters, n_threads: int) -> list[tuple[int, int]]:
    """Runs of muscles with about as many units each."""
    if n_threads == 1:
        return [(0, n_muscles(params))]
    wanted = np.linspace(0, params.first_unit[-1], min(n_threads, n_muscles(params)) + 1)
    edges = np.searchsorted(params.first_unit, wanted[1:-1])
    edges = np.unique(np.concatenate([[0], edges, [n_muscles(params)]]))
    return [(int(a), int(b)) for a, b in pairwise(edges)]


@lru_cache(maxsize=16)
def _ones(shape: tuple[int, ...]) -> F64:
    return np.ones(shape)


@lru_cache(maxsize=4)
def _threads(n: int) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(n, thread_name_prefix="motorunits")
