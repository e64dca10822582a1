"""Gymnasium environments: the checker, seeds, bounds, names, errors, and a bare import."""

import os
import subprocess
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path

import gymnasium
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env
from hypothesis import given
from hypothesis import strategies as st

from neurocoord import envs, trial
from neurocoord.body import model as bodies
from neurocoord.body.ground import Ground
from neurocoord.difficulty import RANGES, harder
from neurocoord.simulation import SimulationFailed
from neurocoord.tasks import TASKS, isometric

SOURCE = Path(__file__).resolve().parents[1] / "src"
FEW = 10  # units a muscle: these tests are of the shell, not of the pools


def _make(name: str, **options) -> envs.NeurocoordEnv:
    made = gymnasium.make(name, **{"n_units": FEW, "seconds": 0.1, **options}).unwrapped
    assert isinstance(made, envs.NeurocoordEnv)
    return made


@pytest.fixture(scope="module", params=list(envs.IDS))
def env(request) -> Iterator[envs.NeurocoordEnv]:
    made = _make(request.param)
    yield made
    made.close()


@pytest.fixture(scope="module")
def seated() -> Iterator[envs.NeurocoordEnv]:
    made = _make("neurocoord/Isometric-v0", expert_action=True, seconds=0.2)
    yield made
    made.close()


def _episode(env: envs.NeurocoordEnv, seed: int, drive: float) -> tuple[np.ndarray, np.ndarray]:
    """Observations [step + 1, entry] and rewards [step] at one drive of all muscles."""
    observations, rewards = [env.reset(seed=seed)[0]], []
    action = np.full(env.action_space.shape, drive, np.float32)
    over = False
    while not over:
        observation, reward, terminated, truncated, _ = env.step(action)
        observations.append(observation)
        rewards.append(reward)
        over = terminated or truncated
    return np.array(observations), np.array(rewards)


def test_every_id_has_a_task_and_every_task_an_id() -> None:
    assert sorted(envs.IDS.values()) == sorted(TASKS)


def test_gymnasiums_checker_passes(env) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.filterwarnings("ignore", message=".*infinity. This is probably too.*")
        check_env(env, skip_render_check=True)


def test_the_seed_decides_the_trace(env) -> None:
    first, first_rewards = _episode(env, 3, 0.3)
    again, again_rewards = _episode(env, 3, 0.3)
    other, _ = _episode(env, 4, 0.3)
    np.testing.assert_array_equal(first, again)
    np.testing.assert_array_equal(first_rewards, again_rewards)
    assert not np.array_equal(first[-1], other[-1])


def test_another_env_of_the_same_seed_is_the_same(seated) -> None:
    other = _make("neurocoord/Isometric-v0", seconds=0.2)  # and without the expert
    np.testing.assert_array_equal(_episode(seated, 5, 0.5)[0], _episode(other, 5, 0.5)[0])
    other.close()


def test_resets_without_a_seed_follow_from_the_last_seed(seated) -> None:
    seeds = []
    for _ in range(2):
        seeds.append([seated.reset(seed=s)[1]["seed"] for s in (8, None, None)])
    assert seeds[0] == seeds[1]
    assert len(set(seeds[0])) == 3
    assert seeds[0][0] == 8


def test_a_given_seed_is_the_trials_own() -> None:
    env = _make("neurocoord/Crawl-v0", seconds=0.1)
    env.reset(seed=2)
    config = trial.TrialConfig(task="crawl", seed=2, seconds=0.1, pools=trial.Pools(n_units=FEW))
    trace = trial.run(config).trace
    start = int(np.argmin(np.abs(trace.time_s)))
    np.testing.assert_array_equal(env.runner.reading.qpos[0], trace.qpos[start])
    env.close()


def test_observations_are_named_and_finite(env) -> None:
    names = envs.observation_names(env)
    assert len(set(names)) == len(names)
    assert (len(names),) == env.observation_space.shape
    observations, _ = _episode(env, 0, 0.8)
    assert observations.dtype == np.float32
    assert np.isfinite(observations).all()
    still = {name for name, span in zip(names, np.ptp(observations, axis=0)) if span == 0}
    assert {name for name in names if name.startswith("goal_")} <= still
    # a geom that never touches the floor reads 0; nothing else may stand still
    assert all(name.startswith(("goal_", "contact_")) for name in still), still


def test_observations_say_what_their_names_say(env) -> None:
    observation, info = env.reset(seed=0)
    named = dict(zip(envs.observation_names(env), observation))
    body, reading = env.runner.body, env.runner.reading
    assert named["time_s"] == pytest.approx(info["time_s"], abs=1e-6)
    assert info["time_s"] == pytest.approx(0.0, abs=1e-9)
    joint = body.joints.index("knee_flexion_r")
    assert named["angle_knee_flexion_r"] == pytest.approx(reading.qpos[0, body.joint_qpos[joint]])
    muscle = bodies.muscle_index(body, "VAS_L_r")
    expected = env.runner.simulation.expected_active_state()[0, muscle]
    assert named["active_state_VAS_L_r"] == pytest.approx(expected, rel=1e-5)
    assert 0.2 < named["length_VAS_L_r"] < 2.0
    if body.name == "humanoid":
        assert named["pelvis_height"] == pytest.approx(reading.qpos[0, 2], abs=1e-5)
        gravity, way = ([named[f"{stem}_{a}"] for a in "xyz"] for stem in ("gravity", "way"))
        assert np.linalg.norm(gravity) == pytest.approx(1.0, abs=1e-5)
        assert np.dot(gravity, way) == pytest.approx(0.0, abs=1e-5)
    if env.runner.task.name == "crawl":
        assert gravity[0] > 0.9  # face down: gravity points to the belly
        assert way[2] > 0.9  # the way is headward
        borne = sum(value for name, value in named.items() if name.startswith("contact_"))
        assert 0.5 < borne < 2.0


def test_reward_terms_are_shares_and_the_reward_is_their_mean(env) -> None:
    env.reset(seed=1)
    generator = np.random.default_rng(0)
    for _ in range(3):
        action = generator.uniform(size=env.action_space.shape).astype(np.float32)
        _, reward, terminated, truncated, info = env.step(action)
        assert all(0.0 <= term <= 1.0 for term in info["reward_terms"].values())
        assert reward == pytest.approx(np.mean(list(info["reward_terms"].values())))
        if terminated or truncated:
            break


def test_actions_are_clipped_and_nan_is_named(seated) -> None:
    assert seated.action_space.shape == (len(seated.muscles),)
    assert (seated.action_space.low == 0).all()
    assert (seated.action_space.high == 1).all()
    np.testing.assert_array_equal(_episode(seated, 0, 1.0)[0], _episode(seated, 0, 7.0)[0])
    np.testing.assert_array_equal(_episode(seated, 0, 0.0)[0], _episode(seated, 0, -1.0)[0])
    seated.reset(seed=0)
    action = np.zeros(seated.action_space.shape)
    action[bodies.muscle_index(seated.runner.body, "RF_r")] = np.nan
    with pytest.raises(ValueError, match=r"NaN for RF_r"):
        seated.step(action)
    with pytest.raises(ValueError, match=r"shape \(3,\)"):
        seated.step(np.zeros(3))


def test_motor_units_are_observed_when_asked_for(env) -> None:
    told = _make(env.spec.id, motor_unit_observations=True)
    names, plain = envs.observation_names(told), envs.observation_names(env)
    n = len(told.muscles)
    assert names[: len(plain)] == plain and len(names) == len(plain) + 3 * n
    observations, bare = _episode(told, 3, 0.9)[0], _episode(env, 3, 0.9)[0]
    np.testing.assert_array_equal(observations[:, : len(plain)], bare)  # looking changes nothing
    recruited, rate, emg = observations[:, len(plain) :].reshape(-1, 3, n).swapaxes(0, 1)
    assert recruited.min() >= 0.0 and recruited.max() <= 1.0
    assert ((rate > 0.0) <= (recruited > 0.0)).all()
    assert recruited[-1].mean() > 0.1 and 5.0 < rate[-1].mean() < 60.0
    assert emg.min() >= 0.0 and 0.1 < emg[-1].mean() < 1.5
    told.close()


def test_motor_unit_entries_agree_with_counted_spikes() -> None:
    told = _make("neurocoord/Isometric-v0", motor_unit_observations=True, seconds=0.6)
    runner = told.runner
    runner.simulation.record_spikes = True
    advance, spikes = runner.advance, []

    def counted(drive: np.ndarray):
        block = advance(drive)
        spikes.append(block.spikes[0])
        return block

    runner.advance = counted  # type: ignore[method-assign]
    told.reset(seed=0)
    for drive in [1.0] * 15 + [0.0] * 6:
        observation = told.step(np.full(told.action_space.shape, drive))[0]
    named = dict(zip(envs.observation_names(told), observation))
    raster = np.concatenate(spikes)[:, :FEW]  # [tick, unit] of the first muscle
    muscle = told.muscles[0]
    fired = raster[-201:].any(axis=0)  # a spike 200 ticks old still counts
    assert named[f"recruited_{muscle}"] == pytest.approx(fired.mean())
    rate = raster[-100:].sum() / 0.1 / max(fired.sum(), 1)
    assert named[f"rate_{muscle}"] == pytest.approx(rate, rel=1e-5)
    told.close()


def test_at_full_drive_the_emg_entry_is_about_one() -> None:
    told = _make("neurocoord/Isometric-v0", n_units=60, motor_unit_observations=True, seconds=1.0)
    emg = _episode(told, 1, 1.0)[0][-25:, -len(told.muscles) :]
    assert emg.mean() == pytest.approx(1.0, abs=0.05)
    assert not _episode(told, 1, 0.0)[0][-1, -3 * len(told.muscles) :].any()
    told.close()


def test_more_drive_means_more_active_state(seated) -> None:
    entry = envs.observation_names(seated).index("active_state_VAS_L_r")
    low, high = (_episode(seated, 0, drive)[0][-1, entry] for drive in (0.2, 0.8))
    assert 0.0 < low < high


def test_the_expert_is_told_when_asked_for(seated, env) -> None:
    _, info = seated.reset(seed=0)
    assert info["expert_action"] in seated.action_space
    assert seated.step(info["expert_action"])[4]["expert_action"] in seated.action_space
    assert "expert_action" not in env.reset(seed=0)[1]


def test_an_episode_ends_by_time_or_by_outcome(seated) -> None:
    assert len(_episode(seated, 0, 0.1)[1]) == 10
    with pytest.raises(RuntimeError, match=r"after the episode's end; call reset"):
        seated.step(np.zeros(seated.action_space.shape))
    short = isometric.Settings(hold_s=0.51, rest_s=0.01, ballistic_s=0.01)
    env = _make("neurocoord/Isometric-v0", settings=short, seconds=60.0)
    env.reset(seed=0)
    while True:
        *_, terminated, truncated, info = env.step(np.zeros(env.action_space.shape))
        if terminated or truncated:
            break
    assert (terminated, truncated, info["outcome"]) == (True, False, "done")
    assert info["time_s"] == pytest.approx(isometric.duration_s(short), abs=0.005)
    env.close()


def test_who_has_rolled_over_stays_to_the_end(monkeypatch) -> None:
    """Else lying still all the time would return more than rolling over at once."""
    env = _make("neurocoord/Roll-v0", seconds=0.1)
    env.reset(seed=0)
    monkeypatch.setattr(env.unwrapped.runner, "outcome", lambda: "done")
    found = [env.step(np.zeros(env.action_space.shape)) for _ in range(5)]
    assert [info["outcome"] for *_, info in found] == ["done"] * 5
    assert [terminated for _, _, terminated, _, _ in found] == [False] * 5
    assert [truncated for _, _, _, truncated, _ in found] == [False] * 4 + [True]
    assert found[-1][-1]["time_s"] == pytest.approx(0.1, abs=1e-6)
    env.close()


def test_a_fallen_body_goes_on_where_asked() -> None:
    env = _make("neurocoord/Crawl-v0", seconds=1.6, terminate_when_fallen=False)
    env.reset(seed=0)
    outcomes = []
    while True:
        *_, terminated, truncated, info = env.step(np.zeros(env.action_space.shape))
        outcomes.append(info["outcome"])
        if terminated or truncated:
            break
    assert (terminated, truncated, len(outcomes)) == (False, True, 80)
    assert outcomes[-1] == "fell"
    env.close()


def test_a_divergence_ends_the_episode(seated, monkeypatch) -> None:
    seated.reset(seed=0)

    def fail(drive: np.ndarray) -> None:
        raise SimulationFailed("for the test")

    monkeypatch.setattr(seated.runner, "advance", fail)
    observation, reward, terminated, _, info = seated.step(np.zeros(seated.action_space.shape))
    assert (reward, terminated, info["outcome"]) == (0.0, True, "diverged")
    assert np.isfinite(observation).all()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"task": "craw"}, "did you mean 'crawl'"),
        ({"strategy": "comon_drive"}, "common_drive"),
        ({"strength": 2.0}, "strength"),
        ({"scope": "leg"}, "scope"),
        ({"seconds": -1.0}, "seconds=-1.0"),
        ({"seconds": float("nan")}, "seconds=nan"),
        ({"n_units": 0}, "n_units=0"),
        ({"n_units": 2.5}, "n_units=2.5"),
        ({"settings": {"low_drive": 1}}, r"isometric\.Settings"),
        ({"settings": isometric.Settings(low_drive=2.0)}, "low_drive=2.0"),
        ({"render_mode": "ascii"}, "render_mode 'ascii' is unknown; allowed: None, "),
    ],
)
def test_a_wrong_keyword_is_named(options, message) -> None:
    with pytest.raises(ValueError, match=message):
        envs.NeurocoordEnv(**{"task": "isometric", "n_units": FEW, **options})


def test_a_field_of_the_settings_may_be_given_by_name() -> None:
    env = _make("neurocoord/Balance-v0", posture="bird_dog", side="left")
    settings = env.runner.config.settings
    assert (settings.posture, settings.side) == ("bird_dog", "left")
    named = dict(zip(envs.observation_names(env), env.reset(seed=0)[0]))
    assert (named["goal_bird_dog"], named["goal_hands_knees"], named["goal_side"]) == (1, 0, -1)
    env.close()
    with pytest.raises(ValueError, match="did you mean 'posture'"):
        envs.NeurocoordEnv("balance", n_units=FEW, postre="bird_dog")
    with pytest.raises(ValueError, match="did you mean 'bird_dog'"):
        envs.NeurocoordEnv("balance", n_units=FEW, posture="bird_dgo")


GAITS = {
    "crawl": "crawl_hands_knees",
    "roll": "roll_supine_to_prone",
    "balance": "balance_postures",
    "react": "balance_postures",
}


def test_every_plain_keyword_keeps_the_promises(env) -> None:
    task = env.runner.task.name
    named = {"gait": GAITS[task]} if task in GAITS else {}
    path = str(SOURCE.parent / "models" / f"{env.runner.task.body}.xml")
    keywords = {"body": path, "strategy": "beta", "motor_unit_observations": True, **named}
    hard = _make(env.spec.id, difficulty=1.0, **keywords)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        first = _episode(hard, 3, 0.3)[0]
        drawn = hard.drawn
        np.testing.assert_array_equal(first, _episode(hard, 3, 0.3)[0])
        assert hard.drawn == drawn and drawn["difficulty"] == 1.0 and drawn["strength"] != 1.0
        other = hard.reset(seed=4)[1]["difficulty"]
    assert drawn.keys() == other.keys() and drawn != other
    assert np.isfinite(first).all() and first.shape[1:] == hard.observation_space.shape
    for _ in range(3):
        observation, _, terminated, truncated, info = hard.step(hard.action_space.sample())
        assert observation in hard.observation_space
        assert all(0.0 <= term <= 1.0 for term in info["reward_terms"].values())
        if terminated or truncated:
            break
    hard.close()


@pytest.mark.slow
@pytest.mark.parametrize("name", list(envs.IDS))
def test_gymnasiums_checker_passes_at_full_difficulty(name) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.filterwarnings("ignore", message=".*infinity. This is probably too.*")
        hard = _make(name, difficulty=1.0, motor_unit_observations=True)
        check_env(hard, skip_render_check=True)
    hard.close()


def test_the_plain_keywords_change_nothing_at_their_defaults(env) -> None:
    task = env.runner.task.name
    named = {"gait": GAITS[task]} if task in GAITS else {}
    easy = _make(env.spec.id, difficulty=0.0, ground=Ground(), **named)
    for one, other in zip(_episode(env, 5, 0.3), _episode(easy, 5, 0.3)):
        np.testing.assert_array_equal(one, other)
    assert easy.reset(seed=5)[1]["difficulty"] == {"difficulty": 0.0}
    easy.close()


@given(st.sampled_from(sorted(RANGES)), st.just(0.0) | st.floats(0.01, 1.0), st.integers(0, 2**31))
def test_what_difficulty_draws_grows_with_it_and_is_allowed(task, level, seed) -> None:
    plain = trial.complete(trial.TrialConfig(task=task))
    config, drawn = harder(plain, level, seed)
    assert (config == plain) == (level == 0.0)
    assert 0.8 <= config.strength <= 1.2 and 0.4 <= config.ground.friction <= 1.2
    assert abs(config.ground.uphill_deg) <= 10.0 * level and config.ground.bump_m <= 0.02 * level
    for name, value in drawn.items():
        if hasattr(config.settings, name):
            assert getattr(config.settings, name) == value
    for push in config.pushes:
        assert np.linalg.norm(push.force_n) * push.duration_s <= 20.0 * level + 1e-9
    if task == "crawl":
        assert 0.1 <= config.settings.speed_m_per_s <= 0.7
        full = harder(plain, 1.0, seed)[0]
        assert config.ground.uphill_deg == pytest.approx(level * full.ground.uphill_deg)


def test_difficulty_reaches_the_body() -> None:
    env = _make("neurocoord/Crawl-v0", difficulty=1.0)
    info = env.reset(seed=1)[1]
    drawn, model = info["difficulty"], env.runner.body.model
    assert model.geom("floor").friction[0] == pytest.approx(drawn["friction"])
    slope = np.degrees(np.arcsin(-model.opt.gravity[0] / np.linalg.norm(model.opt.gravity)))
    assert slope == pytest.approx(drawn["uphill_deg"])
    assert env.runner.config.settings.speed_m_per_s == pytest.approx(drawn["speed_m_per_s"])
    (push,) = info["pushes"]
    impulse = np.linalg.norm(push.force_n) * push.duration_s
    assert impulse == pytest.approx(drawn["push_n_s"])
    found = dict(zip(envs.observation_names(env), env.reset(seed=1)[0]))
    assert found["goal_commanded_speed_m_per_s"] == pytest.approx(drawn["speed_m_per_s"])
    env.close()


def test_a_wrong_gait_or_difficulty_is_named() -> None:
    with pytest.raises(
        ValueError, match=r"another kind; allowed: crawl_four_beat, crawl_hands_knees,"
    ):
        envs.NeurocoordEnv("crawl", n_units=FEW, gait="roll_supine_to_prone")
    with pytest.raises(ValueError, match=r"did you mean 'crawl_hands_knees'"):
        envs.NeurocoordEnv("crawl", n_units=FEW, gait="crawl_hands_kness")
    with pytest.raises(ValueError, match=r"none for this task"):
        envs.NeurocoordEnv("isometric", n_units=FEW, gait="crawl_hands_knees")
    for wrong in (-0.1, 1.5, float("nan")):
        with pytest.raises(ValueError, match=r"difficulty=.* it is 0 to 1"):
            envs.NeurocoordEnv("isometric", n_units=FEW, difficulty=wrong)


def test_pushes_are_told_and_applied() -> None:
    env = _make("neurocoord/React-v0", earliest_s=0.02, latest_s=0.03)
    drawn = [env.reset(seed=seed)[1]["pushes"] for seed in (1, 2, 1)]
    assert drawn[0] == drawn[2] != drawn[1]
    (push,) = drawn[2]
    assert env.runner.simulation.external_force()[0] == 0.0
    forces = []
    for _ in range(4):
        info = env.step(np.zeros(env.action_space.shape))[4]
        forces.append(env.runner.simulation.external_force()[0])
    assert info["pushes"] == (push,)
    assert max(forces) == pytest.approx(np.abs(push.force_n).max())
    env.close()
    given = _make("neurocoord/Balance-v0", pushes=[push])
    assert given.reset(seed=0)[1]["pushes"] == (push,)
    given.close()


def test_reset_takes_no_options_and_a_step_needs_a_reset(seated) -> None:
    with pytest.raises(ValueError, match="options"):
        seated.reset(options={"speed": 1})
    fresh = envs.NeurocoordEnv("isometric", n_units=FEW)
    with pytest.raises(RuntimeError, match="before the first reset"):
        fresh.step(np.zeros(fresh.action_space.shape))


def test_names_are_for_these_envs_only() -> None:
    with pytest.raises(ValueError, match="CartPole"):
        envs.observation_names(gymnasium.make("CartPole-v1"))


def test_importing_registers_and_does_nothing_else() -> None:
    code = (
        "import gymnasium, sys\n"
        "before = set(gymnasium.registry)\n"
        "import neurocoord.envs\n"
        "sys.stderr.write(' '.join(sorted(set(gymnasium.registry) - before)))\n"
        "light = {'neurocoord.film', 'imageio', 'matplotlib', 'OpenGL'} & set(sys.modules)\n"
        "assert not light, light\n"
    )
    # MuJoCo itself imports OpenGL where MUJOCO_GL asks for it
    there = {name: value for name, value in os.environ.items() if name != "MUJOCO_GL"}
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        env={**there, "PYTHONPATH": str(SOURCE)},
    )
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    assert done.stderr.split() == sorted(envs.IDS)


def test_every_reward_term_is_in_the_docs(env) -> None:
    text = (SOURCE.parent / "docs" / "environments.md").read_text()
    table = text[text.index("| env | term | formula |") : text.index("**End**")]
    rows = [line.split("|")[1:3] for line in table.splitlines() if line.startswith("| ")][1:]
    of = env.spec.id.removeprefix("neurocoord/").removesuffix("-v0")
    told = [term.strip(" `") for who, term in rows if of in who.strip().split(", ")]
    env.reset(seed=1)
    *_, info = env.step(np.zeros(env.action_space.shape, np.float32))
    assert sorted(told) == sorted(info["reward_terms"])


def test_every_entry_is_in_the_docs(env) -> None:
    text = (SOURCE.parent / "docs" / "environments.md").read_text()
    for name in (entry.name for entry in envs.observation_entries(env.runner, True)):
        stem, _, rest = name.rpartition("_")
        kinds = ("contact", "angle", "velocity", "length", "lengthening", "active_state", "goal")
        kinds += ("recruited", "rate", "emg")
        family = next((f"`{kind}_<" for kind in kinds if name.startswith(f"{kind}_")), None)
        single = f"`{stem}_x`" if rest in "xyz" else f"`{name}`"
        assert (family or single) in text, name
