"""Forward kinematics of the body's tree and damped least-squares inverse kinematics.

For making reference postures only (offline, once a gait): the running controller reads positions
from ``BodyReading``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from neurocoord.body.model import Body
from neurocoord.motorunits.compiled import compiled


class Skeleton(NamedTuple):
    """The kinematic tree: hinges in the order in which they move their body."""

    parent: np.ndarray  # int[body]
    offset_m: np.ndarray  # [body, 3], in the parent's frame
    first_joint: np.ndarray  # int[body + 1], hinges of body b are first_joint[b:b+2]
    joint_axis: np.ndarray  # [joint, 3], in the body's frame
    joint_position_m: np.ndarray  # [joint, 3], in the body's frame


class Pose(NamedTuple):
    """Where every body is."""

    position_m: np.ndarray  # [body, 3]
    rotation: np.ndarray  # [body, 3, 3]


def make_skeleton(body: Body) -> Skeleton:
    """The tree of a body model, as plain arrays."""
    model = body.model
    ids = [model.joint(name).id for name in body.joints]
    counts = np.bincount(model.jnt_bodyid[ids], minlength=model.nbody)
    return Skeleton(
        parent=model.body_parentid.copy(),
        offset_m=model.body_pos.copy(),
        first_joint=np.concatenate([[0], np.cumsum(counts)]),
        joint_axis=model.jnt_axis[ids].copy(),
        joint_position_m=model.jnt_pos[ids].copy(),
    )


def rotation_about(axis: np.ndarray, angle: float) -> np.ndarray:
    """Rotation matrix by ``angle`` (rad) about a unit ``axis`` (Rodrigues)."""
    x, y, z = axis
    cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    return np.eye(3) + np.sin(angle) * cross + (1 - np.cos(angle)) * cross @ cross


def pose(
    skeleton: Skeleton, root_position_m: np.ndarray, root_rotation: np.ndarray, angle: np.ndarray
) -> Pose:
    """Positions and rotations of every body for joint angles [joint] (rad); body 1 is the root."""
    return Pose(*_pose(*skeleton, root_position_m, root_rotation, angle))


@compiled
def _pose(parent, offset, first_joint, axis, pivot, root_position, root_rotation, angle):  # type: ignore[no-untyped-def]
    n_body = parent.size
    position, rotation = np.zeros((n_body, 3)), np.zeros((n_body, 3, 3))
    position[1], rotation[1] = root_position, root_rotation
    for body in range(2, n_body):
        turned = rotation[parent[body]].copy()
        origin = position[parent[body]].copy()
        _add_product(turned, offset[body], 1.0, origin)
        for joint in range(first_joint[body], first_joint[body + 1]):
            _add_product(turned, pivot[joint], 1.0, origin)
            _turn(turned, axis[joint], angle[joint])
            _add_product(turned, pivot[joint], -1.0, origin)
        position[body], rotation[body] = origin, turned
    return position, rotation


@compiled
def _add_product(matrix, vector, sign, out):  # type: ignore[no-untyped-def]
    for i in range(3):
        for k in range(3):
            out[i] += sign * matrix[i, k] * vector[k]


@compiled
def _turn(matrix, axis, angle):  # type: ignore[no-untyped-def]
    """Rotate a frame about its own axis (Rodrigues), in place."""
    sine, versine = np.sin(angle), 1.0 - np.cos(angle)
    for i in range(3):
        x, y, z = matrix[i]
        along = x * axis[0] + y * axis[1] + z * axis[2]
        matrix[i, 0] += sine * (y * axis[2] - z * axis[1]) + versine * (along * axis[0] - x)
        matrix[i, 1] += sine * (z * axis[0] - x * axis[2]) + versine * (along * axis[1] - y)
        matrix[i, 2] += sine * (x * axis[1] - y * axis[0]) + versine * (along * axis[2] - z)


def solve_posture(
    error_of: Callable[[np.ndarray], np.ndarray],
    start: np.ndarray,
    limits: np.ndarray,
    rest: np.ndarray,
    rest_weight: Sequence[float] | np.ndarray,
    iterations: int = 12,
) -> np.ndarray:
    """Angles that make ``error_of`` small, staying near ``rest``, by Levenberg's method.

    ``error_of(angle) -> [error]``; ``limits`` [angle, 2]; ``rest_weight`` [angle] is the cost of
    leaving ``rest``, in units of error per rad.
    """
    angle = np.clip(np.array(start, float), limits[:, 0], limits[:, 1])
    weight = np.diag(np.asarray(rest_weight, float))
    step = 1e-6
    for _ in range(iterations):
        error = error_of(angle)
        jacobian = np.empty((error.size, angle.size))
        for k in range(angle.size):
            moved = angle.copy()
            moved[k] += step
            jacobian[:, k] = (error_of(moved) - error) / step
        stacked = np.vstack([jacobian, weight, 1e-3 * np.eye(angle.size)])
        target = np.concatenate([-error, weight @ (rest - angle), np.zeros(angle.size)])
        change = np.linalg.lstsq(stacked, target, rcond=None)[0]
        angle = np.clip(angle + np.clip(change, -0.3, 0.3), limits[:, 0], limits[:, 1])
        if np.abs(change).max() < 1e-4:
            break
    return angle
