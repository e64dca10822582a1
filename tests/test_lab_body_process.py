"""What a page tells a body that has not started yet, and a body that cannot be started."""

from types import SimpleNamespace
from typing import Any

import pytest

pytest.importorskip("viser", reason="viser is not installed (the extra lab)")

from neurocoord.lab import body_process, page_body
from neurocoord.lab.body_process import BodyProcess
from neurocoord.lab.dials import BodyDials


class _Wire:
    """Both ends of a pipe: what was sent, what is to be received."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, tuple[Any, ...]]] = []
        self.coming: list[tuple[str, Any]] = []

    def send(self, told: Any) -> None:
        self.sent.append(told)

    def poll(self, timeout_s: float = 0.0) -> bool:
        return bool(self.coming)

    def recv(self) -> Any:
        return self.coming.pop(0)

    def close(self) -> None:
        pass


@pytest.fixture
def wire(monkeypatch: pytest.MonkeyPatch) -> _Wire:
    ours = _Wire()
    context = SimpleNamespace(
        Pipe=lambda: (ours, _Wire()), Process=lambda **_: SimpleNamespace(start=lambda: None)
    )
    monkeypatch.setattr(body_process.multiprocessing, "get_context", lambda _: context)
    return ours


def test_a_body_that_starts_hears_only_the_newest_of_each_word(wire: _Wire) -> None:
    body = BodyProcess(BodyDials(), 0)
    for speed in range(1000):
        body.tell("dials", speed)
    body.tell("freeze", True)
    assert body.picture() is None and wire.sent == []
    wire.coming.append(("started", (("psoas",), None, 3)))
    body.picture()
    assert wire.sent == [("dials", (999,)), ("freeze", (True,)), ("picture", ())]
    body.tell("dials", 7)
    assert wire.sent[-1] == ("dials", (7,))


def test_words_before_the_start_keep_their_order_and_a_restart_undoes_pushes(wire: _Wire) -> None:
    body = BodyProcess(BodyDials(), 0)
    for word in ("push left", "step", "restart", "freeze", "push right", "freeze"):
        body.tell(*word.split())
    wire.coming.append(("started", (("psoas",), None, 3)))
    body.picture()
    assert [" ".join((word, *values)) for word, values in wire.sent] == [
        "restart", "push right", "freeze", "picture",
    ]  # fmt: skip
    body.tell("push", "left")
    body.tell("restart")
    assert [word for word, _ in wire.sent[-2:]] == ["push", "restart"]


def test_of_many_dials_a_body_hears_the_newest() -> None:
    wire = _Wire()
    wire.coming = [("dials", (1,)), ("push", ("left",)), ("dials", (2,)), ("freeze", (True,))]
    heard = body_process._heard(wire, 0.0)
    assert heard == [("push", ("left",)), ("dials", (2,)), ("freeze", (True,))]
    wire.coming = [("push", ("left",)), ("picture", ())]
    assert body_process._heard(wire, 0.0) == [("push", ("left",)), ("picture", ())]


@pytest.mark.parametrize("failure", [OSError("no more processes"), RuntimeError("no more")])
def test_the_place_of_a_body_that_cannot_start_is_given_back(
    monkeypatch: pytest.MonkeyPatch, failure: Exception
) -> None:
    def fails(*_: Any) -> None:
        raise failure

    monkeypatch.setattr(page_body, "BodyProcess", fails)
    taken: list[int] = []
    places = page_body.BodyPlaces(lambda: not taken.append(1), taken.pop, 1)
    page = page_body.BodyPage(SimpleNamespace(gui=None, scene=None), 0, places)
    page._pace_text = SimpleNamespace(content="")
    page._begin()
    assert taken == [] and str(failure) in page._pace_text.content
