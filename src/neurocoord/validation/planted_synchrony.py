"""Synchrony planted in otherwise independent trains is recovered, and none is found where none is.

The generator is not the model's: pairs of renewal trains (normal intervals), into both of which
shared events put one extra discharge each, jittered apart. An event is one extra coincidence,
whatever the rates, so the common input strength (Nordstrom, Fuglevand & Enoka 1992, J Physiol
453:547-574) that should be read is known: events per second. The peak is found by the cumulative
sum as in Keen et al. 2012 (J Neurophysiol 108:3264-3275).

The rule's nominal rate of false positives is 2.5 % (z at least 1.96, one side), but z holds the
mean of several bins against the SD of one, so it finds far less by chance, and misses much: the
share of pairs found is shown. DeFreitas et al. 2014 found that the cumulative sum misses one in
four.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurocoord.analysis import correlogram
from neurocoord.motorunits import trains
from neurocoord.validation.protocol import Check

PAPER = "Nordstrom, Fuglevand & Enoka 1992 (planted synchrony)"

CIS_HZ = (0.0, 0.3, 0.6, 0.9)  # people: 0.3 to 1 /s
DURATION_S = 600.0
RATES_HZ = (8.0, 16.0)  # of the trains, spread evenly
ISI_CV = 0.15
JITTER_S = 0.0015  # SD of each discharge round its event: a peak about 5 ms wide at half height
N_PAIRS, QUICK_N_PAIRS = 100, 15  # at each strength
N_APART, QUICK_N_APART = 60, 20  # independent units, all of whose pairs are searched
SEED = 1992

CHECKS = (
    *(
        Check(
            f"cis_{cis}",
            f"common input strength where {cis} /s was planted, mean over pairs",
            cis,
            "/s",
            0.15,
            "absolute",
            "definition",
        )
        for cis in CIS_HZ
    ),
    Check("rms", "error of a pair's CIS over 600 s, RMS", 0.0, "/s", 0.15, "at_most", "definition"),
    Check(
        "within",
        "pairs whose CIS over 600 s is within 0.15 /s",
        None,
        "1",
        0.9,
        "at_least",
        "definition",
    ),
    Check(
        "false_positives",
        "independent pairs with a peak of z >= 1.96",
        0.025,
        "1",
        0.02,
        "at_most",
        "definition",
    ),
    Check("found_0.3", "pairs found synchronised at 0.3 /s", None, "1", 0.0, "shown", "definition"),
    Check("found_0.9", "pairs found synchronised at 0.9 /s", None, "1", 0.0, "shown", "definition"),
)

BROKEN: dict[str, dict[str, Any]] = {
    "the shared events are spread over 100 ms": {"jitter_s": 0.05},
    "the second train follows by 80 ms": {"delay_s": 0.08},
    "trains called independent share events": {"leak_hz": 1.0},
}


def measure(
    *, quick: bool = False, jitter_s: float = JITTER_S, delay_s: float = 0.0, leak_hz: float = 0.0
) -> dict[str, float]:
    """Our values; `leak_hz`: events that all pairs share and that are not counted as planted."""
    rng = np.random.default_rng(SEED)
    n_pairs = QUICK_N_PAIRS if quick else N_PAIRS
    measured: dict[str, float] = {}
    errors = []
    for cis in CIS_HZ:
        made, planted = _pairs(rng, n_pairs, cis, leak_hz, jitter_s, delay_s)
        found = correlogram.synchrony(made, np.arange(2 * n_pairs).reshape(-1, 2))
        # Each pair's own number of events: the chance of drawing more or fewer is no error.
        errors.append(found.cis_hz - planted)
        measured[f"cis_{cis}"] = float(cis + errors[-1].mean())
        measured[f"found_{cis}"] = float(found.is_significant.mean())
    error = np.concatenate(errors)
    measured["rms"] = float(np.sqrt(np.mean(error**2)))
    measured["within"] = float(np.mean(np.abs(error) <= 0.15))
    apart = _apart(rng, QUICK_N_APART if quick else N_APART, leak_hz)
    measured["false_positives"] = float(correlogram.synchrony(apart).is_significant.mean())
    return measured


def plot(axes: Any, measured: dict[str, float]) -> None:
    """Recovered against planted strength."""
    found = [measured[f"cis_{cis}"] for cis in CIS_HZ]
    axes.plot([0, 1], [0, 1], color="#6b6b6b", lw=0.8, label="planted")
    axes.errorbar(
        CIS_HZ, found, measured["rms"], fmt="o", color="#0072B2", label="recovered, RMS of a pair"
    )
    axes.set_xlabel("planted extra coincidences (/s)")
    axes.set_ylabel("CIS (/s)")
    axes.legend(frameon=False)


def _renewal(rng: np.random.Generator, rate_hz: float) -> NDArray[np.int64]:
    """Ticks of a renewal train from the middle of an interval on."""
    isi = rng.normal(1.0, ISI_CV, round(1.5 * DURATION_S * rate_hz)) / rate_hz
    time_s = np.cumsum(np.maximum(isi, 0.2 / rate_hz)) - rng.uniform(0, 1 / rate_hz)
    tick = np.rint(time_s / trains.TICK_S).astype(np.int64)
    return np.unique(tick[(tick >= 0) & (tick < round(DURATION_S / trains.TICK_S))])


def _pairs(
    rng: np.random.Generator,
    n_pairs: int,
    cis_hz: float,
    leak_hz: float,
    jitter_s: float,
    delay_s: float,
) -> tuple[trains.SpikeTrains, NDArray[np.float64]]:
    """Trains, unit 2 k paired with 2 k + 1, and the extra coincidences of each pair per second."""
    ticks, planted = [], np.empty(n_pairs)
    for pair in range(n_pairs):
        own = [_renewal(rng, rng.uniform(*RATES_HZ)) for _ in range(2)]
        own, _ = _plant(rng, own, leak_hz, JITTER_S, 0.0)
        own, n_events = _plant(rng, own, cis_hz, jitter_s, delay_s)
        planted[pair] = n_events / DURATION_S
        ticks += own
    return trains.from_ticks(ticks, round(DURATION_S / trains.TICK_S)), planted


def _plant(
    rng: np.random.Generator,
    pair: list[NDArray[np.int64]],
    rate_hz: float,
    jitter_s: float,
    delay_s: float,
) -> tuple[list[NDArray[np.int64]], int]:
    """Both trains with a discharge at every shared event; the number of events that found room."""
    n = rng.poisson(rate_hz * DURATION_S)
    event_s = rng.uniform(0.5, DURATION_S - 0.5, n)
    added = [event_s + rng.normal(0, jitter_s, n) + late for late in (0.0, delay_s)]
    added = [np.rint(time_s / trains.TICK_S).astype(np.int64) for time_s in added]
    room = np.ones(n, bool)
    for new, train in zip(added, pair):
        _, first = np.unique(new, return_index=True)
        alone = np.zeros(n, bool)
        alone[first] = True
        room &= alone & ~np.isin(new, train)
    return [np.union1d(t, new[room]) for new, t in zip(added, pair)], int(room.sum())


def _apart(rng: np.random.Generator, n_units: int, leak_hz: float) -> trains.SpikeTrains:
    """Independent trains, but for the leak, which puts the same events into all."""
    n_ticks = round(DURATION_S / trains.TICK_S)
    leak = np.flatnonzero(rng.random(n_ticks) < leak_hz * trains.TICK_S)
    rates = np.linspace(*RATES_HZ, n_units)
    return trains.from_ticks([np.union1d(_renewal(rng, rate), leak) for rate in rates], n_ticks)
