"""`manifest.toml`: read, changed and written without touching what nobody changed."""

from __future__ import annotations

import time
import tomllib
from dataclasses import replace
from pathlib import Path

import pytest

from holdall.artifacts.ids import ArtifactId
from holdall.artifacts.paths import RelPath
from holdall.collection.changes import ChangeSet
from holdall.collection.manifest.manifest import Manifest, ManifestArtifact, render
from holdall.collection.manifest.reader import parse
from holdall.errors import InputError
from holdall.operations.write_collection import edit_collection
from host_factories import make_collection, make_skill, manifest_text, opened, refresh, session_of

pytestmark = pytest.mark.unit

UUID_A = "a" * 12 + "4" + "a" * 19
UUID_B = "b" * 12 + "4" + "b" * 19
UUID_K = "c" * 12 + "4ccc8" + "c" * 15
HASH_1, HASH_2 = "1" * 64, "2" * 64

TEXT = f"""\
# Our kit. See [[wiki]] for more.
top = "level"

[collection]
name = "kit"   # short
format = 1
owner = "ours"

[tool]
# of another program
width = 3

# the first, see [[elsewhere]]
[[artifacts]]
name = "a"      # inline
type = "skill"
uuid = "{UUID_A}"
path = "skills/a/"
origin = "local"
content_hash = "{HASH_1}"
rating = 5
[artifacts.metadata]
tags = ["x", "y"]

[[other]]
key = "kept"


[[artifacts]]
path = "skills/b"
type = "skill"
name = "b"

# the kit
[[composites]]
name = "k"
uuid = "{UUID_K}"
colour = "red"
[[composites.members]]
id = "skill:a"
pin = "{HASH_1}"
note = "why"
"""


def read(text: str = TEXT) -> Manifest:
    """Parse a manifest."""
    return parse(text, "manifest.toml")


def changed(manifest: Manifest, name: str, **values: object) -> Manifest:
    """Return the manifest with values of one artifact changed."""
    artifacts = tuple(
        replace(a, **values) if a.id.name == name else a  # type: ignore[arg-type]
        for a in manifest.artifacts
    )
    return replace(manifest, artifacts=artifacts)


def lines_lost(before: str, after: str) -> list[str]:
    """Return the lines of `before` that `after` has not, ends of lines apart."""
    left = [line.rstrip() for line in after.splitlines()]
    return [line for line in map(str.rstrip, before.splitlines()) if line and line not in left]


def test_what_did_not_change_is_written_as_it_was() -> None:
    """Down to the last blank, also with Windows' line ends."""
    for text in (TEXT, TEXT.replace("\n", "\r\n"), TEXT.replace("\n\n", "\n\n\n\n")):
        manifest = read(text)
        assert render(manifest, text, manifest) == text


def test_a_manifest_rendered_anew_reads_the_same() -> None:
    """Unknown keys of the collection, entries and members, and unknown tables, are all there."""
    manifest = read()
    assert parse(render(manifest), "x") == manifest
    assert manifest.others == {"top": "level", "tool": {"width": 3}, "other": [{"key": "kept"}]}


@pytest.mark.parametrize(
    ("name", "values", "lost"),
    [
        ("b", {"uuid": UUID_B}, []),
        ("b", {"content_hash": HASH_2}, []),
        ("a", {"content_hash": HASH_2}, [f'content_hash = "{HASH_1}"']),
        ("a", {"uuid": UUID_B}, [f'uuid = "{UUID_A}"']),
    ],
)
def test_an_edit_keeps_every_other_line(
    name: str, values: dict[str, object], lost: list[str]
) -> None:
    """A new UUID or hash changes its own line only; comments and foreign tables stay in place."""
    before = read()
    after = changed(before, name, **values)
    for text in (TEXT, TEXT.replace("\n", "\r\n")):
        written = render(after, text, before)
        assert read(written) == after
        assert lines_lost(TEXT, written) == lost
        assert written.index("[tool]") < written.index("[[artifacts]]") < written.index("[[other]]")
        assert written.index("[[other]]") < written.rindex("[[artifacts]]")


def test_a_rename_keeps_comments_and_unknown_keys() -> None:
    """The entry is known by its UUID; an artifact that takes its old name gets no text of it."""
    before = read()
    moved = changed(before, "a", id=ArtifactId.of("skill", "z"), path=RelPath.parse("skills/z"))
    newcomer = ManifestArtifact(ArtifactId.of("skill", "a"), RelPath.parse("skills/a"))
    after = replace(moved, artifacts=(*moved.artifacts, newcomer)).with_renamed(
        {ArtifactId.of("skill", "a"): ArtifactId.of("skill", "z")}
    )
    written = render(after, TEXT, before)
    assert read(written) == after
    assert written.count("# the first, see [[elsewhere]]") == 1
    assert "rating = 5" in written
    assert 'id = "skill:z"' in written


def test_tables_behind_a_removed_entry_stay() -> None:
    """A foreign table belongs to nobody whom Holdall may remove."""
    before = read()
    for after in (
        replace(before, artifacts=()),
        replace(before, artifacts=before.artifacts[1:], composites=()),
    ):
        written = render(after, TEXT, before)
        assert read(written) == after
        assert written.count("[[other]]") == 1


def test_the_collection_table_may_stand_anywhere() -> None:
    """A manifest whose tables are in another order stays readable when it changes."""
    head = TEXT[TEXT.index("[collection]") : TEXT.index("[tool]")]
    shuffled = TEXT.replace(head, "") + "\n" + head
    before = read(shuffled)
    after = changed(replace(before, uuid=UUID_B), "b", content_hash=HASH_2)
    assert read(render(after, shuffled, before)) == after


def test_headers_inside_of_strings_fool_nobody(tmp_path: Path) -> None:
    """Whatever a multi-line string holds, what is written reads as what it should be."""
    root = make_collection(tmp_path / "kit", "a", "b")
    text = manifest_text(root)
    tricky = 'note = """\n[[artifacts]]\nname = "evil"\n[tool]\n[[composites]]\n"""\n'
    (root / "manifest.toml").write_text(text + tricky)
    before = opened(root).manifest
    make_skill(root, "c")
    refresh(root)
    after = opened(root).manifest
    assert after.artifacts[:2] == before.artifacts
    assert [a.id.name for a in after.artifacts] == ["a", "b", "c"]


def test_a_plugin_cannot_write_a_manifest_that_nobody_can_read(tmp_path: Path) -> None:
    """Two entries at one path would brick the collection: refused, nothing written."""
    root = make_collection(tmp_path / "kit", "a")
    text = manifest_text(root)
    with edit_collection(root, session_of()) as editor:
        before = editor.collection.manifest
        twice = replace(before.artifacts[0], id=ArtifactId.of("skill", "b"))
        after = replace(before, artifacts=(*before.artifacts, twice))
        with pytest.raises(InputError):
            editor.commit(ChangeSet("test", before, after))
    assert manifest_text(root) == text


@pytest.mark.parametrize(
    ("line", "broken", "told"),
    [
        ('name = "b"', "name = ", "line 32: not valid TOML"),
        ('name = "b"', "", "line 29: [[artifacts]] lacks the key 'name'"),
        ('name = "b"', "name = 3", "line 29: [[artifacts]] name is not a string: 3"),
        ('path = "skills/b"', 'path = "../b"', "line 29: [[artifacts]] unsafe path '../b'"),
        ('path = "skills/b"', 'path = "/b"', "line 29: [[artifacts]] unsafe path '/b'"),
        ('path = "skills/b"', 'path = "skills/a"', "belongs to skill:a already"),
        ('path = "skills/b"', 'path = "skills/a/b"', "belongs to skill:a already"),
        ('path = "skills/b"', 'path = "Skills/b"', "manifest.toml: 'skills' and 'Skills'"),
        ('name = "b"', 'name = "a"', "line 29: [[artifacts]] skill:a is there twice"),
        ('name = "b"', f'name = "b"\nuuid = "{UUID_A}"', f"line 29: [[artifacts]] {UUID_A} is"),
        ('name = "b"', 'name = "b"\nuuid = "x"', "line 29: [[artifacts]] uuid 'x' is not"),
        ('name = "b"', 'name = "b"\ncontent_hash = "x"', "content_hash 'x' is not a SHA-256"),
        ('colour = "red"', 'composite_type = "stack"', "composite_type 'stack' is unknown"),
        ('note = "why"', 'relationship = "likes"', "relationship 'likes' is unknown"),
        ('id = "skill:a"', 'id = "a"', "line 35: [[composites]] 'a' is not an artifact id"),
        ('note = "why"', '[[composites.members]]\nid = "skill:a"', "has a member twice"),
        ("format = 1", "format = 2", "format 2 is unknown to this Holdall"),
        ("[collection]", "[collections]", "has no [collection] table"),
        ('uuid = "' + UUID_K, 'members = 3\nuuid = "' + UUID_K, "not valid TOML"),
    ],
)
def test_each_mistake_is_named_with_its_line(line: str, broken: str, told: str) -> None:
    """The file, the line and the key, and what to do about it."""
    assert line in TEXT
    with pytest.raises(InputError) as caught:
        read(TEXT.replace(line, broken))
    assert caught.value.message.startswith("manifest.toml")
    assert told in caught.value.message
    assert caught.value.hint


@pytest.mark.parametrize("text", ["artifacts = 3", "[collection]\n[artifacts]\n", "collection = 1"])
def test_tables_of_the_wrong_kind_are_errors(text: str) -> None:
    """No shape of document is a crash."""
    with pytest.raises(InputError):
        read(text)


def test_deep_nesting_and_long_keys_are_errors() -> None:
    """A hostile document is refused, not a stack overflow."""
    with pytest.raises(InputError):
        read("x = " + "[" * 100_000)


def test_a_file_that_is_no_text_is_named_with_its_line(tmp_path: Path) -> None:
    """Bytes that are not UTF-8 are refused before anything is written."""
    root = make_collection(tmp_path / "kit")
    (root / "manifest.toml").write_bytes(b"[collection]\nname = '\xff'\n")
    with pytest.raises(InputError, match="line 2: not valid UTF-8"):
        opened(root)


def seconds_to_write(count: int) -> float:
    """Return the processor time of writing a manifest of this many artifacts without its first."""
    entries = tuple(
        ManifestArtifact(
            ArtifactId.of("skill", f"s{n}"),
            RelPath.parse(f"skills/s{n}"),
            f"{n:012x}4{UUID_A[13:]}",
        )
        for n in range(count)
    )
    before = Manifest("kit", artifacts=entries)
    text = render(before)
    after = replace(before, artifacts=entries[1:])
    start = time.process_time()
    written = render(after, text, before)
    took = time.process_time() - start
    assert len(tomllib.loads(written)["artifacts"]) == count - 1
    return took


@pytest.mark.slow
def test_a_big_manifest_is_written_in_time() -> None:
    """The work grows with the number of entries, not with its square."""
    small, large = (min(seconds_to_write(count) for _ in range(3)) for count in (150, 1500))
    assert large < 40 * small  # its square is a hundred times
