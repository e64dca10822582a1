"""Force from given spike trains: the kernel's own force, and a plain sum of twitches."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neurocoord import synchrony
from neurocoord.motorunits import kernel, parameters, published, recorded, trains, twitch


@pytest.fixture(scope="module")
def pools():
    return parameters.concat(
        [published.fuglevand_1993(40, contraction_range=4.0), published.body_pools([25], 0.3)]
    )


def simulated(pools, drive: float, n_ticks: int = 1500):
    coupling = synchrony.strategy("short_term")(pools, strength=0.7)
    state = kernel.init(pools, 1, 11)
    drives = np.full((1, n_ticks, parameters.n_muscles(pools)), drive)
    _, output = kernel.advance(pools, coupling, state, drives, record_spikes=True)
    return output.spikes[0], output.active_state[0]


@pytest.mark.parametrize("drive", [0.1, 0.55, 1.0])
def test_spikes_of_the_kernel_give_its_force(pools, drive: float) -> None:
    spikes, active = simulated(pools, drive)
    found = recorded.force(spikes, pools)
    np.testing.assert_allclose(found.active_state, active, rtol=0, atol=1e-12)
    np.testing.assert_allclose(found.force, active * pools.max_force, rtol=1e-12)
    same = recorded.force(trains.from_raster(spikes), pools)
    np.testing.assert_array_equal(found.force, same.force)


def plain_sum(spikes: trains.SpikeTrains, pool) -> np.ndarray:
    """Eq 11 and 16-17 term by term."""
    time_s = np.arange(spikes.n_ticks) * spikes.tick_s
    total = np.zeros(spikes.n_ticks)
    for i in range(trains.n_units(spikes)):
        before = -np.inf
        for tick in trains.of_unit(spikes, i):
            at = tick * spikes.tick_s
            gain = twitch.gain(pool.contraction_time_s[i] / (at - before))
            total += gain * twitch.twitch(
                time_s - at, pool.twitch_force[i], pool.contraction_time_s[i]
            )
            before = at
    return total


@pytest.mark.parametrize("tick_s", [0.001, 0.0005, 0.004])
def test_it_is_the_sum_of_twitches_at_any_tick(tick_s: float) -> None:
    pool = published.fuglevand_1993(6, twitch_range=20.0)
    rng = np.random.default_rng(2)
    times = [np.sort(rng.uniform(0, 1, 12)) for _ in range(6)]
    ticks = [np.unique(np.rint(t / tick_s).astype(int)) for t in times]
    ticks[2] = ticks[2][:0]  # a silent unit
    spikes = trains.from_ticks(ticks, round(1.2 / tick_s), tick_s)
    found = recorded.force(spikes, pool, twitch_tetanus_ratio=0.0).force[:, 0]
    np.testing.assert_allclose(found, plain_sum(spikes, pool), atol=1e-9)


def test_a_saturating_unit_twitches_as_before_and_saturates() -> None:
    pool = published.fuglevand_1993(4, twitch_range=5.0)
    ratio = 0.25
    one = trains.from_ticks([[10], [], [], []], 600)
    alone = recorded.force(one, pool, twitch_tetanus_ratio=ratio).force[:, 0]
    assert alone.max() == pytest.approx(pool.twitch_force[0], rel=1e-3)
    tetanus = trains.from_ticks([[], np.arange(0, 2000, 4), [], []], 2000)
    held = recorded.force(tetanus, pool, twitch_tetanus_ratio=ratio).force[-500:, 0]
    assert held.mean() == pytest.approx(pool.twitch_force[1] / ratio, rel=1e-3)
    assert held.max() < pool.twitch_force[1] / ratio


def test_a_doublet_pays_with_a_saturating_unit_and_not_with_the_gain_of_1993() -> None:
    pool = published.fuglevand_1993(3)
    single = trains.from_ticks([[], [], [0]], 400)
    double = trains.from_ticks([[], [], [0, 4]], 400)
    share = {
        ratio: recorded.force(double, pool, twitch_tetanus_ratio=ratio).force.sum()
        / recorded.force(single, pool, twitch_tetanus_ratio=ratio).force.sum()
        for ratio in (0.0, 0.2)
    }
    assert share[0.0] < 1.6 < 1.8 < share[0.2] < 2.0


def test_full_drive_is_an_active_state_of_one_whatever_the_unit(pools) -> None:
    spikes, _ = simulated(pools, 1.0, 6000)
    for ratio in (None, 0.0, 0.15, 0.4):
        active = recorded.force(spikes, pools, twitch_tetanus_ratio=ratio).active_state
        np.testing.assert_allclose(active[1000:].mean(axis=0), 1.0, atol=0.02)


@pytest.mark.parametrize("ratio", [-0.1, 1.0, float("nan"), float("inf")])
def test_a_ratio_out_of_range_is_named(ratio: float) -> None:
    with pytest.raises(ValueError, match="twitch_tetanus_ratio"):
        recorded.force(
            np.zeros((5, 3), int), published.fuglevand_1993(3), twitch_tetanus_ratio=ratio
        )


@settings(deadline=None, max_examples=30)
@given(st.sampled_from(["units", "negative", "nan", "unsorted", "late", "flat"]))
def test_bad_spikes_are_refused_and_left_as_they_are(kind: str) -> None:
    pool = published.fuglevand_1993(3)
    good = trains.from_ticks([[1, 5], [2], [7]], 10)
    bad = {
        "units": np.zeros((10, 4), int),
        "negative": good._replace(tick=good.tick - 2),
        "nan": np.full((10, 3), np.nan),
        "unsorted": good._replace(tick=np.array([5, 1, 2, 7])),
        "late": good._replace(n_ticks=6),
        "flat": np.zeros(3, int),
    }[kind]
    before = [np.array(part) for part in bad]
    with pytest.raises(ValueError):
        recorded.force(bad, pool)
    for old, new in zip(before, bad):
        np.testing.assert_array_equal(old, np.array(new))
