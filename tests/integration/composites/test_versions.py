"""Bytes in the database: stored once, compressed where that pays, large ones in chunks."""

from __future__ import annotations

import hashlib
import os
import random
import tracemalloc
from pathlib import Path

import pytest
from peewee import Database, IntegrityError

from holdall.artifacts.hashing import FileDigest, tree_hash
from holdall.artifacts.ids import FileKind
from holdall.artifacts.paths import RelPath
from holdall.errors import StorageError
from holdall.files.tree import Tree, folder_tree
from holdall_composites.history.versions import materialize, version_tree
from holdall_composites.store.contents import CHUNK
from holdall_composites.store.store import Store

pytestmark = pytest.mark.integration


def put(store: Store, folder: Path) -> Tree:
    """Store a folder's tree and blobs."""
    tree = folder_tree(folder)
    for file in tree.files:
        path = folder / file.path
        is_link = file.kind is FileKind.LINK
        data = os.fsencode(os.readlink(path)) if is_link else path.read_bytes()
        if store.contents.unknown_blobs([file.sha256]):
            pieces = (data[at : at + CHUNK] for at in range(0, max(len(data), 1), CHUNK))
            store.contents.put_blob(file.sha256, file.size, pieces)
    store.contents.put_trees([tree])
    return tree


def test_a_tree_comes_back_exactly(database: Database, tmp_path: Path) -> None:
    """Empty, small, compressible, random, large and linked files, modes included."""
    source = tmp_path / "source"
    (source / "deep" / "er").mkdir(parents=True)
    contents = {
        "empty": b"",
        "small": b"x",
        "text": b"the same line\n" * 10_000,
        "random": random.Random(1).randbytes(200_000),
        "deep/er/large": random.Random(2).randbytes(CHUNK) + b"\0" * (2 * CHUNK) + b"end",
    }
    for name, data in contents.items():
        (source / name).write_bytes(data)
    (source / "small").chmod(0o755)
    os.symlink("deep/er/large", source / "link")
    store = Store(database)
    tree = put(store, source)
    assert store.contents.get_tree(tree.content_hash) == tree
    target = tmp_path / "target"
    target.mkdir()
    materialize(store, tree, target)
    for name, data in contents.items():
        assert (target / name).read_bytes() == data
    assert os.readlink(target / "link") == "deep/er/large"


def test_equal_content_is_stored_once(database: Database, tmp_path: Path) -> None:
    """Two trees that share a file share its blob; storing a tree again changes nothing."""
    store = Store(database)
    for name in ("a", "b", "a"):
        folder = tmp_path / name
        folder.mkdir(exist_ok=True)
        (folder / "shared").write_bytes(b"shared" * 100)
        (folder / name).write_bytes(name.encode())
        put(store, folder)
    assert database.execute_sql("SELECT count(*) FROM blobs").fetchone() == (3,)
    assert database.execute_sql("SELECT count(*) FROM trees").fetchone() == (2,)


def test_memory_stays_flat_for_large_files(database: Database, tmp_path: Path) -> None:
    """Reading and writing 24 MiB takes a few chunks of memory at a time."""
    size = 24 * CHUNK
    digest = FileDigest(RelPath.parse("large"), FileKind.FILE, False, "a" * 64, size)
    store = Store(database)
    block = random.Random(3).randbytes(CHUNK)
    tracemalloc.start()
    store.contents.put_blob(digest.sha256, size, (block for _ in range(24)))
    assert sum(len(piece) for piece in store.contents.read_blob(digest.sha256)) == size
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 12 * CHUNK


@pytest.mark.parametrize(
    "path", ["", "/a", "../a", "a/../b", "a//b", "a/", "./a", "a/.", "a\nb", "a\x01", "x" * 1025]
)
def test_the_database_refuses_unsafe_paths(database: Database, path: str) -> None:
    """Whatever Python lets through, no unsafe path becomes a row."""
    store = Store(database)
    store.contents.put_trees([Tree((), tree_hash(()), "b" * 64)])
    store.contents.put_blob("a" * 64, 1, iter([b"x"]))
    mark = database.param
    with pytest.raises(IntegrityError), database.atomic():
        database.execute_sql(
            "INSERT INTO version_files (content_hash, path, kind, executable, size, sha256)"
            f" VALUES ({mark}, {mark}, 'f', FALSE, 1, {mark})",
            (tree_hash(()), path, "a" * 64),
        )


def test_a_missing_or_damaged_blob_is_named(database: Database, tmp_path: Path) -> None:
    """Content that is gone or wrong is an error, never a wrong file."""
    store = Store(database)
    with pytest.raises(StorageError, match="lacks the content"):
        list(store.contents.read_blob("0" * 64))
    source = tmp_path / "source"
    source.mkdir()
    (source / "f").write_bytes(b"right")
    tree = put(store, source)
    mark = database.param
    database.execute_sql(f"UPDATE blobs SET encoding = 'raw', data = {mark}", (b"wrong",))
    (tmp_path / "target").mkdir()
    with pytest.raises(StorageError, match="damaged"):
        materialize(store, tree, tmp_path / "target")


def forged(store: Store, *files: tuple[str, str, bytes]) -> Tree:
    """Put what no artifact can have been into the database."""
    digests = []
    for path, kind, data in files:
        sha256 = hashlib.sha256(data).hexdigest()
        store.contents.put_blob(sha256, len(data), iter([data]))
        digests.append(FileDigest(RelPath.parse(path), FileKind(kind), False, sha256, len(data)))
    tree = Tree(tuple(digests), tree_hash(digests), "0" * 64)
    store.contents.put_trees([tree])
    return tree


@pytest.mark.parametrize(
    "files",
    [
        [("d", "l", b"../outside"), ("d/x", "f", b"evil")],
        [("d", "l", b"e"), ("d/x", "f", b"evil"), ("e/y", "f", b"")],
        [("link", "l", b"/etc/passwd")],
        [("a/link", "l", b"../../outside")],
        [("f", "f", b"x"), ("f/g", "f", b"x")],
    ],
)
def test_a_forged_tree_is_never_written_out_of_its_folder(
    database: Database, tmp_path: Path, files: list[tuple[str, str, bytes]]
) -> None:
    """A database that somebody changed cannot reach anything but the empty folder."""
    store = Store(database)
    (tmp_path / "outside").mkdir()
    target = tmp_path / "target"
    target.mkdir()
    tree = forged(store, *files)
    with pytest.raises(StorageError, match="damaged"):
        materialize(store, version_tree(store, tree.content_hash), target)
    assert not list((tmp_path / "outside").iterdir())
    assert not any(path.is_symlink() for path in target.rglob("*"))


def test_a_tree_whose_files_were_changed_is_no_version(database: Database, tmp_path: Path) -> None:
    """A pin says by its hash which files are meant."""
    store = Store(database)
    tree = forged(store, ("f", "f", b"right"))
    store.contents.put_blob(hashlib.sha256(b"wrong").hexdigest(), 5, iter([b"wrong"]))
    mark = database.param
    changed = (hashlib.sha256(b"wrong").hexdigest(),)
    database.execute_sql(f"UPDATE version_files SET sha256 = {mark}", changed)
    with pytest.raises(StorageError, match="damaged"):
        version_tree(store, tree.content_hash)
