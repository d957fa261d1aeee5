"""The state that a manifest stands for, and the manifest that a state stands for.

`values.states` shows a state. A value that JSON does not have (a date, an infinite number) is a
table with a line of TOML, and so is a table of others that looks like one:

    when = 1979-05-27           {"when": {"$toml": "x = 1979-05-27"}}
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any, TypeVar

from holdall.artifacts import ArtifactId
from holdall.collection import (
    EntryEdit,
    Manifest,
    ManifestArtifact,
    ManifestComposite,
    ManifestMember,
    read_entry,
)
from holdall.formats import dump_toml, parse_toml
from holdall_composites.values.states import Entry, State

AnyEntry = TypeVar("AnyEntry", ManifestArtifact, ManifestComposite)

COLLECTION = "[collection]"
"""The type of the collection's own entry; no artifact can have it."""

_TAG = "$toml"


def state_of(manifest: Manifest, only: Callable[[str], bool] = bool) -> dict[str, Entry]:
    """Return the state that a manifest stands for, or those of its UUIDs for which `only` holds.

    What has no UUID yet is not in it.
    """
    state: dict[str, Entry] = {
        a.uuid: _artifact(a) for a in manifest.artifacts if a.uuid and only(a.uuid)
    }
    composites = [c for c in manifest.composites if c.uuid and only(c.uuid)]
    if composites:
        uuids = _uuids_in(manifest)
        state.update((c.uuid, _composite(c, uuids)) for c in composites if c.uuid)
    if manifest.uuid is not None and only(manifest.uuid):
        head = {"type": COLLECTION, "name": manifest.name}
        if manifest.extra:
            head["extra"] = _to_json(manifest.extra)
        if manifest.others:
            head["others"] = _to_json(manifest.others)
        state[manifest.uuid] = head
    return state


def size_of(manifest: Manifest) -> int:
    """Return how many entries the state of a manifest has."""
    own = [manifest.uuid, *(entry.uuid for entry in _entries_of(manifest))]
    return len(own) - own.count(None)


def _entries_of(manifest: Manifest) -> tuple[ManifestArtifact | ManifestComposite, ...]:
    return (*manifest.artifacts, *manifest.composites)


def find_changed(before: Manifest, after: Manifest) -> set[str]:
    """Return the UUIDs of the entries in which the states of two manifests differ.

    Only entries that differ as blocks are made into entries of a state.
    """
    known = {entry.uuid: entry for entry in _entries_of(before)}
    maybe = {entry.uuid for entry in find_related(before)} | {
        entry.uuid for entry in find_related(after)
    }
    maybe |= {before.uuid, after.uuid}
    for entry in _entries_of(after):
        old = known.pop(entry.uuid, None)
        if old is not entry and old != entry:
            maybe.add(entry.uuid)
    maybe |= known.keys()
    then, now = (state_of(manifest, maybe.__contains__) for manifest in (before, after))
    return {uuid for uuid in then.keys() | now.keys() if then.get(uuid) != now.get(uuid)}


def find_touched(edits: Iterable[EntryEdit], manifest: Manifest) -> set[str]:
    """Return the UUIDs of all entries that edits which led to a manifest may have changed."""
    entries = [entry for edit in edits for entry in (edit.before, edit.after) if entry is not None]
    found = {entry.uuid for entry in (*entries, *find_related(manifest))} | {manifest.uuid}
    return {uuid for uuid in found if uuid is not None}


def find_related(manifest: Manifest) -> Iterator[ManifestComposite]:
    """Yield the composites whose entries depend on which UUID others have."""
    for composite in manifest.composites:
        names = (composite.source_members, composite.files)
        if names != (None, None) or any(m.uuid is None for m in composite.members):
            yield composite


def _uuids_in(manifest: Manifest) -> dict[ArtifactId, str | None]:
    return {entry.id: entry.uuid for entry in manifest.by_id.values() if entry.uuid}


def unnamed_members(state: State, previous: Manifest) -> set[str]:
    """Return the members of a state's composites that neither it nor a manifest has a name for."""
    members = {m["uuid"] for entry in state.values() for m in entry.get("members", ())}
    return members - state.keys() - _names_in(previous).keys()


def _names_in(manifest: Manifest) -> dict[str, ArtifactId]:
    return {m.uuid: m.id for c in manifest.composites for m in c.members if m.uuid}


def manifest_of(state: State, previous: Manifest, gone: State = MappingProxyType({})) -> Manifest:
    """Return the manifest of a state; what is in `previous` keeps its place, new entries follow.

    What has no UUID in `previous` stays as it is there. `gone` are the `unnamed_members` of the
    state: entries that were removed while a composite kept them.
    """
    ids = {u: ArtifactId.of(e["type"], e["name"]) for u, e in state.items() if not _is_head(e)}
    names = {u: ArtifactId.of(e["type"], e["name"]) for u, e in gone.items()}
    names |= _names_in(previous)
    names |= {entry.uuid: entry.id for entry in previous.by_id.values() if entry.uuid} | ids
    tables = {u: _table(u, e, names) for u, e in state.items() if not _is_head(e)}
    kinds = {u: "composites" if ids[u].type == "composite" else "artifacts" for u in tables}
    entries = [read_entry(kinds[u], table) for u, table in tables.items()]
    artifacts = [entry for entry in entries if isinstance(entry, ManifestArtifact)]
    composites = [entry for entry in entries if isinstance(entry, ManifestComposite)]
    manifest = replace(
        previous,
        artifacts=_in_order(previous.artifacts, artifacts),
        composites=_in_order(previous.composites, composites),
    )
    for uuid, entry in state.items():
        if _is_head(entry):
            extra, others = (_from_json(entry.get(key, {})) for key in ("extra", "others"))
            manifest = replace(manifest, name=entry["name"], uuid=uuid, extra=extra, others=others)
    return manifest


def _is_head(entry: Entry) -> bool:
    return bool(entry["type"] == COLLECTION)


def _artifact(artifact: ManifestArtifact) -> Entry:
    table = artifact.to_table()
    del table["uuid"]
    entry: Entry = _to_json(table)
    return entry


def _composite(composite: ManifestComposite, uuids: Mapping[ArtifactId, str | None]) -> Entry:
    table = composite.to_table()
    del table["uuid"]
    for key, ids in (("source_members", composite.source_members), ("files", composite.files)):
        if isinstance(ids, ArtifactId):
            table[key] = uuids.get(ids) or str(ids)
        elif ids is not None:
            table[key] = [uuids.get(id_) or str(id_) for id_ in ids]
    table["members"] = [
        _member(member, child)
        for member in composite.members
        if (child := member.uuid or uuids.get(member.id))
    ]
    entry: Entry = _to_json({"type": "composite", **table})
    return entry


def _member(member: ManifestMember, uuid: str) -> Entry:
    table = member.to_table()
    del table["id"]
    return {**table, "uuid": uuid}


def _table(uuid: str, entry: Entry, names: Mapping[str, ArtifactId]) -> dict[str, Any]:
    """Return an entry as the manifest has it, with the names that its relations have now."""
    table = {**_from_json(entry), "uuid": uuid}
    if entry["type"] == "composite":
        del table["type"]
        table["members"] = [
            {**_from_json(member), "id": str(names.get(member["uuid"], member["uuid"]))}
            for member in entry.get("members", ())
        ]
        if "files" in table:
            table["files"] = str(names.get(table["files"], table["files"]))
        if "source_members" in table:
            table["source_members"] = [str(names.get(m, m)) for m in table["source_members"]]
    return table


def _in_order(old: Iterable[AnyEntry], new: Iterable[AnyEntry]) -> tuple[AnyEntry, ...]:
    left = {entry.uuid: entry for entry in new}
    kept = (left.pop(entry.uuid, None) if entry.uuid else entry for entry in old)
    present = tuple(entry for entry in kept if entry is not None)
    return present + tuple(sorted(left.values(), key=lambda entry: str(entry.id)))


def _to_json(value: Any) -> Any:
    if isinstance(value, Mapping):
        plain = {str(key): _to_json(item) for key, item in value.items()}
        return {_TAG: dump_toml({"x": plain})} if set(plain) == {_TAG} else plain
    if isinstance(value, list | tuple):
        return [_to_json(item) for item in value]
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, float) and value - value == 0:
        return value
    return {_TAG: dump_toml({"x": value})}


def _from_json(value: Any) -> Any:
    if isinstance(value, Mapping):
        if set(value) == {_TAG}:
            return parse_toml(value[_TAG], "an entry of a release")["x"]
        return {key: _from_json(item) for key, item in value.items()}
    return [_from_json(item) for item in value] if isinstance(value, list | tuple) else value


def name_of(uuid: str, entry: Entry | None) -> str:
    """Return what an entry is called; the collection itself is `collection:NAME`."""
    kind, name = (entry or {}).get("type", "artifact"), (entry or {}).get("name", uuid)
    return f"{'collection' if kind == COLLECTION else kind}:{name}"
