"""The studies: each a file in `experiments/` with `study(quick)`, and a line here."""

from __future__ import annotations

from types import ModuleType

from neurocoord.resources import load_experiment
from neurocoord.settings import chosen

STUDIES = ("compare_synchronization", "recruitment_and_rate_coding", "tuned_gaits")


def load_study(name: str) -> ModuleType:
    """The file of a study; ValueError, with the nearest, for one that there is not.

    It has `study(quick) -> Study`; where it has `report(folder, loaded) -> list of paths`, that
    writes what is to be read of a finished folder.
    """
    return load_experiment(chosen("study", [name], STUDIES, "study")[0])
