"""Trials in processes of this machine: one process a worker, one trial at a time.

A process that dies (killed, out of memory) takes only its own trial with it: that trial is given
to a new process, and counts as failed when it has killed `ATTEMPTS` of them.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from typing import Any, NamedTuple

from neurocoord.study.kept import Keep
from neurocoord.study.outcome import DIED, Outcome, run_one, without
from neurocoord.tasks import TASKS
from neurocoord.threads import ONE_THREAD
from neurocoord.trial import TrialConfig

MAX_WORKERS = 60  # Windows waits for 63 handles at most
STRAPPED = 0.3  # cost of a simulated second at the dynamometer, over that of a free body (choice)
ATTEMPTS = 3  # processes that one trial may take with it (choice)


class _Worker(NamedTuple):
    process: SpawnProcess
    connection: Connection  # configs go in, outcomes come out
    at: int  # the index of its trial


def default_workers() -> int:
    """Cores that this process may use."""
    allowed = getattr(os, "sched_getaffinity", None)  # not on every system
    return len(allowed(0)) if allowed is not None else os.cpu_count() or 1


def cost(config: TrialConfig) -> float:
    """About how long a trial takes, in no unit: what is begun first, and how much is left."""
    return (config.seconds or 0.0) * (1.0 if TASKS[config.task].body == "humanoid" else STRAPPED)


def on_this_machine(
    configs: Sequence[TrialConfig], n_workers: int, keep: Keep
) -> Iterator[tuple[int, Outcome]]:
    """Index and outcome of each trial as it is done, begun in the order of `configs`; closing the
    iterator ends the processes.
    """
    waiting = deque(range(len(configs)))
    deaths: Counter[int] = Counter()
    team: dict[Any, _Worker] = {}  # by connection
    try:
        for _ in range(min(n_workers, len(configs), MAX_WORKERS)):
            _start(team, waiting.popleft(), configs, keep)
        while team:
            for connection in wait(list(team)):
                worker = team.pop(connection)
                outcome = _receive(worker)
                if outcome is None:
                    deaths[worker.at] += 1
                    if deaths[worker.at] < ATTEMPTS:
                        waiting.appendleft(worker.at)
                    else:
                        yield worker.at, _died(configs[worker.at], worker.process)
                    if waiting:
                        _start(team, waiting.popleft(), configs, keep)
                    continue
                if waiting:
                    _give(team, worker, waiting.popleft(), configs)
                else:
                    _dismiss(worker)
                yield worker.at, outcome
    finally:
        for worker in team.values():
            worker.process.terminate()
        for worker in team.values():
            worker.process.join()
            worker.connection.close()


def _start(
    team: dict[Any, _Worker], index: int, configs: Sequence[TrialConfig], keep: Keep
) -> None:
    """A new process, at its first trial."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_work, args=(theirs, keep), daemon=True)
    with for_children():
        process.start()
    theirs.close()  # so that its end is heard
    _give(team, _Worker(process, ours, index), index, configs)


def _give(
    team: dict[Any, _Worker], worker: _Worker, index: int, configs: Sequence[TrialConfig]
) -> None:
    with suppress(BrokenPipeError, ConnectionResetError):  # it died: heard at the next wait
        worker.connection.send(configs[index])
    team[worker.connection] = worker._replace(at=index)


def _receive(worker: _Worker) -> Outcome | None:
    """What a worker has to say; None where it died instead."""
    try:
        return worker.connection.recv()
    except (EOFError, OSError):
        worker.connection.close()
        worker.process.join()
        return None


def _dismiss(worker: _Worker) -> None:
    with suppress(BrokenPipeError, ConnectionResetError):
        worker.connection.send(None)
    worker.process.join()
    worker.connection.close()


def _died(config: TrialConfig, process: SpawnProcess) -> Outcome:
    how = f"exit code {process.exitcode}"
    return without(config, f"{ATTEMPTS} processes died at it ({how}; out of memory?)", DIED)


def _work(connection: Connection, keep: Keep) -> None:
    """A worker's life: trials until there are no more, or until its parent is gone."""
    threading.Thread(target=_die_with_parent, daemon=True).start()
    with suppress(EOFError, BrokenPipeError, ConnectionResetError):
        while (config := connection.recv()) is not None:
            connection.send(run_one(config, keep))


def _die_with_parent() -> None:
    """A parent that is killed tells nobody: without this its trials would go on without it."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)


@contextmanager
def for_children() -> Iterator[None]:
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
