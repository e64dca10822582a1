"""`neurocoord validate`: what the literature measured, held against this model."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from neurocoord.cli.given import Json, Quiet, checking, names, stoppable

if TYPE_CHECKING:
    from neurocoord.validation import Result
    from neurocoord.validation.protocol import Row

STYLES = {"pass": "green", "fail": "bold red", "shown": "dim"}


def command(
    only: Annotated[
        str | None,
        typer.Option(
            metavar="NAME[,NAME]", help="Papers, separated by commas.", show_default="all"
        ),
    ] = None,
    json: Json = False,
    plot: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Draw each paper into this folder.")
    ] = None,
    quick: Annotated[
        bool, typer.Option("--quick", help="Measure less of each; verdicts are then rough.")
    ] = False,
    quiet: Quiet = False,
) -> None:
    """Hold the model against published figures: published, ours, tolerance, verdict.

    Ends with code 1 when a check fails. Figures worked out by us from published equations are
    called recomputed; figures from memory are recalled, and never judged.

    Example: `neurocoord validate --only fuglevand_1993,taylor_2003 --plot figures`
    """
    from neurocoord import validation

    with checking():
        papers = validation.chosen(names(only))
        if plot is not None:
            _make(plot)
    from neurocoord.cli import show
    from neurocoord.cli.progress import progress

    done = 0
    with stoppable(), progress(f"{len(papers)} papers", quiet=json or quiet) as update:

        def on_done(result: Result) -> None:
            nonlocal done
            done += 1
            if plot is not None:
                _draw(result, plot)
            update(done / len(papers), f"{done} of {len(papers)}, last: {result.name}")

        rows = validation.run(papers, quick=quick, on_done=on_done)
    if json:
        show.print_json({"rows": rows})
    else:
        _print_rows(rows)
    if validation.failed(rows):
        raise typer.Exit(1)


def _print_rows(rows: Sequence[Row]) -> None:
    from rich.table import Table
    from rich.text import Text

    from neurocoord.cli import show

    out = show.console()
    for paper, group in groupby(rows, key=lambda row: row.paper):
        table = Table(show_edge=False, pad_edge=False)
        table.add_column("quantity", width=41)
        for title in ("published", "ours"):
            table.add_column(title, justify="right", no_wrap=True)
        table.add_column("unit", style="dim")
        table.add_column("tolerance", no_wrap=True)
        table.add_column("verdict", no_wrap=True)
        for row in group:
            table.add_row(
                row.quantity,
                _published(row),
                _number(row.ours),
                "" if row.unit == "1" else row.unit,
                row.tolerance,
                Text(row.verdict, style=STYLES[row.verdict]),
            )
        out.print(Text(f"\n{paper}\n", style="bold"))
        out.print(table)
    n = {verdict: sum(row.verdict == verdict for row in rows) for verdict in STYLES}
    out.print(f"\n{n['pass']} pass, {n['fail']} fail, {n['shown']} shown")


def _published(row: Row) -> str:
    """The figure, and where it comes from if it was not printed in the paper."""
    if row.published is None:
        return ""
    said = f" {row.origin}" if row.origin in ("recomputed", "recalled") else ""
    return f"{_number(row.published)}{said}"


def _number(value: float) -> str:
    """Four digits, and no exponent where all digits fit."""
    return f"{value:.0f}" if 1e4 <= abs(value) < 1e7 else f"{value:.4g}"


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ValueError(f"--plot {folder} cannot be made: {error.strerror}") from error


def _draw(result: Result, folder: Path) -> None:
    """One PNG of the paper, where its file can draw one."""
    from neurocoord import validation

    draw = getattr(validation.paper(result.name), "plot", None)
    if draw is not None:
        from neurocoord.analysis import plots

        figure = plots.one_panel(result.paper, lambda axes: draw(axes, result.measured))
        plots.save(figure, folder / f"{result.name}.png")
