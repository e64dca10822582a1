"""Every measure of every task is explained in docs/measures.md, whose table a script makes."""

import sys
from pathlib import Path

import pytest

from neurocoord import trial
from neurocoord.cli import show
from neurocoord.tasks import TASKS

DOCS = Path(__file__).resolve().parents[2] / "docs"


@pytest.fixture
def script(monkeypatch):
    monkeypatch.syspath_prepend(str(DOCS))
    import make_measure_figures

    yield make_measure_figures
    sys.modules.pop("make_measure_figures", None)
    sys.modules.pop("drawing", None)


def test_the_page_is_what_the_script_makes(script):
    text = (DOCS / "measures.md").read_text()
    assert script.page_with_table(text) == text, "run python docs/make_measure_figures.py --table"


@pytest.mark.parametrize("task", TASKS)
def test_every_measure_is_in_the_table_with_unit_meaning_and_source(task):
    rows = {}
    for line in (DOCS / "measures.md").read_text().splitlines():
        if line.startswith("| `"):
            cells = [cell.strip() for cell in line.strip("|").split("|")]
            rows[cells[0].strip("`")] = cells
    for name, measure in trial.measures_of(task).items():
        unit = "" if measure.unit == "1" else measure.unit
        assert rows[name][1:4] == [unit, measure.meaning, measure.source], name
        assert task in rows[name][4].split(", ")
        assert measure.group and measure.source and "|" not in measure.meaning, name


def test_a_page_without_marks_is_refused(script):
    with pytest.raises(ValueError, match="end of table"):
        script.page_with_table("# Measures\n")


def test_names_end_in_their_unit():
    ends = {"m": "_m", "deg": "_deg", "cm": "_cm", "BW": "_bw", "%": "_percent", "W": "_w"}
    for task in TASKS:
        for name, measure in trial.measures_of(task).items():
            assert name.endswith(ends.get(measure.unit, "")), (name, measure.unit)


def test_measures_are_printed_under_their_headings(capsys):
    measures = {"a_m": 1.0, "b": 2.0, "c_m": float("nan")}
    show.print_measures("title", measures, {"a_m": "m"}, {}, {"a_m": "Way", "b": "X", "c_m": "Way"})
    lines = [line.split("│")[0].strip() for line in capsys.readouterr().out.splitlines()]
    shown = [line for line in lines if line in {"Way", "X", "a_m", "b", "c_m"}]
    assert shown == ["Way", "a_m", "c_m", "X", "b"]
    show.print_measures("title", measures, {}, {})
    assert "Way" not in capsys.readouterr().out
