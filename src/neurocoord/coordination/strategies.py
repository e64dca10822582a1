"""What the allocation minimises beside the misfit: named strategies that say which muscles work.

The solve weighs ``lambda w (a - a0)^2`` for each muscle. A strategy is data: the weights ``w``, the
levels ``a0``, and how much a muscle's present loss of capacity raises its weight. ``effort`` is
``w = 1, a0 = 0``. The dial goes from 0 (as ``effort``) to 1.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from neurocoord.body.model import Body
from neurocoord.settings import unknown

CAPACITY_EXPONENT = 2.0  # of the fatigue strategy: effort is active state over capacity, squared
LEAST_CAPACITY = 0.05  # keeps weights finite (choice)
CO_CONTRACTION_MOST = 0.3  # level a0 at dial 1 (choice)
LOCAL_WEIGHT = 0.1  # of a local stabilizer at dial 1, where a global muscle has 1 (choice)


class Strategy(NamedTuple):
    """What a strategy says of each muscle."""

    weight: np.ndarray  # [muscle], of effort, 1 where nothing is asked
    level: np.ndarray  # [muscle], active state that effort is centred on
    capacity_exponent: float  # the weight is divided by capacity to this power


def effort(body: Body, dial: float, joints: tuple[str, ...]) -> Strategy:
    """Least sum of squared active states; the dial does nothing."""
    n_muscles = len(body.muscles)
    return Strategy(np.ones(n_muscles), np.zeros(n_muscles), 0.0)


def fatigue(body: Body, dial: float, joints: tuple[str, ...]) -> Strategy:
    """Effort relative to what a muscle still has: its weight is ``capacity ** -(2 dial)``, so that
    others take over from a tired one."""
    return effort(body, dial, joints)._replace(capacity_exponent=CAPACITY_EXPONENT * dial)


def co_contraction(body: Body, dial: float, joints: tuple[str, ...]) -> Strategy:
    """Effort about a level ``a0 = 0.3 dial`` of the muscles that cross the chosen joints: the solve
    still meets the wanted torques, with all of these muscles pulling."""
    chosen = muscles_across(body, joints)
    return effort(body, dial, joints)._replace(
        level=np.where(chosen, CO_CONTRACTION_MOST * dial, 0.0)
    )


def stabilizers(body: Body, dial: float, joints: tuple[str, ...]) -> Strategy:
    """Local stabilizers (after Bergmark 1989) first: they cost ``0.1 ** dial`` of a global
    muscle."""
    local = np.array(body.table.stabilizer) == "local"
    local &= muscles_across(body, joints)
    return effort(body, dial, joints)._replace(weight=np.where(local, LOCAL_WEIGHT**dial, 1.0))


STRATEGIES: dict[str, Callable[[Body, float, tuple[str, ...]], Strategy]] = {
    "effort": effort,
    "fatigue": fatigue,
    "co_contraction": co_contraction,
    "stabilizers": stabilizers,
}


def strategy(body: Body, name: str, dial: float = 1.0, joints: tuple[str, ...] = ()) -> Strategy:
    """A strategy by name, for a body; errors name what is allowed.

    ``joints``: hinges that ``co_contraction`` and ``stabilizers`` are about, a paired one by its
    bare name for both sides; none: all.
    """
    if name not in STRATEGIES:
        raise ValueError(unknown("allocation", name, STRATEGIES))
    if not 0.0 <= dial <= 1.0:
        raise ValueError(f"allocation_dial={dial} is not allowed; it is 0 to 1")
    muscles_across(body, joints)
    return STRATEGIES[name](body, float(dial), tuple(joints))


def muscles_across(body: Body, joints: tuple[str, ...]) -> np.ndarray:
    """bool[muscle]: those that cross one of the joints; all for none."""
    bare = {joint.removesuffix("_r").removesuffix("_l") for joint in body.joints}
    for joint in joints:
        if joint not in body.joints and joint not in bare:
            also = ", or one side by _r or _l"
            raise ValueError(unknown("allocation_joints", joint, sorted(bare), also))
    if not joints:
        return np.ones(len(body.muscles), bool)
    meant = {j for j in body.joints if j in joints or (j[:-2] in joints and j[-2:] in ("_r", "_l"))}
    return np.array([bool(meant & set(crossed)) for crossed in body.table.joints])


def weight_now(strategy: Strategy, capacity: np.ndarray | None) -> np.ndarray:
    """Weight [muscle] of effort at the muscles' present capacity [muscle] (1: rested)."""
    if strategy.capacity_exponent == 0.0 or capacity is None:
        return strategy.weight
    left = np.maximum(capacity, LEAST_CAPACITY)
    return np.asarray(strategy.weight * left**-strategy.capacity_exponent)
