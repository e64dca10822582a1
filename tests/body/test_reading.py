"""What a controller reads is what MuJoCo itself says of the same state."""

import mujoco
import numpy as np
import pytest

from neurocoord import synchrony
from neurocoord.body import model
from neurocoord.motorunits import published
from neurocoord.simulation import STEPS_PER_BLOCK, Simulation

N_BLOCKS = 30


@pytest.fixture(scope="module")
def body():
    return model.load()


@pytest.fixture(scope="module")
def run(body):
    """Two bodies fallen for a while on all fours and on the back: readings, blocks."""
    n_muscles = len(body.muscles)
    pools = published.body_pools(np.full(n_muscles, 10), body.table.type1_share)
    coupling = synchrony.strategy("independent")(pools)
    simulation = Simulation(body, pools, coupling, seeds=[1, 2])
    qpos = np.array([model.keyframe_qpos(body, name) for name in ("hands_knees", "supine")])
    qpos[:, 2] -= 0.003
    first = simulation.reset(qpos, seeds=[1, 2])
    drive = np.random.default_rng(0).uniform(0.0, 0.4, (2, n_muscles))
    blocks = [simulation.advance(drive) for _ in range(N_BLOCKS)]
    return first, blocks, simulation.read()


def fresh(body, reading, env):
    """A new ``MjData`` in the state that was read, forwarded."""
    data = mujoco.MjData(body.model)
    data.qpos[:] = reading.qpos[env]
    data.qvel[:] = reading.qvel[env]
    mujoco.mj_forward(body.model, data)
    return data


@pytest.fixture(scope="module", params=[0, 1], ids=["hands_knees", "supine"])
def env(request):
    return request.param


@pytest.fixture(scope="module")
def data(body, run, env):
    return fresh(body, run[2], env)


def test_the_state_moved(run):
    first, _, last = run
    assert np.abs(last.qvel).max() > 0.1
    assert not np.array_equal(first.qpos, last.qpos)
    np.testing.assert_allclose(last.time_s, 0.004 * N_BLOCKS)


def test_dynamics_are_those_of_a_fresh_forward(body, run, data, env):
    reading, m = run[2], body.model
    mass = np.zeros((m.nv, m.nv))
    mujoco.mj_fullM(m, data, mass)
    np.testing.assert_allclose(reading.mass_matrix[env], mass, atol=1e-12)
    np.testing.assert_allclose(reading.bias_force[env], data.qfrc_bias, atol=1e-10)
    np.testing.assert_allclose(reading.passive_force[env], data.qfrc_passive, atol=1e-10)
    np.testing.assert_allclose(reading.centre_of_mass_m[env], data.subtree_com[1], atol=1e-12)


def test_muscles_are_those_of_a_fresh_forward(body, run, data, env):
    reading, m = run[2], body.model
    arms = np.zeros((m.nu, m.nv))
    mujoco.mju_sparse2dense(
        arms, data.actuator_moment, data.moment_rownnz, data.moment_rowadr, data.moment_colind
    )
    np.testing.assert_allclose(reading.moment_arm[env], arms, atol=1e-12)
    np.testing.assert_allclose(reading.muscle_length_m[env], data.actuator_length, atol=1e-12)
    velocity = reading.muscle_velocity_m_per_s[env]
    np.testing.assert_allclose(velocity, data.actuator_velocity, atol=1e-12)
    np.testing.assert_allclose(velocity, reading.moment_arm[env] @ reading.qvel[env], atol=1e-12)


def test_poses_are_those_of_a_fresh_forward(run, data, env):
    reading = run[2]
    np.testing.assert_allclose(reading.body_position_m[env], data.xpos, atol=1e-12)
    rotation = data.xmat.reshape(-1, 3, 3)
    np.testing.assert_allclose(reading.body_rotation[env], rotation, atol=1e-12)
    np.testing.assert_allclose(reading.dof_axis[env], data.cdof, atol=1e-12)


def test_motion_axes_give_the_jacobian(body, run, data, env):
    """J of a point = translation + rotation x (point - centre of mass), of the dofs above it."""
    reading = run[2]
    rng = np.random.default_rng(3)
    for name in ("hand_l", "tibia_r", "head"):
        index = body.bodies.index(name)
        point = data.xpos[index] + rng.normal(0.0, 0.1, 3)
        expected = np.zeros((3, body.model.nv))
        mujoco.mj_jac(body.model, data, expected, None, point, index)
        axis = reading.dof_axis[env]
        offset = point - reading.centre_of_mass_m[env]
        jacobian = np.where(
            body.dof_above[index][:, None], axis[:, 3:] + np.cross(axis[:, :3], offset), 0.0
        ).T
        np.testing.assert_allclose(jacobian, expected, atol=1e-12)


def test_contacts_are_those_of_the_last_step(body, run, env):
    """Steps of a lone ``MjData`` with the recorded controls touch where the reading says."""
    first, blocks, last = run
    m = body.model
    data = fresh(body, first, env)
    for block in blocks:
        for step in range(STEPS_PER_BLOCK):
            data.ctrl[:] = block.step_active_state[env, step]
            mujoco.mj_step(m, data)
    # the lone run is the batch's run, so its contacts are those of the last step too
    np.testing.assert_allclose(data.qpos, last.qpos[env], atol=1e-9)
    floor = m.geom("floor").id
    n_slots = last.contact_found.shape[2]
    for support, name in enumerate(body.support.geoms):
        geom = m.geom(name).id
        forces, points = [], []
        for k, contact in enumerate(data.contact):
            if {contact.geom1, contact.geom2} == {geom, floor}:
                wrench = np.zeros(6)
                mujoco.mj_contactForce(m, data, k, wrench)
                forces.append(wrench[0])
                points.append(contact.pos.copy())
        found = last.contact_found[env, support]
        assert found.sum() == min(len(forces), n_slots), name
        if len(forces) > n_slots or not forces:
            continue
        read = last.contact_position_m[env, support][found]
        for force, point in zip(forces, points, strict=True):
            nearest = int(np.linalg.norm(read - point, axis=1).argmin())
            np.testing.assert_allclose(read[nearest], point, atol=1e-8)
            normal = last.contact_force_n[env, support][found][nearest]
            assert normal == pytest.approx(force, abs=1e-4), name
    assert last.contact_found[env].any()


def test_a_reading_is_a_copy(body):
    n_muscles = len(body.muscles)
    pools = published.body_pools(np.full(n_muscles, 2), body.table.type1_share)
    simulation = Simulation(body, pools, synchrony.strategy("independent")(pools), seeds=[0])
    before = simulation.read()
    kept = [field.copy() for field in before]
    for _ in range(3):
        simulation.advance(np.full((1, n_muscles), 0.5))
    simulation.read()
    for name, field, copy in zip(before._fields, before, kept, strict=True):
        np.testing.assert_array_equal(field, copy, err_msg=name)
