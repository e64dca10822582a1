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

import numpy as np
from numpy.typing import NDArray

F64 = NDArray[np.float64]

Z_LIMIT = 3.9  # truncation of the interval's normal, in SD (1993)
N_QUANTILE = 8192  # cells of the quantile tables (choice)
N_HAZARD = 1560  # cells of the hazard table over -Z_LIMIT .. Z_LIMIT, 0.005 SD each (choice)
N_LEAST = 512  # cells of the inverse hazard table (choice)
HAZARD_LIMIT = 4.25  # above the hazard of the normal at z = 3.9 (4.13 per SD)


def peak_rate_hz(recruitment_threshold: F64, first_hz: float, difference_hz: float) -> F64:
    """Peak rate of each unit, eq 5: ``PFR_i = PFR_1 - PFRD * RTE_i / RTE_n``."""
    return first_hz - difference_hz * recruitment_threshold / recruitment_threshold.max()


def discharge_rate_hz(
    excitation: F64,
    recruitment_threshold: F64,
    minimum_rate_hz: F64,
    peak_rate_hz: F64,
    rate_gain_hz: F64,
) -> F64:
    """Mean rate (imp/s), eq 2, limited at the peak rate; 0 below the recruitment threshold."""
    rate = np.minimum(
        minimum_rate_hz + rate_gain_hz * (excitation - recruitment_threshold), peak_rate_hz
    )
    return np.where(excitation >= recruitment_threshold, rate, 0.0)


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

    u = np.linspace(0.0, 1.0, N_QUANTILE + 1)
    with np.errstate(divide="ignore"):
        log_survival = np.log(u) / (1.0 - hazard_share) + log_ndtr(Z_LIMIT)
    z = -ndtri_exp(np.maximum(log_survival, -40.0))
    return np.clip(z, -Z_LIMIT, Z_LIMIT)


def private_survival_table(hazard_share: float) -> F64:
    """Survival ``exp(-(1-c) H(z))`` on the knots of `hazard_table` (for first thresholds)."""
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
    """Phase at which a unit fires, eq 6-8: ``theta = 1 + cv z`` (mean interval = 1)."""
    return 1.0 + isi_cv * z


def drive_ramp(previous: F64, target: F64, n_ticks: int) -> F64:
    """Drive `[env, tick, muscle]` that goes linearly from `previous` to `target` (`[env, muscle]`).

    The last tick equals `target`. A held drive would step at each block and align the pools.
    """
    w = (np.arange(1, n_ticks + 1) / n_ticks)[None, :, None]
    previous = np.asarray(previous, dtype=np.float64)[:, None, :]
    return previous * (1.0 - w) + np.asarray(target, dtype=np.float64)[:, None, :] * w
