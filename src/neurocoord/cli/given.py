"""What commands share in taking input: options, lists of names, and how bad input ends."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer

Json = Annotated[bool, typer.Option("--json", help="Print JSON on stdout and nothing else.")]
Quiet = Annotated[bool, typer.Option("--quiet", help="No progress on stderr.")]


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
def stoppable() -> Iterator[None]:
    """Ctrl-C ends the work with one line."""
    try:
        yield
    except KeyboardInterrupt:
        print("neurocoord: stopped; nothing was written", file=sys.stderr)
        raise typer.Exit(130) from None


def names(text: str | None) -> tuple[str, ...] | None:
    """The names in a list with commas; None where nothing was given."""
    return None if text is None else tuple(name.strip() for name in text.split(",") if name.strip())
