"""The mutants of the writer fit the writer that there is."""

from __future__ import annotations

import runpy
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.house

ROOT = Path(__file__).parents[2]
MUTANTS = runpy.run_path(str(ROOT / "tests/faults/mutants.py"))["MUTANTS"]


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.why)
def test_a_mutant_changes_something(mutant: Any) -> None:
    """Its text stands in its file, once; `make mutants` would stop at one whose text does not."""
    for file, old, new in mutant.edits:
        assert (ROOT / file).read_text().count(old) == 1
        assert old != new
