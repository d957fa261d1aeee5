"""Inspect an artifact's files while they are read, so that no byte is read twice for it."""

from __future__ import annotations

import re
from codecs import BOM_UTF16_BE, BOM_UTF16_LE, BOM_UTF32_BE, BOM_UTF32_LE, getincrementaldecoder
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import field

from holdall import dataclass
from holdall.artifacts.paths import RelPath
from holdall.sources.checks.diagnostics import Code
from holdall.sources.checks.hidden import is_suspect, judge_characters
from holdall.sources.checks.secrets import judge_secrets, may_hold_secrets
from holdall.sources.values import Diagnostic

# Files of these kinds are read as text by agents, whatever they hold.
_TEXTS = (".md", ".mdc", ".txt", ".json", ".toml", ".yaml", ".yml", ".py", ".sh", ".js", ".ts")
# What may belong to a character at the beginning of a part: it may be cut in two.
_REACH = 64
# The longer marks first: one begins as another.
_ENCODINGS = (
    (BOM_UTF32_LE, "utf-32-le"),
    (BOM_UTF32_BE, "utf-32-be"),
    (BOM_UTF16_LE, "utf-16-le"),
    (BOM_UTF16_BE, "utf-16-be"),
)
_CONTROLS = re.compile("[\x00-\x08\x0e-\x1f\ufffd]")


def check_text(path: str, data: bytes) -> Iterator[Diagnostic]:
    """Yield what no text of any artifact should hold, each kind once."""
    if is_suspect(data):
        yield from judge_characters(path, data.decode("utf-8", "replace"))
    if may_hold_secrets(data):
        yield from judge_secrets(path, data)


def _decoder_of(data: bytes, *, is_text: bool) -> Callable[[bytes], str] | None:
    """Return what decodes a file that begins with the mark of another encoding than UTF-8.

    A program or a picture may begin with the same bytes: it is no text in that encoding.
    """
    for mark, encoding in _ENCODINGS:
        if data.startswith(mark):
            decode = getincrementaldecoder(encoding)("replace").decode
            if not is_text and _CONTROLS.search(
                getincrementaldecoder(encoding)("replace").decode(data)
            ):
                return None
            return decode
    return None


def texts_in(value: object) -> Iterator[str]:
    """Yield every text of a document, its keys too."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield key
            yield from texts_in(item)
    elif isinstance(value, list):
        for item in value:
            yield from texts_in(item)


@dataclass(slots=True)
class Inspection:
    """What is found in one artifact's files; `peek` is shown them by whoever reads the tree.

    `place` is the artifact's path in the source, `is_folder` whether its files are below that.
    """

    place: str
    is_folder: bool
    found: list[Diagnostic] = field(default_factory=list)
    _is_text: bool = False
    _before: bytes = b""
    _decode: Callable[[bytes], str] | None = None

    @property
    def hides_text(self) -> bool:
        """Whether agents read text that users cannot see."""
        return any(diagnostic.code == Code.HIDDEN_TEXT for diagnostic in self.found)

    def peek(self, file: RelPath, chunk: bytes, offset: int) -> None:
        """Look at a part of a file."""
        if offset == 0:
            self._decode = _decoder_of(chunk, is_text=file.endswith(_TEXTS))
            self._is_text = b"\0" not in chunk or file.endswith(_TEXTS) or bool(self._decode)
        if self._decode is not None:
            chunk = self._decode(chunk).encode(errors="replace")
        if offset:
            chunk = self._before + chunk
        if self._is_text and (is_suspect(chunk) or may_hold_secrets(chunk)):
            self.take(check_text(self._path_of(file), chunk), whole=offset == 0)
        self._before = chunk[-_REACH:]

    def take(self, found: Iterable[Diagnostic], *, whole: bool = True) -> None:
        """Add what was found; each kind once to a file. Lines are known of the first part only."""
        for diagnostic in found:
            if not any(
                known.path == diagnostic.path and known.code == diagnostic.code
                for known in self.found
            ):
                self.found.append(diagnostic if whole else diagnostic._replace(line=None))

    def _path_of(self, file: RelPath) -> str:
        if not self.is_folder:
            return self.place
        return file if self.place in ("", ".") else f"{self.place}/{file}"
