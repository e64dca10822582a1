"""The drive that reaches a state within the horizon, against the rate model that it leads."""

import numpy as np
import pytest

from neurocoord.motorunits import parameters, published, rate_model
from neurocoord.motorunits.reach import drive_to_reach, is_within_reach, reach_curves

HORIZON_S = 0.028
BLOCK_S = 0.004
N_ENV = 60


@pytest.fixture(scope="module")
def pools():
    return published.body_pools(np.full(5, 120), np.linspace(0.2, 0.9, 5))


@pytest.fixture(scope="module")
def linear_pools():
    """Three pools whose units stay at rates where the gain of a twitch is 1 (T r below 0.4)."""
    n = 30
    threshold = np.exp(np.log(20.0) * np.arange(1, n + 1) / n)
    return parameters.build(
        first_unit=[0, n, 2 * n, 3 * n],
        recruitment_threshold=np.tile(threshold, 3),
        minimum_rate_hz=3.0,
        peak_rate_hz=8.0,
        rate_gain_hz=1.0,
        twitch_force=np.tile(threshold, 3),
        contraction_time_s=np.repeat([0.02, 0.03, 0.04], n),
        isi_cv=0.0,
        is_fast=False,
        drive_noise_floor=0.0,
        drive_noise_slope=0.0,
    )


def random_history(params, seed, n_blocks=120):
    """Expected state after drives that jump every 40 ms, each env and muscle on its own."""
    rng = np.random.default_rng(seed)
    n_muscles = parameters.n_muscles(params)
    state = rate_model.init(params, N_ENV, block_s=BLOCK_S, horizon_s=HORIZON_S)
    drive = np.zeros((N_ENV, n_muscles))
    for block in range(n_blocks):
        if block % 10 == 0:
            drive = np.clip(rng.uniform(-0.3, 1.0, drive.shape), 0.0, 1.0)
        state = rate_model.advance(params, state, drive)
    return state, rng


def hold(params, state, drive):
    for _ in range(round(HORIZON_S / BLOCK_S)):
        state = rate_model.advance(params, state, drive)
    return rate_model.active_state(params, state)


@pytest.mark.parametrize("horizon_s", [0.004, 0.028, 0.2])
def test_curves_rise_from_nothing(pools, horizon_s):
    curves = reach_curves(pools, horizon_s)
    assert curves.horizon_s == horizon_s
    np.testing.assert_array_equal(curves.added[..., 0], 0.0)
    assert np.all(np.diff(curves.added) >= 0.0)
    assert np.all(np.diff(curves.added[..., 8:]) > 0.0)
    np.testing.assert_allclose(
        curves.added[0, :, -1], rate_model.reach(pools, horizon_s), rtol=1e-6
    )


def test_a_longer_horizon_reaches_further(pools):
    short, long = reach_curves(pools, 0.02).added, reach_curves(pools, 0.04).added
    assert np.all(long[..., 8:] > short[..., 8:])


def test_drive_inverts_the_curve(pools):
    """From silence the curve is the map: what it says is reached, to a unit or the tolerance."""
    curves = reach_curves(pools, HORIZON_S)
    drive = np.linspace(0.1, 1.0, 40)[:, None] * np.ones(5)
    knots = np.linspace(0.0, 1.0, curves.added.shape[2])
    added = np.array(
        [[np.interp(d, knots, a) for d, a in zip(row, curves.added[0])] for row in drive]
    )
    silent = rate_model.init(pools, 40, block_s=BLOCK_S, horizon_s=HORIZON_S)
    np.testing.assert_allclose(drive_to_reach(pools, silent, curves, added), drive, atol=0.02)


def test_out_of_reach_is_clipped_and_flagged(pools):
    curves = reach_curves(pools, HORIZON_S)
    state, _ = random_history(pools, 0)
    low, high = rate_model.bounds(pools, state)
    for wanted, drive in ((low - 0.1, 0.0), (low, 0.0), (high, 1.0), (high + 5.0, 1.0)):
        np.testing.assert_array_equal(drive_to_reach(pools, state, curves, wanted), drive)
    for wanted, within in ((low - 0.1, False), (0.5 * (low + high), True), (high + 0.1, False)):
        assert np.all(is_within_reach(pools, state, wanted) == within)
    known = drive_to_reach(pools, state, curves, 0.7 * low + 0.3 * high, (low, high))
    assert np.all((known > 0.0) & (known < 1.0))
    np.testing.assert_array_equal(
        known, drive_to_reach(pools, state, curves, 0.7 * low + 0.3 * high)
    )


@pytest.mark.parametrize("seed", range(3))
def test_linear_twitches_are_led_to_the_wanted_state(linear_pools, seed):
    """From any history, to 2 % of the maximum: a unit recruited within a cell of the curve."""
    params = linear_pools
    state, rng = random_history(params, seed)
    low, high = rate_model.bounds(params, state)
    wanted = low + rng.uniform(0.0, 1.0, low.shape) * (high - low)
    drive = drive_to_reach(params, state, reach_curves(params, HORIZON_S), wanted)
    reached = hold(params, state, drive)
    inside = (drive > 0.0) & (drive < 1.0)
    assert inside.mean() > 0.8
    np.testing.assert_allclose(reached[inside], wanted[inside], atol=0.02)
    assert np.abs(reached - wanted)[inside].mean() < 2e-3


@pytest.mark.parametrize("seed", range(3))
def test_small_states_are_reached(pools, seed):
    """Where a moving body works: states up to 0.05, within 2 % of the maximum."""
    state, rng = random_history(pools, seed)
    low, _ = rate_model.bounds(pools, state)
    wanted = rng.uniform(0.0, 0.05, low.shape)
    drive = drive_to_reach(pools, state, reach_curves(pools, HORIZON_S), wanted)
    reached = hold(pools, state, drive)
    reachable = wanted > low
    assert reachable.any()
    np.testing.assert_allclose(reached[reachable], wanted[reachable], atol=0.02)


@pytest.mark.parametrize("seed", range(3))
def test_every_state_within_bounds_is_reached(pools, seed):
    """From any history, every state within the bounds, to 2 % of the maximum."""
    state, rng = random_history(pools, seed)
    low, high = rate_model.bounds(pools, state)
    wanted = low + rng.uniform(0.0, 1.0, low.shape) * (high - low)
    drive = drive_to_reach(pools, state, reach_curves(pools, HORIZON_S), wanted)
    np.testing.assert_allclose(hold(pools, state, drive), wanted, atol=0.02)


def test_errors_name_the_argument(pools):
    for horizon_s in (0.0, -0.01, np.nan, np.inf):
        with pytest.raises(ValueError, match="horizon_s must be finite and above 0"):
            reach_curves(pools, horizon_s)
    curves = reach_curves(pools, HORIZON_S)
    state = rate_model.init(pools, 2, block_s=BLOCK_S, horizon_s=HORIZON_S)
    good = np.zeros((2, 5))
    for wanted in (good[0], good[:, :4], good[:1]):
        with pytest.raises(ValueError, match=r"wanted must have shape \[env=2, muscle=5\]"):
            drive_to_reach(pools, state, curves, wanted)
    with pytest.raises(ValueError, match=r"limits must be two arrays of shape \[env=2, muscle=5\]"):
        drive_to_reach(pools, state, curves, good, (good[:1], good))
    bad = good.copy()
    bad[1, 2] = np.nan
    with pytest.raises(ValueError, match="wanted must be numbers, got NaN"):
        drive_to_reach(pools, state, curves, bad)
    with pytest.raises(ValueError, match="limits must be numbers, got NaN"):
        is_within_reach(pools, state, good, limits=(bad, good))
    with pytest.raises(ValueError, match="curves are of 3 envs, wanted of 2"):
        drive_to_reach(pools, state, curves._replace(added=np.repeat(curves.added, 3, 0)), good)
