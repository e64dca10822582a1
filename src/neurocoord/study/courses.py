"""Courses and spikes of a study in netCDF-4 (HDF5), a file for each task and body.

Dimensions and units are named in the file: courses are [trial, time] or [trial, time, muscle],
NaN after the end of a shorter trial; spikes are whole ticks, the trains one after the other (a
contiguous ragged array of the CF conventions, 9.3.3: `row_size` spikes for each train).
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np

from neurocoord.motorunits import trains
from neurocoord.results import atomic_path
from neurocoord.study.store import Loaded, StoredTrial
from neurocoord.study.tables import MISSING

FOLDER = "courses"


def write_courses(folder: Path, loaded: Loaded) -> list[str]:
    """`courses/TASK.nc` for what the trials have kept; says what could not be written."""
    kept = [done for done in loaded.trials if done.traces or done.spikes]
    if not kept:
        return []
    if find_spec("xarray") is None or find_spec("h5netcdf") is None:
        return [f"{FOLDER}/ needs xarray and h5netcdf ({MISSING})"]
    (folder / FOLDER).mkdir(exist_ok=True)
    names: dict[str, int] = {}
    for (task, _), group in groupby(sorted(kept, key=_kind), key=_kind):
        names[task] = names.get(task, 0) + 1
        stem = task if names[task] == 1 else f"{task}-{names[task]}"
        dataset = as_dataset(loaded.run.name, list(group))
        packed = {name: {"zlib": True} for name, v in dataset.items() if v.dtype.kind in "fi"}
        with atomic_path(folder / FOLDER / f"{stem}.nc") as path:
            dataset.to_netcdf(path, engine="h5netcdf", encoding=packed)
    return []


def as_dataset(study: str, done: Sequence[StoredTrial]) -> Any:
    """An `xarray.Dataset` of trials of one task and body."""
    import xarray

    coordinates: dict[str, Any] = {
        "trial": ("trial", [one.key for one in done]),
        "condition": ("trial", [one.condition for one in done]),
        "subject": ("trial", np.array([one.subject for one in done])),
        "seed": ("trial", np.array([one.seed for one in done])),
    }
    for factor in dict.fromkeys(name for one in done for name in one.factors):
        coordinates[factor] = ("trial", [one.factors.get(factor, "") for one in done])
    variables = {**_courses(done, coordinates), **_spikes(done)}
    about = {"title": study, "task": done[0].task, "Conventions": "CF-1.11"}
    return xarray.Dataset(variables, coordinates, about)


def _courses(done: Sequence[StoredTrial], coordinates: dict[str, Any]) -> dict[str, Any]:
    names = dict.fromkeys(name for one in done for name in one.traces if name != "time_s")
    if not names:
        return {}
    times = [one.traces["time_s"].values for one in done if one.traces]
    longest = max(times, key=len)
    coordinates["time"] = ("time", longest, {"units": "s"})
    found: dict[str, Any] = {}
    for name in names:
        first = next(one.traces[name] for one in done if name in one.traces)
        values = np.full((len(done), longest.size, *first.values.shape[1:]), np.nan)
        for place, one in enumerate(done):
            if name in one.traces:
                values[place, : len(one.traces[name].values)] = one.traces[name].values
        dims: tuple[str, ...] = ("trial", "time")
        if first.axis:
            dims = (*dims, first.axis)
            coordinates[first.axis] = (first.axis, list(first.names))
        found[name] = (dims, values, {"units": first.unit})
    return found


def _spikes(done: Sequence[StoredTrial]) -> dict[str, Any]:
    kept = [(place, m, s) for place, one in enumerate(done) for m, s in one.spikes.items()]
    if not kept:
        return {}
    n_units = [trains.n_units(spikes) for _, _, spikes in kept]
    tick_s = kept[0][2].tick_s
    return {
        "tick": (
            "spike",
            np.concatenate([spikes.tick for _, _, spikes in kept]),
            {"long_name": f"discharge, in ticks of {tick_s:g} s from time 0", "tick_s": tick_s},
        ),
        "row_size": (
            "train",
            np.concatenate([trains.counts(spikes) for _, _, spikes in kept]),
            {"long_name": "spikes of each train", "sample_dimension": "spike"},
        ),
        "train_trial": ("train", np.repeat([place for place, _, _ in kept], n_units)),
        "train_muscle": ("train", np.repeat([muscle for _, muscle, _ in kept], n_units).tolist()),
        "train_unit": ("train", np.concatenate([np.arange(n) for n in n_units])),
        "train_ticks": (
            "train",
            np.repeat([spikes.n_ticks for _, _, spikes in kept], n_units),
            {"long_name": "length of the record, in ticks"},
        ),
    }


def _kind(done: StoredTrial) -> tuple[str, str]:
    return done.task, str(done.config.get("body"))
