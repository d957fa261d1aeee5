"""Two folders of one collection on one database: nobody takes back what another one did."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from e2e.kit import Kit, copy_kit, known, tree, write
from holdall.testing import in_this_process

pytestmark = [pytest.mark.integration, pytest.mark.with_sample]


@pytest.fixture
def anna(kit: Kit) -> Kit:
    """Return the collection of the sample."""
    return kit


@pytest.fixture
def bob(anna: Kit, tmp_path: Path) -> Kit:
    """Return a copy of its folder, on another machine."""
    return copy_kit(anna, tmp_path / "bob")


def same(anna: Kit, bob: Kit) -> bool:
    """Return whether both folders hold the same, once both are at the head."""
    anna.run("pull")
    bob.run("pull")
    manifest = "manifest.toml"
    files = [{p: f for p, f in tree(k.collection).items() if p != manifest} for k in (anna, bob)]
    return known(anna) == known(bob) and files[0] == files[1]


def test_a_rename_is_not_taken_back_by_another_folder(anna: Kit, bob: Kit) -> None:
    """Bob's next change starts from Anna's, and both are in the log."""
    anna.run("rename", "skill:plain-prose", "prose")
    bob.run("composite", "create", "mine", "--member", "skill:changelog")
    assert "skill:prose" in bob.run("list")
    assert same(anna, bob)
    commands = [o["command"] for o in anna.json("log")["operations"]]
    assert commands == ["composite create", "rename", "collect"]
    assert anna.json("doctor")["findings"] == bob.json("doctor")["findings"] == []


def test_what_only_reads_writes_nothing_of_an_old_folder(anna: Kit, bob: Kit) -> None:
    """A command that opens the database leaves its rows, and says that the folder is behind."""
    anna.run("rename", "skill:plain-prose", "prose")
    done = bob.command("associations", "writing")
    assert "behind release" in done.stderr
    assert "skill:prose" in done.stdout
    anna.run("pull")
    assert "skill:prose" in anna.run("list")


def test_files_of_others_are_brought_in_byte_for_byte(anna: Kit, bob: Kit) -> None:
    """New, changed and removed artifacts; what is executable stays so."""
    write(anna.collection / "skills/changelog/SKILL.md", "---\nname: changelog\n---\nnew\n")
    write(anna.collection / "skills/extra/SKILL.md", "---\nname: extra\ndescription: x\n---\n")
    script = anna.collection / "skills/extra/run.sh"
    write(script, "#!/bin/sh\n")
    script.chmod(0o755)
    anna.run("collect")
    anna.run("remove", "skill:meeting-notes", status=None)
    assert same(anna, bob)
    assert (bob.collection / "skills/extra/run.sh").stat().st_mode & 0o100
    assert not (bob.collection / "skills/meeting-notes").exists()


def test_edits_of_different_artifacts_meet(anna: Kit, bob: Kit) -> None:
    """Bob's edit, not collected yet, stays in his folder and is collected afterwards."""
    write(anna.collection / "skills/changelog/SKILL.md", "---\nname: changelog\n---\nanna\n")
    anna.run("collect")
    write(bob.collection / "skills/plain-prose/SKILL.md", "---\nname: plain-prose\n---\nbob\n")
    bob.run("collect")
    assert same(anna, bob)
    assert "bob" in (anna.collection / "skills/plain-prose/SKILL.md").read_text()
    assert "anna" in (bob.collection / "skills/changelog/SKILL.md").read_text()


def test_an_edit_of_what_another_one_edited_is_refused(anna: Kit, bob: Kit) -> None:
    """Nothing is written, and the file stays; `--theirs` keeps it as a backup."""
    write(anna.collection / "skills/changelog/SKILL.md", "---\nname: changelog\n---\nanna\n")
    anna.run("collect")
    edited = bob.collection / "skills/changelog/SKILL.md"
    write(edited, "---\nname: changelog\n---\nbob\n")
    before = tree(bob.collection)
    for words in (("collect",), ("pull",), ("rename", "skill:plain-prose", "prose")):
        assert "skill:changelog" in bob.command(*words).stderr
        bob.run(*words, status=3)
    assert tree(bob.collection) == before
    bob.run("pull", "--theirs")
    assert "anna" in edited.read_text()
    kept = list((bob.collection / ".holdall/backups").rglob("SKILL.md"))
    assert [path.read_text() for path in kept] == ["---\nname: changelog\n---\nbob\n"]


LONG = "---\nname: changelog\ndescription: x\n---\none\n\ntwo\n\nthree\n"


def edit(kit: Kit, old: str, new: str, path: str = "skills/changelog/SKILL.md") -> None:
    """Change a text in a folder."""
    file = kit.collection / path
    write(file, file.read_text().replace(old, new))


@pytest.fixture
def long(anna: Kit, bob: Kit) -> str:
    """Give an artifact some lines, in both folders."""
    write(anna.collection / "skills/changelog/SKILL.md", LONG)
    anna.run("collect")
    bob.run("pull")
    return LONG


def test_edits_of_different_lines_merge(anna: Kit, bob: Kit, long: str) -> None:
    """Lines that only one folder edited are in both, and so are files that one added."""
    edit(anna, "three", "3")
    write(anna.collection / "skills/changelog/more.md", "more")
    anna.run("collect")
    edit(bob, "one", "1")
    (bob.collection / "skills/changelog/SKILL.md").chmod(0o755)
    bob.run("collect")
    assert same(anna, bob)
    merged = anna.collection / "skills/changelog/SKILL.md"
    assert merged.read_text() == long.replace("one", "1").replace("three", "3")
    assert merged.stat().st_mode & 0o100
    assert len(anna.json("versions", "skill:changelog")["versions"]) == 4
    kept = list((bob.collection / ".holdall/backups").rglob("SKILL.md"))
    assert [path.read_text() for path in kept] == [long.replace("one", "1")]


def test_an_edit_and_a_rename_merge(anna: Kit, bob: Kit, long: str) -> None:
    """The name in the head is Anna's, the line below Bob's."""
    anna.run("rename", "skill:changelog", "news")
    edit(bob, "three", "3")
    bob.run("collect")
    assert same(anna, bob)
    merged = (anna.collection / "skills/news/SKILL.md").read_text()
    assert merged == long.replace("changelog", "news").replace("three", "3")


@pytest.mark.usefixtures("long")
def test_edits_of_the_same_lines_are_told_with_file_and_line(anna: Kit, bob: Kit) -> None:
    """Both places are named, and whose the other one is; a file that merges is no obstacle."""
    edit(anna, "three", "3")
    edit(anna, "one", "0\n1")
    anna.run("collect")
    edit(bob, "one", "ONE")
    before = tree(bob.collection)
    done = bob.command("collect")
    assert done.returncode == 3
    assert "skill:changelog was edited here" in done.stderr
    assert "SKILL.md was changed on both sides (line 5 here, lines 5-6 there)" in done.stderr
    assert "release 3 by" in done.stderr
    assert tree(bob.collection) == before
    edit(bob, "ONE", "0\n1")
    bob.run("collect")
    assert same(anna, bob)


@pytest.mark.usefixtures("long")
def test_a_side_is_taken_only_where_lines_do_not_merge(anna: Kit, bob: Kit) -> None:
    """`--theirs` replaces the file that conflicts, and merges the other one."""
    path = "skills/plain-prose/SKILL.md"
    write(anna.collection / path, "---\nname: plain-prose\n---\na\n\nb\n\nc\n")
    anna.run("collect")
    bob.run("pull")
    edit(anna, "one", "anna")
    edit(anna, "a\n\n", "A\n\n", path)
    anna.run("collect")
    edit(bob, "one", "bob")
    edit(bob, "\nc\n", "\nC\n", path)
    bob.run("pull", "--theirs")
    assert "anna" in (bob.collection / "skills/changelog/SKILL.md").read_text()
    assert (bob.collection / path).read_text() == "---\nname: plain-prose\n---\nA\n\nb\n\nC\n"


@pytest.mark.usefixtures("long")
def test_an_edit_of_what_another_one_removed_is_kept(anna: Kit, bob: Kit) -> None:
    """The pull is refused; where theirs is taken, the edited file is kept as a backup."""
    anna.run("remove", "skill:changelog", status=None)
    edit(bob, "one", "1")
    edited = (bob.collection / "skills/changelog/SKILL.md").read_text()
    assert bob.command("pull").returncode == 3
    bob.run("pull", "--theirs")
    kept = list((bob.collection / ".holdall/backups").rglob("SKILL.md"))
    assert [path.read_text() for path in kept] == [edited]


def test_contents_that_git_brought_merge(anna: Kit, bob: Kit, long: str) -> None:
    """A manifest with another content than the base has is an edit, merged by lines as well."""
    from holdall.artifacts import tree_hash
    from holdall.files.tree import folder_tree

    edit(anna, "three", "3")
    anna.run("collect")
    was = folder_tree(bob.collection / "skills/changelog").content_hash
    edit(bob, "one", "1")
    folder = folder_tree(bob.collection / "skills/changelog")
    assert folder.content_hash == tree_hash(folder.files)
    edit(bob, f'"{was}"', f'"{folder.content_hash}"', "manifest.toml")
    bob.run("pull")
    merged = long.replace("one", "1").replace("three", "3")
    assert (bob.collection / "skills/changelog/SKILL.md").read_text() == merged
    assert same(anna, bob)
    bob.run("composite", "create", "mine")
    assert same(anna, bob)
    assert (anna.collection / "skills/changelog/SKILL.md").read_text() == merged
    edit(anna, "3", "drei")
    anna.run("collect")
    edit(bob, "3", "trois")
    folder = folder_tree(bob.collection / "skills/changelog")
    was = known(bob)[bob.uuids()["skill:changelog"]][2]
    edit(bob, f'"{was}"', f'"{folder.content_hash}"', "manifest.toml")
    done = bob.command("pull")
    assert done.returncode == 3
    assert (
        "skill:changelog: SKILL.md was changed on both sides (line 9 here, line 9 th" in done.stderr
    )


def test_ours_is_a_version_after_theirs(anna: Kit, bob: Kit) -> None:
    """With `--ours` the edit stays in the folder, and its collect comes after the other one."""
    write(anna.collection / "skills/changelog/SKILL.md", "---\nname: changelog\n---\nanna\n")
    anna.run("collect")
    edited = bob.collection / "skills/changelog/SKILL.md"
    write(edited, "---\nname: changelog\n---\nbob\n")
    bob.run("pull", "--ours")
    assert "bob" in edited.read_text()
    bob.run("collect")
    assert len(bob.json("versions", "skill:changelog")["versions"]) == 3
    assert same(anna, bob)
    assert "bob" in (anna.collection / "skills/changelog/SKILL.md").read_text()


def test_two_names_for_one_artifact_are_a_conflict(anna: Kit, bob: Kit) -> None:
    """It names both values and whose the other one is; either side can be taken."""
    anna.run("rename", "skill:plain-prose", "prose")
    manifest = bob.collection / "manifest.toml"
    text = manifest.read_text().replace('name = "plain-prose"', 'name = "clear-prose"')
    manifest.write_text(text)
    done = bob.command("pull")
    assert done.returncode == 3
    assert "'clear-prose' here, 'prose' there" in done.stderr
    assert manifest.read_text() == text
    bob.run("pull", "--theirs")
    assert "skill:prose" in bob.run("list")


def test_a_change_at_the_same_moment_is_tried_again(
    anna: Kit, bob: Kit, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever is second sees the first one's release, and both changes are there."""
    from holdall_composites.service import publish

    keep = publish.keep_new
    raced: list[bool] = []

    def slow(*arguments: object) -> None:
        keep(*arguments)  # type: ignore[arg-type]
        if not raced:
            raced.append(True)
            anna.run("rename", "skill:plain-prose", "prose")

    monkeypatch.setattr(publish, "keep_new", slow)
    bob.run("rename", "skill:changelog", "news")
    assert raced
    assert same(anna, bob)
    assert {"skill:prose", "skill:news"} <= set(anna.uuids())


@pytest.mark.postgresql
@pytest.mark.parametrize("dialect", ["postgresql"])
def test_a_transaction_that_the_server_ends_is_tried_again(
    anna: Kit, bob: Kit, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where transactions are serializable, whoever is second (40001) starts again by itself."""
    from holdall_composites.database import failures
    from holdall_composites.store.collections import Collections

    ask, tell = Collections.ask_change, failures.failure_of
    states: list[str] = []

    def slow(store: Collections, collection_id: str, change: str, touched: set[str]) -> None:
        if not states:
            states.append("first")
            store.get(collection_id)  # from here on the transaction sees this moment
            anna.run("rename", "skill:plain-prose", "prose")
        ask(store, collection_id, change, touched)

    def noted(error: object) -> object:
        states.append(str(getattr(error, "sqlstate", "")))
        return tell(error)

    level = "options=-c%20default_transaction_isolation%3Dserializable"
    url = str(bob.database_url)
    bob.database_url = f"{url}{'&' if '?' in url else '?'}{level}"
    monkeypatch.setattr(Collections, "ask_change", slow)
    monkeypatch.setattr(failures, "failure_of", noted)
    bob.run("rename", "skill:changelog", "news")
    assert "40001" in states
    assert same(anna, bob)
    assert {"skill:prose", "skill:news"} <= set(anna.uuids())


def test_a_change_between_pull_and_plan_is_not_taken_back(
    anna: Kit, bob: Kit, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A release follows the one that its folder stands on, whatever the head is by then."""
    from holdall.operations import write_collection

    pull = write_collection._up_to_date
    raced: list[bool] = []

    def slow(editor: object, *, dry_run: bool) -> object:
        pulled = pull(editor, dry_run=dry_run)  # type: ignore[arg-type]
        if not raced:
            raced.append(True)
            anna.run("rename", "skill:plain-prose", "prose")
        return pulled

    monkeypatch.setattr(write_collection, "_up_to_date", slow)
    bob.run("rename", "skill:changelog", "news")
    assert raced
    assert same(anna, bob)
    assert {"skill:prose", "skill:news"} <= set(anna.uuids())


def test_a_member_that_came_and_went_meanwhile_has_a_name(anna: Kit, bob: Kit) -> None:
    """A folder that never saw an artifact gets the composite that still names it."""
    write(anna.collection / "skills/brief/SKILL.md", "---\nname: brief\ndescription: x\n---\n")
    anna.run("collect")
    anna.run("composite", "create", "mine", "--member", "skill:brief")
    anna.run("remove", "skill:brief", status=1)
    bob.run("pull")
    assert 'id = "skill:brief"' in (bob.collection / "manifest.toml").read_text()
    assert same(anna, bob)


def test_a_killed_folder_is_brought_forward(
    anna: Kit, bob: Kit, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the database accepted is done, even if the folder never got it."""
    from holdall.operations import write_collection

    class Killed(BaseException):
        """The process ends."""

    def killed(self: object, *_: object) -> None:
        real(self, *_)  # type: ignore[arg-type]
        raise Killed

    real = write_collection.Editor._commit_elsewhere
    write(bob.collection / "skills/brief/SKILL.md", "---\nname: brief\ndescription: x\n---\n")
    for words in (("rename", "skill:plain-prose", "prose"), ("collect",)):
        with monkeypatch.context() as patch, pytest.raises(Killed):
            patch.setattr(write_collection.Editor, "_commit_elsewhere", killed)
            bob.run(*words)
    assert same(anna, bob)
    assert "skill:prose" in bob.run("list")


def test_what_is_typed_while_a_pull_writes_is_no_later_version(
    anna: Kit, bob: Kit, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was typed onto the old text: the conflict is told, and nothing takes Anna's edit back."""
    from holdall.operations import write_collection

    write(anna.collection / "skills/changelog/SKILL.md", "---\nname: changelog\n---\nanna\n")
    write(anna.collection / "skills/plain-prose/SKILL.md", "---\nname: plain-prose\n---\nanna\n")
    anna.run("collect")
    pull = write_collection.Editor.pull
    edited = bob.collection / "skills/changelog/SKILL.md"
    typed: list[bool] = []

    def slow(editor: object, incoming: object) -> None:
        if not typed:
            typed.append(True)
            write(edited, "---\nname: changelog\n---\nbob\n")
        pull(editor, incoming)  # type: ignore[arg-type]

    monkeypatch.setattr(write_collection.Editor, "pull", slow)
    lines = base_lines(bob)
    done = bob.command("collect")
    assert typed
    assert (done.returncode, "skill:changelog was edited here" in done.stderr) == (3, True), done
    assert base_lines(bob) == lines
    assert "bob" in edited.read_text()
    bob.run("pull", "--ours")
    assert "anna" in (bob.collection / "skills/plain-prose/SKILL.md").read_text()
    bob.run("collect")
    assert len(bob.json("versions", "skill:changelog")["versions"]) == 3
    assert same(anna, bob)


def test_a_restored_database_is_refused(anna: Kit, bob: Kit) -> None:
    """A folder that is further than its database is written neither way."""
    manifest = bob.collection / "manifest.toml"
    anna.run("rename", "skill:plain-prose", "prose")
    bob.run("pull")
    text = manifest.read_text().replace("release = 2", "release = 9")
    base = next(line for line in text.splitlines() if line.startswith("base"))
    manifest.write_text(text.replace(base, f'base = "{"0" * 64}"').replace("prose", "poetry"))
    before = tree(bob.collection)
    bob.run("composite", "create", "mine", status=3)
    bob.run("pull", status=3)
    assert tree(bob.collection) == before
    anna.run("pull")
    assert "skill:prose" in anna.run("list")


def base_lines(kit: Kit) -> list[str]:
    """Return the two lines that say from which release a manifest was written."""
    text = (kit.collection / "manifest.toml").read_text()
    return re.findall(r'^(?:release = \d+|base = "[0-9a-f]{64}")$', text, re.MULTILINE)


def with_base(kit: Kit, lines: list[str]) -> None:
    """Give a manifest other such lines, as a merge by hand may do."""
    path = kit.collection / "manifest.toml"
    text = path.read_text()
    for old, new in zip(base_lines(kit), lines, strict=True):
        text = text.replace(old, new)
    path.write_text(text)


def copied(kit: Kit, folder: Path) -> Path:
    """Keep what git would have of a folder."""
    shutil.copytree(kit.collection, folder, ignore=shutil.ignore_patterns(".holdall"))
    return folder


def moved_to(kit: Kit, folder: Path) -> None:
    """Make a folder's files what git would bring."""
    for path in kit.collection.iterdir():
        if path.is_dir() and path.name != ".holdall":
            shutil.rmtree(path)
    shutil.copytree(folder, kit.collection, dirs_exist_ok=True)


def test_a_folder_that_git_moves_is_brought_forward(anna: Kit, bob: Kit, tmp_path: Path) -> None:
    """Back and forth: an older folder without edits releases nothing, and a newer one neither."""
    old = copied(bob, tmp_path / "old")
    anna.run("rename", "skill:plain-prose", "prose")
    write(anna.collection / "skills/changelog/SKILL.md", "---\nname: changelog\n---\nnew\n")
    anna.run("collect")
    bob.run("pull")
    new = copied(bob, tmp_path / "new")
    head = base_lines(bob)
    for folder in (old, new, old):
        moved_to(bob, folder)
        assert same(anna, bob)
        assert base_lines(bob) == base_lines(anna) == head


@pytest.mark.parametrize("dialect", ["sqlite"])
def test_a_clean_folder_without_its_base_is_brought_forward(anna: Kit, bob: Kit) -> None:
    """Its content says where it stands, whether the lines are gone or wrong."""
    manifest = bob.collection / "manifest.toml"
    text = manifest.read_text()
    anna.run("rename", "skill:plain-prose", "prose")
    head = base_lines(anna)
    for pattern, wrong in (
        (r"(?m)^(release|base) = .*\n", ""),
        ("(?m)^base = .*$", f'base = "{"0" * 64}"'),
    ):
        manifest.write_text(re.sub(pattern, wrong, text))
        assert same(anna, bob)
        assert base_lines(bob) == base_lines(anna) == head


def test_an_older_content_with_a_newer_base_is_refused(anna: Kit, bob: Kit, tmp_path: Path) -> None:
    """It would take back releases that its folder has had; a side settles it, either way."""
    old = copied(bob, tmp_path / "old")
    anna.run("rename", "skill:plain-prose", "prose")
    anna.run("composite", "create", "mine", "--member", "skill:changelog")
    bob.run("pull")
    head = base_lines(bob)
    moved_to(bob, old)
    with_base(bob, head)
    before = tree(bob.collection)
    assert "as it was before a release" in bob.command("associations", "writing").stderr
    done = bob.command("rename", "skill:changelog", "news")
    assert done.returncode == 3
    assert "skill:prose is here as it was before a release (release 2 by" in done.stderr
    bob.run("pull", status=3)
    assert tree(bob.collection) == before
    bob.run("pull", "--theirs")
    assert same(anna, bob)
    assert base_lines(anna) == head
    moved_to(bob, old)
    with_base(bob, head)
    bob.run("pull", "--ours")
    assert same(anna, bob)
    assert "skill:plain-prose" in anna.run("list")


def test_a_newer_content_with_an_older_base_brings_nothing_back(anna: Kit, bob: Kit) -> None:
    """What the chain has is no edit; what was undone since is refused until a side is chosen."""
    old = base_lines(bob)
    anna.run("rename", "skill:plain-prose", "prose")
    bob.run("pull")
    with_base(bob, old)
    head = base_lines(anna)
    assert same(anna, bob)
    assert base_lines(bob) == head
    with_base(bob, old)
    anna.run("undo")
    bob.run("pull", status=3)
    bob.run("pull", "--theirs")
    assert same(anna, bob)
    assert "skill:plain-prose" in bob.run("list")


@pytest.mark.parametrize("dialect", ["sqlite"])
def test_a_database_of_yesterday_is_refused_by_who_knows_more(
    anna: Kit, bob: Kit, tmp_path: Path
) -> None:
    """Also once others have released under the same numbers; they are not touched."""
    path = tmp_path / "holdall.db"
    kept = path.read_bytes()
    anna.run("rename", "skill:plain-prose", "prose")
    anna.run("rename", "skill:changelog", "news")
    for file in tmp_path.glob("holdall.db*"):
        file.unlink()
    path.write_bytes(kept)
    before = tree(anna.collection)
    anna.run("rename", "skill:prose", "poetry", status=3)
    bob.run("rename", "skill:plain-prose", "clear")
    bob.run("rename", "skill:changelog", "log")
    anna.run("pull", status=3)
    anna.run("rename", "skill:prose", "poetry", status=3)
    assert tree(anna.collection) == before
    assert "skill:clear" in bob.run("list")


def test_a_copied_folder_is_one_more_machine(anna: Kit, bob: Kit, tmp_path: Path) -> None:
    """With its lock, journal and all: both go on, and neither takes back the other's."""
    (tmp_path / "eve").mkdir()
    eve = Kit(in_this_process, tmp_path / "eve", bob.database_url)
    write(bob.collection / "skills/changelog/SKILL.md", "---\nname: changelog\n---\nbob\n")
    shutil.copytree(bob.collection, eve.collection)
    bob.run("collect")
    eve.run("collect")
    eve.run("rename", "skill:plain-prose", "prose")
    bob.run("rename", "skill:meeting-notes", "minutes")
    assert same(bob, eve)
    assert same(anna, eve)
    assert {"skill:prose", "skill:minutes"} <= set(anna.uuids())
    assert "bob" in (anna.collection / "skills/changelog/SKILL.md").read_text()


def test_an_embedded_collection_keeps_its_own_chain(tmp_path: Path, own_state: Path) -> None:
    """What git or an editor brings becomes the next release; nothing is refused."""
    kit = Kit(in_this_process, tmp_path)
    kit.run("init", kit.collection)
    write(kit.collection / "skills/a/SKILL.md", "---\nname: a\ndescription: x\n---\n")
    kit.run("collect")
    old = (kit.collection / "manifest.toml").read_text()
    kit.run("rename", "skill:a", "b")
    new = (kit.collection / "manifest.toml").read_text()
    (kit.collection / "skills/b").rename(kit.collection / "skills/a")
    write(kit.collection / "skills/a/SKILL.md", "---\nname: a\ndescription: x\n---\n")
    (kit.collection / "manifest.toml").write_text(old)
    assert "skill:a" in kit.run("list")
    kit.run("composite", "create", "mine", "--member", "skill:a")
    assert "release = 4" in (kit.collection / "manifest.toml").read_text()
    assert "release = 2" in new
    assert kit.json("doctor")["findings"] == []
