"""Rows of versions, trees and blobs: every state of every artifact, each byte stored once."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence

from holdall.artifacts import FileDigest, FileKind, RelPath
from holdall.errors import StorageError
from holdall.files import Tree
from holdall_composites.store.query import Statements, as_json
from holdall_composites.values.records import VersionRecord

CHUNK = 1 << 20
"""Blobs up to this size lie in their row; larger ones in chunks of it, so memory stays flat."""

_TREES_AT_ONCE = 500

_PUT_BLOB = (
    "INSERT INTO blobs (sha256, size, encoding, data) VALUES (?, ?, ?, ?)"
    " ON CONFLICT (sha256) DO NOTHING"
)
_SELECT = (
    "SELECT v.artifact_uuid, v.number, p.number, v.content_hash, v.message, v.author, v.created_at"
    " FROM artifact_versions v LEFT JOIN artifact_versions p ON p.id = v.parent_id"
)
_LATEST = (
    "LEFT JOIN artifact_versions v ON v.artifact_uuid = a.uuid AND v.number ="
    " (SELECT max(number) FROM artifact_versions WHERE artifact_uuid = a.uuid)"
)
_UNTOLD = (
    " WHERE a.collection_id = ? AND a.active AND a.content_hash IS NOT NULL"
    " AND (v.content_hash IS NULL OR v.content_hash <> a.content_hash)"
)


class VersionRows(Statements):
    """Queries on `artifact_versions`, `trees`, `version_files` and `blobs`."""

    def trees_wanted(self, collection_id: str) -> list[str]:
        """Return the ids of artifacts whose present content has no tree yet."""
        rows = self._fetch(
            f"SELECT a.id FROM artifacts a {_LATEST}{_UNTOLD}"
            " AND NOT EXISTS (SELECT 1 FROM trees t WHERE t.content_hash = a.content_hash)"
            " ORDER BY a.id",
            collection_id,
        )
        return [artifact_id for (artifact_id,) in rows]

    def add_versions(self, collection_id: str, message: str | None, author: str | None) -> int:
        """Number the present content of every artifact that differs from its latest version.

        Needs the collection's lock, so that numbers follow each other. Returns how many it made.
        """
        return self._run(
            "INSERT INTO artifact_versions"
            " (artifact_uuid, number, parent_id, content_hash, message, author)"
            " SELECT a.uuid, coalesce(v.number + 1, 0), v.id, a.content_hash,"
            " CAST(? AS TEXT), CAST(? AS TEXT)"
            f" FROM artifacts a JOIN trees t ON t.content_hash = a.content_hash {_LATEST}{_UNTOLD}",
            message,
            author,
            collection_id,
        )

    def list_versions(self, artifact_uuid: str) -> list[VersionRecord]:
        """Return an artifact's versions, oldest first."""
        rows = self._fetch(f"{_SELECT} WHERE v.artifact_uuid = ? ORDER BY v.number", artifact_uuid)
        return [VersionRecord(*row) for row in rows]

    def put_tree(self, tree: Tree) -> None:
        """Store which files a tree has; their blobs must be there. Does nothing if it is known."""
        self.put_trees([tree])

    def put_trees(self, trees: Sequence[Tree]) -> None:
        """Store which files trees have, as `put_tree` does."""
        for start in range(0, len(trees), _TREES_AT_ONCE):
            self._put_trees({t.content_hash: t for t in trees[start : start + _TREES_AT_ONCE]})

    def _put_trees(self, trees: Mapping[str, Tree]) -> None:
        made = self._fetch(
            "INSERT INTO trees (content_hash, skillmeat_hash)"
            " SELECT value ->> 0, value ->> 1 FROM ROWS(?) WHERE TRUE"
            " ON CONFLICT (content_hash) DO NOTHING RETURNING content_hash",
            as_json((tree.content_hash, tree.skillmeat_hash) for tree in trees.values()),
        )
        rows = [
            (known, f.path, f.kind.value, f.executable, f.size, f.sha256)
            for (known,) in made
            for f in trees[known].files
        ]
        if rows:
            self._run(
                "INSERT INTO version_files (content_hash, path, kind, executable, size, sha256)"
                " SELECT value ->> 0, value ->> 1, value ->> 2, CAST(value ->> 3 AS BOOLEAN),"
                " CAST(value ->> 4 AS BIGINT), value ->> 5 FROM ROWS(?) WHERE TRUE",
                as_json(rows),
            )

    def get_tree(self, content_hash: str) -> Tree | None:
        """Return a stored tree."""
        known = self._fetch("SELECT skillmeat_hash FROM trees WHERE content_hash = ?", content_hash)
        if not known:
            return None
        rows = self._fetch(
            "SELECT path, kind, executable, size, sha256 FROM version_files WHERE content_hash = ?",
            content_hash,
        )
        files = [
            FileDigest(RelPath.parse(path), FileKind(kind), bool(executable), sha256, size)
            for path, kind, executable, size, sha256 in rows
        ]
        files.sort(key=lambda file: file.path.encode())
        return Tree(tuple(files), content_hash, known[0][0])

    def unknown_trees(self, hashes: Iterable[str]) -> set[str]:
        """Return those of the hashes that no tree has."""
        wanted = set(hashes)
        rows = self._fetch(
            "SELECT content_hash FROM trees WHERE content_hash IN MANY(?)", as_json(wanted)
        )
        return wanted - {content_hash for (content_hash,) in rows}

    def unknown_blobs(self, hashes: Iterable[str]) -> set[str]:
        """Return those of the hashes that no blob has."""
        wanted = set(hashes)
        return wanted - self.blob_sizes(wanted).keys()

    def put_blob(self, sha256: str, size: int, chunks: Iterator[bytes]) -> None:
        """Store a file's content; `chunks` yields it in pieces of at most `CHUNK` bytes.

        Does nothing if it is known, also by another writer whose transaction it waits for.
        """
        if size <= CHUNK:
            self._put_blob_row(sha256, size, *_encoded(b"".join(chunks)))
            return
        with self.transaction():
            if self._put_blob_row(sha256, size, "chunks", None):
                for position, chunk in enumerate(chunks):
                    self._run(
                        "INSERT INTO blob_chunks (sha256, position, encoding, data)"
                        " VALUES (?, ?, ?, ?)",
                        sha256,
                        position,
                        *_encoded(chunk),
                    )

    def put_small_blobs(self, blobs: Iterable[tuple[str, bytes]]) -> None:
        """Store contents of at most `CHUNK` bytes by their SHA-256, one at a time in memory.

        Does nothing for those that are known, also by another writer whose transaction it waits
        for. What `blobs` raises passes through.
        """
        sql = self._translated(_PUT_BLOB)
        with self.transaction():
            self.database.cursor().executemany(
                sql, ((sha256, len(data), *_encoded(data)) for sha256, data in blobs)
            )

    def _put_blob_row(self, sha256: str, size: int, encoding: str, data: bytes | None) -> int:
        return self._run(_PUT_BLOB, sha256, size, encoding, data)

    def blob_sizes(self, hashes: Iterable[str]) -> dict[str, int]:
        """Return the sizes of those blobs that there are."""
        return dict(
            self._fetch("SELECT sha256, size FROM blobs WHERE sha256 IN MANY(?)", as_json(hashes))
        )

    def read_blob(self, sha256: str) -> Iterator[bytes]:
        """Yield a blob's content in pieces; raises StorageError if it is not there."""
        rows = self._fetch("SELECT encoding, data FROM blobs WHERE sha256 = ?", sha256)
        if not rows:
            raise StorageError(
                f"the database lacks the content {sha256}", hint="restore it from a backup"
            )
        ((encoding, data),) = rows
        if encoding != "chunks":
            yield _decoded(encoding, data)
            return
        (count,) = self._fetch("SELECT count(*) FROM blob_chunks WHERE sha256 = ?", sha256)[0]
        for position in range(count):
            ((encoding, data),) = self._fetch(
                "SELECT encoding, data FROM blob_chunks WHERE sha256 = ? AND position = ?",
                sha256,
                position,
            )
            yield _decoded(encoding, data)


def _encoded(data: bytes) -> tuple[str, bytes]:
    """Compress where that saves a tenth or more."""
    packed = zlib.compress(data, 1) if len(data) > 128 else data
    return ("zlib", packed) if len(packed) < 0.9 * len(data) else ("raw", data)


def _decoded(encoding: str, data: bytes | memoryview) -> bytes:
    return zlib.decompress(data) if encoding == "zlib" else bytes(data)
