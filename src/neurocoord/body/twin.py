"""A second body of the same model, put into a state and stepped on: what an internal model runs."""

from __future__ import annotations

import copy

import mujoco
import numpy as np
from mujoco.batch import Batch

from neurocoord.body.model import Body
from neurocoord.body.reading import STAGE, BodyReading, make_reader, read


def misjudged(body: Body, error: float) -> Body:
    """A body whose masses are ``error`` times the true ones, and its muscles that much weaker.

    In opposite directions, since a body that is heavier and stronger alike moves alike.
    """
    if error == 1.0:
        return body
    model = copy.copy(body.model)
    model.body_mass[:] *= error
    model.body_inertia[:] *= error
    for parameters in (model.actuator_gainprm, model.actuator_biasprm):
        parameters[:, 2] /= error  # maximal force
    mujoco.mj_setConst(model, mujoco.MjData(model))  # what follows from the masses
    muscles = body.muscle_parameters
    return body._replace(
        model=model,
        mass_kg=body.mass_kg * error,
        muscle_parameters=muscles._replace(max_force_n=muscles.max_force_n / error),
    )


class Twin:
    """One body without motor units: its muscles take active states as they are given."""

    def __init__(self, body: Body) -> None:
        self.body = body
        self._batch = Batch(body.model, 1, 1, persistent=True)
        self._reader = make_reader(body, self._batch)
        self._qpos, self._qvel = self._batch.bind("qpos"), self._batch.bind("qvel")
        self._ctrl = self._batch.bind("ctrl")

    def place(self, qpos: np.ndarray, qvel: np.ndarray) -> None:
        """Into a state, ``qpos`` [nq] and ``qvel`` [nv], with nothing left of what was before."""
        self._batch.reset(stage=mujoco.mjtStage.mjSTAGE_NONE)
        self._qpos[0], self._qvel[0] = qpos, qvel
        self._batch.forward(stage=STAGE)

    def step(self, active_state: np.ndarray) -> None:
        """Physics steps with active states [step, muscle]."""
        for row in active_state:
            self._ctrl[0] = row
            self._batch.step(stage=STAGE)

    def has_diverged(self) -> bool:
        """Whether MuJoCo has warned since the last `place`."""
        return bool(self._batch.warning[0, :, 1].any())

    def read(self) -> BodyReading:
        """Its state now (contacts are those of the last step)."""
        return read(self.body, self._reader)
