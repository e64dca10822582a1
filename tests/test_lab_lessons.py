"""The lab's lessons: its own, and what is told of one that is amiss."""

from pathlib import Path

import pytest

from neurocoord.lab.lesson import LessonError, load, read

GOOD = """
[lesson]
title = "Mine"
order = 2.5
view = "muscle"
question = "What happens?"
choices = ["this", "that"]
seen = 2
because = "So it is."
try = "Turn it."
found = "Nobody looked."
sources = ["A choice of ours."]
[now]
drive_percent = 40
[twin]
strategy = "short_term"
"""


def _write(folder: Path, text: str) -> Path:
    path = folder / "mine.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_the_lab_has_eight_lessons_that_can_be_read() -> None:
    lessons = load()
    assert len(lessons) == 8
    assert [lesson.order for lesson in lessons] == list(range(1, 9))
    assert len({lesson.title for lesson in lessons}) == 8
    assert all(lesson.sources for lesson in lessons)
    assert {lesson.view for lesson in lessons} == {"muscle", "body"}


def test_a_teachers_lesson_is_one_file_that_takes_its_place(tmp_path: Path) -> None:
    _write(tmp_path, GOOD)
    lessons = load(tmp_path)
    assert [lesson.title for lesson in lessons].index("Mine") == 2
    mine = lessons[2]
    assert mine.now.drive_percent == 40.0
    assert mine.twin is not None and mine.twin.strategy == "short_term"
    assert mine.twin.drive_percent == 40.0


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("seen = 2", "seen = 3"), "seen=3 is not allowed; it is 1 to 2"),
        (('view = "muscle"', 'view = "muscel"'), "it may be muscle, body"),
        (("drive_percent = 40", "drive_percent = 140"), "0 to 100"),
        (("drive_percent", "drive_percnt"), "did you mean 'drive_percent'"),
        (('try = "Turn it."', ""), "lesson has no try"),
        (('question = "What happens?"', 'question = " "'), "question must be a text"),
        (('["this", "that"]', '["this"]'), "2 to 6"),
        (('["this", "that"]', '["this", "this"]'), "twice"),
        (('["A choice of ours."]', '"A choice of ours."'), "sources must be a list"),
        (("[twin]", "[twins]"), "did you mean 'twin'"),
        (("[lesson]", "[lesson"), "cannot be read"),
        (("order = 2.5", 'order = "first"'), "it is a number"),
        (("order = 2.5", "oder = 2.5"), "did you mean 'order'"),
        (('view = "muscle"', 'view = "body"'), "twin is not allowed"),
    ],
)
def test_what_is_amiss_is_told_with_the_file_and_what_is_allowed(
    change: tuple[str, str], words: str, tmp_path: Path
) -> None:
    assert change[0] in GOOD
    path = _write(tmp_path, GOOD.replace(*change))
    with pytest.raises(LessonError, match=words) as told:
        read(path)
    assert str(told.value).startswith("mine.toml")


def test_an_empty_folder_and_a_missing_one_are_told(tmp_path: Path) -> None:
    with pytest.raises(LessonError, match=r"no file that ends in \.toml"):
        load(tmp_path)
    with pytest.raises(LessonError, match="is no folder"):
        load(tmp_path / "nowhere")
