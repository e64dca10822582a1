"""The common-drive coefficient of De Luca."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import signal

from neurocoord.analysis import common_drive
from neurocoord.motorunits import trains

N_TICKS = 30_000


def _modulated(hz, depth, delay_s=0.0, n_units=6, seed=0) -> trains.SpikeTrains:
    """Renewal trains (interval CV 0.15) whose rates move together; odd units `delay_s` later."""
    rng = np.random.default_rng(seed)
    time_s = np.arange(N_TICKS) * 0.001
    raster = np.zeros((N_TICKS, n_units), bool)
    for unit in range(n_units):
        late = delay_s if unit % 2 else 0.0
        rate = (11 + unit) * (1 + depth * np.sin(2 * np.pi * hz * (time_s - late)))
        threshold = np.cumsum(np.maximum(rng.normal(1.0, 0.15, 1000), 0.3)) - rng.random()
        n_spikes = np.searchsorted(threshold, np.cumsum(rate) * 0.001)
        raster[:, unit] = np.diff(n_spikes, prepend=n_spikes[0]) > 0
    return trains.from_raster(raster)


def test_the_smoothed_rate_is_a_rate() -> None:
    made = trains.from_ticks([np.arange(0, N_TICKS, 80), [15_000]], N_TICKS)
    rate = common_drive.smoothed_rate_hz(made)
    assert rate.shape == (2, N_TICKS // 5)
    assert rate[0, 200:-200].mean() == pytest.approx(12.5, rel=0.01)
    window = signal.get_window("hann", 401, fftbins=False)
    assert rate[1].max() == pytest.approx(1 / (window.sum() * 0.001), rel=1e-6)
    assert rate[1, 3000 - 41] == pytest.approx(0.0, abs=1e-9)
    assert rate[1, 3000 - 30] > 0


def test_common_modulation_is_found_where_it_is_slow_enough() -> None:
    shared = common_drive.common_drive_coefficient(_modulated(1.5, 0.3)).mean()
    none = common_drive.common_drive_coefficient(_modulated(1.5, 0.0)).mean()
    fast = common_drive.common_drive_coefficient(_modulated(15.0, 0.3)).mean()
    assert shared > 0.7
    assert none < 0.35
    assert fast < shared - 0.3


def test_slow_trends_are_taken_away() -> None:
    drift = _modulated(0.05, 0.4)
    raw = common_drive.common_drive_coefficient(drift, high_pass_hz=0.01).mean()
    assert raw > 0.8
    assert common_drive.common_drive_coefficient(drift).mean() < raw - 0.4


def test_the_lag_is_bounded() -> None:
    late = _modulated(1.5, 0.3, delay_s=0.3)
    near = common_drive.common_drive_coefficient(late, [[0, 1]])
    far = common_drive.common_drive_coefficient(late, [[0, 1]], max_lag_s=0.35)
    assert far[0] > near[0] + 0.3
    assert common_drive.common_drive_coefficient(late, [[0, 2]])[0] > 0.6


def test_the_same_train_correlates_fully_and_silence_not_at_all() -> None:
    ticks = trains.of_unit(_modulated(1.2, 0.2), 0)
    made = trains.from_ticks([ticks, ticks, []], N_TICKS)
    found = common_drive.common_drive_coefficient(made, [[0, 1], [0, 2]])
    assert found[0] == pytest.approx(1.0)
    assert np.isnan(found[1])


@settings(max_examples=30, deadline=None)
@given(
    st.sampled_from(["window_s", "high_pass_hz", "max_lag_s"]),
    st.one_of(st.floats(max_value=-1e-9), st.just(np.nan), st.just(np.inf)),
)
def test_bad_numbers_are_named(name, value) -> None:
    made = trains.from_ticks([[5, 90], [7, 100]], 3000)
    with pytest.raises(ValueError, match=name):
        common_drive.common_drive_coefficient(made, **{name: value})


@given(st.integers(1, 2990))
def test_bad_trains_are_refused_and_left_alone(at) -> None:
    tick = np.array([at + 1, at, 5])
    bad = trains.SpikeTrains(tick, np.array([0, 2, 3]), 3000, 0.001)
    before = tick.copy()
    with pytest.raises(ValueError, match="tick"):
        common_drive.common_drive_coefficient(bad)
    with pytest.raises(ValueError, match="tick"):
        common_drive.smoothed_rate_hz(bad)
    np.testing.assert_array_equal(tick, before)


def test_what_else_is_refused() -> None:
    made = trains.from_ticks([[5, 90], [7, 100]], 700)
    with pytest.raises(ValueError, match="longer than two windows"):
        common_drive.common_drive_coefficient(made)
    with pytest.raises(ValueError, match="pairs"):
        common_drive.common_drive_coefficient(made, [[0, 0]])
    with pytest.raises(ValueError, match="unit"):
        common_drive.smoothed_rate_hz(made, [4])
    with pytest.raises(ValueError, match="units"):
        common_drive.smoothed_rate_hz(made, [0.0])
