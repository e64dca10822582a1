"""Bounds and inverse of the expected state against the spiking pools, with the options on."""

from itertools import product

import numpy as np
import pytest

from neurocoord import synchrony
from neurocoord.motorunits import discharge, kernel, orders, published, rate_model
from neurocoord.motorunits.parameters import n_muscles, replaced

# Ratio of force SD to that of independent units at full dial, highest over drives (measured).
SD_RATIO = {
    "beta": 1.2,
    "common_drive": 1.4,
    "independent": 1.0,
    "short_term": 2.3,
    "staggered": 1.0,
}
BLOCK_S = 0.004
HORIZONS_S = (0.028, 0.060)
OPTIONS = {
    "isi_cv_onset": 0.1,
    "isi_cv_decay": 0.03,
    "onset_gain_hz": 0.6,
    "onset_tau_s": 0.05,
    "doublet_share": 0.1,
    "refractory_s": 0.004,
    "fatigue_rate_per_s": 0.1,
    "recovery_rate_per_s": 0.05,
    "slowing": 0.4,
    "adaptation_share": 0.3,
    "adaptation_tau_s": 5.0,
    "pic_excitation": 1.5,
    "pic_tau_s": 0.3,
}
ORDERS = ("size", "reversed", "rotation")
HISTORY = {  # drive and seconds before the trial
    "rested": (),
    "half": ((0.8, 8.0), (0.35, 5.0)),
    "recovering": ((0.8, 8.0), (0.35, 5.0), (0.0, 4.0)),
}


def pools(order, ratio=0.0, n_units=80, muscles=2, **options):
    more = {"rotation_group": 5, "rotation_tau_s": 3.0} if order == "rotation" else {}
    made = published.body_pools(
        [n_units] * muscles, 0.5, twitch_tetanus_ratio=ratio, **options, **more
    )
    return orders.reversed_order(made) if order == "reversed" else made


def crawl_like(n_env, n_blocks, muscles):
    """Bursts at gait frequency with faster corrections; [env, block, muscle]."""
    rng = np.random.default_rng(5)
    t = np.arange(n_blocks)[None, :, None] * BLOCK_S
    phase = rng.uniform(0, 2 * np.pi, (3, n_env, 1, muscles))
    bursts = np.maximum(np.sin(2 * np.pi * 0.8 * t + phase[0]), 0.0) * 0.5
    fast = 0.15 * np.sin(2 * np.pi * 3.1 * t + phase[1])
    faster = 0.1 * np.sin(2 * np.pi * 7.0 * t + phase[2])
    return np.clip(bursts + fast + faster + 0.1, 0.0, 1.0)


def bang_bang(n_env, n_blocks, muscles):
    """All or nothing, for 60 to 300 ms each; [env, block, muscle]."""
    rng = np.random.default_rng(6)
    out = np.empty((n_env, n_blocks, muscles))
    for env, muscle in product(range(n_env), range(muscles)):
        start, on = 0, rng.random() < 0.5
        while start < n_blocks:
            stop = start + int(rng.integers(15, 75))
            out[env, start:stop, muscle] = on
            start, on = stop, not on
    return out


DRIVES = {"crawl-like": crawl_like, "bang-bang": bang_bang}


def hold(params, coupling, state, expected, history):
    """Both states after the drives of `history`, and the last drive."""
    shape, last = (state.tick.size, n_muscles(params)), 0.0
    for last, seconds in history:
        block = np.full((shape[0], 4, shape[1]), last)
        for _ in range(round(seconds / BLOCK_S)):
            state, _ = kernel.advance(params, coupling, state, block, out=state)
            expected = rate_model.advance(params, expected, block[:, 0], out=expected)
    return state, expected, np.full(shape, last)


def inside(params, name, drive, history=(), seed=3):
    """Share of realised states within the bounds of each horizon, from 0.2 s on."""
    coupling = synchrony.strategy(name)(params)
    n_env = drive.shape[0]
    state = kernel.init(params, n_env, seed)
    expected = rate_model.init(params, n_env, track_spike_sd=True)
    state, expected, before = hold(params, coupling, state, expected, history)
    low = np.empty((len(HORIZONS_S), *drive.shape))
    high, realised = np.empty_like(low), np.empty(drive.shape)
    for b in range(drive.shape[1]):
        for j, horizon_s in enumerate(HORIZONS_S):
            low[j, :, b], high[j, :, b] = rate_model.bounds(
                params, expected, horizon_s, spike_tolerance=SD_RATIO[name]
            )
        ticks = discharge.drive_ramp(before, drive[:, b], 4)
        state, output = kernel.advance(params, coupling, state, ticks, out=state)
        expected = rate_model.advance(params, expected, ticks.mean(axis=1), out=expected)
        before, realised[:, b] = drive[:, b], output.active_state[:, -1]
    shares = []
    for j, horizon_s in enumerate(HORIZONS_S):
        ahead = round(horizon_s / BLOCK_S) - 1
        a = realised[:, 50 + ahead :]
        stop = drive.shape[1] - ahead
        shares.append(np.mean((low[j, :, 50:stop] <= a) & (a <= high[j, :, 50:stop])))
        assert np.mean(high[j] - low[j]) < 1.8 + 0.5 * (horizon_s > 0.05)  # says something
    return shares


FEW = [
    ("beta", "size", "half"),
    ("common_drive", "rotation", "recovering"),
    ("independent", "reversed", "half"),
    ("short_term", "size", "rested"),
    ("staggered", "reversed", "rested"),
]


@pytest.mark.parametrize("kind", list(DRIVES))
@pytest.mark.parametrize("ratio", [0.0, 0.25])
@pytest.mark.parametrize(("name", "order", "level"), FEW)
def test_realised_states_lie_within_bounds(name, order, level, ratio, kind) -> None:
    params = pools(order, ratio, **OPTIONS)
    assert min(inside(params, name, DRIVES[kind](1, 400, 2), HISTORY[level])) >= 0.95


@pytest.mark.slow
@pytest.mark.parametrize("kind", list(DRIVES))
@pytest.mark.parametrize("ratio", [0.0, 0.25])
@pytest.mark.parametrize("level", list(HISTORY))
@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("name", sorted(SD_RATIO))
def test_realised_states_lie_within_bounds_everywhere(name, order, level, ratio, kind) -> None:
    params = pools(order, ratio, n_units=120, muscles=3, **OPTIONS)
    assert min(inside(params, name, DRIVES[kind](1, 800, 3), HISTORY[level])) >= 0.95


def test_a_bound_that_forgot_history_would_be_left() -> None:
    """The test above can fail: bounds of a pool that is taken for rested and silent."""
    params = pools("size", **OPTIONS)
    high = rate_model.bounds(params, rate_model.init(params, track_spike_sd=True), 0.028)[1]
    _, out = kernel.advance(
        params, synchrony.independent.coupling(params), kernel.init(params), np.ones((1, 300, 2))
    )
    assert np.all(out.active_state[0, -1] > high[0])


ONSETS = {
    "plain": {},
    "doublets": {"doublet_share": 0.5, "doublet_interval_s": 0.005},
    "onset": {"onset_gain_hz": 0.6, "onset_tau_s": 0.04},
}


@pytest.mark.parametrize("kind", list(ONSETS))
@pytest.mark.parametrize("ratio", [0.0, 0.25])
def test_expected_state_follows_an_onset(ratio, kind) -> None:
    """Full drive from silence: within 8 % of the spiking mean, or 2 % of the maximum."""
    params = pools("size", ratio, n_units=120, muscles=1, **ONSETS[kind])
    state = kernel.init(params, 20, 4)
    coupling = synchrony.independent.coupling(params)
    _, out = kernel.advance(params, coupling, state, np.ones((20, 120, 1)))
    spiking = out.active_state[:, 3::4, 0].mean(axis=0)
    expected, seen = rate_model.init(params), []
    for _ in range(30):
        expected = rate_model.advance(params, expected, np.ones((1, 1)), out=expected)
        seen.append(rate_model.active_state(params, expected)[0, 0])
    np.testing.assert_allclose(seen, spiking, rtol=0.08, atol=0.02)
    for horizon_s in HORIZONS_S:
        high = rate_model.bounds(params, rate_model.init(params), horizon_s)[1][0, 0]
        assert high > spiking[round(horizon_s / BLOCK_S) - 1] - 0.005  # the tolerance's floor


TARGETS = (0.05, 0.1, 0.3, 0.6, 0.9)


def mean_at_inverse(params, targets, history=(), seconds=24.0):
    """Mean active state over target, one environment each, and whether all are reachable.

    What has tired stays as it is while the target is held.
    """
    coupling = synchrony.independent.coupling(params)
    n = len(targets)
    state, expected, _ = hold(
        params, coupling, kernel.init(params, n, 8), rate_model.init(params, n), history
    )
    if history:
        params = replaced(params, fatigue_rate_per_s=1e-12, recovery_rate_per_s=0.0)
    wanted = np.array(targets)[:, None]
    drive = rate_model.inverse(params, wanted, expected)
    held = np.broadcast_to(drive[:, None], (n, round(seconds * 1000), 1))
    _, out = kernel.advance(params, coupling, state, held)
    reachable = rate_model.is_reachable(params, wanted, expected)[:, 0]
    return out.active_state[:, 1000:, 0].mean(axis=1) / targets, reachable


@pytest.mark.parametrize("ratio", [0.0, 0.25])
@pytest.mark.parametrize("order", ORDERS)
def test_the_drive_of_inverse_holds_its_target(order, ratio) -> None:
    params = pools(order, ratio, n_units=120, muscles=1)
    mean, reachable = mean_at_inverse(params, TARGETS)
    assert reachable.all()
    np.testing.assert_allclose(mean, 1.0, atol=0.02)


@pytest.mark.parametrize("ratio", [0.0, 0.25])
@pytest.mark.parametrize("order", ORDERS)
def test_and_after_fatigue(order, ratio) -> None:
    params = pools(order, ratio, 120, 1, fatigue_rate_per_s=0.06, slowing=0.4)
    mean, reachable = mean_at_inverse(params, (0.05, 0.1, 0.3, 0.5), [(0.7, 6.0)])
    assert reachable.all()
    np.testing.assert_allclose(mean, 1.0, atol=0.02)


@pytest.mark.parametrize("ratio", [0.0, 0.25])
def test_what_tired_pools_cannot_hold_is_flagged(ratio) -> None:
    params = pools("size", ratio, 120, 1, fatigue_rate_per_s=0.1, slowing=0.4)
    mean, reachable = mean_at_inverse(params, (0.2, 0.97), [(0.8, 8.0)])
    assert reachable.tolist() == [True, False]
    assert mean[1] < 0.95
    rested = rate_model.is_reachable(params, np.array([[0.97]]))
    assert rested.all()
