"""A target: where one agent looks for its files, and in which form."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import field, replace
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from holdall import NamedTuple, dataclass
from holdall.artifacts.ids import ArtifactId, Shape, TypeSpec
from holdall.artifacts.paths import RelPath

_EMPTY: Mapping[str, Any] = MappingProxyType({})


class Form(StrEnum):
    """How an agent wants an artifact, where it is not as collections have it.

    `agent_formats` converts each.
    """

    HOOKS = "hooks"
    AUGMENT_HOOKS = "augment-hooks"
    CODEX_HOOKS = "codex-hooks"
    COPILOT_HOOKS = "copilot-hooks"
    CURSOR_HOOKS = "cursor-hooks"
    DEEPAGENTS_HOOKS = "deepagents-hooks"
    DEVIN_HOOKS = "devin-hooks"
    GEMINI_HOOKS = "gemini-hooks"
    GROK_HOOKS = "grok-hooks"
    IFLOW_HOOKS = "iflow-hooks"
    KIRO_HOOKS = "kiro-hooks"
    OPENHANDS_HOOKS = "openhands-hooks"
    QWEN_HOOKS = "qwen-hooks"
    WINDSURF_HOOKS = "windsurf-hooks"
    SERVERS = "servers"
    SHARED_SERVERS = "shared-servers"
    OTHER_SERVERS = "other-servers"
    ANTIGRAVITY_SERVERS = "antigravity-servers"
    CLINE_SERVERS = "cline-servers"
    CODEX_SERVERS = "codex-servers"
    COPILOT_SERVERS = "copilot-servers"
    CRUSH_SERVERS = "crush-servers"
    CURSOR_SERVERS = "cursor-servers"
    GEMINI_SERVERS = "gemini-servers"
    GROK_SERVERS = "grok-servers"
    OPENCODE_SERVERS = "opencode-servers"
    ROO_SERVERS = "roo-servers"
    VSCODE_SERVERS = "vscode-servers"
    WINDSURF_SERVERS = "windsurf-servers"
    ZED_SERVERS = "zed-servers"
    BRIEF_AGENT = "brief-agent"
    CLINE_AGENT = "cline-agent"
    CODEX_AGENT = "codex-agent"
    COPILOT_AGENT = "copilot-agent"
    CURSOR_AGENT = "cursor-agent"
    GEMINI_AGENT = "gemini-agent"
    IFLOW_AGENT = "iflow-agent"
    OPENCODE_AGENT = "opencode-agent"
    COMMAND_SKILL = "command-skill"
    CONTINUE_PROMPT = "continue-prompt"
    GEMINI_COMMAND = "gemini-command"
    OPENCODE_COMMAND = "opencode-command"
    QWEN_COMMAND = "qwen-command"
    CLAUDE_RULE = "claude-rule"
    COPILOT_RULE = "copilot-rule"
    CURSOR_RULE = "cursor-rule"
    WINDSURF_RULE = "windsurf-rule"
    KIRO_RULE = "kiro-rule"
    AUGMENT_RULE = "augment-rule"
    CONTINUE_RULE = "continue-rule"
    PLAIN_RULE = "plain-rule"
    BLOCK = "block"

    @property
    def has_braces(self) -> bool:
        """Whether `!{...}` in a text of this form runs a command."""
        return self in (Form.GEMINI_COMMAND, Form.QWEN_COMMAND)

    @property
    def is_hooks(self) -> bool:
        """Whether entries of this form are hooks, in the lists of their events."""
        return self.value.endswith("hooks")

    @property
    def is_alone(self) -> bool:
        """Whether the agent reads entries only where nothing is beside the object of them."""
        return self is Form.OPENHANDS_HOOKS


class Merge(NamedTuple):
    """Where artifacts of a type become entries of a settings file that is not Holdall's alone.

    `path` is below the project, `keys` lead to the object that holds the entries. `project` is how
    an entry there names the project's folder; None where only its full path will do. `head` are
    other members that the file must have.
    """

    path: RelPath
    keys: tuple[str, ...]
    form: Form
    project: str | None = None
    head: Mapping[str, Any] = _EMPTY


@dataclass(frozen=True, slots=True)
class Target:
    """One agent's layout below a project, or below a user's home folder.

    `root` is its folder (`.claude`); `places` says for each type that is deployed as files where
    they go, `merges` for each type that becomes entries of a settings file in which one, `blocks`
    for each type that becomes a part of a file of the user's in which one, `converts` which of the
    placed ones are written in another form. `roots` are the folders of types that are not below
    `root`; of the `flat` types the agent reads single files only where they are not in folders.
    `reads` are places of other agents that this one reads, too, by type. `marks` are what the agent
    is recognised by in a project. `profile` and `platform` are SkillMeat's names for the agent in
    the deployed record, None where it has none.
    """

    name: str
    root: RelPath
    places: Mapping[str, TypeSpec]
    merges: Mapping[str, Merge] = field(default_factory=dict)
    converts: Mapping[str, Form] = field(default_factory=dict)
    profile: str | None = None
    platform: str | None = None
    roots: Mapping[str, RelPath] = field(default_factory=dict)
    flat: frozenset[str] = frozenset()
    blocks: Mapping[str, RelPath] = field(default_factory=dict)
    reads: Mapping[str, tuple[RelPath, ...]] = field(default_factory=dict)
    marks: tuple[RelPath, ...] = ()

    def root_of(self, type_name: str) -> RelPath:
        """Return the folder that artifacts of a type are below."""
        return self.roots.get(type_name, self.root)

    def place_of(self, artifact_id: ArtifactId) -> RelPath | None:
        """Return where an artifact goes below its root; None if it is not deployed as files."""
        spec = self.places.get(artifact_id.type)
        if spec is None:
            return None
        if artifact_id.type in self.flat and spec.shape is Shape.FILE:
            artifact_id = artifact_id._replace(name=artifact_id.name.replace(":", "-"))
        return artifact_id.path_in(spec)

    def path_of(self, artifact_id: ArtifactId) -> RelPath:
        """Return where an artifact is in a project, of a type that is deployed as files."""
        place = self.place_of(artifact_id)
        assert place is not None, f"{artifact_id.type} has no place for {self.name}"
        return self.root_of(artifact_id.type).join_path(place)

    def entries_of(self, type_name: str) -> Merge | None:
        """Return where artifacts of a type become entries or blocks of a shared file, if so."""
        if (block := self.blocks.get(type_name)) is not None:
            return Merge(block, (), Form.BLOCK)
        return self.merges.get(type_name)

    def knows(self, type_name: str) -> bool:
        """Return whether the agent supports artifacts of a type."""
        return type_name in self.places or type_name in self.merges or type_name in self.blocks

    def with_types(self, types: Iterable[TypeSpec]) -> Target:
        """Return the target with more types, each in the folder of its spec, below the root."""
        return replace(self, places={**self.places, **{spec.name: spec for spec in types}})
