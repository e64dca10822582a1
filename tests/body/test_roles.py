"""Roles in an action, from moment arms; and that nothing is left unsaid of any muscle."""

import numpy as np
import pytest

from neurocoord.body import anatomy, model
from neurocoord.body.capacity import moment_arms
from neurocoord.body.roles import ACTIONS, SHORT_RANGE_STIFFNESS, joint_of
from neurocoord.muscle import mechanics

EXTENSORS_OF_KNEE = {"VAS_L_r", "VAS_M_r", "RF_r"}


@pytest.fixture(scope="module")
def body():
    return model.load()


def names(group):
    return {role.muscle for role in group}


def test_knee_extension(body):
    found = body.roles("knee_extension", keyframe="supine")
    assert found.joint == "knee_flexion_r"
    assert names(found.agonists) == EXTENSORS_OF_KNEE
    assert {"MHAM_r", "BFLH_r", "BFSH_r", "GAS_r"} <= names(found.antagonists)
    # of those that hold the pelvis, and of one that crosses the knee without a lever
    assert {"GMED_A_r", "GMED_P_r", "PIRI_r"} <= names(found.stabilizers)
    assert "GMAX_I_r" not in names(found.stabilizers)  # neither local nor known to hold


def test_scapular_muscles_stabilize_the_shoulder_on_hands_and_knees(body):
    found = body.roles("shoulder_flexion", keyframe="hands_knees")
    assert "DELT_A_r" in names(found.agonists) and "LAT_T_r" in names(found.antagonists)
    assert {"SERR_U_r", "SERR_L_r", "TRAP_M_r", "TRAP_L_r", "RHOMB_r"} <= names(found.stabilizers)


def test_roles_follow_the_posture(body):
    """Gastrocnemius bends the knee less the more it is slack, knee and ankle both bent."""
    straight = body.roles("knee_flexion", keyframe="standing")
    qpos = model.keyframe_qpos(body, "standing")
    for joint, degrees in (("knee_flexion_r", 130.0), ("ankle_flexion_r", -55.0)):
        qpos[body.joint_qpos[body.joints.index(joint)]] = np.radians(degrees)
    bent = body.roles("knee_flexion", qpos)
    capacity = [
        {role.muscle: role.torque_capacity_nm for role in found.agonists}
        for found in (straight, bent)
    ]
    assert capacity[0]["GAS_r"] > 10.0
    assert capacity[1].get("GAS_r", 0.0) < 0.5 * capacity[0]["GAS_r"]


@pytest.mark.parametrize("action", ACTIONS)
def test_groups_are_apart_and_ordered(body, action):
    found = body.roles(action, keyframe="hands_knees")
    groups = [found.agonists, found.antagonists, found.stabilizers]
    assert found.agonists and found.antagonists
    assert len(names(sum(groups, ()))) == sum(map(len, groups))
    torque = [[role.torque_capacity_nm for role in group] for group in groups]
    assert torque[0] == sorted(torque[0], reverse=True) and torque[0][-1] > 0
    assert torque[1] == sorted(torque[1]) and torque[1][-1] < 0
    strongest = max(map(abs, torque[0] + torque[1]))
    assert all(abs(value) < 0.05 * strongest for value in torque[2])
    assert all(abs(value) >= 0.05 * strongest for value in torque[0] + torque[1])
    assert all(role.stiffness_nm_per_rad > 0 for role in found.stabilizers)


def test_opposite_actions_swap_agonists_and_antagonists(body):
    one, other = (body.roles(f"hip_{name}", keyframe="supine") for name in ("flexion", "extension"))
    assert names(one.agonists) == names(other.antagonists)
    assert names(one.antagonists) == names(other.agonists)


def test_left_is_the_mirror_image(body):
    right, left = (body.roles(f"hip_abduction_{s}", keyframe="standing") for s in "rl")
    for a, b in zip(right.agonists, left.agonists, strict=True):
        assert a.muscle[:-2] == b.muscle[:-2] and b.muscle.endswith("_l")
        assert b.torque_capacity_nm == pytest.approx(a.torque_capacity_nm, abs=1e-6)
    assert body.roles("hip_abduction", keyframe="standing") == right._replace(
        action="hip_abduction"
    )


def test_capacity_and_stiffness_by_hand(body):
    """Vastus lateralis at the knee, from its moment arm and its force at that length."""
    qpos = model.keyframe_qpos(body, "hands_knees")
    arms, length = moment_arms(body.model, qpos)
    index = body.muscles.index("VAS_L_r")
    dof = body.joint_dof[body.joints.index("knee_flexion_r")]
    fibre = mechanics.normalised_length(body.muscle_parameters, length)[index]
    share = mechanics.active_force_length(fibre, 0.3, 1.8)
    force = body.muscle_parameters.max_force_n[index] * share
    role = next(
        role for role in body.roles("knee_extension", qpos).agonists if role.muscle == "VAS_L_r"
    )
    assert role.moment_arm_m == pytest.approx(-arms[index, dof])
    assert role.torque_capacity_nm == pytest.approx(-arms[index, dof] * force)
    stiffness = SHORT_RANGE_STIFFNESS * force / body.table.optimal_length_m[index]
    assert role.stiffness_nm_per_rad == pytest.approx(stiffness * arms[index, dof] ** 2)


def test_every_hinge_has_both_its_actions(body):
    directions = {joint_of(body, action) for action in ACTIONS}
    stems = {(j.name, s) for j in anatomy.load_anatomy().joints for s in (1.0, -1.0)}
    assert {(j.removesuffix("_r"), s) for j, s in directions} == stems


def test_wrong_names_are_answered_with_the_nearest(body):
    with pytest.raises(ValueError, match="did you mean 'knee_extension'"):
        body.roles("knee_extensoin")
    with pytest.raises(ValueError, match="'trunk_flexion_r' has no sides"):
        body.roles("trunk_flexion_r")
    with pytest.raises(ValueError, match="qpos has shape"):
        body.roles("knee_flexion", np.zeros(3))
    with pytest.raises(ValueError, match="did you mean 'hands_knees'"):
        body.roles("knee_flexion", keyframe="hands_kness")
    with pytest.raises(ValueError, match="give one"):
        body.roles("knee_flexion", np.zeros(body.model.nq), keyframe="standing")


# --- what is known of each muscle --------------------------------------------------------------


def test_no_field_is_empty_for_any_muscle(body):
    for field, column in body.table._asdict().items():
        assert len(column) == len(body.muscles), field
        for muscle, value in zip(body.muscles, column, strict=True):
            if isinstance(value, str | tuple):
                assert value, f"{field} of {muscle}"
            else:
                assert np.all(np.isfinite(value)) and np.all(np.asarray(value) > 0), (field, muscle)
    assert set(body.table.chain) == {"anterior", "posterior", "lateral"}
    assert set(body.table.stabilizer) == {"local", "global"}
    rows = anatomy.read_table("stabilizers")
    assert {row["muscle"] for row in rows} == {m.name for m in anatomy.load_anatomy().muscles}


def test_joints_crossed_are_those_with_a_moment_arm(body):
    """A muscle never turns a hinge that it does not cross, whatever the posture."""
    rng, low, high = np.random.default_rng(3), *body.joint_range.T
    seen = np.zeros((len(body.muscles), len(body.joints)))
    for _ in range(5):
        qpos = body.model.qpos0.copy()
        qpos[body.joint_qpos] = rng.uniform(low, high)
        seen = np.maximum(seen, np.abs(moment_arms(body.model, qpos)[0][:, body.joint_dof]))
    crossed = np.array([[j in joints for j in body.joints] for joints in body.table.joints])
    assert seen[~crossed].max() < 1e-12
    assert np.all(seen[crossed] > 0)
    assert body.table.joints[body.muscles.index("SOL_r")] == (
        "ankle_flexion_r",
        "subtalar_inversion_r",
    )
