"""Scores of random, zero and built-in drive in every environment, for docs/environments.md.

python docs/make_env_scores.py               # five seeds: a quarter of an hour on one core
python docs/make_env_scores.py --seeds 20    # more
python docs/make_env_scores.py --seeds 1 --only Crawl   # a look: prints, writes nothing
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import gymnasium
import numpy as np
from drawing import between

from neurocoord import envs
from neurocoord.simulation import SimulationFailed

PAGE = Path(__file__).resolve().parent / "environments.md"
BEGIN, END = "<!-- table: docs/make_env_scores.py -->", "<!-- end of table -->"
N_UNITS = 40  # of each muscle
SECONDS = 5.0  # of the moving tasks; the dynamometer's protocols run their own time


class Episode(NamedTuple):
    """How one episode went."""

    total: float
    n_steps: int
    outcome: str
    time_s: float


Policy = Callable[[envs.NeurocoordEnv, np.random.Generator, dict[str, Any]], np.ndarray]


def uniform(env: envs.NeurocoordEnv, rng: np.random.Generator, info: dict[str, Any]) -> np.ndarray:
    """Another drive of each muscle at every step, evenly from 0 to 1."""
    return rng.uniform(size=len(env.muscles))


def zero(env: envs.NeurocoordEnv, rng: np.random.Generator, info: dict[str, Any]) -> np.ndarray:
    """No drive at all."""
    return np.zeros(len(env.muscles))


def expert(env: envs.NeurocoordEnv, rng: np.random.Generator, info: dict[str, Any]) -> np.ndarray:
    """What the built-in controller drives, held for the 20 ms of a step."""
    return info["expert_action"]


def play(env: envs.NeurocoordEnv, seed: int, policy: Policy) -> Episode:
    """One episode through ``step``."""
    rng, total, n = np.random.default_rng(seed), 0.0, 0
    _, info = env.reset(seed=seed)
    while True:
        _, reward, terminated, truncated, info = env.step(policy(env, rng, info))
        total, n = total + reward, n + 1
        if terminated or truncated:
            return Episode(total, n, info["outcome"], info["time_s"])


def play_by_block(env: envs.NeurocoordEnv, seed: int) -> Episode:
    """One episode of the built-in controller at its own pace of 4 ms, rewarded every 20 ms."""
    env.reset(seed=seed)
    runner, total, n, outcome = env.runner, 0.0, 0, ""
    seconds = runner.config.seconds
    assert seconds is not None
    stays = runner.task.stays_when_done
    while (not outcome or (stays and outcome == "done")) and runner.time_s < seconds - 0.002:
        for _ in range(envs.BLOCKS_PER_STEP):
            try:
                runner.advance(runner.command()[0])
            except SimulationFailed:
                outcome = "diverged"
                break
            outcome = runner.outcome()
            if outcome and not (stays and outcome == "done"):
                break
        terms = runner.task.reward_terms(runner.body, runner.plan, runner.reading, 0, runner.drive)
        total, n = total + (0.0 if outcome == "diverged" else np.mean(list(terms.values()))), n + 1
    return Episode(float(total), n, outcome, runner.time_s)


# name in the table: policy (None: by block), difficulty
ROWS: dict[str, tuple[Policy | None, float]] = {
    "random": (uniform, 0.0),
    "zero": (zero, 0.0),
    "built-in, held for 20 ms": (expert, 0.0),
    "built-in": (None, 0.0),
    "built-in, difficulty 0.5": (None, 0.5),
    "built-in, difficulty 1": (None, 1.0),
}


def scores(name: str, row: str, seeds: range) -> str:
    """A line of the table."""
    policy, difficulty = ROWS[row]
    is_moving = "Iso" not in name
    env = gymnasium.make(
        name,
        n_units=N_UNITS,
        seconds=SECONDS if is_moving else None,
        difficulty=difficulty,
        expert_action=policy is expert,
    ).unwrapped
    assert isinstance(env, envs.NeurocoordEnv)
    found = [play_by_block(env, s) if policy is None else play(env, s, policy) for s in seeds]
    env.close()
    total = np.array([episode.total for episode in found])
    steps = np.array([episode.n_steps for episode in found])
    ends = {end: sum(e.outcome == end for e in found) for end in ("done", "fell", "diverged")}
    ends["time was up"] = sum(not e.outcome for e in found)
    told = ", ".join(f"{end} {n}" for end, n in ends.items() if n)
    return (
        f"| {name[11:-3]} | {row} | {total.mean():.1f} ({total.min():.1f} to {total.max():.1f})"
        f" | {(total / steps).mean():.3f} | {np.mean([e.time_s for e in found]):.2f} | {told} |"
    )


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seeds", type=int, default=5, help="seeds 0, 1, ... of each")
    names = {name[11:-3]: name for name in envs.IDS}
    parser.add_argument("--only", choices=names, help="one environment; the page stays")
    options = parser.parse_args()
    lines = []
    for name in names.values() if options.only is None else (names[options.only],):
        for row in ROWS:
            lines.append(scores(name, row, range(options.seeds)))
            print(lines[-1], flush=True)
    if options.only is None:
        said = (
            f"Seeds 0 to {options.seeds - 1}, {N_UNITS} units a muscle, {SECONDS:g} s (the"
            " dynamometer: its protocol), `independent`; mean return (lowest to highest of the"
            " seeds), mean reward of a step, mean time at the end (s), how episodes ended."
        )
        head = "| env | drive | return | a step | end (s) | ended |\n|---|---|---|---|---|---|"
        PAGE.write_text(
            between(PAGE.read_text(), BEGIN, END, f"{said}\n\n{head}\n" + "\n".join(lines))
        )


if __name__ == "__main__":
    main()
