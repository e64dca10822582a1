"""What follows from the primary constants of pools: decays, tables, and the static curves.

The static curves give the mean force of a pool at held drive without any spikes: per unit ``P e T
r gbar(T r)`` with gbar the 1993 gain averaged over the interval law, or for a saturating unit its
tetanic force times the mean saturation.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from neurocoord.motorunits import discharge, recruitment, twitch
from neurocoord.motorunits.records import (
    GAIN_LIMIT,
    MUSCLE_FIELDS,
    N_DRIVE,
    N_GAIN,
    PER_MUSCLE,
    PRIMARY,
    SLOW_STEP_S,
    SPIKING_FIELDS,
    STAGGER_GROUP,
    TICK_S,
    Constants,
    Packed,
    PoolParameters,
    Tiring,
    muscle_of_unit,
    n_muscles,
    structured,
)

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]

CV_STEP = 0.01  # between rows of mean_gain where the interval law changes with drive (choice)
_DYNAMIC = ("fatigue_rate_per_s", "adaptation_share", "pic_excitation", "rotation_group")


def complete(first: I64, f: dict[str, NDArray]) -> PoolParameters:
    """A whole record from checked primary fields `f` (all but first_unit)."""
    force, cv = f["twitch_force"], f["isi_cv"]
    counts, starts = np.diff(first), first[:-1]
    sum_force = np.add.reduceat(force, starts)
    cv_high = cv + f["isi_cv_onset"]
    ratio = f["twitch_tetanus_ratio"]
    per_twitch = np.where(
        ratio > 0, 1.0 / np.where(ratio > 0, ratio, 1.0), twitch.TETANIC_FORCE_PER_TWITCH
    )
    gain_row, mean_gain = _mean_gain_rows(cv, f["isi_cv_onset"])
    partial = PoolParameters(
        first_unit=first,
        **f,
        max_excitation=_max_excitation(first, f),
        max_force=np.ones(counts.size),
        tetanic_force=force * np.repeat(per_twitch, counts),
        force_share=force / np.repeat(sum_force, counts),
        active_sum_scale=1.0 / (per_twitch * sum_force),
        max_phase_step=np.maximum.reduceat(
            f["peak_rate_hz"] * TICK_S / np.maximum(cv, 1e-12), starts
        ),
        minimum_high=np.maximum.reduceat(f["minimum_rate_hz"], starts),
        gain_high=np.maximum.reduceat(f["rate_gain_hz"], starts),
        cv_low=np.minimum.reduceat(cv, starts),
        cv_high=np.maximum.reduceat(cv_high, starts),
        saturation_slope=twitch.saturation_slope(ratio),
        doublet_ticks=np.round(f["doublet_interval_s"] / TICK_S).astype(np.int64),
        refractory_ticks=np.round(f["refractory_s"] / TICK_S).astype(np.int64),
        first_group=np.concatenate([[0], np.cumsum(-(-counts[:-1] // STAGGER_GROUP))]),
        adaptation_decay=np.exp(-SLOW_STEP_S / f["adaptation_tau_s"]),
        pic_decay=np.exp(-SLOW_STEP_S / f["pic_tau_s"]),
        rotation_decay=np.exp(-SLOW_STEP_S / f["rotation_tau_s"]),
        onset_follow=-np.expm1(-TICK_S / f["onset_tau_s"]),
        is_dynamic=any(bool(np.any(f[name] > 0)) for name in _DYNAMIC),
        has_drive_noise=bool(np.any(f["drive_noise_floor"] + f["drive_noise_slope"] > 0)),
        has_onsets=bool(np.any(f["onset_gain_hz"] > 0) or np.any(f["doublet_share"] > 0)),
        has_rhythm=bool(np.any(f["rhythm_noise"] > 0)),
        decay_table=discharge.decay_table(),
        rested=_rested(first, f),
        packed=None,  # type: ignore[arg-type] # below, from all the rest
        gain_row=gain_row,
        mean_gain=mean_gain,
        mean_saturation=_mean_saturation(first, f),
        static_active_state=np.empty((0, 0)),
    )
    curves = _static_forces(partial)
    full = partial._replace(
        max_force=curves[:, -1].copy(), static_active_state=curves / curves[:, -1:]
    )
    return full._replace(packed=_packed(full))


def _packed(params: PoolParameters) -> Packed:
    return Packed(
        first_unit=params.first_unit,
        alike=_alike(params),
        muscle=structured(params, MUSCLE_FIELDS),
        spiking=structured(params, SPIKING_FIELDS),
        tiring=Tiring(*(getattr(params, name) for name in Tiring._fields)),
        is_fast=params.is_fast,
        decay_table=params.decay_table,
        rested=np.concatenate(params.rested),
        isi_cv_onset=params.isi_cv_onset,
        gain_row=params.gain_row,
        mean_gain=params.mean_gain,
        mean_saturation=params.mean_saturation,
        is_dynamic=params.is_dynamic,
        has_drive_noise=params.has_drive_noise,
        has_onsets=params.has_onsets,
        has_rhythm=params.has_rhythm,
    )


def _alike(params: PoolParameters) -> I64:
    """First unit of the first muscle whose units have the same constants, `[muscle]`.

    Muscles of a body often do: read from one place, these stay in the first cache. Units of dynamic
    pools change each in their way.
    """
    if params.is_dynamic:
        return params.first_unit[:-1].copy()
    first: dict[bytes, int] = {}
    names = (*SPIKING_FIELDS, *Constants._fields[:6])
    out = np.empty(n_muscles(params), np.int64)
    for m, (a, b) in enumerate(pairwise(params.first_unit)):
        key = b"".join(getattr(params, name)[a:b].tobytes() for name in names)
        out[m] = first.setdefault(key, int(a))
    return out


def least_above(threshold: F64) -> F64:
    """Least threshold of each unit and all that come after it, `threshold[.., unit]`."""
    return np.minimum.accumulate(threshold[..., ::-1], axis=-1)[..., ::-1]


def static_force(params: PoolParameters, muscle: int, drive: F64) -> F64:
    """Mean force (twitch units) of one rested muscle held at each `drive`.

    Slow drive noise is averaged over by 3-point Gauss-Hermite quadrature.
    """
    units = np.arange(params.first_unit[muscle], params.first_unit[muscle + 1])
    total = np.zeros(np.shape(drive))
    for excitation, weight in noisy_excitation(params, muscle, np.asarray(drive, np.float64)):
        noisy = np.broadcast_to(excitation[:, None], (excitation.size, units.size))
        total += weight * mean_unit_force(params, noisy, units).sum(axis=-1)
    return total


def noisy_excitation(
    params: PoolParameters, muscle: int, drive: F64
) -> Iterator[tuple[F64, float]]:
    """Excitations [drive] of one muscle under its slow drive noise, and their weights (sum 1)."""
    node, weight = np.polynomial.hermite_e.hermegauss(3)
    if params.drive_noise_floor[muscle] == 0 and params.drive_noise_slope[muscle] == 0:
        node, weight = np.zeros(1), np.ones(1)
    weight = weight / weight.sum()
    excitation = drive * params.max_excitation[muscle]
    sd = excitation * (params.drive_noise_floor[muscle] + params.drive_noise_slope[muscle] * drive)
    for z, w in zip(node, weight, strict=True):
        yield excitation + sd * z, float(w)


def mean_unit_force(params: PoolParameters, excitation: F64, units: I64) -> F64:
    """Mean force (twitch units) of rested `units` at held `excitation[.., unit]`."""
    muscle = muscle_of_unit(params)[units]
    rate = rate_hz(params, excitation, units)
    x = rate * params.contraction_time_s[units]
    cv = discharge.interval_cv(
        excitation,
        params.recruitment_threshold[units],
        params.isi_cv[units],
        params.isi_cv_onset[units],
        (params.isi_cv_decay * params.max_excitation)[muscle],
        params.decay_table,
    )
    row = params.gain_row[units] + np.round((cv - params.isi_cv[units]) / CV_STEP).astype(np.int64)
    linear = params.twitch_force[units] * np.e * x * interpolate(params.mean_gain, row, x)
    saturates = params.twitch_tetanus_ratio[muscle] > 0
    if not saturates.any():
        return np.asarray(linear)
    tetanic = params.tetanic_force[units] * interpolate(params.mean_saturation, muscle, x)
    return np.where(saturates, tetanic, linear)


def rate_hz(params: PoolParameters, excitation: F64, units: I64) -> F64:
    """Mean rate (imp/s) of rested `units` at `excitation[.., unit]`."""
    constants = (
        params.recruitment_threshold[units],
        params.minimum_rate_hz[units],
        params.peak_rate_hz[units],
        params.rate_gain_hz[units],
    )
    linear = discharge.discharge_rate_hz(excitation, *constants)
    saturates = params.rate_saturates[muscle_of_unit(params)[units]]
    if not saturates.any():
        return linear
    curved = discharge.saturating_rate_hz(excitation, *constants, params.decay_table)
    return np.where(saturates, curved, linear)


def interpolate(table: F64, row: I64, normalised_rate: F64) -> F64:
    """`table[row]` at `normalised_rate` (`[.., unit]`), straight lines over 0 .. GAIN_LIMIT."""
    position = np.minimum(normalised_rate * (N_GAIN / GAIN_LIMIT), N_GAIN - 1e-6)
    j = position.astype(np.int32)
    low = table[row, j]
    return np.asarray(low + (position - j) * (table[row, j + 1] - low))


def _max_excitation(first: I64, f: dict[str, NDArray]) -> F64:
    names = ("recruitment_threshold", "minimum_rate_hz", "peak_rate_hz", "rate_gain_hz")
    return np.array(
        [recruitment.max_excitation(*(f[name][a:b] for name in names)) for a, b in pairwise(first)]
    )


def _rested(first: I64, f: dict[str, NDArray]) -> Constants:
    threshold, time_s = f["recruitment_threshold"], f["contraction_time_s"]
    fields = Constants(
        recruitment_threshold=threshold,
        minimum_rate_hz=f["minimum_rate_hz"],
        rate_gain_hz=f["rate_gain_hz"],
        peak_rate_hz=f["peak_rate_hz"],
        twitch_force=f["twitch_force"],
        contraction_time_s=time_s,
        tick_decay=np.exp(-TICK_S / time_s),
        twitch_scale=np.e * TICK_S / time_s,
        threshold_above=np.concatenate([least_above(threshold[a:b]) for a, b in pairwise(first)]),
    )
    return Constants._make(a[None, :].copy() for a in fields)


def _mean_gain_rows(isi_cv: F64, isi_cv_onset: F64) -> tuple[I64, F64]:
    """For each unit the row of its isi_cv, followed by rows of step CV_STEP up to its onset's."""
    rows: dict[float, int] = {}
    tables: list[F64] = []
    for cv in np.unique(isi_cv):
        rows[float(cv)] = len(tables)
        n_more = int(np.ceil(isi_cv_onset[isi_cv == cv].max() / CV_STEP - 1e-9))
        tables += [_mean_gain_table(round(float(cv) + k * CV_STEP, 12)) for k in range(n_more + 1)]
    return np.array([rows[float(cv)] for cv in isi_cv], dtype=np.int64), np.stack(tables)


@lru_cache(maxsize=64)
def _mean_gain_table(isi_cv: float) -> F64:
    return twitch.mean_gain(np.linspace(0.0, GAIN_LIMIT, N_GAIN + 1), isi_cv)


def _mean_saturation(first: I64, f: dict[str, NDArray]) -> F64:
    """Mean share of tetanic force `[muscle, N_GAIN + 1]`; no columns where no muscle saturates.

    At the isi_cv of the muscle's middle unit: the law of intervals hardly matters here.
    """
    ratio = f["twitch_tetanus_ratio"]
    x = np.linspace(0.0, GAIN_LIMIT, N_GAIN + 1)
    if not np.any(ratio > 0):
        return np.zeros((ratio.size, 0))
    middle = f["isi_cv"][(first[:-1] + first[1:]) // 2]
    rows = [
        twitch.mean_saturation(x, float(r), float(cv)) if r > 0 else np.zeros_like(x)
        for r, cv in zip(ratio, middle, strict=True)
    ]
    return np.stack(rows)


def _static_forces(params: PoolParameters) -> F64:
    """Mean force `[muscle, N_DRIVE + 1]`; muscles with equal constants are computed once."""
    curves: dict[bytes, F64] = {}
    out = np.empty((n_muscles(params), N_DRIVE + 1))
    for m, (a, b) in enumerate(pairwise(params.first_unit)):
        key = b"".join(
            getattr(params, name)[slice(m, m + 1) if name in PER_MUSCLE else slice(a, b)].tobytes()
            for name in PRIMARY[1:]
        )
        if key not in curves:
            curves[key] = static_force(params, m, np.linspace(0.0, 1.0, N_DRIVE + 1))
        out[m] = curves[key]
    return out
