"""Sources whose own manifest says what they hold: ids and UUIDs come from there."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from holdall import NamedTuple
from holdall.artifacts.hashing import is_sha256
from holdall.artifacts.ids import ArtifactId, Shape, TypeSpec
from holdall.artifacts.limits import Meter
from holdall.artifacts.paths import RelPath
from holdall.artifacts.protected import OLDER
from holdall.collection.manifest.manifest import ManifestArtifact, ManifestComposite, ManifestMember
from holdall.config import MANIFEST
from holdall.errors import StorageError, TooLargeError
from holdall.files.tree import file_tree, folder_tree
from holdall.sources.checks.diagnostics import Code, Level, diagnose
from holdall.sources.checks.hidden import hidden_text
from holdall.sources.checks.inspection import Inspection
from holdall.sources.values import Diagnostic, FoundArtifact, FoundComposite, FoundMember, Reading


class Listing(NamedTuple):
    """A collection's manifest as a listing, and the problems found in it."""

    artifacts: tuple[ManifestArtifact, ...]
    composites: tuple[ManifestComposite, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()


def as_listed(
    plain: Reading, listing: Listing, types: Mapping[str, TypeSpec], meter: Meter
) -> Reading:
    """Return a folder's reading with what its manifest says of it.

    Other files in the folder are read as in any other folder; composites are those of the
    manifest alone.
    """
    reader = _Listed(plain, listing, types, meter)
    artifacts = [*reader.artifacts(), *reader.find_unlisted()]
    return plain._replace(
        artifacts=tuple(artifacts),
        composites=tuple(reader.composites(artifacts)),
        diagnostics=(*plain.diagnostics, *listing.diagnostics, *reader.diagnostics),
        unread={**plain.unread, **reader.unread},
        older=tuple(reader.older.values()),
    )


class _Listed:
    """Brings a plain reading and a listing together."""

    def __init__(
        self, plain: Reading, listing: Listing, types: Mapping[str, TypeSpec], meter: Meter
    ) -> None:
        self.plain, self.listing, self.types, self.meter = plain, listing, types, meter
        self.diagnostics: list[Diagnostic] = []
        self.unread: dict[str, str] = {}
        self.found: dict[ArtifactId, FoundArtifact] = {}
        self.older: dict[tuple[ArtifactId, str], FoundArtifact] = {}
        self._by_place = {(a.type, a.path): a for a in plain.artifacts}
        self._by_top: dict[tuple[str, str], list[FoundArtifact]] = {}
        for artifact in plain.artifacts:
            for top in _tops(artifact.path):
                self._by_top.setdefault((artifact.type, top), []).append(artifact)

    def artifacts(self) -> Iterator[FoundArtifact]:
        """Yield each listed artifact whose files are there."""
        for entry in self.listing.artifacts:
            found = self._at(entry)
            if found is not None:
                self.found[entry.id] = replace(
                    found,
                    id=entry.id,
                    name=entry.id.name,
                    uuid=entry.uuid,
                    origin=entry.origin,
                    extra=entry.extra,
                )
                yield self.found[entry.id]

    def _at(self, entry: ManifestArtifact) -> FoundArtifact | None:
        known = self._by_place.get((entry.id.type, entry.path))
        if known is None:
            inside = self._by_top.get((entry.id.type, entry.path), [])
            known = inside[0] if len(inside) == 1 else None
        return known or self._read(entry)

    def _read(self, entry: ManifestArtifact) -> FoundArtifact | None:
        """Read an artifact that no reader knows by its place."""
        spec = self.types.get(entry.id.type)
        if spec is None:
            self._miss(
                entry.path, Code.TYPE_UNKNOWN, f"{entry.id}: no loaded plugin knows its type"
            )
            return None
        location = self.plain.root / entry.path
        is_file = spec.shape is Shape.FILE
        if os.path.realpath(location) != os.path.join(self.plain.root, entry.path) or not (
            os.path.isfile(location) if is_file else os.path.isdir(location)
        ):
            self._miss(entry.path, Code.FILES_GONE, f"{entry.id} is listed, but not there")
            return None
        try:
            inspection = Inspection(entry.path, is_folder=not is_file)
            peek, meter = inspection.peek, self.meter
            if is_file:
                tree = file_tree(location, spec.only_file, peek, meter=meter)
            else:
                tree = folder_tree(location, peek, meter=meter)
        except (StorageError, TooLargeError) as error:
            is_large = isinstance(error, TooLargeError)
            code = Code.TOO_LARGE if is_large else Code.ITEM_UNREADABLE
            self._miss(entry.path, code, error.message)
            return None
        self.diagnostics.extend(inspection.found)
        return FoundArtifact(
            *(entry.id, entry.id.type, entry.id.name, str(entry.path), location, None, tree),
            hides_text=inspection.hides_text,
        )

    def _miss(self, path: str, code: Code, message: str) -> None:
        self.unread[path] = message
        self._say(path, code, message)

    def _say(self, path: str, code: Code, message: str, level: Level | None = None) -> None:
        self.diagnostics.append(diagnose(path, code, message, level=level))

    def find_unlisted(self) -> Iterator[FoundArtifact]:
        """Yield what is next to the listed artifacts; what is inside of one is part of it."""
        listed = {entry.path for entry in self.listing.artifacts}
        names = {entry.id for entry in self.listing.artifacts}
        for found in self.plain.artifacts:
            if listed.isdisjoint([found.path, *_tops(found.path)]):
                if found.id not in names:
                    yield found
                elif not self._is_same(found):
                    note = f"{found.id} is listed with another path; left out"
                    self._say(found.path, Code.NAME_TAKEN, note, Level.WARNING)

    def _is_same(self, found: FoundArtifact) -> bool:
        known = self.found.get(found.id)
        return known is not None and known.tree.content_hash == found.tree.content_hash

    def composites(self, artifacts: Iterable[FoundArtifact]) -> Iterator[FoundComposite]:
        """Yield the composites with those of their members that are there."""
        places = {found.id: found for found in artifacts}
        bundles = {composite.id for composite in self.listing.composites}
        for composite in self.listing.composites:
            members = []
            for member in composite.members:
                if member.id in places or member.id in bundles:
                    members.append(self._member(composite, member, places.get(member.id)))
                else:
                    note = f"{composite.id}: its member {member.id} is not there; left out"
                    self._say(".", Code.MEMBER_GONE, note)
            texts = "".join(filter(None, (composite.display_name, composite.description)))
            hidden = [diagnostic._replace(line=None) for diagnostic in hidden_text(MANIFEST, texts)]
            self.diagnostics.extend(hidden)
            yield replace(_composite(composite, members), hides_text=bool(hidden))

    def _has_older(self, artifact_id: ArtifactId, pin: str) -> bool:
        """Return whether the source has the version that is pinned, beside the present one."""
        if (artifact_id, pin) in self.older:
            return True
        entry = next((one for one in self.listing.artifacts if one.id == artifact_id), None)
        spec = None if entry is None else self.types.get(entry.id.type)
        if entry is None or spec is None or not entry.uuid or not is_sha256(pin):
            return False
        place = RelPath.parse(f"{OLDER}/{entry.uuid}/{pin}")
        if not os.path.isdir(self.plain.root / place):
            return False
        if spec.shape is Shape.FILE:
            place = place.join_path(spec.only_file)
        older = self._read(replace(entry, path=place))
        if older is None or older.tree.content_hash != pin:
            return False
        self.older[artifact_id, pin] = older
        return True

    def _member(
        self, composite: ManifestComposite, member: ManifestMember, found: FoundArtifact | None
    ) -> FoundMember:
        if (
            member.pin is not None
            and found
            and member.pin != found.tree.content_hash
            and not self._has_older(member.id, member.pin)
        ):
            note = (
                f"{composite.id} pins {member.id} to a version that is only in the source's"
                " database; it can be deployed once the pin is changed"
            )
            self._say(found.path, Code.PIN_ELSEWHERE, note)
        return FoundMember(
            member.id,
            found.path if found else ".",
            relationship=member.relationship,
            pin=member.pin,
            extra=member.extra,
        )


def _tops(path: str) -> list[str]:
    """Return the folders above a place, and the file that it is an entry of."""
    file = path.partition("#")[0]
    parts = file.split("/")
    return ["/".join(parts[:depth]) for depth in range(1, len(parts) + (file != path))]


def _composite(composite: ManifestComposite, members: Iterable[FoundMember]) -> FoundComposite:
    return FoundComposite(
        id=composite.id,
        name=composite.id.name,
        path=".",
        members=tuple(members),
        description=composite.description,
        version=None,
        kind="collection",
        uuid=composite.uuid,
        display_name=composite.display_name,
        composite_type=composite.composite_type,
        files=composite.files,
        metadata=composite.metadata,
        extra=composite.extra,
    )
