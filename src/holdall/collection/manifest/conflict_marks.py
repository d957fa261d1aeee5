"""A manifest in which git left marks around the two lines that every release changes.

    <<<<<<< HEAD
    release = 7
    base = "5d3a..."
    =======
    release = 9
    base = "8c1f..."
    >>>>>>> theirs

Both branches changed these lines, and perhaps nothing else that meets. The older release is taken:
what the newer one has of others' changes is then equal on both sides. Marks around anything else
stay, and are an error of the file.
"""

from __future__ import annotations

import re

_HUNK = re.compile(
    r"^<{7}(?: [^\n]*)?\n(?P<ours>(?:(?!={7}\n|\|{7}).*\n)*?)"
    r"(?:\|{7}[^\n]*\n(?:(?!={7}\n).*\n)*?)?"
    r"={7}\n(?P<theirs>(?:(?!>{7}).*\n)*?)>{7}(?: [^\n]*)?(?:\n|\Z)",
    re.MULTILINE,
)
_LINES = re.compile(r'(?:release = (?P<number>\d{1,18})\n|base = "[0-9a-f]{64}"\n)+')


def settle_marks(text: str) -> str:
    """Return a text with the older release where marks are around releases only.

    Lines keep their numbers: empty ones stand for what is left out.
    """
    return _HUNK.sub(_older, text)


def _older(hunk: re.Match[str]) -> str:
    sides = (hunk["ours"], hunk["theirs"])
    numbers = [_LINES.fullmatch(side) for side in sides]
    if not all(found and found["number"] for found in numbers):
        return hunk[0]
    ours, theirs = (int(found["number"]) for found in numbers if found)
    kept = sides[0] if ours <= theirs else sides[1]
    missing = hunk[0].count("\n") - kept.count("\n")
    return kept + "\n" * missing
