"""What there is to draw of a body: its capsules and balls, and the straight pieces of its muscles.

For those who draw it elsewhere than MuJoCo does: numbers alone, no graphics.
"""

from __future__ import annotations

import copy
from typing import NamedTuple

import mujoco
import numpy as np
from numpy.typing import NDArray

from neurocoord.body.model import Body

F64 = NDArray[np.float64]

MOST_GROUP = 2  # geoms of higher groups guide muscles and are not seen
CAPSULE, BALL = int(mujoco.mjtGeom.mjGEOM_CAPSULE), int(mujoco.mjtGeom.mjGEOM_SPHERE)


class Shapes(NamedTuple):
    """The capsules and balls of a body; a ball is a capsule of no length."""

    radius_m: F64  # [shape]
    half_length_m: F64  # [shape], of a capsule's straight part, along its own z


class Pose(NamedTuple):
    """Where they are at a posture."""

    shape_position_m: F64  # [shape, 3]
    shape_rotation: F64  # [shape, 3, 3]
    piece_start_m: F64  # [piece, 3]
    piece_end_m: F64  # [piece, 3]
    piece_muscle: NDArray[np.int64]  # [piece]
    centre_of_mass_m: F64  # [3]


class Figure:
    """A body to draw; `pose` moves it."""

    def __init__(self, body: Body) -> None:
        self._model = copy.copy(body.model)
        self._data = mujoco.MjData(self._model)
        m = self._model
        is_seen = np.isin(m.geom_type, (CAPSULE, BALL)) & (m.geom_bodyid > 0)
        self._geoms = np.flatnonzero(is_seen & (m.geom_group <= MOST_GROUP))
        size = m.geom_size[self._geoms]
        is_ball = m.geom_type[self._geoms] == BALL
        self.shapes = Shapes(size[:, 0].copy(), np.where(is_ball, 0.0, size[:, 1]))
        pulled = m.actuator_trntype == mujoco.mjtTrn.mjTRN_TENDON
        self._muscles = np.flatnonzero(pulled)
        self._tendons = m.actuator_trnid[self._muscles, 0]
        self.most_pieces = 2 * int(m.tendon_num[self._tendons].sum())

    def pose(self, qpos: F64) -> Pose:
        """Shapes and muscles at a posture [nq]."""
        data = self._data
        data.qpos[:] = qpos
        mujoco.mj_kinematics(self._model, data)
        mujoco.mj_comPos(self._model, data)
        mujoco.mj_tendon(self._model, data)
        start, end, muscle = self._pieces()
        return Pose(
            data.geom_xpos[self._geoms].copy(),
            data.geom_xmat[self._geoms].reshape(-1, 3, 3).copy(),
            start,
            end,
            muscle,
            data.subtree_com[0].copy(),
        )

    def _pieces(self) -> tuple[F64, F64, NDArray[np.int64]]:
        points = self._data.wrap_xpos.reshape(-1, 3)
        first, count = self._data.ten_wrapadr, self._data.ten_wrapnum
        at = [np.arange(first[t], first[t] + count[t] - 1) for t in self._tendons]
        muscle = np.repeat(self._muscles, [len(a) for a in at])
        index = np.concatenate(at)
        is_pulley = self._data.wrap_obj.reshape(-1)[index] == -2
        index, muscle = index[~is_pulley], muscle[~is_pulley]
        return points[index], points[index + 1], muscle
