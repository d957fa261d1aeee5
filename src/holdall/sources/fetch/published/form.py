"""The files of a published collection, which any web server, bucket or share can serve.

    channels/NAME.json   {"format": 1, "collection": UUID, "channel": NAME, "sequence": 7,
                          "release": SHA256, "number": 42, "previous": SHA256 or null, "at": TIME}
    releases/SHA256      {"format": 1, "collection": UUID, "name", "number": 42, "hash", "parent",
                          "author", "at", "command", "head": SHA256, "entries": 10500,
                          "chunks": {"0a": SHA256}, "single_files": ["agent", "command"],
                          "pinned": [SHA256]}
    blobs/SHA256         the head and the chunks of a release's `manifest.toml`, the lines of trees
                         (as `artifacts.hashing` has them, so that a tree's name is its content
                         hash), and files

Releases and blobs are named by the SHA-256 of their bytes.

`manifest.toml` of a release is its head and its chunks, one behind the other. A chunk has the
entries whose UUIDs begin with its digits, so that a change of one artifact is one new chunk.
A reader follows names only, checks each byte against them, and ignores keys that it does not know.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, TypeVar

from holdall import NamedTuple
from holdall.artifacts.hashing import FileDigest, is_sha256
from holdall.artifacts.ids import FileKind
from holdall.artifacts.paths import RelPath, refuse_collisions
from holdall.errors import HostilePathError, InputError, UsageError
from holdall.formats.documents import parse_json

FORMAT = 1
CHANNELS, RELEASES, BLOBS = "channels", "releases", "blobs"
MANIFEST = "manifest.toml"
MAX_CHANNEL_BYTES = 64 << 10
MAX_RELEASE_BYTES = 16 << 20
MAX_CHUNK_BYTES = 4 << 20
MAX_TREE_BYTES = 8 << 20
DEFAULT_CHANNEL = "main"

_CHANNEL_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
_UUID = re.compile(r"[0-9a-f]{32}")
_PREFIX = re.compile(r"[0-9a-f]{0,8}")
HINT = "publish it again, or ask who publishes it"

Value = TypeVar("Value")


class Channel(NamedTuple):
    """A name for a release. `sequence` only grows, also where the channel goes back."""

    collection: str
    channel: str
    sequence: int
    release: str
    number: int
    previous: str | None
    at: str


class PublishedRelease(NamedTuple):
    """A state of a collection: the blobs of which its manifest consists.

    `hash` and `parent` are the release's and its parent's in the database that published it.
    `single_files` are the types whose artifacts are one file, not a folder. `pinned` are the trees
    of older versions that composites pin, as far as the publisher has them.
    """

    collection: str
    name: str
    number: int
    hash: str
    parent: str | None
    author: str | None
    at: str
    command: str
    head: str
    entries: int
    chunks: Mapping[str, str]
    single_files: tuple[str, ...]
    pinned: tuple[str, ...] = ()


class PublishedEntry(NamedTuple):
    """Where an artifact's files go; `is_single` is one that is a file, not a folder."""

    path: RelPath
    content_hash: str
    is_single: bool

    def lay_out(self, tree: tuple[FileDigest, ...]) -> Iterator[tuple[RelPath, FileDigest]]:
        """Yield the files with their paths in the collection's folder."""
        if not self.is_single:
            yield from ((self.path.join_path(file.path), file) for file in tree)
        elif len(tree) == 1:
            yield self.path, tree[0]
        else:
            raise InputError(f"{self.path}: its type is a single file, its tree is not", hint=HINT)


def check_channel_name(name: str) -> str:
    """Return a channel's name; raises UsageError for what cannot be one."""
    if not _CHANNEL_NAME.fullmatch(name) or name.endswith("."):
        raise UsageError(
            f"{name!a} cannot be the name of a channel",
            hint="take lowercase letters, digits, `.`, `-` and `_`",
        )
    return name


def render_document(value: Channel | PublishedRelease) -> bytes:
    """Return the bytes of a channel or a release: the same for the same value, everywhere."""
    fields = {"format": FORMAT, **value._asdict()}
    return (json.dumps(fields, sort_keys=True, separators=(",", ":")) + "\n").encode()


def parse_channel(data: bytes, where: str) -> Channel:
    """Read a channel; raises InputError with the key that is wrong."""
    table = _table(data, where, MAX_CHANNEL_BYTES)
    return Channel(
        _require_match(table, "collection", where, _UUID),
        _require_match(table, "channel", where, _CHANNEL_NAME),
        _number(table, "sequence", where),
        _hash(table, "release", where),
        _number(table, "number", where),
        _hash(table, "previous", where) if table.get("previous") is not None else None,
        _require_type(table, "at", where, str),
    )


def parse_release(data: bytes, where: str) -> PublishedRelease:
    """Read a release; raises InputError with the key that is wrong."""
    table = _table(data, where, MAX_RELEASE_BYTES)
    chunks = _require_type(table, "chunks", where, dict)
    widths = {len(prefix) for prefix in chunks}
    if len(widths) > 1 or not all(_PREFIX.fullmatch(prefix) for prefix in chunks):
        raise _wrong(where, "chunks")
    singles = _require_type(table, "single_files", where, list)
    if not all(isinstance(name, str) for name in singles):
        raise _wrong(where, "single_files")
    pinned = _require_type(table, "pinned", where, list) if "pinned" in table else []
    if not all(isinstance(name, str) and is_sha256(name) for name in pinned):
        raise _wrong(where, "pinned")
    optional = {
        key: None if table.get(key) is None else _require_type(table, key, where, str)
        for key in ("parent", "author")
    }
    return PublishedRelease(
        _require_match(table, "collection", where, _UUID),
        _require_type(table, "name", where, str),
        _number(table, "number", where),
        _hash(table, "hash", where),
        optional["parent"],
        optional["author"],
        _require_type(table, "at", where, str),
        _require_type(table, "command", where, str),
        _hash(table, "head", where),
        _number(table, "entries", where),
        {prefix: _hash(chunks, prefix, where) for prefix in sorted(chunks)},
        tuple(singles),
        tuple(pinned),
    )


def parse_tree(data: bytes, where: str) -> tuple[FileDigest, ...]:
    """Read the lines of a tree; a size is not in them, and 0 here.

    Raises InputError for a line that is none, HostilePathError for a path that no tree can have.
    """
    files = []
    try:
        lines = data.decode().removesuffix("\n").split("\n") if data else []
    except UnicodeDecodeError:
        raise InputError(f"{where}: not valid UTF-8", hint=HINT) from None
    for number, line in enumerate(lines, 1):
        kind, mode, sha256, path = (*line.split(" ", 3), "", "", "", "")[:4]
        if kind not in tuple(FileKind) or mode not in ("x", "-") or not is_sha256(sha256):
            raise InputError(f"{where}, line {number}: not a line of a tree", hint=HINT)
        try:
            files.append(FileDigest(RelPath.parse(path), FileKind(kind), mode == "x", sha256, 0))
        except HostilePathError as error:
            raise HostilePathError(f"{where}: {error.message}", hint=error.hint) from None
    refuse_collisions(file.path for file in files)
    return tuple(files)


def render_tree(files: tuple[FileDigest, ...]) -> bytes:
    """Return the lines whose SHA-256 is the tree's content hash."""
    return b"".join(file.line for file in sorted(files, key=lambda file: file.path.encode()))


def _table(data: bytes, where: str, limit: int) -> Mapping[str, Any]:
    table = parse_json(data, where, limit=limit)
    if not isinstance(table, dict):
        raise InputError(f"{where}: not a table", hint=HINT)
    if table.get("format") != FORMAT:
        raise InputError(
            f"{where}: `format` is {table.get('format')!a}, and this Holdall reads {FORMAT}",
            hint="a newer Holdall may read it",
        )
    return table


def _require_type(table: Mapping[str, Any], key: str, where: str, kind: type[Value]) -> Value:
    value = table.get(key)
    if type(value) is not kind:
        raise _wrong(where, key)
    return value


def _number(table: Mapping[str, Any], key: str, where: str) -> int:
    number = _require_type(table, key, where, int)
    if not 0 <= number < 1 << 53:
        raise _wrong(where, key)
    return number


def _hash(table: Mapping[str, Any], key: str, where: str) -> str:
    text = _require_type(table, key, where, str)
    if not is_sha256(text):
        raise _wrong(where, key)
    return text


def _require_match(table: Mapping[str, Any], key: str, where: str, pattern: re.Pattern[str]) -> str:
    text = _require_type(table, key, where, str)
    if not pattern.fullmatch(text):
        raise _wrong(where, key)
    return text


def _wrong(where: str, key: str) -> InputError:
    return InputError(f"{where}: `{key}` is missing or not what it should be", hint=HINT)
