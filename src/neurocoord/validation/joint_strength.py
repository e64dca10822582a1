"""Greatest isometric torques of elbow, shoulder, wrist, neck, hip and trunk at single angles.

Judged: those read in an abstract. Elbow flexion of 18 young men at its peak (Tsunoda et al. 1993;
the second angle was kept out of the fit); shoulder flexion of 26 men; shoulder adductors and wrist
extensors (Holzbaur et al. 2007, both sexes); neck in four directions (nine men, 2014). All but the
second angle of the elbow were fitted. Shown: orders of magnitude from memory, and two values that
are our own choices. Each row with its source is in ``models/anatomy/validation.csv``.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from neurocoord.body import capacity, published
from neurocoord.body.published import Published
from neurocoord.validation import _body
from neurocoord.validation.protocol import Check

PAPER = "Joint strength (6 sources)"

TOLERANCE = 0.20
ELBOW_ANGLES_DEG = np.arange(15, 136, 5)
ROWS = tuple(
    row
    for row in _body.of("", "isometric torque")
    if not row.source.startswith("Anderson") and row.tag != "choice"
)


def _key(row: Published) -> str:
    way = "+" if row.direction > 0 else "-"
    where = row.posture.removeprefix("standing").strip("; ").replace("_", " ")
    return f"{row.joint.replace('_', ' ')} {way} at {row.angle_deg:.0f} deg" + (
        f", {where}" if where else ""
    )


CHECKS = (
    *(
        Check(
            _key(row), _key(row) + (", held out" if row.held_out else ""), row.value, "Nm",
            TOLERANCE if row.tag == "read" else 0.0, "relative" if row.tag == "read" else "shown",
            row.tag,
        )
        for row in ROWS
    ),
    Check("angle", "elbow flexion, angle of the peak", 60.0, "deg", 25.0, "absolute", "read"),
)  # fmt: skip

BROKEN: dict[str, dict[str, Any]] = {
    "muscles half as strong": {"fault": _body.Fault(force=0.5)},
    "tendons too short by 40 % of a fibre": {"fault": _body.Fault(slack=-0.4)},
}


def measure(*, quick: bool = False, fault: _body.Fault = _body.WHOLE) -> dict[str, float]:
    """Our values; `fault` breaks the body. It is quick anyway."""
    body = _body.body(fault)
    torque = _body.torque_nm(body, ROWS, fault)
    curve = published.curve(body, "elbow_flexion", "standing", ELBOW_ANGLES_DEG)
    best = capacity.active_torque_nm(body, curve, 1).argmax()
    measured = {_key(row): float(value) for row, value in zip(ROWS, torque)}
    return measured | {"angle": float(ELBOW_ANGLES_DEG[best])}


def plot(axes: Any, measured: dict[str, float]) -> None:
    """Ours over published; filled: read, open: from memory; grey: 20 %."""
    for k, row in enumerate(ROWS):
        face = "#0072B2" if row.tag == "read" else "none"
        axes.plot(
            measured[_key(row)] / row.value, k, "o", ms=5, color="#0072B2", markerfacecolor=face
        )
    axes.axvspan(1 - TOLERANCE, 1 + TOLERANCE, color="#999999", alpha=0.2, lw=0)
    axes.axvline(1.0, color="#999999", lw=0.8)
    axes.set_yticks(range(len(ROWS)), [_key(row) for row in ROWS], fontsize=6)
    axes.set_xlabel("Torque, this body over published")
    axes.set_xlim(0, 2)
