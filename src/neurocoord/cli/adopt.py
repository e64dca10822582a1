"""`neurocoord adopt`: someone else's MJCF, driven through motor units."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from neurocoord.cli.given import Json, Quiet, checking, stoppable

if TYPE_CHECKING:
    import numpy as np

    from neurocoord.body.adoption import Adoption
    from neurocoord.body.model import Body
    from neurocoord.simulation import Simulation


class Course(NamedTuple):
    """What a run did, a row for each block."""

    time_s: np.ndarray  # [block]
    qpos: np.ndarray  # [block, nq], at its start
    active_state: np.ndarray  # [block, muscle], mean
    force_n: np.ndarray  # [block, muscle], mean, passive force included
    joint_rad: np.ndarray  # [block + 1, joint]
    ended: str  # "" or what MuJoCo warned of


def command(
    model: Annotated[Path, typer.Argument(metavar="MODEL.xml", help="MJCF with muscles.")],
    strategy: Annotated[
        str, typer.Option(help="Synchronization strategy of the motor units.")
    ] = "independent",
    drive: Annotated[float, typer.Option(help="Drive of every muscle, 0 to 1.")] = 0.3,
    seconds: Annotated[float, typer.Option(metavar="T", help="Length in s.")] = 2.0,
    keyframe: Annotated[
        str | None, typer.Option(help="Keyframe to start from.", show_default="the zero posture")
    ] = None,
    others: Annotated[
        str, typer.Option(help="Actuators that are no muscles: refuse, or remove them.")
    ] = "refuse",
    type1_share: Annotated[
        float, typer.Option(metavar="S", help="Share of slow fibres of every muscle, 0 to 1.")
    ] = 0.5,
    seed: Annotated[int, typer.Option(metavar="N", help="Seed of all noise.")] = 0,
    save: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Film to write: .mp4 or .gif.")
    ] = None,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Put motor units into the muscles of any MJCF, and see what it does at a drive.

    Prints what was found, what was changed in the model and what the run did. The file is left
    as it is.

    Example: `neurocoord adopt model.xml --strategy short_term --drive 0.2 --save model.gif`
    """
    with checking():
        _check(drive, seconds, seed)
        from neurocoord import synchrony
        from neurocoord.body.adoption import adoption
        from neurocoord.body.model import keyframe_qpos
        from neurocoord.motorunits import published
        from neurocoord.simulation import Simulation

        couple = synchrony.strategy(strategy)
        adopted = adoption(model, others=others, type1_share=type1_share)
        body = adopted.body
        start = body.model.qpos0 if keyframe is None else keyframe_qpos(body, keyframe)
        pools = published.body_pools(body.table.n_units, body.table.type1_share)
        simulation = Simulation(body, pools, couple(pools), seeds=[seed])
        simulation.reset(start[None], seeds=[seed])
        if save is not None:
            _check_film(save)
    done = _run(simulation, drive, seconds, quiet=quiet or json)
    if save is not None and done.time_s.size:
        from neurocoord import film

        view = film.View(distance_m=1.2 * float(body.model.stat.extent))
        postures = film.Postures(done.time_s, done.qpos, done.active_state)
        film.film_run(body, postures, save, view=view)
    _print(adopted, done, strategy, drive, save, json)
    if done.ended:
        print(f"neurocoord: {done.ended}", file=sys.stderr)
        raise typer.Exit(1)


def _check(drive: float, seconds: float, seed: int) -> None:
    if not 0.0 <= drive <= 1.0:
        raise ValueError(f"--drive {drive:g} is not allowed; it must lie in 0..1")
    if not 0.004 <= seconds < float("inf"):
        raise ValueError(f"--seconds {seconds:g} is not allowed; it must be 0.004 or more")
    if seed < 0:
        raise ValueError(f"--seed {seed} is not allowed; it must be 0 or more")


def _check_film(save: Path) -> None:
    from neurocoord import film

    try:
        film.check(save)
    except film.NoGraphics as error:
        print(f"neurocoord: {' '.join(str(error).split())}", file=sys.stderr)
        raise typer.Exit(1) from None


def _run(simulation: Simulation, drive: float, seconds: float, *, quiet: bool) -> Course:
    """Run blocks at one drive, from silent pools, until the end or MuJoCo's first warning."""
    import numpy as np

    from neurocoord.cli.progress import progress
    from neurocoord.simulation import BLOCK_S, SimulationFailed

    body = simulation.body
    given = np.full((1, len(body.muscles)), drive)
    rows: list[tuple[Any, ...]] = []
    ended = ""
    n_blocks = round(seconds / BLOCK_S)
    reading = simulation.read()
    with stoppable(), progress(body.name, quiet=quiet) as update:
        for index in range(n_blocks):
            try:
                block = simulation.advance(given)
            except SimulationFailed as failure:
                ended = f"{failure}, after {index * BLOCK_S:.3f} s"
                break
            active = block.step_active_state[0].mean(axis=0)
            rows.append(
                (index * BLOCK_S, reading.qpos[0], active, block.muscle_force_n[0].mean(axis=0))
            )
            reading = simulation.read()
            if index % 25 == 0:
                update(index / n_blocks, "")
    postures = np.array([*(row[1] for row in rows), reading.qpos[0]])
    return Course(
        time_s=np.array([row[0] for row in rows]),
        qpos=postures[:-1],
        active_state=np.array([row[2] for row in rows]),
        force_n=np.array([row[3] for row in rows]),
        joint_rad=postures[:, body.joint_qpos],
        ended=ended,
    )


def _print(
    adopted: Adoption, done: Course, strategy: str, drive: float, save: Path | None, json: bool
) -> None:
    from neurocoord.cli import show

    body = adopted.body
    found = _found(body)
    did = _did(body, done, strategy, drive)
    if json:
        film = None if save is None else str(save)
        changes = {"changes": adopted.changes, "remarks": adopted.remarks}
        show.print_json({"model": body.name, "found": found, **changes, "run": did, "film": film})
        return
    print(body.name)
    _print_lines([*found.items(), *_told(adopted)])
    print("run")
    _print_lines([*did.items(), ("film", save)])


def _told(adopted: Adoption) -> list[tuple[str, str]]:
    changes = [("changed", line) for line in adopted.changes or ("nothing",)]
    return changes + [("left as it is", line) for line in adopted.remarks]


def _print_lines(lines: list[tuple[str, Any]]) -> None:
    for name, value in lines:
        if value not in (None, "", []):
            print(f"  {name:22s} {_text(value)}")


def _text(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(value)
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _found(body: Body) -> dict[str, Any]:
    from neurocoord.body.model import keyframe_names

    units = body.table.n_units
    return {
        "muscles": len(body.muscles),
        "motor_units": int(units.sum()),
        "fewest_units": int(units.min()),
        "most_units": int(units.max()),
        "muscle_mass_kg": float(body.table.mass_kg.sum()),
        "strongest_n": float(body.muscle_parameters.max_force_n.max()),
        "body_mass_kg": body.mass_kg,
        "degrees_of_freedom": int(body.model.nv),
        "hinges": len(body.joints),
        "time_step_ms": 1e3 * float(body.model.opt.timestep),
        "keyframes": keyframe_names(body),
    }


def _did(body: Body, done: Course, strategy: str, drive: float) -> dict[str, Any]:
    import numpy as np

    from neurocoord.simulation import BLOCK_S

    n_blocks = done.time_s.size
    moved_deg = np.degrees(np.ptp(done.joint_rad, axis=0))
    most = int(np.argmax(moved_deg)) if moved_deg.size else None
    return {
        "strategy": strategy,
        "drive": drive,
        "seconds": n_blocks * BLOCK_S,
        "mean_active_state": float(done.active_state.mean()) if n_blocks else None,
        "highest_active_state": float(done.active_state.max()) if n_blocks else None,
        "mean_muscle_force_n": float(done.force_n.mean()) if n_blocks else None,
        "most_moved_joint": None if most is None else body.joints[most],
        "its_range_deg": None if most is None else float(moved_deg[most]),
        "warning": done.ended,
    }
