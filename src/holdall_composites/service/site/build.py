"""The site of a collection's newest release: what is known stays, what is not is drawn."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path

from holdall import NamedTuple
from holdall.artifacts import FileDigest, Shape
from holdall.collection import Collection, ManifestComposite, render_entry
from holdall.errors import HoldallError
from holdall.files import Tree
from holdall.operations import EXPORT_FORMS
from holdall.plugins import Plugins
from holdall_composites.resolver.resolver import Resolver
from holdall_composites.service.export import plan_export
from holdall_composites.service.site.cache import fingerprint, key_of
from holdall_composites.service.site.catalog import Catalog, Entry, read_catalog
from holdall_composites.service.site.clients import (
    MARKETPLACES,
    Listed,
    Plugin,
    marketplaces,
    plugin_files,
    skill_indexes,
)
from holdall_composites.service.site.parts import (
    DIFFS,
    MAX_TEXT_BYTES,
    Draft,
    Part,
    draw_parts,
    tell,
)
from holdall_composites.service.site.workers import draw_all
from holdall_composites.service.site.write import NoFolder, SiteFile, SiteFolder, Written

_TREES_AT_ONCE = 400
_BATCH, _BATCH_BYTES = 32, 8 << 20


class Site(NamedTuple):
    """The site of a release; `left_out` has a sentence for each thing that is only in the pages."""

    release: int
    written: Written
    left_out: list[str]
    parts: list[Part]


class Request(NamedTuple):
    """What the host knows: its plugins, agents by type; `url` is where the site will be."""

    plugins: Plugins
    agents: Mapping[str, Sequence[str]]
    url: str | None
    version: str


def build_site(
    resolver: Resolver,
    collection: Collection,
    request: Request,
    out: SiteFolder | NoFolder,
    known: Mapping[str, Part],
    scratch: Path,
) -> Site:
    """Make a folder the site of a collection's newest release; `scratch` is an empty folder.

    `known` are the parts of the run before, of which those that are as they were are not drawn.
    """
    catalog = read_catalog(resolver.store, collection.manifest.uuid or "", request.agents)
    build = _Build(resolver, collection, request, catalog, out, known)
    build.entries()
    build.plugins(scratch)
    build.lists()
    left_out = [text for part in build.parts for text in part.listed.left_out]
    return Site(catalog.release, out.finish(), left_out + build.left_out, build.parts)


class _Build:
    """One run; `parts` is what the site has so far."""

    def __init__(
        self,
        resolver: Resolver,
        collection: Collection,
        request: Request,
        catalog: Catalog,
        out: SiteFolder | NoFolder,
        known: Mapping[str, Part],
    ) -> None:
        self.resolver, self.collection, self.request = resolver, collection, request
        self.catalog, self._out, self._known = catalog, out, known
        titles = sorted(record.title for record in request.plugins.records)
        self._print = fingerprint([catalog.name, *titles])
        self.parts: list[Part] = []
        self.left_out: list[str] = []
        self._plugins: list[Plugin] = []

    def entries(self) -> None:
        """Draw the page of each entry, and what others install of it."""
        unknown: list[tuple[str, Entry]] = []
        found: dict[str, Part] = {}
        for entry in self.catalog.entries:
            artifact = self.catalog.artifacts.get(entry.uuid)
            place = str(artifact.path) if artifact else ""
            key = key_of([self._print, place, [*vars(entry).values()]])
            part = self._keep(key)
            if part is None:
                unknown.append((key, entry))
            else:
                found[entry.uuid] = part
        uuids = {key: entry.uuid for key, entry in unknown}
        draw = partial(draw_parts, self.request.plugins, self.catalog.name, self.request.version)
        for drawn in draw_all(draw, self._batches(unknown), len(unknown)):
            for key, files, facts, listed in drawn:
                found[uuids[key]] = self._put(key, files, facts, listed)
        for entry in self.catalog.entries:
            part = found[entry.uuid]
            tell(entry, part.facts)
            self.parts.append(part)

    def _keep(self, key: str) -> Part | None:
        part = self._known.get(key)
        if part is None or not self._out.has(part.files):
            return None
        self._out.keep(part.files)
        return part

    def _put(
        self,
        key: str,
        files: Iterable[SiteFile],
        facts: dict[str, object] | None = None,
        listed: Listed | None = None,
    ) -> Part:
        hashes = {file.path: self._out.put(file) for file in files}
        return Part(key, hashes, facts or {}, listed or Listed())

    def _add(self, key: str, draw: Iterable[SiteFile]) -> None:
        """Add a part that is nothing but files; they are drawn if it is not known."""
        self.parts.append(self._keep(key) or self._put(key, draw))

    def _batches(self, unknown: Sequence[tuple[str, Entry]]) -> Iterator[list[Draft]]:
        for start in range(0, len(unknown), _TREES_AT_ONCE):
            some = unknown[start : start + _TREES_AT_ONCE]
            hashes = {h for _, entry in some for h in _hashes(entry)}
            trees = self.resolver.store.contents.get_trees(hashes)
            batch: list[tuple[str, Entry]] = []
            size = 0
            for key, entry in some:
                tree = trees.get(entry.content_hash)
                size += sum(file.size for file in tree.files) if tree else 0
                batch.append((key, entry))
                if len(batch) == _BATCH or size > _BATCH_BYTES:
                    yield self._drafts(batch, trees)
                    batch, size = [], 0
            if batch:
                yield self._drafts(batch, trees)

    def _drafts(self, batch: Sequence[tuple[str, Entry]], trees: Mapping[str, Tree]) -> list[Draft]:
        drafts = [self._draft(key, entry, trees) for key, entry in batch]
        files = [file for draft in drafts for file in draft.files]
        files += [
            file
            for draft in drafts
            for older in draft.older.values()
            for file in older
            if file.size <= MAX_TEXT_BYTES
        ]
        contents = self.resolver.store.contents
        found = contents.read_small_blobs({file.sha256 for file in files})
        for file in files:
            if file.sha256 not in found:
                found[file.sha256] = b"".join(contents.read_blob(file.sha256))
        own = (
            {file.sha256 for files in (draft.files, *draft.older.values()) for file in files}
            for draft in drafts
        )
        return [
            draft._replace(contents={name: found[name] for name in names if name in found})
            for draft, names in zip(drafts, own, strict=True)
        ]

    def _draft(self, key: str, entry: Entry, trees: Mapping[str, Tree]) -> Draft:
        artifact = self.catalog.artifacts.get(entry.uuid)
        if artifact is None:
            return Draft(key, entry, "", "", False, (), {}, {})
        older: dict[int, tuple[FileDigest, ...]] = {
            version.number: trees[version.content_hash].files
            for version in entry.versions[: DIFFS + 1]
            if version.content_hash in trees
        }
        tree = trees.get(entry.content_hash)
        is_single = self.collection.spec_of(artifact.id).shape is Shape.FILE
        place, files = str(artifact.path).rstrip("/"), tree.files if tree else ()
        return Draft(key, entry, render_entry(artifact), place, is_single, files, older, {})

    def plugins(self, scratch: Path) -> None:
        """Lay out the composites as plugins for each agent."""
        for entry in self.catalog.entries:
            composite = self.catalog.composites.get(entry.uuid)
            if composite is not None:
                for agent in MARKETPLACES:
                    self._plugin(entry, composite, agent, scratch / agent / entry.uuid)

    def _plugin(
        self, entry: Entry, composite: ManifestComposite, agent: str, scratch: Path
    ) -> None:
        key = key_of([self._print, agent, self._content_of(entry.uuid, {})])
        part = self._keep(key)
        if part is None:
            part = self._export(key, entry, composite, agent, scratch)
        if part is not None:
            self.parts.append(part)
            archive = str(part.facts["archive"])
            self._plugins.append(Plugin(agent, entry.name, entry.description, archive))

    def _export(
        self, key: str, entry: Entry, composite: ManifestComposite, agent: str, scratch: Path
    ) -> Part | None:
        scratch.mkdir(parents=True)
        try:
            export = plan_export(
                self.resolver, self.collection, composite, scratch, EXPORT_FORMS[agent]
            )
        except HoldallError as error:
            why = f"{entry.id} is not among the plugins for {agent}: {error.message}"
            self.left_out.append(why)
            return None
        if any(file.is_link for file in export.files.values()):
            why = f"{entry.id} is not in {MARKETPLACES[agent]}: it has a symbolic link"
            self.left_out.append(why)
            return None
        files, archive = plugin_files(agent, entry.name, export)
        return self._put(key, files, {"archive": archive})

    def _content_of(self, uuid: str, seen: dict[str, object]) -> object:
        """Return the entries of a composite and of all that it contains."""
        if uuid not in seen and uuid in self.catalog.state:
            found = seen[uuid] = self.catalog.state[uuid]
            for member in found.get("members", ()):
                self._content_of(member["uuid"], seen)
        return seen

    def lists(self) -> None:
        """Draw what lists entries, releases and plugins, and what all pages use."""
        from holdall_composites.service.site.pages import ListPages, static_files

        listed = [part.listed for part in self.parts]
        self._add(self._print, static_files())
        for page in ListPages(self.catalog, self.request.version).pages():
            self._add(key_of([self._print, page.path, page.shows]), page.files())
        self._add(key_of([self._print, listed]), skill_indexes(listed))
        url = self.request.url
        key = key_of([self._print, self.catalog.name, self._plugins, url])
        self._add(key, marketplaces(self.catalog, self._plugins, url))


def _hashes(entry: Entry) -> set[str]:
    older = {version.content_hash for version in entry.versions[: DIFFS + 1]}
    return older | ({entry.content_hash} if entry.content_hash else set())
