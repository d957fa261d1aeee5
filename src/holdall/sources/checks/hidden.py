"""Invisible characters: those that hide text, and those that are only suspicious.

What has no look of its own (Unicode's Default_Ignorable_Code_Point) is spelling where a script or
an emoji has it: `⚠` and U+FE0F, joiners in Persian, a soft hyphen in a word. Elsewhere it is a
stray. One stray may be left over from copying; many of them, or a long run, can be a text:

    x U+FE06 y U+FE09           # four bits after each letter
    U+E0069 U+E0067 U+E006E     # tag characters: each is a letter
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from holdall.sources.checks.diagnostics import Code, diagnose
from holdall.sources.checks.ignorable import IGNORABLE
from holdall.sources.values import Diagnostic

_IDEOGRAPH = "\u2e80-\u2fdf\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_SYMBOL = "\u2100-\u2bff\U0001f000-\U0001fbff"
_EMOJI = rf"\xa9\xae\u203c\u2049\u3030\u303d\u3297\u3299{_SYMBOL}"
_WIDE_MARK = "\u3001\u3002\uff01\uff0c\uff0e\uff1a\uff1b\uff1f"
_VARYING = rf"0\u1000-\u109f\u2200-\u22ff\ua840-\ua87f\U00010ac0-\U00010aff{_IDEOGRAPH}{_WIDE_MARK}"
_MARK = "\u0300-\u036f\u0591-\u05c7\u0610-\u061a\u064b-\u065f"
_JAMO = "\u1100-\u11ff\u3130-\u318f"
# Scripts whose letters are joined or not: Hebrew to Myanmar, Khmer to Mongolian, and others.
_JOINED = (
    "\u0590-\u109f\u1700-\u18af\u1900-\u1cff\ua800-\uabff\ufb1d-\ufdff\ufe70-\ufefc"
    f"\U00010a00-\U00011fff\U0001e900-\U0001e95f{_SYMBOL}"
)
# Scripts without blanks between words.
_UNBROKEN = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u9fff\uac00-\ud7af"
_WIDTHLESS = "\u180e\u200b-\u200f\u2060-\u2064\ufeff"
_SELECTOR = "[\ufe00-\ufe0f\U000e0100-\U000e01ef]"
_LETTER = r"[^\W\d_]"

# Python compiles them where they are first used, which takes longer than to read most texts.
_INVISIBLE = f"[{IGNORABLE}\ufff9-\ufffb]"
_SPELLED = (
    rf"(?<=[{_EMOJI}])[\ufe0e\ufe0f]"
    r"|(?<=[0-9#*])[\ufe0e\ufe0f](?=\u20e3)"
    rf"|(?<=[{_VARYING}])[\ufe00-\ufe02]"
    "|(?<=[\U00013000-\U000143ff])[\ufe00-\ufe06]"
    rf"|(?<=[{_IDEOGRAPH}])[\U000e0100-\U000e01ef]"
    rf"|(?:(?<=[{_JOINED}\ufe0f])|(?<![{_WIDTHLESS}])(?=.[{_JOINED}]))[\u200c\u200d](?![{_WIDTHLESS}])"
    rf"|(?:(?<=[{_UNBROKEN}])|(?=.[{_UNBROKEN}]))\u200b"
    rf"|(?:(?<=[{_MARK}])|(?=.[{_MARK}]))\u034f"
    rf"|(?:(?<=[{_JAMO}])|(?=.[{_JAMO}]))[\u115f\u1160\u3164]"
    "|(?<=[\uffa1-\uffdc])\uffa0"
    "|(?<=[\u1780-\u17b3])[\u17b4\u17b5]"
    "|(?<=[\u1820-\u18aa])[\u180b-\u180f]"
    rf"|(?<={_LETTER}{_LETTER})\xad(?={_LETTER}{_LETTER})"
    "|(?<=[\U0001bc00-\U0001bc9f])[\U0001bca0-\U0001bca3]"
    "|(?<=[\U0001d100-\U0001d1ff])[\U0001d173-\U0001d17a]"
)
_MARKS = "\u061c\u200e\u200f"
_FROM_RIGHT = "[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\U00010800-\U00010fff]"
_REACH = 40

# Controls of writing direction; tag characters and what is not assigned beside them; selectors of
# ideographs without one; so many invisible characters that they can only be bits.
_HIDDEN = (
    "[\u202a-\u202e\u2066-\u2069\U000e0000-\U000e00ff\U000e01f0-\U000e0fff]"
    f"|(?<![{_IDEOGRAPH}])[\U000e0100-\U000e01ef]|{_SELECTOR}{{3}}|[{IGNORABLE}]{{8}}"
)
# England, Scotland, Wales: the only emoji that are spelled with tag characters.
_FLAG = (
    "\U0001f3f4\U000e0067\U000e0062"
    "(?:\U000e0065\U000e006e\U000e0067|\U000e0073\U000e0063\U000e0074|\U000e0077\U000e006c\U000e0073)"
    "\U000e007f"
)
# In one part of a file; a letter takes eight bits.
_MOST_STRAYS, _MOST_OF_ONE_KIND = 15, 63

# What the bytes of any of these begin with, in UTF-8; an emoji with its selector is not suspicious.
_SUSPECT = (
    rb"\xe2(?:\x80[\x8b-\x8f\xaa-\xae]|\x81[\xa0-\xaf])|\xf3\xa0|\xc2\xad|\xcd\x8f|\xd8\x9c"
    rb"|\xef(?:\xb8[\x80-\x8d]|\xbb\xbf|\xbe\xa0|\xbf[\xb0-\xbb])|\xe3\x85\xa4"
    rb"|\xe1(?:\x85[\x9f\xa0]|\x9e[\xb4\xb5]|\xa0[\x8b-\x8f])|\xf0(?:\x9b\xb2|\x9d\x85)"
)
_SELECTED = (
    rb"(?s)\xef\xb8[\x8e\x8f](?<!\xe2[\x84-\xaf][\x80-\xbf]...)(?<!\xf0\x9f[\x80-\xaf][\x80-\xbf]...)"
    rb"(?<![0-9#*]\xef\xb8\x8f(?=\xe2\x83\xa3))"
)
_ASCII = bytes(range(128))


def is_suspect(data: bytes) -> bool:
    """Return whether `judge_characters` may have something to say; takes a nanosecond a byte."""
    if data.isascii():
        return False
    return bool(re.search(_SUSPECT, data.translate(None, _ASCII)) or re.search(_SELECTED, data))


def hidden_text(path: str, text: str) -> Iterator[Diagnostic]:
    """Yield a diagnostic for the first character that hides text, if there is one."""
    for diagnostic in () if text.isascii() else judge_characters(path, text):
        if diagnostic.code == Code.HIDDEN_TEXT:
            yield diagnostic


def judge_characters(path: str, text: str) -> Iterator[Diagnostic]:
    """Yield the first character of a text that hides another text or, if none does, is a stray."""
    bare = re.sub(_FLAG, "", text)
    strays = [m for m in re.finditer(_INVISIBLE, bare) if not _is_spelling(bare, m.start())]
    if not strays:
        return
    most = _MOST_STRAYS if len({stray[0] for stray in strays}) > 1 else _MOST_OF_ONE_KIND
    found = re.search(_HIDDEN, bare) or (strays[0] if len(strays) > most else None)
    code = Code.HIDDEN_TEXT if found else Code.ZERO_WIDTH_TEXT
    found = found or strays[0]
    line = bare.count("\n", 0, found.start()) + 1
    yield diagnose(path, code, f"holds U+{ord(found[0][0]):04X}", line)


def _is_spelling(text: str, at: int) -> bool:
    """Return whether an invisible character belongs where it is."""
    char = text[at]
    if at == 0 and char in "\ufeff\ufe0e\ufe0f":
        return True
    if char in _MARKS:
        return bool(re.search(_FROM_RIGHT, text[max(0, at - _REACH) : at + _REACH]))
    return re.compile(_SPELLED).match(text, at) is not None
