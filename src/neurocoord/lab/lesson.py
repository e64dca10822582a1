"""Lessons: a question, a prediction, a thing to try, what was found. One TOML file each.

[lesson]            title, question, try, found: text in Markdown
order = 3           place in the list (numbers may be left out: by name)
choices = [...]     2 to 6 predictions to choose from
seen = 2            which of them the simulation shows (1 is the first)
because = "..."     why
view = "muscle"     or "body"
sources = [...]     what the findings stand on
[now]               dials of `dials.MuscleDials` or `BodyDials` to begin with
[twin]              optional, of a muscle: dials of the twin
"""

from __future__ import annotations

import math
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from neurocoord.lab.dials import BodyDials, MuscleDials, with_all
from neurocoord.settings import unknown

VIEWS = ("muscle", "body")
MOST_CHOICES = 6
MOST_BYTES = 100_000  # of a file (choice)
OWN = Path(__file__).parent / "lessons"


@dataclass(frozen=True, kw_only=True)
class Lesson:
    """A lesson as it was written."""

    title: str
    question: str
    choices: tuple[str, ...]
    seen: int  # of `choices`, from 1
    because: str
    try_: str
    found: str
    sources: tuple[str, ...]
    view: str
    order: float = 1000.0
    now: MuscleDials | BodyDials
    twin: MuscleDials | None = None
    file: str = ""


class LessonError(ValueError):
    """A lesson's file is not as it must be; the message names the file, and what is allowed."""


def load(folder: Path | None = None) -> tuple[Lesson, ...]:
    """The lab's own lessons and those of a folder, in order; LessonError where one is amiss."""
    files = sorted(OWN.glob("*.toml"))
    if folder is not None:
        if not folder.is_dir():
            raise LessonError(f"lessons: {folder} is no folder")
        found = sorted(folder.glob("*.toml"))
        if not found:
            raise LessonError(f"lessons: {folder} holds no file that ends in .toml")
        files += found
    lessons = [read(file) for file in files]
    return tuple(sorted(lessons, key=lambda lesson: (lesson.order, lesson.file)))


def read(file: Path) -> Lesson:
    """The lesson in a file."""
    try:
        data = file.read_bytes()
        if len(data) > MOST_BYTES:
            raise LessonError(f"{file.name} is longer than {MOST_BYTES // 1000} kB")
        given = tomllib.loads(data.decode("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as failure:
        raise LessonError(f"{file.name} cannot be read: {failure}") from None
    try:
        return _lesson(given, file.name)
    except ValueError as failure:
        raise LessonError(f"{file.name}: {failure}") from None


_TEXTS = ("title", "question", "because", "try", "found")
_KEYS = (*_TEXTS, "choices", "seen", "sources", "view", "order")


def _lesson(given: dict[str, Any], file: str) -> Lesson:
    _check_names("table", given, ("lesson", "now", "twin"), ("lesson",))
    lesson = given["lesson"]
    _check_names("lesson", lesson, _KEYS, (*_TEXTS, "choices", "seen", "sources", "view"))
    for name in _TEXTS:
        if not isinstance(lesson[name], str) or not lesson[name].strip():
            raise ValueError(f"lesson.{name} must be a text that is not empty")
    choices, sources = (_texts(lesson, name) for name in ("choices", "sources"))
    if not 2 <= len(choices) <= MOST_CHOICES:
        raise ValueError(f"lesson.choices has {len(choices)}; 2 to {MOST_CHOICES} are allowed")
    if len(set(choices)) < len(choices):
        raise ValueError("lesson.choices holds the same text twice")
    seen, view, order = lesson["seen"], lesson["view"], lesson.get("order", 1000.0)
    if type(seen) is not int or seen not in range(1, len(choices) + 1):
        raise ValueError(f"lesson.seen={seen!r} is not allowed; it is 1 to {len(choices)}")
    if view not in VIEWS:
        raise ValueError(unknown("lesson.view", view, VIEWS))
    if type(order) not in (int, float) or not math.isfinite(order):
        raise ValueError(f"lesson.order={order!r} is not allowed; it is a number")
    if view == "body" and "twin" in given:
        raise ValueError("twin is not allowed where the view is a body; only a muscle has one")
    turned = {name: given.get(name, {}) for name in ("now", "twin")}
    for name, dials in turned.items():
        if not isinstance(dials, dict):
            raise ValueError(f"[{name}] must be a table")
    now: MuscleDials | BodyDials
    twin = None
    if view == "body":
        now = with_all(BodyDials(), turned["now"])
    else:
        now = with_all(MuscleDials(), turned["now"])
        twin = with_all(now, turned["twin"]) if "twin" in given else None
    return Lesson(
        title=lesson["title"],
        question=lesson["question"],
        choices=choices,
        seen=seen,
        because=lesson["because"],
        try_=lesson["try"],
        found=lesson["found"],
        sources=sources,
        view=view,
        order=float(order),
        now=now,
        twin=twin,
        file=file,
    )


def _check_names(what: str, given: Any, allowed: tuple[str, ...], needed: tuple[str, ...]) -> None:
    if not isinstance(given, dict):
        raise ValueError(f"[{what}] must be a table")
    for name in given:
        if name not in allowed:
            raise ValueError(unknown(what, name, allowed))
    missing = [name for name in needed if name not in given]
    if missing:
        raise ValueError(f"{what} has no {', '.join(missing)}")


def _texts(lesson: dict[str, Any], name: str) -> tuple[str, ...]:
    values = lesson[name]
    if not isinstance(values, list) or not all(isinstance(v, str) and v.strip() for v in values):
        raise ValueError(f"lesson.{name} must be a list of texts")
    return tuple(values)
