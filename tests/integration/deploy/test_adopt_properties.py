"""Whatever people do to a deployed folder: adopted exactly, or refused with nothing changed."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from holdall.deploy.targets import BUILTIN_TARGETS
from holdall.errors import RefusedError
from holdall.operations.adopt import Adopter
from holdall.operations.write_collection import edit_collection
from host_factories import (
    deploy,
    make_collection,
    make_project,
    session_of,
    snapshot,
    undeploy,
    write,
)

pytestmark = [pytest.mark.integration, pytest.mark.slow]

EXAMPLES = int(os.environ.get("HOLDALL_LONG_TESTS") or 20)
CLAUDE = BUILTIN_TARGETS["claude"]
NAMES = st.sampled_from(
    ["SKILL.md", "a.md", "A.md", "d/a.md", "d", "d/e/f.sh", "con", "x:y", ".git/c"]
)
LINKS = st.sampled_from(["a.md", "d/a.md", "../../mine", "/etc/passwd", "nothing"])
EDITS = st.lists(
    st.one_of(
        st.tuples(st.just("write"), NAMES, st.binary(max_size=20)),
        st.tuples(st.just("delete"), NAMES, st.none()),
        st.tuples(st.just("mode"), NAMES, st.booleans()),
        st.tuples(st.just("link"), NAMES, LINKS),
    ),
    min_size=1,
    max_size=6,
)


def edit(folder: Path, kind: str, name: str, how: object) -> None:
    """Do to a folder what a person might."""
    path = folder / name
    if any(p.is_symlink() or p.is_file() for p in path.parents if p.is_relative_to(folder)):
        return
    if kind == "mode":
        if path.is_file() and not path.is_symlink():
            path.chmod(0o755 if how else 0o644)
        return
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    path.unlink(missing_ok=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    if isinstance(how, bytes):
        path.write_bytes(how)
    elif isinstance(how, str):
        path.symlink_to(how)


def adopt(root: Path, project: Path) -> None:
    """Adopt the skill."""
    with edit_collection(root, session_of()) as editor:
        Adopter(project, [CLAUDE], session_of()).adopt(editor, ["skill:a"])


@settings(
    max_examples=EXAMPLES,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(edits=EDITS)
def test_any_edit_is_adopted_exactly_or_refused(
    tmp_path_factory: pytest.TempPathFactory, edits: list[tuple[str, str, object]]
) -> None:
    """Afterwards the collection has it, the deploy is unedited, and an undeploy takes it all."""
    folder = tmp_path_factory.mktemp("adopt")
    root = make_collection(folder / "kit", "a")
    write(root / "skills/a/d/a.md", "x")
    project = make_project(folder / "project")
    empty = snapshot(project, times=False)
    deploy(root, project, "skill:a")
    there = project / ".claude/skills/a"
    for kind, name, how in edits:
        edit(there, kind, name, how)
    before = snapshot(root), snapshot(project)
    try:
        adopt(root, project)
    except RefusedError:
        assert (snapshot(root), snapshot(project)) == before
        return
    adopted = files_in(there)
    assert files_in(root / "skills/a") == adopted
    now = snapshot(project)
    assert not deploy(root, project, "skill:a").arrangement.actions
    assert snapshot(project) == now
    undeploy(root, project, "skill:a")
    assert files_in(there) == {}
    others = snapshot(project, times=False)
    assert {p: o for p, o in others.items() if not p.startswith(".claude/skills/a")} == empty


def files_in(folder: Path) -> dict[str, tuple[object, ...]]:
    """Return files and links below a folder, without what version control keeps there.

    A folder is what has no content at all, not even an empty one.
    """
    found = snapshot(folder, without=(".git",), times=False)
    return {path: seen for path, seen in found.items() if seen[1] != ""}
