"""The command line: what it prints, and one clear line with code 2 for bad input."""

import json
import math
import os
import subprocess
import sys
from pathlib import Path

import pytest

from neurocoord import __version__, cli, results
from neurocoord.synchrony import STRATEGIES
from neurocoord.tasks import TASKS

SHORT = ["--set", "settings.hold_s=0.6", "--set", "settings.rest_s=0.1"]


def call(capfd: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = cli.main(list(arguments))
    return code, *capfd.readouterr()


def child(code: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(Path(cli.__file__).parents[2])}
    return subprocess.run(
        [sys.executable, *code.split(), *arguments], capture_output=True, text=True, env=environment
    )


# ---- help ----


def test_help_teaches(capfd: pytest.CaptureFixture[str]) -> None:
    for arguments in ([], ["--help"]):
        code, out, err = call(capfd, *arguments)
        assert (code, err) == (0, "")
        for command in ("compare", "run", "info", "view"):
            assert command in out
    for command in ("compare", "run", "info", "view"):
        code, out, _ = call(capfd, command, "--help")
        assert code == 0
        assert f"Example: neurocoord {command}" in " ".join(out.replace("│", " ").split())


def test_help_loads_nothing_heavy() -> None:
    done = child(
        "-c",
        "import sys; from neurocoord import cli; cli.main(['compare', '--help'])\n"
        "sys.exit(bool({'numpy', 'numba', 'mujoco', 'matplotlib', 'scipy'} & set(sys.modules)))",
    )
    assert done.returncode == 0, done.stderr


def test_as_a_module() -> None:
    done = child("-m neurocoord", "info", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["versions"]["neurocoord"] == __version__


# ---- info ----


def test_info_tells_versions_model_muscles_strategies_and_tasks(
    capfd: pytest.CaptureFixture[str],
) -> None:
    code, out, err = call(capfd, "info", "--json")
    told = json.loads(out)
    assert (code, err) == (0, "")
    assert told["versions"]["mujoco"].startswith("4.")
    assert told["model"]["nu"] == len(told["muscles"]) == told["n_muscles"] >= 60
    assert told["n_units"] == told["n_muscles"] * told["units_per_muscle"]
    assert set(told["strategies"]) == set(STRATEGIES)
    assert set(told["tasks"]) == set(TASKS)
    assert told["tasks"]["crawl"]["measures"]["speed_m_per_s"]["unit"] == "m/s"
    code, out, _ = call(capfd, "info")
    assert code == 0
    for word in ("VAS_L", "common_drive", "crawl", "speed_m_per_s [m/s]"):
        assert word in out


def test_info_of_a_muscle(capfd: pytest.CaptureFixture[str]) -> None:
    code, out, _ = call(capfd, "info", "--muscle", "VAS_L_r", "--json")
    assert code == 0
    assert json.loads(out)["max_force_n"] > 500


# ---- run ----


def test_run_prints_measures_as_json_and_the_same_again(
    capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    given = ["run", "isometric", "--strategy", "short_term", "--seed", "5", "--strength", "0.5"]
    code, out, err = call(capfd, *given, *SHORT, "--json", "--out", str(tmp_path / "out"))
    told = json.loads(out)
    assert (code, err) == (0, "")
    assert (told["task"], told["strategy"], told["seed"]) == ("isometric", "short_term", 5)
    assert told["config"]["synchrony.strength"] == 0.5
    assert told["config"]["settings.hold_s"] == 0.6
    assert told["fell"] is False and told["ended"] in ("done", "time")
    assert told["measures"]["torque_high_nm"] > told["measures"]["torque_low_nm"] > 0
    assert set(told["measures"]) == set(told["units"])
    written = {row.measure: row.value for row in results.read_trials(tmp_path / "out")}
    written = {name: None if math.isnan(value) else value for name, value in written.items()}
    assert written == told["measures"]

    code, out, _ = call(capfd, *given, *SHORT, "--json")
    assert json.loads(out) == told


def test_run_prints_a_table_with_units(capfd: pytest.CaptureFixture[str]) -> None:
    code, out, err = call(capfd, "run", "crawl", "--seconds", "0.2", "--quiet")
    assert (code, err) == (0, "")
    for word in ("fell", "speed_m_per_s", "metabolic_power_w", "W", "m/s", "mean speed along"):
        assert word in out


# ---- bad input ----

BAD = [
    (["run", "crwal"], ["'crwal'", "isometric", "did you mean 'crawl'"]),
    (["run"], ["task", "neurocoord run --help"]),
    (["rnu", "crawl"], ["rnu"]),
    (["run", "crawl", "--strategy", "comon_drive"], ["'comon_drive'", "independent, short_term"]),
    (["run", "crawl", "--seconds", "-1"], ["--seconds -1", "above 0"]),
    (["run", "crawl", "--seconds", "nan"], ["--seconds nan", "above 0"]),
    (["run", "crawl", "--seconds", "inf"], ["--seconds inf"]),
    (["run", "crawl", "--seconds", "long"], ["long"]),
    (["run", "crawl", "--seed", "-1"], ["seed=-1"]),
    (["run", "crawl", "--seed", "1.5"], ["1.5"]),
    (["run", "crawl", "--strategy", "common_drive", "--strength", "1.5"], ["1.5", "0..1"]),
    (["run", "crawl", "--strategy", "short_term", "--strength", "nan"], ["nan", "0..1"]),
    (["run", "crawl", "--scope", "bodi"], ["'bodi'", "'body'"]),
    (["run", "crawl", "--set", "settings.sped_m_per_s=1"], ["'settings.speed_m_per_s'"]),
    (["run", "crawl", "--set", "settings.speed_m_per_s=nan"], ["finite number"]),
    (["run", "crawl", "--set", "settings.speed_m_per_s"], ["path=value"]),
    (["run", "isometric", "--set", "settings.low_drive=7"], ["low_drive=7"]),
    (["run", "crawl", "--sed", "1"], ["--sed"]),
    (["run", "balance", "--push", "thorax:1:0.1:0,100"], ["body:start_s:duration_s:x,y,z"]),
    (["run", "balance", "--push", "torax:1:0.1:0,9,0"], ["did you mean 'thorax'"]),
    (["info", "--muscle", "VAS_L_x"], ["'VAS_L_x'", "did you mean 'VAS_L_"]),
    (["view", "crawl"], ["--save crawl.mp4"]),
    (["view", "crawl", "--save", "crawl.avi"], ["crawl.avi", ".mp4 or .gif"]),
    (["view", "crawl", "--save", "/no/such/crawl.gif"], ["/no/such"]),
    (["compare", "--tasks", "isometric,crwal"], ["did you mean 'crawl'"]),
    (["compare", "--tasks", ","], ["tasks"]),
    (["compare", "--strategies", "independent,sync"], ["'sync'", "short_term"]),
    (["compare", "--seeds", "0"], ["--seeds"]),
    (["compare", "--workers", "0"], ["--workers"]),
    (["compare", "--tasks", "isometric", "--seconds", "-3"], ["--seconds -3"]),
    (["compare", "--set", "crawl.settings.gait.duti=1"], ["settings.gait.duty"]),
]  # fmt: skip


@pytest.mark.parametrize(("arguments", "parts"), BAD, ids=lambda value: " ".join(value))
def test_bad_input_is_one_line_and_code_2(
    arguments: list[str],
    parts: list[str],
    capfd: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    code, out, err = call(capfd, *arguments)
    assert (code, out) == (2, "")
    assert err.count("\n") == 1 and err.startswith("neurocoord")
    for part in parts:
        assert part in err
    assert not any(tmp_path.iterdir())


@pytest.mark.parametrize(
    "command", [["run", "crawl"], ["compare", "--tasks", "crawl", "--seeds", "1"]]
)
def test_a_results_folder_that_cannot_be_written(
    command: list[str], capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("kept")
    for folder in (tmp_path / "file", tmp_path / "file" / "under", tmp_path):
        code, out, err = call(capfd, *command, "--out", str(folder))
        assert (code, out) == (2, "")
        assert err.count("\n") == 1 and str(folder) in err
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_a_failure_of_ours_is_not_called_bad_input(monkeypatch: pytest.MonkeyPatch) -> None:
    from neurocoord import trial

    def broken(config, progress=None):
        raise ValueError("ours")

    monkeypatch.setattr(trial, "run", broken)
    with pytest.raises(ValueError, match="ours"):  # Python prints it and ends with code 1
        cli.main(["run", "crawl", "--seconds", "0.1", "--json"])


def test_a_stop_is_told_in_one_line(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    from neurocoord import trial

    def stopped(config, progress=None):
        raise KeyboardInterrupt

    monkeypatch.setattr(trial, "run", stopped)
    code, out, err = call(capfd, "run", "crawl", "--seconds", "0.1")
    assert (code, out) == (130, "")
    assert err == "neurocoord: stopped; nothing was written\n"


# ---- progress ----


def test_progress_without_a_terminal_is_a_line_now_and_then(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    from neurocoord.cli import progress

    monkeypatch.setattr(progress, "LINE_EVERY_S", 0.0)
    with progress.progress("9 trials", quiet=False) as update:
        update(1 / 3, "3 of 9")
    with progress.progress("9 trials", quiet=True) as update:
        update(1 / 3, "3 of 9")
    assert capfd.readouterr() == ("", "9 trials: 33% 3 of 9\n")
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    with progress.progress("9 trials", quiet=False) as update:
        update(1.0, "9 of 9")
    assert capfd.readouterr().out == ""
