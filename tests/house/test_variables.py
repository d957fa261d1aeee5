"""Every environment variable of ours is on a page, and every one on a page is read."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from holdall.artifacts.limits import Caps

pytestmark = pytest.mark.house

ROOT = Path(__file__).parents[2]
NAME = re.compile(r"\bHOLDALL_[A-Z][A-Z_]*[A-Z]\b")


def names_in(*paths: Path) -> set[str]:
    """Return the variables that files name; each cap makes one."""
    found = {name for path in paths for name in NAME.findall(path.read_text(encoding="utf-8"))}
    return found - {"HOLDALL_MAX"}


def test_users_variables_are_in_the_configuration() -> None:
    """What the package reads is on docs/configuration.md, and nothing else is."""
    read = names_in(*(ROOT / "src").rglob("*.py"), *(ROOT / "hooks").rglob("*.py"))
    caps = {f"HOLDALL_{cap.upper()}" for cap in Caps._fields}
    page = ROOT / "docs/configuration.md"
    assert names_in(page) == read | caps
    for cap, default in Caps._field_defaults.items():
        row = f"| `HOLDALL_{cap.upper()}` | "
        assert f"({default:,})" in page.read_text(encoding="utf-8").partition(row)[2].split("\n")[0]


def test_those_of_the_tests_are_in_contributing() -> None:
    """What tests, benchmarks and builds read is in CONTRIBUTING.md or docs/."""
    files = [path for folder in ("tests", "benchmarks") for path in (ROOT / folder).rglob("*.py")]
    read = names_in(*files, ROOT / "Makefile", ROOT / "hatch_build.py")
    pages = (ROOT / "CONTRIBUTING.md", *(ROOT / "docs").glob("*.md"))
    assert not read - names_in(*pages)
