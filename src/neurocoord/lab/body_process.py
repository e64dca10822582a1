"""A body in a process of its own: pages and other bodies do not slow it, and it ends with its page.

The page's side asks for a picture and looks in later; nothing piles up on either side.
"""

from __future__ import annotations

import multiprocessing
import time
from contextlib import suppress
from multiprocessing.connection import Connection
from typing import Any

from neurocoord.lab.body import LiveBody, Picture
from neurocoord.lab.dials import BodyDials
from neurocoord.lab.pace import Pace

PART_S = 0.02  # simulated between two looks at what is asked
IDLE_S = 0.2
FROM_REST = ("push", "step")  # what a restart undoes


class BodyProcess:
    """The page's side of a body; every call returns at once."""

    def __init__(self, dials: BodyDials, seed: int) -> None:
        context = multiprocessing.get_context("spawn")
        self._connection, its = context.Pipe()
        self._process = context.Process(target=serve, args=(its, dials, seed), daemon=True)
        self._process.start()
        its.close()
        self._asked = False
        self._waiting: dict[str, tuple[Any, ...]] = {}  # told before it has started: the newest
        self.muscles: tuple[str, ...] = ()  # names in words, known when it has started
        self.shapes: Any = None
        self.most_pieces = 0
        self.failed = ""

    def tell(self, word: str, *values: Any) -> None:
        """A word that `obey` knows, such as ("push", "left", 200.0).

        A body that has not started yet hears the newest of each word when it has: a page's many
        dials must not fill the pipe.
        """
        if not self.muscles:
            for earlier in (word, *(FROM_REST if word == "restart" else ())):
                self._waiting.pop(earlier, None)
            self._waiting[word] = values
        elif not self.failed:
            try:
                self._connection.send((word, values))
            except (OSError, ValueError):
                self._fail()

    def picture(self) -> tuple[Picture, float] | None:
        """The picture asked for last, and the pace (x real time), if it is there; asks anew."""
        if self.failed:
            return None
        found = None
        try:
            while self._connection.poll():
                word, values = self._connection.recv()
                if word == "started":
                    self.muscles, self.shapes, self.most_pieces = values
                    for waited, told in self._waiting.items():
                        self.tell(waited, *told)
                    self._waiting = {}
                elif word == "picture":
                    found, self._asked = values, False
                else:
                    self.failed = str(values)
        except (EOFError, OSError):
            self._fail()
        if self.muscles and not self._asked and not self.failed:
            self._asked = True
            self.tell("picture")
        return found

    def _fail(self) -> None:
        self.failed = self.failed or "the process of this body has ended"

    def close(self) -> None:
        """End the process."""
        with suppress(OSError, ValueError):
            self._connection.close()
        self._process.join(timeout=0.5)
        if self._process.is_alive():
            self._process.kill()
            self._process.join(timeout=2.0)


def serve(connection: Connection, dials: BodyDials, seed: int) -> None:
    """The body's side: runs until the page closes its end."""
    with suppress(EOFError, OSError, KeyboardInterrupt):
        try:
            body = LiveBody(dials, seed)
            figure = body.figure
            connection.send(("started", (body.muscle_names, figure.shapes, figure.most_pieces)))
            _run(body, connection)
        except (ValueError, RuntimeError) as failure:
            connection.send(("failed", f"{type(failure).__name__}: {failure}"))


def _run(body: LiveBody, connection: Connection) -> None:
    pace = Pace(time.perf_counter())
    is_frozen = False
    while True:
        runs = not is_frozen and body.goes_on
        wait = 0.0 if runs else IDLE_S
        for word, values in _heard(connection, wait):
            if word == "picture":
                connection.send(("picture", (body.picture(), pace.measured)))
            elif word == "freeze":
                is_frozen = bool(values[0])
            elif word == "step" and is_frozen:
                body.advance(PART_S)
            else:
                obey(body, word, values)
        now = time.perf_counter()
        if not runs:
            pace.hold(now)
            continue
        due = pace.due_s(now, body.dials.pace)
        if due < PART_S:
            connection.poll((PART_S - due) / body.dials.pace)
            continue
        pace.did(body.advance(PART_S), time.perf_counter())


def _heard(connection: Connection, wait_s: float) -> list[tuple[str, tuple[Any, ...]]]:
    """What was told meanwhile; of many dials the newest alone, since each may build a body."""
    told = []
    while connection.poll(wait_s):
        told.append(connection.recv())
        wait_s = 0.0
    last = max((k for k, (word, _) in enumerate(told) if word == "dials"), default=0)
    return [one for k, one in enumerate(told) if one[0] != "dials" or k == last]


def obey(body: LiveBody, word: str, values: tuple[Any, ...]) -> None:
    """Do what a page asks; what is not allowed is left undone."""
    with suppress(ValueError):
        if word == "dials":
            body.set_dials(values[0])
        elif word == "push":
            body.push(*values)
        elif word == "watch":
            body.watch(*values)
        elif word == "restart":
            body.restart()
