"""Tables of a study, for other programs to open.

table.csv, table.parquet   one row for each trial and measure, unit included (`Row`)
failures.json              the trials that have no outcome, and why
units.csv                  (of a single trial) how each motor unit discharged
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from neurocoord import trial
from neurocoord.results import atomic_path
from neurocoord.settings import flatten
from neurocoord.study.outcome import Outcome
from neurocoord.study.store import Loaded

FAILURES, UNITS = "failures.json", "units.csv"
TABLE, PARQUET = "table.csv", "table.parquet"
BEFORE = ("study", "task", "condition")  # columns; the factors of the study come next, then
AFTER = ("subject", "seed", "measure", "value", "unit")
MISSING = "pip install 'neurocoord[data]'"


class Row(NamedTuple):
    """One measure of one trial."""

    study: str
    task: str
    condition: str
    factors: dict[str, str]  # what makes it this condition: a column for each
    subject: int  # 0: the body as it is; drawn subjects are counted from 1
    seed: int  # of the noise, as the study counts it: pairs are task, subject and seed
    measure: str
    value: float  # NaN where the trial gave none
    unit: str


def rows(loaded: Loaded) -> list[Row]:
    """The tidy table of a study's folder, in the order of the study; failed trials have no row."""
    return [
        Row(
            loaded.run.name,
            done.task,
            done.condition,
            done.factors,
            done.subject,
            done.seed,
            measure,
            value if np.isfinite(value) else float("nan"),
            done.units[measure],
        )
        for done in loaded.trials
        for measure, value in done.measures.items()
    ]


def factor_names(table: Iterable[Row]) -> list[str]:
    """Every factor of a table, in order of appearance."""
    return list(dict.fromkeys(name for row in table for name in row.factors))


def write_table(folder: Path, table: Sequence[Row]) -> list[str]:
    """`table.csv`, and `table.parquet` where pyarrow is there; says what could not be written."""
    factors = factor_names(table)
    header = (*BEFORE, *factors, *AFTER)
    with (
        atomic_path(folder / TABLE) as temporary,
        open(temporary, "w", encoding="utf-8", newline="") as file,
    ):
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(_flat(row, factors) for row in table)
    if find_spec("pyarrow") is None:
        return [f"{PARQUET} needs pyarrow ({MISSING})"]
    _write_parquet(folder / PARQUET, header, [_flat(row, factors) for row in table])
    return []


def read_table(path: Path | str) -> list[Row]:
    """The rows of a `table.csv`, values as exact as they were."""
    with open(path, encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        names = reader.fieldnames or ()
        if tuple(names[: len(BEFORE)]) != BEFORE or tuple(names[-len(AFTER) :]) != AFTER:
            raise ValueError(f"{path} is no table of a study")
        factors = names[len(BEFORE) : -len(AFTER)]
        return [
            Row(
                row["study"],
                row["task"],
                row["condition"],
                {name: row[name] for name in factors if row[name]},
                int(row["subject"]),
                int(row["seed"]),
                row["measure"],
                float(row["value"]),
                row["unit"],
            )
            for row in reader
        ]


def _flat(row: Row, factors: Sequence[str]) -> tuple[Any, ...]:
    return (*row[:3], *(row.factors.get(name, "") for name in factors), *row[4:])


def _write_parquet(path: Path, header: Sequence[str], table: Sequence[tuple[Any, ...]]) -> None:
    import pyarrow as pa
    import pyarrow.parquet

    kinds = {"subject": pa.int64(), "seed": pa.int64(), "value": pa.float64()}
    columns = zip(*table, strict=True) if table else ([] for _ in header)
    arrays = [
        pa.array(column, kinds.get(name, pa.string())) for name, column in zip(header, columns)
    ]
    with atomic_path(path) as temporary:
        pyarrow.parquet.write_table(pa.table(arrays, names=list(header)), temporary)


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
