"""Targets: where an agent looks for its files in a project. A table, not code."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from kitbag.artifacts import ArtifactId, Shape, TypeSpec
from kitbag.errors import UsageError
from kitbag.paths import RelPath

__all__ = ["BUILTIN_TARGETS", "Target", "target_named"]


@dataclass(frozen=True, slots=True)
class Target:
    """One agent's layout below a project.

    `root` is its folder (`.claude`); `places` says for each type it knows where artifacts go;
    `profile` and `platform` are SkillMeat's names for it in the deployed record; `inert` names
    types that the agent does not read from the place where they go, with what to do about it.
    """

    name: str
    root: RelPath
    places: Mapping[str, TypeSpec]
    profile: str
    platform: str
    inert: Mapping[str, str]

    def place_of(self, artifact_id: ArtifactId) -> RelPath | None:
        """Return where an artifact goes below `root`; None if this agent knows no such type."""
        spec = self.places.get(artifact_id.type)
        return artifact_id.path_in(spec) if spec else None


_CLAUDE = Target(
    name="claude",
    root=RelPath.parse(".claude"),
    places=MappingProxyType(
        {
            "skill": TypeSpec("skill", "skills", Shape.FOLDER),
            "command": TypeSpec("command", "commands", Shape.FILE, ".md"),
            "agent": TypeSpec("agent", "agents", Shape.FILE, ".md"),
            "hook": TypeSpec("hook", "hooks", Shape.FILE, ".json"),
            "mcp": TypeSpec("mcp", "mcp", Shape.FILE, ".json"),
        }
    ),
    profile="claude_code",
    platform="claude_code",
    inert=MappingProxyType(
        {
            "hook": "copy its entries into .claude/settings.json to make it run",
            "mcp": "copy its definition into .mcp.json to make it start",
        }
    ),
)

BUILTIN_TARGETS: Mapping[str, Target] = MappingProxyType({_CLAUDE.name: _CLAUDE})


def target_named(name: str, targets: Mapping[str, Target]) -> Target:
    """Return a target; raises UsageError that lists the known ones."""
    try:
        return targets[name]
    except KeyError:
        known = ", ".join(sorted(targets))
        raise UsageError(f"no target {name!a}", hint=f"known targets: {known}") from None
