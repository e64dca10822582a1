"""Running sums of units against the same spikes looked at as a whole."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neurocoord import synchrony, trial
from neurocoord.analysis import running, spikes
from neurocoord.motorunits import kernel, published, trains
from neurocoord.motorunits.input_noise import input_noise, kinds
from neurocoord.tasks import TASKS


def summed(raster, blocks):
    sums, start = running.start(raster.shape[1], 0), 0
    for n in blocks:
        running.add_spikes(sums, raster[start : start + n], start, 0.001)
        start += n
    return sums


def direct(train):
    """Rate (1/s) and CV of one train of ticks, intervals over 250 ms left out."""
    isi = np.diff(train).astype(float)
    kept = isi <= 250
    pairs = kept[1:] & kept[:-1]
    rate = 1000.0 / isi[kept].mean() if kept.any() else np.nan
    steps = np.diff(isi)[pairs]
    cv = np.sqrt(0.5 * np.mean(steps**2)) * rate / 1000 if pairs.any() else np.nan
    return train.size, rate, cv


@given(
    seed=st.integers(0, 10_000),
    share=st.sampled_from([0.0, 0.001, 0.02, 0.3, 1.0]),
    blocks=st.lists(st.integers(1, 400), min_size=1, max_size=8),
)
@settings(deadline=None)
def test_any_blocks_give_what_the_whole_gives(seed, share, blocks) -> None:
    raster = (np.random.default_rng(seed).random((sum(blocks), 5)) < share).astype(np.uint8)
    found = running.discharge(summed(raster, blocks), 0.001)
    for unit in range(5):
        n, rate, cv = direct(np.flatnonzero(raster[:, unit]))
        assert found.n_spikes[unit] == n
        assert found.discharge_rate_hz[unit] == pytest.approx(rate, rel=1e-12, nan_ok=True)
        assert found.isi_cv[unit] == pytest.approx(cv, rel=1e-9, abs=1e-12, nan_ok=True)


def discharge_at(drive, seconds=20):
    pool = published.fuglevand_1993(60, isi_cv=0.17)
    coupling = synchrony.strategy("independent")(pool)
    ticks = np.full((1, seconds * 1000, 1), 1.0) * np.asarray(drive).reshape(1, -1, 1)
    _, out = kernel.advance(pool, coupling, kernel.init(pool, 1, 5), ticks, record_spikes=True)
    return out.spikes[0]


def test_held_drive_gives_rate_and_cv_as_of_whole_trains() -> None:
    raster = discharge_at(0.5)
    found = running.discharge(summed(raster, [20_000]), 0.001)
    whole = spikes.discharge(trains.from_raster(raster), longest_interval_s=0.25)
    np.testing.assert_allclose(found.discharge_rate_hz, whole.discharge_rate_hz, rtol=1e-12)
    fired = found.n_spikes > 50
    assert found.isi_cv[fired].mean() == pytest.approx(0.17, rel=0.03)
    assert found.isi_cv[fired].mean() == pytest.approx(whole.isi_cv[fired].mean(), rel=0.02)


def test_slow_changes_of_drive_do_not_count_as_variability() -> None:
    raster = discharge_at(np.linspace(0.3, 1.0, 20_000))
    found = running.discharge(summed(raster, [20_000]), 0.001)
    whole = spikes.discharge(trains.from_raster(raster), longest_interval_s=0.25)
    low = slice(0, 30)
    assert found.isi_cv[low].mean() == pytest.approx(0.17, rel=0.05)
    assert whole.isi_cv[low].mean() > 0.24


@pytest.mark.parametrize("scope", ["pool", "synergists", "body"])
@pytest.mark.parametrize("name", sorted(synchrony.STRATEGIES))
def test_input_noise_has_the_same_variance_at_every_setting(name, scope) -> None:
    """Over many environments, whose noises are independent: 1 within four standard errors."""
    if name == "staggered" and scope != "pool":
        return
    pools = published.body_pools([6, 5, 7, 4], 0.5, rhythm_noise=[0.1, 0.0, 0.25, 0.2])
    coupling = synchrony.strategy(name)(pools, strength=0.7, scope=scope, groups=[0, 0, 1, 1])
    n_env = 1000
    state = kernel.init(pools, n_env, 9)
    assert kinds(pools) == ("drive", "rhythm")
    for n_tick in (1, 3, 5):  # on a knot and between knots
        state, _ = kernel.advance(pools, coupling, state, np.full((n_env, n_tick, 4), 0.3))
    noise = input_noise(pools, coupling, state)
    variance = (noise**2).mean(axis=0)
    without = slice(6, 11)
    assert np.all(variance[1, without] == 0.0)
    variance[1, without] = 1.0
    error = np.sqrt(2.0 / n_env)
    w = (int(state.tick[0]) % 8) / 8  # straight lines between knots have less: 1 on average only
    assert 0.0 <= w < 1.0
    assert np.all(np.abs(variance - 1.0) < 4.5 * error + 0.1)


def test_input_noise_is_what_the_coupling_shares() -> None:
    pools = published.body_pools([3, 3, 3], 0.5)
    state = kernel.init(pools, 400, 2)
    for strength in (0.0, 0.6, 1.0):
        coupling = synchrony.strategy("common_drive")(
            pools, strength=strength, scope="synergists", groups=[4, 4, 1]
        )
        slow = input_noise(pools, coupling, state)[:, 0]
        r = np.corrcoef(slow.T)
        together = np.kron([[1, 1, 0], [1, 1, 0], [0, 0, 1]], np.ones((3, 3))) > 0
        others = together & ~np.eye(9, dtype=bool)
        assert r[others].mean() == pytest.approx(strength, abs=0.06)
        assert np.abs(r[~together].mean()) < 0.06


def test_pools_without_noise_have_none_to_tell() -> None:
    pool = published.fuglevand_1993(5)
    coupling = synchrony.strategy("independent")(pool)
    state = kernel.init(pool, 2)
    assert input_noise(pool, coupling, state).shape == (2, 0, 5)
    found = running.measures(running.discharge(running.start(5, 0), 0.001))
    assert found["recruited_units"] == 0 and np.isnan(found["input_noise_variance"])


def test_a_trial_reports_its_units_in_every_task() -> None:
    done = trial.run(
        trial.TrialConfig(seconds=0.5, task="crawl", pools=trial.Pools(n_units=15), seed=2)
    )
    assert set(running.MEASURES) <= set(done.measures) <= set(done.units)
    assert done.measures["recruited_units"] == np.count_nonzero(done.discharge.n_spikes)
    assert done.first_unit[-1] == done.discharge.n_spikes.size == 15 * 142
    assert 0.15 < done.measures["isi_cv"] < 0.8
    assert 8.0 < done.measures["discharge_rate_hz"] < 35.0
    assert done.measures["input_noise_variance"] == pytest.approx(1.0, abs=0.1)
    for task in TASKS:
        assert set(running.MEASURES) < set(trial.measures_of(task))
