"""What a refused pull says: the entries by name, what each side has, and whose the other one is."""

from __future__ import annotations

from pathlib import Path

import pytest

from e2e.kit import Kit, copy_kit, tree, write

pytestmark = [
    pytest.mark.integration,
    pytest.mark.with_sample,
    pytest.mark.parametrize("dialect", ["sqlite"]),
]

CHILD = '[[composites.members]]\nid = "{}"\nuuid = "{}"\n'


@pytest.fixture
def anna(kit: Kit) -> Kit:
    """Return the collection of the sample, with two composites."""
    kit.run("composite", "create", "one", "--member", "skill:changelog")
    kit.run("composite", "create", "two", "--member", "skill:changelog")
    return kit


@pytest.fixture
def bob(anna: Kit, tmp_path: Path) -> Kit:
    """Return a copy of its folder, on another machine, where git brings what is edited."""
    return copy_kit(anna, tmp_path / "bob")


def with_member(kit: Kit, composite: str, child: str, more: str = "") -> None:
    """Put a member into a manifest, in front of the others."""
    file = kit.collection / "manifest.toml"
    head, name, rest = file.read_text().partition(f'name = "{composite}"\n')
    before, first, after = rest.partition("[[composites.members]]\n")
    new = CHILD.format(child, kit.uuids()[child]) + more
    write(file, f"{head}{name}{before}{new}{first}{after}")


def refused(kit: Kit) -> str:
    """Return why a pull is refused, which wrote nothing."""
    before = tree(kit.collection)
    done = kit.command("pull")
    assert done.returncode == 3, done
    assert tree(kit.collection) == before
    return done.stderr


def test_a_name_for_two_things_names_both(anna: Kit, bob: Kit) -> None:
    """A new one of ours and a new one of theirs; it wants an edit, whichever side is chosen."""
    write(anna.collection / "skills/brief/SKILL.md", "---\nname: brief\n---\nanna\n")
    anna.run("collect")
    text = (bob.collection / "manifest.toml").read_text()
    own = f'uuid = "{"1" * 12}4{"1" * 3}8{"1" * 15}"\npath = "skills/brief"\n'
    write(bob.collection / "skills/brief/SKILL.md", "---\nname: brief\n---\nbob\n")
    head, first, rest = text.partition("[[artifacts]]\n")
    new = f'{first}name = "brief"\ntype = "skill"\n{own}\n'
    write(bob.collection / "manifest.toml", f"{head}{new}{first}{rest}")
    said = refused(bob)
    assert "skill:brief has the name or path of another one, skill:brief (release 4 by" in said
    assert "rename or edit yours in manifest.toml" in said
    bob.run("pull", "--ours", status=3)


def test_a_member_that_is_gone_is_named(anna: Kit, bob: Kit) -> None:
    """The composite, the artifact, and who removed it; also where the removal is ours."""
    with_member(bob, "one", "skill:meeting-notes")
    anna.run("remove", "skill:meeting-notes", status=None)
    said = refused(bob)
    told = "composite:one has a member that was removed on the other side, skill:meeting-notes"
    assert f"{told} (release 4 by" in said


def test_a_cycle_names_the_way_around(anna: Kit, bob: Kit) -> None:
    """Each side alone has none; the release is the one that made the other half."""
    with_member(bob, "one", "composite:two")
    anna.run("composite", "add", "composite:two", "composite:one")
    said = refused(bob)
    assert "would contain itself: " in said
    assert "composite:two > composite:one" in said
    assert "(release 4 by" in said


def test_a_field_of_a_member_names_the_member_and_all_three_values(anna: Kit, bob: Kit) -> None:
    """What it was, what it is here, and what it is there."""
    file = bob.collection / "manifest.toml"
    head, name, rest = file.read_text().partition('name = "one"\n')
    write(file, head + name + rest.replace('"contains"', '"extends"', 1))
    theirs = anna.collection / "manifest.toml"
    write(theirs, head + name + rest.replace('"contains"', '"requires"', 1))
    anna.run("collect")
    said = refused(bob)
    field = "composite:one was changed on both sides, members.skill:changelog.relationship"
    assert f"{field}: 'contains' before, 'extends' here, 'requires' there (release 4 by" in said


def test_a_content_of_ours_that_theirs_replaces_is_kept(anna: Kit, bob: Kit) -> None:
    """Whoever brought it: where `--theirs` is chosen, the files are in the backups."""
    from holdall.files.tree import folder_tree

    folder = bob.collection / "skills/changelog"
    was = folder_tree(folder).content_hash
    write(folder / "SKILL.md", "---\nname: changelog\n---\nbob\n")
    manifest = bob.collection / "manifest.toml"
    write(manifest, manifest.read_text().replace(was, folder_tree(folder).content_hash))
    write(anna.collection / "skills/changelog/SKILL.md", "---\nname: changelog\n---\nanna\n")
    anna.run("collect")
    assert "skill:changelog: SKILL.md was changed on both sides" in refused(bob)
    bob.run("pull", "--theirs")
    assert "anna" in (folder / "SKILL.md").read_text()
    kept = list((bob.collection / ".holdall/backups").rglob("SKILL.md"))
    assert [path.read_text() for path in kept] == ["---\nname: changelog\n---\nbob\n"]
