"""Measures of a force record: steadiness, rate of force development, endurance and economy.

All take `force_n` of shape `[..., tick]`, sampled every `tick_s`, in N or, for a joint's torque,
N m; pulling is positive.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from neurocoord.motorunits.trains import in_ticks
from neurocoord.muscle import efficiency

Floats = NDArray[np.float64]

# The windows in which rate of force development is usually reported, from the onset of force
# (Maffiuletti et al. 2016, Eur J Appl Physiol 116:1091-1116): early, middle and late.
RFD_WINDOWS_S = ((0.0, 0.05), (0.05, 0.1), (0.1, 0.2))
ONSET_FRACTION = 0.02  # of the rise above baseline; choice
PEAK_RATE_WINDOW_S = 0.02  # width of the window of the steepest rise; choice


class Steadiness(NamedTuple):
    """Mean and fluctuation of a force held steady; each of shape `[...]`."""

    mean_n: Floats
    sd_n: Floats  # sample standard deviation over ticks
    cv: Floats  # sd / |mean|; NaN where the mean is 0


class RateOfForceDevelopment(NamedTuple):
    """How fast force rises, as a share of the maximum per second."""

    onset_s: Floats  # [...]; from the first tick of the record; NaN without a rise
    rate_per_s: Floats  # [..., window]; NaN where the record ends before the window does
    peak_rate_per_s: Floats  # [...]; steepest rise over PEAK_RATE_WINDOW_S
    peak_force_n: Floats  # [...]; highest force in the record


def steadiness(force_n: ArrayLike) -> Steadiness:
    """Mean, standard deviation and coefficient of variation of force over its ticks.

    Cut the rise and the fall away first: a trend counts as fluctuation here.
    """
    force = _checked(force_n)
    mean, sd = force.mean(axis=-1), force.std(axis=-1, ddof=1)
    cv = np.divide(sd, np.abs(mean), out=np.full_like(mean, np.nan), where=mean != 0)
    return Steadiness(mean, sd, cv)


def onset_s(
    force_n: ArrayLike,
    tick_s: float,
    *,
    baseline_s: float = 0.0,
    fraction: float = ONSET_FRACTION,
) -> Floats:
    """Time at which force begins to rise, in s from the first tick; shape `[...]`.

    The rule: baseline is the mean of the first `baseline_s` seconds (at least the first tick);
    the threshold lies `fraction` of the way from baseline to the peak; onset is the last crossing
    of the threshold from below before the peak, by straight line between ticks. It is NaN where
    force never rises above its baseline, and 0 where it is above the threshold from the start.
    """
    force = _checked(force_n)
    _check_positive("tick_s", tick_s)
    if not 0 < fraction < 1:
        raise ValueError(f"fraction is {fraction!r}; it must lie between 0 and 1")
    n_baseline = max(1, round(baseline_s / tick_s))
    if not n_baseline < force.shape[-1]:
        raise ValueError(
            f"baseline_s is {baseline_s!r}; it must be shorter than the record, "
            f"{force.shape[-1] * tick_s:g} s"
        )
    baseline = force[..., :n_baseline].mean(axis=-1)
    onset = [_onset_tick(f, b, fraction) for f, b in zip(_rows(force), baseline.ravel())]
    return np.reshape(np.asarray(onset) * tick_s, force.shape[:-1])


def rate_of_force_development(
    force_n: ArrayLike,
    tick_s: float,
    *,
    maximum_n: ArrayLike | None = None,
    windows_s: tuple[tuple[float, float], ...] = RFD_WINDOWS_S,
    baseline_s: float = 0.0,
    fraction: float = ONSET_FRACTION,
) -> RateOfForceDevelopment:
    """Mean slope of force in windows from its onset, divided by the maximum; see `onset_s`.

    `maximum_n` (`[...]` or a number) is what the rates are shares of: give the muscle's maximal
    force to compare contractions of different heights; without it, each record's own peak.
    """
    force = _checked(force_n)
    onset = onset_s(force, tick_s, baseline_s=baseline_s, fraction=fraction)
    peak = force.max(axis=-1)
    maximum = (
        peak if maximum_n is None else np.broadcast_to(np.asarray(maximum_n, float), peak.shape)
    )
    if maximum_n is not None and not np.all(maximum > 0):
        raise ValueError(f"maximum_n is {maximum_n!r}; it must be above 0")
    time_s = np.arange(force.shape[-1]) * tick_s
    edges = np.asarray(windows_s, float).reshape(-1, 2)
    if not np.all((edges[:, 0] >= 0) & (edges[:, 1] > edges[:, 0])):
        raise ValueError(f"windows_s is {windows_s!r}; each must be (start, end), 0 <= start < end")
    rate = np.full((onset.size, len(edges)), np.nan)
    steepest = np.full(onset.size, np.nan)
    for row, (f, start) in enumerate(zip(_rows(force), onset.ravel())):
        if np.isnan(start):
            continue
        at = np.interp(start + edges, time_s, f, right=np.nan)
        rate[row] = (at[:, 1] - at[:, 0]) / (edges[:, 1] - edges[:, 0])
        steepest[row] = _steepest(f, tick_s)
    rate = rate.reshape(*onset.shape, len(edges)) / maximum[..., None]
    return RateOfForceDevelopment(onset, rate, steepest.reshape(onset.shape) / maximum, peak)


def endurance_time_s(
    force_n: ArrayLike, tick_s: float, *, target_n: ArrayLike, span_s: float
) -> Floats:
    """Time for which force held its target, in s from the first tick, `[...]`.

    Force fails where it first stays below `target_n` (`[...]` or a number) for `span_s` without a
    break; the time returned is where that stretch begins. NaN where the record ends without
    failure. Give as target what still counts as holding (say 95 % of the force asked for) and start
    the record when force has been reached: a rise from rest is a failure at 0.
    """
    force = _checked(force_n)
    _check_positive("tick_s", tick_s)
    _check_positive("span_s", span_s)
    target = np.asarray(target_n, dtype=np.float64)
    if not (np.isfinite(target).all() and np.all(target > 0)):
        raise ValueError(f"target_n is {target_n!r}; it must be finite and above 0")
    n = max(1, in_ticks(span_s, tick_s))
    if not span_s <= force.shape[-1] * tick_s:
        raise ValueError(
            f"span_s is {span_s!r}; it must be at most the record, {force.shape[-1] * tick_s:g} s"
        )
    below = force < np.broadcast_to(target, force.shape[:-1])[..., None]
    total = np.concatenate(
        [np.zeros((*force.shape[:-1], 1), np.int64), np.cumsum(below, axis=-1)], axis=-1
    )
    failed = total[..., n:] - total[..., :-n] == n
    return np.where(failed.any(axis=-1), np.argmax(failed, axis=-1) * tick_s, np.nan)


def economy_n_s_per_j(force_n: ArrayLike, tick_s: float, energy_j: ArrayLike) -> Floats:
    """Force-time integral bought with a joule of metabolic energy, in N s/J, `[...]`.

    ``sum(force) tick_s / energy``, with `energy_j` (`[...]` or a number) spent over the same
    record (resting energy counted or not, as it was given).
    """
    force = _checked(force_n)
    _check_positive("tick_s", tick_s)
    energy = np.asarray(energy_j, dtype=np.float64)
    if not (np.isfinite(energy).all() and np.all(energy > 0)):
        raise ValueError(f"energy_j is {energy_j!r}; it must be finite and above 0")
    energy = np.broadcast_to(energy, force.shape[:-1])
    return efficiency.economy_n_s_per_j(force.sum(axis=-1) * tick_s, energy)


def _onset_tick(force: Floats, baseline: float, fraction: float) -> float:
    """Onset of one record `[tick]` as a fractional tick; NaN without a rise."""
    at_peak = int(np.argmax(force))
    threshold = baseline + fraction * (force[at_peak] - baseline)
    if not threshold > baseline:
        return float("nan")
    below = np.flatnonzero(force[:at_peak] <= threshold)
    if below.size == 0:
        return 0.0
    last = below[-1]
    return float(last + (threshold - force[last]) / (force[last + 1] - force[last]))


def _steepest(force: Floats, tick_s: float) -> float:
    n = min(max(1, round(PEAK_RATE_WINDOW_S / tick_s)), force.size - 1)
    return float(np.max(force[n:] - force[:-n]) / (n * tick_s))


def _rows(force: Floats) -> Floats:
    return force.reshape(-1, force.shape[-1])


def _checked(force_n: ArrayLike) -> Floats:
    force = np.asarray(force_n, dtype=np.float64)
    if force.ndim == 0 or force.shape[-1] < 2:
        raise ValueError(
            f"force_n has shape {force.shape}; it must be [..., tick] of 2 ticks or more"
        )
    if not np.isfinite(force).all():
        raise ValueError("force_n holds NaN or infinity; it must be finite")
    return force


def _check_positive(name: str, value: float) -> None:
    if not value > 0:
        raise ValueError(f"{name} is {value!r}; it must be above 0")
