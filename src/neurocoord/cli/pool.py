"""`neurocoord pool`: one pool of motor units, simulated or from a recording."""

from __future__ import annotations

import itertools
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from neurocoord.cli.given import Json, Quiet, checking, stoppable

if TYPE_CHECKING:
    from neurocoord.analysis.pool import PoolConfig, PoolRun, Prepared


def command(
    spikes: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE.csv",
            help="Discharge times: columns unit (0, 1, ... in order of recruitment) and time_s.",
        ),
    ] = None,
    pool: Annotated[str, typer.Option(help="Published set of the pool.")] = "fuglevand_1993",
    drive: Annotated[
        float | None, typer.Option(help="Drive held, 0 to 1 (default 0.4).", show_default=False)
    ] = None,
    seconds: Annotated[
        float | None,
        typer.Option(
            metavar="T",
            help="Length measured in s (default 10); of a recording, its length.",
            show_default=False,
        ),
    ] = None,
    strategy: Annotated[
        str,
        typer.Option(
            help="Synchronization strategy; of a recording, short_term rearranges intervals."
        ),
    ] = "independent",
    strength: Annotated[
        float, typer.Option(metavar="S", help="Dial of synchronization, 0 to 1.")
    ] = 1.0,
    seed: Annotated[int, typer.Option(metavar="N", help="Seed of all noise.")] = 0,
    set_: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="PATH=VALUE[,VALUE]",
            help="Change one setting; several values make a row each. May be repeated.",
        ),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(metavar="FILE.csv", help="Write the spikes here.")
    ] = None,
    plot: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Draw raster, force and EMG, or a sweep (.png, .svg)."),
    ] = None,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Force and EMG of one pool of motor units, held at a drive or firing as recorded.

    Settings are drive, seconds, settle_s, seed, the groups `synchrony` and `emg`, and `pool`, the
    constants of the published set. A recording's pool has as many units as its file, unless
    pool.n_units is set.

    Example: `neurocoord pool --drive 0.2 --set pool.n_units=120,240 --set pool.isi_cv=0.1,0.2`

    Example: `neurocoord pool --spikes decomposed.csv --plot force.png`
    """
    with checking():
        from neurocoord.motorunits import trains

        if spikes is not None and drive is not None:
            raise ValueError("--drive has no part in a recording; leave it or --spikes out")
        base = _config(pool, drive, seconds, strategy, strength, seed)
        sweep = _sweep(set_ or ())
        configs = [_changed(base, assignments) for assignments in sweep]
        _check_files(out, plot, sweep)
        prepared = [_prepare(config, spikes, seconds, set_ or ()) for config in configs]
    from neurocoord.analysis import pool as pools
    from neurocoord.cli.progress import progress

    done: list[PoolRun] = []
    with stoppable(), progress(f"{len(prepared)} pools", quiet=json or quiet) as update:
        for one in prepared:
            done.append(pools.run(one))
            update(len(done) / len(prepared), f"{len(done)} of {len(prepared)}")
    from neurocoord import results

    if out is not None:
        with results.atomic_path(out) as temporary:
            trains.write_csv(done[0].spikes, temporary)
    if plot is not None:
        _draw(done, sweep, plot, spikes)
    _print(done, sweep, json)
    if spikes is not None and not (json or quiet or _counts(set_ or ())):
        n = done[0].config.pool.n_units
        print(
            f"The pool has the {n} units of the file; set pool.n_units if it has more.",
            file=sys.stderr,
        )


def _config(
    pool: str,
    drive: float | None,
    seconds: float | None,
    strategy: str,
    strength: float,
    seed: int,
) -> PoolConfig:
    from neurocoord.analysis import pool as pools

    given = {"drive": drive, "seconds": seconds}
    return pools.PoolConfig(
        pool_set=pool,
        pool=pools.settings_of(pool),
        seed=seed,
        synchrony=pools.PoolSynchrony(strategy=strategy, strength=strength),
        **{name: value for name, value in given.items() if value is not None},  # type: ignore[arg-type]
    )


def _sweep(assignments: Sequence[str]) -> list[tuple[str, ...]]:
    """Every combination of the values given, each as texts of the form path=value.

    A path that is given again has its values added to those before.
    """
    from neurocoord.settings import split_assignment

    axes: dict[str, dict[str, None]] = {}
    for assignment in assignments:
        path, values = split_assignment(assignment)
        for value in values.split(","):
            axes.setdefault(path, {})[f"{path}={value.strip()}"] = None
    return list(itertools.product(*axes.values()))


def _swept(sweep: Sequence[tuple[str, ...]]) -> list[str]:
    """Paths that have more than one value."""
    from neurocoord.settings import split_assignment

    values = [set(of_path) for of_path in zip(*sweep)]
    return [split_assignment(min(v))[0] for v in values if len(v) > 1]


def _changed(config: PoolConfig, assignments: Sequence[str]) -> PoolConfig:
    from neurocoord.settings import replace_all, split_assignment

    if any(split_assignment(assignment)[0] == "pool_set" for assignment in assignments):
        raise ValueError("pool_set is set by --pool, not by --set")
    return replace_all(config, assignments)


def _prepare(
    config: PoolConfig, spikes: Path | None, seconds: float | None, assignments: Sequence[str]
) -> Prepared:
    from neurocoord.analysis import pool as pools
    from neurocoord.motorunits import trains

    if spikes is None:
        return pools.prepare(config)
    n_units = config.pool.n_units if _counts(assignments) else None
    try:
        recording = trains.read_csv(spikes, seconds, n_units=n_units)
    except (OSError, UnicodeDecodeError) as error:
        reason = "no text" if isinstance(error, ValueError) else error.strerror
        raise ValueError(f"--spikes {spikes} cannot be read: {reason}") from error
    sized = replace(config.pool, n_units=trains.n_units(recording))
    return pools.prepare(
        replace(config, pool=sized, seconds=trains.duration_s(recording)), recording
    )  # fmt: skip


def _counts(assignments: Sequence[str]) -> bool:
    """Whether the number of units is set."""
    return any(a.partition("=")[0].strip() == "pool.n_units" for a in assignments)


def _check_files(out: Path | None, plot: Path | None, sweep: Sequence[tuple[str, ...]]) -> None:
    from neurocoord.analysis.plots import COLOURS

    for name, path, endings in (("--out", out, (".csv",)), ("--plot", plot, (".png", ".svg"))):
        if path is None:
            continue
        if path is out and len(sweep) > 1:
            raise ValueError(f"--out takes one run; --set asks for {len(sweep)}")
        n_lines = len(_lines(sweep))
        if path is plot and n_lines > len(COLOURS):
            raise ValueError(
                f"--plot draws up to {len(COLOURS)} lines, each over the values of"
                f" {_swept(sweep)[0]}; --set asks for {n_lines}"
            )
        if path.suffix.lower() not in endings:
            raise ValueError(f"{name} {path} is not allowed; it ends in {' or '.join(endings)}")
        if path.is_dir() or not path.absolute().parent.is_dir():
            raise ValueError(f"{name} {path} cannot be written: its folder must be there")


def _lines(sweep: Sequence[tuple[str, ...]]) -> dict[str, list[int]]:
    """Rows of a sweep by the values of the swept settings but the first: lines of its figure."""
    from neurocoord.settings import split_assignment

    others = set(_swept(sweep)[1:])
    lines: dict[str, list[int]] = {}
    for row, assignments in enumerate(sweep):
        label = ", ".join(a for a in assignments if split_assignment(a)[0] in others)
        lines.setdefault(label, []).append(row)
    return lines


def _draw(
    done: Sequence[PoolRun], sweep: Sequence[tuple[str, ...]], path: Path, spikes: Path | None
) -> None:
    from neurocoord import results
    from neurocoord.analysis import plots, pool_plots
    from neurocoord.settings import split_assignment

    config, swept = done[0].config, _swept(sweep)
    said = {
        "pool_set": config.pool_set,
        "pool.n_units": f"{config.pool.n_units} units",
        "drive": f"drive {config.drive:g}" if spikes is None else spikes.name,
        "synchrony.strategy": config.synchrony.strategy,
    }
    title = ", ".join(words for setting, words in said.items() if setting not in swept)
    if swept:
        value_of = [dict(map(split_assignment, assignments))[swept[0]] for assignments in sweep]
        lines = [
            pool_plots.SweptLine(label, [value_of[i] for i in rows], [done[i] for i in rows])
            for label, rows in _lines(sweep).items()
        ]
        figure = plots.stacked(
            title, (1.3,) * 4, lambda axes: pool_plots.draw_sweep(axes, swept[0], lines)
        )
    else:
        figure = plots.stacked(title, (2.6, 1.3, 1.5), lambda axes: pool_plots.draw(axes, done[0]))
    with results.atomic_path(path) as temporary:
        plots.save(figure, temporary)


def _print(done: Sequence[PoolRun], sweep: Sequence[tuple[str, ...]], json: bool) -> None:
    from neurocoord.analysis.pool import MEASURES
    from neurocoord.cli import show
    from neurocoord.settings import flatten, split_assignment

    changed = [dict(map(split_assignment, assignments)) for assignments in sweep]
    units = {name: unit for name, (unit, _) in MEASURES.items()}
    if json:
        rows = [
            {"config": flatten(run.config), "set": set_, "measures": run.measures}
            for run, set_ in zip(done, changed)
        ]
        show.print_json({"rows": rows, "units": units})
    elif len(done) == 1:
        config = done[0].config
        title = f"{config.pool_set}, {config.pool.n_units} units, {config.synchrony.strategy}"
        meaning = {name: meant for name, (_, meant) in MEASURES.items()}
        show.print_measures(title, done[0].measures, units, meaning)
    else:
        swept = _swept(sweep)
        header = [*swept, *SHORT.values()]
        rows_of = [
            [*(row[path] for path in swept), *(_text(run.measures[m]) for m in SHORT)]
            for run, row in zip(done, changed)
        ]
        _print_table(header, rows_of)


# Measure: its column in the table of a sweep.
SHORT = {
    "mean_force_percent": "force\n% max",
    "force_sd_percent": "SD\n% max",
    "force_cv_percent": "CV\n%",
    "active_units": "active\nunits",
    "mean_rate_hz": "rate\n1/s",
    "isi_cv": "interval\nCV",
    "emg_arv": "EMG",
    "emg_cancellation_percent": "cancelled\n%",
}


def _text(value: float) -> str:
    return "none" if value != value else f"{value:.4g}"


def _print_table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    from rich.table import Table

    from neurocoord.cli import show

    table = Table(show_edge=False, pad_edge=False)
    for name in header:
        table.add_column(name, justify="right", no_wrap=True)
    for row in rows:
        table.add_row(*row)
    show.console().print(table)
