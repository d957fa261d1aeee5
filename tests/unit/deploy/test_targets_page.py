"""The page about targets tells what the table says."""

from __future__ import annotations

from pathlib import Path

import pytest

from holdall.deploy.targets import BUILTIN_TARGETS, USER_TARGETS, Target

pytestmark = pytest.mark.unit

PAGE = (Path(__file__).parents[3] / "docs" / "targets.md").read_text()


@pytest.mark.parametrize(
    "target", [*BUILTIN_TARGETS.values(), *USER_TARGETS.values()], ids=lambda t: str(t.name)
)
def test_each_target_has_its_row(target: Target) -> None:
    """With every place and every settings file."""
    rows = [line for line in PAGE.splitlines() if line.startswith(f"| {target.name} |")]
    places = [f"`{target.root}/{spec.folder}/`" for spec in target.places.values()]
    places += [f"`{merge.path}`" for merge in target.merges.values()]
    assert any(all(place in row for place in places) for row in rows)
