"""Tables -> ``MjSpec`` -> readable MJCF: ``python -m neurocoord.body.build`` writes ``models/``.

Muscles are ``gaintype="muscle" biastype="muscle" dyntype="none"`` without control limits: the
control is the active state that motor units produce, and synchronous pools may exceed 1.
"""

from __future__ import annotations

import sys
from pathlib import Path

import mujoco
import numpy as np

from neurocoord.body.anatomy import (
    MIDLINE,
    SIDES,
    Anatomy,
    BodyRow,
    ContactRow,
    JointRow,
    MuscleRow,
    Vector,
    WrapRow,
    load_anatomy,
    mirror_axis,
    mirror_point,
    to_world,
)
from neurocoord.body.looks import add_chair, add_looks
from neurocoord.body.postures import KEYFRAMES, posture_qpos
from neurocoord.body.proportions import Segment
from neurocoord.body.rhythm import add_couplings
from neurocoord.body.scale import (
    Size,
    make_size,
    scale_contacts,
    scaled,
    scales,
    standing_height_m,
)
from neurocoord.resources import models_folder
from neurocoord.settings import unknown

TIMESTEP_S = 0.002
FRICTION = (1.0, 0.005, 0.0001)  # choice: dry skin and clothing on a mat
MUSCLE_RANGE = (0.5, 1.5)  # normalised fibre length at the ends of lengthrange
# choices, see models/README; passive force meets that of Thelen 2003 at 1.2 and 1.4 lopt; up to
# 3 lopt/s MuJoCo's parabola is nearest Hill's curve of 10 lopt/s, a/F0 0.25, where it ends at 6
LMIN, LMAX, VMAX_LOPT_PER_S, FPMAX, FVMAX = 0.3, 1.8, 6.0, 0.5, 1.2
SKIN_RGBA = (0.86, 0.72, 0.62, 1.0)
MUSCLE_RGBA = (0.35, 0.35, 0.75, 1.0)
# name, body, ends (m, in the anatomy's frame of the body), radius (m): choices
VISUAL_GEOMS: tuple[ContactRow, ...] = (
    ContactRow("neck", "head", (0.0, -0.01, 0.0), (0.015, 0.10, 0.0), 0.052, ""),
    ContactRow("shoulder", "girdle", (-0.045, 0.0, 0.05), (-0.057, -0.014, 0.13), 0.046, ""),
)
# Neighbours whose capsules overlap at rest. Thighs meet the belly and the ribs, forearms and hands
# the whole trunk, upper arms the waist and the pelvis.
NO_CONTACT = (
    ("thorax", "humerus"),
    ("pelvis", "thorax"),
    ("humerus", "radius"),
    ("ulna", "hand"),
    ("head", "humerus"),
    ("pelvis", "tibia"),
    ("femur", "foot"),
)
BODY_MODELS = ("humanoid", "dynamometer")
VOLUMES = "muscle_volume_cm3"  # in the order of the actuators


def side_name(name: str, side: str) -> str:
    """Name of a body, joint, or muscle on one side; midline names stay as they are."""
    return f"{name}_{side}" if side else name


def _sides(body: str) -> tuple[str, ...]:
    return ("",) if body in MIDLINE or body == "world" else SIDES


def _owner(body: str, side: str) -> str:
    """Name of the body itself: a midline body carries points of both sides."""
    return body if body in MIDLINE else side_name(body, side)


def _sides_of_shape(body: str, centre_z_m: float) -> tuple[str, ...]:
    """A shape on a midline body that lies off the midline exists on both sides."""
    return SIDES if abs(centre_z_m) > 1e-6 else _sides(body)


def _point(point: Vector, side: str) -> np.ndarray:
    return to_world(mirror_point(point) if side == "l" else point)


def _axis(axis: Vector, side: str) -> np.ndarray:
    return to_world(mirror_axis(axis) if side == "l" else axis)


def _fullinertia(row: BodyRow, segment: Segment, mass_kg: float) -> tuple[float, np.ndarray]:
    """Mass (kg) and diagonal inertia (kg m2, MuJoCo axes) of a body from de Leva's segment."""
    mass = segment.mass_fraction * mass_kg * row.mass_share
    length = row.segment_length_m
    sagittal, transverse, longitudinal = (
        mass * (radius * length) ** 2
        for radius in (segment.rg_sagittal, segment.rg_transverse, segment.rg_longitudinal)
    )
    if row.segment == "Foot":  # the foot's long axis points forward
        return mass, np.array([longitudinal, transverse, sagittal])
    return mass, np.array([sagittal, transverse, longitudinal])


def _add_bodies(spec: mujoco.MjSpec, anatomy: Anatomy, size: Size) -> None:
    for row in anatomy.bodies:
        segment = size.proportions.segments[row.segment]
        mass, inertia = _fullinertia(row, segment, size.mass_kg)
        for side in _sides(row.name):
            parent = (
                spec.worldbody if row.parent == "world" else spec.body(_owner(row.parent, side))
            )
            parent.add_body(
                name=side_name(row.name, side),
                pos=_point(row.origin_m, side),
                mass=mass,
                ipos=_point(row.com_m, side),
                inertia=inertia,
                explicitinertial=True,
            )


def _add_joint(spec: mujoco.MjSpec, row: JointRow) -> None:
    for side in _sides(row.body):
        spec.body(side_name(row.body, side)).add_joint(
            name=side_name(row.name, side),
            type=mujoco.mjtJoint.mjJNT_HINGE,
            pos=_point(row.position_m, side),
            axis=_axis(row.axis, side),
            range=np.radians(row.range_deg),
            limited=True,
            stiffness=[row.stiffness_nm_per_rad, 0, 0],
            damping=[row.damping_nms_per_rad, 0, 0],
            armature=row.armature_kgm2,
            solref_limit=[0.02, 1.0],
        )


def _add_contact_geom(spec: mujoco.MjSpec, row: ContactRow) -> None:
    for side in _sides_of_shape(row.body, row.start_m[2] + row.end_m[2]):
        start, end = _point(row.start_m, side), _point(row.end_m, side)
        name = side_name(row.name, side)
        body = spec.body(_owner(row.body, side))
        shape = {
            "name": name,
            "friction": FRICTION,
            "condim": 3,
            "rgba": SKIN_RGBA,
            "group": 0,
            "mass": 0,
        }
        if np.linalg.norm(end - start) < 2e-3:
            size = [row.radius_m, 0, 0]
            body.add_geom(type=mujoco.mjtGeom.mjGEOM_SPHERE, pos=start, size=size, **shape)
        else:
            body.add_geom(
                type=mujoco.mjtGeom.mjGEOM_CAPSULE,
                fromto=[*start, *end],
                size=[row.radius_m, 0, 0],
                **shape,
            )
        if row.support:
            spec.add_sensor(
                name=f"touch_{name}",
                type=mujoco.mjtSensor.mjSENS_CONTACT,
                objtype=mujoco.mjtObj.mjOBJ_GEOM,
                objname=name,
                reftype=mujoco.mjtObj.mjOBJ_GEOM,
                refname="floor",
                intprm=[_CONTACT_DATA, _CONTACT_REDUCE, CONTACTS_PER_GEOM],
            )


# found, force, position: what the controller and the measures read of each touching geom
_CONTACT_DATA = sum(
    1 << int(field)
    for field in (
        mujoco.mjtConDataField.mjCONDATA_FOUND,
        mujoco.mjtConDataField.mjCONDATA_FORCE,
        mujoco.mjtConDataField.mjCONDATA_POS,
    )
)
_CONTACT_REDUCE = 1  # mindist
CONTACTS_PER_GEOM = 2
CONTACT_WIDTH = 7  # found 1, force 3, position 3


def _add_wrap(spec: mujoco.MjSpec, row: WrapRow) -> None:
    for side in _sides_of_shape(row.body, row.centre_m[2]):
        common = {
            "name": side_name(row.name, side),
            "pos": _point(row.centre_m, side),
            "contype": 0,
            "conaffinity": 0,
            "group": 3,
            "mass": 0,
            "rgba": (0.4, 0.6, 0.4, 0.3),
        }
        body = spec.body(_owner(row.body, side))
        if row.shape == "sphere":
            body.add_geom(type=mujoco.mjtGeom.mjGEOM_SPHERE, size=[row.radius_m, 0, 0], **common)
        else:
            axis = _point(row.axis, side)
            quat = np.zeros(4)
            mujoco.mju_quatZ2Vec(quat, axis / np.linalg.norm(axis))
            body.add_geom(
                type=mujoco.mjtGeom.mjGEOM_CYLINDER,
                size=[row.radius_m, row.half_length_m, 0],
                quat=quat,
                **common,
            )


def _add_site(spec: mujoco.MjSpec, body: str, side: str, name: str, point: Vector) -> None:
    spec.body(_owner(body, side)).add_site(
        name=name, pos=_point(point, side), size=[0.004, 0, 0], group=4, rgba=(0.7, 0.3, 0.3, 1)
    )


def _add_muscle(spec: mujoco.MjSpec, row: MuscleRow, wrap_body: dict[str, str], side: str) -> None:
    muscle = side_name(row.name, side)
    tendon = spec.add_tendon(name=muscle, width=0.006, rgba=MUSCLE_RGBA, group=0)
    wrapping = {wrapping.after_order: wrapping for wrapping in row.wrapping}
    for order, point in enumerate(row.path, start=1):
        site = f"{muscle}_{order}"
        _add_site(spec, point.body, side, site, point.position_m)
        tendon.wrap_site(site)
        if order in wrapping:
            wrap = wrapping[order]
            side_site = f"{muscle}_{wrap.wrap}"
            _add_site(spec, wrap_body[wrap.wrap], side, side_site, wrap.side_m)
            tendon.wrap_geom(side_name(wrap.wrap, side), side_site)
    low, high = (
        row.tendon_slack_length_m + fraction * row.optimal_length_m for fraction in MUSCLE_RANGE
    )
    parameters = [*MUSCLE_RANGE, row.max_force_n, 1.0, LMIN, LMAX, VMAX_LOPT_PER_S, FPMAX, FVMAX, 0]
    spec.add_actuator(
        name=muscle,
        trntype=mujoco.mjtTrn.mjTRN_TENDON,
        target=muscle,
        gaintype=mujoco.mjtGain.mjGAIN_MUSCLE,
        biastype=mujoco.mjtBias.mjBIAS_MUSCLE,
        dyntype=mujoco.mjtDyn.mjDYN_NONE,
        gainprm=parameters,
        biasprm=parameters,
        lengthrange=[low, high],
        ctrllimited=False,
    )


def _add_scene(spec: mujoco.MjSpec) -> None:
    spec.modelname = "neurocoord"
    spec.compiler.degree = False
    spec.option.timestep = TIMESTEP_S
    spec.option.integrator = mujoco.mjtIntegrator.mjINT_EULER
    add_looks(spec)
    spec.worldbody.add_geom(
        name="floor",
        type=mujoco.mjtGeom.mjGEOM_PLANE,
        size=[0, 0, 0.5],
        material="floor",
        friction=FRICTION,
        condim=3,
    )


def _add_visual_geoms(spec: mujoco.MjSpec, rows: tuple[ContactRow, ...]) -> None:
    """Neck and shoulders, to be seen only: without mass or contact."""
    for row in rows:
        for side in _sides(row.body):
            spec.body(side_name(row.body, side)).add_geom(
                name=side_name(row.name, side),
                type=mujoco.mjtGeom.mjGEOM_CAPSULE,
                fromto=[*_point(row.start_m, side), *_point(row.end_m, side)],
                size=[row.radius_m, 0, 0],
                contype=0,
                conaffinity=0,
                group=1,
                mass=0,
                rgba=SKIN_RGBA,
            )


def _exclude(spec: mujoco.MjSpec) -> None:
    for first, second in NO_CONTACT:
        for side in SIDES:
            names = [n if n in MIDLINE else side_name(n, side) for n in (first, second)]
            if side == "l" and all(n in MIDLINE for n in (first, second)):
                continue
            spec.add_exclude(bodyname1=names[0], bodyname2=names[1])


def build_spec(kind: str = "humanoid", size: Size | None = None) -> mujoco.MjSpec:
    """The humanoid as an ``MjSpec``, of a ``size`` (``scale.make_size``; the tables' own if None).

    ``kind``: ``humanoid`` lies free on a floor; ``dynamometer`` sits with the pelvis fixed to the
    chair and every joint strapped, the knee at 60 degrees (the straps are the dynamometer's).
    """
    if kind not in BODY_MODELS:
        raise ValueError(unknown("kind of body", kind, BODY_MODELS))
    drawn = load_anatomy()
    chosen = size or make_size(drawn)
    anatomy = scaled(drawn, chosen)
    spec = mujoco.MjSpec()
    _add_scene(spec)
    _add_bodies(spec, anatomy, chosen)
    if kind == "humanoid":
        spec.body("pelvis").add_freejoint(name="root")
        # One tree is one island: looking for more costs 4 % of a step and changes no bit.
        spec.option.disableflags |= int(mujoco.mjtDisableBit.mjDSBL_ISLAND)
    else:
        add_chair(spec, chosen.height_m / standing_height_m(drawn))
    for joint in anatomy.joints:
        _add_joint(spec, joint)
    for contact in anatomy.contacts:
        _add_contact_geom(spec, contact)
    for wrap in anatomy.wraps:
        _add_wrap(spec, wrap)
    _add_visual_geoms(spec, scale_contacts(VISUAL_GEOMS, scales(drawn, chosen)))
    wrap_body = {wrap.name: wrap.body for wrap in anatomy.wraps}
    for side in SIDES:
        for muscle in anatomy.muscles:
            _add_muscle(spec, muscle, wrap_body, side)
    add_couplings(spec, anatomy.couplings)
    _exclude(spec)
    _add_keyframes(spec, kind)
    if size is not None:
        _add_description(spec, size, anatomy)
    return spec


def _add_description(spec: mujoco.MjSpec, size: Size, anatomy: Anatomy) -> None:
    """Whose body it is, and its muscles' volumes: what a reader of the file cannot work out."""
    spec.add_text(name="proportions", data=size.proportions.name)
    for name in ("height_m", "mass_kg", "strength"):
        spec.add_numeric(name=name, data=[getattr(size, name)], size=1)
    volumes = [muscle.volume_cm3 for muscle in anatomy.muscles] * len(SIDES)
    spec.add_numeric(name=VOLUMES, data=volumes, size=len(volumes))


def _add_keyframes(spec: mujoco.MjSpec, kind: str) -> None:
    model = spec.copy().compile()
    names = KEYFRAMES if kind == "humanoid" else ("seated",)
    for name in names:
        spec.add_key(name=name, qpos=posture_qpos(model, name))
    if kind != "dynamometer":
        return
    seated = posture_qpos(model, "seated")
    for joint in range(model.njnt):
        angle = seated[model.jnt_qposadr[joint]]
        name = model.joint(joint).name
        spec.add_equality(
            name=f"strap_{name}",
            type=mujoco.mjtEq.mjEQ_JOINT,
            objtype=mujoco.mjtObj.mjOBJ_JOINT,
            name1=name,
            data=[angle, *([0.0] * 11)],
            solref=[0.004, 1.0],
        )


def write_models(folder: Path | None = None) -> list[Path]:
    """Write every model as MJCF into ``folder`` (default ``models/``); returns the paths."""
    folder = folder or models_folder()
    paths = []
    for kind in BODY_MODELS:
        spec = build_spec(kind)
        spec.compile()
        path = folder / f"{kind}.xml"
        path.write_text(spec.to_xml())
        paths.append(path)
    return paths


if __name__ == "__main__":
    for written in write_models(Path(sys.argv[1]) if len(sys.argv) > 1 else None):
        print(written)
