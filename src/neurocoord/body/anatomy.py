"""The anatomy tables of ``models/anatomy`` as records.

Frames are those of the tables (ISB): X forward, Y up, Z to the right, metres, origin at the
proximal joint, parallel to the world in neutral standing. Only the right side is written down;
``mirror_point`` and ``mirror_axis`` give the left.
"""

from __future__ import annotations

import csv
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np

from neurocoord.resources import models_folder

Vector = tuple[float, float, float]
MIDLINE = ("pelvis", "lumbar", "thorax", "head")
SIDES = ("r", "l")


class BodyRow(NamedTuple):
    """One rigid body: parent, origin in the parent's frame (m), and where its mass is."""

    name: str
    parent: str
    origin_m: Vector
    segment: str
    mass_share: float
    com_m: Vector
    segment_length_m: float


class JointRow(NamedTuple):
    """One hinge: angles in degrees, passive terms in Nm/rad and Nms/rad."""

    name: str
    body: str
    position_m: Vector
    axis: Vector
    range_deg: tuple[float, float]
    stiffness_nm_per_rad: float
    damping_nms_per_rad: float
    armature_kgm2: float
    positive: str


class CouplingRow(NamedTuple):
    """A joint follows another by ``ratio``, pulled by a spring; one row a leader."""

    name: str
    joint: str
    leader: str
    ratio: float
    stiffness_nm_per_rad: float


class ContactRow(NamedTuple):
    """One capsule of the skin: end points (m), radius (m), and what it supports as."""

    name: str
    body: str
    start_m: Vector
    end_m: Vector
    radius_m: float
    support: str


class WrapRow(NamedTuple):
    """One wrapping surface (cylinder or sphere) that muscles slide over."""

    name: str
    body: str
    shape: str
    radius_m: float
    centre_m: Vector
    axis: Vector
    half_length_m: float


class PathPoint(NamedTuple):
    """One point of a muscle's path on a body (m)."""

    body: str
    position_m: Vector


class Wrapping(NamedTuple):
    """A muscle slides over ``wrap`` after its path point ``after_order``, on the side given."""

    after_order: int
    wrap: str
    side_m: Vector


class MuscleRow(NamedTuple):
    """One muscle of the right side; forces in N, lengths in m, volume in cm3.

    ``stabilizer`` is local or global (Bergmark 1989), ``stabilizes`` what it is known to hold.
    """

    name: str
    full_name: str
    region: str
    joints: tuple[str, ...]
    actions: str
    chain: str
    stabilizer: str
    stabilizes: str
    max_force_n: float
    optimal_length_m: float
    tendon_slack_length_m: float
    volume_cm3: float
    n_units: int
    type1_share: float
    source: str
    path: tuple[PathPoint, ...]
    wrapping: tuple[Wrapping, ...]


class Anatomy(NamedTuple):
    """Everything the builder needs, right side only."""

    bodies: tuple[BodyRow, ...]
    joints: tuple[JointRow, ...]
    couplings: tuple[CouplingRow, ...]
    contacts: tuple[ContactRow, ...]
    wraps: tuple[WrapRow, ...]
    muscles: tuple[MuscleRow, ...]


def read_table(name: str, folder: Path | None = None) -> list[dict[str, str]]:
    """Rows of one CSV table of the anatomy folder."""
    path = (folder or models_folder() / "anatomy") / f"{name}.csv"
    with path.open(newline="") as handle:
        return list(csv.DictReader(handle))


def _vector(row: dict[str, str], *columns: str) -> Vector:
    x, y, z = (float(row[column]) for column in columns)
    return (x, y, z)


def _read_bodies(folder: Path | None) -> tuple[BodyRow, ...]:
    return tuple(
        BodyRow(
            name=row["body"],
            parent=row["parent"],
            origin_m=_vector(row, "x_m", "y_m", "z_m"),
            segment=row["segment"],
            mass_share=float(row["mass_share"]),
            com_m=_vector(row, "com_x_m", "com_y_m", "com_z_m"),
            segment_length_m=float(row["segment_length_m"]),
        )
        for row in read_table("bodies", folder)
    )


def _read_joints(folder: Path | None) -> tuple[JointRow, ...]:
    return tuple(
        JointRow(
            name=row["joint"],
            body=row["body"],
            position_m=_vector(row, "x_m", "y_m", "z_m"),
            axis=_vector(row, "axis_x", "axis_y", "axis_z"),
            range_deg=(float(row["range_low_deg"]), float(row["range_high_deg"])),
            stiffness_nm_per_rad=float(row["stiffness_nm_per_rad"]),
            damping_nms_per_rad=float(row["damping_nms_per_rad"]),
            armature_kgm2=float(row["armature_kgm2"]),
            positive=row["positive"],
        )
        for row in read_table("joints", folder)
    )


def _read_couplings(folder: Path | None) -> tuple[CouplingRow, ...]:
    return tuple(
        CouplingRow(
            name=row["coupling"],
            joint=row["joint"],
            leader=row["leader"],
            ratio=float(row["ratio"]),
            stiffness_nm_per_rad=float(row["stiffness_nm_per_rad"]),
        )
        for row in read_table("couplings", folder)
    )


def _read_contacts(folder: Path | None) -> tuple[ContactRow, ...]:
    return tuple(
        ContactRow(
            name=row["geom"],
            body=row["body"],
            start_m=_vector(row, "x1_m", "y1_m", "z1_m"),
            end_m=_vector(row, "x2_m", "y2_m", "z2_m"),
            radius_m=float(row["radius_m"]),
            support=row["support"],
        )
        for row in read_table("contacts", folder)
    )


def _read_wraps(folder: Path | None) -> tuple[WrapRow, ...]:
    return tuple(
        WrapRow(
            name=row["wrap"],
            body=row["body"],
            shape=row["shape"],
            radius_m=float(row["radius_m"]),
            centre_m=_vector(row, "x_m", "y_m", "z_m"),
            axis=_vector(row, "axis_x", "axis_y", "axis_z"),
            half_length_m=float(row["half_length_m"]),
        )
        for row in read_table("wraps", folder)
    )


def _read_muscles(folder: Path | None) -> tuple[MuscleRow, ...]:
    paths: dict[str, list[PathPoint]] = {}
    for row in read_table("paths", folder):
        point = PathPoint(row["body"], _vector(row, "x_m", "y_m", "z_m"))
        paths.setdefault(row["muscle"], []).append(point)
    wrapping: dict[str, list[Wrapping]] = {}
    for row in read_table("wrapping", folder):
        side = _vector(row, "side_x_m", "side_y_m", "side_z_m")
        wrapping.setdefault(row["muscle"], []).append(
            Wrapping(int(row["after_order"]), row["wrap"], side)
        )
    stabilizers = {row["muscle"]: row for row in read_table("stabilizers", folder)}
    nothing = {"class": "", "stabilizes": ""}
    return tuple(
        MuscleRow(
            name=row["id"],
            full_name=row["full_name"],
            region=row["region"],
            joints=tuple(row["joints"].split(";")),
            actions=row["actions"],
            chain=row["chain"],
            stabilizer=stabilizers.get(row["id"], nothing)["class"],
            stabilizes=stabilizers.get(row["id"], nothing)["stabilizes"],
            max_force_n=float(row["max_force_n"]),
            optimal_length_m=float(row["optimal_length_m"]),
            tendon_slack_length_m=float(row["tendon_slack_length_m"]),
            volume_cm3=float(row["volume_cm3"]),
            n_units=int(row["n_units"]),
            type1_share=float(row["type1_pct"]) / 100.0,
            source=row["source"],
            path=tuple(paths[row["id"]]),
            wrapping=tuple(wrapping.get(row["id"], ())),
        )
        for row in read_table("muscles", folder)
    )


@cache
def load_anatomy(folder: Path | None = None) -> Anatomy:
    """Read the tables of ``models/anatomy`` (or of ``folder``)."""
    return Anatomy(
        bodies=_read_bodies(folder),
        joints=_read_joints(folder),
        couplings=_read_couplings(folder),
        contacts=_read_contacts(folder),
        wraps=_read_wraps(folder),
        muscles=_read_muscles(folder),
    )


def mirror_point(point: Vector) -> Vector:
    """The left side's point: Z turns round."""
    return (point[0], point[1], -point[2])


def mirror_axis(axis: Vector) -> Vector:
    """The left side's rotation axis: a positive angle means the same movement on both sides."""
    return (-axis[0], -axis[1], axis[2])


def to_world(vector: Vector) -> np.ndarray:
    """From the tables' frame (X forward, Y up, Z right) to MuJoCo's (x forward, y left, z up)."""
    return np.array([vector[0], -vector[2], vector[1]])
