"""The compiled body with its names: what the rooms above look things up in."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import mujoco
import numpy as np

from neurocoord.body.anatomy import SIDES, load_anatomy
from neurocoord.body.build import BODY_MODELS, VOLUMES, side_name
from neurocoord.muscle import mechanics
from neurocoord.muscle.mechanics import MuscleParameters
from neurocoord.resources import model_path
from neurocoord.settings import unknown

if TYPE_CHECKING:
    from neurocoord.body.roles import Roles

MUSCLE_DENSITY_KG_PER_CM3 = 1.0597e-3  # Mendez & Keys 1960, as used by Umberger 2003
LISTED = " of {} (`neurocoord muscles` lists them)"  # what many names are of, in errors
FIBRE_VMAX_LOPT_PER_S = (4.8, 12.0)  # slow, fast fibres: Umberger et al. 2003


class MuscleTable(NamedTuple):
    """What is known of each muscle beside its mechanics, in actuator order."""

    full_name: tuple[str, ...]
    side: tuple[str, ...]  # "r" or "l"
    joints: tuple[tuple[str, ...], ...]  # hinges that its path crosses
    actions: tuple[str, ...]  # as anatomy books name them
    chain: tuple[str, ...]  # anterior, posterior, lateral
    stabilizer: tuple[str, ...]  # local or global (Bergmark 1989)
    stabilizes: tuple[str, ...]  # what it is known to hold, or "none"
    source: tuple[str, ...]
    n_units: np.ndarray  # int64[muscle], anatomical estimate
    type1_share: np.ndarray  # float64[muscle], share of mass that is slow
    optimal_length_m: np.ndarray  # float64[muscle]
    max_velocity_lopt_per_s: np.ndarray  # float64[muscle, (slow, fast)]
    volume_cm3: np.ndarray  # float64[muscle]
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
    kind: str  # "humanoid" is free on the floor, "dynamometer" strapped to its chair
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

    def roles(
        self, action: str, qpos: np.ndarray | None = None, *, keyframe: str | None = None
    ) -> Roles:
        """Agonists, antagonists and stabilizers of an action such as ``knee_extension``, at a
        posture or in a keyframe (the model's first if neither is given)."""
        from neurocoord.body.roles import roles

        if qpos is None:
            qpos = keyframe_qpos(self, keyframe or self.model.key(0).name)
        elif keyframe is not None:
            raise ValueError("qpos and keyframe both name a posture; give one")
        return roles(self, action, qpos)


def dof_above(model: mujoco.MjModel) -> np.ndarray:
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


def _muscle_table(model: mujoco.MjModel, muscles: tuple[str, ...]) -> MuscleTable:
    rows = {side_name(row.name, side): row for row in load_anatomy().muscles for side in SIDES}
    ordered = [rows[muscle] for muscle in muscles]
    volume = np.array([row.volume_cm3 for row in ordered])
    if VOLUMES in (model.numeric(k).name for k in range(model.nnumeric)):
        volume = model.numeric(VOLUMES).data.copy()  # of a body of another size
    return MuscleTable(
        full_name=tuple(row.full_name for row in ordered),
        side=tuple(muscle[-1] for muscle in muscles),
        joints=joints_crossed(model),
        actions=tuple(row.actions for row in ordered),
        chain=tuple(row.chain for row in ordered),
        stabilizer=tuple(row.stabilizer for row in ordered),
        stabilizes=tuple(row.stabilizes for row in ordered),
        source=tuple(row.source for row in ordered),
        n_units=np.array([row.n_units for row in ordered]),
        type1_share=np.array([row.type1_share for row in ordered]),
        optimal_length_m=mechanics.optimal_length_m(muscle_parameters(model)),
        max_velocity_lopt_per_s=np.tile(FIBRE_VMAX_LOPT_PER_S, (len(muscles), 1)),
        volume_cm3=volume,
        mass_kg=volume * MUSCLE_DENSITY_KG_PER_CM3,
    )


def joints_crossed(model: mujoco.MjModel) -> tuple[tuple[str, ...], ...]:
    """Joints [muscle] that move some of the points of its path and not others."""
    above = dof_above(model)
    crossed = []
    for actuator in range(model.nu):
        tendon = model.actuator_trnid[actuator, 0]
        if model.actuator_trntype[actuator] != mujoco.mjtTrn.mjTRN_TENDON:
            crossed.append((model.joint(tendon).name,))  # an index of the joint itself
            continue
        start, count = model.tendon_adr[tendon], model.tendon_num[tendon]
        sites = [
            model.wrap_objid[k]
            for k in range(start, start + count)
            if model.wrap_type[k] == mujoco.mjtWrap.mjWRAP_SITE
        ]
        moved = above[model.site_bodyid[sites]]
        dofs = np.flatnonzero(moved.any(axis=0) & ~moved.all(axis=0))
        crossed.append(tuple(model.joint(model.dof_jntid[dof]).name for dof in dofs))
    return tuple(crossed)


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


def load(name: str | Path = "humanoid") -> Body:
    """Load a body model of ``models/`` by name (``humanoid`` or ``dynamometer``), or by its path
    one that ``neurocoord build`` wrote; the same ``Body`` as long as the file is the same."""
    path = body_path(name)
    return _load(path, hashlib.sha256(path.read_bytes()).hexdigest())


def body_path(name: str | Path = "humanoid") -> Path:
    """The MJCF file of a shipped body, or the path itself where it is one."""
    if str(name) in BODY_MODELS:
        return model_path(str(name))
    path = Path(name)
    if path.suffix != ".xml" and len(path.parts) < 2:
        also = ", or the path of an .xml that `neurocoord build` wrote"
        raise ValueError(unknown("body", str(name), BODY_MODELS, also))
    if not path.is_file():
        raise ValueError(f"body {str(name)!r}: there is no such file")
    return path.resolve()


def _compiled(path: Path) -> mujoco.MjModel:
    """The model, if it is one of ours; ValueError says what is wrong with it."""
    try:
        model = mujoco.MjModel.from_xml_path(str(path))
    except ValueError as failure:
        raise ValueError(f"body {str(path)!r} is no MJCF that MuJoCo reads: {failure}") from None
    rows = load_anatomy()
    wanted = {side_name(row.name, side) for row in rows.muscles for side in SIDES}
    found = {model.actuator(k).name for k in range(model.nu)}
    if found != wanted:
        odd = sorted(found ^ wanted)[0]
        raise ValueError(
            f"body {str(path)!r} was not written by `neurocoord build` of this version: muscle"
            f" {odd!r} is {'unknown' if odd in found else 'missing'}"
        )
    return model


@lru_cache(maxsize=8)
def _load(path: Path, sha256: str) -> Body:
    model = _compiled(path)
    return describe(
        path.stem,
        model,
        table=_muscle_table(model, muscle_names(model)),
        support=_support(model),
        model_hash=sha256,
    )


def describe(
    name: str, model: mujoco.MjModel, *, table: MuscleTable, support: Support, model_hash: str
) -> Body:
    """The record of a compiled model whose actuators are all muscles, each with one control."""
    muscles = muscle_names(model)
    hinges = [j for j in range(model.njnt) if model.jnt_type[j] == mujoco.mjtJoint.mjJNT_HINGE]
    return Body(
        name=name,
        kind="humanoid" if model.jnt_type[0] == mujoco.mjtJoint.mjJNT_FREE else "dynamometer",
        model=model,
        muscles=muscles,
        joints=tuple(model.joint(j).name for j in hinges),
        bodies=tuple(model.body(b).name for b in range(model.nbody)),
        joint_dof=model.jnt_dofadr[hinges].astype(np.int64),
        joint_qpos=model.jnt_qposadr[hinges].astype(np.int64),
        joint_range=model.jnt_range[hinges].copy(),
        dof_above=dof_above(model),
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
        raise ValueError(unknown("keyframe", name, names))
    return body.model.key(name).qpos.copy()


def muscle_index(body: Body, name: str) -> int:
    """Actuator index of a muscle such as ``VAS_L_r``."""
    if name not in body.muscles:
        raise ValueError(unknown("muscle", name, body.muscles, LISTED.format(body.name)))
    return body.muscles.index(name)
