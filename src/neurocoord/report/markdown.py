"""A page as Markdown, for places that show that: figures are files beside it."""

from __future__ import annotations

from collections.abc import Sequence

from neurocoord.report.page import Page, Table

LONGEST_TABLE = 24  # rows; longer ones are in the tables beside the page (choice)


def markdown(page: Page, *, level: int = 1, figures: str = "", suffix: str = ".svg") -> str:
    """The page from a heading of `level` on; figures with a name are shown from `figures`NAME.

    Tables of more than `LONGEST_TABLE` rows are left out.
    """
    mark = "#" * level
    parts = [f"{mark} {page.title}", f"*{page.question}*", _points(page.answer)]
    for section in page.sections:
        shown = [f for f in section.figures if f.name]
        tables = [t for t in section.tables if len(t.rows) <= LONGEST_TABLE]
        if not (section.paragraphs or section.points or shown or tables):
            continue
        parts += [f"{mark}# {section.title}", *section.paragraphs]
        parts += [_points(section.points)] if section.points else []
        for figure in shown:
            parts += [f"![{figure.alt}]({figures}{figure.name}{suffix})", figure.caption]
        parts += [_table(table) for table in tables]
    parts += [f"{mark}# Method", *page.method]
    parts += [f"{mark}# Provenance", f"    {page.command}"]
    parts.append(_points([f"{name}: {value}" for name, value in page.provenance.items()]))
    return "\n\n".join(part for part in parts if part) + "\n"


def _points(sentences: Sequence[str]) -> str:
    return "\n".join(f"- {sentence}" for sentence in sentences)


def _table(table: Table) -> str:
    def row(cells: Sequence[str]) -> str:
        return "| " + " | ".join(str(c).replace("|", "\\|") for c in cells) + " |"

    rules = ["---"] * table.n_words + ["---:"] * (len(table.head) - table.n_words)
    lines = [row(table.head), row(rules), *map(row, table.rows)]
    note = f"\n\n{table.note}" if table.note else ""
    return f"**{table.caption}**\n\n" + "\n".join(lines) + note
