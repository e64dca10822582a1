"""Actions against a lever: its course, what torque does with speed, elastic tendons, settings."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurocoord import trial
from neurocoord.simulation import Simulation
from neurocoord.tasks import TASKS, dynamometry, isokinetic, lever_protocol
from neurocoord.tasks.lever_protocol import Course

FEW = trial.Pools(n_units=20)


def run(seed=0, **settings):
    return trial.run(
        trial.TrialConfig(
            task="isokinetic", seed=seed, pools=FEW, settings=isokinetic.Settings(**settings)
        )
    )


def plan(**settings):
    chosen = isokinetic.Settings(**settings)
    return isokinetic.plan(isokinetic.set_up("dynamometer", chosen), chosen)


def course(**changes):
    start = Course(1.0, 1.5, 0.5, 1.0, 1.0, (0.05, 0.2, 0.5, 1.0), 1.0, 0.3, 0.5, 0.6)
    return start._replace(**changes)


@given(st.sampled_from(lever_protocol.ACTIONS), st.floats(0.1, 8.0), st.floats(0.0, 20.0))
def test_the_lever_never_jumps_nor_exceeds_its_speed(action, speed, time_s):
    segments = lever_protocol.segments(action, course(speed_rad_per_s=speed))
    fastest = max(speed, np.radians(lever_protocol.RETURN_DEG_PER_S))
    angle, mean_speed = lever_protocol.motion(segments, 0.004)(time_s)
    assert 0.5 - 1e-9 <= angle <= 1.5 + 1e-9
    assert abs(mean_speed) <= fastest * (1.0 + 1e-9)
    for before, after in pairwise(segments):
        assert before.end_s == after.start_s and before.to_rad == after.from_rad


def test_a_stretch_is_followed_at_once():
    names = [s.name for s in lever_protocol.segments("stretch_shortening", course())]
    assert names[names.index("eccentric") + 1] == "after_stretch"
    assert names.index("after_stretch") < names.index("concentric")
    assert "ready" not in [
        s.name for s in lever_protocol.segments("concentric", course(ready_s=0.0))
    ]


@pytest.fixture(scope="module")
def knee():
    """A stretch-shortening cycle of the knee extensors by tendons."""
    chosen = {"action": "stretch_shortening", "speed_deg_per_s": 120.0, "hold_s": 1.0}
    return {tendons: run(tendons=tendons, **chosen) for tendons in isokinetic.TENDONS}


def test_the_lever_moves_the_joint_at_its_speed(knee):
    for found in knee.values():
        for name in ("eccentric", "after_stretch", "concentric"):
            assert found.measures[f"speed_error_{name}_deg_per_s"] < 12.0
        assert found.ended == "done"


def test_torque_falls_in_shortening_as_the_muscle_curves_say(knee):
    """The validation's curves (`capacity.active_torque_nm`) at the isometric effort's angle."""
    body, planned = trial.find_body(knee["rigid"].config), plan(speed_deg_per_s=120.0)
    here = planned.curve.angle_deg == np.round(
        np.degrees(planned.qpos[body.joint_qpos[planned.joint]])
    )
    torque = [
        isokinetic.mover_torque_nm(body, planned.curve, planned.muscles, planned.sign, rate)[here]
        for rate in (0.0, 120.0)
    ]
    wanted = float(torque[1][0] / torque[0][0])
    assert wanted == pytest.approx(0.8, abs=0.05)
    assert knee["rigid"].measures["concentric_over_isometric"] == pytest.approx(wanted, abs=0.06)


def test_torque_rises_in_stretch_and_stretch_is_cheap(knee):
    for found in knee.values():
        m = found.measures
        assert 1.02 < m["eccentric_over_isometric"] < 1.25  # MuJoCo's curve ends at 1.2
        assert m["work_eccentric_j"] < 0.0 < m["work_concentric_j"]
        assert m["power_eccentric_w"] < m["power_isometric_w"] < m["power_concentric_w"]
        assert 0.05 < m["efficiency_concentric"] < 0.5


def test_only_elastic_tendons_give_energy_back(knee):
    rigid, elastic = (knee[name].measures for name in isokinetic.TENDONS)
    for name in ("eccentric", "after_stretch", "concentric"):
        assert rigid[f"tendon_return_{name}_j"] == 0.0
    assert elastic["tendon_return_eccentric_j"] < 0.0  # stored
    assert 5.0 < elastic["tendon_return_after_stretch_j"] < 40.0
    assert elastic["work_after_stretch_j"] > rigid["work_after_stretch_j"]
    # strengths were fitted with rigid tendons: a greatest effort must be about what it was
    assert elastic["torque_isometric_nm"] == pytest.approx(rigid["torque_isometric_nm"], rel=0.1)


def test_a_snapshot_holds_elastic_tendons():
    chosen = isokinetic.Settings(tendons="elastic")
    body = isokinetic.set_up("dynamometer", chosen)
    config = trial.TrialConfig(task="isokinetic", pools=FEW, settings=chosen)
    simulation = Simulation(body, *trial.make_pools(config, body), seeds=[0])
    planned = isokinetic.plan(body, chosen)
    simulation.reset(planned.qpos[None], seeds=[0])
    drive = np.zeros((1, len(body.muscles)))
    drive[:, planned.muscles] = 1.0
    for _ in range(20):
        simulation.advance(drive)
    kept = simulation.snapshot()
    first = [simulation.advance(drive) for _ in range(5)][-1]
    simulation.restore(kept)
    again = [simulation.advance(drive) for _ in range(5)][-1]
    np.testing.assert_array_equal(first.muscle_force_n, again.muscle_force_n)
    np.testing.assert_array_equal(first.muscle_length_m, again.muscle_length_m)


def test_holds_rise_with_drive_and_the_rest_is_none():
    found = run(action="isometric", joint="ankle", direction="plantarflexion", hold_s=0.7).measures
    torques = [found[f"torque_hold_{k}_nm"] for k in (1, 2, 3, 4)]
    assert np.all(np.diff(torques) > 0.0)
    assert found["torque_peak_nm"] > torques[2] and found["rfd_50_100_ms_per_s"] > 0.0
    assert np.isnan(found["torque_concentric_nm"]) and np.isnan(found["work_enhancement"])


@pytest.mark.parametrize("action", list(dynamometry.MOVERS))
def test_movers_turn_their_joint_the_way_they_are_said_to(action):
    joint, direction = action.split("_", 1)
    planned = plan(joint=joint, direction=direction)
    arm = planned.sign * planned.curve.arm_m[:, planned.muscles]
    assert np.all(arm.mean(axis=0) > 0.0)
    assert abs(planned.qpos[-1]) < np.pi


def test_the_isometric_task_does_other_joints():
    chosen = replace(
        TASKS["isometric"].settings(hold_s=0.7, rest_s=0.1, ballistic_s=0.35),
        joint="elbow",
        direction="flexion",
    )
    found = trial.run(trial.TrialConfig(task="isometric", pools=FEW, settings=chosen)).measures
    assert 0.0 < found["torque_low_nm"] < found["torque_high_nm"] < found["torque_peak_nm"]


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("joint", "kneee", "did you mean 'knee'"),
        ("direction", "dorsiflexion", "allowed: extension, flexion at the knee"),
        ("action", "concentrik", "did you mean 'concentric'"),
        ("drive", 0.0, "above 0"),
        ("hold_drives", (0.1, 0.2, 0.3, 1.5), "four times"),
        ("speed_deg_per_s", 900.0, "up to 500"),
        ("range_deg", (20.0, 160.0), "turns from 0 to 140"),
        ("range_deg", (80.0, 82.0), "too short for 60 deg/s"),
        ("hold_s", 0.4, "more than 0.5"),
        ("rest_s", 0.0, "0.004 s or more"),
        ("ready_s", -0.1, "0 s or more"),
        ("ballistic_s", 0.1, "more than 0.3"),
        ("tendons", "elastik", "did you mean 'elastic'"),
    ],
)
def test_settings_are_checked(field, value, words):
    with pytest.raises(ValueError, match=f"{field}[= ].*{words}"):
        plan(**{field: value})
