"""Sources that change between two collects: what is lost, moved, doubled, or only not readable."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from git_repositories import bare_clone, commit, git, make_repository
from holdall.artifacts.ids import ArtifactId
from holdall.collection.changes import ChangeSet
from holdall.collection.collect.origins import _address
from holdall.collection.manifest.manifest import ManifestArtifact
from holdall.testing.kit import Kit
from host_factories import (
    collect,
    make_collection,
    make_skill,
    make_source,
    manifest_text,
    opened,
    refresh,
)
from source_trees import MARKET, PLUGIN, good, write

pytestmark = pytest.mark.integration


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """An empty collection."""
    return make_collection(tmp_path / "kit")


def kinds(changes: ChangeSet) -> dict[str, str]:
    """Return what happened to each artifact."""
    return {str(change.id): change.kind.value for change in changes.changes}


def note(changes: ChangeSet, artifact: str) -> str:
    """Return the note on an artifact."""
    return next(change.note or "" for change in changes.changes if str(change.id) == artifact)


def entry(root: Path, artifact: str) -> ManifestArtifact:
    """Return an artifact's entry."""
    found = opened(root).entry(ArtifactId.parse(artifact))
    assert isinstance(found, ManifestArtifact)
    return found


def market(*plugins: str) -> dict[str, Any]:
    """Return the files of a marketplace with these plugins, one skill in each."""
    files: dict[str, Any] = {
        MARKET: {"plugins": [{"name": name, "source": f"./plugins/{name}"} for name in plugins]}
    }
    for name in plugins:
        files[f"plugins/{name}/{PLUGIN}"] = {"name": name}
        files[f"plugins/{name}/skills/of-{name}/SKILL.md"] = good(f"of-{name}")
    return files


def empty_folder(source: Path) -> None:
    """Leave a submodule's folder."""
    shutil.rmtree(source / "plugins/b")
    (source / "plugins/b").mkdir()


def no_folder(source: Path) -> None:
    """Leave the entry of a marketplace alone."""
    shutil.rmtree(source / "plugins/b")


def dangling_link(source: Path) -> None:
    """Leave a link that leads nowhere."""
    shutil.rmtree(source / "plugins/b/skills/of-b")
    (source / "plugins/b/skills/of-b").symlink_to("/nowhere/at-all")


def broken_marketplace(source: Path) -> None:
    """Leave half of the marketplace's file, and no plugin."""
    (source / MARKET).write_text('{"plugins": [')
    shutil.rmtree(source / "plugins/b")


def submodule(source: Path) -> None:
    """Leave a submodule's folder around plugins that no marketplace lists any more."""
    (source / MARKET).write_text(json.dumps(market("a")[MARKET]))
    shutil.rmtree(source / "plugins/b")
    (source / ".gitmodules").write_text('[submodule "b"]\n\tpath = plugins/b\n')


@pytest.mark.parametrize(
    "damage", [empty_folder, no_folder, dangling_link, submodule, broken_marketplace]
)
def test_what_cannot_be_read_is_not_gone(root: Path, tmp_path: Path, damage: Any) -> None:
    """It stays, with the reason, as a member too; back again, it is as it was."""
    source = write(tmp_path / "source", market("a", "b"))
    whole = shutil.copytree(source, tmp_path / "whole")
    collect(root, source)
    before = entry(root, "skill:of-b")
    damage(source)
    changes = collect(root, source)
    assert kinds(changes)["skill:of-b"] == "kept"
    assert note(changes, "skill:of-b").startswith("not in the source at plugins/b/skills/of-b: ")
    assert "gone" not in kinds(changes).values()
    composite = opened(root).manifest.by_id[ArtifactId.parse("composite:b")]
    assert [str(member.id) for member in composite.members] == ["skill:of-b"]  # type: ignore[union-attr]
    shutil.rmtree(source)
    shutil.copytree(whole, source)
    assert set(kinds(collect(root, source)).values()) <= {"identical", "changed"}
    assert entry(root, "skill:of-b") == before


def test_a_plugin_that_left_is_gone_next_to_one_that_is_unread(root: Path, tmp_path: Path) -> None:
    """What is missing in one place keeps nothing alive in another."""
    source = write(tmp_path / "source", market("a", "b", "c"))
    collect(root, source)
    shutil.rmtree(source)
    write(source, market("a", "b"))
    no_folder(source)
    changes = kinds(collect(root, source))
    assert (changes["skill:of-b"], changes["skill:of-c"]) == ("kept", "gone")
    assert changes["composite:c"] == "gone"


def test_servers_of_a_file_that_broke_stay(root: Path, tmp_path: Path) -> None:
    """A typing error in .mcp.json takes no server away."""
    servers = {"mcpServers": {"s": {"url": "u"}}}
    source = write(tmp_path / "source", {".mcp.json": servers, "commands/c.md": "c"})
    collect(root, source)
    (source / ".mcp.json").write_text("{")
    assert kinds(collect(root, source))["mcp:s"] == "kept"


def test_a_move_without_a_change_is_followed(root: Path, tmp_path: Path) -> None:
    """The entry has the new path, and a second collect writes nothing."""
    source = make_source(tmp_path / "source", "a", "b")
    collect(root, source)
    (source / "packs").mkdir()
    (source / "skills/a").rename(source / "packs/a")
    assert kinds(collect(root, source)) == {"skill:a": "identical", "skill:b": "identical"}
    assert entry(root, "skill:a").source_path == "packs/a"
    before = manifest_text(root)
    collect(root, source)
    assert manifest_text(root) == before


def test_a_move_with_a_change_is_an_update(root: Path, tmp_path: Path) -> None:
    """Path and content are the new ones."""
    source = make_source(tmp_path / "source", "a", "b")
    collect(root, source)
    shutil.rmtree(source / "skills/a")
    make_skill(source / "packs", "a", "newer")
    assert kinds(collect(root, source))["skill:a"] == "changed"
    assert entry(root, "skill:a").source_path == "packs/skills/a"


@pytest.mark.parametrize("changes", ["first", "second", "both"])
def test_twins_that_diverge(root: Path, tmp_path: Path, changes: str) -> None:
    """The entry follows the place that it came from; the other place gets one of its own."""
    source = tmp_path / "source"
    write(source, {"p/skills/x/SKILL.md": good("x"), "q/skills/x/SKILL.md": good("x")})
    collect(root, source)
    before = entry(root, "skill:x")
    assert before.source_path == "p/skills/x"
    for place, which in (("p", "first"), ("q", "second")):
        if changes in (which, "both"):
            (source / place / "skills/x/SKILL.md").write_text(good("x", place))
    collect(root, source)
    after = {a.source_path: a for a in opened(root).manifest.artifacts}
    assert after.keys() == {"p/skills/x", "q/skills/x"}
    assert after["p/skills/x"].id == before.id
    for path, artifact in after.items():
        text = (root / artifact.path / "SKILL.md").read_bytes()
        assert text == (source / str(path) / "SKILL.md").read_bytes()
    written = manifest_text(root)
    assert set(kinds(collect(root, source)).values()) == {"identical"}
    assert manifest_text(root) == written


def test_a_new_twin_before_the_first_changes_nothing(root: Path, tmp_path: Path) -> None:
    """An artifact stays at the place that it came from."""
    source = write(tmp_path / "source", {"p/skills/x/SKILL.md": good("x")})
    collect(root, source)
    before = manifest_text(root)
    write(source, {"a/skills/x/SKILL.md": good("x")})
    collect(root, source)
    assert manifest_text(root) == before


def test_a_folder_that_moved_is_the_same_source(root: Path, tmp_path: Path) -> None:
    """Updates and departures go on as if it had not moved."""
    source = make_source(tmp_path / "old", "a", "b", "c", "d")
    collect(root, source)
    moved = source.rename(tmp_path / "new")
    make_skill(moved, "a", "newer")
    shutil.rmtree(moved / "skills/b")
    changes = kinds(collect(root, moved))
    assert (changes["skill:a"], changes["skill:b"], changes["skill:c"]) == (
        "changed", "gone", "identical"
    )  # fmt: skip
    assert {a.source for a in opened(root).manifest.artifacts} == {str(moved)}
    assert set(kinds(collect(root, moved)).values()) == {"identical"}


def test_a_copy_of_a_folder_is_another_source(root: Path, tmp_path: Path) -> None:
    """What was changed in a copy replaces nothing while the folder is still there."""
    source = make_source(tmp_path / "source", "a", "b")
    collect(root, source)
    copy = shutil.copytree(source, tmp_path / "copy")
    make_skill(copy, "a", "other")
    before = entry(root, "skill:a")
    changes = kinds(collect(root, copy))
    assert "changed" not in changes.values()
    assert entry(root, "skill:a") == before


def test_others_skills_are_no_move(root: Path, tmp_path: Path) -> None:
    """One skill in common does not make two sources one."""
    source = make_source(tmp_path / "source", "a", "b", "c")
    collect(root, source)
    shutil.rmtree(source)
    other = make_source(tmp_path / "other", "a", "x", "y")
    make_skill(other, "b", "other")
    before = entry(root, "skill:b")
    changes = kinds(collect(root, other))
    assert not {"changed", "gone"} & set(changes.values())
    assert entry(root, "skill:b") == before


@pytest.mark.parametrize("way", ["clone", "bare", "url"])
def test_a_newer_clone_is_the_same_source(root: Path, tmp_path: Path, way: str) -> None:
    """Its history has the commit that was collected, or it is the same under another address."""
    work = make_source(make_repository(tmp_path / "work"), "a", "b", "c")
    commit(work)
    if way == "url":
        first = bare_clone(work, tmp_path / "one.git")
        collect(root, f"file://{first}")
    else:
        collect(root, work)
    make_skill(work, "a", "newer")
    commit(work)
    if way == "clone":
        git(tmp_path, "clone", "--quiet", str(work), "other")
        again: str | Path = tmp_path / "other"
    elif way == "bare":
        shutil.move(work, tmp_path / "away")
        again = bare_clone(tmp_path / "away", tmp_path / "two.git")
    else:
        again = f"file://{bare_clone(work, tmp_path / 'renamed.git')}"
        shutil.rmtree(tmp_path / "one.git")
    changes = kinds(collect(root, again))
    assert changes == {"skill:a": "changed", "skill:b": "identical", "skill:c": "identical"}
    assert len({a.source for a in opened(root).manifest.artifacts}) == 1


@pytest.mark.parametrize(
    "other",
    ["git@host.example:owner/repo.git", "ssh://git@HOST.example/owner/repo",
     "https://host.example/owner/repo/", "git@host.example:owner/repo", "ssh://host.example:22/owner/repo"],
)  # fmt: skip
def test_addresses_of_one_repository(other: str) -> None:
    """The way to a server, the user there and `.git` make no difference; a folder inside does."""
    assert _address(other) == _address("https://host.example/owner/repo")
    assert _address(f"{other}#sub") != _address("https://host.example/owner/repo")


def test_a_source_under_another_address_needs_no_likeness(root: Path, tmp_path: Path) -> None:
    """Where the address says that it is the same, all of it may have changed."""
    work = make_source(make_repository(tmp_path / "work"), "a")
    commit(work)
    bare = bare_clone(work, tmp_path / "up.git")
    collect(root, bare)
    make_skill(work, "a", "all new")
    commit(work)
    git(bare, "fetch", "--quiet", str(work), "+refs/heads/*:refs/heads/*")
    assert kinds(collect(root, f"file://{bare}")) == {"skill:a": "changed"}


def test_pointers_replace_nothing(root: Path, tmp_path: Path) -> None:
    """A clone without Git LFS brings no content, and takes none away."""
    source = make_source(tmp_path / "source", "a")
    (source / "skills/a/model.bin").write_bytes(b"weights")
    collect(root, source)
    pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 7\n"
    (source / "skills/a/model.bin").write_text(pointer)
    assert kinds(collect(root, source))["skill:a"] == "kept"
    assert (root / "skills/a/model.bin").read_bytes() == b"weights"


@pytest.mark.parametrize("which", ["all", "one file", "script too"])
def test_line_ends_of_windows_are_no_edit(root: Path, tmp_path: Path, which: str) -> None:
    """Git's own change is not recorded; one that a user made in addition is."""
    source = make_source(tmp_path / "source", "a")
    (source / "skills/a/run.sh").write_text("#!/bin/sh\necho 1\n")
    (source / "skills/a/data.bin").write_bytes(b"\0\n")
    collect(root, source)
    for name in ("SKILL.md",) if which == "one file" else ("SKILL.md", "run.sh"):
        path = root / "skills/a" / name
        path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    if which == "script too":
        with (root / "skills/a/run.sh").open("a") as file:
            file.write("echo 2\n")
    expected = "changed" if which == "script too" else "kept"
    assert kinds(refresh(root).changes) == {"skill:a": expected}


def test_a_twin_that_left_says_where_its_history_is(root: Path, tmp_path: Path) -> None:
    """A plugin's member that is an artifact of its own now names the one that it was."""
    files = {f"{p}/{PLUGIN}": {"name": p} for p in ("p", "q")}
    skills = {f"{p}/skills/x/SKILL.md": good("x") for p in ("p", "q")}
    source = write(tmp_path / "source", {**files, **skills})
    collect(root, source)
    (source / "q/skills/x/SKILL.md").write_text(good("x", "other"))
    changes = collect(root, source)
    (new,) = [change for change in changes.changes if change.kind == "new"]
    assert "was one with skill:x" in (new.note or "")


def test_a_sparse_checkout_takes_nothing_away(root: Path, tmp_path: Path) -> None:
    """What the user chose not to check out is kept, whatever the layout."""
    work = write(make_repository(tmp_path / "work"), market("a", "b"))
    commit(work)
    collect(root, work)
    git(work, "sparse-checkout", "set", "plugins/a")
    assert not (work / "plugins/b").exists()
    changes = collect(root, work)
    assert kinds(changes)["skill:of-b"] == "kept"
    assert "gone" not in kinds(changes).values()


@pytest.mark.parametrize("way", ["empty", "unmounted", "only junk"])
def test_an_empty_source_is_no_good_news(tmp_path: Path, kit: Kit, way: str) -> None:
    """Nothing is removed, the reason is shown, and the exit status asks for attention."""
    source = make_source(tmp_path / "source", "a", "b")
    kit.run("collect", source)
    shutil.rmtree(source / "skills")
    if way == "unmounted":
        (source / "skills").mkdir()
    elif way == "only junk":
        (source / ".DS_Store").write_text("x")
    said = kit.run("collect", source, status=1)
    assert "identical" not in said
    assert "2 kept" in said
    assert "is it mounted, or checked out?" in said


def test_the_last_file_of_a_folder_is_gone_like_any_other(root: Path, tmp_path: Path) -> None:
    """The folder that is left empty says nothing while the rest of the source is as it is."""
    source = make_source(tmp_path / "source", "a")
    make_skill(source / "shared", "b")
    collect(root, source)
    shutil.rmtree(source / "shared/skills/b")
    assert kinds(collect(root, source)) == {"skill:a": "identical", "skill:b": "gone"}


def test_junk_in_the_collection_is_reported_and_not_recorded(root: Path) -> None:
    """What running a skill's script leaves behind is no edit; next to one, it is named."""
    make_skill(root, "a")
    refresh(root)
    (root / "skills/a/__pycache__").mkdir()
    (root / "skills/a/__pycache__/x.pyc").write_bytes(b"x")
    assert kinds(refresh(root).changes) == {"skill:a": "identical"}
    make_skill(root, "a", "newer")
    found = refresh(root)
    assert kinds(found.changes) == {"skill:a": "changed"}
    assert [(d.path, d.code) for d in found.diagnostics] == [("skills/a", "left-out")]


def test_a_skillmeat_collection_of_windows(root: Path, tmp_path: Path) -> None:
    """The backslashes of its paths separate names."""
    table = 'name = "a"\ntype = "skill"\npath = "skills\\\\a"\norigin = "local"\n'
    manifest = f'[collection]\nname = "c"\n[[artifacts]]\n{table}'
    source = write(
        tmp_path / "source", {"collection.toml": manifest, "skills/a/SKILL.md": good("a")}
    )
    assert kinds(collect(root, source)) == {"skill:a": "new"}
    assert entry(root, "skill:a").source_path == "skills/a"
