"""Group `loop`: the closed loop of one body and of several, against real time; its solves."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np

from neurocoord.bench.rows import Row, Size, at_least, at_most
from neurocoord.coordination import solver
from neurocoord.coordination.allocation import make_problem
from neurocoord.envs import STEP_S, NeurocoordEnv
from neurocoord.simulation import BLOCK_S, Simulation
from neurocoord.tasks import crawl
from neurocoord.trial import Pools, Runner, TrialConfig, make_pools

ACTION = 0.2  # drive of every muscle in the environment, and of the eight bodies (choice)
N_BODIES = 8
TARGETS = {
    "Crawl-v0 with muscle actions": 5.0,
    "crawl with the built-in controller": 3.0,
    "eight bodies, two threads over one": 1.8,
}
SOLVE_TARGETS_MS = {"median": 0.3, "95 of 100": 0.5}


def rows(size: Size) -> list[Row]:
    """Real-time factors of a crawl, by an env's actions and by the controller, and of threads."""
    names = list(TARGETS)
    config = TrialConfig(task="crawl", pools=Pools(n_units=size.n_units))
    runner = Runner(config)
    what = f"{len(runner.body.muscles)} muscles x {size.n_units} units, one thread"
    factors = (_actions(size), _controller(runner, size), _threads(runner, size))
    notes = (f"{what}, drive {ACTION}", what, "blocks of 4 ms with what is read of the bodies")
    loops = [
        at_least(name, factor, "x", TARGETS[name], note)
        for name, factor, note in zip(names, factors, notes)
    ]
    return loops + _solves(runner, size)


def _solves(runner: Runner, size: Size) -> list[Row]:
    """Time of the allocation's bounded least squares in a crawl as it goes, and how many converge.

    Each is warm-started from the one before, as in the loop. It is solved once more, timed.
    """
    runner.reset(0)
    strategy, gains = runner.plan.strategy, runner.plan.gains
    spent, sound = [], 0
    for _ in range(1 + size.repeats * max(1, round(size.seconds / BLOCK_S))):
        low, high = (bound[0] for bound in runner.simulation.bounds())
        reading, memory = runner.reading, runner.memory
        wanted, _ = crawl.reference(runner.plan, memory.way, reading, 0, runner.time_s)
        limits = (low, np.maximum(high, low + 1e-9))
        warm = memory.warm_start
        problem, _ = make_problem(
            runner.body, reading, 0, wanted, *limits, gains, warm, strategy=strategy
        )
        start = time.perf_counter()
        solution = solver.solve(*problem)
        spent.append(time.perf_counter() - start)
        sound += solution.converged and not solution.fallback_sweeps
        runner.advance(runner.command()[0])
    times_ms = 1e3 * np.array(spent[1:])
    note = f"{times_ms.size} solves of a crawl, lead-in included, each from the one before"
    value = {"median": np.median(times_ms), "95 of 100": np.percentile(times_ms, 95)}
    return [
        *(
            at_most(f"allocation solve, {name}", float(value[name]), "ms", target, note)
            for name, target in SOLVE_TARGETS_MS.items()
        ),
        at_least("allocation solves that converge", 100.0 * sound / len(spent), "%", 100.0, note),
    ]


def _actions(size: Size) -> float:
    """Times real time of the env's steps; an episode that ends is begun anew, untimed."""
    env = NeurocoordEnv("crawl", n_units=size.n_units)
    action = np.full(len(env.muscles), ACTION, np.float32)
    env.reset(seed=0)
    spent = []
    for step in range(1 + size.repeats * max(1, round(size.seconds / STEP_S))):
        start = time.perf_counter()
        _, _, terminated, truncated, _ = env.step(action)
        spent.append(time.perf_counter() - start)
        if terminated or truncated:
            env.reset(seed=step + 1)
    return STEP_S / float(np.median(spent[1:]))


def _controller(runner: Runner, size: Size) -> float:
    """Times real time of the crawl, from its lead-in on."""
    runner.reset(0)

    def block() -> None:
        drive, _ = runner.command()
        runner.advance(drive)

    return BLOCK_S / _median_s(block, size)


def _threads(runner: Runner, size: Size) -> float:
    """One thread's time over that of two, in turns."""
    pools, coupling = make_pools(runner.config, runner.body)
    drive = np.full((N_BODIES, len(runner.body.muscles)), ACTION)

    def of(n_threads: int) -> Callable[[], None]:
        seeds = list(range(N_BODIES))
        bodies = Simulation(runner.body, pools, coupling, seeds=seeds, n_threads=n_threads)

        def block() -> None:
            bodies.advance(drive)
            bodies.read()

        return block

    one, two = of(1), of(2)
    turns = [(_median_s(one, size), _median_s(two, size)) for _ in range(size.repeats)]
    return float(np.median([alone / together for alone, together in turns]))


def _median_s(block: Callable[[], None], size: Size) -> float:
    """Median time of a block of 4 ms over `size.seconds` of them."""
    spent = []
    for _ in range(1 + max(1, round(size.seconds / BLOCK_S))):
        start = time.perf_counter()
        block()
        spent.append(time.perf_counter() - start)
    return float(np.median(spent[1:]))
