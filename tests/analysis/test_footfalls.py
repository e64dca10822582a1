"""Footfalls of patterns that are known: exact duty factors, phases, clearances and ways."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurocoord.analysis import footfalls as ff


def square(n, period, duty, begins=0):
    """Stance bool[time] of whole ticks: `duty` ticks of every `period`, from tick `begins` on."""
    return (np.arange(n) - begins) % period < duty


@given(
    period=st.integers(4, 60),
    share=st.floats(0.1, 0.9),
    begins=st.integers(0, 59),
)
def test_a_square_pattern_gives_its_duty_and_frequency(period, share, begins):
    duty = min(max(1, round(share * period)), period - 1)
    stance = square(6 * period, period, duty, begins)
    assert ff.duty_factor(stance) == pytest.approx(duty / period)
    assert ff.stride_frequency_hz(stance, 0.02) == pytest.approx(1.0 / (0.02 * period))


def test_phases_of_trot_and_pace():
    n, period = 500, 50
    knee_r, knee_l = square(n, period, 30), square(n, period, 30, 25)
    for hand_r_begins, wanted in ((25, 0.5), (0, 0.0), (10, 0.2), (45, 0.9)):
        hand_r = square(n, period, 31, hand_r_begins)
        lags = ff.phase_lags(knee_r, hand_r)
        np.testing.assert_allclose(lags, wanted)
        assert ff.mean_phase(lags) == pytest.approx(wanted, abs=1e-12)
    assert ff.mean_phase(ff.phase_lags(knee_r, knee_l)) == pytest.approx(0.5)


def test_a_mean_phase_is_taken_round_the_circle():
    assert ff.mean_phase([0.9, 0.1, 0.95, 0.05]) % 1.0 == pytest.approx(0.0, abs=1e-12)
    assert ff.mean_phase([0.7, 0.9]) == pytest.approx(0.8)
    assert np.isnan(ff.mean_phase([])) and np.isnan(ff.mean_phase([0.0, 0.5]))


def test_hysteresis_and_short_breaks():
    force = np.array([0, 0, 30, 60, 40, 15, 40, 60, 8, 60, 60, 0, 0, 0, 55, 0, 0, 0.0])
    # 15 N is above the lower limit and ends nothing; without a least length every break counts
    found = ff.in_stance(force, 50.0, 10.0, 0.0, 0.01)
    assert found.tolist() == [i in (3, 4, 5, 6, 7, 9, 10, 14) for i in range(18)]
    # a break and then a step of one tick are taken out
    found = ff.in_stance(force, 50.0, 10.0, 0.015, 0.01)
    assert found.tolist() == [3 <= i <= 10 for i in range(18)]
    with pytest.raises(ValueError, match="off_n=60"):
        ff.in_stance(force, 50.0, 60.0, 0.0, 0.01)


def test_complete_runs_have_both_ends():
    mask = np.array([1, 1, 0, 1, 0, 0, 1, 1, 1, 0, 1], bool)
    assert ff.complete(mask).tolist() == [[3, 4], [6, 9]]
    assert ff.complete(~mask).tolist() == [[2, 3], [4, 6], [9, 10]]
    for nothing in (np.ones(5, bool), np.zeros(5, bool), np.zeros(0, bool)):
        assert ff.complete(nothing).shape == (0, 2)


def test_clearance_is_of_the_middle_of_swings():
    stance = square(100, 50, 30)  # swings at 30 to 49 and 80 to 99, the last without its end
    height = np.where(stance, 0.0, 0.05)
    height[[30, 33, 46]] = 0.001  # near the ends of the swing
    height[40] = 0.02
    height[85:] = 0.001
    assert ff.swing_clearance_m(height, stance) == pytest.approx(0.02)
    assert np.isnan(ff.swing_clearance_m(height, np.ones(100, bool)))


def test_slip_is_the_way_in_whole_stances():
    stance = square(95, 40, 20, 5)  # whole stances from 5, 45; one more from 85 without its end
    velocity = np.full((95, 2), 9.0)
    velocity[stance] = (0.03, 0.04)  # 5 cm/s
    velocity[10] = np.nan  # in the air for a moment
    assert ff.slip_m(velocity, stance, 0.02) == pytest.approx(0.05 * 0.02 * (19 + 20) / 2)
    assert ff.net_slip_m(velocity, stance, 0.02) == pytest.approx(0.05 * 0.02 * (19 + 20) / 2)
    velocity[50:60] *= -1.0  # half of the second stance it goes back
    assert ff.slip_m(velocity, stance, 0.02) == pytest.approx(0.05 * 0.02 * (19 + 20) / 2)
    assert ff.net_slip_m(velocity, stance, 0.02) == pytest.approx(0.05 * 0.02 * 19 / 2)
    assert np.isnan(ff.net_slip_m(velocity, np.ones(95, bool), 0.02))


def test_share_of_swing_that_touches():
    stance = square(100, 50, 30)
    touches = stance.copy()
    touches[30:40] = True
    assert ff.swing_share(touches, stance) == pytest.approx(10 / 40)
    assert np.isnan(ff.swing_share(touches, np.ones(100, bool)))


def test_the_mean_cycle_of_a_sine_is_the_sine():
    at = np.array([7, 47, 97, 157])  # strides of 40, 50, 60 ticks
    values = np.zeros(200)
    for a, b in pairwise(at):
        values[a : b + 1] = np.sin(2 * np.pi * np.arange(b - a + 1) / (b - a))
    mean, sd = ff.mean_cycle(values, at, 41)
    np.testing.assert_allclose(mean, np.sin(2 * np.pi * np.linspace(0, 1, 41)), atol=5e-3)
    assert sd.max() < 5e-3
    both, _ = ff.mean_cycle(np.column_stack([values, 2 * values]), at, 41)
    np.testing.assert_allclose(both[:, 1], 2 * mean)
    assert np.isnan(ff.mean_cycle(values, at[:1])[0]).all()


def test_too_few_steps_have_no_measure():
    one = np.zeros(50, bool)
    one[20:30] = True
    assert np.isnan(ff.duty_factor(one)) and np.isnan(ff.stride_frequency_hz(one, 0.01))
    assert ff.phase_lags(one, one).size == 0
