"""Read one plugin: its manifest, its marketplace entry, and its members (FORMATS P4, and 6)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from holdall.errors import HoldallError
from holdall.formats.documents import MAX_JSON_BYTES, parse_json, read_bounded
from holdall.sources.checks.diagnostics import Code
from holdall.sources.draft import DraftComposite, DraftMember, Gathering, Key, show_path
from holdall.sources.layouts.agents.form import PluginForm
from holdall.sources.layouts.agents.table import PLUGINS
from holdall.sources.layouts.configs import load_json
from holdall.sources.layouts.identity import (
    IDENTITY_KEY,
    SIDECAR,
    KnownPlugin,
    identity_in,
    read_identity,
)
from holdall.sources.layouts.kept import is_copy, read_kept
from holdall.sources.layouts.markdown import (
    SKILL_FILE,
)
from holdall.sources.layouts.plugin_reader import PluginReader
from holdall.sources.listing import (
    file_at,
)
from holdall.sources.walk import join_path

_CLAUDE = PLUGINS[0]


def read_plugin(
    gathering: Gathering,
    root: str,
    path: str,
    entry: Mapping[str, Any] | None,
    form: PluginForm = _CLAUDE,
) -> DraftComposite:
    """Read the plugin in the folder `root`, which a marketplace's `entry` may have named.

    `path` is how the source spells the folder; `root` is the same without symbolic links. Of
    several agents' manifests the first, of `form` where there is one, says what belongs to the
    plugin; the others add what it has nothing of.
    """
    found = manifests_at(gathering, root)
    found.sort(key=lambda each: each[0] is not form)
    if not found or (form is _CLAUDE and found[0][0] is not form and entry is not None):
        found.insert(0, (form, join_path(root, form.manifests[0])))
    readers = [
        PluginReader(gathering, root, path, entry if number == 0 else None, *each)
        for number, each in enumerate(found)
    ]
    reader = readers[0]
    known = read_identity(_identity_of(gathering, root, readers))
    if known is None:
        reader.say(Code.PLUGIN_INVALID, f"the key {IDENTITY_KEY!r} is not what an export writes")
    known = known or KnownPlugin()
    if known.uuid is not None:
        gathering.exports.add(root)
    members: dict[Key, DraftMember] = {}
    for each in readers:
        here = {key[0] for key in members}
        for member in each.members():
            if is_copy(member, root, known):
                gathering.drafts.pop(member.key, None)
            elif each is reader or member.key[0] not in here:
                members.setdefault(member.key, _as_exported(member, root, known))
    for draft in read_kept(gathering, root, known, members.keys()):
        members[draft.key] = _as_exported(DraftMember(draft.key, draft.name), root, known)
    if len(found) > 1:
        titles = ", ".join(each.title for each, _ in found)
        reader.say(Code.SEVERAL_MANIFESTS, f"is a {titles}; read as the first of them")
    order = {said.id: number for number, said in enumerate(known.members.values())}
    return DraftComposite(
        name=known.said.get("name", reader.name),
        path=show_path(path),
        kind="unlisted-plugin" if entry is None else "marketplace-entry",
        members=tuple(
            sorted(members.values(), key=lambda m: order[m.known.id] if m.known else len(order))
        ),
        description=known.said.get("description", reader.text("description")),
        version=reader.text("version"),
        known=known,
        metadata=known.said.get("metadata", reader.metadata()),
        hides_text=reader.hides_text(),
        manifest=reader.manifest_path if reader.manifest else None,
        needs=tuple(reader.needs()),
    )


def _identity_of(gathering: Gathering, root: str, readers: Sequence[PluginReader]) -> Any:
    """Return what an export says of itself, in one of its manifests or in its own file."""
    said = (identity_in(reader.manifest) for reader in readers)
    found = next((table for table in said if table is not None), None)
    place = join_path(root, SIDECAR)
    if found is None and _may_be_there(gathering, root, SIDECAR) and file_at(gathering, place):
        return load_json(gathering, place, Code.PLUGIN_INVALID)
    return found


def manifests_at(gathering: Gathering, root: str) -> list[tuple[PluginForm, str]]:
    """Return the agents' manifests in a folder, the first place of each, in the agents' order."""
    found = []
    for form in PLUGINS:
        for place in form.manifests:
            path = join_path(root, place)
            if not _may_be_there(gathering, root, place) or not file_at(gathering, path):
                continue
            is_shared = "/" not in place and place == "plugin.json"
            if is_shared and not _is_manifest(gathering, root, path, form):
                continue
            found.append((form, path))
            break
    return found


def _may_be_there(gathering: Gathering, root: str, place: str) -> bool:
    folder, first = gathering.tree.folder(root), place.partition("/")[0]
    return first in folder.folders or first in folder.links or first in folder.files


def _is_manifest(gathering: Gathering, root: str, path: str, form: PluginForm) -> bool:
    """Return whether a file that other programs have, too, is an agent's manifest."""
    if root.endswith(_FOLDERS_OF_MANIFESTS) or gathering.tree.is_inside(root, SKILL_FILE):
        return False
    try:
        real = gathering.tree.file(path) or path
        value = parse_json(read_bounded(gathering.tree.location(real), MAX_JSON_BYTES), path)
    except HoldallError:
        return False
    return isinstance(value, dict) and form.is_manifest(value)


_FOLDERS_OF_MANIFESTS = tuple(
    place.removesuffix("/plugin.json")
    for form in PLUGINS
    for place in form.manifests
    if place.endswith("/plugin.json")
)


def _as_exported(member: DraftMember, root: str, known: KnownPlugin) -> DraftMember:
    artifact_type, path = member.key
    below = path.removeprefix(f"{root}/") if root else path
    found = known.members.get((artifact_type, below))
    return member._replace(name=found.id.name, known=found) if found else member
