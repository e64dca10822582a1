"""What training put into a pool and what came out of it: a table of outcomes.

A quantity that the programme changes is marked `put in`; one that is the same before and after,
`held fixed`; all others `emerged` from the changes, by simulation of the same efforts before and
after with the same seeds. Beside each stands what was measured in people (`models/physiology/
training.csv`), with its tag: recalled numbers are no test.
"""

from __future__ import annotations

import csv
import math
from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from neurocoord import synchrony
from neurocoord.analysis import force, spikes
from neurocoord.motorunits import kernel, trains
from neurocoord.motorunits.parameters import TICK_S, PoolParameters, n_muscles
from neurocoord.motorunits.training import (
    TRACKED_ABOVE,
    changes,
    check_programme,
    initial_rate_hz,
    pool_of_muscle,
    threshold_force,
)
from neurocoord.resources import models_folder

Floats = NDArray[np.float64]

PUT_IN, HELD, EMERGED = "put in", "held fixed", "emerged"

BALLISTIC_RISE_S = (
    0.05  # drive from 0 to full: about as long as units take to be recruited (choice)
)
BALLISTIC_S = 0.4
REST_S = 0.02
N_BALLISTIC = 40  # efforts (choice)
MAXIMUM_S, HOLD_S, SETTLE_S = 3.0, 12.0, 1.0
N_HOLDS = 8
HOLD_AT = 0.2  # of maximal force (choice)
COMMON_SHARE = 0.6  # of slow input; Negro, Yavuz & Farina 2016: above 60 % in three muscles
WINDOWS_S = ((0.0, 0.05), (0.05, 0.1), (0.1, 0.2), (0.0, 0.1), (0.0, 0.2))
WINDOW_NAMES = ("0_50", "50_100", "100_200", "0_100", "0_200")


class Outcome(NamedTuple):
    """One line of the table."""

    quantity: str
    before: float
    after: float
    unit: str  # "1" for a plain number
    role: str  # put in, held fixed, emerged
    published: str  # what people showed, with its tag; "" where nothing was found
    source: str


class Quantity(NamedTuple):
    """What a person calls it, and its unit."""

    name: str
    unit: str


QUANTITIES = {
    "peak_rate": Quantity("peak discharge rate, mean of units", "imp/s"),
    "initial_rate": Quantity("rate as full drive sets in, mean of units", "imp/s"),
    "doublet_share": Quantity("units that start with a doublet", "% of units"),
    "threshold_range": Quantity("highest recruitment threshold over lowest", "1"),
    "unit_force": Quantity("twitch force, mean of units", "twitch units"),
    "isi_cv": Quantity("CV of intervals, mean of units", "1"),
    "drive_noise": Quantity("SD of slow drive noise at 20 % drive", "% of drive"),
    "rate_gain": Quantity("input-output gain of motoneurons", "imp/s per excitation"),
    "minimum_rate": Quantity("rate at recruitment, mean of units", "imp/s"),
    "contraction_time": Quantity("contraction time of the twitch, mean of units", "ms"),
    "common_input": Quantity("share of slow input that is common", "1"),
    "threshold_force": Quantity(
        "recruitment threshold, mean of units above 10 % of maximum", "% of maximum"
    ),
    "mvc_force": Quantity("maximal voluntary force", "twitch units"),
    "rfd_peak": Quantity("highest rate of force development", "twitch units/s"),
    "rfd_0_50": Quantity("rate of force development 0-50 ms", "twitch units/s"),
    "rfd_50_100": Quantity("rate of force development 50-100 ms", "twitch units/s"),
    "rfd_100_200": Quantity("rate of force development 100-200 ms", "twitch units/s"),
    "rfd_0_100": Quantity("rate of force development 0-100 ms", "twitch units/s"),
    "rfd_0_200": Quantity("rate of force development 0-200 ms", "twitch units/s"),
    "rfd_0_50_per_maximum": Quantity("the same over maximum, 0-50 ms", "1/s"),
    "rfd_50_100_per_maximum": Quantity("the same over maximum, 50-100 ms", "1/s"),
    "rfd_100_200_per_maximum": Quantity("the same over maximum, 100-200 ms", "1/s"),
    "recruitment_speed": Quantity("units recruited per second, fast contraction", "units/s"),
    "onset_doublets": Quantity("fast contraction: units with a first interval of 2-5 ms", "%"),
    "force_cv": Quantity("CV of force held at 20 % of maximum", "%"),
}
# Quantities that a parameter of `training_model.csv` sets, where they have other names.
_SETS = {
    "drive_noise_variance": ("drive_noise",),
    "threshold_force": ("threshold_force", "threshold_range"),
}
_SIMULATED = tuple(QUANTITIES)[tuple(QUANTITIES).index("mvc_force") :]


def report(
    before: PoolParameters,
    after: PoolParameters,
    programme: str,
    weeks: float,
    *,
    muscle: int = 0,
    seed: int = 0,
    n_efforts: int = N_BALLISTIC,
) -> list[Outcome]:
    """Every quantity before and after, what role it has, and what was published; one muscle.

    `after` is what `training.train` made of `before` in `weeks`; for detraining `before` is the
    trained pool. Simulates both (a few seconds). Raises ValueError for an unknown programme, an
    impossible muscle or number of efforts, and pools that do not hold the same units.
    """
    check_programme(programme)
    if not (np.isfinite(weeks) and weeks >= 0):
        raise ValueError(f"weeks must be finite and 0 or more, got {weeks!r}")
    if not np.array_equal(before.first_unit, after.first_unit):
        raise ValueError("after must hold the same muscles and numbers of units as before")
    old = measure(before, muscle=muscle, seed=seed, n_efforts=n_efforts)
    new = measure(after, muscle=muscle, seed=seed, n_efforts=n_efforts)
    old["threshold_force"], new["threshold_force"] = tracked_threshold(
        pool_of_muscle(before, muscle), pool_of_muscle(after, muscle)
    )
    rows = []
    for key, quantity in QUANTITIES.items():
        text, source = _published(programme, key)
        role = _role(programme, key, old[key], new[key])
        rows.append(Outcome(quantity.name, old[key], new[key], quantity.unit, role, text, source))
    return rows


def measure(
    params: PoolParameters, *, muscle: int = 0, seed: int = 0, n_efforts: int = N_BALLISTIC
) -> dict[str, float]:
    """Constants of one muscle's pool, and what it does when it pulls.

    By the keys of QUANTITIES, without `threshold_force`, which needs two pools.
    """
    if not 0 <= muscle < n_muscles(params):
        raise ValueError(f"muscle must lie in 0..{n_muscles(params) - 1}, got {muscle!r}")
    if isinstance(n_efforts, bool) or int(n_efforts) != n_efforts or n_efforts < 1:
        raise ValueError(f"n_efforts must be a whole number of 1 or more, got {n_efforts!r}")
    alone = pool_of_muscle(params, muscle)
    found = _constants(alone)
    maximum = _maximum(alone, seed)
    found["mvc_force"] = maximum
    found |= _ballistic(alone, maximum, seed, int(n_efforts))
    found["force_cv"] = _steady_cv(alone, seed)
    return found


def tracked_threshold(before: PoolParameters, after: PoolParameters) -> tuple[float, float]:
    """Mean force (% of maximum) at which the same units are recruited before and after.

    Of the units whose threshold before is above TRACKED_ABOVE; NaN where there is none.
    """
    old, new = threshold_force(before), threshold_force(after)
    tracked = old > TRACKED_ABOVE
    if not tracked.any():
        return math.nan, math.nan
    return float(100.0 * old[tracked].mean()), float(100.0 * new[tracked].mean())


def ballistic(params: PoolParameters, seed: int, n_efforts: int) -> tuple[Floats, NDArray]:
    """Fast contractions of one muscle: force `[effort, tick]` (twitch units) and their spikes.

    Spikes are `[effort, tick, unit]`. After REST_S at rest, drive rises to full within
    BALLISTIC_RISE_S and stays.
    """
    time_s = np.arange(round((REST_S + BALLISTIC_S) / TICK_S)) * TICK_S
    drive = np.clip((time_s - REST_S) / BALLISTIC_RISE_S, 0.0, 1.0)
    return _run(params, np.repeat(drive[None], n_efforts, axis=0), seed)


def _run(params: PoolParameters, drive: Floats, seed: int) -> tuple[Floats, NDArray]:
    coupling = synchrony.strategy("common_drive")(params, strength=COMMON_SHARE)
    state = kernel.init(params, len(drive), seed)
    _, out = kernel.advance(params, coupling, state, drive[:, :, None], record_spikes=True)
    return out.active_state[:, :, 0] * params.max_force[0], out.spikes


def _constants(p: PoolParameters) -> dict[str, float]:
    noise = p.drive_noise_floor[0] + 0.2 * p.drive_noise_slope[0]
    threshold = p.recruitment_threshold
    return {
        "peak_rate": float(p.peak_rate_hz.mean()),
        "initial_rate": float(initial_rate_hz(p)[0]),
        "doublet_share": float(100.0 * p.doublet_share.mean()),
        "threshold_range": float(threshold.max() / threshold.min()),
        "unit_force": float(p.twitch_force.mean()),
        "isi_cv": float(p.isi_cv.mean()),
        "drive_noise": float(100.0 * noise),
        "rate_gain": float(p.rate_gain_hz.mean()),
        "minimum_rate": float(p.minimum_rate_hz.mean()),
        "contraction_time": float(1000.0 * p.contraction_time_s.mean()),
        "common_input": COMMON_SHARE,
    }


def _maximum(params: PoolParameters, seed: int) -> float:
    pulled, _ = _run(params, np.ones((2, round(MAXIMUM_S / TICK_S))), seed)
    return float(pulled[:, round(SETTLE_S / TICK_S) :].mean())


def _ballistic(
    params: PoolParameters, maximum: float, seed: int, n_efforts: int
) -> dict[str, float]:
    pulled, fired = ballistic(params, seed, n_efforts)
    rise = force.rate_of_force_development(
        pulled, TICK_S, maximum_n=maximum, windows_s=WINDOWS_S, baseline_s=REST_S
    )
    share = rise.rate_per_s.mean(axis=0)
    found = {f"rfd_{name}": float(v * maximum) for name, v in zip(WINDOW_NAMES, share)}
    found |= {f"rfd_{name}_per_maximum": float(v) for name, v in list(zip(WINDOW_NAMES, share))[:3]}
    found["rfd_peak"] = float(rise.peak_rate_per_s.mean() * maximum)
    records = [trains.from_raster(raster, TICK_S) for raster in fired]
    speeds = [spikes.recruitment_speed(r, start_s=REST_S).middle_units_per_s for r in records]
    found["recruitment_speed"] = float(np.mean(speeds))
    first = np.concatenate([first_intervals_s(r) for r in records])
    found["onset_doublets"] = float(100.0 * np.mean(first <= 0.005 + 1e-9))
    return found


def first_intervals_s(record: trains.SpikeTrains) -> Floats:
    """First interval of each unit that fired twice or more, `[unit that did]`."""
    units = [trains.of_unit(record, i) for i in range(trains.n_units(record))]
    return np.array([(t[1] - t[0]) * record.tick_s for t in units if t.size > 1])


def _steady_cv(params: PoolParameters, seed: int) -> float:
    curve = params.static_active_state[0]
    drive = float(np.interp(HOLD_AT, curve, np.linspace(0.0, 1.0, curve.size)))
    held = np.full((N_HOLDS, round((SETTLE_S + HOLD_S) / TICK_S)), drive)
    pulled, _ = _run(params, held, seed)
    cv = force.steadiness(pulled[:, round(SETTLE_S / TICK_S) :]).cv
    return float(100.0 * cv.mean())


def _role(programme: str, key: str, before: float, after: float) -> str:
    if key in _SIMULATED:
        return EMERGED
    if before == after or math.isclose(before, after, rel_tol=1e-3):
        return HELD
    if programme == "detraining":
        return EMERGED if key == "threshold_force" else PUT_IN
    sets = [_SETS.get(c.parameter, (c.parameter,)) for c in changes()[programme] if c.size != 0]
    return PUT_IN if any(key in names for names in sets) else EMERGED


@cache
def _rows() -> tuple[dict[str, str], ...]:
    path = models_folder() / "physiology" / "training.csv"
    with path.open(encoding="utf-8", newline="") as file:
        return tuple(csv.DictReader(file))


def _published(programme: str, key: str) -> tuple[str, str]:
    """What was measured of a quantity under a programme, a line each, and by whom."""
    found = [r for r in _rows() if r["programme"] == programme and key in r["outcome"].split()]
    return "\n".join(_in_words(r) for r in found), "\n".join(r["source"] for r in found)


def _in_words(row: dict[str, str]) -> str:
    change = row["after_or_change"]
    text = f"{row['before']} -> {change}" if row["before"] else change
    unit = f" {row['unit']}" if row["unit"] else ""
    weeks = f" in {row['weeks']} weeks" if row["weeks"] else ""
    who = f"{row['source']}; {row['tag']}"
    return f"{row['quantity']}: {text}{unit}{weeks} ({row['muscle_population']}; {who})"
