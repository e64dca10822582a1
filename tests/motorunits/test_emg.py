"""Surface EMG from spikes: potentials, sums, and sums without cancellation."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neurocoord.motorunits import emg, parameters, published, trains


@pytest.fixture(scope="module")
def pool():
    return published.fuglevand_1993(37, twitch_range=60.0)


def poisson(n_units: int, n_ticks: int, seed: int = 3) -> np.ndarray:
    return (np.random.default_rng(seed).random((n_ticks, n_units)) < 0.02).astype(np.uint8)


def test_the_sum_is_that_of_a_plain_loop(pool) -> None:
    two = parameters.concat([pool, published.fuglevand_1993(11)])
    p = emg.potentials(two, duration_s=[0.008, 0.0135], depth_exponent=1.7, seed=5)
    raster = poisson(48, 400)
    expected = np.zeros((400, 2))
    rectified = np.zeros((400, 2))
    for tick, unit in np.argwhere(raster):
        for k, value in enumerate(p.waveform[unit]):
            if tick + k < 400:
                expected[tick + k, int(unit >= 37)] += value
                rectified[tick + k, int(unit >= 37)] += abs(value)
    np.testing.assert_allclose(emg.emg(raster, p), expected, atol=1e-9)
    np.testing.assert_allclose(emg.emg_without_cancellation(raster, p), rectified, atol=1e-9)
    spikes = trains.from_raster(raster)
    np.testing.assert_array_equal(emg.emg(spikes, p), emg.emg(raster, p))


def test_potentials_are_biphasic_of_zero_mean_and_of_the_duration_given(pool) -> None:
    p = emg.potentials(pool, duration_s=0.0142)
    assert p.waveform.shape == (37, 15)
    np.testing.assert_allclose(p.waveform.sum(axis=1), 0.0, atol=1e-9)
    signs = np.sign(p.waveform[3])
    assert np.count_nonzero(np.diff(signs[signs != 0])) == 1
    fine = emg.potentials(pool, duration_s=0.010, tick_s=1e-4)
    np.testing.assert_allclose(np.abs(fine.waveform).max(axis=1), fine.amplitude, rtol=1e-2)
    per_unit = np.linspace(0.004, 0.02, 37)
    n_samples = (emg.potentials(pool, duration_s=per_unit).waveform != 0).sum(axis=1)
    assert np.all(np.abs(n_samples - 1000 * per_unit) <= 1.5)


def test_amplitude_follows_size_and_depth(pool) -> None:
    at_one_depth = emg.potentials(pool, depth_exponent=0.0)
    np.testing.assert_allclose(at_one_depth.amplitude, pool.twitch_force)
    equal = emg.potentials(pool, depth_exponent=0.0, amplitude_exponent=0.0)
    np.testing.assert_allclose(equal.amplitude, 1.0)
    deep = emg.potentials(pool, amplitude_exponent=0.0, depth_exponent=2.0, electrode_gap=0.3)
    assert np.array_equal(np.argsort(deep.amplitude), np.argsort(-deep.distance))
    np.testing.assert_allclose(deep.amplitude * deep.distance**2, 1.3**2)


def test_units_lie_evenly_over_the_muscle() -> None:
    many = published.fuglevand_1993(4000)
    distance = emg.potentials(many, electrode_gap=0.5).distance
    assert distance.min() >= 0.5 and distance.max() <= 2.5
    # Over a disc of radius 1 the mean squared distance from a point at 1.5 is 1.5^2 + 1/2.
    assert np.mean(distance**2) == pytest.approx(2.75, rel=0.02)


def test_depth_is_drawn_from_the_seed(pool) -> None:
    first, again, other = (emg.potentials(pool, seed=s).distance for s in (4, 4, 5))
    assert np.array_equal(first, again) and not np.array_equal(first, other)


def test_a_potential_is_cut_at_the_end_and_silence_is_zero(pool) -> None:
    p = emg.potentials(pool)
    raster = np.zeros((30, 37), np.uint8)
    assert not emg.emg(raster, p).any()
    raster[28, 2] = 1
    signal = emg.emg(raster, p)[:, 0]
    np.testing.assert_array_equal(signal[28:], p.waveform[2, :2])
    assert not signal[:28].any()


@settings(deadline=None, max_examples=40)
@given(
    st.sampled_from(
        ["duration_s", "amplitude_exponent", "depth_exponent", "electrode_gap", "tick_s"]
    ),
    st.sampled_from([-1.0, float("nan"), float("inf"), 0.0005 - 1.0]),
)
def test_bad_constants_are_refused_by_name(name: str, value: float) -> None:
    with pytest.raises(ValueError, match=name):
        emg.potentials(published.fuglevand_1993(5), **{name: value})


@settings(deadline=None, max_examples=40)
@given(st.data())
def test_bad_spikes_are_refused_and_left_as_they_are(data) -> None:
    p = emg.potentials(published.fuglevand_1993(5))
    raster = poisson(5, 500)
    kind = data.draw(
        st.sampled_from(["units", "counts", "negative", "nan", "flat", "tick", "fall"])
    )
    spikes = trains.from_raster(raster)
    bad = {
        "units": raster[:, :4],
        "counts": raster * np.uint8(3),
        "negative": -raster.astype(int),
        "nan": np.where(raster > 0, np.nan, 0.0),
        "flat": raster[0],
        "tick": spikes._replace(tick_s=0.002),
        "fall": spikes._replace(tick=spikes.tick[::-1].copy()),
    }[kind]
    before = np.array(bad.tick if isinstance(bad, trains.SpikeTrains) else bad)
    for function in (emg.emg, emg.emg_without_cancellation):
        with pytest.raises(ValueError):
            function(bad, p)
    after = np.array(bad.tick if isinstance(bad, trains.SpikeTrains) else bad)
    np.testing.assert_array_equal(before, after)


def test_a_wrong_shape_of_durations_is_named(pool) -> None:
    with pytest.raises(ValueError, match=r"duration_s has shape \(3,\)"):
        emg.potentials(pool, duration_s=[0.01, 0.01, 0.01])
    with pytest.raises(ValueError, match="seed"):
        emg.potentials(pool, seed=-1)
