"""The roll's geometry, its mirror image, and a clock that waits."""

from dataclasses import replace
from types import SimpleNamespace

import mujoco
import numpy as np
import pytest

from neurocoord.body import model
from neurocoord.coordination.roll import (
    RollKeyframe,
    RollPlan,
    advance_clock,
    is_from_prone,
    make_roll,
    quaternion_of,
    roll_angle,
    roll_reference,
    wanted_orientation,
)

SIGN = {"left": 1.0, "right": -1.0}


@pytest.fixture(scope="module")
def body():
    return model.load()


def lying(roll_deg, side, heading_deg=0.0, tilt_deg=0.0):
    """Rotation of a trunk lying with its head along a heading, rolled by an angle to one side.

    Columns are front, left and long axis. Supine means front up; rolling to the left turns the
    front towards the body's left.
    """
    heading, tilt, roll = np.radians([heading_deg, tilt_deg, roll_deg])
    long = np.array([np.cos(tilt) * np.cos(heading), np.cos(tilt) * np.sin(heading), np.sin(tilt)])
    up = np.array([0.0, 0.0, 1.0]) - long[2] * long
    up /= np.linalg.norm(up)
    left_of_supine = np.cross(long, up)
    front = np.cos(roll) * up + np.sin(roll) * SIGN[side] * left_of_supine
    return np.column_stack([front, np.cross(long, front), long])


def reading_of(body, rotation):
    """As much of a reading as a roll looks at."""
    turned = np.tile(np.eye(3), (1, len(body.bodies), 1, 1))
    turned[0, 1] = rotation
    return SimpleNamespace(body_rotation=turned, qpos=body.model.qpos0[None].copy())


@pytest.mark.parametrize("side", SIGN)
@pytest.mark.parametrize("degrees", [0.0, 45.0, 90.0, 135.0, 180.0, 250.0, -60.0])
@pytest.mark.parametrize("heading", [0.0, 100.0, -150.0])
def test_roll_angle(side, degrees, heading):
    for tilt in (0.0, 20.0, -30.0):
        rotation = lying(degrees, side, heading, tilt)
        assert np.linalg.det(rotation) == pytest.approx(1.0)
        assert np.degrees(roll_angle(rotation, SIGN[side])) == pytest.approx(degrees, abs=1e-9)


def test_keyframes_lie_as_their_names_say(body):
    """Supine is 0 and prone 180 degrees on the model itself, for either side."""
    for name, expected in (("supine", 0.0), ("prone", 180.0)):
        data = mujoco.MjData(body.model)
        data.qpos[:] = model.keyframe_qpos(body, name)
        mujoco.mj_kinematics(body.model, data)
        for sign in (1.0, -1.0):
            angle = np.degrees(roll_angle(data.xmat[1].reshape(3, 3), sign))
            assert angle == pytest.approx(expected, abs=1e-3)


def test_left_is_the_bodys_left(body):
    """Rolled by 90 degrees to the left, the left shoulder is the lower one."""
    for side, lower, upper in (
        ("left", "humerus_l", "humerus_r"),
        ("right", "humerus_r", "humerus_l"),
    ):
        data = mujoco.MjData(body.model)
        data.qpos[:] = body.model.qpos0
        data.qpos[3:7] = quaternion_of(lying(90.0, side))
        mujoco.mj_kinematics(body.model, data)
        height = {name: data.xpos[body.bodies.index(name), 2] for name in (lower, upper)}
        assert height[lower] < height[upper] - 0.2


@pytest.mark.parametrize("side", SIGN)
def test_wanted_orientation_has_the_roll_and_keeps_the_heading(side):
    for degrees in (0.0, 30.0, 120.0, 180.0, -40.0):
        now = lying(75.0, side, 40.0, 25.0)
        matrix = np.zeros(9)
        mujoco.mju_quat2Mat(matrix, wanted_orientation(now, SIGN[side] * np.radians(degrees)))
        expected = lying(degrees, side, 40.0, 0.0)
        np.testing.assert_allclose(matrix.reshape(3, 3), expected, atol=1e-12)


def test_quaternion_of_undoes_mujocos_matrix():
    rng = np.random.default_rng(0)
    quaternions = list(rng.standard_normal((300, 4)))
    quaternions += [*np.eye(4), *(np.eye(4)[1:] + 1e-9), np.array([1e-12, 1.0, 1.0, 0.0])]
    for quaternion in quaternions:
        unit = quaternion / np.linalg.norm(quaternion)
        matrix = np.zeros(9)
        mujoco.mju_quat2Mat(matrix, unit)
        found = quaternion_of(matrix.reshape(3, 3))
        assert np.linalg.norm(found) == pytest.approx(1.0)
        assert abs(found @ unit) == pytest.approx(1.0, abs=1e-12)


def test_left_and_right_plans_are_mirror_images(body):
    left, right = (make_roll(body, RollPlan(side=side)) for side in ("left", "right"))
    assert (left.sign, right.sign) == (1.0, -1.0)
    np.testing.assert_array_equal(left.knot_roll, right.knot_roll)
    np.testing.assert_array_equal(left.knot_s, right.knot_s)
    for k, name in enumerate(body.joints):
        if name.endswith(("_r", "_l")):
            other = body.joints.index(name[:-1] + {"r": "l", "l": "r"}[name[-1]])
            sign = 1.0
        else:
            other, sign = k, -1.0 if name.endswith(("_bending", "_rotation")) else 1.0
        np.testing.assert_allclose(
            left.knot_angle[:, k], sign * right.knot_angle[:, other], atol=1e-12, err_msg=name
        )
        assert left.stiffness[k] == right.stiffness[other]
    # and they are not the same thing
    assert not np.allclose(left.knot_angle, right.knot_angle)


def test_from_prone_the_other_side_goes_the_same_way(body):
    prone = RollKeyframe(roll=180.0, trunk_rotation=20.0)
    plans = {side: RollPlan(side=side, start=prone, first=prone) for side in ("left", "right")}
    left, right = (make_roll(body, plan) for plan in plans.values())
    assert is_from_prone(plans["left"]) and not is_from_prone(RollPlan())
    assert (left.sign, right.sign) == (-1.0, 1.0)
    # the thorax goes ahead of the pelvis in either, and the leading limbs are those rolled over
    k = body.joints.index("thorax_rotation")
    assert left.knot_angle[1, k] == -right.knot_angle[1, k] < 0.0
    plan = replace(plans["left"], first=replace(prone, lead_knee=60.0))
    assert make_roll(body, plan).knot_angle[
        1, body.joints.index("knee_flexion_l")
    ] == pytest.approx(np.radians(60.0))


def test_a_roll_after_another_begins_at_its_end(body):
    before = make_roll(body, RollPlan())
    prone = replace(before.plan.last, trail_elbow=90.0)
    roll = make_roll(body, RollPlan(side="right", start=prone), before)
    np.testing.assert_array_equal(roll.knot_angle[0], before.knot_angle[-1])
    assert roll.knot_s[0] < 0.0 == roll.knot_s[1]
    assert roll.knot_roll[0] == roll.knot_roll[1] == np.pi
    reading = reading_of(body, lying(180.0, "left"))
    k = body.joints.index("elbow_flexion_l")
    asked = [roll_reference(roll, reading, 0, t).joint_angle[k] for t in (-0.8, -0.4, -0.03)]
    assert asked == sorted(asked) and asked[-1] == pytest.approx(np.radians(90.0), abs=0.01)


def test_left_and_right_references_are_mirror_images(body):
    left, right = (make_roll(body, RollPlan(side=side)) for side in ("left", "right"))
    for clock in (0.0, 0.2, 0.7, 1.5, 3.0):
        a = roll_reference(left, reading_of(body, lying(50.0, "left")), 0, clock)
        b = roll_reference(right, reading_of(body, lying(50.0, "right")), 0, clock)
        np.testing.assert_allclose(a.root_angular_velocity, -b.root_angular_velocity, atol=1e-12)
        mirror = np.array([1.0, -1.0, 1.0])  # the heading is +x: the mirror turns y round
        np.testing.assert_allclose(
            a.root_velocity_m_per_s, mirror * b.root_velocity_m_per_s, atol=1e-12
        )
        reflect = np.array([1.0, -1.0, 1.0, -1.0])  # quaternion in that mirror: x and z turn round
        aligned = abs((reflect * a.root_quaternion) @ b.root_quaternion)
        assert aligned == pytest.approx(1.0, abs=1e-12)


def test_knots_keep_to_the_joints_ranges_and_end_prone(body):
    roll = make_roll(body, RollPlan())
    assert np.all(roll.knot_angle >= body.joint_range[:, 0])
    assert np.all(roll.knot_angle <= body.joint_range[:, 1])
    assert roll.knot_roll[0] == 0.0 and roll.knot_roll[-1] == pytest.approx(np.pi)


def test_the_clock_waits_for_the_body(body):
    roll = make_roll(body, RollPlan())
    end = float(roll.knot_s[-1])  # there the body is asked to be prone
    waits = roll.plan.wait_deg
    for degrees, runs in (
        (0.0, False),
        (180.0 - waits - 1.0, False),
        (180.0 - waits + 1.0, True),
        (180.0, True),
    ):
        reading = reading_of(body, lying(degrees, roll.plan.side))
        after, waited = advance_clock(roll, reading, 0, end, 0.0, 0.004)
        assert after == pytest.approx(end + 0.004 * runs, abs=1e-12)
        assert waited == (0.0 if runs else 0.004)
    # at its start nothing lags
    supine = reading_of(body, lying(0.0, roll.plan.side))
    assert advance_clock(roll, supine, 0, 0.0, 0.0, 0.004) == (0.004, 0.0)
    # a body that does not catch up begins anew, and not before its patience is at an end
    patience = roll.plan.patience_s
    assert advance_clock(roll, supine, 0, end, patience, 0.004) == (0.0, 0.0)
    assert advance_clock(roll, supine, 0, end, patience - 0.005, 0.004)[0] == end


@pytest.mark.parametrize("side", SIGN)
def test_reference_is_continuous_in_its_own_time(body, side):
    """No jump from one block to the next, and rates that are those of the angles."""
    roll = make_roll(body, RollPlan(side=side))
    reading = reading_of(body, lying(20.0, side))
    times = np.arange(1, 700) * 0.004
    references = [roll_reference(roll, reading, 0, float(t)) for t in times]
    angles = np.array([r.joint_angle for r in references])
    rates = np.array([r.joint_velocity for r in references])
    assert np.abs(np.diff(angles, axis=0)).max() < 0.1
    np.testing.assert_allclose(np.diff(angles, axis=0), 0.002 * (rates[1:] + rates[:-1]), atol=2e-3)
    assert not rates[-1].any()
    np.testing.assert_allclose(angles[-1], roll.knot_angle[-1])


def test_before_its_time_the_body_lies_still(body):
    roll = make_roll(body, RollPlan())
    reading = reading_of(body, lying(0.0, "left"))
    reference = roll_reference(roll, reading, 0, 0.0)
    np.testing.assert_array_equal(reference.joint_angle, roll.knot_angle[0])
    for field in ("joint_velocity", "root_angular_velocity", "root_velocity_m_per_s"):
        assert not np.any(getattr(reference, field)), field
    np.testing.assert_array_equal(reference.root_position_m, reading.qpos[0, :3])


def test_errors_name_what_is_allowed(body):
    with pytest.raises(ValueError, match="side 'up' is unknown; allowed: left, right"):
        make_roll(body, RollPlan(side="up"))
    for times in ((0.0, 1.0, 2.0), (1.0, 0.5, 2.0)):
        with pytest.raises(ValueError, match="times_s"):
            make_roll(body, RollPlan(times_s=times))
