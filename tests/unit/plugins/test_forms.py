"""Values that plugins return are looked through before they are used."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from holdall.artifacts.hashing import FileDigest
from holdall.artifacts.ids import ArtifactId, FileKind
from holdall.artifacts.paths import RelPath
from holdall.errors import PluginError
from holdall.files.tree import Tree
from holdall.plugins.forms import is_whole
from holdall.sources.values import FoundArtifact
from host_factories import make_plugin, plugins_of

pytestmark = pytest.mark.unit

SHA = "ab" * 32
FILE = FileDigest(RelPath.parse("SKILL.md"), FileKind.FILE, False, SHA, 3)
TREE = Tree((FILE,), SHA, SHA)
FOUND = FoundArtifact(ArtifactId.parse("prompt:a"), "prompt", "a", "a.md", None, b"x", TREE)

BROKEN_TREES: list[Any] = [
    replace(TREE, files=[FILE]),
    replace(TREE, files=("SKILL.md",)),
    replace(TREE, content_hash=SHA.upper()),
    replace(TREE, skillmeat_hash=None),
    *(
        replace(TREE, files=(FILE._replace(**{field: value}),))
        for field, value in (
            ("path", "SKILL.md"),
            ("kind", "file"),
            ("executable", 1),
            ("sha256", "short"),
            ("size", True),
        )
    ),
]
BROKEN: list[Any] = [
    *BROKEN_TREES,
    *(replace(FOUND, tree=tree) for tree in BROKEN_TREES[:2]),
    replace(FOUND, id="prompt:a"),
    replace(FOUND, type="skill"),
    replace(FOUND, data=None),
    replace(FOUND, data="text"),
    replace(FOUND, path=Path("a.md")),
    replace(FOUND, description=3),
    [TREE, 3],
    [BROKEN_TREES[0]],
]


@pytest.mark.parametrize("value", BROKEN, ids=range(len(BROKEN)))
def test_nonsense_is_the_plugins_failure(value: Any) -> None:
    """A value of the right class with a wrong field goes no further; its plugin is named."""
    assert not is_whole(value)
    plugins = plugins_of(make_plugin(version_tree=lambda: value))
    with pytest.raises(PluginError, match=r"plugin p1 failed in .* not a whole"):
        plugins.first("holdall_version_tree", type(value), collection=0, artifact_id=0, version="1")


def test_what_is_whole_passes() -> None:
    """Trees, artifacts, and lists of trees with gaps."""
    assert all(
        map(
            is_whole, (TREE, FOUND, [TREE, None], [], replace(FOUND, data=None, location=Path("x")))
        )
    )
