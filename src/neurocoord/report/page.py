"""The records of a page and the page itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from html import escape
from pathlib import Path
from string import Template
from typing import NamedTuple

from neurocoord.report.picture import inline

HERE = Path(__file__).parent


class Figure(NamedTuple):
    """A figure in the page; `alt` says in words what is to be seen."""

    svg: str
    caption: str
    alt: str
    name: str = ""  # of its files, where it has any


class Table(NamedTuple):
    """A table; the first cell of each row is its heading."""

    caption: str
    head: Sequence[str]
    rows: Sequence[Sequence[str]]
    n_words: int = 1  # leading columns of words, set to the left; numbers stand to the right
    note: str = ""


class Section(NamedTuple):
    """A part of the page with a heading."""

    title: str
    paragraphs: Sequence[str] = ()
    figures: Sequence[Figure] = ()
    tables: Sequence[Table] = ()
    points: Sequence[str] = ()  # a list of sentences, after the paragraphs


class Page(NamedTuple):
    """A whole report."""

    title: str
    question: str
    answer: Sequence[str]  # plain sentences
    sections: Sequence[Section]
    method: Sequence[str]  # paragraphs
    provenance: Mapping[str, str]
    command: str  # that makes it again


def html(page: Page) -> str:
    """The page as one HTML document that needs no other file and no network."""
    numbers = iter(range(1, 10_000))  # of figures and tables, through all sections
    return _template("page.html").substitute(
        title=escape(page.title),
        style=(HERE / "style.css").read_text(encoding="utf-8"),
        question=escape(page.question),
        answer=_items(page.answer),
        sections="\n".join(_section(section, numbers) for section in page.sections),
        method=_paragraphs(page.method),
        command=escape(page.command),
        provenance="\n".join(
            f'<tr><th scope="row">{escape(name)}</th><td>{escape(value)}</td></tr>'
            for name, value in page.provenance.items()
        ),
    )


def _template(name: str) -> Template:
    return Template((HERE / name).read_text(encoding="utf-8"))


def _paragraphs(texts: Sequence[str]) -> str:
    return "\n".join(f"<p>{escape(text)}</p>" for text in texts)


def _items(sentences: Sequence[str]) -> str:
    return "\n".join(f"<li>{escape(sentence)}</li>" for sentence in sentences)


def _section(section: Section, numbers: Iterator[int]) -> str:
    parts = [f"<section>\n<h2>{escape(section.title)}</h2>", _paragraphs(section.paragraphs)]
    if section.points:
        parts.append(f'<ul class="points">\n{_items(section.points)}\n</ul>')
    parts += [_figure(figure, next(numbers)) for figure in section.figures]
    parts += [_table(table) for table in section.tables]
    return "\n".join([*parts, "</section>"])


def _figure(figure: Figure, number: int) -> str:
    return (
        f'<figure>\n<div class="wide" tabindex="0" role="region" '
        f'aria-label="Figure {number}">{inline(figure.svg, figure.alt, f"f{number}-")}</div>\n'
        f"<figcaption><b>Figure {number}.</b> {escape(figure.caption)}</figcaption>\n</figure>"
    )


def _table(table: Table) -> str:
    def cells(texts: Sequence[str], tag: str, first: str) -> str:
        made = []
        for column, text in enumerate(texts):
            kind = first if column == 0 else tag
            align = "" if column < table.n_words else ' class="number"'
            scope = {"td": "", "th": ' scope="col"', "row": ' scope="row"'}[kind]
            made.append(f"<{kind.replace('row', 'th')}{scope}{align}>{escape(text)}</"
                        f"{kind.replace('row', 'th')}>")  # fmt: skip
        return f"<tr>{''.join(made)}</tr>"

    short = [row for row in table.rows if len(row) != len(table.head)]
    if short:
        raise ValueError(
            f"a row of {table.caption!r} has {len(short[0])} cells; its head has {len(table.head)}"
        )
    body = "\n".join(cells(row, "td", "row") for row in table.rows)
    note = f'<p class="note">{escape(table.note)}</p>' if table.note else ""
    return (
        f'<div class="wide" tabindex="0" role="region" aria-label="{escape(table.caption)}">\n'
        f"<table>\n<caption>{escape(table.caption)}</caption>\n"
        f"<thead>{cells(table.head, 'th', 'th')}</thead>\n<tbody>\n{body}\n</tbody>\n</table>\n"
        f"</div>\n{note}"
    )
