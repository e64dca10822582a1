"""A results folder: whole or not at all, read back as it was written, and never over another's."""

import csv
import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from neurocoord import resources, results
from neurocoord.analysis import statistics
from neurocoord.analysis.statistics import Measurement


@dataclass(frozen=True, kw_only=True)
class Config:
    tasks: tuple[str, ...] = ("roll", "crawl")
    seconds: float = 10.0
    n_seeds: int = 5


TRIALS = [
    Measurement(task, strategy, seed, "speed_m_per_s", value, "m/s")
    for task in ("roll", "crawl")
    for strategy, shift in (("independent", 0.0), ("short_term", 0.1))
    for seed, value in enumerate([0.1 + 0.2 + shift, 1 / 3, float("nan")])
]


def a_run(**changes) -> results.Run:
    config = Config(**changes.pop("config", {}))
    return results.describe(**{"name": "compare", "config": config, "seed": 1, **changes})


def save(folder: Path, run: results.Run) -> Path:
    return results.write(
        folder,
        run,
        trials=TRIALS,
        summary=statistics.summarise(TRIALS),
        comparisons=statistics.compare_all(TRIALS),
    )


def everything(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


def test_the_folder_holds_what_it_promises_and_nothing_else(tmp_path: Path) -> None:
    folder = save(tmp_path / "a" / "b", a_run())
    assert everything(folder) == ["run.json", "summary.csv", "summary.json", "trials.csv"]


def test_trials_are_a_tidy_table_read_back_to_the_last_bit(tmp_path: Path) -> None:
    folder = save(tmp_path / "out", a_run())
    header, *rows = csv.reader((folder / "trials.csv").open(newline=""))
    assert header == ["task", "strategy", "seed", "measure", "value", "unit"]
    assert len(rows) == len(TRIALS)
    for read, written in zip(results.read_trials(folder), TRIALS):
        assert read[:4] == written[:4]
        np.testing.assert_equal(read.value, written.value)
        assert (type(read.seed), type(read.value)) == (int, float)


def test_numbers_of_numpy_are_written_as_numbers(tmp_path: Path) -> None:
    row = Measurement("roll", "independent", np.int64(3), "m", np.float64(0.1), "N")  # type: ignore[arg-type]
    results.write(tmp_path / "o", a_run(), trials=[row], summary=statistics.summarise([row]))
    assert "roll,independent,3,m,0.1,N" in (tmp_path / "o" / "trials.csv").read_text()


def test_the_run_is_read_back_as_it_was(tmp_path: Path) -> None:
    run = a_run(command=["neurocoord", "compare", "--out", "a folder"])
    assert results.read_run(save(tmp_path / "out", run)) == run
    assert run.command == "neurocoord compare --out 'a folder'"
    assert Config(**run.config) == Config(tasks=["roll", "crawl"])  # type: ignore[arg-type]


def test_the_run_says_with_what_it_was_made(tmp_path: Path) -> None:
    (tmp_path / "body.xml").write_text("<mujoco/>")
    run = a_run(models=[tmp_path / "body.xml"])
    assert set(run.versions) == {"python", "neurocoord", *results.LIBRARIES}
    assert run.versions["numpy"] == np.__version__
    assert list(run.model_sha256) == ["body.xml"]
    assert len(run.model_sha256["body.xml"]) == 64
    (tmp_path / "body.xml").write_text("<mujoco />")
    assert a_run(models=[tmp_path / "body.xml"]).model_sha256 != run.model_sha256


def _git(folder: Path, *arguments: str) -> None:
    identity = ["-c", "user.name=a", "-c", "user.email=a@b.c"]
    subprocess.run(["git", "-C", str(folder), *identity, *arguments], check=True)


def test_the_commit_is_that_of_the_clone(tmp_path: Path, monkeypatch) -> None:
    (tmp_path / "src" / "neurocoord").mkdir(parents=True)
    monkeypatch.setattr(resources, "PACKAGE", tmp_path / "src" / "neurocoord")
    assert a_run().git_commit is None
    _git(tmp_path, "init", "--quiet")
    assert a_run().git_commit is None
    _git(tmp_path, "commit", "--quiet", "--allow-empty", "-m", "first")
    commit = a_run().git_commit
    assert commit is not None
    assert len(commit) == 40
    (tmp_path / "new.py").write_text("")
    assert a_run().git_commit == f"{commit}-dirty"


def test_json_is_strict_and_holds_the_verdicts(tmp_path: Path) -> None:
    def refuse(constant: str) -> None:
        raise AssertionError(f"{constant} is not JSON")

    folder = save(tmp_path / "out", a_run())
    tables = json.loads((folder / "summary.json").read_text(), parse_constant=refuse)
    assert [row["n_seeds"] for row in tables["summary"]] == [2, 2, 2, 2]
    assert tables["comparisons"][0]["verdict"].startswith("speed_m_per_s: ")
    assert tables["comparisons"][0]["pairs"][0]["second"] == "short_term"


def test_preparing_leaves_nothing_behind(tmp_path: Path) -> None:
    results.prepare(tmp_path / "a" / "b", a_run())
    assert everything(tmp_path) == []


def test_the_same_run_may_be_written_again(tmp_path: Path) -> None:
    first = save(tmp_path / "out", a_run())
    (first / "compare.png").write_text("a figure")
    assert save(tmp_path / "out", a_run(command=["elsewhere"])) == first
    assert results.read_run(first).command == "elsewhere"


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"config": {"seconds": 5.0}}, "seconds"),
        ({"seed": 2}, "seed"),
        ({"name": "other"}, "name"),
    ],
)
def test_another_run_is_not_written_over(changes: dict, named: str, tmp_path: Path) -> None:
    folder = save(tmp_path / "out", a_run())
    before = {name: (folder / name).read_bytes() for name in everything(folder)}
    with pytest.raises(ValueError, match=rf"holds another run \(different: {named}\)"):
        save(folder, a_run(**changes))
    assert {name: (folder / name).read_bytes() for name in everything(folder)} == before


def test_a_folder_of_someone_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("")
    with pytest.raises(ValueError, match=r"is not a neurocoord results folder.*not empty"):
        results.prepare(tmp_path, a_run())
    (tmp_path / "run.json").write_text("[1, 2]")
    with pytest.raises(ValueError, match="is not a neurocoord results folder"):
        results.prepare(tmp_path, a_run())
    assert everything(tmp_path) == ["run.json", "thesis.txt"]


def test_an_empty_folder_is_taken(tmp_path: Path) -> None:
    assert results.prepare(tmp_path, a_run()) == tmp_path


def test_a_folder_under_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for folder in (tmp_path / "file", tmp_path / "file" / "under"):
        with pytest.raises(ValueError, match="is not a folder") as caught:
            results.prepare(folder, a_run())
        assert "\n" not in str(caught.value)


def test_a_name_that_no_disk_takes_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="cannot be written"):
        results.prepare(tmp_path / ("x" * 5000), a_run())


@pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() == 0, reason="an administrator may write anywhere"
)
def test_a_folder_without_permission_is_refused(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(ValueError, match="cannot be written"):
        results.prepare(tmp_path / "out", a_run())
    tmp_path.chmod(0o700)


def test_a_read_only_disk_is_refused_even_to_an_administrator(tmp_path: Path, monkeypatch) -> None:
    def refuse(*args, **kwargs):
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(results.tempfile, "TemporaryFile", refuse)
    with pytest.raises(ValueError, match=r"cannot be written: .*: Read-only file system"):
        results.prepare(tmp_path / "out", a_run())


def test_a_file_appears_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "figure.png"
    path.write_text("old")

    class PulledPlugError(Exception):
        pass

    with pytest.raises(PulledPlugError), results.atomic_path(path) as temporary:
        assert temporary.suffix == ".png"
        temporary.write_text("ha")
        raise PulledPlugError
    assert path.read_text() == "old"
    with results.atomic_path(path) as temporary:
        temporary.write_text("new")
    assert path.read_text() == "new"
    assert everything(tmp_path) == ["figure.png"]


@pytest.mark.skipif(os.name != "posix", reason="file modes are POSIX")
def test_others_may_read_what_is_written(tmp_path: Path) -> None:
    (tmp_path / "plain").write_text("")
    with results.atomic_path(tmp_path / "ours") as temporary:
        temporary.write_text("")
    assert (tmp_path / "ours").stat().st_mode == (tmp_path / "plain").stat().st_mode


@pytest.mark.parametrize("config", [{"f": print}, {"x": float("nan")}, 3])
def test_a_config_that_is_not_plain_is_refused(config) -> None:
    with pytest.raises(ValueError, match="config"):
        results.describe("compare", config, 1)


def test_default_folders_do_not_collide(tmp_path: Path) -> None:
    first = results.default_folder("compare", tmp_path)
    assert first.name.startswith("compare-")
    first.mkdir()
    assert results.default_folder("compare", tmp_path) != first


def test_a_missing_folder_is_no_results_folder(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="is not a neurocoord results folder"):
        results.read_run(tmp_path / "nowhere")


def test_a_folder_of_another_format_is_not_read(tmp_path: Path) -> None:
    folder = save(tmp_path / "out", a_run())
    text = (folder / "run.json").read_text(encoding="utf-8")
    assert '"neurocoord-results-2"' in text
    (folder / "run.json").write_text(text.replace("results-2", "results-1"), encoding="utf-8")
    with pytest.raises(ValueError, match="is not a neurocoord results folder"):
        results.read_run(folder)
