"""The page about formats says what the code reads and writes."""

from pathlib import Path

import pytest

from holdall.operations.bundles.handbook import render_page

pytestmark = pytest.mark.unit

PAGE = Path(__file__).parents[3] / "docs/formats.md"


def test_the_page_is_made_from_the_formats() -> None:
    """`docs/formats.md` has the tables that `make docs` makes, with every agent's name."""
    assert PAGE.read_text() == render_page(PAGE.read_text()), "run `make docs`"
    for title in ("Agent Plugin", "Gemini extension", "opencode", "| gemini |", "`.kiro/steering/"):
        assert title in PAGE.read_text()
