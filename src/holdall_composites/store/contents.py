"""Rows of `trees`, `version_files` and `blobs`: the files of versions, each byte stored once."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Any

from peewee import JOIN

from holdall.artifacts import FileDigest, FileKind, RelPath
from holdall.errors import StorageError
from holdall.files import Tree
from holdall_composites.database import models
from holdall_composites.database.failures import DAMAGED
from holdall_composites.database.models import Blob, BlobChunk, VersionFile
from holdall_composites.errors import DatabaseDamaged
from holdall_composites.store.prepared import (
    Given,
    as_json,
    insert_each,
    insert_rows,
    one_of,
    prepare,
)
from holdall_composites.store.query import Repository

CHUNK = 1 << 20
"""Blobs up to this size are in their row; larger ones in chunks of it, so memory stays flat."""

_TREES_AT_ONCE = 500
_T = models.Tree
_FILE = (VersionFile.path, VersionFile.kind, VersionFile.executable, VersionFile.size)
_put_trees = insert_rows(
    *(_T.content_hash, _T.skillmeat_hash), action="NOTHING", conflict_target=[_T.content_hash]
)
_put_files = insert_rows(
    *(VersionFile.tree, *_FILE, VersionFile.blob),
    action="NOTHING",
    conflict_target=[VersionFile.tree, VersionFile.path],
)


_put_chunk = prepare(
    lambda: insert_each(BlobChunk.blob, BlobChunk.position, BlobChunk.encoding, BlobChunk.data)
)


@prepare
def _put_blob() -> Any:
    columns = (Blob.sha256, Blob.size, Blob.encoding, Blob.data)
    return insert_each(*columns, action="NOTHING", conflict_target=[Blob.sha256])


@prepare
def _files() -> Any:
    return (
        _T.select(_T.skillmeat_hash, *_FILE, VersionFile.blob)
        .join(VersionFile, JOIN.LEFT_OUTER, on=(VersionFile.tree == _T.content_hash))
        .where(_T.content_hash == Given("content_hash"))
    )


@prepare
def _files_of_all() -> Any:
    wanted = one_of(_T.content_hash, "hashes")
    columns = (_T.content_hash, _T.skillmeat_hash, *_FILE, VersionFile.blob)
    joined = _T.select(*columns).join(
        VersionFile, JOIN.LEFT_OUTER, on=(VersionFile.tree == _T.content_hash)
    )
    return joined.where(wanted).order_by(_T.content_hash)


@prepare
def _known_trees() -> Any:
    return _T.select(_T.content_hash).where(one_of(_T.content_hash, "hashes"))


@prepare
def _sizes() -> Any:
    return Blob.select(Blob.sha256, Blob.size).where(one_of(Blob.sha256, "hashes"))


@prepare
def _read_blob() -> Any:
    return Blob.select(Blob.encoding, Blob.data).where(Blob.sha256 == Given("sha256"))


@prepare
def _read_blobs() -> Any:
    wanted = one_of(Blob.sha256, "hashes")
    return Blob.select(Blob.sha256, Blob.encoding, Blob.data).where(wanted)


@prepare
def _read_chunk() -> Any:
    return BlobChunk.select(BlobChunk.encoding, BlobChunk.data).where(
        BlobChunk.blob == Given("sha256"), BlobChunk.position == Given("position")
    )


class Contents(Repository):
    """What can be done with trees and blobs."""

    def put_trees(self, trees: Sequence[Tree]) -> None:
        """Store which files trees have; their blobs must be there. Known ones stay as they are."""
        for start in range(0, len(trees), _TREES_AT_ONCE):
            batch = trees[start : start + _TREES_AT_ONCE]
            self._send_rows(_put_trees, ((t.content_hash, t.skillmeat_hash) for t in batch))
            files = (
                (t.content_hash, f.path, f.kind.value, f.executable, f.size, f.sha256)
                for t in batch
                for f in t.files
            )
            self._send_rows(_put_files, files)

    def get_tree(self, content_hash: str) -> Tree | None:
        """Return a stored tree."""
        rows = self._fetch(_files, content_hash=content_hash)
        return _tree_of(content_hash, rows) if rows else None

    def get_trees(self, hashes: Iterable[str]) -> dict[str, Tree]:
        """Return those of the trees that are stored, by their hashes."""
        rows = self._fetch(_files_of_all, hashes=as_json(hashes))
        groups = groupby(rows, key=itemgetter(0))
        return {found: _tree_of(found, [row[1:] for row in group]) for found, group in groups}

    def ask_trees(self, hashes: Iterable[str]) -> None:
        """Ask for `unknown_trees`, which is fetched next."""
        self._ask(_known_trees, hashes=as_json(set(hashes)))

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
            if self._run_many(_put_blob, [(sha256, size, "chunks", None)]):
                pieces = ((sha256, n, *_encode(chunk)) for n, chunk in enumerate(chunks))
                self._send_many(_put_chunk, pieces)

    def put_small_blobs(self, blobs: Iterable[tuple[str, bytes]]) -> None:
        """Store contents of at most `CHUNK` bytes by their SHA-256, one at a time in memory.

        Does nothing for those that are known, also by another writer whose transaction it waits
        for. What `blobs` raises passes through.
        """
        rows = ((sha256, len(data), *_encode(data)) for sha256, data in blobs)
        self._send_many(_put_blob, rows)

    def read_small_blobs(self, hashes: Iterable[str]) -> dict[str, bytes]:
        """Return the contents of those blobs that are in one piece, all at once in memory."""
        rows = self._fetch(_read_blobs, hashes=as_json(hashes))
        return {sha256: _decode(kind, data) for sha256, kind, data in rows if kind != "chunks"}

    def read_blob(self, sha256: str) -> Iterator[bytes]:
        """Yield a blob's content in pieces; raises StorageError if it is not there."""
        rows = self._fetch(_read_blob, sha256=sha256)
        if not rows:
            raise StorageError(
                f"the database lacks the content {sha256}", hint="restore it from a backup"
            )
        if rows[0][0] != "chunks":
            yield _decode(*rows[0])
            return
        position = 0
        while rows := self._fetch(_read_chunk, sha256=sha256, position=position):
            yield _decode(*rows[0])
            position += 1


def _tree_of(content_hash: str, rows: Sequence[tuple[Any, ...]]) -> Tree:
    files = [
        FileDigest(RelPath.parse(path), FileKind(kind), bool(executable), sha256, size)
        for _, path, kind, executable, size, sha256 in rows
        if path is not None
    ]
    files.sort(key=lambda file: file.path.encode())
    return Tree(tuple(files), content_hash, rows[0][0])


def _encode(data: bytes) -> tuple[str, bytes]:
    """Compress where that saves a tenth or more."""
    packed = zlib.compress(data, 1) if len(data) > 128 else data
    return ("zlib", packed) if len(packed) < 0.9 * len(data) else ("raw", data)


def _decode(encoding: str, data: bytes | memoryview) -> bytes:
    try:
        return zlib.decompress(data) if encoding == "zlib" else bytes(data)
    except zlib.error as error:
        raise DatabaseDamaged(f"a stored file is damaged: {error}", hint=DAMAGED) from error
