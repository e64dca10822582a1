"""One client's page: its own simulation, controls, plots, and the thread that keeps them going."""

from __future__ import annotations

import contextlib
import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from neurocoord.lab.page_muscle import MusclePage

PICTURE_S = 0.05  # plots at 20 Hz
CONTROLS_PX = 340
PLOTS_PX = 640
PATIENCE_S = 5.0  # for a browser that does not answer; then it gets a picture all the same


class Page:
    """Everything that one visitor sees; closed when the visitor is gone."""

    def __init__(self, client: Any, seed: int) -> None:
        self._client = client
        self._closed = threading.Event()
        self._seen = _Seen(client)
        self.muscle = MusclePage(client.gui, seed)
        self._build()
        self._thread = threading.Thread(target=self._go, name="lab-page", daemon=True)
        self._thread.start()

    def _build(self) -> None:
        gui = self._client.gui
        gui.main_panel.dock_left()
        gui.main_panel.set_width(CONTROLS_PX)
        self.muscle.add_controls()
        panel = gui.add_panel()
        with panel.add_tab("Plots"):
            self.muscle.add_plots()
        panel.dock_right()
        panel.set_width(PLOTS_PX)

    def close(self) -> None:
        """End the simulation; its memory is then free."""
        self._closed.set()

    def _go(self) -> None:
        while not self._closed.is_set():
            started = time.perf_counter()
            self.muscle.run()
            if self._seen.last():
                with self._client.atomic():
                    self.muscle.picture()
                self._seen.ask()
            left = PICTURE_S - (time.perf_counter() - started)
            self._closed.wait(max(left, 0.002))
        self._seen.close()


class _Seen:
    """Whether a browser has come as far as the last picture, so that none pile up in a slow one."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="lab-seen")
        self._answer: Future[None] | None = None

    def ask(self) -> None:
        """The browser answers when it has taken in what was sent before."""
        self._answer = self._pool.submit(self._wait)

    def last(self) -> bool:
        """Whether it has answered."""
        return self._answer is None or self._answer.done()

    def close(self) -> None:
        """Ask no more."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _wait(self) -> None:
        # blocked storage is an answer too, and who has gone is noticed elsewhere
        with contextlib.suppress(RuntimeError, TimeoutError):
            self._client.local_storage.get_item("seen", timeout=PATIENCE_S)
