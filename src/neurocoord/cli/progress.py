"""How far the work is, on stderr: a bar on a terminal, a plain line now and then elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

Update = Callable[[float, str], None]  # (share done from 0 to 1, what was done last)
LINE_EVERY_S = 15.0
AT_ONCE_S = 3.0  # what is told sooner was done by an earlier run, and says nothing of the speed


class Estimate:
    """How long the rest will take, from the shares done so far."""

    def __init__(self) -> None:
        self._start_s = time.monotonic()
        self._start_share = 0.0

    def left(self, share: float) -> str:
        """In words; "" where nothing can be said."""
        elapsed = time.monotonic() - self._start_s
        if elapsed < AT_ONCE_S:
            self._start_share = share
        gained = share - self._start_share
        if elapsed < AT_ONCE_S or gained <= 0.0 or share > 0.9999:
            return ""
        return f"{duration((1.0 - share) * elapsed / gained)} left"


def duration(seconds: float) -> str:
    """`40 s`, `12 min` or `1 h 05 min`."""
    if seconds < 60:
        return f"{max(1, round(seconds))} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02d} min"


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
        task, estimate = bar.add_task(title, total=1.0, note="starting"), Estimate()

        def update(share: float, note: str) -> None:
            bar.update(task, completed=share, note=_joined(estimate.left(share), note))

        yield update


def _lines(title: str) -> Update:
    last, estimate = time.monotonic(), Estimate()

    def update(share: float, note: str) -> None:
        nonlocal last
        left = estimate.left(share)
        if time.monotonic() - last > LINE_EVERY_S:
            last = time.monotonic()
            words = _joined(left, note)
            print(f"{title}: {share:.0%} {words}".rstrip(), file=sys.stderr, flush=True)

    return update


def _joined(*words: str) -> str:
    return ", ".join(word for word in words if word)
