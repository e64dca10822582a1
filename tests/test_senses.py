"""Delayed senses: the internal model led over the delay by the drive already sent."""

import mujoco
import numpy as np
import pytest

from neurocoord import trial
from neurocoord.body import model
from neurocoord.body.twin import Twin, misjudged
from neurocoord.senses import Senses, of_settings
from neurocoord.tasks.crawl import Settings
from neurocoord.trial import Pools, Runner, TrialConfig

POOLS = Pools(n_units=15)


@pytest.fixture(scope="module")
def body():
    return model.load()


def all_fours(body):
    qpos = model.keyframe_qpos(body, "hands_knees")
    qpos[2] -= 0.003
    return qpos


def test_a_twin_moves_as_mujoco_does_and_forgets(body):
    rng = np.random.default_rng(1)
    active = rng.uniform(0.0, 0.3, (12, len(body.muscles)))
    qpos, qvel = all_fours(body), 0.1 * rng.standard_normal(body.model.nv)
    data = mujoco.MjData(body.model)
    data.qpos, data.qvel = qpos, qvel
    for row in active:
        data.ctrl = row
        mujoco.mj_step(body.model, data)
    twin = Twin(body)
    for _ in range(2):  # the second time what the first left behind must not show
        twin.place(qpos, qvel)
        twin.step(active)
        reading = twin.read()
        np.testing.assert_allclose(reading.qpos[0], data.qpos, atol=1e-9)
        np.testing.assert_allclose(reading.qvel[0], data.qvel, atol=1e-7)
    assert reading.contact_found.any() and not twin.has_diverged()


def test_a_misjudged_body_is_heavier_and_weaker(body):
    wrong = misjudged(body, 1.1)
    assert misjudged(body, 1.0) is body
    assert wrong.mass_kg == pytest.approx(1.1 * body.mass_kg)
    np.testing.assert_allclose(
        wrong.muscle_parameters.max_force_n, body.muscle_parameters.max_force_n / 1.1
    )
    twins = [Twin(which) for which in (body, wrong)]
    for twin in twins:
        twin.place(all_fours(body), np.zeros(body.model.nv))
    true, felt = (twin.read() for twin in twins)
    np.testing.assert_allclose(felt.bias_force, 1.1 * true.bias_force, atol=1e-9)
    from_mass = true.mass_matrix[0] - np.diag(body.model.dof_armature)
    misjudged_mass = felt.mass_matrix[0] - np.diag(body.model.dof_armature)
    np.testing.assert_allclose(misjudged_mass, 1.1 * from_mass, atol=1e-9)


def test_senses_are_undelayed_by_default(body):
    assert of_settings(body, Settings()) is None
    assert of_settings(body, object()) is None
    assert of_settings(body, Settings(senses_delay_s=0.025)).n_blocks == 7
    assert of_settings(body, Settings(senses_delay_s=0.024)).n_blocks == 6
    assert of_settings(body, Settings(model_error=1.05)).n_blocks == 0


def test_a_model_error_alone_leaves_the_state_true(body):
    twin = Twin(body)
    twin.place(all_fours(body), np.zeros(body.model.nv))
    twin.step(np.full((3, len(body.muscles)), 0.1))
    true = twin.read()
    senses = Senses(body, 0.0, 1.1)
    senses.reset(true, np.full(len(body.muscles), 0.1))
    felt = senses.predict(true)
    np.testing.assert_array_equal(felt.qpos, true.qpos)
    np.testing.assert_array_equal(felt.contact_found, true.contact_found)
    assert true.contact_found.any()


@pytest.fixture(scope="module")
def runner():
    settings = Settings(senses_delay_s=0.024)
    return Runner(TrialConfig(task="crawl", pools=POOLS, settings=settings))


def test_the_model_knows_more_than_the_senses_tell(runner):
    """In a crawl the predicted posture lies far nearer to the true one than the delayed one."""
    runner.reset(0)
    seen, delayed, felt = [], [], []
    for index in range(225):
        seen.append(runner.reading.qpos[0].copy())
        drive, _ = runner.command()
        if index > 180:
            joints = runner.body.joint_qpos
            told = runner.senses.predict(runner.reading)
            assert told.time_s == runner.reading.time_s
            delayed.append(np.abs(seen[-1 - 6] - seen[-1])[joints].mean())
            felt.append(np.abs(told.qpos[0] - seen[-1])[joints].mean())
        runner.advance(drive)
    assert runner.outcome() == ""
    assert np.mean(felt) < 0.5 * np.mean(delayed)


def test_the_prediction_follows_from_old_senses_and_own_drive_alone(runner, body):
    """What the body does within the delay is not seen: another present, the same prediction."""
    senses = Senses(body, 0.012)
    present = runner.reading
    states = [present._replace(qpos=present.qpos + 0.001 * k) for k in range(5)]
    told = []
    for last in (states[3], states[4]):
        senses.reset(states[0], np.zeros(len(body.muscles)))
        for state in (states[1], states[2], last):
            senses.after_block(state, np.full(len(body.muscles), 0.2))
        told.append(senses.predict(last).qpos)
    np.testing.assert_array_equal(*told)
    senses.after_block(states[4], np.full(len(body.muscles), 0.2))
    assert not np.array_equal(senses.predict(states[4]).qpos, told[0])


def test_delayed_trials_repeat():
    config = TrialConfig(task="balance", seconds=0.06, pools=POOLS, settings=None)
    config = trial.complete(config)
    settings = type(config.settings)(senses_delay_s=0.02, model_error=1.05)
    config = TrialConfig(task="balance", seconds=0.06, pools=POOLS, settings=settings)
    first, again = (trial.run(config).trace.qpos for _ in range(2))
    np.testing.assert_array_equal(first, again)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        (Settings(senses_delay_s=0.4), "senses_delay_s=0.4 is not allowed; it is 0 to 0.3"),
        (Settings(model_error=3.0), "model_error=3.0 is not allowed; it is 0.5 to 2"),
    ],
)
def test_errors_name_what_is_allowed(body, settings, said):
    with pytest.raises(ValueError, match=said):
        of_settings(body, settings)
