"""The lab's lessons: its own, and what is told of one that is amiss."""

from pathlib import Path

import pytest

from neurocoord.lab.body import Figures, LiveBody
from neurocoord.lab.dials import BodyDials, MuscleDials, with_all
from neurocoord.lab.lesson import Lesson, LessonError, load, read
from neurocoord.lab.muscle import LiveMuscle

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
        (("seen = 2", "seen = 2.0"), "seen=2.0 is not allowed; it is 1 to 2"),
        (('view = "muscle"', 'view = "muscel"'), "allowed: muscle, body; did you mean 'muscle'"),
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


# ---- what they say is what the simulation shows ----


def _lesson(title: str) -> Lesson:
    return next(lesson for lesson in load() if lesson.title == title)


def _muscle(lesson: Lesson, seconds: float = 6.0, **dials: object) -> LiveMuscle:
    assert isinstance(lesson.now, MuscleDials)
    muscle = LiveMuscle(seed=4)
    muscle.set_up(with_all(lesson.now, dials), lesson.twin)
    muscle.advance(round(1000 * seconds))
    return muscle


def test_recruitment_small_units_come_first() -> None:
    lesson = _lesson("Recruitment")
    few, many = _muscle(lesson), _muscle(lesson, drive_percent=50.0)
    at_work = few.now.rates_hz() > 0
    assert not at_work[len(at_work) // 2 :].any()
    assert many.compare().now.active_units > 1.8 * few.compare().now.active_units
    other = _muscle(lesson, order="reversed").compare().now
    assert other.force_percent > 5.0 * few.compare().now.force_percent
    assert other.force_cv_percent > 1.3 * few.compare().now.force_cv_percent


def test_rate_coding_raises_force_when_no_unit_is_left() -> None:
    lesson = _lesson("Rate coding")
    before, after = _muscle(lesson).compare().now, _muscle(lesson, drive_percent=100).compare().now
    assert before.active_units == after.active_units == 120
    assert after.rate_hz > before.rate_hz + 1.0
    assert after.force_percent > 1.2 * before.force_percent


def test_synchrony_leaves_the_mean_and_moves_the_rest() -> None:
    found = _muscle(_lesson("Synchrony and steadiness"), 15.0).compare()
    now, twin = found.now, found.twin
    assert abs(now.force_percent / twin.force_percent - 1.0) < 0.02
    assert now.force_sd_percent > 1.3 * twin.force_sd_percent
    assert now.emg > 1.2 * twin.emg


def test_fatigue_is_made_up_for_by_drive() -> None:
    muscle = _muscle(_lesson("Fatigue and compensation"))
    early, drive = muscle.compare().now, muscle.now.held_drive
    muscle.advance(60_000)
    late = muscle.compare().now
    assert late.force_percent == pytest.approx(50.0, abs=1.5)
    assert muscle.now.held_drive > drive + 0.03
    assert late.active_units > early.active_units and late.emg > early.emg


def test_fast_training_helps_most_in_the_first_50_ms() -> None:
    muscle = _muscle(_lesson("Doublets and fast force"), 1.0)
    muscle.begin("rest")
    muscle.advance(600)
    for _ in range(6):
        muscle.begin("ballistic")
        muscle.advance(1650)
    found = muscle.compare()
    gain = found.now_bursts.mean / found.twin_bursts.mean - 1.0
    assert gain[0] > 0.2 and gain[0] > gain[1] > gain[2]


def _body(dials: BodyDials, seconds: float) -> Figures:
    body = LiveBody(dials)
    body.advance(seconds)
    assert body.goes_on
    return body.figures()


@pytest.mark.slow
def test_antagonists_that_work_along_cost() -> None:
    lesson = _lesson("Agonist, antagonist, stabilizer")
    assert isinstance(lesson.now, BodyDials)
    plain = _body(lesson.now, 4.5)
    stiff = _body(with_all(lesson.now, {"allocation": "co_contraction"}), 4.5)
    assert stiff.speed_m_per_s == pytest.approx(plain.speed_m_per_s, rel=0.1)
    assert stiff.cost_j_per_kg_m > 1.1 * plain.cost_j_per_kg_m
    assert stiff.cocontraction_percent["elbow"] > plain.cocontraction_percent["elbow"] + 5.0


@pytest.mark.slow
def test_chains_take_turns_in_a_roll_and_the_trunk_is_stiffer_in_a_crawl() -> None:
    lesson = _lesson("The chains in rolling")
    assert isinstance(lesson.now, BodyDials)
    body = LiveBody(lesson.now)
    body.advance(0.7)
    early, trunk = body.figures().chain_share_now, []
    while not body.outcome:
        body.advance(0.1)
        trunk.append(body.figures().cocontraction_percent["trunk"])
    late = body.figures().chain_share_now
    assert early["anterior"] > early["posterior"] and late["posterior"] > late["anterior"]
    crawl = _body(with_all(BodyDials(), {"task": "crawl"}), 4.5)
    assert crawl.cocontraction_percent["trunk"] > sum(trunk) / len(trunk) + 10.0
