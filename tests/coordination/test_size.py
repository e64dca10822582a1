"""Gains and stiffnesses for bodies of other sizes."""

from dataclasses import asdict

import numpy as np
import pytest

from neurocoord.body import model
from neurocoord.coordination.crawl import joint_stiffness
from neurocoord.coordination.library import load_movement
from neurocoord.coordination.size import gains_for, size_of

BODY = model.load("humanoid")
CRAWL = load_movement("crawl_hands_knees")


def test_the_body_that_movements_were_found_on_stays_as_it_is():
    assert size_of(BODY) == (1.0, 1.0)
    assert gains_for(BODY, CRAWL.gains) == CRAWL.gains


def test_a_newton_weighs_less_for_a_heavier_body():
    heavy = BODY._replace(mass_kg=1.5 * BODY.mass_kg)
    assert size_of(heavy) == pytest.approx((1.5, 1.5))
    before, after = asdict(CRAWL.gains), asdict(gains_for(heavy, CRAWL.gains))
    changed = {name: after[name] / before[name] for name in before if after[name] != before[name]}
    weights = ("root_force_weight", "root_torque_weight", "joint_torque_weight")
    assert changed == {
        **dict.fromkeys(weights, pytest.approx(1 / 1.5)),
        "contact_force_cost": pytest.approx(1 / 1.5**2),
    }
    np.testing.assert_allclose(
        joint_stiffness(heavy, CRAWL.plan), 1.5 * joint_stiffness(BODY, CRAWL.plan)
    )


def test_torques_go_with_length_too():
    longer = model.load("humanoid").model.__copy__()
    for name in ("tibia_r", "foot_r"):
        longer.body(name).pos[:] *= 1.1
    assert size_of(BODY._replace(model=longer)) == pytest.approx((1.0, 1.1))
