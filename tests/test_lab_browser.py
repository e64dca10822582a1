"""The lab's page in a real browser: a headless Chromium, driven as a student would."""

from collections.abc import Iterator
from typing import Any

import browser
import pytest

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(bool(browser.missing()), reason=browser.missing() or "runs"),
]
PATIENCE_S = 300.0  # for a busy machine


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    with browser.browser() as running:
        yield running


@pytest.fixture(scope="module")
def lab() -> Iterator[Any]:
    from neurocoord.lab.body import LiveBody
    from neurocoord.lab.server import Lab

    LiveBody().advance(0.05)  # compiled here, where nobody waits for it
    running = Lab(port=0, room=1)
    yield running
    running.stop()


def wait_for(what: Any) -> Any:
    from lab_visitor import wait_for

    return wait_for(what, PATIENCE_S)


def open_page(chromium: Any, lab: Any, words: str = "simulated") -> Any:
    page = chromium.new_page(viewport={"width": 1440, "height": 900})
    page.set_default_timeout(1000 * PATIENCE_S)
    page.goto(f"http://127.0.0.1:{lab.port}")
    page.get_by_text(words).first.wait_for()
    return page


@pytest.fixture
def page(chromium: Any, lab: Any) -> Iterator[Any]:
    wait_for(lambda: lab.n_pages == 0)
    one = open_page(chromium, lab)
    yield one
    one.close()


def ours(lab: Any) -> Any:
    """The page's own side on the server."""
    return next(iter(lab._pages.values()))


def shown(page: Any, row: str) -> float | None:
    """The figure of now in a row of the page's table."""
    cell = page.locator("tr", has_text=row).locator("td").nth(1)
    text = cell.inner_text() if cell.count() else ""
    return float(text) if text.strip() else None


def choose(page: Any, label: str, words: str) -> None:
    """Choose in a list by the start of the choice's words."""
    page.get_by_label(label).first.click()
    page.get_by_role("option", name=words).first.click()


def test_a_slider_moves_the_force(page: Any, lab: Any) -> None:
    before = wait_for(lambda: shown(page, "mean force"))
    page.get_by_role("slider").first.focus()
    for _ in range(20):
        page.keyboard.press("ArrowRight")  # by keyboard alone
    muscle = ours(lab).muscle.muscle
    wait_for(lambda: muscle.dials.drive_percent == 50.0)
    after = wait_for(lambda: (f := shown(page, "mean force")) and f > before + 10.0 and f)
    assert after == pytest.approx(muscle.compare().now.force_percent, abs=3.0)


def test_the_effort_begins_and_ends_by_keyboard(page: Any, lab: Any) -> None:
    page.get_by_role("button", name="Rest", exact=True).focus()
    page.keyboard.press("Enter")
    wait_for(lambda: ours(lab).muscle.muscle.effort == "rest")
    page.get_by_text("at rest").first.wait_for()


def test_a_lesson_is_gone_through(page: Any, lab: Any) -> None:
    choose(page, "Lesson", "3. Synchrony and steadiness")
    assert page.get_by_text("Set it up and try").count() == 0  # first a prediction
    choose(page, "I predict", "It rises")
    page.get_by_text("Set it up and try").click()
    muscle = ours(lab).muscle.muscle
    wait_for(lambda: muscle.twin is not None and muscle.dials.strategy == "short_term")
    page.get_by_text("What does it show").click()
    page.get_by_text("The simulation shows: It stays as it is").wait_for()
    page.get_by_text("Yao, Fuglevand & Enoka 2000").first.wait_for()
    page.locator("tr", has_text="SD of force").get_by_text("%)").wait_for()  # a difference


def test_a_body_crawls_and_is_pushed(page: Any, lab: Any) -> None:
    page.get_by_text("One body", exact=True).first.click()
    wait_for(lambda: ours(lab).body.latest is not None)
    assert lab.n_bodies == 1
    page.get_by_role("button", name="left", exact=True).click()
    wait_for(lambda: ours(lab).body.latest.n_pushes == 1)
    page.get_by_text("One muscle", exact=True).first.click()
    wait_for(lambda: lab.n_bodies == 0)


def test_a_full_room_is_told_and_a_place_that_is_left_is_taken(
    page: Any, chromium: Any, lab: Any
) -> None:
    other = open_page(chromium, lab, "The room is full")
    assert lab.n_pages == 1
    page.close()
    other.get_by_text("simulated").first.wait_for()
    assert lab.n_pages == 1
    other.close()
    wait_for(lambda: lab.n_pages == 0)
