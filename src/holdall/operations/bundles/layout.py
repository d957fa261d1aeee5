"""A composite laid out as a plugin: the files of a folder or archive that anybody can use.

The form is that of an agent's plugins. The identities that come with it let collecting it elsewhere
restore UUIDs, content hashes, order and pins. What the form cannot hold as it is, is kept unchanged
in the folder `dev.holdall/members`, beside a copy in the agent's form if there is one.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import field
from pathlib import Path
from typing import Any

from holdall import NamedTuple, dataclass
from holdall.artifacts.hashing import FileDigest
from holdall.artifacts.ids import ArtifactId, ArtifactType, FileKind
from holdall.artifacts.paths import RelPath, refuse_collisions
from holdall.artifacts.rules import Apply, read_scope, rule_as_block
from holdall.collection.collection import Collection
from holdall.collection.manifest.manifest import ManifestArtifact, ManifestComposite
from holdall.errors import ConflictError, InputError, LocalEditError, NotFoundError, StorageError
from holdall.files.tree import Tree
from holdall.formats.documents import MAX_JSON_BYTES, canonical_json, parse_json, read_bounded
from holdall.operations.bundles.form import ExportForm
from holdall.operations.bundles.table import CLAUDE, EXPORT_FORMS
from holdall.sources.layouts.identity import FORMAT, IDENTITY_KEY, NAMESPACE, SIDECAR, identity_in
from holdall.transaction.export import ExportFile
from holdall.transaction.placement import content_of, place_files

KEPT = RelPath.parse(f"{NAMESPACE}/members")
CONTEXT = RelPath.parse("GEMINI.md")
MAX_MEMBER_BYTES = 1 << 20


class MemberContent(NamedTuple):
    """A member with the files that the export has of it, and where they are."""

    entry: ManifestArtifact
    tree: Tree
    location: Path

    @property
    def id(self) -> ArtifactId:
        """The member's id."""
        return self.entry.id

    def data(self) -> bytes:
        """Return the bytes of a member that is one file."""
        return read_bounded(self.location, MAX_MEMBER_BYTES)


@dataclass
class Export:
    """The files of an export by path; `members` is what it says about each member.

    `own` is what it says about the plugin's own files, `losses` what the agent will not have of it.
    """

    composite: ManifestComposite
    form: ExportForm = CLAUDE
    own: dict[str, str] | None = None
    files: dict[RelPath, ExportFile] = field(default_factory=dict)
    members: list[dict[str, Any]] = field(default_factory=list)
    losses: list[str] = field(default_factory=list)


def lay_out_plugin(
    collection: Collection,
    composite: ManifestComposite,
    members: Sequence[MemberContent],
    form: ExportForm = CLAUDE,
) -> Export:
    """Return the files of a plugin with these members, in this order.

    Raises ConflictError for two members that want one path.
    """
    writer = _Writer(collection, composite, form)
    writer.ids = frozenset(content.id for content in members)
    writer.hooks = [content for content in members if content.id.type == ArtifactType.HOOK]
    for content in members:
        writer.add(content)
    writer.add_own_files()
    writer.finish()
    refuse_collisions(writer.export.files)
    return writer.export


def collected_content(collection: Collection, entry: ManifestArtifact) -> MemberContent:
    """Return an artifact as the collection has it; raises LocalEditError if it was edited."""
    tree = collection.tree(entry)
    if tree.content_hash != entry.content_hash:
        raise LocalEditError(
            f"{entry.id} was edited since it was collected", hint="`holdall collect` first"
        )
    return MemberContent(entry, tree, collection.location(entry))


def is_export(folder: Path) -> bool:
    """Return whether a folder is an earlier export, in any form."""
    if _json_at(folder, RelPath.parse(SIDECAR)) is not None:
        return True
    said = (_json_at(folder, form.manifest) for form in EXPORT_FORMS.values())
    return any(table is not None and identity_in(table) is not None for table in said)


def _json_at(folder: Path, path: RelPath) -> dict[str, Any] | None:
    try:
        value = parse_json(read_bounded(folder / path, MAX_JSON_BYTES), path)
    except (InputError, StorageError):
        return None
    return value if isinstance(value, dict) else None


class _Writer:
    """Lays out one composite. `copies` stand for members in the agent's form, `made` for none."""

    def __init__(
        self, collection: Collection, composite: ManifestComposite, form: ExportForm
    ) -> None:
        self.collection, self.composite, self.form = collection, composite, form
        self.export = Export(composite, form)
        self.direct = {member.uuid: member for member in composite.members}
        self.ids: frozenset[ArtifactId] = frozenset()
        self.hooks: Sequence[MemberContent] = ()
        self.hook_files: list[str] = []
        self.events: dict[str, list[Any]] = {}
        self.servers: dict[str, Any] = {}
        self.context: list[str] = []
        self.copies: list[str] = []
        self.made: list[RelPath] = []

    def add(self, content: MemberContent) -> None:
        """Add a member: its files, and what the export says of it."""
        entry = content.entry
        member = self.direct.get(entry.uuid)
        self.export.members.append(
            {
                "id": str(entry.id),
                "uuid": entry.uuid,
                "path": self._place(content),
                "content_hash": content.tree.content_hash,
                "relationship": member.relationship if member else "contains",
                "pin": member.pin if member else None,
            }
        )

    def _place(self, content: MemberContent) -> str:
        """Add a member's files; return the path that has it unchanged."""
        type_name = content.id.type
        if type_name == ArtifactType.MCP:
            return self._server(content)
        if type_name == ArtifactType.HOOK and self.form.hooks is not None:
            return self._hook(content)
        place = self.form.places.get(type_name)
        if place is None:
            is_context = type_name == ArtifactType.RULE and self.form.has_context
            if not is_context or not self._as_context(content):
                self._lose(content, f"a {self.form.title} has no place for the type {type_name}")
            return self._keep(content)
        own = self._own_name(content.id)
        path = RelPath.parse(f"{place.folder}/{own.replace(':', '/')}{place.suffix}")
        if place.convert is None:
            return self._files_at(content, path)
        data = content.data()
        try:
            found, losses = place.convert(data, name_in_place(own))
        except ValueError as error:
            self._lose(content, str(error))
            return self._keep(content)
        self.export.losses += [f"{content.id}: {text}" for text in losses]
        if found == data:
            return self._files_at(content, path)
        self._make(path, found)
        self.copies.append(path)
        return self._keep(content)

    def _own_name(self, artifact_id: ArtifactId) -> str:
        """Return a member's name in the plugin, whose name agents put in front of commands."""
        own = artifact_id.name.removeprefix(f"{self.composite.id.name}:")
        is_free = ArtifactId(artifact_id.type, own) not in self.ids
        return own if artifact_id.type == ArtifactType.COMMAND and is_free else artifact_id.name

    def _files_at(self, content: MemberContent, base: RelPath) -> str:
        spec = self.collection.spec_of(content.id)
        for path, digest in place_files(base, spec, content.tree).items():
            self._add_file(path, content_of(content.location, spec, content.tree, digest), digest)
        return str(base)

    def _keep(self, content: MemberContent) -> str:
        """Keep a member as the collection has it, for Holdall only."""
        spec = self.collection.spec_of(content.id)
        return self._files_at(content, KEPT.join_path(content.id.path_in(spec)))

    def _lose(self, content: MemberContent, why: str) -> None:
        self.export.losses.append(f"{content.id} is kept for Holdall only: {why}")

    def _add_file(self, path: RelPath, content: Path | bytes, digest: FileDigest) -> None:
        if path in self.export.files:
            raise ConflictError(f"two members want {path} in the export", hint="rename one of them")
        is_link = digest.kind is FileKind.LINK
        self.export.files[path] = ExportFile(content, digest.executable, is_link)

    def _make(self, path: RelPath, data: bytes) -> None:
        """Add a file that is no member's and not the plugin's own."""
        if path in self.export.files:
            raise ConflictError(f"two members want {path} in the export", hint="rename one of them")
        self.export.files[path] = ExportFile(data)
        self.made.append(path)

    def _hook(self, content: MemberContent) -> str:
        assert self.form.hooks is not None, "asked before"
        if self.form.hook is not None:
            return self._converted_hook(content)
        is_only = len(self.hooks) == 1
        if self.form is not CLAUDE and not is_only:
            return self._keep(content)  # the file has them all
        own = content.id.path_in(self.collection.spec_of(content.id))
        path = self._files_at(content, self.form.hooks if is_only else own)
        self.hook_files.append(path)
        return path

    def _converted_hook(self, content: MemberContent) -> str:
        """Add a hook's events to those of the others, in the agent's form."""
        assert self.form.hook is not None, "asked before"
        value = parse_json(content.data(), str(content.location))
        try:
            written = self.form.hook(value, str(content.id))
        except ValueError as error:
            self._lose(content, str(error))
        else:
            self.export.losses += [f"{content.id}: {text}" for text in written.losses]
            for event, groups in written.value.items():
                self.events.setdefault(event, []).extend(groups)
        return self._keep(content)

    def _server(self, content: MemberContent) -> str:
        """Add a server to the others; keep it, too, where it is not read again as it is."""
        data, name = content.data(), content.id.name
        server = parse_json(data, str(content.location))
        if not isinstance(server, dict):
            raise InputError(
                f"{content.location}: not a JSON object", hint="fix it, then collect it"
            )
        try:
            written = self.form.server(server)
        except ValueError as error:
            self._lose(content, str(error))
            return self._keep(content)
        self.export.losses += [f"{content.id}: {text}" for text in written.losses]
        self.servers[name] = written.value
        place = f"{self.form.servers or self.form.manifest}#{name}"
        is_same = canonical_json(self.form.server_back(dict(written.value))) == data
        if (is_same and self.form.servers is not None) or self.form is CLAUDE:
            return place
        self.copies.append(place)
        return self._keep(content)

    def _as_context(self, content: MemberContent) -> bool:
        """Add a rule that is always in force to the one file that the agent reads always."""
        text = content.data().decode("utf-8", "replace")
        if read_scope(text).apply not in (Apply.ALWAYS, Apply.GLOBS):
            return False
        self.context.append(rule_as_block(text).replace("\r\n", "\n"))
        return True

    def add_own_files(self) -> None:
        """Add the plugin's own files, without those whose place something else has."""
        files = self.composite.files
        if files is None:
            return
        entry = self.collection.manifest.by_id.get(files)
        if not isinstance(entry, ManifestArtifact) or entry.uuid is None:
            raise NotFoundError(
                f"{self.composite.id}: its own files, {files}, are not in the collection",
                hint="`holdall undo` brings them back, or delete the key files in manifest.toml",
            )
        _, tree, location = collected_content(self.collection, entry)
        spec = self.collection.spec_of(files)
        taken = self._to_be_made()
        for digest in tree.files:
            if self.form is not CLAUDE and digest.path in taken:
                self.export.losses.append(f"{files}: {digest.path} is another file in this form")
                continue
            self._add_file(digest.path, content_of(location, spec, tree, digest), digest)
        self.export.own = {"id": str(files), "uuid": entry.uuid, "content_hash": tree.content_hash}

    def _to_be_made(self) -> set[RelPath]:
        made = {self.form.manifest, *self.export.files}
        made |= {self.form.servers} if self.form.servers is not None else set()
        made |= {self.form.hooks} if self.form.hooks is not None else set()
        return made | ({CONTEXT} if self.context else set())

    def finish(self) -> None:
        """Add the manifest, the servers, and the identities."""
        form = self.form
        if self.servers and form.servers is not None:
            value = {**form.server_head, "mcpServers": self.servers}
            self._make(form.servers, _json(value))
        if form.hooks is not None and self.events:
            head = {} if form.name == "gemini" else {"version": 1}
            self._make(form.hooks, _json({**head, "hooks": self.events}))
            self.copies.append(form.hooks)
        elif form.hook is None and form is not CLAUDE and form.hooks and len(self.hooks) > 1:
            self._make(form.hooks, _json(self._all_hooks()))
            self.copies.append(form.hooks)
        if self.context:
            self._make(CONTEXT, ("\n\n".join(self.context) + "\n").encode())
            self.copies.append(CONTEXT)
        manifest = form.render(self.composite, self._parts())
        identity = self._identity()
        if form.name == "agent-plugin":
            others = manifest.get("extensions", {})
            manifest["extensions"] = {**others, NAMESPACE: identity}
        elif form is CLAUDE:
            manifest[IDENTITY_KEY] = identity
        else:
            self.export.files[RelPath.parse(SIDECAR)] = ExportFile(_json(identity))
        self.export.files[form.manifest] = ExportFile(_json(manifest))

    def _parts(self) -> dict[str, Any]:
        folders = {path.partition("/")[0] for path in self.export.files}
        return {
            **dict.fromkeys(folders, True),
            "hooks": self.hook_files,
            "servers": self.servers,
            "context": self.context,
        }

    def _all_hooks(self) -> dict[str, Any]:
        """Return the hooks of all members in one file, event by event."""
        found: dict[str, list[Any]] = {}
        for content in self.hooks:
            value = parse_json(content.data(), str(content.location))
            table = value.get("hooks", value) if isinstance(value, dict) else None
            if not isinstance(table, dict):
                self._lose(content, "its hooks are not of the form that agents read")
                continue
            for event, groups in table.items():
                found.setdefault(event, []).extend(groups if isinstance(groups, list) else ())
        return {"hooks": found}

    def _identity(self) -> dict[str, Any]:
        composite = self.composite
        identity = {
            "format": FORMAT,
            "uuid": composite.uuid,
            "composite_type": composite.composite_type,
            "files": self.export.own,
            "members": self.export.members,
        }
        if self.form is CLAUDE:
            return identity
        made = [self.form.manifest, RelPath.parse(SIDECAR), *self.made]
        return {
            **identity,
            "name": composite.id.name,
            "description": composite.description,
            "metadata": dict(composite.metadata),
            "copies": sorted(self.copies),
            "made": sorted(map(str, made)),
        }


def name_in_place(name: str) -> str:
    """Return the last part of a name, by which an agent knows the file."""
    return name.rpartition(":")[2]


def _json(value: Any) -> bytes:
    return (json.dumps(value, indent=2, ensure_ascii=False) + "\n").encode()
