"""Whole-body postures on fixed supports: inverse kinematics with the centre of mass in its place.

The pelvis keeps its orientation; its place and the limbs' angles are solved for, so that palms and
knees that bear weight stay where they are on the floor. For making references only (offline).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from neurocoord.body.model import Body
from neurocoord.coordination.gait import ARM_JOINTS, SINK_M
from neurocoord.coordination.kinematics import (
    Pose,
    Skeleton,
    make_skeleton,
    pose,
    rotation_about,
    solve_posture,
)
from neurocoord.coordination.reference import LIMBS, joint_index

LEG_JOINTS = ("hip_flexion", "hip_adduction", "hip_rotation", "knee_flexion")
ROOT_M = 3  # unknowns of the pelvis: its place
UNBOUNDED = np.tile([-np.inf, np.inf], (ROOT_M, 1))
FLATNESS_M = 0.10  # error of a palm that is turned by 1 rad (choice)
# cost of leaving the rest angle, m per rad, in the order of the joints' names (choice)
ARM_REST = (0.001, 0.003, 0.003, 0.01, 0.005, 0.01)
LEG_REST = (0.001, 0.001, 0.001, 0.001)


class Figure(NamedTuple):
    """What inverse kinematics needs of a body: its tree, masses, and points that touch."""

    skeleton: Skeleton
    joint_of: dict[str, int]
    body_of: dict[str, int]
    joint_range: np.ndarray  # [joint, 2], rad
    mass_kg: np.ndarray  # [body]
    mass_centre_m: np.ndarray  # [body, 3], in the body's frame
    knee_point_m: np.ndarray  # [3], in the right tibia's frame
    knee_radius_m: float
    toe_point_m: np.ndarray  # [3], in the right foot's frame
    toe_radius_m: float
    palm_point_m: np.ndarray  # [3], in the right hand's frame
    palm_radius_m: float


class Posture(NamedTuple):
    """A posture in the world; the pelvis is pitched forward and rolled, left side up positive."""

    angle: np.ndarray  # [joint], rad
    root_m: np.ndarray  # [3]
    roll_rad: float = 0.0


def make_figure(body: Body) -> Figure:
    """Read a body once."""
    model = body.model
    palms = [model.geom(name) for name in ("palm_radial_r", "palm_ulnar_r")]
    knee, toe = model.geom("knee_r"), model.geom("toes_medial_r")
    return Figure(
        skeleton=make_skeleton(body),
        joint_of=joint_index(body),
        body_of={name: i for i, name in enumerate(body.bodies)},
        joint_range=body.joint_range,
        mass_kg=model.body_mass.copy(),
        mass_centre_m=model.body_ipos.copy(),
        knee_point_m=knee.pos.copy(),
        knee_radius_m=float(knee.size[0]),
        toe_point_m=toe.pos.copy(),
        toe_radius_m=float(toe.size[0]),
        palm_point_m=0.5 * (palms[0].pos + palms[1].pos),
        palm_radius_m=float(palms[0].size[0]),
    )


def placed(figure: Figure, posture: Posture, pitch_rad: float) -> Pose:
    """Where every body is."""
    pitched = rotation_about(np.array([0.0, 1.0, 0.0]), pitch_rad)
    rotation = rotation_about(np.array([1.0, 0.0, 0.0]), posture.roll_rad) @ pitched
    return pose(figure.skeleton, posture.root_m, rotation, posture.angle)


def centre_of_mass(figure: Figure, at: Pose) -> np.ndarray:
    """Centre of mass [3] of the whole body (m)."""
    centres = at.position_m + np.einsum("bij,bj->bi", at.rotation, figure.mass_centre_m)
    return figure.mass_kg @ centres / figure.mass_kg.sum()


def point_of(figure: Figure, at: Pose, part: str, side: str) -> np.ndarray:
    """World position [3] (m) of the middle of a ``knee``, ``toe`` or ``palm``."""
    name, own = {
        "knee": ("tibia", figure.knee_point_m),
        "toe": ("foot", figure.toe_point_m),
        "palm": ("hand", figure.palm_point_m),
    }[part]
    body = figure.body_of[f"{name}_{side}"]
    mirror = np.array([1.0, -1.0, 1.0]) if side == "l" else np.ones(3)
    return at.position_m[body] + at.rotation[body] @ (own * mirror)


def _hand_error(figure: Figure, at: Pose, side: str, where: np.ndarray) -> list[float]:
    """A palm at ``where`` [2] on the floor, flat, its fingers forward."""
    palm = point_of(figure, at, "palm", side)
    rotation = at.rotation[figure.body_of[f"hand_{side}"]]
    normal, fingers = rotation[:, 1], -rotation[:, 2]
    return [
        *(palm[:2] - where),
        palm[2] - figure.palm_radius_m + SINK_M,
        FLATNESS_M * normal[0],
        FLATNESS_M * normal[1],
        0.1 * FLATNESS_M * fingers[1],
    ]


def _knee_error(
    figure: Figure, at: Pose, side: str, where: np.ndarray, toe_sink_m: float
) -> list[float]:
    """A knee at ``where`` [2] on the floor, the toes straight behind it, pressed into the floor."""
    knee, toe = (point_of(figure, at, part, side) for part in ("knee", "toe"))
    return [
        *(knee[:2] - where),
        knee[2] - figure.knee_radius_m + SINK_M,
        toe[2] - figure.toe_radius_m + toe_sink_m,
        0.3 * (toe[1] - where[1]),
    ]


def stand_on(
    figure: Figure,
    start: Posture,
    pitch_rad: float,
    limbs: Sequence[str],
    where_m: dict[str, np.ndarray],
    centre_m: np.ndarray | None,
    rest: np.ndarray | None = None,
    *,
    toe_sink_m: float = SINK_M,
    iterations: int = 30,
) -> Posture:
    """The posture with ``limbs`` (of ``LIMBS``) on the floor at ``where_m`` and the rest as it is.

    ``centre_m`` [2]: where the centre of mass is to lie; None: the pelvis stays where it is.
    ``rest`` [joint]: angles that the solved joints stay near, those of ``start`` if not given.
    ``toe_sink_m``: how far the toes are asked into the floor, so that they press on it. A
    start that is nearly there needs few ``iterations``.
    """
    unknown: list[int] = []
    rest_weight: list[float] = [0.0] * ROOT_M
    for limb in limbs:
        kind, side = limb.split("_")
        names = ARM_JOINTS if kind == "hand" else LEG_JOINTS
        rest_weight += ARM_REST if kind == "hand" else LEG_REST
        unknown += [figure.joint_of[f"{name}_{side}"] for name in names]
    angle = start.angle.copy()

    def error(values: np.ndarray) -> np.ndarray:
        angle[unknown] = values[ROOT_M:]
        at = placed(figure, Posture(angle, values[:ROOT_M], start.roll_rad), pitch_rad)
        found: list[float] = []
        for limb in limbs:
            kind, side = limb.split("_")
            if kind == "hand":
                found += _hand_error(figure, at, side, where_m[limb])
            else:
                found += _knee_error(figure, at, side, where_m[limb], toe_sink_m)
        now, wanted = values[:2], start.root_m[:2]
        if centre_m is not None:
            now, wanted = centre_of_mass(figure, at)[:2], centre_m
        return np.array([*found, *(now - wanted)])

    near = (start.angle if rest is None else rest)[unknown]
    solved = solve_posture(
        error,
        np.concatenate([start.root_m, start.angle[unknown]]),
        np.vstack([UNBOUNDED, figure.joint_range[unknown]]),
        np.concatenate([start.root_m, near]),
        rest_weight,
        iterations=iterations,
    )
    angle[unknown] = solved[ROOT_M:]
    return Posture(angle.copy(), solved[:ROOT_M].copy(), start.roll_rad)


def supports_of(figure: Figure, posture: Posture, pitch_rad: float) -> np.ndarray:
    """Where palms and knees are, [limb, 2] (m), in the order of ``LIMBS``."""
    at = placed(figure, posture, pitch_rad)
    parts = {"hand": "palm", "knee": "knee"}
    return np.array([point_of(figure, at, parts[limb[:-2]], limb[-1])[:2] for limb in LIMBS])
