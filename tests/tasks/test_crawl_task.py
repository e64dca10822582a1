"""A crawl with a goal: which way it is, what the reward counts, when it has arrived."""

from dataclasses import replace

import numpy as np
import pytest

from neurocoord import envs
from neurocoord.body import model
from neurocoord.coordination.library import load_movement, with_movement
from neurocoord.coordination.size import gains_for
from neurocoord.tasks import crawl

FEW = 4


@pytest.fixture(scope="module")
def to_the_left():
    env = envs.NeurocoordEnv("crawl", n_units=FEW, goal_m=(0.0, 3.0))
    env.reset(seed=1)
    return env


def test_the_observation_points_to_the_goal(to_the_left):
    names = [entry.name for entry in envs.observation_entries(to_the_left.runner)]
    observation = envs.observe(to_the_left.runner)
    way = observation[names.index("way_x") : names.index("way_x") + 3]
    rotation = to_the_left.runner.reading.body_rotation[0, 1]
    here = to_the_left.runner.reading.qpos[0, :2]
    away = np.array([0.0, 3.0]) - here
    np.testing.assert_allclose((rotation @ way)[:2], away / np.linalg.norm(away), atol=1e-12)


def test_the_reward_counts_speed_and_heading_towards_the_goal(to_the_left):
    runner = to_the_left.runner
    body, plan, drive = runner.body, runner.plan, np.zeros(len(runner.body.muscles))
    asked = plan.settings.speed_m_per_s
    terms = {}
    for name, velocity in (("left", (0.0, asked)), ("ahead", (asked, 0.0))):
        qvel = runner.reading.qvel.copy()
        qvel[0, :2] = velocity
        reading = runner.reading._replace(qvel=qvel)
        terms[name] = crawl.reward_terms(body, plan, reading, 0, drive)
    assert terms["left"]["speed"] == pytest.approx(1.0, abs=0.01)
    assert terms["ahead"]["speed"] < 0.01
    assert terms["left"]["heading"] < 0.01  # it still points along +x


def test_backward_it_turns_its_back_to_the_goal():
    env = envs.NeurocoordEnv("crawl", n_units=FEW, goal_m=(-3.0, 0.0), speed_m_per_s=-0.2)
    env.reset(seed=1)
    runner = env.runner
    qvel = runner.reading.qvel.copy()
    qvel[0, :2] = -0.2, 0.0
    reading = runner.reading._replace(qvel=qvel)
    drive = np.zeros(len(runner.body.muscles))
    terms = crawl.reward_terms(runner.body, runner.plan, reading, 0, drive)
    assert terms["speed"] == pytest.approx(1.0, abs=0.01) and terms["heading"] > 0.9


def test_way_and_drift_are_those_of_the_line_to_the_goal(to_the_left):
    plan = to_the_left.runner.plan
    at = np.array([[0.0, 0.0], [0.1, 1.0], [-0.2, 2.0]])  # straight ahead is +y
    along, aside = crawl._on_the_way(plan, at)
    np.testing.assert_allclose(along, [0.0, 1.0, 2.0])
    np.testing.assert_allclose(aside, [0.0, -0.1, 0.2])
    free = plan._replace(settings=crawl.Settings())
    np.testing.assert_allclose(crawl._on_the_way(free, at)[0], at[:, 0])
    back = plan._replace(settings=crawl.Settings(goal_m=(0.0, 3.0), speed_m_per_s=-0.2))
    np.testing.assert_allclose(crawl._on_the_way(back, at)[0], [0.0, -1.0, -2.0])


def test_a_limb_bears_with_all_its_contacts_but_its_foot(to_the_left):
    body, plan = to_the_left.runner.body, to_the_left.runner.plan
    names = list(zip(body.support.groups, body.support.side))
    forces = np.zeros((1, len(names)))
    forces[0, names.index(("knee", "l"))] = forces[0, names.index(("shin", "l"))] = 3.0
    forces[0, names.index(("toes", "l"))] = 50.0
    loads = crawl._loads_n(body, plan, forces)
    assert sorted(loads[0]) == [0.0, 0.0, 0.0, 6.0]


def test_it_is_done_near_the_goal_only(to_the_left):
    runner = to_the_left.runner
    for y, ended in ((2.0, ""), (2.9, "done")):
        qpos = runner.reading.qpos.copy()
        qpos[0, :2] = 0.0, y
        reading = runner.reading._replace(qpos=qpos)
        assert crawl.outcome(runner.body, runner.plan, reading, 0, 1.0) == ended


def test_a_movement_may_be_named():
    body, plain = model.load(), crawl.Settings()
    for name in ("crawl_four_beat", "crawl_hands_knees_beta"):
        named = crawl.plan(body, crawl.Settings(movement=name, speed_m_per_s=0.2))
        kept = load_movement(name)
        assert named.crawl.gait == kept.plan != plain.gait
        assert named.crawl.speed_m_per_s == 0.2
    assert named.gains == gains_for(body, kept.gains) != gains_for(body, plain.gains)
    with pytest.raises(ValueError, match=r"'roll_log' is no crawl; allowed: .*crawl_hands_knees"):
        crawl.plan(body, crawl.Settings(movement="roll_log"))
    with pytest.raises(ValueError, match="did you mean 'crawl_four_beat'"):
        crawl.plan(body, crawl.Settings(movement="crawl_four_beats"))


def test_a_movement_and_a_gait_of_ones_own_exclude_each_other():
    gait = replace(crawl.Settings().gait, hand_width_m=0.05)
    both = crawl.Settings(movement="crawl_four_beat", gait=gait)
    with pytest.raises(ValueError, match="in place of gait and gains, and gait changed too"):
        crawl.plan(model.load(), both)
    assert with_movement(both, "crawl_four_beat").movement == ""
