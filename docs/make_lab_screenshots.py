"""Photograph the lab's page for docs/lab.md and the README into docs/figures/lab/; some minutes.

    python docs/make_lab_screenshots.py                # all of them
    python docs/make_lab_screenshots.py --only body

Needs the extras `lab` and `test` and a Chromium (`tests/browser.py` says which are found). Look at
what comes out: on a machine without graphics it is drawn in software, and slowly.
"""

from __future__ import annotations

import argparse
import re
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(REPOSITORY / "tests"))

import browser  # noqa: E402

FOLDER = REPOSITORY / "docs" / "figures" / "lab"
SIZE = {"width": 1440, "height": 900}
PATIENCE_MS = 300_000


def muscle(page: Any) -> None:
    """A muscle with short-term synchrony beside its independent twin."""
    page.get_by_text("Keep these settings").click()
    choose(page, "Synchrony", "short term")
    page.get_by_text("come after a few seconds").first.wait_for()
    _steady(page)


def lesson(page: Any) -> None:
    """The first lesson, answered."""
    choose(page, "Lesson", "1. Recruitment")
    choose(page, "I predict", "Small units first")
    page.get_by_text("Set it up and try").click()
    page.get_by_text("What does it show").click()
    _steady(page)
    page.get_by_text("The simulation shows").first.scroll_into_view_if_needed()


def body(page: Any) -> None:
    """A crawling body, some seconds after its start."""
    page.get_by_text("One body", exact=True).first.click()
    page.get_by_text("real time").first.wait_for()
    page.get_by_text("Over the last 2.0 s").first.wait_for()


PICTURES: dict[str, Callable[[Any], None]] = {"muscle": muscle, "lesson": lesson, "body": body}


def choose(page: Any, label: str, words: str) -> None:
    """Choose in a list by the start of the choice's words."""
    page.get_by_label(label).first.click()
    page.get_by_role("option", name=words).first.click()


def _steady(page: Any) -> None:
    page.get_by_text(re.compile(r"Steady figures over the last (8|9|1\d|20)\.")).first.wait_for()


def run(only: list[str]) -> None:
    """Open the lab and photograph it."""
    from neurocoord.lab.server import Lab

    FOLDER.mkdir(parents=True, exist_ok=True)
    lab = Lab(port=0)
    try:
        with browser.browser() as chromium:
            for name in only:
                page = chromium.new_page(viewport=SIZE)
                page.set_default_timeout(PATIENCE_MS)
                page.goto(f"http://127.0.0.1:{lab.port}")
                page.get_by_text("simulated").first.wait_for()
                toast = page.locator(".mantine-Notification-closeButton").first
                toast.wait_for()  # that the browser draws in software
                toast.click()
                PICTURES[name](page)
                time.sleep(1.0)
                page.screenshot(path=FOLDER / f"{name}.png", timeout=PATIENCE_MS)
                page.close()
                print(FOLDER / f"{name}.png")
    finally:
        lab.stop()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", nargs="+", choices=PICTURES, default=list(PICTURES))
    if lacks := browser.missing():
        raise SystemExit(f"no screenshots: {lacks}")
    run(parser.parse_args().only)


if __name__ == "__main__":
    main()
