"""Postures to hold: what the inverse kinematics puts where, on the body of the tables."""

import numpy as np
import pytest

from neurocoord.body import model
from neurocoord.coordination import balance, stance
from neurocoord.coordination.balance import Balance
from neurocoord.coordination.reference import LIMBS


@pytest.fixture(scope="module")
def body():
    return model.load()


@pytest.fixture(scope="module")
def figure(body):
    return stance.make_figure(body)


@pytest.fixture(scope="module")
def bird_dogs(body):
    return {side: balance.make_hold(body, Balance(), "bird_dog", side) for side in balance.SIDES}


def at(figure, hold, row):
    posture = stance.Posture(hold.joint_angle[row], hold.root_m[row], float(hold.roll_rad[row]))
    return stance.placed(figure, posture, hold.pitch_rad)


def height(figure, placed, limb):
    part = "palm" if limb.startswith("hand") else "knee"
    radius = figure.palm_radius_m if part == "palm" else figure.knee_radius_m
    return stance.point_of(figure, placed, part, limb[-1])[2] - radius


def test_all_fours_touch_and_the_trunk_is_level(body, figure):
    hold = balance.make_hold(body, Balance(), "hands_knees", "right")
    assert hold.joint_angle.shape == (1, len(body.joints)) and hold.settled_s == 0.0
    placed = at(figure, hold, 0)
    for limb in LIMBS:
        assert height(figure, placed, limb) == pytest.approx(0.0, abs=0.005)
    spine = placed.position_m[figure.body_of["head"]] - placed.position_m[figure.body_of["lumbar"]]
    assert abs(np.degrees(np.arctan2(spine[2], spine[0]))) < 12.0
    fingers = -placed.rotation[figure.body_of["hand_r"]][:, 2]
    assert fingers[0] > 0.9 and abs(fingers[2]) < 0.1  # forward and flat
    centre = stance.centre_of_mass(figure, placed)
    assert hold.support_m[2:, 0].mean() < centre[0] < hold.support_m[:2, 0].mean()
    assert centre[1] == pytest.approx(0.0, abs=0.005)


def test_joints_stay_in_their_ranges(body, bird_dogs):
    for hold in bird_dogs.values():
        low, high = body.joint_range[:, 0] - 1e-6, body.joint_range[:, 1] + 1e-6
        assert np.all(hold.joint_angle >= low) and np.all(hold.joint_angle <= high)


def test_bird_dog_shifts_first_then_lifts_arm_and_leg_level(figure, bird_dogs):
    hold, plan = bird_dogs["right"], Balance()
    assert [name for name, up in zip(LIMBS, hold.lifted) if up] == ["hand_r", "knee_l"]
    shifted = round(plan.shift_s / balance.TABLE_STEP_S)
    for limb in LIMBS:  # still on the floor when the weight has gone over
        assert height(figure, at(figure, hold, shifted), limb) == pytest.approx(0.0, abs=0.008)
    last = at(figure, hold, -1)
    for limb, up in zip(LIMBS, hold.lifted):
        found = height(figure, last, limb)
        assert found > 0.3 if up else found == pytest.approx(0.0, abs=0.008)
    of = figure.body_of
    arm = last.position_m[of["hand_r"]] - last.position_m[of["humerus_r"]]
    leg = last.position_m[of["foot_l"]] - last.position_m[of["femur_l"]]
    for limb, way in ((arm, 1.0), (leg, -1.0)):
        along = limb / np.linalg.norm(limb)
        assert along[0] * way > 0.95 and abs(along[2]) < 0.3


def test_bird_dog_keeps_the_centre_of_mass_inside_the_diagonal(figure, bird_dogs):
    hold = bird_dogs["right"]
    hand, knee = hold.support_m[1], hold.support_m[2]  # those that stay: left hand, right knee
    toe = stance.point_of(figure, at(figure, hold, -1), "toe", "r")[:2]
    way = (hand - knee) / np.linalg.norm(hand - knee)
    inward = np.array([-way[1], way[0]])  # to the left of the way: where the toes are
    assert (toe - knee) @ inward > 0.1
    for row in range(round(Balance().shift_s / balance.TABLE_STEP_S), len(hold.centre_m)):
        aside = (hold.centre_m[row] - knee) @ inward
        assert 0.01 < aside < (toe - knee) @ inward
        assert 0.0 < (hold.centre_m[row] - knee) @ way < np.linalg.norm(hand - knee)


def test_the_other_side_is_the_mirror_image(body, bird_dogs):
    right, left = bird_dogs["right"], bird_dogs["left"]
    mirrored = right.root_m * np.array([1.0, -1.0, 1.0])
    np.testing.assert_allclose(left.root_m, mirrored, atol=2e-3)
    other = [
        body.joints.index(f"{j[:-2]}_{'l' if j[-1] == 'r' else 'r'}") if j[-2] == "_" else k
        for k, j in enumerate(body.joints)
    ]
    np.testing.assert_allclose(left.joint_angle[:, other], right.joint_angle, atol=0.02)


def test_a_table_has_no_jumps(bird_dogs):
    step = np.abs(np.diff(bird_dogs["right"].joint_angle, axis=0)).max(axis=0)
    assert step.max() < np.radians(25.0)
    assert np.abs(np.diff(bird_dogs["right"].root_m, axis=0)).max() < 0.02


def test_kneeling_is_upright_over_the_shins(body, figure):
    hold = balance.make_hold(body, Balance(), "kneel_tall", "right")
    placed = at(figure, hold, 0)
    assert list(hold.used) == [False, False, True, True]
    toe = stance.point_of(figure, placed, "toe", "r")
    assert toe[2] - figure.toe_radius_m == pytest.approx(0.0, abs=0.005)
    assert toe[0] < hold.centre_m[0, 0] < hold.support_m[2, 0]
    assert placed.position_m[figure.body_of["head"], 2] > 0.9


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (("bird_dgo", "right"), "did you mean 'bird_dog'"),
        (("bird_dog", "rigth"), "did you mean 'right'"),
    ],
)
def test_wrong_names_are_told_the_right_ones(body, given, message):
    with pytest.raises(ValueError, match=message):
        balance.make_hold(body, Balance(), *given)
