"""Which muscles are synergists: those of one side with the same prime action.

The groups are in `models/physiology/synergists.csv`, a choice of ours from the actions that
`models/anatomy/muscles.csv` lists; a muscle of several joints belongs to one group alone.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray

from neurocoord.body.anatomy import SIDES
from neurocoord.resources import models_folder
from neurocoord.settings import unknown


@cache
def table() -> dict[str, str]:
    """Name of the group of each muscle, by the muscle's name without its side."""
    path = models_folder() / "physiology" / "synergists.csv"
    with path.open(encoding="utf-8", newline="") as file:
        return {row["id"]: row["group"] for row in csv.DictReader(file)}


def group_names(muscles: Sequence[str]) -> list[str]:
    """Group of each muscle with its side, such as `knee extensors r`; the nearest if unknown."""
    names = []
    for muscle in muscles:
        stem, _, side = muscle.rpartition("_")
        if stem not in table() or side not in SIDES:
            allowed = [f"{name}_{of}" for name in table() for of in SIDES]
            raise ValueError(
                unknown("muscle", muscle, allowed, "; `neurocoord muscles` lists them")
            )
        names.append(f"{table()[stem]} {side}")
    return names


def groups(muscles: Sequence[str]) -> NDArray[np.int64]:
    """Number of each muscle's group `[muscle]`, from 0 on: `groups` of a strategy."""
    return np.unique(group_names(muscles), return_inverse=True)[1].astype(np.int64)
