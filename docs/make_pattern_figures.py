"""Draw footfalls of three crawls beside published patterns, and figures of one against speed.

    python docs/make_pattern_figures.py    # `make figures` runs this

What is published stands in models/physiology/crawl_footfalls.csv, with its source and whether it
was read or recalled. The crawls: seed 0, 60 motor units a muscle, 8 s without the first 2 s. A
cycle is a stride of the knees.
"""

from __future__ import annotations

import csv
from functools import cache
from typing import Any, NamedTuple

import numpy as np
from drawing import draw_chosen

from neurocoord import trial
from neurocoord.analysis import footfalls, gait_plots
from neurocoord.analysis.plots import COLOURS, GREY
from neurocoord.body import model
from neurocoord.coordination.reference import LIMBS
from neurocoord.resources import models_folder
from neurocoord.tasks import crawl
from neurocoord.tasks.gait_measures import steps
from neurocoord.tasks.movement import BLOCK_S

NAMES = ("right hand", "left hand", "right knee", "left knee")
SPEEDS_M_PER_S = (0.2, 0.4, 0.6)  # of the crawl that is shipped as the default
CRAWLS = {  # movement and speed (m/s), in the order of PATTERNS
    crawl.MOVEMENT: 0.4,
    "crawl_pace_like": 0.15,
    "crawl_four_beat": 0.15,
}
SECONDS, FIRST_S, N_UNITS = 8.0, 2.0, 60
SHOWN_CYCLES = 2.0
DUTY = (0.6, 0.7)  # of the schematic patterns: the adults' range of the table, recalled
PATTERNS = {  # hand's touch-down after its knee's, in cycles
    "trot-like: diagonal limbs together\ninfants, and adults": 0.5,
    "pace-like: limbs of a side together\nadults": 0.0,
    "four-beat: evenly spaced\nboth, slowly": 0.25,
}
ROWS = (
    ("ipsilateral_phase", "hand after the knee of its side", (-0.05, 0.75)),
    ("duty_factor", "duty factor", (0.4, 1.0)),
    ("cycle_s", "cycle (s)", (0.0, 2.4)),
)


class Crawled(NamedTuple):
    """Footfalls of one crawl."""

    stance: np.ndarray  # bool[block, limb]
    speed_m_per_s: float
    cycle_s: float
    duty: tuple[float, float]  # hands, knees
    ipsilateral: tuple[float, float]  # right, left


@cache
def crawled(movement: str, speed: float) -> Crawled:
    """One crawl, measured."""
    done = trial.run(
        trial.TrialConfig(
            task="crawl",
            seconds=SECONDS,
            settings=crawl.Settings(speed_m_per_s=speed, movement=movement),
            pools=trial.Pools(n_units=N_UNITS),
        )
    )
    if done.fell:
        raise RuntimeError(f"{movement} at {speed} m/s fell: there is no pattern to draw")
    during = done.trace.time_s >= FIRST_S
    stance = steps(model.load("humanoid"), done.trace, during).stance
    x = done.trace.qpos[during, 0]
    frequency = [footfalls.stride_frequency_hz(stance[:, knee], BLOCK_S) for knee in (2, 3)]
    duty = [footfalls.duty_factor(limb) for limb in stance.T]
    lag = [
        footfalls.mean_phase(footfalls.phase_lags(stance[:, knee], stance[:, hand]))
        for knee, hand in ((2, 0), (3, 1))
    ]
    return Crawled(
        stance,
        float((x[-1] - x[0]) / (during.sum() * BLOCK_S)),
        1.0 / float(np.mean(frequency)),
        (float(np.mean(duty[:2])), float(np.mean(duty[2:]))),
        (lag[0], lag[1]),
    )


def published() -> list[dict[str, str]]:
    """The rows of the table."""
    path = models_folder() / "physiology" / "crawl_footfalls.csv"
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def draw_patterns(figure: Any) -> None:
    """Footfalls measured of three crawls, published patterns, and one crawl against speed."""
    assert LIMBS == ("hand_r", "hand_l", "knee_r", "knee_l")
    above, middle, below = figure.subfigures(3, 1, height_ratios=(1.0, 1.0, 1.35))
    above.suptitle("this body, measured from contact", x=0.01, ha="left", weight="bold", size=9)
    middle.suptitle(
        "people, schematic: dark with duty factor 0.6, pale up to 0.7 (recalled)",
        x=0.01, ha="left", weight="bold", size=9,
    )  # fmt: skip
    below.suptitle(f"{crawl.MOVEMENT} against speed", x=0.01, ha="left", weight="bold", size=9)
    for axes, (movement, speed) in zip(
        above.subplots(1, 3, sharey=True), CRAWLS.items(), strict=True
    ):
        _draw_measured(axes, movement, speed)
    for axes, (title, phase) in zip(middle.subplots(1, 3, sharey=True), PATTERNS.items()):
        _draw_schematic(axes, phase)
        axes.set_title(title, loc="left", size=8)
    for axes, (quantity, label, limits) in zip(below.subplots(1, 3), ROWS):
        _draw_against_speed(axes, quantity)
        axes.set_ylabel(label)
        axes.set_ylim(*limits)
        axes.set_xlabel("speed (m/s)")
        axes.set_xlim(0.0, 0.75)
    axes.legend(frameon=False, fontsize=7, loc="lower left")


def _draw_measured(axes: Any, movement: str, speed: float) -> None:
    found = crawled(movement, speed)
    start = footfalls.touchdowns(found.stance[:, LIMBS.index("knee_r")])[0]
    cycles = (np.arange(found.stance.shape[0]) - start) * BLOCK_S / found.cycle_s
    shown = (cycles >= 0.0) & (cycles <= SHOWN_CYCLES)
    gait_plots.footfall_diagram(axes, cycles[shown], found.stance[shown], NAMES)
    axes.set_title(
        f"{movement}, {found.speed_m_per_s:.2f} m/s\nhand after its knee:"
        f" {np.mean(found.ipsilateral):.2f} of a cycle",
        loc="left", size=8,
    )  # fmt: skip
    axes.set_xlabel("cycles, from the right knee's touch-down")


def _draw_schematic(axes: Any, hand_after_knee: float) -> None:
    phase = np.linspace(0.0, SHOWN_CYCLES, 801)[:-1]
    begins = {
        "knee_r": 0.0,
        "knee_l": 0.5,
        "hand_r": hand_after_knee,
        "hand_l": hand_after_knee + 0.5,
    }
    for duty, alpha in zip(DUTY, (1.0, 0.35)):
        stance = np.column_stack([(phase - begins[limb]) % 1.0 < duty for limb in LIMBS])
        gait_plots.footfall_diagram(axes, phase, stance, NAMES)
        for bars in axes.collections[-len(LIMBS) :]:
            bars.set_alpha(alpha)


def _draw_against_speed(axes: Any, quantity: str) -> None:
    for row in published():
        if row["quantity"] == quantity:
            _draw_published(axes, row)
    if quantity == "cycle_s":
        known = {r["quantity"]: float(r["low"]) for r in published() if r["tag"] == "read abstract"}
        speed = known["speed_m_per_s"]
        axes.plot(speed, known["stride_m"] / speed, "k*", ms=8, label="adults, own speed (2011)")
    found = [crawled(crawl.MOVEMENT, speed) for speed in SPEEDS_M_PER_S]
    at = [one.speed_m_per_s for one in found]
    values = {
        "ipsilateral_phase": {"right": [f.ipsilateral[0] for f in found],
                              "left": [f.ipsilateral[1] for f in found]},
        "duty_factor": {"hands": [f.duty[0] for f in found], "knees": [f.duty[1] for f in found]},
        "cycle_s": {"this body": [f.cycle_s for f in found]},
    }[quantity]  # fmt: skip
    for (name, row), marker in zip(values.items(), ("o", "s")):
        axes.plot(at, row, color=COLOURS[1], marker=marker, ms=4.5, lw=1.0, label=name)
    axes.legend(frameon=False, fontsize=7, loc="best")


def _draw_published(axes: Any, row: dict[str, str]) -> None:
    low, high = float(row["low"]), float(row["high"])
    recalled = ", recalled" if row["tag"] == "recalled" else ""
    colour = COLOURS[2] if row["people"] == "adults" else COLOURS[3]
    if low < high:
        axes.axhspan(low, high, color=colour, alpha=0.16, lw=0, label=f"{row['people']}{recalled}")
    else:
        axes.axhline(low, color=GREY, lw=0.8, ls="--")
        name = {0.5: "trot-like", 0.0: "pace-like", 0.25: "four-beat"}[low]
        axes.text(0.01, low + 0.012, name, size=7, color=GREY)


if __name__ == "__main__":
    draw_chosen({"patterns": (draw_patterns, (9.6, 6.6))}, "measures", __doc__ or "")
