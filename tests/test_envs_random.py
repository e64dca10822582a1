"""A million steps of random, bang-bang and full drive: nothing infinite, no warning, all in range.

    make test-slow ARGS=tests/test_envs_random.py                     # all of it: hours
    make test-slow ARGS="tests/test_envs_random.py -k Crawl-bang"     # some of it
    make test-slow ARGS="tests/test_envs_random.py -k 'chunk07'"      # a twentieth

Bodies that fell go on, in whatever heap they lie. A quarter of the chunks is at difficulty 1.
"""

import functools
import warnings
from collections.abc import Callable, Iterator

import gymnasium
import numpy as np
import pytest

from neurocoord import envs

STEPS, CHUNKS = 2778, 20  # of each kind of action in each env: 6 x 3 x 20 x 2778 = 1 000 080
FEW = 6  # units a muscle: bodies and floors are tried here, not pools
SECONDS = 4.0  # of an episode
HELD_STEPS = 10  # a bang-bang drive stays for 0.2 s


def uniform(n: int, rng: np.random.Generator) -> Iterator[np.ndarray]:
    """Another drive of each muscle at every step."""
    while True:
        yield rng.uniform(size=n)


def bang_bang(n: int, rng: np.random.Generator) -> Iterator[np.ndarray]:
    """Each muscle fully on or off, for 0.2 s."""
    while True:
        drive = rng.integers(0, 2, n).astype(float)
        for _ in range(HELD_STEPS):
            yield drive


def all_on(n: int, rng: np.random.Generator) -> Iterator[np.ndarray]:
    """Every muscle fully on."""
    while True:
        yield np.ones(n)


KINDS: dict[str, Callable] = {"uniform": uniform, "bang": bang_bang, "on": all_on}


@functools.cache
def made(name: str, difficulty: float) -> envs.NeurocoordEnv:
    env = gymnasium.make(
        name,
        n_units=FEW,
        seconds=SECONDS,
        difficulty=difficulty,
        terminate_when_fallen=False,
        motor_unit_observations=True,
    ).unwrapped
    assert isinstance(env, envs.NeurocoordEnv)
    return env


def check_step(env: envs.NeurocoordEnv, action: np.ndarray) -> bool:
    """Whether the episode is over after a step that must be sound."""
    observation, reward, terminated, truncated, info = env.step(action)
    assert info["outcome"] != "diverged", info
    assert np.isfinite(observation).all() and observation in env.observation_space
    terms = info["reward_terms"]
    assert all(0.0 <= term <= 1.0 for term in terms.values()), terms
    assert reward == pytest.approx(np.mean(list(terms.values())))
    return terminated or truncated


def check_steps(name: str, kind: str, seed: int, n: int, difficulty: float) -> None:
    env = made(name, difficulty)
    drives = KINDS[kind](len(env.muscles), np.random.default_rng(seed))
    over, episode = True, 0
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for _ in range(n):
            if over:
                observation, _ = env.reset(seed=1000 * seed + episode)
                assert np.isfinite(observation).all()
                episode += 1
            over = check_step(env, next(drives).astype(np.float32))


@pytest.mark.slow
@pytest.mark.parametrize("chunk", range(CHUNKS), ids=lambda chunk: f"chunk{chunk:02d}")
@pytest.mark.parametrize("kind", list(KINDS))
@pytest.mark.parametrize("name", list(envs.IDS), ids=lambda name: name[11:-3])
def test_a_million_steps(name: str, kind: str, chunk: int) -> None:
    check_steps(name, kind, chunk, STEPS, difficulty=float(chunk % 4 == 3))


@pytest.mark.parametrize("kind", list(KINDS))
@pytest.mark.parametrize("name", list(envs.IDS), ids=lambda name: name[11:-3])
def test_some_steps(name: str, kind: str) -> None:
    check_steps(name, kind, seed=99, n=30, difficulty=0.0)


def test_a_step_that_is_not_sound_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    env = made("neurocoord/Isometric-v0", 0.0)
    env.reset(seed=0)
    monkeypatch.setattr(env, "_observation", lambda: np.full(env.observation_space.shape, np.nan))
    with pytest.raises(AssertionError):
        check_step(env, np.zeros(len(env.muscles), np.float32))
