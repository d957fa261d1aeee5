"""Rows of `trees`, `version_files` and `blobs`: the files of versions, each byte stored once."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from peewee import fn

from holdall.artifacts import FileDigest, FileKind, RelPath
from holdall.errors import StorageError
from holdall.files import Tree
from holdall_composites.database import models
from holdall_composites.database.models import Blob, BlobChunk, VersionFile
from holdall_composites.store.prepared import (
    Given,
    as_json,
    cell,
    one_of,
    prepared,
    select_rows,
)
from holdall_composites.store.query import Repository

CHUNK = 1 << 20
"""Blobs up to this size are in their row; larger ones in chunks of it, so memory stays flat."""

_TREES_AT_ONCE = 500
_FILE = (VersionFile.path, VersionFile.kind, VersionFile.executable, VersionFile.size)


@prepared
def _put_blob() -> Any:
    columns = (Blob.sha256, Blob.size, Blob.encoding, Blob.data)
    row = {column: Given(column.name) for column in columns}
    return Blob.insert(row).returning().on_conflict("NOTHING", conflict_target=[Blob.sha256])


@prepared
def _put_chunk() -> Any:
    columns = (BlobChunk.blob, BlobChunk.position, BlobChunk.encoding, BlobChunk.data)
    return BlobChunk.insert({column: Given(column.name) for column in columns}).returning()


@prepared
def _put_trees() -> Any:
    tree = models.Tree
    rows = select_rows([cell(0), cell(1)])
    return (
        tree.insert_from(rows, [tree.content_hash, tree.skillmeat_hash])
        .on_conflict("NOTHING", conflict_target=[tree.content_hash])
        .returning(tree.content_hash)
    )


@prepared
def _put_files() -> Any:
    values = [cell(0), cell(1), cell(2), cell(3, "BOOLEAN"), cell(4, "BIGINT"), cell(5)]
    rows = select_rows(values)
    return VersionFile.insert_from(rows, [VersionFile.tree, *_FILE, VersionFile.blob]).returning()


@prepared
def _tree() -> Any:
    tree = models.Tree
    return tree.select(tree.skillmeat_hash).where(tree.content_hash == Given("content_hash"))


@prepared
def _files() -> Any:
    wanted = VersionFile.tree == Given("content_hash")
    return VersionFile.select(*_FILE, VersionFile.blob).where(wanted)


@prepared
def _known_trees() -> Any:
    tree = models.Tree
    return tree.select(tree.content_hash).where(one_of(tree.content_hash, "hashes"))


@prepared
def _sizes() -> Any:
    return Blob.select(Blob.sha256, Blob.size).where(one_of(Blob.sha256, "hashes"))


@prepared
def _read_blob() -> Any:
    return Blob.select(Blob.encoding, Blob.data).where(Blob.sha256 == Given("sha256"))


@prepared
def _count_chunks() -> Any:
    return BlobChunk.select(fn.COUNT(BlobChunk.position)).where(BlobChunk.blob == Given("sha256"))


@prepared
def _read_chunk() -> Any:
    return BlobChunk.select(BlobChunk.encoding, BlobChunk.data).where(
        BlobChunk.blob == Given("sha256"), BlobChunk.position == Given("position")
    )


class Contents(Repository):
    """What can be done with trees and blobs."""

    def put_trees(self, trees: Sequence[Tree]) -> None:
        """Store which files trees have; their blobs must be there. Known ones stay as they are."""
        for start in range(0, len(trees), _TREES_AT_ONCE):
            batch = {tree.content_hash: tree for tree in trees[start : start + _TREES_AT_ONCE]}
            hashes = as_json((tree.content_hash, tree.skillmeat_hash) for tree in batch.values())
            files = [
                (made, f.path, f.kind.value, f.executable, f.size, f.sha256)
                for (made,) in self._fetch(_put_trees, rows=hashes)
                for f in batch[made].files
            ]
            if files:
                self._run(_put_files, rows=as_json(files))

    def get_tree(self, content_hash: str) -> Tree | None:
        """Return a stored tree."""
        with self.reading():
            known = self._fetch(_tree, content_hash=content_hash)
            rows = self._fetch(_files, content_hash=content_hash) if known else []
        if not known:
            return None
        files = [
            FileDigest(RelPath.parse(path), FileKind(kind), bool(executable), sha256, size)
            for path, kind, executable, size, sha256 in rows
        ]
        files.sort(key=lambda file: file.path.encode())
        return Tree(tuple(files), content_hash, known[0][0])

    def unknown_trees(self, hashes: Iterable[str]) -> set[str]:
        """Return those of the hashes that no tree has."""
        wanted = set(hashes)
        rows = self._fetch(_known_trees, hashes=as_json(wanted))
        return wanted - {content_hash for (content_hash,) in rows}

    def unknown_blobs(self, hashes: Iterable[str]) -> set[str]:
        """Return those of the hashes that no blob has."""
        wanted = set(hashes)
        return wanted - self.blob_sizes(wanted).keys()

    def blob_sizes(self, hashes: Iterable[str]) -> dict[str, int]:
        """Return the sizes of those blobs that there are."""
        return dict(self._fetch(_sizes, hashes=as_json(hashes)))

    def put_blob(self, sha256: str, size: int, chunks: Iterator[bytes]) -> None:
        """Store a file's content; `chunks` yields it in pieces of at most `CHUNK` bytes.

        Does nothing if it is known, also by another writer whose transaction it waits for.
        """
        if size <= CHUNK:
            self.put_small_blobs([(sha256, b"".join(chunks))])
            return
        with self.transaction():
            row = {"sha256": sha256, "size": size, "encoding": "chunks", "data": None}
            if self._run(_put_blob, **row):
                for position, chunk in enumerate(chunks):
                    encoding, data = _encoded(chunk)
                    at = {"blob": sha256, "position": position}
                    self._run(_put_chunk, **at, encoding=encoding, data=data)

    def put_small_blobs(self, blobs: Iterable[tuple[str, bytes]]) -> None:
        """Store contents of at most `CHUNK` bytes by their SHA-256, one at a time in memory.

        Does nothing for those that are known, also by another writer whose transaction it waits
        for. What `blobs` raises passes through.
        """
        rows = ((sha256, len(data), *_encoded(data)) for sha256, data in blobs)
        self._run_many(_put_blob, rows)

    def read_blob(self, sha256: str) -> Iterator[bytes]:
        """Yield a blob's content in pieces; raises StorageError if it is not there."""
        rows = self._fetch(_read_blob, sha256=sha256)
        if not rows:
            raise StorageError(
                f"the database lacks the content {sha256}", hint="restore it from a backup"
            )
        ((encoding, data),) = rows
        if encoding != "chunks":
            yield _decoded(encoding, data)
            return
        ((count,),) = self._fetch(_count_chunks, sha256=sha256)
        for position in range(count):
            ((encoding, data),) = self._fetch(_read_chunk, sha256=sha256, position=position)
            yield _decoded(encoding, data)


def _encoded(data: bytes) -> tuple[str, bytes]:
    """Compress where that saves a tenth or more."""
    packed = zlib.compress(data, 1) if len(data) > 128 else data
    return ("zlib", packed) if len(packed) < 0.9 * len(data) else ("raw", data)


def _decoded(encoding: str, data: bytes | memoryview) -> bytes:
    return zlib.decompress(data) if encoding == "zlib" else bytes(data)
