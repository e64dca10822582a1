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
import math
from os import PathLike
from pathlib import Path
from typing import Any, NamedTuple

import mujoco
import numpy as np
from numpy.typing import ArrayLike

from neurocoord.body.model import (
    MUSCLE_DENSITY_KG_PER_CM3,
    NO_SUPPORT,
    Body,
    MuscleTable,
    describe,
    muscle_names,
    muscle_parameters,
)
from neurocoord.motorunits.counts import units_of_volume
from neurocoord.muscle.mechanics import MuscleParameters
from neurocoord.settings import chosen

SPECIFIC_TENSION_N_PER_CM2 = 60.0  # Rajagopal et al. 2016 (IEEE TBME 63:2068), as many models have
TYPE1_SHARE = 0.5  # of muscle mass (choice)
OTHERS = ("refuse", "remove")
BLOCK_S, TICKS_PER_BLOCK = 0.004, 4  # the clock that physics steps must fit
MUSCLE = (mujoco.mjtGain.mjGAIN_MUSCLE, mujoco.mjtBias.mjBIAS_MUSCLE)
FILTERS = {
    mujoco.mjtDyn.mjDYN_NONE,
    mujoco.mjtDyn.mjDYN_MUSCLE,
    mujoco.mjtDyn.mjDYN_FILTER,
    mujoco.mjtDyn.mjDYN_FILTEREXACT,
}
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
    chosen("others", (others,), OTHERS, "way")
    spec, label = _read(source)
    changes = _remove_others(spec, others)
    changes += _free_muscles(spec)
    changes += _fit_timestep(spec)
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


# ---- what is changed ----


def _label(actuator: Any) -> str:
    return repr(actuator.name) if actuator.name else f"number {actuator.id}"


def _remove_others(spec: mujoco.MjSpec, others: str) -> list[str]:
    """Refuse or remove what is no muscle; a half muscle is refused always."""
    rest = []
    for actuator in spec.actuators:
        kinds = actuator.gaintype == MUSCLE[0], actuator.biastype == MUSCLE[1]
        if all(kinds):
            _check_muscle(actuator)
        elif any(kinds):
            raise ValueError(
                f"actuator {_label(actuator)} is half a muscle: gaintype"
                f" {_kind(actuator.gaintype)} with biastype {_kind(actuator.biastype)}; both"
                " must be 'muscle', as <muscle> makes them"
            )
        else:
            rest.append(actuator)
    n_muscles = len(spec.actuators) - len(rest)
    if n_muscles == 0:
        raise ValueError(
            f"the model has no muscles: {len(rest)} actuators, none with gaintype 'muscle'"
        )
    if not rest:
        return []
    names = ", ".join(_label(actuator) for actuator in rest[:5]) + ("..." if rest[5:] else "")
    if others == "refuse":
        raise ValueError(
            f"{len(rest)} of {len(spec.actuators)} actuators are no muscles: {names}. Motor units"
            " drive muscles alone, each by one control (nactuator = nu); others='remove' takes"
            " the rest out of the model"
        )
    for actuator in rest:
        spec.delete(actuator)
    return [f"removed {_n(len(rest), 'actuator')} that are no muscles: {names}"]


def _check_muscle(actuator: Any) -> None:
    if actuator.dyntype not in FILTERS:
        allowed = ", ".join(sorted(_kind(kind) for kind in FILTERS))
        raise ValueError(
            f"actuator {_label(actuator)} has dyntype {_kind(actuator.dyntype)}, which is no"
            f" activation filter that can be taken off; allowed: {allowed}"
        )


def _kind(value: Any) -> str:
    """`mjDYN_MUSCLE` -> `'muscle'`."""
    return repr(value.name.split("_", 1)[1].lower())


def _free_muscles(spec: mujoco.MjSpec) -> list[str]:
    """Control = active state: no filter, no limits, no delay; every muscle has a name."""
    n_filtered = n_limited = n_delayed = n_named = 0
    taken = {actuator.name for actuator in spec.actuators}
    for index, actuator in enumerate(spec.actuators):
        n_filtered += actuator.dyntype != mujoco.mjtDyn.mjDYN_NONE
        n_limited += _is_limited(actuator.ctrllimited, actuator.ctrlrange)
        n_delayed += actuator.delay > 0 or actuator.nsample > 0
        actuator.dyntype = mujoco.mjtDyn.mjDYN_NONE
        actuator.actdim, actuator.actearly = -1, False
        actuator.ctrllimited = actuator.actlimited = mujoco.mjtLimited.mjLIMITED_FALSE
        actuator.ctrlrange = actuator.actrange = [0.0, 0.0]
        actuator.delay, actuator.nsample = 0.0, 0
        if not actuator.name:
            actuator.name = _free_name(f"muscle_{index}", taken)
            n_named += 1
    for key in spec.keys:  # their activations and controls are of actuators that were others
        key.act, key.ctrl = [], []
    told = (
        ("took the activation filter off {} (dyntype none)", n_filtered),
        ("lifted the limits of control of {}", n_limited),
        ("took the delay of control off {}", n_delayed),
        ("named {}", n_named),
    )
    return [text.format(_n(count, "muscle")) for text, count in told if count]


def _is_limited(limited: Any, limits: np.ndarray) -> bool:
    if limited == mujoco.mjtLimited.mjLIMITED_AUTO:
        return bool(limits[0] < limits[1])
    return bool(limited == mujoco.mjtLimited.mjLIMITED_TRUE)


def _free_name(name: str, taken: set[str]) -> str:
    while name in taken:
        name += "_"
    taken.add(name)
    return name


def _n(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"


def _fit_timestep(spec: mujoco.MjSpec) -> list[str]:
    """Shorten the physics step until whole steps of whole or split ticks make a block of 4 ms."""
    given_s = spec.option.timestep
    n_steps = max(1, math.ceil(BLOCK_S / given_s - 1e-9))
    while n_steps % TICKS_PER_BLOCK and TICKS_PER_BLOCK % n_steps:
        n_steps += 1
    fitting_s = BLOCK_S / n_steps
    if math.isclose(given_s, fitting_s, rel_tol=1e-9):
        return []
    spec.option.timestep = fitting_s
    return [f"shortened the time step from {1e3 * given_s:g} to {1e3 * fitting_s:g} ms"]


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
    return [text.format(_n(count, "muscle")) for text, count in told if count]


def muscle_volume_cm3(
    parameters: MuscleParameters, specific_tension_n_per_cm2: float
) -> np.ndarray:
    """Volume [muscle] of muscles whose force comes from their area: F0 l0 / sigma (cm3)."""
    if not (np.isfinite(specific_tension_n_per_cm2) and specific_tension_n_per_cm2 > 0):
        raise ValueError(
            f"specific_tension_n_per_cm2={specific_tension_n_per_cm2} is not allowed; it must be"
            " above 0"
        )
    span_m = parameters.length_range_high_m - parameters.length_range_low_m
    optimal_length_m = span_m / (parameters.range_high - parameters.range_low)
    return parameters.max_force_n / specific_tension_n_per_cm2 * 100.0 * optimal_length_m


def _table(model: mujoco.MjModel, type1_share: ArrayLike, tension: float) -> MuscleTable:
    muscles = muscle_names(model)
    share = np.asarray(type1_share, dtype=np.float64)
    if share.shape not in ((), (len(muscles),)) or not np.all((share >= 0) & (share <= 1)):
        raise ValueError(
            f"type1_share must be one number in 0..1, or one for each of {len(muscles)} muscles;"
            f" got {type1_share!r}"
        )
    volume_cm3 = muscle_volume_cm3(muscle_parameters(model), tension)
    nothing = ("",) * len(muscles)
    return MuscleTable(
        full_name=muscles,
        chain=nothing,
        stabilizer=nothing,
        n_units=units_of_volume(volume_cm3),
        type1_share=np.broadcast_to(share, (len(muscles),)).copy(),
        mass_kg=volume_cm3 * MUSCLE_DENSITY_KG_PER_CM3,
    )


def _model_hash(model: mujoco.MjModel) -> str:
    """SHA-256 of the compiled model: what is run, whatever files it came from."""
    buffer = np.empty(mujoco.mj_sizeModel(model), np.uint8)
    mujoco.mj_saveModel(model, None, buffer)
    return hashlib.sha256(buffer.tobytes()).hexdigest()
