"""Draw the figures of docs/measures.md and write its table; `make figures` runs this.

    python docs/make_measure_figures.py                     # all
    python docs/make_measure_figures.py --only footfalls    # one
    python docs/make_measure_figures.py --table             # the table only

The figures are of the built-in crawl, seed 0.
"""

from __future__ import annotations

import sys
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from drawing import between, draw_chosen

from neurocoord import trial
from neurocoord.analysis import footfalls, gait_plots
from neurocoord.analysis.plots import GREY
from neurocoord.body import model
from neurocoord.body.model import Body
from neurocoord.coordination.reference import LIMBS
from neurocoord.tasks import TASKS
from neurocoord.tasks.gait_measures import Steps, body_weight_n, steps
from neurocoord.tasks.protocol import Measure, Trace

PAGE = Path(__file__).resolve().parent / "measures.md"
BEGIN, END = "<!-- table: docs/make_measure_figures.py --table -->", "<!-- end of table -->"
NAMES = ("right hand", "left hand", "right knee", "left knee")
SHOWN_S = (2.0, 6.0)
# Infants on hands and knees: diagonal limbs together, duty factor 0.5 to 0.75 (Patrick, Noah & Yang
# 2009; Righetti et al. 2015; the numbers recalled), the hand 0.35 to 0.5 of a cycle after its knee.
INFANT_DUTY = (0.5, 0.75)
INFANT_IPSILATERAL = 0.5


@cache
def crawl() -> tuple[Body, Trace, np.ndarray, Steps]:
    """The crawl that is drawn: body, trace, which of its blocks, and its footfalls."""
    done = trial.run(trial.TrialConfig(task="crawl", seed=0, seconds=SHOWN_S[1]))
    body = model.load("humanoid")
    during = done.trace.time_s >= 0.0
    return body, done.trace, during, steps(body, done.trace, during)


def draw_footfalls(figure: Any) -> None:
    """Footfalls of the crawl over its loads, beside what infants do."""
    body, trace, during, found = crawl()
    time = trace.time_s[during]
    left, right = figure.subfigures(1, 2, width_ratios=(2.3, 1.0))
    above, below = left.subplots(2, 1, sharex=True, height_ratios=(1.0, 1.25))
    gait_plots.footfall_diagram(above, time, found.stance, NAMES)
    duty = np.mean([footfalls.duty_factor(limb) for limb in found.stance.T])
    above.set_title(
        f"this crawl, measured from contact: duty factor {duty:.2f}", loc="left", weight="bold"
    )
    gait_plots.loads(below, time, found.force_n / body_weight_n(body), NAMES)
    below.set_xlim(*SHOWN_S)
    below.set_xlabel("time (s)")
    below.legend(loc="lower left", bbox_to_anchor=(0.0, 1.0), ncols=5, frameon=False, fontsize=7.5)
    axes, space = right.subplots(2, 1, height_ratios=(1.0, 1.25))
    space.set_axis_off()
    phase = np.linspace(0.0, 2.0, 801)[:-1]
    begins = {"hand_r": INFANT_IPSILATERAL, "hand_l": 0.0, "knee_r": 0.0, "knee_l": 0.5}
    for duty, alpha in zip(INFANT_DUTY, (1.0, 0.35)):
        stance = np.column_stack([(phase - begins[limb]) % 1.0 < duty for limb in LIMBS])
        gait_plots.footfall_diagram(axes, phase, stance, NAMES)
        for bars in axes.collections[-len(LIMBS) :]:
            bars.set_alpha(alpha)
    axes.set_title("infants, schematic", loc="left", weight="bold")
    axes.set_xlabel("cycle of the right knee")
    axes.set_xlim(0.0, 2.0)
    words = (
        "Dark: duty factor 0.5; with the\npale end: 0.75 (recalled).\n"
        "Diagonal limbs together: Patrick,\nNoah & Yang 2009.\n\n"
        "One colour is one diagonal.\nForce on feet is left out."
    )
    space.text(0.0, 1.0, words, transform=space.transAxes, va="top", size=7.8, color=GREY)


def draw_cycle(figure: Any) -> None:
    """Joint angles over the mean cycle of each right limb."""
    body, trace, during, found = crawl()
    degrees = np.degrees(trace.qpos[during][:, body.joint_qpos])
    for axes, limb, joints in zip(
        figure.subplots(1, 2),
        ("knee_r", "hand_r"),
        (("hip_flexion", "knee_flexion", "ankle_flexion"), ("shoulder_flexion", "elbow_flexion")),
    ):
        stance = found.stance[:, LIMBS.index(limb)]
        named = {j.replace("_", " "): degrees[:, body.joints.index(f"{j}_r")] for j in joints}
        gait_plots.angles_over_cycle(axes, named, footfalls.touchdowns(stance))
        axes.axvline(100 * footfalls.duty_factor(stance), color=GREY, lw=0.8)
        axes.text(100 * footfalls.duty_factor(stance) + 1, 1.0, "lifts off",
                  transform=axes.get_xaxis_transform(), va="top", size=7.5, color=GREY)  # fmt: skip
        name = NAMES[LIMBS.index(limb)]
        axes.set_title(f"from touch-down of the {name}", loc="left", weight="bold")
        axes.legend(frameon=False, fontsize=8)


DRAWINGS = {"footfalls": (draw_footfalls, (9.6, 4.4)), "cycle": (draw_cycle, (8.0, 3.2))}


def table() -> str:
    """Every measure of every task as Markdown: name, unit, what it is, its source, tasks."""
    found: dict[str, tuple[Measure, list[str]]] = {}
    for task in TASKS:
        for name, measure in trial.measures_of(task).items():
            found.setdefault(name, (measure, []))[1].append(task)
    groups: dict[str, list[str]] = {}
    for name, (measure, tasks) in found.items():
        unit = "" if measure.unit == "1" else measure.unit
        row = f"| `{name}` | {unit} | {measure.meaning} | {measure.source} | {', '.join(tasks)} |"
        groups.setdefault(measure.group, []).append(row)
    head = "| measure | unit | is | source | tasks |\n|---|---|---|---|---|"
    return "\n\n".join(f"### {g}\n\n{head}\n" + "\n".join(rows) for g, rows in groups.items())


def page_with_table(text: str) -> str:
    """The page with its table made anew; ValueError where the marks are missing."""
    return between(text, BEGIN, END, table())


def main() -> None:
    """The command line."""
    PAGE.write_text(page_with_table(PAGE.read_text()))
    print(PAGE.relative_to(PAGE.parents[1]))
    if "--table" not in sys.argv:
        draw_chosen(DRAWINGS, "measures", __doc__ or "")


if __name__ == "__main__":
    main()
