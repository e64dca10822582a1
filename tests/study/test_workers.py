"""Workers that die, runs that are killed, and another backend: the same bits all the same."""

import os
import signal
import subprocess
import sys
import textwrap
import time
from importlib.util import find_spec
from pathlib import Path

import pytest

from neurocoord import study
from neurocoord.study import workers
from neurocoord.study.outcome import DIED, run_one
from neurocoord.study.store import trial_path
from neurocoord.trial import Pools, Synchrony, TrialConfig

SOURCE = str(Path(study.__file__).parents[2])
SCRIPT = """
import multiprocessing, os, sys
from pathlib import Path
from neurocoord import study
from neurocoord.trial import Pools, TrialConfig

def asked():
    config = TrialConfig(task="isometric", seconds=float(sys.argv[2]), pools=Pools(n_units=6))
    return study.Study(name="s", question="?", seeds=tuple(range(4)), n_subjects=1,
                       conditions=(study.Condition(name="only", config=config),))

def told(outcome, n, of):
    print(n, *(p.pid for p in multiprocessing.active_children()), flush=True)

if __name__ == "__main__":
    opened = study.open_study(asked(), Path(sys.argv[1]), command=["x"])
    outcomes, _ = study.perform(opened, n_workers=2, on_done=told, backend=sys.argv[3])
    study.write_tables(Path(sys.argv[1]), outcomes)
    print("errors", [o.error for o in outcomes if o.error], flush=True)
"""


def start(folder: Path, seconds: float = 0.5, backend: str = "local") -> subprocess.Popen[str]:
    script = folder.parent / "script.py"
    script.write_text(textwrap.dedent(SCRIPT))
    return subprocess.Popen(
        [sys.executable, str(script), str(folder), str(seconds), backend],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": SOURCE},
    )


def bytes_of(folder: Path) -> dict[str, bytes]:
    kept = [*(folder / "trials").iterdir(), folder / "table.csv"]
    return {path.name: path.read_bytes() for path in kept}


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    folder = tmp_path_factory.mktemp("whole") / "a"
    process = start(folder)
    assert process.wait(timeout=600) == 0
    return bytes_of(folder)


@pytest.mark.skipif(sys.platform == "win32", reason="sends SIGKILL")
def test_a_run_that_is_killed_goes_on_to_the_same_bytes(
    uninterrupted: dict[str, bytes], tmp_path: Path
) -> None:
    folder = tmp_path / "a"
    process = start(folder)
    assert process.stdout is not None
    first = process.stdout.readline().split()
    process.send_signal(signal.SIGKILL)
    process.wait()
    done = {path.name: path.read_bytes() for path in (folder / "trials").glob("[!.]*")}
    assert 0 < len(done) < 4
    assert all(uninterrupted[name] == data for name, data in done.items())
    deadline = time.monotonic() + 60  # its workers end by themselves
    while any(_alive(int(pid)) for pid in first[1:]) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not any(_alive(int(pid)) for pid in first[1:])
    again = start(folder)
    assert again.wait(timeout=600) == 0
    assert bytes_of(folder) == uninterrupted


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="sends SIGKILL")
def test_a_worker_that_is_killed_costs_no_result(
    uninterrupted: dict[str, bytes], tmp_path: Path
) -> None:
    folder = tmp_path / "a"
    process = start(folder)
    assert process.stdout is not None
    for pid in process.stdout.readline().split()[1:]:
        os.kill(int(pid), signal.SIGKILL)
    said = process.stdout.read()
    assert process.wait(timeout=600) == 0
    assert said.splitlines()[-1] == "errors []"
    assert bytes_of(folder) == uninterrupted


def test_a_trial_that_kills_its_processes_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first trial takes each process with it; the second is done by another."""
    monkeypatch.setattr(workers, "_work", _deadly)
    configs = [TrialConfig(task="isometric", seed=seed, seconds=0.2) for seed in (13, 1)]
    found = dict(workers.on_this_machine(configs, 1, study.Keep()))
    assert found[0].ended == DIED and "exit code 3" in found[0].error
    assert found[1].error == "" and found[1].measures == {"seed": 1.0}


def _deadly(connection, keep) -> None:
    while (config := connection.recv()) is not None:
        if config.seed == 13:
            os._exit(3)
        measures = {"seed": float(config.seed)}
        connection.send(study.Outcome(config, measures, {}, "", False, "", {}, {}))


def test_what_is_kept_beside_the_measures() -> None:
    config = TrialConfig(task="isometric", seconds=1.0, pools=Pools(n_units=6))
    keep = study.Keep(series=("drive", "muscle_force_n", "joint_torque_nm"), spikes=("VAS_L_r",))
    outcome = run_one(config, keep)
    assert outcome.error == ""
    drive = outcome.traces["drive"]
    assert drive.values.shape == (250, len(drive.names)) and drive.axis == "muscle"
    assert set(outcome.traces) == {"time_s", "torque_nm", *keep.series}
    assert list(outcome.spikes) == ["VAS_L_r"]
    assert outcome.spikes["VAS_L_r"].n_ticks == 1000
    everything = run_one(config, study.Keep(spikes=("all",)))
    assert len(everything.spikes) == len(drive.names)


@pytest.mark.slow
@pytest.mark.skipif(find_spec("ray") is None, reason="needs Ray: pip install 'neurocoord[ray]'")
def test_a_ray_cluster_gives_the_same_bytes(
    uninterrupted: dict[str, bytes], tmp_path: Path
) -> None:
    ray = [sys.executable, "-c", "from ray.scripts.scripts import main; main()"]
    environment = {**os.environ, "PYTHONPATH": SOURCE}
    begin = [*ray, "start", "--head", "--num-cpus=2", "--port=0", "--include-dashboard=false"]
    subprocess.run(begin, check=True, capture_output=True, env=environment, timeout=300)
    try:
        process = start(tmp_path / "a", backend="ray")
        assert process.wait(timeout=600) == 0
    finally:
        subprocess.run([*ray, "stop"], check=True, capture_output=True, timeout=300)
    assert bytes_of(tmp_path / "a") == uninterrupted


@pytest.mark.skipif(find_spec("ray") is not None, reason="Ray is installed")
def test_without_ray_it_is_said_what_to_install() -> None:
    config = TrialConfig(task="isometric", synchrony=Synchrony())
    with pytest.raises(ValueError, match=r"pip install 'neurocoord\[ray\]'"):
        study.run_trials([config], backend="ray")
    with pytest.raises(ValueError, match="did you mean 'ray'"):
        study.run_trials([config], backend="rya")


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    state = Path(f"/proc/{pid}/stat")  # one that is dead and not yet reaped is not at work
    return not (state.exists() and state.read_text().rpartition(")")[2].split()[0] == "Z")


def test_subjects_come_one_after_another_and_long_trials_first(tmp_path: Path) -> None:
    asked = study.Study(
        name="s",
        question="?",
        n_subjects=2,
        conditions=tuple(
            study.Condition(
                name=name,
                config=TrialConfig(task="isometric", seconds=seconds, pools=Pools(n_units=6)),
            )
            for name, seconds in (("short", 0.2), ("long", 0.3))
        ),
    )
    opened = study.open_study(asked, tmp_path / "a", command=["x"])
    first, second = [job.config for job in opened.jobs if job.condition == "short"]
    assert first.strength != second.strength

    def begun() -> list[tuple[float, float]]:
        found: list[tuple[float, float]] = []
        outcomes, _ = study.perform(
            opened,
            n_workers=1,
            on_done=lambda o, n, of: found.append((o.config.strength, o.config.seconds)),
        )
        assert [o.config for o in outcomes] == [job.config for job in opened.jobs]
        return found

    expected = [(c.strength, seconds) for c in (first, second) for seconds in (0.3, 0.2)]
    assert begun() == expected
    for job in (opened.jobs[1], opened.jobs[2]):  # a trial of each subject is lost
        trial_path(opened.folder, job.key).unlink()
    again = begun()[2:]
    assert [strength for strength, _ in again] == [first.strength, second.strength]


def test_outcomes_come_in_the_order_that_was_asked_for() -> None:
    asked = [
        TrialConfig(task="isometric", seconds=s, pools=Pools(n_units=6)) for s in (0.2, 0.3, 0.1)
    ]
    found = study.run_trials(asked, n_workers=1)
    assert [o.config.seconds for o in found] == [0.2, 0.3, 0.1]
