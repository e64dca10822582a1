"""What papers about the body share: our curves at their angles, and bodies broken on purpose."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from neurocoord.body import capacity, published
from neurocoord.body.model import Body, load
from neurocoord.body.published import Published
from neurocoord.muscle import mechanics

Array = NDArray[np.float64]


class Fault(NamedTuple):
    """How the body is broken on purpose; the default breaks nothing."""

    force: float = 1.0  # times every muscle's strength
    arm: float = 1.0  # times every moment arm
    slack: float = 0.0  # longer tendons, as a share of optimal fibre length


WHOLE = Fault()


def body(fault: Fault = WHOLE) -> Body:
    """The humanoid, with the strengths and tendons that a fault gives it."""
    whole = load()
    old = whole.muscle_parameters
    stretch = fault.slack * mechanics.optimal_length_m(old)
    return whole._replace(
        muscle_parameters=old._replace(
            max_force_n=old.max_force_n * fault.force,
            length_range_low_m=old.length_range_low_m + stretch,
            length_range_high_m=old.length_range_high_m + stretch,
        )
    )


def of(source: str, quantity: str = "") -> tuple[Published, ...]:
    """Rows of the table whose source begins so, of one quantity (all for "")."""
    return tuple(
        row
        for row in published.rows()
        if row.source.startswith(source) and row.quantity.startswith(quantity)
    )


def torque_nm(body: Body, rows: Iterable[Published], fault: Fault = WHOLE) -> Array:
    """Our greatest active torque at each row's angle, [row] (Nm)."""
    found = []
    for row in rows:
        curve = published.curve(body, row.joint, row.posture, np.array([row.angle_deg]))
        found.append(fault.arm * capacity.active_torque_nm(body, curve, row.direction)[0])
    return np.array(found)


def arm_mm(body: Body, rows: Iterable[Published], fault: Fault = WHOLE) -> Array:
    """Our moment arm at each row's angle, or at its peak over 90 degrees about it, [row] (mm)."""
    found = []
    for row in rows:
        peak = row.quantity == "peak moment arm"
        angle = row.angle_deg + (np.arange(-45, 46, 5) if peak else np.zeros(1))
        arms = capacity.arm_mm(
            body, published.curve(body, row.joint, row.posture, angle), row.muscles
        )
        found.append(fault.arm * arms[np.abs(arms).argmax()])
    return np.array(found)


def share_of_tolerance(rows: Iterable[Published], ours: Array) -> float:
    """Median error of moment arms over what is allowed: the larger of 5 mm and 15 %."""
    wanted = np.array([row.value for row in rows])
    allowed = np.maximum(5.0, 0.15 * np.abs(wanted))
    return float(np.median(np.abs(ours - wanted)) / np.median(allowed))
