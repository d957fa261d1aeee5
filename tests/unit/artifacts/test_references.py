"""What users write for an artifact."""

from __future__ import annotations

import pytest

from holdall.artifacts.ids import ArtifactId
from holdall.artifacts.references import Reference, find_named
from holdall.errors import UsageError

pytestmark = pytest.mark.unit

KNOWN = [
    ArtifactId.parse(text)
    for text in (
        "skill:review",
        "command:review",
        "composite:review",
        "plugin-files:review",
        "plugin-files:kit",
        "command:git:commit",
        "prompt:greet",
        "hook:lint",
        "composite:lint",
    )
]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("skill:review", "skill:review"),
        ("plugin-files:kit", "plugin-files:kit"),
        ("git:commit", "command:git:commit"),
        ("greet", "prompt:greet"),
        ("prompt:greet", "prompt:greet"),
        ("kit", "None"),
        ("lint", "composite:lint"),
        ("hook:lint", "hook:lint"),
        ("skill:commit", "None"),
        ("agent:review", "None"),
    ],
)
def test_text_means_one_artifact_or_none(text: str, found: str) -> None:
    """A type and name, or a name that one artifact has, finds it; own files by their type only."""
    assert str(find_named(text, KNOWN)) == found


def test_shared_name_is_refused_unless_a_composite_is_preferred() -> None:
    """A name that several have is an error with all of them, or means the composite."""
    with pytest.raises(UsageError, match="command:review, composite:review, skill:review"):
        find_named("review", KNOWN)
    assert str(find_named("review", KNOWN, prefer_composite=True)) == "composite:review"
    without = [known for known in KNOWN if known.type != "composite"]
    with pytest.raises(UsageError, match="could be any"):
        find_named("review", without, prefer_composite=True)


def test_version_is_what_stands_behind_the_sign() -> None:
    """`ID@VERSION` is read in one place; an empty version is none."""
    assert Reference.parse("skill:a@3") == Reference("skill:a", "3")
    assert Reference.parse("a") == Reference.parse("a@") == Reference("a")


def test_a_command_without_its_plugin() -> None:
    """A name that nothing has means what has it in a folder; what has it whole comes first."""
    known = [ArtifactId.of("command", name) for name in ("hookify:help", "ralph:loop", "loop")]
    assert str(find_named("help", known)) == "command:hookify:help"
    assert str(find_named("loop", known)) == "command:loop"
    assert find_named("command:help", known) is None
