"""The body really moves: it crawls without a fall and rolls over, by its muscles alone."""

import numpy as np
import pytest

from neurocoord import trial
from neurocoord.body.clock import BLOCK_S
from neurocoord.synchrony import STRATEGIES
from neurocoord.tasks import roll

FAST_SEED = 11
SLOW_SEEDS = (0, 1, 2, 3, 4, 20, 21, 22)


def run(task: str, strategy: str, seed: int) -> trial.Trial:
    return trial.run(
        trial.TrialConfig(task=task, seed=seed, synchrony=trial.Synchrony(strategy=strategy))
    )


def assert_crawls(done: trial.Trial) -> None:
    assert not done.fell, done.ended
    assert done.trace.time_s[-1] > 9.9
    assert done.measures["speed_m_per_s"] >= 0.3
    assert done.measures["sideways_drift_m"] < 1.0
    body = trial.bodies.load("humanoid")
    moving = done.trace.time_s >= 0.0
    touches = done.trace.contact_force_n[moving].max(axis=0) > 0.0
    knees = [i for i, group in enumerate(body.support.groups) if group == "knee"]
    palms = [i for i, group in enumerate(body.support.groups) if group == "hand"]
    assert touches[knees].all() and touches[palms].any()
    # each limb leaves the floor again and again: it steps, it does not slide
    for support in knees:
        in_air = done.trace.contact_force_n[moving][:, support] == 0.0
        assert np.count_nonzero(np.diff(in_air.astype(int)) == 1) >= 8


@pytest.mark.parametrize("strategy", list(STRATEGIES))
def test_crawls_for_ten_seconds(strategy):
    assert_crawls(run("crawl", strategy, FAST_SEED))


def slow_crawl(movement: str, speed_m_per_s: float) -> dict[str, float]:
    """Measures of a crawl that does not fall and keeps its speed."""
    settings = trial.find_task("crawl").settings(movement=movement, speed_m_per_s=speed_m_per_s)
    config = trial.TrialConfig(
        task="crawl", seconds=6.0, seed=FAST_SEED, settings=settings, pools=trial.Pools(n_units=40)
    )
    done = trial.run(config)
    assert not done.fell
    assert done.measures["speed_m_per_s"] == pytest.approx(speed_m_per_s, abs=0.02)
    return done.measures


def test_crawls_slowly_one_limb_after_another():
    measures = slow_crawl("crawl_four_beat", 0.2)
    assert measures["ipsilateral_phase"] == pytest.approx(0.22, abs=0.1)
    assert abs(measures["diagonal_phase"]) > 0.15  # diagonal limbs do not land together


def test_crawls_with_the_limbs_of_one_side_nearly_together():
    measures = slow_crawl("crawl_pace_like", 0.15)
    early = (measures["ipsilateral_phase"] + 0.5) % 1.0 - 0.5  # a hand may land first
    assert early == pytest.approx(0.05, abs=0.07)
    assert abs(measures["diagonal_phase"]) > 0.35  # diagonal limbs land half a cycle apart


@pytest.mark.parametrize("strategy", list(STRATEGIES))
def test_rolls_from_supine_to_prone(strategy):
    done = run("roll", strategy, FAST_SEED)
    assert done.ended == "done"
    assert done.measures["roll_time_s"] < 4.0


def trunk_twist_deg(done: trial.Trial) -> np.ndarray:
    """Thorax against pelvis about the long axis [block], in the roll's sense."""
    body = trial.find_body(done.config)
    at = [body.joint_qpos[body.joints.index(n)] for n in ("thorax_rotation", "lumbar_rotation")]
    sign = 1.0 if done.config.settings.side == "left" else -1.0
    return sign * np.degrees(done.trace.qpos[:, at].sum(axis=1))


@pytest.mark.parametrize("movement, side", [("roll_log", "left"), ("roll_arm_led", "right")])
def test_other_ways_to_roll_over_are_what_they_are_called(movement, side):
    settings = trial.find_task("roll").settings(movement=movement, side=side)
    config = trial.TrialConfig(
        task="roll", seed=FAST_SEED, settings=settings, pools=trial.Pools(n_units=60)
    )
    done = trial.run(config)
    assert done.ended == "done" and done.measures["roll_time_s"] < 3.0
    twist = trunk_twist_deg(done)
    if movement == "roll_log":  # thorax and pelvis turn as one
        assert abs(done.measures["thorax_lead_deg"]) < 4.0 and np.abs(twist).max() < 20.0
    else:  # the thorax leads
        assert done.measures["thorax_lead_deg"] > 8.0 and twist.max() > 25.0


def rolls_back(strategy: str, seed: int, side: str) -> trial.Trial:
    settings = trial.find_task("roll").settings(movement="roll_prone_to_supine", side=side)
    synchrony, pools = trial.Synchrony(strategy=strategy), trial.Pools(n_units=60)
    config = trial.TrialConfig(
        task="roll", seed=seed, settings=settings, synchrony=synchrony, pools=pools
    )
    return trial.run(config)


@pytest.mark.parametrize("strategy, side", [("independent", "left"), ("short_term", "right")])
def test_the_hand_beside_the_chest_pushes_the_body_from_its_front_to_its_back(strategy, side):
    done = rolls_back(strategy, FAST_SEED, side)
    assert done.ended == "done" and done.measures["roll_time_s"] < 3.0
    assert done.measures["turned_deg"] > 140.0
    support = trial.find_body(done.config).support
    trailing = [
        group == "hand" and of != side[0]
        for group, of in zip(support.groups, support.side, strict=True)
    ]
    first = (done.trace.time_s > 0.0) & (done.trace.time_s < 0.5)
    pushes = done.trace.contact_force_n[first][:, trailing].sum(axis=1)
    assert pushes.mean() > 80.0  # N; with both arms overhead 6 to 39, limbs of 24 Nm/rad


def test_rolls_on_along_the_floor_with_both_arms_free_above_the_head():
    settings = roll.Settings(
        movement="roll_arm_led_arms_overhead",
        then=("roll_prone_arms_overhead", "roll_leg_led_arms_overhead"),
    )
    pools = trial.Pools(n_units=60)
    config = trial.TrialConfig(
        task="roll", seed=FAST_SEED, seconds=13.0, settings=settings, pools=pools
    )
    done = trial.run(config)
    assert done.measures["rolled"] == 1.0 and done.measures["turned_deg"] > 500.0
    body = trial.find_body(done.config)
    plan = roll.plan(body, done.config.settings)
    turned = roll.turned_deg(plan, done.trace.qpos[:, 3:7])
    prone = int(np.argmax(turned > 150.0)) + round(0.7 / BLOCK_S)  # lying still by then
    for side in "rl":
        flexion, adduction = (
            np.degrees(done.trace.qpos[prone, body.joint_qpos[body.joints.index(f"{name}_{side}")]])
            for name in ("shoulder_flexion", "shoulder_adduction")
        )
        assert flexion > 130.0 and abs(adduction) < 35.0  # trapped under the head: 45 to 57


@pytest.mark.slow
@pytest.mark.parametrize("side", ["left", "right"])
@pytest.mark.parametrize("seed", SLOW_SEEDS)
@pytest.mark.parametrize("strategy", list(STRATEGIES))
def test_rolls_back_on_every_seed(strategy, seed, side):
    done = rolls_back(strategy, seed, side)
    assert done.ended == "done"
    assert done.measures["roll_time_s"] < 3.2  # of 200 the slowest took 3.03 s


@pytest.mark.slow
@pytest.mark.parametrize("seed", SLOW_SEEDS)
@pytest.mark.parametrize("strategy", list(STRATEGIES))
def test_crawls_on_every_seed(strategy, seed):
    assert_crawls(run("crawl", strategy, seed))


@pytest.mark.slow
@pytest.mark.parametrize("seed", SLOW_SEEDS)
@pytest.mark.parametrize("strategy", list(STRATEGIES))
def test_rolls_on_every_seed(strategy, seed):
    done = run("roll", strategy, seed)
    assert done.ended == "done"
    assert done.measures["roll_time_s"] < 4.0


def test_without_its_muscles_it_does_not_crawl():
    runner = trial.Runner(trial.TrialConfig(task="crawl"))
    runner.reset(0)
    for _ in range(250):
        runner.advance(np.zeros(len(runner.body.muscles)))
    assert runner.outcome() == "fell"
