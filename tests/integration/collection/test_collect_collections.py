"""Collections as sources: what has a UUID there is the same artifact here, by any name."""

from __future__ import annotations

import json
import shutil
import tomllib
from pathlib import Path
from typing import Any

import pytest

from holdall.artifacts.ids import ArtifactId
from holdall.cli import main
from holdall.collection.manifest.manifest import ManifestArtifact, ManifestComposite
from holdall.errors import InputError
from holdall.operations.read_source import read_source
from holdall.plugins.manager import Plugins
from holdall.sources.values import Diagnostic
from host_factories import collect, make_collection, make_command, make_skill, opened, snapshot

pytestmark = pytest.mark.integration


class Kits:
    """Two collections, each with its own database, and the command with all its plugins."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.first, self.second = folder / "first", folder / "second"
        self._capsys = capsys
        self.out = self.err = ""
        for root in (self.first, self.second):
            self(root, "init", root)
        for name in ("a", "b", "c"):
            make_skill(self.first, name, f"the skill {name}")
        make_command(self.first, "git/commit")
        (self.first / "hooks").mkdir()
        (self.first / "hooks/audit.json").write_text('{"hooks": {}}')
        (self.first / "mcp").mkdir()
        (self.first / "mcp/db.json").write_text('{"command": "db"}')
        self(self.first, "collect")
        self(
            self.first, "composite", "create", "pack", "--member", "skill:b", "--member", "skill:a"
        )
        self(self.first, "composite", "create", "all", "--member", "composite:pack")
        self(self.first, "composite", "add", "all", "command:git:commit")

    def __call__(self, root: Path, *words: str | Path, status: int = 0) -> None:
        """Run a command on one of the collections."""
        found = main(["--collection", str(root), *map(str, words)])
        self.out, self.err = self._capsys.readouterr()
        assert found == status, self.err

    def take(self, *words: str | Path, status: int = 0) -> dict[str, str]:
        """Collect the first into the second and return what happened to each."""
        self(self.second, "collect", self.first, "--json", *words, status=status)
        if status > 1:
            return {}
        (told,) = json.loads(self.out)["sources"]
        return {change["id"]: change["kind"] for change in told["changes"]}

    def uuids(self, root: Path) -> dict[str, str | None]:
        """Return the UUID of each entry."""
        return {str(i): entry.uuid for i, entry in opened(root).manifest.by_id.items()}

    def edit(self, root: Path, old: str, new: str) -> None:
        """Change a collection's manifest by hand."""
        path = root / "manifest.toml"
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new))


@pytest.fixture
def kits(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Kits:
    """A first collection with artifacts and composites, and an empty second one."""
    for name in ("HOLDALL_COLLECTION", "HOLDALL_DATABASE_URL", "HOLDALL_PLUGINS"):
        monkeypatch.delenv(name, raising=False)
    return Kits(tmp_path, capsys)


def skill(root: Path, name: str) -> ManifestArtifact:
    """Return a skill's entry."""
    found = opened(root).entry(ArtifactId.of("skill", name))
    assert isinstance(found, ManifestArtifact)
    return found


def composite(root: Path, name: str) -> ManifestComposite:
    """Return a composite's entry."""
    found = opened(root).entry(ArtifactId.of("composite", name))
    assert isinstance(found, ManifestComposite)
    return found


def members(root: Path, name: str) -> list[tuple[str, str | None]]:
    """Return the members of a composite with their pins."""
    return [(str(member.id), member.pin) for member in composite(root, name).members]


def test_all_of_it_comes_with_its_uuids(kits: Kits) -> None:
    """Artifacts of every type, composites, and composites in composites."""
    pin = skill(kits.first, "a").content_hash
    kits(kits.first, "composite", "pin", "pack", "skill:a")
    assert set(kits.take().values()) == {"new"}
    assert kits.uuids(kits.second) == kits.uuids(kits.first)
    assert members(kits.second, "pack") == [("skill:b", None), ("skill:a", pin)]
    assert members(kits.second, "all") == [("composite:pack", None), ("command:git:commit", None)]
    for folder in ("skills", "commands", "hooks", "mcp"):
        there = snapshot(kits.first / folder, times=False)
        assert snapshot(kits.second / folder, times=False) == there
    kits(kits.second, "doctor")


def test_a_second_collect_writes_nothing(kits: Kits) -> None:
    """Nor does it change a byte of the source."""
    source = snapshot(kits.first)
    kits.take()
    before = snapshot(kits.second)
    assert set(kits.take().values()) == {"identical"}
    assert "holdall" not in kits.err
    assert snapshot(kits.second) == before
    assert snapshot(kits.first) == source


def test_a_rename_there_is_followed_by_uuid(kits: Kits) -> None:
    """With other content or the same; composites keep their members."""
    kits.take()
    uuids = kits.uuids(kits.second)
    kits(kits.first, "rename", "skill:a", "x")
    kits(kits.first, "rename", "skill:b", "y")
    kits(kits.first, "rename", "composite:pack", "bag")
    make_skill(kits.first, "y", "changed too")
    kits(kits.first, "collect")
    done = kits.take()
    assert (done["skill:x"], done["skill:y"]) == ("renamed", "renamed")
    assert kits.uuids(kits.second) == kits.uuids(kits.first)
    assert kits.uuids(kits.second)["skill:x"] == uuids["skill:a"]
    assert kits.uuids(kits.second)["composite:bag"] == uuids["composite:pack"]
    assert members(kits.second, "bag") == [("skill:y", None), ("skill:x", None)]
    assert members(kits.second, "all")[0] == ("composite:bag", None)
    there = snapshot(kits.first / "skills", times=False)
    assert snapshot(kits.second / "skills", times=False) == there
    before = snapshot(kits.second)
    assert set(kits.take().values()) == {"identical"}
    assert snapshot(kits.second) == before
    kits(kits.second, "doctor")


def test_a_name_that_was_freed_goes_to_a_newcomer(kits: Kits) -> None:
    """The old artifact is known by its UUID, not by the name or path that another has now."""
    kits.take()
    uuids = kits.uuids(kits.second)
    kits(kits.first, "rename", "skill:a", "x")
    make_skill(kits.first, "a", "quite another", notes="n")
    kits(kits.first, "collect")
    done = kits.take()
    assert (done["skill:x"], done["skill:a"]) == ("renamed", "new")
    assert kits.uuids(kits.second) == kits.uuids(kits.first)
    assert kits.uuids(kits.second)["skill:x"] == uuids["skill:a"]
    there = snapshot(kits.first / "skills", times=False)
    assert snapshot(kits.second / "skills", times=False) == there
    assert set(kits.take().values()) == {"identical"}
    kits(kits.second, "doctor")


def test_swapped_names_keep_their_uuids(kits: Kits) -> None:
    """Content follows the UUID; the names stay as they are here."""
    kits.take()
    for old, new in (("skill:a", "t"), ("skill:b", "a"), ("skill:t", "b")):
        kits(kits.first, "rename", old, new)
    make_skill(kits.first, "b", "was a")
    kits(kits.first, "collect")
    before = kits.uuids(kits.second)
    kits.take()
    assert kits.uuids(kits.second) == before
    assert "was a" in (kits.second / "skills/a/SKILL.md").read_text()
    after = snapshot(kits.second)
    kits.take()
    assert snapshot(kits.second) == after


def test_a_name_given_here_stays(kits: Kits) -> None:
    """Changes and renames there still reach the artifact that has another name here."""
    kits.take()
    kits(kits.second, "rename", "skill:a", "mine")
    kits(kits.second, "rename", "composite:pack", "my-pack")
    kits(kits.first, "rename", "skill:a", "theirs")
    kits(kits.first, "rename", "composite:pack", "their-pack")
    make_skill(kits.first, "theirs", "newer")
    kits(kits.first, "collect")
    assert kits.take()["skill:mine"] == "changed"
    assert "newer" in (kits.second / "skills/mine/SKILL.md").read_text()
    assert members(kits.second, "my-pack") == [("skill:b", None), ("skill:mine", None)]
    before = snapshot(kits.second)
    assert set(kits.take().values()) == {"identical"}
    assert snapshot(kits.second) == before


def test_an_edit_here_is_never_lost_to_a_rename_there(kits: Kits) -> None:
    """Edited here, renamed and changed there: a conflict; only renamed there: it moves along."""
    kits.take()
    make_skill(kits.second, "a", "mine")
    kits(kits.second, "collect")
    kits(kits.first, "rename", "skill:a", "x")
    assert kits.take()["skill:x"] == "renamed"
    assert "mine" in (kits.second / "skills/x/SKILL.md").read_text()
    kits(kits.first, "rename", "skill:x", "z")
    make_skill(kits.first, "z", "theirs")
    kits(kits.first, "collect")
    before = snapshot(kits.second)
    kits.take(status=3)
    assert snapshot(kits.second) == before


def test_the_same_uuid_is_the_same_artifact_under_any_source(kits: Kits, tmp_path: Path) -> None:
    """A copy of the first brings nothing new; other content under a UUID is a conflict."""
    kits.take()
    kits(kits.second, "rename", "skill:a", "mine")
    copy = tmp_path / "copy"
    shutil.copytree(kits.first, copy)
    before = snapshot(kits.second)
    kits(kits.second, "collect", copy)
    assert snapshot(kits.second) == before
    make_skill(copy, "a", "of the copy")
    kits(kits.second, "collect", copy, status=3)
    assert "skill:mine has other content here" in kits.err
    kits(kits.second, "collect", copy, "--on-conflict", "take")
    assert "of the copy" in (kits.second / "skills/mine/SKILL.md").read_text()
    assert skill(kits.second, "mine").uuid == skill(kits.first, "a").uuid


def test_what_goes_out_and_comes_back_is_the_same(kits: Kits) -> None:
    """An artifact made in the first, edited in the second, collected into the first again."""
    kits.take()
    kits(kits.first, "collect", kits.second)
    assert "nothing written" in kits.out
    make_skill(kits.second, "a", "edited there")
    kits(kits.second, "collect")
    kits(kits.first, "collect", kits.second, status=3)
    kits(kits.first, "collect", kits.second, "--on-conflict", "take")
    assert "edited there" in (kits.first / "skills/a/SKILL.md").read_text()
    assert kits.uuids(kits.first) == kits.uuids(kits.second)


def test_composites_of_one_uuid_that_differ_are_decided(kits: Kits) -> None:
    """Members of a composite that was made here are not replaced behind one's back."""
    kits.take()
    kits(kits.second, "composite", "add", "pack", "skill:c")
    kits(kits.first, "collect", kits.second, status=3)
    assert "composite:pack is a different composite here" in kits.err
    kits(kits.first, "collect", kits.second, "--on-conflict", "keep")
    assert len(members(kits.first, "pack")) == 2
    kits(kits.first, "collect", kits.second, "--on-conflict", "take")
    assert len(members(kits.first, "pack")) == 3


def test_another_artifact_of_that_name_gets_the_name_of_its_source(kits: Kits) -> None:
    """The name does not make it the same; both are there, the newcomer with its UUID."""
    make_skill(kits.second, "a", "mine")
    kits(kits.second, "collect")
    mine = skill(kits.second, "a").uuid
    kits.take()
    assert skill(kits.second, "a").uuid == mine
    assert skill(kits.second, "pack-a").uuid == skill(kits.first, "a").uuid
    assert members(kits.second, "pack") == [("skill:b", None), ("skill:pack-a", None)]


def test_pins_follow_unless_they_were_changed_here(kits: Kits) -> None:
    """What the source pins anew is pinned anew; a pin set or taken off here stays so."""
    kits(kits.first, "composite", "pin", "pack", "skill:a")
    kits.take()
    make_skill(kits.first, "a", "newer")
    kits(kits.first, "collect")
    kits.take(status=1)
    assert "is only in the source's database" in kits.err
    kits(kits.first, "composite", "pin", "pack", "skill:a")
    kits.take()
    newer = skill(kits.first, "a").content_hash
    assert members(kits.second, "pack")[1] == ("skill:a", newer)
    kits(kits.second, "composite", "unpin", "pack", "skill:a")
    kits(kits.second, "composite", "pin", "pack", "skill:b")
    kits.take()
    assert members(kits.second, "pack") == [
        ("skill:b", skill(kits.second, "b").content_hash),
        ("skill:a", None),
    ]


def test_what_people_wrote_comes_along(kits: Kits) -> None:
    """Descriptions, titles, relationships, and keys that Holdall does not know."""
    kits.edit(
        kits.first,
        'name = "pack"\n',
        'name = "pack"\ndisplay_name = "The Pack"\ndescription = "both"\nteam = "x"\n',
    )
    kits.edit(kits.first, 'name = "c"\n', 'name = "c"\nowner = "me"\n')
    kits.edit(kits.first, 'relationship = "contains"', 'relationship = "requires"\nnote = "n"')
    kits.take()
    found = composite(kits.second, "pack")
    assert (found.display_name, found.description) == ("The Pack", "both")
    assert found.extra["team"] == "x"
    assert found.members[0].relationship == "requires"
    assert found.members[0].extra == {"note": "n"}
    assert skill(kits.second, "c").extra == {"owner": "me"}
    before = snapshot(kits.second)
    kits.take()
    assert snapshot(kits.second) == before


def test_an_undo_and_a_second_collect_bring_back_the_same(kits: Kits) -> None:
    """A UUID that was here once is no stranger."""
    kits.take()
    uuids = kits.uuids(kits.second)
    kits(kits.second, "undo")
    assert kits.uuids(kits.second) == {}
    kits.take()
    assert kits.uuids(kits.second) == uuids
    kits(kits.second, "doctor")


def test_two_entries_of_one_content_stay_two(kits: Kits) -> None:
    """In a folder they would be one artifact at two places."""
    shutil.copytree(kits.first / "skills/a", kits.first / "skills/twin")
    kits(kits.first, "collect")
    kits.take()
    assert kits.uuids(kits.second) == kits.uuids(kits.first)
    assert skill(kits.second, "a").content_hash == skill(kits.second, "twin").content_hash


def codes(diagnostics: tuple[Diagnostic, ...]) -> dict[str, str]:
    """Return the diagnostics' codes by path."""
    return {d.path: d.code for d in diagnostics}


def test_what_is_listed_and_gone_or_there_and_not_listed(kits: Kits) -> None:
    """The first is told and left out of composites; the second comes without a UUID."""
    shutil.rmtree(kits.first / "skills/b")
    make_skill(kits.first, "fresh")
    make_skill(kits.first / "skills/a/examples", "inner")
    reading = read_source(Plugins(), kits.first)
    assert codes(reading.diagnostics) == {"skills/b": "files-gone", ".": "member-gone"}
    found = {str(a.id): a.uuid for a in reading.artifacts}
    assert found["skill:fresh"] is None
    assert not {"skill:b", "skill:inner"} & found.keys()
    kits.take(status=1)
    assert members(kits.second, "pack") == [("skill:a", None)]


def test_listed_paths_do_not_lead_out(kits: Kits, tmp_path: Path) -> None:
    """Neither by a link to a folder elsewhere nor by a type that nobody knows."""
    shutil.move(kits.first / "skills", tmp_path / "elsewhere")
    (kits.first / "skills").symlink_to(tmp_path / "elsewhere")
    kits.edit(kits.first, 'type = "hook"', 'type = "odd"')
    reading = read_source(Plugins(), kits.first)
    found = codes(reading.diagnostics)
    assert found["skills/a"] == "files-gone"
    assert found["hooks/audit.json"] == "type-unknown"
    assert not any(a.type == "skill" for a in reading.artifacts)


def test_a_manifest_that_cannot_be_understood(kits: Kits) -> None:
    """Refused: read as a plain folder, everything would get other UUIDs."""
    kits.edit(kits.first, "format = 1", "format = 99")
    with pytest.raises(InputError, match="format 99"):
        read_source(Plugins(), kits.first)


def test_other_tools_files_of_that_name(tmp_path: Path) -> None:
    """A manifest.toml without a collection, and broken ones, make no collection of a folder."""
    make_skill(tmp_path, "a")
    for name in ("manifest.toml", "collection.toml"):
        for text in ("[package]\nname = 1\n", "collection = 3\n", "=", "\n# [collection]\n"):
            (tmp_path / name).write_text(text)
            (found,) = read_source(Plugins(), tmp_path).artifacts
            assert found.uuid is None
        (tmp_path / name).unlink()


def test_without_the_composites_plugin(tmp_path: Path) -> None:
    """UUIDs come along all the same, and are known again."""
    uuid = "a" * 12 + "4aaa8" + "a" * 15
    first, second = make_collection(tmp_path / "1", "a"), make_collection(tmp_path / "2")
    path = first / "manifest.toml"
    path.write_text(path.read_text().replace('name = "a"', f'name = "a"\nuuid = "{uuid}"'))
    collect(second, first)
    assert skill(second, "a").uuid == uuid
    (first / "skills/a").rename(first / "skills/z")
    path.write_text(path.read_text().replace("skills/a", "skills/z").replace('= "a"', '= "z"'))
    collect(second, first)
    assert skill(second, "z").uuid == uuid


SKILLMEAT = """
[collection]
name = "default"
version = "1.0.0"

[[artifacts]]
name = "review"
type = "skill"
path = "skills/review/"
origin = "github"
uuid = "0a1b2c3d-4e5f-4678-9abc-def012345678"
upstream = "https://example.org/x"
resolved_sha = "abc"
tags = ["x", "y"]
added = 2026-01-01T00:00:00

[[artifacts]]
name = "ship"
type = "command"
path = "commands/ship.md"
origin = "local"
added = "2026-01-01T00:00:00"

[[artifacts]]
name = "db"
type = "mcp"
path = "mcp/db"
uuid = "not-a-uuid"

[[artifacts]]
name = "../evil"
type = "skill"
path = "skills/evil"

[[artifacts]]
name = "up"
type = "skill"
path = "../../etc"

[[artifacts]]
type = "skill"
"""


@pytest.fixture
def skillmeat(tmp_path: Path) -> Path:
    """A SkillMeat collection, with entries that nobody should believe."""
    folder = tmp_path / "skillmeat"
    make_skill(folder, "review")
    make_command(folder, "ship")
    (folder / "mcp/db").mkdir(parents=True)
    (folder / "mcp/db/.mcp.json").write_text('{"mcpServers": {"pg": {"command": "db"}}}')
    (folder / "collection.toml").write_text(SKILLMEAT)
    return folder


def test_a_skillmeat_collection(skillmeat: Path, tmp_path: Path) -> None:
    """Names, UUIDs and origins as it says; entries that cannot be used are told."""
    root = make_collection(tmp_path / "kit")
    collect(root, skillmeat)
    found: dict[str, Any] = {str(i): e for i, e in opened(root).manifest.by_id.items()}
    assert found.keys() == {"skill:review", "command:ship", "mcp:db"}
    review = found["skill:review"]
    assert review.uuid == "0a1b2c3d4e5f46789abcdef012345678"
    assert review.origin == "github"
    assert review.extra == {
        "upstream": "https://example.org/x",
        "resolved_sha": "abc",
        "tags": ["x", "y"],
    }
    assert found["command:ship"].uuid is found["mcp:db"].uuid is None
    assert (root / "mcp/db.json").read_text() == '{"command":"db"}'
    told = [d for d in read_source(Plugins(), skillmeat).diagnostics if d.path == "collection.toml"]
    assert [d.message.partition(":")[0] for d in told] == ["entry 4", "entry 5", "entry 6"]
    before = snapshot(root)
    collect(root, skillmeat)
    assert snapshot(root) == before


def test_a_rename_in_skillmeat_is_followed(skillmeat: Path, tmp_path: Path) -> None:
    """By the UUID where it has one."""
    root = make_collection(tmp_path / "kit")
    collect(root, skillmeat)
    (skillmeat / "skills/review").rename(skillmeat / "skills/inspect")
    make_skill(skillmeat, "inspect", "newer")
    path = skillmeat / "collection.toml"
    path.write_text(path.read_text().replace("review", "inspect"))
    changes = collect(root, skillmeat)
    assert {str(c.id): c.kind.value for c in changes.changes}["skill:inspect"] == "renamed"
    assert skill(root, "inspect").uuid == "0a1b2c3d4e5f46789abcdef012345678"
    assert "newer" in (root / "skills/inspect/SKILL.md").read_text()


def test_two_skillmeat_entries_with_one_uuid(skillmeat: Path, tmp_path: Path) -> None:
    """The first keeps it."""
    make_skill(skillmeat, "second", "other")
    with (skillmeat / "collection.toml").open("a") as file:
        file.write('name = "second"\npath = "skills/second"\n')
        file.write('uuid = "0a1b2c3d4e5f46789abcdef012345678"\n')
    root = make_collection(tmp_path / "kit")
    for _ in range(2):
        collect(root, skillmeat)
        assert skill(root, "review").uuid == "0a1b2c3d4e5f46789abcdef012345678"
        assert skill(root, "second").uuid is None


def test_a_uuid_of_another_type_is_not_followed(skillmeat: Path, tmp_path: Path) -> None:
    """A command is not a skill, whatever a manifest says."""
    root = make_collection(tmp_path / "kit")
    collect(root, skillmeat)
    uuid = skill(root, "review").uuid
    path = skillmeat / "collection.toml"
    table = tomllib.loads(path.read_text())["artifacts"][0]
    text = path.read_text().replace(table["uuid"], "")
    path.write_text(text.replace('name = "ship"', f'name = "ship"\nuuid = "{uuid}"'))
    before = snapshot(root)
    collect(root, skillmeat)
    assert snapshot(root) == before
