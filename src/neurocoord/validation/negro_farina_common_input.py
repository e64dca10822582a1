"""Coherence appears between what shares its input, and vanishes where nothing is shared.

Negro & Farina 2012 (PLoS ONE 7:e44894) and Farina & Negro 2015 (Exerc Sport Sci Rev 43:23-33):
input common to motor neurons shows in the coherence of their cumulative spike trains, the more the
more trains are pooled, and passes on to force. Two muscles are held at equal drive, with the shared
input inside each of them (scope pool) or across both (scope body). For every seed, the mean
coherence in a band is held against the limit that 5 % exceed without association; given is the
share of seeds (and bands) above it. Without sharing that share must stay near its nominal 5 %.

- between the muscles: cumulative spike trains of both;
- neural drive to force: cumulative spike train of the first muscle, force of the second;
- central drive to force: a fluctuation of the drive itself, given to the first muscle only.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurocoord import synchrony
from neurocoord.analysis import coherence
from neurocoord.analysis.coherence import BANDS_HZ
from neurocoord.motorunits import kernel, published, trains
from neurocoord.motorunits.parameters import PoolParameters
from neurocoord.validation.protocol import Check

PAPER = "Negro & Farina 2012"

N_UNITS = (100, 140)  # the two muscles differ, so that nothing but the input ties them (choice)
TYPE1_SHARE = (0.5, 0.6)
DRIVE = 0.4  # mean of both muscles; human synchrony is measured at such moderate force (choice)
DRIVE_SD = 0.01  # of the fluctuation of the central drive, one muscle's own
SEGMENT_S = 2.0
SETTLE_S = 2.0
N_SEEDS, SECONDS = 10, 60.0
QUICK_N_SEEDS, QUICK_SECONDS = 3, 40.0
SEED = 2012
# Strategy -> bands in which its shared input lies.
SHARED_BANDS: dict[str, tuple[str, ...]] = {
    "common_drive": ("common drive",),
    "short_term": ("alpha", "beta"),
}
POOLED = (1, 5, 20)  # units in each of two groups of one muscle
CHANCE, CHANCE_MORE = 0.05, 0.1  # nominal share above the limit; what few seeds add (choice)
READINGS = {"between": "between muscles", "force": "one muscle's neural drive to the other's force"}

CHECKS = (
    *(
        Check(
            f"{reading}_{strategy}_{scope}",
            f"{words}, {strategy.replace('_', ' ')}, scope {scope}: above the 95 % limit",
            1.0 if scope == "body" else CHANCE,
            "1",
            0.2 if scope == "body" else CHANCE_MORE,
            "at_least" if scope == "body" else "at_most",
            "definition",
        )
        for reading, words in READINGS.items()
        for strategy in SHARED_BANDS
        for scope in ("body", "pool")
    ),
    Check(
        "central_own",
        "coherence below 5 Hz of central drive and the force of its muscle",
        None,
        "1",
        0.5,
        "at_least",
        "definition",
    ),
    Check(
        "central_other",
        "central drive to the other muscle's force: above the 95 % limit",
        CHANCE,
        "1",
        CHANCE_MORE,
        "at_most",
        "definition",
    ),
    Check(
        "pooling",
        "coherence at 5-35 Hz of groups of 5 units over that of pairs, one pool",
        None,
        "1",
        2.0,
        "at_least",
        "definition",
    ),
    *(
        Check(
            f"group_{n}",
            f"coherence at 5-35 Hz between groups of {n} of one pool, short term",
            None,
            "1",
            0.0,
            "shown",
            "definition",
        )
        for n in POOLED
    ),
)

BROKEN: dict[str, dict[str, Any]] = {
    "the body shares nothing": {"together": "pool"},
    "pools leak into each other": {"apart": "body"},
    "both muscles get the same central drive": {"central_is_shared": True},
    "the central drive does not fluctuate": {"drive_sd": 0.0},
    "units of a pool share nothing": {"strength": 0.0},
}


def measure(
    *,
    quick: bool = False,
    together: str = "body",
    apart: str = "pool",
    strength: float = 1.0,
    drive_sd: float = DRIVE_SD,
    central_is_shared: bool = False,
) -> dict[str, float]:
    """Our values; `together` and `apart` are the scopes that stand for body and pool."""
    n_seeds, seconds = (QUICK_N_SEEDS, QUICK_SECONDS) if quick else (N_SEEDS, SECONDS)
    params = published.body_pools(N_UNITS, TYPE1_SHARE)
    above: dict[str, list[bool]] = {}
    groups: dict[int, list[float]] = {n: [] for n in POOLED}
    central_own = []
    for strategy, bands in SHARED_BANDS.items():
        for name, scope in (("body", together), ("pool", apart)):
            coupling = synchrony.strategy(strategy)(params, strength=strength, scope=scope)
            fluctuates = (strategy, name) == ("common_drive", "pool")
            for seed in range(n_seeds):
                central = _central(seed, seconds, drive_sd if fluctuates else 0.0)
                drive = np.stack([central, central], axis=-1)
                if not central_is_shared:
                    drive[:, 1] = DRIVE
                muscles, force = _hold(params, coupling, drive, seed)
                spikes = [trains.cumulative(muscle) for muscle in muscles]
                readings = {"between": (spikes[0], spikes[1]), "force": (spikes[0], force[:, 1])}
                for reading, signals in readings.items():
                    key = f"{reading}_{strategy}_{name}"
                    sought = bands if name == "body" else tuple(BANDS_HZ)
                    above.setdefault(key, []).extend(_above(*signals, sought))
                if fluctuates:
                    signal = central[-len(force) :]
                    found = _above(signal, force[:, 1], tuple(BANDS_HZ))
                    above.setdefault("central_other", []).extend(found)
                    central_own.append(_mean(signal, force[:, 0], "common drive"))
                if (strategy, name) == ("short_term", "pool"):
                    for n in POOLED:
                        groups[n].append(_between_groups(muscles[0], n))
    measured = {key: float(np.mean(found)) for key, found in above.items()}
    measured["central_own"] = float(np.mean(central_own))
    for n in POOLED:
        measured[f"group_{n}"] = float(np.mean(groups[n]))
    measured["pooling"] = measured["group_5"] / measured["group_1"]
    return measured


def plot(axes: Any, measured: dict[str, float]) -> None:
    """Share of seeds above the limit, shared and not."""
    names = [f"{reading}_{strategy}" for reading in READINGS for strategy in SHARED_BANDS]
    for scope, colour in (("body", "#D55E00"), ("pool", "#0072B2")):
        values = [measured[f"{name}_{scope}"] for name in names]
        axes.plot(values, range(len(names)), "o", color=colour, label=f"scope {scope}")
    axes.axvline(CHANCE, color="#6b6b6b", lw=0.8, ls=":", label="by chance")
    axes.set_yticks(range(len(names)), [name.replace("_", " ") for name in names])
    axes.set_xlabel("share above the 95 % limit")
    axes.legend(frameon=False)


def _central(seed: int, seconds: float, sd: float) -> NDArray[np.float64]:
    """Drive that fluctuates below 5 Hz, `[tick]`, its settling time in front."""
    from scipy import signal

    n = round((SETTLE_S + seconds) / kernel.TICK_S)
    white = np.random.default_rng([SEED, seed]).normal(size=n)
    slow = signal.sosfilt(signal.butter(2, 5.0, fs=1 / kernel.TICK_S, output="sos"), white)
    return DRIVE + sd * slow / slow.std()


def _hold(
    params: PoolParameters, coupling: Any, drive: NDArray[np.float64], seed: int
) -> tuple[list[trains.SpikeTrains], NDArray[np.float64]]:
    """Trains of each muscle and force `[tick, muscle]` over maximum, once settled."""
    state = kernel.init(params, 1, seed=SEED + seed)
    _, out = kernel.advance(params, coupling, state, drive[None], record_spikes=True)
    settle = round(SETTLE_S / kernel.TICK_S)
    raster = out.spikes[0, settle:]
    muscles = [trains.from_raster(part) for part in np.split(raster, [N_UNITS[0]], axis=1)]
    return muscles, out.active_state[0, settle:]


def _above(first: NDArray, second: NDArray, bands: tuple[str, ...]) -> list[bool]:
    found = coherence.coherence(first, second, kernel.TICK_S, segment_s=SEGMENT_S)
    each = [coherence.band_coherence(found, BANDS_HZ, band) for band in bands]
    return [bool(mean > limit) for mean, limit in each]


def _mean(first: NDArray, second: NDArray, band: str) -> float:
    found = coherence.coherence(first, second, kernel.TICK_S, segment_s=SEGMENT_S)
    return float(coherence.band_coherence(found, BANDS_HZ, band)[0])


def _between_groups(muscle: trains.SpikeTrains, n: int) -> float:
    """Coherence at 5-35 Hz of two groups of `n` of the muscle's smallest units, in turn."""
    first, second = (trains.select(muscle, np.arange(start, 2 * n, 2)) for start in (0, 1))
    found = coherence.cumulative_coherence(first, second, segment_s=SEGMENT_S)
    return float(coherence.band_coherence(found, {"all": (5.0, 35.0)}, "all")[0])
