"""Greatest torques of hip, knee and ankle over their range, standing still and turning.

Anderson, Madigan & Nussbaum 2007 (J Biomech 40:3105-13) fitted isometric and isokinetic torques of
young men with Eq. 9; Table 3 gives the constants (read in a transcription). From them the curves
for a man of 72.5 kg and 1.75 m are recomputed. The posture of the other joints is our choice.

F0, fibre and slack lengths were fitted to two thirds of the isometric angles; the last third is
``held out`` and judged apart. Isokinetic torques were not fitted: they are shown, since ours fall
too little with speed (MuJoCo's force-velocity curve lacks the curvature of Hill's, and tendons are
rigid).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from neurocoord.body import capacity, published
from neurocoord.validation import _body
from neurocoord.validation.protocol import Check

PAPER = "Anderson et al. 2007"

NAMES = {
    ("hip_flexion", -1): "hip extension",
    ("hip_flexion", 1): "hip flexion",
    ("knee_flexion", -1): "knee extension",
    ("knee_flexion", 1): "knee flexion",
    ("ankle_flexion", -1): "plantarflexion",
    ("ankle_flexion", 1): "dorsiflexion",
}
PEAK_TOLERANCE, ANGLE_TOLERANCE_DEG, HELD_OUT_TOLERANCE = 0.20, 25.0, 15.0
RATES_DEG_PER_S = (60, 180)


def _rows(joint: str, direction: int, quantity: str) -> tuple[published.Published, ...]:
    rows = _body.of("Anderson", quantity)
    return tuple(row for row in rows if (row.joint, row.direction) == (joint, direction))


def _checks() -> tuple[Check, ...]:
    checks = []
    for (joint, direction), name in NAMES.items():
        rows = _rows(joint, direction, "isometric")
        best = max(rows, key=lambda row: row.value)
        checks += [
            Check(
                f"peak {name}", f"{name}, isometric peak", best.value, "Nm", PEAK_TOLERANCE,
                "relative", "recomputed",
            ),
            Check(
                f"angle {name}", f"{name}, angle of the peak", best.angle_deg, "deg",
                ANGLE_TOLERANCE_DEG, "absolute", "recomputed",
            ),
            Check(
                f"held {name}", f"{name}, median error of angles held out", None, "% peak",
                HELD_OUT_TOLERANCE, "at_most", "recomputed",
            ),
        ]  # fmt: skip
        checks += [
            Check(
                f"{row.angle_deg:.0f} {name}",
                f"{name} at {row.angle_deg:.0f} deg/s over isometric",
                row.value, "1", 0.0, "shown", "recomputed",
            )
            for row in _rows(joint, direction, "isokinetic")
        ]  # fmt: skip
    return tuple(checks)


CHECKS = _checks()

BROKEN: dict[str, dict[str, Any]] = {
    "muscles a third as strong": {"fault": _body.Fault(force=0.33)},
    "tendons too long by half a fibre": {"fault": _body.Fault(slack=0.5)},
    "tendons too short by half a fibre": {"fault": _body.Fault(slack=-0.5)},
}


def measure(*, quick: bool = False, fault: _body.Fault = _body.WHOLE) -> dict[str, float]:
    """Our values; `fault` breaks the body. It is quick anyway."""
    body = _body.body(fault)
    measured = {}
    for (joint, direction), name in NAMES.items():
        rows = _rows(joint, direction, "isometric")
        angle = np.array([row.angle_deg for row in rows])
        curve = published.curve(body, joint, rows[0].posture, angle)
        torque = capacity.active_torque_nm(body, curve, direction)
        wanted = np.array([row.value for row in rows])
        held = np.array([row.held_out for row in rows])
        measured[f"peak {name}"] = float(torque.max())
        measured[f"angle {name}"] = float(angle[torque.argmax()])
        error = np.abs(torque - wanted)[held] / wanted.max()
        measured[f"held {name}"] = float(100 * np.median(error))
        for rate in RATES_DEG_PER_S:
            turning = capacity.active_torque_nm(body, curve, direction, rate)
            measured[f"{rate} {name}"] = float(turning.max() / torque.max())
        measured |= {f"{name} {a:.0f}": float(t) for a, t in zip(angle, torque)}
    return measured


def plot(axes: Any, measured: dict[str, float]) -> None:
    """Torque against angle of all six directions: lines ours, dots published, open: held out."""
    colours = ("#0072B2", "#56B4E9", "#D55E00", "#E69F00", "#009E73", "#CC79A7")
    for colour, ((joint, direction), name) in zip(colours, NAMES.items()):
        rows = _rows(joint, direction, "isometric")
        angle = [row.angle_deg for row in rows]
        axes.plot(angle, [measured[f"{name} {a:.0f}"] for a in angle], color=colour, label=name)
        for held in (False, True):
            dots = [(row.angle_deg, row.value) for row in rows if row.held_out == held]
            face = "none" if held else colour
            axes.plot(*zip(*dots), "o", ms=4, color=colour, markerfacecolor=face)
    axes.set_xlabel("Flexion or dorsiflexion (deg)")
    axes.set_ylabel("Greatest isometric torque (Nm)")
    axes.set_ylim(bottom=0)
    axes.legend(frameon=False, fontsize=8)
