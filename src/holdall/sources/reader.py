"""Read a source: every reader once over one walk, then names for what they found."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from holdall.artifacts.ids import ArtifactId, ArtifactType, CompositeType
from holdall.artifacts.limits import DEFAULT_CAPS, Caps
from holdall.artifacts.paths import RelPath
from holdall.errors import HoldallError
from holdall.files.tree import file_tree, folder_tree
from holdall.sources.checks.diagnostics import Code
from holdall.sources.checks.inspection import Inspection, check_text
from holdall.sources.checks.scripts import check_scripts
from holdall.sources.draft import Draft, DraftComposite, DraftMember, Gathering, Key, show_path
from holdall.sources.layouts.agents.folders import read_agent_folders
from holdall.sources.layouts.agents.foreign import tell_foreign
from holdall.sources.layouts.heuristic import guess_composites
from holdall.sources.layouts.loose import (
    artifact_files,
    read_holdall_folders,
    read_links,
    read_loose,
)
from holdall.sources.layouts.marketplace import read_marketplaces, read_unlisted_plugins
from holdall.sources.naming import Names, name_in_plugin, own_name
from holdall.sources.own_files import read_own_files
from holdall.sources.values import (
    Claim,
    FoundArtifact,
    FoundComposite,
    FoundMember,
    GitState,
    Reading,
)
from holdall.sources.walk import join_path, walk

SKILL_SUFFIX = ".skill"
_NOTHING_KNOWN = GitState()
_TELL_NOTHING = frozenset(
    {"skills", "commands", "agents", "hooks", "plugins", "src", ".claude", ".claude-plugin", "."}
)


def read(
    source: Path,
    claim: Claim | None = None,
    caps: Caps = DEFAULT_CAPS,
    git: GitState = _NOTHING_KNOWN,
) -> Reading:
    """Return what a source holds, as far as `git` has it. Writes nothing.

    Whatever is wrong with single files is a diagnostic. Raises NotFoundError if there is no such
    source, InputError or StorageError if it cannot be read at all, RefusedError if it holds more
    than `caps` allow.
    """
    tree = walk(source, caps, git)
    gathering = Gathering(tree, unread={show_path(path): why for path, why in tree.unread.items()})
    gathering.diagnostics.extend(gathering.tree.diagnostics)
    read_marketplaces(gathering)
    read_unlisted_plugins(gathering)
    read_agent_folders(gathering)
    read_loose(gathering)
    read_links(gathering)
    read_holdall_folders(gathering)
    guess_composites(gathering)
    read_own_files(gathering)
    check_scripts(gathering)
    tell_foreign(gathering)
    _tell_what_is_else(gathering)
    names = Names()
    ids = _name_artifacts(gathering, names)
    uuids = dict(_exported_uuids(gathering.composites))
    artifacts = [
        _make_found(draft, ids[draft.key], uuids.get(draft.key))
        for draft in _by_path(gathering.drafts.values())
    ]
    if claim is not None:
        artifacts.extend(_ask_plugins(gathering, claim, {found.id for found in artifacts}))
    composites = tuple(_name_composites(gathering, names, ids))
    return Reading(
        gathering.tree.root,
        tuple(artifacts),
        composites,
        tuple(gathering.remotes),
        tuple(
            sorted(
                set(gathering.diagnostics), key=lambda d: (d.path, d.line or 0, d.code, d.message)
            )
        ),
        unread=gathering.unread,
        left_out=tree.left_out,
    )


def _tell_what_is_else(gathering: Gathering) -> None:
    """Report what is in the source and is no artifact of its own, so that none of it is missed."""
    whys = Counter(gathering.tree.left_out.values())
    if whys:
        parts = ", ".join(f"{number} {why}" for why, number in sorted(whys.items()))
        message = f"files and folders left out: {parts}; `holdall scan --verbose` lists them"
        gathering.say(".", Code.LEFT_OUT, message)
    whole = gathering.drafts.get((ArtifactType.SKILL.value, "."))
    if whole is not None and len(whole.tree.files) > 1:
        files, size = len(whole.tree.files), whole.tree.size
        message = f"this skill is the whole source: {files:,} files, {_readable(size)}"
        gathering.say(".", Code.WHOLE_SOURCE, message)
    for path, folder in gathering.tree.folders.items():
        for name in sorted(folder.files):
            if name.lower().endswith(SKILL_SUFFIX):
                gathering.say(join_path(path, name), Code.ARCHIVE_INSIDE, "an archive of a skill")


def _readable(size: int) -> str:
    return f"{size / (1 << 20):,.1f} MiB" if size >= 1 << 20 else f"{max(1, size >> 10):,} KiB"


def _exported_uuids(composites: Iterable[DraftComposite]) -> Iterator[tuple[Key, str]]:
    for composite in composites:
        yield from ((m.key, m.known.uuid) for m in composite.members if m.known)
        if composite.files and composite.known.files:
            yield composite.files, composite.known.files.uuid


def _by_path(drafts: Iterable[Draft]) -> list[Draft]:
    order = {artifact_type.value: number for number, artifact_type in enumerate(ArtifactType)}
    return sorted(drafts, key=lambda d: (order.get(d.type, len(order)), d.path.split("/")))


def _make_found(draft: Draft, artifact_id: ArtifactId, uuid: str | None) -> FoundArtifact:
    return FoundArtifact(
        id=artifact_id,
        type=draft.type,
        name=draft.name,
        path=draft.path,
        location=draft.location,
        data=draft.data,
        tree=draft.tree,
        description=draft.description,
        frontmatter_name=draft.frontmatter_name,
        uuid=uuid,
        hides_text=draft.hides_text,
    )


def _name_artifacts(gathering: Gathering, names: Names) -> dict[Key, ArtifactId]:
    """Give each artifact its id by the rules of `holdall.sources.naming`."""
    ids: dict[Key, ArtifactId] = {}
    by_content: dict[tuple[str, str], ArtifactId] = {}
    parents = _parents(gathering.composites)
    plugins = _plugins_of_commands(gathering.composites)
    for draft, name in _in_order(gathering):
        content = (draft.type, draft.tree.content_hash)
        known = by_content.get(content)
        if known is None:
            root = gathering.tree.root.name
            around = _folders(draft.path, root)
            telling = [folder for folder in around if folder not in _TELL_NOTHING]
            contexts = [*parents.get(draft.key, ()), *telling, root]
            name = own_name(draft.type, name, contexts[0])
            if draft.key in plugins:
                name = name_in_plugin(name, plugins[draft.key])
            known = _claim_name(gathering, names, draft, name, contexts)
            by_content[content] = known
        elif known.name != name and draft.name == name:
            gathering.say(draft.path, Code.SAME_CONTENT, f"has the same content as {known}")
        ids[draft.key] = known
    return ids


def _in_order(gathering: Gathering) -> Iterator[tuple[Draft, str]]:
    """Yield each place once with its name: members first, in their order, then the rest by path."""
    seen: set[Key] = set()
    members = [member for composite in gathering.composites for member in composite.members]
    loose = [DraftMember(draft.key, draft.name) for draft in _by_path(gathering.drafts.values())]
    for member in (*members, *loose):
        if member.key not in seen:
            seen.add(member.key)
            yield gathering.drafts[member.key], member.name


def _parents(composites: Iterable[DraftComposite]) -> dict[Key, list[str]]:
    parents: dict[Key, list[str]] = {}
    for composite in composites:
        for member in composite.members:
            parents.setdefault(member.key, []).append(composite.name)
    return parents


def _plugins_of_commands(composites: Iterable[DraftComposite]) -> dict[Key, str]:
    """Return the first plugin of each command; what an export says of names is not changed."""
    found: dict[Key, str] = {}
    for composite in composites:
        for member in composite.members if composite.kind != "heuristic" else ():
            if member.key[0] == ArtifactType.COMMAND and member.known is None:
                found.setdefault(member.key, composite.name)
    return found


def _folders(path: str, root: str) -> list[str]:
    """Return the names of the folders above a path: the specific ones first, then the nearest.

    The source itself, whose name is `root`, comes last.
    """
    folders = [name for name in path.partition("#")[0].split("/")[-2::-1] if name not in ("", ".")]
    return [*sorted(folders, key=lambda name: name in _TELL_NOTHING), root]


def _claim_name(
    gathering: Gathering, names: Names, draft: Draft, name: str, contexts: list[str]
) -> ArtifactId:
    named = names.claim(draft.type, name, contexts, draft.tree.content_hash)
    if named.unsafe:
        message = f"the name {name!a} is not safe; collected as {named.id}"
        gathering.say(draft.path, Code.NAME_UNSAFE, message)
    elif named.taken:
        message = f"another {draft.type} is named {name!a}; collected as {named.id}"
        gathering.say(draft.path, Code.NAME_TAKEN, message)
    return named.id


def _name_composites(
    gathering: Gathering, names: Names, ids: dict[Key, ArtifactId]
) -> Iterator[FoundComposite]:
    root = gathering.tree.root.name
    for draft in gathering.composites:
        place = hashlib.sha256(f"{draft.path}\n{draft.name}".encode()).hexdigest()
        contexts = [name for name in _folders(f"{draft.path}/", root) if name != draft.name]
        named = names.claim(ArtifactType.COMPOSITE, draft.name, contexts, place)
        if named.unsafe or named.taken:
            code = Code.NAME_UNSAFE if named.unsafe else Code.NAME_TAKEN
            gathering.say(draft.path, code, f"{draft.name!a} is collected as {named.id}")
        yield FoundComposite(
            id=named.id,
            name=draft.name,
            path=draft.path,
            members=tuple(_member(gathering, member, ids[member.key]) for member in draft.members),
            description=draft.description,
            version=draft.version,
            kind=draft.kind,
            uuid=draft.known.uuid,
            composite_type=draft.known.composite_type or CompositeType.PLUGIN.value,
            files=ids[draft.files] if draft.files else None,
            metadata=draft.metadata,
            hides_text=draft.hides_text,
            needs=draft.needs,
        )


def _member(gathering: Gathering, member: DraftMember, artifact_id: ArtifactId) -> FoundMember:
    is_told = f":{artifact_id.name}".endswith(f":{member.name}")
    alias = None if is_told else member.name
    known = member.known
    pin = known.pin if known else None
    if pin is not None and pin != gathering.drafts[member.key].tree.content_hash:
        note = f"{artifact_id} is pinned to {pin[:12]}, which is not what the source has of it"
        gathering.say(member.key[1], Code.PIN_ELSEWHERE, note)
    return FoundMember(
        artifact_id,
        member.key[1],
        alias,
        known.relationship if known else "contains",
        pin,
    )


def _ask_plugins(
    gathering: Gathering, claim: Claim, taken: set[ArtifactId]
) -> Iterator[FoundArtifact]:
    """Yield what plugins make of the files that no reader knew; an id is given once."""
    for path in artifact_files(gathering):
        try:
            found = claim(gathering.tree.location(path), gathering.tree.root)
        except HoldallError as error:
            gathering.say_missed(path, Code.PLUGIN_FAILED, error.message)
            continue
        if found is None:
            continue
        if found.id in taken:
            gathering.say(path, Code.NAME_TAKEN, f"a plugin calls it {found.id}, which is taken")
            continue
        taken.add(found.id)
        yield _inspect(gathering, found)


def _inspect(gathering: Gathering, found: FoundArtifact) -> FoundArtifact:
    """Inspect what a plugin read; no reader did."""
    is_folder = found.location is not None and found.location.is_dir()
    inspection = Inspection(found.path, is_folder=is_folder)
    try:
        if found.location is None:
            inspection.take(check_text(found.path, found.data or b""), whole=False)
        elif is_folder:
            folder_tree(found.location, inspection.peek, within=gathering.tree.root)
        else:
            file_tree(found.location, RelPath.parse(found.location.name), inspection.peek)
    except HoldallError as error:
        gathering.say(found.path, Code.ITEM_UNREADABLE, error.message)
    gathering.diagnostics.extend(inspection.found)
    return replace(found, hides_text=inspection.hides_text)
