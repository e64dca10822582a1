"""A controller found on one body, for a body of another size.

Forces go with a body's mass and torques with mass times length; so do the stiffnesses that a
movement asks for, and so must the weights that say how much a missing Newton costs beside effort.
On the shipped body everything stays what it is, to the last bit.
"""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from neurocoord.body import model as bodies
from neurocoord.body.model import Body
from neurocoord.coordination.allocation import ControllerGains

TUNED_ON = "humanoid"  # the body that gains and stiffnesses of models/movements were found on


class Size(NamedTuple):
    """Forces and torques of a body over those of the one that movements were found on."""

    force: float
    torque: float


def size_of(body: Body) -> Size:
    """By mass, and by mass times the length of thigh and shank."""
    tuned_on = bodies.load(TUNED_ON)
    force = body.mass_kg / tuned_on.mass_kg
    return Size(force, force * (_leg_m(body) / _leg_m(tuned_on)))


def _leg_m(body: Body) -> float:
    return float(sum(np.linalg.norm(body.model.body(name).pos) for name in ("tibia_r", "foot_r")))


def gains_for(body: Body, gains: ControllerGains) -> ControllerGains:
    """The same gains where a Newton, or a Newton metre, means less or more."""
    size = size_of(body)
    return replace(
        gains,
        root_force_weight=gains.root_force_weight / size.force,
        root_torque_weight=gains.root_torque_weight / size.torque,
        joint_torque_weight=gains.joint_torque_weight / size.torque,
        contact_force_cost=gains.contact_force_cost / size.force**2,
    )
