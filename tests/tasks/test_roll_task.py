"""What a roll's settings choose: the movement, its side, and what follows it."""

import numpy as np
import pytest

from neurocoord.body import model
from neurocoord.coordination.library import load_movement
from neurocoord.tasks import roll

NAME, BACK = roll.MOVEMENT, "roll_prone_to_supine"


@pytest.fixture(scope="module")
def body():
    return model.load()


def test_a_movement_may_be_named_and_mirrored(body):
    named = roll.plan(body, roll.Settings(movement=NAME, side="right"))
    assert named.stages[0].roll.sign == -1.0
    assert named.stages[0].gains == load_movement(NAME).gains
    assert roll.plan(body, roll.Settings()).stages[0].roll.sign == 1.0


@pytest.mark.parametrize("side", ["left", "right"])
def test_rolls_follow_each_other_in_one_sense_and_a_series_is_never_done(body, side):
    plan = roll.plan(body, roll.Settings(side=side, then=(BACK, NAME)))
    assert len({stage.roll.sign for stage in plan.stages}) == 1
    other = {"left": "right", "right": "left"}[side]
    assert [stage.roll.plan.side for stage in plan.stages] == [side, other, side]
    assert roll.outcome(body, plan, None, 0, 1.0) == ""


def test_what_is_no_roll_is_refused(body):
    with pytest.raises(ValueError, match=rf"'crawl_hands_knees' is no roll; allowed: .*{NAME}"):
        roll.plan(body, roll.Settings(movement="crawl_hands_knees"))
    with pytest.raises(ValueError, match="side 'up' is unknown"):
        roll.plan(body, roll.Settings(side="up"))


@pytest.mark.parametrize("side", ["left", "right"])
def test_how_far_it_turned_counts_the_rolls_way(body, side):
    plan = roll.plan(body, roll.Settings(side=side))
    sign = plan.stages[0].roll.sign
    rotation = roll.HEAD_BACKWARD

    def quaternions(degrees):
        return np.array([roll.wanted_orientation(rotation, sign * np.radians(d)) for d in degrees])

    assert roll.turned_deg(plan, quaternions([0, 60, 120, 170, 175])) == pytest.approx(175)
    assert roll.turned_deg(plan, quaternions([0, 120, 240, 360, 480])) == pytest.approx(480)
    assert roll.turned_deg(plan, quaternions([0, -40, -80])) == pytest.approx(0)
    assert roll.turned_deg(plan, np.zeros((0, 4))) == 0.0
