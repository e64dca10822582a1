"""The lever: what it adds to the strapped body, what it holds, and that no shipped model has it."""

import mujoco
import numpy as np
import pytest

from neurocoord.body import dynamometer, model
from neurocoord.simulation import Simulation
from neurocoord.trial import Pools, TrialConfig, make_pools

KNEE = "knee_flexion_r"


@pytest.fixture(scope="module")
def body():
    return dynamometer.with_lever("dynamometer", KNEE, {})


def test_no_shipped_model_has_a_lever(body):
    for name in ("humanoid", "dynamometer"):
        assert dynamometer.find_lever(model.load(name)) is None
        assert not dynamometer.elastic_muscles(model.load(name)).size
    assert dynamometer.find_lever(body) is not None
    assert body.joints == model.load("dynamometer").joints  # it is no joint of the body's own


def test_the_lever_takes_the_place_of_one_strap(body):
    m, plain = body.model, model.load("dynamometer").model
    names = {m.equality(e).name for e in range(m.neq)}
    before = {plain.equality(e).name for e in range(plain.neq)}
    assert names == before - {f"strap_{KNEE}"} | {f"lever_{KNEE}"}
    assert m.nu == plain.nu and m.nmocap == 0 and m.nq == plain.nq + 1


def test_straps_follow_the_posture():
    bent = dynamometer.with_lever("dynamometer", "ankle_flexion_r", {"knee_flexion": 20.0})
    strap = bent.model.equality(f"strap_{KNEE}").data[0]
    assert np.degrees(strap) == pytest.approx(20.0)
    seated = model.keyframe_qpos(bent, "seated")
    assert seated[bent.joint_qpos[bent.joints.index(KNEE)]] == pytest.approx(strap)


def test_only_a_dynamometer_gets_a_lever():
    with pytest.raises(ValueError, match=r"body 'humanoid' \(humanoid\) cannot get a lever"):
        dynamometer.with_lever("humanoid", KNEE, {})
    with pytest.raises(ValueError, match="joint 'nose' of body 'dynamometer'"):
        dynamometer.with_lever("dynamometer", "nose", {})


@pytest.mark.parametrize("speed_deg_per_s", [-60.0, 0.0, 180.0])
def test_the_joint_keeps_the_levers_speed_and_torques_add_up(body, speed_deg_per_s):
    """At a constant speed lever, muscles, springs and weight are in balance at the joint."""
    m, lever = body.model, dynamometer.find_lever(body)
    data = mujoco.MjData(m)
    data.qpos[:] = m.key("seated").qpos
    data.qvel[lever.dof] = np.radians(speed_deg_per_s)
    for muscle in ("VAS_L_r", "VAS_M_r"):
        data.ctrl[body.muscles.index(muscle)] = 0.5
    for _ in range(100):
        mujoco.mj_step(m, data)
    mujoco.mj_forward(m, data)
    dof = body.joint_dof[body.joints.index(KNEE)]
    assert np.degrees(data.qvel[dof]) == pytest.approx(speed_deg_per_s, abs=0.5)
    held = -data.qfrc_constraint[lever.dof]
    assert data.qfrc_constraint[dof] == pytest.approx(held, abs=0.1)
    rest = data.qfrc_actuator[dof] + data.qfrc_passive[dof] - data.qfrc_bias[dof]
    assert held == pytest.approx(-rest, abs=2.0)
    assert abs(held) > 20.0


def test_a_simulation_logs_the_levers_torque(body):
    pools, coupling = make_pools(TrialConfig(task="isokinetic", pools=Pools(n_units=8)), body)
    simulation = Simulation(body, pools, coupling, seeds=[0])
    simulation.reset(model.keyframe_qpos(body, "seated")[None], seeds=[0])
    drive = np.zeros((1, len(body.muscles)))
    simulation.drive_lever(0, np.radians(60.0), np.radians(30.0))
    for _ in range(50):
        block = simulation.advance(drive)
    assert block.lever_torque_nm.shape == (1, 2)
    assert 0.0 < np.abs(block.lever_torque_nm).max() < 50.0
    angle = simulation.read().qpos[0, body.joint_qpos[body.joints.index(KNEE)]]
    assert np.degrees(angle) == pytest.approx(66.0, abs=0.3)
    plain = model.load("dynamometer")
    simulation = Simulation(plain, pools, coupling, seeds=[0])
    assert not simulation.advance(drive).lever_torque_nm.any()
    with pytest.raises(ValueError, match="has no lever"):
        simulation.drive_lever(0, 0.0, 0.0)
