"""One run on a folder at a time: a lock of the operating system, which dies with its holder."""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

LOCK = ".lock"
AT = 1 << 20  # the byte that Windows locks: beyond the text, so that others can read who holds it


class Refused(ValueError):
    """The work cannot begin, for a reason outside the program; the message is one line."""


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold a folder; `Refused`, with process and host, where another run holds it.

    The file stays behind, empty and unlocked: to remove it could let two runs in.
    """
    with open(folder / LOCK, "a+", encoding="utf-8") as file:
        try:
            _lock(file)
        except OSError:
            file.seek(0)
            who = file.read().strip() or "unknown"
            raise Refused(
                f"another run is at work on {folder} ({who}); wait for it, or name another folder"
            ) from None
        try:
            file.truncate(0)
            file.write(f"process {os.getpid()} on {socket.gethostname()}\n")
            file.flush()
            yield
        finally:
            file.truncate(0)
            _unlock(file)


if sys.platform == "win32":
    import msvcrt

    def _lock(file: IO[str]) -> None:
        file.seek(AT)
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)

    def _unlock(file: IO[str]) -> None:
        file.seek(AT)
        msvcrt.locking(file.fileno(), msvcrt.LK_UNLCK, 1)

else:
    import fcntl

    def _lock(file: IO[str]) -> None:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def _unlock(file: IO[str]) -> None:
        fcntl.flock(file, fcntl.LOCK_UN)
