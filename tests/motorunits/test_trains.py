"""Spike trains: ways in and out agree, and what does not hold together is refused."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neurocoord.motorunits import trains

N_TICKS = 60
TICKS = st.lists(
    st.lists(st.integers(0, N_TICKS - 1), unique=True).map(sorted), min_size=1, max_size=5
)


def _made(ticks, tick_s=0.002) -> trains.SpikeTrains:
    return trains.from_ticks([np.array(t, np.int64) for t in ticks], N_TICKS, tick_s)


def _same(a: trains.SpikeTrains, b: trains.SpikeTrains) -> bool:
    arrays = np.array_equal(a.tick, b.tick) and np.array_equal(a.first_spike, b.first_spike)
    return arrays and a.n_ticks == b.n_ticks and a.tick_s == pytest.approx(b.tick_s)


@given(TICKS)
def test_every_way_in_gives_the_same_record(ticks) -> None:
    made = trains.check(_made(ticks))
    raster = trains.raster(made)
    assert raster.shape == (N_TICKS, len(ticks))
    assert _same(made, trains.from_raster(raster, 0.002))
    assert _same(made, trains.from_raster(raster.astype(bool), 0.002))
    times = [np.array(t) * 0.002 + 0.0004 for t in ticks]  # off the tick by less than a half
    assert _same(made, trains.from_times_s(times, N_TICKS * 0.002, 0.002))
    by_hand = np.array([[int(k in t) for t in ticks] for k in range(N_TICKS)])
    np.testing.assert_array_equal(raster, by_hand)


@given(TICKS)
def test_counts_agree_with_the_raster(ticks) -> None:
    made = _made(ticks)
    raster = trains.raster(made)
    np.testing.assert_array_equal(trains.counts(made), raster.sum(axis=0))
    np.testing.assert_array_equal(trains.cumulative(made), raster.sum(axis=1, dtype=int))
    assert trains.cumulative(made).size == N_TICKS
    assert trains.n_units(made) == len(ticks)
    assert trains.duration_s(made) == pytest.approx(N_TICKS * 0.002)
    for unit, expected in enumerate(ticks):
        np.testing.assert_array_equal(trains.of_unit(made, unit), expected)
        np.testing.assert_array_equal(made.tick[trains.unit_of_spike(made) == unit], expected)


@given(TICKS, st.integers(0, N_TICKS - 2), st.data())
def test_select_and_crop_are_slices_of_the_raster(ticks, start, data) -> None:
    made = _made(ticks)
    stop = data.draw(st.integers(start + 1, N_TICKS))
    raster = trains.raster(made)
    cropped = trains.check(trains.crop(made, start, stop))
    np.testing.assert_array_equal(trains.raster(cropped), raster[start:stop])
    units = data.draw(st.permutations(range(len(ticks))))[: data.draw(st.integers(0, len(ticks)))]
    chosen = trains.check(trains.select(made, np.array(units, int)))
    np.testing.assert_array_equal(trains.raster(chosen), raster[:, np.array(units, int)])


@settings(max_examples=30)
@given(TICKS)
def test_a_written_file_reads_back(ticks) -> None:
    import tempfile
    from pathlib import Path

    made = _made(ticks)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "spikes.csv"
        trains.write_csv(made, path)
        read = trains.read_csv(path, N_TICKS * 0.002, n_units=len(ticks), tick_s=0.002)
    assert _same(made, read)


def test_a_file_says_its_own_length_and_units(tmp_path) -> None:
    path = tmp_path / "spikes.csv"
    path.write_text("time_s,muscle,unit\n0.0104,FDI,2\n0.002,FDI,0\n\n0.0208,FDI,2\n")
    read = trains.read_csv(path)
    assert (read.n_ticks, trains.n_units(read)) == (22, 3)
    np.testing.assert_array_equal(trains.counts(read), [1, 0, 2])
    np.testing.assert_array_equal(read.tick, [2, 10, 21])


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("", "line 1: header must name unit, time_s"),
        ("0,0.1\n", "line 1: header"),
        ("unit,time\n0,0.1\n", "line 1: header"),
        ("unit,time_s\n0,0.1\n0.5,0.2\n", "line 3: unit must be a whole number"),
        ("unit,time_s\n-1,0.1\n", "line 2: unit"),
        ("unit,time_s\n0,nan\n", "line 2: time_s"),
        ("unit,time_s\n0,-0.1\n", "line 2: time_s"),
        ("unit,time_s\n0,\n", "line 2: time_s"),
        ("unit,time_s\n0\n", "line 2: 1 columns"),
        ("unit,time_s\n0,0.2\n1,0.1\n0,0.1\n", "line 4: time_s of unit 0"),
        ("unit,time_s\n0,0.2\n0,0.2004\n", "line 3: time_s of unit 0"),
        ("unit,time_s\n0,0.2\n0,1.2\n", "line 3: time_s is 1.2, beyond duration_s"),
        ("unit,time_s\n0,0.2\n7,0.2\n", "line 3: unit must be below n_units"),
    ],
)
def test_a_bad_file_is_refused_by_line(text, match, tmp_path) -> None:
    path = tmp_path / "spikes.csv"
    path.write_text(text)
    with pytest.raises(ValueError, match=match):
        trains.read_csv(path, 1.0, n_units=3)


def test_an_empty_file_needs_a_duration(tmp_path) -> None:
    path = tmp_path / "spikes.csv"
    path.write_text("unit,time_s\n")
    with pytest.raises(ValueError, match="duration_s"):
        trains.read_csv(path)
    assert trains.n_units(trains.read_csv(path, 2.0, n_units=4)) == 4


@given(TICKS.filter(lambda t: len(t[0]) > 1), st.sampled_from(["swap", "repeat", "low", "high"]))
def test_bad_ticks_are_refused_and_left_alone(ticks, fault) -> None:
    bad = np.array(ticks[0])
    if fault == "swap":
        bad[[0, 1]] = bad[[1, 0]]
    elif fault == "repeat":
        bad[1] = bad[0]
    else:
        bad[0 if fault == "low" else -1] = -3 if fault == "low" else N_TICKS
    before = bad.copy()
    others = [np.array(t, np.int64) for t in ticks[1:]]
    with pytest.raises(ValueError, match="ticks of unit 0"):
        trains.from_ticks([bad, *others], N_TICKS)
    with pytest.raises(ValueError, match=r"times_s of unit 0"):
        trains.from_times_s([bad * 0.002, *others], (N_TICKS - 1) * 0.002, 0.002)
    flat = np.concatenate([bad, *others])
    first = np.cumsum([0, bad.size, *(len(t) for t in ticks[1:])])
    with pytest.raises(ValueError, match="tick"):
        trains.check(trains.SpikeTrains(flat, first, N_TICKS, 0.001))
    np.testing.assert_array_equal(bad, before)


@given(st.one_of(st.floats(max_value=0.0), st.just(np.nan), st.just(np.inf)))
def test_bad_ticks_and_durations_are_named(value) -> None:
    with pytest.raises(ValueError, match="tick_s"):
        trains.from_ticks([[1, 2]], 10, value)
    with pytest.raises(ValueError, match="tick_s"):
        trains.from_raster(np.zeros((3, 1)), value)
    with pytest.raises(ValueError, match="duration_s"):
        trains.from_times_s([[0.001]], value)
    made = _made([[1, 2]])._replace(tick_s=value)
    with pytest.raises(ValueError, match="tick_s"):
        trains.check(made)


@pytest.mark.parametrize(
    ("call", "match"),
    [
        (lambda: trains.from_raster(np.zeros(4)), "raster has shape"),
        (lambda: trains.from_raster(np.full((4, 2), 2)), "raster holds 2"),
        (lambda: trains.from_raster(np.full((4, 2), np.nan)), "raster holds nan"),
        (lambda: trains.from_ticks([[0.5]], 10), "whole numbers"),
        (lambda: trains.from_ticks([[[1]]], 10), r"shape \(1, 1\)"),
        (lambda: trains.from_ticks([[1]], 0), "n_ticks"),
        (lambda: trains.from_ticks([[1]], True), "n_ticks"),
        (lambda: trains.from_times_s([[np.nan]], 1.0), "NaN"),
        (lambda: trains.from_times_s([[0.1001, 0.1004]], 1.0), "one tick"),
        (lambda: trains.from_times_s([["0.1"]], 1.0), "real"),
        (lambda: trains.of_unit(_made([[1], [2]]), 2), "unit is 2"),
        (lambda: trains.of_unit(_made([[1], [2]]), -1), "unit is -1"),
        (lambda: trains.select(_made([[1], [2]]), [0, 2]), "units"),
        (lambda: trains.select(_made([[1], [2]]), [-1]), "units"),
        (lambda: trains.select(_made([[1], [2]]), [1, 1]), "units"),
        (lambda: trains.select(_made([[1], [2]]), [0.0]), "units"),
        (lambda: trains.crop(_made([[1]]), 5, 5), "start_tick"),
        (lambda: trains.crop(_made([[1]]), 0, N_TICKS + 1), "stop_tick"),
        (lambda: trains.check(_made([[1]])._replace(first_spike=np.array([0, 2]))), "first_spike"),
        (lambda: trains.check(_made([[1]])._replace(first_spike=np.array(0))), "first_spike"),
        (lambda: trains.check(_made([[1]])._replace(tick=np.array([0.5]))), "tick has"),
        (lambda: trains.check(_made([[1]])._replace(n_ticks=1)), "tick holds 1"),
    ],
)
def test_what_else_is_refused(call, match) -> None:
    with pytest.raises(ValueError, match=match):
        call()


def test_the_last_half_tick_belongs_to_the_record() -> None:
    made = trains.from_times_s([[0.0, 0.0996]], 0.1)
    np.testing.assert_array_equal(made.tick, [0, 99])
    assert made.n_ticks == 100
