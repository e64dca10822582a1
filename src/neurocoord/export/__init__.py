"""A trial in files of other programs: openhdemg, neo, OpenSim. A format is a file and a line here.

Each function takes a trial that kept its spikes (`trial.run(config, keep_spikes=True)`), its body,
a folder and the muscles that are wanted, and returns the files that it wrote.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from neurocoord.body.model import Body, muscle_index
from neurocoord.export import neo, openhdemg, opensim
from neurocoord.settings import chosen
from neurocoord.trial import Trial, find_body

Writer = Callable[[Trial, Body, Path, Sequence[str]], list[Path]]
FORMATS: dict[str, Writer] = {
    "openhdemg": openhdemg.write,
    "neo": neo.write,
    "opensim": opensim.write,
}


def check(formats: Sequence[str] | None, muscles: Sequence[str] | None, body: Body) -> list[str]:
    """The formats that are meant (by default those that can be written here); ValueError for a
    name that is none, or a format whose library is missing."""
    for name in muscles or ():
        muscle_index(body, name)
    if formats is None:
        return [name for name in FORMATS if name != "neo" or neo.is_there()]
    wanted = list(chosen("formats", formats, FORMATS, "format"))
    if "neo" in wanted:
        neo.check()
    return wanted


def write(
    done: Trial, folder: Path, formats: Sequence[str], muscles: Sequence[str] | None = None
) -> list[Path]:
    """Write a trial into a folder, in each format; spikes of `muscles`, or of all that fired."""
    body = find_body(done.config)
    folder.mkdir(parents=True, exist_ok=True)
    names = list(muscles or firing(done, body))
    return [path for name in formats for path in FORMATS[name](done, body, folder, names)]


def firing(done: Trial, body: Body) -> list[str]:
    """Muscles of which a unit fired."""
    n_spikes = np.add.reduceat(done.discharge.n_spikes, done.first_unit[:-1])
    return [name for name, n in zip(body.muscles, n_spikes, strict=True) if n]
