"""Text for terminals: whatever could move the cursor, colour it or hide text is escaped.

Names and messages come from others' files.
"""

from __future__ import annotations

import re

# Controls, marks and controls of direction, what has no width or no look, all else that Unicode
# calls a control of format, halves of surrogates. An end of a line may stay before an indented
# line, as in the lists of our own errors.
_UNPRINTABLE = (
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f"
    "\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff0-\ufffb\ud800-\udfff"
    "\u0600-\u0605\u06dd\u070f\u0890\u0891\u08e2\U000110bd\U000110cd\U00013430-\U0001343f"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]|\n(?!  )"
)


def escape_text(text: str) -> str:
    """Return `text` with all that could move the cursor or hide text written as escapes.

    Tabs stay, and ends of lines before lines that begin with two blanks.
    """
    if text.isascii() and text.isprintable():
        return text
    return re.sub(
        _UNPRINTABLE, lambda m: m[0].encode("unicode_escape", "surrogatepass").decode(), text
    )


def one_line(text: str) -> str:
    """Return `text` escaped, its ends of lines too: a name must not look like a line of ours."""
    return escape_text(text).replace("\n", "\\n")


def one_line_exactly(text: str) -> str:
    """Return `text` escaped as `one_line` does, and what only chooses another look of a letter."""
    return re.sub("[\ufe00-\ufe0f]", lambda m: f"\\u{ord(m[0]):04x}", one_line(text))


def is_utf8(text: str) -> bool:
    """Return whether a text, as a path from the system, can be written down as UTF-8."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
