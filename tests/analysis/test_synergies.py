"""Extraction of synergies against records made of known ones."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neurocoord.analysis import synergies
from neurocoord.analysis.footfalls import mean_cycle

N_MUSCLES, N_TRUE = 20, 3


def known(seed: int = 0, noise: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    """Weights [muscle, synergy], mostly zero, and a record [muscle, sample] that they make."""
    rng = np.random.default_rng(seed)
    weight = np.zeros((N_MUSCLES, N_TRUE))
    weight[np.arange(N_MUSCLES), np.arange(N_MUSCLES) % N_TRUE] = rng.uniform(0.5, 1, N_MUSCLES)
    weight[:4] += rng.uniform(0.0, 0.5, (4, N_TRUE))
    time = np.linspace(0, 6 * np.pi, 300)
    lags = np.arange(N_TRUE)[:, None] * 2 * np.pi / N_TRUE
    activation = np.maximum(np.sin(time + lags), 0.0)
    record = weight @ activation + noise * np.abs(rng.standard_normal((N_MUSCLES, time.size)))
    return weight, record


def test_known_synergies_are_found():
    weight, record = known()
    found = synergies.factorise(record, N_TRUE)
    cosine, match = synergies.similarity(weight, found.weight)
    assert found.vaf > 0.999
    assert cosine.min() > 0.99
    assert sorted(match) == list(range(N_TRUE))


def test_one_synergy_too_few_is_not_enough():
    _, record = known()
    assert synergies.factorise(record, N_TRUE - 1).vaf < 0.9


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 1000), n=st.integers(1, 5))
def test_factors_are_nonnegative_and_reproduce_their_vaf(seed, n):
    _, record = known(seed, noise=0.1)
    found = synergies.factorise(record, n)
    assert found.weight.min() >= 0.0 and found.activation.min() >= 0.0
    np.testing.assert_allclose(np.linalg.norm(found.weight, axis=0), 1.0)
    model = found.weight @ found.activation
    assert found.vaf == pytest.approx(synergies.variance_accounted_for(record, model))
    size = np.linalg.norm(found.activation, axis=1)
    assert np.all(np.diff(size) <= 1e-9)


def test_activations_of_known_weights_are_the_true_ones():
    weight, record = known()
    found = synergies.activations(record, weight)
    np.testing.assert_allclose(weight @ found, record, atol=1e-8)


def cycles(seed: int = 0) -> np.ndarray:
    """[cycle, phase, muscle] of the known record with a little noise."""
    _, record = known(seed, noise=0.03)
    return record.T.reshape(3, 100, N_MUSCLES)[[0, 1, 2, 0]]


def test_extraction_counts_and_its_controls_lie_below():
    found = synergies.extract(cycles(), 4)
    assert found.count() == N_TRUE
    assert np.all(np.diff(found.vaf) > -1e-3)
    at = N_TRUE - 1
    assert found.cross_validated[at] > 0.95
    assert found.out_of_step[at] < found.vaf[at] - 0.05
    assert found.shuffled[at] < found.out_of_step[at]


def test_a_bar_that_is_not_reached_is_named():
    found = synergies.extract(cycles(), 1)
    with pytest.raises(ValueError, match="1 synergies reach a VAF of 0"):
        found.count()


def test_controls_keep_each_muscles_values():
    _, record = known()
    for control in (synergies.out_of_step(record), synergies.shuffled(record)):
        np.testing.assert_allclose(np.sort(control, axis=1), np.sort(record, axis=1))
        assert not np.allclose(control, record)


def test_envelope_of_a_modulated_noise_is_its_modulation():
    tick_s = 1e-3
    time = np.arange(8000) * tick_s
    slow = 1.0 + 0.8 * np.sin(2 * np.pi * time)
    noise = np.random.default_rng(0).standard_normal((time.size, 1))
    offset = 5.0  # what a high-pass has to take out
    found = synergies.envelopes(slow[:, None] * noise + offset, tick_s)[:, 0]
    assert found.min() >= 0.0
    assert np.corrcoef(found[500:-500], slow[500:-500])[0, 1] > 0.9
    assert found.mean() < 1.0


def test_cycles_are_stretched_and_a_muscle_is_over_its_peak():
    ramp = np.arange(100.0)[:, None] * [1.0, 2.0, 0.0]
    found = synergies.in_cycles(ramp, [0, 40, 99], n_phases=10)
    assert found.shape == (2, 10, 3)
    np.testing.assert_allclose(found[0, :, 0], np.arange(10) * 4.0)
    record = synergies.record_of(found)
    np.testing.assert_allclose(record[0], record[1])
    assert not record[2].any()
    np.testing.assert_allclose(mean_cycle(ramp, [0, 40, 99], 11)[0][:-1], found.mean(axis=0))


@pytest.mark.parametrize("bad", [-np.ones((3, 4)), np.full((3, 4), np.nan), np.ones(3)])
def test_records_that_are_none_are_refused(bad):
    with pytest.raises(ValueError, match="record"):
        synergies.factorise(bad, 1)


def test_similarity_asks_for_the_same_muscles():
    with pytest.raises(ValueError, match="first has 3 muscles"):
        synergies.similarity(np.ones((3, 2)), np.ones((4, 2)))


def test_counts_beyond_the_record_are_refused():
    with pytest.raises(ValueError, match=r"must lie in 1\.\.3"):
        synergies.factorise(np.ones((3, 9)), 4)
