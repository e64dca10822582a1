"""A study's folder: what survives, what is refused, and what is found to be broken."""

import errno
import json
import os
import subprocess
import sys
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from neurocoord import study
from neurocoord.motorunits import trains
from neurocoord.study import run_study, store
from neurocoord.study.lock import locked
from neurocoord.study.outcome import DIED, Outcome, without
from neurocoord.tasks.protocol import Series
from neurocoord.trial import Pools, Synchrony, TrialConfig


def small(n_subjects: int = 0, seeds: tuple[int, ...] = (0, 1)) -> study.Study:
    config = TrialConfig(task="isometric", seconds=0.5, pools=Pools(n_units=6))
    return study.Study(
        name="small",
        question="does it survive?",
        conditions=tuple(
            study.Condition(
                name=name,
                config=replace(config, synchrony=Synchrony(strategy=name)),
                factors={"strategy": name},
            )
            for name in ("independent", "short_term")
        ),
        n_subjects=n_subjects,
        seeds=seeds,
    )


def invented(config: TrialConfig) -> Outcome:
    """An outcome without its work."""
    rng = np.random.default_rng(config.seed)
    spikes = trains.from_ticks([[1, 5, 9], [], [2]], 20)
    return Outcome(
        config,
        {"torque_low_nm": float(rng.normal()), "torque_high_nm": float("nan")},
        {"torque_low_nm": "Nm", "torque_high_nm": "Nm"},
        "done",
        False,
        "",
        {"time_s": Series(np.arange(3.0), "s"), "torque_nm": Series(rng.normal(size=3), "Nm")},
        {"VAS_L_r": spikes},
    )


@pytest.fixture
def at_work(monkeypatch: pytest.MonkeyPatch) -> list[TrialConfig]:
    """Trials are invented in this process; the configs that were run are told."""
    ran: list[TrialConfig] = []

    def each(configs, n_workers, keep):
        for index, config in enumerate(configs):
            ran.append(config)
            yield index, invented(config)

    monkeypatch.setattr(run_study.workers, "on_this_machine", each)
    return ran


def bytes_of(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted((folder / "trials").iterdir())}


def do(asked: study.Study, folder: Path, **more) -> list[Outcome]:
    return study.perform(study.open_study(asked, folder), **more)[0]


def test_a_trial_is_read_back_to_the_last_bit(tmp_path: Path, at_work: list) -> None:
    outcomes = do(small(), tmp_path / "a")
    loaded = study.load(tmp_path / "a")
    assert [t.key for t in loaded.trials] == [job.key for job in study.jobs(small())]
    for stored, outcome in zip(loaded.trials, outcomes, strict=True):
        assert repr(stored.measures) == repr(outcome.measures)  # NaN is not equal to itself
        np.testing.assert_array_equal(
            stored.traces["torque_nm"].values, outcome.traces["torque_nm"].values
        )
        assert stored.traces["torque_nm"].unit == "Nm"
        np.testing.assert_array_equal(stored.spikes["VAS_L_r"].tick, [1, 5, 9, 2])
        assert stored.spikes["VAS_L_r"].tick.dtype == np.int64
        assert store.config_of(stored) == outcome.config
    assert loaded.trials[2].factors == {"strategy": "short_term"}


def test_what_is_there_is_not_run_again(tmp_path: Path, at_work: list) -> None:
    folder = tmp_path / "a"
    do(small(), folder)
    before = bytes_of(folder)
    assert len(at_work) == len(before) == 4
    told: list[tuple[int, int]] = []
    do(small(), folder, on_done=lambda outcome, n, of: told.append((n, of)))
    assert len(at_work) == 4 and bytes_of(folder) == before
    assert told == [(n, 4) for n in range(1, 5)]


@pytest.mark.parametrize("harm", ["cut", "flipped", "emptied", "head"])
def test_a_broken_file_is_named_and_its_trial_run_again(
    harm: str, tmp_path: Path, at_work: list
) -> None:
    folder = tmp_path / "a"
    do(small(), folder)
    before = bytes_of(folder)
    path = sorted((folder / "trials").iterdir())[1]
    whole = bytearray(path.read_bytes())
    if harm == "flipped":
        whole[-40] ^= 1
    elif harm == "head":
        whole[3] ^= 64
    path.write_bytes({"cut": whole[: len(whole) // 2], "emptied": b""}.get(harm, whole))
    assert study.load(folder).damaged == [path.stem]
    assert len(study.load(folder).trials) == 3
    lines: list[str] = []
    do(small(), folder, on_damage=lines.append)
    assert len(lines) == 1 and str(path) in lines[0] and "\n" not in lines[0]
    assert len(at_work) == 5 and bytes_of(folder) == before


def test_a_file_of_another_trial_is_run_again(tmp_path: Path, at_work: list) -> None:
    folder = tmp_path / "a"
    do(small(), folder)
    first, second = sorted((folder / "trials").iterdir())[:2]
    before = bytes_of(folder)
    first.write_bytes(second.read_bytes())
    lines: list[str] = []
    do(small(), folder, on_damage=lines.append)
    assert "another trial" in lines[0] and bytes_of(folder) == before


def test_a_full_disk_loses_nothing_that_was_written(
    tmp_path: Path, at_work: list, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The disk is full from the third trial on: simulated at the call that brings it there."""
    folder, calls = tmp_path / "a", []
    sync = os.fsync

    def full(handle: int) -> None:
        calls.append(handle)
        if len(calls) > 2:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        sync(handle)

    monkeypatch.setattr(store.os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        do(small(), folder)
    assert len(bytes_of(folder)) == 2  # and nothing half written
    monkeypatch.setattr(store.os, "fsync", sync)
    do(small(), folder)
    do(small(), tmp_path / "b")
    assert bytes_of(folder) == bytes_of(tmp_path / "b")


@pytest.mark.skipif(
    sys.platform != "linux" or not hasattr(os, "geteuid") or os.geteuid() != 0,
    reason="only an administrator of Linux may mount a small disk",
)
def test_a_disk_that_is_really_full(tmp_path: Path, at_work: list) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(disk)]
    if subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("this machine does not allow a mount")
    try:
        many = small(seeds=tuple(range(40)))
        with pytest.raises(OSError, match="No space left"):
            do(many, disk / "a")
        kept = bytes_of(disk / "a")
        assert 0 < len(kept) < 80
        subprocess.run(["mount", "-o", "remount,size=4m", str(disk)], check=True)
        do(many, disk / "a")
        do(many, tmp_path / "b")
        assert bytes_of(disk / "a") == bytes_of(tmp_path / "b")
    finally:
        subprocess.run(["umount", str(disk)], check=False)


def test_a_failure_is_kept_and_a_death_is_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def each(configs, n_workers, keep):
        for index, config in enumerate(configs):
            how = {0: ("no good", "failed"), 1: ("it died", DIED)}.get(index)
            yield index, without(config, *how) if how else invented(config)

    monkeypatch.setattr(run_study.workers, "on_this_machine", each)
    outcomes = do(small(), tmp_path / "a")
    assert [o.error for o in outcomes] == ["no good", "", "it died", ""]  # begun seed by seed
    loaded = study.load(tmp_path / "a")
    assert [t.error for t in loaded.trials] == ["no good", "", ""]
    again = do(small(), tmp_path / "a")
    assert [o.error for o in again] == ["no good", "", "no good", ""]  # the second ran again
    notes = study.write_tables(tmp_path / "a", again)
    told = json.loads((tmp_path / "a" / "failures.json").read_text())
    assert [one["error"] for one in told] == ["no good", "no good"]
    assert all("needs" in note for note in notes)


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (lambda run: run._replace(versions={**run.versions, "numpy": "0.1"}), "numpy is 0.1"),
        (lambda run: run._replace(source_sha256="0"), "source or tables"),
        (lambda run: run._replace(model_sha256={"dynamometer.xml": "0"}), "model dynamometer.xml"),
        (lambda run: run._replace(config={**run.config, "study": {}}), "config study.seeds"),
    ],
)
def test_a_folder_of_another_code_or_config_is_refused(
    change, named: str, tmp_path: Path, at_work: list
) -> None:
    folder = tmp_path / "a"
    do(small(), folder)
    run = study.load(folder).run
    store.results.write_run(folder, change(run))
    with pytest.raises(ValueError) as caught:
        study.open_study(small(), folder)
    assert "another run (different: " in str(caught.value) and "\n" not in str(caught.value)
    if "study" not in named:
        assert named in str(caught.value)


def test_other_seeds_are_another_config(tmp_path: Path, at_work: list) -> None:
    do(small(), tmp_path / "a")
    with pytest.raises(ValueError, match=r"config study\.order"):
        study.open_study(small(seeds=(0, 2)), tmp_path / "a")


def test_two_runs_exclude_each_other_and_the_dead_hold_nothing(
    tmp_path: Path, at_work: list
) -> None:
    folder = tmp_path / "a"
    do(small(), folder)
    with locked(folder), pytest.raises(ValueError, match=f"process {os.getpid()} on"):
        do(small(), folder)
    holder = "import sys,time;from pathlib import Path;from neurocoord.study.lock import locked\n"
    holder += "with locked(Path(sys.argv[1])): print('held', flush=True); time.sleep(600)"
    source = str(Path(study.__file__).parents[2])
    process = subprocess.Popen(
        [sys.executable, "-c", holder, str(folder)],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": source},
    )
    assert process.stdout is not None and process.stdout.readline() == b"held\n"
    with pytest.raises(ValueError, match=f"process {process.pid} on"):
        do(small(), folder)
    process.kill()
    process.wait()
    do(small(), folder)


def test_what_a_run_that_was_killed_at_once_leaves_is_no_hindrance(
    tmp_path: Path, at_work: list
) -> None:
    (tmp_path / ".lock").write_text("process 1 on elsewhere\n")
    (tmp_path / ".tmp-abc.json").write_text("{")
    do(small(), tmp_path)
    (tmp_path / "trials" / ".tmp-x.jsonl").write_text("{")
    do(small(), tmp_path)
    assert not list((tmp_path / "trials").glob(".tmp-*"))


def test_what_is_being_written_is_no_trial_yet(tmp_path: Path, at_work: list) -> None:
    do(small(), tmp_path)
    folder = tmp_path / "trials"
    whole = next(folder.glob("isometric*.jsonl"))
    (folder / ".tmp-whole.jsonl").write_bytes(whole.read_bytes())  # on the way to its place
    (folder / ".tmp-half.jsonl").write_bytes(whole.read_bytes()[:50])
    loaded = study.load(tmp_path)
    assert len(loaded.trials) == 4 and loaded.damaged == []


def test_closing_the_iterator_ends_the_run_where_it_is(tmp_path: Path, at_work: list) -> None:
    def stop(outcome, n, of):
        if n == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        do(small(), tmp_path, on_done=stop)
    assert len(bytes_of(tmp_path)) == 2
    with closing(run_study._each([], 1, study.Keep(), "local")) as nothing:  # type: ignore[type-var]
        assert list(nothing) == []
