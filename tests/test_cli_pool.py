"""`neurocoord pool`: what it prints and writes, and one clear line with code 2 for bad input."""

import json
from dataclasses import FrozenInstanceError, replace
from pathlib import Path

import numpy as np
import pytest

from neurocoord import cli
from neurocoord.analysis import pool as pools
from neurocoord.analysis import pool_plots
from neurocoord.motorunits import published, recorded, trains

QUICK = ["--seconds", "1.5", "--set", "pool.n_units=40", "--set", "settle_s=0.5"]


def call(capfd: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = cli.main(["pool", *arguments])
    return code, *capfd.readouterr()


def rows(capfd: pytest.CaptureFixture[str], *arguments: str) -> list[dict]:
    code, out, err = call(capfd, *arguments, "--json")
    assert (code, err) == (0, "")
    return json.loads(out)["rows"]


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    path = tmp_path / "spikes.csv"
    trains.write_csv(
        trains.from_ticks([np.arange(5 + i, 3000, 70 + 3 * i) for i in range(12)], 3000), path
    )
    return path


def test_help_teaches(capfd: pytest.CaptureFixture[str]) -> None:
    code, out, _ = call(capfd, "--help")
    assert code == 0
    said = " ".join(out.replace("│", " ").split())
    assert "Example: neurocoord pool --drive" in said
    assert "Example: neurocoord pool --spikes" in said


def test_a_simulated_pool_prints_its_measures(capfd: pytest.CaptureFixture[str]) -> None:
    code, out, err = call(capfd, *QUICK, "--quiet")
    assert (code, err) == (0, "")
    for name, (_, meaning) in pools.MEASURES.items():
        assert name in out and meaning in out
    (row,) = rows(capfd, *QUICK, "--drive", "0.7", "--set", "pool.isi_cv=0.12")
    found = row["measures"]
    assert found["isi_cv"] == pytest.approx(0.12, abs=0.02)
    assert found["active_units"] == 40
    assert found["force_cv_percent"] == pytest.approx(
        100 * found["force_sd_percent"] / found["mean_force_percent"]
    )
    assert row["config"]["drive"] == 0.7 and row["config"]["pool.isi_cv"] == 0.12


def test_full_drive_is_the_maximum_and_no_drive_is_silence(
    capfd: pytest.CaptureFixture[str],
) -> None:
    full, none = rows(capfd, *QUICK, "--set", "drive=1,0")
    assert full["measures"]["mean_force_percent"] == pytest.approx(100, abs=2)
    assert none["measures"]["mean_force_percent"] == 0
    assert none["measures"]["active_units"] == 0
    assert none["measures"]["isi_cv"] is None


def test_several_values_sweep_in_every_combination(capfd: pytest.CaptureFixture[str]) -> None:
    sweep = ["--set", "pool.n_units=20,40,30", "--set", "synchrony.strength=0,1"]
    found = rows(capfd, "--seconds", "4", "--strategy", "short_term", *sweep)
    assert [row["set"] for row in found] == [
        {"pool.n_units": n, "synchrony.strength": s} for n in ("20", "40", "30") for s in ("0", "1")
    ]
    emg = [row["measures"]["emg_arv"] for row in found]
    assert sum(emg[1::2]) > 1.05 * sum(emg[::2])
    code, out, _ = call(capfd, "--seconds", "1", *sweep, "--quiet")
    assert code == 0
    lines = out.splitlines()
    assert lines[1].split("┃")[0].strip() == "pool.n_units"
    assert [line.split("│")[0].strip() for line in lines[3:9]] == [
        "20",
        "20",
        "40",
        "40",
        "30",
        "30",
    ]


def test_same_seed_same_numbers(capfd: pytest.CaptureFixture[str]) -> None:
    one, same, other = (
        rows(capfd, *QUICK, "--seed", seed)[0]["measures"] for seed in ("3", "3", "4")
    )
    assert one == same != other


def test_a_recording_gives_the_force_of_its_spikes(
    capfd: pytest.CaptureFixture[str], recording: Path
) -> None:
    (row,) = rows(capfd, "--spikes", str(recording), "--set", "pool.twitch_range=30")
    spikes = trains.read_csv(recording)
    force = recorded.force(spikes, published.fuglevand_1993(12, twitch_range=30.0))
    expected = 100 * force.active_state[1000:, 0].mean()
    assert row["measures"]["mean_force_percent"] == pytest.approx(expected, rel=1e-12)
    assert row["measures"]["mean_rate_hz"] == pytest.approx(
        np.mean([1000 / (70 + 3 * i) for i in range(12)]), rel=1e-6
    )
    assert row["measures"]["isi_cv"] == pytest.approx(0, abs=1e-12)
    assert row["config"]["pool.n_units"] == 12
    (more,) = rows(capfd, "--spikes", str(recording), "--set", "pool.n_units=50")
    assert more["measures"]["active_units"] == 12
    assert more["measures"]["mean_force_percent"] < row["measures"]["mean_force_percent"]


def test_a_recording_is_told_how_many_units_its_pool_has(
    capfd: pytest.CaptureFixture[str], recording: Path
) -> None:
    _, _, err = call(capfd, "--spikes", str(recording))
    assert "12 units of the file" in err
    _, _, err = call(capfd, "--spikes", str(recording), "--set", "pool.n_units=20")
    assert "of the file" not in err


def test_spikes_written_are_those_simulated_and_can_be_read(
    capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    path = tmp_path / "out.csv"
    code, _, _ = call(capfd, *QUICK, "--drive", "1", "--out", str(path), "--quiet")
    assert code == 0
    assert [p.name for p in tmp_path.iterdir()] == ["out.csv"]
    done = pools.run(
        pools.prepare(
            pools.PoolConfig(
                drive=1.0,
                seconds=1.5,
                settle_s=0.5,
                pool=replace(pools.settings_of("fuglevand_1993"), n_units=40),
            )
        )
    )
    read = trains.read_csv(path, 1.5, n_units=40)
    np.testing.assert_array_equal(read.tick, done.spikes.tick)
    again = rows(capfd, "--spikes", str(path), "--strategy", "short_term", "--strength", "1")
    assert again[0]["measures"]["active_units"] == 40


@pytest.mark.parametrize("ending", ["png", "svg"])
def test_the_plot_is_written_whole(
    capfd: pytest.CaptureFixture[str], tmp_path: Path, ending: str
) -> None:
    path = tmp_path / f"pool.{ending}"
    code, _, _ = call(capfd, *QUICK, "--plot", str(path), "--quiet")
    assert code == 0
    assert [p.name for p in tmp_path.iterdir()] == [path.name]
    head = path.read_bytes()[:200]
    assert head.startswith(b"\x89PNG") if ending == "png" else b"<?xml" in head


def test_a_setting_given_again_adds_its_values(capfd: pytest.CaptureFixture[str]) -> None:
    again = ["--set", "pool.isi_cv=0.1", "--set", "drive=0.5", "--set", "pool.isi_cv=0.2, 0.1"]
    found = rows(capfd, *QUICK, *again)
    assert [row["set"]["pool.isi_cv"] for row in found] == ["0.1", "0.2"]
    assert [row["config"]["pool.isi_cv"] for row in found] == [0.1, 0.2]
    assert found[1]["measures"]["isi_cv"] > 1.6 * found[0]["measures"]["isi_cv"]


def test_the_plot_of_a_sweep_draws_each_measure_over_the_first_setting() -> None:
    """Against the runs' own measures; values that are no numbers are named and not joined."""
    from matplotlib.figure import Figure

    base = pools.PoolConfig(
        seconds=1.0,
        settle_s=0.2,
        pool=replace(pools.settings_of("fuglevand_1993"), n_units=30),
    )
    drives = ("0.5", "0", "0.9")
    runs = [pools.run(pools.prepare(replace(base, drive=float(drive)))) for drive in drives]
    axes = Figure().subplots(4)
    pool_plots.draw_sweep(axes, "drive", [pool_plots.SweptLine("", drives, runs)])
    for panel, measure in zip(axes, pool_plots.SWEPT, strict=True):
        (line,) = panel.lines
        expected = [runs[i].measures[measure] for i in (1, 0, 2)]  # drive rises along x
        np.testing.assert_array_equal(line.get_xdata(), [0.0, 0.5, 0.9])
        np.testing.assert_array_equal(line.get_ydata(), expected)
        assert panel.get_ylim()[1] > np.nanmax(expected)
    assert axes[-1].get_xlabel() == "drive"
    axes = Figure().subplots(4)
    lines = [pool_plots.SweptLine(name, ("some", "other", "more"), runs) for name in ("one", "two")]
    pool_plots.draw_sweep(axes, "synchrony.strategy", lines)
    assert [t.get_text() for t in axes[-1].get_xticklabels()] == ["some", "other", "more"]
    assert {line.get_linestyle() for line in axes[0].lines} == {"None"}
    assert [t.get_text() for t in axes[0].get_legend().get_texts()] == ["one", "two"]


def test_the_plot_of_a_sweep_is_written(
    capfd: pytest.CaptureFixture[str], tmp_path: Path, recording: Path
) -> None:
    sweep = ["--set", "drive=0.2,0.6", "--set", "synchrony.strength=0,1", "--quiet"]
    for given in (
        [*QUICK, *sweep],
        ["--spikes", str(recording), "--set", "pool.twitch_range=9,99"],
    ):
        path = tmp_path / "sweep.png"
        code, out, _ = call(capfd, *given, "--plot", str(path))
        assert code == 0 and "┃" in out
        assert path.read_bytes().startswith(b"\x89PNG")
        path.unlink()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--drive", "1.2"], "drive is 1.2"),
        (["--drive", "nan"], "drive is nan"),
        (["--drive", "much"], "--drive"),
        (["--seconds", "0"], "seconds is 0"),
        (["--seconds", "inf"], "seconds is inf"),
        (["--seed", "-1"], "seed is -1"),
        (["--pool", "fuglevand_1994"], "did you mean 'fuglevand_1993'"),
        (["--strategy", "shortterm"], "did you mean 'short_term'"),
        (["--strength", "1.5"], "strength must lie in 0..1"),
        (["--set", "pool.n_unit=3"], "did you mean 'pool.n_units'"),
        (["--set", "pool.n_units=0"], "n_units"),
        (["--set", "pool.n_units=1.5"], "whole number"),
        (["--set", "pool.recruitment_range=1"], "recruitment_range"),
        (["--set", "pool.isi_cv=0.1,-1"], "isi_cv"),
        (["--set", "pool.isi_cv"], "path=value"),
        (["--set", "pool_set=x"], "--pool"),
        (["--set", "emg.duration_s=9"], "duration_s is 9"),
        (["--set", "settle_s=-1"], "settle_s is -1"),
        (["--spikes", "not_there.csv"], "not_there.csv cannot be read"),
        (["--spikes", "SPIKES", "--drive", "0.2"], "--drive has no part"),
        (["--spikes", "SPIKES", "--strategy", "common_drive"], "strategy is 'common_drive'"),
        (["--spikes", "SPIKES", "--set", "pool.n_units=3"], "n_units"),
        (["--spikes", "SPIKES", "--set", "settle_s=10"], "settle_s is 10"),
        (["--spikes", "SPIKES", "--seconds", "1"], "beyond duration_s"),
        (["--out", "FOLDER/a/b.csv"], "folder must be there"),
        (["--out", "FOLDER/b.txt"], "ends in .csv"),
        (["--plot", "FOLDER/b.pdf"], "ends in .png or .svg"),
        (
            ["--plot", "FOLDER/b.png", "--set", "drive=0.1,0.2", "--set", "seed=1,2,3,4,5,6,7,8"],
            "7 lines",
        ),
        (["--out", "FOLDER/b.csv", "--set", "drive=0.1,0.2"], "--out takes one run"),
        (["--set", "isi_cv=0.1,0.2"], "did you mean 'pool.isi_cv'"),
    ],
)
def test_bad_input_is_one_line_and_nothing_is_written(
    capfd: pytest.CaptureFixture[str],
    tmp_path: Path,
    recording: Path,
    arguments: list[str],
    said: str,
) -> None:
    folder = tmp_path / "empty"
    folder.mkdir()
    given = [a.replace("SPIKES", str(recording)).replace("FOLDER", str(folder)) for a in arguments]
    code, out, err = call(capfd, *given)
    assert (code, out) == (2, "")
    assert len(err.splitlines()) == 1 and said in err
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("unit,time_s\n0,0.5\n0,0.4\n", "line 3"),
        ("unit,time_s\n0,-0.5\n", "line 2"),
        ("unit,time_s\n-1,0.5\n", "line 2"),
        ("unit,time_s\n0,nan\n", "line 2"),
        ("unit,time\n0,0.5\n", "line 1"),
        ("unit,time_s\n", "no spike"),
        ("", "line 1"),
    ],
)
def test_a_bad_recording_names_its_line(
    capfd: pytest.CaptureFixture[str], tmp_path: Path, text: str, said: str
) -> None:
    path = tmp_path / "bad.csv"
    path.write_text(text)
    code, out, err = call(capfd, "--spikes", str(path))
    assert (code, out) == (2, "")
    assert len(err.splitlines()) == 1 and said in err


def test_settings_of_a_set_are_its_keywords_and_frozen() -> None:
    given = pools.settings_of("fuglevand_1993")
    assert (given.n_units, given.isi_cv, given.recruitment_range) == (120, 0.2, 30.0)
    with pytest.raises(FrozenInstanceError):
        given.n_units = 3
