"""Someone else's MJCF, driven by motor units as the project's own body is.

    body = adopt("model.xml")
    pools = published.body_pools(body.table.n_units, body.table.type1_share)

Each muscle's control becomes its active state: the activation filter goes, since it hides
synchrony, and so do limits of control, since synchronous pools exceed 1. Paths, gains, joints,
contacts and limits of force stay as they are. What the model does not tell is filled in by law:
volume from force and optimal length, number of units from volume.
"""

from __future__ import annotations

import hashlib
from os import PathLike
from pathlib import Path
from typing import NamedTuple

import mujoco
import numpy as np
from numpy.typing import ArrayLike

from neurocoord.body import freeing
from neurocoord.body.model import (
    MUSCLE_DENSITY_KG_PER_CM3,
    NO_SUPPORT,
    Body,
    MuscleTable,
    describe,
    joints_crossed,
    muscle_names,
    muscle_parameters,
)
from neurocoord.motorunits.counts import units_of_volume
from neurocoord.muscle.mechanics import MuscleParameters, optimal_length_m
from neurocoord.settings import unknown

SPECIFIC_TENSION_N_PER_CM2 = 60.0  # Rajagopal et al. 2016 (IEEE TBME 63:2068), as many models have
TYPE1_SHARE = 0.5  # of muscle mass (choice)
N_MUSCLE_PARAMETERS = 9  # of gainprm and biasprm, that a muscle's force depends on


class Adoption(NamedTuple):
    """An adopted body, and in plain words what was changed in its model, and what to know of it."""

    body: Body
    changes: tuple[str, ...]
    remarks: tuple[str, ...]


def adopt(
    source: mujoco.MjSpec | str | PathLike[str],
    *,
    name: str | None = None,
    others: str = "refuse",
    type1_share: ArrayLike = TYPE1_SHARE,
    specific_tension_n_per_cm2: float = SPECIFIC_TENSION_N_PER_CM2,
) -> Body:
    """The body of an MJCF (path or ``MjSpec``, left as it is) whose actuators are muscles.

    ``others``: actuators that are no muscles are refused, or removed from the model ("remove").
    ``type1_share``: of muscle mass, one number or [muscle]. A muscle's volume is its maximal force
    times its optimal length over the specific tension, its units those of ``counts``' fit. The
    table has no chains or stabilizers, and no contact is read. ValueError where that cannot be.
    """
    return adoption(
        source,
        name=name,
        others=others,
        type1_share=type1_share,
        specific_tension_n_per_cm2=specific_tension_n_per_cm2,
    ).body


def adoption(
    source: mujoco.MjSpec | str | PathLike[str],
    *,
    name: str | None = None,
    others: str = "refuse",
    type1_share: ArrayLike = TYPE1_SHARE,
    specific_tension_n_per_cm2: float = SPECIFIC_TENSION_N_PER_CM2,
) -> Adoption:
    """As ``adopt``, and what was changed or left.

    Active and passive force of an actuator may have parameters of their own; the simulation keeps
    both, and ``body.muscle_parameters`` tells of the active ones.
    """
    if others not in freeing.OTHERS:
        raise ValueError(unknown("others", others, freeing.OTHERS))
    spec, label = _read(source)
    changes = freeing.remove_others(spec, others)
    changes += freeing.free_muscles(spec)
    changes += freeing.fit_timestep(spec)
    model = _compile(spec, label)
    _check_compiled(model)
    table = _table(model, type1_share, specific_tension_n_per_cm2)
    body = describe(
        name or label, model, table=table, support=NO_SUPPORT, model_hash=_model_hash(model)
    )
    return Adoption(body, tuple(changes), tuple(_remarks(model)))


# ---- reading ----


def _read(source: mujoco.MjSpec | str | PathLike[str]) -> tuple[mujoco.MjSpec, str]:
    """A spec of our own, and what to call it."""
    if isinstance(source, mujoco.MjSpec):
        return source.copy(), source.modelname
    path = Path(source)
    if not path.is_file():
        what = "is a folder" if path.is_dir() else "does not exist"
        raise FileNotFoundError(f"the model {str(path)!r} {what}; give the path of an MJCF (.xml)")
    try:
        return mujoco.MjSpec.from_file(str(path)), path.stem
    except ValueError as failure:
        raise ValueError(f"{path} cannot be read as MJCF: {_one_line(failure)}") from failure


def _compile(spec: mujoco.MjSpec, label: str) -> mujoco.MjModel:
    try:
        return spec.compile()
    except ValueError as failure:
        raise ValueError(f"{label} cannot be compiled: {_one_line(failure)}") from failure


def _one_line(failure: Exception) -> str:
    return " ".join(str(failure).split())


# ---- what comes of it ----


def _check_compiled(model: mujoco.MjModel) -> None:
    if not model.nactuator == model.nu == model.nout:
        raise ValueError(
            f"the model has {model.nactuator} actuators, {model.nu} controls and {model.nout}"
            " forces; each muscle must have one of each (nactuator = nu = nout)"
        )
    off = mujoco.mjtDisableBit.mjDSBL_ACTUATION
    if model.opt.disableflags & off or model.opt.disableactuator:
        raise ValueError(
            "the model switches actuators off (option actuatorgroupdisable, or flag actuation);"
            " switch them on, or delete those which should not act"
        )
    if model.nv == 0:
        raise ValueError("the model has no joint that muscles could move")
    low, high = model.actuator_lengthrange.T
    parameters = muscle_parameters(model)
    for what, bad in (
        ("no range of lengths (lengthrange)", ~(high > low)),
        ("no force", ~(np.isfinite(parameters.max_force_n) & (parameters.max_force_n > 0))),
    ):
        if bad.any():
            muscle = model.actuator(int(np.flatnonzero(bad)[0])).name
            raise ValueError(f"muscle {muscle!r} has {what}")


def _remarks(model: mujoco.MjModel) -> list[str]:
    """What was left as it is and may surprise."""
    active, passive = (
        prm[:, :N_MUSCLE_PARAMETERS] for prm in (model.actuator_gainprm, model.actuator_biasprm)
    )
    n_split = int(np.any(active != passive, axis=1).sum())
    n_capped = int(np.count_nonzero(model.actuator_forcelimited))
    told = (
        ("{}: passive force is another muscle's (biasprm is not gainprm)", n_split),
        ("{}: limits of force (forcerange)", n_capped),
    )
    return [text.format(freeing.counted(count, "muscle")) for text, count in told if count]


def muscle_volume_cm3(
    parameters: MuscleParameters, specific_tension_n_per_cm2: float
) -> np.ndarray:
    """Volume [muscle] of muscles whose force comes from their area: F0 l0 / sigma (cm3)."""
    if not (np.isfinite(specific_tension_n_per_cm2) and specific_tension_n_per_cm2 > 0):
        raise ValueError(
            f"specific_tension_n_per_cm2={specific_tension_n_per_cm2} is not allowed; it must be"
            " above 0"
        )
    area_cm2 = parameters.max_force_n / specific_tension_n_per_cm2
    return np.asarray(area_cm2 * 100.0 * optimal_length_m(parameters))


def _table(model: mujoco.MjModel, type1_share: ArrayLike, tension: float) -> MuscleTable:
    muscles = muscle_names(model)
    share = np.asarray(type1_share, dtype=np.float64)
    if share.shape not in ((), (len(muscles),)) or not np.all((share >= 0) & (share <= 1)):
        raise ValueError(
            f"type1_share must be one number in 0..1, or one for each of {len(muscles)} muscles;"
            f" got {type1_share!r}"
        )
    parameters = muscle_parameters(model)
    volume_cm3 = muscle_volume_cm3(parameters, tension)
    nothing = ("",) * len(muscles)
    return MuscleTable(
        full_name=muscles,
        side=nothing,
        joints=joints_crossed(model),
        actions=nothing,
        chain=nothing,
        stabilizer=nothing,
        stabilizes=nothing,
        source=nothing,
        n_units=units_of_volume(volume_cm3),
        type1_share=np.broadcast_to(share, (len(muscles),)).copy(),
        optimal_length_m=optimal_length_m(parameters),
        max_velocity_lopt_per_s=np.repeat(parameters.vmax[:, None], 2, axis=1),
        volume_cm3=volume_cm3,
        mass_kg=volume_cm3 * MUSCLE_DENSITY_KG_PER_CM3,
    )


def _model_hash(model: mujoco.MjModel) -> str:
    """SHA-256 of the compiled model: what is run, whatever files it came from."""
    buffer = np.empty(mujoco.mj_sizeModel(model), np.uint8)
    mujoco.mj_saveModel(model, None, buffer)
    return hashlib.sha256(buffer.tobytes()).hexdigest()
