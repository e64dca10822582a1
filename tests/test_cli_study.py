"""`neurocoord study` and `neurocoord export`, on a study of two small trials."""

import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from neurocoord import cli, study
from neurocoord.cli import progress
from neurocoord.study import catalog, run_study
from neurocoord.study.lock import Refused
from neurocoord.trial import Pools, Synchrony, TrialConfig

NAME = "compare_synchronization"


def toy(quick: bool = False) -> study.Study:
    config = TrialConfig(task="isometric", seconds=0.4, pools=Pools(n_units=6))
    return study.Study(
        name="toy",
        question="does it run?",
        conditions=tuple(
            study.Condition(name=name, config=replace(config, synchrony=Synchrony(strategy=name)))
            for name in ("independent", "short_term")
        ),
    )


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    def report(folder: Path, loaded: study.Loaded) -> list[Path]:
        (folder / "report.txt").write_text(str(len(loaded.trials)))
        return [folder / "report.txt"]

    module = SimpleNamespace(study=toy, report=report)
    monkeypatch.setattr(catalog, "load_study", lambda name: module)


def test_a_study_is_run_gone_on_with_reported_and_its_trials_exported(
    small: None, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    given = ["study", "run", NAME, "--workers", "1", "--out", str(out)]
    assert cli.main([*given, "--quiet"]) == 0
    printed, err = capfd.readouterr()
    assert "2 of 2 trials have an outcome" in printed and str(out / "table.csv") in printed
    assert err == "" and (out / "report.txt").read_text() == "2"
    assert cli.main([*given, "--json"]) == 0
    told = json.loads(capfd.readouterr().out)
    assert told["n_trials"] == 2 and told["failed"] == []
    assert told["report"] == [str(out / "report.txt")]

    victim = out / "trials" / "isometric-independent-s0-n0.jsonl"
    whole = victim.read_bytes()
    victim.write_bytes(whole[:100])
    assert cli.main(["study", "report", NAME, "--out", str(out)]) == 0
    assert "is damaged and left out" in capfd.readouterr().err
    assert cli.main([*given, "--quiet"]) == 0
    assert str(victim) in capfd.readouterr().err and victim.read_bytes() == whole

    assert cli.main([*given, "--seeds", "0,1", "--quiet"]) == 2
    assert "another run (different: config study." in capfd.readouterr().err

    files = tmp_path / "files"
    export = ["export", str(out), "--trial", victim.stem, "--formats", "openhdemg,opensim"]
    assert cli.main([*export, "-o", str(files), "--quiet"]) == 0
    assert {path.name for path in files.iterdir()} == {
        "openhdemg",
        "motion.mot",
        "states.sto",
        "forces.sto",
    }
    assert cli.main([*export, "-o", str(files)]) == 2
    assert "must be a new or empty folder" in capfd.readouterr().err


def test_a_full_disk_and_ctrl_c_end_with_one_line(
    small: None,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    given = ["study", "run", NAME, "--out", str(tmp_path / "out"), "--quiet"]
    for error, code, part in (
        (OSError(28, "No space left on device"), 1, "No space left on device; finished trials"),
        (KeyboardInterrupt(), 130, "stopped; finished trials are kept in"),
        (Refused("another run is at work"), 2, "another run is at work"),
    ):

        def fail(*arguments, error=error):
            raise error
            yield

        monkeypatch.setattr(run_study.workers, "on_this_machine", fail)
        assert cli.main(given) == code
        said = capfd.readouterr().err
        assert part in said and said.count("\n") == 1


@pytest.mark.parametrize(
    ("given", "part"),
    [
        (["study", "run", "compare_synchronisation"], f"did you mean '{NAME}'"),
        (["study", "run", NAME, "--quick", "--only", "shrt_term"], "did you mean 'short_term'"),
        (["study", "run", NAME, "--power", "1.2"], "power is 1.2; it must lie between 0 and 1"),
        (["study", "run", NAME, "--effect", "0"], "effect is 0.0; it must be a number other"),
        (["study", "run", NAME, "--power", "0.8", "--subjects", "3"], "say it twice"),
        (["study", "run", NAME, "--quick", "--seeds", "1,1"], "seeds names 1 twice"),
        (["study", "run", NAME, "--backend", "rya"], "did you mean 'ray'"),
        (["study", "run", NAME, "--seeds", "no"], "whole number"),
        (["study", "report", NAME, "--out", "/nowhere"], "is not a neurocoord results folder"),
        (["study", "rn"], "see `neurocoord study --help`"),
        (["export", "crwal", "-o", "x"], "did you mean 'crawl'"),
        (["export", "crawl", "-o", "x", "--formats", "openhdem"], "did you mean 'openhdemg'"),
        (["export", "/nowhere", "--trial", "a", "-o", "x"], "is not a neurocoord results folder"),
        (["export", "/tmp", "-o", "x"], "say which of its trials"),
    ],
)
def test_bad_input_ends_with_one_line(
    given: list[str], part: str, capfd: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(given) == 2
    said = capfd.readouterr()
    assert said.out == "" and part in said.err and said.err.count("\n") == 1


def test_a_power_picks_the_number_of_subjects(
    small: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    asked = []

    def no_more(study, *rest, **more):
        asked.append(study.n_subjects)
        raise ValueError("that is enough")

    monkeypatch.setattr(study, "open_study", no_more)
    for given in (["--power", "0.8"], ["--power", "0.8", "--effect", "0.5"], ["--effect", "1"]):
        assert cli.main(["study", "run", NAME, "--out", str(tmp_path / "o"), *given]) == 2
    assert asked == [34, 34, 10]
    assert "34 subjects: one paired comparison finds an effect of 0.5 SD" in capfd.readouterr().err


def test_the_list_has_every_study(capfd: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["study", "list", "--json"]) == 0
    told = json.loads(capfd.readouterr().out)["studies"]
    assert [one["name"] for one in told] == list(catalog.STUDIES)
    assert cli.main(["study", "list"]) == 0
    assert capfd.readouterr().out.startswith(f"{NAME}: Does synchronizing the motor units of a")


def test_the_time_left_is_of_this_run_and_not_of_an_earlier_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = 100.0
    monkeypatch.setattr(progress.time, "monotonic", lambda: now)
    estimate = progress.Estimate()
    assert estimate.left(0.5) == ""  # at once: an earlier run did it
    now = 160.0
    assert estimate.left(0.6) == "4 min left"
    now = 200.0
    assert estimate.left(1.0) == ""
    assert [progress.duration(s) for s in (0.2, 59, 90, 3900)] == [
        "1 s",
        "59 s",
        "2 min",
        "1 h 05 min",
    ]
