"""A line at the controller's rate is found where there is one, and not where there is none."""

import numpy as np
import pytest

from neurocoord.analysis import control_rate
from neurocoord.motorunits import trains


def made(seed: int, *, n_units: int = 60, n_ticks: int = 4000, locked: float = 0.0, block: int = 4):
    """Trains that follow a movement of 1 Hz; share `locked` of the spikes is moved to the first
    tick of its block."""
    rng = np.random.default_rng(seed)
    rate = 0.02 * (1 + np.sin(2 * np.pi * np.arange(n_ticks) / 1000))
    tick, unit = np.nonzero(rng.random((n_ticks, n_units)) < rate[:, None])
    moved = rng.random(tick.size) < locked
    tick[moved] -= tick[moved] % block
    fired = np.zeros((n_ticks, n_units), bool)
    fired[tick, unit] = True
    return trains.from_raster(fired)


@pytest.mark.parametrize("frequency_hz", control_rate.CONTROL_RATES_HZ.values())
def test_no_peak_is_found_in_trains_that_know_no_clock(frequency_hz: float) -> None:
    found = [control_rate.rate_peak(made(seed), frequency_hz) for seed in range(150)]
    wrong = np.mean([peak.power_p <= 0.05 for peak in found])
    assert wrong <= 0.05 + 4 * np.sqrt(0.05 * 0.95 / 150)
    wrong = np.mean([peak.coherence_p <= 0.05 for peak in found])
    assert wrong <= 0.05 + 4 * np.sqrt(0.05 * 0.95 / 150)
    assert np.mean([peak.power_p for peak in found]) == pytest.approx(0.5, abs=0.1)
    assert np.mean([peak.power_ratio for peak in found]) == pytest.approx(1.0, abs=0.12)
    above = np.mean([peak.coherence > peak.coherence_limit for peak in found])
    assert above <= 0.05 + 4 * np.sqrt(0.05 * 0.95 / 150)


def test_where_there_is_no_line_none_is_found_more_often_than_stated() -> None:
    """At the level that decides, not at 5 %: 11 frequencies of each of 100 trains."""
    found = [
        control_rate.rate_peak(train, frequency_hz)
        for train in (made(seed) for seed in range(1000, 1100))
        for frequency_hz in range(50, 480, 42)
    ]
    level, n = control_rate.LINE_LEVEL, len(found)
    wrong = np.mean([peak.coherence_p < level for peak in found])
    assert wrong <= level + 3 * np.sqrt(level / n)
    assert np.mean([peak.found for peak in found]) <= 2 * level + 3 * np.sqrt(2 * level / n)
    p = np.array([peak.coherence_p for peak in found])
    assert np.mean(p <= 0.05) == pytest.approx(0.045, abs=0.025)  # nor far less often


@pytest.mark.parametrize(("frequency_hz", "block"), [(250.0, 4), (50.0, 20)])
def test_a_planted_lock_on_the_clock_is_found(frequency_hz: float, block: int) -> None:
    planted = made(0, locked=0.15, block=block, n_ticks=12_000)
    peak = control_rate.rate_peak(planted, frequency_hz)
    assert peak.found and peak.power_ratio > 5
    assert peak.coherence > peak.coherence_limit > 0
    assert peak.coherence > 2 * peak.coherence_beside and peak.coherence_p < 0.01
    free = control_rate.rate_peak(made(0, n_ticks=12_000), frequency_hz)
    assert not free.found
    # 15 % of the spikes on one phase: a modulation of twice that at the fundamental
    assert peak.depth == pytest.approx(0.3, abs=0.03)
    assert free.depth < 4 * 2 / np.sqrt(12 * 60 * 20)
    # and only there
    assert not control_rate.rate_peak(planted, 130.0).found


def test_bad_input_is_named() -> None:
    with pytest.raises(ValueError, match="multiple of 2 Hz"):
        control_rate.rate_peak(made(0), 251.0)
    with pytest.raises(ValueError, match="from 500 Hz"):
        control_rate.rate_peak(made(0), 490.0)
    with pytest.raises(ValueError, match="at most half of the record"):
        control_rate.rate_peak(made(0, n_ticks=600), 250.0)
