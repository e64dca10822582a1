"""What a controller may read of the bodies: one record of arrays, refreshed once a block.

Coordination sees only this record, never an ``MjData``.
"""

from __future__ import annotations

from typing import NamedTuple

import mujoco
import numpy as np
from mujoco.batch import Batch

from neurocoord.body.build import CONTACT_WIDTH, CONTACTS_PER_GEOM
from neurocoord.body.model import Body
from neurocoord.motorunits.compiled import compiled

STAGE = mujoco.mjtStage.mjSTAGE_VEL


class BodyReading(NamedTuple):
    """State of every body at the start of a control block; SI units, MuJoCo's world axes."""

    time_s: np.ndarray  # [env]
    qpos: np.ndarray  # [env, nq]
    qvel: np.ndarray  # [env, nv]
    mass_matrix: np.ndarray  # [env, nv, nv]
    bias_force: np.ndarray  # [env, nv], Coriolis, centrifugal, gravity
    passive_force: np.ndarray  # [env, nv], joint springs and dampers
    moment_arm: np.ndarray  # [env, muscle, nv], d length / d q: negative of the pulling arm
    muscle_length_m: np.ndarray  # [env, muscle], muscle and tendon
    muscle_velocity_m_per_s: np.ndarray  # [env, muscle], lengthening positive
    body_position_m: np.ndarray  # [env, body, 3]
    body_rotation: np.ndarray  # [env, body, 3, 3]
    dof_axis: np.ndarray  # [env, nv, 6], motion axes at the centre of mass (rotation, translation)
    centre_of_mass_m: np.ndarray  # [env, 3], whole body
    contact_found: np.ndarray  # bool[env, support, slot], one physics step old
    contact_force_n: np.ndarray  # [env, support, slot], normal force
    contact_position_m: np.ndarray  # [env, support, slot, 3]


class Reader(NamedTuple):
    """Bound arrays of a batch and the index maps that unpack them."""

    bound: dict[str, np.ndarray]
    mass_row: np.ndarray
    mass_column: np.ndarray
    sensor_index: np.ndarray  # int[support, slot, width]


_FIELDS = (
    "M",
    "qfrc_bias",
    "qfrc_passive",
    "actuator_moment",
    "moment_rownnz",
    "moment_rowadr",
    "moment_colind",
    "actuator_length",
    "actuator_velocity",
    "xpos",
    "xmat",
    "cdof",
    "subtree_com",
    "sensordata",
    "time",
    "qpos",
    "qvel",
)


def make_reader(body: Body, batch: Batch) -> Reader:
    """Bind the arrays that ``read`` needs; done once a batch."""
    model = body.model
    rows = np.repeat(np.arange(model.nv), model.M_rownnz)
    slots = np.arange(CONTACTS_PER_GEOM)[:, None] * CONTACT_WIDTH + np.arange(CONTACT_WIDTH)
    return Reader(
        bound={name: batch.bind(name) for name in _FIELDS},
        mass_row=rows,
        mass_column=np.asarray(model.M_colind)[: rows.size],
        sensor_index=body.support.sensor_address[:, None, None] + slots[None],
    )


@compiled
def _dense(row, column, packed, n_nonzero, columns, values, mass, moment):  # type: ignore[no-untyped-def]
    """Write the mass matrix [env, nv, nv] and moment arms [env, muscle, nv] from sparse ones."""
    for env in range(packed.shape[0]):
        for k in range(row.size):
            mass[env, row[k], column[k]] = packed[env, k]
            mass[env, column[k], row[k]] = packed[env, k]
        at = 0
        for muscle in range(n_nonzero.shape[1]):
            for k in range(at, at + n_nonzero[env, muscle]):
                moment[env, muscle, columns[env, k]] = values[env, k]
            at += n_nonzero[env, muscle]


def read(body: Body, reader: Reader) -> BodyReading:
    """Unpack the bound arrays; the batch must have run ``forward(stage=STAGE)``."""
    bound, nv = reader.bound, body.model.nv
    n_env = bound["qpos"].shape[0]
    mass, moment = np.zeros((n_env, nv, nv)), np.zeros((n_env, body.model.nu, nv))
    sparse = (bound[name] for name in ("M", "moment_rownnz", "moment_colind", "actuator_moment"))
    _dense(reader.mass_row, reader.mass_column, *sparse, mass, moment)
    contact = bound["sensordata"][:, reader.sensor_index]
    return BodyReading(
        time_s=bound["time"].copy(),
        qpos=bound["qpos"].copy(),
        qvel=bound["qvel"].copy(),
        mass_matrix=mass,
        bias_force=bound["qfrc_bias"].copy(),
        passive_force=bound["qfrc_passive"].copy(),
        moment_arm=moment,
        muscle_length_m=bound["actuator_length"].copy(),
        muscle_velocity_m_per_s=bound["actuator_velocity"].copy(),
        body_position_m=bound["xpos"].copy(),
        body_rotation=bound["xmat"].reshape(n_env, -1, 3, 3).copy(),
        dof_axis=bound["cdof"].copy(),
        centre_of_mass_m=bound["subtree_com"][:, 0].copy(),
        contact_found=contact[..., 0] > 0,
        contact_force_n=contact[..., 1],
        contact_position_m=contact[..., 4:7],
    )
