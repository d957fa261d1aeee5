"""Read what one manifest and one marketplace entry say a plugin consists of (FORMATS P4)."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping
from dataclasses import field
from typing import Any

from holdall import dataclass
from holdall.artifacts.ids import ArtifactType
from holdall.sources.checks.diagnostics import Code
from holdall.sources.checks.hidden import hidden_text
from holdall.sources.checks.inspection import texts_in
from holdall.sources.draft import Draft, DraftMember, Gathering, show_path
from holdall.sources.layouts.agents.claude import STYLES
from holdall.sources.layouts.agents.form import FolderForm, PluginForm
from holdall.sources.layouts.configs import (
    load_json,
    read_hook_file,
    read_inline_hooks,
    read_mcp_file,
    read_servers,
)
from holdall.sources.layouts.fields import (
    place_below,
    problem_of,
    sources_of,
    with_slashes,
    without_nulls,
)
from holdall.sources.layouts.identity import IDENTITY_KEY, NAMESPACE
from holdall.sources.layouts.markdown import (
    command_name,
    is_readme,
    read_inline,
    read_markdown,
    read_skill,
)
from holdall.sources.listing import (
    file_at,
    follow_link,
    holds_skill,
    markdown_below,
    skill_folders,
    skills_below,
)
from holdall.sources.naming import own_name
from holdall.sources.values import Need
from holdall.sources.walk import join_path

_COLLECTED = ("skills", "commands", "agents", "rules", "outputStyles", "hooks", "mcpServers")
_COMPONENTS = (*_COLLECTED, "lspServers")
_TOLD_APART = {"$schema", "name", "description", "source", "strict", IDENTITY_KEY, *_COLLECTED}
_UNSUPPORTED = {
    "lspServers": (".lsp.json",),
    "themes": ("themes",),
    "workflows": ("workflows",),
    "monitors": ("monitors", "monitors.json"),
}


@dataclass
class PluginReader:
    """One plugin while it is read. `parts` are its declarations with where they stand."""

    gathering: Gathering
    root: str
    path: str
    entry: Mapping[str, Any] | None
    form: PluginForm
    manifest_path: str
    parts: list[tuple[str, Mapping[str, Any]]] = field(default_factory=list)

    def __post_init__(self) -> None:
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
        kept = {key: without_nulls(said[key]) for key in said if key not in _TOLD_APART}
        extensions = kept.get("extensions")
        if isinstance(extensions, dict) and NAMESPACE in extensions:
            kept["extensions"] = {k: v for k, v in extensions.items() if k != NAMESPACE} or None
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
        """Yield the members in their order: skills, commands, agents, rules, hooks, servers."""
        yield from self._skills()
        for artifact_type in (ArtifactType.COMMAND, ArtifactType.AGENT):
            yield from self._markdown(artifact_type)
        if self.form.rule is not None:
            yield from self._files("rules", self.form.rule)
        if "outputStyles" in self.form.places:
            yield from self._files("outputStyles", STYLES)
        if self.form.extras is not None:
            found = self.form.extras(self.gathering, self.root, self.name, self.manifest)
            yield from (DraftMember(draft.key, draft.name) for draft in found)
        yield from self._hooks()
        yield from self._servers()
        self._tell_unsupported()
        self._tell_needs()

    def _files(self, name: str, form: FolderForm) -> Iterator[DraftMember]:
        """Yield the members that are files of one kind, in the usual place or where a field says.

        What a field names replaces the usual place.
        """
        tree = self.gathering.tree
        given = list(self._paths(name))
        usual = self._default(name)
        for root in given or ([usual] if usual is not None else []):
            if tree.is_file(root):
                files = [(root, posixpath.dirname(root))]
            else:
                below = tree.below(root)
                files = [(join_path(p, n), root) for p, f in below for n in sorted(f.files)]
            for file, top in files:
                if file.endswith(form.suffix) and not is_readme(file):
                    draft = form.read(self.gathering, file, command_name(file, top))
                    if draft is not None:
                        yield DraftMember(draft.key, draft.name)

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
            for item in sources_of(value):
                path = self._check(name, item)
                if path is not None:
                    yield path

    def _check(self, name: str, value: Any) -> str | None:
        """Return the real path that a path field means; None, with a diagnostic, if it may not."""
        if not isinstance(value, str):
            self.say(Code.PATH_FIELD, f"{name}: {value!a:.80} is not a path")
            return None
        path = with_slashes(value)
        problem = problem_of(path)
        if problem is None:
            if "\\" in value:
                self.say(Code.PATH_SPELLING, f"{name}: {value!a} has backslashes")
            elif path != "." and not path.startswith("./"):
                self.say(Code.PATH_SPELLING, f"{name}: {value!a} does not start with ./")
            place = place_below(self.root, path)
            real = self.gathering.tree.resolve(place)
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
        for place in self.form.places.get(name, ()):
            path = join_path(self.root, place)
            head, _, last = path.rpartition("/")
            is_link = last in self.gathering.tree.folder(head).links
            tree = self.gathering.tree
            found = follow_link(self.gathering, path) if is_link else tree.resolve(path)
            if found is not None:
                return found
        return None

    def _skills(self) -> Iterator[DraftMember]:
        tree = self.gathering.tree
        top = self._default("skills")
        declared = list(self._fields("skills"))
        folders: list[tuple[str, str]] = []
        if top is not None and not self._entry_replaces_scan():
            folders += self._skills_at(join_path(self.root, "skills"), top)
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
        if name not in self.form.places:
            return
        if not is_agent and self.form.command is not None:
            yield from self._files(name, self.form.command)
            return
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
            items = value.items() if is_named else ((None, item) for item in sources_of(value))
            for given, item in items:
                place = item.get("source") if is_named and isinstance(item, dict) else item
                is_inline = isinstance(item, dict) and isinstance(item.get("content"), str)
                if is_named and place is None and is_inline:
                    continue
                if (path := self._check(name, place)) is not None:
                    yield path, given if self.gathering.tree.is_file(path) else None

    def _inline_commands(self) -> Iterator[DraftMember]:
        """Yield the commands whose text is in the manifest, by name."""
        for label, value in self._fields("commands"):
            for name, item in value.items() if isinstance(value, dict) else ():
                text = item.get("content") if isinstance(item, dict) else None
                if isinstance(text, str) and "source" not in item:
                    where = f"{show_path(self.path)}#{label}.commands.{name}"
                    draft = read_inline(self.gathering, ArtifactType.COMMAND, where, name, text)
                    yield DraftMember(draft.key, name)

    def _markdown_at(self, name: str, path: str) -> Iterator[tuple[str, str]]:
        """Yield the real path and the own name of each file that a declaration brings."""
        if self.gathering.tree.is_file(path):
            if not path.endswith(".md"):
                self.say(Code.PATH_FIELD, f"{name}: {path!a} is not a Markdown file")
                return
            default = join_path(self.root, name)
            below_default = path.startswith(f"{default}/")
            yield path, command_name(path, default if below_default else posixpath.dirname(path))
            return
        for below, real in markdown_below(self.gathering, path):
            yield real, command_name(below, "")

    def _hooks(self) -> Iterator[DraftMember]:
        default = self._default("hooks")
        files = [default] if default is not None else []
        inline: list[Draft | None] = []
        for number, (label, value) in enumerate(self._fields("hooks")):
            if isinstance(value, dict):
                suffix = f".{number}" if inline else ""
                where = f"{show_path(self.path)}#{label}.hooks{suffix}"
                inline.append(read_inline_hooks(self.gathering, where, f"hooks-{label}", value))
            elif (path := self._check("hooks", value)) is not None:
                files.append(path)
        for path in files:
            real = self.gathering.tree.resolve(path)
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
        default = self._default("mcpServers")
        change = self.form.server
        found = [] if default is None else read_mcp_file(self.gathering, default, change)
        for label, value in self._fields("mcpServers"):
            if isinstance(value, dict):
                servers = value.get("mcpServers", value)
                prefix = f"{show_path(self.path)}#{label}.mcp."
                found += read_servers(self.gathering, self.manifest_path, prefix, servers, change)
            elif (path := self._check("mcpServers", value)) is None:
                continue
            elif self.gathering.tree.is_file(path) and path.endswith(".json"):
                found += read_mcp_file(self.gathering, path, change)
            else:
                self.say(Code.UNSUPPORTED_COMPONENT, f"mcpServers: {path!a} is not a JSON file")
        for draft in found:
            yield DraftMember(draft.key, own_name(draft.type, draft.name, self.name))

    def needs(self) -> Iterator[Need]:
        """Yield the plugins that it says it needs, each once; what is no name is left out."""
        seen = set()
        for _, value in self._fields("dependencies"):
            said = value if isinstance(value, dict) else {"name": value}
            texts = [said.get(key) for key in ("name", "version", "marketplace")]
            name, wanted, market = (t if isinstance(t, str) and t.strip() else None for t in texts)
            if name is None:
                continue
            name, _, at = name.partition("@")
            need = Need(name, wanted, market or at or None)
            if need not in seen:
                seen.add(need)
                yield need

    def _tell_needs(self) -> None:
        """Report which plugins and settings a plugin says that it needs."""
        needed = [f"the plugin {need.shown!a:.80}" for need in self.needs()]
        for _, value in self._fields("userConfig"):
            keys = value if isinstance(value, dict) else ()
            needed += [f"the user's setting {key!a:.80}" for key in keys]
        if needed:
            self.say(Code.PLUGIN_NEEDS, f"needs {', '.join(needed)}")

    def _tell_unsupported(self) -> None:
        tree = self.gathering.tree
        for name, places in _UNSUPPORTED.items():
            there = any(tree.resolve(join_path(self.root, place)) is not None for place in places)
            if there or any(True for _ in self._fields(name)):
                self.gathering.say(
                    show_path(self.path), Code.UNSUPPORTED_COMPONENT, f"{name} are not deployed"
                )
