"""What a roll's settings choose: the movement, its side, and what follows it."""

import numpy as np
import pytest

from neurocoord import trial
from neurocoord.body import model
from neurocoord.coordination.library import load_movement
from neurocoord.tasks import roll

NAME, BACK = roll.MOVEMENT, "roll_prone_arms_overhead"


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


def test_a_series_goes_on_face_up_or_down_as_it_lies(body):
    with pytest.raises(ValueError, match="each roll begins face up or down as the one before"):
        roll.plan(body, roll.Settings(then=(NAME,)))


@pytest.mark.parametrize("side", ["left", "right"])
def test_how_far_it_turned_counts_the_rolls_way(body, side):
    plan = roll.plan(body, roll.Settings(side=side))
    sign = plan.stages[0].roll.sign
    rotation = roll.HEAD_BACKWARD

    def quaternions(degrees):
        return np.array([roll.wanted_orientation(rotation, sign * np.radians(d)) for d in degrees])

    for turn in ([0, 60, 120, 170, 175], [0, 120, 240, 360, 480], [0, -40, -80]):
        assert roll.turned_deg(plan, quaternions(turn)) == pytest.approx(turn)
    assert roll.turned_deg(plan, np.zeros((0, 4))).size == 0


def test_the_clock_goes_by_time_and_not_by_how_often_it_is_asked():
    runner = trial.Runner(trial.TrialConfig(task="roll", pools=trial.Pools(n_units=10)))
    runner.reset(0)
    while runner.time_s < 0.1 - 1e-6:
        drive, _ = runner.command()
        for _ in range(5):
            runner.advance(drive)
    runner.command()
    clock = runner.memory.clock_s
    assert clock == pytest.approx(0.1, abs=0.021)
    runner.command()  # once more at the same time
    assert runner.memory.clock_s == clock


def test_time_of_a_series_is_that_of_its_turn(body):
    plan = roll.plan(body, roll.Settings(then=(BACK,)))
    degrees = np.concatenate([np.linspace(0.0, 360.0, 200), np.full(100, 360.0)])
    sign = plan.stages[0].roll.sign
    turns = [roll.wanted_orientation(roll.HEAD_BACKWARD, sign * np.radians(d)) for d in degrees]
    found = roll.turned_deg(plan, np.array(turns))
    np.testing.assert_allclose(found, degrees, atol=1e-6)
