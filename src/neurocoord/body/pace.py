"""How fast MuJoCo steps a model: for the bench."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

import mujoco
import numpy as np

STATE = mujoco.mjtState.mjSTATE_INTEGRATION


@contextmanager
def unwarned() -> Iterator[None]:
    """What MuJoCo warns of while a foreign model is put together goes nowhere, not into a file."""
    mujoco.set_mju_user_warning(lambda message: None)
    try:
        yield
    finally:
        mujoco.set_mju_user_warning(None)


class Pace:
    """A model in one state, whose steps can be timed from there again and again."""

    def __init__(
        self, model: mujoco.MjModel, qpos: np.ndarray, *, control: float, settle_s: float
    ) -> None:
        """Settle from ``qpos`` [nq] for ``settle_s`` seconds at one control of all actuators."""
        self.model = model
        self.data = mujoco.MjData(model)
        self.data.qpos[:] = qpos
        self.data.ctrl[:] = control
        mujoco.mj_step(model, self.data, nstep=max(1, round(settle_s / model.opt.timestep)))
        self._state = np.empty(mujoco.mj_stateSize(model, STATE))
        mujoco.mj_getState(model, self.data, self._state, STATE)

    def steps_per_second(self, n_steps: int) -> float:
        """Steps per second of time, over ``n_steps`` from the settled state."""
        mujoco.mj_setState(self.model, self.data, self._state, STATE)
        start = time.perf_counter()
        mujoco.mj_step(self.model, self.data, nstep=n_steps)
        return n_steps / (time.perf_counter() - start)

    def is_sound(self) -> bool:
        """Whether all is finite and MuJoCo has not warned."""
        warned = any(int(warning.number) for warning in self.data.warning)
        return bool(np.isfinite(self.data.qpos).all()) and not warned

    def describe(self) -> str:
        """Size of the model, and how many contacts and wraps it has now."""
        wraps = (mujoco.mjtWrap.mjWRAP_SPHERE, mujoco.mjtWrap.mjWRAP_CYLINDER)
        n_wraps = int(np.isin(self.model.wrap_type, wraps).sum())
        return (
            f"{self.model.nu} muscles, nv {self.model.nv}, {n_wraps} wraps,"
            f" {self.data.ncon} contacts, {1e3 * self.model.opt.timestep:g} ms a step"
        )


def lying(model: mujoco.MjModel, height_m: float) -> np.ndarray:
    """``qpos`` [nq] of a model with a free root, turned from upright to lying at a height."""
    qpos = model.qpos0.copy()
    free = np.flatnonzero(model.jnt_type == mujoco.mjtJoint.mjJNT_FREE)
    if free.size == 0:
        raise ValueError("the model has no free joint: it cannot lie down")
    root = int(model.jnt_qposadr[free[0]])
    upright = qpos[root + 3 : root + 7].copy()
    turn = np.zeros(4)
    mujoco.mju_axisAngle2Quat(turn, np.array([1.0, 0.0, 0.0]), -0.5 * np.pi)
    mujoco.mju_mulQuat(qpos[root + 3 : root + 7], turn, upright)
    qpos[root + 2] = height_m
    return qpos
