"""Discharge: excitation -> rate -> intervals (Fuglevand et al. 1993, eq 2, 5 and 6-8).

Intervals are produced by phase accumulation: a phase grows by ``rate * dt`` and the unit fires when
it passes a threshold ``theta = 1 + isi_cv * z`` drawn anew at each spike. At constant rate that is
the paper's renewal process, ``ISI = mu + isi_cv * mu * z`` with z a standard normal cut at +-3.9;
at changing rate it needs no look-ahead.

To let a part ``c`` of the hazard be shared between units (short-term synchrony) the tables below
split the law of z in two independent parts. With H the cumulative hazard of z, a private
threshold with survival ``exp(-(1-c) H)`` and shared events with hazard ``c h`` together survive as
``exp(-H)``: the law of the interval is the same for every c.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from neurocoord.motorunits import checks

F64 = NDArray[np.float64]

Z_LIMIT = 3.9  # truncation of the interval's normal, in SD (1993)
N_QUANTILE = 8192  # cells of the quantile tables (choice)
N_HAZARD = 1560  # cells of the hazard table over -Z_LIMIT .. Z_LIMIT, 0.005 SD each (choice)
N_LEAST = 512  # cells of the inverse hazard table (choice)
HAZARD_LIMIT = 4.25  # above the hazard of the normal at z = 3.9 (4.13 per SD)
N_DECAY = 2048  # cells of the table of exp(-u) over 0 .. DECAY_LIMIT (choice; error below 1e-5)
DECAY_LIMIT = 16.0
LEAST_THRESHOLD = 0.05  # of the mean interval: where a wide law would fire at once (choice)
SILENCE_TICKS = 200  # a unit silent for longer starts anew: its next spike is a first one (choice)


def peak_rate_hz(recruitment_threshold: F64, first_hz: float, difference_hz: float) -> F64:
    """Peak rate of each unit, eq 5: ``PFR_i = PFR_1 - PFRD * RTE_i / RTE_n``."""
    threshold = checks.within("recruitment_threshold", recruitment_threshold, 0.0, above_low=True)
    checks.one_within("first_hz", first_hz, 0.0, above_low=True)
    checks.one_within("difference_hz", difference_hz, -np.inf)
    return first_hz - difference_hz * threshold / threshold.max()


def discharge_rate_hz(
    excitation: F64,
    recruitment_threshold: F64,
    minimum_rate_hz: F64,
    peak_rate_hz: F64,
    rate_gain_hz: F64,
) -> F64:
    """Mean rate (imp/s), eq 2, limited at the peak rate; 0 below the recruitment threshold."""
    checks.each_within("excitation", excitation, -np.inf)
    checks.match(
        excitation=excitation,
        recruitment_threshold=recruitment_threshold,
        minimum_rate_hz=minimum_rate_hz,
        peak_rate_hz=peak_rate_hz,
        rate_gain_hz=rate_gain_hz,
    )
    rate = np.minimum(
        minimum_rate_hz + rate_gain_hz * (excitation - recruitment_threshold), peak_rate_hz
    )
    return np.where(excitation >= recruitment_threshold, rate, 0.0)


def decay_table() -> F64:
    """exp(-u) at N_DECAY + 1 equally spaced u from 0 to DECAY_LIMIT.

    Rates and interval laws read the table rather than exp, whose last bit differs between NumPy
    and compiled code: spikes must not.
    """
    return np.exp(-np.linspace(0.0, DECAY_LIMIT, N_DECAY + 1))


def decay(u: F64, table: F64) -> F64:
    """exp(-u) for u >= 0 by straight lines in `decay_table`; its last value beyond the table."""
    u = checks.each_within("u", u, 0.0)
    position = np.minimum(u * (N_DECAY / DECAY_LIMIT), N_DECAY - 1e-9)
    j = position.astype(np.int64)
    return np.asarray(table[j] + (position - j) * (table[j + 1] - table[j]))


def saturating_rate_hz(
    excitation: F64,
    recruitment_threshold: F64,
    minimum_rate_hz: F64,
    peak_rate_hz: F64,
    rate_gain_hz: F64,
    table: F64,
) -> F64:
    """Rate (imp/s) that rises exponentially towards its peak; 0 below the threshold.

    ``r = MFR + (PFR - MFR) [1 - exp(-g (E - RTE) / (PFR - MFR))]``: the rising exponential by which
    Fuglevand, Lester & Johns 2015 (J Neurophysiol 113:1310-1322) describe rate saturation, with
    the slope of the linear relation at recruitment.
    """
    checks.each_within("excitation", excitation, -np.inf)
    checks.match(
        excitation=excitation,
        recruitment_threshold=recruitment_threshold,
        minimum_rate_hz=minimum_rate_hz,
        peak_rate_hz=peak_rate_hz,
        rate_gain_hz=rate_gain_hz,
    )
    span = np.maximum(peak_rate_hz - minimum_rate_hz, 1e-9)
    u = np.maximum(rate_gain_hz * (excitation - recruitment_threshold) / span, 0.0)
    rate = minimum_rate_hz + span * (1.0 - decay(u, table))
    return np.where(excitation >= recruitment_threshold, rate, 0.0)


def interval_cv(
    excitation: F64,
    recruitment_threshold: F64,
    isi_cv: F64,
    isi_cv_onset: F64,
    decay_excitation: F64,
    table: F64,
) -> F64:
    """CV of intervals that falls as excitation rises above the unit's threshold.

    ``cv = isi_cv + isi_cv_onset exp(-(E - RTE) / decay)``. Nagamori et al. 2021 (PLoS Comput Biol
    17:e1008707, the authors' code) use .10 + .20 exp(-(U - U_th) / .025), U the drive of 0..1.
    """
    checks.each_within("excitation", excitation, -np.inf)
    checks.each_within("decay_excitation", decay_excitation, 0.0, above_low=True)
    checks.match(
        excitation=excitation,
        recruitment_threshold=recruitment_threshold,
        isi_cv=isi_cv,
        isi_cv_onset=isi_cv_onset,
        decay_excitation=decay_excitation,
    )
    above = np.maximum(excitation - recruitment_threshold, 0.0) / decay_excitation
    return isi_cv + isi_cv_onset * decay(above, table)


def cumulative_hazard(z: F64) -> F64:
    """Cumulative hazard H(z) of the standard normal, from 0 at z = -3.9."""
    from scipy.special import log_ndtr

    return np.asarray(log_ndtr(Z_LIMIT) - log_ndtr(-np.clip(z, -Z_LIMIT, Z_LIMIT)))


def hazard_table() -> F64:
    """`cumulative_hazard` at N_HAZARD + 1 equally spaced z from -3.9 to 3.9."""
    return cumulative_hazard(np.linspace(-Z_LIMIT, Z_LIMIT, N_HAZARD + 1))


def threshold_table(hazard_share: float) -> F64:
    """z of the private threshold against its survival probability U = k / N_QUANTILE.

    Solves ``exp(-(1 - c) H(z)) = U`` for hazard share c, cut at +-3.9: with c = 0 the plain normal
    quantile of 1 - U.
    """
    from scipy.special import log_ndtr, ndtri_exp

    _check_hazard_share(hazard_share)
    u = np.linspace(0.0, 1.0, N_QUANTILE + 1)
    with np.errstate(divide="ignore"):
        log_survival = np.log(u) / (1.0 - hazard_share) + log_ndtr(Z_LIMIT)
    z = -ndtri_exp(np.maximum(log_survival, -40.0))
    return np.clip(z, -Z_LIMIT, Z_LIMIT)


def private_survival_table(hazard_share: float) -> F64:
    """Survival ``exp(-(1-c) H(z))`` on the knots of `hazard_table` (for first thresholds)."""
    _check_hazard_share(hazard_share)
    return np.exp(-(1.0 - hazard_share) * hazard_table())


def z_at_hazard_table() -> F64:
    """z where the hazard h(z) reaches k * HAZARD_LIMIT / N_LEAST, rounded down a little."""
    slope = np.diff(hazard_table()) * N_HAZARD / (2.0 * Z_LIMIT)
    level = np.arange(N_LEAST + 1) * HAZARD_LIMIT / N_LEAST
    cell = np.searchsorted(slope, level, side="left")  # the first whose slope suffices
    return (cell - 1) * 2.0 * Z_LIMIT / N_HAZARD - Z_LIMIT


def exponential_table() -> F64:
    """Quantiles of Exp(1) at u = k / N_QUANTILE; the last one stands in for infinity."""
    u = np.arange(N_QUANTILE + 1) / N_QUANTILE
    u[-1] = 1.0 - 0.25 / N_QUANTILE
    return -np.log1p(-u)


def interval_threshold(z: F64, isi_cv: F64) -> F64:
    """Phase at which a unit fires, eq 6-8: ``theta = 1 + cv z`` (mean interval = 1).

    At least LEAST_THRESHOLD, which only intervals of cv above 0.24 ever meet.
    """
    return np.maximum(1.0 + isi_cv * z, LEAST_THRESHOLD)


def firing_probability(hazard: F64) -> F64:
    """``1 - exp(-u)`` for a small hazard u >= 0, by the [2/2] Pade form (error below 1e-5 to .5).

    Rational, so that NumPy and compiled code agree to the last bit.
    """
    even, odd = 1.0 + hazard * hazard * (1.0 / 12.0), 0.5 * hazard
    return 1.0 - (even - odd) / (even + odd)


@lru_cache(maxsize=16)
def _ramp(n_ticks: int) -> F64:
    return (np.arange(1, n_ticks + 1) / n_ticks)[None, :, None]


def drive_ramp(previous: F64, target: F64, n_ticks: int) -> F64:
    """Drive `[env, tick, muscle]` that goes linearly from `previous` to `target` (`[env, muscle]`).

    The last tick equals `target`. A held drive would step at each block and align the pools.
    """
    checks.count("n_ticks", n_ticks)
    previous, target = checks.numbers("previous", previous), checks.numbers("target", target)
    if previous.ndim != 2 or previous.shape != target.shape:
        raise ValueError(
            "previous and target must both have shape [env, muscle],"
            f" got {previous.shape} and {target.shape}"
        )
    w = _ramp(n_ticks)
    return previous[:, None, :] * (1.0 - w) + target[:, None, :] * w


def _check_hazard_share(hazard_share: float) -> None:
    if not 0.0 <= float(checks.numbers("hazard_share", hazard_share)) < 1.0:
        raise ValueError(f"hazard_share must lie in 0..1, below 1, got {hazard_share!r}")
