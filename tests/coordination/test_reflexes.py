"""Reflexes: what they add, to whom, and when."""

import gymnasium
import numpy as np
import pytest

import neurocoord.envs  # noqa: F401  (registers)
from neurocoord import trial
from neurocoord.body import model
from neurocoord.body.twin import Twin
from neurocoord.coordination import reflexes
from neurocoord.coordination.reference import limb_of_support
from neurocoord.coordination.reflexes import Reflexes
from neurocoord.muscle.mechanics import normalised_length, optimal_length_m
from neurocoord.trial import Pools, Runner, TrialConfig

POOLS = Pools(n_units=10)


@pytest.fixture(scope="module")
def body():
    return model.load()


def placed(body, keyframe, **angles):
    qpos = model.keyframe_qpos(body, keyframe)
    for joint, angle in angles.items():
        qpos[body.joint_qpos[body.joints.index(joint)]] = angle
    twin = Twin(body)
    twin.place(qpos, np.zeros(body.model.nv))
    return twin.read()


@pytest.fixture(scope="module")
def still(body):
    return placed(body, "hands_knees")


def after(body, wiring, readings, force_n=None):
    """What is added in each block [block, muscle], from a silent start."""
    state, added = reflexes.init(wiring), []
    force_n = np.zeros(len(body.muscles)) if force_n is None else force_n
    for reading in readings:
        drive, state = reflexes.step(wiring, body, state, reading, 0, force_n)
        added.append(drive)
    return np.array(added)


@pytest.mark.parametrize("name", ["BIC_r", "SOL_l", "VAS_L_r", "SPLEN_l"])
def test_a_stretch_reaches_its_muscle_after_its_delay_and_antagonists_alone(body, still, name):
    muscle = body.muscles.index(name)
    wanted = Reflexes(stretch_velocity=0.2, reciprocal=0.5)
    wiring = reflexes.wire(body, wanted, still.moment_arm[0])
    velocity = np.zeros_like(still.muscle_velocity_m_per_s)
    velocity[0, muscle] = 1.5 * optimal_length_m(body.muscle_parameters)[muscle]
    stretched = still._replace(muscle_velocity_m_per_s=velocity)
    added = after(body, wiring, [stretched, *[still] * 12])
    delay = wiring.delay_blocks[muscle]
    assert 5 <= delay <= 10  # 20 to 40 ms
    alone = np.zeros(13)
    alone[delay] = 0.2 * 1.5
    np.testing.assert_allclose(added[:, muscle], alone, atol=1e-12)
    opposed = wiring.antagonism[:, muscle] > 0.0
    assert opposed.any() and not opposed[muscle]
    assert np.all(added[:, opposed] <= 0.0) and np.all(added[:, opposed].min(axis=0) < 0.0)
    others = ~opposed
    others[muscle] = False
    assert not added[:, others].any()
    arm = still.moment_arm[0][:, body.joint_dof]
    assert np.all(arm[opposed] @ arm[muscle] < 0.0)


def test_a_muscle_longer_than_the_threshold_is_driven(body, still):
    length = normalised_length(body.muscle_parameters, still.muscle_length_m[0])
    threshold = float(np.median(length))
    wanted = Reflexes(stretch_length=2.0, length_threshold_lopt=threshold)
    wiring = reflexes.wire(body, wanted, still.moment_arm[0])
    added = after(body, wiring, [still] * 12)
    np.testing.assert_allclose(added[-1], 2.0 * np.maximum(length - threshold, 0.0), atol=1e-12)
    assert not added[:5].any()


def test_shortening_gives_no_stretch_reflex(body, still):
    shortening = still._replace(muscle_velocity_m_per_s=-np.ones((1, len(body.muscles))))
    wiring = reflexes.wire(body, Reflexes(stretch_velocity=1.0), still.moment_arm[0])
    assert not after(body, wiring, [shortening] * 12).any()


def test_force_inhibits_or_excites_where_the_limb_bears(body, still):
    half = 0.5 * body.muscle_parameters.max_force_n
    found = np.zeros_like(still.contact_found)
    found[0, limb_of_support(body) == 0] = True  # the right hand's
    bearing = still._replace(contact_found=found)
    for excites in (False, True):
        wanted = Reflexes(force=0.4, force_excites_in_stance=excites)
        wiring = reflexes.wire(body, wanted, still.moment_arm[0])
        added = after(body, wiring, [bearing] * 12, half)[-1]
        arm = wiring.limb == 0  # hand_r
        assert arm.sum() > 5
        np.testing.assert_allclose(added[arm], 0.2 if excites else -0.2)
        np.testing.assert_allclose(added[~arm], -0.2)


@pytest.mark.parametrize("keyframe", ["standing", "hands_knees"])
@pytest.mark.parametrize("joint", ["neck_extension", "neck_bending"])
@pytest.mark.parametrize("angle", [-0.4, 0.4])
def test_a_tilted_head_is_turned_upright(body, keyframe, joint, angle):
    """The neck muscles' torque, on average over the hinges, lessens the tilt; no others are driven,
    and none before the delay."""
    reading = placed(body, keyframe, **{joint: angle})
    wiring = reflexes.wire(body, Reflexes(righting=0.5), reading.moment_arm[0])
    added = after(body, wiring, [reading] * 8)
    assert not added[: wiring.righting_blocks].any()
    drive = added[-1]
    assert drive.max() > 0.05 and drive.min() >= 0.0
    assert not np.delete(drive, wiring.neck_muscles).any()
    force = drive * body.muscle_parameters.max_force_n
    torque = -reading.moment_arm[0].T[wiring.neck_dof] @ force
    turn = reading.dof_axis[0, wiring.neck_dof, :3].T @ torque
    tilt = reflexes.tilt_rad(reading, 0, wiring.head)
    assert np.linalg.norm(tilt) > 0.3
    assert turn @ tilt > 0.7 * np.linalg.norm(turn) * np.linalg.norm(tilt)


def test_the_wanted_turn_lessens_the_tilt(body):
    """The sign of the tilt, by moving: turned along it, the neck hinge's angle brings it down."""
    tilts = []
    for angle in (0.4, 0.3):
        reading = placed(body, "standing", neck_bending=angle)
        tilts.append(reflexes.tilt_rad(reading, 0, body.bodies.index("head")))
    dof = body.joint_dof[body.joints.index("neck_bending")]
    assert np.linalg.norm(tilts[0]) == pytest.approx(0.4, abs=0.1)
    assert np.linalg.norm(tilts[1]) < np.linalg.norm(tilts[0])
    assert reading.dof_axis[0, dof, :3] @ tilts[0] < 0.0  # the angle is to fall


def test_a_head_that_turns_is_slowed(body):
    reading = placed(body, "standing")
    qvel = np.zeros_like(reading.qvel)
    dof = body.joint_dof[body.joints.index("neck_rotation")]
    qvel[0, dof] = 2.0
    wanted = Reflexes(righting_damping=0.1)
    wiring = reflexes.wire(body, wanted, reading.moment_arm[0])
    drive = after(body, wiring, [reading._replace(qvel=qvel)] * 8)[-1]
    force = drive * body.muscle_parameters.max_force_n
    assert -reading.moment_arm[0][:, dof] @ force < 0.0


def test_off_is_bit_identical():
    """With no gain there is nothing to add, whatever else is set; with one the drive differs."""
    traces = []
    for wanted in (Reflexes(), Reflexes(reciprocal=1.0, delay_scale=2.0), Reflexes(force=0.3)):
        config = TrialConfig(task="balance", seconds=0.06, pools=POOLS, reflexes=wanted)
        traces.append(trial.run(config).trace)
    assert reflexes.is_off(Reflexes())
    np.testing.assert_array_equal(traces[0].qpos, traces[1].qpos)
    np.testing.assert_array_equal(traces[0].drive, traces[1].drive)
    assert not np.array_equal(traces[0].drive, traces[2].drive)


def test_the_sum_is_what_drives_the_pools_and_stays_a_drive():
    wanted = Reflexes(stretch_velocity=5.0, reciprocal=1.0, force=2.0)
    runner = Runner(TrialConfig(task="balance", pools=POOLS, reflexes=wanted))
    runner.reset(0)
    rng = np.random.default_rng(0)
    differs = 0
    for _ in range(30):
        given = rng.uniform(0.0, 1.0, len(runner.body.muscles))
        block = runner.advance(given)
        np.testing.assert_allclose(block.drive[0, -1], runner.drive)
        differs += not np.array_equal(given, runner.drive)
        assert runner.drive.min() >= 0.0 and runner.drive.max() <= 1.0
    assert differs > 10


def test_an_env_takes_them():
    made = [
        gymnasium.make("neurocoord/Balance-v0", n_units=5, seconds=0.3, reflexes=wanted)
        for wanted in (None, Reflexes(stretch_velocity=0.5))
    ]
    seen = []
    for env in made:
        env.reset(seed=1)
        action = np.full(env.action_space.shape, 0.1, np.float32)
        seen.append([env.step(action)[0] for _ in range(3)][-1])
    assert made[0].unwrapped.runner.wiring is None
    assert not np.array_equal(*seen)


def test_errors_name_what_is_allowed(body, still):
    with pytest.raises(ValueError, match=r"reflexes\.force=-1\.0 is not allowed; it is 0 or more"):
        reflexes.wire(body, Reflexes(force=-1.0), still.moment_arm[0])
