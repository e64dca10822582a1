"""The compiled body with its names: what the rooms above look things up in."""

from __future__ import annotations

import difflib
import hashlib
from functools import cache
from typing import NamedTuple

import mujoco
import numpy as np

from neurocoord.body.anatomy import SIDES, load_anatomy
from neurocoord.body.build import BODY_MODELS, side_name
from neurocoord.muscle.mechanics import MuscleParameters
from neurocoord.resources import model_path

MUSCLE_DENSITY_KG_PER_CM3 = 1.0597e-3  # Mendez & Keys 1960, as used by Umberger 2003


class MuscleTable(NamedTuple):
    """What is known of each muscle beside its mechanics, in actuator order."""

    full_name: tuple[str, ...]
    chain: tuple[str, ...]
    stabilizer: tuple[str, ...]
    n_units: np.ndarray  # int64[muscle], anatomical estimate
    type1_share: np.ndarray  # float64[muscle], share of mass
    mass_kg: np.ndarray  # float64[muscle], from volumes


class Support(NamedTuple):
    """Geoms that may bear weight, and where their contact sensor is read."""

    geoms: tuple[str, ...]
    groups: tuple[str, ...]  # what the geom is: palm, knee, shin, toes, trunk, ...
    body: np.ndarray  # int64[support], body index
    side: tuple[str, ...]
    sensor_address: np.ndarray  # int64[support], into sensordata


class Body(NamedTuple):
    """A body model, compiled, with indices by name."""

    name: str
    model: mujoco.MjModel
    muscles: tuple[str, ...]
    joints: tuple[str, ...]  # hinges, in degree-of-freedom order
    bodies: tuple[str, ...]
    joint_dof: np.ndarray  # int64[joint]
    joint_qpos: np.ndarray  # int64[joint]
    joint_range: np.ndarray  # float64[joint, 2], rad
    dof_above: np.ndarray  # bool[body, nv]: the dof moves the body
    mirror_muscle: np.ndarray  # int64[muscle]: that of the other side; itself where none is
    muscle_parameters: MuscleParameters
    table: MuscleTable
    support: Support
    mass_kg: float
    model_hash: str


def _dof_above(model: mujoco.MjModel) -> np.ndarray:
    above = np.zeros((model.nbody, model.nv), bool)
    for body in range(1, model.nbody):
        parent = model.body_parentid[body]
        above[body] = above[parent]
        start, count = model.body_dofadr[body], model.body_dofnum[body]
        if count:
            above[body, start : start + count] = True
    return above


def _support(model: mujoco.MjModel) -> Support:
    rows = {contact.name: contact for contact in load_anatomy().contacts}
    geoms, groups, bodies, sides, addresses = [], [], [], [], []
    for sensor in range(model.nsensor):
        name = model.sensor(sensor).name
        if not name.startswith("touch_"):
            continue
        geom = name.removeprefix("touch_")
        side = geom[-1] if geom[-2:] in ("_r", "_l") else ""
        geoms.append(geom)
        groups.append(rows[geom.removesuffix(f"_{side}") if side else geom].support)
        bodies.append(int(model.geom(geom).bodyid[0]))
        sides.append(side)
        addresses.append(int(model.sensor_adr[sensor]))
    return Support(tuple(geoms), tuple(groups), np.array(bodies), tuple(sides), np.array(addresses))


# of a model whose contacts are not read
NO_SUPPORT = Support((), (), np.zeros(0, np.int64), (), np.zeros(0, np.int64))


def _muscle_table(muscles: tuple[str, ...]) -> MuscleTable:
    rows = {side_name(row.name, side): row for row in load_anatomy().muscles for side in SIDES}
    ordered = [rows[muscle] for muscle in muscles]
    return MuscleTable(
        full_name=tuple(row.full_name for row in ordered),
        chain=tuple(row.chain for row in ordered),
        stabilizer=tuple(row.stabilizer for row in ordered),
        n_units=np.array([row.n_units for row in ordered]),
        type1_share=np.array([row.type1_share for row in ordered]),
        mass_kg=np.array([row.volume_cm3 for row in ordered]) * MUSCLE_DENSITY_KG_PER_CM3,
    )


def muscle_parameters(model: mujoco.MjModel) -> MuscleParameters:
    """The force-length-velocity parameters of every actuator, as MuJoCo reads them.

    A negative maximal force in the model means ``scale`` over ``actuator_acc0``.
    """
    parameters = model.actuator_gainprm
    scaled_n = parameters[:, 3] / np.maximum(model.actuator_acc0, mujoco.mjMINVAL)
    return MuscleParameters(
        length_range_low_m=model.actuator_lengthrange[:, 0].copy(),
        length_range_high_m=model.actuator_lengthrange[:, 1].copy(),
        range_low=parameters[:, 0].copy(),
        range_high=parameters[:, 1].copy(),
        max_force_n=np.where(parameters[:, 2] < 0, scaled_n, parameters[:, 2]),
        lmin=parameters[:, 4].copy(),
        lmax=parameters[:, 5].copy(),
        vmax=parameters[:, 6].copy(),
        fpmax=parameters[:, 7].copy(),
        fvmax=parameters[:, 8].copy(),
    )


@cache
def load(name: str = "humanoid") -> Body:
    """Load a body model of ``models/`` by name (``humanoid`` or ``dynamometer``)."""
    if name not in BODY_MODELS:
        near = difflib.get_close_matches(name, BODY_MODELS, 1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        raise ValueError(f"body {name!r} is unknown; allowed: {', '.join(BODY_MODELS)}{hint}")
    path = model_path(name)
    model = mujoco.MjModel.from_xml_path(str(path))
    return describe(
        name,
        model,
        table=_muscle_table(muscle_names(model)),
        support=_support(model),
        model_hash=hashlib.sha256(path.read_bytes()).hexdigest(),
    )


def describe(
    name: str, model: mujoco.MjModel, *, table: MuscleTable, support: Support, model_hash: str
) -> Body:
    """The record of a compiled model whose actuators are all muscles, each with one control."""
    muscles = muscle_names(model)
    hinges = [j for j in range(model.njnt) if model.jnt_type[j] == mujoco.mjtJoint.mjJNT_HINGE]
    return Body(
        name=name,
        model=model,
        muscles=muscles,
        joints=tuple(model.joint(j).name for j in hinges),
        bodies=tuple(model.body(b).name for b in range(model.nbody)),
        joint_dof=model.jnt_dofadr[hinges].astype(np.int64),
        joint_qpos=model.jnt_qposadr[hinges].astype(np.int64),
        joint_range=model.jnt_range[hinges].copy(),
        dof_above=_dof_above(model),
        mirror_muscle=_mirror(muscles),
        muscle_parameters=muscle_parameters(model),
        table=table,
        support=support,
        mass_kg=float(model.body_mass.sum()),
        model_hash=model_hash,
    )


def muscle_names(model: mujoco.MjModel) -> tuple[str, ...]:
    """Names of the actuators, in order."""
    return tuple(model.actuator(index).name for index in range(model.nu))


def _mirror(muscles: tuple[str, ...]) -> np.ndarray:
    """Index [muscle] of the same name with the other ending of ``_r`` and ``_l``."""
    index = {muscle: i for i, muscle in enumerate(muscles)}
    turned = {"_r": "_l", "_l": "_r", "_R": "_L", "_L": "_R"}
    other = [muscle[:-2] + turned.get(muscle[-2:], muscle[-2:]) for muscle in muscles]
    return np.array([index.get(o, i) for i, o in enumerate(other)], np.int64)


def keyframe_names(body: Body) -> list[str]:
    """Names of the body's keyframes."""
    return [body.model.key(k).name for k in range(body.model.nkey)]


def keyframe_qpos(body: Body, name: str) -> np.ndarray:
    """``qpos`` of a keyframe of the body by name."""
    names = keyframe_names(body)
    if name not in names:
        near = difflib.get_close_matches(name, names, 1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        allowed = ", ".join(names) or "none, the model has no keyframes"
        raise ValueError(f"keyframe {name!r} is unknown; allowed: {allowed}{hint}")
    return body.model.key(name).qpos.copy()


def muscle_index(body: Body, name: str) -> int:
    """Actuator index of a muscle such as ``VAS_L_r``."""
    if name not in body.muscles:
        near = difflib.get_close_matches(name, body.muscles, 1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        raise ValueError(
            f"muscle {name!r} is not in {body.name}; allowed: {', '.join(body.muscles)}{hint}"
        )
    return body.muscles.index(name)
