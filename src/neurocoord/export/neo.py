"""Spike trains for neo: one NIX file (HDF5), read by `neo.NixIO`.

A block with one segment; a spike train for each unit that fired, named MUSCLE/UNIT, with muscle,
unit and tick in its annotations; each muscle's force as an analog signal. Times are whole ticks.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from neurocoord.body.model import Body
from neurocoord.export.muscle_spikes import muscle_spikes
from neurocoord.motorunits import trains
from neurocoord.results import atomic_path
from neurocoord.settings import flatten
from neurocoord.trial import Trial


def is_there() -> bool:
    """Whether neo and its NIX library are installed."""
    return find_spec("neo") is not None and find_spec("nixio") is not None


def check() -> None:
    """ValueError that says what to install, where neo cannot be written."""
    if not is_there():
        raise ValueError("the format neo needs neo and nixio: pip install 'neurocoord[neo]'")


def write(done: Trial, body: Body, folder: Path, muscles: Sequence[str]) -> list[Path]:
    """`spikes.nix` with the units of all muscles that are named."""
    check()
    import neo

    path = folder / "spikes.nix"
    with atomic_path(path) as temporary:
        io = neo.NixIO(str(temporary), mode="ow")
        try:
            io.write_block(block(done, body, muscles))
        finally:
            io.close()
    return [path]


def block(done: Trial, body: Body, muscles: Sequence[str]) -> Any:
    """A `neo.Block`."""
    import neo

    config = json.dumps(flatten(done.config), default=str)
    whole = neo.Block(name=done.config.task, neurocoord_config=config)
    segment = neo.Segment(name=f"seed {done.config.seed}")
    whole.segments.append(segment)
    for muscle in muscles:
        found = muscle_spikes(done, body, muscle)
        tick_s, stop_s = found.trains.tick_s, trains.duration_s(found.trains)
        for train, unit in enumerate(found.unit.tolist()):
            spikes = neo.SpikeTrain(
                trains.of_unit(found.trains, train) * tick_s,
                units="s",
                t_stop=stop_s,
                name=f"{muscle}/{unit}",
                muscle=muscle,
                unit=unit,
                tick_s=tick_s,
            )
            segment.spiketrains.append(spikes)
        segment.analogsignals.append(_force(found.force_n, tick_s, muscle))
    return whole


def _force(force_n: np.ndarray, tick_s: float, muscle: str) -> Any:
    import neo
    import quantities

    period = tick_s * quantities.s
    return neo.AnalogSignal(force_n[:, None], units="N", sampling_period=period, name=muscle)
