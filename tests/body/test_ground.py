"""The ground: what it changes of a body, and what it leaves alone."""

import mujoco
import numpy as np
import pytest

from neurocoord.body import model
from neurocoord.body.ground import Ground, on_ground
from neurocoord.body.postures import resting_height_m


def creep_m(ground: Ground) -> float:
    """How far a limp body, face up, creeps down a slope in the second second."""
    body = on_ground(model.load(), ground)
    data = mujoco.MjData(body.model)
    data.qpos[3:7] = np.array([1.0, 0.0, -1.0, 0.0]) / np.sqrt(2.0)
    data.qpos[2] = resting_height_m(body.model, data.qpos)
    at = []
    while data.time < 2.0:
        mujoco.mj_step(body.model, data)
        if data.time >= 1.0:
            at.append(data.subtree_com[0, 0])
    return abs(at[-1] - at[0])


def test_harder_friction_creeps_less():
    soft, hard = (creep_m(Ground(uphill_deg=8.0, impratio=value)) for value in (1.0, 20.0))
    assert hard < 0.5 * soft


def test_a_ground_leaves_the_body_it_was_given_alone():
    body = model.load()
    changed = on_ground(body, Ground(impratio=10.0, friction=0.5)).model
    assert changed.opt.impratio == 10.0 and changed.opt.cone == mujoco.mjtCone.mjCONE_ELLIPTIC
    assert body.model.opt.impratio == 1.0 and body.model.opt.cone == mujoco.mjtCone.mjCONE_PYRAMIDAL
    plain = on_ground(body, Ground(friction=0.5)).model
    assert plain.opt.cone == body.model.opt.cone


@pytest.mark.parametrize("value", [0.5, 0.0, 101.0, float("nan")])
def test_a_ratio_out_of_range_is_refused(value):
    with pytest.raises(ValueError, match=r"impratio=.* is not allowed; it is 1 to 100"):
        on_ground(model.load(), Ground(impratio=value))
