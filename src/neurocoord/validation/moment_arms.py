"""Moment arms against what was measured on people and cadavers, per joint and direction.

Elbow and wrist: polynomials after Pigeon, Yahia & Feldman 1996 (J Biomech 29:1365-70; read on a
page that lists them), Sugisaki et al. 2010. Knee: two MRI studies in vivo. Ankle: Manal et al. 2013
with the studies it tabulates, Maganaris et al. 2000. Abdominal wall: Jorgensen et al. 2005.
Shoulder rotators: Ackland & Pandy 2011. Every row is in ``models/anatomy/validation.csv``.

Judged per joint direction: median error over what is allowed, the larger of 5 mm and 15 %. Paths
were moved to fit these rows, so this says that they fit, not that they predict. Rows from memory
(hip, hamstrings) are shown.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from neurocoord.body import published
from neurocoord.body.published import Published
from neurocoord.validation import _body
from neurocoord.validation.protocol import Check

PAPER = "Moment arms (11 sources)"

GROUPS: dict[str, tuple[str, str]] = {  # name: joint, muscles
    "elbow flexors": ("elbow_flexion", "BRD BIC BRA ECR PT"),
    "elbow extensors": ("elbow_flexion", "TRI_LONG TRI_SHORT"),
    "wrist flexors": ("wrist_flexion", "FCR"),
    "wrist extensors": ("wrist_flexion", "ECR ECU"),
    "knee extensors": ("knee_flexion", "RF VAS_L VAS_M"),
    "plantarflexors": ("ankle_flexion", "SOL GAS"),
    "dorsiflexors": ("ankle_flexion", "TA"),
    "rectus abdominis, lumbar": ("lumbar_extension", "RA"),
    "rectus abdominis, thoracic": ("thorax_extension", "RA"),
    "shoulder rotators, inward": ("shoulder_rotation", "SUBSC"),
    "shoulder rotators, outward": ("shoulder_rotation", "INFSP"),
}
SHOWN: dict[str, tuple[str, str]] = {
    "hip extensors and flexors": ("hip_flexion", "GMAX_S GMAX_I MHAM BFLH ADDM PSOAS ILIAC"),
    "hip abductors": ("hip_adduction", "GMED_A GMED_P"),
    "knee flexors": ("knee_flexion", "MHAM BFLH BFSH GAS GRAC SART"),
    "erector spinae, lumbar": ("lumbar_extension", "ES_LT ES_IL ES_LUM MF"),
}


def _rows(group: tuple[str, str]) -> tuple[Published, ...]:
    joint, muscles = group
    return tuple(
        row
        for row in published.rows()
        if row.quantity.endswith("moment arm")
        and row.joint == joint
        and set(row.muscles.split()) <= set(muscles.split())
    )


CHECKS = (
    *(
        Check(name, f"{name}, median error over allowed", None, "1", 1.0, "at_most", "read")
        for name in GROUPS
    ),
    *(
        Check(name, f"{name}, median error over allowed", None, "1", 0.0, "shown", "recalled")
        for name in SHOWN
    ),
)

BROKEN: dict[str, dict[str, Any]] = {
    "arms half as long": {"fault": _body.Fault(arm=0.5)},
    "arms the wrong way": {"fault": _body.Fault(arm=-1.0)},
}


def measure(*, quick: bool = False, fault: _body.Fault = _body.WHOLE) -> dict[str, float]:
    """Our values; `fault` breaks the body. It is quick anyway."""
    body = _body.body()
    measured = {}
    for name, group in (GROUPS | SHOWN).items():
        rows = _rows(group)
        ours = _body.arm_mm(body, rows, fault)
        measured[name] = _body.share_of_tolerance(rows, ours)
        measured |= {f"{name} {k}": float(value) for k, value in enumerate(ours)}
    return measured


def plot(axes: Any, measured: dict[str, float]) -> None:
    """Ours against published, every row that gates; the band is what is allowed."""
    colours = ("#0072B2", "#56B4E9", "#D55E00", "#E69F00", "#009E73", "#CC79A7")
    for k, (name, group) in enumerate(GROUPS.items()):
        rows = _rows(group)
        ours = [abs(measured[f"{name} {i}"]) for i in range(len(rows))]
        marker = "o" if k < len(colours) else "^"
        label = name.replace("rectus abdominis", "r. abdominis")
        axes.plot(
            [abs(row.value) for row in rows], ours, marker, ms=4, color=colours[k % len(colours)],
            label=label,
        )  # fmt: skip
    line = np.linspace(0, 110, 50)
    allowed = np.maximum(5.0, 0.15 * line)
    axes.fill_between(line, line - allowed, line + allowed, color="#999999", alpha=0.2, lw=0)
    axes.set_xlabel("Published moment arm (mm)")
    axes.set_ylabel("This body (mm)")
    axes.set_xlim(0, 110)
    axes.set_ylim(0, 110)
    axes.legend(frameon=False, fontsize=7)
