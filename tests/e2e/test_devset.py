"""A real public marketplace, collected and deployed. Reads ../shared where it is there."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path
from urllib.parse import unquote

import pytest

from e2e.kit import REPOSITORY, Kit, tree

OLD = REPOSITORY.parent / "shared/devset-old/anthropics+claude-plugins-official"
NEW = REPOSITORY.parent / "shared/devset/anthropics+claude-plugins-official"
VOLTAGENT = REPOSITORY.parent / "shared/devset/VoltAgent+awesome-claude-code-subagents"

_LINK = re.compile(r'<[a-z]+(?: [a-z-]+="[^"]*")*? (?:href|src)="([^"#]*)')

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(not VOLTAGENT.is_dir(), reason=f"{VOLTAGENT} is not here"),
]


def test_a_marketplace_of_ten_plugins(kit: Kit) -> None:
    """10 composites with 157 memberships; each deploys exactly its members' bytes."""
    kit.run("collect", VOLTAGENT, status=1)  # some of its frontmatter is broken, and told so
    composites = kit.json("composite", "list")["composites"]
    assert len(composites) == 10
    assert sum(len(composite["members"]) for composite in composites) == 157
    listed = {artifact["id"]: artifact for artifact in kit.json("list")["artifacts"]}
    for composite in composites[:2]:
        kit.deploy(composite["id"])
        deployed = tree(kit.project / ".claude" / "agents")
        expected = {
            f"{listed[member['id']]['name']}.md": listed[member["id"]]["source_path"]
            for member in composite["members"]
        }
        assert deployed.keys() == expected.keys()
        for name, source_path in expected.items():
            assert deployed[name][0] == (VOLTAGENT / source_path).read_bytes()
        kit.run("undeploy", composite["id"], "--to", kit.project)
        assert not (kit.project / ".claude").exists()


def test_collecting_it_again_writes_nothing(kit: Kit) -> None:
    """The second collect says so and leaves the manifest alone."""
    kit.run("collect", VOLTAGENT, status=1)
    before = (kit.collection / "manifest.toml").read_bytes()
    assert "nothing written: 177 identical" in kit.run("collect", VOLTAGENT, status=1)
    assert (kit.collection / "manifest.toml").read_bytes() == before


def test_an_update_changes_exactly_what_differs(kit: Kit, tmp_path: Path) -> None:
    """From the older state to the newer one: as a fresh collect, with every UUID kept."""
    source = tmp_path / "source"
    shutil.copytree(OLD, source, symlinks=True)
    kit.run("collect", source, status=1)
    uuids = kit.uuids()
    shutil.rmtree(source)
    shutil.copytree(NEW, source, symlinks=True)
    changes = kit.json("collect", source, status=1)["sources"][0]["changes"]
    found = {kind: {c["id"] for c in changes if c["kind"] == kind} for kind in ("new", "gone")}
    assert len([known for known in found["new"] if not known.startswith("plugin-files:")]) == 40
    assert found["gone"] == {"mcp:asana", "mcp:supabase", "composite:supabase"}
    after = kit.uuids()
    assert {known: after.get(known) for known in uuids} == {
        known: None if known in found["gone"] else uuid for known, uuid in uuids.items()
    }
    before = tree(kit.collection)
    assert "nothing written" in kit.run("collect", source, status=1)
    assert tree(kit.collection) == before


@pytest.mark.slow
def test_the_development_sets_are_one_site(kit: Kit, tmp_path: Path) -> None:
    """All of them together: the same bytes twice, and every link of a page leads somewhere."""
    pytest.importorskip("nh3", reason="the extra `site` is not installed")
    for source in sorted(VOLTAGENT.parent.iterdir()):
        kit.run("collect", source, status=None)
    kit.run("site", "--to", tmp_path / "site")
    kit.run("site", "--to", tmp_path / "again")
    shown = [
        {path: state for path, state in tree(folder).items() if not path.startswith(".holdall/")}
        for folder in (tmp_path / "site", tmp_path / "again")
    ]
    assert shown[0] == shown[1]
    assert len(shown[0]) > 500
    for path, (data, _) in shown[0].items():
        if path.endswith(".html") and not path.startswith(("plugins/", ".well-known/")):
            for found in _LINK.findall(data.decode()):
                if not found.startswith(("https://", "http://", "mailto:")) and found:
                    place = os.path.normpath(os.path.join(os.path.dirname(path), unquote(found)))
                    assert place in shown[0], (path, found)
