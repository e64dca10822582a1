"""The skeleton of reference postures is MuJoCo's own; inverse kinematics keeps to the limits."""

import mujoco
import numpy as np
import pytest

from neurocoord.body import model
from neurocoord.coordination.kinematics import make_skeleton, pose, rotation_about, solve_posture


@pytest.fixture(scope="module")
def body():
    return model.load()


@pytest.fixture(scope="module")
def skeleton(body):
    return make_skeleton(body)


def random_quaternion(rng):
    quaternion = rng.standard_normal(4)
    return quaternion / np.linalg.norm(quaternion)


@pytest.mark.parametrize("seed", range(10))
def test_pose_is_mujocos(body, skeleton, seed):
    rng = np.random.default_rng(seed)
    data = mujoco.MjData(body.model)
    data.qpos[:3] = rng.uniform(-1.0, 1.0, 3)
    data.qpos[3:7] = random_quaternion(rng)
    angle = rng.uniform(*body.joint_range.T)
    data.qpos[body.joint_qpos] = angle
    mujoco.mj_kinematics(body.model, data)
    at = pose(skeleton, data.qpos[:3], data.xmat[1].reshape(3, 3), angle)
    np.testing.assert_allclose(at.position_m, data.xpos, atol=1e-12)
    np.testing.assert_allclose(at.rotation[1:], data.xmat[1:].reshape(-1, 3, 3), atol=1e-12)


def test_pose_leaves_its_arguments(body, skeleton):
    angle, root, rotation = np.full(len(body.joints), 0.1), np.ones(3), np.eye(3)
    pose(skeleton, root, rotation, angle)
    np.testing.assert_array_equal(angle, 0.1)
    np.testing.assert_array_equal(root, 1.0)
    np.testing.assert_array_equal(rotation, np.eye(3))


def test_rotation_about_is_mujocos():
    rng = np.random.default_rng(0)
    for _ in range(20):
        axis = rng.standard_normal(3)
        axis /= np.linalg.norm(axis)
        angle = rng.uniform(-np.pi, np.pi)
        quaternion, matrix = np.zeros(4), np.zeros(9)
        mujoco.mju_axisAngle2Quat(quaternion, axis, angle)
        mujoco.mju_quat2Mat(matrix, quaternion)
        np.testing.assert_allclose(rotation_about(axis, angle), matrix.reshape(3, 3), atol=1e-12)


def arm_to(skeleton, body, joints, target):
    hand = body.bodies.index("hand_r")
    angle = np.zeros(len(body.joints))

    def error(values):
        angle[joints] = values
        return pose(skeleton, np.zeros(3), np.eye(3), angle).position_m[hand] - target

    return error


@pytest.fixture(scope="module")
def joints(body):
    names = ("shoulder_flexion_r", "shoulder_adduction_r", "shoulder_rotation_r", "elbow_flexion_r")
    return [body.joints.index(name) for name in names]


def test_solve_posture_reaches_what_can_be_reached(body, skeleton, joints):
    hand = body.bodies.index("hand_r")
    limits = body.joint_range[joints]
    rest = np.radians([40.0, -20.0, 0.0, 60.0])
    rng = np.random.default_rng(1)
    for _ in range(5):
        goal = np.clip(rest + rng.uniform(-0.4, 0.4, 4), *limits.T)
        angle = np.zeros(len(body.joints))
        angle[joints] = goal
        target = pose(skeleton, np.zeros(3), np.eye(3), angle).position_m[hand]
        error = arm_to(skeleton, body, joints, target)
        found = solve_posture(error, rest, limits, rest, np.full(4, 1e-3), iterations=40)
        assert np.linalg.norm(error(found)) < 2e-3


@pytest.mark.parametrize("seed", range(10))
def test_solve_posture_keeps_to_the_limits(body, skeleton, joints, seed):
    """Even where the target is out of reach and the start outside."""
    rng = np.random.default_rng(seed)
    limits = body.joint_range[joints]
    target = rng.uniform(-2.0, 2.0, 3)
    start = rng.uniform(-5.0, 5.0, 4)
    rest = limits.mean(axis=1)
    kept = start.copy()
    error = arm_to(skeleton, body, joints, target)
    found = solve_posture(error, start, limits, rest, np.full(4, 1e-3))
    assert np.all(found >= limits[:, 0]) and np.all(found <= limits[:, 1])
    np.testing.assert_array_equal(start, kept)


def test_solve_posture_stays_near_rest_where_free(body, skeleton, joints):
    """With no error to reduce, the posture goes to rest."""
    limits = body.joint_range[joints]
    rest = np.radians([30.0, -10.0, 5.0, 50.0])
    found = solve_posture(
        lambda values: np.zeros(1), rest + 0.3, limits, rest, np.ones(4), iterations=30
    )
    np.testing.assert_allclose(found, rest, atol=1e-3)
