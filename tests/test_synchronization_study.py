"""The study of synchronization: what it compares, and what its report says of planted effects.

No trial is run here: the report is made of measures that are made up. Trials at toy size are in
`test_compare`.
"""

import csv
import importlib
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from made_up_trials import made_up_trials

from neurocoord import report as reports
from neurocoord import study as studies
from neurocoord import trial
from neurocoord.analysis.statistics import interest_in
from neurocoord.resources import load_experiment
from neurocoord.synchrony import STRATEGIES

STUDY = load_experiment("compare_synchronization")
SMALL = replace(
    STUDY.QUICK, strategies=("common_drive", "short_term"), n_subjects=8,
    fastest_m_per_s=(0.6, 0.7), push_n=(200.0, 300.0),
)  # fmt: skip


def made_up(config=SMALL) -> studies.Loaded:
    """Planted: `short_term` is half as steady, its speed 3 % higher, and its subjects 1 to 4 fall
    at the hardest level."""

    def factor(job: studies.Job, measure: str) -> float:
        short = job.factors["compared"] == "short_term"
        if short and measure.endswith("_cv"):
            return 1.5
        return 1.03 if short and measure == "speed_m_per_s" else 1.0

    def fell(job: studies.Job) -> bool:
        hardest = job.factors.get("level") in ("0.7", "300")
        return hardest and job.factors["compared"] == "short_term" and job.subject <= 4

    return made_up_trials(STUDY.study_of(config), factor, fell)


@pytest.fixture(scope="module")
def told():
    return STUDY.told(made_up())


def test_every_strategy_strength_and_scope_is_there() -> None:
    made = STUDY.study()
    of = {}
    for condition in made.conditions:
        of.setdefault(condition.factors["part"], []).append(condition.factors)
    assert set(of) >= {
        "isometric", "tiring", "concentric", "eccentric", "roll", "crawl_0.2", "crawl_0.35",
        "crawl_0.5", "highest_speed", "shortest_roll", "largest_push",
    }  # fmt: skip
    for part, factors in of.items():
        assert {f["strategy"] for f in factors} == set(STRATEGIES), part
    for part in ("isometric", "concentric", "roll", "crawl_0.2", "crawl_0.35", "crawl_0.5"):
        dials = {(f["strategy"], f["strength"]) for f in of[part]}
        assert dials >= {(s, d) for s in STRATEGIES if s != "independent" for d in ("0.5", "1")}
    for part in ("isometric", "roll", "crawl_0.35"):
        scopes = {(f["strategy"], f["scope"]) for f in of[part]}
        assert scopes >= {(s, "body") for s in ("beta", "common_drive", "short_term")}
    assert made.n_subjects >= 20


def test_the_quick_size_can_be_done_and_named_in_parts() -> None:
    quick = STUDY.study(quick=True)
    assert len(studies.check_study(quick)) == 2 * len(quick.conditions)
    some = studies.named_conditions(quick, ["roll", "isometric.short_term"])
    assert {c.name for c in some.conditions} > {"isometric.short_term", "roll.independent"}
    assert {c.config.task for c in some.conditions} == {"roll", "isometric"} == set(some.measures)
    with pytest.raises(ValueError, match="did you mean 'short_term'"):
        studies.named_conditions(quick, ["shrt_term"])


def test_what_is_shown_exists_and_has_a_smallest_difference_of_interest() -> None:
    ladders = {one.part: one.measure for one in STUDY.LADDERS}
    for part, (_, task, labels) in STUDY.PARTS.items():
        assert [m for m in labels if interest_in(m) is None] == []
        if part in ladders:
            assert list(labels) == [ladders[part]]
        else:
            assert set(labels) <= set(trial.measures_of(task))
    assert len({measure for _, measure, _ in STUDY.KEY}) == len(STUDY.KEY)
    for part, measure, _ in STUDY.KEY:
        stem = "crawl" if part.startswith("crawl_") else part
        assert measure in STUDY.PARTS[stem][2], part


def test_planted_effects_are_told_and_nils_are_nils(told) -> None:
    assert "(CV): more under short term (+50 %)" in told.page.answer[2]
    counted = next(s for s in told.page.sections if s.title.startswith("Counted")).points
    steady = next(line for line in counted if line.startswith("Steadiness"))
    assert "short term: more in" in steady and "(50 %)" in steady
    force = next(line for line in counted if line.startswith("Force"))
    assert "short term: no difference that matters in" in force
    hold = next(s for s in told.page.sections if s.title.startswith("Ramp"))
    cv = next(line for line in hold.points if line.startswith("Torque CV, high hold"))
    assert "more under short term (+50 %)" in cv
    assert "no difference that matters under common drive (" in cv and "limit of ±10 %)" in cv


def test_the_answer_is_the_key_measures_each_of_its_own_part(told) -> None:
    *said, of_models = told.page.answer
    assert "energy model" in of_models
    words = [words for _, _, words in STUDY.KEY]
    assert [line.split(":")[0] for line in said] == words
    crawl = next(s for s in told.page.sections if s.title == "Crawling at 0.35 m/s")
    cost = next(line for line in crawl.points if line.startswith("Cost of transport"))
    assert cost.split(":")[1] in {line.split(":")[1] for line in said}


def test_unequal_speed_is_said(told) -> None:
    crawl = next(s for s in told.page.sections if s.title == "Crawling at 0.35 m/s")
    assert "Not equally fast within 1 %: short_term +3.0 %" in crawl.paragraphs[0]


def test_ladders_tell_who_passed_and_how_far(told) -> None:
    push = next(s for s in told.page.sections if s.title == "Largest push survived")
    rows = {row[0]: row for row in push.tables[0].rows}
    assert rows["independent"][1:] == ["8 of 8", "8 of 8", "300 or harder"]
    assert rows["short term"][1:3] == ["8 of 8", "4 of 8"]
    assert rows["short term"][3].startswith("220 (")
    reached = {(m.strategy, m.seed): m.value for m in told.measured if m.task == "largest_push"}
    assert reached["independent", 1] == 300.0 and reached["short_term", 1] == 200.0


def test_who_fell_tells_of_the_fall_alone(told) -> None:
    pushed = [m for m in told.measured if m.task == "push" and m.strategy == "short_term"]
    fell = {m.seed for m in pushed if m.measure == "fell" and m.value == 1.0}
    assert fell == {1, 2, 3, 4}
    drives = {m.seed: m.value for m in pushed if m.measure == "drive"}
    assert all(np.isnan(drives[who]) == (who in fell) for who in drives)


def test_the_page_is_whole_and_can_be_markdown(told, tmp_path: Path) -> None:
    assert reports.html(told.page).count("<svg") == len(told.figures) == len(told.groups) + 1
    text = reports.markdown(told.page, figures="f_")
    assert text.startswith(f"# {STUDY.TITLE}\n")
    for name in told.figures:
        assert f"(f_{name}.svg)" in text
    assert "the study tuned_gaits compares gaits" in text


def test_reference_results_are_pages_figures_and_a_table(told, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.syspath_prepend(str(Path(__file__).resolve().parents[1] / "docs"))
    script = importlib.import_module("make_reference_results")
    loaded = made_up()
    order = {"study": {"order": [done.key for done in loaded.trials] + ["one more"]}}
    loaded = loaded._replace(run=loaded.run._replace(config=order))
    monkeypatch.setattr(studies, "load", lambda folder: loaded)
    monkeypatch.setattr(script.parts, "write_report", lambda *given: [])
    module = SimpleNamespace(told=lambda of: told)
    written = script.publish("compare_synchronization", module, tmp_path, tmp_path / "pages")
    assert {path.suffix for path in written} == {".md", ".csv", ".svg"}
    assert sum(path.stat().st_size for path in written) < script.MOST_BYTES
    text = written[0].read_text(encoding="utf-8")
    assert "Not finished" in text and f"{len(loaded.trials)} of {len(loaded.trials) + 1}" in text
    for path in written[2:]:
        assert f"]({path.name})" in text
    rows = list(csv.DictReader(written[1].open(encoding="utf-8")))
    steady = {(r["part"], r["measure"], r["condition"]): r for r in rows}
    found = steady["isometric", "torque_high_cv", "short_term"]
    assert found["finding"] == "more" and abs(float(found["percent"]) - 50.0) < 1.0
    index = script.write_index(("compare_synchronization",), tmp_path / "pages")
    assert "(compare_synchronization.md)" in index.read_text(encoding="utf-8")


def test_a_folder_that_has_just_begun_can_be_reported() -> None:
    loaded = made_up()
    alone = [done for done in loaded.trials if done.factors["compared"] == "independent"]
    for trials, said in ((alone, "Nothing is compared yet."), (loaded.trials[:9], "not compared")):
        told = STUDY.told(loaded._replace(trials=trials))
        assert said in told.page.answer[0] and reports.html(told.page)
