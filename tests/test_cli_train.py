"""`neurocoord train` says what was put in and what came out, and refuses what it does not know."""

import json

import pytest

from neurocoord.analysis import adaptation
from neurocoord.cli import main


@pytest.fixture(autouse=True)
def _few_efforts(monkeypatch) -> None:
    """The command's own size is for people; here the words matter."""
    small = adaptation.report

    def report(*arguments, **keywords):
        return small(*arguments, **{"n_efforts": 2, **keywords})

    monkeypatch.setattr(adaptation, "report", report)


def test_json_holds_every_quantity_with_its_role(capsys) -> None:
    assert main(["train", "skill", "--weeks", "4", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    rows = {row["quantity"]: row for row in told["rows"]}
    assert set(rows) == {q.name for q in adaptation.QUANTITIES.values()}
    assert {row["role"] for row in rows.values()} == {"put in", "held fixed", "emerged"}
    assert set(told["rows"][0]) == set(adaptation.Outcome._fields)


def test_people_get_a_table_and_what_was_measured(capsys) -> None:
    assert main(["train", "maximal_load", "--weeks", "14"]) == 0
    out = capsys.readouterr().out
    assert "held fixed" in out and "emerged" in out
    assert "Aagaard 2002" in out and "339.0" in out


def test_detraining_says_what_it_follows(capsys) -> None:
    arguments = ["train", "detraining", "--weeks", "4", "--after", "maximal_load", "--json"]
    assert main([*arguments, "--after-weeks", "10"]) == 0
    assert "after 10 weeks of maximal_load" in json.loads(capsys.readouterr().out)["title"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["train", "plyo", "--weeks", "4"], "did you mean 'plyometric'"),
        (["train", "skill", "--weeks", "-1"], "must be 0 or more"),
        (["train", "skill", "--weeks", "nan"], "must be 0 or more"),
        (["train", "skill", "--weeks", "many"], "not a number"),
        (["train", "skill"], "--weeks"),
        (["train", "skill", "--weeks", "4", "--pool", "untraind"], "did you mean 'untrained'"),
        (["train", "detraining", "--weeks", "4", "--after", "detraining"], "must be a programme"),
        (
            ["train", "detraining", "--weeks", "4", "--after", "rest"],
            "programme 'rest' is unknown; allowed: ",
        ),
    ],
)
def test_bad_input_is_one_line_and_code_2(arguments, words, capsys) -> None:
    assert main(arguments) == 2
    captured = capsys.readouterr()
    assert captured.out == "" and len(captured.err.strip().splitlines()) == 1
    assert words in captured.err
