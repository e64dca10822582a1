"""The lab's server, asked without a browser: room, places, what a page may do and may not."""

import http.client
import logging
import socket
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("viser", reason="viser is not installed (the extra lab)")

from lab_visitor import Visitor, wait_for

from neurocoord.cli import lab as cli_lab
from neurocoord.cli import main
from neurocoord.lab.hardening import MOST_TEXT, is_plain
from neurocoord.lab.server import Lab, check_free


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    logging.getLogger("websockets").setLevel(logging.CRITICAL)  # garbage is sent on purpose
    running = Lab(port=0, room=2, bodies=1)
    yield running
    running.stop()


@pytest.fixture
def visitor(lab: Lab) -> Iterator[Visitor]:
    wait_for(lambda: lab.n_pages == 0)
    one = Visitor(lab.port)
    wait_for(lambda: one.shows("real time"))
    yield one
    one.close()


def _muscle(lab: Lab) -> Any:
    return next(iter(lab._pages.values())).muscle.muscle


def test_a_page_has_plots_and_a_slider_that_moves_the_force(lab: Lab, visitor: Visitor) -> None:
    drive = visitor.find("GuiSlider", "Drive")
    visitor.set(drive, 60)
    wait_for(lambda: _muscle(lab).dials.drive_percent == 60.0)
    wait_for(lambda: _muscle(lab).now.force_percent.last(200).mean() > 50.0)
    n = visitor.n_plots
    wait_for(lambda: visitor.n_plots > n + 10)


@pytest.mark.parametrize("value", [1e9, -1.0, float("nan"), float("inf"), True])
def test_values_out_of_range_change_nothing(lab: Lab, visitor: Visitor, value: Any) -> None:
    before = _muscle(lab).dials
    visitor.set(visitor.find("GuiSlider", "Drive"), value)
    visitor.set(visitor.find("GuiDropdown", "Synchrony"), "../../etc/passwd")
    visitor.set(visitor.find("GuiCheckbox", "Fatigue"), True)  # this one is heard
    wait_for(lambda: _muscle(lab).dials.fatigue)
    after = _muscle(lab).dials
    assert (after.strategy, after.order) == (before.strategy, before.order)
    assert 0.0 <= after.drive_percent <= 100.0


def test_only_a_plain_value_of_a_control_is_heard(lab: Lab, visitor: Visitor) -> None:
    uuid = visitor.find("GuiSlider", "Drive")
    for updates in ({"update_cb": []}, {"value": 50, "removed": True}, {"value": [50]}):
        visitor.send({"type": "GuiUpdateMessage", "uuid": uuid, "updates": updates})
    visitor.set(visitor.find("GuiCheckbox", "Fatigue"), True)
    wait_for(lambda: _muscle(lab).dials.fatigue)
    assert _muscle(lab).dials.drive_percent == 30.0
    assert is_plain({"value": "x" * MOST_TEXT}) and not is_plain({"value": "x" * (MOST_TEXT + 1)})


def test_a_page_can_neither_share_the_lab_nor_send_it_files(lab: Lab, visitor: Visitor) -> None:
    uuid = visitor.find("GuiSlider", "Drive")
    upload = {
        "type": "FileTransferStartUpload",
        "source_component_uuid": uuid,
        "transfer_uuid": "t",
        "filename": "../../x",
        "mime_type": "text/plain",
        "part_count": 3,
        "size_bytes": 10**9,
    }
    visitor.send(upload)
    visitor.send({"type": "ShareUrlRequest"})
    visitor.send({"type": "GuiFormDirtyMessage", "uuid": "kept for all who come"})
    visitor.set(visitor.find("GuiCheckbox", "Fatigue"), True)
    wait_for(lambda: _muscle(lab).dials.fatigue)
    client = next(iter(lab._pages.values()))._client
    assert not client.gui._current_file_upload_states
    assert not lab.server.gui._current_file_upload_states
    assert lab.server._share_tunnel is None
    kept = lab.server._connection._broadcast_buffer.message_from_id.values()
    assert not [message for message in kept if "kept for all" in str(message)]


@pytest.mark.parametrize(
    "path",
    ["/../../../../../../etc/passwd", "/%2e%2e/%2e%2e/%2e%2e/etc/passwd", "/..\\..\\etc\\passwd"],
)
def test_no_path_reaches_the_file_system(lab: Lab, path: str) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", lab.port, timeout=10)
    connection.request("GET", path)
    answer = connection.getresponse()
    assert answer.status != 200 or b"root:" not in answer.read()
    connection.close()


def test_garbage_ends_its_own_connection_alone(lab: Lab, visitor: Visitor) -> None:
    other = Visitor(lab.port)
    wait_for(lambda: lab.n_pages == 2)
    other.send(b"\x00garbage")
    wait_for(lambda: lab.n_pages == 1)
    n = visitor.n_plots
    wait_for(lambda: visitor.n_plots > n + 5)
    other.close()


def test_a_full_room_is_told_and_a_place_that_is_left_is_taken(lab: Lab) -> None:
    wait_for(lambda: lab.n_pages == 0)
    first, second = Visitor(lab.port), Visitor(lab.port)
    wait_for(lambda: lab.n_pages == 2)
    third = Visitor(lab.port)
    wait_for(lambda: third.shows("The room is full"))
    assert lab.n_pages == 2
    first.close()
    wait_for(lambda: third.shows("real time"))
    assert lab.n_pages == 2 and not third.shows("The room is full")
    second.close()
    third.close()
    wait_for(lambda: lab.n_pages == 0)


def test_each_visitor_has_a_simulation_of_its_own(lab: Lab, visitor: Visitor) -> None:
    other = Visitor(lab.port)
    wait_for(lambda: other.shows("real time"))
    other.set(other.find("GuiSlider", "Drive"), 80)
    mine, its = [page.muscle.muscle for page in lab._pages.values()]
    wait_for(lambda: its.dials.drive_percent == 80.0)
    assert mine.dials.drive_percent == 30.0
    assert mine.now.seed != its.now.seed
    other.close()


# ---- opening it ----


def test_it_listens_on_loopback_alone(lab: Lab) -> None:
    assert lab.server.get_host() == "127.0.0.1"
    own = socket.gethostbyname(socket.gethostname())
    if not own.startswith("127."):
        with pytest.raises(OSError):
            socket.create_connection((own, lab.port), timeout=2.0)


def test_a_port_that_is_taken_is_told(lab: Lab, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ValueError, match="choose one with --port"):
        check_free("127.0.0.1", lab.port)
    assert main(["lab", "--no-browser", "--port", str(lab.port)]) == 2
    assert "choose one with --port" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (["--port", "70000"], "0 (any free one) to 65535"),
        (["--host", "no.such.host.invalid"], "is no address of this machine"),
        (["--lessons", "/nowhere"], "is no folder"),
        (["--room", "0"], "must be 1 or more"),
    ],
)
def test_what_cannot_be_is_told(
    given: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["lab", "--no-browser", *given]) == 2
    assert words in capsys.readouterr().err


def test_without_viser_it_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(cli_lab.importlib.util, "find_spec", lambda name: None)
    assert main(["lab", "--no-browser"]) == 2
    assert "python -m pip install 'neurocoord[lab]'" in capsys.readouterr().err


class _Stub:
    port = 4321

    def stop(self) -> None:
        pass


@pytest.mark.parametrize(
    ("host", "words"),
    [
        ("127.0.0.1", "open at http://127.0.0.1:4321, for this machine only"),
        ("0.0.0.0", "open at http://127.0.0.1:4321 and LISTENS ON 0.0.0.0"),
        ("10.9.9.9", "open at http://10.9.9.9:4321 and LISTENS ON 10.9.9.9"),
    ],
)
def test_it_says_who_can_reach_it(
    host: str, words: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    given: dict[str, Any] = {}

    def start(**settings: Any) -> _Stub:
        given.update(settings)
        return _Stub()

    class Stops:
        def wait(self) -> None:
            raise KeyboardInterrupt

    monkeypatch.setattr(cli_lab, "_start", start)
    monkeypatch.setattr(cli_lab, "own_address", lambda: "10.1.2.3")
    monkeypatch.setattr(cli_lab.threading, "Event", Stops)
    assert main(["lab", "--no-browser", "--host", host]) == 0
    said = capsys.readouterr().err
    assert words in said
    assert ("others type http://10.1.2.3:4321" in said) == (host == "0.0.0.0")
    assert given["host"] == host and len(given["lessons"]) == 8
    assert sys.modules["neurocoord.cli.lab"] is cli_lab and Path(cli_lab.__file__).exists()


def test_its_own_address_is_of_this_machine_or_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    found = cli_lab.own_address()
    assert found not in cli_lab.EVERYWHERE
    if found != socket.gethostname():
        with socket.socket() as bound:
            bound.bind((found, 0))  # only an address of this machine can be bound

    def no_network(*_: Any) -> Any:
        raise OSError("no network")

    monkeypatch.setattr(cli_lab.socket, "socket", no_network)
    assert cli_lab.own_address() == socket.gethostname()


# ---- a body ----


@pytest.fixture(scope="module")
def compiled() -> None:
    """A body's kernels, compiled here, where nobody waits for it."""
    from neurocoord.lab.body import LiveBody

    LiveBody().advance(0.05)


def test_a_body_moves_is_pushed_and_looked_into_and_another_is_told_there_is_none(
    compiled: None, lab: Lab, visitor: Visitor
) -> None:
    patience_s = 300.0  # for a busy machine
    visitor.set(visitor.find("GuiButtonGroup", "Look at"), "One body")
    body = next(iter(lab._pages.values())).body
    wait_for(lambda: body.latest is not None, patience_s)
    assert lab.n_bodies == 1
    other = Visitor(lab.port)
    wait_for(lambda: other.shows("real time"))
    other.set(other.find("GuiButtonGroup", "Look at"), "One body")
    wait_for(lambda: other.shows("Every body of this machine is taken"))
    other.close()

    visitor.set(visitor.find("GuiButtonGroup", "Push it to"), "left")
    wait_for(lambda: body.latest.pushed, patience_s)
    chosen = next(name for name in body._names if name.startswith("GMAX_I_r "))
    assert "gluteus" in chosen.lower() and "right" in chosen
    visitor.set(visitor.find("GuiDropdown", "Muscle to look into"), chosen)
    wait_for(lambda: body.latest.watched.muscle == "GMAX_I_r", patience_s)
    wait_for(lambda: visitor.shows("cost of transport"), patience_s)

    process = body._process._process
    visitor.set(visitor.find("GuiButtonGroup", "Look at"), "One muscle")
    wait_for(lambda: lab.n_bodies == 0 and not process.is_alive())


def test_a_body_whose_process_dies_is_told_and_may_begin_anew(
    compiled: None, lab: Lab, visitor: Visitor
) -> None:
    visitor.set(visitor.find("GuiButtonGroup", "Look at"), "One body")
    body = next(iter(lab._pages.values())).body
    wait_for(lambda: body.latest is not None, 300.0)
    body._process._process.kill()
    wait_for(lambda: visitor.shows("The body stopped"))
    body.latest = None
    visitor.set(visitor.find("GuiButtonGroup", "Time", last=True), "Begin anew")
    wait_for(lambda: body.latest is not None, 300.0)
