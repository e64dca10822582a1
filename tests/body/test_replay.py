"""What a moment gone through again tells, against statics worked out by hand and the simulation."""

import mujoco
import numpy as np
import pytest

from neurocoord.body import model as bodies
from neurocoord.body.replay import replay

# A shank that hangs from a hinge, 3 kg at 0.2 m under it; a muscle from above the hinge to below it
# pulls it up.
SUNK_M = 0.012
HANGING = """
<mujoco>
  <worldbody>
    <geom name="floor" type="plane" size="0 0 1"/>
    <site name="origin" pos="{x} 0 1.3"/>
    <body name="shank" pos="0 0 1">
      <joint name="hinge" axis="0 1 0"/>
      <inertial pos="0 0 -0.2" mass="3" diaginertia="0.02 0.02 0.02"/>
      <geom name="toe" type="sphere" size="0.03" pos="0 0 -0.5" contype="0" conaffinity="0"/>
      <site name="insertion" pos="{x} 0 -0.1"/>
    </body>
  </worldbody>
  <tendon><spatial name="m"><site site="origin"/><site site="insertion"/></spatial></tendon>
  <actuator><general name="m" tendon="m" gainprm="-1"/></actuator>
</mujoco>
"""


@pytest.mark.parametrize("pull", [0.0, 80.0])
def test_the_joint_bears_the_weight_less_what_the_muscle_carries(pull):
    """A muscle through the hinge's axis turns nothing: 3 g hang from the bone, or press on it."""
    model = mujoco.MjModel.from_xml_string(HANGING.format(x=0.0))
    found = replay(model, np.zeros((1, 1)), np.zeros((1, 1)), np.full((1, 1), pull), ("toe",))
    np.testing.assert_allclose(found.joint_force_n[0, 1], [0, 0, 3 * 9.81 - pull], atol=1e-6)
    assert found.arm_m[0, 0, 0] == pytest.approx(0.0, abs=1e-9)
    assert found.contacts.height_m[0, 0] == pytest.approx(0.47)
    np.testing.assert_allclose(found.centre_of_mass_m[0], [0, 0, 0.8], atol=1e-9)


def test_the_joint_force_is_that_of_a_body_that_turns():
    """A muscle 4 cm in front of the hinge turns the shank: with its pull and the weight the bone's
    force makes mass times acceleration."""
    model = mujoco.MjModel.from_xml_string(HANGING.format(x=0.04))
    found = replay(model, np.zeros((1, 1)), np.zeros((1, 1)), np.full((1, 1), 50.0), ("toe",))
    # pulling up in front turns the shank's end forward: about -y
    assert found.arm_m[0, 0, 0] == pytest.approx(-0.04)
    acceleration = -0.04 * 50.0 / (0.02 + 3 * 0.2**2)  # rad/s2 about y
    of_centre = -0.2 * acceleration  # along x, of a point below the hinge
    np.testing.assert_allclose(
        found.joint_force_n[0, 1], [3 * of_centre, 0, 3 * 9.81 - 50.0], atol=1e-6
    )


@pytest.fixture(scope="module")
def lying():
    """The humanoid sunk a little into the floor on its back, one hand moving."""
    body = bodies.load("humanoid")
    qpos = bodies.keyframe_qpos(body, "supine")
    qpos[2] -= SUNK_M
    qvel = np.zeros(body.model.nv)
    qvel[:2] = (0.3, -0.2)
    control = np.full(len(body.muscles), 0.1)
    return body, replay(body.model, qpos[None], qvel[None], control[None], body.support.geoms)


def test_no_force_is_left_over_at_the_root(lying):
    """The pull of all muscles on the whole body is nothing, and no bone holds the root."""
    _, found = lying
    np.testing.assert_allclose(found.joint_force_n[0, 1], 0.0, atol=1e-6)
    assert np.abs(found.joint_force_n[0, 2:]).max() > 10.0


def test_contacts_are_as_mujoco_solves_them(lying):
    body, found = lying
    contacts = found.contacts
    touches = contacts.force_n[0, :, 2] > 0.0
    assert touches.sum() >= 3
    np.testing.assert_array_equal(np.isfinite(contacts.point_m[0]).all(axis=1), touches)
    assert np.abs(contacts.point_m[0, touches, 2]).max() < 0.01
    assert np.all(contacts.height_m[0, touches] < 1e-6)
    # every point of a body that does not turn moves as the root does
    np.testing.assert_allclose(
        contacts.velocity_m_per_s[0, touches], [[0.3, -0.2, 0.0]] * int(touches.sum()), atol=1e-9
    )
    # friction is against the way and within the cone
    across = contacts.force_n[0, touches, :2]
    assert np.all(across @ np.array([0.3, -0.2]) <= 1e-9)
    friction = body.model.geom("floor").friction[0]
    assert np.all(np.abs(across).max(axis=1) <= friction * contacts.force_n[0, touches, 2] * 1.0001)


def test_arms_give_the_muscles_torque(lying):
    body, found = lying
    data = mujoco.MjData(body.model)
    data.qpos[:] = bodies.keyframe_qpos(body, "supine")
    data.qpos[2] -= SUNK_M
    data.qvel[:2] = (0.3, -0.2)
    data.ctrl[:] = 0.1
    mujoco.mj_forward(body.model, data)
    torque = found.arm_m[0].astype(float).T @ -data.actuator_force
    np.testing.assert_allclose(torque, data.qfrc_actuator, atol=1e-4)
