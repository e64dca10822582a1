"""Conditions, and trials in processes of their own."""

import json
import os
import signal
import subprocess
import sys
import textwrap
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from neurocoord import study
from neurocoord.study.tables import FAILURES
from neurocoord.study.workers import for_children
from neurocoord.tasks import TASKS
from neurocoord.threads import ONE_THREAD

SHORT = (
    "isometric.settings.hold_s=0.7",
    "isometric.settings.rest_s=0.1",
    "pools.n_units=20",
)


def short(n_seeds: int = 2, **changes) -> list[study.TrialConfig]:
    return study.conditions(
        ["isometric"], ["independent", "short_term"], n_seeds, overrides=SHORT, **changes
    )


def test_conditions_are_tasks_x_strategies_x_seeds() -> None:
    configs = study.conditions(
        list(TASKS), ["independent", "common_drive"], 3, first_seed=7, seconds={"crawl": 2.0}
    )
    keys = [(c.task, c.synchrony.strategy, c.seed) for c in configs]
    assert len(set(keys)) == len(keys) == len(TASKS) * 2 * 3
    assert {seed for _, _, seed in keys} == {7, 8, 9}
    assert {c.seconds for c in configs if c.task == "crawl"} == {2.0}
    assert all(c.settings == TASKS[c.task].settings() for c in configs)
    study.check(configs)


def test_overrides_are_for_all_or_for_one_task() -> None:
    configs = study.conditions(
        ["isometric", "crawl"],
        ["independent"],
        1,
        overrides=["pools.n_units=60", "crawl.settings.speed_m_per_s=0.3"],
    )
    assert [c.pools.n_units for c in configs] == [60, 60]
    assert configs[1].settings.speed_m_per_s == 0.3


def test_an_isometric_trial_is_as_long_as_its_protocol() -> None:
    assert short()[0].seconds == pytest.approx(2 * 0.7 + 4 * 0.1 + 0.6)
    given = study.conditions(["isometric"], ["independent"], 1, seconds={"isometric": 1.0})
    assert given[0].seconds == 1.0


@pytest.mark.parametrize(
    ("change", "part"),
    [
        ({"tasks": ["crwal"]}, "did you mean 'crawl'"),
        ({"tasks": []}, "tasks"),
        ({"tasks": ["crawl", "crawl"]}, "once"),
        ({"strategies": ["comon_drive"]}, "common_drive"),
        ({"n_seeds": 0}, "1 or more"),
        ({"first_seed": -1}, "seed=-1"),
        ({"seconds": {"crawl": float("nan")}}, "seconds=nan"),
        ({"overrides": ["settings.sped_m_per_s=1"]}, "settings.speed_m_per_s"),
        ({"overrides": ["seed=3"]}, "decided by the conditions"),
        ({"overrides": ["synchrony.strength=0.5"]}, "decided by the conditions"),
    ],
)
def test_bad_conditions(change: dict, part: str) -> None:
    given = {"tasks": ["crawl"], "strategies": ["independent"], "n_seeds": 1, **change}
    with pytest.raises(ValueError) as caught:
        study.conditions(**given)
    assert part in str(caught.value)


@pytest.mark.parametrize(
    ("change", "part"),
    [
        ({"overrides": ["settings.low_drive=1.5"]}, "low_drive=1.5"),
        ({"overrides": ["pools.n_units=0"]}, "n_units"),
        ({"overrides": ["seconds=-2"]}, "seconds=-2"),
        ({"tasks": ["crawl"], "overrides": ["settings.gains.horizon_s=0"]}, "horizon_s"),
        ({"strength": 2.0}, "strength"),
        ({"strength": float("nan")}, "strength"),
        ({"scope": "bodies"}, "body"),
    ],
)
def test_check_finds_what_only_plan_and_pools_refuse(change: dict, part: str) -> None:
    given = {"tasks": ["isometric"], "strategies": ["common_drive"], "n_seeds": 1, **change}
    configs = study.conditions(**given)
    with pytest.raises(ValueError) as caught:
        study.check(configs)
    assert part in str(caught.value)


def test_trials_in_processes_give_the_same_bits_as_one_by_one_and_failures_do_not_spread(
    tmp_path: Path,
) -> None:
    good = short()
    broken = replace(good[0], settings=replace(good[0].settings, low_drive=2.0))
    told: list[tuple[int, int]] = []
    outcomes = study.run_trials(
        [good[0], broken, *good[1:]], n_workers=2, on_done=lambda o, n, of: told.append((n, of))
    )
    assert told == [(n, 5) for n in range(1, 6)]
    assert [o.config for o in outcomes] == [good[0], broken, *good[1:]]
    failed = outcomes.pop(1)
    assert "ValueError: low_drive=2.0" in failed.error and "\n" not in failed.error
    assert not failed.measures and not any(o.error for o in outcomes)
    alone = study.run_one(good[3])
    np.testing.assert_equal(alone.measures, outcomes[3].measures)  # NaN is as NaN
    for name, trace in alone.traces.items():
        np.testing.assert_array_equal(trace.values, outcomes[3].traces[name].values)
    assert outcomes[0].measures != outcomes[1].measures  # another seed
    assert outcomes[0].measures != outcomes[2].measures  # another strategy

    rows = study.measurements([*outcomes, failed])
    assert len(rows) == sum(len(o.measures) for o in outcomes)
    assert {row.strategy for row in rows} == {"independent", "short_term"}

    study.write_failures(tmp_path, [*outcomes, failed])
    assert json.loads((tmp_path / FAILURES).read_text())[0]["error"] == failed.error
    study.write_failures(tmp_path, outcomes)
    assert not any(tmp_path.iterdir())


def test_nothing_to_run_and_no_worker() -> None:
    assert study.run_trials([]) == []
    with pytest.raises(ValueError, match="workers is 0"):
        study.run_trials(short(), n_workers=0)


def test_the_environment_is_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    monkeypatch.delenv("MKL_NUM_THREADS", raising=False)
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with for_children():
            assert {name: os.environ[name] for name in ONE_THREAD} == ONE_THREAD
        assert os.environ["OMP_NUM_THREADS"] == "3"
        assert "MKL_NUM_THREADS" not in os.environ
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    finally:
        signal.signal(signal.SIGINT, before)


@pytest.mark.skipif(sys.platform == "win32", reason="sends a signal")
def test_ctrl_c_ends_the_processes(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(
        textwrap.dedent(
            """
            import multiprocessing, os, signal, time
            from neurocoord import study

            def stop(outcome, n, of):
                os.killpg(os.getpgid(0), signal.SIGINT)  # as a terminal does

            if __name__ == "__main__":
                # a job in the background of a script begins with Ctrl-C ignored
                signal.signal(signal.SIGINT, signal.default_int_handler)
                configs = study.conditions(["isometric"], ["independent"], 6, overrides=[
                    "settings.hold_s=0.7", "settings.rest_s=0.1"])
                try:
                    study.run_trials(configs, n_workers=2, on_done=stop)
                except KeyboardInterrupt:
                    # The executor's own thread reaps them too, and whoever comes second sees one
                    # more alive for a moment: ask again rather than join once.
                    deadline = time.monotonic() + 60
                    while multiprocessing.active_children() and time.monotonic() < deadline:
                        time.sleep(0.05)
                    print("stopped", len(multiprocessing.active_children()))
            """
        )
    )
    done = subprocess.run(
        [sys.executable, str(script)],
        capture_output=True,
        text=True,
        start_new_session=True,
        env={**os.environ, "PYTHONPATH": str(Path(study.__file__).parents[2])},
        timeout=300,
    )
    assert (done.stdout, done.stderr) == ("stopped 0\n", "")
