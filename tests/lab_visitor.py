"""A visitor of the lab without a browser: speaks viser's protocol and answers as a page does."""

from __future__ import annotations

import struct
import threading
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

import msgspec
import viser
import zstandard
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

CAMERA = {
    "type": "ViewerCameraMessage",
    "wxyz": [1.0, 0.0, 0.0, 0.0],
    "position": [3.0, 3.0, 3.0],
    "fov": 1.0,
    "near": 0.01,
    "far": 1000.0,
    "image_height": 600,
    "image_width": 800,
    "look_at": [0.0, 0.0, 0.0],
    "up_direction": [0.0, 0.0, 1.0],
}


class Visitor:
    """Connects, reads on in a thread of its own, and keeps what the page would show."""

    def __init__(self, port: int) -> None:
        self._socket = connect(
            f"ws://127.0.0.1:{port}",
            subprotocols=[f"viser-v{viser.__version__}"],  # type: ignore[list-item]
            max_size=None,
            compression=None,
        )
        self.props: dict[str, dict[str, Any]] = {}  # of every control and text, by uuid
        self.types: dict[str, str] = {}
        self.counts: Counter[str] = Counter()  # of messages, by type
        self.n_plots = 0  # new data of plots
        self.n_bytes = 0
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()
        self.send(CAMERA)

    def send(self, message: dict[str, Any] | bytes) -> None:
        """A message, or bytes as they are."""
        raw = message if isinstance(message, bytes) else msgspec.msgpack.encode(message)
        self._socket.send(raw)

    def close(self) -> None:
        """Go away."""
        self._socket.close()
        self._thread.join(timeout=5.0)

    def _read(self) -> None:
        try:
            for raw in self._socket:
                assert isinstance(raw, bytes)
                self.n_bytes += len(raw)
                for message in decoded(raw):
                    self._take(message)
        except ConnectionClosed:
            pass

    def _take(self, message: dict[str, Any]) -> None:
        kind = message["type"]
        self.counts[kind] += 1
        if kind == "LocalStorageGetItemRequestMessage":
            answer = {"value": None, "error": None, "request_uuid": message["request_uuid"]}
            self.send({"type": "LocalStorageGetItemResponseMessage", **answer})
        elif kind == "GuiUpdateMessage":
            self.props.setdefault(message["uuid"], {}).update(message["updates"])
            self.n_plots += "data" in message["updates"]
        elif kind == "GuiRemoveMessage":
            self.props.pop(message["uuid"], None)
        elif "props" in message and "uuid" in message:
            self.props.setdefault(message["uuid"], {}).update(message["props"])
            self.types[message["uuid"]] = kind

    def find(self, kind: str, label: str, *, last: bool = False) -> str:
        """The uuid of a control by its kind, such as "GuiSlider", and the start of its label; the
        first of them, or the last."""
        for uuid, props in list(self.props.items())[:: -1 if last else 1]:
            is_kind = self.types.get(uuid) == f"{kind}Message"
            if is_kind and str(props.get("label", "")).startswith(label):
                return uuid
        raise LookupError(f"no {kind} {label!r}")

    def set(self, uuid: str, value: Any) -> None:
        """Turn a control."""
        self.send({"type": "GuiUpdateMessage", "uuid": uuid, "updates": {"value": value}})

    def shows(self, words: str) -> bool:
        """Whether a text on the page holds these words."""
        texts = (str(p.get("_markdown", "")) for p in list(self.props.values()))
        return any(words in text for text in texts)


def decoded(raw: bytes) -> list[dict[str, Any]]:
    """The messages of one frame, without their arrays."""
    size, packed = struct.unpack("<QQ", raw[:16])
    body = zstandard.ZstdDecompressor().decompress(raw[16 : 16 + packed], max_output_size=size)
    return list(msgspec.msgpack.decode(body)["messages"])


def wait_for(what: Callable[[], Any], patience_s: float = 60.0) -> Any:
    """The first true value of `what`; fails where none comes."""
    end = time.monotonic() + patience_s
    while time.monotonic() < end:
        if found := what():
            return found
        time.sleep(0.05)
    raise AssertionError(f"waited {patience_s:g} s in vain")
