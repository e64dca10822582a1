"""Spectral arc length: the authors' example, and the orders that it must keep."""

import numpy as np
import pytest

from neurocoord.analysis.smoothness import spectral_arc_length

TICK = 0.01


def bell(duration_s, tick_s=TICK):
    """Speed of a minimum-jerk movement (Flash & Hogan 1985) of length 1."""
    t = np.arange(0.0, duration_s + 0.5 * tick_s, tick_s) / duration_s
    return 30.0 * t**2 * (1.0 - t) ** 2 / duration_s


def test_the_authors_example():
    t = np.arange(-1, 1, 0.01)
    speed = np.exp(-5 * t**2)
    assert spectral_arc_length(speed, 0.01) == pytest.approx(-1.41403, abs=5e-6)


def test_it_knows_neither_size_nor_duration():
    one = spectral_arc_length(bell(1.0), TICK)
    assert spectral_arc_length(7.0 * bell(1.0), TICK) == pytest.approx(one)
    assert spectral_arc_length(bell(2.5), TICK) == pytest.approx(one, rel=0.03)
    assert spectral_arc_length(bell(1.0, 0.004), 0.004) == pytest.approx(one, rel=0.03)


def test_more_submovements_are_less_smooth():
    found = []
    for n in (1, 2, 3, 5):
        speed = np.concatenate([bell(0.8) for _ in range(n)])
        found.append(spectral_arc_length(speed, TICK))
    assert np.all(np.diff(found) < -0.3)


def test_a_tremor_is_less_smooth_the_larger_it_is():
    t = np.arange(101) * TICK
    found = [
        spectral_arc_length(bell(1.0) + size * np.sin(2 * np.pi * 6.0 * t), TICK)
        for size in (0.0, 0.2, 0.4, 0.8)
    ]
    assert np.all(np.diff(found) < 0.0)


def test_noise_below_the_threshold_changes_little():
    noise = 0.005 * np.random.default_rng(1).standard_normal(101)
    plain = spectral_arc_length(bell(1.0), TICK)
    assert spectral_arc_length(bell(1.0) + noise, TICK) == pytest.approx(plain, rel=0.02)


def test_what_does_not_move_has_no_smoothness():
    assert np.isnan(spectral_arc_length(np.zeros(50), TICK))
    assert np.isnan(spectral_arc_length([1.0, 2.0], TICK))
