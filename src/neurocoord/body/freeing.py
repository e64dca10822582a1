"""What adoption changes in a spec, so that each control is the active state of one muscle."""

from __future__ import annotations

import math
from typing import Any

import mujoco
import numpy as np

from neurocoord.body.clock import BLOCK_S, fitting_steps

OTHERS = ("refuse", "remove")
MUSCLE = (mujoco.mjtGain.mjGAIN_MUSCLE, mujoco.mjtBias.mjBIAS_MUSCLE)
FILTERS = {
    mujoco.mjtDyn.mjDYN_NONE,
    mujoco.mjtDyn.mjDYN_MUSCLE,
    mujoco.mjtDyn.mjDYN_FILTER,
    mujoco.mjtDyn.mjDYN_FILTEREXACT,
}


def _label(actuator: Any) -> str:
    return repr(actuator.name) if actuator.name else f"number {actuator.id}"


def remove_others(spec: mujoco.MjSpec, others: str) -> list[str]:
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
    gone = {actuator.name for actuator in rest}
    sensors = [sensor for sensor in spec.sensors if _is_of(sensor, gone)]
    for part in (*sensors, *rest):
        spec.delete(part)
    changes = [f"removed {counted(len(rest), 'actuator')} that are no muscles: {names}"]
    return changes + [f"removed {counted(len(sensors), 'sensor')} of theirs"] * bool(sensors)


def _is_of(sensor: Any, actuators: set[str]) -> bool:
    return sensor.objtype == mujoco.mjtObj.mjOBJ_ACTUATOR and sensor.objname in actuators


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


def free_muscles(spec: mujoco.MjSpec) -> list[str]:
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
    return [text.format(counted(count, "muscle")) for text, count in told if count]


def _is_limited(limited: Any, limits: np.ndarray) -> bool:
    if limited == mujoco.mjtLimited.mjLIMITED_AUTO:
        return bool(limits[0] < limits[1])
    return bool(limited == mujoco.mjtLimited.mjLIMITED_TRUE)


def _free_name(name: str, taken: set[str]) -> str:
    while name in taken:
        name += "_"
    taken.add(name)
    return name


def counted(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"


def fit_timestep(spec: mujoco.MjSpec) -> list[str]:
    """Shorten the physics step until whole steps of whole or split ticks make a block of 4 ms."""
    given_s = spec.option.timestep
    fitting_s = BLOCK_S / fitting_steps(given_s)
    if math.isclose(given_s, fitting_s, rel_tol=1e-9):
        return []
    spec.option.timestep = fitting_s
    return [f"shortened the time step from {1e3 * given_s:g} to {1e3 * fitting_s:g} ms"]
