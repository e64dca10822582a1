"""Synchrony against jittered surrogates: what they keep, what is found, what is not."""

import numpy as np
import pytest

from neurocoord.analysis import jitter
from neurocoord.motorunits import trains


def modulated(n_units: int, n_ticks: int = 6000, seed: int = 0, shared: float = 0.0):
    """Trains whose rates rise and fall together at 1 Hz, 0 to 40 imp/s; `shared`: the share of
    spikes that come from events which all units see, spread over 3 ms."""
    rng = np.random.default_rng(seed)
    rate = 0.02 * (1 + np.sin(2 * np.pi * np.arange(n_ticks) / 1000))
    fired = rng.random((n_ticks, n_units)) < (1 - shared) * rate[:, None]
    events = np.flatnonzero(rng.random(n_ticks - 4) < rate[: n_ticks - 4])
    for unit in range(n_units):
        seen = events[rng.random(events.size) < shared]
        fired[seen + rng.integers(0, 4, seen.size), unit] = True
    return trains.from_raster(fired)


def test_a_surrogate_keeps_every_count_in_every_window() -> None:
    made = modulated(7, n_ticks=5017)
    again = jitter.interval_jitter(made, np.random.default_rng(1), window_s=0.02)
    trains.check(again)  # rising inside a unit: no two spikes on one tick
    assert again.n_ticks == 5017 and not np.array_equal(again.tick, made.tick)
    for unit in range(7):
        of = [trains.of_unit(t, unit) // 20 for t in (made, again)]
        np.testing.assert_array_equal(*of)


def test_a_surrogate_is_uniform_over_the_sets_of_ticks_of_a_window() -> None:
    made = trains.from_ticks([[0, 1]], 4)  # two spikes in one window of four ticks: six sets
    rng = np.random.default_rng(0)
    sets = [
        tuple(jitter.interval_jitter(made, rng, window_s=0.004).tick.tolist()) for _ in range(3000)
    ]
    counts = np.array([sets.count(s) for s in sorted(set(sets))])
    assert counts.size == 6
    assert np.all(np.abs(counts - 500) < 4 * np.sqrt(500))


def test_coincidences_by_hand() -> None:
    made = trains.from_ticks([[0, 3, 50], [5, 52, 90], [50], [53]], 100)
    # units 0 and 1: 0-5, 3-5, 50-52; unit 2 with 0 and 1: 50-50, 50-52; not 0-3, of one unit
    assert jitter.coincidences(made, [0, 3, 4]).tolist() == [5, 0]
    assert jitter.coincidences(made, [0, 2, 4]).tolist() == [3, 1]
    assert jitter.coincidences(made).tolist() == [5 + 3]
    assert jitter.coincidences(made, within_s=0.0).tolist() == [1]


def test_the_movement_itself_is_not_called_synchrony() -> None:
    found = [
        jitter.excess(modulated(8, seed=seed), n_surrogates=60, seed=seed) for seed in range(60)
    ]
    p = np.array([one.body_p for one in found])
    assert np.mean(p <= 0.05) <= 0.05 + 3.5 * np.sqrt(0.05 * 0.95 / 60)
    assert np.mean([one.body_z for one in found]) == pytest.approx(0.0, abs=4 / np.sqrt(60))
    # while without taking the movement out it would be: the rates rise and fall together
    made = modulated(8)
    rates = trains.counts(made) / made.n_ticks
    by_chance = made.n_ticks * 11 * (rates.sum() ** 2 - (rates**2).sum()) / 2
    assert jitter.coincidences(made)[0] > 1.3 * by_chance


def test_shared_events_are_found_and_counted() -> None:
    both = trains.raster(modulated(10, seed=1)), trains.raster(modulated(10, seed=2, shared=0.3))
    made = trains.from_raster(np.concatenate(both, axis=1))
    found = jitter.excess(made, [0, 10, 20], n_surrogates=100)
    assert found.n_pairs.tolist() == [45, 45]
    assert found.p[0] > 0.01 and found.p[1] == pytest.approx(1 / 101)
    assert abs(found.z[0]) < 3.5 and found.z[1] > 4
    assert found.body_ratio > 1.02 and found.body_p == pytest.approx(1 / 101)
    # events 20 /s seen by two units with chance 0.09: 1.8 /s, of which about half are finer
    assert 0.35 < found.cis_hz[1] / 1.8 < 0.95
    alone = jitter.excess(trains.select(made, np.arange(10, 20)), n_surrogates=100)
    assert alone.coincidences[0] == found.coincidences[1]


def test_against_the_independent_run() -> None:
    free, bound = modulated(10, seed=3), modulated(10, seed=3, shared=0.25)
    runs = [jitter.excess(made, n_surrogates=60) for made in (free, bound)]
    over = jitter.over_independent(runs[1], runs[0])
    assert over.body_z > 2.5 and over.muscles_above == 1.0
    assert over.body_cis_hz == pytest.approx(runs[1].body_cis_hz - runs[0].body_cis_hz)
    same = jitter.over_independent(runs[0], runs[0])
    assert same.body_cis_hz == same.body_z == same.muscles_above == 0.0


def test_silent_muscles_give_nothing() -> None:
    made = trains.from_ticks([[10, 60], [11, 62], [], []], 100)
    found = jitter.excess(made, [0, 2, 4], n_surrogates=20)
    assert found.n_pairs.tolist() == [1, 0]
    none = jitter.excess(trains.select(made, [0, 1]), [0, 0, 2, 2], n_surrogates=20)
    assert none.n_pairs.tolist() == [0, 1, 0] and none.coincidences[1] == found.coincidences[0]
    assert jitter.coincidences(trains.select(made, [0, 1]), [0, 2, 2]).tolist() == [2, 0]
    assert np.isnan(found.cis_hz[1]) and np.isnan(found.z[1]) and found.p[1] == 1.0
    empty = jitter.excess(trains.from_ticks([[], []], 100), n_surrogates=5)
    assert np.isnan(empty.body_ratio) and empty.body_p == 1.0


def test_bad_input_is_named() -> None:
    made = modulated(3, n_ticks=500)
    with pytest.raises(ValueError, match="window_s is 0"):
        jitter.excess(made, window_s=0.0)
    with pytest.raises(ValueError, match="shorter than window_s"):
        jitter.excess(made, within_s=0.02)
    with pytest.raises(ValueError, match="n_surrogates is 1"):
        jitter.excess(made, n_surrogates=1)
    with pytest.raises(ValueError, match="first_unit must rise from 0 to 3"):
        jitter.excess(made, [0, 2])
    with pytest.raises(ValueError, match="too dense"):
        jitter.interval_jitter(trains.from_raster(np.ones((40, 1))), np.random.default_rng(0))
    with pytest.raises(ValueError, match="two runs of one body"):
        one = jitter.excess(made, n_surrogates=5)
        jitter.over_independent(one, jitter.excess(made, [0, 1, 3], n_surrogates=5))
