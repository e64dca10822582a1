"""The folder of a study: every finished trial in a file of its own, whole or not there.

    run.json            what is being run, by what code (`results.Run`)
    trials/KEY.jsonl    one finished trial: a line that says what follows, with its SHA-256, and
                        one JSON document
    .lock               held while a run is at work

A trial's file is written beside its place, brought to the disk and then moved there; what a killed
run leaves is files that are whole. Nothing is pickled: arrays are base64 of little-endian numbers.
"""

from __future__ import annotations

import base64
import hashlib
import json
import math
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from neurocoord import results, trial
from neurocoord.motorunits import trains
from neurocoord.motorunits.trains import SpikeTrains
from neurocoord.results import RUN, Run, atomic_path
from neurocoord.settings import flatten, replace_path
from neurocoord.study.design import Job
from neurocoord.study.lock import Refused, locked
from neurocoord.study.outcome import Outcome
from neurocoord.tasks.protocol import Series
from neurocoord.trial import TrialConfig

FORMAT = "neurocoord-trial-1"
TRIALS, SUFFIX = "trials", ".jsonl"


class StoredTrial(NamedTuple):
    """A finished trial as its file tells it; what is decided by `config` alone."""

    key: str
    task: str
    condition: str
    factors: dict[str, str]
    subject: int  # 0: the body as it is
    seed: int  # as the study counts it
    config: dict[str, Any]  # every value by its path, plain JSON
    measures: dict[str, float]
    units: dict[str, str]
    ended: str
    fell: bool
    error: str  # "" or why there is no outcome
    traces: dict[str, Series]
    spikes: dict[str, SpikeTrains]  # by muscle


class Loaded(NamedTuple):
    """A study's folder, read."""

    run: Run
    trials: list[StoredTrial]  # those that are whole, in the order of the study
    damaged: list[str]  # keys of files that are not


class Damaged(ValueError):
    """A trial's file is not what was written."""


def load(folder: str | Path) -> Loaded:
    """Read a study's folder, finished or not; ValueError where it is none."""
    folder = Path(folder)
    run = results.read_run(folder)
    order = {key: place for place, key in enumerate(run.config.get("study", {}).get("order", []))}
    found, damaged = [], []
    for path in sorted((folder / TRIALS).glob(f"[!.]*{SUFFIX}")):  # not what is being written
        try:
            found.append(read_trial(path))
        except Damaged:
            damaged.append(path.stem)
    found.sort(key=lambda stored: (order.get(stored.key, len(order)), stored.key))
    return Loaded(run, found, damaged)


@contextmanager
def opened(folder: Path, run: Run) -> Iterator[Run]:
    """Hold a folder for a run and give the run that began it; `Refused` where another run holds
    it, or where it was begun by another code or config."""
    folder.mkdir(parents=True, exist_ok=True)
    with locked(folder):
        if (folder / RUN).exists():
            refuse_other(folder, run)
        else:
            results.write_run(folder, run)
        (folder / TRIALS).mkdir(exist_ok=True)
        for left in (folder / TRIALS).glob(".tmp-*"):
            left.unlink()  # of a run that was killed
        yield results.read_run(folder)


def refuse_other(folder: Path, run: Run) -> None:
    """`Refused`, with what differs, where a folder was begun by another code or config."""
    if not (folder / RUN).exists():
        return
    found = results.differences(results.read_run(folder), run)
    if found:
        more = f" and {len(found) - 3} more" if len(found) > 3 else ""
        raise Refused(
            f"the results folder {folder} holds another run (different: {', '.join(found[:3])}"
            f"{more}); name another folder, or empty this one"
        )


def finished(folder: Path, jobs: Iterable[Job]) -> tuple[dict[str, Outcome], list[str]]:
    """Outcomes of the trials that a folder holds, by key, and what is wrong with the files that
    are damaged, in a line each: those trials are to be run again."""
    found, damaged = {}, []
    for job in jobs:
        path = trial_path(folder, job.key)
        if not path.exists():
            continue
        try:
            stored = read_trial(path)
            if stored.config != _plain(flatten(job.config)):
                raise Damaged(f"{path} is of another trial")
            found[job.key] = _outcome(stored, job.config)
        except Damaged as error:
            damaged.append(str(error))
    return found, damaged


def trial_path(folder: Path, key: str) -> Path:
    """The file of a trial."""
    return folder / TRIALS / f"{key}{SUFFIX}"


def write_trial(folder: Path, job: Job, outcome: Outcome) -> None:
    """Write one finished trial, whole or not at all; OSError where the disk does not take it."""
    document = {
        "key": job.key,
        "task": job.config.task,
        "condition": job.condition,
        "factors": job.factors,
        "subject": job.subject,
        "seed": job.seed,
        "config": _plain(flatten(job.config)),
        "measures": {name: _number(value) for name, value in outcome.measures.items()},
        "units": outcome.units,
        "ended": outcome.ended,
        "fell": outcome.fell,
        "error": outcome.error,
        "traces": {name: _of_series(series) for name, series in outcome.traces.items()},
        "spikes": {muscle: _of_spikes(spikes) for muscle, spikes in outcome.spikes.items()},
    }
    body = json.dumps(document, allow_nan=False, separators=(",", ":")).encode()
    head = {"format": FORMAT, "bytes": len(body), "sha256": hashlib.sha256(body).hexdigest()}
    with atomic_path(trial_path(folder, job.key)) as path, path.open("wb") as file:
        file.write(json.dumps(head).encode() + b"\n" + body + b"\n")
        file.flush()
        os.fsync(file.fileno())


def read_trial(path: Path) -> StoredTrial:
    """A finished trial; `Damaged`, in one line, where the file is not what was written."""
    head, _, rest = path.read_bytes().partition(b"\n")
    try:
        told = json.loads(head)
        form, n_bytes, digest = told["format"], told["bytes"], told["sha256"]
    except (ValueError, TypeError, KeyError):
        raise Damaged(f"{path} is damaged: its first line is not readable") from None
    if form != FORMAT:
        raise Damaged(f"{path} has the format {form!r}; {FORMAT} can be read")
    if len(rest) != n_bytes + 1:
        raise Damaged(f"{path} is damaged: it holds {len(rest)} bytes of {n_bytes + 1}")
    if hashlib.sha256(rest[:-1]).hexdigest() != digest:
        raise Damaged(f"{path} is damaged: its bytes are not those that were written")
    data = json.loads(rest)
    return StoredTrial(
        **{
            **data,
            "measures": {name: float(value) for name, value in data["measures"].items()},
            "traces": {name: _to_series(value) for name, value in data["traces"].items()},
            "spikes": {muscle: _to_spikes(value) for muscle, value in data["spikes"].items()},
        }
    )


def config_of(stored: StoredTrial) -> TrialConfig:
    """The config of a stored trial, to run it again."""
    config = trial.complete(TrialConfig(task=stored.task, seed=stored.config["seed"]))
    for path, value in stored.config.items():
        if path not in ("task", "seed"):
            config = replace_path(config, path, value)
    if _plain(flatten(config)) != stored.config:
        raise ValueError(
            f"the config of {stored.key} cannot be read back: another version wrote it"
        )
    return config


def outcomes(loaded: Loaded) -> list[Outcome]:
    """The trials of a folder as those who ran them have them."""
    return [_outcome(stored, config_of(stored)) for stored in loaded.trials]


def _outcome(stored: StoredTrial, config: TrialConfig) -> Outcome:
    return Outcome(
        config,
        stored.measures,
        stored.units,
        stored.ended,
        stored.fell,
        stored.error,
        stored.traces,
        stored.spikes,
    )


def _plain(config: Mapping[str, Any]) -> dict[str, Any]:
    """A flat config as it is read back from JSON."""
    return json.loads(json.dumps(config, default=str))


def _number(value: float) -> float | str:
    """JSON has no NaN and no infinity: their names stand for them."""
    value = float(value)
    return value if math.isfinite(value) else str(value)


def _of_array(values: np.ndarray) -> dict[str, Any]:
    kind = "<i8" if values.dtype.kind in "iub" else "<f8"
    data = base64.b64encode(np.ascontiguousarray(values, dtype=kind).tobytes()).decode()
    return {"dtype": kind, "shape": list(values.shape), "base64": data}


def _to_array(told: Mapping[str, Any]) -> np.ndarray:
    values = np.frombuffer(base64.b64decode(told["base64"]), told["dtype"]).copy()
    return values.reshape(told["shape"])


def _of_series(series: Series) -> dict[str, Any]:
    return {
        **_of_array(series.values),
        "unit": series.unit,
        "axis": series.axis,
        "names": list(series.names),
    }


def _to_series(told: Mapping[str, Any]) -> Series:
    return Series(_to_array(told), told["unit"], told["axis"], tuple(told["names"]))


def _of_spikes(spikes: SpikeTrains) -> dict[str, Any]:
    return {
        "tick": _of_array(spikes.tick),
        "first_spike": _of_array(spikes.first_spike),
        "n_ticks": spikes.n_ticks,
        "tick_s": spikes.tick_s,
    }


def _to_spikes(told: Mapping[str, Any]) -> SpikeTrains:
    first = _to_array(told["first_spike"])
    found = SpikeTrains(_to_array(told["tick"]), first, told["n_ticks"], told["tick_s"])
    return trains.check(found)
