"""Adopting someone else's model: small ones made here, and myo-sim's where it is installed."""

import warnings
from pathlib import Path

import mujoco
import numpy as np
import pytest

from neurocoord import synchrony
from neurocoord.body import adopt
from neurocoord.body.adoption import adoption
from neurocoord.body.clock import step_control, steps_per_block
from neurocoord.body.model import MUSCLE_DENSITY_KG_PER_CM3
from neurocoord.body.pace import unwarned
from neurocoord.motorunits import counts, published
from neurocoord.simulation import BLOCK_S, Block, Simulation

ARM = """
<mujoco model="arm">
  <option timestep="{timestep}" {option}/>
  <worldbody>
    <site name="origin" pos="0.03 0 0.1"/>
    <body pos="0 0 0">
      <joint name="hinge" axis="0 1 0" range="-60 60" damping="0.2"/>
      <geom type="capsule" fromto="0 0 0 0 0 -0.3" size="0.03"/>
      <site name="insertion" pos="0.03 0 -0.1"/>
      <body pos="0 0 -0.3"><joint name="ball" type="ball" damping="0.1"/><geom size="0.03"/></body>
    </body>
  </worldbody>
  <tendon>
    <spatial name="path"><site site="origin"/><site site="insertion"/></spatial>
  </tendon>
  <actuator>{actuators}</actuator>
  {rest}
</mujoco>"""
FLEXOR = '<muscle name="flexor_r" tendon="path" force="300" lengthrange="0.15 0.25" {}/>'
JOINT = '<muscle joint="hinge" force="40" lengthrange="-1 1"/>'
MOTOR = '<motor name="motor" joint="hinge"/>'


def arm(*actuators: str, timestep: float = 0.002, option: str = "", rest: str = "") -> str:
    actuators = actuators or (FLEXOR.format(""),)
    return ARM.format(timestep=timestep, option=option, actuators="".join(actuators), rest=rest)


def spec(*actuators: str, **options: object) -> mujoco.MjSpec:
    return mujoco.MjSpec.from_string(arm(*actuators, **options))


def simulation(body, strategy: str = "independent") -> Simulation:
    pools = published.body_pools(body.table.n_units, body.table.type1_share)
    return Simulation(body, pools, synchrony.strategy(strategy)(pools), seeds=[3])


def run(body, drive: float, seconds: float, strategy: str = "independent") -> list[Block]:
    """Blocks of a run; Simulation itself raises on any warning of MuJoCo's."""
    running = simulation(body, strategy)
    given = np.full((1, len(body.muscles)), drive)
    blocks = [running.advance(given) for _ in range(round(seconds / BLOCK_S))]
    assert np.isfinite(running.read().qpos).all()
    return blocks


# ---- what is changed, and what is not ----


def test_filter_and_limits_go_and_gains_stay() -> None:
    source = spec(FLEXOR.format('timeconst="0.02 0.05" ctrllimited="true" ctrlrange="0 1"'), JOINT)
    before = source.compile()
    adopted = adoption(source)
    model = adopted.body.model
    assert (before.na, model.na) == (2, 0)
    assert not model.actuator_ctrllimited.any()
    for name in ("gainprm", "biasprm", "lengthrange", "gear", "trntype", "trnid"):
        field = f"actuator_{name}"
        np.testing.assert_array_equal(getattr(model, field), getattr(before, field), err_msg=name)
    np.testing.assert_array_equal(model.body_inertia, before.body_inertia)
    assert adopted.changes == (
        "took the activation filter off 2 muscles (dyntype none)",
        "lifted the limits of control of 1 muscle",
        "named 1 muscle",
    )
    assert adopted.body.muscles == ("flexor_r", "muscle_1")
    assert source.actuators[0].dyntype == mujoco.mjtDyn.mjDYN_MUSCLE  # ours was a copy


def test_nothing_is_changed_where_nothing_needs_to_be() -> None:
    general = (
        '<general name="m" tendon="path" gaintype="muscle" biastype="muscle" dyntype="none"'
        ' gainprm="0.75 1.05 300 200 0.5 1.6 1.5 1.3 1.2"'
        ' biasprm="0.75 1.05 300 200 0.5 1.6 1.5 1.3 1.2" lengthrange="0.15 0.25"/>'
    )
    adopted = adoption(spec(general))
    assert (adopted.changes, adopted.remarks) == ((), ())


def test_the_active_state_is_the_control_and_may_exceed_1() -> None:
    body = adopt(spec(FLEXOR.format('ctrllimited="true" ctrlrange="0 1"')))
    data = mujoco.MjData(body.model)
    forces = []
    for control in (0.0, 0.5, 1.5):
        data.ctrl[:] = control
        mujoco.mj_forward(body.model, data)
        forces.append(-data.actuator_force[0])
    passive, half, beyond = forces
    assert beyond - passive == pytest.approx(3.0 * (half - passive), rel=1e-12)
    assert half - passive > 10.0


def test_keyframes_stay_without_the_activations_that_went() -> None:
    key = '<keyframe><key name="bent" qpos="0.4 1 0 0 0" act="0.3" ctrl="0.2"/></keyframe>'
    body = adopt(spec(rest=key))
    assert body.model.key("bent").qpos[0] == 0.4


def test_delay_of_control_goes() -> None:
    adopted = adoption(spec(FLEXOR.format('delay="0.01" nsample="6"')))
    assert "took the delay of control off 1 muscle" in adopted.changes
    assert adopted.body.model.actuator_delay[0] == 0


def test_other_actuators_are_refused_or_removed() -> None:
    orientation = '<orientation name="servo" joint="ball" kp="1"/>'
    sensors = '<sensor><actuatorfrc actuator="motor"/><actuatorfrc actuator="flexor_r"/></sensor>'
    source = spec(MOTOR, FLEXOR.format(""), orientation, rest=sensors)
    before = source.compile()
    assert before.nactuator != before.nu
    with pytest.raises(ValueError, match=r"2 of 3 actuators .*'motor', 'servo'.*nactuator = nu"):
        adopt(source)
    adopted = adoption(source, others="remove")
    assert adopted.body.muscles == ("flexor_r",)
    assert adopted.body.model.nu == adopted.body.model.nactuator == 1
    assert adopted.changes[:2] == (
        "removed 2 actuators that are no muscles: 'motor', 'servo'",
        "removed 1 sensor of theirs",
    )
    assert adopted.body.model.nsensor == 1
    with pytest.raises(ValueError, match="others 'zero' is unknown; allowed: "):
        adopt(source, others="zero")


@pytest.mark.parametrize(
    ("given_s", "becomes_s"),
    [
        (0.002, 0.002),
        (0.001, 0.001),
        (0.0005, 0.0005),
        (0.003, 0.002),
        (0.005, 0.004),
        (6e-4, 5e-4),
    ],
)
def test_time_steps_fit_the_clock(given_s: float, becomes_s: float) -> None:
    adopted = adoption(spec(timestep=given_s))
    timestep_s = adopted.body.model.opt.timestep
    assert timestep_s == pytest.approx(becomes_s, rel=1e-12)
    assert any("time step" in change for change in adopted.changes) == (given_s != becomes_s)
    n_steps = steps_per_block(timestep_s)
    (block,) = run(adopted.body, 0.5, BLOCK_S)
    assert block.muscle_force_n.shape == (1, n_steps, 1)


def test_steps_are_driven_by_their_ticks() -> None:
    ticks = np.array([[[1.0], [2.0], [3.0], [6.0]]])
    assert step_control(ticks, 1).ravel().tolist() == [3.0]
    assert step_control(ticks, 2).ravel().tolist() == [1.5, 4.5]
    assert step_control(ticks, 4).ravel().tolist() == [1.0, 2.0, 3.0, 6.0]
    assert step_control(ticks, 8).ravel().tolist() == [1, 1, 2, 2, 3, 3, 6, 6]
    with pytest.raises(ValueError, match=r"0\.003 s does not fit"):
        steps_per_block(0.003)


# ---- what is filled in ----


def test_units_follow_force_and_length() -> None:
    flexor = '<muscle name="a" tendon="path" force="{}" range="0.5 1.5" lengthrange="0.15 0.25"/>'
    body = adopt(spec(flexor.format(480)), specific_tension_n_per_cm2=30.0, type1_share=0.8)
    volume_cm3 = 480 / 30.0 * 10.0  # F0 / tension (cm2) x optimal length (cm)
    assert body.table.mass_kg[0] == pytest.approx(volume_cm3 * MUSCLE_DENSITY_KG_PER_CM3)
    assert body.table.n_units[0] == round(80.4 * volume_cm3**0.379)
    assert body.table.type1_share.tolist() == [0.8]
    stronger = adopt(spec(flexor.format(960)), specific_tension_n_per_cm2=30.0)
    assert stronger.table.n_units[0] > body.table.n_units[0]


def test_the_fit_gives_the_counts_that_follow_it() -> None:
    """Rows of the table that the fit gave: gluteus maximus 1042 in three parts by volume."""
    parts = counts.unit_counts(["GMAX_S_r", "GMAX_I_r"]).sum()
    assert parts == 1042
    assert counts.units_of_volume((1042 / 80.4) ** (1 / 0.379)) == 1042
    assert counts.units_of_volume([1e-9, 1.0, 100.0]).tolist() == [1, 80, 461]
    with pytest.raises(ValueError, match="volume_cm3 must be"):
        counts.units_of_volume([10.0, -1.0])


def test_a_force_left_to_scale_and_acc0_is_told_in_newtons() -> None:
    body = adopt(spec('<muscle name="a" tendon="path" scale="200" lengthrange="0.15 0.25"/>'))
    data = mujoco.MjData(body.model)
    mujoco.mj_forward(body.model, data)
    gain_n = -mujoco.mju_muscleGain(
        data.actuator_length[0],
        0.0,
        body.model.actuator_lengthrange[0],
        body.model.actuator_acc0[0],
        body.model.actuator_gainprm[0][:9],
    )
    assert body.model.actuator_gainprm[0][2] == -1
    assert 0.3 < gain_n / body.muscle_parameters.max_force_n[0] <= 1.0


def test_sides_are_found_by_name_where_there_are_two() -> None:
    muscle = '<muscle name="{}" joint="hinge" force="40" lengthrange="-1 1"/>'
    body = adopt(spec(*map(muscle.format, ("a_r", "b_r", "a_l", "core"))))
    assert body.mirror_muscle.tolist() == [2, 1, 0, 3]


def test_the_record_of_a_foreign_body() -> None:
    body = adopt(spec(), name="an arm")
    assert body.name == "an arm"
    assert (body.joints, body.joint_dof.tolist()) == (("hinge",), [0])
    assert body.support.geoms == () and body.table.chain == ("",)
    assert body.model_hash == adopt(spec()).model_hash
    assert body.model_hash != adopt(spec(FLEXOR.format("").replace("300", "301"))).model_hash
    reading = simulation(body).read()
    assert reading.contact_found.shape == (1, 0, 2)
    assert reading.moment_arm.shape == (1, 1, 4)


# ---- running ----


@pytest.mark.parametrize("strategy", ["independent", "short_term"])
def test_a_foreign_body_runs_by_its_motor_units(strategy: str, tmp_path: Path) -> None:
    path = tmp_path / "arm.xml"
    path.write_text(arm(FLEXOR.format(""), JOINT))
    body = adopt(path)
    assert body.name == "arm"
    blocks = run(body, 0.6, 1.0, strategy)
    idle = run(body, 0.0, 1.0, strategy)
    pulled_n, passive_n = (np.mean([b.muscle_force_n for b in bs[-100:]]) for bs in (blocks, idle))
    assert pulled_n > passive_n + 5.0
    np.testing.assert_array_equal(
        [block.active_state for block in blocks],
        [block.active_state for block in run(body, 0.6, 1.0, strategy)],
    )


# ---- errors ----


def test_paths_that_are_no_models(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"none\.xml' does not exist"):
        adopt(tmp_path / "none.xml")
    with pytest.raises(FileNotFoundError, match="is a folder"):
        adopt(str(tmp_path))
    broken = tmp_path / "broken.xml"
    broken.write_text("<mujoco><worldbody>")
    with pytest.raises(ValueError, match=r"broken\.xml cannot be read as MJCF: XML"):
        adopt(broken)
    meshless = tmp_path / "meshless.xml"
    bone = '<asset><mesh name="bone" file="bone.stl"/></asset>'
    meshless.write_text(arm(rest=bone))
    with pytest.raises(ValueError, match=r"meshless cannot be compiled: .*bone\.stl"):
        adopt(meshless)


HALF = (
    '<general name="half" joint="hinge" gaintype="muscle" biastype="none" dyntype="muscle"'
    ' gainprm="0.75 1.05 300 200 0.5 1.6 1.5 1.3 1.2" lengthrange="-1 1"/>'
)
INTEGRATED = HALF.replace('"none"', '"muscle" biasprm="0.75 1.05 300 200 0.5 1.6 1.5 1.3 1.2"')
INTEGRATED = INTEGRATED.replace('dyntype="muscle"', 'dyntype="integrator"')


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (spec(MOTOR), "no muscles: 1 actuators"),
        (spec(HALF), "'half' is half a muscle: gaintype 'muscle' with biastype 'none'"),
        (spec(INTEGRATED), "'half' has dyntype 'integrator'"),
        (spec(option='actuatorgroupdisable="0"'), "switches actuators off"),
        (
            spec(FLEXOR.format('range="1.2 0.8"')),
            r"arm cannot be compiled: .*range",
        ),
        (spec(FLEXOR.format("").replace("300", "0")), "'flexor_r' has no force"),
    ],
    ids=["none", "half", "integrator", "switched off", "range", "force"],
)
def test_models_that_motor_units_cannot_drive(source: mujoco.MjSpec, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        adopt(source)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"type1_share": 1.2}, "type1_share must be one number in 0..1"),
        ({"type1_share": [0.5, 0.5]}, "one for each of 1 muscles"),
        ({"specific_tension_n_per_cm2": 0.0}, "specific_tension_n_per_cm2=0.0"),
    ],
)
def test_arguments_that_are_not_allowed(options: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        adopt(spec(), **options)


# ---- models that this project did not make ----


@pytest.mark.parametrize(
    ("name", "n_muscles", "removed"),
    [("myolegs", 80, 0), ("myoarm_r", 63, 0), ("myoelbow", 6, 0), ("myolegs_osl", 54, 2)],
)
def test_the_models_of_myo_sim(name: str, n_muscles: int, removed: int) -> None:
    myo_sim = pytest.importorskip("myo_sim", reason="pip install 'neurocoord[myo]'")
    with unwarned(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of MuJoCo, on how its authors put their parts together
        source = myo_sim.load_spec(name)
    adopted = adoption(source, others="remove" if removed else "refuse")
    body = adopted.body
    assert len(body.muscles) == n_muscles
    assert f"off {n_muscles} muscles" in " ".join(adopted.changes)
    for strategy in ("independent", "short_term"):
        running = simulation(body, strategy)
        start = running.read().qpos
        for _ in range(250):
            running.advance(np.full((1, n_muscles), 0.3))
        moved = np.abs(running.read().qpos - start)
        assert np.isfinite(moved).all()
        assert moved.max() > 0.1
