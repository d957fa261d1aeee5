"""Read a source, with plugins' help for types that only they know."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from holdall.artifacts.limits import DEFAULT_CAPS, Caps, Meter
from holdall.reporter import log_debug

if TYPE_CHECKING:
    from holdall.plugins.manager import Plugins
    from holdall.sources.values import FoundArtifact, GitState, Reading


@contextmanager
def open_source(plugins: Plugins, source: str, caps: Caps = DEFAULT_CAPS) -> Iterator[Reading]:
    """Read what `source` names: a folder, an archive, or a git repository.

    The files of the reading are there until the context ends. Raises what
    `holdall.sources.fetch.origin.open_origin` and `read_source` raise.
    """
    from holdall.sources.fetch.origin import open_origin

    with open_origin(source, caps) as origin:
        reading = read_source(plugins, origin.folder, caps, origin.git)
        found = len(reading.artifacts)
        log_debug(__name__, "read %s: %d artifacts", origin.name, found)
        yield reading._replace(source=origin.name, revision=origin.revision, tag=origin.tag)


def read_source(
    plugins: Plugins, source: Path, caps: Caps = DEFAULT_CAPS, git: GitState | None = None
) -> Reading:
    """Read everything that a folder holds; raises NotFoundError if it is not there.

    A folder that is a collection, Holdall's or SkillMeat's, is read as its manifest says; what
    looks like such a manifest in an export of a plugin is one of the plugin's own files.
    """
    from holdall.collection.collect.listed.as_source import as_listed
    from holdall.collection.collect.listed.foreign_manifests import listing_of
    from holdall.sources.reader import read

    claim = _claimer(plugins) if plugins.implements("holdall_collect_file") else None
    plain = read(source, claim, caps) if git is None else read(source, claim, caps, git)
    is_export = any(found.path == "." and found.uuid is not None for found in plain.composites)
    listing = None if is_export else listing_of(plain.root)
    return (
        plain if listing is None else as_listed(plain, listing, plugins.types, Meter(caps, source))
    )


def _claimer(plugins: Plugins) -> Callable[[Path, Path], FoundArtifact | None]:
    from holdall.sources.values import FoundArtifact

    def claim(path: Path, source: Path) -> FoundArtifact | None:
        return plugins.first("holdall_collect_file", FoundArtifact, path=path, source=source)

    return claim
