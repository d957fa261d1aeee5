"""The pages of the site: paths below its folder and their bytes, the same for the same catalog."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from functools import cached_property
from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from holdall_composites.service.site.catalog import Catalog, Entry, File
from holdall_composites.service.site.graph import (
    GAP,
    TILE_HEIGHT,
    TILE_WIDTH,
    draw_graph,
)
from holdall_composites.service.site.text import code_styles, render_code, render_markdown
from holdall_composites.service.site.write import SiteFile

PER_PAGE = 200
_PACKAGE = "holdall_composites.service.site"


def slug_of(text: str) -> str:
    """Return the name of a page about something whose name may be anything."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]


class Pages:
    """Renders a catalog."""

    def __init__(self, catalog: Catalog, version: str) -> None:
        self.catalog, self.version = catalog, version

    @cached_property
    def _templates(self) -> Environment:
        environment = Environment(
            loader=PackageLoader(_PACKAGE),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        environment.filters["shown"] = _shown_size
        environment.globals.update(slug_of=slug_of, render_file=_render_file)
        return environment

    def render(self) -> Iterator[SiteFile]:
        """Yield every page, and what they use."""
        yield from self._static()
        yield SiteFile("search.json", self._search())
        for entry in self.catalog.entries:
            yield SiteFile(
                f"a/{entry.uuid}/index.html", self._page("entry.html", "../../", entry=entry)
            )
        yield from self._lists()
        for source, entries in self.catalog.by_source().items():
            told = {"source": source, "entries": entries}
            yield SiteFile(
                f"source/{slug_of(source)}.html", self._page("source.html", "../", **told)
            )
        for release in self.catalog.releases:
            told = {"release": release}
            yield SiteFile(
                f"release/{release.number}.html", self._page("release.html", "../", **told)
            )
        graph = draw_graph(self.catalog)
        sizes = {"tile_width": TILE_WIDTH, "tile_height": TILE_HEIGHT, "gap": GAP}
        yield SiteFile("graph.html", self._page("graph.html", "", graph=graph, **sizes))
        yield SiteFile("releases.html", self._page("releases.html", ""))
        yield SiteFile("feed.xml", self._page("feed.xml", ""))

    def _page(self, template: str, root: str, **told: Any) -> bytes:
        page = self._templates.get_template(template)
        text = page.render(catalog=self.catalog, root=root, version=self.version, **told)
        return (text.rstrip("\n") + "\n").encode()

    def _lists(self) -> Iterator[SiteFile]:
        entries = self.catalog.entries
        count = max(1, -(-len(entries) // PER_PAGE))
        for number in range(count):
            part = entries[number * PER_PAGE : (number + 1) * PER_PAGE]
            path = "index.html" if number == 0 else f"page/{number + 1}.html"
            root = "" if number == 0 else "../"
            told = {"entries": part, "number": number + 1, "count": count}
            yield SiteFile(path, self._page("index.html", root, facets=_facets(entries), **told))

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

    def _static(self) -> Iterator[SiteFile]:
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
    if file.text is None:
        return ""
    if file.path.endswith(".md"):
        return render_markdown(file.text)
    return render_code(file.text, file.path)


def _shown_size(size: int) -> str:
    return f"{size:,} B" if size < 10_000 else f"{size / 1024:,.0f} KiB"
