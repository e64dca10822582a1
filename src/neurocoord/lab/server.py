"""The lab's server: a page of its own for each visitor, until the room is full."""

from __future__ import annotations

import contextlib
import io
import os
import socket
import threading
import warnings
from collections.abc import Sequence
from typing import Any

import viser

from neurocoord.lab.hardening import shut
from neurocoord.lab.lesson import Lesson, load
from neurocoord.lab.muscle import LiveMuscle
from neurocoord.lab.page import Page
from neurocoord.lab.page_body import BodyPlaces
from neurocoord.study.workers import default_workers

LOOPBACK = "127.0.0.1"
PORT = 8765
ROOM = 10  # visitors with a simulation of their own
FULL = (
    "# The room is full\n\n{n} visitors each have a simulation here, and there is no place for"
    " another. This page begins by itself as soon as one of them leaves."
)


class Lab:
    """A running server; `stop` ends it."""

    def __init__(
        self,
        *,
        host: str = LOOPBACK,
        port: int = PORT,
        room: int = ROOM,
        bodies: int | None = None,
        lessons: Sequence[Lesson] | None = None,
    ) -> None:
        check_free(host, port)
        # a page that is closed between two pictures is no fault
        warnings.filterwarnings("ignore", "Queued a .* on a closed connection", UserWarning)
        self._bodies = default_workers() if bodies is None else bodies
        self._n_taken = 0
        LiveMuscle().advance(100)  # compiled before anyone comes
        self._lessons = load() if lessons is None else lessons
        self._room = room
        self._lock, self._body_lock = threading.Lock(), threading.Lock()
        self._pages: dict[int, Page] = {}
        self._waiting: dict[int, Any] = {}  # clients in the order in which they came
        self._n_seen = 0
        with contextlib.redirect_stdout(io.StringIO()):  # viser prints a panel of its own
            self.server = viser.ViserServer(
                host=host, port=port, label="neurocoord lab", verbose=False
            )
        shut(self.server._connection)
        self.server.gui.configure_theme(show_logo=False, show_share_button=False)
        # dimmer than viser's, which would wash out the colours that carry a meaning
        self.server.scene.configure_environment_map(environment_intensity=0.35)
        self.server.scene.configure_default_lights(cast_shadow=False)
        self.server.on_client_connect(self._come)
        self.server.on_client_disconnect(self._go)

    @property
    def port(self) -> int:
        """The port it listens on."""
        return self.server.get_port()

    @property
    def n_bodies(self) -> int:
        """Bodies that move now."""
        return self._n_taken

    @property
    def n_pages(self) -> int:
        """Visitors with a simulation of their own."""
        return len(self._pages)

    def stop(self) -> None:
        """End all simulations and the server."""
        with self._lock:
            pages, self._pages, self._waiting = self._pages, {}, {}
        for page in pages.values():
            page.close()
        with contextlib.redirect_stdout(io.StringIO()):
            self.server.stop()

    def _come(self, client: Any) -> None:
        shut(client.gui._websock_interface)
        with self._lock:
            if client.client_id not in self.server.get_clients():
                return  # it has left already
            if len(self._pages) < self._room:
                self._open(client)
            else:
                self._waiting[client.client_id] = client
                with client.gui.add_folder("neurocoord lab"):
                    client.gui.add_markdown(FULL.format(n=self._room))

    def _open(self, client: Any) -> None:
        self._n_seen += 1
        client.gui.reset()
        places = BodyPlaces(self._take_body, self._give_back_body, self._bodies)
        self._pages[client.client_id] = Page(client, self._n_seen, places, self._lessons)

    def _take_body(self) -> bool:
        with self._body_lock:
            is_free = self._n_taken < self._bodies
            self._n_taken += is_free
            return is_free

    def _give_back_body(self) -> None:
        with self._body_lock:
            self._n_taken -= 1

    def _go(self, client: Any) -> None:
        with self._lock:
            self._waiting.pop(client.client_id, None)
            page = self._pages.pop(client.client_id, None)
            if page is not None:
                page.close()
            while self._waiting and len(self._pages) < self._room:
                self._open(self._waiting.pop(next(iter(self._waiting))))


def check_free(host: str, port: int) -> None:
    """ValueError where the port cannot be had; viser would take another without a word."""
    if not 0 <= port <= 65535:
        raise ValueError(f"port={port} is not allowed; it is 0 (any free one) to 65535")
    try:
        family, kind, proto, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except OSError as failure:
        raise ValueError(f"host {host!r} is no address of this machine: {failure}") from None
    with socket.socket(family, kind, proto) as trial:
        if os.name == "posix":  # as the server will; elsewhere it would let two share a port
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind(address)
        except OSError as failure:
            raise ValueError(
                f"port {port} of {host} cannot be used ({failure.strerror}); another program may"
                " hold it: choose one with --port"
            ) from None
