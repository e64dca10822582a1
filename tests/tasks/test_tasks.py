"""The same questions to every task of the table, and a few to each about what it calls an end."""

import math
from dataclasses import replace

import numpy as np
import pytest

from neurocoord import seeds, trial
from neurocoord.body import model
from neurocoord.body.postures import lowest_point_m
from neurocoord.simulation import BLOCK_S
from neurocoord.tasks import TASKS, dynamometry, isometric, task

N_UNITS = 12  # of every muscle: the pools are tested elsewhere
N_BLOCKS = 40
# Task: settings (None: its own) and a duration that shows every measure.
SHORT = {
    "isometric": (
        TASKS["isometric"].settings(hold_s=0.7, rest_s=0.1, ballistic_s=0.35),
        2.2,
    ),
}
SHORT["isokinetic"] = (
    TASKS["isokinetic"].settings(
        action="stretch_shortening",
        speed_deg_per_s=300.0,
        range_deg=(55.0, 95.0),
        hold_s=0.55,
        rest_s=0.05,
    ),
    4.0,
)
DEFAULT_SHORT = (None, 0.16)


def config(name, seed=0, seconds=None):
    settings, default = SHORT.get(name, DEFAULT_SHORT)
    return trial.TrialConfig(
        task=name,
        seed=seed,
        seconds=default if seconds is None else seconds,
        pools=trial.Pools(n_units=N_UNITS),
        settings=settings,
    )


@pytest.fixture(scope="module", params=list(TASKS))
def name(request):
    return request.param


@pytest.fixture(scope="module")
def runner(name):
    return trial.Runner(config(name))


@pytest.fixture(scope="module")
def trials(name):
    """Trials of one task by seed and repetition."""
    return {
        (seed, repetition): trial.run(config(name, seed))
        for seed, repetition in ((3, 0), (3, 1), (4, 0))
    }


def test_the_table_knows_its_tasks_by_their_own_names():
    for name, entry in TASKS.items():
        assert entry.name == name
        assert task(name) is entry
        assert entry.question and entry.seconds > 0
    with pytest.raises(ValueError, match=r"task 'craw' is unknown; .*did you mean 'crawl'"):
        task("craw")


def test_start_is_a_posture_of_the_body(runner, name):
    body, entry = runner.body, runner.task
    for seed in range(5):
        qpos = entry.start_qpos(body, runner.plan, seeds.generator(seed, "start"))
        assert qpos.shape == (body.model.nq,) and np.all(np.isfinite(qpos))
        angle = qpos[body.joint_qpos]
        assert np.all(angle >= body.joint_range[:, 0] - 1e-6)
        assert np.all(angle <= body.joint_range[:, 1] + 1e-6)
        if body.name == "humanoid":
            assert np.linalg.norm(qpos[3:7]) == pytest.approx(1.0)
            assert abs(lowest_point_m(body.model, qpos)) < 0.01  # neither in the floor nor above
        same = entry.start_qpos(body, runner.plan, seeds.generator(seed, "start"))
        np.testing.assert_array_equal(qpos, same)


def test_start_is_not_an_end(runner):
    for seed in range(3):
        runner.reset(seed)
        assert runner.outcome() == ""
        assert runner.time_s <= 0.0


def test_the_expert_drives_muscles_and_nothing_else_moves_the_body(runner, name):
    """Block by block: drive in 0..1, rewards in 0..1, known outcomes, no force from outside."""
    body, entry = runner.body, runner.task
    runner.reset(1)
    driven = 0.0
    for _ in range(N_BLOCKS):
        drive, wanted = runner.command()
        assert drive.shape == (len(body.muscles),) and np.all(np.isfinite(drive))
        assert np.all(drive >= 0.0) and np.all(drive <= 1.0)
        assert wanted.shape == (len(body.joints),)
        runner.advance(drive)
        driven = max(driven, float(drive.max()))
        assert not runner.simulation.external_force().any()
        assert runner.outcome() in {"", "fell", "done"}
        for tried in (drive, np.zeros_like(drive), np.ones_like(drive)):
            terms = entry.reward_terms(body, runner.plan, runner.reading, 0, tried)
            assert terms
            for term, value in terms.items():
                assert 0.0 <= value <= 1.0 and isinstance(value, float), (term, value)
    assert driven > 0.0
    assert runner.time_s == pytest.approx(-entry.lead_in_s(runner.plan) + N_BLOCKS * BLOCK_S)


def test_the_goal_is_named_numbers(runner):
    goal = runner.task.goal(runner.plan)
    assert goal and all(math.isfinite(value) for value in goal.values())


def test_measures_are_those_of_the_table(name, trials):
    entry = TASKS[name]
    for found in trials.values():
        assert set(found.measures) == set(trial.measures_of(name)) > set(entry.measures)
        assert set(found.units) == set(found.measures)
        for measure, value in found.measures.items():
            assert isinstance(value, float), measure
            assert not math.isinf(value), measure
    for measure, row in entry.measures.items():
        assert row.unit and row.meaning, measure


def test_a_trace_is_whole(name, trials):
    found = trials[3, 0]
    n_blocks = found.trace.time_s.size
    np.testing.assert_allclose(np.diff(found.trace.time_s), BLOCK_S)
    for field in found.trace._fields:
        column = getattr(found.trace, field)
        if isinstance(column, np.ndarray) and field != "full_drive_fraction":
            assert column.shape[0] in (n_blocks, 2 * n_blocks), field
            if field != "wanted_angle":
                assert np.all(np.isfinite(column)), field
    assert found.fell == (found.measures["fell"] == 1.0) == (found.ended not in ("", "done"))


def test_the_same_seed_is_the_same_trial_bit_for_bit(trials):
    first, again = trials[3, 0], trials[3, 1]
    assert first.measures.keys() == again.measures.keys()
    for measure, value in first.measures.items():
        np.testing.assert_array_equal(value, again.measures[measure], err_msg=measure)
    for field, a, b in zip(first.trace._fields, first.trace, again.trace, strict=True):
        np.testing.assert_array_equal(a, b, err_msg=field)


def test_another_seed_is_another_trial(trials):
    first, other = trials[3, 0], trials[4, 0]
    n = min(first.trace.active_state.shape[0], other.trace.active_state.shape[0])
    assert not np.array_equal(first.trace.active_state[:n], other.trace.active_state[:n])
    assert first.measures != other.measures


def test_bad_settings_of_a_trial_are_refused():
    for seconds in (0.0, -1.0, math.nan, math.inf):
        with pytest.raises(ValueError, match="it must be above 0"):
            trial.complete(trial.TrialConfig(seconds=seconds))
    with pytest.raises(ValueError, match="seed=-1 is not allowed"):
        trial.complete(trial.TrialConfig(seed=-1))
    with pytest.raises(ValueError, match="did you mean 'roll'"):
        trial.complete(trial.TrialConfig(task="rol"))
    with pytest.raises(ValueError, match="did you mean 'common_drive'"):
        trial.complete(trial.TrialConfig(synchrony=trial.Synchrony(strategy="common")))


# --- ends ----------------------------------------------------------------------------------------


def outcome_at(runner, qpos, time_s):
    """The outcome of a body put at a posture, at rest."""
    reading = runner.simulation.reset(qpos[None], seeds=[0])
    return runner.task.outcome(runner.body, runner.plan, reading, 0, time_s)


@pytest.fixture(scope="module")
def runner_of():
    made = {}

    def get(name):
        if name not in made:
            made[name] = trial.Runner(config(name))
        return made[name]

    return get


def test_a_crawl_ends_by_a_fall_or_by_turning_away(runner_of):
    runner = runner_of("crawl")
    body = runner.body
    start = runner.task.start_qpos(body, runner.plan, np.random.default_rng(0))
    assert outcome_at(runner, start, 1.0) == ""
    for posture in ("prone", "supine"):
        assert outcome_at(runner, model.keyframe_qpos(body, posture), 1.0) == "fell"
    turned = start.copy()
    half = np.radians(80.0) / 2  # about the vertical
    w, x, y, z = start[3:7]
    turned[3:7] = [
        np.cos(half) * w - np.sin(half) * z,
        np.cos(half) * x - np.sin(half) * y,
        np.cos(half) * y + np.sin(half) * x,
        np.cos(half) * z + np.sin(half) * w,
    ]
    assert outcome_at(runner, turned, 1.0) == "fell"


def test_a_roll_is_done_when_prone(runner_of):
    runner = runner_of("roll")
    prone, supine = (model.keyframe_qpos(runner.body, name) for name in ("prone", "supine"))
    assert outcome_at(runner, supine, 1.0) == ""
    assert outcome_at(runner, prone, 1.0) == "done"
    assert outcome_at(runner, prone, -0.1) == ""  # not before it has begun


def test_the_isometric_protocol_is_done_at_its_end(runner_of):
    runner = runner_of("isometric")
    qpos = runner.plan.qpos
    assert outcome_at(runner, qpos, 1.0) == ""
    assert outcome_at(runner, qpos, 100.0) == "done"
    assert trial.run(config("isometric")).ended == "done"


def test_isometric_torque_rises_with_drive(runner_of):
    found = trial.run(config("isometric", seed=1)).measures
    assert 0.0 < found["torque_low_nm"] < found["torque_high_nm"] < found["torque_peak_nm"]
    assert 0.0 < found["power_low_w"] < found["power_high_w"]
    assert found["torque_low_cv"] > 0.0


def test_a_hold_is_ramped_to_and_lasts_as_long():
    settings = isometric.Settings(ramp_s=1.0, hold_s=1.5)
    body = model.load(TASKS["isometric"].body)
    plan = isometric.plan(body, settings)
    start, end = isometric.phases(settings)["low"]
    assert end - start == pytest.approx(2.5)
    assert isometric.duration_s(settings) == pytest.approx(
        isometric.duration_s(replace(settings, ramp_s=0.0)) + 2.0
    )
    drives = [
        isometric.expert(body, plan, None, None, 0, t, 0, 0, None)[0].max()
        for t in (start + 0.25, start + 0.5, start + 1.0, end - 0.01, end + 0.01)
    ]
    assert drives == pytest.approx([0.05, 0.1, 0.2, 0.2, 0.0])


def test_tremor_and_what_is_left_of_a_hold():
    time = np.arange(1500) * dynamometry.STEP_S
    wave = 50.0 + 2.0 * np.sqrt(2.0) * np.sin(2 * np.pi * 10.0 * time)
    assert dynamometry._tremor_nm(wave) == pytest.approx(2.0, rel=0.01)
    slow = 50.0 + 5.0 * np.sin(2 * np.pi * 2.0 * time)
    assert dynamometry._tremor_nm(slow) < 0.01
    assert np.isnan(dynamometry._tremor_nm(wave[:200]))
    falling = np.linspace(100.0, 70.0, 1500)
    assert dynamometry._share_left(falling) == pytest.approx(75.0 / 95.0, abs=1e-3)
    assert np.isnan(dynamometry._share_left(falling[:900]))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("low_drive", 0.0),
        ("high_drive", 1.2),
        ("hold_s", 0.5),
        ("rest_s", 0.0),
        ("ballistic_s", -1),
        ("ramp_s", -0.5),
    ],
)
def test_isometric_settings_are_checked(field, value):
    entry = TASKS["isometric"]
    with pytest.raises(ValueError, match=f"{field}={value}"):
        entry.plan(model.load(entry.body), entry.settings(**{field: value}))


def test_a_fall_before_the_task_begins_is_a_fall_and_nothing_else():
    """A push in the lead-in: what a study must count, and cannot measure."""
    push = trial.Push(start_s=-0.45, duration_s=0.3, force_n=(0.0, 1500.0, 0.0))
    done = trial.run(
        trial.TrialConfig(task="crawl", seconds=1.0, pools=trial.Pools(n_units=4), pushes=(push,))
    )
    assert done.trace.time_s[-1] < 0.0 and done.fell and done.measures["fell"] == 1.0
    assert set(done.measures) == set(trial.measures_of("crawl"))
    assert math.isnan(done.measures["speed_m_per_s"])


def test_a_protocol_is_as_long_as_its_settings_say():
    longer = isometric.Settings(hold_s=6.0)
    config = trial.TrialConfig(task="isometric", settings=longer)
    assert trial.complete(config).seconds == isometric.duration_s(longer) > 14.0
    assert trial.complete(replace(config, seconds=2.0)).seconds == 2.0


def test_settings_of_another_task_are_refused():
    wrong = trial.TrialConfig(task="roll", settings=TASKS["crawl"].settings())
    with pytest.raises(ValueError, match=r"roll takes those of neurocoord\.tasks\.roll"):
        trial.complete(wrong)


def test_a_push_shorter_than_a_block_is_refused():
    body = model.load()
    with pytest.raises(ValueError, match=r"must be 0\.004 or more"):
        trial.check_pushes(body, (trial.Push(duration_s=0.001),))
