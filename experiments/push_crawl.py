"""How far does a push carry a crawling body, and does it fall?

    python experiments/push_crawl.py                      # 100 N to the left for 0.1 s at 2 s
    python experiments/push_crawl.py --force 150 --seeds 5

The same crawl is done twice on the same noise, once pushed at the pelvis; the farthest horizontal
distance between the two centres of mass is the displacement. The push is the experiment's own and
the only force from outside.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from neurocoord.analysis.balance import displacement_after_push_m
from neurocoord.simulation import BLOCK_S
from neurocoord.trial import Pools, Runner, Synchrony, TrialConfig


@dataclass(frozen=True, kw_only=True)
class Config:
    """What is pushed, when and how hard; all choices."""

    n_seeds: int = 3
    force_n: float = 100.0  # on the pelvis, to the left
    push_s: float = 0.1  # how long
    at_s: float = 2.0  # after the start
    after_s: float = 2.0  # how long the bodies are compared from the push on
    synchrony: Synchrony = field(default_factory=Synchrony)
    pools: Pools = field(default_factory=Pools)


class Pushed(NamedTuple):
    """What one push did."""

    seed: int
    displacement_m: float  # farthest, of the centre of mass, from the body left alone
    remaining_m: float  # at the end
    fell: bool


def centres_of_mass_m(runner: Runner, config: Config, seed: int, force_n: float) -> np.ndarray:
    """Centre of mass [block, 3] from the push on; shorter where the body fell."""
    runner.reset(seed)
    centres = []
    while runner.time_s < config.at_s + config.after_s - 0.5 * BLOCK_S:
        if runner.outcome():
            break
        since = runner.time_s - config.at_s
        pushes = -0.5 * BLOCK_S < since < config.push_s - 0.5 * BLOCK_S
        push_n = force_n if pushes else 0.0
        runner.simulation.push(0, "pelvis", np.array([0.0, push_n, 0.0]))
        drive, _ = runner.command()
        if since > -0.5 * BLOCK_S:
            centres.append(runner.reading.centre_of_mass_m[0].copy())
        runner.advance(drive)
    runner.simulation.push(0, "pelvis", np.zeros(3))
    return np.array(centres).reshape(-1, 3)


def run(config: Config | None = None) -> list[Pushed]:
    """Every seed, pushed and left alone."""
    chosen = config or Config()
    runner = Runner(TrialConfig(task="crawl", synchrony=chosen.synchrony, pools=chosen.pools))
    found = []
    for seed in range(chosen.n_seeds):
        free = centres_of_mass_m(runner, chosen, seed, 0.0)
        pushed = centres_of_mass_m(runner, chosen, seed, chosen.force_n)
        n = min(len(free), len(pushed))
        if n == 0:
            raise RuntimeError(f"seed {seed}: the body fell before the push at {chosen.at_s} s")
        remaining = float(np.linalg.norm((pushed[n - 1] - free[n - 1])[:2]))
        fell = len(pushed) < len(free)
        away = displacement_after_push_m(pushed[:n], free[:n])
        found.append(Pushed(seed, away, remaining, fell))
    return found


def main(arguments: Sequence[str] | None = None) -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seeds", type=int, default=Config.n_seeds)
    parser.add_argument("--force", type=float, default=Config.force_n, help="N, to the left")
    given = parser.parse_args(arguments)
    config = Config(n_seeds=given.seeds, force_n=given.force)
    print(f"{config.force_n:g} N on the pelvis for {config.push_s:g} s:")
    for pushed in run(config):
        end = "fell" if pushed.fell else f"{pushed.remaining_m:.3f} m {config.after_s:g} s later"
        print(f"seed {pushed.seed}: {pushed.displacement_m:.3f} m at most, {end}")


if __name__ == "__main__":
    main()
