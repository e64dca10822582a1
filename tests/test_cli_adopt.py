"""`neurocoord adopt`: what it prints, and one clear line with code 2 for bad input."""

import json
from pathlib import Path

import pytest

from neurocoord import cli

MODEL = """
<mujoco><option gravity="0 0 0"/><worldbody><body><joint name="elbow" axis="0 1 0" damping="0.5"/>
<geom type="capsule" fromto="0 0 0 0 0 -0.3" size="0.03"/></body></worldbody>
<actuator><muscle name="flexor" joint="elbow" force="20" lengthrange="-1 1"/>{}</actuator>
<keyframe><key name="bent" qpos="0.5"/></keyframe></mujoco>"""
MOTOR = '<motor name="knee_motor" joint="elbow"/>'


def call(capfd: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str, str]:
    code = cli.main(["adopt", *map(str, arguments)])
    return code, *capfd.readouterr()


@pytest.fixture
def model(tmp_path: Path) -> Path:
    path = tmp_path / "arm.xml"
    path.write_text(MODEL.format(""))
    return path


def test_it_tells_what_was_found_changed_and_done(model: Path, capfd) -> None:
    code, out, err = call(capfd, model, "--seconds", 0.4, "--drive", 0.8, "--quiet")
    assert (code, err) == (0, "")
    for part in ("arm", "muscles", "took the activation filter off 1 muscle", "elbow", "bent"):
        assert part in out


def test_json_has_one_document_and_more_drive_moves_more(model: Path, capfd) -> None:
    told = []
    for drive in (0.0, 0.8):
        code, out, err = call(capfd, model, "--json", "--seconds", 0.4, "--drive", drive)
        assert (code, err) == (0, "")
        told.append(json.loads(out))
    idle, active = told
    assert list(active) == ["model", "found", "changes", "remarks", "run", "film"]
    assert active["found"]["muscles"] == 1 and active["found"]["motor_units"] > 1
    assert active["run"]["most_moved_joint"] == "elbow" and active["run"]["warning"] == ""
    assert active["run"]["its_range_deg"] > idle["run"]["its_range_deg"] + 1.0
    assert idle["run"]["highest_active_state"] == 0.0
    assert model.read_text() == MODEL.format("")


def test_a_keyframe_is_where_it_starts(model: Path, capfd) -> None:
    ranges = []
    for options in ((), ("--keyframe", "bent")):
        _, out, _ = call(capfd, model, "--json", "--seconds", 0.1, *options)
        ranges.append(json.loads(out)["run"]["mean_muscle_force_n"])
    assert ranges[0] != ranges[1]


def test_other_actuators_are_removed_when_asked(tmp_path: Path, capfd) -> None:
    path = tmp_path / "mixed.xml"
    path.write_text(MODEL.format(MOTOR))
    code, out, err = call(capfd, path)
    assert (code, out) == (2, "") and "'knee_motor'" in err and "others='remove'" in err
    code, out, _ = call(capfd, path, "--others", "remove", "--seconds", 0.02, "--quiet")
    assert code == 0 and "removed 1 actuator" in out


@pytest.mark.parametrize(
    ("arguments", "parts"),
    [
        (["none.xml"], ["none.xml", "does not exist"]),
        (["{}", "--drive", "1.5"], ["--drive 1.5", "0..1"]),
        (["{}", "--seconds", "0"], ["--seconds 0"]),
        (["{}", "--seed", "-1"], ["--seed -1"]),
        (["{}", "--strategy", "short"], ["'short'", "short_term"]),
        (["{}", "--keyframe", "bend"], ["'bend'", "'bent'"]),
        (["{}", "--others", "keep"], ["refuse, remove"]),
        (["{}", "--type1-share", "2"], ["type1_share"]),
        (["{}", "--save", "film.avi"], ["film.avi", ".gif"]),
    ],
)
def test_bad_input_is_one_line_and_code_2(model: Path, capfd, arguments, parts) -> None:
    code, out, err = call(capfd, *(a.format(model) for a in arguments))
    assert (code, out) == (2, "")
    assert err.count("\n") == 1 and err.startswith("neurocoord: ")
    for part in parts:
        assert part in err
