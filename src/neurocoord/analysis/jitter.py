"""Synchrony found in movement, scored against surrogates whose spikes are jittered.

In a movement units fire together because the drive rises and falls. Interval jitter (Amarasingham,
Harrison, Hatsopoulos & Geman 2012, J Neurophysiol 107:517-531) takes that out: time is cut into
windows, and each spike is put at random somewhere in its own window. Surrogates keep every unit's
count in every window, so all that changes more slowly than a window, and lose what is finer.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from neurocoord import seeds
from neurocoord.motorunits import trains as trains_
from neurocoord.motorunits.trains import SpikeTrains

Floats = NDArray[np.float64]
I64 = NDArray[np.int64]

# Choice: wider than the peak of short-term synchrony (half width about 5 ms), and short beside
# common drive (below 5 Hz), the reflexes and the movement itself.
WINDOW_S = 0.020
COINCIDENCE_S = 0.005  # spikes of two units this close coincide, as in `synchrony.short_term`
N_SURROGATES = 200  # choice: p values down to 0.005
TRIES = 50  # of drawing again what fell on one tick


class Excess(NamedTuple):
    """Coincidences beyond those of the surrogates; arrays `[muscle]`, then of the whole body.

    Pairs are those within one muscle, of units that fire. `cis_hz` is the common input strength
    that is finer than the window: a synchronous pair in one window may stay within 5 ms in a
    surrogate too (about half do, in 20 ms), so it reads lower than a correlogram's.
    """

    coincidences: I64
    expected: Floats  # mean over surrogates
    sd: Floats  # over surrogates
    n_pairs: I64
    cis_hz: Floats  # (coincidences - expected) / pairs / s; NaN without a pair
    z: Floats  # (coincidences - expected) / sd; NaN where surrogates do not vary
    p: Floats  # share of surrogates with as many or more, the record itself counted
    body_ratio: float  # coincidences / expected of all muscles together
    body_cis_hz: float
    body_z: float
    body_p: float


class PairedExcess(NamedTuple):
    """A strategy's excess over that of the paired `independent` run (same noise, same seed)."""

    cis_hz: Floats  # [muscle] difference
    z: Floats  # [muscle] in the SD of both runs' surrogates
    body_cis_hz: float
    body_z: float
    muscles_above: float  # share of muscles with more synchrony than in the independent run


def interval_jitter(
    trains: SpikeTrains, rng: np.random.Generator, *, window_s: float = WINDOW_S
) -> SpikeTrains:
    """A surrogate: each spike at a random tick of its own window, no two of a unit on one tick.

    Windows begin at the record's start; the last one may be shorter.
    """
    trains_.check(trains)
    return _jittered(trains, rng, _window_ticks(trains, window_s))


def coincidences(
    trains: SpikeTrains, first_unit: ArrayLike | None = None, *, within_s: float = COINCIDENCE_S
) -> I64:
    """Pairs of spikes of different units of one muscle at most `within_s` apart, `[muscle]`.

    `first_unit` `[muscle + 1]` says whose units are whose (one muscle by default).
    """
    muscle, n_muscles = _muscle_of_unit(trains_.check(trains), first_unit)
    return _coincidences(trains, muscle, n_muscles, trains_.in_ticks(within_s, trains.tick_s))


def excess(
    trains: SpikeTrains,
    first_unit: ArrayLike | None = None,
    *,
    window_s: float = WINDOW_S,
    within_s: float = COINCIDENCE_S,
    n_surrogates: int = N_SURROGATES,
    seed: int = 0,
) -> Excess:
    """Score the synchrony of each muscle's units, and of all muscles together."""
    muscle, n_muscles = _muscle_of_unit(trains_.check(trains), first_unit)
    width, within = _window_ticks(trains, window_s), trains_.in_ticks(within_s, trains.tick_s)
    if not 0 <= within < width:
        raise ValueError(f"within_s is {within_s!r}; it must be shorter than window_s, {window_s}")
    if n_surrogates < 2:
        raise ValueError(f"n_surrogates is {n_surrogates!r}; it must be 2 or more")
    rng = seeds.generator(seed, "analysis", "jitter")
    found = _coincidences(trains, muscle, n_muscles, within)
    made = np.array(
        [
            _coincidences(_jittered(trains, rng, width), muscle, n_muscles, within)
            for _ in range(n_surrogates)
        ]
    )
    fire = np.bincount(muscle[trains_.counts(trains) > 0], minlength=found.size)
    n_pairs = fire * (fire - 1) // 2
    whole, of_all = found.sum(), made.sum(axis=1)
    duration = trains_.duration_s(trains)
    return Excess(
        coincidences=found,
        expected=made.mean(axis=0),
        sd=made.std(axis=0, ddof=1),
        n_pairs=n_pairs,
        cis_hz=_ratio(found - made.mean(axis=0), n_pairs * duration),
        z=_ratio(found - made.mean(axis=0), made.std(axis=0, ddof=1)),
        p=(1.0 + (made >= found).sum(axis=0)) / (n_surrogates + 1.0),
        body_ratio=float(_ratio(whole, of_all.mean())),
        body_cis_hz=float(_ratio(whole - of_all.mean(), n_pairs.sum() * duration)),
        body_z=float(_ratio(whole - of_all.mean(), of_all.std(ddof=1))),
        body_p=float((1 + np.count_nonzero(of_all >= whole)) / (n_surrogates + 1)),
    )


def over_independent(found: Excess, independent: Excess) -> PairedExcess:
    """What a strategy adds to the synchrony that the same movement has without it."""
    if found.cis_hz.shape != independent.cis_hz.shape:
        raise ValueError(
            f"found has {found.cis_hz.size} muscles and independent {independent.cis_hz.size}; "
            "they must be two runs of one body"
        )
    difference = found.cis_hz - independent.cis_hz
    errors = [_ratio(run.cis_hz, run.z) for run in (found, independent)]  # SD of cis_hz
    body_errors = [_ratio(run.body_cis_hz, run.body_z) for run in (found, independent)]
    body = found.body_cis_hz - independent.body_cis_hz
    told = np.isfinite(difference)
    return PairedExcess(
        cis_hz=difference,
        z=_ratio(difference, np.hypot(*errors)),
        body_cis_hz=body,
        body_z=float(_ratio(body, np.hypot(*body_errors))),
        muscles_above=float(np.mean(difference[told] > 0)) if told.any() else float("nan"),
    )


def _muscle_of_unit(trains: SpikeTrains, first_unit: ArrayLike | None) -> tuple[I64, int]:
    """Muscle of each unit, and how many muscles there are, those without units counted."""
    n = trains_.n_units(trains)
    first = np.array([0, n]) if first_unit is None else np.asarray(first_unit)
    rises = first.ndim == 1 and first.size >= 2 and first.dtype.kind in "iu"
    if not rises or first[0] != 0 or first[-1] != n or np.any(np.diff(first) < 0):
        raise ValueError(f"first_unit must rise from 0 to {n}, one more than muscles, got {first}")
    return np.repeat(np.arange(first.size - 1), np.diff(first)), first.size - 1


def _window_ticks(trains: SpikeTrains, window_s: float) -> int:
    width = trains_.in_ticks(window_s, trains.tick_s)
    if not 2 <= width <= trains.n_ticks:
        raise ValueError(
            f"window_s is {window_s!r}; it must be 2 ticks of {trains.tick_s} s or more, "
            f"and at most the record, {trains_.duration_s(trains):g} s"
        )
    return width


def _jittered(trains: SpikeTrains, rng: np.random.Generator, width: int) -> SpikeTrains:
    n, window = trains.n_ticks, trains.tick // width
    size = np.minimum(width, n - window * width)
    unit = trains_.unit_of_spike(trains)
    group = unit * (-(-n // width)) + window  # spikes of one unit in one window stand together
    key = unit * n + window * width + rng.integers(size)
    for _ in range(TRIES):
        order = np.argsort(key, kind="stable")
        same = np.flatnonzero(np.diff(key[order]) == 0)
        if same.size == 0:
            break
        # All spikes of a window that has two on one tick are drawn again: any set of ticks is as
        # likely as any other.
        again = np.isin(group, group[order[same]])
        key[again] = unit[again] * n + window[again] * width + rng.integers(size[again])
    else:
        raise ValueError("trains are too dense to jitter: a unit fires in nearly every tick")
    return trains._replace(tick=np.sort(key) - unit * n)


def _coincidences(trains: SpikeTrains, muscle: I64, n_muscles: int, within: int) -> I64:
    unit = trains_.unit_of_spike(trains)
    gap = trains.n_ticks + within + 1  # muscles, and units, never come near each other
    owner = muscle[unit]
    pooled = np.sort(owner * gap + trains.tick)  # muscle after muscle, as `owner` is
    every = np.bincount(owner, _followers(pooled, within), minlength=n_muscles)
    own = np.bincount(owner, _followers(unit * gap + trains.tick, within), minlength=n_muscles)
    return np.rint(every - own).astype(np.int64)


def _followers(key: I64, within: int) -> I64:
    """How many later entries of a rising `key` lie at most `within` after each."""
    return np.searchsorted(key, key + within, side="right") - np.arange(1, key.size + 1)


def _ratio(above: ArrayLike, below: ArrayLike) -> Floats:
    over, under = np.asarray(above, float), np.asarray(below, float)
    return np.divide(over, under, out=np.full(over.shape, np.nan), where=under != 0)
