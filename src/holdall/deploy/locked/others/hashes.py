"""The hashes that other programs' locks have of a folder's files.

    vercel    SHA-256, hex, over path and bytes of each file, sorted as JavaScript's localeCompare
    rulesync  "sha256-" and the same over path, NUL, bytes, NUL
    apm       "sha256:" and SHA-256 over path and bytes of each file, sorted by code points
    git       the SHA-1 of git's tree

Computed again from locks that these programs wrote. Links count in git's tree only.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping

from holdall import NamedTuple

_MARKS = " _-,;:!?.'\"()[]{}@*/\\&#%`^+<=>|~$"
"""ASCII's marks as localeCompare sorts them: before digits, which come before letters."""

_IGNORED = {
    "vercel": frozenset({".git", "node_modules"}),
    "apm": frozenset({".git", "__pycache__"}),
}
_PIN = ".apm-pin"


class HashedFile(NamedTuple):
    """A file's bytes, or the text of a link, and its mode."""

    data: bytes
    executable: bool = False
    is_link: bool = False


def hash_files(rule: str, files: Mapping[str, HashedFile]) -> str | None:
    """Return the hash of files by one of the rules, by paths relative to their folder.

    None where the order of names is not known: only ASCII's is the same in all versions of
    JavaScript.
    """
    if rule == "git":
        return _git_tree(files)
    plain = {path: one.data for path, one in files.items() if not one.is_link}
    if rule == "apm":
        names = [path for path in sorted(plain) if _counts(rule, path) and path != _PIN]
        return "sha256:" + _digest(part for path in names for part in (path.encode(), plain[path]))
    if not all(path.isascii() and path.isprintable() for path in plain):
        return None
    ordered = [path for path in sorted(plain, key=locale_key) if _counts(rule, path)]
    if rule == "vercel":
        return _digest(part for path in ordered for part in (path.encode(), plain[path]))
    parts = (part for path in ordered for part in (path.encode(), b"\0", plain[path], b"\0"))
    return "sha256-" + _digest(parts)


def locale_key(text: str) -> tuple[list[tuple[int, int]], list[bool]]:
    """Return what ASCII names sort by as in localeCompare: case decides last, small letters first.

    Marks come before digits, digits before letters.
    """
    places = [
        (0, _MARKS.index(char))
        if char in _MARKS
        else (1 if char.isdigit() else 2, ord(char.lower()))
        for char in text
    ]
    return places, [char.isupper() for char in text]


def _counts(rule: str, path: str) -> bool:
    return _IGNORED.get(rule, frozenset()).isdisjoint(path.split("/")[:-1])


def _digest(parts: Iterable[bytes]) -> str:
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part)
    return digest.hexdigest()


def _git_tree(files: Mapping[str, HashedFile]) -> str:
    """Return the SHA-1 of git's tree: entries sorted by name, a folder's with a slash."""
    rows: list[tuple[bytes, bytes]] = []
    folders: dict[str, dict[str, HashedFile]] = {}
    for path, one in files.items():
        top, slash, rest = path.partition("/")
        if slash:
            folders.setdefault(top, {})[rest] = one
            continue
        mode = b"120000" if one.is_link else b"100755" if one.executable else b"100644"
        rows.append((top.encode(), _row(mode, top, _sha1(b"blob", one.data))))
    for name, inner in folders.items():
        row = _row(b"40000", name, bytes.fromhex(_git_tree(inner)))
        rows.append((f"{name}/".encode(), row))
    return _sha1(b"tree", b"".join(row for _, row in sorted(rows))).hex()


def _row(mode: bytes, name: str, sha: bytes) -> bytes:
    return mode + b" " + name.encode() + b"\0" + sha


def _sha1(kind: bytes, data: bytes) -> bytes:
    head = kind + b" %d\0" % len(data)
    return hashlib.sha1(head + data, usedforsecurity=False).digest()
