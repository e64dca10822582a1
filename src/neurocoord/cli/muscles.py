"""`neurocoord muscles`: what each muscle is, and who does what in a joint's action."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from neurocoord.cli.given import Json, checking

if TYPE_CHECKING:
    from neurocoord.body.model import Body

GROUPS = ("agonists", "antagonists", "stabilizers")


def command(
    name: Annotated[
        str | None, typer.Argument(help="One muscle, such as VAS_L or VAS_L_r.", show_default=False)
    ] = None,
    action: Annotated[
        str | None,
        typer.Option(metavar="ACTION", help="Roles in an action, such as knee_extension."),
    ] = None,
    keyframe: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Posture of moment arms.", show_default="the first"),
    ] = None,
    body: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Another body: one that `build` wrote.")
    ] = None,
    json: Json = False,
) -> None:
    """List the muscles, tell all of one, or tell the roles of all in an action at a posture.

    Roles come from moment arms at that posture: torque capacity is moment arm times force at that
    length, stiffness is that of the hinges a muscle braces. Bare names of paired joints mean the
    right side; add _l for the left.

    Example: `neurocoord muscles --action shoulder_flexion --keyframe hands_knees`
    """
    with checking():
        from neurocoord.body import model

        if name is not None and action is not None:
            raise ValueError("NAME tells of one muscle, --action of all in an action; give one")
        loaded = model.load("humanoid" if body is None else body)
        at = keyframe or loaded.model.key(0).name
        model.keyframe_qpos(loaded, at)
        if action is not None:
            told: Any = {"keyframe": at, **loaded.roles(action, keyframe=at)._asdict()}
        elif name is not None:
            told = one(loaded, name, at)
        else:
            told = {"body": loaded.name, "muscles": everything(loaded)}
    from neurocoord.cli import show

    if json:
        show.print_json(told)
    elif action is not None:
        _print_roles(told)
    elif name is not None:
        _print_one(told)
    else:
        _print_all(told["muscles"])


def everything(body: Body) -> list[dict[str, Any]]:
    """Every field of every muscle, in the order of the actuators."""
    table, rows = body.table, []
    for index, muscle in enumerate(body.muscles):
        row: dict[str, Any] = {"muscle": muscle}
        for field, column in table._asdict().items():
            value = column[index]
            row[field] = value if isinstance(value, str | tuple) else value.tolist()
        row["max_force_n"] = float(body.muscle_parameters.max_force_n[index])
        rows.append(row)
    return rows


def one(body: Body, name: str, keyframe: str) -> dict[str, Any]:
    """Every field of one muscle, and its moment arms in a keyframe."""
    from neurocoord.body.capacity import moment_arms
    from neurocoord.body.model import keyframe_qpos, muscle_index

    index = muscle_index(body, f"{name}_r" if f"{name}_r" in body.muscles else name)
    arms, _ = moment_arms(body.model, keyframe_qpos(body, keyframe))
    dofs = {joint: int(body.joint_dof[body.joints.index(joint)]) for joint in body.joints}
    return {
        **everything(body)[index],
        "keyframe": keyframe,
        "moment_arm_m": {j: float(arms[index, dofs[j]]) for j in body.table.joints[index]},
    }


def _print_roles(told: dict[str, Any]) -> None:
    from rich.table import Table
    from rich.text import Text

    from neurocoord.cli import show

    out = show.console()
    out.print(Text(f"{told['action']} ({told['joint']}) in {told['keyframe']}", style="bold"))
    table = Table(show_edge=False, pad_edge=False)
    for title in ("role", "muscle", "stabilizer"):
        table.add_column(title, no_wrap=True)
    for title in ("moment arm (mm)", "torque capacity (Nm)", "stiffness (Nm/rad)"):
        table.add_column(title, justify="right")
    for group in GROUPS:
        for role in told[group]:
            table.add_row(
                group[:-1],
                role.muscle,
                role.stabilizer,
                f"{round(1000 * role.moment_arm_m, 1) + 0.0:.1f}",  # no minus before a zero
                f"{round(role.torque_capacity_nm, 1) + 0.0:.1f}",
                f"{role.stiffness_nm_per_rad:.0f}",
            )
    out.print(table)


def _print_one(told: dict[str, Any]) -> None:
    slow, fast = told["max_velocity_lopt_per_s"]
    lines = {
        "muscle": told["muscle"],
        "full name": told["full_name"],
        "actions": told["actions"],
        "joints crossed": ", ".join(told["joints"]),
        "chain": told["chain"],
        "stabilizer": f"{told['stabilizer']}; known to hold: {told['stabilizes']}",
        "maximal force": f"{told['max_force_n']:.0f} N",
        "optimal length": f"{1000 * told['optimal_length_m']:.0f} mm",
        "maximal velocity": f"{slow:g} (slow), {fast:g} (fast) optimal lengths/s",
        "fibre types": f"{100 * told['type1_share']:.0f} % slow",
        "motor units": f"{told['n_units']} (anatomical estimate)",
        "volume": f"{told['volume_cm3']:.0f} cm3, {told['mass_kg']:.3f} kg",
        "source": told["source"],
    }
    for title, text in lines.items():
        print(f"{title:18s} {text}")
    arms = (f"{joint} {1000 * arm:.1f} mm" for joint, arm in told["moment_arm_m"].items())
    print(f"{'moment arms':18s} {', '.join(arms)} (in {told['keyframe']})")


def _print_all(rows: list[dict[str, Any]]) -> None:
    from rich.table import Table

    from neurocoord.cli import show

    table = Table(show_edge=False, pad_edge=False)
    for title in ("muscle", "full name", "chain", "stabilizer"):
        table.add_column(title, no_wrap=title != "full name")
    for title in ("force (N)", "volume (cm3)", "length (mm)", "slow (%)"):
        table.add_column(title, justify="right")
    for row in rows:
        if row["side"] == "r":
            table.add_row(
                row["muscle"][:-2],
                row["full_name"],
                row["chain"],
                row["stabilizer"],
                f"{row['max_force_n']:.0f}",
                f"{row['volume_cm3']:.0f}",
                f"{1000 * row['optimal_length_m']:.0f}",
                f"{100 * row['type1_share']:.0f}",
            )
    out = show.console()
    out.print(table)
    out.print("Each muscle is there as _r and _l.")
