"""The page about threats names tests that exist, and what the code says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from holdall.artifacts.limits import Caps
from holdall.artifacts.protected import PROTECTED
from parsing import functions_of

pytestmark = pytest.mark.house

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/security.md").read_text(encoding="utf-8")
NAMED = sorted(set(re.findall(r"`(tests/[\w/]+\.py::\w+)`", PAGE)))


@pytest.mark.parametrize("name", NAMED)
def test_every_test_that_is_named_exists(name: str) -> None:
    """A defence whose test was renamed or deleted is noticed."""
    path, _, function = name.partition("::")
    assert function in functions_of(ROOT / path)


def test_every_threat_has_a_defence_and_a_test() -> None:
    """A row without a test is a wish."""
    tables = PAGE.split("| threat | defence | tests |\n|---|---|---|\n")[1:]
    rows = [row for table in tables for row in table.split("\n\n")[0].splitlines()]
    assert len(rows) > 30
    for row in rows:
        threat, defence, tests = row.strip("|").split("|")
        assert threat.strip()
        assert defence.strip()
        assert "::test_" in tests, threat


def test_caps_and_protected_places_are_those_of_the_code() -> None:
    """Every cap with its default, every place."""
    for cap, default in Caps._field_defaults.items():
        assert f"| `{cap}` | {default:,} |" in PAGE
    listed = PAGE.partition("## Protected places")[2].partition("##")[0]
    assert set(re.findall(r"`([^`]+)`", listed)) - {".git"} == PROTECTED


def test_the_way_to_report_is_told() -> None:
    """By GitHub's private reporting, linked with the page."""
    told = (ROOT / "SECURITY.md").read_text(encoding="utf-8")
    assert "Report a vulnerability" in told
    assert "docs/security.md" in told
    assert "../SECURITY.md" in PAGE
