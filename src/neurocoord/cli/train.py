"""`neurocoord train`: weeks of a programme, and what they changed."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Annotated

import typer

from neurocoord.cli.given import Json, checking, stoppable

if TYPE_CHECKING:
    from neurocoord.analysis.adaptation import Outcome
    from neurocoord.motorunits.parameters import PoolParameters

POOLS = ("untrained", "fuglevand_1993")


def _weeks(text: str) -> float:
    try:
        weeks = float(text)
    except ValueError:
        raise typer.BadParameter(f"{text!r} is not a number") from None
    if not (math.isfinite(weeks) and weeks >= 0):
        raise typer.BadParameter(f"{text} is not allowed; it must be 0 or more")
    return weeks


def command(
    programme: Annotated[
        str,
        typer.Argument(help="resistance, maximal_load, plyometric, skill or detraining."),
    ],
    weeks: Annotated[
        float, typer.Option(parser=_weeks, metavar="N", help="Weeks of the programme.")
    ],
    pool: Annotated[str, typer.Option(help=f"Pool to train: {' or '.join(POOLS)}.")] = POOLS[0],
    after: Annotated[
        str, typer.Option(metavar="PROGRAMME", help="What detraining follows.")
    ] = "resistance",
    after_weeks: Annotated[
        float, typer.Option(parser=_weeks, metavar="N", help="Weeks of what detraining follows.")
    ] = 8.0,
    json: Json = False,
) -> None:
    """Train a pool of motor units for weeks: what was put in, held fixed, and what emerged.

    Beside each quantity stands what was measured in people, with how sure we are of it.

    Example: `neurocoord train plyometric --weeks 12`
    """
    with checking():
        _check(programme, pool, after)
    with stoppable():
        rows = outcomes(programme, weeks, pool, after, after_weeks)
    title = f"{programme}, {weeks:g} weeks, pool {pool}"
    if programme == "detraining":
        title += f", after {after_weeks:g} weeks of {after}"
    if json:
        from neurocoord.cli import show

        show.print_json({"title": title, "rows": rows})
    else:
        _print_rows(title, rows)


def outcomes(
    programme: str, weeks: float, pool: str, after: str, after_weeks: float
) -> list[Outcome]:
    """The table of a programme; detraining follows `after_weeks` of the programme `after`."""
    from neurocoord.analysis import adaptation
    from neurocoord.motorunits.training import train

    base = _pool(pool)
    if programme == "detraining":
        trained = train(base, after, after_weeks)
        faded = train(base, programme, weeks, trained=trained)
        return adaptation.report(trained, faded, programme, weeks)
    return adaptation.report(base, train(base, programme, weeks), programme, weeks)


def _pool(name: str) -> PoolParameters:
    from neurocoord.motorunits import published, training

    return training.untrained() if name == "untrained" else published.fuglevand_1993()


def _check(programme: str, pool: str, after: str) -> None:
    """Raises ValueError for a name that is none, before any work."""
    from neurocoord.motorunits import training
    from neurocoord.settings import unknown

    training.check_programme(programme)
    training.check_programme(after)
    if after == "detraining":
        raise ValueError("--after must be a programme that trains, got 'detraining'")
    if pool not in POOLS:
        raise ValueError(unknown("pool", pool, POOLS))


def _print_rows(title: str, rows: list[Outcome]) -> None:
    from rich.padding import Padding
    from rich.table import Table
    from rich.text import Text

    from neurocoord.cli import show

    out = show.console()
    table = Table(show_edge=False, pad_edge=False)
    table.add_column("quantity")
    for name in ("before", "after", "change"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("unit", style="dim")
    table.add_column("role", no_wrap=True)
    for row in rows:
        unit = "" if row.unit == "1" else row.unit
        numbers = (_number(row.before), _number(row.after), _change(row))
        table.add_row(row.quantity, *numbers, unit, row.role)
    out.print(Text(f"\n{title}\n", style="bold"))
    out.print(table)
    out.print(Text("\nMeasured in people\n", style="bold"))
    for row in rows:
        if row.published:
            out.print(Text(row.quantity))
            out.print(Padding(Text(row.published, style="dim"), (0, 0, 0, 2)))


def _number(value: float) -> str:
    if math.isnan(value):
        return "none"
    return f"{value:.4g}" if abs(value) < 1000 else f"{value:.0f}"


def _change(row: Outcome) -> str:
    """In per cent; empty for what was held, and where that is no number."""
    if row.before <= 0 or math.isnan(row.after) or row.role == "held fixed":
        return ""
    return f"{100.0 * (row.after / row.before - 1.0):+.1f} %"
