"""The pages of the site: paths below its folder and their bytes, the same for the same catalog."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from holdall.formats import one_line
from holdall_composites.service.site.catalog import (
    Catalog,
    Entry,
    File,
    Release,
    by_source,
)
from holdall_composites.service.site.graph import (
    GAP,
    TILE_HEIGHT,
    TILE_WIDTH,
    draw_graph,
)
from holdall_composites.service.site.write import SiteFile

PER_PAGE = 200
_PACKAGE = "holdall_composites.service.site"


def slug_of(text: str) -> str:
    """Return the name of a page about something whose name may be anything."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader(_PACKAGE),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["shown"] = _shown_size
    environment.filters["plain"] = one_line
    environment.globals.update(slug_of=slug_of, render_file=_render_file)
    return environment


class _Renderer:
    """Fills templates; every page has the collection's name and Holdall's version."""

    def __init__(self, name: str, version: str) -> None:
        self._values = {"name": name, "version": version}
        self._templates = _environment()

    def page(self, template: str, root: str, **values: Any) -> bytes:
        """Return a page that lies where `root` leads to the top."""
        page = self._templates.get_template(template)
        text = page.render(root=root, **self._values, **values)
        return (text.rstrip("\n") + "\n").encode()


class EntryPages:
    """Renders the page of one entry after the other."""

    def __init__(self, name: str, version: str) -> None:
        self._renderer = _Renderer(name, version)

    def render(self, entry: Entry) -> bytes:
        """Return the page of an entry."""
        return self._renderer.page("entry.html", "../../", entry=entry)


class ListPages:
    """Renders what lists entries and releases."""

    def __init__(self, catalog: Catalog, version: str) -> None:
        self.catalog = catalog
        self._renderer = _Renderer(catalog.name, version)

    def render(self) -> Iterator[SiteFile]:
        """Yield every page."""
        yield SiteFile("search.json", self._search())
        yield from self._lists()
        for source, entries in by_source(self.catalog.entries).items():
            fields = {"source": source, "entries": entries}
            yield SiteFile(
                f"source/{slug_of(source)}.html", self._page("source.html", "../", **fields)
            )
        graph = draw_graph(self.catalog.entries)
        sizes = {"tile_width": TILE_WIDTH, "tile_height": TILE_HEIGHT, "gap": GAP}
        yield SiteFile("graph.html", self._page("graph.html", "", graph=graph, **sizes))
        yield SiteFile("releases.html", self._page("releases.html", ""))
        yield SiteFile("feed.xml", self._page("feed.xml", ""))

    def render_release(self, release: Release) -> SiteFile:
        """Return the page of a release."""
        page = self._page("release.html", "../", release=release)
        return SiteFile(f"release/{release.number}.html", page)

    def _page(self, template: str, root: str, **values: Any) -> bytes:
        return self._renderer.page(template, root, catalog=self.catalog, **values)

    def _lists(self) -> Iterator[SiteFile]:
        entries = self.catalog.entries
        count = max(1, -(-len(entries) // PER_PAGE))
        facets = _facets(entries)
        for number in range(count):
            part = entries[number * PER_PAGE : (number + 1) * PER_PAGE]
            path = "index.html" if number == 0 else f"page/{number + 1}.html"
            root = "" if number == 0 else "../"
            fields = {"entries": part, "number": number + 1, "count": count, "facets": facets}
            yield SiteFile(path, self._page("index.html", root, **fields))

    def _search(self) -> bytes:
        rows = [
            [
                entry.uuid,
                entry.id,
                entry.type,
                entry.description,
                entry.source,
                entry.licence,
                entry.agents,
                int(bool(entry.runs)),
                int(bool(entry.problems)),
            ]
            for entry in self.catalog.entries
        ]
        return json.dumps(rows, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def static_files() -> Iterator[SiteFile]:
    """Yield the styles and scripts."""
    from holdall_composites.service.site.text import code_styles

    folder = files(_PACKAGE) / "static"
    for name in ("site.css", "site.js", "graph.js"):
        yield SiteFile(f"static/{name}", (folder / name).read_bytes())
    yield SiteFile("static/code.css", code_styles().encode())


def _facets(entries: list[Entry]) -> Mapping[str, list[str]]:
    return {
        "type": sorted({entry.type for entry in entries}),
        "source": sorted({entry.source for entry in entries if entry.source}),
        "licence": sorted({entry.licence for entry in entries if entry.licence}),
        "agent": sorted({agent for entry in entries for agent in entry.agents}),
    }


def _render_file(file: File) -> str:
    from holdall_composites.service.site.text import render_code, render_markdown

    if file.text is None:
        return ""
    if file.path.endswith(".md"):
        return render_markdown(file.text)
    return render_code(file.text, file.path)


def _shown_size(size: int) -> str:
    return f"{size:,} B" if size < 10_000 else f"{size / 1024:,.0f} KiB"
