"""The documentation as a site in a real Chromium: six pages, wide and narrow, each link inside."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from http.server import ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from browser.chromium import Quiet, browser, picture
from e2e.kit import REPOSITORY

pytest.importorskip("mkdocs", reason="`make docs-site` installs it")
pytestmark = [pytest.mark.e2e, pytest.mark.slow]

__all__ = ["browser"]

PAGES = ["index", "tutorial", "howto/write", "commands", "configuration", "projects"]


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of the site, built and served."""
    folder: Path = tmp_path_factory.mktemp("docs")
    subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--quiet", "--site-dir", folder],
        cwd=REPOSITORY,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
        check=True,
    )
    handler = partial(Quiet, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
        thread.join()


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("width", [1280, 390])
def test_a_page(url: str, browser: Any, name: str, width: int) -> None:
    """It has its heading and pictures, no error, nothing from elsewhere, and fits the screen."""
    context = browser.new_context(viewport={"width": width, "height": 800})
    page = context.new_page()
    asked: list[str] = []
    wrong: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("response", lambda answer: wrong.extend([answer.url] * (not answer.ok)))
    page.goto(f"{url}{name}.html", wait_until="networkidle")
    assert page.inner_text("h1")
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    broken = "[...document.images].filter(i => i.complete && !i.naturalWidth).map(i => i.src)"
    assert page.evaluate(broken) == []
    if width > 1000:
        picture(page, f"docs-{name.rpartition('/')[2]}")
    context.close()
    assert not wrong
    assert all(one.startswith(url) for one in asked), asked


def test_search_finds_a_command(url: str, browser: Any) -> None:
    """A word leads to the page that explains it."""
    page = browser.new_page()
    page.goto(url, wait_until="networkidle")
    page.click("input[name=query]")
    page.locator("input[name=query]").press_sequentially("environment")
    page.wait_for_selector(".md-search-result__link", timeout=10_000)
    assert "configuration.html" in page.inner_html(".md-search-result__list")
    page.close()
