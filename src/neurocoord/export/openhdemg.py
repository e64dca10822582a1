"""Spike trains for openhdemg: a JSON file for each muscle, as its `save_json_emgfile` writes.

Format: openhdemg 0.1 (`openhdemg.library.emg_from_json`, `askopenfile(filesource="OPENHDEMG")`):
gzip of a JSON object whose values are JSON texts, tables in pandas' "split" form. SOURCE is
CUSTOMCSV, since no recorder made it. There are no electrodes, so RAW_SIGNAL is empty; IPTS are the
spikes themselves and ACCURACY is 1, since nothing was decomposed. REF_SIGNAL is the muscle's force
in N. EXTRAS tells which unit of the muscle each train is.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from neurocoord.body.model import Body
from neurocoord.export.muscle_spikes import muscle_spikes
from neurocoord.motorunits import trains
from neurocoord.results import atomic_path
from neurocoord.trial import Trial


def write(done: Trial, body: Body, folder: Path, muscles: Sequence[str]) -> list[Path]:
    """`openhdemg/MUSCLE.json` for each muscle."""
    (folder / "openhdemg").mkdir(exist_ok=True)
    paths = []
    for muscle in muscles:
        path = folder / "openhdemg" / f"{muscle}.json"
        data = json.dumps(document(done, body, muscle)).encode()
        with atomic_path(path) as temporary:
            temporary.write_bytes(gzip.compress(data, 4, mtime=0))
        paths.append(path)
    return paths


def document(done: Trial, body: Body, muscle: str) -> dict[str, str]:
    """The object that the file holds."""
    found = muscle_spikes(done, body, muscle)
    spikes = found.trains
    n, fired = trains.n_units(spikes), trains.raster(spikes)
    values: dict[str, Any] = {
        "SOURCE": "CUSTOMCSV",
        "FILENAME": f"{done.config.task} {muscle}",
        "RAW_SIGNAL": _table([], [], []),
        "REF_SIGNAL": _table([0], range(spikes.n_ticks), found.force_n[:, None].tolist()),
        "ACCURACY": _table([0], range(n), [[1.0]] * n),
        "IPTS": _table(range(n), range(spikes.n_ticks), fired.astype(float).tolist()),
        "MUPULSES": [trains.of_unit(spikes, unit).tolist() for unit in range(n)],
        "FSAMP": 1.0 / spikes.tick_s,
        "IED": 0.0,
        "EMG_LENGTH": spikes.n_ticks,
        "NUMBER_OF_MUS": n,
        "BINARY_MUS_FIRING": _table(range(n), range(spikes.n_ticks), fired.tolist()),
        "EXTRAS": _table(["unit"], range(n), np.asarray(found.unit)[:, None].tolist()),
    }
    return {name: json.dumps(value) for name, value in values.items()}


def _table(columns: Any, index: Any, data: list[Any]) -> dict[str, Any]:
    """A table in the "split" form of pandas."""
    return {"columns": list(columns), "index": list(index), "data": data}
