"""Update a composite and its members when its source is collected again."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence, Set
from dataclasses import field, replace

from holdall import dataclass
from holdall.artifacts.ids import ArtifactId
from holdall.collection.changes import Change, ChangeKind, OlderVersion
from holdall.collection.collect.claims import Claims
from holdall.collection.manifest.manifest import ManifestComposite, ManifestMember
from holdall.sources.naming import candidates, source_names
from holdall.sources.values import FoundComposite, FoundMember, Reading

ONLY_POINTERS = "the source has only Git LFS pointers; run git lfs pull there"
HIDDEN = "has hidden text in the source; unchanged here"

_SOURCE_PIN = "source_pin"


def find_older(
    reading: Reading, ids: Mapping[ArtifactId, ArtifactId], *, takes_hidden: bool
) -> tuple[OlderVersion, ...]:
    """Return the versions that composites pin and that a source brings; `ids` are as in `Bundler`.

    Those with hidden text only if `takes_hidden`.
    """
    return tuple(
        OlderVersion(ids[found.id], found.tree, found.location)
        for found in reading.older
        if found.location is not None and found.id in ids and (takes_hidden or not found.hides_text)
    )


@dataclass
class Bundler:
    """Imports the composites of one reading; `entries` are the collection's, updated step by step.

    `uuids` says which entry has a UUID, `claims` whether this source may speak of it, `ids` what
    the source's ids are called here. A composite that is another one here under the same UUID is
    left alone if `keeps`, replaced if `takes`. What has hidden text is added to `refused`, and left
    alone, unless `takes_hidden`. What is `absent` could not be read, and stays a member.
    """

    reading: Reading
    source: str
    entries: dict[ArtifactId, ManifestComposite]
    uuids: Mapping[str, ArtifactId]
    claims: Claims
    ids: dict[ArtifactId, ArtifactId]
    keeps: bool = False
    takes: bool = False
    takes_hidden: bool = False
    refused: list[ArtifactId] = field(default_factory=list)
    absent: Set[ArtifactId] = frozenset()
    changes: list[Change] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._by_origin = {
            (c.source_path, c.extra.get("source_name")): c.id
            for c in self.entries.values()
            if c.source == self.source
        }

    def settle(self, renames: Mapping[ArtifactId, ArtifactId]) -> list[Change]:
        """Import each composite, its members in the source's order, and return what changed."""
        hidden = [c for c in self.reading.composites if c.hides_text and not self.takes_hidden]
        for found in hidden:
            self._refuse(found)
        settled = [
            (found, self._entry(found, renames.get(found.id, found.id)))
            for found in self.reading.composites
            if found not in hidden
        ]
        self.ids.update({found.id: entry.id for found, entry in settled})
        for found, entry in settled:
            bundle = self._plan_bundle(found, entry)
            if entry.id in self.entries and entry.source != self.source:
                self._import_foreign(found, entry, bundle)
            else:
                self._take(entry, bundle)
        return self.changes

    def _refuse(self, found: FoundComposite) -> None:
        self.refused.append(found.id)
        known = self._of_uuid(found, found.id)
        known = known or self._by_origin.get((found.path, found.name))
        if known in self.entries:
            self.ids[found.id] = known
            self.changes.append(Change(ChangeKind.IDENTICAL, known, note=HIDDEN))

    def _entry(self, found: FoundComposite, wanted: ArtifactId) -> ManifestComposite:
        """Return the entry that a composite is known as, under its source's name, or a new one."""
        same = self._of_uuid(found, wanted)
        known = same or self._by_origin.get((found.path, found.name))
        entry = self.entries.get(known or wanted)
        if known is None and entry is not None and self._is_another(entry, found):
            entry, wanted = None, self._free_id(found, wanted)
        if entry is None:
            is_taken = found.uuid in self.uuids
            return ManifestComposite(wanted, uuid=None if is_taken else found.uuid)
        has_its_name = entry.extra.get("source_name") == entry.id.name
        if (
            entry.id != same
            or entry.source != self.source
            or not has_its_name
            or wanted in self.entries
        ):
            return entry
        new = replace(entry, id=wanted)
        self.entries = {e.id: e for e in (new if e is entry else e for e in self.entries.values())}
        self.changes.append(Change(ChangeKind.RENAMED, wanted, entry.id))
        return new

    def _is_another(self, entry: ManifestComposite, found: FoundComposite) -> bool:
        """Return whether a composite of that name is something else here."""
        members = [self.ids.get(member.id, member.id) for member in found.distinct_members]
        return entry.source != self.source and members != [member.id for member in entry.members]

    def _free_id(self, found: FoundComposite, wanted: ArtifactId) -> ArtifactId:
        """Return the name with the repository's in front, since the composite's is taken."""
        place = hashlib.sha256(f"{self.source}\n{found.path}".encode()).hexdigest()
        for name in candidates(wanted.type, wanted.name, source_names(self.source), place):
            if (free := ArtifactId(wanted.type, name)) not in self.entries:
                return free
        raise AssertionError("the candidates never end")

    def _of_uuid(self, found: FoundComposite, wanted: ArtifactId) -> ArtifactId | None:
        """Return the composite that a UUID names, if this source may speak of it."""
        known = self.uuids.get(found.uuid or "")
        is_there = known in self.entries and self.claims.allow_composite(found, wanted, self.ids)
        return known if is_there else None

    def _import_foreign(
        self, found: FoundComposite, entry: ManifestComposite, bundle: ManifestComposite
    ) -> None:
        """Import a composite that came from elsewhere: the same by its UUID or its members."""
        is_same = found.uuid is not None and found.uuid == entry.uuid
        if _members_key(bundle) == _members_key(entry):
            self.changes.append(Change(ChangeKind.IDENTICAL, entry.id))
        elif is_same and self.keeps:
            self.changes.append(Change(ChangeKind.IDENTICAL, entry.id, note="differs here; kept"))
        elif is_same and self.takes:
            self._take(entry, bundle)
        else:
            note = f"{entry.id} is a different composite here"
            self.changes.append(Change(ChangeKind.CONFLICT, entry.id, note=note))

    def _take(self, entry: ManifestComposite, bundle: ManifestComposite) -> None:
        kind = ChangeKind.CHANGED
        if entry.id not in self.entries:
            kind = ChangeKind.NEW
        elif bundle == entry:
            kind = ChangeKind.IDENTICAL
        self.entries[entry.id] = bundle
        self.changes.append(Change(kind, entry.id))

    def _plan_bundle(self, found: FoundComposite, entry: ManifestComposite) -> ManifestComposite:
        gone = set(self.refused) - self.ids.keys()
        brought = [m for m in _members(found, entry, self.ids) if m.id not in gone]
        brought = _with_absent(brought, entry, self.absent)
        bundle = replace(
            entry,
            composite_type=found.composite_type,
            display_name=found.display_name or entry.display_name,
            description=found.description,
            source=self.source,
            source_path=found.path,
            source_members=tuple(member.id for member in brought),
            files=self._files(found, entry),
            metadata=found.metadata,
            extra={**entry.extra, **found.extra, "source_name": found.name},
            members=_merge_members(entry, brought),
        )
        if bundle == entry:
            return bundle
        return replace(bundle, source_revision=self.reading.revision)

    def _files(self, found: FoundComposite, entry: ManifestComposite) -> ArtifactId | None:
        if found.files is None and entry.files in self.absent:
            return entry.files
        return self.ids.get(found.files) if found.files else None


def _with_absent(
    brought: Sequence[ManifestMember], entry: ManifestComposite, absent: Set[ArtifactId]
) -> list[ManifestMember]:
    """Return the members with those that the source brought once and that it cannot show now."""
    old = {member.id: member for member in entry.members}
    known = {member.id for member in brought}
    members = list(brought)
    for place, missed in enumerate(entry.source_members or ()):
        if missed in absent and missed in old and missed not in known:
            members.insert(min(place, len(members)), old[missed])
    return members


def _members_key(composite: ManifestComposite) -> list[tuple[ArtifactId, str, str | None]]:
    return [(member.id, member.relationship, member.pin) for member in composite.members]


def _members(
    found: FoundComposite, entry: ManifestComposite, ids: Mapping[ArtifactId, ArtifactId]
) -> list[ManifestMember]:
    old = {member.id: member for member in entry.members}
    members: dict[ArtifactId, ManifestMember] = {}
    for member in found.distinct_members:
        artifact_id = ids.get(member.id, member.id)
        members[artifact_id] = _member(member, artifact_id, old.get(artifact_id))
    return list(members.values())


def _member(
    found: FoundMember, artifact_id: ArtifactId, old: ManifestMember | None
) -> ManifestMember:
    """Return a member as it will be; its pin follows the source's unless it was changed here."""
    member = old or ManifestMember(
        artifact_id, relationship=found.relationship, pin=found.pin, extra=found.extra
    )
    extra = {key: value for key, value in member.extra.items() if key != _SOURCE_PIN}
    if found.alias is not None:
        extra["alias"] = found.alias
    if found.pin is not None:
        extra[_SOURCE_PIN] = found.pin
    if old is not None and old.pin == old.extra.get(_SOURCE_PIN):
        member = replace(member, pin=found.pin)
    return replace(member, extra=extra)


def _merge_members(
    entry: ManifestComposite, brought: Sequence[ManifestMember]
) -> tuple[ManifestMember, ...]:
    """Return a composite's members after its source changed, three-way.

    What the source added is added, what it dropped is dropped; members that users added, removed
    or put in another order stay as they left them.
    """
    now = {member.id: member for member in brought}
    here = [member.id for member in entry.members]
    base = list(entry.source_members if entry.source_members is not None else here)
    if here == base:
        return tuple(brought)
    kept = [now.get(m.id, m) for m in entry.members if m.id in now or m.id not in base]
    added = [member for member in brought if member.id not in base and member.id not in here]
    return (*kept, *added)
