"""The rows of ``models/anatomy/validation.csv``: what was measured on people, and how posed."""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import numpy as np

from neurocoord.body import capacity
from neurocoord.body.anatomy import read_table
from neurocoord.body.model import Body

TAGS = ("read", "read-2nd", "recalled", "choice")


class Published(NamedTuple):
    """One measured value."""

    quantity: str  # isometric torque, isokinetic over isometric torque, (peak) moment arm
    joint: str
    direction: int  # 1 or -1, which way a torque turns the joint; 0 for moment arms
    muscles: str  # names with spaces between; "" for torques
    posture: str  # "standing; hip_flexion 60"
    angle_deg: float  # of the joint; for isokinetic rows the rate in deg/s
    value: float
    unit: str
    held_out: bool  # kept out of the fit of strength
    source: str
    tag: str  # one of TAGS


class WorkingRange(NamedTuple):
    """Where a joint works in crawling and rolling, degrees."""

    joint: str
    posture: str
    low_deg: float
    high_deg: float


@cache
def rows() -> tuple[Published, ...]:
    """Every row of the table."""
    return tuple(
        Published(
            quantity=row["quantity"],
            joint=row["joint"],
            direction=int(row["direction"] or 0),
            muscles=row["muscles"],
            posture=row["posture"],
            angle_deg=float(row["angle_deg"]),
            value=float(row["value"]),
            unit=row["unit"],
            held_out=row["held_out"] == "yes",
            source=row["source"],
            tag=row["tag"],
        )
        for row in read_table("validation")
    )


@cache
def working_ranges() -> tuple[WorkingRange, ...]:
    """Every row of the table of working ranges."""
    return tuple(
        WorkingRange(row["joint"], row["posture"], float(row["low_deg"]), float(row["high_deg"]))
        for row in read_table("working_ranges")
    )


def posture_of(text: str) -> tuple[str, dict[str, float]]:
    """``"standing; hip_flexion 60"`` as the posture's name and joint angles in degrees."""
    name, *others = (part.strip() for part in text.split(";"))
    return name, {joint: float(angle) for joint, angle in (part.split() for part in others)}


def curve(body: Body, joint: str, posture: str, angle_deg: np.ndarray) -> capacity.Curve:
    """``capacity.curve`` in a posture as the table writes it."""
    name, others = posture_of(posture)
    return capacity.curve(body, joint, np.asarray(angle_deg, float), name, others)
