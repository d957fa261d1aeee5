"""The site in a real Chromium: search, graph, keyboard, narrow screens, hostile text.

`make test-browser` installs Playwright and axe. HOLDALL_SCREENSHOTS=DIR keeps six pictures.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from http.server import ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from browser.chromium import Quiet, browser, picture
from e2e.kit import Kit, in_this_process, write
from holdall.testing import make_skill

__all__ = ["browser"]

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

SAMPLE = Path(__file__).parents[2] / "examples/sample"
HOSTILE = """---
name: hostile
description: "<img src=x onerror=window.ran=1> <script>window.ran=1</script>"
---
<script>window.ran=1</script> <img src="http://192.0.2.1/a.png" onerror="window.ran=1">
![b](http://192.0.2.1/b.png) [c](javascript:window.ran=1) <svg onload="window.ran=1"></svg>
<iframe srcdoc="<script>parent.ran=1</script>"></iframe> [d](data:text/html,x)
"""


class Site:
    """A kit with its site, served, and where."""

    def __init__(self, kit: Kit, folder: Path, url: str) -> None:
        self.kit, self.folder, self.url = kit, folder, url

    def page_of(self, name: str) -> str:
        """Return the address of an entry's page."""
        return f"{self.url}a/{self.kit.uuids()[name]}/index.html"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The sample, a hostile skill and 400 others."""
    folder = tmp_path_factory.mktemp("site")
    kit = Kit(in_this_process, folder)
    kit.run("init", kit.collection)
    kit.run("collect", SAMPLE)
    write(kit.collection / "skills/hostile/SKILL.md", HOSTILE)
    for number in range(400):
        make_skill(kit.collection, f"other-{number:03}", f"words {number}")
    kit.run("collect", status=None)
    kit.run("site", "--to", folder / "www")
    handler = partial(Quiet, directory=str(folder / "www"))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield Site(kit, folder / "www", f"http://127.0.0.1:{server.server_port}/")
        server.shutdown()
        thread.join()


@pytest.fixture
def page(browser: Any, site: Site) -> Iterator[Any]:
    """A page that records what it asks for and what goes wrong in it."""
    context = browser.new_context(viewport={"width": 1100, "height": 800})
    page = context.new_page()
    asked: list[str] = []
    errors: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("pageerror", lambda error: errors.append(str(error)))
    yield page
    context.close()
    assert not errors
    assert all(url.startswith(site.url) for url in asked), asked


def test_search_and_facets(site: Site, page: Any) -> None:
    """Words find names first; a facet narrows; an empty search shows the first page again."""
    page.goto(site.url)
    picture(page, "site-catalog")
    page.fill("#query", "plain prose")
    page.wait_for_function("() => document.querySelectorAll('.card').length === 1")
    page.fill("#query", "")
    page.select_option("select[name=type]", "composite")
    page.wait_for_function("() => document.querySelector('#found').textContent === '2 found'")
    page.select_option("select[name=type]", "")
    page.wait_for_function("() => document.querySelectorAll('.card').length === 200")
    page.fill("#query", "other-39")
    page.wait_for_function("() => document.querySelector('#found').textContent === '10 found'")
    page.check("input[name=runs]")
    page.wait_for_function("() => document.querySelector('#found').textContent === '0 found'")
    page.uncheck("input[name=runs]")
    page.click(".card a")
    page.wait_for_url("**/a/*/index.html")


def test_a_link_by_uuid_survives_a_rename(site: Site, page: Any) -> None:
    """The page says the new name."""
    address = site.page_of("skill:meeting-notes")
    page.goto(address)
    assert "meeting-notes" in page.inner_text("h1")
    site.kit.run("rename", "skill:meeting-notes", "minutes")
    site.kit.run("site", "--to", site.folder)
    page.goto(address)
    assert "minutes" in page.inner_text("h1")
    site.kit.run("undo")
    site.kit.run("site", "--to", site.folder)


def test_the_graph_finds_and_leads(site: Site, page: Any) -> None:
    """A search marks tiles, buttons zoom, a click opens the page."""
    page.goto(f"{site.url}graph.html")
    page.fill("#find", "changelog")
    assert page.inner_text("#hits") == "1 found"
    picture(page, "site-graph")
    width = page.evaluate("document.querySelector('#graph').clientWidth")
    page.click("#larger")
    assert page.evaluate("document.querySelector('#graph').clientWidth") > width
    page.click("#whole")
    page.click("a[data-name='skill:changelog'] text")
    page.wait_for_url(site.page_of("skill:changelog"))
    picture(page, "site-skill")


def test_without_script(site: Site, browser: Any) -> None:
    """Lists, pages and the graph work; what needs a script is not shown."""
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(site.url)
    assert page.locator(".card").count() == 200
    assert not page.locator("#search").is_visible()
    page.click("nav[aria-label=Pages] a >> nth=0")
    assert page.locator(".card").count() == 200
    page.click("text=Graph")
    page.click("a[data-name='skill:changelog']")
    assert "changelog" in page.inner_text("h1")
    context.close()


def test_by_keyboard(site: Site, page: Any) -> None:
    """The first stop skips the head; search and cards follow in order."""
    page.goto(site.url)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.id") == "query"
    page.keyboard.type("changelog")
    page.wait_for_function("() => document.querySelectorAll('.card').length < 10")
    page.focus(".card a")
    page.keyboard.press("Enter")
    page.wait_for_url("**/a/*/index.html")


@pytest.mark.parametrize("width", [320, 380])
def test_a_narrow_screen_needs_no_scrolling_sideways(site: Site, page: Any, width: int) -> None:
    """Neither the catalog nor a page with long words."""
    page.set_viewport_size({"width": width, "height": 700})
    page.emulate_media(color_scheme="dark")
    for name, url in (
        ("site-narrow", site.url),
        ("site-composite", site.page_of("composite:writing")),
        ("site-releases", f"{site.url}releases.html"),
    ):
        page.goto(url)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), url
        if width == 380:
            picture(page, name)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(site: Site, page: Any, scheme: str) -> None:
    """No violation of level A or AA, light and dark."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    page.emulate_media(color_scheme=scheme)
    for url in (
        site.url,
        site.page_of("skill:changelog"),
        site.page_of("skill:hostile"),
        site.page_of("composite:writing"),
        *(f"{site.url}{name}" for name in ("graph.html", "releases.html", "release/1.html")),
    ):
        page.goto(url)
        options = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]}
        found = axe.run(page, options=options).response["violations"]
        told = [(one["id"], one["nodes"][0]["html"]) for one in found]
        assert not told, url


def test_hostile_text_is_inert(site: Site, page: Any) -> None:
    """Nothing of it runs, nothing is fetched, in the page and in what search shows."""
    page.goto(site.page_of("skill:hostile"))
    assert page.evaluate("window.ran") is None
    page.goto(site.url)
    page.fill("#query", "hostile")
    page.wait_for_function("() => document.querySelectorAll('.card').length === 1")
    assert "<script>" in page.inner_text(".card p")
    assert page.evaluate("window.ran") is None
