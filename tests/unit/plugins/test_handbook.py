"""The page of the hooks is what the code says."""

from __future__ import annotations

from pathlib import Path

import pytest

from holdall.plugins import hookspecs
from holdall.plugins.handbook import handbook

pytestmark = pytest.mark.unit

PAGE = Path(__file__).parents[3] / "docs/hooks.md"


def test_the_page_is_made_from_the_docstrings() -> None:
    """`docs/hooks.md` is what `make docs` writes, with a heading for each hook."""
    assert PAGE.read_text() == handbook()
    hooks = [name for name in dir(hookspecs) if name.startswith("holdall_")]
    assert len(hooks) == 30
    assert all(f"\n## {name}\n" in handbook() for name in hooks)


def test_each_hook_says_when_it_is_called_and_what_if_it_raises() -> None:
    """That is the contract."""
    for name in (name for name in dir(hookspecs) if name.startswith("holdall_")):
        text = getattr(hookspecs, name).__doc__ or ""
        assert "raise" in text.lower(), name
