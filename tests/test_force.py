"""Force measures on signals whose answers are known on paper."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurocoord.analysis import force

TICK_S = 0.001
TIME_S = np.arange(1000) * TICK_S


def ramp(start_s: float, slope: float, top: float) -> np.ndarray:
    return np.clip(slope * (TIME_S - start_s), 0, top)


def rise(start_s: float, tau_s: float, top: float = 1.0) -> np.ndarray:
    """First-order step response, top (1 - exp(-(t - start) / tau))."""
    return top * -np.expm1(-np.maximum(TIME_S - start_s, 0) / tau_s)


def test_steadiness_of_a_sine() -> None:
    got = force.steadiness(50 + 3 * np.sin(2 * np.pi * 10 * TIME_S))
    assert got.mean_n == pytest.approx(50)
    assert got.sd_n == pytest.approx(3 / np.sqrt(2) * np.sqrt(1000 / 999))
    assert got.cv == pytest.approx(got.sd_n / 50)


def test_steadiness_of_nothing_is_not_a_number() -> None:
    got = force.steadiness(np.zeros(10))
    assert (got.mean_n, got.sd_n) == (0, 0)
    assert np.isnan(got.cv)


def test_cv_does_not_know_the_sign_convention() -> None:
    signal = 5 + np.sin(TIME_S)
    assert force.steadiness(-signal).cv == pytest.approx(force.steadiness(signal).cv)


def test_onset_of_a_ramp_is_where_it_crosses_the_threshold() -> None:
    # 2 % of 80 N at 400 N/s: 4 ms after the start of the ramp.
    assert force.onset_s(ramp(0.1, 400, 80), TICK_S) == pytest.approx(0.104, abs=1e-9)
    assert force.onset_s(ramp(0.1, 400, 80), TICK_S, fraction=0.5) == pytest.approx(0.2, abs=1e-9)


def test_onset_ignores_a_twitch_before_the_rise_and_the_fall_after_it() -> None:
    signal = ramp(0.3, 400, 80) * (TIME_S < 0.8)
    signal[100:110] = 10
    assert force.onset_s(signal, TICK_S) == pytest.approx(0.304, abs=1e-9)


def test_onset_rises_from_the_baseline() -> None:
    tone = 20 + ramp(0.3, 400, 80)
    assert force.onset_s(tone, TICK_S, baseline_s=0.2) == pytest.approx(0.304, abs=1e-9)


def test_no_rise_has_no_onset_and_no_rate() -> None:
    for flat in (np.zeros(1000), np.full(1000, 7.0)):
        got = force.rate_of_force_development(flat, TICK_S)
        assert np.isnan(got.onset_s)
        assert np.isnan(got.rate_per_s).all()
        assert np.isnan(got.peak_rate_per_s)


def test_rates_of_a_ramp() -> None:
    got = force.rate_of_force_development(ramp(0.1, 400, 80), TICK_S)
    assert got.peak_force_n == 80
    # Onset 4 ms into a rise of 200 ms: the last window runs 4 ms beyond its end.
    np.testing.assert_allclose(got.rate_per_s, [5, 5, 5 * 96 / 100], rtol=1e-9)
    assert got.peak_rate_per_s == pytest.approx(5)


@pytest.mark.parametrize("tau_s", [0.03, 0.05, 0.12])
def test_rates_of_a_first_order_rise(tau_s: float) -> None:
    got = force.rate_of_force_development(rise(0.2, tau_s), TICK_S, maximum_n=1.0)
    onset = 0.2 - tau_s * np.log(1 - 0.02)
    assert got.onset_s == pytest.approx(onset, abs=1e-5)
    edges = np.array(force.RFD_WINDOWS_S)
    level = 1 - 0.98 * np.exp(-edges / tau_s)
    expected = (level[:, 1] - level[:, 0]) / (edges[:, 1] - edges[:, 0])
    np.testing.assert_allclose(got.rate_per_s, expected, rtol=2e-3)
    assert got.peak_rate_per_s == pytest.approx(-np.expm1(-0.02 / tau_s) / 0.02, rel=1e-9)


def test_the_answer_converges_in_the_tick() -> None:
    expected = 0.02 / 5  # of the rise 5 / s
    for tick_s in (4e-3, 2e-3, 1e-3, 5e-4):
        time_s = np.arange(round(1 / tick_s)) * tick_s
        onset = force.onset_s(np.clip(5 * (time_s - 0.1), 0, 1), tick_s)
        assert onset == pytest.approx(0.1 + expected, abs=1e-9)


def test_maximum_sets_the_scale() -> None:
    own = force.rate_of_force_development(rise(0.1, 0.05, top=40), TICK_S)
    of_80 = force.rate_of_force_development(rise(0.1, 0.05, top=40), TICK_S, maximum_n=80.0)
    np.testing.assert_allclose(of_80.rate_per_s, own.rate_per_s * own.peak_force_n / 80)


def test_a_window_beyond_the_record_is_unknown() -> None:
    got = force.rate_of_force_development(ramp(0.9, 400, 80), TICK_S)
    assert np.isfinite(got.rate_per_s[0])
    assert np.isnan(got.rate_per_s[1:]).all()


def test_batches_are_a_loop() -> None:
    batch = np.array([[rise(0.1, 0.05), ramp(0.2, 400, 80)], [np.zeros(1000), rise(0.3, 0.1)]])
    maximum = np.array([[1.0, 80.0], [1.0, 2.0]])
    got = force.rate_of_force_development(batch, TICK_S, maximum_n=maximum)
    assert got.rate_per_s.shape == (2, 2, 3)
    for index in np.ndindex(2, 2):
        one = force.rate_of_force_development(batch[index], TICK_S, maximum_n=maximum[index])
        for together, alone in zip(got, one):
            np.testing.assert_array_equal(together[index], alone)
    np.testing.assert_array_equal(force.steadiness(batch).sd_n[0, 1], batch[0, 1].std(ddof=1))


@given(st.floats(0.1, 1e4), st.integers(0, 300))
def test_scale_and_shift(scale: float, shift: int) -> None:
    signal = rise(0.1, 0.04)
    moved = np.concatenate([np.zeros(shift), signal[: 1000 - shift]]) * scale
    one = force.rate_of_force_development(signal, TICK_S, maximum_n=1.0)
    other = force.rate_of_force_development(moved, TICK_S, maximum_n=scale)
    # The last tick of the record, which sets the peak and so the threshold, moves a little too.
    assert other.onset_s - one.onset_s == pytest.approx(shift * TICK_S, abs=1e-6)
    np.testing.assert_allclose(other.rate_per_s, one.rate_per_s, rtol=1e-4)


def test_the_caller_keeps_his_array() -> None:
    signal = rise(0.1, 0.05)
    before = signal.copy()
    force.rate_of_force_development(signal, TICK_S)
    force.steadiness(signal)
    np.testing.assert_array_equal(signal, before)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: force.steadiness([1.0]), "force_n has shape"),
        (lambda: force.steadiness([1.0, np.nan]), "force_n holds NaN"),
        (lambda: force.onset_s(TIME_S, 0.0), "tick_s is 0.0"),
        (lambda: force.onset_s(TIME_S, TICK_S, fraction=2.0), "fraction is 2.0"),
        (lambda: force.onset_s(TIME_S, TICK_S, baseline_s=5.0), "baseline_s is 5.0"),
        (
            lambda: force.rate_of_force_development(TIME_S, TICK_S, maximum_n=0.0),
            "maximum_n is 0.0",
        ),
        (
            lambda: force.rate_of_force_development(TIME_S, TICK_S, windows_s=((0.2, 0.1),)),
            "windows_s is",
        ),
    ],
)
def test_bad_input_is_named(call, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()
