"""Invisible characters: those that smuggle text, and those that are only suspicious.

A text in any script is spelled without the former. The latter are spelling in some scripts and in
emoji, and suspicious elsewhere.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from holdall.sources.checks.diagnostics import Code, diagnose
from holdall.sources.values import Diagnostic

_IDEOGRAPH = "[\u2e80-\u2fdf\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]"
_SELECTOR = "[\ufe00-\ufe0f\U000e0100-\U000e01ef]"
_WIDTHLESS = "\u180e\u200b-\u200f\u2060-\u2064\ufeff"
# Controls of writing direction; tag characters; selectors of variants where nothing has variants,
# and so many characters without width that they can only be bits.
_HIDDEN = re.compile(
    "[\u202a-\u202e\u2066-\u2069\U000e0000-\U000e007f]"
    f"|(?<!{_IDEOGRAPH})[\U000e0100-\U000e01ef]|{_SELECTOR}{{3}}|[{_WIDTHLESS}]{{8}}"
)
# England, Scotland, Wales: the only emoji that are spelled with tag characters.
_FLAG = re.compile(
    "\U0001f3f4\U000e0067\U000e0062"
    "(?:\U000e0065\U000e006e\U000e0067|\U000e0073\U000e0063\U000e0074|\U000e0077\U000e006c\U000e0073)"
    "\U000e007f"
)
_ZERO_WIDTH = re.compile(
    f"[{_WIDTHLESS}\u034f\u115f\u1160\u17b4\u17b5\u2065\u206a-\u206f\u3164\uffa0\ufff9-\ufffb]"
)
_JOINERS, _MARKS, _BREAK = "\u200c\u200d", "\u200e\u200f", "\u200b"
_FROM_RIGHT = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\U00010800-\U00010fff]")
_WITHOUT_BLANKS = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u9fff\uac00-\ud7af]")
_JAMO = re.compile("[\u1100-\u11ff\u3130-\u318f]")
_REACH = 40

# What the bytes of any of these begin with, in UTF-8.
_SUSPECT = re.compile(
    rb"\xe2(?:\x80[\x8b-\x8f\xaa-\xae]|\x81[\xa0-\xaf])|\xf3\xa0|\xef(?:\xb8[\x80-\x8f]\xef\xb8"
    rb"|\xbb\xbf|\xbe\xa0|\xbf[\xb9-\xbb])|\xe1(?:\xa0\x8e|\x85[\x9f\xa0]|\x9e[\xb4\xb5])"
    rb"|\xcd\x8f|\xe3\x85\xa4"
)
_ASCII = bytes(range(128))


def is_suspect(data: bytes) -> bool:
    """Return whether `judge_characters` may have something to say; takes a nanosecond a byte."""
    return not data.isascii() and bool(_SUSPECT.search(data.translate(None, _ASCII)))


def hidden_text(path: str, text: str) -> Iterator[Diagnostic]:
    """Yield a diagnostic for the first character that hides text, if there is one."""
    if text.isascii():
        return
    if _HIDDEN.search(text) and (found := _HIDDEN.search(_FLAG.sub("", text))):
        yield diagnose(path, Code.HIDDEN_TEXT, f"holds {_named(found)}", _line(found))


def judge_characters(path: str, text: str) -> Iterator[Diagnostic]:
    """Yield the invisible characters of a text, each kind once."""
    yield from hidden_text(path, text)
    for found in _ZERO_WIDTH.finditer(text):
        if not _is_spelling(text, found.start()):
            yield diagnose(path, Code.ZERO_WIDTH_TEXT, f"holds {_named(found)}", _line(found))
            return


def _named(found: re.Match[str]) -> str:
    return f"U+{ord(found[0][0]):04X}"


def _line(found: re.Match[str]) -> int:
    return found.string.count("\n", 0, found.start()) + 1


def _is_spelling(text: str, at: int) -> bool:
    """Return whether a character without width belongs where it is."""
    char, before, after = text[at], text[at - 1 : at], text[at + 1 : at + 2]
    if char == "\ufeff":
        return at == 0
    if char in _JOINERS:
        return not (_is_widthless(before) or _is_widthless(after)) and (
            _may_join(before) or _may_join(after)
        )
    if char in _MARKS:
        return bool(_FROM_RIGHT.search(text[max(0, at - _REACH) : at + _REACH]))
    if char == _BREAK:
        return bool(_WITHOUT_BLANKS.match(before) or _WITHOUT_BLANKS.match(after))
    return bool(_JAMO.match(before) or _JAMO.match(after)) and char in "\u115f\u1160\u3164"


def _is_widthless(char: str) -> bool:
    return bool(char) and char in "\u200b\u200c\u200d\u2060\ufeff"


def _may_join(char: str) -> bool:
    """Return whether a character is of a script with joiners, or of an emoji."""
    return char >= "\u0590" and (char == "\ufe0f" or unicodedata.category(char)[0] in "LMS")
