"""The two content hashes: Holdall's tree hash and SkillMeat's.

Both need the bytes of every file once; `FileDigest` and the SkillMeat hasher are fed together.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable

from holdall import NamedTuple
from holdall.artifacts.ids import FileKind
from holdall.artifacts.paths import RelPath

_SHA256 = re.compile(r"[0-9a-f]{64}")


class FileDigest(NamedTuple):
    """What one file of an artifact is: everything that the tree hash covers.

    `sha256` is over the file's bytes, or over the text of a symbolic link. `path` is relative to
    the artifact.
    """

    path: RelPath
    kind: FileKind
    executable: bool
    sha256: str
    size: int

    @property
    def line(self) -> bytes:
        """This file's line in the tree hash: `kind mode sha256 relative-path\\n`."""
        mode = "x" if self.executable else "-"
        return f"{self.kind} {mode} {self.sha256} {self.path}\n".encode()


def tree_hash(files: Iterable[FileDigest]) -> str:
    """Return the SHA-256 over one line per file, sorted by the paths' bytes (DESIGN section 5).

    Collision-free by construction: fields are of fixed width or last, and a path has no newline.
    Independent of the tree's place, of timestamps, and of the platform.
    """
    lines = [f.line for f in sorted(files, key=lambda f: f.path.encode())]
    return hashlib.sha256(b"".join(lines)).hexdigest()


EMPTY_TREE_HASH = tree_hash(())


def is_executable(mode: int) -> bool:
    """Return whether a file of this mode counts as executable: its owner may run it, as in git."""
    return bool(mode & 0o100)


def is_sha256(text: str) -> bool:
    """Return whether `text` is 64 lowercase hexadecimal digits."""
    return _SHA256.fullmatch(text) is not None
