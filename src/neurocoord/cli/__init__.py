"""The command line: `neurocoord compare | run | info | view | build | muscles | validate | ...`.

Bad input ends with one line on stderr and code 2 before any work; a failure of ours with code 1.
Heavy rooms are imported inside the commands, so that help comes at once.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from neurocoord.cli import adopt, bench, build, export, lab, muscles, pool, study, train, validate
from neurocoord.cli.given import (
    BadInput,
    Json,
    Push,
    Quiet,
    Scope,
    Seconds,
    Seed,
    Set,
    Strategy,
    Strength,
    Task,
    count,
    number,
    one_trial,
    resumable,
    tell,
)
from neurocoord.cli.given import checking as _checking
from neurocoord.cli.given import names as _names
from neurocoord.cli.given import stoppable as _stoppable
from neurocoord.threads import ONE_THREAD

if TYPE_CHECKING:
    from neurocoord.trial import Trial, TrialConfig

HELP = """A muscle humanoid whose motor units decide how it rolls and crawls.

Start with `neurocoord compare`: three tasks under three synchronization strategies.
`neurocoord COMMAND --help` shows what a command takes, with an example.
"""

app = typer.Typer(
    help=HELP, add_completion=False, pretty_exceptions_enable=False, rich_markup_mode="markdown"
)


class Call(NamedTuple):
    """What the commands know of their call."""

    arguments: list[str]
    experiment: ModuleType | None  # that stands in for experiments/compare_synchronization.py


Out = Annotated[Path | None, typer.Option(help="Results folder, new or empty.")]
OwnBody = Annotated[
    Path | None,
    typer.Option("--body", metavar="FILE", help="Another body: one that `build` wrote."),
]


def main(arguments: Sequence[str] | None = None, *, experiment: ModuleType | None = None) -> int:
    """Run a command line and return its exit code; `experiment` stands in for the compare study."""
    os.environ.update(ONE_THREAD)
    given = list(sys.argv[1:] if arguments is None else arguments)
    try:
        code = app(
            given or ["--help"],
            prog_name="neurocoord",
            standalone_mode=False,
            obj=Call(given, experiment),
        )
        return code if isinstance(code, int) else 0
    except BadInput as error:
        return _refuse(str(error))
    except Exception as error:
        usage = getattr(error, "format_message", None)  # click's own, whichever click typer has
        if usage is None:
            raise
        return _refuse(f"{usage().rstrip('.')}; see `neurocoord {_command(given)}--help`")


@app.command()
def compare(
    context: typer.Context,
    tasks: Annotated[
        str | None,
        typer.Option(help="Tasks, separated by commas.", show_default="isometric,roll,crawl"),
    ] = None,
    strategies: Annotated[
        str | None,
        typer.Option(
            help="Strategies, separated by commas; the first is the baseline.",
            show_default="independent,common_drive,short_term",
        ),
    ] = None,
    seeds: Annotated[
        int | None,
        typer.Option(
            parser=count, metavar="N", help="Seeds of each condition.", show_default="5, quick: 2"
        ),
    ] = None,
    seconds: Annotated[
        float | None,
        typer.Option(
            parser=number,
            metavar="T",
            help="Length of the moving tasks in s: roll, crawl, balance, react. "
            "At the dynamometer the protocol sets it.",
            show_default="crawl 6, others the task's own",
        ),
    ] = None,
    strength: Strength = 1.0,
    scope: Scope = "pool",
    set_: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="[TASK.]PATH=VALUE",
            help="Change one setting of all trials or of one task's; may be repeated. "
            "docs/settings.md lists the paths.",
        ),
    ] = None,
    workers: Annotated[
        int | None,
        typer.Option(
            parser=count, metavar="N", help="Processes; the numbers are the same for any N."
        ),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Results folder: new, empty, or one to go on with.")
    ] = None,
    quick: Annotated[
        bool,
        typer.Option("--quick", help="About a minute: 2 seeds, 40 motor units a muscle. Rough."),
    ] = False,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Compare synchronization strategies on tasks, over seeds: the main job.

    Prints a table and a plain sentence per measure, and writes a results folder
    (tables, figure, and what it takes to run it again). The study compare_synchronization
    (`neurocoord study list`) is the same question in full, over virtual people.

    Example: `neurocoord compare --tasks crawl --seeds 10 --out results/crawl`; a first look:
    `neurocoord compare --quick`
    """
    call: Call = context.obj
    with _checking():
        _check_seconds(seconds)
        from neurocoord.resources import load_experiment
        from neurocoord.study import comparing

        experiment = call.experiment or load_experiment("compare_synchronization")
        chosen: dict[str, Any] = {
            "tasks": _names(tasks),
            "strategies": _names(strategies),
            "n_seeds": seeds,
            "seconds": seconds,
            "strength": strength,
            "scope": scope,
        }
        size = comparing.QUICK if quick else comparing.Config()
        config = replace(
            size,
            overrides=(*size.overrides, *(set_ or ())),
            **{k: v for k, v in chosen.items() if v is not None},
        )
        command = ["neurocoord", *call.arguments]
        plan = comparing.prepare(config, experiment.DESIGN, out, command=command)
    from neurocoord.cli import show
    from neurocoord.cli.progress import progress

    folder = plan.opened.folder
    title = f"{len(plan.trials)} trials"
    with (
        resumable(folder, f"the same command with --out {folder}"),
        progress(title, quiet=json or quiet) as update,
    ):
        report = comparing.carry_out(
            plan,
            n_workers=workers,
            on_damage=tell,
            on_done=lambda outcome, n, of: update(
                n / of, f"{n} of {of}, last: {show.name(outcome)}"
            ),
        )
    show.report(report, json)
    failed = [outcome for outcome in report.outcomes if outcome.error]
    for outcome in failed:
        print(f"neurocoord: {show.name(outcome)} failed: {outcome.error}", file=sys.stderr)
    if failed:
        raise typer.Exit(1)


@app.command()
def run(
    context: typer.Context,
    task: Task,
    strategy: Strategy = "independent",
    strength: Strength = 1.0,
    scope: Scope = "pool",
    seed: Seed = 0,
    seconds: Seconds = None,
    body: OwnBody = None,
    push: Push = None,
    set_: Set = None,
    out: Out = None,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Run one trial and print its measures, with units.

    Example: `neurocoord run crawl --strategy common_drive --seed 3
    --set settings.speed_m_per_s=0.35 --json`; with a push: `--push thorax:2.0:0.1:0,100,0`
    """
    call: Call = context.obj
    with _checking():
        config = _trial_config(task, strategy, strength, scope, seed, seconds, body, push, set_)
        folder = described = None
        if out is not None:
            from neurocoord import results
            from neurocoord.body.model import body_path
            from neurocoord.settings import flatten
            from neurocoord.tasks import TASKS

            described = results.describe(
                "run",
                flatten(config),
                config.seed,
                models=[body_path(config.body or TASKS[task].body)],
                command=["neurocoord", *call.arguments],
            )
            folder = results.prepare(out, described)
    done = _run(config, quiet=json or quiet)
    if folder is not None and described is not None:
        from neurocoord import results
        from neurocoord.analysis.statistics import summarise
        from neurocoord.study import measured, write_units

        rows = measured(done.config, done.measures, done.units)
        results.write(folder, described, trials=rows, summary=summarise(rows))
        write_units(folder, done)
    from neurocoord.cli import show

    show.trial(done, json)


@app.command()
def info(
    muscle: Annotated[str | None, typer.Option(help="Tell of one muscle, such as VAS_L_r.")] = None,
    json: Json = False,
) -> None:
    """What is installed: versions, the body, muscles, motor units, strategies, tasks, measures.

    Example: `neurocoord info --muscle VAS_L_r`
    """
    from neurocoord.cli import about, show

    with _checking():
        told = about.muscle(muscle) if muscle is not None else about.everything()
    if json:
        show.print_json(told)
    elif muscle is not None:
        for key, value in told.items():
            print(f"{key:22s} {value}")
    else:
        about.print_everything(told)


@app.command()
def view(
    task: Task,
    strategy: Strategy = "independent",
    strength: Strength = 1.0,
    scope: Scope = "pool",
    seed: Seed = 0,
    seconds: Seconds = None,
    body: OwnBody = None,
    push: Push = None,
    set_: Set = None,
    save: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Film to write: .mp4 or .gif.")
    ] = None,
    quiet: Quiet = False,
) -> None:
    """Film one trial.

    Example: `neurocoord view crawl --seconds 5 --save crawl.mp4`
    """
    with _checking():
        if save is None:
            raise ValueError(
                "view writes a film: say where with --save, such as "
                f"`neurocoord view {task} --save {task}.mp4` (or .gif)"
            )
        if save.suffix.lower() not in (".mp4", ".gif"):
            raise ValueError(f"--save {save} is not allowed; the film ends in .mp4 or .gif")
        from neurocoord import film

        config = _trial_config(task, strategy, strength, scope, seed, seconds, body, push, set_)
        _check_writable(save)
    try:
        with _checking():
            film.check(save)
        done = _run(config, quiet=quiet)
        film.film_trial(done, save)
    except film.NoGraphics as error:
        print(f"neurocoord: {' '.join(str(error).split())}", file=sys.stderr)
        raise typer.Exit(1) from None
    if not quiet:
        from neurocoord.cli import show

        print(f"{save}: {show.story(done)}")


app.command("build")(build.command)
app.command("muscles")(muscles.command)
app.command("validate")(validate.command)
app.command("bench")(bench.command)
app.command("train")(train.command)
app.command("pool")(pool.command)
app.command("adopt")(adopt.command)
app.command("export")(export.command)
app.command("lab")(lab.command)
app.add_typer(study.app, name="study")


def _refuse(message: str) -> int:
    print(f"neurocoord: {' '.join(message.split())}", file=sys.stderr)
    return 2


def _command(given: Sequence[str]) -> str:
    names = {
        info.name or info.callback.__name__ for info in app.registered_commands if info.callback
    }
    if given[:1] == ["study"]:
        return f"study {given[1]} " if given[1:2] and given[1] in study.COMMANDS else "study "
    return f"{given[0]} " if given and given[0] in names else ""


def _check_seconds(seconds: float | None) -> None:
    if seconds is not None and not 0 < seconds < float("inf"):
        raise ValueError(f"--seconds {seconds:g} is not allowed; it must be a number above 0")


def _check_writable(path: Path) -> None:
    folder = path.absolute().parent
    if path.is_dir() or not folder.is_dir() or not os.access(folder, os.W_OK):
        raise ValueError(f"{path} cannot be written: {folder} must be a folder you can write to")


def _trial_config(
    task: str,
    strategy: str,
    strength: float,
    scope: str,
    seed: int,
    seconds: float | None,
    body: Path | None,
    pushes: Sequence[str] | None,
    assignments: Sequence[str] | None,
) -> TrialConfig:
    """The config of one trial, checked in all that can be checked before it runs."""
    _check_seconds(seconds)
    given = [f"body={body}"] if body is not None else []
    given += [f"pushes={';'.join(pushes)}"] if pushes else []
    return one_trial(task, strategy, strength, scope, seed, seconds, [*given, *(assignments or ())])


def _run(config: TrialConfig, *, quiet: bool) -> Trial:
    from neurocoord import trial
    from neurocoord.cli.progress import progress

    title = f"{config.task} {config.synchrony.strategy}"
    with _stoppable(), progress(title, quiet=quiet) as update:
        return trial.run(config, progress=lambda share: update(share, ""))


if __name__ == "__main__":
    sys.exit(main())
