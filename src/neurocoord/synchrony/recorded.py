"""Short-term synchrony put into spike trains that are already there, recorded or simulated.

Acausal, hence no entry of `STRATEGIES`: intervals of a unit change places, so that spikes fall on
events that units share. No spike is moved by itself. A unit keeps its first and last spike and
every one of its intervals, and so its count, mean rate and interval CV; as the force gain of a
twitch hangs on its own interval, mean force is kept too. (Spikes that are moved one by one, as in
Yao, Fuglevand & Enoka 2000, J Neurophysiol 83:441-452, make intervals more variable and take away
up to a sixth of the force.)
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from neurocoord import noise, seeds
from neurocoord.motorunits import checks, trains
from neurocoord.motorunits.compiled import compiled
from neurocoord.motorunits.trains import SpikeTrains

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]

# All five are choices: with them shares of 0.6 and 1 raise EMG about as the two levels of Yao 2000
# do, and force SD most at low to mid excitation. Events come as the discharges of one unit would
# (to which Yao 2000, as we recall it, aligns the others): nearly regular, at a rate that slow units
# follow and fast ones outrun. At 40 Poisson events/s force SD rises at all levels alike.
EVENT_RATE_HZ = 15.0
EVENT_CV = 0.2  # of the intervals between events; 1: Poisson
WINDOW_S = 0.003  # a spike is put on an event if it can land so near
JITTER_S = 0.0003  # SD of the time at which a unit sees an event
N_CHOICES = 32  # of the intervals still to come, so many may be taken next


def synchronize(
    spikes: SpikeTrains,
    *,
    share: float,
    event_rate_hz: float = EVENT_RATE_HZ,
    event_cv: float = EVENT_CV,
    window_s: float = WINDOW_S,
    jitter_s: float = JITTER_S,
    n_choices: int = N_CHOICES,
    groups: ArrayLike | None = None,
    rate_hz: ArrayLike | None = None,
    seed: int = 0,
) -> SpikeTrains:
    """The same trains with intervals in an order that brings spikes together.

    Unit by unit: with probability `share`, out of the next `n_choices` intervals the one that lands
    nearest an event is taken, if within `window_s`; otherwise the next. Events are a renewal
    process of `event_rate_hz` with gamma intervals of CV `event_cv` (1: Poisson); each unit sees
    them with a normal jitter of SD `jitter_s`. Units with the same entry in `groups` (`int[unit]`,
    by default all) share events. Synchrony fades over the last `n_choices` intervals of a unit,
    where fewer and fewer are left to choose from.

    rate_hz: where drive varied, the expected rate, `[tick]` or `[tick, unit]`, in any unit. Then
    intervals of phase (rate times time) change places, and rates follow drive as before; counts are
    kept exactly and intervals in s but for the change of rate between old and new place.

    Same seed, same result. Raises ValueError naming the argument.
    """
    given = trains.check(spikes)
    _check(share, event_rate_hz, event_cv, window_s, jitter_s, n_choices)
    n = trains.n_units(given)
    group = _groups(groups, n)
    phase = _phase(rate_hz, given, n)
    how = (event_rate_hz, event_cv, seed)
    events = {int(g): _events(given, *how, int(g)) for g in np.unique(group)}
    coin = noise.stream_key(seeds.stream(seed, "recorded synchrony", "choice"), 0)
    shift = noise.stream_key(seeds.stream(seed, "recorded synchrony", "jitter"), 0)
    tick = given.tick.astype(np.int64)
    for i in range(n):
        of_unit = slice(given.first_spike[i], given.first_spike[i + 1])
        n_spike = int(given.first_spike[i + 1] - given.first_spike[i])
        if n_spike < 3 or share == 0.0:
            continue
        shared = events[int(group[i])]
        jitter = noise.bell(noise.draw(shift, i, np.arange(shared.size)))
        seen = np.sort(shared + jitter * (jitter_s / given.tick_s))
        chooses = noise.uniform(noise.draw(coin, i, np.arange(n_spike))) < share
        own = phase if phase is None or phase.ndim == 1 else np.ascontiguousarray(phase[:, i])
        tick[of_unit] = _rearrange(
            tick[of_unit],
            np.empty(0) if own is None else own,
            seen,
            chooses,
            window_s / given.tick_s,
            int(n_choices),
            given.n_ticks,
        )
    return given._replace(tick=tick)


def _events(given: SpikeTrains, rate_hz: float, cv: float, seed: int, group: int) -> F64:
    """Times of the shared events in ticks, rising; the first at a random place in its interval."""
    if rate_hz == 0.0:
        return np.empty(0)
    rng = seeds.generator(seed, "recorded synchrony", "events", group)
    mean = 1.0 / (rate_hz * given.tick_s)
    expected = given.n_ticks / mean
    n = int(expected + 10.0 * (1.0 + cv) * np.sqrt(expected + 1.0)) + 10
    interval = rng.gamma(cv**-2, cv**2 * mean, n) if cv > 0.0 else np.full(n, mean)
    times = np.cumsum(interval) - rng.uniform() * interval[0]
    return np.asarray(times[times < given.n_ticks])


def _phase(rate_hz: ArrayLike | None, given: SpikeTrains, n_units: int) -> F64 | None:
    """Phase at each tick, `[tick]` or `[tick, unit]`; None at constant rate."""
    if rate_hz is None:
        return None
    rate = checks.numbers("rate_hz", rate_hz)
    if rate.shape not in ((given.n_ticks,), (given.n_ticks, n_units)):
        raise ValueError(
            f"rate_hz has shape {rate.shape}; it must be [tick={given.n_ticks}] or "
            f"[tick={given.n_ticks}, unit={n_units}]"
        )
    if not (np.isfinite(rate).all() and np.all(rate >= 0)):
        raise ValueError("rate_hz holds values that are not finite or below 0")
    return np.cumsum(rate, axis=0) * given.tick_s


@compiled
def _rearrange(tick, phase, events, chooses, window, n_choices, n_ticks):  # type: ignore[no-untyped-def]
    """New ticks of one unit; `phase[tick]`, or empty where phase is the tick itself."""
    warped = phase.size > 0
    n = tick.size - 1
    interval = np.empty(n)
    for k in range(n):
        a, b = tick[k], tick[k + 1]
        interval[k] = phase[b] - phase[a] if warped else np.float64(b - a)
    out = tick.copy()
    bag = np.empty(n_choices)
    size = min(n_choices, n)
    bag[:size] = interval[:size]
    following = size
    here = phase[tick[0]] if warped else np.float64(tick[0])
    away = _distance(events, n_ticks)
    for k in range(1, n):
        taken = 0
        if chooses[k]:
            nearest = window
            for j in range(size):
                at = _tick_at(phase, here + bag[j]) if warped else np.int64(here + bag[j])
                if away[at] < nearest:  # the earlier of two equally near, so that order is kept
                    nearest = away[at]
                    taken = j
        here += bag[taken]
        for j in range(taken, size - 1):
            bag[j] = bag[j + 1]
        if following < n:
            bag[size - 1] = interval[following]
            following += 1
        else:
            size -= 1
        out[k] = _tick_at(phase, here) if warped else np.int64(here)
    for k in range(1, n):  # rounding of phase may put two spikes in one tick
        out[k] = max(out[k], out[k - 1] + 1)
    for k in range(n - 1, 0, -1):
        out[k] = min(out[k], out[k + 1] - 1)
    return out


@compiled
def _distance(events, n_ticks):  # type: ignore[no-untyped-def]
    """Distance of each tick from the nearest of `events` (rising), in ticks."""
    out = np.full(n_ticks, np.inf)
    e = 0
    for t in range(n_ticks):
        while e < events.size and events[e] < t:
            e += 1
        if e < events.size:
            out[t] = events[e] - t
        if e > 0:
            out[t] = min(out[t], t - events[e - 1])
    return out


@compiled
def _tick_at(phase, value):  # type: ignore[no-untyped-def]
    """The tick at which the rising `phase[tick]` is nearest `value`."""
    t = min(np.searchsorted(phase, value), phase.size - 1)
    if t > 0 and value - phase[t - 1] < phase[t] - value:
        return t - 1
    return t


def _groups(groups: ArrayLike | None, n_units: int) -> I64:
    if groups is None:
        return np.zeros(n_units, np.int64)
    given = np.asarray(groups)
    if given.shape != (n_units,) or given.dtype.kind not in "iu":
        raise ValueError(f"groups must be integers of shape ({n_units},), got {groups!r}")
    return np.unique(given, return_inverse=True)[1].astype(np.int64).reshape(-1)


def _check(
    share: float,
    event_rate_hz: float,
    event_cv: float,
    window_s: float,
    jitter_s: float,
    n_choices: int,
) -> None:
    checks.one_within("share", share, 0.0, 1.0)
    checks.one_within("event_cv", event_cv, 0.0, 1.0)
    for name, value in (
        ("event_rate_hz", event_rate_hz),
        ("window_s", window_s),
        ("jitter_s", jitter_s),
    ):
        checks.one_within(name, value, 0.0)
    checks.count("n_choices", n_choices)
