"""A results folder from which the run can be made again; text only, nothing pickled.

    run.json      what was run: config, seed, command, commit, versions, model hash
    summary.json  the summary table and the comparisons
    summary.csv   the summary table
    trials.csv    one row for each value: task, strategy, seed, measure, value, unit

Call `prepare` before the work (it refuses a folder that cannot be used, and writes nothing that
stays) and `write` after it. Each file appears whole or not at all.
"""

import csv
import dataclasses
import hashlib
import json
import os
import platform
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from neurocoord import __version__, resources
from neurocoord.analysis.statistics import Comparison, Measurement, Summary
from neurocoord.provenance import sources_sha256

FORMAT = "neurocoord-results-2"  # 2: `summary.json` says n where it said n_seeds
RUN, SUMMARY, SUMMARY_TABLE, TRIALS = "run.json", "summary.json", "summary.csv", "trials.csv"
COMPUTING = ("python", "neurocoord", "mujoco", "numpy", "scipy", "numba")
PASSING = (".lock", ".tmp-")  # what a run that was killed at once may leave
SHOWN = 80  # longer values are not shown in messages (choice)
LIBRARIES = ("mujoco", "numpy", "scipy", "numba", "gymnasium", "matplotlib")


class Run(NamedTuple):
    """What it takes to make a run again."""

    name: str
    config: dict[str, Any]  # plain JSON
    seed: int
    command: str
    created: str  # ISO 8601, UTC
    git_commit: str | None  # None outside a clone; ends in "-dirty" with uncommitted changes
    versions: dict[str, str]
    platform: str
    model_sha256: dict[str, str]  # by the model's file name
    source_sha256: str = ""  # of all code and tables that decide a trial; "" where not asked for


def describe(
    name: str,
    config: Any,
    seed: int,
    *,
    models: Iterable[str | Path] = (),
    command: Sequence[str] | None = None,
    with_sources: bool = False,
) -> Run:
    """Record of a run about to be made.

    `config` is a dataclass or a mapping of plain values; `models` are the MJCF files it reads;
    `command` is the command line as a list, by default this process's own; `with_sources` tells
    of the code, for a folder that may be gone on with (`differences`).
    """
    return Run(
        name=name,
        config=_plain(config),
        seed=int(seed),
        command=shlex.join(_own_command() if command is None else command),
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        git_commit=_git_commit(),
        versions=versions(),
        platform=platform.platform(),
        model_sha256={Path(path).name: file_sha256(path) for path in models},
        source_sha256=sources_sha256() if with_sources else "",
    )


def differences(there: Run, now: Run) -> list[str]:
    """What keeps a folder begun by one run from being gone on with by another, in words: name,
    config, seed, versions of what computes, models or source. Empty where nothing does."""
    found = [
        f"{name} is {getattr(there, name)}, now {getattr(now, name)}"
        for name in ("name", "seed")
        if getattr(there, name) != getattr(now, name)
    ]
    found += [f"config {path}" for path in _changed(there.config, now.config)]
    for library in COMPUTING:
        old, new = (run.versions.get(library, "unknown") for run in (there, now))
        if old != new:
            found.append(f"{library} is {old}, now {new}")
    found += [f"model {name}" for name in _changed(there.model_sha256, now.model_sha256)]
    if there.source_sha256 != now.source_sha256:
        found.append("the source or tables of neurocoord that decide a trial")
    return found


def _changed(there: Mapping[str, Any], now: Mapping[str, Any], above: str = "") -> list[str]:
    """Paths at which two JSON objects differ, `a.b` and what stands there where it is short."""
    found = []
    for key in sorted({*there, *now}):
        old, new, path = there.get(key), now.get(key), f"{above}{key}"
        if isinstance(old, Mapping) and isinstance(new, Mapping):
            found += _changed(old, new, f"{path}.")
        elif old != new:
            shown = f" is {old!r}, now {new!r}"
            found.append(path + shown if len(shown) <= SHOWN else path)
    return found


def provenance(run: Run) -> dict[str, str]:
    """What made a run, in words for a report."""
    models = ", ".join(f"{name} {digest[:16]}…" for name, digest in run.model_sha256.items())
    return {
        "Made": run.created,
        "Commit": run.git_commit or "not run from a clone",
        "Versions": ", ".join(f"{name} {version}" for name, version in run.versions.items()),
        "System": run.platform,
        "First seed": str(run.seed),
        "Body models (SHA-256)": models or "none",
    }


def default_folder(name: str, root: str | Path = "results") -> Path:
    """`results/<name>-<date>-<time>`, and a number behind it if that is taken."""
    stem = f"{name}-{datetime.now():%Y%m%d-%H%M%S}"
    folder, count = Path(root) / stem, 1
    while folder.exists():
        count += 1
        folder = Path(root) / f"{stem}-{count}"
    return folder


def prepare(folder: str | Path, run: Run) -> Path:
    """Refuse, before any work, a folder that `write` could not or should not write to.

    Allowed: a folder that is not there yet, an empty one, or one that holds the same run (same
    name, config and seed), which will be written over. Leaves nothing behind.
    """
    folder = Path(folder).absolute()
    _refuse_unwritable(folder)
    if folder.is_dir() and any(not path.name.startswith(PASSING) for path in folder.iterdir()):
        _refuse_other_run(folder, run)
    return folder


def write(
    folder: str | Path,
    run: Run,
    *,
    trials: Sequence[Measurement],
    summary: Sequence[Summary],
    comparisons: Sequence[Comparison] = (),
) -> Path:
    """Write the whole results folder and return it; figures can be added with `atomic_path`."""
    folder = prepare(folder, run)
    folder.mkdir(parents=True, exist_ok=True)
    write_run(folder, run)
    tables = {
        "summary": [row._asdict() for row in summary],
        "comparisons": [
            {**row._asdict(), "pairs": [pair._asdict() for pair in row.pairs]}
            for row in comparisons
        ],
    }
    _write_json(folder / SUMMARY, tables)
    _write_csv(folder / SUMMARY_TABLE, Summary._fields, summary)
    _write_csv(folder / TRIALS, Measurement._fields, trials)
    return folder


def write_run(folder: Path, run: Run) -> None:
    """`run.json` of a folder that is there."""
    _write_json(folder / RUN, {"format": FORMAT, **run._asdict()})


def read_run(folder: str | Path) -> Run:
    """What a results folder says of the run that made it."""
    path = Path(folder) / RUN
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        if data.pop("format") != FORMAT:
            raise ValueError
        return Run(**data)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        raise ValueError(
            f"{Path(folder)} is not a neurocoord results folder ({RUN} is missing or unreadable)"
        ) from None


def read_trials(folder: str | Path) -> list[Measurement]:
    """The rows of `trials.csv`, values as exact as they were."""
    with open(Path(folder) / TRIALS, encoding="utf-8", newline="") as file:
        return [
            Measurement(
                row["task"],
                row["strategy"],
                int(row["seed"]),
                row["measure"],
                float(row["value"]),
                row["unit"],
            )
            for row in csv.DictReader(file)
        ]


@contextmanager
def atomic_path(path: str | Path) -> Iterator[Path]:
    """Temporary path beside `path`, with its suffix; it takes the place of `path` at the end.

    with atomic_path(folder / "compare.png") as temporary:
        figure.savefig(temporary)
    """
    path = Path(path)
    handle, name = tempfile.mkstemp(prefix=".tmp-", suffix=path.suffix, dir=path.parent)
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        temporary.chmod(0o666 & ~_umask())
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def file_sha256(path: str | Path) -> str:
    """SHA-256 of a file, in hexadecimal."""
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()


def _refuse_unwritable(folder: Path) -> None:
    """Find the nearest folder that is there, and try to write in it: asking for permission is not
    enough (an administrator is told yes on a read-only disk)."""
    there = folder
    try:
        while not there.exists() and there != there.parent:
            there = there.parent
        if not there.is_dir():
            raise ValueError(f"the results folder {folder} cannot be made: {there} is not a folder")
        with tempfile.TemporaryFile(dir=there):
            pass
    except OSError as error:
        raise ValueError(
            f"the results folder {folder} cannot be written: {there}: {error.strerror}"
        ) from None


def _refuse_other_run(folder: Path, run: Run) -> None:
    advice = "name another folder, or empty this one"
    try:
        there = read_run(folder)
    except ValueError as error:
        raise ValueError(f"{error}, and it is not empty; {advice}") from None
    if (there.name, there.seed, there.config) != (run.name, run.seed, run.config):
        differ = [key for key in ("name", "seed") if getattr(there, key) != getattr(run, key)]
        keys = there.config.keys() | run.config.keys()
        differ += sorted(k for k in keys if there.config.get(k) != run.config.get(k))
        raise ValueError(
            f"the results folder {folder} holds another run (different: {', '.join(differ)}); "
            f"{advice}"
        )


def _plain(value: Any) -> Any:
    """`value` as plain JSON, exactly as it will be read back; ValueError where it has none."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        value = dataclasses.asdict(value)
    try:
        plain = json.loads(json.dumps(value, default=_encode, allow_nan=False))
    except (TypeError, ValueError) as error:
        raise ValueError(f"config cannot be written as JSON: {error}") from None
    if not isinstance(plain, dict):
        raise ValueError(f"config is a {type(value).__name__}; a dataclass or mapping is allowed")
    return plain


def _encode(value: Any) -> Any:
    if isinstance(value, np.generic | np.ndarray):
        return value.tolist()
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, set | frozenset):
        return sorted(value)
    raise TypeError(f"{type(value).__name__} {value!r} has no JSON form")


def _write_json(path: Path, data: Any) -> None:
    text = json.dumps(_without_nan(data), indent=2, default=_encode, allow_nan=False)
    with atomic_path(path) as temporary:
        temporary.write_text(text + "\n", encoding="utf-8")


def _without_nan(value: Any) -> Any:
    """JSON has no NaN: null stands for it."""
    if isinstance(value, Mapping):
        return {key: _without_nan(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_without_nan(entry) for entry in value]
    if isinstance(value, np.generic):
        value = value.item()
    return None if isinstance(value, float) and not np.isfinite(value) else value


def _write_csv(path: Path, fields: Sequence[str], rows: Iterable[tuple]) -> None:
    with atomic_path(path) as temporary, open(temporary, "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(fields)
        for row in rows:
            writer.writerow([v.item() if isinstance(v, np.generic) else v for v in row])


def _own_command() -> list[str]:
    return [Path(sys.argv[0]).name or "python", *sys.argv[1:]]


def versions() -> dict[str, str]:
    """Versions from the packages' metadata, so that none of them is imported for it."""
    found = {"python": platform.python_version(), "neurocoord": __version__}
    for library in LIBRARIES:
        try:
            found[library] = metadata.version(library)
        except metadata.PackageNotFoundError:
            found[library] = "not installed"
    return found


def _git_commit() -> str | None:
    root = resources.PACKAGE.parents[1]
    if not (
        root / ".git"
    ).exists():  # installed from a wheel: another project's commit says nothing
        return None
    commit = _git(root, "rev-parse", "HEAD")
    if not commit:
        return None
    return commit + ("-dirty" if _git(root, "status", "--porcelain") else "")


def _git(root: Path, *arguments: str) -> str:
    try:
        return subprocess.run(
            ["git", "-C", str(root), *arguments], capture_output=True, text=True, check=True
        ).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return ""


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
