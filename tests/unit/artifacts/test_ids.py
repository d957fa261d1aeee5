"""Artifact ids and types."""

import json

import pytest

from holdall.artifacts.ids import (
    BUILTIN_TYPES,
    ArtifactId,
    ArtifactType,
    CompositeType,
    Shape,
    sort_ids,
)
from holdall.errors import HostilePathError, UsageError

pytestmark = pytest.mark.unit


def test_types_survive_json() -> None:
    """A type is its value in JSON and back."""
    for artifact_type in ArtifactType:
        assert ArtifactType(json.loads(json.dumps(artifact_type))) is artifact_type
    assert CompositeType("plugin") is CompositeType.PLUGIN


def test_composites_are_deployable() -> None:
    """A composite is both: deploying it deploys its members."""
    assert ArtifactType.composite_types() == (ArtifactType.COMPOSITE,)
    assert set(ArtifactType.deployable_types()) == set(ArtifactType)


def test_every_type_has_its_own_folder() -> None:
    """No two types lie in one folder of a collection."""
    assert len({spec.folder for spec in BUILTIN_TYPES.values()}) == len(ArtifactType)


def test_parses_and_prints_ids() -> None:
    """`type:name` is read and printed; later colons belong to the name."""
    parsed = ArtifactId.parse("command:git:commit")
    assert (parsed.type, parsed.name, str(parsed)) == (
        "command",
        "git:commit",
        "command:git:commit",
    )


@pytest.mark.parametrize("text", ["skill", "skill:", ":x", "Skill:x", "a b:x", ""])
def test_refuses_what_is_no_id(text: str) -> None:
    """A text that is no `type:name` is a usage error with an example."""
    with pytest.raises(UsageError, match="artifact id"):
        ArtifactId.parse(text)


@pytest.mark.parametrize("name", ["..", "a/../b", "a::b", "con", "x\ny", "a."])
def test_refuses_hostile_names(name: str) -> None:
    """A name that could not be a file's is refused."""
    with pytest.raises(HostilePathError):
        ArtifactId.of("command", name)


def test_path_in_a_layout() -> None:
    """Colons of single-file artifacts are folders; a folder artifact may have none."""
    command = ArtifactId.of("command", "git:commit")
    assert command.path_in(BUILTIN_TYPES["command"]) == "commands/git/commit.md"
    assert ArtifactId.of("skill", "pdf").path_in(BUILTIN_TYPES["skill"]) == "skills/pdf"
    with pytest.raises(HostilePathError, match="colon"):
        ArtifactId.of("skill", "a:b").path_in(BUILTIN_TYPES["skill"])


def test_only_file_does_not_depend_on_the_name() -> None:
    """A single-file type has one fixed file name in trees."""
    files = {s.name: s.only_file for s in BUILTIN_TYPES.values() if s.shape is Shape.FILE}
    assert files == {
        "command": "command.md", "agent": "agent.md", "hook": "hook.json", "mcp": "mcp.json",
        "rule": "rule.md", "output-style": "output-style.md",
    }  # fmt: skip


def test_sorted_ids_follow_the_types_then_the_names() -> None:
    """Ids are listed by type as declared; unknown types come last."""
    texts = ["rule:a", "command:b", "skill:z", "command:a"]
    found = [str(i) for i in sort_ids(map(ArtifactId.parse, texts))]
    assert found == ["skill:z", "command:a", "command:b", "rule:a"]
