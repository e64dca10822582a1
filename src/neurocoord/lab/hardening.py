"""What viser's server offers a page and the lab does not: sharing, uploads, forms, odd props.

A page could otherwise ask the server to open a tunnel to the internet, or send it files, or words
of forms, to keep in memory and to pass on to every later visitor. Nothing a page sends reaches the
file system; only the values of controls are heard.
"""

from __future__ import annotations

from typing import Any

from viser import _messages as messages

SHUT = (
    "ShareUrlRequest",
    "ShareUrlDisconnect",
    "FileTransferStartUpload",
    "FileTransferPart",
    "GuiFormSubmitMessage",
    "GuiFormDirtyMessage",
    "CommandTriggerMessage",
)
MOST_TEXT = 200  # characters of a value that a control may send


def shut(interface: Any) -> None:
    """Take the handlers of `SHUT` off a server or a client, and check updates of controls."""
    handlers = interface._incoming_handlers
    for name in SHUT:
        handlers.pop(getattr(messages, name), None)
    kind = messages.GuiUpdateMessage
    if kind in handlers:
        handlers[kind] = [_checked(handler) for handler in handlers[kind]]


def _checked(handler: Any) -> Any:
    async def check(client_id: Any, message: Any) -> None:
        if is_plain(message.updates):
            await handler(client_id, message)

    return check


def is_plain(updates: Any) -> bool:
    """Whether an update holds a value and nothing else, and that a short one."""
    if not isinstance(updates, dict) or set(updates) != {"value"}:
        return False
    value = updates["value"]
    if isinstance(value, str):
        return len(value) <= MOST_TEXT
    return isinstance(value, bool | int | float)
