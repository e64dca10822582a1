"""Records of the motor-unit layer: constants of the pools, their state, and how units are coupled.

Pools are ragged: units of all muscles lie behind one another in flat arrays, muscle m owning units
``first_unit[m] : first_unit[m + 1]``. All records are NamedTuples of arrays, so that numba takes
them as they are. `build` checks the primary constants and adds what follows from them.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from neurocoord.motorunits import discharge, recruitment, twitch

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]
U64 = NDArray[np.uint64]
Bools = NDArray[np.bool_]

# Compiled code holds these as constants, and numba's cache does not see edits of this file: after
# changing one, touch kernel.py and rate_model.py too.
TICK_S = 0.001  # neural tick
KNOT_TICKS = 8  # slow noise is drawn at these absolute multiples of the tick (choice)
SLOW_NOISE_HZ = 2.5  # half-power frequency of the slow drive noise (common drive lies below 2.5 Hz)
# Two equal poles have half power at w tau = sqrt(sqrt(2) - 1).
SLOW_NOISE_TAU_S = float(np.sqrt(np.sqrt(2.0) - 1.0) / (2.0 * np.pi * SLOW_NOISE_HZ))
SLOW_NOISE_DECAY = float(np.exp(-KNOT_TICKS * TICK_S / SLOW_NOISE_TAU_S))
N_DRIVE = 256  # cells of the static curve over drive 0..1 (choice)
N_GAIN = 1024  # cells of the mean-gain table (choice)
GAIN_LIMIT = 4.0  # largest normalised rate of that table; beyond it the gain is held (choice)


def _slow_noise_scale() -> float:
    """Factor that gives the filtered, interpolated slow noise unit variance averaged over ticks."""
    b = SLOW_NOISE_DECAY
    variance = (1.0 + b * b) / (1.0 - b * b) ** 3
    next_knot = 2.0 * b / (1.0 + b * b)  # autocorrelation between neighbouring knots
    w = np.arange(KNOT_TICKS) / KNOT_TICKS
    kept = np.mean(1.0 - 2.0 * w * (1.0 - w) * (1.0 - next_knot))
    return float(1.0 / np.sqrt(variance * kept))


SLOW_NOISE_SCALE = _slow_noise_scale()


class PoolParameters(NamedTuple):
    """Constants of the pools of all muscles. Primary fields first, then what `build` derives."""

    first_unit: I64  # [muscle + 1]
    recruitment_threshold: F64  # [unit] excitation units, about 1 .. recruitment range
    minimum_rate_hz: F64  # [unit] rate at recruitment
    peak_rate_hz: F64  # [unit]
    rate_gain_hz: F64  # [unit] imp/s per unit of excitation
    twitch_force: F64  # [unit] P_i, twitch units
    contraction_time_s: F64  # [unit] T_i
    isi_cv: F64  # [unit] coefficient of variation of intervals
    is_fast: Bools  # [unit] type II
    drive_noise_floor: F64  # [muscle] SD of slow drive noise over E at E = 0
    drive_noise_slope: F64  # [muscle] growth of that ratio per unit of drive
    # derived
    max_excitation: F64  # [muscle] excitation at drive 1
    max_force: F64  # [muscle] twitch units: mean force at drive 1, i.e. active state 1
    force_share: F64  # [unit] P_i / sum of P of the muscle
    active_sum_scale: F64  # [muscle] turns a summed unit force into sum of share_i * a_i
    tick_decay: F64  # [unit] exp(-tick / T)
    twitch_scale: F64  # [unit] e * tick / T
    threshold_above: F64  # [unit] least recruitment threshold of this and all later units
    max_phase_step: F64  # [muscle] largest phase step of a tick over the unit's isi_cv
    minimum_high: F64  # [muscle] largest minimum rate of the muscle's units
    gain_high: F64  # [muscle] largest rate gain
    cv_low: F64  # [muscle] least isi_cv of the muscle's units
    cv_high: F64  # [muscle] ... and the largest
    gain_row: I64  # [unit] row of mean_gain
    mean_gain: F64  # [row, N_GAIN + 1] gain averaged over intervals, over x = 0 .. GAIN_LIMIT
    static_active_state: F64  # [muscle, N_DRIVE + 1] mean active state against drive 0 .. 1


class PoolState(NamedTuple):
    """State of the pools; the batch axis is in front everywhere, so rows can be copied freely."""

    seed: U64  # [env]
    tick: I64  # [env] ticks done since the start
    phase: F64  # [env, unit] 0 .. about 1
    threshold: F64  # [env, unit] phase of the next private spike
    spike_count: NDArray[np.int32]  # [env, unit] spikes so far
    delay: NDArray[np.uint8]  # [env, unit] ticks of delay of shared synaptic events
    last_spike_tick: NDArray[np.int32]  # [env, unit] very negative if none
    twitch_1: F64  # [env, unit] first state of the twitch filter
    twitch_2: F64  # [env, unit] second state; unit force = twitch_scale * twitch_2
    slow_filter: F64  # [env, unit] first state of the private slow noise
    slow_before: F64  # [env, unit] private slow noise at the last knot
    slow_after: F64  # [env, unit] ... and at the next one
    shared_filter: F64  # [env, muscle] the same for shared slow noise, by scope key
    shared_before: F64  # [env, muscle]
    shared_after: F64  # [env, muscle]
    n_live: I64  # [env, muscle] units of the muscle that may still carry force


class Coupling(NamedTuple):
    """How units share noise: data only. Made by a strategy in `neurocoord.synchrony`."""

    drive_share: F64  # [muscle] share of the slow drive noise's variance that is common, 0 .. 1
    drive_key: I64  # [muscle] who shares it: muscles with the same key
    hazard_share: float  # c, share of the firing hazard driven by shared brief events, 0 .. 0.75
    hazard_key: I64  # [muscle] who shares the events
    n_hazard_keys: int
    max_delay_ticks: int  # delays are drawn from 0 .. this
    threshold_z: F64  # [N_QUANTILE + 1] private threshold against survival, for this c
    private_survival: F64  # [N_HAZARD + 1] its survival function over z
    hazard: F64  # [N_HAZARD + 1] cumulative hazard of z
    z_at_hazard: F64  # [N_LEAST + 1] z where the hazard reaches k * HAZARD_LIMIT / N_LEAST
    exponential: F64  # [N_QUANTILE + 1] quantiles of Exp(1)


PRIMARY = PoolParameters._fields[: PoolParameters._fields.index("max_excitation")]
_PER_MUSCLE = ("drive_noise_floor", "drive_noise_slope")


def n_muscles(params: PoolParameters) -> int:
    """Number of muscles."""
    return params.first_unit.size - 1


def n_units(params: PoolParameters) -> int:
    """Number of units of all muscles together."""
    return int(params.first_unit[-1])


def muscle_of_unit(params: PoolParameters) -> I64:
    """Index of the muscle of each unit, `[unit]`."""
    return np.repeat(np.arange(n_muscles(params)), np.diff(params.first_unit))


def build(
    *,
    first_unit: ArrayLike,
    recruitment_threshold: ArrayLike,
    minimum_rate_hz: ArrayLike,
    peak_rate_hz: ArrayLike,
    rate_gain_hz: ArrayLike,
    twitch_force: ArrayLike,
    contraction_time_s: ArrayLike,
    isi_cv: ArrayLike,
    is_fast: ArrayLike,
    drive_noise_floor: ArrayLike,
    drive_noise_slope: ArrayLike,
) -> PoolParameters:
    """Check the primary constants and derive the rest. Scalars are spread over units or muscles.

    Raises ValueError naming the field that is not finite, out of range or of the wrong shape.
    """
    first = np.array(first_unit, dtype=np.int64)
    if first.ndim != 1 or first.size < 2 or first[0] != 0 or np.any(np.diff(first) < 1):
        raise ValueError(f"first_unit must rise from 0, one unit or more a muscle, got {first}")
    given = locals()
    fields = {name: _field(name, given[name], first) for name in PRIMARY[1:]}
    if np.any(fields["peak_rate_hz"] < fields["minimum_rate_hz"]):
        raise ValueError("peak_rate_hz must be at least minimum_rate_hz in every unit")
    return _derive(first, fields)


def _field(name: str, value: ArrayLike, first_unit: I64) -> NDArray:
    size = first_unit.size - 1 if name in _PER_MUSCLE else int(first_unit[-1])
    dtype = np.bool_ if name == "is_fast" else np.float64
    array: NDArray = np.array(value, dtype=dtype)
    if array.shape not in ((), (size,)):
        raise ValueError(f"{name} must be a number or have shape ({size},), got {array.shape}")
    array = np.array(np.broadcast_to(array, (size,)))
    if name == "is_fast":
        return array
    allow_zero = name in ("isi_cv", *_PER_MUSCLE)
    upper = {"isi_cv": 0.25, "contraction_time_s": 1.0}.get(name, np.inf)
    bad = ~np.isfinite(array) | (array < 0) | (array > upper)
    bad |= (array == 0) & (not allow_zero)
    if np.any(bad):
        low = "0 or more" if allow_zero else "above 0"
        raise ValueError(f"{name} must be finite, {low}, at most {upper}, got {array[bad][0]}")
    return array


def _derive(first: I64, f: dict[str, NDArray]) -> PoolParameters:
    force, time_s = f["twitch_force"], f["contraction_time_s"]
    sum_force = np.add.reduceat(force, first[:-1])
    rows, gain_row = np.unique(f["isi_cv"], return_inverse=True)
    max_excitation = np.array(
        [
            recruitment.max_excitation(
                f["recruitment_threshold"][a:b],
                f["minimum_rate_hz"][a:b],
                f["peak_rate_hz"][a:b],
                f["rate_gain_hz"][a:b],
            )
            for a, b in pairwise(first)
        ]
    )
    partial = PoolParameters(
        first_unit=first,
        **f,
        max_excitation=max_excitation,
        max_force=np.ones(first.size - 1),
        force_share=force / np.repeat(sum_force, np.diff(first)),
        active_sum_scale=1.0 / (twitch.TETANIC_FORCE_PER_TWITCH * sum_force),
        tick_decay=np.exp(-TICK_S / time_s),
        twitch_scale=np.e * TICK_S / time_s,
        threshold_above=np.concatenate(
            [
                np.minimum.accumulate(f["recruitment_threshold"][a:b][::-1])[::-1]
                for a, b in pairwise(first)
            ]
        ),
        max_phase_step=np.maximum.reduceat(
            f["peak_rate_hz"] * TICK_S / np.maximum(f["isi_cv"], 1e-12), first[:-1]
        ),
        minimum_high=np.maximum.reduceat(f["minimum_rate_hz"], first[:-1]),
        gain_high=np.maximum.reduceat(f["rate_gain_hz"], first[:-1]),
        cv_low=np.minimum.reduceat(f["isi_cv"], first[:-1]),
        cv_high=np.maximum.reduceat(f["isi_cv"], first[:-1]),
        gain_row=gain_row.astype(np.int64).reshape(-1),
        mean_gain=np.stack([_mean_gain_table(float(cv)) for cv in rows]),
        static_active_state=np.empty((0, 0)),
    )
    curves = _static_forces(partial)
    return partial._replace(
        max_force=curves[:, -1].copy(), static_active_state=curves / curves[:, -1:]
    )


@lru_cache(maxsize=64)
def _mean_gain_table(isi_cv: float) -> F64:
    return twitch.mean_gain(np.linspace(0.0, GAIN_LIMIT, N_GAIN + 1), isi_cv)


def _static_forces(params: PoolParameters) -> F64:
    """Mean force `[muscle, N_DRIVE + 1]`; muscles with equal constants are computed once."""
    curves: dict[bytes, F64] = {}
    out = np.empty((n_muscles(params), N_DRIVE + 1))
    for m in range(n_muscles(params)):
        units = slice(params.first_unit[m], params.first_unit[m + 1])
        used = [getattr(params, name)[units] for name in PRIMARY[1:8]]
        used += [np.array([params.drive_noise_floor[m], params.drive_noise_slope[m]])]
        key = b"".join(a.tobytes() for a in used)
        if key not in curves:
            curves[key] = static_force(params, m, np.linspace(0.0, 1.0, N_DRIVE + 1))
        out[m] = curves[key]
    return out


def static_force(params: PoolParameters, muscle: int, drive: F64) -> F64:
    """Mean force (twitch units) of one muscle held at each `drive`, slow drive noise averaged over.

    Per unit ``P e T r gbar(T r)``, gbar the 1993 gain averaged over the interval law; the noise in
    the drive is averaged by 3-point Gauss-Hermite quadrature.
    """
    units = slice(params.first_unit[muscle], params.first_unit[muscle + 1])
    node, weight = np.polynomial.hermite_e.hermegauss(3)
    if params.drive_noise_floor[muscle] == 0 and params.drive_noise_slope[muscle] == 0:
        node, weight = np.zeros(1), np.ones(1)
    weight = weight / weight.sum()
    excitation = np.asarray(drive, dtype=np.float64) * params.max_excitation[muscle]
    sd = excitation * (params.drive_noise_floor[muscle] + params.drive_noise_slope[muscle] * drive)
    total = np.zeros_like(excitation)
    area = params.twitch_force[units] * np.e * params.contraction_time_s[units]
    for z, w in zip(node, weight, strict=True):
        rate = discharge.discharge_rate_hz(
            (excitation + sd * z)[:, None],
            params.recruitment_threshold[units],
            params.minimum_rate_hz[units],
            params.peak_rate_hz[units],
            params.rate_gain_hz[units],
        )
        x = rate * params.contraction_time_s[units]
        total += w * ((rate * interpolate_gain(params, params.gain_row[units], x)) @ area)
    return total


def interpolate_gain(params: PoolParameters, row: I64, normalised_rate: F64) -> F64:
    """Mean gain at `normalised_rate` (`[.., unit]`), from the table rows `row[unit]`."""
    position = np.minimum(normalised_rate * (N_GAIN / GAIN_LIMIT), N_GAIN - 1e-6)
    j = position.astype(np.int32)
    low = params.mean_gain[row, j]
    return low + (position - j) * (params.mean_gain[row, j + 1] - low)


def concat(pools: Sequence[PoolParameters]) -> PoolParameters:
    """The pools of several records behind one another, in the order given."""
    if not pools:
        raise ValueError("pools must hold at least one PoolParameters, got none")
    counts = np.concatenate([np.diff(p.first_unit) for p in pools])
    joined = {name: np.concatenate([getattr(p, name) for p in pools]) for name in PRIMARY[1:]}
    return build(first_unit=np.concatenate([[0], np.cumsum(counts)]), **joined)
