"""Relative paths: what is refused, and what counts as one file."""

import pytest
from hypothesis import given, strategies as st

from holdall.artifacts.paths import MAX_PATH_BYTES, RelPath, refuse_collisions
from holdall.errors import ConflictError, HostilePathError

pytestmark = pytest.mark.unit


@pytest.mark.parametrize("text", ["a", "a/b.md", ".claude/x", "näme", "a b/c", "a" * 255, "con1"])
def test_keeps_safe_paths(text: str) -> None:
    """A path that every file system takes stays as it is."""
    assert RelPath.parse(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "", "/etc/passwd", "a//b", "a/", "..", "a/../b", "./a", "a\\b", "a\nb", "a\0", "a.", "a ",
        "con", "NUL.txt", "x/aux/y", "com¹", "a" * 256, "\udcff", "a\u202eb", "a\U000e0041",
        "folder/lpt1.json", "abcde.", "folder/.", "folder/..", "folder/a b c d ",
        "SKILL.md:hidden", "c:/x", ".git::$INDEX_ALLOCATION",
        "/".join(["a" * 200] * 6),
    ],
)  # fmt: skip
def test_refuses_hostile_paths(text: str) -> None:
    """What some file system minds is refused with a printable message and a hint."""
    with pytest.raises(HostilePathError) as caught:
        RelPath.parse(text)
    assert caught.value.message.isascii()
    assert caught.value.hint


@given(st.text(max_size=60))
def test_parse_never_lets_a_dangerous_component_through(text: str) -> None:
    """Whatever parses stays below its root and can be encoded."""
    try:
        path = RelPath.parse(text)
    except HostilePathError:
        return
    assert not path.startswith("/")
    assert all(part not in ("", ".", "..") for part in path.split("/"))
    assert len(path.encode()) <= MAX_PATH_BYTES


def test_parent_name_and_joined() -> None:
    """A path knows its folder, its last component, and what lies below it."""
    path = RelPath.parse("a/b/c.md")
    assert (path.parent, path.name) == ("a/b", "c.md")
    assert RelPath.parse("a").parent is None
    assert RelPath.parse("a").join_path(RelPath.parse("b")) == "a/b"


@pytest.mark.parametrize(
    "pair", [("a/b", "A/b"), ("x", "X"), ("é", "e\u0301"), ("Docs/a", "docs/b"), ("ß", "SS")]
)
def test_refuses_twins(pair: tuple[str, str]) -> None:
    """Two paths that some file system takes for one are a conflict that names both."""
    with pytest.raises(ConflictError):
        refuse_collisions(RelPath.parse(text) for text in pair)


def test_same_path_twice_and_shared_folders_are_no_twins() -> None:
    """Sharing a folder is no collision."""
    refuse_collisions(RelPath.parse(text) for text in ["a/b", "a/c", "a/b", "a"])
