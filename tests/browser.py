"""A headless Chromium for tests of pages; tests skip where there is none, and say why."""

from __future__ import annotations

import importlib.util
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

# No network of its own, and drawing in software.
FLAGS = (
    "--no-sandbox",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--use-gl=angle",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    "--disable-accelerated-2d-canvas",
)
CANDIDATES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def chromium() -> str | None:
    """Path of an installed Chromium; CHROMIUM in the environment names another."""
    named = os.environ.get("CHROMIUM")
    return named or next((path for name in CANDIDATES if (path := shutil.which(name))), None)


def missing() -> str:
    """What tests in a browser lack here; nothing where they can run."""
    if importlib.util.find_spec("viser") is None:
        return "viser is not installed (the extra lab)"
    if importlib.util.find_spec("playwright") is None:
        return "playwright is not installed (the extra test)"
    if chromium() is None:
        return "no Chromium was found (on Debian: apt install chromium; or name one in CHROMIUM)"
    return ""


@contextmanager
def browser() -> Iterator[Any]:
    """A running Chromium."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        running = play.chromium.launch(executable_path=chromium(), args=list(FLAGS))
        try:
            yield running
        finally:
            running.close()
