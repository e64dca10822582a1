"""The lessons on a page: question, prediction, a thing to try, what was found, in that order."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from neurocoord.lab.lesson import Lesson

NONE = "no lesson"


class LessonPage:
    """Lessons in the current container of a client's page; `on_start` sets one up."""

    def __init__(
        self, gui: Any, lessons: Sequence[Lesson], on_start: Callable[[Lesson], None]
    ) -> None:
        self._lessons = {_name(k, lesson): lesson for k, lesson in enumerate(lessons, start=1)}
        self._on_start = on_start
        self.lesson: Lesson | None = None
        self.predicted: str | None = None
        self._choose = gui.add_dropdown(
            "Lesson", (NONE, *self._lessons), hint="A question, a prediction, a thing to try."
        )
        self._question = gui.add_markdown("", visible=False)
        self._predict = gui.add_dropdown(
            "I predict", ("choose one",), hint="Before you try.", visible=False
        )
        self._start = gui.add_button("Set it up and try", visible=False)
        self._try = gui.add_markdown("", visible=False)
        self._answer = gui.add_button("What does it show, and what was found?", visible=False)
        self._found = gui.add_markdown("", visible=False)
        self._choose.on_update(lambda _: self._chosen())
        self._predict.on_update(lambda _: self._predicted())
        self._start.on_click(lambda _: self._started())
        self._answer.on_click(lambda _: self._answered())

    def _chosen(self) -> None:
        self.lesson = self._lessons.get(self._choose.value)
        self.predicted = None
        for handle in (self._start, self._try, self._answer, self._found):
            handle.visible = False
        is_one = self.lesson is not None
        if self.lesson is not None:
            self._question.content = f"**{self.lesson.question.strip()}**"
            self._predict.options = ("choose one", *self.lesson.choices)
            self._predict.value = "choose one"
        self._question.visible = self._predict.visible = is_one

    def _predicted(self) -> None:
        if self.lesson is not None and self._predict.value in self.lesson.choices:
            self.predicted = self._predict.value
            self._start.visible = True

    def _started(self) -> None:
        if self.lesson is None or self.predicted is None:
            return
        self._try.content = self.lesson.try_
        self._try.visible = self._answer.visible = True
        self._on_start(self.lesson)

    def _answered(self) -> None:
        if self.lesson is None or self.predicted is None:
            return
        self._found.content = answer(self.lesson, self.predicted)
        self._found.visible = True


def _name(number: int, lesson: Lesson) -> str:
    return f"{number}. {lesson.title}"


def answer(lesson: Lesson, predicted: str) -> str:
    """What the simulation shows beside what was predicted, and what was found in people."""
    shows = lesson.choices[lesson.seen - 1]
    verdict = "as you predicted" if shows == predicted else f"you predicted: {predicted}"
    sources = "\n".join(f"- {source}" for source in lesson.sources)
    return (
        f"**The simulation shows: {shows}** ({verdict}).\n\n{lesson.because.strip()}\n\n"
        f"**What was found in people**\n\n{lesson.found.strip()}\n\n{sources}"
    )
