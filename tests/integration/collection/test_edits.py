"""Renaming and removing in a collection."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from holdall.artifacts.ids import BUILTIN_TYPES, Shape, TypeSpec
from holdall.collection.rename_remove import plan_remove, plan_rename
from holdall.errors import (
    ConflictError,
    HoldallError,
    HostilePathError,
    LocalEditError,
    NotFoundError,
    UsageError,
)
from holdall.operations.write_collection import create_collection, edit_collection
from holdall.transaction.commit import Outcome
from host_factories import (
    make_collection,
    make_command,
    make_skill,
    manifest_text,
    opened,
    refresh,
    session_of,
    snapshot,
)

pytestmark = pytest.mark.integration


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A collection with two skills, a command, and a composite of all three."""
    root = make_collection(tmp_path / "kit", "a", "b")
    make_command(root, "git/commit")
    refresh(root)
    members = "".join(
        f'[[composites.members]]\nid = "{i}"\n'
        for i in ("skill:a", "skill:b", "command:git:commit")
    )
    with (root / "manifest.toml").open("a") as file:
        file.write(f'\n[[composites]]\nname = "kit"\n{members}')
    return root


def rename(root: Path, old: str, new: str) -> None:
    """Rename an artifact."""
    with edit_collection(root, session_of()) as editor:
        plan = plan_rename(editor.collection, old, new)
        editor.commit(editor.propose(plan.changes), plan.actions)


def members(root: Path) -> list[str]:
    """Return the members of the composite."""
    return [str(member.id) for member in opened(root).manifest.composites[0].members]


def remove(root: Path, *ids: str, force: bool = False) -> Outcome | None:
    """Remove artifacts."""
    with edit_collection(root, session_of()) as editor:
        plan = plan_remove(editor.collection, ids, force=force)
        return editor.commit(editor.propose(plan.changes), plan.actions)


def ids(root: Path) -> list[str]:
    """Return the ids in the manifest."""
    return sorted(map(str, opened(root).manifest.by_id))


def test_a_rename_moves_the_files_and_every_mention(root: Path) -> None:
    """Bytes and modes move along but for the name; composites name it by its new id."""
    (root / "skills/a/run.sh").write_text("x")
    (root / "skills/a/run.sh").chmod(0o755)
    before = snapshot(root / "skills/a", times=False)
    rename(root, "a", "deep-thought")
    after = snapshot(root / "skills/deep-thought", times=False)
    assert after.pop("run.sh") == before.pop("run.sh")
    head = (root / "skills/deep-thought/SKILL.md").read_text()
    assert head == "---\nname: deep-thought\ndescription: the skill a\n---\nthe skill a\n"
    assert not (root / "skills/a").exists()
    assert "skill:deep-thought" in ids(root)
    assert 'id = "skill:deep-thought"' in manifest_text(root)
    assert "skill:a" not in manifest_text(root)


def test_a_rename_of_a_file_keeps_others_in_its_folder(root: Path) -> None:
    """The emptied folder goes, a folder with somebody's notes stays."""
    (root / "commands/git/notes.txt").write_text("mine")
    rename(root, "command:git:commit", "command:push")
    assert (root / "commands/push.md").exists()
    assert (root / "commands/git/notes.txt").read_text() == "mine"
    rename(root, "command:push", "a:b:c")
    assert (root / "commands/a/b/c.md").exists()
    rename(root, "command:a:b:c", "d")
    assert not (root / "commands/a").exists()


def test_a_composite_is_renamed_without_files(root: Path) -> None:
    """Only the manifest changes."""
    rename(root, "composite:kit", "box")
    assert "composite:box" in ids(root)
    assert not (root / "composites").exists()


@pytest.mark.parametrize(
    ("old", "new", "error"),
    [
        ("skill:a", "skill:b", ConflictError),
        ("skill:a", "skill:a", ConflictError),
        ("skill:a", "B", ConflictError),
        ("skill:a", "taken", ConflictError),
        ("skill:a", "command:x", UsageError),
        ("skill:a", "../x", HostilePathError),
        ("skill:a", "x:y", HostilePathError),
        ("skill:a", "con", HostilePathError),
        ("skill:nothing", "x", NotFoundError),
        ("command:git:commit", "git/x", HoldallError),
        ("composite:kit", "../kit", HostilePathError),
    ],
)
def test_renames_that_are_refused(
    root: Path, old: str, new: str, error: type[HoldallError]
) -> None:
    """Nothing is written, least of all over files that nobody collected."""
    make_skill(root, "taken", "made by hand")
    before = snapshot(root)
    with pytest.raises(error):
        rename(root, old, new)
    assert snapshot(root) == before


def test_a_skill_with_unsafe_files_is_not_moved(root: Path) -> None:
    """A link out of the artifact would be lost on the way."""
    (root / "skills/a/link").symlink_to("/etc/passwd")
    before = snapshot(root)
    with pytest.raises(LocalEditError):
        rename(root, "a", "z")
    assert snapshot(root) == before


def test_a_rename_of_gone_files_is_refused(root: Path) -> None:
    """There is nothing to move."""
    (root / "commands/git/commit.md").unlink()
    with pytest.raises(NotFoundError):
        rename(root, "command:git:commit", "x")


def test_an_ambiguous_name_lists_the_candidates(root: Path) -> None:
    """A name alone will do only if one artifact has it."""
    make_command(root, "a")
    refresh(root)
    with pytest.raises(UsageError, match="command:a, skill:a"):
        rename(root, "a", "z")


def test_remove_takes_exactly_its_own(root: Path) -> None:
    """Other files and artifacts stay as they are."""
    before = snapshot(root, without=[".holdall", "b", "manifest.toml", "skills"])
    remove(root, "skill:b", force=True)
    assert not (root / "skills/b").exists()
    assert snapshot(root, without=[".holdall", "b", "manifest.toml", "skills"]) == before
    assert "skill:b" not in manifest_text(root)


def test_a_removed_artifact_stays_a_member(root: Path) -> None:
    """For when it comes back; with force it leaves its composites too."""
    remove(root, "skill:a")
    assert not (root / "skills/a").exists()
    assert members(root) == ["skill:a", "skill:b", "command:git:commit"]
    remove(root, "skill:b", force=True)
    assert members(root) == ["skill:a", "command:git:commit"]


def test_an_edited_artifact_is_not_removed(root: Path) -> None:
    """Edits that were not collected are nowhere else."""
    make_skill(root, "a", "mine")
    make_skill(root, "a", "mine", notes="also mine")
    before = snapshot(root)
    with pytest.raises(LocalEditError):
        remove(root, "skill:a", "composite:kit")
    assert snapshot(root) == before


def test_a_forced_remove_keeps_edited_files(root: Path) -> None:
    """As backups, and the outcome says where."""
    make_skill(root, "a", "mine", notes="also mine")
    mine = {p.read_bytes() for p in (root / "skills/a").iterdir()}
    outcome = remove(root, "skill:a", force=True)
    assert outcome is not None
    assert {(root / place).read_bytes() for _, place in outcome.backups} == mine
    assert not (root / "skills/a").exists()


def test_removing_what_is_gone_already_cleans_the_manifest(root: Path) -> None:
    """The files are not needed for it."""
    (root / "commands/git/commit.md").unlink()
    remove(root, "command:git:commit", force=True)
    assert "command:git:commit" not in ids(root)


def test_an_unknown_name_has_a_near_one_as_hint(root: Path) -> None:
    """A misspelling is met with what was meant."""
    with pytest.raises(NotFoundError) as caught:
        remove(root, "command:git:comit")
    assert caught.value.hint == "did you mean command:git:commit?"


def test_a_file_that_appears_during_a_rename_is_kept(root: Path) -> None:
    """A race for the new place stops the rename, and no byte of either side is lost."""
    with edit_collection(root, session_of()) as editor:
        plan = plan_rename(editor.collection, "skill:a", "skill:z")
        make_skill(root, "z", "just now")
        before = snapshot(root)
        with pytest.raises(ConflictError, match="appeared while Holdall was running"):
            editor.commit(plan.changes, plan.actions)
    assert snapshot(root) == before


def test_a_collection_is_made_once(tmp_path: Path) -> None:
    """An existing manifest is never replaced, whoever wrote it."""
    (tmp_path / "x").mkdir()
    (tmp_path / "x/manifest.toml").write_text("mine")
    before = snapshot(tmp_path)
    with pytest.raises(ConflictError):
        create_collection(tmp_path / "x", "x")
    create_collection(tmp_path / "new/one", "n", dry_run=True)
    assert snapshot(tmp_path) == before
    create_collection(tmp_path / "new/one", "n")
    assert opened(tmp_path / "new/one").name == "n"


def test_a_manifest_edited_meanwhile_is_not_overwritten(root: Path) -> None:
    """What a person writes into the manifest while a command is at work stays, and stops it."""
    with edit_collection(root, session_of()) as editor:
        plan = plan_rename(editor.collection, "skill:a", "skill:z")
        with (root / "manifest.toml").open("a") as file:
            file.write("# my own words\n")
        before = snapshot(root)
        with pytest.raises(ConflictError, match="changed while Holdall was running"):
            editor.commit(plan.changes, plan.actions)
    assert snapshot(root) == before
    assert manifest_text(root).endswith("# my own words\n")


@pytest.mark.parametrize("new", ["plugin-files:x", "composite:x", "mcp:x"])
def test_rename_keeps_the_type(root: Path, new: str) -> None:
    """No type that there is can be taken for a folder of commands."""
    with pytest.raises(UsageError, match="is not a command"):
        rename(root, "command:git:commit", new)
    rename(root, "command:git:commit", "skill")
    assert "command:skill" in members(root)


def test_rename_knows_the_types_of_plugins(root: Path) -> None:
    """A type that a plugin brings is a type, too."""
    spec = TypeSpec("prompt", "prompts", Shape.FILE, ".txt")
    collection = replace(opened(root), types={**BUILTIN_TYPES, "prompt": spec})
    with pytest.raises(UsageError, match="is not a skill"):
        plan_rename(collection, "skill:a", "prompt:a")
