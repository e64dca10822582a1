"""The spike time tiling coefficient: elephant's values, and what Cutts & Eglen ask of a measure.

Cutts & Eglen 2014 (J Neurosci 34:14288-14303) ask of a measure of correlation that it be 1 for a
train with itself, near 0 for independent trains, and the same at any rate. The reference values
come from elephant 1.2.1 (`spike_time_tiling_coefficient`) on the trains of `reference_trains`,
times in ms as whole numbers; a test computes them again where elephant is installed.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurocoord.analysis.spikes import sttc
from neurocoord.motorunits import trains
from neurocoord.validation.protocol import Check

PAPER = "Cutts & Eglen 2014"

REFERENCE_TICKS = 20_000
# Window (ms) -> elephant's STTC of the pairs 01, 02, 03, 12, 13, 23.
ELEPHANT: dict[int, tuple[float, ...]] = {
    1: (
        0.0313401285808946,
        0.0168258670709311,
        0.2460694800925542,
        0.004396015501047339,
        -0.0184,
        -0.0023499999999999997,
    ),
    5: (
        0.21392815038405555,
        0.0012889919226051517,
        0.2183232180115097,
        -0.009118196996442689,
        -0.086975,
        -0.011550000000000001,
    ),
    20: (
        0.19014818475319906,
        -0.0578916085293011,
        0.11207811465816044,
        -0.006805797610561997,
        -0.027792336757708327,
        -0.0424,
    ),
}
# Half ticks: +-5 ms holds 11 lags of 1 ms but covers 10 ms, which lifts independent trains to 0.01.
WINDOW_S = 0.0055
RATES_HZ = (5.0, 20.0)  # of Poisson trains that share a part of their spikes
SHARED = 0.5  # that part
SEED = 2014

CHECKS = (
    *(
        Check(
            f"elephant_{window}",
            f"largest difference from elephant, window {window} ms",
            0.0,
            "1",
            1e-9,
            "absolute",
            "recomputed",
        )
        for window in (1, 5, 20)
    ),
    Check("itself", "STTC of a train with itself", 1.0, "1", 1e-12, "absolute", "definition"),
    Check("apart", "STTC of independent trains, mean", 0.0, "1", 0.005, "absolute", "definition"),
    *(
        Check(
            f"shared_{rate:g}",
            f"STTC over p/(1+T(1-p)) of Poisson trains at {rate:g} Hz that share p = 1/2",
            1.0,
            "1",
            0.05,
            "relative",
            "definition",
        )
        for rate in RATES_HZ
    ),
)

BROKEN: dict[str, dict[str, Any]] = {
    "the window is a millisecond wider": {"wider_s": 0.001},
    "the second train is 30 ms late": {"late_ticks": 30},
    "independent trains share spikes": {"leak": 0.1},
}


def measure(
    *, quick: bool = False, wider_s: float = 0.0, late_ticks: int = 0, leak: float = 0.0
) -> dict[str, float]:
    """Our values."""
    measured: dict[str, float] = {}
    for window, values in ELEPHANT.items():
        ours = sttc(reference_trains(late_ticks), window_s=window * 0.001 + wider_s)
        measured[f"elephant_{window}"] = float(np.abs(ours - np.array(values)).max())
    rng = np.random.default_rng(SEED)
    one, n_ticks, window_s = _poisson(rng, 10.0, 60_000), 60_000, WINDOW_S + wider_s
    same = trains.from_ticks([one, _later(one, late_ticks, n_ticks)], n_ticks)
    measured["itself"] = float(sttc(same, window_s=window_s)[0])
    units = [_poisson(rng, 10.0, 60_000) for _ in range(12 if quick else 30)]
    common = _poisson(rng, 10.0 * leak, 60_000)
    apart = trains.from_ticks([np.union1d(unit, common) for unit in units], n_ticks)
    measured["apart"] = float(sttc(apart, window_s=window_s).mean())
    for rate in RATES_HZ:
        measured[f"shared_{rate:g}"] = _shared(rng, rate, late_ticks, window_s, quick)
    return measured


def reference_trains(late_ticks: int = 0) -> trains.SpikeTrains:
    """Four trains of a formula, so that they are the same on every machine.

    Unit 1 holds every third spike of unit 0, 2 ms later; `late_ticks` puts unit 1 off further.
    """
    ticks = []
    for unit, n in enumerate((180, 320, 45, 2)):
        k = np.arange(n, dtype=np.int64)
        ticks.append(np.unique((37 * k * k + 1009 * (unit + 2) * k + 271 * unit) % REFERENCE_TICKS))
    ticks[1] = np.union1d(ticks[1], ticks[0][::3] + 2)
    ticks[1] = _later(ticks[1], late_ticks, REFERENCE_TICKS)
    return trains.from_ticks([t[t < REFERENCE_TICKS] for t in ticks], REFERENCE_TICKS)


def _later(tick: NDArray[np.int64], by: int, n_ticks: int) -> NDArray[np.int64]:
    return tick[tick + by < n_ticks] + by


def _poisson(rng: np.random.Generator, rate_hz: float, n_ticks: int) -> NDArray[np.int64]:
    return np.flatnonzero(rng.random(n_ticks) < rate_hz * trains.TICK_S)


def _shared(
    rng: np.random.Generator, rate_hz: float, late_ticks: int, window_s: float, quick: bool
) -> float:
    """STTC of trains that share a part p of their spikes, over its expectation.

    Shared spikes lie in the window, others with the chance T of independence: P = p + (1-p) T, and
    so STTC = p / (1 + T (1-p)), T = 1 - exp(-2 rate window).
    """
    n_ticks = 200_000 if quick else 500_000
    common = _poisson(rng, SHARED * rate_hz, n_ticks)
    own = [_poisson(rng, (1 - SHARED) * rate_hz, n_ticks) for _ in range(2)]
    first, second = (np.union1d(common, each) for each in own)
    made = trains.from_ticks([first, _later(second, late_ticks, n_ticks)], n_ticks)
    tiled = 1 - np.exp(-2 * rate_hz * WINDOW_S)
    expected = SHARED / (1 + tiled * (1 - SHARED))
    return float(sttc(made, window_s=window_s)[0] / expected)
