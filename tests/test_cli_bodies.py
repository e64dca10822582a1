"""`neurocoord build` and `neurocoord muscles`: what they write, say, and refuse."""

import json

import pytest

from neurocoord import results, study, trial
from neurocoord.body import model
from neurocoord.cli import main
from neurocoord.simulation import Simulation


def told(capsys, *arguments):
    assert main([*arguments, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def refused(capsys, *arguments):
    assert main([*map(str, arguments)]) == 2
    captured = capsys.readouterr()
    assert captured.out == "" and captured.err.startswith("neurocoord: ")
    return captured.err


@pytest.fixture
def woman(tmp_path, capsys):
    path = tmp_path / "woman.xml"
    size = ["--sex", "female", "--height", "1.65", "--mass", "60"]
    return path, told(capsys, "build", *size, "-o", str(path))


def test_build_says_what_it_wrote(woman):
    path, said = woman
    assert said["file"] == str(path) and said["kind"] == "humanoid"
    assert (said["proportions"], said["height_m"], said["mass_kg"]) == ("female", 1.65, 60.0)
    assert 0.30 < said["muscle_share"] < 0.42
    assert said["strength_scale"]["leg"] > said["strength_scale"]["arm"]
    assert said["segment_length_m"]["Thigh"] == pytest.approx(0.39, abs=0.01)
    assert said["sha256"] == results.file_sha256(path)
    body = model.load(path)
    assert body.mass_kg == pytest.approx(60.0, rel=1e-5)
    assert said["keyframes"] == [body.model.key(k).name for k in range(body.model.nkey)]


def test_build_replaces_a_file_and_leaves_no_other(woman, capsys):
    path, _ = woman
    assert main(["build", "-o", str(path)]) == 0
    out = capsys.readouterr().out
    assert "1.73 m, 72.5 kg" in out and "male" in out
    assert model.load(path).model.body("pelvis").mass == model.load().model.body("pelvis").mass
    assert [p.name for p in path.parent.iterdir()] == ["woman.xml"]


def test_build_refuses_before_it_writes(tmp_path, capsys):
    out = tmp_path / "body.xml"
    assert "did you mean 'female'" in refused(capsys, "build", "--sex", "femal", "-o", out)
    assert "0.4 to 2.5 m" in refused(capsys, "build", "--height", "16", "-o", out)
    assert "weighs 30 to 150 kg" in refused(capsys, "build", "--mass", "6", "-o", out)
    assert "is not a number" in refused(capsys, "build", "--mass", "heavy", "-o", out)
    assert "factor above 0" in refused(capsys, "build", "--strength", "0", "-o", out)
    assert "allowed: female, male" in refused(capsys, "build", "--proportions", "x", "-o", out)
    both = ("--sex", "male", "--proportions", "female")
    assert "give one" in refused(capsys, "build", *both, "-o", out)
    assert "did you mean 'humanoid'" in refused(capsys, "build", "--kind", "human", "-o", out)
    assert "ends in .xml" in refused(capsys, "build", "-o", tmp_path / "body.txt")
    assert "must be a folder" in refused(capsys, "build", "-o", tmp_path / "none" / "b.xml")
    assert not list(tmp_path.iterdir())


def test_muscles_lists_all_and_tells_of_one(capsys):
    rows = told(capsys, "muscles")["muscles"]
    assert len(rows) == len(model.load().muscles)
    assert {"full_name", "chain", "stabilizer", "joints", "source", "max_force_n"} <= set(rows[0])
    one = told(capsys, "muscles", "GAS_l", "--keyframe", "supine")
    assert one["max_velocity_lopt_per_s"] == [4.8, 12.0]
    assert set(one["moment_arm_m"]) == set(one["joints"])
    assert one["moment_arm_m"]["knee_flexion_l"] > 0.01
    assert told(capsys, "muscles", "GAS")["muscle"] == "GAS_r"
    assert main(["muscles", "GAS_l"]) == 0
    assert "gastrocnemius" in capsys.readouterr().out


def test_muscles_tells_roles(capsys, woman):
    said = told(capsys, "muscles", "--action", "knee_extension", "--keyframe", "hands_knees")
    assert [role["muscle"] for role in said["agonists"]] == ["VAS_L_r", "VAS_M_r", "RF_r"]
    other = told(capsys, "muscles", "--action", "knee_extension", "--body", str(woman[0]))
    assert other["agonists"][0]["torque_capacity_nm"] < said["agonists"][0]["torque_capacity_nm"]
    assert main(["muscles", "--action", "knee_extension"]) == 0
    assert "stabilizer" in capsys.readouterr().out


def test_muscles_refuses_what_it_does_not_know(capsys):
    assert "did you mean 'GAS_r'" in refused(capsys, "muscles", "GAS_")
    assert "did you mean 'supine'" in refused(capsys, "muscles", "--keyframe", "supin")
    action = ("--action", "elbow_flexoin")
    assert "did you mean 'elbow_flexion'" in refused(capsys, "muscles", *action)
    assert "give one" in refused(capsys, "muscles", "GAS_l", *action)
    assert "no such file" in refused(capsys, "muscles", "--body", "none.xml")


# --- trials on a body that was built -----------------------------------------------------------


def test_a_simulation_of_a_body_that_was_built(woman):
    body = model.load(woman[0])
    pools, coupling = trial.make_pools(trial.TrialConfig(pools=trial.Pools(n_units=5)), body)
    simulation = Simulation(body, pools, coupling, seeds=[1])
    simulation.reset(model.keyframe_qpos(body, "supine")[None], seeds=[1])
    block = simulation.advance(simulation.drive_for(0.3 * simulation.bounds()[1]))
    assert block.muscle_force_n.max() > 0


def test_a_trial_takes_a_body_of_its_kind_and_says_which(tmp_path, capsys):
    path, out = tmp_path / "seat.xml", tmp_path / "out"
    assert main(["build", "--kind", "dynamometer", "--mass", "60", "-o", str(path)]) == 0
    capsys.readouterr()
    settings = ("settings.hold_s=0.55", "settings.rest_s=0.05", "pools.n_units=5")
    short = [word for setting in settings for word in ("--set", setting)]
    command = ["run", "isometric", "--body", str(path), *short]
    light = told(capsys, *command, "--out", str(out))
    assert light["config"]["body"] == str(path)
    run = results.read_run(out)
    assert run.config["body"] == str(path)
    assert run.model_sha256 == {"seat.xml": results.file_sha256(path)}
    own = told(capsys, "run", "isometric", *short)
    assert light["measures"]["torque_low_nm"] < 0.9 * own["measures"]["torque_low_nm"]
    assert "crawl needs a humanoid" in refused(capsys, "run", "crawl", "--body", path)
    with pytest.raises(ValueError, match="no such file"):
        study.check([trial.TrialConfig(body=str(tmp_path / "none.xml"))])
