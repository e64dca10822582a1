"""Motion, muscles and ground forces as OpenSim storage files (.mot and .sto).

Format: a header (name, version, nRows, nColumns, inDegrees, endheader), a line of labels that
begins with `time`, then a row for each moment, between tabs (OpenSim documentation, "Storage
(.sto) Files" and "Motion (.mot) Files"). Ground is OpenSim's: x forward, y up, z to the right;
ours is x forward, y left, z up. Names of joints and muscles are this body's own: a model of
OpenSim that is to be moved by them needs the same.

    motion.mot          the root as pelvis_tilt, _list, _rotation (degrees) and _tx, _ty, _tz (m),
                        joints in degrees
    states.sto          /forceset/MUSCLE/activation (1) and /forceset/MUSCLE/fiber_length (m): less
                        the slack length of its tendon, which is rigid but where said
    forces.sto          muscle forces (N)
    ground_forces.mot   of each part on the floor, force (N), its point (m) and free torque, 0
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from scipy.spatial.transform import Rotation

from neurocoord.body.model import Body
from neurocoord.body.replay import replay
from neurocoord.muscle.mechanics import tendon_length_m
from neurocoord.results import atomic_path
from neurocoord.trial import Trial

# Rows: OpenSim's axes in ours.
TURN = np.array([[1.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.0, -1.0, 0.0]])


def write(done: Trial, body: Body, folder: Path, muscles: Sequence[str]) -> list[Path]:
    """The four files; of a body that is strapped to its chair, no ground forces."""
    time_s = done.trace.time_s
    paths = [
        _write(folder / "motion.mot", time_s, *motion(done, body), in_degrees=True),
        _write(folder / "states.sto", time_s, *states(done, body)),
        _write(folder / "forces.sto", time_s, list(body.muscles), _first(done, "muscle_force_n")),
    ]
    if body.kind == "humanoid":
        paths.append(_write(folder / "ground_forces.mot", time_s, *ground_forces(done, body)))
    return paths


def motion(done: Trial, body: Body) -> tuple[list[str], np.ndarray]:
    """Labels and values [moment, column] of the root and the joints."""
    qpos = done.trace.qpos
    labels, columns = [], []
    if body.model.jnt_type[0] == 0:  # a free root
        turned = TURN @ Rotation.from_quat(qpos[:, [4, 5, 6, 3]]).as_matrix() @ TURN.T
        angles = Rotation.from_matrix(turned).as_euler("ZXY", degrees=True)
        labels += ["pelvis_tilt", "pelvis_list", "pelvis_rotation"]
        labels += ["pelvis_tx", "pelvis_ty", "pelvis_tz"]
        columns += [angles, qpos[:, :3] @ TURN.T]
    labels += list(body.joints)
    columns.append(np.degrees(qpos[:, body.joint_qpos]))
    return labels, np.hstack(columns)


def states(done: Trial, body: Body) -> tuple[list[str], np.ndarray]:
    """Labels and values [moment, column] of activation and fibre length of every muscle."""
    fibre_m = _first(done, "muscle_length_m") - tendon_length_m(body.muscle_parameters)
    both = np.stack([_first(done, "active_state"), fibre_m], axis=2)
    names = ("activation", "fiber_length")
    labels = [f"/forceset/{muscle}/{name}" for muscle in body.muscles for name in names]
    return labels, both.reshape(len(both), -1)


def ground_forces(done: Trial, body: Body) -> tuple[list[str], np.ndarray]:
    """Labels and values [moment, column] of the floor's force on each part that touches it."""
    geoms = body.support.geoms
    found = replay(
        body.model, done.trace.qpos, done.trace.qvel, _first(done, "active_state"), geoms
    ).contacts
    force, point = found.force_n @ TURN.T, np.nan_to_num(found.point_m) @ TURN.T
    values = np.concatenate([force, point, np.zeros_like(force)], axis=2)
    columns = [f"{kind}{axis}" for kind in ("force_v", "force_p", "torque_") for axis in "xyz"]
    labels = [f"ground_{geom}_{column}" for geom in geoms for column in columns]
    return labels, values.reshape(len(values), -1)


def _first(done: Trial, name: str) -> np.ndarray:
    """A record by physics step at the start of each block, [block, name]."""
    by_step = getattr(done.trace, name)
    return by_step.reshape(len(done.trace.time_s), -1, by_step.shape[-1])[:, 0]


def _write(
    path: Path,
    time_s: np.ndarray,
    labels: Sequence[str],
    values: np.ndarray,
    *,
    in_degrees: bool = False,
) -> Path:
    head = [
        path.stem,
        "version=1",
        f"nRows={len(time_s)}",
        f"nColumns={len(labels) + 1}",
        f"inDegrees={'yes' if in_degrees else 'no'}",
        "endheader",
        "\t".join(["time", *labels]),
    ]
    rows = np.column_stack([np.round(time_s, 9), values])
    with atomic_path(path) as temporary, temporary.open("w", encoding="utf-8") as file:
        file.write("\n".join(head) + "\n")
        np.savetxt(file, rows, fmt="%.10g", delimiter="\t")
    return path
