"""Spectrum and tremor of force; endurance and economy."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurocoord.analysis import force, force_spectrum

TIME_S = np.arange(40_000) * 0.0005


def _sine(hz, amplitude) -> np.ndarray:
    return amplitude * np.sin(2 * np.pi * hz * TIME_S)


def test_power_is_variance() -> None:
    rng = np.random.default_rng(0)
    noise = rng.normal(size=(3, TIME_S.size)) * np.array([[1.0], [2.0], [5.0]]) + 100
    spectrum = force_spectrum.force_spectrum(noise, 0.0005)
    total = force_spectrum.band_power_n2(spectrum, (0.0, 1000.0))
    np.testing.assert_allclose(total, noise.var(axis=-1), rtol=0.05)


@pytest.mark.parametrize("segment_s", [1.0, 2.0, 4.0])
def test_a_sine_has_the_power_of_a_sine(segment_s) -> None:
    made = 30 + np.stack([_sine(10, 2.0), _sine(3, 4.0)])
    found = force_spectrum.tremor(made, 0.0005, segment_s=segment_s)
    np.testing.assert_allclose(found.power_n2, [2.0, 0.0], atol=0.02)
    np.testing.assert_allclose(found.share, [1.0, 0.0], atol=0.02)
    assert found.rms_n[0] == pytest.approx(np.sqrt(2.0), rel=0.01)
    assert found.peak_hz[0] == pytest.approx(10.0)
    slow = force_spectrum.tremor(made, 0.0005, band_hz=(1.0, 6.0), segment_s=segment_s)
    assert slow.power_n2[1] == pytest.approx(8.0, rel=0.01)


def test_bands_side_by_side_add_up() -> None:
    rng = np.random.default_rng(1)
    spectrum = force_spectrum.force_spectrum(rng.normal(size=TIME_S.size), 0.0005, segment_s=0.7)
    bands = [(0.0, 8.0), (8.0, 12.0), (12.0, 33.3), (33.3, float(spectrum.frequency_hz[-1]))]
    parts = sum(force_spectrum.band_power_n2(spectrum, band) for band in bands)
    whole = force_spectrum.band_power_n2(spectrum, (0.0, float(spectrum.frequency_hz[-1])))
    assert parts == pytest.approx(whole)


def test_a_constant_force_does_not_tremble() -> None:
    found = force_spectrum.tremor(np.full(5000, 20.0), 0.001)
    assert found.power_n2 == 0
    assert np.isnan(found.share)
    assert np.isnan(found.peak_hz)


@given(st.sampled_from([np.nan, np.inf, -np.inf]), st.integers(0, 4999))
def test_bad_force_is_refused_and_left_alone(value, at) -> None:
    bad = np.ones(5000)
    bad[at] = value
    before = bad.copy()
    for call in (
        lambda: force_spectrum.tremor(bad, 0.001),
        lambda: force.endurance_time_s(bad, 0.001, target_n=1.0, span_s=0.1),
        lambda: force.economy_n_s_per_j(bad, 0.001, 1.0),
    ):
        with pytest.raises(ValueError, match="force_n"):
            call()
    np.testing.assert_array_equal(bad, before)


@given(st.one_of(st.floats(max_value=0.0), st.just(np.nan)))
def test_bad_numbers_are_named(value) -> None:
    good = np.ones(5000)
    for call, name in [
        (lambda: force_spectrum.force_spectrum(good, value), "tick_s"),
        (lambda: force_spectrum.force_spectrum(good, 0.001, segment_s=value), "segment_s"),
        (lambda: force_spectrum.tremor(good, 0.001, band_hz=(8.0, value)), "band_hz"),
        (lambda: force.endurance_time_s(good, value, target_n=1.0, span_s=0.1), "tick_s"),
        (lambda: force.endurance_time_s(good, 0.001, target_n=value, span_s=0.1), "target_n"),
        (lambda: force.endurance_time_s(good, 0.001, target_n=1.0, span_s=value), "span_s"),
        (lambda: force.economy_n_s_per_j(good, value, 1.0), "tick_s"),
        (lambda: force.economy_n_s_per_j(good, 0.001, value), "energy_j"),
    ]:
        with pytest.raises(ValueError, match=name):
            call()


def test_bands_off_the_spectrum_are_refused() -> None:
    spectrum = force_spectrum.force_spectrum(TIME_S, 0.001, segment_s=0.2)
    for band in [(8.0, 800.0), (12.0, 8.0), (-1.0, 8.0)]:
        with pytest.raises(ValueError, match="band_hz"):
            force_spectrum.band_power_n2(spectrum, band)
    with pytest.raises(ValueError, match="span_s"):
        force.endurance_time_s(np.ones(50), 0.001, target_n=1.0, span_s=0.1)


def test_endurance_ends_where_the_failure_begins() -> None:
    held = np.full((3, 1000), 10.0)
    held[0, 400:450] = 8.0  # too short to count
    held[0, 600:] = 8.0
    held[1, 300:] = 9.4
    found = force.endurance_time_s(held, 0.01, target_n=9.5, span_s=1.0)
    np.testing.assert_allclose(found, [6.0, 3.0, np.nan])
    short = force.endurance_time_s(held, 0.01, target_n=9.5, span_s=0.5)
    np.testing.assert_allclose(short, [4.0, 3.0, np.nan])
    each = force.endurance_time_s(held, 0.01, target_n=[7.0, 9.3, 11.0], span_s=0.5)
    np.testing.assert_allclose(each, [np.nan, np.nan, 0.0])


def test_economy_is_impulse_over_energy() -> None:
    made = np.stack([np.full(2000, 30.0), np.full(2000, 60.0)])
    found = force.economy_n_s_per_j(made, 0.002, [24.0, 24.0])
    np.testing.assert_allclose(found, [5.0, 10.0])
    np.testing.assert_allclose(force.economy_n_s_per_j(made, 0.002, 12.0), [10.0, 20.0])
