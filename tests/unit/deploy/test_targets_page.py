"""The page about targets, and the rows that are imported, say what the table says."""

from __future__ import annotations

from pathlib import Path

import pytest

from holdall.deploy.targets import BUILTIN_ROWS
from holdall.deploy.targets.handbook import TABLE, read_table, render_page, render_rows

pytestmark = pytest.mark.unit

PAGE = Path(__file__).parents[3] / "docs" / "targets.md"


def test_the_rows_are_those_of_the_table() -> None:
    """`make docs` writes them; nobody edits them."""
    rows = read_table()
    assert TABLE.with_name("rows.py").read_text() == render_rows(rows)
    assert rows == BUILTIN_ROWS


def test_the_page_is_made_from_the_table() -> None:
    """Each target has its row, for projects and for home folders, and its source."""
    rows = read_table()
    assert PAGE.read_text() == render_page(PAGE.read_text(), rows)
    for row in rows.values():
        assert row.source
        assert PAGE.read_text().count(f"\n| {row.name} |") == 3
