"""Relative paths that may be written: checked component by component where they are parsed."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache

from holdall.errors import ConflictError, HostilePathError

MAX_COMPONENT_BYTES = 255
MAX_PATH_BYTES = 1024

# Control characters and line separators; bidi controls and tag characters can make a name look
# like another one.
_FORBIDDEN = (
    "[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069"
    "\U000e0000-\U000e00ff\U000e01f0-\U000e0fff]"
)
# Nothing can be wrong with most: reserved names have at most four letters before a dot.
_PLAIN_COMPONENT = r"\.?[\w-]{5,}(?:\.[\w-]+)*"
_PLAIN = re.compile(f"{_PLAIN_COMPONENT}(?:/{_PLAIN_COMPONENT})*", re.ASCII)
_RESERVED = frozenset(
    [
        "con",
        "prn",
        "aux",
        "nul",
        *(f"{port}{n}" for port in ("com", "lpt") for n in "0123456789¹²³"),
    ]
)


class RelPath(str):
    """A POSIX path below some root, without `.`, `..` or anything that a file system refuses.

    Made only by `parse`, so that having one means it was checked.
    """

    __slots__ = ()

    @classmethod
    def parse(cls, text: str) -> RelPath:
        """Check `text` and return it as a relative path.

        Raises HostilePathError, which quotes the path and names the rule it breaks.
        """
        if len(text) <= MAX_COMPONENT_BYTES and _PLAIN.fullmatch(text):
            return cls(text)
        for component in text.split("/"):
            if problem := _problem_of(component):
                raise HostilePathError(
                    f"unsafe path {text!a}: {problem}",
                    hint="rename the file or folder in its source, then try again",
                )
        if len(text) * 4 > MAX_PATH_BYTES and len(text.encode()) > MAX_PATH_BYTES:
            raise HostilePathError(
                f"unsafe path {text[:80]!a}...: longer than {MAX_PATH_BYTES} bytes",
                hint="shorten the folder names in the source",
            )
        return cls(text)

    def join_path(self, other: RelPath) -> RelPath:
        """Return `other` below this path."""
        text = f"{self}/{other}"
        # Each component was checked; only together they may be too long.
        return RelPath(text) if len(text) * 4 <= MAX_PATH_BYTES else RelPath.parse(text)

    @property
    def parent(self) -> RelPath | None:
        """The folder that holds this path; None at the top."""
        head, slash, _ = self.rpartition("/")
        return RelPath(head) if slash else None

    @property
    def name(self) -> str:
        """The last component."""
        return self.rpartition("/")[2]

    @property
    def fold_key(self) -> str:
        """What a case-insensitive, normalising file system would take for the same path."""
        if self.isascii():
            return self.lower()
        return unicodedata.normalize("NFC", unicodedata.normalize("NFC", self).casefold())


@lru_cache(maxsize=8192)  # few names are many files': `SKILL.md`, `references`
def _problem_of(component: str) -> str | None:
    if component == "":
        return "it is absolute or has an empty component"
    if component in (".", ".."):
        return f"it has a {component!r} component"
    if "\\" in component:
        return "it has a backslash, which is a separator elsewhere"
    if ":" in component:
        return "it has a colon, which means a drive or a hidden stream on Windows"
    is_plain = component.isascii() and component.isprintable()
    if not is_plain and re.search(_FORBIDDEN, component):
        return "it has control characters"
    if component[-1] in ". ":
        return "a component ends in a dot or blank"
    if component.partition(".")[0].lower() in _RESERVED:
        return f"{component!a} is reserved on Windows"
    try:
        size = len(component.encode())
    except UnicodeEncodeError:
        return "it is not valid Unicode"
    if size > MAX_COMPONENT_BYTES:
        return f"a component is longer than {MAX_COMPONENT_BYTES} bytes"
    return None


def folders_of(paths: Iterable[RelPath]) -> set[RelPath]:
    """Return every folder that one of the paths is in."""
    folders: set[RelPath] = set()
    level = {path.rpartition("/")[0] for path in paths}
    while level:
        found = {RelPath(folder) for folder in level if folder} - folders
        folders |= found
        level = {folder.rpartition("/")[0] for folder in found}
    return folders


def refuse_collisions(paths: Iterable[RelPath]) -> None:
    """Raise ConflictError if two different paths would be one file or folder on some file system.

    Folders count too: `Docs/a` and `docs/b` would share a folder on one machine and not on another.
    """
    paths = list(paths)
    places = {*paths, *folders_of(paths)}
    if len({place.fold_key for place in places}) == len(places):
        return
    seen: dict[str, str] = {}
    for path in paths:
        prefix: RelPath | None = path
        while prefix is not None:
            first = seen.setdefault(prefix.fold_key, prefix)
            if first != prefix:
                raise ConflictError(
                    f"{first!a} and {str(prefix)!a} would be one file on a"
                    " case-insensitive or normalising file system",
                    hint="rename one of them",
                )
            if first is not prefix:
                break
            prefix = prefix.parent
