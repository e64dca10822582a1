"""One client's page: its own simulation, controls, plots, and the thread that keeps them going."""

from __future__ import annotations

import contextlib
import threading
import time
import traceback
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from neurocoord.lab.dials import MuscleDials
from neurocoord.lab.lesson import Lesson
from neurocoord.lab.page_body import BodyPage, BodyPlaces
from neurocoord.lab.page_lesson import LessonPage
from neurocoord.lab.page_muscle import MusclePage

PICTURE_S = 0.05  # plots at 20 Hz
CONTROLS_PX = 350
PLOTS_PX = 580
LESSON_PX = 380
PATIENCE_S = 5.0  # for a browser that does not answer; then it gets a picture all the same
MUSCLE, BODY = "One muscle", "One body"


class Page:
    """Everything that one visitor sees; closed when the visitor is gone."""

    def __init__(
        self, client: Any, seed: int, places: BodyPlaces, lessons: Sequence[Lesson] = ()
    ) -> None:
        self._client = client
        self._closed = threading.Event()
        self._seen = _Seen(client)
        self._wanted = self._view = MUSCLE
        self.muscle = MusclePage(client, seed)
        self.body = BodyPage(client, seed, places)
        self._lesson: Lesson | None = None  # one that is to be set up
        self._build(lessons)
        self._thread = threading.Thread(target=self._go, name="lab-page", daemon=True)
        self._thread.start()

    def _build(self, lessons: Sequence[Lesson]) -> None:
        gui = self._client.gui
        gui.main_panel.dock_left()
        gui.main_panel.set_width(CONTROLS_PX)
        views = gui.add_button_group("Look at", (MUSCLE, BODY))
        views.on_click(lambda _: self.look_at(views.value))
        self._folders = {MUSCLE: gui.add_folder(MUSCLE), BODY: gui.add_folder(BODY)}
        self._panels = {MUSCLE: gui.add_panel(), BODY: gui.add_panel()}
        for name, part in ((MUSCLE, self.muscle), (BODY, self.body)):
            with self._folders[name]:
                part.add_controls()
            with self._panels[name].add_tab("Plots and figures"):
                part.add_plots()
            self._panels[name].dock_right()
            self._panels[name].set_width(PLOTS_PX)
        panel = gui.add_panel()
        with panel.add_tab("Lessons"):
            self.lessons = LessonPage(gui, lessons, self.set_up)
        panel.dock_below(gui.main_panel)
        panel.set_height(LESSON_PX)
        self._show(MUSCLE)

    def look_at(self, view: str) -> None:
        """Another view was asked for, on the page or by a lesson."""
        if view in (MUSCLE, BODY):
            self._wanted = view

    def set_up(self, lesson: Lesson) -> None:
        """A lesson is to be set up: its view and its dials."""
        self._lesson = lesson

    def _set_up(self, lesson: Lesson) -> None:
        self._wanted = MUSCLE if lesson.view == "muscle" else BODY
        if isinstance(lesson.now, MuscleDials):
            self.muscle.set_up(lesson.now, lesson.twin)
        else:
            self.body.set_up(lesson.now)

    def _show(self, view: str) -> None:
        self._view = view
        for name in (MUSCLE, BODY):
            self._folders[name].visible = self._panels[name].visible = name == view
        self.body.show(view == BODY)
        self.muscle.show(view == MUSCLE)

    def close(self) -> None:
        """End the simulation; its memory is then free."""
        self._closed.set()

    def _go(self) -> None:
        try:
            while not self._closed.is_set():
                started = time.perf_counter()
                self._turn()
                left = PICTURE_S - (time.perf_counter() - started)
                self._closed.wait(max(left, 0.002))
        except Exception:  # a fault of ours, which must not take other pages along
            if not self._closed.is_set():
                traceback.print_exc()
        finally:
            self.body.close()
            self._seen.close()

    def _turn(self) -> None:
        lesson, self._lesson = self._lesson, None
        if lesson is not None:
            self._set_up(lesson)
        if self._wanted != self._view:
            with self._client.atomic():
                self._show(self._wanted)
        part = self.muscle if self._view == MUSCLE else self.body
        part.run()
        if self._seen.last():
            with self._client.atomic():
                part.picture()
            self._seen.ask()


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
