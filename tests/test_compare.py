"""The main experiment at toy size: what is in its folder, and that it gives the same again."""

import csv
import html
import json
import os
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from importlib.util import find_spec
from pathlib import Path

import pytest

from neurocoord import cli, results, tasks
from neurocoord.analysis import plots
from neurocoord.analysis.statistics import compare, interest_in
from neurocoord.resources import experiment_path, load_experiment
from neurocoord.study import comparing, labels, parts

EXPERIMENT = load_experiment("compare_synchronization")
DESIGN = EXPERIMENT.DESIGN
SMALL = {
    "tasks": ("isometric", "crawl"),
    "strategies": ("independent", "short_term"),
    "n_seeds": 2,
    "seconds": 0.4,
    "overrides": (
        "isometric.settings.hold_s=0.8",
        "isometric.settings.rest_s=0.1",
        "isometric.settings.ballistic_s=0.4",
    ),
}


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory):
    folder = tmp_path_factory.mktemp("compare") / "made" / "here"
    return comparing.run(comparing.Config(**SMALL), DESIGN, out=folder, n_workers=2)


def test_the_folder_holds_tables_figure_and_what_it_takes_to_run_again(report) -> None:
    assert {path.name for path in report.folder.iterdir()} == {
        "run.json",
        "summary.json",
        "summary.csv",
        "trials.csv",
        "trials",
        "table.csv",
        "compare.png",
        "compare.svg",
        "compare.pdf",
        "effects_isometric.svg",
        "effects_isometric.pdf",
        "effects_crawl.svg",
        "effects_crawl.pdf",
        "report.html",
        ".lock",
    } | ({"table.parquet"} if find_spec("pyarrow") else set()) | (
        {"courses"} if find_spec("xarray") and find_spec("h5netcdf") else set()
    )
    run = results.read_run(report.folder)
    assert run.name == "compare"
    assert set(run.model_sha256) == {"dynamometer.xml", "humanoid.xml"}
    assert run.config["n_seeds"] == 2
    assert run.config["trials"]["isometric"]["settings.hold_s"] == 0.8
    config = {k: v for k, v in run.config.items() if k not in ("trials", "study")}
    assert comparing.Config(**config)
    trials = results.read_trials(report.folder)
    assert {(t.task, t.strategy, t.seed) for t in trials} == {
        (task, strategy, seed)
        for task in SMALL["tasks"]
        for strategy in SMALL["strategies"]
        for seed in (0, 1)
    }
    with open(report.folder / "summary.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert {row["measure"] for row in rows} >= {"speed_m_per_s", "torque_high_cv", "fell"}
    assert all(row["n_seeds"] in "012" for row in rows)
    assert (report.folder / "compare.png").read_bytes().startswith(b"\x89PNG")
    assert ElementTree.parse(report.folder / "compare.svg").getroot().tag.endswith("svg")


def test_the_same_again_whatever_the_number_of_processes(report, tmp_path: Path) -> None:
    config = comparing.Config(**{**SMALL, "tasks": ("crawl",)})
    again = comparing.run(config, DESIGN, out=tmp_path / "again", n_workers=1)
    of_crawl = [t for t in results.read_trials(report.folder) if t.task == "crawl"]
    # as text: NaN, of what so short a crawl has none, is not equal to itself
    assert repr(results.read_trials(again.folder)) == repr(of_crawl)


def test_synchrony_shows_where_it_should(report) -> None:
    mean = {(row.measure, row.strategy): row.mean for row in report.summary}
    ratio = mean["torque_high_cv", "short_term"] / mean["torque_high_cv", "independent"]
    assert ratio > 1.5  # a hold at equal drive is less steady
    ratio = mean["torque_high_nm", "short_term"] / mean["torque_high_nm", "independent"]
    assert ratio == pytest.approx(1.0, abs=0.1)  # and as strong


def test_what_is_shown_exists_and_is_named(report) -> None:
    for task, shown in labels.SHOWN.items():
        if task in tasks.TASKS:
            assert set(shown) <= set(tasks.TASKS[task].measures), task
    assert set(comparing.shown("isometric", report)) == set(labels.SHOWN["isometric"])
    # the other tasks are done where they are named
    assert set(comparing.Config().tasks) == {"isometric", "roll", "crawl"}
    assert set(labels.HELD_EQUAL) == set(labels.SHOWN) == set(tasks.TASKS)


def test_what_is_shown_has_a_smallest_difference_of_interest() -> None:
    for shown in (*labels.SHOWN.values(), labels.MORE):
        assert [measure for measure in shown if interest_in(measure) is None] == []


def test_the_figure_says_what_was_held_equal_and_has_units(report) -> None:
    figure = comparing.draw(report)
    words = " ".join(text.get_text() for text in figure.texts)
    assert "drive (isometric), commanded movement (crawl)" in words
    assert "2 seeds" in words
    axes = [axes for band in figure.subfigs for axes in band.axes if axes.axison]
    panels = sum(len(comparing.shown(task, report)) for task in report.config.tasks)
    assert panels == 12 + 8  # every measure that is named has a panel, and none is lost
    assert len(axes) == 3 + panels
    labels = {a.get_title(loc="left"): a.get_ylabel() for a in axes}
    assert labels["Speed"] == "m/s"
    assert labels["Torque, high hold"] == "Nm"


def test_the_report_answers_and_says_how_to_run_it_again(report) -> None:
    text = (report.folder / "report.html").read_text(encoding="utf-8")
    run = results.read_run(report.folder)
    for told in (EXPERIMENT.QUESTION, html.escape(run.command), run.git_commit or "not run"):
        assert told in text
    assert "Isometric, short term against independent. " in text
    assert "Isometric at equal drive" in text and "Crawl at equal commanded movement" in text
    assert text.count("<svg") == text.count('role="img"') == 3
    assert text.count("<table") == 3 and "<script" not in text
    for label in comparing.shown("isometric", report).values():
        assert f"{label} (" in text or f">{label}<" in text


def test_a_measure_without_values_and_a_single_seed_can_be_drawn(tmp_path: Path) -> None:
    rows = [
        plots.Measurement("roll", s, 0, m, v, "s")
        for s in ("a", "b")
        for m, v in (("x", float("nan")), ("y", 1.0))
    ]
    figure = plots.compare_figure(
        "t", "s", ["a", "b"], [], [plots.DotRow("r", {"x": "X", "y": "Y"}, rows, [])]
    )
    plots.save(figure, tmp_path / "f.png")
    assert (tmp_path / "f.png").stat().st_size > 1000


def test_the_figure_has_the_torque_of_one_seed(report) -> None:
    panels = comparing.torque_panels(report.outcomes, 0)
    assert len(panels) == 3
    assert all(set(panel.lines) == {"independent", "short_term"} for panel in panels)


def test_a_used_folder_of_another_run_is_refused_before_any_work(report) -> None:
    with pytest.raises(ValueError, match="another run"):
        comparing.prepare(comparing.Config(**{**SMALL, "n_seeds": 3}), DESIGN, report.folder)
    comparing.prepare(
        comparing.Config(**SMALL), DESIGN, report.folder
    )  # the same may be written over


def test_the_command_prints_a_table_and_a_sentence_per_measure(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    given = ["compare", "--tasks", "crawl", "--strategies", "independent,common_drive"]
    given += ["--seeds", "2", "--seconds", "0.2", "--workers", "1", "--out", str(out)]
    assert cli.main(given) == 0
    printed = capfd.readouterr().out
    assert "Crawl at equal commanded movement: mean ± half of the 95 % interval, 2 seeds" in printed
    assert "independent" in printed and "common_drive" in printed
    for label in labels.SHOWN["crawl"].values():
        assert f"\n{label}:" in printed
    assert str(out / "compare.png") in printed and str(out / "report.html") in printed
    assert results.read_run(out).command.startswith("neurocoord compare --tasks crawl")

    given = ["compare", "--tasks", "crawl", "--strategies", "independent", "--seeds", "1"]
    given += ["--seconds", "0.1", "--workers", "1", "--out", str(tmp_path / "one"), "--json"]
    assert cli.main(given) == 0
    told, err = capfd.readouterr()
    data = json.loads(told)
    assert err == ""
    assert data["n_seeds"] == 1
    assert data["comparisons"] == [] and data["failed"] == []
    assert data["held_equal"] == {"crawl": "commanded movement"}
    assert {row["measure"] for row in data["summary"]} >= {"speed_m_per_s", "metabolic_power_w"}


def test_the_quick_size_is_smaller_and_what_is_given_goes_over_it(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    given = ["compare", "--quick", "--tasks", "crawl", "--strategies", "independent"]
    given += ["--seconds", "0.1", "--set", "pools.fatigue=true", "--json", "--workers", "1"]
    assert cli.main([*given, "--out", str(tmp_path / "quick")]) == 0
    assert json.loads(capfd.readouterr().out)["n_seeds"] == comparing.QUICK.n_seeds
    trial = results.read_run(tmp_path / "quick").config["trials"]["crawl"]
    assert trial["pools.n_units"] == 40 and trial["pools.fatigue"] is True

    given += ["--seeds", "1", "--set", "pools.n_units=30", "--out", str(tmp_path / "smaller")]
    assert cli.main(given) == 0
    assert json.loads(capfd.readouterr().out)["n_seeds"] == 1
    trial = results.read_run(tmp_path / "smaller").config["trials"]["crawl"]
    assert trial["pools.n_units"] == 30


def test_the_script_is_the_same_command() -> None:
    done = subprocess.run(
        [sys.executable, str(experiment_path("compare_synchronization")), "--tasks", "crwal"],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(Path(cli.__file__).parents[2])},
    )
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1 and "did you mean 'crawl'" in done.stderr


def test_what_hangs_on_the_energy_model_is_kept_by_pair() -> None:
    """One pair is higher by one model and lower by another, one is higher by all."""
    base = [100.0, 110.0, 90.0, 105.0]
    rises = {"common_drive": (1.1, 1.1), "short_term": (1.1, 0.9)}  # by the two models
    variants = list(tasks.model_variants("crawl", "metabolic_power_w"))[:2]
    compared = {}
    for k, measure in enumerate(variants):
        values = {"independent": base}
        values |= {name: [x * rise[k] + x**2 / 1e5 for x in base] for name, rise in rises.items()}
        by_seed = {name: dict(enumerate(x)) for name, x in values.items()}
        compared[measure] = compare(by_seed, task="crawl", measure=measure)
    common, short = compared[variants[0]].pairs[:2]
    hangs = parts.hangs_on_model
    assert "short_term against independent" in hangs("crawl", variants[0], compared, short)
    assert hangs("crawl", variants[0], compared, common) == ""
