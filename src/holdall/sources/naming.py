"""Names for what a source holds: safe on every file system, and distinct.

The rules, applied to artifacts in the order of their importance (members of composites in the
source's order, then the rest by path), so that the same source always gets the same names:

1. Places of one type with the same content are one artifact, named after the first place.
2. A name that a file system or shell refuses is made safe: runs of blanks, separators, control
   and invisible characters and of `: * ? " < > | @ =` become one `-` (a command keeps its colons),
   dots and dashes at the ends go, Windows' reserved words get the type in front (`skill-con`), and
   long names are cut and end in the first digits of the whole name's hash.
3. The first artifact that wants a name gets it. Names that a case-insensitive or normalising file
   system would take for the same count as the same; a command's folder is spelled as it was first.
4. The others get a name in front: their composite's (`pr-review-toolkit-code-reviewer`), else a
   parent folder's, the nearest first; as a last resort the content's hash at the end.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from holdall.artifacts.ids import BUILTIN_TYPES, ArtifactId, ArtifactType, Shape, TypeSpec
from holdall.artifacts.paths import RelPath
from holdall.artifacts.protected import refuse_protected
from holdall.errors import HostilePathError

MAX_NAME_BYTES = 200
"""The longest part of a name: room for a prefix's hash and `.md` below a file system's 255."""

_MINDED = re.compile(r"[\s/\\:*?\"<>|@=]")
_INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zs", "Zl", "Zp"})
_HASH_DIGITS = 8
_ENDS = "-."


def safe_name(type_name: str, name: str) -> str:
    """Return `name`, or what stands for it where a file system or command line refuses it."""
    if type_name == ArtifactType.COMMAND:
        parts = [_safe_part(type_name, part) for part in name.split(":")]
        return _cut(":".join(part for part in parts if part) or "unnamed", 4 * MAX_NAME_BYTES)
    return _safe_part(type_name, name) or "unnamed"


def _safe_part(type_name: str, part: str) -> str:
    text = part
    if not (text.isascii() and text.isprintable()):
        text = unicodedata.normalize("NFC", text)
        text = "".join("\n" if unicodedata.category(c) in _INVISIBLE else c for c in text)
    pieces = [piece for piece in _MINDED.split(text) if piece.strip(".")]
    text = "-".join(pieces).strip(_ENDS)
    if not text:
        return ""
    try:
        refuse_protected(RelPath.parse(text[:MAX_NAME_BYTES]))
    except HostilePathError:
        text = f"{type_name}-{text}"
    return _cut(text, MAX_NAME_BYTES)


def _cut(text: str, limit: int) -> str:
    data = text.encode()
    if len(data) <= limit:
        return text
    kept = data[: limit - _HASH_DIGITS - 1].decode("utf-8", "ignore").rstrip(_ENDS + ":")
    return f"{kept}-{hashlib.sha256(data).hexdigest()[:_HASH_DIGITS]}"


class Named(NamedTuple):
    """The id that something got, and why it did not get the name it asked for."""

    id: ArtifactId
    unsafe: bool
    taken: bool


class Names:
    """Gives out ids, each once."""

    def __init__(self) -> None:
        self._files: set[str] = set()
        self._folders: dict[str, str] = {}

    def claim(
        self, type_name: str, wanted: str, contexts: Iterable[str], content_hash: str
    ) -> Named:
        """Return the first id that is free: `wanted`, else with a context in front, else a hash.

        `contexts` are names of the folders around it, the most specific first.
        """
        safe = safe_name(type_name, wanted)
        for candidate in _candidates(type_name, safe, contexts, content_hash):
            found = self._take(type_name, candidate)
            if found is not None:
                return Named(found, unsafe=safe != wanted, taken=found.name != safe)
        raise AssertionError("the candidates never end")

    def _take(self, type_name: str, name: str) -> ArtifactId | None:
        spec = BUILTIN_TYPES.get(type_name) or TypeSpec(type_name, type_name, Shape.FILE)
        *folders, last = name.split(":")
        folders, spelled = self._spelled(spec.folder, folders)
        file_key = _fold("/".join([spec.folder, *folders, last + spec.suffix]))
        if file_key in self._files or file_key in self._folders or self._files & spelled.keys():
            return None
        self._files.add(file_key)
        self._folders.update(spelled)
        return ArtifactId.of(type_name, ":".join([*folders, last]))

    def _spelled(self, top: str, folders: list[str]) -> tuple[list[str], dict[str, str]]:
        """Return the folders as they were first spelled, and the keys of their paths."""
        found: list[str] = []
        keys: dict[str, str] = {}
        for folder in folders:
            key = _fold("/".join([top, *found, folder]))
            found.append(self._folders.get(key, folder))
            keys[key] = found[-1]
        return found, keys


def _candidates(
    type_name: str, safe: str, contexts: Iterable[str], content_hash: str
) -> Iterator[str]:
    yield safe
    for context in dict.fromkeys(contexts):
        yield safe_name(type_name, f"{safe_name(ArtifactType.COMPOSITE, context)}-{safe}")
    for digits in range(_HASH_DIGITS, len(content_hash), _HASH_DIGITS):
        yield f"{safe}-{content_hash[:digits]}"
    number = 2
    while True:
        yield f"{safe}-{number}"
        number += 1


def _fold(path: str) -> str:
    return RelPath(path).fold_key
