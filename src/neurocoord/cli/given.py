"""What commands share in taking input: options, lists of names, and how bad input ends."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from neurocoord.trial import TrialConfig

Json = Annotated[bool, typer.Option("--json", help="Print JSON on stdout and nothing else.")]
Quiet = Annotated[bool, typer.Option("--quiet", help="No progress on stderr.")]


def number(text: str) -> float:
    """A number."""
    try:
        return float(text)
    except ValueError:
        raise typer.BadParameter(f"{text!r} is not a number") from None


def whole(text: str) -> int:
    """A whole number."""
    try:
        return int(text)
    except ValueError:
        raise typer.BadParameter(f"{text!r} is not a whole number") from None


def count(text: str) -> int:
    """A whole number of 1 or more."""
    if whole(text) < 1:
        raise typer.BadParameter(f"{text} is not allowed; it must be 1 or more")
    return whole(text)


Task = Annotated[
    str, typer.Argument(help="Task: isometric, isokinetic, roll, crawl, balance, react.")
]
Strategy = Annotated[str, typer.Option(help="Synchronization strategy of the motor units.")]
Strength = Annotated[
    float, typer.Option(parser=number, metavar="S", help="Dial of synchronization, 0 to 1.")
]
Scope = Annotated[
    str, typer.Option(help="Who shares input: pool (one muscle), synergists or body.")
]
Seconds = Annotated[
    float | None,
    typer.Option(parser=number, metavar="T", help="Length of the trial in s (default: task's)."),
]
Seed = Annotated[int, typer.Option(parser=whole, metavar="N", help="Seed of all noise.")]
Set = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="PATH=VALUE",
        help="Change one setting; may be repeated. docs/settings.md lists the paths.",
    ),
]
Push = Annotated[
    list[str] | None,
    typer.Option(
        metavar="BODY:START:SECONDS:X,Y,Z",
        help="Push a part of the body, in s and N; x forward, y left, z up. May be repeated.",
    ),
]


class BadInput(Exception):
    """What was given is not allowed; the message is one line for the user."""


@contextmanager
def checking() -> Iterator[None]:
    """Input is looked at inside: a ValueError is then the user's to read, and nothing was done."""
    try:
        yield
    except (ValueError, FileNotFoundError, PermissionError) as error:
        raise BadInput(str(error)) from error


@contextmanager
def stoppable(kept: str = "nothing was written") -> Iterator[None]:
    """Ctrl-C ends the work with one line, which says what is `kept`."""
    try:
        yield
    except KeyboardInterrupt:
        print(f"neurocoord: stopped; {kept}", file=sys.stderr)
        raise typer.Exit(130) from None


@contextmanager
def resumable(folder: Path, how: str) -> Iterator[None]:
    """Ctrl-C, or a disk that takes no more, ends the work with one line; `how` to go on from
    the trials that the folder keeps."""
    kept = f"finished trials are kept in {folder}; {how} goes on from there"
    try:
        with stoppable(kept):
            yield
    except ValueError as error:
        from neurocoord.study.lock import Refused

        if not isinstance(error, Refused):  # a fault of ours
            raise
        raise BadInput(str(error)) from error
    except OSError as error:
        where = f": {error.filename}" if error.filename else ""
        print(f"neurocoord: {error.strerror or error}{where}; {kept}", file=sys.stderr)
        raise typer.Exit(1) from None


def tell(line: str) -> None:
    """A line for the user, on stderr."""
    print(f"neurocoord: {line}", file=sys.stderr, flush=True)


def which(text: str) -> tuple[int, ...]:
    """Seeds: how many (`5`: 0 to 4), or which, with commas (`0,3,7`)."""
    if "," not in text:
        return tuple(range(count(text)))
    return tuple(whole(part) for part in text.split(",") if part.strip())


def one_trial(
    task: str,
    strategy: str,
    strength: float,
    scope: str,
    seed: int,
    seconds: float | None,
    overrides: Iterable[str],
) -> TrialConfig:
    """The config of one trial, checked in all that can be checked before it runs."""
    from neurocoord import study as studies

    configs = studies.conditions(
        [task],
        [strategy],
        1,
        first_seed=seed,
        seconds={task: seconds},
        strength=strength,
        scope=scope,
        overrides=overrides,
    )
    studies.check(configs)
    return configs[0]


def names(text: str | None) -> tuple[str, ...] | None:
    """The names in a list with commas; None where nothing was given."""
    return None if text is None else tuple(name.strip() for name in text.split(",") if name.strip())
