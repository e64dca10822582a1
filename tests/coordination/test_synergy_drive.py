"""Synergies that drive: calibration against known gains and lag, and reading at a phase."""

import numpy as np
import pytest

from neurocoord.body import model
from neurocoord.coordination.reference import LIMBS
from neurocoord.coordination.synergies import (
    TRUNK,
    Synergies,
    active_state_at,
    calibrate,
    limb_of_muscle,
)

PHASE = np.arange(100) / 100


def made() -> tuple[np.ndarray, np.ndarray]:
    weight = np.array([[1.0, 0.0], [0.5, 0.5], [0.0, 1.0], [0.0, 0.0]])
    activation = 1.0 + np.array([np.sin(2 * np.pi * PHASE), np.cos(6 * np.pi * PHASE)])
    return weight, activation


def test_calibration_finds_gains_and_lag():
    weight, activation = made()
    gains = np.array([0.3, 0.1, 0.7, 0.0])
    active = gains[:, None] * np.roll(weight @ activation, 4, axis=1)
    found = calibrate(weight, activation, active, np.zeros(4, int))
    assert found.lag == pytest.approx(0.04)
    np.testing.assert_allclose(found.weight, gains[:, None] * weight, atol=1e-12)
    np.testing.assert_allclose(found.weight @ found.activation, active, atol=1e-12)


def test_each_limb_is_read_at_its_own_phase_and_the_trunk_at_the_mean():
    limb = np.array([0, 3, TRUNK])
    found = Synergies(np.ones((3, 1)), PHASE[None], limb, 0.0)
    given = active_state_at(found, np.array([0.1, 0.2, 0.3, 5.4]))
    np.testing.assert_allclose(given, [0.1, 0.4, 0.5])


def test_time_courses_join_at_the_ends_of_the_cycle():
    weight, activation = made()
    found = Synergies(weight, activation, np.zeros(4, int), 0.0)
    at = [active_state_at(found, np.full(4, p)) for p in (0.995, 1.0, 0.0)]
    np.testing.assert_allclose(at[1], at[2])
    np.testing.assert_allclose(at[0], weight @ activation[:, [99, 0]].mean(axis=1))


def test_muscles_know_their_limb_and_sides_mirror():
    body = model.load("humanoid")
    limb = dict(zip(body.muscles, limb_of_muscle(body)))
    assert limb["BIC_r"] == LIMBS.index("hand_r")
    assert limb["SERR_L_l"] == LIMBS.index("hand_l")
    assert limb["PSOAS_l"] == LIMBS.index("knee_l")
    assert limb["RA_r"] == limb["SPLEN_l"] == TRUNK
    counts = np.bincount(list(limb.values()), minlength=5)
    assert counts[0] == counts[1] and counts[2] == counts[3] and counts.sum() == len(body.muscles)
