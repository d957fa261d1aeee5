"""Taking sources into a collection: what is there is never lost, nor changed behind one's back."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from holdall.artifacts.ids import ArtifactId
from holdall.collection.changes import ChangeSet
from holdall.collection.manifest.manifest import ManifestArtifact
from holdall.collection.rename_remove import plan_rename
from holdall.errors import ConflictError, NotFoundError
from holdall.operations.write_collection import edit_collection
from host_factories import (
    collect,
    make_collection,
    make_command,
    make_skill,
    make_source,
    manifest_text,
    opened,
    refresh,
    session_of,
    snapshot,
    write,
)

pytestmark = pytest.mark.integration


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """An empty collection."""
    return make_collection(tmp_path / "kit")


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A source with the skills a and b."""
    return make_source(tmp_path / "source", "a", "b")


def kinds(changes: ChangeSet) -> dict[str, str]:
    """Return what happened to each artifact."""
    return {str(change.id): change.kind.value for change in changes.changes}


def entry(root: Path, name: str) -> ManifestArtifact:
    """Return a skill's entry."""
    found = opened(root).entry(ArtifactId.of("skill", name))
    assert isinstance(found, ManifestArtifact)
    return found


def text(root: Path, name: str = "a") -> str:
    """Return a skill's main file."""
    return (root / "skills" / name / "SKILL.md").read_text()


def backups(root: Path) -> list[bytes]:
    """Return the contents of all backups."""
    folder = root / ".holdall/backups"
    return [path.read_bytes() for path in folder.rglob("*") if path.is_file()]


def plugin(source: Path, *skills: str, name: str = "pack") -> Path:
    """Write a Claude plugin with these skills into a source."""
    folder = source / name
    for skill in skills:
        make_skill(folder, skill, f"{name} {skill}")
    (folder / ".claude-plugin").mkdir(exist_ok=True)
    (folder / ".claude-plugin/plugin.json").write_text(json.dumps({"name": name}))
    return folder


def test_new_artifacts_arrive_byte_for_byte(root: Path, source: Path) -> None:
    """Folders, modes and links as they are in the source."""
    (source / "skills/a/run.sh").write_text("#!/bin/sh\n")
    (source / "skills/a/run.sh").chmod(0o755)
    (source / "skills/a/link").symlink_to("run.sh")
    assert kinds(collect(root, source)) == {"skill:a": "new", "skill:b": "new"}
    assert snapshot(root / "skills", times=False) == snapshot(source / "skills", times=False)


def test_a_second_collect_writes_nothing(root: Path, source: Path) -> None:
    """Neither files nor manifest nor times, composites included."""
    plugin(source, "x", "y")
    collect(root, source)
    before = snapshot(root)
    changes = collect(root, source)
    assert set(kinds(changes).values()) == {"identical"}
    assert snapshot(root) == before


def test_an_upstream_change_is_taken(root: Path, source: Path) -> None:
    """What nobody edited here follows its source: changed, new and deleted files."""
    make_skill(source, "a", "old", **{"gone/x.md": "x", "file": "x", "dir/x": "x"})
    collect(root, source)
    shutil.rmtree(source / "skills/a")
    make_skill(source, "a", "new", **{"file/x": "y", "dir": "y"})
    assert kinds(collect(root, source))["skill:a"] == "changed"
    assert snapshot(root / "skills", times=False) == snapshot(source / "skills", times=False)


def test_an_edit_that_was_not_collected_is_never_overwritten(root: Path, source: Path) -> None:
    """Upstream and person changed it: a conflict, nothing written."""
    collect(root, source)
    make_skill(root, "a", "mine")
    make_skill(source, "a", "theirs")
    before = snapshot(root)
    with pytest.raises(ConflictError, match="skill:a was edited here"):
        collect(root, source)
    assert snapshot(root) == before


def test_an_edit_that_was_collected_is_never_overwritten(root: Path, source: Path) -> None:
    """Having taken note of an edit does not make it the source's own content."""
    collect(root, source)
    make_skill(root, "a", "mine")
    refresh(root)
    mine = text(root)
    assert kinds(collect(root, source))["skill:a"] == "identical"
    assert text(root) == mine
    make_skill(source, "a", "theirs")
    with pytest.raises(ConflictError, match="skill:a was edited here"):
        collect(root, source)
    assert text(root) == mine


def test_a_rename_or_second_edit_does_not_forget_the_first(root: Path, source: Path) -> None:
    """An edited artifact stays edited under its new name, and after more edits."""
    collect(root, source)
    make_skill(root, "a", "mine")
    refresh(root)
    (root / "skills/a").rename(root / "skills/z")
    refresh(root)
    make_skill(root, "z", "mine too")
    refresh(root)
    mine = text(root, "z")
    make_skill(source, "a", "theirs")
    with pytest.raises(ConflictError):
        collect(root, source)
    assert text(root, "z") == mine


def test_an_edit_taken_back_follows_the_source_again(root: Path, source: Path) -> None:
    """With the source's bytes restored, nothing stands against the next version."""
    collect(root, source)
    old = text(root)
    make_skill(root, "a", "mine")
    refresh(root)
    (root / "skills/a/SKILL.md").write_text(old)
    refresh(root)
    assert entry(root, "a").source_hash is None
    make_skill(source, "a", "theirs")
    collect(root, source)
    assert text(root) == text(source)


def test_take_keeps_a_backup(root: Path, source: Path) -> None:
    """The edited file is replaced and kept."""
    collect(root, source)
    make_skill(root, "a", "mine")
    mine = text(root)
    make_skill(source, "a", "theirs")
    collect(root, source, on_conflict="take")
    assert text(root) == text(source)
    assert backups(root) == [mine.encode()]
    before = snapshot(root)
    collect(root, source)
    assert snapshot(root) == before


def test_keep_keeps(root: Path, source: Path) -> None:
    """The collection's version stays, and stays known as what it is."""
    collect(root, source)
    make_skill(root, "a", "mine")
    make_skill(source, "a", "theirs")
    before = snapshot(root)
    collect(root, source, on_conflict="keep")
    assert snapshot(root) == before


def test_both_gives_the_newcomer_another_name(root: Path, source: Path) -> None:
    """Both versions are there, and the next collect knows which is which."""
    collect(root, source)
    make_skill(root, "a", "mine")
    mine = text(root)
    make_skill(source, "a", "theirs")
    assert kinds(collect(root, source, on_conflict="both"))["skill:source-a"] == "new"
    assert text(root) == mine
    assert text(root, "source-a") == text(source)
    before = snapshot(root)
    assert kinds(collect(root, source))["skill:source-a"] == "identical"
    assert snapshot(root) == before


def test_newcomer_steps_over_names_in_use(root: Path, source: Path) -> None:
    """Also over a folder that nobody collected."""
    make_skill(root, "a", "mine")
    refresh(root)
    make_skill(root, "source-a", "not collected")
    precious = text(root, "source-a")
    new, _ = kinds(collect(root, source)).keys()
    assert text(root, "source-a") == precious
    assert text(root, new.removeprefix("skill:")) == text(source)
    assert new.endswith("-source-a")


def test_rename_decides_a_conflict(root: Path, source: Path) -> None:
    """The newcomer comes in under the given name."""
    make_skill(root, "a", "mine")
    refresh(root)
    mine = text(root)
    collect(root, source, renames={"skill:a": "skill:theirs"})
    assert (text(root), text(root, "theirs")) == (mine, text(source))
    before = snapshot(root)
    collect(root, source)
    assert snapshot(root) == before


@pytest.mark.parametrize(
    ("renames", "told"),
    [
        ({"skill:a": "skill:b"}, "would both be skill:b"),
        ({"skill:a": "skill:x", "skill:b": "skill:x"}, "would both be skill:x"),
    ],
)
def test_two_artifacts_cannot_get_one_name(
    root: Path, source: Path, renames: dict[str, str], told: str
) -> None:
    """Neither replaces the other: refused, before and after they are known."""
    with pytest.raises(ConflictError, match=told):
        collect(root, source, renames=renames)
    collect(root, source)
    before = snapshot(root)
    with pytest.raises(ConflictError, match=told):
        collect(root, source, renames=renames)
    assert snapshot(root) == before


def test_a_rename_of_nothing_is_an_error(root: Path, source: Path) -> None:
    """A misspelt name is told, not ignored."""
    with pytest.raises(NotFoundError, match="skill:nothing"):
        collect(root, source, renames={"skill:nothing": "skill:x"})


@pytest.mark.parametrize("on_conflict", ["fail", "keep", "take", "both"])
def test_files_that_nobody_collected_are_not_mixed_with(
    root: Path, source: Path, on_conflict: str
) -> None:
    """A folder made by hand under the newcomer's name is refused, whatever the option says."""
    make_skill(root, "a", "made by hand", notes="precious")
    before = snapshot(root)
    with pytest.raises(ConflictError, match="was not collected"):
        collect(root, source, on_conflict=on_conflict)
    assert snapshot(root) == before


def test_the_same_files_made_by_hand_are_taken_over(root: Path, source: Path) -> None:
    """Equal content is no conflict, and not written again."""
    shutil.copytree(source / "skills/a", root / "skills/a")
    before = snapshot(root / "skills/a")
    collect(root, source)
    assert snapshot(root / "skills/a") == before
    assert entry(root, "a").source == str(source)


def test_a_move_in_the_source_is_a_rename(root: Path, source: Path) -> None:
    """Same content at another path, the old path gone: the entry follows."""
    collect(root, source)
    (source / "skills/a").rename(source / "skills/z")
    changes = collect(root, source)
    assert kinds(changes) == {"skill:z": "renamed", "skill:b": "identical"}
    assert not (root / "skills/a").exists()
    assert text(root, "z") == text(source, "z")


def test_a_move_in_the_source_does_not_hide_an_edit(root: Path, source: Path) -> None:
    """An edited artifact that moved upstream takes its edit along, and is still edited."""
    for take_note in (False, True):
        collect(root, source)
        name = "zz" if take_note else "z"
        old = "z" if take_note else "a"
        make_skill(root, old, f"mine {take_note}")
        if take_note:
            refresh(root)
        mine = text(root, old)
        (source / "skills" / old).rename(source / "skills" / name)
        collect(root, source)
        assert text(root, name) == mine
        theirs = text(source, name)
        make_skill(source, name, "theirs")
        with pytest.raises(ConflictError):
            collect(root, source)
        assert text(root, name) == mine
        (source / "skills" / name / "SKILL.md").write_text(theirs)


def test_a_move_onto_files_that_nobody_collected_is_refused(root: Path, source: Path) -> None:
    """The folder in the way stays, and so does the artifact under its old name."""
    collect(root, source)
    (source / "skills/a").rename(source / "skills/z")
    make_skill(root, "z", "made by hand")
    before = snapshot(root)
    with pytest.raises(ConflictError):
        collect(root, source)
    assert snapshot(root) == before


def test_what_left_the_source_leaves_the_collection(root: Path, source: Path) -> None:
    """If nobody touched it; it is told, and what came from elsewhere stays."""
    collect(root, source)
    make_skill(root, "mine")
    refresh(root)
    shutil.rmtree(source / "skills/a")
    changes = collect(root, source)
    assert kinds(changes)["skill:a"] == "gone"
    assert not (root / "skills/a").exists()
    assert (root / "skills/mine/SKILL.md").exists()
    assert 'name = "a"' not in manifest_text(root)


@pytest.mark.parametrize("why", ["edited", "collected", "empty", "held"])
def test_what_left_the_source_stays_for_a_reason(root: Path, source: Path, why: str) -> None:
    """An edit, a composite of one's own, or a source that holds nothing at all."""
    collect(root, source)
    if why == "held":
        with (root / "manifest.toml").open("a") as file:
            member = '[[composites.members]]\nid = "skill:a"\n'
            file.write(f'\n[[composites]]\nname = "kit"\n{member}')
    if why in ("edited", "collected"):
        make_skill(root, "a", "mine")
    if why == "collected":
        refresh(root)
    shutil.rmtree(source / "skills" if why == "empty" else source / "skills/a")
    if why == "empty":
        for path in source.iterdir():
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    before = (root / "skills/a/SKILL.md").read_bytes()
    changes = collect(root, source)
    assert kinds(changes)["skill:a"] == "kept"
    assert (root / "skills/a/SKILL.md").read_bytes() == before


def test_the_same_content_from_elsewhere_is_no_conflict(root: Path, source: Path) -> None:
    """An artifact that is there already is not taken again."""
    collect(root, source)
    other = shutil.copytree(source, source.parent / "other")
    before = manifest_text(root)
    assert set(kinds(collect(root, other)).values()) == {"identical"}
    assert manifest_text(root) == before


@pytest.mark.parametrize(
    ("names", "found"),
    [
        (["one", "two"], {"skill:a", "skill:two-a"}),
        (["x/kit", "y/kit", "z/kit"], {"skill:a", "skill:kit-a", "skill:z-kit-a"}),
        (["one.git", "A"], {"skill:a", "skill:A-a"}),
    ],
)
def test_other_content_from_elsewhere_gets_the_name_of_its_source(
    root: Path, tmp_path: Path, names: list[str], found: set[str]
) -> None:
    """Two sources with one name can both be collected, again and again, in any state."""
    for name in names:
        make_skill(tmp_path / name, "a", f"that of {name}")
        collect(root, tmp_path / name)
    assert {str(artifact.id) for artifact in opened(root).manifest.artifacts} == found
    before = snapshot(root)
    for name in reversed(names):
        assert set(kinds(collect(root, tmp_path / name)).values()) == {"identical"}
    assert snapshot(root) == before
    make_skill(tmp_path / names[1], "a", "newer")
    (changed,) = kinds(collect(root, tmp_path / names[1])).items()
    assert changed == (sorted(found, key=len)[1], "changed")


def test_names_that_differ_by_case_from_two_sources(root: Path, source: Path) -> None:
    """What would be one file elsewhere is no reason to refuse a source."""
    make_skill(root, "A", "mine")
    refresh(root)
    assert list(kinds(collect(root, source))) == ["skill:source-a", "skill:b"]


def test_decided_conflicts_stay_decided(root: Path, source: Path) -> None:
    """Whoever says which one wins gets no second artifact."""
    make_skill(root, "a", "mine")
    refresh(root)
    shutil.rmtree(source / "skills/b")
    assert kinds(collect(root, source, on_conflict="keep")) == {"skill:a": "identical"}
    assert kinds(collect(root, source, on_conflict="take")) == {"skill:a": "changed"}
    assert text(root) == text(source)


def test_a_newcomer_of_the_same_source_takes_nobodys_name(root: Path, source: Path) -> None:
    """A plugin added in front must not change what an existing UUID stands for."""
    plugin(source, "x", name="zeta")
    collect(root, source)
    mine = text(root, "x")
    plugin(source, "x", name="alpha")
    collect(root, source)
    assert text(root, "x") == mine
    assert entry(root, "x").source_path == "zeta/skills/x"
    assert text(root, "alpha-x") == text(source / "alpha", "x")
    before = snapshot(root)
    collect(root, source)
    assert snapshot(root) == before


def test_a_composite_follows_its_source(root: Path, source: Path) -> None:
    """Members come and go upstream, and are renamed here; a pin stays with its member."""
    plugin(source, "x", "y")
    collect(root, source)
    pin = entry(root, "x").content_hash
    path = root / "manifest.toml"
    path.write_text(manifest_text(root).replace('id = "skill:x"', f'id = "skill:x"\npin = "{pin}"'))
    shutil.rmtree(source / "pack/skills/y")
    plugin(source, "z")
    changes = collect(root, source)
    assert kinds(changes)["composite:pack"] == "changed"
    (bundle,) = opened(root).manifest.composites
    assert [(str(m.id), m.pin) for m in bundle.members] == [("skill:x", pin), ("skill:z", None)]


def test_members_from_elsewhere_stay_in_a_composite(root: Path, source: Path) -> None:
    """What a person added from another place is not the source's to take out."""
    plugin(source, "x")
    collect(root, source)
    make_skill(root, "own")
    refresh(root)
    with (root / "manifest.toml").open("a") as file:
        file.write('[[composites.members]]\nid = "skill:own"\n')
    before = snapshot(root)
    collect(root, source)
    assert snapshot(root) == before


def test_members_added_by_hand_from_the_same_source_stay(root: Path, source: Path) -> None:
    """Collecting the unchanged source again must not undo `composite add`."""
    plugin(source, "x")
    collect(root, source)
    with (root / "manifest.toml").open("a") as file:
        file.write('[[composites.members]]\nid = "skill:a"\n')
    before = manifest_text(root)
    collect(root, source)
    assert manifest_text(root) == before


def test_composite_of_that_name_from_elsewhere_is_another(root: Path, source: Path) -> None:
    """A source does not take over a composite that somebody made; it gets the source's name."""
    with (root / "manifest.toml").open("a") as file:
        file.write('\n[[composites]]\nname = "pack"\ndescription = "mine"\n')
    plugin(source, "x")
    assert kinds(collect(root, source))["composite:source-pack"] == "new"
    assert [c.description for c in opened(root).manifest.composites] == ["mine", None]
    before = snapshot(root)
    assert kinds(collect(root, source))["composite:source-pack"] == "identical"
    assert snapshot(root) == before


def test_hooks_and_servers_without_a_name_are_named_after_their_plugin(
    root: Path, tmp_path: Path
) -> None:
    """From the first on, in one marketplace and over several, and never by a number."""
    for name in ("one", "two"):
        for plugin_name in ("lint", f"of-{name}"):
            folder = tmp_path / name / plugin_name
            manifest = {"name": plugin_name, "hooks": [{"Stop": []}, "./more/hooks-late.json"]}
            write(folder / ".claude-plugin/plugin.json", json.dumps(manifest))
            event = {"Stop": [{"hooks": [{"type": "command", "command": f"{name} {plugin_name}"}]}]}
            write(folder / "hooks/hooks.json", json.dumps({"hooks": event}))
            write(folder / "more/hooks-late.json", json.dumps({"hooks": {name + plugin_name: []}}))
            server = {"command": name + plugin_name}
            write(
                folder / ".mcp.json",
                json.dumps({"server": server, f"own-{plugin_name}": {**server, "args": []}}),
            )
        collect(root, tmp_path / name)
    found = sorted(str(a.id) for a in opened(root).manifest.artifacts)
    assert found == [
        "hook:lint", "hook:lint-late", "hook:lint-manifest", "hook:of-one", "hook:of-one-late",
        "hook:of-two", "hook:of-two-late", "hook:two-lint", "hook:two-lint-late",
        "mcp:lint-own-lint", "mcp:lint-server", "mcp:of-one-server", "mcp:of-two-server",
        "mcp:own-lint", "mcp:own-of-one", "mcp:own-of-two", "mcp:two-lint-server",
    ]  # fmt: skip


def test_deleted_files_of_an_artifact_are_not_guessed(root: Path, source: Path) -> None:
    """Files gone by hand and changed upstream: the person is asked to decide."""
    collect(root, source)
    shutil.rmtree(root / "skills/a")
    make_skill(source, "a", "theirs")
    before = snapshot(root)
    with pytest.raises(NotFoundError, match="skill:a"):
        collect(root, source)
    assert snapshot(root) == before


def test_types_of_one_file_are_artifacts_too(root: Path, source: Path) -> None:
    """A command in a folder of commands lies at the same place here."""
    make_command(source, "git/commit")
    assert kinds(collect(root, source))["command:git:commit"] == "new"
    assert (root / "commands/git/commit.md").read_bytes() == (
        source / "commands/git/commit.md"
    ).read_bytes()


def test_renamed_skill_stays_valid_and_unedited(root: Path, source: Path) -> None:
    """Its head says its new name; the source's changes still arrive, under that name."""
    collect(root, source)
    with edit_collection(root, session_of()) as editor:
        plan = plan_rename(editor.collection, "skill:a", "mine")
        editor.commit(editor.propose(plan.changes), plan.actions)
    assert "name: mine\n" in text(root, "mine")
    before = snapshot(root)
    assert set(kinds(collect(root, source)).values()) == {"identical"}
    assert snapshot(root) == before
    for change in ("newer", "newest"):
        make_skill(source, "a", change)
        assert kinds(collect(root, source))["skill:mine"] == "changed"
        assert text(root, "mine") == text(source).replace("name: a\n", "name: mine\n")
    make_skill(root, "mine", "edited")
    refresh(root)
    make_skill(source, "a", "once more")
    with pytest.raises(ConflictError, match="skill:mine was edited here"):
        collect(root, source)
    (root / "skills/mine/SKILL.md").write_text(text(source).replace("name: a\n", "name: mine\n"))
    refresh(root)


def test_rename_with_its_name_in_the_source_and_in_the_folder(root: Path, source: Path) -> None:
    """A folder under another name, with that name in its head, is the same skill."""
    collect(root, source)
    (source / "skills/a").rename(source / "skills/x")
    make_skill(source, "x", "the skill a")
    assert kinds(collect(root, source))["skill:x"] == "renamed"
    assert text(root, "x") == text(source, "x")
    (root / "skills/b").rename(root / "skills/y")
    make_skill(root, "y", "the skill b")
    assert {str(c.id): c.kind for c in refresh(root).changes.changes}["skill:y"] == "renamed"
