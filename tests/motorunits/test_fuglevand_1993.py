"""Fuglevand, Winter & Patla 1993 (J Neurophysiol 70:2470-2488): equations and published pool."""

import numpy as np
import pytest

from neurocoord import synchrony
from neurocoord.motorunits import discharge, kernel, published, rate_model, recruitment, twitch

# Worked out from the published equations (22 s at 1 kHz): share of E_max -> recruited units, force
# in % of the force at E_max, CV of force in % at isi_cv = 0.2.
REFERENCE = {
    0.1: (54, 3.6, 3.4),
    0.2: (79, 10.2, 3.0),
    0.5: (111, 42.9, 2.2),
    0.7: (120, 72.5, 1.9),
}


@pytest.fixture(scope="module")
def pool():
    return published.fuglevand_1993()


def test_thresholds_rates_and_twitches(pool) -> None:
    assert pool.recruitment_threshold[[0, -1]] == pytest.approx([30 ** (1 / 120), 30.0])
    assert pool.max_excitation[0] == pytest.approx(47.0)
    assert pool.peak_rate_hz[[0, -1]] == pytest.approx([35 - 10 * 30 ** (1 / 120) / 30, 25.0])
    assert pool.twitch_force[[0, -1]] == pytest.approx([100 ** (1 / 120), 100.0])
    assert pool.contraction_time_s[[0, -1]] == pytest.approx([0.0892, 0.030], abs=5e-5)
    assert pool.max_force[0] == pytest.approx(1.92e4, rel=0.01)


def test_equations_away_from_the_defaults() -> None:
    threshold = recruitment.recruitment_threshold(50, 70.0)
    assert threshold[24] == pytest.approx(70**0.5)
    peak = discharge.peak_rate_hz(threshold, 45.0, 10.0)
    assert peak[-1] == pytest.approx(35.0) and peak[24] == pytest.approx(45 - 10 / 70**0.5)
    rate = discharge.discharge_rate_hz(
        np.array([1.0, 10.0, 12.0, 90.0]),
        np.array(10.0),
        np.array(6.0),
        np.array(30.0),
        np.array(1.5),
    )
    assert rate == pytest.approx([0.0, 6.0, 9.0, 30.0])
    force = twitch.twitch_force(50, 30.0)
    time_s = twitch.contraction_time_s(force, 0.1, 30.0, 4.0)
    assert time_s[-1] == pytest.approx(0.025) and time_s[24] == pytest.approx(0.05)
    t = np.array([-0.01, 0.0, 0.05, 0.1, 0.3])
    assert twitch.twitch(t, 2.0, 0.05) == pytest.approx(
        [0.0, 0.0, 2.0, 4.0 * np.exp(-1), 12.0 * np.exp(-5)]
    )


def test_gain() -> None:
    assert abs(twitch.KNEE_RATIO - (1 - np.exp(-0.128)) / 0.4) < 1e-15
    assert twitch.gain(np.array([0.0, 0.2, 0.399])) == pytest.approx(1.0)
    x = np.array([0.703, 1.048, 1.145])
    assert twitch.fusion(x) == pytest.approx([0.5, 0.9, 0.95], abs=2e-3)
    assert twitch.gain(x) == pytest.approx(twitch.fusion(x) / x / twitch.KNEE_RATIO)
    sustained = twitch.mean_force(25.0, 3.0, 0.08, twitch.gain(np.array(2.0)))
    assert sustained == pytest.approx(3.0 * twitch.TETANIC_FORCE_PER_TWITCH, rel=1e-5)
    assert twitch.mean_gain(np.array([0.3, 1.0]), 0.0) == pytest.approx(
        twitch.gain(np.array([0.3, 1.0]))
    )


@pytest.mark.parametrize("share", REFERENCE)
def test_reference_numbers(pool, share) -> None:
    recruited, force, force_cv = REFERENCE[share]
    state = kernel.init(pool, n_env=5, seed=11)
    drive = np.full((5, 23000, 1), share)
    _, output = kernel.advance(
        pool, synchrony.independent.coupling(pool), state, drive, record_spikes=True
    )
    active = output.active_state[:, 1000:, 0]
    assert np.count_nonzero(output.spikes.any(axis=(0, 1))) == recruited
    assert np.count_nonzero(pool.recruitment_threshold <= share * 47) == recruited
    assert 100 * active.mean() == pytest.approx(force, rel=0.05)
    cv = np.mean(active.std(axis=1) / active.mean(axis=1))
    assert 100 * cv == pytest.approx(force_cv, rel=0.10)
    assert rate_model.forward(pool, np.array([[share]]))[0, 0] == pytest.approx(
        active.mean(), rel=0.015
    )


def test_interval_law(pool) -> None:
    state = kernel.init(pool, n_env=1, seed=2)
    _, output = kernel.advance(
        pool,
        synchrony.independent.coupling(pool),
        state,
        np.full((1, 40000, 1), 0.5),
        record_spikes=True,
    )
    expected = discharge.discharge_rate_hz(
        np.array(23.5),
        pool.recruitment_threshold,
        pool.minimum_rate_hz,
        pool.peak_rate_hz,
        pool.rate_gain_hz,
    )
    spikes = output.spikes[0]
    assert spikes.mean(axis=0)[:111] * 1000 == pytest.approx(expected[:111], rel=0.04)
    isi = np.concatenate(
        [np.diff(np.flatnonzero(s)) * r / 1000 for s, r in zip(spikes.T, expected)]
    )
    assert isi.mean() == pytest.approx(1.0, abs=0.01)
    assert isi.std() == pytest.approx(0.2, rel=0.02)
    assert isi.min() > 0.2 and isi.max() < 1.0 + 3.9 * 0.2 + 0.05
    skewness = np.mean((isi - isi.mean()) ** 3) / isi.std() ** 3
    assert abs(skewness) < 0.05  # normal, not exponential or gamma
