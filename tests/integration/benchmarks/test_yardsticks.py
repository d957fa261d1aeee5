"""The benchmarks themselves: what they compare with works, and what they find is shown."""

from __future__ import annotations

from pathlib import Path

import pytest
from benchmarks import databases, report
from benchmarks.__main__ import GROUPS, LARGE
from benchmarks.measuring import Bench

pytestmark = pytest.mark.integration


def test_each_case_of_the_databases_runs(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A small collection, once: a statement for a table that is another by now fails."""
    for name, number in (("LARGE", 100), ("SMALL", 10), ("ALONE", 10)):
        monkeypatch.setattr(databases, name, number)
    rows = list(databases.measure(Bench(tmp_path, 1, 1), database_url, "any"))
    cases = [row.case for row in rows]
    assert "any: children of 100" in cases
    assert "any: 100 upserted" in cases


def test_the_page_has_a_table_for_each_group() -> None:
    """A group without a title would be measured and not shown."""
    assert {*GROUPS, *LARGE, "growth"} == {*report.TITLES}
