"""Counting trials that went well, at toy size: going on from a file, naming what is allowed."""

from dataclasses import replace
from pathlib import Path

import pytest

from neurocoord.resources import load_experiment

EVERY = load_experiment("every_seed")
SHORT = {name: replace(c, seconds=0.05) for name, c in EVERY.CONDITIONS.items()}


@pytest.fixture
def toy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(EVERY, "done", lambda config: (config.seed != 1, [0.5]))
    monkeypatch.setattr(EVERY, "ProcessPoolExecutor", InThisProcess)
    return EVERY.Config(
        only=("crawl_0.5", "roll_left"), strategies=("beta",), seeds=2, out=tmp_path / "a.csv"
    )


class InThisProcess:
    """An executor that does the work at once."""

    def __init__(self, *_: object) -> None:
        pass

    def __enter__(self):
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def submit(self, work, *given):
        from concurrent.futures import Future

        future: Future = Future()
        future.set_result(work(*given))
        return future


def test_it_counts_and_goes_on_from_its_file(toy, capsys) -> None:
    rows = EVERY.run(toy)
    assert "| crawl_0.5 | 1 of 2 |" in EVERY.table(rows)
    assert "4 of 4" in capsys.readouterr().out
    assert EVERY.run(toy) == EVERY.read(toy.out) == rows
    assert capsys.readouterr().out == ""  # nothing was left to do
    more = EVERY.run(replace(toy, seeds=3))
    assert more[:4] == rows and len(more) == 6
    later = EVERY.run(replace(toy, first=7))
    assert sorted(row["seed"] for row in later[6:]) == ["7", "7", "8", "8"]


def test_how_crawls_step_is_told_of_those_that_went_well(toy) -> None:
    blank = dict.fromkeys(EVERY.COLUMNS, "1")
    rows = [
        {**blank, "condition": "crawl_0.5", "strategy": "beta", "seed": str(k), "ok": ok}
        | {"stance_slip_hand_cm": slip, "swing_clearance_hand_m": clear}
        for k, (ok, slip, clear) in enumerate(
            [("1", "0.5", "0.02"), ("1", "1.5", "0.03"), ("1", "0.7", "0.01"), ("0", "9", "0")]
        )
    ]
    told = EVERY.clean_table([*rows, {**blank, "condition": "roll_left", EVERY.CLEAN[0]: ""}])
    assert "| crawl_0.5 | 0.7 (1.5) | 1 (1) | 1 (1) | 1 (1) | 0.02 (0.01) |" in told
    assert "roll" not in told
    assert EVERY.clean_table([{**blank, "condition": "roll_left", EVERY.CLEAN[0]: ""}]) == ""


def test_a_wrong_condition_or_file_is_named(toy) -> None:
    with pytest.raises(ValueError, match="did you mean 'bumps'"):
        EVERY.run(replace(toy, only=("bump",)))
    toy.out.write_text("a,b\n1,2\n")
    with pytest.raises(ValueError, match=r"a\.csv is no file of this experiment"):
        EVERY.run(toy)
    assert toy.out.read_text() == "a,b\n1,2\n"


def test_a_real_trial_is_judged() -> None:
    config = replace(SHORT["crawl_0.4"], pools=replace(SHORT["crawl_0.4"].pools, n_units=4))
    well, speed = EVERY.done(config)
    assert well and speed == speed


def test_a_roll_that_fails_is_counted_as_one():
    """No patched trial: 0.1 s is too short to roll over in, and a crawl stands that long."""
    few = EVERY.trial.Pools(n_units=5)
    short = {n: replace(EVERY.CONDITIONS[n], seconds=0.1, pools=few) for n in ("roll_left", "weak")}
    ok, (roll_time_s,) = EVERY.done(short["roll_left"])
    assert not ok and roll_time_s != roll_time_s
    assert EVERY.done(short["weak"])[0]
