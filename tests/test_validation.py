"""Validation: how a check is judged, that every check can fail, and `neurocoord validate`."""

import json
import math
import sys
from functools import lru_cache
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurocoord import cli, validation
from neurocoord.validation import protocol
from neurocoord.validation.protocol import Check, Row, gates, judge


def check(kind: str, published: float | None, tolerance: float, origin: str = "read") -> Check:
    return Check("key", "a quantity", published, "Hz", tolerance, kind, origin)


# ---- judging ----

JUDGED = [
    (check("relative", 20.0, 0.05), 21.0, "pass", "5 %"),
    (check("relative", 20.0, 0.05), 21.01, "fail", "5 %"),
    (check("relative", -20.0, 0.05), -19.0, "pass", "5 %"),
    (check("relative", -20.0, 0.05), -18.9, "fail", "5 %"),
    (check("absolute", 3.0, 0.5), 2.5, "pass", "0.5 Hz"),
    (check("absolute", 3.0, 0.5), 3.51, "fail", "0.5 Hz"),
    (check("at_least", 3.0, 0.0), 3.0, "pass", "at least 3 Hz"),
    (check("at_least", 3.0, 0.5), 2.4, "fail", "at least 2.5 Hz"),
    (check("at_least", None, 0.9), 0.95, "pass", "at least 0.9 Hz"),
    (check("at_least", None, -0.9), -0.95, "fail", "at least -0.9 Hz"),
    (check("at_most", 3.0, 0.5), 3.5, "pass", "at most 3.5 Hz"),
    (check("at_most", 3.0, 0.5), 3.6, "fail", "at most 3.5 Hz"),
    (check("at_most", None, 0.1), 0.2, "fail", "at most 0.1 Hz"),
    (check("exactly", 54, 0), 54, "pass", "exactly"),
    (check("exactly", 54, 0), 53, "fail", "exactly"),
    (check("shown", 54, 0), 5.0, "shown", ""),
    (check("shown", None, 0), 5.0, "shown", ""),
    (check("exactly", 54, 0, "recalled"), 5.0, "shown", ""),
    (check("absolute", 54, 1.0, "recomputed"), 5.0, "fail", "1 Hz"),
    (check("absolute", 54, 1.0, "definition"), 5.0, "fail", "1 Hz"),
]


@pytest.mark.parametrize(("given_check", "ours", "verdict", "tolerance"), JUDGED)
def test_a_check_is_judged(given_check: Check, ours: float, verdict: str, tolerance: str) -> None:
    row = judge(given_check, ours, "A paper")
    published = given_check.published
    assert row == Row(
        "A paper", "a quantity", published, ours, "Hz", tolerance, verdict, given_check.origin
    )


def test_a_tolerance_in_points_is_not_taken_for_one_in_per_cent() -> None:
    absolute = Check("key", "a quantity", 50.0, "% max", 5.0, "absolute", "read")
    assert judge(absolute, 54.0)[-3:-1] == ("5 points", "pass")
    assert judge(absolute._replace(kind="relative", tolerance=0.05), 54.0)[-3:-1] == ("5 %", "fail")


@pytest.mark.parametrize("kind", protocol.KINDS)
def test_nan_fails_whatever_gates(kind: str) -> None:
    published = None if kind in ("shown", "at_least") else 1.0
    expected = "shown" if kind == "shown" else "fail"
    assert judge(check(kind, published, 0.0), math.nan).verdict == expected


@given(
    kind=st.sampled_from(protocol.KINDS),
    published=st.floats(allow_nan=False, allow_infinity=False),
    ours=st.floats(),
)
def test_a_recalled_figure_never_gates(kind: str, published: float, ours: float) -> None:
    recalled = check(kind, published, 0.0, "recalled")
    assert not gates(recalled)
    assert judge(recalled, ours).verdict == "shown"


@given(
    kind=st.sampled_from(["relative", "absolute", "at_least", "at_most"]),
    published=st.floats(-1e6, 1e6),
    tolerance=st.floats(0, 1e3),
)
def test_what_was_published_passes(kind: str, published: float, tolerance: float) -> None:
    assert judge(check(kind, published, tolerance), published).verdict == "pass"


SENSELESS = [
    (check("relativ", 1.0, 0.1), ["'relativ'", "did you mean 'relative'"]),
    (check("relative", 1.0, 0.1, "read-2nd"), ["'read-2nd'", "did you mean 'read'"]),
    (check("relative", None, 0.1), ["published", "None"]),
    (check("exactly", None, 0.0), ["published", "None"]),
    (check("exactly", 1.0, 0.1), ["tolerance", "'exactly'"]),
    (check("relative", 1.0, -0.1), ["tolerance", "-0.1"]),
    (check("at_least", 1.0, -0.1), ["tolerance", "-0.1"]),
    (check("at_least", None, math.nan), ["tolerance", "nan"]),
    (check("absolute", math.nan, 0.1), ["published", "nan"]),
]


@pytest.mark.parametrize(("senseless", "parts"), SENSELESS)
def test_a_check_that_makes_no_sense_is_refused(senseless: Check, parts: list[str]) -> None:
    with pytest.raises(ValueError, match="'key'") as caught:
        judge(senseless, 1.0)
    for part in parts:
        assert part in str(caught.value)


# ---- every paper ----


@pytest.mark.parametrize("name", validation.PAPERS)
def test_a_paper_has_its_shape(name: str) -> None:
    module = validation.paper(name)
    assert module.PAPER and module.__doc__
    assert any(gates(c) for c in module.CHECKS)
    for c in module.CHECKS:
        protocol.validate_check(c)
    for field in ("key", "quantity"):
        named = [getattr(c, field) for c in module.CHECKS]
        assert len(set(named)) == len(named), f"two checks of {name} have one {field}"
    assert all(module.BROKEN.values()), "a fault without keywords breaks nothing"


@lru_cache
def quick(name: str) -> dict[str, float]:
    return validation.paper(name).measure(quick=True)


def verdicts(module: ModuleType, measured: dict[str, float]) -> dict[str, str]:
    return {c.key: judge(c, measured[c.key]).verdict for c in module.CHECKS if gates(c)}


@pytest.mark.parametrize("name", validation.PAPERS)
def test_breaking_the_model_fails_every_check(name: str) -> None:
    """A check that cannot fail is a defect: it must pass on the model and fail on a broken one."""
    module = validation.paper(name)
    whole = verdicts(module, quick(name))
    assert [key for key, verdict in whole.items() if verdict != "pass"] == []
    never, harmless = set(whole), []
    for fault, keywords in module.BROKEN.items():
        broken = verdicts(module, module.measure(quick=True, **keywords))
        fails = {key for key, verdict in broken.items() if verdict == "fail"}
        harmless += [] if fails else [fault]
        never -= fails
    assert sorted(never) == [], "no fault makes these fail"
    assert harmless == []


@pytest.mark.parametrize("name", validation.PAPERS)
def test_a_paper_can_be_drawn(name: str, tmp_path: Path) -> None:
    from neurocoord.analysis import plots

    module = validation.paper(name)
    if not hasattr(module, "plot"):
        pytest.skip(f"{name} has no figure")
    measured = quick(name)
    kept = dict(measured)
    figure = plots.one_panel(module.PAPER, lambda axes: module.plot(axes, measured))
    plots.save(figure, tmp_path / "one.png")
    assert (tmp_path / "one.png").stat().st_size > 5000
    assert figure.axes[0].lines or figure.axes[0].patches or figure.axes[0].collections
    assert measured == kept


@pytest.mark.slow
@pytest.mark.parametrize("name", validation.PAPERS)
def test_no_check_fails_in_full(name: str) -> None:
    fails = [row for row in validation.measure(name).rows if row.verdict == "fail"]
    assert fails == []


# ---- the table and the command ----

FAKE = {"good": "neurocoord.validation._good", "bad": "neurocoord.validation._bad"}


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> dict[str, SimpleNamespace]:
    """Two papers: one whose check passes, one whose check fails."""
    papers = {}
    for name, value in (("good", 54.0), ("bad", 50.0)):
        papers[name] = SimpleNamespace(
            PAPER=f"{name.capitalize()} 1993",
            CHECKS=(
                Check("n", "units recruited", 54, "units", 0, "exactly", "recomputed"),
                Check("cv", "interval CV", 0.2, "1", 0.1, "relative", "recalled"),
            ),
            measure=lambda quick=False, value=value: {"n": value, "cv": math.nan, "more": 1.0},
            plot=lambda axes, measured: axes.plot([0, 1], [measured["n"], measured["more"]]),
        )
        monkeypatch.setitem(sys.modules, FAKE[name], papers[name])
    monkeypatch.setattr(validation, "PAPERS", FAKE)
    return papers


def test_run_gives_rows_paper_by_paper(fake) -> None:
    seen: list[str] = []
    rows = validation.run(on_done=lambda result: seen.append(result.name))
    assert seen == ["good", "bad"]
    assert [row.paper for row in rows] == ["Good 1993"] * 2 + ["Bad 1993"] * 2
    assert [row.verdict for row in rows] == ["pass", "shown", "fail", "shown"]
    assert validation.failed(rows) and not validation.failed(rows[:2])
    assert validation.run(("good",)) == validation.run(["good"])
    assert validation.chosen(("bad", "good")) == ("good", "bad")


def test_a_paper_that_does_not_measure_what_it_checks_is_an_error(fake) -> None:
    fake["good"].measure = lambda quick=False: {"n": 54.0}
    with pytest.raises(KeyError, match="cv"):
        validation.run(("good",))


def test_an_unknown_paper_is_refused_with_the_nearest() -> None:
    for function in (validation.paper, lambda name: validation.run((name,))):
        with pytest.raises(
            ValueError, match=r"'fuglevand_193' is unknown; .*did you mean 'fuglevand_1993'"
        ):
            function("fuglevand_193")
    with pytest.raises(ValueError, match="no paper"):
        validation.run(())


def call(capfd: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = cli.main(["validate", *arguments])
    return code, *capfd.readouterr()


def test_the_command_prints_json_and_nothing_else(fake, capfd) -> None:
    code, out, err = call(capfd, "--json")
    told = json.loads(out)
    assert (code, err) == (1, "")
    assert list(told) == ["rows"]
    assert told["rows"][2] == {
        "paper": "Bad 1993",
        "quantity": "units recruited",
        "published": 54.0,
        "ours": 50.0,
        "unit": "units",
        "tolerance": "exactly",
        "verdict": "fail",
        "origin": "recomputed",
    }
    assert told["rows"][3]["ours"] is None


def test_the_command_prints_a_table_and_ends_with_its_verdict(fake, capfd) -> None:
    code, out, err = call(capfd, "--only", "good", "--quiet")
    assert (code, err) == (0, "")
    for words in ("Good 1993", "54 recomputed", "0.2 recalled", "exactly", "pass"):
        assert words in out
    assert out.rstrip().endswith("1 pass, 0 fail, 1 shown")
    code, out, _ = call(capfd, "--quiet")
    assert code == 1 and out.rstrip().endswith("1 pass, 1 fail, 2 shown")


def test_the_command_draws_one_figure_a_paper(fake, capfd, tmp_path: Path) -> None:
    folder = tmp_path / "new" / "figures"
    code, _, _ = call(capfd, "--only", "good, bad", "--plot", str(folder), "--json")
    assert code == 1
    assert sorted(path.name for path in folder.iterdir()) == ["bad.png", "good.png"]


@pytest.mark.parametrize(
    ("arguments", "parts"),
    [
        (["--only", "god"], ["'god'", "did you mean 'good'"]),
        (["--only", "good,"], []),
        (["--only", ","], ["good, bad"]),
        (["--onyl", "good"], ["--onyl", "neurocoord validate --help"]),
    ],
)
def test_bad_input_is_one_line_and_code_2(fake, capfd, arguments, parts) -> None:
    code, out, err = call(capfd, *arguments, "--quiet")
    if not parts:  # a stray comma is forgiven
        assert (code, err) == (0, "")
        return
    assert (code, out) == (2, "")
    assert err.count("\n") == 1 and err.startswith("neurocoord")
    for part in parts:
        assert part in err


def test_a_figure_folder_that_cannot_be_made_is_refused(fake, capfd, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("kept")
    code, out, err = call(capfd, "--plot", str(tmp_path / "file"))
    assert (code, out) == (2, "")
    assert err.count("\n") == 1 and str(tmp_path / "file") in err


def test_help_teaches(capfd) -> None:
    code, out, _ = call(capfd, "--help")
    assert code == 0
    assert "Example: neurocoord validate" in " ".join(out.replace("│", " ").split())
