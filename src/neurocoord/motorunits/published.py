"""One function per published parameter set."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from neurocoord.motorunits import checks, discharge, fatigue, recruitment, twitch
from neurocoord.motorunits.parameters import PoolParameters, build

# Slow drive noise: SD over excitation = floor + slope * drive. Calibrated (not measured) to a CV of
# force of 2-3 % at mid force (people: 1.7 % at its least, near 30 % of maximum, then a plateau;
# Taylor, Christou & Enoka 2003, J Neurophysiol 90:1350-1361), with 60 % of its variance shared
# (Negro, Yavuz & Farina 2016): of a pool with published twitch times and the interval CV of
# Nagamori et al. 2021, and of the torque of the dynamometer's knee extensors.
DRIVE_NOISE_FLOOR = 0.0013
DRIVE_NOISE_SLOPE = 0.032
RHYTHM_NOISE = 0.2  # SD of the beta rhythm of rates in the body's pools, of the rate (choice)
BODY_ISI_CV = 0.15  # choice: between the 0.2 of 1993 and the 0.1 measured well above recruitment
BODY_RECRUITMENT_RANGE = 30.0  # highest over lowest threshold, that of 1993
BODY_LONGEST_CONTRACTION_S = 0.035  # choice: active state, without the compliance of the tendon
BODY_SHORTEST_CONTRACTION_S = 0.018  # choice, as above; 1993 has 90 -> 30 ms at the tendon


def fuglevand_1993(
    n_units: int = 120,
    *,
    recruitment_range: float = 30.0,
    rate_gain_hz: float = 1.0,
    minimum_rate_hz: float = 8.0,
    peak_rate_first_hz: float = 35.0,
    peak_rate_difference_hz: float = 10.0,
    isi_cv: float = 0.2,
    twitch_range: float = 100.0,
    longest_contraction_s: float = 0.090,
    contraction_range: float = 3.0,
    type1_share: float = 0.5,
    drive_noise_floor: float = 0.0,
    drive_noise_slope: float = 0.0,
    **options: ArrayLike,
) -> PoolParameters:
    """The pool of Fuglevand, Winter & Patla 1993 (J Neurophysiol 70:2470-2488), one muscle.

    Defaults are the paper's: RR = 30, g_e = 1, MFR = 8 imp/s, PFR 35 -> 25 imp/s, cv = 0.2,
    RP = 100, T_L = 90 ms, RT = 3. The paper has no fibre types and no slow drive noise:
    `type1_share` (of summed twitch force, in recruitment order; choice) and the noise are ours.
    A negative `peak_rate_difference_hz` turns the onion skin round. `options` are fields of
    `parameters.build`, such as `twitch_tetanus_ratio` or `doublet_share`.
    """
    checks.count("n_units", n_units)
    for name, value in (
        ("recruitment_range", recruitment_range),
        ("twitch_range", twitch_range),
        ("contraction_range", contraction_range),
    ):
        checks.one_within(name, value, 1.0, above_low=True)
    checks.one_within("type1_share", type1_share, 0.0, 1.0)
    checks.one_within("longest_contraction_s", longest_contraction_s, 0.0, 1.0, above_low=True)
    checks.one_within("peak_rate_first_hz", peak_rate_first_hz, 0.0, above_low=True)
    checks.one_within("peak_rate_difference_hz", peak_rate_difference_hz, -np.inf)
    threshold = recruitment.recruitment_threshold(n_units, recruitment_range)
    force = twitch.twitch_force(n_units, twitch_range)
    return build(
        first_unit=[0, n_units],
        recruitment_threshold=threshold,
        minimum_rate_hz=minimum_rate_hz,
        peak_rate_hz=discharge.peak_rate_hz(threshold, peak_rate_first_hz, peak_rate_difference_hz),
        rate_gain_hz=rate_gain_hz,
        twitch_force=force,
        contraction_time_s=twitch.contraction_time_s(
            force, longest_contraction_s, twitch_range, contraction_range
        ),
        isi_cv=isi_cv,
        is_fast=(np.cumsum(force) - 0.5 * force) / force.sum() > type1_share,
        drive_noise_floor=drive_noise_floor,
        drive_noise_slope=drive_noise_slope,
        **options,
    )


def potvin_fuglevand_2017(
    n_units: int = 120, *, isi_cv: float = 0.2, **options: ArrayLike
) -> PoolParameters:
    """The pool of Potvin & Fuglevand 2017 (PLoS Comput Biol 13:e1005581) as spiking units.

    Thresholds 1 .. 50, rates 8 -> 35 .. 25 imp/s, twitches 1 .. 100, contraction times 90 -> 30 ms,
    with the paper's fatigue, slowing and adaptation. Its own step has no spikes and is in
    `potvin_fuglevand`; the interval CV of 0.2 and recovery (`fatigue.RECOVERY_RATE_PER_S`) are not
    the paper's. Spiking units use the 1993 gain: forces differ a little from the paper's.
    """
    checks.count("n_units", n_units)
    position = np.arange(n_units) / max(n_units - 1, 1)
    threshold, force = 50.0**position, 100.0**position
    fields: dict[str, ArrayLike] = {
        "recruitment_threshold": threshold,
        "minimum_rate_hz": 8.0,
        "peak_rate_hz": 35.0 - 10.0 * (threshold - 1.0) / 49.0,
        "rate_gain_hz": 1.0,
        "twitch_force": force,
        "contraction_time_s": twitch.contraction_time_s(force, 0.090, 100.0, 3.0),
        "isi_cv": isi_cv,
        "is_fast": (np.cumsum(force) - 0.5 * force) / force.sum() > 0.5,
        "drive_noise_floor": 0.0,
        "drive_noise_slope": 0.0,
        "fatigue_rate_per_s": fatigue.fatigue_rate_per_s(n_units),
        "recovery_rate_per_s": fatigue.RECOVERY_RATE_PER_S,
        "slowing": fatigue.SLOWING,
        "adaptation_share": fatigue.adaptation_share(threshold),
    }
    return build(first_unit=[0, n_units], **{**fields, **options})


def body_pools(
    n_units: ArrayLike,
    type1_share: ArrayLike,
    *,
    recruitment_range: float = BODY_RECRUITMENT_RANGE,
    **options: ArrayLike,
) -> PoolParameters:
    """Pools for the muscles of a body: `n_units[muscle]`, `type1_share[muscle]` of muscle mass.

    The 1993 pool with active-state contraction times of 35 -> 18 ms (choice: published times
    include the compliance of the tendon, which this body's tendons lack), intervals of cv 0.15
    (choice), calibrated slow drive noise and a beta rhythm; thresholds span `recruitment_range`.
    Twitch force stands for fibre mass, and units are slow in recruitment order up to the given
    share of it. `options` are fields of
    `parameters.build`.
    """
    counts = np.atleast_1d(np.asarray(n_units))
    if counts.ndim != 1 or counts.size == 0:
        raise ValueError(f"n_units must have shape [muscle], got {counts.shape}")
    shares = checks.within("type1_share", type1_share, 0.0, 1.0)
    if shares.shape not in ((), counts.shape):
        raise ValueError(
            f"type1_share must be a number or have shape {counts.shape}, got {shares.shape}"
        )
    shares = np.broadcast_to(shares, counts.shape)
    for one in counts:
        checks.count("n_units", one)
    fields: list[dict[str, np.ndarray]] = [
        _body_pool(int(count), float(share), recruitment_range)
        for count, share in zip(counts, shares, strict=True)
    ]
    return build(
        first_unit=np.concatenate([[0], np.cumsum(counts.astype(np.int64))]),
        **{
            **{name: np.concatenate([f[name] for f in fields]) for name in fields[0]},
            "minimum_rate_hz": 8.0,
            "rate_gain_hz": 1.0,
            "isi_cv": BODY_ISI_CV,
            "drive_noise_floor": DRIVE_NOISE_FLOOR,
            "drive_noise_slope": DRIVE_NOISE_SLOPE,
            "rhythm_noise": RHYTHM_NOISE,
            **options,
        },
    )


def _body_pool(n_units: int, type1_share: float, recruitment_range: float) -> dict[str, np.ndarray]:
    """Per-unit constants of one muscle of `body_pools` that differ between units."""
    threshold = recruitment.recruitment_threshold(n_units, recruitment_range)
    force = twitch.twitch_force(n_units, 100.0)
    contraction_range = BODY_LONGEST_CONTRACTION_S / BODY_SHORTEST_CONTRACTION_S
    return {
        "recruitment_threshold": threshold,
        "peak_rate_hz": discharge.peak_rate_hz(threshold, 35.0, 10.0),
        "twitch_force": force,
        "contraction_time_s": twitch.contraction_time_s(
            force, BODY_LONGEST_CONTRACTION_S, 100.0, contraction_range
        ),
        "is_fast": (np.cumsum(force) - 0.5 * force) / force.sum() > type1_share,
    }
