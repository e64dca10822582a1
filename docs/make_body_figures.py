"""Draw the figures of docs/body.md into docs/figures/ and write its tables; about a minute.

    python docs/make_body_figures.py                         # all of them, and the tables
    python docs/make_body_figures.py --only torque keyframes

The keyframes are rendered: without a screen set MUJOCO_GL=egl (or osmesa) before.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import drawing
import numpy as np

from neurocoord import validation
from neurocoord.analysis.plots import COLOURS, GREY
from neurocoord.body import capacity, model, published

LEG = {
    ("hip_flexion", -1): "hip extension",
    ("hip_flexion", 1): "hip flexion",
    ("knee_flexion", -1): "knee extension",
    ("knee_flexion", 1): "knee flexion",
    ("ankle_flexion", -1): "plantarflexion",
    ("ankle_flexion", 1): "dorsiflexion",
}
VIEWS = ((90, -8), (180, -25))  # azimuth and elevation of the camera, degrees
PICTURE = (420, 560)  # height and width of one view, pixels
COLUMNS = 4  # keyframes side by side


def draw_torque(figure: Any) -> None:
    """Isometric and isokinetic torque of the leg over angle, ours and published."""
    body = model.load()
    axes = figure.subplots(2, 3)
    for panel, ((joint, direction), name) in zip(axes.T.ravel(), LEG.items(), strict=True):
        rows = [
            row
            for row in published.rows()
            if (row.joint, row.direction) == (joint, direction)
            and row.quantity == "isometric torque"
            and row.source.startswith("Anderson")
        ]
        angle = np.arange(rows[0].angle_deg, rows[-1].angle_deg + 1, 2.5)
        curve = published.curve(body, joint, rows[0].posture, angle)
        for rate, style in ((0, "-"), (60, "--"), (180, ":")):
            torque = capacity.active_torque_nm(body, curve, direction, rate)
            panel.plot(angle, torque, style, color=COLOURS[0], lw=1.2, label=f"{rate} deg/s")
        for held in (False, True):
            dots = [(row.angle_deg, row.value) for row in rows if row.held_out == held]
            panel.plot(
                *zip(*dots, strict=True), "o", ms=4, color="black", ls="",
                markerfacecolor="none" if held else "black",
                label="published, held out" if held else "published, fitted",
            )  # fmt: skip
        panel.set_title(name, loc="left", weight="bold")
        panel.set_ylim(bottom=0)
        panel.set_xlabel("flexion or dorsiflexion (deg)")
        panel.set_ylabel("torque (Nm)")
    axes[0, 0].legend(frameon=False, fontsize=7)


def draw_passive(figure: Any) -> None:
    """Passive torque through each joint's working range, over active torque against it."""
    body = model.load()
    axes = figure.subplots()
    names = []
    for k, working in enumerate(published.working_ranges()):
        angle = np.linspace(working.low_deg, working.high_deg, 15)
        found = published.curve(body, working.joint, working.posture, angle)
        passive = capacity.passive_torque_nm(body, working.joint, found)
        able = [capacity.active_torque_nm(body, found, -sign).max() for sign in (1, -1)]
        share = 100 * np.where(passive > 0, passive / able[0], passive / able[1])
        axes.plot([share.min(), share.max()], [k, k], color=COLOURS[0], lw=4, solid_capstyle="butt")
        low, high = working.low_deg, working.high_deg
        names.append(f"{working.joint.replace('_', ' ')}, {low:.0f} to {high:.0f}")
    axes.axvspan(-10, 10, color=GREY, alpha=0.15, lw=0)
    axes.axvline(0, color=GREY, lw=0.7)
    axes.set_yticks(range(len(names)), names, fontsize=7)
    axes.set_xlabel("passive torque (% of the active torque that muscles can set against it)")
    axes.set_xlim(-12, 12)


def _paper(name: str) -> Callable[[Any], None]:
    def draw(figure: Any) -> None:
        result = validation.measure(name)
        axes = figure.subplots()
        validation.paper(name).plot(axes, result.measured)

    draw.__doc__ = f"The figure of `neurocoord validate --only {name} --plot`."
    return draw


def draw_scapula(figure: Any) -> None:
    """Moment arms of shoulder muscles over arm flexion: the scapula at rest, and following."""
    paper = validation.paper("braman_2009")
    for panel, rhythm, title in zip(
        figure.subplots(1, 2, sharey=True),
        (0.0, 1.0),
        ("The scapula at rest", "The scapula follows the arm"),
        strict=True,
    ):
        paper.plot(panel, paper.measure(rhythm=rhythm))
        panel.set_title(title, loc="left", weight="bold")


def draw_keyframes(figure: Any) -> None:
    """Muscles in every keyframe from two sides; the skin is glass."""
    import mujoco

    body = model.load()
    m, data = body.model, mujoco.MjData(body.model)
    skin = m.geom_rgba.copy()
    m.geom_rgba[m.geom_bodyid > 0, 3] = 0.25
    option = mujoco.MjvOption()
    option.geomgroup[3] = 0  # wrapping surfaces
    bands = -(-m.nkey // COLUMNS)
    axes = figure.subplots(bands * len(VIEWS), COLUMNS)
    for place in axes.ravel():
        place.set_axis_off()
    with mujoco.Renderer(m, *PICTURE) as renderer:
        for key in range(m.nkey):
            data.qpos[:] = m.key_qpos[key]
            mujoco.mj_forward(m, data)
            for view, (azimuth, elevation) in enumerate(VIEWS):
                camera = mujoco.MjvCamera()
                camera.lookat[:] = data.subtree_com[1]
                camera.distance, camera.azimuth, camera.elevation = 2.3, azimuth, elevation
                renderer.update_scene(data, camera, option)
                renderer.scene.flags[mujoco.mjtRndFlag.mjRND_SHADOW] = 0
                row = key // COLUMNS * len(VIEWS) + view
                axes[row, key % COLUMNS].imshow(renderer.render())
            title = m.key(key).name.replace("_", " ")
            axes[key // COLUMNS * len(VIEWS), key % COLUMNS].set_title(title, weight="bold")
    m.geom_rgba[:] = skin


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.3g}"


def _leg_table() -> list[list[str]]:
    rows = {row.quantity: row for row in validation.measure("anderson_2007").rows}
    table = [
        ["direction", "peak (Nm)", "its angle (deg)", "held out, median error (% of peak)",
         "at 60 deg/s", "at 180 deg/s"],
    ]  # fmt: skip
    for name in LEG.values():
        cells = [name]
        for quantity in (
            "{}, isometric peak", "{}, angle of the peak", "{}, median error of angles held out",
            "{} at 60 deg/s over isometric", "{} at 180 deg/s over isometric",
        ):  # fmt: skip
            row = rows[quantity.format(name)]
            given = "" if row.published is None else f" ({_number(row.published)})"
            cells.append(f"{_number(row.ours)}{given}")
        table.append(cells)
    table[0] = [f"{cell}: ours (published)" if k in (1, 2, 4, 5) else cell
                for k, cell in enumerate(table[0])]  # fmt: skip
    return table


def _row_table(name: str) -> list[list[str]]:
    rows = validation.measure(name).rows
    with_published = any(row.published is not None for row in rows)
    head = ["", *(["published"] if with_published else []), "ours", "unit", "verdict"]
    return [head] + [
        [
            row.quantity,
            *([_number(row.published)] if with_published else []),
            _number(row.ours),
            "" if row.unit == "1" else row.unit,
            row.verdict,
        ]
        for row in rows
    ]


def write_tables(page: Path) -> None:
    """Put the tables between their marks in ``page``."""
    tables = {
        "anderson_2007": _leg_table(),
        "joint_strength": _row_table("joint_strength"),
        "moment_arms": _row_table("moment_arms"),
    }
    text = page.read_text(encoding="utf-8")
    for name, table in tables.items():
        head, *rows = (f"| {' | '.join(cells)} |" for cells in table)
        lines = [head, "|" + "---|" * len(table[0]), *rows]
        start, end = f"<!-- table:{name} -->\n", "<!-- end -->"
        before, rest = text.split(start)
        after = rest.split(end, 1)[1]
        text = before + start + "\n" + "\n".join(lines) + "\n\n" + end + after
    page.write_text(text, encoding="utf-8")


DRAWINGS: dict[str, tuple[Callable[[Any], None], tuple[float, float]]] = {
    "torque": (draw_torque, (9.5, 5.6)),
    "moment_arms": (_paper("moment_arms"), (5.6, 5.2)),
    "strength": (_paper("joint_strength"), (6.4, 5.4)),
    "scapula": (draw_scapula, (9.5, 3.8)),
    "passive": (draw_passive, (6.4, 5.0)),
    "keyframes": (draw_keyframes, (11.0, 8.8)),
}


def main() -> None:
    """The command line."""
    if drawing.draw_chosen(DRAWINGS, "body", __doc__ or "") == tuple(DRAWINGS):
        write_tables(drawing.FIGURES.parent / "body.md")
        print("docs/body.md  tables")


if __name__ == "__main__":
    main()
