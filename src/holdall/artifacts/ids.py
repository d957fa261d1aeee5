"""Artifacts: their types, their ids, and the files they consist of."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from enum import StrEnum
from functools import lru_cache
from types import MappingProxyType
from typing import assert_never

from holdall import NamedTuple
from holdall.artifacts.paths import RelPath
from holdall.errors import HostilePathError, UsageError


class ArtifactType(StrEnum):
    """The built-in types of artifacts; plugins may register more.

    `rule` is instructions with a scope: always, for some files, by their description, or
    on request; `output-style` is how Claude Code writes. `plugin-files` is what a plugin contains
    other than artifacts: README, license, scripts. A composite has no files of its own in a
    project: it is deployed by deploying its members, all the way down.
    """

    SKILL = "skill"
    COMMAND = "command"
    AGENT = "agent"
    HOOK = "hook"
    MCP = "mcp"
    RULE = "rule"
    OUTPUT_STYLE = "output-style"
    PLUGIN_FILES = "plugin-files"
    COMPOSITE = "composite"

    @classmethod
    def composite_types(cls) -> tuple[ArtifactType, ...]:
        """Return the types whose content is other artifacts."""
        return (cls.COMPOSITE,)

    @classmethod
    def deployable_types(cls) -> tuple[ArtifactType, ...]:
        """Return the types that can be deployed: all, composites by deploying their members."""
        return tuple(cls)


class CompositeType(StrEnum):
    """What kind of bundle a composite is, which chooses how its members are deployed.

    The members of a `plugin` go where each would go alone. STACK (`stack`) and SUITE (`suite`) are
    reserved.
    """

    PLUGIN = "plugin"


RELATIONSHIPS = ("contains", "requires", "extends")
"""What a composite has to do with a member."""


class Shape(StrEnum):
    """Whether an artifact of a type is a folder of files or one file."""

    FOLDER = "folder"
    FILE = "file"
    MEMBERS = "members"


class FileKind(StrEnum):
    """What a path in an artifact is: a regular file or a symbolic link."""

    FILE = "f"
    LINK = "l"


class TypeSpec(NamedTuple):
    """How a collection stores artifacts of one type.

    `folder` is the collection's folder for the type (`skills`), `suffix` what a file of a
    single-file type ends in (`.md`; empty for folders). `deploys_to` is for a plugin's type: pairs
    of a target that it can be deployed to and the folder there, as in `("claude", "prompts")`.
    """

    name: str
    folder: str
    shape: Shape
    suffix: str = ""
    deploys_to: tuple[tuple[str, str], ...] = ()

    @property
    def only_file(self) -> RelPath:
        """The path that the one file of a single-file artifact has in its tree.

        It does not depend on the artifact's name, so that a rename keeps the tree hash.
        """
        return RelPath.parse(self.name + self.suffix)


def _builtin_spec(artifact_type: ArtifactType) -> TypeSpec:
    match artifact_type:
        case ArtifactType.SKILL:
            return TypeSpec("skill", "skills", Shape.FOLDER)
        case ArtifactType.COMMAND:
            return TypeSpec("command", "commands", Shape.FILE, ".md")
        case ArtifactType.AGENT:
            return TypeSpec("agent", "agents", Shape.FILE, ".md")
        case ArtifactType.HOOK:
            return TypeSpec("hook", "hooks", Shape.FILE, ".json")
        case ArtifactType.MCP:
            return TypeSpec("mcp", "mcp", Shape.FILE, ".json")
        case ArtifactType.RULE:
            return TypeSpec("rule", "rules", Shape.FILE, ".md")
        case ArtifactType.OUTPUT_STYLE:
            return TypeSpec("output-style", "output-styles", Shape.FILE, ".md")
        case ArtifactType.PLUGIN_FILES:
            return TypeSpec("plugin-files", "plugin-files", Shape.FOLDER)
        case ArtifactType.COMPOSITE:
            return TypeSpec("composite", "composites", Shape.MEMBERS)
        case _:
            assert_never(artifact_type)


BUILTIN_TYPES: Mapping[str, TypeSpec] = MappingProxyType(
    {t.value: _builtin_spec(t) for t in ArtifactType}
)

_TYPE_NAME = re.compile(r"[a-z][a-z0-9-]{0,31}")
SKILL_NAME = re.compile(r"(?=.{1,64}\Z)[a-z0-9]+(?:-[a-z0-9]+)*", re.DOTALL)
"""What agentskills.io allows as a skill's name; agents want the same of an agent's."""


class ArtifactId(NamedTuple):
    """The name users write: `type:name`.

    A name may hold colons (`command:git:commit` is the file `commands/git/commit.md`); each part
    between them must be a safe path component.
    """

    type: str
    name: str

    @classmethod
    def parse(cls, text: str) -> ArtifactId:
        """Read `type:name`; raises UsageError if it is not one."""
        return _parse_cached(text)

    @classmethod
    def of(cls, type_name: str, name: str) -> ArtifactId:
        """Make an id; raises HostilePathError if `name` could not be a file's name."""
        RelPath.parse(name.replace(":", "/"))
        return cls(type_name, name)

    def __str__(self) -> str:
        return f"{self.type}:{self.name}"

    def path_in(self, spec: TypeSpec) -> RelPath:
        """Return the path of an artifact with this id in a collection or target of that layout.

        Raises HostilePathError for a folder with a colon in its name: `skills/a/b` would be
        inside `skills/a`; and for any name with a slash, which would be a second name for it.
        """
        if "/" in self.name:
            raise HostilePathError(
                f"{str(self)!a}: a name may not have a slash in it",
                hint="write a colon for a file in a folder, as in command:git:commit",
            )
        if spec.shape is not Shape.FILE and ":" in self.name:
            raise HostilePathError(
                f"{str(self)!a}: a {self.type} may not have a colon in its name",
                hint="rename it in its source",
            )
        return RelPath.parse(f"{spec.folder}/{self.name.replace(':', '/')}{spec.suffix}")


@lru_cache(maxsize=1 << 17)  # one id stands in the manifest, the ledger, the record, the database
def _parse_cached(text: str) -> ArtifactId:
    type_name, colon, name = text.partition(":")
    if not colon or not _TYPE_NAME.fullmatch(type_name) or not name:
        raise UsageError(
            f"{text!a} is not an artifact id",
            hint="write type:name, as in skill:canvas-design",
        )
    return ArtifactId.of(type_name, name)


def has_plain_name(artifact_id: ArtifactId) -> bool:
    """Return whether a name without a type may mean an artifact.

    A plugin's own files mostly have their composite's name, and are never meant by it.
    """
    return artifact_id.type != ArtifactType.PLUGIN_FILES


def sort_ids(ids: Iterable[ArtifactId]) -> list[ArtifactId]:
    """Return ids in the order in which they are printed: by type as declared, then by name."""
    order = {name: position for position, name in enumerate(BUILTIN_TYPES)}
    return sorted(ids, key=lambda i: (order.get(i.type, len(order)), i.type, i.name))
