"""The crawl's table and reference: where limbs are in stance and swing, together and in time.

Nothing here depends on the values of a gait that were found by search, only on what they mean.
"""

import copy
import dataclasses
import math
from types import SimpleNamespace

import mujoco
import numpy as np
import pytest

from neurocoord.body import model
from neurocoord.body.ground import Ground, on_ground
from neurocoord.coordination.crawl import (
    LEASH_M,
    MOST_TURN_RAD_PER_S,
    Way,
    advance_way,
    crawl_reference,
    keep_over_limbs,
    left_of,
    make_crawl,
    on_way_m,
    start_way,
)
from neurocoord.coordination.gait import (
    PATTERNS,
    PHASES,
    Gait,
    cadence,
    hand_centre_m,
    pendulum_sway_m,
    tabulate,
)
from neurocoord.coordination.reference import LIMBS

SPEEDS = (0.4, 0.0, -0.2)
FLOOR_M = 0.03  # how near the floor a limb in stance is
GEOMS = {"hand": ("palm_radial", "palm_ulnar"), "knee": ("knee",)}
BODIES = {"hand": "hand", "knee": "tibia"}
HERE = start_way(np.zeros(2))


@pytest.fixture(scope="module")
def body():
    return model.load()


@pytest.fixture(scope="module")
def crawls(body):
    return {speed: make_crawl(body, Gait(), speed) for speed in SPEEDS}


@pytest.fixture(scope="module")
def poses(body, crawls):
    """MjData at every phase of each crawl."""
    found = {}
    for speed, crawl in crawls.items():
        row = []
        for k in range(PHASES):
            time_s = k / PHASES / crawl.table.cadence.frequency_hz - crawl.gait.lookahead_s + 1e-9
            wanted = crawl_reference(crawl, time_s, HERE)
            data = mujoco.MjData(body.model)
            data.qpos[:3] = wanted.root_position_m
            data.qpos[3:7] = wanted.root_quaternion
            data.qpos[body.joint_qpos] = crawl.table.joint_angle[k]
            data.qpos[2] = crawl.table.root_height_m[k]
            mujoco.mj_kinematics(body.model, data)
            row.append(data)
        found[speed] = row
    return found


def lowest_m(body, data, limb):
    """Height (m) of the lowest point of the geoms that carry a limb."""
    kind, side = limb.split("_")
    heights = []
    for name in GEOMS[kind]:
        index = body.model.geom(f"{name}_{side}").id
        radius, half = body.model.geom_size[index][:2]
        if body.model.geom_type[index] == mujoco.mjtGeom.mjGEOM_SPHERE:
            half = 0.0
        upright = abs(data.geom_xmat[index].reshape(3, 3)[2, 2])
        heights.append(data.geom_xpos[index][2] - upright * half - radius)
    return min(heights)


def heights_of(body, row, limb):
    return np.array([lowest_m(body, data, limb) for data in row])


def contact_x(body, row, limb):
    """Forward position [phase] of a limb's carrying geom against the shoulder or hip."""
    kind, side = limb.split("_")
    geom = body.model.geom(f"{GEOMS[kind][0]}_{side}").id
    joint = body.bodies.index({"hand": "humerus", "knee": "femur"}[kind] + f"_{side}")
    return np.array([data.geom_xpos[geom, 0] - data.xpos[joint, 0] for data in row])


@pytest.mark.parametrize("speed", SPEEDS)
@pytest.mark.parametrize("limb", LIMBS)
def test_stance_is_at_the_floor_and_swing_above_it(body, crawls, poses, speed, limb):
    height = heights_of(body, poses[speed], limb)
    stance = crawls[speed].table.in_stance[:, LIMBS.index(limb)]
    assert np.abs(height[stance]).max() < FLOOR_M
    middle = np.flatnonzero(~stance)
    # swing may run over the end of the cycle: the limb is highest in its middle half
    order = np.argsort((middle - _first_after(stance)) % PHASES)
    swing = height[middle[order]]
    n = swing.size
    assert swing[n // 4 : n - n // 4].min() > height[stance].mean()
    assert swing.max() > height[stance].max()
    assert abs(int(swing.argmax()) - n / 2) < n / 4
    if limb.startswith("hand"):
        assert swing.max() - height[stance].mean() > 0.5 * crawls[speed].gait.hand_lift_m


def _first_after(stance):
    """First phase of swing: the one after the last of stance."""
    return int(np.flatnonzero(stance & ~np.roll(stance, -1))[0]) + 1


@pytest.mark.parametrize("speed", SPEEDS)
@pytest.mark.parametrize("limb", LIMBS)
def test_in_stance_a_limb_travels_back_under_the_body_at_the_speed(
    body, crawls, poses, speed, limb
):
    crawl = crawls[speed]
    stance = crawl.table.in_stance[:, LIMBS.index(limb)]
    x = contact_x(body, poses[speed], limb)
    phases = (np.arange(PHASES) + _first_after(stance)) % PHASES
    phases = phases[stance[phases]]
    seconds = np.arange(phases.size) / PHASES / crawl.table.cadence.frequency_hz
    slope = np.polyfit(seconds, x[phases], 1)[0]
    assert slope == pytest.approx(-speed, abs=0.02 + 0.15 * abs(speed))


def test_diagonal_limbs_move_together(crawls):
    stance = crawls[0.4].table.in_stance
    column = {limb: stance[:, k] for k, limb in enumerate(LIMBS)}
    np.testing.assert_array_equal(column["hand_r"], column["knee_l"])
    np.testing.assert_array_equal(column["hand_l"], column["knee_r"])
    assert not np.array_equal(column["hand_r"], column["hand_l"])
    np.testing.assert_array_equal(column["hand_l"], np.roll(column["hand_r"], PHASES // 2))
    assert stance.mean() == pytest.approx(crawls[0.4].table.cadence.duty, abs=2 / PHASES)
    assert stance.sum(axis=1).min() >= 2  # never fewer than two limbs on the floor


def test_pace_moves_one_side_together(body):
    stance = tabulate(body, Gait(pattern="pace"), 0.2).in_stance
    np.testing.assert_array_equal(stance[:, 0], stance[:, 2])
    np.testing.assert_array_equal(stance[:, 1], stance[:, 3])


def test_one_limb_after_another_a_knee_and_then_the_hand_of_its_side(body):
    table = tabulate(body, Gait(pattern="four_beat"), 0.1)
    assert table.in_stance.sum(axis=1).min() >= 3  # slowly: three limbs stand
    lands = [int(np.flatnonzero(s & ~np.roll(s, 1))[0]) / PHASES for s in table.in_stance.T]
    lands = dict(zip(LIMBS, lands, strict=True))
    for side, other in ("rl", "lr"):
        assert (lands[f"hand_{side}"] - lands[f"knee_{side}"]) % 1.0 == pytest.approx(0.25)
        assert (lands[f"knee_{other}"] - lands[f"hand_{side}"]) % 1.0 == pytest.approx(0.25)


def test_half_a_cycle_later_left_does_what_right_did(body, crawls):
    angle = crawls[0.4].table.joint_angle[:-1]
    for k, name in enumerate(body.joints):
        if name.endswith("_r"):
            other = body.joints.index(f"{name[:-2]}_l")
            later = np.roll(angle[:, other], PHASES // 2)
            np.testing.assert_allclose(angle[:, k], later, atol=np.radians(4.0), err_msg=name)


@pytest.mark.parametrize("speed", SPEEDS)
def test_the_cycle_closes_within_the_joints_ranges(body, crawls, speed):
    table = crawls[speed].table
    for column in (table.joint_angle, table.root_height_m, table.root_roll):
        np.testing.assert_array_equal(column[0], column[-1])
    assert np.all(table.joint_angle >= body.joint_range[:, 0] - 1e-9)
    assert np.all(table.joint_angle <= body.joint_range[:, 1] + 1e-9)
    assert np.all(np.isfinite(table.joint_angle))


@pytest.mark.parametrize("speed", SPEEDS)
def test_reference_has_no_jumps(crawls, speed):
    """From standing through two cycles and a half, block by block."""
    crawl = crawls[speed]
    end = 2.5 / crawl.table.cadence.frequency_hz
    times = np.arange(-0.1, end, 0.004)
    way, ways = start_way(np.array([1.0, 2.0])), []
    for t in times:  # a body that keeps up
        if t > 0.0:
            way = advance_way(crawl, way, way.position_m, way.heading_rad, None, 0.004)
        ways.append(way)
    wanted = [crawl_reference(crawl, float(t), w) for t, w in zip(times, ways, strict=True)]
    angle = np.array([w.joint_angle for w in wanted])
    assert np.abs(np.diff(angle, axis=0)).max() < 0.15
    position = np.array([w.root_position_m for w in wanted])
    assert np.abs(np.diff(position, axis=0)).max() < 0.006
    quaternion = np.array([w.root_quaternion for w in wanted])
    np.testing.assert_allclose(np.linalg.norm(quaternion, axis=1), 1.0)
    assert np.abs(np.diff(quaternion, axis=0)).max() < 0.01
    # the root goes on at the commanded speed from where it started
    moving = times > 0
    elapsed = 0.004 * (1 + np.arange(moving.sum())) + crawl.gait.lookahead_s
    np.testing.assert_allclose(position[moving, 0], 1.0 + speed * elapsed, atol=1e-9)
    np.testing.assert_allclose(position[:, 1], 2.0)


@pytest.mark.parametrize("speed", SPEEDS)
def test_reference_velocity_is_the_rate_of_its_angles(crawls, speed):
    crawl = crawls[speed]
    step = 1.0 / PHASES / crawl.table.cadence.frequency_hz
    for k in range(PHASES):  # in the middle of a cell, where the table is straight
        time_s = (k + 0.25) * step - crawl.gait.lookahead_s + 1e-6
        if time_s <= 0.0:
            continue
        now, later = (crawl_reference(crawl, time_s + d, HERE) for d in (0.0, 1e-3))
        rate = (later.joint_angle - now.joint_angle) / 1e-3
        np.testing.assert_allclose(now.joint_velocity, rate, atol=1e-6)
        assert now.root_velocity_m_per_s[0] == speed


def test_before_time_0_the_body_stands(crawls):
    crawl = crawls[0.4]
    early = crawl_reference(crawl, -1.0, HERE)
    late = crawl_reference(crawl, -0.2, HERE)
    np.testing.assert_array_equal(early.joint_angle, late.joint_angle)
    np.testing.assert_array_equal(early.joint_angle, crawl.table.joint_angle[0])
    assert not early.joint_velocity.any() and not early.root_velocity_m_per_s.any()
    np.testing.assert_array_equal(early.root_position_m[:2], 0.0)


def test_only_stance_limbs_may_bear_weight(body, crawls):
    # the lead is a matter of the gait: without it, what bears weight is what is in stance
    gait = dataclasses.replace(Gait(), unload_lead_s=0.0, lookahead_s=0.0)
    bound = crawls[0.4]._replace(gait=gait)
    for k in range(PHASES):
        time_s = (k + 0.5) / PHASES / bound.table.cadence.frequency_hz
        may = crawl_reference(bound, time_s, HERE).may_support
        for support, geom in enumerate(body.support.geoms):
            limb = bound.limb[support]
            expected = limb >= 0 and bound.table.in_stance[k, limb]
            assert may[support] == expected, (k, geom)
    groups = {body.support.groups[s] for s in np.flatnonzero(bound.limb >= 0)}
    assert groups <= {"hand", "knee", "shin", "toes", "foot"} and {"hand", "knee"} <= groups


def test_swing_limbs_step_after_a_drift(body, crawls):
    """Moving to the left, limbs in swing go to the left; limbs in stance stay."""
    crawl = crawls[0.4]
    k = int(np.flatnonzero(~crawl.table.in_stance[:, 0])[2])
    time_s = (k + 0.5) / PHASES / crawl.table.cadence.frequency_hz - crawl.gait.lookahead_s
    rows = []
    for sideways in (0.0, 0.2):
        data = mujoco.MjData(body.model)
        wanted = crawl_reference(crawl, time_s, HERE, sideways)
        data.qpos[:3] = wanted.root_position_m
        data.qpos[3:7] = wanted.root_quaternion
        data.qpos[body.joint_qpos] = wanted.joint_angle
        mujoco.mj_kinematics(body.model, data)
        rows.append(data)
    swings = ~crawl.table.in_stance[
        int(time_s * crawl.table.cadence.frequency_hz * PHASES) % PHASES
    ]
    for limb, name in enumerate(LIMBS):
        kind, side = name.split("_")
        index = body.bodies.index(f"{BODIES[kind]}_{side}")
        tip = body.model.geom(f"{GEOMS[kind][0]}_{side}").id
        moved = rows[1].geom_xpos[tip, 1] - rows[0].geom_xpos[tip, 1]
        if swings[limb]:
            assert moved > 0.005, name
        else:
            np.testing.assert_allclose(rows[1].xpos[index], rows[0].xpos[index], atol=1e-12)


def test_an_unknown_pattern_is_refused(body):
    with pytest.raises(ValueError, match="pattern 'trot' is unknown; allowed: diagonal"):
        make_crawl(body, Gait(pattern="trot"), 0.3)
    assert set(PATTERNS) == {"diagonal", "four_beat", "pace", "pace_like"}


@pytest.fixture(scope="module")
def swaying(body):
    gait = Gait(pattern="pace", swing_s=0.35, sway=0.6, hand_width_m=-0.02, hip_abduction_deg=5.0)
    return make_crawl(body, gait, 0.25)


def test_a_sway_is_that_of_a_pendulum_over_the_limbs_in_stance():
    """Two supports in turn, w aside, each for T: y = w (1 - cosh(t / c) / cosh(T / 2 c)) from the
    middle of a stance, with c = sqrt(h / g)."""
    w, height_m, each_s = 0.13, 0.6, 0.4
    stance = np.zeros((PHASES, 2), bool)
    stance[: PHASES // 2, 0] = stance[PHASES // 2 :, 1] = True
    found = pendulum_sway_m(stance, np.array([w, -w]), height_m, 2 * each_s)
    time_s = (np.arange(PHASES // 2) - (PHASES // 2 - 1) / 2) * each_s / (PHASES // 2)
    constant_s = math.sqrt(height_m / 9.81)
    exact = w * (1 - np.cosh(time_s / constant_s) / math.cosh(each_s / 2 / constant_s))
    np.testing.assert_allclose(found[: PHASES // 2], exact, atol=0.01 * w)
    np.testing.assert_allclose(found[PHASES // 2 :], -exact, atol=0.01 * w)


def test_only_a_gait_that_asks_for_it_sways(crawls, swaying):
    assert not crawls[0.4].table.sway_m.any()
    table = swaying.table
    assert table.sway_m[-1] == table.sway_m[0] and 0.01 < np.ptp(table.sway_m) < 0.2
    right, left = (table.in_stance[:, side::2].all(axis=1) for side in (0, 1))
    assert table.sway_m[:-1][left & ~right].mean() > 0 > table.sway_m[:-1][right & ~left].mean()


def test_limbs_in_stance_stay_under_a_pelvis_that_sways(body, swaying):
    table = swaying.table
    for limb, name in enumerate(LIMBS):
        geom = body.model.geom(f"{GEOMS[name[:-2]][0]}_{name[-1]}").id
        y = []
        for k in np.flatnonzero(table.in_stance[:, limb]):
            data = mujoco.MjData(body.model)
            wanted = crawl_reference(swaying, k * 1.0 / PHASES / table.cadence.frequency_hz, HERE)
            data.qpos[:3], data.qpos[3:7] = wanted.root_position_m, wanted.root_quaternion
            data.qpos[body.joint_qpos] = table.joint_angle[k]
            mujoco.mj_kinematics(body.model, data)
            y.append(data.geom_xpos[geom, 1])
        assert np.ptp(y) < 0.03 < np.ptp(table.sway_m), name  # pelvis roll and bending move it too


def seen(crawl, limb_aside_m, here=(0.0, 0.0), yaw=0.0):
    """A reading with limbs so far to the left of the pelvis, about a body turned by ``yaw``."""
    place = np.zeros((1, crawl.limb_body.max() + 1, 3))
    place[0, crawl.limb_body, :2] = np.array(here) + np.outer(limb_aside_m, left_of(yaw))
    return SimpleNamespace(qpos=np.array([[*here, 0.5]]), body_position_m=place)


def time_of(crawl, bears):
    """A moment at which just these limbs are in stance, and its row of the table."""
    k = int(np.flatnonzero((crawl.table.in_stance == bears).all(axis=1))[2])
    return (k + 1e-9) / PHASES / crawl.table.cadence.frequency_hz, k


LEFT_BEARS = np.array([name.endswith("l") for name in LIMBS])


def test_a_body_that_sways_is_kept_over_the_limbs_that_bear_where_they_are(body, swaying):
    time_s, k = time_of(swaying, LEFT_BEARS)
    heading, yaw, here = 0.3, 0.1, np.array([1.0, 2.0])
    aside = swaying.table.limb_aside_m[k].copy()
    aside[LEFT_BEARS] += 0.04  # further left than the posture has them
    aside[~LEFT_BEARS] += 0.5  # what swings does not count
    wanted = crawl_reference(swaying, time_s, Way(np.zeros(2), here + 0.1, heading, 0.0))
    kept = keep_over_limbs(swaying, time_s, wanted, seen(swaying, aside, here, yaw), 0, yaw)
    asked, along = kept.root_position_m[:2] - here, np.array([math.cos(yaw), math.sin(yaw)])
    assert asked @ left_of(yaw) == pytest.approx(0.04, abs=1e-6)
    assert asked @ along == pytest.approx((wanted.root_position_m[:2] - here) @ along)
    assert kept.root_position_m[2] == wanted.root_position_m[2]


def test_a_pelvis_in_its_place_over_its_limbs_stays(body, swaying):
    """In the table's own posture nothing is to be moved: by MuJoCo's kinematics."""
    for k in range(0, PHASES, 7):
        time_s = (k + 1e-9) / PHASES / swaying.table.cadence.frequency_hz
        wanted = crawl_reference(swaying, time_s, HERE)
        data = mujoco.MjData(body.model)
        data.qpos[:3], data.qpos[3:7] = wanted.root_position_m, wanted.root_quaternion
        data.qpos[body.joint_qpos] = wanted.joint_angle
        mujoco.mj_kinematics(body.model, data)
        reading = SimpleNamespace(qpos=data.qpos[None], body_position_m=data.xpos[None])
        kept = keep_over_limbs(swaying, time_s, wanted, reading, 0, 0.0)
        np.testing.assert_allclose(kept.root_position_m, wanted.root_position_m, atol=1e-3)


def test_without_sway_or_without_a_limb_that_bears_nothing_is_moved(crawls, swaying):
    reading = seen(swaying, swaying.table.limb_aside_m[0] + 0.1)
    wanted = crawl_reference(swaying, 0.0, HERE)
    assert keep_over_limbs(crawls[0.4], 0.0, wanted, reading, 0, 0.0) is wanted
    none = swaying.table._replace(in_stance=np.zeros_like(swaying.table.in_stance))
    assert keep_over_limbs(swaying._replace(table=none), 0.0, wanted, reading, 0, 0.0) is wanted
    assert keep_over_limbs(swaying, 0.0, wanted, reading, 0, 0.0) is not wanted


def test_the_way_of_a_body_that_sways_is_straight(swaying):
    """The reference is aside from its way by the sway, with its velocity; the way is found back."""
    heading = -0.4
    way = Way(np.zeros(2), np.array([0.3, -0.2]), heading, 0.0)
    left, step_s = left_of(heading), 1e-3
    for time_s in (0.11, 0.37, 0.8):
        wanted, later = (crawl_reference(swaying, t, way) for t in (time_s, time_s + step_s))
        found = on_way_m(swaying, time_s, wanted.root_position_m[:2], heading)
        np.testing.assert_allclose(found, way.position_m, atol=1e-12)
        rate = (later.root_position_m - wanted.root_position_m)[:2] @ left / step_s
        assert wanted.root_velocity_m_per_s[:2] @ left == pytest.approx(rate, abs=1e-6)
        drifts = crawl_reference(swaying, time_s, way, rate)
        still = crawl_reference(swaying, time_s, way, 0.0)
        swings = ~swaying.table.in_stance[
            int(time_s * swaying.table.cadence.frequency_hz % 1.0 * PHASES)
        ]
        # what moves aside as it is asked to steps where the table has it
        posture = swaying.table.joint_angle
        k = time_s * swaying.table.cadence.frequency_hz % 1.0 * PHASES
        expected = posture[int(k)] + (k - int(k)) * (posture[int(k) + 1] - posture[int(k)])
        np.testing.assert_allclose(drifts.joint_angle, expected, atol=1e-6)
        if swings.any() and abs(rate) > 0.01:
            assert np.abs(still.joint_angle - expected).max() > 1e-4


def test_stance_shortens_with_speed_and_swing_stays():
    gait = Gait(swing_s=0.35, stance_travel_m=0.3, stance_longest_s=0.9, duty_least=0.55)
    slow, middle, fast = (cadence(gait, speed) for speed in (0.1, 0.5, 0.9))
    for found in (slow, middle, fast):
        assert (1 - found.duty) / found.frequency_hz == pytest.approx(0.35)
    assert slow.stance_s == pytest.approx(0.9)
    assert middle.stance_s == pytest.approx(0.3 / 0.5)
    assert fast.duty == pytest.approx(0.55)
    assert cadence(gait, -0.5) == middle
    backward = dataclasses.replace(gait, backward_longest_s=0.5)
    assert cadence(backward, -0.1).stance_s == pytest.approx(0.5)
    assert cadence(backward, 0.1) == slow


def followed(crawl, goal_m, seconds=30.0, side_push_m=0.0):
    """Ways of a body that goes just where it is asked to, once pushed aside."""
    way = start_way(np.zeros(2))
    here, yaw, rows = np.zeros(2), 0.0, []
    for k in range(round(seconds / 0.004)):
        way = advance_way(crawl, way, here, yaw, goal_m, 0.004)
        here, yaw = way.position_m.copy(), way.heading_rad
        if k == 500:
            here[1] += side_push_m
        rows.append(way)
    return rows


@pytest.mark.parametrize("goal", [(3.0, 3.0), (2.0, -2.5), (-2.0, 2.0)])
def test_the_way_turns_to_a_goal(crawls, goal):
    rows = followed(crawls[0.4], goal)
    assert min(np.linalg.norm(np.subtract(goal, w.position_m)) for w in rows) < 0.2
    assert max(abs(w.turn_rad_per_s) for w in rows) <= MOST_TURN_RAD_PER_S


@pytest.mark.parametrize("speed", [0.4, -0.2])
def test_a_body_that_was_pushed_aside_comes_back_to_its_line(crawls, speed):
    rows = followed(crawls[speed], None, side_push_m=0.5)
    assert rows[501].position_m[1] == pytest.approx(0.5, abs=LEASH_M + 0.01)
    assert abs(rows[-1].position_m[1]) < 0.02
    assert abs(rows[-1].heading_rad) < 0.02


def test_the_way_waits_for_a_body_that_is_held(crawls):
    way = start_way(np.zeros(2))
    for _ in range(1000):
        way = advance_way(crawls[0.4], way, np.zeros(2), 0.0, None, 0.004)
    assert np.linalg.norm(way.position_m) <= LEASH_M + 1e-9


def test_in_a_turn_the_hands_stay_where_they_bear(body, crawls):
    """Over a short time of stance, palms move less over the floor than if the turn were ignored."""
    crawl, turn = crawls[0.0], 0.3
    both = np.flatnonzero(crawl.table.in_stance[:, :2].all(axis=1))
    k = next(int(k) for k in both if k + 4 in both)
    frequency = crawl.table.cadence.frequency_hz
    moved = {}
    for asked in (0.0, turn):
        places = []
        for phase in (k, k + 4):
            time_s = (phase + 1e-6) / PHASES / frequency - crawl.gait.lookahead_s
            yaw = turn * time_s
            way = Way(np.zeros(2), np.zeros(2), yaw, asked)
            wanted = crawl_reference(crawl, time_s, way)
            data = mujoco.MjData(body.model)
            data.qpos[:3], data.qpos[3:7] = wanted.root_position_m, wanted.root_quaternion
            data.qpos[body.joint_qpos] = wanted.joint_angle
            mujoco.mj_kinematics(body.model, data)
            palms = [body.model.geom(f"palm_radial_{side}").id for side in "rl"]
            places.append(data.geom_xpos[palms, :2].copy())
        moved[asked] = np.linalg.norm(places[1] - places[0], axis=1).mean()
    assert moved[turn] < 0.5 * moved[0.0]


def test_backward_the_hands_have_a_width_of_their_own(body):
    gait = Gait(hand_width_m=0.07, backward_hand_width_m=0.03)
    narrow = dataclasses.replace(gait, hand_width_m=0.03)
    as_forward = dataclasses.replace(gait, backward_hand_width_m=None)
    wide, alone = (make_crawl(body, g, -0.2).table.joint_angle for g in (as_forward, gait))
    assert not np.array_equal(wide, alone)
    for speed, alike in ((-0.2, True), (0.2, False)):
        first, second = (make_crawl(body, g, speed).table.joint_angle for g in (gait, narrow))
        assert np.array_equal(first, second) is alike


def test_downhill_the_hands_bear_further_ahead(body):
    gait = Gait(hand_centre_m=0.01, hand_downhill_m=0.2)
    slope = on_ground(body, Ground(uphill_deg=-10.0))
    further = dataclasses.replace(
        gait, hand_centre_m=0.01 + 0.2 * math.tan(math.radians(10.0)), hand_downhill_m=0.0
    )
    found, expected = (make_crawl(slope, g, 0.3).table.joint_angle for g in (gait, further))
    np.testing.assert_allclose(found, expected, atol=1e-9)
    assert np.abs(found - make_crawl(body, gait, 0.3).table.joint_angle).max() > 0.02
    np.testing.assert_allclose(
        make_crawl(slope, gait, 0.3).reach_m, make_crawl(slope, further, 0.3).reach_m
    )
    weightless = copy.copy(body.model)
    weightless.opt.gravity[:] = 0.0
    assert hand_centre_m(body._replace(model=weightless), gait) == 0.01
