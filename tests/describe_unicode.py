"""Writes the table of characters without a look: `make unicode`."""

from __future__ import annotations

from pathlib import Path

import regex

TABLE = Path(__file__).parents[1] / "src/holdall/sources/checks/ignorable.py"
PROPERTY = r"\p{Default_Ignorable_Code_Point}"
_START = '''"""Characters without a look of their own, by `make unicode`: not edited by hand."""

IGNORABLE = (
'''
_END = ''')
"""All of the property Default_Ignorable_Code_Point, as the set of a regular expression has them."""
'''


def ranges_of(pattern: str) -> list[tuple[int, int]]:
    """Return the first and last of each run of code points that a pattern matches."""
    found: list[tuple[int, int]] = []
    every = "".join(map(chr, (*range(0xD800), *range(0xE000, 0x110000))))
    for match in regex.finditer(pattern, every):
        point = ord(match[0])
        if found and found[-1][1] == point - 1:
            found[-1] = found[-1][0], point
        else:
            found.append((point, point))
    return found


def _escaped(point: int) -> str:
    return f"\\u{point:04x}" if point < 0x10000 else f"\\U{point:08x}"


def table() -> str:
    """Return the module's text."""
    lines = [
        f'    "{_escaped(first)}"\n'
        if first == last
        else f'    "{_escaped(first)}-{_escaped(last)}"\n'
        for first, last in ranges_of(PROPERTY)
    ]
    return _START + "".join(lines) + _END


if __name__ == "__main__":
    TABLE.write_text(table(), encoding="utf-8")
