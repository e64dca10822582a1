"""Coordination measures of trials: exact on made-up footfalls, sound on a body at rest."""

import numpy as np
import pytest

from neurocoord import trial
from neurocoord.body import model
from neurocoord.coordination.reference import LIMBS
from neurocoord.tasks import TASKS, body_measures, gait_measures
from neurocoord.tasks.movement import BLOCK_S
from neurocoord.tasks.protocol import Trace


@pytest.fixture(scope="module")
def body():
    return model.load("humanoid")


def standing(body, n=500):
    """A trace of a body on all fours that does not move; nothing pulls and nothing touches."""
    qpos = np.tile(model.keyframe_qpos(body, "hands_knees"), (n, 1))
    muscles, supports = len(body.muscles), len(body.support.geoms)
    blocks = {
        "time_s": BLOCK_S * np.arange(n),
        "qpos": qpos,
        "qvel": np.zeros((n, body.model.nv)),
        "drive": np.full((n, muscles), 0.2),
        "contact_force_n": np.zeros((n, supports)),
        "body_position_m": np.zeros((n, len(body.bodies), 3)),
    }
    steps = {
        name: np.zeros((2 * n, muscles))
        for name in ("active_state", "muscle_force_n", "muscle_velocity_m_per_s")
    }
    steps["muscle_length_m"] = np.tile(body.model.actuator_length0, (2 * n, 1))
    nothing = dict.fromkeys(Trace._fields, np.zeros(0))
    return Trace(**{**nothing, **blocks, **steps, "ended": ""})


def press(body, trace, geom, on, newtons):
    trace.contact_force_n[on, body.support.geoms.index(geom)] = newtons


@pytest.fixture(scope="module")
def trotting(body):
    """Hands and knees load in a known pattern: period 100 blocks, duty 60 and 70, hands 10 late."""
    trace = standing(body)
    tick = np.arange(trace.time_s.size)
    begins = {"knee_r": 0, "knee_l": 50, "hand_l": 10, "hand_r": 60}
    for limb, start in begins.items():
        kind, side = limb.split("_")
        duty, geom = (60, "palm_heel") if kind == "hand" else (70, "knee")
        on = (tick - start) % 100 < duty
        press(body, trace, f"{geom}_{side}", on, 0.5 * gait_measures.body_weight_n(body))
    # the right toes drag through the first half of the right knee's swing (70 to 84)
    press(body, trace, "toes_medial_r", (tick % 100 >= 70) & (tick % 100 < 85), 1.0)
    press(body, trace, "skull", tick < 25, 30.0)
    return trace


def test_footfalls_of_a_pattern_are_exact(body, trotting):
    during = trotting.time_s >= 0.0
    found = gait_measures.gait_measures(
        body, trotting, during, body_measures.moments(body, trotting, during), 0.3
    )
    assert set(found) == set(gait_measures.GAIT_MEASURES)
    for side in ("r", "l"):
        assert found[f"duty_factor_hand_{side}"] == pytest.approx(0.6)
        assert found[f"duty_factor_knee_{side}"] == pytest.approx(0.7)
    assert found["stride_frequency_hz"] == pytest.approx(1.0 / 0.4)
    assert found["stride_length_m"] == pytest.approx(0.3 * 0.4)
    assert found["diagonal_phase"] == pytest.approx(0.1)
    assert found["ipsilateral_phase"] == pytest.approx(0.6)
    assert found["hands_phase"] == found["knees_phase"] == pytest.approx(0.5)
    assert found["toe_drag_share"] == pytest.approx(0.25)  # half of the right, none of the left
    assert found["swing_touch_share"] == 0.0
    assert found["other_contact_share"] == pytest.approx(25 / 500)
    assert found["peak_load_hand_bw"] == found["impact_knee_bw"] == pytest.approx(0.5)
    others = gait_measures.other_contacts(body, trotting, during)
    assert others["head"] == pytest.approx(25 / 500)
    assert sum(others.values()) == others["head"] and "toes" not in others


def test_a_body_that_gets_nowhere_has_no_way_to_be_turned_from(body, trotting):
    during = trotting.time_s >= 0.0
    at = body_measures.moments(body, trotting, during)
    found = gait_measures.gait_measures(body, trotting, during, at, 0.0)
    assert np.isnan(found["trunk_turn_deg"]) and np.isnan(found["head_turn_deg"])
    assert found["head_tilt_deg"] == pytest.approx(0.0, abs=1e-6)


def test_a_diagonal_that_comes_early_has_a_negative_phase(body, trotting):
    early = trotting._replace(contact_force_n=trotting.contact_force_n.copy())
    for geom in ("palm_heel_r", "palm_heel_l"):
        column = early.contact_force_n[:, body.support.geoms.index(geom)]
        column[:] = np.roll(column, -30)
    during = early.time_s >= 0.0
    at = body_measures.moments(body, early, during)
    found = gait_measures.gait_measures(body, early, during, at, 0.3)
    assert found["diagonal_phase"] == pytest.approx(-0.2)


def test_measures_of_the_body_at_rest(body):
    trace = standing(body, 80)
    at = body_measures.moments(body, trace, trace.time_s >= 0.0)
    assert at.block.tolist() == list(range(0, 80, body_measures.EVERY))
    found = body_measures.body_measures(body, at)
    assert set(found) == set(body_measures.BODY_MEASURES)
    for joint in body_measures.JOINTS:
        assert found[f"excursion_{joint}_deg"] == 0.0
        assert found[f"stiffness_{joint}_nm_per_rad"] == found[f"torque_use_{joint}"] == 0.0
        assert np.isnan(found[f"cocontraction_{joint}_percent"])
        # equal drive everywhere: likeness 1, height 0.2 + 0.2
        assert found[f"cocontraction_drive_{joint}"] == pytest.approx(0.4)
    assert np.isnan(found["force_share_anterior"]) and np.isnan(found["work_share_posterior"])


def test_equal_active_force_shares_and_torques(body):
    """Active force in the anterior chain alone, and in one muscle either way at a knee."""
    trace = standing(body, 8)
    at = body_measures.moments(body, trace, trace.time_s >= 0.0)
    front = np.array([chain == "anterior" for chain in body.table.chain], float)
    found = body_measures.body_measures(
        body, at._replace(active_force_n=np.tile(front, (2, 1)), power_w=np.tile(front, (2, 1)))
    )
    assert found["force_share_anterior"] == found["work_share_anterior"] == 1.0
    assert found["force_share_posterior"] == 0.0
    arm = at.seen.arm_m[:, :, body.joint_dof[body.joints.index("knee_flexion_r")]].astype(float)
    one_each_way = np.zeros_like(arm)
    for muscle in (arm[0].argmax(), arm[0].argmin()):  # 10 Nm each
        one_each_way[:, muscle] = 10.0 / np.abs(arm[:, muscle])
    _, ratio, _, _, use, _ = body_measures._one_joint(
        body, at._replace(active_force_n=one_each_way), body.joints.index("knee_flexion_r"), 1
    )
    assert ratio == pytest.approx(100.0)
    assert use == pytest.approx(0.0, abs=1e-9)


def test_nothing_to_look_at_gives_no_numbers(body):
    trace = standing(body, 8)
    at = body_measures.moments(body, trace, np.zeros(8, bool))
    assert all(np.isnan(list(body_measures.body_measures(body, at).values())))


@pytest.fixture(scope="module")
def crawl():
    few = trial.Pools(n_units=12)  # the pools are tested elsewhere
    return trial.run(trial.TrialConfig(task="crawl", seed=1, seconds=0.5, pools=few))


def test_a_crawl_stands_on_its_limbs(crawl, body):
    found = crawl.measures
    assert found["other_contact_share"] == 0.0
    assert 0.2 < found["load_share_hands"] < 0.7
    assert 0.0 < found["friction_use"] < body.model.geom("floor").friction[0] * np.sqrt(2)
    assert -90.0 < found["face_pitch_deg"] < 0.0 < found["trunk_pitch_deg"] < 45.0
    assert found["trunk_turn_deg"] < 40.0 and found["head_tilt_deg"] < 15.0
    for joint in body_measures.JOINTS:
        assert 0.0 < found[f"cocontraction_{joint}_percent"] < 100.0
        assert 0.0 < found[f"torque_use_{joint}"] < 1.3
        assert found[f"joint_force_{joint}_bw"] > 0.2
    assert 0.0 < found["force_share_anterior"] + found["force_share_posterior"] < 1.0


def test_contact_again_bears_what_the_sensors_told(crawl, body):
    """Gone through again, a trial's ground force is the recorded one, but for a step's delay."""
    during = crawl.trace.time_s >= 0.0
    at = body_measures.moments(body, crawl.trace, during)
    recorded = crawl.trace.contact_force_n[at.block].sum(axis=1).mean()
    again = at.seen.contacts.force_n[..., 2].sum(axis=1).mean()
    assert again == pytest.approx(recorded, rel=0.15)
    np.testing.assert_allclose(
        at.seen.body_position_m, crawl.trace.body_position_m[at.block], atol=1e-9
    )
    limbs = gait_measures.steps(body, crawl.trace, during)
    assert limbs.stance.shape == (int(during.sum()), len(LIMBS)) and limbs.stance.any()


@pytest.mark.parametrize("task", ["crawl", "roll"])
def test_moving_tasks_have_the_measures_of_the_body(task):
    assert set(body_measures.BODY_MEASURES) < set(TASKS[task].measures)
