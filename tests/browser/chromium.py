"""A real Chromium for the tests, and what serves their pages.

Where Playwright or Chromium is not there, importing this skips the module that does.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler
from typing import Any

import pytest

playwright = pytest.importorskip(
    "playwright.sync_api", reason="Playwright is not installed: `make test-browser` installs it"
)
CHROMIUM = os.environ.get("HOLDALL_CHROMIUM") or shutil.which("chromium")
if CHROMIUM is None:
    pytest.skip("there is no Chromium: install one, or set HOLDALL_CHROMIUM", True)

SWITCHES = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
]


class Quiet(SimpleHTTPRequestHandler):
    """A server that says nothing."""

    def log_message(self, *words: Any) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """A Chromium."""
    with playwright.sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=SWITCHES)
        yield browser
        browser.close()


def picture(page: Any, name: str) -> None:
    """Keep a picture for the documentation, where one is asked for."""
    folder = os.environ.get("HOLDALL_SCREENSHOTS")
    if folder:
        page.screenshot(path=f"{folder}/{name}.png")
