"""All files of the site, and what other programs could not install from it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from holdall import NamedTuple
from holdall.collection import Collection, ManifestComposite
from holdall.errors import HoldallError
from holdall.operations import EXPORT_FORMS
from holdall_composites.resolver.resolver import Resolver
from holdall_composites.service.export import plan_export
from holdall_composites.service.site.catalog import Catalog, Entry, read_catalog
from holdall_composites.service.site.clients import MARKETPLACES, Clients, Plugin
from holdall_composites.service.site.pages import Pages
from holdall_composites.service.site.write import SiteFile


class Site(NamedTuple):
    """The site of a release; `left_out` has a sentence for each thing that is only in the pages."""

    release: int
    files: list[SiteFile]
    left_out: list[str]


class Request(NamedTuple):
    """What the host knows: problems by path, agents by type; `url` is where the site will be."""

    problems: Mapping[str, Sequence[str]]
    agents: Mapping[str, Sequence[str]]
    url: str | None
    version: str


def build_site(resolver: Resolver, collection: Collection, request: Request, scratch: Path) -> Site:
    """Return the site of a collection's newest release; `scratch` is an empty folder."""
    store = resolver.store
    catalog = read_catalog(store, collection, request.problems, request.agents)
    clients = Clients(
        catalog, lambda sha256: b"".join(store.contents.read_blob(sha256)), request.url
    )
    plugins = list(_plugins(resolver, collection, catalog, scratch, clients.left_out))
    files = [*Pages(catalog, request.version).render(), *clients.render(plugins)]
    return Site(catalog.release, files, clients.left_out)


def _plugins(
    resolver: Resolver,
    collection: Collection,
    catalog: Catalog,
    scratch: Path,
    left_out: list[str],
) -> Iterator[Plugin]:
    found = {composite.uuid: composite for composite in collection.manifest.composites}
    composites = [(e, found[e.uuid]) for e in catalog.entries if e.uuid in found]
    for entry, composite in composites:
        for agent in MARKETPLACES:
            folder = scratch / agent / entry.uuid
            folder.mkdir(parents=True)
            plugin = _plugin(resolver, collection, entry, composite, agent, folder, left_out)
            if plugin is not None:
                yield plugin


def _plugin(
    resolver: Resolver,
    collection: Collection,
    entry: Entry,
    composite: ManifestComposite,
    agent: str,
    folder: Path,
    left_out: list[str],
) -> Plugin | None:
    try:
        export = plan_export(resolver, collection, composite, folder, EXPORT_FORMS[agent])
    except HoldallError as error:
        left_out.append(f"{entry.id} is not among the plugins for {agent}: {error.message}")
        return None
    return Plugin(entry, agent, export)
