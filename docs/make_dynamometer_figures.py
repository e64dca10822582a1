"""Draw the figure of docs/dynamometer.md into docs/figures/ and write its table; some minutes.

    python docs/make_dynamometer_figures.py

Everything is seeded: the same code draws the same figure.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import drawing
import numpy as np

from neurocoord import trial
from neurocoord.analysis.plots import COLOURS, GREY
from neurocoord.body import published
from neurocoord.body.roles import joint_of
from neurocoord.tasks import dynamometry, isokinetic, lever_measures

STYLE = {**drawing.STYLE, "legend.fontsize": 7.5, "legend.frameon": False}
SHOWN = ("knee_extension", "ankle_plantarflexion", "elbow_flexion")
SPEEDS_DEG_PER_S = (60.0, 120.0, 180.0, 300.0)
POOLS = trial.Pools(n_units=60)


@cache
def done(action: str, speed: float, tendons: str) -> tuple[trial.Trial, isokinetic.Plan]:
    """A stretch-shortening trial at full drive, and its plan."""
    joint, direction = action.split("_", 1)
    settings = isokinetic.Settings(
        joint=joint, direction=direction, action="stretch_shortening", speed_deg_per_s=speed,
        tendons=tendons, hold_s=1.0,
    )  # fmt: skip
    config = trial.TrialConfig(task="isokinetic", pools=POOLS, settings=settings)
    found = trial.run(config)
    return found, isokinetic.plan(trial.find_body(found.config), settings)


def torque_and_angle(
    found: trial.Trial, plan: isokinetic.Plan
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Time (s), active torque (Nm) and angle of the joint (deg) [step]."""
    body = trial.find_body(found.config)
    return (
        dynamometry.step_times_s(found.trace),
        lever_measures.active_torque_nm(body, plan, found.trace),
        np.degrees(lever_measures.joint_angle_rad(body, plan, found.trace)),
    )


def draw_actions(figure: Any) -> None:
    """Knee extension by angle and by time, and torque over isometric by speed."""
    by_angle, by_time, by_speed = figure.subplots(1, 3, width_ratios=(1, 1.25, 1.15))
    _by_angle(by_angle)
    _by_time(by_time)
    _by_speed(by_speed)


def _by_angle(axes: Any) -> None:
    lines = (
        ("eccentric", 60.0, COLOURS[2], "eccentric, 60 deg/s"),
        ("concentric", 60.0, COLOURS[1], "concentric, 60 deg/s"),
        ("concentric", 180.0, COLOURS[6], "concentric, 180 deg/s"),
    )
    for name, speed, colour, label in lines:
        found, plan = done("knee_extension", speed, "rigid")
        time, torque, angle = torque_and_angle(found, plan)
        start, end = next(s.steady for s in plan.protocol if s.name == name)
        some = (time >= start) & (time < end)
        axes.plot(angle[some], torque[some], color=colour, lw=1.1, label=label)
    found, plan = done("knee_extension", 60.0, "rigid")
    body = trial.find_body(found.config)
    degrees = plan.curve.angle_deg
    alone = isokinetic.mover_torque_nm(body, plan.curve, plan.muscles, plan.sign)
    axes.plot(degrees, alone, "--", color=GREY, lw=1.0, label="isometric, active state 1")
    best = np.degrees(plan.qpos[body.joint_qpos[plan.joint]])
    held = found.measures["torque_isometric_nm"]
    axes.plot(best, held, "o", color="black", ms=5, label="isometric, full drive")
    axes.set_title("knee extension over angle", loc="left", weight="bold")
    axes.set_xlabel("knee flexion (deg)")
    axes.set_ylabel("active torque (Nm)")
    axes.set_ylim(0, 330)
    axes.legend(loc="upper left")


def _by_time(axes: Any) -> None:
    for tendons, colour in (("rigid", "black"), ("elastic", COLOURS[3])):
        time, torque, angle = torque_and_angle(*done("knee_extension", 120.0, tendons))
        axes.plot(time, torque, color=colour, lw=0.9, label=f"{tendons} tendons")
    axes.plot(time, angle, color=GREY, lw=0.9, ls=":", label="angle of the knee (deg)")
    plan = done("knee_extension", 120.0, "rigid")[1]
    words = {"isometric": "isometric", "eccentric": "stretch", "after_stretch": "shorten",
             "concentric": "shorten"}  # fmt: skip
    for segment in plan.protocol:
        if segment.name in words:
            axes.axvspan(*segment.span, color=GREY, alpha=0.12, lw=0)
            axes.text(
                np.mean(segment.span), 232, words[segment.name], rotation=90,
                ha="center", va="bottom", size=7,
            )  # fmt: skip
    axes.set_title("a stretch-shortening trial, 120 deg/s", loc="left", weight="bold")
    axes.set_xlabel("time (s)")
    axes.set_ylabel("active torque (Nm)")
    axes.set_ylim(0, 330)
    axes.legend(loc="upper right", ncols=3, columnspacing=0.8, handlelength=1.2)


def _by_speed(axes: Any) -> None:
    for action, colour in zip(SHOWN, (COLOURS[1], COLOURS[2], COLOURS[4]), strict=True):
        for tendons, style in (("rigid", "-"), ("elastic", "--")):
            points = [(0.0, 1.0)]
            for speed in SPEEDS_DEG_PER_S:
                measures = done(action, speed, tendons)[0].measures
                points += [
                    (speed, measures["concentric_over_isometric"]),
                    (-speed, measures["eccentric_over_isometric"]),
                ]
            label = action.replace("_", " ").replace("ankle ", "")
            axes.plot(
                *zip(*sorted(points), strict=True), style, color=colour, marker=".", lw=1.0,
                label=label if tendons == "rigid" else None,
            )  # fmt: skip
        dots = [(rate, people(action, rate)) for rate in (60, 180) if people(action, rate)]
        if dots:
            axes.plot(*zip(*dots, strict=True), "s", color=colour, ms=4.5, mfc="none")
    axes.plot([], [], "--", color=GREY, label="elastic tendons")
    axes.plot([], [], "s", color=GREY, mfc="none", label="people, Anderson 2007")
    axes.plot((-270, -30), (1.0, 1.0), color=GREY, lw=4, alpha=0.4, label="people, Westing 1988")
    axes.axvline(0.0, color=GREY, lw=0.6)
    axes.set_title("torque over isometric, same angle", loc="left", weight="bold")
    axes.set_xlabel("speed (deg/s), shortening positive")
    axes.set_ylim(0.2, 1.65)
    axes.legend(loc="upper right", ncols=2, columnspacing=0.8)


def people(action: str, rate: float) -> float | None:
    """Peak torque over isometric peak of young men (Anderson et al. 2007), if tabulated."""
    joint, sign = joint_of(trial.find_body(done(action, 60.0, "rigid")[0].config), action)
    for row in published.rows():
        here = (row.joint, row.direction, row.angle_deg)
        if row.quantity.startswith("isokinetic") and here == (joint[:-2], int(sign), rate):
            return row.value
    return None


def table() -> list[str]:
    """Lines of the page's table."""
    head = (
        "action", "isometric (Nm)", "con/iso, 60 deg/s: trial (curves; people)",
        "con/iso, 180 deg/s", "ecc/iso, 60 deg/s", "efficiency, 60 deg/s",
        "work after a stretch over without: rigid, elastic", "tendon return (J of work)",
    )  # fmt: skip
    lines = [f"| {' | '.join(head)} |", "|" + "---|" * len(head)]
    for action in dynamometry.MOVERS:
        slow, plan = done(action, 60.0, "rigid")
        fast, _ = done(action, 180.0, "rigid")
        elastic = done(action, 60.0, "elastic")[0].measures
        m = slow.measures
        cells = (
            action.replace("_", " ").replace("ankle ", ""),
            f"{m['torque_isometric_nm']:.0f}",
            f"{m['concentric_over_isometric']:.2f} ({_told(slow, plan, action, 60.0)})",
            f"{fast.measures['concentric_over_isometric']:.2f}"
            f" ({_told(slow, plan, action, 180.0)})",
            f"{m['eccentric_over_isometric']:.2f}",
            f"{m['efficiency_concentric']:.2f}",
            f"{m['work_enhancement']:.3f}, {elastic['work_enhancement']:.3f}",
            f"{elastic['tendon_return_after_stretch_j']:.1f} of"
            f" {elastic['work_after_stretch_j']:.0f}",
        )
        lines.append(f"| {' | '.join(cells)} |")
    return lines


def _told(found: trial.Trial, plan: isokinetic.Plan, action: str, rate: float) -> str:
    body = trial.find_body(found.config)
    best = np.degrees(plan.qpos[body.joint_qpos[plan.joint]])
    still, turning = (
        np.interp(
            best,
            plan.curve.angle_deg,
            isokinetic.mover_torque_nm(body, plan.curve, plan.muscles, plan.sign, speed),
        )
        for speed in (0.0, rate)
    )
    measured = people(action, rate)
    return f"{turning / still:.2f}; {'none' if measured is None else f'{measured:.2f}'}"


def write_table(page: Path) -> None:
    """Put the table between its marks in ``page``."""
    start, end = "<!-- table:actions -->\n", "<!-- end -->"
    before, rest = page.read_text(encoding="utf-8").split(start)
    after = rest.split(end, 1)[1]
    words = "\n".join(table())
    page.write_text(f"{before}{start}\n{words}\n\n{end}{after}", encoding="utf-8")


if __name__ == "__main__":
    drawing.draw_chosen({"actions": (draw_actions, (11.0, 3.4))}, "dynamometer", __doc__, STYLE)
    write_table(drawing.FIGURES.parent / "dynamometer.md")
