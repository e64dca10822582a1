"""Measures of a joint's muscles and of segments' alignment at values worked out by hand."""

import numpy as np
import pytest

from neurocoord.analysis import alignment
from neurocoord.analysis import joint_mechanics as jm


def test_torques_each_way_are_positive_and_their_difference_is_the_net_one():
    arm = np.array([[0.04, -0.02, 0.0], [0.03, -0.05, 0.01]])
    force = np.array([[100.0, 50.0, 900.0], [0.0, 20.0, 10.0]])
    up, down = jm.torques_each_way_nm(arm, force)
    np.testing.assert_allclose(up, [4.0, 0.1])
    np.testing.assert_allclose(down, [1.0, 1.0])
    np.testing.assert_allclose(up - down, (arm * force).sum(axis=1))


def test_equal_antagonists_co_contract_fully_and_lone_ones_not_at_all():
    torque = np.array([3.0, 0.5, 8.0])
    assert jm.cocontraction_percent(torque, torque) == pytest.approx(100.0)
    assert jm.cocontraction_percent(torque, np.zeros(3)) == 0.0
    assert jm.cocontraction_percent([4.0, 0.0], [0.0, 7.0]) == 0.0  # in turns
    # 2 x (1 + 2) / (3 + 1 + 2 + 6)
    assert jm.cocontraction_percent([3.0, 2.0], [1.0, 6.0]) == pytest.approx(50.0)
    assert np.isnan(jm.cocontraction_percent([0.0], [0.0]))


def test_rudolphs_index_weighs_likeness_by_height():
    assert jm.cocontraction_rudolph([1.0, 1.0], [1.0, 1.0]) == pytest.approx(2.0)
    assert jm.cocontraction_rudolph([0.2], [0.2]) == pytest.approx(0.4)
    assert jm.cocontraction_rudolph([0.2], [0.1]) == pytest.approx(0.5 * 0.3)
    assert jm.cocontraction_rudolph([0.6, 0.0], [0.0, 0.0]) == 0.0
    found = jm.cocontraction_rudolph([0.2, 0.4], [0.1, 0.4])
    assert found == pytest.approx((0.15 + 0.8) / 2)


def test_mean_excitation_is_by_capacity():
    found = jm.mean_excitation([[0.2, 0.8], [0.5, 0.1]], [[3.0, 1.0], [0.0, 0.0]])
    np.testing.assert_allclose(found, [0.35, 0.0])


def test_stiffness_of_one_muscle_and_of_its_twin_on_the_other_side():
    one = jm.short_range_stiffness_nm_per_rad([0.04], [200.0], [0.08])
    assert one == pytest.approx(0.04**2 * 23.4 * 200.0 / 0.08)
    # the antagonist adds as much stiffness while it takes all torque
    both = jm.short_range_stiffness_nm_per_rad([0.04, -0.04], [200.0, 200.0], [0.08, 0.08])
    assert both == pytest.approx(2 * one)


def test_torque_use_is_over_the_maximum_of_its_own_way():
    found = jm.torque_use([10.0, -10.0, 0.0, 5.0], [40.0, 40.0, 40.0, 0.0], [20.0] * 4)
    np.testing.assert_allclose(found, [0.25, 0.5, 0.0, np.nan])


def test_shares_by_group_add_up():
    found = jm.share_by_group([[1.0, 2.0, 3.0], [0.0, 1.0, 3.0]], ("a", "b", "a"))
    assert found == pytest.approx({"a": 0.7, "b": 0.3})
    assert np.isnan(jm.share_by_group([[0.0, 0.0]], ("a", "b"))["a"])


def about(axis, degrees):
    x, y, z = axis
    cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    angle = np.radians(degrees)
    return np.eye(3) + np.sin(angle) * cross + (1 - np.cos(angle)) * cross @ cross


def test_turn_and_tilt_on_all_fours_and_upright():
    for pitch in (0.0, 85.0):
        straight = about((0, 1, 0), pitch)
        for yaw in (0.0, 20.0, -35.0):
            turned = about((0, 0, 1), yaw) @ straight
            assert alignment.turn_deg(turned, [3.0, 0.0]) == pytest.approx(yaw)
            assert alignment.tilt_deg(turned) == pytest.approx(0.0, abs=1e-9)
            way = [np.cos(np.radians(yaw)), np.sin(np.radians(yaw))]
            assert alignment.turn_deg(turned, way) == pytest.approx(0.0, abs=1e-9)
        rolled = about((1, 0, 0), 12.0) @ straight  # left side up
        assert alignment.tilt_deg(rolled) == pytest.approx(12.0)
        assert alignment.turn_deg(rolled, [1.0, 0.0]) == pytest.approx(0.0, abs=1e-9)


def test_elevation_is_above_the_horizontal():
    found = alignment.elevation_deg([[1.0, 0.0, 1.0], [0.0, 2.0, 0.0], [0.0, 0.0, -1.0]])
    np.testing.assert_allclose(found, [45.0, 0.0, -90.0])
