"""Coherence: equal to scipy's, its limits held, and what is refused."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import signal

from neurocoord.analysis import coherence
from neurocoord.motorunits import trains


def _poisson(n_units, n_ticks=40_000, seed=0, rate=0.015) -> trains.SpikeTrains:
    return trains.from_raster(np.random.default_rng(seed).random((n_ticks, n_units)) < rate)


def _common(n_units, hz, n_ticks=40_000, seed=0, depth=0.6) -> trains.SpikeTrains:
    """Poisson trains whose rates share a rhythm at `hz`."""
    rng = np.random.default_rng(seed)
    rhythm = 1 + depth * np.sin(2 * np.pi * hz * np.arange(n_ticks) * 0.001)
    return trains.from_raster(rng.random((n_ticks, n_units)) < 0.02 * rhythm[:, None])


def test_it_is_scipys_coherence_of_disjoint_segments() -> None:
    rng = np.random.default_rng(1)
    x = rng.normal(size=(3, 7100))
    y = 0.5 * x + rng.normal(size=(3, 7100)) + 4.0
    found = coherence.coherence(x, y, 0.002, segment_s=0.7)
    frequency, expected = signal.coherence(x, y, fs=500.0, nperseg=350, noverlap=0)
    np.testing.assert_allclose(found.frequency_hz, frequency)
    np.testing.assert_allclose(found.coherence[:, 1:], expected[:, 1:], atol=1e-10)
    assert found.n_segments == 20
    assert found.limit_95 == pytest.approx(1 - 0.05 ** (1 / 19))


def test_pairs_are_coherences_of_their_trains() -> None:
    made = _poisson(4)
    pairs = np.array([[3, 1], [0, 2], [1, 2]])
    found = coherence.pair_coherence(made, pairs, segment_s=0.5)
    raster = trains.raster(made).astype(float)
    for row, (a, b) in enumerate(pairs):
        one = coherence.coherence(raster[:, a], raster[:, b], 0.001, segment_s=0.5)
        np.testing.assert_allclose(found.coherence[row, 1:], one.coherence[1:], atol=1e-12)
    assert found.limit_95 == one.limit_95


def test_five_per_cent_exceed_the_limits_without_association() -> None:
    rng = np.random.default_rng(2)
    x, y = rng.normal(size=(2, 150, 30_000))
    found = coherence.coherence(x, y, 0.001)
    above = np.mean(found.coherence[:, 1:] > found.limit_95)
    assert above == pytest.approx(0.05, abs=0.006)
    for band in coherence.BANDS_HZ:
        mean, limit = coherence.band_coherence(found, coherence.BANDS_HZ, band)
        assert mean.shape == (150,)
        assert np.mean(mean > limit) < 0.12
        assert np.mean(mean > 0.8 * limit) > 0.05
    pooled = coherence.pooled_coherence(_poisson(20))
    assert pooled.n_pairs == 190
    assert np.mean(pooled.z[1:] > pooled.limit_95) == pytest.approx(0.05, abs=0.04)
    one = coherence.pooled_coherence(_poisson(2))
    assert np.mean(one.z[1:] > one.limit_95) == pytest.approx(0.05, abs=0.03)


def test_a_common_rhythm_is_found_at_its_frequency() -> None:
    made = _common(12, hz=20, depth=0.3)
    pooled = coherence.pooled_coherence(made)
    assert pooled.frequency_hz[np.argmax(pooled.z)] == pytest.approx(20.0)
    assert pooled.z[20] > 1.3 * pooled.limit_95
    halves = coherence.cumulative_coherence(
        trains.select(made, np.arange(6)), trains.select(made, np.arange(6, 12))
    )
    assert halves.frequency_hz[np.argmax(halves.coherence[1:]) + 1] == pytest.approx(20.0)
    # Pooling units lifts coherence above that of a pair (Negro & Farina 2012).
    assert halves.coherence[20] > 3 * np.tanh(pooled.z[20] / np.sqrt(80)) ** 2
    np.testing.assert_allclose(
        pooled.coherence, np.tanh(pooled.z / np.sqrt(2 * pooled.n_segments)) ** 2
    )


def test_between_muscles_by_band() -> None:
    both = _common(16, hz=24)
    muscles = [
        trains.select(both, np.arange(8)),
        trains.select(both, np.arange(8, 16)),
        _poisson(8, seed=5),
    ]
    found = coherence.intermuscular_coherence(muscles)
    beta, gamma = found.band.index("beta"), found.band.index("gamma")
    assert found.coherence.shape == (3, 3, 4)
    np.testing.assert_allclose(found.coherence[0, 0], 1.0)
    np.testing.assert_allclose(found.coherence, found.coherence.transpose(1, 0, 2))
    assert found.coherence[0, 1, beta] > 1.3 * found.limit_95[beta]
    assert found.coherence[0, 1, gamma] < found.limit_95[gamma]
    assert np.all(found.coherence[0, 2] < 1.3 * found.limit_95)
    narrow = coherence.intermuscular_coherence(muscles, bands_hz={"mine": (23.0, 25.0)})
    assert narrow.coherence[0, 1, 0] > found.coherence[0, 1, beta]


def test_drive_to_force_falls_beyond_the_muscles_band() -> None:
    rng = np.random.default_rng(6)
    drive = rng.normal(size=60_000)
    slow = signal.sosfilt(signal.butter(2, 5.0, fs=1000, output="sos"), drive)
    force = slow + 0.05 * rng.normal(size=drive.size)
    found = coherence.coherence(drive, force, 0.001)
    assert found.coherence[3] > 0.8
    assert found.coherence[100] < found.limit_95 + 0.05


def test_a_constant_signal_has_no_coherence() -> None:
    found = coherence.coherence(np.ones(4000), np.random.default_rng(0).normal(size=4000), 0.001)
    assert np.isnan(found.coherence).all()
    silent = trains.from_ticks([np.arange(0, 4000, 90), [], np.arange(5, 4000, 77)], 4000)
    assert np.isnan(coherence.pair_coherence(silent, [[0, 1]]).coherence).all()
    assert coherence.pooled_coherence(silent).n_pairs == 1
    with pytest.raises(ValueError, match="pairs holds no pair"):
        coherence.pooled_coherence(silent, [[0, 1]])


@settings(max_examples=30, deadline=None)
@given(
    st.one_of(st.floats(max_value=0.003), st.floats(min_value=2.1), st.just(np.nan)),
    st.one_of(st.floats(max_value=0.0), st.just(np.nan), st.just(np.inf)),
)
def test_bad_segments_and_ticks_are_named(segment_s, tick_s) -> None:
    made, x = _poisson(2, 4000), np.zeros(4000)
    for call in (
        lambda: coherence.coherence(x, x, 0.001, segment_s=segment_s),
        lambda: coherence.pair_coherence(made, segment_s=segment_s),
        lambda: coherence.pooled_coherence(made, segment_s=segment_s),
        lambda: coherence.cumulative_coherence(made, made, segment_s=segment_s),
        lambda: coherence.intermuscular_coherence([made, made], segment_s=segment_s),
    ):
        with pytest.raises(ValueError, match="segment_s"):
            call()
    with pytest.raises(ValueError, match="tick_s"):
        coherence.coherence(x, x, tick_s)


@given(st.sampled_from([np.nan, np.inf, -np.inf]), st.integers(0, 99))
def test_bad_signals_are_named_and_left_alone(value, at) -> None:
    bad, good = np.zeros(100), np.zeros(100)
    bad[at] = value
    before = bad.copy()
    with pytest.raises(ValueError, match="first"):
        coherence.coherence(bad, good, 0.001, segment_s=0.01)
    with pytest.raises(ValueError, match="second"):
        coherence.coherence(good, bad, 0.001, segment_s=0.01)
    np.testing.assert_array_equal(bad, before)


def test_what_else_is_refused() -> None:
    made = _poisson(2, 4000)
    longer = _poisson(2, 5000)
    found = coherence.coherence(np.zeros(4000), np.zeros(4000), 0.001)
    for call, match in [
        (lambda: coherence.coherence(np.zeros(4000), np.zeros(4001), 0.001), "second has shape"),
        (lambda: coherence.cumulative_coherence(made, longer), "n_ticks"),
        (lambda: coherence.cumulative_coherence(made, made._replace(tick_s=0.002)), "tick_s"),
        (lambda: coherence.intermuscular_coherence([made]), "muscles holds 1"),
        (lambda: coherence.pair_coherence(made, [[0, 2]]), "pairs holds"),
        (lambda: coherence.limit_95(1), "n_segments"),
        (
            lambda: coherence.band_coherence(found, coherence.BANDS_HZ, "bta"),
            "allowed: .*did you mean 'beta'",
        ),
        (lambda: coherence.band_coherence(found, {"x": (3.2, 3.4)}, "x"), "bands_hz"),
        (lambda: coherence.band_coherence(found, {"x": (9.0, 3.0)}, "x"), "bands_hz"),
        (lambda: coherence.band_coherence(found, {"x": (np.nan, 3.0)}, "x"), "bands_hz"),
    ]:
        with pytest.raises(ValueError, match=match):
            call()
