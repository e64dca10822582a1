"""How far the work is, on stderr: a bar on a terminal, a plain line now and then elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

Update = Callable[[float, str], None]  # (share done from 0 to 1, what was done last)
LINE_EVERY_S = 15.0


@contextmanager
def progress(title: str, *, quiet: bool) -> Iterator[Update]:
    """Gives a function to call with the share that is done and a few words."""
    if quiet:
        yield lambda share, note: None
    elif sys.stderr.isatty():
        with _bar(title) as update:
            yield update
    else:
        yield _lines(title)


@contextmanager
def _bar(title: str) -> Iterator[Update]:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f} %"),
        TimeElapsedColumn(),
        TextColumn("[dim]{task.fields[note]}"),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(title, total=1.0, note="starting")
        yield lambda share, note: bar.update(task, completed=share, note=note)


def _lines(title: str) -> Update:
    last = time.monotonic()

    def update(share: float, note: str) -> None:
        nonlocal last
        if time.monotonic() - last > LINE_EVERY_S:
            last = time.monotonic()
            print(f"{title}: {share:.0%} {note}".rstrip(), file=sys.stderr, flush=True)

    return update
