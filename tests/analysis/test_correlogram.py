"""Cross-correlogram and the indices of short-term synchrony."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neurocoord.analysis import correlogram
from neurocoord.motorunits import trains

N_TICKS = 400
TRAIN = st.lists(st.integers(0, N_TICKS - 1), unique=True, max_size=40).map(sorted)


def _made(*ticks, n_ticks=N_TICKS) -> trains.SpikeTrains:
    return trains.from_ticks([np.array(t, np.int64) for t in ticks], n_ticks)


@settings(max_examples=50, deadline=None)
@given(TRAIN, TRAIN, st.integers(1, 60))
def test_counts_are_the_differences(a, b, reach) -> None:
    found = correlogram.cross_correlogram(_made(a, b), [[0, 1]], reach_s=reach * 0.001)
    reference, event = (a, b) if len(a) <= len(b) else (b, a)
    lags = [e - r for r in reference for e in event if abs(e - r) <= reach]
    np.testing.assert_array_equal(
        found.counts[0], np.bincount(np.array(lags, int) + reach, minlength=2 * reach + 1)
    )
    assert found.reference[0] == (0 if len(a) <= len(b) else 1)
    assert (found.n_reference[0], found.n_event[0]) == (len(reference), len(event))
    np.testing.assert_allclose(found.lag_s, np.arange(-reach, reach + 1) * 0.001)


@settings(max_examples=50, deadline=None)
@given(TRAIN, TRAIN, st.integers(1, 3))
def test_recurrence_times_of_an_order(a, b, order) -> None:
    found = correlogram.cross_correlogram(_made(a, b), [[0, 1]], reach_s=0.05, order=order)
    reference, event = (a, b) if len(a) <= len(b) else (b, a)
    lags = []
    for r in reference:
        lags += [e - r for e in event if e >= r][:order]
        lags += [e - r for e in event if e < r][::-1][:order]
    lags = [lag for lag in lags if abs(lag) <= 50]
    np.testing.assert_array_equal(
        found.counts[0], np.bincount(np.array(lags, int) + 50, minlength=101)
    )


def _of_counts(counts, n_reference=500, n_event=800, duration_s=50.0):
    reach = (len(counts) - 1) // 2
    return correlogram.CrossCorrelogram(
        lag_s=np.arange(-reach, reach + 1) * 0.001,
        counts=np.array([counts]),
        reference=np.array([0]),
        n_reference=np.array([n_reference]),
        n_event=np.array([n_event]),
        duration_s=duration_s,
    )


def test_indices_of_a_drawn_peak() -> None:
    counts = np.tile([9, 11], 101)[:201]
    counts[100 - 2 : 100 + 5] = 40  # lags -2 .. 4 ms
    baseline = counts[np.abs(np.arange(-100, 101)) >= 60].mean()
    found = correlogram.synchrony_indices(_of_counts(counts))
    extra = 7 * (40 - baseline)
    assert found.is_significant[0]
    assert (found.peak_start_s[0], found.peak_stop_s[0]) == pytest.approx((-0.002, 0.004))
    assert found.cis_hz[0] == pytest.approx(extra / 50)
    assert found.k_prime[0] == pytest.approx(40 / baseline)
    assert found.e[0] == pytest.approx(extra / 500)
    assert found.s[0] == pytest.approx(extra / 1300)
    assert found.si[0] == pytest.approx(extra / (counts.sum() / 2))


def test_without_a_peak_the_window_is_ten_milliseconds() -> None:
    counts = np.tile([9, 11], 101)[:201]
    found = correlogram.synchrony_indices(_of_counts(counts))
    assert not found.is_significant[0]
    assert (found.peak_start_s[0], found.peak_stop_s[0]) == pytest.approx((-0.005, 0.005))
    assert abs(found.cis_hz[0]) < 0.03
    trough = counts.copy()
    trough[95:106] = 2
    found = correlogram.synchrony_indices(_of_counts(trough))
    assert not found.is_significant[0]
    assert found.cis_hz[0] < -1.5  # too few coincidences count as negative
    wide = correlogram.synchrony_indices(_of_counts(counts), default_peak_s=0.01)
    assert wide.peak_stop_s[0] == pytest.approx(0.01)


def test_silent_units_give_nan_and_no_warning(recwarn) -> None:
    found = correlogram.synchrony(_made([], [50, 90], [55, 100, 300]), [[0, 1], [1, 2]])
    assert np.isnan(found.e[0])
    assert np.isnan(found.k_prime[0])
    assert found.cis_hz[0] == 0
    assert not found.is_significant[0]
    assert not recwarn.list


def test_planted_coincidences_are_counted() -> None:
    rng = np.random.default_rng(8)
    n_ticks = 300_000
    shared = rng.random(n_ticks) < 0.001
    raster = (rng.random((n_ticks, 2)) < 0.008) | shared[:, None]
    found = correlogram.synchrony(trains.from_raster(raster))
    assert found.cis_hz[0] == pytest.approx(1.0, abs=0.2)
    assert found.is_significant[0]


@settings(max_examples=25, deadline=None)
@given(
    st.sampled_from(["fall", "negative", "beyond", "pair", "reach", "order"]),
    st.integers(2, 30),
)
def test_bad_input_is_refused_and_left_alone(fault, n) -> None:
    made = _made(np.arange(n), np.arange(n))
    tick = made.tick.copy()
    keywords = {"pairs": np.array([[0, 1]])}
    if fault == "fall":
        tick[[0, 1]] = tick[[1, 0]]
    elif fault == "negative":
        tick[0] = -n
    elif fault == "beyond":
        tick[n - 1] = N_TICKS + n
    elif fault == "pair":
        keywords["pairs"] = np.array([[0, n]])
    elif fault == "reach":
        keywords["reach_s"] = -0.001 * n
    else:
        keywords["order"] = -n
    kept = tick.copy()
    with pytest.raises(ValueError, match=r"tick|pairs|reach_s|order"):
        correlogram.cross_correlogram(made._replace(tick=tick), **keywords)
    np.testing.assert_array_equal(tick, kept)


@pytest.mark.parametrize(
    "keywords",
    [
        {"baseline_s": 0.1},
        {"baseline_s": np.nan},
        {"baseline_s": -0.06},
        {"default_peak_s": 0.0},
        {"default_peak_s": 0.07},
        {"default_peak_s": np.nan},
    ],
)
def test_bad_windows_are_named(keywords) -> None:
    with pytest.raises(ValueError, match="baseline_s"):
        correlogram.synchrony_indices(_of_counts(np.ones(201, int)), **keywords)


def test_bad_counts_are_named() -> None:
    for counts in (-np.ones(201), np.full(201, np.nan)):
        with pytest.raises(ValueError, match="counts"):
            correlogram.synchrony_indices(_of_counts(counts))
    with pytest.raises(ValueError, match="counts"):
        correlogram.synchrony_indices(_of_counts(np.ones(201))._replace(lag_s=np.zeros(3)))
