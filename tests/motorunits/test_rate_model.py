"""Expected state, bounds and inverse, against the spiking pool."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurocoord import synchrony
from neurocoord.motorunits import discharge, fatigue, kernel, published, rate_model

# Ratio of force SD to that of independent units at full dial, highest over drives (measured).
SD_RATIO = {
    "beta": 1.2,
    "common_drive": 1.4,
    "independent": 1.0,
    "short_term": 2.3,
    "staggered": 1.0,
}


@pytest.fixture(scope="module")
def pools():
    return published.body_pools([120, 60, 200], [0.5, 0.2, 0.8])


@pytest.mark.parametrize("target", [0.03, 0.1, 0.3, 0.6, 0.9])
def test_the_drive_of_inverse_holds_its_target(target) -> None:
    pool = published.body_pools([120], 0.5)
    drive = rate_model.inverse(pool, np.array([[target]]))
    n_env = 2
    state = kernel.init(pool, n_env, 4)
    held = np.broadcast_to(drive, (n_env, 11000, 1))
    _, output = kernel.advance(pool, synchrony.independent.coupling(pool), state, held)
    assert output.active_state[:, 1000:].mean() == pytest.approx(target, rel=0.02)


@given(st.floats(0.0, 1.0))
def test_forward_and_inverse_undo_each_other(target) -> None:
    pool = published.fuglevand_1993(30)
    drive = rate_model.inverse(pool, np.array([[target]]))
    assert rate_model.forward(pool, drive)[0, 0] == pytest.approx(target, abs=1e-12)


def test_the_unreachable_is_clipped_and_flagged(pools) -> None:
    wanted = np.array([[-0.5, 0.5, 1.5]])
    drive = rate_model.inverse(pools, wanted)
    assert drive[0, 0] == 0.0 and drive[0, 2] == 1.0 and 0 < drive[0, 1] < 1
    assert rate_model.is_reachable(pools, wanted).tolist() == [[False, True, False]]


def test_steps_may_be_split(pools) -> None:
    """Exact for held drive as soon as the lagging gain has settled (its step is approximate)."""
    drive = np.array([[0.3, 0.0, 0.9]])
    state = rate_model.init(pools)
    for _ in range(400):
        state = rate_model.advance(pools, state, drive)
    whole = rate_model.advance(pools, state, drive * 0, 0.02)
    halves = state
    for _ in range(5):
        halves = rate_model.advance(pools, halves, drive * 0)
    assert halves.tail == pytest.approx(whole.tail, rel=1e-12)
    assert halves.impulse == pytest.approx(whole.impulse, rel=1e-12)


def test_blocks_at_once_are_the_same_bits(pools) -> None:
    drives = np.random.default_rng(3).uniform(0.0, 1.0, (6, 2, 3))
    state = rate_model.init(pools, 2)
    together = rate_model.advance(pools, state, drives)
    alone = state
    for drive in drives:
        alone = rate_model.advance(pools, alone, drive)
    for name in ("tick", "slow_excitation", "impulse", "tail", "gain_rate_hz", "first_due"):
        np.testing.assert_array_equal(getattr(together, name), getattr(alone, name), name)


@pytest.mark.parametrize("at_once", [True, False])
def test_a_long_block_takes_all_its_slow_steps(at_once) -> None:
    """Half a second of full drive tires in one block, or in five at once, as in many."""
    n = 40
    rate = fatigue.fatigue_rate_per_s(n)
    pool = published.body_pools([n], 0.3, fatigue_rate_per_s=rate, recovery_rate_per_s=0.0)
    full = np.ones((1, 1))
    state = rate_model.init(pool)
    for _ in range(50):
        state = rate_model.advance(pool, state, full)
    many = state
    for _ in range(125):
        many = rate_model.advance(pool, many, full)
    blocks = np.ones((5, 1, 1)) if at_once else full
    few = rate_model.advance(pool, state, blocks, 0.1 if at_once else 0.5)
    assert few.tick == many.tick
    lost = 1.0 - many.slow.capacity
    assert lost.max() > 1e-4
    np.testing.assert_allclose(1.0 - few.slow.capacity, lost, rtol=0.05)


@pytest.mark.parametrize("n_threads", [2, 3, 8])
def test_bits_do_not_depend_on_threads(n_threads) -> None:
    """Of tiring pools too, whose slow steps are taken inside."""
    rate = fatigue.fatigue_rate_per_s(130)
    tires = published.body_pools([40, 20, 60, 10], 0.5, fatigue_rate_per_s=rate)
    drive = np.random.default_rng(3).uniform(size=(400, 2, 4))
    one = many = rate_model.init(tires, 2)
    one = rate_model.advance(tires, one, drive)
    many = rate_model.advance(tires, many, drive, n_threads=n_threads)
    for a, b in zip(one[:8], many[:8], strict=True):
        assert np.array_equal(a, b)
    for a, b in zip(one.slow, many.slow, strict=True):
        assert np.array_equal(a, b)
    assert one.tick.tolist() == [1600, 1600] and one.slow.capacity.min() < 1.0


def test_held_drive_settles_on_the_static_curve(pools) -> None:
    quiet = pools._replace(drive_noise_floor=np.zeros(3), drive_noise_slope=np.zeros(3))
    drive = np.array([[0.1, 0.4, 0.8]])
    state = rate_model.init(quiet)
    for _ in range(400):
        state = rate_model.advance(quiet, state, drive, out=state)
    static = rate_model.forward(pools, drive)
    assert rate_model.active_state(quiet, state) == pytest.approx(static, rel=0.01)


def test_bounds_are_no_drive_and_full_drive(pools) -> None:
    state = rate_model.init(pools, horizon_s=0.04)
    for _ in range(300):
        state = rate_model.advance(pools, state, np.full((1, 3), 0.4), out=state)
    low, high = rate_model.bounds(pools, state)
    silent = full = state
    for _ in range(10):
        silent = rate_model.advance(pools, silent, np.zeros((1, 3)))
        full = rate_model.advance(pools, full, np.ones((1, 3)))
    assert low == pytest.approx(rate_model.active_state(pools, silent), rel=1e-9)
    reached = rate_model.active_state(pools, full)
    assert high == pytest.approx(reached, rel=0.02)  # two instants for the lagging gain: 1.6 %
    again = rate_model.bounds(pools, rate_model.init(pools)._replace(**_carried(state)), 0.04)
    assert np.allclose(again, (low, high))


def _carried(state) -> dict:
    names = ("slow_excitation", "impulse", "tail", "gain_rate_hz", "first_due", "variance")
    return {name: getattr(state, name) for name in names}


def moving_drive(n_env: int, n_blocks: int, n_muscles: int) -> np.ndarray:
    """Bursts at gait frequency with faster corrections, as in crawling; [env, block, muscle]."""
    rng = np.random.default_rng(0)
    t = np.arange(n_blocks)[None, :, None] * 0.004
    phase = rng.uniform(0, 2 * np.pi, (4, n_env, 1, n_muscles))
    bursts = np.maximum(np.sin(2 * np.pi * 0.8 * t + phase[0]), 0.0) * 0.5
    fast = 0.15 * np.sin(2 * np.pi * 3.1 * t + phase[1]) + 0.1 * np.sin(
        2 * np.pi * 7 * t + phase[2]
    )
    return np.clip(bursts + fast + 0.1, 0.0, 1.0)


@pytest.mark.parametrize("name", sorted(synchrony.STRATEGIES))
def test_realised_states_lie_within_bounds(name) -> None:
    pools = published.body_pools([120] * 6, 0.5)
    coupling = synchrony.strategy(name)(pools)
    drive = moving_drive(2, 1000, 6)
    state = kernel.init(pools, 2, 3)
    expected = rate_model.init(pools, 2, track_spike_sd=True)
    ahead = {0.028: 7, 0.060: 15}
    inside: dict[float, list] = {h: [] for h in ahead}
    limits: dict[float, list] = {h: [] for h in ahead}
    realised, previous = [], np.zeros((2, 6))
    for block in range(drive.shape[1]):
        for horizon in ahead:
            limits[horizon].append(
                rate_model.bounds(pools, expected, horizon, spike_tolerance=SD_RATIO[name])
            )
        ticks = discharge.drive_ramp(previous, drive[:, block], 4)
        state, output = kernel.advance(pools, coupling, state, ticks, out=state)
        expected = rate_model.advance(pools, expected, ticks.mean(axis=1), out=expected)
        previous = drive[:, block]
        realised.append(output.active_state[:, -1])
    for horizon, blocks in ahead.items():
        for block in range(100, drive.shape[1] - blocks):
            low, high = limits[horizon][block]
            a = realised[block + blocks - 1]
            inside[horizon].append((low <= a) & (a <= high))
        assert np.mean(inside[horizon]) >= 0.95, horizon


def test_nothing_of_the_callers_is_changed(pools) -> None:
    state = rate_model.init(pools, 2)
    drive = np.full((2, 3), 0.5)
    kept = [a.copy() for a in (state.impulse, state.tail, state.gain_rate_hz, drive)]
    new = rate_model.advance(pools, state, drive)
    rate_model.bounds(pools, new)
    for a, b in zip(kept, (state.impulse, state.tail, state.gain_rate_hz, drive)):
        assert np.array_equal(a, b)
    target = rate_model.init(pools, 2)
    other = rate_model.advance(pools, state, drive, out=target)
    assert np.array_equal(other.tail, new.tail) and other.tail is target.tail


@given(st.one_of(st.floats(max_value=-1e-9), st.floats(min_value=1.0 + 1e-9), st.just(np.nan)))
def test_bad_drive_is_refused(value) -> None:
    pool = published.fuglevand_1993(4)
    with pytest.raises(ValueError, match="drive"):
        rate_model.advance(pool, rate_model.init(pool), np.array([[value]]))
    with pytest.raises(ValueError, match="drive"):
        rate_model.forward(pool, np.array([[value]]))


def test_other_bad_input_is_named() -> None:
    pool = published.fuglevand_1993(4)
    state = rate_model.init(pool)
    for call, name in (
        (lambda: rate_model.init(pool, 0), "n_env"),
        (lambda: rate_model.init(pool, horizon_s=0.0), "horizon_s"),
        (lambda: rate_model.bounds(pool, state, -1.0), "horizon_s"),
        (lambda: rate_model.bounds(pool, state, spike_tolerance=1.0), "track_spike_sd"),
        (lambda: rate_model.advance(pool, state, np.zeros((1, 2))), "drive"),
        (lambda: rate_model.advance(pool, state, np.zeros((1, 1)), np.nan), "duration_s"),
        (lambda: rate_model.inverse(pool, np.array([[np.nan]])), "active_state"),
        (lambda: rate_model.inverse(pool, np.zeros(3)), "active_state"),
    ):
        with pytest.raises(ValueError, match=name):
            call()
