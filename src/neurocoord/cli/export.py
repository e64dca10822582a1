"""`neurocoord export`: a trial in files of openhdemg, neo and OpenSim."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from neurocoord.cli.given import (
    Json,
    Quiet,
    Scope,
    Seconds,
    Seed,
    Set,
    Strategy,
    Strength,
    checking,
    names,
    one_trial,
    stoppable,
    tell,
)

if TYPE_CHECKING:
    from neurocoord.trial import Trial, TrialConfig


def command(
    what: Annotated[
        str, typer.Argument(metavar="TASK|FOLDER", help="A task, or the folder of a study.")
    ],
    out: Annotated[Path, typer.Option("--out", "-o", metavar="FOLDER", help="Where the files go.")],
    trial: Annotated[
        str | None, typer.Option(metavar="KEY", help="Which trial of the study's folder.")
    ] = None,
    formats: Annotated[
        str | None,
        typer.Option(
            "--formats",
            metavar="NAME[,NAME]",
            help="openhdemg, neo, opensim.",
            show_default="all that are installed",
        ),
    ] = None,
    muscles: Annotated[
        str | None,
        typer.Option(
            metavar="NAME[,NAME]", help="Whose spikes.", show_default="all that discharged"
        ),
    ] = None,
    strategy: Strategy = "independent",
    strength: Strength = 1.0,
    scope: Scope = "pool",
    seed: Seed = 0,
    seconds: Seconds = None,
    set_: Set = None,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Run one trial, or one of a study again, and write it for other programs.

    Spike trains for openhdemg (a file for each muscle) and neo (NIX); motion, muscle states and
    forces and ground forces for OpenSim. A study keeps what decides its trials, and the measures
    that come out again are held against those it kept.

    Example: `neurocoord export crawl --seed 3 -o crawl` or
    `neurocoord export results/compare_synchronization --trial roll-roll.short_term-s1-n0 -o roll`
    """
    from neurocoord import export
    from neurocoord.trial import find_body

    with checking():
        known: dict[str, float] | None = None
        if trial is not None:
            config, known = _stored(Path(what), trial)
        else:
            if Path(what).is_dir():
                raise ValueError(f"{what} is a folder: say which of its trials with --trial KEY")
            config = one_trial(what, strategy, strength, scope, seed, seconds, set_ or ())
        wanted = export.check(names(formats), names(muscles), find_body(config))
        _check_folder(out)
    done = _run(config, quiet=json or quiet)
    if known is not None and not _same(done.measures, known):
        tell("the measures differ from those in the folder: other code or another machine made it")
        raise typer.Exit(1)
    with stoppable(f"{out} may be incomplete"):
        paths = export.write(done, out, wanted, names(muscles))
    if json:
        from neurocoord.cli import show

        show.print_json({"formats": wanted, "files": [str(path) for path in paths]})
    else:
        print(f"{len(paths)} files in {out}: {', '.join(wanted)}")


def _stored(folder: Path, key: str) -> tuple[TrialConfig, dict[str, float]]:
    """Config and measures of a trial of a study's folder."""
    from neurocoord.settings import nearest
    from neurocoord.study.store import TRIALS, config_of, load, read_trial, trial_path

    path = trial_path(folder, key)
    if not path.exists():
        there = [stored.key for stored in load(folder).trials]
        raise ValueError(
            f"{folder / TRIALS} has no trial {key!r}{nearest(key, there)} ({len(there)} trials)"
        )
    stored = read_trial(path)
    return config_of(stored), stored.measures


def _check_folder(out: Path) -> None:
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise ValueError(f"-o {out} is not allowed: it must be a new or empty folder")


def _run(config: TrialConfig, *, quiet: bool) -> Trial:
    from neurocoord import trial
    from neurocoord.cli.progress import progress

    with stoppable(), progress(f"{config.task}", quiet=quiet) as update:
        return trial.run(config, progress=lambda share: update(share, ""), keep_spikes=True)


def _same(found: dict[str, float], known: dict[str, float]) -> bool:
    """Whether measures are the same to the last bit; NaN is itself."""
    return {name: repr(float(v)) for name, v in found.items()} == {
        name: repr(float(v)) for name, v in known.items()
    }
