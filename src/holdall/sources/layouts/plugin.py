"""Read one Claude plugin: its manifest, its marketplace entry, and its members (FORMATS P4)."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from holdall.artifacts.ids import ArtifactType
from holdall.sources.checks.diagnostics import Code
from holdall.sources.checks.hidden import hidden_text
from holdall.sources.checks.inspection import texts_in
from holdall.sources.draft import Draft, DraftComposite, DraftMember, Gathering, Key, show_path
from holdall.sources.layouts.configs import (
    HOOKS_FILE,
    MCP_FILE,
    load_json,
    read_hook_file,
    read_inline_hooks,
    read_mcp_file,
    read_servers,
)
from holdall.sources.layouts.identity import IDENTITY_KEY, KnownPlugin, read_identity
from holdall.sources.layouts.markdown import (
    command_name,
    read_inline_command,
    read_markdown,
    read_skill,
)
from holdall.sources.listing import (
    file_at,
    followed,
    holds_skill,
    markdown_below,
    skill_folders,
    skills_below,
)
from holdall.sources.naming import own_name
from holdall.sources.walk import joined

PLUGIN_MANIFEST = ".claude-plugin/plugin.json"

_COLLECTED = ("skills", "commands", "agents", "hooks", "mcpServers")
_COMPONENTS = (*_COLLECTED, "lspServers", "outputStyles")
_TOLD_APART = {"$schema", "name", "description", "source", "strict", IDENTITY_KEY, *_COLLECTED}
_UNSUPPORTED = {
    "lspServers": (".lsp.json",),
    "outputStyles": ("output-styles",),
    "themes": ("themes",),
    "workflows": ("workflows",),
    "monitors": ("monitors", "monitors.json"),
}


def read_plugin(
    gathering: Gathering, root: str, path: str, entry: Mapping[str, Any] | None
) -> DraftComposite:
    """Read the plugin in the folder `root`, which a marketplace's `entry` may have named.

    `path` is how the source spells the folder; `root` is the same without symbolic links.
    """
    reader = _PluginReader(gathering, root, path, entry)
    known = read_identity(reader.manifest)
    if known is None:
        reader.say(Code.PLUGIN_INVALID, f"the key {IDENTITY_KEY!r} is not what an export writes")
    known = known or KnownPlugin()
    if known.uuid is not None:
        gathering.exports.add(root)
    members: dict[Key, DraftMember] = {}
    for member in reader.members():
        members.setdefault(member.key, _as_exported(member, root, known))
    order = {said.id: number for number, said in enumerate(known.members.values())}
    return DraftComposite(
        name=reader.name,
        path=show_path(path),
        kind="unlisted-plugin" if entry is None else "marketplace-entry",
        members=tuple(
            sorted(members.values(), key=lambda m: order[m.known.id] if m.known else len(order))
        ),
        description=reader.text("description"),
        version=reader.text("version"),
        known=known,
        metadata=reader.metadata(),
        hides_text=reader.hides_text(),
    )


def _as_exported(member: DraftMember, root: str, known: KnownPlugin) -> DraftMember:
    artifact_type, path = member.key
    below = path.removeprefix(f"{root}/") if root else path
    found = known.members.get((artifact_type, below))
    return member._replace(name=found.id.name, known=found) if found else member


@dataclass
class _PluginReader:
    """One plugin while it is read. `parts` are its declarations with where they stand."""

    gathering: Gathering
    root: str
    path: str
    entry: Mapping[str, Any] | None
    parts: list[tuple[str, Mapping[str, Any]]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.manifest_path = joined(self.root, PLUGIN_MANIFEST)
        manifest: Mapping[str, Any] | None = None
        if file_at(self.gathering, self.manifest_path):
            manifest = load_json(self.gathering, self.manifest_path, Code.PLUGIN_INVALID)
        self.manifest = manifest or {}
        strict = self.entry is None or self.entry.get("strict", True) is not False
        if strict:
            self.parts.append(("manifest", self.manifest))
        elif self.manifest and any(self.manifest.get(name) for name in _COMPONENTS):
            self.say(
                Code.MANIFEST_CONFLICT,
                "plugin.json declares components in addition to a strict: false entry",
            )
        if self.entry is not None:
            self.parts.append(("entry", self.entry))

    def say(self, code: Code, message: str) -> None:
        """Record a diagnostic at the plugin's manifest, or its folder if it has none."""
        here = self.manifest_path if self.manifest else show_path(self.path)
        self.gathering.say(here, code, message)

    def text(self, key: str) -> str | None:
        """Return what the entry, else the manifest, says under `key`."""
        for part in (self.entry or {}, self.manifest):
            value = part.get(key)
            if isinstance(value, str) and value.strip():
                return value.strip()
        return None

    @property
    def name(self) -> str:
        """The plugin's name, else its folder's, else the source's."""
        return self.text("name") or self.path.rpartition("/")[2] or self.gathering.tree.root.name

    def metadata(self) -> dict[str, Any]:
        """Return the rest of manifest and entry, without what is read elsewhere."""
        said = {**self.manifest, **(self.entry or {})}
        kept = {key: _without_nulls(said[key]) for key in said if key not in _TOLD_APART}
        return {key: value for key, value in kept.items() if value is not None}

    def hides_text(self) -> bool:
        """Return whether what is kept of this has hidden text, with a diagnostic."""
        texts = [self.text(key) for key in ("name", "description", "version")]
        kept = "".join((*filter(None, texts), *texts_in(self.metadata())))
        found = list(
            hidden_text(self.manifest_path if self.manifest else show_path(self.path), kept)
        )
        self.gathering.diagnostics.extend(diagnostic._replace(line=None) for diagnostic in found)
        return bool(found)

    def members(self) -> Iterator[DraftMember]:
        """Yield the members in their order: skills, commands, agents, hooks, servers."""
        yield from self._skills()
        for artifact_type in (ArtifactType.COMMAND, ArtifactType.AGENT):
            yield from self._markdown(artifact_type)
        yield from self._hooks()
        yield from self._servers()
        self._tell_unsupported()

    def _fields(self, name: str) -> Iterator[tuple[str, Any]]:
        """Yield each declaration of a component: where it stands, and the value."""
        for label, part in self.parts:
            value = part.get(name)
            if isinstance(value, list):
                yield from ((label, item) for item in value)
            elif value is not None:
                yield label, value

    def _paths(self, name: str) -> Iterator[str]:
        for _, value in self._fields(name):
            for item in _sources(value):
                path = self._checked(name, item)
                if path is not None:
                    yield path

    def _checked(self, name: str, value: Any) -> str | None:
        """Return the real path that a path field means; None, with a diagnostic, if it may not."""
        if not isinstance(value, str):
            self.say(Code.PATH_FIELD, f"{name}: {value!a:.80} is not a path")
            return None
        path = with_slashes(value)
        problem = _problem_of(path)
        if problem is None:
            if "\\" in value:
                self.say(Code.PATH_SPELLING, f"{name}: {value!a} has backslashes")
            elif path != "." and not path.startswith("./"):
                self.say(Code.PATH_SPELLING, f"{name}: {value!a} does not start with ./")
            place = _below(self.root, path)
            real = self.gathering.tree.resolved(place)
            if real is not None:
                return real
            problem = "is not there"
            self.gathering.unread.setdefault(
                show_path(place), f"a manifest names it, but it {problem}"
            )
        self.say(Code.PATH_FIELD, f"{name}: {value!a} {problem}")
        return None

    def _default(self, name: str) -> str | None:
        """Return the real path of a component in its usual place; None if it is not there."""
        path = joined(self.root, name)
        head, _, last = path.rpartition("/")
        is_link = last in self.gathering.tree.folder(head).links
        return followed(self.gathering, path) if is_link else self.gathering.tree.resolved(path)

    def _skills(self) -> Iterator[DraftMember]:
        tree = self.gathering.tree
        top = self._default("skills")
        declared = list(self._fields("skills"))
        folders: list[tuple[str, str]] = []
        if top is not None and not self._entry_replaces_scan():
            folders += self._skills_at(joined(self.root, "skills"), top)
        for path in self._paths("skills"):
            if tree.is_folder(path):
                folders += self._skills_at(path, path)
            else:
                self.say(Code.PATH_FIELD, f"skills: {path!a} is not a folder")
        if top is None and not declared and holds_skill(self.gathering, self.root):
            folders.append(("", self.root))
        for name, path in folders:
            draft = read_skill(self.gathering, path)
            if draft is not None:
                yield DraftMember(draft.key, name or draft.name)

    def _skills_at(self, shown_as: str, path: str) -> list[tuple[str, str]]:
        """Return the one skill that a folder is, else those in it: names and real paths."""
        if holds_skill(self.gathering, path):
            return [("", path)]
        return skill_folders(self.gathering, shown_as, path)

    def _entry_replaces_scan(self) -> bool:
        """Return whether this is a marketplace's root whose entry lists its own skills."""
        return self.root == "" and self.entry is not None and bool(self.entry.get("skills"))

    def _markdown(self, artifact_type: ArtifactType) -> Iterator[DraftMember]:
        name = f"{artifact_type}s"
        is_agent = artifact_type is ArtifactType.AGENT
        for root, given in self._markdown_roots(name):
            for path, below in self._markdown_at(name, root):
                below = given or below
                draft = read_markdown(self.gathering, artifact_type, path, below)
                if draft is not None:
                    yield DraftMember(draft.key, draft.name if is_agent else below)
            if not is_agent and self.gathering.tree.is_folder(root):
                for _, path in skills_below(self.gathering, root):
                    draft = read_skill(self.gathering, path)
                    if draft is not None:
                        yield DraftMember(draft.key, draft.name)
        if not is_agent:
            yield from self._inline_commands()

    def _markdown_roots(self, name: str) -> Iterator[tuple[str, str | None]]:
        """Yield the real path of each file or folder, with the name that an object gives it."""
        declared = list(self._fields(name))
        if not declared and (path := self._default(name)) is not None:
            yield path, None
        for _, value in declared:
            is_named = isinstance(value, dict) and name == "commands"
            items = value.items() if is_named else ((None, item) for item in _sources(value))
            for given, item in items:
                place = item.get("source") if is_named and isinstance(item, dict) else item
                is_inline = isinstance(item, dict) and isinstance(item.get("content"), str)
                if is_named and place is None and is_inline:
                    continue
                if (path := self._checked(name, place)) is not None:
                    yield path, given if self.gathering.tree.is_file(path) else None

    def _inline_commands(self) -> Iterator[DraftMember]:
        """Yield the commands whose text is in the manifest, by name."""
        for label, value in self._fields("commands"):
            for name, item in value.items() if isinstance(value, dict) else ():
                text = item.get("content") if isinstance(item, dict) else None
                if isinstance(text, str) and "source" not in item:
                    where = f"{show_path(self.path)}#{label}.commands.{name}"
                    draft = read_inline_command(self.gathering, where, name, text)
                    yield DraftMember(draft.key, name)

    def _markdown_at(self, name: str, path: str) -> Iterator[tuple[str, str]]:
        """Yield the real path and the own name of each file that a declaration brings."""
        if self.gathering.tree.is_file(path):
            if not path.endswith(".md"):
                self.say(Code.PATH_FIELD, f"{name}: {path!a} is not a Markdown file")
                return
            default = joined(self.root, name)
            below_default = path.startswith(f"{default}/")
            yield path, command_name(path, default if below_default else posixpath.dirname(path))
            return
        for below, real in markdown_below(self.gathering, path):
            yield real, command_name(below, "")

    def _hooks(self) -> Iterator[DraftMember]:
        default = self._default(f"hooks/{HOOKS_FILE}")
        files = [default] if default is not None else []
        inline: list[Draft | None] = []
        for number, (label, value) in enumerate(self._fields("hooks")):
            if isinstance(value, dict):
                suffix = f".{number}" if inline else ""
                where = f"{show_path(self.path)}#{label}.hooks{suffix}"
                inline.append(read_inline_hooks(self.gathering, where, f"hooks-{label}", value))
            elif (path := self._checked("hooks", value)) is not None:
                files.append(path)
        for path in files:
            real = self.gathering.tree.resolved(path)
            if real is None or not self.gathering.tree.is_file(real):
                self.say(Code.PATH_FIELD, f"hooks: {path!a} is not a file")
                continue
            stem = path.rpartition("/")[2].removesuffix(".json")
            inline.append(read_hook_file(self.gathering, real, stem))
        drafts = [draft for draft in inline if draft is not None]
        # A file of hooks has no name of its own: the main one is the plugin's, others say which.
        main = next((draft for draft in drafts if draft.name == "hooks"), next(iter(drafts), None))
        for draft in drafts:
            which = draft.name.removeprefix("hooks").removeprefix(self.name).strip("-_. ")
            is_main = draft is main or not which
            yield DraftMember(draft.key, self.name if is_main else f"{self.name}-{which}")

    def _servers(self) -> Iterator[DraftMember]:
        default = self._default(MCP_FILE)
        found = read_mcp_file(self.gathering, default) if default is not None else []
        for label, value in self._fields("mcpServers"):
            if isinstance(value, dict):
                servers = value.get("mcpServers", value)
                prefix = f"{show_path(self.path)}#{label}.mcp."
                found += read_servers(self.gathering, self.manifest_path, prefix, servers)
            elif (path := self._checked("mcpServers", value)) is None:
                continue
            elif self.gathering.tree.is_file(path) and path.endswith(".json"):
                found += read_mcp_file(self.gathering, path)
            else:
                self.say(Code.UNSUPPORTED_COMPONENT, f"mcpServers: {path!a} is not a JSON file")
        for draft in found:
            yield DraftMember(draft.key, own_name(draft.type, draft.name, self.name))

    def _tell_unsupported(self) -> None:
        tree = self.gathering.tree
        for name, places in _UNSUPPORTED.items():
            there = any(tree.resolved(joined(self.root, place)) is not None for place in places)
            if there or any(True for _ in self._fields(name)):
                self.gathering.say(
                    show_path(self.path), Code.UNSUPPORTED_COMPONENT, f"{name} are not deployed"
                )


def _sources(value: Any) -> Iterator[Any]:
    """Yield the paths of one declaration, which may be an object of named sources."""
    if not isinstance(value, dict):
        yield value
        return
    for item in value.values():
        yield item.get("source", item) if isinstance(item, dict) else item


def _without_nulls(value: Any) -> Any:
    """Return a JSON value as a TOML file can hold it."""
    if isinstance(value, dict):
        return {key: _without_nulls(item) for key, item in value.items() if item is not None}
    if isinstance(value, list):
        return [_without_nulls(item) for item in value if item is not None]
    return value


def with_slashes(path: str) -> str:
    """Return a path as it is written elsewhere than on Windows."""
    return path.replace("\\", "/")


def _problem_of(path: str) -> str | None:
    if path.startswith(("/", "~")) or path[1:2] == ":":
        return "is absolute"
    if ".." in path.split("/") or "\0" in path:
        return "has .. in it"
    if any(char in path for char in "*?["):
        return "is a pattern"
    return None


def _below(root: str, path: str) -> str:
    whole = posixpath.normpath(joined(root, path))
    return "" if whole == "." else whole
