"""Measures of spike trains: against counting by hand, against elephant, and what is refused."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neurocoord.analysis import spikes
from neurocoord.motorunits import trains
from neurocoord.validation import cutts_eglen_2014

N_TICKS = 200
TICKS = st.lists(
    st.lists(st.integers(0, N_TICKS - 1), unique=True, max_size=30).map(sorted),
    min_size=2,
    max_size=4,
)


def _made(ticks, tick_s=0.001) -> trains.SpikeTrains:
    return trains.from_ticks([np.array(t, np.int64) for t in ticks], N_TICKS, tick_s)


def _sttc_by_hand(a, b, window, n_ticks) -> float:
    """Cutts & Eglen 2014, spike by spike; T by ten points a tick over the record."""
    grid = (np.arange(10 * n_ticks) + 0.5) / 10

    def near(x, y):
        return np.mean([np.min(np.abs(np.array(y) - t)) <= window for t in x])

    def term(p, t):
        return 1.0 if p * t == 1 else (p - t) / (1 - p * t)

    return 0.5 * (term(near(a, b), near(grid, b)) + term(near(b, a), near(grid, a)))


@pytest.mark.parametrize("window_ms", cutts_eglen_2014.ELEPHANT)
def test_sttc_is_what_elephant_gave(window_ms) -> None:
    ours = spikes.sttc(cutts_eglen_2014.reference_trains(), window_s=window_ms * 0.001)
    np.testing.assert_allclose(ours, cutts_eglen_2014.ELEPHANT[window_ms], atol=1e-9, rtol=0)


def test_sttc_is_what_elephants_own_example_gives() -> None:
    """The trains and the value are those of elephant 1.2.1's docstring, at a tick of 10 us."""
    first_ms = [1.3, 7.56, 15.87, 28.23, 30.9, 34.2, 38.2, 43.2]
    second_ms = [1.02, 2.71, 18.82, 28.46, 28.79, 43.6]
    times_s = [np.array(t) / 1000 for t in (first_ms, second_ms)]
    made = trains.from_times_s(times_s, 0.05, tick_s=1e-5)
    assert spikes.sttc(made)[0] == pytest.approx(0.4958601655933762, abs=1e-9)


def _elephants(made: trains.SpikeTrains, window_ms: int) -> list[float]:
    """STTC of all pairs by elephant, from times in whole ms (the test is left out without it)."""
    pytest.importorskip("elephant")
    import neo
    import quantities as pq
    from elephant.spike_train_correlation import spike_time_tiling_coefficient

    theirs = [
        neo.SpikeTrain(
            trains.of_unit(made, unit).astype(float), units="ms", t_stop=float(made.n_ticks)
        )
        for unit in range(trains.n_units(made))
    ]
    window = window_ms * pq.ms
    return [
        float(spike_time_tiling_coefficient(theirs[a], theirs[b], dt=window))
        for a, b in spikes.all_pairs(len(theirs))
    ]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("window_ms", cutts_eglen_2014.ELEPHANT)
def test_elephant_still_gives_what_it_gave(window_ms) -> None:
    now = _elephants(cutts_eglen_2014.reference_trains(), window_ms)
    np.testing.assert_allclose(now, cutts_eglen_2014.ELEPHANT[window_ms], atol=1e-12, rtol=0)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("seed", range(4))
def test_sttc_is_elephants_now(seed) -> None:
    rng = np.random.default_rng(seed)
    n_ticks, window = 5000, int(rng.integers(1, 40))
    ticks = [np.sort(rng.choice(n_ticks, rng.integers(1, 400), replace=False)) for _ in range(4)]
    made = trains.from_ticks(ticks, n_ticks)
    ours = spikes.sttc(made, window_s=window * 0.001)
    np.testing.assert_allclose(ours, _elephants(made, window), atol=1e-9, rtol=0)


@settings(max_examples=25, deadline=None)
@given(TICKS, st.integers(1, 40))
def test_sttc_is_the_formula(ticks, window) -> None:
    made = _made(ticks, 0.002)
    found = spikes.sttc(made, window_s=window * 0.002)
    for (a, b), value in zip(spikes.all_pairs(len(ticks)), found):
        if ticks[a] and ticks[b]:
            assert value == pytest.approx(_sttc_by_hand(ticks[a], ticks[b], window, N_TICKS))
            assert -1.0 <= value <= 1.0
        else:
            assert np.isnan(value)


def test_sttc_of_a_train_with_itself_is_one_and_pairs_may_be_chosen() -> None:
    made = _made([[5, 60, 100], [5, 60, 100], [30, 150]])
    assert spikes.sttc(made, [[0, 1]])[0] == pytest.approx(1.0)
    every = spikes.sttc(made)
    np.testing.assert_array_equal(spikes.sttc(made, [[2, 0], [1, 2]]), every[[1, 2]])
    covered = _made([range(0, N_TICKS, 5), range(2, N_TICKS, 5)])
    assert spikes.sttc(covered, window_s=0.02)[0] == 1.0  # 0/0


@given(TICKS)
def test_discharge_is_what_numpy_says(ticks) -> None:
    found = spikes.discharge(_made(ticks, 0.002))
    np.testing.assert_array_equal(found.n_spikes, [len(t) for t in ticks])
    np.testing.assert_allclose(found.mean_rate_hz, [len(t) / (N_TICKS * 0.002) for t in ticks])
    for unit, train in enumerate(ticks):
        isi = np.diff(train) * 0.002
        if isi.size:
            assert found.isi_mean_s[unit] == pytest.approx(isi.mean())
            assert found.discharge_rate_hz[unit] == pytest.approx(1 / isi.mean())
        else:
            assert np.isnan(found.discharge_rate_hz[unit])
        if isi.size > 1:
            assert found.isi_cv[unit] == pytest.approx(isi.std(ddof=1) / isi.mean())
        else:
            assert np.isnan(found.isi_cv[unit])


def test_pauses_are_left_out() -> None:
    made = _made([[0, 10, 30, 130, 140]])
    found = spikes.discharge(made, longest_interval_s=0.02)
    assert found.isi_mean_s[0] == pytest.approx((10 + 20 + 10) / 3 * 0.001)
    assert found.n_spikes[0] == 5


def test_recruitment_speed_counts_first_spikes_only() -> None:
    ticks = [[20 + 4 * i, 100 + i] for i in range(20)] + [[]]
    made = _made([[3], *ticks], 0.002)  # unit 0 fires before the contraction only
    found = spikes.recruitment_speed(made, start_s=0.02)
    assert found.n_recruited == 20
    assert found.units_per_s == pytest.approx(1 / 0.008)
    assert found.middle_units_per_s == pytest.approx(1 / 0.008)
    assert found.first_spike_s[1] == pytest.approx(0.02)
    assert np.isnan(found.first_spike_s[[0, -1]]).all()
    straggler = _made([*ticks, [190]], 0.002)
    late = spikes.recruitment_speed(straggler)
    assert late.units_per_s < 0.6 / 0.008
    assert late.middle_units_per_s == pytest.approx(1 / 0.008)
    assert np.isnan(spikes.recruitment_speed(_made([[5], []])).units_per_s)
    assert spikes.recruitment_speed(_made([[5], [5]])).units_per_s == np.inf


def test_population_synchrony_is_covariance_over_variance() -> None:
    rng = np.random.default_rng(3)
    n_ticks, width = 40_000, 8
    raster = rng.random((n_ticks, 6)) < 0.02
    raster[rng.random(n_ticks) < 0.01, :4] = True
    made = trains.from_raster(raster)
    counts = raster.reshape(-1, width, 6).sum(axis=1)
    covariance = np.cov(counts.T, ddof=0)
    off = covariance[~np.eye(6, dtype=bool)].mean()
    expected = off / np.diag(covariance).mean()
    found = spikes.population_synchrony_index(made, bin_s=width * 0.001)
    assert found == pytest.approx(expected, abs=1e-12)
    silent = trains.from_raster(np.concatenate([raster, np.zeros((n_ticks, 2), bool)], axis=1))
    assert spikes.population_synchrony_index(silent, bin_s=0.008) == pytest.approx(expected)


def test_population_synchrony_at_its_ends() -> None:
    rng = np.random.default_rng(4)
    one = rng.random((50_000, 1)) < 0.01
    same = trains.from_raster(np.repeat(one, 10, axis=1))
    assert spikes.population_synchrony_index(same) == pytest.approx(1.0)
    apart = trains.from_raster(rng.random((50_000, 10)) < 0.01)
    assert abs(spikes.population_synchrony_index(apart)) < 0.005
    assert np.isnan(spikes.population_synchrony_index(_made([[5, 9], []])))


@settings(max_examples=25, deadline=None)
@given(TICKS, st.sampled_from(["fall", "negative", "beyond", "pair", "self", "shape"]))
def test_bad_trains_and_pairs_are_refused(ticks, fault) -> None:
    made = _made([[5, 9], *ticks])
    pairs = np.array([[0, 1]])
    tick = made.tick.copy()
    if fault == "fall":
        tick[[0, 1]] = tick[[1, 0]]
    elif fault == "negative":
        tick[0] = -1
    elif fault == "beyond":
        tick[1] = N_TICKS
    else:
        pairs = {"pair": np.array([[0, 9]]), "self": np.array([[1, 1]])}.get(fault, np.array([0]))
    bad, kept = made._replace(tick=tick), tick.copy()
    with pytest.raises(ValueError, match=r"tick|pairs"):
        spikes.sttc(bad, pairs)
    if fault in ("fall", "negative", "beyond"):
        for measure in (
            spikes.discharge,
            spikes.recruitment_speed,
            spikes.population_synchrony_index,
        ):
            with pytest.raises(ValueError, match="tick"):
                measure(bad)
    np.testing.assert_array_equal(tick, kept)


@given(st.one_of(st.floats(max_value=0.0), st.just(np.nan)))
def test_bad_numbers_are_named(value) -> None:
    made = _made([[5, 9], [7]])
    with pytest.raises(ValueError, match="window_s"):
        spikes.sttc(made, window_s=value)
    with pytest.raises(ValueError, match="bin_s"):
        spikes.population_synchrony_index(made, bin_s=value)
    with pytest.raises(ValueError, match="longest_interval_s"):
        spikes.discharge(made, longest_interval_s=value)
    if value != 0:
        with pytest.raises(ValueError, match="start_s"):
            spikes.recruitment_speed(made, start_s=value)
