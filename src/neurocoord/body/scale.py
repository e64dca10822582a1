"""A body of any size: ``scaled`` turns the anatomy tables into those of somebody else.

Every length of a segment (joint centres, muscle paths, wraps) scales with its bones, from side to
side with its breadth; what covers it grows with its mass. The tables' own body, a man of 72.5 kg,
comes out unchanged to the last bit.

- **Muscle volume** is proportional to body mass times height (Handsfield et al. 2014, J Biomech
  47:631: 35 muscles of men and women).
- **Fibre and tendon length** are proportional to the length of the muscle's path in neutral
  standing, so normalised fibre lengths stay.
- **Strength** is volume over fibre length, at an unchanged specific tension, so joint torque goes
  with mass times height too (as in Anderson et al. 2007, J Biomech 40:3105). The table of
  proportions has factors of its own for volume and for strength.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from neurocoord.body.anatomy import (
    Anatomy,
    BodyRow,
    ContactRow,
    JointRow,
    MuscleRow,
    PathPoint,
    Vector,
    WrapRow,
)
from neurocoord.body.proportions import REFERENCE, Proportions, Segment, read_proportions
from neurocoord.settings import unknown

REFERENCE_MASS_KG = 72.5  # the man of the muscle-volume table (choice)
BMI_ALLOWED = (10.0, 50.0)  # kg/m2: outside, people do not live (choice)
HEIGHT_ALLOWED_M = (0.4, 2.5)
# Flesh may grow so far beyond the bones; at more the thighs would overlap. Mass goes on growing, so
# that above a body mass index of about 33 the skin is slimmer than it should be (choice).
GIRTH_OVER_BONE_MAX = 1.18
# Whose factors of volume and strength a muscle takes, by region of the muscle table.
SEGMENT_OF_REGION = {
    "leg": "Thigh", "trunk": "Middle trunk", "neck": "Head", "girdle": "Upper trunk",
    "shoulder": "Upper trunk", "arm": "Upper arm", "wrist": "Forearm",
}  # fmt: skip


class Size(NamedTuple):
    """Whose body: proportions, standing height (m), mass (kg), and strength over the law's."""

    proportions: Proportions
    height_m: float
    mass_kg: float
    strength: float = 1.0


class Scale(NamedTuple):
    """Factors of one body's lengths: forward, up, to the side; of its flesh; of its inertia."""

    bone: Vector
    girth: float
    inertia_length: float


def standing_height_m(anatomy: Anatomy) -> float:
    """From the lowest to the highest point of the skin in neutral standing (m)."""
    origin = neutral_origins(anatomy)
    ends = [
        (origin[row.body][1] + end[1], row.radius_m)
        for row in anatomy.contacts
        for end in (row.start_m, row.end_m)
    ]
    return float(max(y + r for y, r in ends) - min(y - r for y, r in ends))


def neutral_origins(anatomy: Anatomy) -> dict[str, np.ndarray]:
    """Origin [3] (m) of every body of the right side in neutral standing; frames are parallel."""
    origin = {"world": np.zeros(3)}
    for row in anatomy.bodies:
        origin[row.name] = origin[row.parent] + row.origin_m
    return origin


def make_size(
    anatomy: Anatomy,
    proportions: Proportions | None = None,
    *,
    height_m: float | None = None,
    mass_kg: float | None = None,
    strength: float = 1.0,
) -> Size:
    """A size that is allowed; height and mass are by default the tables' own.

    Without a mass, a given height gets the mass of the same body mass index.
    """
    own = standing_height_m(anatomy)
    height = own if height_m is None else float(height_m)
    if not HEIGHT_ALLOWED_M[0] <= height <= HEIGHT_ALLOWED_M[1]:
        low, high = HEIGHT_ALLOWED_M
        raise ValueError(f"height {height_m} m is not allowed; it is {low} to {high} m")
    mass = REFERENCE_MASS_KG * (height / own) ** 2 if mass_kg is None else float(mass_kg)
    low, high = (bmi * height**2 for bmi in BMI_ALLOWED)
    if not low <= mass <= high:
        raise ValueError(
            f"mass {mass_kg} kg is not allowed; somebody of {height:.3g} m weighs {low:.0f} to"
            f" {high:.0f} kg (body mass index {BMI_ALLOWED[0]:g} to {BMI_ALLOWED[1]:g})"
        )
    if not (math.isfinite(strength) and strength > 0.0):
        raise ValueError(f"strength {strength} is not allowed; it is a factor above 0")
    return Size(proportions or read_proportions(), height, mass, float(strength))


def scales(anatomy: Anatomy, size: Size) -> dict[str, Scale]:
    """Factors of every body, by which it stands as tall as it should."""
    own = standing_height_m(anatomy)
    ratio = size.height_m / own
    for _ in range(20):  # girth does not scale with length, so heads and soles need a few rounds
        found = _scales(anatomy, size, ratio)
        stands_m = standing_height_m(_skin(anatomy, found))
        if abs(stands_m / size.height_m - 1.0) < 1e-13:
            break
        ratio *= size.height_m / stands_m
    return found


def _scales(anatomy: Anatomy, size: Size, ratio: float) -> dict[str, Scale]:
    reference = read_proportions(REFERENCE).segments
    mass = size.mass_kg / REFERENCE_MASS_KG
    found = {}
    for row in anatomy.bodies:
        own, new = reference[row.segment], size.proportions.segments[row.segment]
        bone = new.bone_per_height / own.bone_per_height * ratio
        breadth = new.breadth_per_height / own.breadth_per_height * ratio
        length = new.length_per_height / own.length_per_height
        grown = new.mass_fraction / own.mass_fraction * mass
        girth = min(math.sqrt(grown / bone), GIRTH_OVER_BONE_MAX * bone)  # same density, if it can
        inertia = length * (size.height_m / standing_height_m(anatomy))
        found[row.name] = Scale((bone, bone, breadth), girth, inertia)
    return found


def scaled(anatomy: Anatomy, size: Size) -> Anatomy:
    """The anatomy of somebody of this size."""
    found = scales(anatomy, size)
    reference = read_proportions(REFERENCE).segments
    ratio = size.height_m / standing_height_m(anatomy)
    mass = size.mass_kg / REFERENCE_MASS_KG
    bodies = tuple(
        _body(row, anatomy, found, reference[row.segment], size.proportions.segments[row.segment])
        for row in anatomy.bodies
    )
    new = anatomy._replace(
        bodies=bodies,
        joints=tuple(_joint(row, found[row.body], mass, ratio) for row in anatomy.joints),
        contacts=scale_contacts(anatomy.contacts, found),
        wraps=tuple(_wrap(row, found[row.body]) for row in anatomy.wraps),
    )
    before, after = neutral_origins(anatomy), neutral_origins(new)
    wrap_body = {wrap.name: wrap.body for wrap in anatomy.wraps}
    muscles = []
    for row in anatomy.muscles:
        moved = _moved(row, found, wrap_body)
        length = path_length_m(moved, after) / path_length_m(row, before)
        own, table = (
            segments[_segment_of(row)] for segments in (reference, size.proportions.segments)
        )
        volume = mass * ratio * (table.muscle_volume / own.muscle_volume)
        force = mass * ratio * (table.muscle_strength / own.muscle_strength) * size.strength
        muscles.append(
            moved._replace(
                optimal_length_m=row.optimal_length_m * length,
                tendon_slack_length_m=row.tendon_slack_length_m * length,
                volume_cm3=row.volume_cm3 * volume,
                max_force_n=row.max_force_n * (force / length),
            )
        )
    return new._replace(muscles=tuple(muscles))


def _segment_of(muscle: MuscleRow) -> str:
    if muscle.region not in SEGMENT_OF_REGION:
        what = f"muscle {muscle.name}: region"
        raise ValueError(unknown(what, muscle.region, SEGMENT_OF_REGION))
    return SEGMENT_OF_REGION[muscle.region]


def scale_contacts(rows: Iterable[ContactRow], found: dict[str, Scale]) -> tuple[ContactRow, ...]:
    """Capsules whose ends go with the bones and whose radius with the flesh."""
    return tuple(
        row._replace(
            start_m=_times(row.start_m, found[row.body]),
            end_m=_times(row.end_m, found[row.body]),
            radius_m=row.radius_m * found[row.body].girth,
        )
        for row in rows
    )


def path_length_m(muscle: MuscleRow, origin: dict[str, np.ndarray]) -> float:
    """Length (m) of a path from point to point in neutral standing, without wraps."""
    # a path that crosses the midline has its far points on the left of a midline body already
    points = np.array([origin[point.body] + point.position_m for point in muscle.path])
    return float(np.linalg.norm(np.diff(points, axis=0), axis=1).sum())


def _times(point: Vector, scale: Scale) -> Vector:
    x, y, z = scale.bone
    return (point[0] * x, point[1] * y, point[2] * z)


def _skin(anatomy: Anatomy, found: dict[str, Scale]) -> Anatomy:
    """Bodies and skin alone, scaled: what standing height needs."""
    bodies = tuple(_placed(row, found) for row in anatomy.bodies)
    return anatomy._replace(bodies=bodies, contacts=scale_contacts(anatomy.contacts, found))


def _placed(row: BodyRow, found: dict[str, Scale]) -> BodyRow:
    """A body whose origin goes with its parent; that of the root with the legs below it."""
    parent = found.get(row.parent, found[row.name])
    return row._replace(origin_m=_times(row.origin_m, parent))


def _body(
    row: BodyRow, anatomy: Anatomy, found: dict[str, Scale], own: Segment, new: Segment
) -> BodyRow:
    shift = (own.com_fraction - new.com_fraction) * row.segment_length_m
    x, y, z = row.com_m
    at = (x - shift, y, z) if row.segment == "Foot" else (x, y + shift, z)
    scale = found[row.name]
    return _placed(row, found)._replace(
        com_m=_times(at, scale), segment_length_m=row.segment_length_m * scale.inertia_length
    )


def _joint(row: JointRow, scale: Scale, mass: float, ratio: float) -> JointRow:
    """Passive stiffness goes with mass times height, as torques do; damping keeps the time scale
    of a pendulum, which goes with the root of height; armature goes as inertia (choices)."""
    torque = mass * ratio
    return row._replace(
        position_m=_times(row.position_m, scale),
        stiffness_nm_per_rad=row.stiffness_nm_per_rad * torque,
        damping_nms_per_rad=row.damping_nms_per_rad * (torque * math.sqrt(ratio)),
        armature_kgm2=row.armature_kgm2 * (torque * ratio),
    )


def _wrap(row: WrapRow, scale: Scale) -> WrapRow:
    return row._replace(
        centre_m=_times(row.centre_m, scale),
        radius_m=row.radius_m * scale.bone[0],
        half_length_m=row.half_length_m * scale.bone[2],
    )


def _moved(row: MuscleRow, found: dict[str, Scale], wrap_body: dict[str, str]) -> MuscleRow:
    """A muscle with its path on the scaled bodies; its parameters are still the old ones."""
    return row._replace(
        path=tuple(PathPoint(p.body, _times(p.position_m, found[p.body])) for p in row.path),
        wrapping=tuple(
            w._replace(side_m=_times(w.side_m, found[wrap_body[w.wrap]])) for w in row.wrapping
        ),
    )
