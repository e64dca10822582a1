"""Many trials: conditions x seeds, run by processes, gathered into tables.

Each trial is decided by its config alone, so results are the same, bit for bit, for any number of
processes and in any order of finishing.
"""

from __future__ import annotations

import csv
import json
import multiprocessing
import os
import signal
import threading
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np

from neurocoord import synchrony, trial
from neurocoord.analysis.plots import TracePanel
from neurocoord.analysis.statistics import Measurement
from neurocoord.results import atomic_path
from neurocoord.settings import flatten, replace_path, split_assignment
from neurocoord.tasks import TASKS, isometric
from neurocoord.tasks import task as find_task
from neurocoord.tasks.movement import STEPS
from neurocoord.threads import ONE_THREAD
from neurocoord.trial import Synchrony, TrialConfig

FAILURES, UNITS = "failures.json", "units.csv"
MAX_WORKERS = 60  # Windows waits for 63 handles at most
HOLD_SHOWN_S = 1.0  # how much of a hold the figure shows (choice)
BALLISTIC_SHOWN_S = 0.3  # and of the ballistic effort (choice)


class Outcome(NamedTuple):
    """What is kept of one trial: small enough to send between processes."""

    config: TrialConfig
    measures: dict[str, float]
    units: dict[str, str]
    ended: str  # "" when time was up, "done", "fell", or what MuJoCo warned of
    fell: bool
    error: str  # "" or, in one line, why there is no outcome
    traces: dict[str, np.ndarray]  # by name, [sample]; empty where no figure shows the task


OnDone = Callable[[Outcome, int, int], None]  # (outcome, how many are done, of how many)


def conditions(
    tasks: Sequence[str],
    strategies: Sequence[str],
    n_seeds: int,
    *,
    first_seed: int = 0,
    strength: float = 1.0,
    scope: str = "pool",
    seconds: Mapping[str, float | None] | None = None,
    overrides: Iterable[str] = (),
) -> list[TrialConfig]:
    """Every task under every strategy with every seed, each config complete and its names checked.

    `seconds` by task replaces the task's own length (that of an isometric protocol follows its
    settings); `overrides` are texts `path=value` for every trial, or `task.path=value` for the
    trials of one task.
    """
    for name, chosen in (("tasks", tasks), ("strategies", strategies)):
        if not chosen or len(set(chosen)) < len(chosen):
            raise ValueError(f"{name} are {', '.join(chosen) or 'none'}; name each once")
    if n_seeds < 1:
        raise ValueError(f"seeds is {n_seeds}; it must be 1 or more")
    for strategy in strategies:
        synchrony.strategy(strategy)
    overrides, configs = tuple(overrides), []
    for task in tasks:
        find_task(task)
        template = trial.complete(
            TrialConfig(task=task, seed=first_seed, seconds=(seconds or {}).get(task))
        )
        for assignment in overrides:
            template = _override(template, assignment)
        if task == "isometric" and template.seconds == TASKS[task].seconds:
            template = replace(template, seconds=isometric.duration_s(template.settings))
        configs += [
            replace(
                template,
                seed=first_seed + seed,
                synchrony=Synchrony(strategy=strategy, strength=strength, scope=scope),
            )
            for strategy in strategies
            for seed in range(n_seeds)
        ]
    return configs


def check(configs: Iterable[TrialConfig]) -> None:
    """Refuse before any work what would fail later: ValueError from plan, pools and coupling."""
    seen = []
    for config in configs:
        config = replace(trial.complete(config), seed=0)
        if config in seen:
            continue
        seen.append(config)
        if config.pools.n_units < 1:
            raise ValueError(f"pools.n_units={config.pools.n_units} is not allowed; at least 1")
        task = find_task(config.task)
        body = trial.find_body(config)
        horizon_s = task.horizon_s(task.plan(body, config.settings))
        if not 0 < horizon_s < 1:
            raise ValueError(f"horizon_s={horizon_s} is not allowed; it lies between 0 and 1")
        trial.make_pools(config, body)


def run_trials(
    configs: Sequence[TrialConfig],
    *,
    n_workers: int | None = None,
    on_done: OnDone | None = None,
) -> list[Outcome]:
    """Run trials in processes of their own; outcomes in the order of `configs`.

    A trial that raises is recorded with its error and the others go on. `n_workers` is by default
    the number of cores. KeyboardInterrupt ends the processes and goes on up.
    """
    n_workers = default_workers() if n_workers is None else n_workers
    if n_workers < 1:
        raise ValueError(f"workers is {n_workers}; it must be 1 or more")
    if not configs:
        return []
    outcomes: dict[int, Outcome] = {}
    others = set(multiprocessing.active_children())
    executor = ProcessPoolExecutor(
        min(n_workers, len(configs), MAX_WORKERS), multiprocessing.get_context("spawn")
    )
    # the longest first, so that no process is left alone with a long one at the end
    order = sorted(range(len(configs)), key=lambda index: -(configs[index].seconds or 0.0))
    try:
        with _for_children():
            futures = {executor.submit(run_one, configs[index]): index for index in order}
        for future in as_completed(futures):
            index = futures[future]
            outcomes[index] = _result(future, configs[index])
            if on_done is not None:
                on_done(outcomes[index], len(outcomes), len(configs))
    except BaseException:
        executor.shutdown(wait=False, cancel_futures=True)
        for process in set(multiprocessing.active_children()) - others:
            process.terminate()
        raise
    executor.shutdown()
    return [outcomes[index] for index in range(len(configs))]


def default_workers() -> int:
    """Cores that this process may use."""
    allowed = getattr(os, "sched_getaffinity", None)  # not on every system
    return len(allowed(0)) if allowed is not None else os.cpu_count() or 1


def run_one(config: TrialConfig) -> Outcome:
    """One trial as an `Outcome`; what a worker process does."""
    try:
        done = trial.run(config)
        return Outcome(
            done.config, done.measures, done.units, done.ended, done.fell, "", _traces(done)
        )
    except Exception as error:
        return _failed(config, error)


def measured(
    config: TrialConfig, measures: Mapping[str, float], units: Mapping[str, str]
) -> list[Measurement]:
    """The rows of the long table that one trial gives; what is not finite is NaN."""
    strategy = config.synchrony.strategy
    finite = {name: v if np.isfinite(v) else float("nan") for name, v in measures.items()}
    return [
        Measurement(config.task, strategy, config.seed, name, value, units[name])
        for name, value in finite.items()
    ]


def measurements(outcomes: Iterable[Outcome]) -> list[Measurement]:
    """The long table of all trials that have an outcome."""
    return [row for o in outcomes for row in measured(o.config, o.measures, o.units)]


def write_failures(folder: Path, outcomes: Iterable[Outcome]) -> None:
    """`failures.json` beside the tables: the trials that raised, if any did."""
    path = folder / FAILURES
    failed = [
        {"config": flatten(outcome.config), "error": outcome.error}
        for outcome in outcomes
        if outcome.error
    ]
    if not failed:
        path.unlink(missing_ok=True)
        return
    with atomic_path(path) as temporary:
        temporary.write_text(json.dumps(failed, indent=2) + "\n", encoding="utf-8")


def write_units(folder: Path, done: trial.Trial) -> None:
    """`units.csv` beside the tables: how each motor unit discharged, in order of recruitment."""
    muscles = trial.find_body(done.config).muscles
    of_unit = np.repeat(np.arange(len(muscles)), np.diff(done.first_unit))
    index = np.arange(of_unit.size) - done.first_unit[of_unit]
    columns = [index.tolist(), *(column.tolist() for column in done.discharge)]
    with (
        atomic_path(folder / UNITS) as temporary,
        open(temporary, "w", encoding="utf-8", newline="") as file,
    ):
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("muscle", "unit", *done.discharge._fields))
        for muscle, *row in zip(of_unit, *columns, strict=True):
            writer.writerow((muscles[muscle], *row))


def torque_panels(outcomes: Iterable[Outcome], seed: int) -> list[TracePanel]:
    """Knee torque of the isometric trials of one seed, a panel for each effort."""
    found = [
        outcome
        for outcome in outcomes
        if outcome.traces and outcome.config.task == "isometric" and outcome.config.seed == seed
    ]
    if not found:
        return []
    settings = found[0].config.settings
    phases = isometric.phases(settings)
    panels = []
    for name, title in (
        ("low", f"{settings.low_drive:.0%} of maximal drive, held"),
        ("high", f"{settings.high_drive:.0%} of maximal drive, held"),
        ("ballistic", "As fast as possible"),
    ):
        start, end = phases[name]
        first, last = start - 0.02, min(start + BALLISTIC_SHOWN_S, end)
        if name != "ballistic":
            first, last = max(start + isometric.RISE_S, end - HOLD_SHOWN_S), end
        lines = {}
        for outcome in found:
            time = outcome.traces["time_s"]
            shown = (time >= first) & (time < last)
            if shown.any():
                x = time[shown] - (start if name == "ballistic" else first)
                lines[outcome.config.synchrony.strategy] = (x, outcome.traces["torque_nm"][shown])
        if lines:
            since = "onset of drive" if name == "ballistic" else "start of window"
            panels.append(
                TracePanel(title, f"s from {since}", f"{settings.joint} torque (Nm)", lines)
            )
    return panels


def _override(config: TrialConfig, assignment: str) -> TrialConfig:
    path, value = split_assignment(assignment)
    task, _, rest = path.partition(".")
    if task in TASKS:
        return replace_path(config, rest, value) if task == config.task else config
    if path == "task" or path == "seed" or task == "synchrony":
        raise ValueError(f"{path} is decided by the conditions; it cannot be set")
    return replace_path(config, path, value)


def _traces(done: trial.Trial) -> dict[str, np.ndarray]:
    """Knee torque by block of 4 ms in an isometric trial; nothing in others."""
    if done.config.task != "isometric":
        return {}
    torque = isometric.active_torque_nm(
        trial.find_body(done.config), done.config.settings, done.trace
    )
    by_block = torque.reshape(-1, STEPS).mean(axis=1)
    return {"time_s": done.trace.time_s.copy(), "torque_nm": by_block}


def _failed(config: TrialConfig, error: BaseException) -> Outcome:
    where = traceback.extract_tb(error.__traceback__)[-1:]
    at = "".join(f" ({os.path.basename(frame.filename)}:{frame.lineno})" for frame in where)
    text = " ".join(f"{type(error).__name__}: {error}".split())
    return Outcome(config, {}, {}, "failed", False, f"{text}{at}", {})


def _result(future: Future[Outcome], config: TrialConfig) -> Outcome:
    try:
        return future.result()
    except Exception as error:  # the process itself died, or could not be reached
        return _failed(config, error)


@contextmanager
def _for_children() -> Iterator[None]:
    """What processes started now inherit: one thread for linear algebra, deaf to Ctrl-C (the
    parent hears it and ends them)."""
    before = {name: os.environ.get(name) for name in ONE_THREAD}
    os.environ.update(ONE_THREAD)
    in_main = threading.current_thread() is threading.main_thread()
    handler = signal.signal(signal.SIGINT, signal.SIG_IGN) if in_main else None
    try:
        yield
    finally:
        if in_main:
            signal.signal(signal.SIGINT, handler)
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
