"""`neurocoord lab`: one muscle and one body in a browser, with lessons."""

from __future__ import annotations

import importlib.util
import socket
import threading
import webbrowser
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from neurocoord.cli.given import checking, count, tell, whole

if TYPE_CHECKING:
    from neurocoord.lab.server import Lab

LOOPBACK = "127.0.0.1"
EVERYWHERE = ("0.0.0.0", "::")
ELSEWHERE = ("192.0.2.1", 9)  # an address of no machine (RFC 5737); nothing is sent to it
NEEDS = "the lab needs viser, which is not installed: python -m pip install 'neurocoord[lab]'"


def command(
    port: Annotated[
        int, typer.Option(parser=whole, metavar="N", help="Port of the page; 0: any free one.")
    ] = 8765,
    no_browser: Annotated[
        bool, typer.Option("--no-browser", help="Do not open the page by yourself.")
    ] = False,
    host: Annotated[
        str,
        typer.Option(
            metavar="ADDRESS",
            help="Address to listen on. Others reach the page only if you name one of this "
            "machine's, or 0.0.0.0 for all of them.",
        ),
    ] = LOOPBACK,
    room: Annotated[
        int,
        typer.Option(parser=count, metavar="N", help="Visitors who get a simulation of their own."),
    ] = 10,
    bodies: Annotated[
        int | None,
        typer.Option(
            parser=count,
            metavar="N",
            help="Bodies at a time (default: one a core).",
            show_default=False,
        ),
    ] = None,
    lessons: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="More lessons: a .toml file each (docs/lab.md)."),
    ] = None,
) -> None:
    """Open the lab in a browser: one muscle, one body, and lessons.

    Only this machine reaches it, unless --host says otherwise. Ctrl-C ends it.

    Example: `neurocoord lab`; for a class: `neurocoord lab --host 0.0.0.0 --no-browser`
    """
    with checking():
        if importlib.util.find_spec("viser") is None:
            raise ValueError(NEEDS)
        from neurocoord.lab.lesson import load

        every = load(lessons)
        tell("starting the lab; the first time takes about a minute")
        lab = _start(host=host, port=port, room=room, bodies=bodies, lessons=every)
    address = f"http://{LOOPBACK if host in EVERYWHERE else host}:{lab.port}"
    if _is_loopback(host):
        tell(f"the lab is open at {address}, for this machine only; Ctrl-C ends it")
    else:
        if host in EVERYWHERE:
            tell(f"others type http://{own_address()}:{lab.port}")
        tell(
            f"the lab is open at {address} and LISTENS ON {host}: everyone who reaches this machine"
            " over the network can open it, without a password; Ctrl-C ends it"
        )
    if not no_browser:
        webbrowser.open(address)
    try:
        threading.Event().wait()
    except KeyboardInterrupt:
        tell("the lab is closed")
    finally:
        lab.stop()


def own_address() -> str:
    """This machine's address in its network; its name where it has none.

    Connecting a datagram socket only looks up the way: nothing is sent.
    """
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asked:
            asked.connect(ELSEWHERE)
            found = str(asked.getsockname()[0])
    except OSError:
        found = ""
    return socket.gethostname() if not found or found in EVERYWHERE else found


def _start(**settings: Any) -> Lab:
    from neurocoord.lab.server import Lab

    return Lab(**settings)


def _is_loopback(host: str) -> bool:
    return host in ("localhost", "::1") or host.startswith("127.")
