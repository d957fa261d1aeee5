"""A collection: a folder with a manifest and the artifacts as plain files."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from holdall import dataclass
from holdall.artifacts.ids import BUILTIN_TYPES, ArtifactId, Shape, TypeSpec
from holdall.artifacts.limits import DEFAULT_CAPS, Caps, Meter
from holdall.artifacts.paths import RelPath
from holdall.artifacts.references import find_named
from holdall.collection.manifest.manifest import Manifest, ManifestArtifact, ManifestComposite
from holdall.collection.manifest.reader import MAX_MANIFEST_BYTES, parse
from holdall.config import MANIFEST
from holdall.errors import HoldallError, InputError, NotFoundError, StorageError
from holdall.files.stat_index import TreeIndex, index_file
from holdall.files.tree import Peek, Tree, file_tree, folder_tree
from holdall.formats.database_url import DatabaseURL
from holdall.reporter import log_debug

if TYPE_CHECKING:
    from holdall.collection.manifest.head import ManifestHead


@dataclass(frozen=True)
class Collection:
    """A collection as its manifest describes it at one moment.

    `manifest_text` is what the manifest was read from; `database_url` says where the composites
    plugin keeps the collection's rows. `ahead` is set where `manifest` is what a change will make
    of it: the trees of the artifacts that it brings, by path, and where their files are until then.
    The rows do not follow it yet.
    """

    root: Path
    manifest: Manifest
    manifest_text: str
    database_url: str
    types: Mapping[str, TypeSpec] = field(default_factory=lambda: BUILTIN_TYPES)
    caps: Caps = DEFAULT_CAPS
    index: TreeIndex | None = field(default=None, compare=False)
    ahead: Mapping[RelPath, tuple[Tree, Path]] | None = field(default=None, compare=False)

    @property
    def name(self) -> str:
        """The name that deployed records give for this collection."""
        return self.manifest.name

    @property
    def manifest_hash(self) -> str:
        """The SHA-256 of the manifest's text."""
        return hashlib.sha256(self.manifest_text.encode()).hexdigest()

    @property
    def has_own_database(self) -> bool:
        """Whether nobody else writes to the database: its file is inside the collection."""
        url = DatabaseURL.parse(self.database_url)
        return url.is_embedded and Path(url.path).parent.parent.resolve() == self.root.resolve()

    def entry(self, artifact_id: ArtifactId) -> ManifestArtifact | ManifestComposite:
        """Return the manifest's entry; raises NotFoundError with near names as a hint."""
        try:
            return self.manifest.by_id[artifact_id]
        except KeyError:
            raise self._unknown(str(artifact_id)) from None

    def resolve(self, text: str, *, prefer_composite: bool = False) -> ArtifactId:
        """Return the id that `text` means, as `find_named` says; NotFoundError if there is none."""
        known = self.manifest.by_id
        found = find_named(text, known, self.types, prefer_composite=prefer_composite)
        if found is None:
            raise self._unknown(text)
        return found

    def _unknown(self, text: str) -> NotFoundError:
        import difflib

        names = [str(known) for known in self.manifest.by_id]
        wanted = text if ":" in text else f"skill:{text}"
        near = difflib.get_close_matches(wanted, names, n=3)
        hint = (
            f"did you mean {' or '.join(near)}?" if near else "`holdall list` shows what there is"
        )
        place = self._find_uncollected(text)
        if place is not None:
            hint = f"{place} is there and was not collected: `holdall collect` records it"
        return NotFoundError(f"no artifact {text!a} in the collection {self.root}", hint=hint)

    def _find_uncollected(self, text: str) -> Path | None:
        """Return the place of something that was made by hand in the folder under this name."""
        type_name = text.partition(":")[0]
        for spec in self.types.values():
            if spec.shape is Shape.MEMBERS or type_name in self.types.keys() - {spec.name}:
                continue
            id_ = text if type_name == spec.name else f"{spec.name}:{text}"
            with suppress(HoldallError):
                place = self.root / ArtifactId.parse(id_).path_in(spec)
                if place.exists():
                    return place
        return None

    def location(self, artifact: ManifestArtifact) -> Path:
        """Return the file or folder of an artifact."""
        if self.ahead and artifact.path in self.ahead:
            return self.ahead[artifact.path][1]
        return self.root / artifact.path

    def tree(self, artifact: ManifestArtifact, peek: Peek | None = None) -> Tree:
        """Read an artifact's files and show them to `peek`, unless they are as collected.

        Raises NotFoundError if they are gone, RefusedError if they are more than `caps` allow.
        """
        if self.ahead and artifact.path in self.ahead:
            return self.ahead[artifact.path][0]
        read = partial(self._read_tree, artifact, peek)
        if self.index is None:
            return read()
        only = None if peek is None else artifact.content_hash or ""
        return self.index.tree(artifact.path, read, only)

    def remember(self) -> None:
        """Save the index of the artifacts' files for the next run."""
        if self.index is not None:
            self.index.save(artifact.path for artifact in self.manifest.artifacts)

    def _read_tree(self, artifact: ManifestArtifact, peek: Peek | None) -> Tree:
        meter = Meter(self.caps, self.root)
        spec = self.spec_of(artifact.id)
        location = self.location(artifact)
        if not location.exists():
            raise NotFoundError(
                f"{artifact.id}: {location} is not there",
                hint="restore the files, or run `holdall collect` to record what is gone",
            )
        if spec.shape is Shape.FILE:
            return file_tree(location, spec.only_file, peek, meter=meter)
        if not location.is_dir():
            raise InputError(
                f"{artifact.id}: {location} is a file where a folder is expected",
                hint="put the artifact's files into a folder of that name",
            )
        return folder_tree(location, peek, meter=meter)

    def spec_of(self, artifact_id: ArtifactId) -> TypeSpec:
        """Return how this type is stored here; raises NotFoundError for an unknown type."""
        try:
            return self.types[artifact_id.type]
        except KeyError:
            raise NotFoundError(
                f"{artifact_id}: the type {artifact_id.type!r} is unknown",
                hint="is the plugin that defines it installed? see `holdall plugins`",
            ) from None


def open_collection(
    root: Path,
    database_url: str,
    types: Mapping[str, TypeSpec] = BUILTIN_TYPES,
    caps: Caps = DEFAULT_CAPS,
    *,
    cache: Path | None = None,
) -> Collection:
    """Read the collection at `root`. The folder `cache` has the index of its files.

    Raises NotFoundError without a manifest, InputError for one that cannot be understood.
    """
    path, text = root / MANIFEST, _read_text(root)
    manifest = parse(text, str(path))
    log_debug(__name__, "read %s: %d entries", path, len(manifest.by_id))
    index = TreeIndex(index_file(cache, "collection", root), root) if cache else None
    return Collection(root, manifest, text, database_url, types, caps, index)


def read_head(root: Path) -> ManifestHead | None:
    """Read only from which release a folder was written; None where the manifest does not say.

    Raises as `open_collection` does for a file that cannot be read.
    """
    from holdall.collection.manifest.head import parse_head

    return parse_head(_read_text(root))


def _read_text(root: Path) -> str:
    path = root / MANIFEST
    try:
        if path.stat().st_size > MAX_MANIFEST_BYTES:
            raise InputError(f"{path}: larger than 64 MiB", hint="is it really a manifest?")
        return path.read_bytes().decode()
    except FileNotFoundError:
        raise NotFoundError(
            f"no collection in {root}: it has no {MANIFEST}", hint=f"`holdall init {root}`"
        ) from None
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise InputError(
            f"{path}, line {line}: not valid UTF-8", hint="save it as UTF-8"
        ) from error
    except OSError as error:
        raise StorageError(
            f"cannot read {path}: {error.strerror}", hint="check its permissions"
        ) from error
