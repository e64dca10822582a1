"""The report: one page that stands alone, is sound HTML, and escapes what it is given."""

import re
from html.parser import HTMLParser

import numpy as np
import pytest

from neurocoord import report
from neurocoord.analysis import plots, study_plots
from neurocoord.analysis.statistics import Comparison, compare, over_measures

SVG = (
    '<?xml version="1.0"?>\n<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" '
    '"http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd">\n'
    '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" '
    'viewBox="0 0 9 9"><defs><clipPath id="p1"/></defs>'
    '<g id="a" clip-path="url(#p1)"><use xlink:href="#a"/></g></svg>'
)
NASTY = "<script>alert('x')</script> & \"more\""


def page(**changed) -> report.Page:
    section = report.Section(
        "What was found",
        ["In words."],
        [report.Figure(SVG, "A caption.", "An empty square."), report.Figure(SVG, "Two.", "Two.")],
        [report.Table("Numbers", ("Measure", "Value"), [("Force", "1.0"), ("Power", "2.0")])],
    )
    made = report.Page(
        "Title", "Why?", ["Because."], [section], ["How."], {"commit": "abc"}, "neurocoord compare"
    )
    return made._replace(**changed)


class Outline(HTMLParser):
    """Open and close tags matched; headings, ids and addresses collected."""

    VOID = ("meta", "use", "path", "rect", "line", "image")

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.headings: list[int] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs) -> None:
        self.tags.append(tag)
        if re.fullmatch("h[1-6]", tag):
            self.headings.append(int(tag[1]))
        for name, value in attrs:
            if name == "id":
                self.ids.append(value)
            if name in ("src", "href", "xlink:href"):
                self.links.append(value)
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in self.VOID:
            self.open.pop()

    def handle_endtag(self, tag) -> None:
        if tag not in self.VOID:
            assert self.open.pop() == tag


def test_a_page_stands_alone_and_in_order() -> None:
    text = report.html(page())
    seen = Outline(text)
    assert text.startswith("<!DOCTYPE html>") and '<html lang="en">' in text
    assert seen.headings[0] == 1 and seen.headings.count(1) == 1
    assert all(b - a <= 1 for a, b in zip(seen.headings, seen.headings[1:]))
    assert seen.links and all(link.startswith("#") for link in seen.links)
    without_namespaces = re.sub(r'xmlns(:\w+)?="[^"]*"', "", text)
    assert "http" not in without_namespaces and "@import" not in text
    assert not {"script", "link", "img", "iframe"} & set(seen.tags)
    assert len(seen.ids) == len(set(seen.ids))  # two figures with the same ids inside
    assert {link[1:] for link in seen.links} <= set(seen.ids)
    assert "url(#f1-p1)" in text and "url(#f2-p1)" in text
    assert text.count("<caption>") == text.count("<table") == 2
    assert text.count('role="img" aria-label="An empty square."') == 1
    assert "@media print" in text and 'name="viewport"' in text
    assert "Figure 1." in text and "Figure 2." in text
    assert report.html(page()) == text


@pytest.mark.parametrize("field", ["title", "question", "command"])
def test_texts_are_escaped(field: str) -> None:
    text = report.html(page(**{field: NASTY}))
    assert "<script" not in text and "&lt;script&gt;" in text


def test_texts_inside_are_escaped() -> None:
    table = report.Table(NASTY, (NASTY, "b"), [(NASTY, NASTY)], note=NASTY)
    section = report.Section(NASTY, [NASTY], [report.Figure(SVG, NASTY, NASTY)], [table])
    text = report.html(
        page(sections=[section], answer=[NASTY], method=[NASTY], provenance={NASTY: NASTY})
    )
    Outline(text)
    assert "<script" not in text
    assert text.count("&lt;script&gt;") == 14
    assert "$" in report.html(page(question="costs $title"))  # no second substitution


@pytest.mark.parametrize(
    ("svg", "said"),
    [
        ("plainly not", "not a picture"),
        ("<p>x</p>", "must be <svg>"),
        ('<svg xmlns="http://www.w3.org/2000/svg"><script>1</script></svg>', "<script>"),
        ('<svg xmlns="http://www.w3.org/2000/svg" onload="x()"/>', "onload"),
        ('<svg xmlns="http://www.w3.org/2000/svg"><use href="http://a/b"/></svg>', "href"),
        ("<svg><SCRIPT>1</SCRIPT></svg>", "<SCRIPT>"),
        ('<svg ONLOAD="x()"/>', "ONLOAD"),
        ("<svg><style>@import 'http://a/b';</style></svg>", "@import"),
        ("<svg><style>&amp;#64;import 'http://a/b';</style></svg>", "<style>"),
        ("<svg><style>g{fill:url(http://a/b)}</style></svg>", "url"),
        ("<svg><style>&lt;/style>&lt;svg onload=x()></style></svg>", "<style>"),
        ('<svg><rect style="fill:url(http://a/b)"/></svg>', "url"),
        ('<svg><rect style="fill:URL( &quot;//a/b#c&quot;)"/></svg>', "URL"),
        ('<svg><rect style="fill:u\\72l(http://a/b)"/></svg>', "a picture alone"),
        ("<svg><rect style=\"mask-image:image-set('http://a/b' 1x)\"/></svg>", "image-set"),
        ('<svg><rect fill="url(http://a/b#c)"/></svg>', "url"),
        ('<svg><img src="http://a/b"/></svg>', "<img>"),
        ('<svg><object data="http://a/b"/></svg>', "<object>"),
        ('<svg><a href="#"><set attributeName="href" to="javascript:x()"/></a></svg>', "<a>"),
        ('<svg><set attributeName="href" to="javascript:x()"/></svg>', "<set>"),
        ('<svg><image href="data:image/svg+xml,x"/></svg>', "href"),
        ('<svg><h:script xmlns:h="http://www.w3.org/1999/xhtml">1</h:script></svg>', "script"),
    ],
)
def test_a_figure_that_is_more_than_a_picture_is_refused(svg: str, said: str) -> None:
    section = report.Section("s", figures=[report.Figure(svg, "c", "a")])
    with pytest.raises(ValueError, match=said):
        report.html(page(sections=[section]))


def test_what_is_shown_is_what_was_looked_at() -> None:
    hidden = (
        "<!-- <svg onload='x()'> --><svg><!-- <svg onload='x()'> --><title>a &lt; b</title></svg>"
    )
    for svg in (hidden, "<svg/>", '<s:svg xmlns:s="http://www.w3.org/2000/svg"/>'):
        section = report.Section("s", figures=[report.Figure(svg, "c", 'a "square"')])
        text = report.html(page(sections=[section]))
        Outline(text)
        assert "onload" not in text
        assert text.count('<svg role="img" aria-label="a &quot;square&quot;"') == 1
    assert "&lt; b</title>" in report.html(
        page(sections=[report.Section("s", figures=[report.Figure(hidden, "c", "a")])])
    )


def test_a_row_of_the_wrong_length_is_named() -> None:
    table = report.Table("Numbers", ("a", "b"), [("x",)])
    with pytest.raises(ValueError, match="'Numbers' has 1 cells"):
        report.html(page(sections=[report.Section("s", tables=[table])]))


def comparisons() -> list[Comparison]:
    rng = np.random.default_rng(0)
    made = []
    for measure, unit, shift, noise in (
        ("torque_high_nm", "Nm", 0.0, 0.002),
        ("torque_high_cv", "1", 0.9, 0.02),
        ("power_high_w", "W", -0.1, 0.002),
        ("rfd_0_50_ms_per_s", "1/s", 0.0, 0.5),
        ("tail", "1", 0.0, 0.5),
    ):
        first = 50 * (1 + 0.1 * rng.normal(size=8))
        second = first * (1 + shift + noise * rng.normal(size=8))
        values = {"independent": dict(enumerate(first)), "short_term": dict(enumerate(second))}
        made.append(compare(values, task="isometric", measure=measure, unit=unit))
    return over_measures(made)


LABELS = {
    "torque_high_nm": "Torque",
    "torque_high_cv": "Torque CV",
    "power_high_w": "Metabolic power",
    "rfd_0_50_ms_per_s": "Rate of rise",
    "not_measured": "Not measured",
}


def test_a_table_of_comparisons_has_units_intervals_and_findings() -> None:
    table = report.comparison_table(
        "Isometric", LABELS, comparisons(), notes={"power_high_w": "Model-dependent."}
    )
    rows = {row[0]: row for row in table.rows}
    assert list(rows) == ["Torque (Nm)", "Torque CV", "Metabolic power (W)", "Rate of rise (1/s)"]
    assert [row[2] for row in table.rows] == ["equivalent", "more", "less", "not resolved"]
    assert rows["Torque CV"][1] == "short term"
    assert table.caption == "Isometric, against independent"
    assert re.fullmatch(r"\d+(\.\d+)? \(.+ to .+\)", rows["Torque CV"][6])
    assert rows["Torque CV"][3] == "8"
    assert rows["Torque CV"][8] == "< 0.001"
    assert table.note.endswith("Metabolic power: Model-dependent.")
    Outline(report.html(page(sections=[report.Section("s", tables=[table])])))


def test_the_answer_is_in_plain_words() -> None:
    (sentence,) = report.answers(
        "Isometric", LABELS, comparisons(), model_dependent=["power_high_w"]
    )
    assert re.fullmatch(
        r"Isometric, short term against independent\. More: Torque CV \(\+[89]\d %\)\. "
        r"Less: Metabolic power \(−\d+(\.\d+)? %, depends on the energy model\)\. "
        r"No difference that matters: Torque\. "
        r"Left open, too few runs to tell: Rate of rise\.",
        sentence,
    )


def _sentence(model_dependent=(), **values: list[float]) -> str:
    made = [
        compare(
            {"a": dict(enumerate(np.ones(len(second)) * 10)), "b": dict(enumerate(second))},
            task="t", measure=measure,
        )
        for measure, second in values.items()
    ]  # fmt: skip
    (told,) = report.answers("T", dict(zip(values, values)), made, model_dependent=model_dependent)
    return told


def test_why_a_measure_is_left_open_is_said() -> None:
    told = _sentence(
        nowhere=[9.0, 12.0, 8.0], torque_high_nm=[9.0, 12.0, 8.0], pace=[10.0] * 3, one=[1.0]
    )
    assert "The same in every run: pace." in told
    assert "Left open, too few runs to tell: torque_high_nm." in told
    assert "No difference found, and none was fixed that would matter: nowhere." in told
    assert "Not compared, fewer than two runs: one." in told


def test_large_percentages_are_plain_numbers() -> None:
    told = _sentence(torque_high_nm=[24.0, 25.0, 24.2], power_w=[0.0, 0.03, 0.04])
    assert "torque_high_nm (+144 %)" in told and "power_w (−100 %)" in told


def test_one_pair_of_a_measure_may_hang_on_the_energy_model() -> None:
    power = {"power_w": [5.0, 5.1, 5.2]}
    assert "depends on the energy model" in _sentence([("power_w", "a", "b")], **power)
    assert "depends on the energy model" in _sentence(["power_w"], **power)
    assert "depends" not in _sentence([("power_w", "a", "c")], **power)


def test_a_panel_says_no_difference_where_table_and_sentence_say_none() -> None:
    a = np.array([100.0, 110.0, 90.0, 105.0])
    small = compare(
        {"independent": dict(enumerate(a)), "short_term": dict(enumerate(a * 1.005 + 1e-3 * a))},
        measure="torque_high_nm",
    )
    assert (small.pairs[0].finding, small.pairs[0].differs) == ("equivalent", True)
    assert plots._found(small) == ("equivalent", False)


def test_figures_of_a_study_go_into_the_page(tmp_path) -> None:
    rows = [study_plots.ForestRow(c.measure, c.pairs) for c in comparisons()]
    forest = study_plots.forest("Against independent", rows)
    labels = [t.get_text() for t in forest.axes[0].get_yticklabels()]
    assert labels == [c.measure for c in comparisons()][:4]  # the last has no margin
    percent = [t.get_text() for t in forest.axes[0].texts]
    assert percent[0].endswith(" %") and len(percent) == 4
    upright = dict.fromkeys(range(5), 0.0)
    fell = {"independent": upright, "beta": upright | {0: 1.0, 1: 1.0}}
    chances = study_plots.ForestRow("Falls", compare(fell, measure="fell").pairs)
    of_people = study_plots.forest("Against independent", [chances]).axes[0].texts
    assert [t.get_text() for t in of_people] == ["+2 of 5"]
    dose = np.linspace(0, 1, 3)
    values = dose[:, None] + np.random.default_rng(0).normal(size=(3, 5))
    panel = study_plots.DosePanel("Torque", "strength", "Nm", {"short_term": (dose, values)})
    response = study_plots.dose_response("Response", [panel] * 4)
    drawn = response.axes[0].lines[0].get_ydata()
    assert drawn == pytest.approx(values.mean(axis=1))
    figures = [
        report.Figure(plots.svg_text(figure), "Caption.", "Alt.") for figure in (forest, response)
    ]
    text = report.html(page(sections=[report.Section("s", figures=figures)]))
    seen = Outline(text)
    assert len(seen.ids) == len(set(seen.ids))
    assert all(link.startswith(("#", "data:image/")) for link in seen.links)
    assert "Verdana" in re.search("<svg.*", text, re.DOTALL)[0]  # type: ignore[index]
    for suffix in (".svg", ".pdf"):
        plots.save(forest, tmp_path / f"a{suffix}")
        plots.save(study_plots.forest("Against independent", rows), tmp_path / f"b{suffix}")
        first, again = ((tmp_path / f"{x}{suffix}").read_bytes() for x in "ab")
        assert first == again and len(first) > 1000
