"""Amplitude, envelope and cancellation of EMG."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neurocoord.analysis import emg as measures
from neurocoord.motorunits import emg, published


def test_amplitudes_of_a_sine() -> None:
    t = np.arange(2000) * 0.0005
    wave = np.stack([np.sin(2 * np.pi * 40 * t), 3 * np.sin(2 * np.pi * 25 * t)], axis=1)
    np.testing.assert_allclose(
        measures.average_rectified_value(wave), [2 / np.pi, 6 / np.pi], rtol=3e-3
    )
    np.testing.assert_allclose(
        measures.root_mean_square(wave), [np.sqrt(0.5), 3 * np.sqrt(0.5)], rtol=1e-3
    )
    assert measures.root_mean_square(wave[:, 0]).shape == ()


def test_the_envelope_follows_amplitude_without_lag() -> None:
    rng = np.random.default_rng(0)
    t = np.arange(20_000) * 0.001
    level = 1.0 + 0.5 * np.sin(2 * np.pi * 0.4 * t)
    found = measures.envelope(level * rng.choice([-1.0, 1.0], t.size), 0.001)
    np.testing.assert_allclose(found[500:-500], level[500:-500], rtol=0.02)


def test_the_envelope_halves_at_its_cutoff() -> None:
    t = np.arange(60_000) * 0.001
    for cutoff in (3.0, 11.0):
        given = 1.0 + np.sin(2 * np.pi * cutoff * t)
        found = measures.envelope(given, 0.001, cutoff_hz=cutoff)[5000:-5000]
        assert np.ptp(found) / np.ptp(given) == pytest.approx(0.5, rel=0.01)


def test_cancellation_between_none_and_all() -> None:
    pool = published.fuglevand_1993(2, twitch_range=1.0001)
    p = emg.potentials(pool, depth_exponent=0.0, duration_s=0.010)
    apart, opposed = np.zeros((60, 2), int), np.zeros((60, 2), int)
    apart[[5, 30], [0, 1]] = 1
    opposed[[5, 10], [0, 1]] = 1  # half a potential later: the phases meet with opposite sign
    lost = [
        measures.amplitude_cancellation(emg.emg(s, p), emg.emg_without_cancellation(s, p))
        for s in (apart, opposed)
    ]
    assert lost[0] == pytest.approx([0.0], abs=1e-12)
    assert 0.3 < lost[1][0] < 0.6
    nothing = np.zeros((60, 2), int)
    silent = measures.amplitude_cancellation(
        emg.emg(nothing, p), emg.emg_without_cancellation(nothing, p)
    )
    assert np.isnan(silent).all()


@settings(deadline=None, max_examples=40)
@given(st.data())
def test_bad_records_are_refused_and_left_as_they_are(data) -> None:
    record = np.sin(np.arange(50.0))
    where = data.draw(st.integers(0, 49))
    record[where] = data.draw(st.sampled_from([np.nan, np.inf, -np.inf]))
    before = record.copy()
    for function in (
        measures.average_rectified_value,
        measures.root_mean_square,
        lambda r: measures.envelope(r, 0.001),
        lambda r: measures.amplitude_cancellation(r, np.ones(50)),
    ):
        with pytest.raises(ValueError, match="emg holds NaN or infinity"):
            function(record)
    np.testing.assert_array_equal(record, before)


@pytest.mark.parametrize(
    ("change", "name"),
    [
        ({"tick_s": 0.0}, "tick_s"),
        ({"tick_s": float("nan")}, "tick_s"),
        ({"cutoff_hz": 0.0}, "cutoff_hz"),
        ({"cutoff_hz": 500.0}, "cutoff_hz"),
        ({"cutoff_hz": float("nan")}, "cutoff_hz"),
        ({"order": 0}, "order"),
        ({"order": 1.5}, "order"),
    ],
)
def test_bad_filters_are_named(change: dict, name: str) -> None:
    with pytest.raises(ValueError, match=f"{name} is"):
        measures.envelope(np.ones(40), **{"tick_s": 0.001, **change})


def test_records_that_do_not_match_are_named() -> None:
    with pytest.raises(ValueError, match="without_cancellation has shape"):
        measures.amplitude_cancellation(np.ones(5), np.ones(6))
    with pytest.raises(ValueError, match="below 0"):
        measures.amplitude_cancellation(np.ones(5), -np.ones(5))
    for short in (1.0, [1.0]):
        with pytest.raises(ValueError, match="emg has shape"):
            measures.average_rectified_value(short)
