"""The line in the head of a skill or an agent that says its name."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from holdall.artifacts.ids import ArtifactId
from holdall.files.name_line import is_renamed, rename_tree, with_name
from holdall.files.tree import folder_tree
from holdall.formats.frontmatter import read_frontmatter
from holdall.testing import write

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"---\nname: a\n---\nname: a\n", b"---\nname: b\n---\nname: a\n"),
        (b"---\r\nx: 1\r\nname:  'a c'  # why\r\n---\r\n\xff",
         b"---\r\nx: 1\r\nname:  b  # why\r\n---\r\n\xff"),
        (b'\xef\xbb\xbf---\nname: "a"\nd: |\n  name: x\n---',
         b'\xef\xbb\xbf---\nname: b\nd: |\n  name: x\n---'),
        (b"---\nname: a: c\n---\n", None),
        (b"---\nname: >\n  a\n---\n", None),
        (b"---\nname: a\nname: c\n---\n", None),
        (b"---\ndescription: x\n---\nname: a\n", None),
        (b"---\nname: a\n", None),
        (b"name: a\n", None),
        (b"---\nname: &x a\ny: *x\n---\n", None),
    ],
)  # fmt: skip
def test_one_value_changes_or_nothing(before: bytes, after: bytes | None) -> None:
    """The value in the head's own line is another; what is not plainly one is left alone."""
    assert with_name(before, "b") == after


@given(st.text(alphabet="ab:#-' \"0ñ", min_size=1, max_size=6).filter(lambda t: t.strip() == t))
def test_any_name_reads_as_what_was_written(name: str) -> None:
    """Names that YAML would take for something else are quoted."""
    changed = with_name(b"---\ndescription: d\nname: a\n---\nbody\n", name)
    assert changed is not None
    front = read_frontmatter(changed.decode())
    assert dict(front.values) == {"description": "d", "name": name}


def test_a_skill_under_another_name(tmp_path: Path) -> None:
    """Only the head differs, and each is known as the other's renamed one."""
    write(tmp_path / "SKILL.md", "---\nname: a\n---\n")
    write(tmp_path / "run.sh", "x", executable=True)
    tree = folder_tree(tmp_path)
    renamed = rename_tree(ArtifactId("skill", "b"), tree, tmp_path)
    assert renamed is not None
    assert renamed.made == {"SKILL.md": b"---\nname: b\n---\n"}
    assert renamed.files[1:] == tree.files[1:]
    assert is_renamed(ArtifactId("skill", "a"), renamed, tmp_path, {tree.content_hash})
    assert rename_tree(ArtifactId("skill", "a"), tree, tmp_path) is None
    assert rename_tree(ArtifactId("command", "b"), tree, tmp_path) is None
