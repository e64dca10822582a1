"""`neurocoord bench`: how fast and how large motor units and body are on this machine."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from neurocoord.cli.given import Json, Quiet, checking, names, stoppable

if TYPE_CHECKING:
    from neurocoord.bench import Row


def command(
    only: Annotated[
        str | None,
        typer.Option(
            metavar="NAME[,NAME]",
            help="Some of throughput, peers, one_to_one, threads, startup, machine, physics, loop.",
            show_default="all",
        ),
    ] = None,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Measure speed and size: medians, one process, one core. About two minutes.

    Nothing fails here. The column `met` tells whether the figure reaches the project's target.

    Example: `neurocoord bench --only throughput,peers`
    """
    from neurocoord import bench

    with checking():
        groups = bench.chosen(names(only))
    from neurocoord.cli import show
    from neurocoord.cli.progress import progress

    done = 0
    with stoppable(), progress(f"{len(groups)} groups", quiet=json or quiet) as update:

        def on_done(name: str, rows: Sequence[Row]) -> None:
            nonlocal done
            done += 1
            update(done / len(groups), f"{done} of {len(groups)}, last: {name}")

        rows = bench.run(groups, on_done=on_done)
    if json:
        show.print_json({"rows": rows})
    else:
        _print_rows(rows)


def _print_rows(rows: Sequence[Row]) -> None:
    from rich.markup import escape
    from rich.table import Table

    from neurocoord.cli import show

    table = Table(show_edge=False, pad_edge=False)
    table.add_column("figure", width=36)
    table.add_column("value", justify="right", no_wrap=True)
    table.add_column("unit", style="dim", no_wrap=True)
    table.add_column("target", justify="right", no_wrap=True)
    table.add_column("met", no_wrap=True)
    table.add_column("note", style="dim")
    said = ""
    for row in rows:
        note = "same" if row.note and row.note == said else row.note
        said = row.note
        table.add_row(
            row.name,
            "none" if row.value is None else f"{row.value:.4g}",
            "" if row.unit == "1" else row.unit,
            "" if row.target is None else f"{row.target:g}",
            "" if row.met is None else ("yes" if row.met else "no"),
            escape(note),
        )
    show.console().print(table)
