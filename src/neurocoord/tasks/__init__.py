"""The tasks, one file each; a new task is one file and one line here."""

from __future__ import annotations

from neurocoord.settings import unknown
from neurocoord.tasks import balance, crawl, isokinetic, isometric, react, roll
from neurocoord.tasks.protocol import Task

TASKS: dict[str, Task] = {
    "isometric": isometric.TASK,
    "isokinetic": isokinetic.TASK,
    "roll": roll.TASK,
    "crawl": crawl.TASK,
    "balance": balance.TASK,
    "react": react.TASK,
}


def task(name: str) -> Task:
    """A task by name."""
    if name not in TASKS:
        raise ValueError(unknown("task", name, TASKS))
    return TASKS[name]


def model_variants(name: str, measure: str) -> dict[str, str]:
    """The energy model of a measure and of its variants under other models, by measure; {} for a
    measure (or a task) that hangs on none."""
    measures = TASKS[name].measures if name in TASKS else {}
    return {
        other: m.model
        for other, m in measures.items()
        if m.model and measure in (other, m.variant_of)
    }
