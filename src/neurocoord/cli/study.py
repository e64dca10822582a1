"""`neurocoord study list | run NAME | report NAME`."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from neurocoord.cli.given import (
    Json,
    Quiet,
    checking,
    count,
    names,
    number,
    resumable,
    tell,
    which,
    whole,
)

if TYPE_CHECKING:
    from neurocoord.study import Opened, Outcome

app = typer.Typer(
    help="Studies: conditions x virtual subjects x noise seeds.", add_completion=False
)
COMMANDS = ("list", "run", "report")

Name = Annotated[str, typer.Argument(help="A study; `neurocoord study list` names them.")]
Quick = Annotated[bool, typer.Option("--quick", help="Its quick size: minutes, and rough.")]
Out = Annotated[
    Path | None, typer.Option(metavar="FOLDER", help="Its folder.", show_default="results/NAME")
]


@app.command("list")
def list_(json: Json = False) -> None:
    """What studies there are, and how many trials each has.

    Example: `neurocoord study list`
    """
    from neurocoord.study import jobs
    from neurocoord.study.catalog import STUDIES, load_study

    told = []
    for name in STUDIES:
        sizes = {size: load_study(name).study(quick=size == "quick") for size in ("full", "quick")}
        n_trials = {size: len(jobs(one)) for size, one in sizes.items()}
        told.append({"name": name, "question": sizes["full"].question, "trials": n_trials})
    if json:
        from neurocoord.cli import show

        show.print_json({"studies": told})
        return
    for one in told:
        size = one["trials"]
        print(f"{one['name']}: {one['question']}")
        print(f"    {size['full']} trials; --quick: {size['quick']}")


@app.command("run")
def run(
    context: typer.Context,
    name: Name,
    quick: Quick = False,
    only: Annotated[
        str | None,
        typer.Option(metavar="CONDITION[,..]", help="Some of its conditions.", show_default="all"),
    ] = None,
    subjects: Annotated[
        int | None,
        typer.Option(parser=whole, metavar="N", help="Virtual subjects; 0: the body as it is."),
    ] = None,
    power: Annotated[
        float | None,
        typer.Option(
            parser=number,
            metavar="P",
            help="As many subjects as find --effect with this chance; such as 0.8.",
        ),
    ] = None,
    effect: Annotated[
        float | None,
        typer.Option(
            parser=number,
            metavar="D",
            help="The effect: mean over SD of paired differences.",
            show_default="0.5",
        ),
    ] = None,
    seeds: Annotated[
        str | None,
        typer.Option(metavar="N|A,B,..", help="Noise seeds of each subject: how many, or which."),
    ] = None,
    workers: Annotated[
        int | None,
        typer.Option(parser=count, metavar="N", help="Trials at a time; the bits are the same."),
    ] = None,
    backend: Annotated[
        str, typer.Option(help="local (processes of this machine) or ray (a Ray cluster).")
    ] = "local",
    out: Out = None,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Run a study, or go on with one: what its folder holds already is not run again.

    Example: `neurocoord study run compare_synchronization --quick --workers 2`
    """
    from neurocoord import study as studies
    from neurocoord.study.catalog import load_study
    from neurocoord.study.run_study import check_backend

    with checking():
        check_backend(backend)
        module = load_study(name)
        asked = module.study(quick=quick)
        if power is not None or effect is not None:
            subjects = _subjects_for(power, effect, subjects)
        if subjects is not None:
            asked = replace(asked, n_subjects=subjects)
        if seeds is not None:
            asked = replace(asked, seeds=which(seeds))
        asked = studies.named_conditions(asked, names(only))
        folder = (out or _folder(name, quick)).absolute()
        command = ["neurocoord", *context.obj.arguments]
        opened = studies.open_study(asked, folder, command=command)
    with resumable(folder, "the same command"):
        outcomes = _perform(opened, workers, backend, quiet=json or quiet)
        notes = studies.write_tables(folder, outcomes)
        paths = _report(module, folder)
    failed = {
        job.key: outcome.error for job, outcome in zip(opened.jobs, outcomes) if outcome.error
    }
    if json:
        _print_json(name, folder, len(outcomes), failed, notes, paths)
    else:
        print(f"{len(outcomes) - len(failed)} of {len(outcomes)} trials have an outcome")
        for line in (*(f"not written: {note}" for note in notes), *map(str, paths)):
            print(line)
        print(f"{folder / 'table.csv'}")
    for key, error in failed.items():
        tell(f"{key} failed: {error}")
    if failed:
        raise typer.Exit(1)


@app.command("report")
def report(name: Name, quick: Quick = False, out: Out = None, json: Json = False) -> None:
    """Write the report of a study from its folder, as far as it has come; nothing is run.

    Example: `neurocoord study report compare_synchronization --quick`
    """
    from neurocoord import study as studies
    from neurocoord.study.catalog import load_study

    with checking():
        module = load_study(name)
        folder = (out or _folder(name, quick)).absolute()
        loaded = studies.load(folder)
        for key in loaded.damaged:
            tell(f"{key} in {folder} is damaged and left out; `study run` does it again")
        if not any(done.measures for done in loaded.trials):
            raise ValueError(f"{folder} holds no finished trial yet")
        paths = _report(module, folder)
    if json:
        _print_json(name, folder, len(loaded.trials), {}, [], paths)
    else:
        for path in paths:
            print(path)


def _subjects_for(power: float | None, effect: float | None, subjects: int | None) -> int:
    """How many subjects a power asks for, which is told; ValueError where both are given."""
    from neurocoord.analysis.statistics import POWER, n_subjects_for

    if subjects is not None:
        raise ValueError(f"--subjects {subjects} and --power say it twice; give one of them")
    power, effect = POWER if power is None else power, 0.5 if effect is None else effect
    n = n_subjects_for(power, effect)
    tell(
        f"{n} subjects: one paired comparison finds an effect of {effect:g} SD of the differences "
        f"with chance {power:g} (correction for many comparisons not counted)"
    )
    return n


def _report(module: Any, folder: Path) -> list[Path]:
    """What the study's own file writes of a finished folder: the place where reports join."""
    from neurocoord import study as studies

    loaded = studies.load(folder)
    if not hasattr(module, "report") or not any(done.measures for done in loaded.trials):
        return []
    return list(module.report(folder, loaded))


def _perform(opened: Opened, n_workers: int | None, backend: str, *, quiet: bool) -> list[Outcome]:
    from neurocoord import study as studies
    from neurocoord.cli.progress import progress
    from neurocoord.study.workers import cost

    keys = {repr(job.config): job.key for job in opened.jobs}
    whole_cost = sum(cost(job.config) for job in opened.jobs)
    spent = 0.0
    with progress(f"{len(opened.jobs)} trials", quiet=quiet) as update:

        def on_done(outcome: Outcome, n: int, of: int) -> None:
            nonlocal spent
            spent += cost(outcome.config)
            update(min(1.0, spent / whole_cost), f"{n} of {of}, last: {keys[repr(outcome.config)]}")

        outcomes, _ = studies.perform(
            opened, n_workers=n_workers, backend=backend, on_done=on_done, on_damage=tell
        )
    return outcomes


def _print_json(
    name: str,
    folder: Path,
    n_trials: int,
    failed: dict[str, str],
    notes: list[str],
    paths: list[Path],
) -> None:
    from neurocoord.cli import show

    errors = [{"trial": key, "error": error} for key, error in failed.items()]
    show.print_json(
        {
            "study": name,
            "folder": str(folder),
            "table": str(folder / "table.csv"),
            "n_trials": n_trials,
            "failed": errors,
            "not_written": notes,
            "report": [str(path) for path in paths],
        }
    )


def _folder(name: str, quick: bool) -> Path:
    """The same for the same command, so that it goes on where it was stopped."""
    return Path("results") / (f"{name}-quick" if quick else name)
