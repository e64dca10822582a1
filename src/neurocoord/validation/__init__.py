"""What the literature measured, held against this model: one file a paper.

A new paper is one file (its shape: `neurocoord.validation.protocol`) and one line in `PAPERS`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib import import_module
from types import ModuleType
from typing import NamedTuple

from neurocoord import settings
from neurocoord.validation.protocol import FAIL, Row, judge

# Modules as text: each paper is loaded when it is asked for.
PAPERS: dict[str, str] = {
    "barclay_2015": "neurocoord.validation.barclay_2015",
    "anderson_2007": "neurocoord.validation.anderson_2007",
    "braman_2009": "neurocoord.validation.braman_2009",
    "cutts_eglen_2014": "neurocoord.validation.cutts_eglen_2014",
    "de_luca_erim_1994": "neurocoord.validation.de_luca_erim_1994",
    "del_vecchio_2019": "neurocoord.validation.del_vecchio_2019",
    "dideriksen_2012": "neurocoord.validation.dideriksen_2012",
    "frey_law_2012": "neurocoord.validation.frey_law_2012",
    "fuglevand_1993": "neurocoord.validation.fuglevand_1993",
    "he_2000": "neurocoord.validation.he_2000",
    "joint_strength": "neurocoord.validation.joint_strength",
    "keenan_2005": "neurocoord.validation.keenan_2005",
    "moment_arms": "neurocoord.validation.moment_arms",
    "negro_farina_common_input": "neurocoord.validation.negro_farina_common_input",
    "planted_synchrony": "neurocoord.validation.planted_synchrony",
    "potvin_fuglevand_2017": "neurocoord.validation.potvin_fuglevand_2017",
    "spriet_1987": "neurocoord.validation.spriet_1987",
    "taylor_2003": "neurocoord.validation.taylor_2003",
    "tevald_2010": "neurocoord.validation.tevald_2010",
    "van_cutsem_1998": "neurocoord.validation.van_cutsem_1998",
    "van_der_zee_kuo_2021": "neurocoord.validation.van_der_zee_kuo_2021",
    "yao_2000": "neurocoord.validation.yao_2000",
}


class Result(NamedTuple):
    """One paper, measured and judged."""

    name: str  # in PAPERS
    paper: str  # reference
    measured: dict[str, float]  # by the key of the check; may hold more than the checks ask for
    rows: list[Row]


def chosen(only: Sequence[str] | None = None) -> tuple[str, ...]:
    """The names in `only`, in the order of `PAPERS`; all of them for None.

    Raises ValueError for an unknown name, with the nearest, and where `only` is empty.
    """
    return settings.chosen("only", only, PAPERS, "paper")


def paper(name: str) -> ModuleType:
    """The module of a paper; a ValueError names the nearest for an unknown name."""
    return import_module(PAPERS[chosen((name,))[0]])


def measure(name: str, *, quick: bool = False) -> Result:
    """Measure one paper's quantities on our model and judge them.

    `quick` measures less of each, for tests of the machinery: its verdicts are not for people.
    """
    module = paper(name)
    measured: dict[str, float] = module.measure(quick=quick)
    missing = [check.key for check in module.CHECKS if check.key not in measured]
    if missing:
        raise KeyError(f"{name}.measure gives no {', '.join(missing)}")
    rows = [judge(check, measured[check.key], module.PAPER) for check in module.CHECKS]
    return Result(name, module.PAPER, measured, rows)


def run(
    only: Sequence[str] | None = None,
    *,
    quick: bool = False,
    on_done: Callable[[Result], None] | None = None,
) -> list[Row]:
    """The rows of the papers in `only` (all by default), one paper after the other.

    `on_done` is called with each paper's result as soon as it is there.
    """
    rows: list[Row] = []
    for name in chosen(only):
        result = measure(name, quick=quick)
        rows += result.rows
        if on_done is not None:
            on_done(result)
    return rows


def failed(rows: Sequence[Row]) -> bool:
    """Whether any check that gates failed."""
    return any(row.verdict == FAIL for row in rows)
