"""Length of the fibres: saturating units need higher rates when short, and the controller knows."""

import numpy as np
import pytest

from neurocoord.body import model
from neurocoord.motorunits import discharge, kernel, published, rate_model
from neurocoord.motorunits.reach import drive_to_reach, reach_curves
from neurocoord.muscle.mechanics import normalised_length
from neurocoord.simulation import TICKS_PER_BLOCK, Simulation
from neurocoord.synchrony import independent

LENGTHS = np.array([0.6, 0.75, 0.9, 1.0, 1.15, 1.4])


@pytest.fixture(scope="module")
def pools():
    return published.body_pools([120] * 6, [0.3, 0.5, 0.8] * 2, twitch_tetanus_ratio=0.25)


def settled(pools, drive, lengths):
    state = rate_model.init(pools, drive.shape[0], horizon_s=0.028)
    for _ in range(120):
        state = rate_model.advance(pools, state, drive, fibre_length=lengths, out=state)
    return state


def simulated(pools, drive, lengths, seconds=8):
    """Mean active state `[env, muscle]` of the spiking pools."""
    coupling, state = independent.coupling(pools), kernel.init(pools, drive.shape[0], 3)
    held = np.repeat(drive[:, None], 1000, axis=1)
    total = np.zeros_like(drive)
    for second in range(seconds):
        state, out = kernel.advance(
            pools, coupling, state, held, fibre_length=lengths, n_threads=1, out=state
        )
        total += out.active_state.mean(axis=1) if second else 0.0
    return total / (seconds - 1)


def test_inverse_then_simulate_at_any_length(pools) -> None:
    """Within 2 % of the target, as at the optimal length; short muscles need more drive."""
    lengths = LENGTHS[None]
    target = np.array([0.15, 0.4, 0.7])[:, None] * np.ones((3, 6))
    target[2, :2] = 0.5  # what so short a muscle can hold
    lengths = np.repeat(lengths, 3, axis=0)
    state = settled(pools, np.full((3, 6), 0.4), lengths)
    drive = rate_model.inverse(pools, target, state)
    assert np.all(rate_model.is_reachable(pools, target, state))
    assert np.all(np.diff(drive[:2], axis=1) < 0)
    np.testing.assert_allclose(simulated(pools, drive, lengths), target, rtol=0.02)


def test_what_a_short_muscle_cannot_hold_is_flagged(pools) -> None:
    target = np.full((1, 6), 0.95)
    state = settled(pools, target, LENGTHS[None])
    reachable = rate_model.is_reachable(pools, target, state)
    assert reachable.tolist() == [[False, False, False, True, True, True]]
    assert np.all(rate_model.is_reachable(pools, target))  # at the optimal length


def test_held_drive_settles_on_the_curve_of_its_length(pools) -> None:
    drive = np.full((1, 6), 0.45)
    state = settled(pools, drive, LENGTHS[None])
    static = rate_model.forward(pools, drive, state)
    np.testing.assert_allclose(rate_model.active_state(pools, state), static, rtol=0.01)
    assert np.all(np.diff(static) > 0)


def test_lengths_stay_as_they_were_where_none_are_given(pools) -> None:
    drive = np.full((1, 6), 0.45)
    state = settled(pools, drive, LENGTHS[None])
    later = rate_model.advance(pools, state, drive)
    np.testing.assert_array_equal(later.sensitivity, state.sensitivity)
    rate_model.advance(pools, later, drive, fibre_length=np.ones((1, 6)))
    assert not np.any(later.sensitivity == 1.0, axis=(0, 2))[[0, 1, 2, 4, 5]].any()


def test_bounds_know_length(pools) -> None:
    """Lowest and highest are no drive and full drive at that length, the highest not exceeded."""
    drive = np.full((1, 6), 0.4)
    state = settled(pools, drive, LENGTHS[None])
    low, high = rate_model.bounds(pools, state)
    silent = full = state
    for _ in range(7):
        silent = rate_model.advance(pools, silent, np.zeros((1, 6)))
        full = rate_model.advance(pools, full, np.ones((1, 6)))
    np.testing.assert_allclose(low, rate_model.active_state(pools, silent), rtol=1e-9)
    reached = rate_model.active_state(pools, full)
    assert np.all(high >= 0.999 * reached) and np.all(high < 1.2 * reached)


@pytest.mark.parametrize("dynamic", [False, True])
def test_a_state_is_reached_at_any_length(dynamic) -> None:
    """From rest, where the curves are exact, between the knots of length too."""
    more = {"fatigue_rate_per_s": 0.01} if dynamic else {}
    pools = published.body_pools([120] * 6, 0.5, twitch_tetanus_ratio=0.25, **more)
    lengths = LENGTHS[None] + 0.013
    state = rate_model.init(pools, horizon_s=0.028)
    state = rate_model.advance(pools, state, np.zeros((1, 6)), fibre_length=lengths)
    low, high = rate_model.bounds(pools, state)
    wanted = low + 0.3 * (high - low)
    curves = reach_curves(pools, 0.028, state)
    drive = drive_to_reach(pools, state, curves, wanted, (low, high))
    assert np.all((drive > 0.2) & (drive < 0.7))
    for _ in range(7):
        state = rate_model.advance(pools, state, drive)
    np.testing.assert_allclose(rate_model.active_state(pools, state), wanted, rtol=0.02)


def test_linear_units_do_not_know_length() -> None:
    pools = published.body_pools([40] * 6, 0.5)
    drive = np.full((1, 6), 0.4)
    short = settled(pools, drive, np.full((1, 6), 0.7))
    optimal = settled(pools, drive, np.ones((1, 6)))
    for call in (rate_model.active_state, rate_model.bounds):
        np.testing.assert_array_equal(call(pools, short), call(pools, optimal))
    assert reach_curves(pools, 0.02).added.shape[0] == 1


@pytest.fixture(scope="module")
def dynamometer():
    body = model.load("dynamometer")
    pools = published.body_pools(
        np.full(len(body.muscles), 60), body.table.type1_share, twitch_tetanus_ratio=0.2
    )
    simulation = Simulation(body, pools, independent.coupling(pools), seeds=[3])
    return body, pools, simulation


def seated(body, knee_rad):
    qpos = model.keyframe_qpos(body, "seated")[None].copy()
    qpos[0, body.joint_qpos[body.joints.index("knee_flexion_r")]] = knee_rad
    return qpos


def test_at_the_dynamometer_a_short_muscle_needs_more_drive(dynamometer) -> None:
    """The knee extensors are short with the knee straight."""
    body, _, simulation = dynamometer
    vastus = body.muscles.index("VAS_L_r")
    target = np.full((1, len(body.muscles)), 0.4)
    drive = []
    for angle in (0.3, 1.0, 1.7):
        simulation.reset(seated(body, angle), seeds=[3])
        simulation.settle(np.full(target.shape, 0.1), 0.01)
        drive.append(simulation.drive_for(target)[0, vastus])
        led = simulation.drive_to_reach(0.2 * target)[0, vastus]
        assert 0.0 < led < 1.0
    assert drive[0] > drive[1] + 0.05 and drive[1] > drive[2] + 0.05


def test_closed_loop_is_open_loop_at_the_same_lengths(dynamometer) -> None:
    """Bit for bit: the pools see the lengths at the start of the last physics step."""
    body, pools, simulation = dynamometer
    reading = simulation.reset(seated(body, 0.8), seeds=[3])
    state, coupling = kernel.init(pools, 1, [3]), independent.coupling(pools)
    expected = rate_model.init(pools, 1, block_s=0.004, horizon_s=0.02)
    length_m = reading.muscle_length_m
    before = np.zeros((1, len(body.muscles)))
    rng = np.random.default_rng(1)
    lengths = []
    for _ in range(20):
        drive = rng.uniform(0.1, 0.6, before.shape)
        block = simulation.advance(drive)
        ticks = discharge.drive_ramp(before, drive, TICKS_PER_BLOCK)
        lengths.append(normalised_length(body.muscle_parameters, length_m))
        state, out = kernel.advance(pools, coupling, state, ticks, fibre_length=lengths[-1])
        expected = rate_model.advance(pools, expected, ticks.mean(axis=1), fibre_length=lengths[-1])
        np.testing.assert_array_equal(out.active_state, block.active_state)
        length_m, before = block.muscle_length_m[:, -1], drive
    np.testing.assert_array_equal(
        rate_model.active_state(pools, expected), simulation.expected_active_state()
    )
    np.testing.assert_array_equal(rate_model.bounds(pools, expected), simulation.bounds())
    assert np.ptp(lengths, axis=0).max() > 1e-4  # lengths did change
