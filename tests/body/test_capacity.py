"""What muscles can do about a joint: curves, passive torques, lengths in use, the scapula."""

import itertools

import numpy as np
import pytest

from neurocoord.body import capacity, model, published
from neurocoord.body.postures import posture_qpos, set_joint_angles
from neurocoord.body.rhythm import follow, follow_angles, leaders
from neurocoord.coordination.gait import tabulate
from neurocoord.coordination.library import load_movement
from neurocoord.coordination.roll import make_roll
from neurocoord.muscle import mechanics

MOST_PASSIVE = 0.10  # of the active torque against it, in the working range
FIBRE_LENGTH = (0.4, 1.6)


@pytest.fixture(scope="module")
def body():
    return model.load()


def limb(body):
    return {name: k for k, name in enumerate(body.joints)}


def test_a_torque_is_force_times_arm(body):
    """One angle by hand: sum over muscles of F0 FL(L) times the arm that points the way."""
    found = capacity.curve(body, "knee_flexion", [60.0], "standing", {"hip_flexion": 85.0})
    params = body.muscle_parameters
    length = mechanics.normalised_length(params, found.length_m[0])
    force = params.max_force_n * mechanics.active_force_length(length, params.lmin, params.lmax)
    arm = found.arm_m[0]
    for direction in (1, -1):
        by_hand = sum(
            f * direction * a for f, a in zip(force, arm, strict=True) if direction * a > 0
        )
        assert capacity.active_torque_nm(body, found, direction)[0] == pytest.approx(by_hand)


def test_torque_falls_with_speed_and_no_muscle_pushes(body):
    found = capacity.curve(body, "elbow_flexion", np.arange(10, 130, 20))
    torque = [capacity.active_torque_nm(body, found, 1, rate) for rate in (0, 60, 180, 5000)]
    for slower, faster in itertools.pairwise(torque):
        assert np.all(faster < slower) and np.all(faster >= 0.0)


def test_moment_arms_are_the_slope_of_length(body):
    """d length / d angle with the scapula held, by central differences."""
    k = limb(body)["shoulder_flexion_r"]
    qpos = posture_qpos(body.model, "hands_knees")
    arm, _ = capacity.moment_arms(body.model, qpos)
    step = 1e-5
    lengths = []
    for sign in (1, -1):
        moved = qpos.copy()
        moved[body.joint_qpos[k]] += sign * step
        lengths.append(capacity.moment_arms(body.model, moved)[1])
    slope = (lengths[0] - lengths[1]) / (2 * step)
    np.testing.assert_allclose(arm[:, body.joint_dof[k]], -slope, atol=2e-5)


@pytest.mark.parametrize("working", published.working_ranges(), ids=lambda w: w.joint)
def test_passive_torque_is_small_where_a_joint_works(body, working):
    """At most a tenth of what muscles can set against it."""
    angle = np.linspace(working.low_deg, working.high_deg, 9)
    found = published.curve(body, working.joint, working.posture, angle)
    passive = capacity.passive_torque_nm(body, working.joint, found)
    for sign in (1, -1):
        able = capacity.active_torque_nm(body, found, -sign).max()
        assert (sign * passive).max() <= MOST_PASSIVE * able, (working.joint, passive, able)


def postures_in_use(body):
    crawl = tabulate(body, load_movement("crawl_hands_knees").plan, 0.4)
    roll = make_roll(body, load_movement("roll_supine_to_prone").plan)
    halfway = 0.5 * (roll.knot_angle[:-1] + roll.knot_angle[1:])
    return {"crawl": crawl.joint_angle[::4], "roll": np.concatenate([roll.knot_angle, halfway])}


@pytest.mark.parametrize("movement", ["crawl", "roll"])
def test_fibres_work_at_working_lengths(body, movement):
    for angle in postures_in_use(body)[movement]:
        qpos = body.model.qpos0.copy()
        qpos[body.joint_qpos] = angle
        _, length = capacity.moment_arms(body.model, qpos)
        fibre = mechanics.normalised_length(body.muscle_parameters, length)
        worst = {body.muscles[k]: float(fibre[k]) for k in (fibre.argmin(), fibre.argmax())}
        assert fibre.min() > FIBRE_LENGTH[0] and fibre.max() < FIBRE_LENGTH[1], worst


# --- the scapula ---------------------------------------------------------------------------------


def test_the_scapula_follows_the_arm(body):
    """0.43 degrees of upward rotation a degree of glenohumeral elevation (Braman 2009)."""
    qpos = body.model.qpos0.copy()
    set_joint_angles(body.model, qpos, {"shoulder_flexion": 100.0})
    joint = limb(body)
    placed = np.degrees(follow(body.model, qpos)[body.joint_qpos])
    for side in "rl":
        upward = 0.857 * placed[joint[f"girdle_upward_rotation_{side}"]]
        assert upward / (100.0 - upward) == pytest.approx(0.43, abs=0.01)
    assert len(leaders(body.model)) == 2


def test_only_the_scapula_is_placed_and_within_its_range(body):
    rng = np.random.default_rng(3)
    low, high = body.joint_range.T
    angle = rng.uniform(low, high, (50, low.size))
    placed = follow_angles(body, angle)
    moved = np.any(placed != angle, axis=0)
    follows = [name.startswith("girdle_upward_rotation") for name in body.joints]
    np.testing.assert_array_equal(moved, follows)
    assert np.all(placed[:, moved] >= low[moved]) and np.all(placed[:, moved] <= high[moved])
    np.testing.assert_array_equal(follow_angles(body, placed), placed)


def test_the_arm_does_not_hang_on_the_scapula(body):
    """Upward rotation moves no other bone: the arm's angles are those against the trunk."""
    import mujoco

    data = mujoco.MjData(body.model)
    places = []
    for degrees in (0.0, 45.0):
        data.qpos[:] = posture_qpos(body.model, "standing")
        set_joint_angles(body.model, data.qpos, {"girdle_upward_rotation": degrees})
        mujoco.mj_kinematics(body.model, data)
        places.append(data.xpos.copy())
    np.testing.assert_allclose(places[0], places[1], atol=1e-12)


# --- the published rows --------------------------------------------------------------------------


def test_every_row_is_one_that_the_body_can_answer(body):
    names = {name[:-2] for name in body.muscles}
    for row in published.rows():
        assert row.tag in published.TAGS and row.source
        assert row.joint in body.joints or f"{row.joint}_r" in body.joints
        assert set(row.muscles.split()) <= names
        posture, others = published.posture_of(row.posture)
        qpos = posture_qpos(body.model, posture)
        set_joint_angles(body.model, qpos, others)
        assert (row.direction != 0) == ("torque" in row.quantity)
        assert (row.muscles != "") == ("arm" in row.quantity)


def test_a_third_of_the_angles_is_held_out():
    rows = [row for row in published.rows() if row.source.startswith("Anderson")]
    rows = [row for row in rows if row.quantity == "isometric torque"]
    assert 0.28 < sum(row.held_out for row in rows) / len(rows) < 0.38


# --- where the paths run -------------------------------------------------------------------------

MOST_OUTSIDE_M = 0.05  # a hand is 0.08 wide


@pytest.mark.parametrize("key", ["standing", "supine", "prone", "hands_knees"])
def test_no_path_leaves_the_skin_far(body, key):
    """Points along every path, against the nearest capsule of the skin."""
    import mujoco

    m, data = body.model, mujoco.MjData(body.model)
    data.qpos[:] = model.keyframe_qpos(body, key)
    mujoco.mj_forward(m, data)
    skin = np.flatnonzero((m.geom_bodyid > 0) & (m.geom_group < 2))
    sphere = m.geom_type[skin] == mujoco.mjtGeom.mjGEOM_SPHERE
    centre, axis = data.geom_xpos[skin], data.geom_xmat[skin].reshape(-1, 3, 3)[:, :, 2]
    radius, half = m.geom_size[skin, 0], np.where(sphere, 0.0, m.geom_size[skin, 1])
    places = data.wrap_xpos.reshape(-1, 3)
    for k, muscle in enumerate(body.muscles):
        tendon = m.actuator_trnid[k, 0]
        start = data.ten_wrapadr[tendon]
        path = places[start : start + data.ten_wrapnum[tendon]]
        points = np.concatenate([path[:-1] + f * np.diff(path, axis=0) for f in (0, 0.33, 0.67)])
        offset = points[:, None] - centre
        along = np.clip((offset * axis).sum(axis=2), -half, half)
        off = np.linalg.norm(offset - along[..., None] * axis, axis=2) - radius
        assert off.min(axis=1).max() < MOST_OUTSIDE_M, f"{muscle}: {off.min(axis=1).max():.3f} m"
