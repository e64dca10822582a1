"""Sentences and tables of many comparisons."""

import re

import numpy as np
import pytest

from neurocoord import report
from neurocoord.analysis.statistics import compare

LABELS = {"torque_high_nm": "Torque", "fell": "Falls", "torque_high_cv": "CV"}


def group(n: int = 12) -> report.Group:
    rng = np.random.default_rng(0)
    base = 100.0 + rng.standard_normal(n)
    noise = rng.normal(0, 0.1, n)
    rows = {
        "torque_high_nm": {"a": base, "b": base * 1.1 + noise, "c": base - noise},
        "fell": {"a": np.zeros(n), "b": np.zeros(n), "c": np.r_[np.ones(n - 1), 0.0]},
        "torque_high_cv": {"a": base, "b": base * rng.normal(1, 0.5, n), "c": base},
    }
    made = [
        compare(
            {k: dict(enumerate(v)) for k, v in values.items()},
            task="t", measure=measure, unit="Nm" if measure.endswith("nm") else "1", baseline="a",
        )
        for measure, values in rows.items()
    ]  # fmt: skip
    return report.Group("Holding", LABELS, made, [("torque_high_nm", "a", "b")])


def test_pairs_are_those_with_the_baseline() -> None:
    assert [(p.first, p.second) for p in group().comparisons[0].pairs] == [("a", "b"), ("a", "c")]
    with pytest.raises(ValueError, match="baseline 'd' is unknown; allowed: "):
        compare({"a": {0: 1.0}, "b": {0: 1.0}}, measure="m", baseline="d")


def test_a_sentence_for_each_measure() -> None:
    torque, falls, cv = report.measure_answers(group())
    assert torque.startswith("Torque: more under b (+10 %, depends on the energy model)")
    nil = re.search(r"matters under c \((.*) to (.*) %, within the limit of ±2.5 %\)", torque)
    low, high = (float(end.replace("\N{MINUS SIGN}", "-")) for end in nil.groups())
    assert -0.2 < low < high < 0.2
    assert falls == (
        "Falls: more under c (+0.92); "
        "as often under b (a difference of up to 26 % of runs is not excluded)."
    )
    assert re.search(r"left open under b \(.* to .* %; .* % could have been seen\)", cv)
    assert report.measure_answers(group(), ["c"])[1] == "Falls: more under c (+0.92)."


def test_a_sentence_for_each_class() -> None:
    force, chances, steady = report.class_answers([group()], ["b", "c"])
    assert force.startswith("Force, torque and work. B: more in 1 of 1 (10 %); c: no difference")
    assert chances == "Falls and other chances. B: as often in 1 of 1; c: more in 1 of 1."
    assert "left open in 1 of 1 (" in steady


def test_a_cell_for_each_measure_and_condition() -> None:
    table = report.overview_table("All", group())
    assert table.head == ["Measure", "Unit", "a, mean", "b", "c"]
    assert table.rows[0][3] == "+10.0 % more*" and table.rows[0][4].endswith("=")
    assert table.rows[1][3:] == ["as often", "+0.92 more"]
    assert "seen" in table.rows[2][3]


def test_what_is_not_sure_or_may_be_too_small_is_said() -> None:
    made = group()
    torque = made.comparisons[0]
    pairs = (torque.pairs[0]._replace(q=0.2, mean_difference=0.5, percent=0.5), torque.pairs[1])
    unsure = made._replace(comparisons=[torque._replace(pairs=pairs)], hanging=())
    (line,) = report.measure_answers(unsure)
    assert "more under b (+0.5 %, perhaps too small to matter, not sure among all" in line
    assert "(0.5 %; 1 not sure among all measures)" in report.class_answers([unsure], ["b"])[0]
    assert report.overview_table("All", unsure).rows[0][3] == "+0.5 % more~"


def test_markdown_has_all_but_long_tables() -> None:
    rows = [("a|b", "1")]
    short = report.Table("Short", ("Name", "Value"), rows, note="A note.")
    long = report.Table("Long", ("Name", "Value"), rows * 25)
    svg = "<svg/>"
    shown = report.Figure(svg, "Caption.", "Words.", "f"), report.Figure(svg, "None.", "None.")
    page = report.Page(
        "T", "Q?", ["A."],
        [report.Section("S", ["P."], shown, [short, long], ["One."]),
         report.Section("Only long", tables=[long])],
        ["M."], {"Commit": "abc"}, "make it",
    )  # fmt: skip
    text = report.markdown(page, level=2, figures="x/")
    assert text.startswith("## T\n\n*Q?*\n\n- A.\n\n### S\n\nP.\n\n- One.\n\n![Words.](x/f.svg)")
    assert "| a\\|b | 1 |" in text and "A note." in text and "| --- | ---: |" in text
    assert "Long" not in text and "None." not in text and "Only long" not in text
    assert "- Commit: abc" in text and "    make it" in text
