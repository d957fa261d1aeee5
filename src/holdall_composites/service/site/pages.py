"""The pages of the site: paths below its folder and their bytes, the same for the same catalog."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from holdall import NamedTuple
from holdall.formats import one_line
from holdall_composites.service.site.catalog import Catalog, Entry, File, by_source
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


class Page(NamedTuple):
    """A page that lists; `shows` is all that it is made from, as JSON can have it."""

    path: str
    shows: object
    draw: Callable[[], bytes]

    def files(self) -> Iterator[SiteFile]:
        """Yield the one file, which is drawn when it is asked for."""
        yield SiteFile(self.path, self.draw())


class ListPages:
    """The pages that list entries and releases."""

    def __init__(self, catalog: Catalog, version: str) -> None:
        self.catalog = catalog
        self._renderer = _Renderer(catalog.name, version)
        self._rows = {entry.uuid: _row(entry) for entry in catalog.entries}

    def pages(self) -> Iterator[Page]:
        """Yield every page; none is drawn yet."""
        entries, releases = self.catalog.entries, self.catalog.releases
        yield Page("search.json", self._rows_of(entries), self._search)
        yield from self._lists()
        for source, some in by_source(entries).items():
            path = f"source/{slug_of(source)}.html"
            values = {"source": source, "entries": some}
            yield self._page(path, "source.html", [source, self._rows_of(some)], values)
        members = [[entry.uuid, [link.uuid for link in entry.members]] for entry in entries]
        yield Page("graph.html", [self._rows_of(entries), members], self._graph)
        for release in releases:
            path = f"release/{release.number}.html"
            yield self._page(path, "release.html", release, {"release": release})
        fields: dict[str, Any] = {"catalog": self.catalog}
        yield self._page("releases.html", "releases.html", releases, fields)
        head = [self.catalog.collection, self.catalog.at]
        yield self._page("feed.xml", "feed.xml", [head, releases], fields)

    def _page(self, path: str, template: str, shows: object, values: Mapping[str, Any]) -> Page:
        root = "../" * path.count("/")
        return Page(path, shows, partial(self._renderer.page, template, root, **values))

    def _rows_of(self, entries: Iterable[Entry]) -> list[list[object]]:
        return [self._rows[entry.uuid] for entry in entries]

    def _lists(self) -> Iterator[Page]:
        entries = self.catalog.entries
        count = max(1, -(-len(entries) // PER_PAGE))
        facets = _facets(entries)
        for number in range(1, count + 1):
            part = entries[(number - 1) * PER_PAGE : number * PER_PAGE]
            path = "index.html" if number == 1 else f"page/{number}.html"
            # Only the first page names the release, so that the others stay as they are.
            head = [len(entries), self.catalog.release, self.catalog.at] if number == 1 else []
            fields = {"entries": part, "number": number, "count": count, "facets": facets}
            shows = [self._rows_of(part), number, count, facets, head]
            yield self._page(path, "index.html", shows, {**fields, "catalog": self.catalog})

    def _graph(self) -> bytes:
        graph = draw_graph(self.catalog.entries)
        sizes = {"tile_width": TILE_WIDTH, "tile_height": TILE_HEIGHT, "gap": GAP}
        return self._renderer.page("graph.html", "", graph=graph, **sizes)

    def _search(self) -> bytes:
        rows = [[*row[:-1], int(bool(row[-1]))] for row in self._rows_of(self.catalog.entries)]
        return json.dumps(rows, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def _row(entry: Entry) -> list[Any]:
    """Return what a list shows of an entry; the last is how many problems it has."""
    return [
        entry.uuid,
        entry.id,
        entry.type,
        entry.description,
        entry.source,
        entry.licence,
        entry.agents,
        int(bool(entry.runs)),
        len(entry.problems),
    ]


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
