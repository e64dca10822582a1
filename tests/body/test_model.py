"""The body: built from its tables alone, a mirror image of itself, and moved by muscles alone."""

import subprocess
import sys

import mujoco
import numpy as np
import pytest

from neurocoord.body import anatomy, build, model
from neurocoord.body.capacity import curve, moment_arms
from neurocoord.body.postures import KEYFRAMES, set_joint_angles
from neurocoord.muscle import mechanics
from neurocoord.resources import models_folder

# Per cent of body mass, men (de Leva 1996, table 4), and the bodies that make up the segment.
DE_LEVA_MALE_PERCENT = {
    ("head",): 6.94,
    ("thorax", "girdle_r", "girdle_l", "scapula_r", "scapula_l"): 15.96,
    ("lumbar",): 16.33,
    ("pelvis",): 11.17,
    **{(f"humerus_{side}",): 2.71 for side in "rl"},
    **{(f"ulna_{side}", f"radius_{side}"): 1.62 for side in "rl"},
    **{(f"hand_{side}",): 0.61 for side in "rl"},
    **{(f"femur_{side}",): 14.16 for side in "rl"},
    **{(f"tibia_{side}",): 4.33 for side in "rl"},
    **{(f"foot_{side}",): 1.37 for side in "rl"},
}
TABLES = (
    "bodies", "joints", "couplings", "contacts", "wraps", "wrapping", "paths", "muscles",
    "stabilizers", "strength_start", "validation", "working_ranges",
)  # fmt: skip
MIDLINE_SIGN = {"bending": -1.0, "rotation": -1.0, "extension": 1.0}  # under the mirror
OTHER_SIDE = {"_r": "_l", "_l": "_r"}
Y = np.array([1.0, -1.0, 1.0])


@pytest.fixture(scope="module")
def body():
    return model.load()


@pytest.fixture(scope="module")
def dynamometer():
    return model.load("dynamometer")


def mirror_of_joints(body):
    """Index of the joint of the other side [joint], and the sign a midline joint takes."""
    index, sign = [], []
    for name in body.joints:
        stem, side = name[:-2], name[-2:]
        other = stem + OTHER_SIDE[side] if side in OTHER_SIDE else name
        index.append(body.joints.index(other))
        sign.append(1.0 if side in OTHER_SIDE else MIDLINE_SIGN[name.split("_")[1]])
    return np.array(index), np.array(sign)


def random_angles(body, seed):
    low, high = body.joint_range.T
    return np.random.default_rng(seed).uniform(low, high)


# --- from the tables -----------------------------------------------------------------------------


def test_build_writes_the_shipped_models_each_time(tmp_path):
    first, second = tmp_path / "first", tmp_path / "second"
    first.mkdir(), second.mkdir()
    command = [sys.executable, "-m", "neurocoord.body.build", str(first)]
    subprocess.run(command, check=True, capture_output=True, timeout=300)
    build.write_models(second)
    for kind in build.BODY_MODELS:
        shipped = (models_folder() / f"{kind}.xml").read_bytes()
        assert (first / f"{kind}.xml").read_bytes() == shipped, f"{kind}: run `make models`"
        assert (second / f"{kind}.xml").read_bytes() == shipped


def test_mass_follows_de_leva(body):
    assert body.mass_kg == pytest.approx(72.5, rel=1e-6)  # MJCF keeps six digits
    mass = dict(zip(body.bodies, body.model.body_mass, strict=True))
    assert {name for names in DE_LEVA_MALE_PERCENT for name in names} == set(mass) - {"world"}
    for names, percent in DE_LEVA_MALE_PERCENT.items():
        share = sum(mass[name] for name in names) / body.mass_kg
        assert 100 * share == pytest.approx(percent, abs=1e-3), names


@pytest.mark.parametrize("table", TABLES)
def test_every_row_names_its_source_and_none_is_non_commercial(table):
    rows = anatomy.read_table(table)
    assert rows
    for row in rows:
        assert row.get("source", "").strip(), f"{table}: {row}"
        assert "mobl" not in " ".join(row.values()).lower(), f"{table}: {row}"


def test_every_muscle_of_the_table_is_in_the_model(body):
    names = {row.name for row in anatomy.load_anatomy().muscles}
    assert set(body.muscles) == {f"{name}_{side}" for name in names for side in "rl"}


# --- what acts on the body -----------------------------------------------------------------------


def test_muscles_are_muscles(body, dynamometer):
    for m in (body.model, dynamometer.model):
        assert m.nu >= 60
        assert np.all(m.actuator_gaintype == mujoco.mjtGain.mjGAIN_MUSCLE)
        assert np.all(m.actuator_biastype == mujoco.mjtBias.mjBIAS_MUSCLE)
        assert np.all(m.actuator_dyntype == mujoco.mjtDyn.mjDYN_NONE)
        assert np.all(m.actuator_trntype == mujoco.mjtTrn.mjTRN_TENDON)
        assert not m.actuator_ctrllimited.any() and not m.actuator_forcelimited.any()
        assert np.all(m.actuator_gear[:, 0] == 1.0)
        np.testing.assert_array_equal(m.actuator_gainprm, m.actuator_biasprm)


def test_nothing_but_muscles_and_ground_acts_on_the_humanoid(body):
    m = body.model
    assert m.neq == 0 and m.nmocap == 0 and m.nplugin == 0
    assert not m.body_gravcomp.any()
    np.testing.assert_array_equal(m.opt.gravity, [0.0, 0.0, -9.81])
    springs = [m.tendon(t).name for t in np.flatnonzero(m.tendon_stiffness)]
    assert springs == ["scapulohumeral_rhythm_r", "scapulohumeral_rhythm_l"]  # scapula to arm
    assert not m.tendon_damping.any() and not m.tendon_frictionloss.any()
    assert not m.tendon_limited.any()
    assert m.jnt_type[0] == mujoco.mjtJoint.mjJNT_FREE
    assert not m.dof_damping[:6].any() and not m.dof_frictionloss.any()
    assert m.jnt_stiffness[0].max() == 0.0 and not m.dof_armature[:6].any()
    for seed in range(5):
        qpos = m.qpos0.copy()
        qpos[body.joint_qpos] = random_angles(body, seed)
        arms, _ = moment_arms(m, qpos)
        np.testing.assert_allclose(arms[:, :6], 0.0, atol=1e-12)


def test_only_straps_hold_the_dynamometer(dynamometer):
    m = dynamometer.model
    assert np.all(m.eq_type == mujoco.mjtEq.mjEQ_JOINT)
    straps = {m.equality(k).name for k in range(m.neq)}
    assert straps == {f"strap_{joint}" for joint in dynamometer.joints}
    assert m.nmocap == 0 and not m.body_gravcomp.any()
    knee = dynamometer.joint_qpos[dynamometer.joints.index("knee_flexion_r")]
    assert np.degrees(model.keyframe_qpos(dynamometer, "seated")[knee]) == pytest.approx(
        60, abs=1e-3
    )


@pytest.mark.parametrize("name", KEYFRAMES)
def test_without_muscles_the_body_collapses(body, name):
    """Nothing props it up: from every keyframe it falls, and from lying it flattens."""
    data = mujoco.MjData(body.model)
    data.qpos[:] = model.keyframe_qpos(body, name)
    mujoco.mj_forward(body.model, data)
    start = data.subtree_com[1, 2]
    for _ in range(750):
        mujoco.mj_step(body.model, data)
    assert not data.warning.number.any()
    groups = np.array(body.support.groups)
    touches = data.sensordata[body.support.sensor_address] > 0
    assert touches[np.isin(groups, ("pelvis", "trunk", "head"))].any(), groups[touches]
    assert data.subtree_com[1, 2] < 0.85 * start
    if name in ("standing", "hands_knees"):
        assert data.subtree_com[1, 2] < start - 0.1


def test_limbs_meet_the_trunk(body):
    """Folded up, thighs press on the belly, and an arm pulled across meets the waist."""
    data, found = mujoco.MjData(body.model), set()
    for angles in (
        {"hip_flexion": 125, "lumbar_extension": -35, "thorax_extension": -35},
        {"shoulder_adduction": 20},
    ):
        data.qpos[:] = body.model.qpos0
        set_joint_angles(body.model, data.qpos, angles)
        mujoco.mj_forward(body.model, data)
        names = [{body.model.geom(g).name for g in contact.geom} for contact in data.contact]
        found |= {frozenset(pair) for pair in names}
    assert {frozenset({"thigh_r", "waist"}), frozenset({"upper_arm_r", "waist"})} <= found


# --- left and right ------------------------------------------------------------------------------


def test_left_mirrors_right_in_bodies_and_joints(body):
    m = body.model
    for name in body.bodies[1:]:
        if name.endswith("_l"):
            continue
        if not name.endswith("_r"):
            assert abs(m.body(name).ipos[1]) < 1e-9 and abs(m.body(name).pos[1]) < 1e-9
            continue
        right, left = m.body(name), m.body(f"{name[:-2]}_l")
        np.testing.assert_allclose(left.mass, right.mass, rtol=1e-9)
        np.testing.assert_allclose(left.inertia, right.inertia, rtol=1e-9)
        np.testing.assert_allclose(left.ipos, right.ipos * Y, atol=1e-9)
        np.testing.assert_allclose(left.pos, right.pos * Y, atol=1e-9)
        tensors = []
        for side in (right, left):
            matrix = np.zeros(9)
            mujoco.mju_quat2Mat(matrix, side.iquat)
            matrix = matrix.reshape(3, 3)
            tensors.append(matrix @ np.diag(side.inertia) @ matrix.T)
        np.testing.assert_allclose(tensors[1], tensors[0] * np.outer(Y, Y), atol=1e-9)
    other, _ = mirror_of_joints(body)
    dof = body.joint_dof
    for column in (m.dof_damping[dof], m.dof_armature[dof], m.dof_frictionloss[dof]):
        np.testing.assert_allclose(column, column[other], atol=1e-9)
    np.testing.assert_allclose(body.joint_range, body.joint_range[other], atol=1e-9)
    stiffness = np.array([np.ravel(m.joint(name).stiffness) for name in body.joints])
    np.testing.assert_allclose(stiffness, stiffness[other], atol=1e-9)


def test_left_mirrors_right_in_muscles(body):
    other = body.mirror_muscle
    np.testing.assert_array_equal(other[other], np.arange(len(body.muscles)))
    for name, column in body.muscle_parameters._asdict().items():
        np.testing.assert_allclose(column, column[other], rtol=1e-9, err_msg=name)
    for name in ("n_units", "type1_share", "mass_kg"):
        column = getattr(body.table, name)
        np.testing.assert_allclose(column, column[other], rtol=1e-9, err_msg=name)


@pytest.mark.parametrize("seed", range(10))
def test_left_mirrors_right_in_moment_arms(body, seed):
    """Muscles of one side at a posture are those of the other at the mirrored one."""
    joint, sign = mirror_of_joints(body)
    angle = random_angles(body, seed)
    qpos = np.tile(body.model.qpos0, (2, 1))
    qpos[0, body.joint_qpos] = angle
    qpos[1, body.joint_qpos] = sign * angle[joint]
    arms, length = moment_arms(body.model, qpos[0])
    mirrored_arms, mirrored_length = moment_arms(body.model, qpos[1])
    np.testing.assert_allclose(mirrored_length[body.mirror_muscle], length, atol=1e-9)
    arms, mirrored_arms = arms[:, body.joint_dof], mirrored_arms[:, body.joint_dof]
    np.testing.assert_allclose(sign * mirrored_arms[body.mirror_muscle][:, joint], arms, atol=1e-9)


# --- what muscles do -----------------------------------------------------------------------------


def keyframes():
    return [("humanoid", name) for name in KEYFRAMES] + [("dynamometer", "seated")]


@pytest.mark.parametrize(("kind", "name"), keyframes())
def test_fibres_have_a_working_length_in_every_keyframe(kind, name):
    body = model.load(kind)
    _, length = moment_arms(body.model, model.keyframe_qpos(body, name))
    fibre = mechanics.normalised_length(body.muscle_parameters, length)
    worst = {body.muscles[k]: round(float(fibre[k]), 3) for k in (fibre.argmin(), fibre.argmax())}
    assert fibre.min() > 0.4 and fibre.max() < 1.6, worst


def lowest_m(model, data, geom):
    """Height (m) of the lowest point of a capsule or sphere."""
    index = model.geom(geom).id
    radius, half = model.geom_size[index][:2]
    if model.geom_type[index] == mujoco.mjtGeom.mjGEOM_SPHERE:
        half = 0.0
    upright = abs(data.geom_xmat[index].reshape(3, 3)[2, 2])
    return float(data.geom_xpos[index][2] - upright * half - radius)


def test_on_hands_and_knees_these_touch_the_floor(body):
    data = mujoco.MjData(body.model)
    data.qpos[:] = model.keyframe_qpos(body, "hands_knees")
    mujoco.mj_kinematics(body.model, data)
    for geom, group in zip(body.support.geoms, body.support.groups, strict=True):
        height = lowest_m(body.model, data, geom)
        if group in ("hand", "knee", "toes"):
            assert abs(height) < 0.03, f"{geom}: {height:.3f} m"
        elif group in ("pelvis", "trunk", "head", "thigh"):
            assert height > 0.05, f"{geom}: {height:.3f} m"


@pytest.mark.parametrize(("kind", "name"), keyframes())
def test_keyframes_keep_to_the_joints_ranges(kind, name):
    body = model.load(kind)
    angle = model.keyframe_qpos(body, name)[body.joint_qpos]
    low, high = body.joint_range.T
    assert np.all(angle >= low - 1e-6) and np.all(angle <= high + 1e-6)


# posture, joint, degrees over which the sign must hold, muscles that turn it up, and down
ACTIONS = (
    ("supine", "knee_flexion", (0, 120), "MHAM BFLH BFSH GAS SART GRAC", "RF VAS_L VAS_M"),
    ("supine", "knee_flexion", (120, 130), "", "RF VAS_L VAS_M"),
    ("hands_knees", "hip_flexion", (0, 110), "ILIAC PSOAS RF TFL SART", "GMAX_S GMAX_I MHAM BFLH"),
    ("standing", "hip_flexion", (-15, 110), "ILIAC PSOAS RF TFL SART", "GMAX_S GMAX_I MHAM BFLH"),
    ("standing", "hip_adduction", (-30, 20), "ADDL ADDM GRAC", "GMED_A GMED_P TFL"),
    ("standing", "ankle_flexion", (-50, 20), "TA", "SOL GAS TP PER"),
    ("standing", "subtalar_inversion", (-15, 15), "TP TA", "PER"),
    ("standing", "elbow_flexion", (0, 130), "BIC BRA", "TRI_LONG TRI_SHORT"),
    ("standing", "elbow_flexion", (20, 130), "BRD", ""),
    ("hands_knees", "shoulder_flexion", (0, 150), "DELT_A BIC", "DELT_P TMAJ TRI_LONG"),
    ("hands_knees", "shoulder_flexion", (0, 140), "", "LAT_L"),
    ("hands_knees", "shoulder_flexion", (0, 130), "", "LAT_T"),
    ("hands_knees", "shoulder_flexion", (0, 80), "PECM_C", ""),
    ("hands_knees", "girdle_upward_rotation", (0, 55), "TRAP_L SERR_L", "RHOMB LEVSC"),
    ("standing", "shoulder_adduction", (-90, 0), "LAT_T PECM_S", "DELT_M"),
    ("standing", "shoulder_adduction", (-60, 0), "", "SUPSP"),
    ("hands_knees", "shoulder_rotation", (-40, 40), "SUBSC TMAJ", "INFSP"),
    ("hands_knees", "girdle_protraction", (-25, 25), "SERR_U SERR_L PMIN", "RHOMB TRAP_M"),
    ("hands_knees", "girdle_elevation", (-10, 35), "TRAP_U LEVSC", "TRAP_L PMIN"),
    ("standing", "lumbar_extension", (-35, 12), "ES_IL ES_LT ES_LUM MF", "RA EO_A IO_A"),
    ("hands_knees", "thorax_extension", (-35, 15), "ES_IL ES_LT", "RA EO_A"),
    ("standing", "lumbar_bending", (-12, 12), "QL EO_L IO_L ES_IL", ""),  # to the muscle's side
    ("standing", "neck_extension", (-40, 30), "SPLEN SEMI", "SCM LCOL"),
    ("standing", "wrist_flexion", (-60, 60), "FCR FCU", "ECR ECU"),
    ("standing", "pronation", (-60, 60), "PT", "SUP"),
)


@pytest.mark.parametrize(("posture", "joint", "degrees", "up", "down"), ACTIONS)
def test_main_muscles_turn_joints_the_right_way(body, posture, joint, degrees, up, down):
    found = curve(body, joint, np.linspace(*degrees, 7), posture)
    for angle, arm in zip(found.angle_deg, found.arm_m, strict=True):
        for sign, muscles in ((1.0, up), (-1.0, down)):
            for muscle in muscles.split():
                value = arm[model.muscle_index(body, f"{muscle}_r")]
                assert sign * value > 0.0, f"{muscle} at {angle:.0f} deg: {1e3 * value:.1f} mm"


def test_unknown_names_are_answered_with_the_nearest(body):
    with pytest.raises(ValueError, match="did you mean 'humanoid'"):
        model.load("humanoit")
    with pytest.raises(ValueError, match="did you mean 'VAS_L_r'"):
        model.muscle_index(body, "VAS_Lr")
    with pytest.raises(ValueError, match="did you mean 'prone'"):
        model.keyframe_qpos(body, "pron")
