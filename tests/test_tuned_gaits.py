"""The study of gaits tuned under each strategy: what is compared, and what planted effects come to.

No trial is run here: the report is made of measures that are made up.
"""

import json
import re
from dataclasses import replace

import pytest
from made_up_trials import made_up_trials

from neurocoord import report as reports
from neurocoord import study as studies
from neurocoord.coordination.library import load_movement, movement_names
from neurocoord.resources import load_experiment, models_folder
from neurocoord.study import parts
from neurocoord.synchrony import STRATEGIES

STUDY = load_experiment("tuned_gaits")
SMALL = replace(STUDY.QUICK, strategies=("beta", "short_term"), n_subjects=8)
COST = "cost_of_transport_j_per_kg_m"


def made_up() -> studies.Loaded:
    """Planted: `short_term` costs 3 % more; its gait 6 % less, but under it 4 % more; the second
    search 2 % more."""
    planted = {
        "shared.short_term": 1.03,
        "own.short_term": 1.03 * 1.04,
        "gait.short_term": 0.94,
        "gait.independent_again": 1.02,
    }

    def factor(job: studies.Job, measure: str) -> float:
        return planted.get(job.condition, 1.0) if measure == COST else 1.0

    return made_up_trials(STUDY.study_of(SMALL), factor)


@pytest.fixture(scope="module")
def told() -> parts.Report:
    return STUDY.told(made_up())


def test_every_strategy_has_its_gait_and_each_is_told_apart_from_its_gait() -> None:
    made = {c.name: c for c in STUDY.study().conditions}
    for name in STRATEGIES:
        assert STUDY.gait_of(name) in movement_names()
        part = "shared" if name == STUDY.BASELINE else "own"
        own = made[f"{part}.{name}"].config
        kept = load_movement(STUDY.gait_of(name))
        assert own.synchrony.strategy == name and own.settings.speed_m_per_s == 0.35
        assert (own.settings.gait, own.settings.gains) == kept
        if name != STUDY.BASELINE:
            alone = made[f"gait.{name}"].config
            assert alone.synchrony.strategy == "independent" and alone.settings == own.settings
    again, held = (made[f"gait.{name}"].config.settings for name in (STUDY.AGAIN, STUDY.HELD))
    assert held.gait == load_movement("crawl_hands_knees").plan
    assert again.gait == load_movement("crawl_hands_knees_independent_again").plan


def test_gaits_are_of_one_kind_of_search() -> None:
    """The same command but for strategy and seed, so that no gait was given more."""
    commands = set()
    for name in (*STRATEGIES, STUDY.AGAIN):
        file = models_folder() / "movements" / f"{STUDY.gait_of(name)}.json"
        words = json.loads(file.read_text(encoding="utf-8"))["made_by"].split()
        assert words[words.index("--strategies") + 1] == name.removesuffix("_again")
        for option in ("--strategies", "--seed"):
            at = words.index(option)
            del words[at : at + 2]
        commands.add(" ".join(words))
    assert len(commands) == 1 and commands.pop().endswith(" generations)")


def test_the_gait_itself_is_taken_out_of_what_it_is_worth_to_its_strategy(told) -> None:
    luck, held, beta, short = told.page.answer
    assert "differ by +2.0 % (" in luck
    assert "that other studies hold" in held and " % (" in held
    assert "Beyond that its own gait changes its cost by -0.0 % (" in beta
    assert "surely less than the 2.4 % from which it would matter" in beta
    assert "Short term: cost of transport +3.0 % (" in short and "+7.2 % (" in short
    assert "under independent input: -5.9 % (" in short
    assert "changes its cost by +10.1 % (" in short and "would matter" not in short


def test_each_part_is_held_against_the_same_baseline(told) -> None:
    assert set(told.figures) == {"effects_shared", "effects_own", "effects_gait"}
    for comparison in told.comparisons:
        assert {pair.first for pair in comparison.pairs} == {STUDY.BASELINE}
    by_part = {(c.task, p.second): p.percent for c in told.comparisons if c.measure == COST
               for p in c.pairs}  # fmt: skip
    assert by_part["gait", "independent_again"] == pytest.approx(2.0, abs=0.2)
    assert by_part["own", "short_term"] == pytest.approx(7.1, abs=0.2)


def test_the_page_is_whole_and_a_folder_just_begun_can_be_reported(told) -> None:
    text = reports.markdown(told.page, figures="f_")
    assert "Parameters that were searched for" in text and "plan.swing_s" in text
    loaded = made_up()
    alone = [done for done in loaded.trials if done.factors["compared"] == "independent"]
    one, two = ([d for d in loaded.trials if d.subject <= n] for n in (1, 2))
    for trials in (one, two, loaded.trials[:7], loaded.trials[:1]):
        page = STUDY.told(loaded._replace(trials=trials)).page
        assert page.answer and not re.search(r"\bnan\b", reports.markdown(page, figures="f_"))
    assert STUDY.told(loaded._replace(trials=alone)).page.answer == ["Nothing is compared yet."]
