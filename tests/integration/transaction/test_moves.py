"""Renames whose new place somebody takes between the plan and the deed: nothing is done then."""

from __future__ import annotations

from pathlib import Path

import pytest

from holdall.artifacts.ids import ArtifactId
from holdall.collection.rename_remove import plan_rename
from holdall.deploy.planning.plan import DeployRequest, Resolution
from holdall.errors import ConflictError
from holdall.operations.write_collection import edit_collection
from holdall.plugins.manager import Plugins
from host_factories import (
    collect,
    deploy,
    make_collection,
    make_plugin,
    make_project,
    make_skill,
    make_source,
    manifest_text,
    plugins_of,
    refresh,
    session_of,
    snapshot,
)

pytestmark = pytest.mark.integration

UUID = "a" * 12 + "4" + "a" * 19


def knowing(taken: Path | None = None) -> Plugins:
    """Return plugins that know one UUID and, in the last moment, write a file."""

    def answer(request: DeployRequest) -> Resolution:
        return Resolution(uuids=dict.fromkeys(request.ids, UUID))

    def prepare(**_: object) -> None:
        if taken is not None:
            taken.parent.mkdir(parents=True, exist_ok=True)
            taken.write_text("somebody's\n")

    return plugins_of(
        make_plugin(
            deploy_resolve=answer,
            deploy_prepare=lambda plan, transaction_id: prepare(),
            collect_prepare=lambda changes, collection, transaction_id: prepare(),
        )
    )


def rename(root: Path, old: str, new: str, plugins: Plugins | None = None) -> None:
    """Rename an artifact of a collection."""
    with edit_collection(root, session_of(plugins)) as editor:
        plan = plan_rename(editor.collection, old, new)
        editor.commit(plan.changes, plan.actions)


@pytest.mark.parametrize("name", ["SKILL.md", "more.md"])
def test_a_deployed_rename(tmp_path: Path, name: str) -> None:
    """The old files stay, the new place keeps what came there, the ledger is as before."""
    root = make_collection(tmp_path / "kit")
    make_skill(root, "a", **{"more.md": "more"})
    refresh(root)
    project = make_project(tmp_path / "project")
    deploy(root, project, "skill:a", plugins=knowing())
    rename(root, "skill:a", "b")
    before = snapshot(project, times=False)
    ledger = (project / ".holdall/ledger.json").read_bytes()
    taken = project / ".claude/skills/b" / name
    with pytest.raises(ConflictError, match="appeared while Holdall was running"):
        deploy(root, project, "skill:b", plugins=knowing(taken))
    assert taken.read_text() == "somebody's\n"
    taken.unlink()
    taken.parent.rmdir()
    assert snapshot(project, times=False) == before
    assert (project / ".holdall/ledger.json").read_bytes() == ledger
    result = deploy(root, project, "skill:b", plugins=knowing())
    assert result.outcome is not None
    assert not result.outcome.conflicts
    assert not (project / ".claude/skills/a").exists()
    assert (project / ".claude/skills/b/more.md").read_text() == "more"


def test_a_rename_in_the_collection(tmp_path: Path) -> None:
    """The artifact keeps its name and its files."""
    root = make_collection(tmp_path / "kit", "a")
    before = snapshot(root, times=False), manifest_text(root)
    taken = root / "skills/b/SKILL.md"
    with pytest.raises(ConflictError, match="appeared while Holdall was running"):
        rename(root, "skill:a", "b", knowing(taken))
    assert taken.read_text() == "somebody's\n"
    taken.unlink()
    taken.parent.rmdir()
    assert (snapshot(root, times=False), manifest_text(root)) == before


def test_a_rename_in_a_source(tmp_path: Path) -> None:
    """A collect that would follow it changes nothing."""
    root = make_collection(tmp_path / "kit")
    source = make_source(tmp_path / "source", "a", "c")
    collect(root, source)
    (source / "skills/a").rename(source / "skills/b")
    before = snapshot(root, times=False), manifest_text(root)
    taken = root / "skills/b/SKILL.md"
    with pytest.raises(ConflictError, match="appeared while Holdall was running"):
        collect(root, source, plugins=knowing(taken))
    taken.unlink()
    taken.parent.rmdir()
    assert (snapshot(root, times=False), manifest_text(root)) == before
    changes = collect(root, source)
    assert [c.id for c in changes.changes if c.old_id] == [ArtifactId.parse("skill:b")]
    assert not (root / "skills/a").exists()
