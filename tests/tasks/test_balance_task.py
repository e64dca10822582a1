"""Holding postures, and pushes: what is applied when, and that nothing else acts from outside."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurocoord import seeds, study, trial
from neurocoord.body import model
from neurocoord.body.postures import lowest_point_m
from neurocoord.settings import flatten, replace_path
from neurocoord.simulation import BLOCK_S
from neurocoord.tasks import TASKS, balance, react
from neurocoord.tasks.protocol import Push, forces_at

FEW = trial.Pools(n_units=12)


def config(task="balance", seconds=0.3, **options):
    settings = options.pop("settings", None)
    return trial.TrialConfig(task=task, seconds=seconds, pools=FEW, settings=settings, **options)


# --- pushes --------------------------------------------------------------------------------------

finite = st.floats(-1e4, 1e4)


@given(st.floats(0, 100), st.floats(1e-3, 10), finite, finite, finite)
def test_a_push_is_read_from_its_own_text(start, duration, x, y, z):
    push = Push(body="pelvis", start_s=start, duration_s=duration, force_n=(x, y, z))
    assert Push.from_text(str(push)) == push


def test_pushes_are_set_by_text_and_written_as_text():
    text = "thorax:2.0:0.1:0.0,300.0,0.0;pelvis:3.0:0.2:0.0,-50.0,0.0"
    changed = replace_path(trial.TrialConfig(), "pushes", text)
    assert [push.body for push in changed.pushes] == ["thorax", "pelvis"]
    assert ";".join(flatten(changed)["pushes"]) == text
    assert replace_path(trial.TrialConfig(), "pushes", changed.pushes) == changed


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("torax:1:0.1:0,100,0", "did you mean 'thorax'"),
        ("thorax:1:0:0,100,0", "duration_s must be 0.004 or more, a block"),
        ("thorax:nan:0.1:0,100,0", "must be finite"),
        ("thorax:1:0.1:0,100", "body:start_s:duration_s:x,y,z"),
        ("world:1:0.1:0,100,0", "'world' is unknown; allowed: pelvis"),
    ],
)
def test_a_wrong_push_is_refused_before_any_work(text, message):
    with pytest.raises(ValueError, match=message):
        study.check(study.conditions(["balance"], ["independent"], 1, overrides=[f"pushes={text}"]))


def test_forces_of_pushes_add_and_end():
    pushes = (
        Push(start_s=1.0, duration_s=0.1, force_n=(10.0, 0.0, 0.0)),
        Push(start_s=1.05, duration_s=0.1, force_n=(0.0, 5.0, 0.0)),
    )
    assert forces_at(pushes, 0.99, BLOCK_S) == {}
    np.testing.assert_array_equal(forces_at(pushes, 1.0, BLOCK_S)["thorax"], [10.0, 0.0, 0.0])
    np.testing.assert_array_equal(forces_at(pushes, 1.06, BLOCK_S)["thorax"], [10.0, 5.0, 0.0])
    np.testing.assert_array_equal(forces_at(pushes, 1.12, BLOCK_S)["thorax"], [0.0, 5.0, 0.0])
    assert forces_at(pushes, 1.2, BLOCK_S) == {}


def test_a_push_acts_for_its_time_and_moves_the_body():
    push = Push(body="pelvis", start_s=-0.4, duration_s=0.1, force_n=(0.0, 200.0, 0.0))
    runner, still = trial.Runner(config(pushes=(push,))), trial.Runner(config())
    for one in (runner, still):
        one.reset(0)
    applied = []
    for _ in range(60):
        for one in (runner, still):
            one.advance(one.command()[0])
        applied.append(runner.simulation.external_force()[0])
        assert not still.simulation.external_force().any()
    applied = np.array(applied)
    assert set(applied) == {0.0, 200.0}
    assert np.count_nonzero(applied) == round(push.duration_s / BLOCK_S)
    assert applied[:25].max() == 0.0 and applied[25] == 200.0
    assert runner.reading.qpos[0, 1] > still.reading.qpos[0, 1] + 0.005
    runner.reset(0)
    assert not runner.simulation.external_force().any()


def test_a_trace_says_what_pushed():
    push = Push(start_s=0.0, duration_s=0.05, force_n=(0.0, 20.0, 0.0))
    found = trial.run(config(seconds=0.16, pushes=(push,)))
    assert found.trace.pushes == (push,)
    assert np.isfinite(found.measures["displacement_m"])
    assert trial.run(config(seconds=0.16)).trace.pushes == ()


@pytest.mark.parametrize("name", [name for name in TASKS if name != "react"])
def test_no_task_pushes_but_the_one_that_says_so(name):
    runner = trial.Runner(config(task=name, seconds=1.0))
    for seed in range(3):
        runner.reset(seed)
        assert runner.pushes == ()


@pytest.mark.parametrize("name", TASKS)
def test_nothing_else_could_hold_the_body(name):
    """No weld, no body that is moved by hand, no actuator of the root."""
    body = model.load(TASKS[name].body)
    assert body.model.nmocap == 0 and not body.model.body_gravcomp.any()
    if body.kind == "dynamometer":  # its chair's straps are equality constraints, as it declares
        return
    assert body.model.neq == 0
    runner = trial.Runner(config(task=name, seconds=1.0))
    runner.reset(0)
    root = runner.reading.moment_arm[0][:, :6]  # muscles pull on joints alone
    np.testing.assert_allclose(root, 0.0, atol=1e-12)


def test_reactions_are_drawn_from_the_seed():
    settings = react.Settings()
    plan = react.plan(model.load(), settings)
    drawn = [react.pushes(plan, seeds.generator(seed, "push"))[0] for seed in range(40)]
    assert react.pushes(plan, seeds.generator(0, "push"))[0] == drawn[0]
    assert len({push.start_s for push in drawn}) == 40
    for push in drawn:
        assert settings.earliest_s <= push.start_s <= settings.latest_s
        size = np.linalg.norm(push.force_n)
        assert settings.least_force_n <= size <= settings.most_force_n and push.force_n[2] == 0.0
    ways = np.array([push.force_n[:2] for push in drawn])
    assert (ways > 0).any(axis=0).all() and (ways < 0).any(axis=0).all()
    with pytest.raises(ValueError, match="least_force_n=300"):
        react.plan(model.load(), react.Settings(least_force_n=300.0))


# --- postures ------------------------------------------------------------------------------------


def test_a_drop_starts_with_the_palms_at_their_height():
    body = model.load()
    plan = balance.plan(body, balance.Settings(drop_height_m=0.15, start_noise_rad=0.0))
    qpos = balance.start_qpos(body, plan, np.random.default_rng(0))
    assert lowest_point_m(body.model, qpos, ("palm_", "fingers")) == pytest.approx(0.15, abs=0.03)
    assert lowest_point_m(body.model, qpos, ("knee_",)) == pytest.approx(0.0, abs=0.01)
    assert balance.lead_in_s(plan) == 0.0


@pytest.mark.parametrize(
    ("posture", "limbs"),
    [
        ("hands_knees", ("palm_heel_r", "palm_heel_l", "knee_r", "knee_l", "toes_medial_r")),
        ("kneel_tall", ("knee_r", "knee_l", "toes_medial_r", "toes_medial_l")),
    ],
)
def test_however_noisy_the_start_all_limbs_stand_on_the_floor(posture, limbs):
    body = model.load()
    plan = balance.plan(body, balance.Settings(posture=posture, start_noise_rad=0.03))
    starts = [balance.start_qpos(body, plan, np.random.default_rng(seed)) for seed in range(3)]
    assert not np.allclose(starts[0], starts[1])
    for qpos in starts:
        heights = [lowest_point_m(body.model, qpos, (name,)) for name in limbs]
        assert max(heights) < 0.002 and min(heights) > -0.01
        assert lowest_point_m(body.model, qpos) == pytest.approx(min(heights), abs=1e-3)


@pytest.mark.parametrize("seed", [5, 20])
def test_starts_that_fell_hold(seed):
    """With hands in the air at the start the body fell onto them, and then fell."""
    assert trial.run(config(seconds=1.0, seed=seed)).measures["fell"] == 0.0


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"drop_height_m": 1.0}, "drop_height_m=1.0"),
        ({"drop_height_m": 0.1, "posture": "bird_dog"}, "needs posture='hands_knees'"),
        ({"posture": "handstand"}, "posture 'handstand' is unknown; allowed: "),
    ],
)
def test_wrong_settings_are_refused(change, message):
    with pytest.raises(ValueError, match=message):
        balance.plan(model.load(), balance.Settings(**change))


def test_lying_down_is_a_fall():
    runner = trial.Runner(config())
    runner.reset(0)
    assert runner.outcome() == ""
    for name in ("prone", "supine"):
        qpos = model.keyframe_qpos(runner.body, name)
        reading = runner.simulation.reset(qpos[None], seeds=[0])
        assert runner.task.outcome(runner.body, runner.plan, reading, 0, 1.0) == "fell"


def test_bird_dog_lifts_arm_and_leg_and_holds():
    """A short one, with few units: the long holds are in `test_movements.py`."""
    settings = balance.Settings(posture="bird_dog")
    found = trial.run(config(seconds=3.0, settings=settings)).measures
    assert found["fell"] == 0.0 and found["held"] == 1.0
    assert found["time_held_s"] == pytest.approx(0.7, abs=0.01)
    assert found["hand_clearance_m"] > 0.2 and found["knee_clearance_m"] > 0.15
    assert found["arm_to_trunk_deg"] < 25.0 and found["leg_to_trunk_deg"] < 20.0
