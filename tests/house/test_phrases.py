"""Texts are in plain words: the phrases of `tests/banned_phrases.txt` are not written."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

pytestmark = pytest.mark.house

ROOT = Path(__file__).parents[2]
PHRASES = ROOT / "tests" / "banned_phrases.txt"
PLACES = ("src", "hooks", "migrations", "docs", "README.md", "CONTRIBUTING.md", "examples")
_OLD_DECISION = re.compile(r"docs/adr/00(0[1-9]|1[0-4])-")
NEWLINE = chr(10)
_TEXTS = {".py", ".md", ".sh", ".toml", ".json", ".html"}


def test_no_banned_phrase_is_written() -> None:
    """No text of ours has a phrase of the list, across the ends of lines, too."""
    found = [place for path in _texts() for place in find_phrases(path.read_text(), path)]

    assert not found, "\n".join(found)


def test_each_phrase_is_found_in_any_case_and_across_lines() -> None:
    """A phrase is found where its words stand in two lines or begin a sentence."""
    text = "plain\nTake\n    note of it\n# take\n# note\n"

    assert find_phrases(text, ROOT / "a.py") == ["a.py:2: take note", "a.py:4: take note"]


def find_phrases(text: str, path: Path) -> list[str]:
    """Return the place and phrase of each hit, as `file:line: phrase`."""
    name = path.relative_to(ROOT)
    return [
        f"{name}:{text.count(NEWLINE, 0, match.start()) + 1}: {phrase}"
        for phrase, pattern in _patterns()
        for match in pattern.finditer(text)
    ]


def _patterns() -> Iterator[tuple[str, re.Pattern[str]]]:
    for line in PHRASES.read_text().splitlines():
        if line and not line.startswith("#"):
            words = r"[\s#]+".join(map(re.escape, line.split()))
            yield line, re.compile(rf"\b{words}\b", re.IGNORECASE)


def _texts() -> Iterator[Path]:
    for place in PLACES:
        top = ROOT / place
        for path in [top] if top.is_file() else sorted(top.rglob("*")):
            name = path.relative_to(ROOT).as_posix()
            if path.suffix in _TEXTS and not _OLD_DECISION.match(name):
                yield path
