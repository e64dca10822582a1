"""Numbers of motor units of the body's muscles: complete, and equal wherever they are written."""

import csv

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurocoord.motorunits import counts
from neurocoord.resources import models_folder


def _anatomy() -> list[dict[str, str]]:
    with (models_folder() / "anatomy" / "muscles.csv").open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def _body_muscles() -> list[str]:
    return [f"{row['id']}_{side}" for row in _anatomy() for side in "rl"]


@pytest.mark.parametrize(("rule", "total"), [("fitted", 74e3), ("low", 37e3), ("high", 126e3)])
def test_every_muscle_of_the_body_is_covered(rule: str, total: float) -> None:
    muscles = _body_muscles()
    assert len(muscles) == 142
    n_units = counts.unit_counts(muscles, rule)
    assert n_units.shape == (142,) and n_units.dtype == np.int64 and n_units.min() >= 50
    assert n_units.sum() == pytest.approx(total, rel=0.002)
    assert np.array_equal(n_units[::2], n_units[1::2])  # right and left
    share = counts.type1_share(muscles)
    assert share.shape == (142,) and share.min() >= 0.3 and share.max() <= 0.85


def test_the_table_holds_no_muscle_that_the_body_lacks() -> None:
    assert set(counts.table()) == {row["id"] for row in _anatomy()}


def test_the_anatomy_table_says_the_same() -> None:
    """The body is built from the anatomy table; the counts with their sources are here."""
    rows = _anatomy()
    ids = [row["id"] for row in rows]
    assert [int(row["n_units"]) for row in rows] == counts.unit_counts(ids).tolist()
    shares = np.array([float(row["type1_pct"]) / 100.0 for row in rows])
    assert np.array_equal(counts.type1_share(ids), shares)


def test_every_number_says_where_it_comes_from() -> None:
    known = {"read", "read-2nd", "recalled", "interpolated", "choice"}
    for name, row in counts.table().items():
        assert row.n_source and row.type1_source, name
        for tag in (row.n_tag, row.type1_tag):
            assert any(word in tag for word in known), (name, tag)
        literature = "(literature)" in row.n_source
        assert literature == (row.n_tag != "interpolated"), name
        assert row.n_units["low"] < row.n_units["fitted"] < row.n_units["high"], name


def test_the_sum_of_the_parts_is_the_count() -> None:
    """Merged muscles and muscles that were divided keep the units of the anatomical ones."""
    for name, row in counts.table().items():
        total = 0.0
        for part in row.n_source.removesuffix(" (literature)").split("; "):
            words = part.removesuffix(" (literature)").split()
            if words[1] == "of":  # "0.28 of the 1042 of gluteus maximus"
                total += float(words[0]) * float(words[3])
            else:
                total += float(words[-1])
        assert total == pytest.approx(row.n_units["fitted"], abs=7), name  # shares have 2 digits


def test_the_side_does_not_matter_and_order_is_kept() -> None:
    assert counts.unit_counts(["SOL", "TA_r", "BIC_l"]).tolist() == [810, 913, 774]
    assert counts.type1_share(["SOL_l", "TRI_LONG"]).tolist() == [0.80, 0.33]
    assert counts.unit_counts([]).shape == (0,)


@pytest.mark.parametrize("call", [counts.unit_counts, counts.type1_share])
def test_an_unknown_muscle_is_told_the_nearest(call) -> None:
    with pytest.raises(
        ValueError, match=r"muscle 'soll' is unknown; allowed: 71 names; .* did you mean 'SOL'"
    ):
        call(["TA", "soll"])
    with pytest.raises(ValueError, match="sequence of names"):
        call("SOL")


def test_an_unknown_rule_is_told_the_nearest() -> None:
    with pytest.raises(
        ValueError,
        match="rule 'fited' is unknown; allowed: fitted, low, high; did you mean 'fitted'",
    ):
        counts.unit_counts(["SOL"], "fited")


@given(st.text(max_size=12))
def test_any_text_is_a_muscle_or_an_error(name: str) -> None:
    stem = name[:-2] if name.endswith(("_r", "_l")) else name
    if stem in counts.table():
        assert counts.unit_counts([name])[0] > 0
    else:
        with pytest.raises(
            ValueError, match="is unknown; allowed: 71 names; `neurocoord info` lists them"
        ):
            counts.unit_counts([name])
