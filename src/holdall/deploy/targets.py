"""Targets: where an agent looks for its files, and in which format. A table, not code.

From each agent's documentation, late 2026. What an agent does not know is left out of its row, and
a deploy says so.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

from holdall.artifacts.ids import ArtifactId, ArtifactType, Shape, TypeSpec
from holdall.artifacts.paths import RelPath
from holdall.errors import UsageError
from holdall.files.user_state import home_folder


class Form(StrEnum):
    """How an entry stands in an agent's settings; see `conversion`."""

    HOOKS = "hooks"
    SERVERS = "servers"
    VSCODE_SERVERS = "vscode-servers"
    GEMINI_SERVERS = "gemini-servers"
    OPENCODE_SERVERS = "opencode-servers"
    CODEX_SERVERS = "codex-servers"
    GEMINI_COMMAND = "gemini-command"


class Merge(NamedTuple):
    """Where artifacts of a type become entries of a settings file that is not Holdall's alone.

    `path` is below the project, `keys` lead to the object that holds the entries. `project` is how
    an entry there names the project's folder; None where only its full path will do.
    """

    path: RelPath
    keys: tuple[str, ...]
    form: Form
    project: str | None = None


@dataclass(frozen=True, slots=True)
class Target:
    """One agent's layout below a project.

    `root` is its folder (`.claude`); `places` says for each type that is deployed as files where
    they go, `merges` for each type that becomes entries of a settings file in which one, `converts`
    which of the placed ones are written in another form. An agent that `is_flat` reads single files
    only where they are not in folders. `profile` and `platform` are SkillMeat's names for the agent
    in the deployed record, None where it has none.
    """

    name: str
    root: RelPath
    places: Mapping[str, TypeSpec]
    merges: Mapping[str, Merge] = field(default_factory=dict)
    converts: Mapping[str, Form] = field(default_factory=dict)
    profile: str | None = None
    platform: str | None = None
    is_flat: bool = False

    def place_of(self, artifact_id: ArtifactId) -> RelPath | None:
        """Return where an artifact goes below `root`; None if it is not deployed as files."""
        spec = self.places.get(artifact_id.type)
        if spec is None:
            return None
        if self.is_flat and spec.shape is Shape.FILE:
            artifact_id = artifact_id._replace(name=artifact_id.name.replace(":", "-"))
        return artifact_id.path_in(spec)

    def path_of(self, artifact_id: ArtifactId) -> RelPath:
        """Return where an artifact is in a project, of a type that is deployed as files."""
        place = self.place_of(artifact_id)
        assert place is not None, f"{artifact_id.type} has no place for {self.name}"
        return self.root.joined(place)

    def knows(self, type_name: str) -> bool:
        """Return whether the agent supports artifacts of a type."""
        return type_name in self.places or type_name in self.merges


_MARKDOWN = {"command": ("commands", ".md"), "agent": ("agents", ".md")}


def _target(
    name: str,
    root: str,
    *,
    files: Mapping[str, tuple[str, str]] = MappingProxyType({}),
    servers: tuple[str, tuple[str, ...], Form, str | None] | None = None,
    hooks: tuple[str, str] | None = None,
    converts: Mapping[str, Form] = MappingProxyType({}),
    skillmeat: str | None = None,
    is_flat: bool = False,
) -> Target:
    """Return a row of the table; skills are folders in `skills` for every agent.

    `hooks` is a settings file and how it names the project, `servers` a file, keys, form and that.
    What is merged may need the own files of the plugin that it comes from.
    """
    places = {"skill": TypeSpec("skill", "skills", Shape.FOLDER)}
    for type_name, (folder, suffix) in files.items():
        places[type_name] = TypeSpec(type_name, folder, Shape.FILE, suffix)
    merges = {}
    if hooks is not None:
        merges["hook"] = Merge(RelPath.parse(hooks[0]), ("hooks",), Form.HOOKS, hooks[1])
    if servers is not None:
        path, keys, form, project = servers
        merges["mcp"] = Merge(RelPath.parse(path), keys, form, project)
    if merges:
        own = ArtifactType.PLUGIN_FILES.value
        places[own] = TypeSpec(own, own, Shape.FOLDER)
    return Target(
        name,
        RelPath.parse(root),
        MappingProxyType(places),
        MappingProxyType(merges),
        converts,
        skillmeat,
        skillmeat,
        is_flat,
    )


def _gemini(project: str | None) -> Target:
    return _target(
        "gemini",
        ".gemini",
        files={"command": ("commands", ".toml")},
        servers=(".gemini/settings.json", ("mcpServers",), Form.GEMINI_SERVERS, project),
        converts={"command": Form.GEMINI_COMMAND},
        skillmeat="gemini",
    )


_COPILOT_FILES = {"command": ("prompts", ".prompt.md"), "agent": ("agents", ".agent.md")}

_PROJECT = (
    _target(
        "claude",
        ".claude",
        files=_MARKDOWN,
        servers=(".mcp.json", ("mcpServers",), Form.SERVERS, "${CLAUDE_PROJECT_DIR:-.}"),
        hooks=(".claude/settings.json", "${CLAUDE_PROJECT_DIR}"),
        skillmeat="claude_code",
    ),
    _target(
        "codex",
        ".agents",
        servers=(".codex/config.toml", ("mcp_servers",), Form.CODEX_SERVERS, "."),
        skillmeat="codex",
    ),
    _gemini("."),
    _target(
        "cursor",
        ".cursor",
        is_flat=True,
        files=_MARKDOWN,
        servers=(".cursor/mcp.json", ("mcpServers",), Form.SERVERS, "${workspaceFolder}"),
        skillmeat="cursor",
    ),
    _target(
        "copilot",
        ".github",
        is_flat=True,
        files=_COPILOT_FILES,
        servers=(".vscode/mcp.json", ("servers",), Form.VSCODE_SERVERS, "${workspaceFolder}"),
    ),
    _target(
        "opencode",
        ".opencode",
        files=_MARKDOWN,
        servers=("opencode.json", ("mcp",), Form.OPENCODE_SERVERS, "."),
    ),
    _target("windsurf", ".windsurf", files={"command": ("workflows", ".md")}, is_flat=True),
    _target("agents", ".agents"),
)
_USER = (
    _target(
        "claude",
        ".claude",
        files=_MARKDOWN,
        servers=(".claude.json", ("mcpServers",), Form.SERVERS, None),
        hooks=(".claude/settings.json", "${HOME}"),
        skillmeat="claude_code",
    ),
    _target(
        "codex",
        ".agents",
        servers=(".codex/config.toml", ("mcp_servers",), Form.CODEX_SERVERS, None),
        skillmeat="codex",
    ),
    _gemini(None),
    _target(
        "cursor",
        ".cursor",
        is_flat=True,
        files=_MARKDOWN,
        servers=(".cursor/mcp.json", ("mcpServers",), Form.SERVERS, None),
        skillmeat="cursor",
    ),
    _target(
        "copilot",
        ".copilot",
        is_flat=True,
        files={"agent": ("agents", ".agent.md")},
        servers=(".copilot/mcp-config.json", ("mcpServers",), Form.VSCODE_SERVERS, None),
    ),
    _target(
        "opencode",
        ".config/opencode",
        files=_MARKDOWN,
        servers=(".config/opencode/opencode.json", ("mcp",), Form.OPENCODE_SERVERS, None),
    ),
    _target(
        "windsurf",
        ".codeium/windsurf",
        is_flat=True,
        files={"command": ("global_workflows", ".md")},
        servers=(".codeium/windsurf/mcp_config.json", ("mcpServers",), Form.SERVERS, None),
    ),
    _target("agents", ".agents"),
)

BUILTIN_TARGETS: Mapping[str, Target] = MappingProxyType({t.name: t for t in _PROJECT})
"""By name, for a project."""

USER_TARGETS: Mapping[str, Target] = MappingProxyType({t.name: t for t in _USER})
"""By name, for a user's home folder."""


SETTINGS = frozenset(
    {merge.path.lower() for target in (*_PROJECT, *_USER) for merge in target.merges.values()}
    | {".claude/settings.local.json"}
)
"""Files that agents act upon, in lower case: no artifact's file may be one of them."""


def targets_for(registered: Mapping[str, Target], project: Path) -> Mapping[str, Target]:
    """Return the targets of a project, of those that are registered by name.

    In the user's home folder they are those for all projects.
    """
    home = home_folder()
    if home is None or project.resolve() != home.resolve():
        return registered
    types = [s for target in registered.values() for s in target.places.values() if s.deploys_to]
    return with_types({**registered, **USER_TARGETS}, types)


def with_types(targets: Mapping[str, Target], types: Iterable[TypeSpec]) -> Mapping[str, Target]:
    """Return targets that take types of plugins as well, each where its `deploys_to` says.

    Raises UsageError for a target that is not there.
    """
    extended = dict(targets)
    for spec in types:
        for name, folder in spec.deploys_to:
            target = target_named(name, extended)
            place = {spec.name: spec._replace(folder=folder)}
            extended[name] = replace(target, places={**target.places, **place})
    return MappingProxyType(extended)


def target_named(name: str, targets: Mapping[str, Target]) -> Target:
    """Return a target; raises UsageError that lists the known ones."""
    try:
        return targets[name]
    except KeyError:
        known = ", ".join(sorted(targets))
        raise UsageError(f"no target {name!a}", hint=f"known targets: {known}") from None
