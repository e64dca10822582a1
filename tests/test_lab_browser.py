"""The lab's page in a real browser: a headless Chromium, driven as a student would."""

import time
from collections.abc import Callable, Iterator
from typing import Any

import browser
import pytest

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(bool(browser.missing()), reason=browser.missing() or "runs"),
]
PATIENCE_S = 90.0  # for a busy machine


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    with browser.browser() as running:
        yield running


@pytest.fixture
def lab() -> Iterator[Any]:
    from neurocoord.lab.server import Lab

    running = Lab(port=0, room=2)
    yield running
    running.stop()


def wait_for(what: Callable[[], Any], patience_s: float = PATIENCE_S) -> Any:
    """The first true value of `what`; fails where none comes."""
    end = time.monotonic() + patience_s
    while time.monotonic() < end:
        if found := what():
            return found
        time.sleep(0.2)
    raise AssertionError(f"waited {patience_s:g} s in vain")


def open_page(chromium: Any, lab: Any, words: str = "simulated") -> Any:
    page = chromium.new_page(viewport={"width": 1400, "height": 1000})
    page.set_default_timeout(1000 * PATIENCE_S)
    page.goto(f"http://127.0.0.1:{lab.port}")
    page.get_by_text(words).first.wait_for()
    return page


def shown(page: Any, row: str) -> float | None:
    """The figure of now in a row of the page's table."""
    cell = page.locator("tr", has_text=row).locator("td").nth(1)
    text = cell.inner_text() if cell.count() else ""
    return float(text) if text.strip() else None


def test_a_slider_moves_the_force(chromium: Any, lab: Any) -> None:
    page = open_page(chromium, lab)
    before = wait_for(lambda: shown(page, "mean force"))
    slider = page.get_by_role("slider").first
    slider.focus()
    for _ in range(20):
        page.keyboard.press("ArrowRight")  # by keyboard alone
    muscle = next(iter(lab._pages.values())).muscle.muscle
    wait_for(lambda: muscle.dials.drive_percent == 50.0)
    after = wait_for(lambda: (f := shown(page, "mean force")) and f > before + 10.0 and f)
    assert after > before + 10.0
    page.close()
