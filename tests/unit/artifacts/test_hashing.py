"""The tree hash."""

import hashlib

import pytest
from hypothesis import given, strategies as st

from holdall.artifacts.hashing import EMPTY_TREE_HASH, FileDigest, is_sha256, tree_hash
from holdall.artifacts.ids import FileKind
from holdall.artifacts.paths import RelPath

pytestmark = pytest.mark.unit


def digest(
    path: str, data: bytes = b"", *, kind: FileKind = FileKind.FILE, x: bool = False
) -> FileDigest:
    """Make the digest of a file with that content."""
    return FileDigest(RelPath.parse(path), kind, x, hashlib.sha256(data).hexdigest(), len(data))


def test_tree_hash_is_sha256_over_lines() -> None:
    """The definition of DESIGN section 5, spelled out once more."""
    one, two = digest("b", b"1", x=True), digest("a/c", b"2", kind=FileKind.LINK)
    lines = f"l - {two.sha256} a/c\nf x {one.sha256} b\n".encode()
    assert tree_hash([one, two]) == hashlib.sha256(lines).hexdigest()
    assert tree_hash([two, one]) == tree_hash([one, two])


def test_order_is_by_bytes_not_by_characters() -> None:
    """Sorting does not depend on how a language orders text."""
    files = [digest("\ue000"), digest("\U00010000"), digest("a/b"), digest("a.b")]
    lines = b"".join(f.line for f in sorted(files, key=lambda f: f.path.encode()))
    assert tree_hash(files) == hashlib.sha256(lines).hexdigest()


@pytest.mark.parametrize(
    "other",
    [digest("b", b"1"), digest("a", b"2"), digest("a", b"1", x=True),
     digest("a", b"1", kind=FileKind.LINK)],
)  # fmt: skip
def test_every_field_counts(other: FileDigest) -> None:
    """Path, bytes, mode and kind each change the hash."""
    assert tree_hash([digest("a", b"1")]) != tree_hash([other])


@given(st.lists(st.tuples(st.sampled_from("abc"), st.binary(max_size=3)), max_size=4))
def test_hash_is_stable_under_order(files: list[tuple[str, bytes]]) -> None:
    """The order in which files are read does not matter."""
    unique = [digest(name, data) for name, data in dict(files).items()]
    assert tree_hash(unique) == tree_hash(reversed(unique))


def test_is_sha256() -> None:
    """Only 64 lowercase hexadecimal digits are a hash."""
    assert is_sha256(EMPTY_TREE_HASH)
    assert not any(map(is_sha256, ["", "A" * 64, "a" * 63, "a" * 65, "g" * 64, "a" * 64 + "\n"]))
