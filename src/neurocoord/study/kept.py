"""What is kept of a trial beside its measures: courses of chosen quantities, and spikes."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from neurocoord import trial
from neurocoord.body.model import LISTED, Body
from neurocoord.motorunits import trains
from neurocoord.settings import unknown
from neurocoord.tasks import task as find_task
from neurocoord.tasks.protocol import Series, Trace

ALL = "all"


@dataclass(frozen=True, kw_only=True)
class Keep:
    """What is kept of every trial, over what its task keeps for its figures."""

    series: tuple[str, ...] = ()  # names of `SERIES`
    spikes: tuple[str, ...] = ()  # muscles whose spikes are kept; ("all",) for all


class Quantity(NamedTuple):
    """A quantity of the trace that can be kept."""

    unit: str
    axis: str
    values: Callable[[Trace], np.ndarray]  # [block, name]
    names: Callable[[Body], tuple[str, ...]]


def _of_steps(field: str) -> Callable[[Trace], np.ndarray]:
    """Means over the physics steps of each block."""

    def values(trace: Trace) -> np.ndarray:
        by_step = getattr(trace, field)
        return by_step.reshape(len(trace.time_s), -1, by_step.shape[-1]).mean(axis=1)

    return values


SERIES = {
    "drive": Quantity("1", "muscle", lambda t: t.drive, lambda b: tuple(b.muscles)),
    "active_state": Quantity("1", "muscle", _of_steps("active_state"), lambda b: tuple(b.muscles)),
    "muscle_force_n": Quantity(
        "N", "muscle", _of_steps("muscle_force_n"), lambda b: tuple(b.muscles)
    ),
    "joint_torque_nm": Quantity(
        "Nm", "joint", _of_steps("joint_torque_nm"), lambda b: tuple(b.joints)
    ),
    "contact_force_n": Quantity(
        "N", "support", lambda t: t.contact_force_n, lambda b: tuple(b.support.geoms)
    ),
}


def check(keep: Keep, body: Body) -> None:
    """ValueError for what cannot be kept of a trial of this body, with the nearest name."""
    for name in keep.series:
        if name not in SERIES:
            raise ValueError(unknown("keep.series", name, SERIES))
    for name in keep.spikes:
        if name != ALL and name not in body.muscles:
            allowed = (ALL, *body.muscles)
            raise ValueError(unknown("keep.spikes", name, allowed, LISTED.format(body.name)))


def series(done: trial.Trial, body: Body, names: Iterable[str]) -> dict[str, Series]:
    """Courses by block of 4 ms, with `time_s`; nothing where neither task nor study keeps any."""
    found = find_task(done.config.task).series(body, done.config.settings, done.trace)
    for name in names:
        wanted = SERIES[name]
        found[name] = Series(
            wanted.values(done.trace), wanted.unit, wanted.axis, wanted.names(body)
        )
    return {"time_s": Series(done.trace.time_s.copy(), "s"), **found} if found else {}


def spikes(done: trial.Trial, body: Body, muscles: Iterable[str]) -> dict[str, trains.SpikeTrains]:
    """Spike trains of the units of each muscle, in order of recruitment threshold."""
    if done.spikes is None:
        return {}
    wanted = body.muscles if ALL in muscles else muscles
    first = done.first_unit
    return {
        name: trains.select(done.spikes, np.arange(first[m], first[m + 1]))
        for name in wanted
        for m in (list(body.muscles).index(name),)
    }
