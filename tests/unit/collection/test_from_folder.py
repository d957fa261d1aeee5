"""What people do in a collection's folder is taken note of, and nothing is forgotten by mistake."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from holdall.artifacts.ids import ArtifactId, Shape, TypeSpec
from holdall.collection.changes import ChangeKind, ChangeSet
from holdall.collection.collect.from_folder import Refresh, holders_of
from holdall.collection.manifest.manifest import ManifestComposite, ManifestMember
from holdall.errors import InputError, StorageError
from host_factories import (
    make_collection,
    make_command,
    make_plugin,
    make_skill,
    manifest_text,
    opened,
    plugins_of,
    refresh,
    snapshot,
)

pytestmark = pytest.mark.unit

UUIDS = {"a": "a" * 12 + "4" + "a" * 19, "b": "b" * 12 + "4" + "b" * 19}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A collection with the skills a and b, which have UUIDs."""
    root = make_collection(tmp_path / "kit", "a", "b")
    text = manifest_text(root)
    for name, uuid in UUIDS.items():
        text = text.replace(f'name = "{name}"\n', f'name = "{name}"\nuuid = "{uuid}"\n')
    (root / "manifest.toml").write_text(text)
    return root


def kinds(found: Refresh) -> dict[str, str]:
    """Return what happened to each artifact."""
    return {str(change.id): change.kind.value for change in found.changes.changes}


def uuids(root: Path) -> dict[str, str | None]:
    """Return the UUID of each entry."""
    return {str(entry.id): entry.uuid for entry in opened(root).manifest.by_id.values()}


def test_nothing_changed_writes_nothing(root: Path) -> None:
    """Not even the manifest is touched."""
    before = snapshot(root)
    assert set(kinds(refresh(root)).values()) == {"identical"}
    assert snapshot(root) == before


def test_an_edit_keeps_the_uuid(root: Path) -> None:
    """Only the hash in the manifest changes; the files stay as they are."""
    old = opened(root).entry(ArtifactId.of("skill", "a"))
    make_skill(root, "a", "edited")
    before = snapshot(root / "skills")
    assert kinds(refresh(root)) == {"skill:a": "changed", "skill:b": "identical"}
    entry = opened(root).entry(ArtifactId.of("skill", "a"))
    assert entry.uuid == old.uuid
    assert entry != old
    assert snapshot(root / "skills") == before


def test_an_executable_bit_counts_as_an_edit(root: Path) -> None:
    """The mode is part of the content."""
    (root / "skills/a/SKILL.md").chmod(0o755)
    assert kinds(refresh(root))["skill:a"] == "changed"


def test_a_rename_by_hand_keeps_the_uuid(root: Path) -> None:
    """Same content under another name is the same artifact, for composites too."""
    with_composite(root, "a", "b")
    (root / "skills/a").rename(root / "skills/z")
    found = refresh(root)
    assert found.changes.of_kind(ChangeKind.RENAMED)[0].to_json() == {
        "kind": "renamed",
        "id": "skill:z",
        "old_id": "skill:a",
    }
    assert uuids(root)["skill:z"] == UUIDS["a"]
    kit = opened(root).manifest.composites[0]
    assert [str(member.id) for member in kit.members] == ["skill:z", "skill:b"]


def with_composite(root: Path, *names: str) -> None:
    """Write a composite of these skills into the manifest."""
    members = "".join(f'[[composites.members]]\nid = "skill:{name}"\n' for name in names)
    with (root / "manifest.toml").open("a") as file:
        file.write(f'\n[[composites]]\nname = "kit"\n{members}')


def test_two_renames_of_equal_content_pair_one_to_one(tmp_path: Path) -> None:
    """Nobody gets two names and no UUID goes to two artifacts."""
    root = make_collection(tmp_path / "kit")
    for name in ("a", "b"):
        make_skill(root, name).joinpath("SKILL.md").write_text("same\n")
    refresh(root)
    for old, new in (("a", "y"), ("b", "z")):
        (root / "skills" / old).rename(root / "skills" / new)
    found = refresh(root)
    assert {(str(c.old_id), str(c.id)) for c in found.changes.changes} == {
        ("skill:a", "skill:y"),
        ("skill:b", "skill:z"),
    }


def test_swapped_contents_are_two_edits(root: Path) -> None:
    """Both names were there before, so each keeps its UUID."""
    (root / "skills/a").rename(root / "skills/t")
    (root / "skills/b").rename(root / "skills/a")
    (root / "skills/t").rename(root / "skills/b")
    assert kinds(refresh(root)) == {"skill:a": "changed", "skill:b": "changed"}
    assert uuids(root) == {f"skill:{name}": uuid for name, uuid in UUIDS.items()}


def test_new_files_are_taken_in(root: Path) -> None:
    """A skill needs its SKILL.md, a command any file; hidden ones are nobody's business."""
    make_skill(root, "new")
    make_command(root, "git/commit")
    (root / "skills/no-skill").mkdir()
    (root / "skills/.hidden").mkdir()
    (root / "skills/.hidden/SKILL.md").write_text("x")
    (root / "commands/notes.txt").write_text("x")
    (root / "skills/linked").symlink_to(root / "skills/a")
    found = refresh(root)
    new = {str(change.id) for change in found.changes.of_kind(ChangeKind.NEW)}
    assert new == {"skill:new", "command:git:commit"}


def test_a_gone_artifact_leaves_the_manifest(root: Path) -> None:
    """Nobody contains it, so its entry goes."""
    shutil.rmtree(root / "skills/a")
    assert kinds(refresh(root)) == {"skill:a": "gone", "skill:b": "identical"}
    assert list(uuids(root)) == ["skill:b"]


def test_a_gone_member_keeps_its_entry(root: Path) -> None:
    """While a composite contains it, the loss is told and the entry stays, UUID included."""
    with_composite(root, "a")
    shutil.rmtree(root / "skills/a")
    before = manifest_text(root)
    found = refresh(root)
    assert kinds(found)["skill:a"] == "conflict"
    assert [d.code for d in found.diagnostics] == ["member-gone"]
    assert manifest_text(root) == before


def test_an_artifact_at_a_path_of_its_own_stays(root: Path) -> None:
    """Files outside of the type's folder are known by the manifest alone."""
    (root / "special").mkdir()
    (root / "skills/a").rename(root / "special/a")
    path = root / "manifest.toml"
    path.write_text(manifest_text(root).replace('"skills/a"', '"special/a"'))
    before = manifest_text(root)
    assert kinds(refresh(root)) == {"skill:a": "identical", "skill:b": "identical"}
    assert manifest_text(root) == before
    (root / "special/a/SKILL.md").write_text("edited")
    assert kinds(refresh(root))["skill:a"] == "changed"


def test_two_places_for_one_id_are_told(root: Path) -> None:
    """A newcomer never takes the entry of an artifact that is still there."""
    (root / "special").mkdir()
    (root / "skills/a").rename(root / "special/a")
    path = root / "manifest.toml"
    path.write_text(manifest_text(root).replace('"skills/a"', '"special/a"'))
    make_skill(root, "a", "another")
    before = manifest_text(root)
    found = refresh(root)
    assert [d.code for d in found.diagnostics] == ["name-taken"]
    assert manifest_text(root) == before


def test_a_skill_inside_of_a_known_one_is_part_of_it(root: Path) -> None:
    """Entries never lie inside of each other, whatever people put where."""
    path = root / "manifest.toml"
    (root / "skills/group").mkdir()
    (root / "skills/a").rename(root / "skills/group/a")
    path.write_text(manifest_text(root).replace('"skills/a"', '"skills/group/a"'))
    (root / "skills/group/SKILL.md").write_text("a skill around a skill")
    before = manifest_text(root)
    refresh(root)
    assert manifest_text(root) == before


def test_a_skill_that_lost_its_main_file_is_changed(root: Path) -> None:
    """Its other files are still there, so is its identity."""
    (root / "skills/a/notes.md").write_text("notes")
    (root / "skills/a/SKILL.md").unlink()
    assert kinds(refresh(root))["skill:a"] == "changed"
    assert uuids(root)["skill:a"] == UUIDS["a"]


def test_an_unknown_type_is_left_alone(root: Path) -> None:
    """A plugin that is missing today costs no entry its identity."""
    prompts = plugins_of(
        make_plugin(register_types=lambda: [TypeSpec("prompt", "prompts", Shape.FILE, ".md")])
    )
    (root / "prompts").mkdir()
    (root / "prompts/hello.md").write_text("hello")
    assert kinds(refresh(root, prompts))["prompt:hello"] == "new"
    before = manifest_text(root)
    assert kinds(refresh(root))["prompt:hello"] == "identical"
    assert manifest_text(root) == before


def test_a_file_in_the_place_of_a_folder_is_refused(root: Path) -> None:
    """It is neither gone nor the artifact: nothing is written."""
    shutil.rmtree(root / "skills/a")
    (root / "skills/a").write_text("x")
    before = manifest_text(root)
    with pytest.raises(InputError, match="is a file where a folder is expected"):
        refresh(root)
    assert manifest_text(root) == before


def test_a_folder_in_the_place_of_a_file_is_refused(root: Path) -> None:
    """The same for types of one file."""
    make_command(root, "c")
    refresh(root)
    (root / "commands/c.md").unlink()
    (root / "commands/c.md").mkdir()
    with pytest.raises(StorageError):
        refresh(root)


def test_unsafe_names_and_files_are_told_and_left_out(root: Path) -> None:
    """A name no file system should have, and a link out of the artifact."""
    make_command(root, "con")
    (root / "skills/a/passwd").symlink_to("/etc/passwd")
    found = refresh(root)
    assert {d.code for d in found.diagnostics} == {"hostile-path", "link-outside"}
    assert "command:con" not in uuids(root)


def test_a_change_set_survives_the_journal(root: Path) -> None:
    """What plugins are told later is what happened, without the identical ones."""
    (root / "skills/a").rename(root / "skills/z")
    changes = refresh(root).changes
    changes.extra["p"] = {"x": 1}
    again = ChangeSet.from_payload(changes.to_payload("1f"), changes.after, "1f")
    assert again.command == "collect"
    assert again.extra == {"p": {"x": 1}}
    assert [c for c in changes.changes if c.kind is not ChangeKind.IDENTICAL] == list(again.changes)


def test_holders_are_direct(root: Path) -> None:
    """A composite in a composite does not hold its members' members."""
    inner, outer = ArtifactId.of("composite", "in"), ArtifactId.of("composite", "out")
    skill = ArtifactId.of("skill", "a")
    manifest = replace(
        opened(root).manifest,
        composites=(
            ManifestComposite(inner, members=(ManifestMember(skill),)),
            ManifestComposite(outer, members=(ManifestMember(inner),)),
        ),
    )
    assert holders_of(manifest, skill) == [inner]
    assert holders_of(manifest, inner) == [outer]
