"""A study's results as other programs open them: the tidy table, courses and spikes."""

import csv
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from neurocoord import study
from neurocoord.motorunits import trains
from neurocoord.results import Run
from neurocoord.study import courses
from neurocoord.study.tables import AFTER, BEFORE, Row, read_table
from neurocoord.tasks.protocol import Series

NO_DATA = "needs the extra: pip install 'neurocoord[data]'"


def stored(seed: int, n: int = 4, **factors: str) -> study.StoredTrial:
    rng = np.random.default_rng(seed)
    return study.StoredTrial(
        key=f"crawl-c-s1-n{seed}",
        task="crawl",
        condition="c",
        factors=factors,
        subject=1,
        seed=seed,
        config={"body": None},
        measures={"speed_m_per_s": 0.1 + 0.2 + seed, "roll_time_s": float("inf")},
        units={"speed_m_per_s": "m/s", "roll_time_s": "s"},
        ended="",
        fell=False,
        error="",
        traces={
            "time_s": Series(np.arange(n) * 0.004, "s"),
            "drive": Series(rng.random((n, 2)), "1", "muscle", ("A", "B")),
            "torque_nm": Series(rng.random(n), "Nm"),
        },
        spikes={"A": trains.from_ticks([[seed, 5 + seed], [], [3]], 16)},
    )


def loaded(*done: study.StoredTrial) -> study.Loaded:
    run = Run("s", {}, 0, "", "", None, {}, "", {})
    return study.Loaded(run, list(done), [])


TRIALS = loaded(stored(0, strategy="a"), stored(1, n=3, strategy="b", scope="pool"))


def test_one_row_for_each_trial_and_measure_read_back_to_the_last_bit(tmp_path: Path) -> None:
    rows = study.rows(TRIALS)
    assert len(rows) == 4
    assert rows[0] == Row(
        "s", "crawl", "c", {"strategy": "a"}, 1, 0, "speed_m_per_s", 0.1 + 0.2, "m/s"
    )
    study.write_table(tmp_path, rows)
    assert repr(read_table(tmp_path / "table.csv")) == repr(rows)
    with open(tmp_path / "table.csv", newline="") as file:
        header = next(csv.reader(file))
    factors = ["strategy", "scope"]
    assert header == [*BEFORE, *factors, *AFTER]
    (tmp_path / "other.csv").write_text("a,b\n1,2\n")
    with pytest.raises(ValueError, match="no table of a study"):
        read_table(tmp_path / "other.csv")


def test_parquet_holds_the_same(tmp_path: Path) -> None:
    notes = study.write_table(tmp_path, study.rows(TRIALS))
    if find_spec("pyarrow") is None:
        assert notes == ["table.parquet needs pyarrow (pip install 'neurocoord[data]')"]
        pytest.skip(NO_DATA)
    import pyarrow.parquet

    table = pyarrow.parquet.read_table(tmp_path / "table.parquet").to_pylist()
    for read, row in zip(table, study.rows(TRIALS), strict=True):
        assert read["strategy"] == row.factors["strategy"]
        assert (read["subject"], read["seed"], read["unit"]) == (row.subject, row.seed, row.unit)
        np.testing.assert_equal(read["value"], row.value)


def test_courses_and_spikes_name_dimensions_and_units(tmp_path: Path) -> None:
    notes = study.write_courses(tmp_path, TRIALS)
    if find_spec("xarray") is None or find_spec("h5netcdf") is None:
        assert notes == ["courses/ needs xarray and h5netcdf (pip install 'neurocoord[data]')"]
        pytest.skip(NO_DATA)
    import xarray

    with xarray.open_dataset(tmp_path / courses.FOLDER / "crawl.nc", engine="h5netcdf") as read:
        assert read["drive"].dims == ("trial", "time", "muscle")
        assert read["drive"].attrs["units"] == "1" and read["torque_nm"].attrs["units"] == "Nm"
        assert read["time"].attrs["units"] == "s" and list(read["muscle"].values) == ["A", "B"]
        first = read["drive"].sel(trial="crawl-c-s1-n0", muscle="B")
        np.testing.assert_array_equal(first, TRIALS.trials[0].traces["drive"].values[:, 1])
        short = read["torque_nm"].sel(trial="crawl-c-s1-n1").values
        np.testing.assert_array_equal(short[:3], TRIALS.trials[1].traces["torque_nm"].values)
        assert np.isnan(short[3])
        assert (
            list(read["strategy"].values) == ["a", "b"] and list(read["scope"].values)[1] == "pool"
        )
        assert read["tick"].dtype.kind == "i" and read["tick"].attrs["tick_s"] == 0.001
        ends = np.cumsum(read["row_size"].values)
        trains_read = np.split(read["tick"].values, ends[:-1])
        assert [t.tolist() for t in trains_read] == [[0, 5], [], [3], [1, 6], [], [3]]
        assert list(read["train_unit"].values) == [0, 1, 2] * 2
        assert list(read["train_trial"].values) == [0] * 3 + [1] * 3


def test_nothing_kept_is_nothing_written(tmp_path: Path) -> None:
    bare = stored(0)._replace(traces={}, spikes={})
    assert study.write_courses(tmp_path, loaded(bare)) == []
    assert not list(tmp_path.iterdir())
