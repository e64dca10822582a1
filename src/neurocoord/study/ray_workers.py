"""Trials on a Ray cluster: the same outcomes, bit for bit, from many machines.

Ray gives a trial whose process dies to another. A machine that has another version of what
computes a trial is refused by name: its results could differ.
"""

from __future__ import annotations

import os
import socket
from collections import deque
from collections.abc import Iterator, Sequence
from typing import Any

from neurocoord import provenance, results
from neurocoord.study.kept import Keep
from neurocoord.study.lock import Refused
from neurocoord.study.outcome import DIED, Outcome, run_one, without
from neurocoord.study.workers import ATTEMPTS
from neurocoord.threads import ONE_THREAD
from neurocoord.trial import TrialConfig


def on_a_cluster(
    configs: Sequence[TrialConfig], n_workers: int | None, keep: Keep
) -> Iterator[tuple[int, Outcome]]:
    """Index and outcome of each trial as it is done, begun in the order of `configs`; closing the
    iterator cancels what is left.

    The cluster is that of RAY_ADDRESS, or the one that `ray start --head` started here.
    `n_workers` trials are in flight at a time, by default as many as the cluster has CPUs.
    """
    ray = ray_library()
    ours = not ray.is_initialized()
    if ours:
        _connect(ray)
    options = {"num_cpus": 1, "max_retries": ATTEMPTS - 1}
    remote = ray.remote(**options)(_one)
    waiting = deque(range(len(configs)))
    in_flight: dict[Any, int] = {}
    try:
        at_once = n_workers or max(1, int(ray.cluster_resources().get("CPU", 1)))
        computing = _computing()
        while waiting or in_flight:
            while waiting and len(in_flight) < at_once:
                index = waiting.popleft()
                in_flight[remote.remote(configs[index], keep, computing)] = index
            done, _ = ray.wait(list(in_flight), num_returns=1)
            for reference in done:
                index = in_flight.pop(reference)
                yield index, _result(ray, reference, configs[index])
    finally:
        for reference in in_flight:
            ray.cancel(reference, force=True)
        if ours:
            ray.shutdown()


def _result(ray: Any, reference: Any, config: TrialConfig) -> Outcome:
    try:
        found, difference = ray.get(reference)
    except ray.exceptions.RayError as error:
        first = str(error).strip().splitlines()[0]
        return without(config, f"{ATTEMPTS} processes died at it ({first})", DIED)
    if difference:
        raise Refused(difference)
    return found


def _one(config: TrialConfig, keep: Keep, computing: dict[str, str]) -> tuple[Outcome | None, str]:
    """A trial on a machine of the cluster, or why that machine must not do it."""
    here = _computing()
    differ = [f"{k} {v}, not {computing[k]}" for k, v in here.items() if v != computing[k]]
    if differ:
        return None, f"{socket.gethostname()} of the Ray cluster has {', '.join(differ)}"
    return run_one(config, keep), ""


def _computing() -> dict[str, str]:
    """What decides a result, by name."""
    versions = results.versions()
    return {
        **{name: versions[name] for name in results.COMPUTING},
        "source": provenance.sources_sha256()[:12],
    }


def ray_library() -> Any:
    """Ray; ValueError that says what to install, where it is missing."""
    try:
        import ray
    except ImportError:
        raise ValueError(
            "the backend ray needs Ray, which is not installed: pip install 'neurocoord[ray]'"
        ) from None
    return ray


def _connect(ray: Any) -> None:
    address = os.environ.get("RAY_ADDRESS", "auto")
    try:
        ray.init(
            address=address,
            runtime_env={"env_vars": dict(ONE_THREAD)},
            log_to_driver=False,
            logging_level="error",
        )
    except ConnectionError:
        raise Refused(
            f"no Ray cluster at {address}: start one with `ray start --head`, or name its address"
            " in RAY_ADDRESS"
        ) from None
