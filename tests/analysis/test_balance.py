"""Margin of stability of an inverted pendulum, and distances to hulls that are known."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurocoord.analysis import balance


@pytest.mark.parametrize(("length", "start"), [(0.4, -0.1), (1.1, -0.25)])
def test_a_pendulum_on_its_margin_comes_to_rest_over_the_support(length, start):
    """Hof's condition: with the extrapolated centre over the support it stops there, beyond it
    falls over. The pendulum x'' = w0^2 x about a support at 0 is integrated."""
    w0 = np.sqrt(balance.GRAVITY_M_PER_S2 / length)
    for share, falls_forward in ((0.98, False), (1.02, True)):
        x, v = start, -share * start * w0
        place = balance.extrapolated_centre_of_mass_m([x, 0.0, length], [v, 0.0, 0.0], length)
        assert (place[0] > 0.0) == falls_forward
        assert place[0] == pytest.approx(start * (1.0 - share))
        for _ in range(20_000):
            v += 1e-4 * w0**2 * x
            x += 1e-4 * v
            if abs(x) > 1.0:
                break
        assert (x > 0.0) == falls_forward


def test_the_margin_of_a_rectangle():
    corners = np.array([[0, 0], [0.6, 0], [0.6, 0.2], [0, 0.2], [0.3, 0.1], [0.3, 0.0]])
    assert balance.margin_m([0.3, 0.13], corners) == pytest.approx(0.07)
    assert balance.margin_m([0.5, 0.1], corners) == pytest.approx(0.1)
    assert balance.margin_m([0.7, 0.1], corners) == pytest.approx(-0.1)
    assert balance.margin_m([0.63, 0.24], corners) == pytest.approx(-0.05)
    assert len(balance.hull(corners)) == 4


def test_supports_without_area():
    line = np.array([[0.0, 0.0], [0.4, 0.0]])
    assert balance.margin_m([0.2, 0.03], line) == pytest.approx(-0.03)
    assert balance.margin_m([0.5, 0.0], line) == pytest.approx(-0.1)
    assert balance.margin_m([0.3, 0.4], line[:1]) == pytest.approx(-0.5)
    three = np.array([[0.0, 0.0], [0.2, 0.2], [0.4, 0.4]])
    assert balance.margin_m([0.3, 0.1], three) == pytest.approx(-np.sqrt(0.02))
    assert np.isnan(balance.margin_m([0.0, 0.0], np.zeros((0, 2))))


@given(st.lists(st.tuples(*[st.floats(-1, 1)] * 2), min_size=3, max_size=12), st.randoms())
def test_a_mean_of_points_is_inside_and_far_away_is_outside(points, random):
    given_points = np.array(points)
    weight = np.array([random.random() + 0.1 for _ in points])
    inside = weight @ given_points / weight.sum()
    assert balance.margin_m(inside, given_points) > -1e-9
    outside = given_points.mean(axis=0) + 4.0
    assert balance.margin_m(outside, given_points) < -1.0


def test_margins_over_time_leave_out_what_is_not_there():
    points = np.full((3, 4, 2), np.nan)
    points[0] = [[-1, -1], [1, -1], [1, 1], [-1, 1]]
    points[1, :2] = [[0, 0], [1, 0]]
    found = balance.margins_m([[0.5, 0.0], [0.5, 0.2], [0.0, 0.0]], points)
    np.testing.assert_allclose(found, [0.5, -0.2, np.nan])


def test_a_push_is_the_farthest_way_apart():
    free = np.column_stack([np.linspace(0, 1, 50), np.zeros(50), np.ones(50)])
    pushed = free.copy()
    pushed[:, 1] = 0.04 * np.sin(np.linspace(0, np.pi, 50))
    pushed[:, 2] = 0.2  # height does not count
    found = balance.displacement_after_push_m(pushed, free)
    assert found == pytest.approx(0.04, rel=1e-2)
    with pytest.raises(ValueError, match="of the same times"):
        balance.displacement_after_push_m(pushed[:-1], free)
