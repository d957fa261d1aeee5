"""The line in the head of a skill or an agent that says its name."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from holdall.artifacts.ids import ArtifactId
from holdall.deploy.planning.deployed_names import name_head
from holdall.files.name_line import is_renamed, rename_tree, take_name, with_name
from holdall.files.tree import folder_tree, hash_for_skillmeat
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


@pytest.mark.parametrize(
    "line",
    ["name: a", "name:   'a b'  # why", 'name: "a"', "name: a\r", "name: A B ", "name: 'b'"],
)
def test_the_spelling_of_the_origin_comes_back(tmp_path: Path, line: str) -> None:
    """Quotes, blanks and comments of the line included; an edit of all else stays."""
    end = "\r" if line.endswith("\r") else ""
    head = f"---{end}\n{line}\nd: 1{end}\n---{end}\n"
    write(tmp_path / "origin/SKILL.md", f"{head}text\n")
    origin = folder_tree(tmp_path / "origin"), tmp_path / "origin"
    renamed = with_name(f"{head}text\n".encode(), "b")
    assert renamed is not None
    write(tmp_path / "edit/SKILL.md", renamed + b"more\n")
    edit = folder_tree(tmp_path / "edit"), tmp_path / "edit"
    taken = take_name(ArtifactId("skill", "b"), edit, origin)
    assert taken is not None
    assert taken.made == {"SKILL.md": f"{head}text\nmore\n".encode()}
    assert take_name(ArtifactId("skill", "b"), origin, origin) is None


@pytest.mark.parametrize("head", ["---\nname: >\n  a\n---\n", "no head\n", "---\na: b\n---\n"])
def test_a_head_that_says_no_plain_name_is_placed_as_it_is(tmp_path: Path, head: str) -> None:
    """Nothing is deployed in place of it."""
    tree = folder_tree(write(tmp_path / "a/SKILL.md", head).parent)
    assert name_head(ArtifactId("skill", "b"), tree, tmp_path / "a") is None


def test_the_hash_for_skillmeat_is_of_what_is_placed(tmp_path: Path) -> None:
    """As if it was read where it will be; links to the head included."""
    for folder, name in (("a", "a"), ("b", "b")):
        write(tmp_path / folder / "SKILL.md", f"---\nname: {name}\n---\n")
        write(tmp_path / folder / "x/Y.md", "y")
        write(tmp_path / folder / "x.md", "x")
        (tmp_path / folder / "link").symlink_to("SKILL.md")
        (tmp_path / folder / "x/up").symlink_to("../x.md")
        (tmp_path / folder / "broken").symlink_to("nothing")
    named = name_head(ArtifactId("skill", "b"), folder_tree(tmp_path / "a"), tmp_path / "a")
    assert named is not None
    there = folder_tree(tmp_path / "b")
    assert named.content_hash == there.content_hash
    assert hash_for_skillmeat(named, tmp_path / "a") == there.skillmeat_hash
