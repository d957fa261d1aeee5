"""`holdall sync` and `drop`: one project on several machines, the same bytes and UUIDs."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from e2e.kit import snapshot
from git_repositories import git
from holdall.testing import make_skill
from machines import Machine, Upstream

pytestmark = pytest.mark.integration

AGREE = "project, holdall.toml and holdall.lock agree\n"


def share(machine: Machine, message: str = "change") -> None:
    """Commit the project's own files, and nothing that is deployed."""
    git(machine.project, "add", "holdall.toml", "holdall.lock", ".gitattributes")
    git(machine.project, "commit", "--quiet", "--message", message)


def clone(ada: Machine, bob: Machine) -> None:
    """Get a machine's project on another one."""
    git(ada.project, "clone", "--quiet", str(ada.project), str(bob.project))


def pull(machine: Machine) -> None:
    """Bring what was committed to another machine."""
    git(machine.project, "pull", "--quiet")


def has_same(ada: Machine, bob: Machine) -> bool:
    """Return whether two machines have the same files, modes and UUIDs, and say that they agree."""
    assert bob.run("sync", "--check") == ada.run("sync", "--check") == AGREE
    return ada.files() == bob.files() and ada.uuids() == bob.uuids()


@pytest.mark.parametrize("knows", [False, True], ids=["new", "known"])
def test_two_machines(ada: Machine, bob: Machine, upstream: Upstream, knows: bool) -> None:
    """One adds and drops; the other gets the same, whether it knew the source before or not."""
    if knows:
        bob.project.mkdir()
        bob.run("init", str(bob.collection))
        bob.run("collect", "acme/kit")
        bob.project.rmdir()
    script = upstream.work / "skills/pdf/run.sh"
    script.write_text("#!/bin/sh\n")
    script.chmod(0o755)
    upstream.release("v1.1.0")
    ada.run("add", "acme/kit@v1.0.0")
    share(ada)
    clone(ada, bob)
    assert "2 files" not in bob.run("sync", "--check", status=1)
    bob.run("sync", "--frozen")
    assert has_same(ada, bob)
    assert set(bob.uuids()) == {"skill:notes", "skill:pdf"}
    assert "removed" not in bob.run("status")
    if knows:
        own = {row["id"]: row["uuid"] for row in bob.json("list")["artifacts"]}
        assert own["skill:pdf"] != bob.uuids()["skill:pdf"]
        manifest = (bob.collection / "manifest.toml").read_text()
        assert f'"{bob.uuids()["skill:pdf"]}"' in manifest.partition("aliases")[2]
        assert "skill:pdf for claude" in bob.run("status")
    ada.run("add", "acme/kit@v1.1.0")
    ada.run("drop", "notes")
    share(ada)
    pull(bob)
    bob.run("sync")
    assert has_same(ada, bob)
    assert bob.files()[".claude/skills/pdf/run.sh"][1]
    assert set(bob.uuids()) == {"skill:pdf"}
    assert bob.run("doctor").strip().endswith("agree")
    bob.run("undo")
    assert set(bob.uuids()) == {"skill:notes", "skill:pdf"}


def test_nothing_to_do(ada: Machine) -> None:
    """A sync with nothing to do writes nothing, and runs no git and opens no database."""
    ada.run("add", "acme/kit")
    before = snapshot(ada.project)
    with ada.at_work():
        import holdall_composites.database.connect as connect

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(connect, "connect_database", None)
            patch.setenv("PATH", "")
            assert ada.run("sync") == "everything is in place already\n"
            assert ada.run("sync", "--check") == AGREE
    assert snapshot(ada.project) == before


def test_what_was_deployed_by_hand_stays(ada: Machine, upstream: Upstream) -> None:
    """Sync touches what the lock lists or listed; deploy and undeploy change neither file."""
    ada.run("add", "acme/kit", "--skill", "pdf")
    make_skill(upstream.work, "mine")
    ada.run("collect", upstream.work)
    files = ada.files()
    ada.run("deploy", "skill:mine")
    ada.run("undeploy", "skill:pdf")
    for name in ("holdall.toml", "holdall.lock"):
        assert ada.files()[name] == files[name]
    assert "skill:pdf is missing, for claude" in ada.run("sync", "--check", status=1)
    ada.run("sync")
    assert {"skill:pdf", "skill:mine"} == set(ada.uuids())
    ada.run("drop", "pdf")
    assert {"skill:mine"} == set(ada.uuids())


def test_an_edit_stays(ada: Machine) -> None:
    """What was edited in the project stays, and is reported; --force brings the lock's back."""
    ada.run("add", "acme/kit", "--skill", "pdf")
    file = ada.project / ".claude/skills/pdf/SKILL.md"
    locked = file.read_bytes()
    file.write_text("mine\n")
    assert "SKILL.md is edited" in ada.run("sync", "--check", status=1)
    assert "it stays: --force replaces it" in ada.run("sync", status=1)
    assert file.read_text() == "mine\n"
    ada.run("sync", "--force")
    assert file.read_bytes() == locked


def test_a_hand_edited_holdall_toml(ada: Machine, upstream: Upstream) -> None:
    """Sync locks what is asked for now; --frozen refuses, and --check says it."""
    ada.run("add", "acme/kit", "--skill", "pdf")
    toml = ada.project / "holdall.toml"
    toml.write_text(toml.read_text().replace('"skill:pdf"', '"skill:notes"'))
    said = ada.run("sync", "--frozen", status=3)
    assert "github:acme/kit is not locked as it is required" in said
    assert "github:acme/kit is not locked" in ada.run("sync", "--check", status=1)
    assert set(ada.uuids()) == {"skill:pdf"}
    make_skill(upstream.work, "notes", "notes two")
    upstream.release()
    ada.run("sync")
    assert set(ada.uuids()) == {"skill:notes"}
    assert ada.lock()[""][0]["commit"] == upstream.first
    toml.write_text("[project]\ntargets = ['cursor']\n")
    ada.run("sync")
    assert ada.uuids() == {}
    assert ada.lock() == {"": []}


def test_other_agents(ada: Machine) -> None:
    """Agents that are named in holdall.toml are what each artifact is for after a sync."""
    ada.run("add", "acme/kit", "--skill", "pdf")
    toml = ada.project / "holdall.toml"
    toml.write_text(toml.read_text() + 'targets = ["cursor", "codex"]\n')
    assert "for other agents" in ada.run("sync", "--frozen", status=3)
    ada.run("sync")
    assert ada.lock()["skill:pdf"]["targets"] == ["codex", "cursor"]
    assert not (ada.project / ".claude/skills/pdf").exists()
    assert (ada.project / ".cursor/skills/pdf/SKILL.md").is_file()


def test_an_own_id(ada: Machine, bob: Machine, upstream: Upstream) -> None:
    """An id of the own collection is locked and deployed; another machine has no source for it."""
    ada.run("init", str(ada.collection))
    ada.run("collect", upstream.work)
    ada.run("composite", "create", "both", "--member", "pdf", "--member", "notes")
    (ada.project / "holdall.toml").write_text('[[require]]\nid = "composite:both"\n')
    ada.run("sync")
    assert set(ada.uuids()) == {"skill:pdf", "skill:notes"}
    git(ada.project, "add", "holdall.toml", "holdall.lock")
    git(ada.project, "commit", "--quiet", "--message", "one")
    clone(ada, bob)
    assert "is of the collection of whoever added it" in bob.run("sync", status=4)
    assert bob.uuids() == {}
    ada.run("drop", "composite:both")
    assert ada.uuids() == {}


def test_without_the_source(ada: Machine, bob: Machine, upstream: Upstream, tmp_path: Path) -> None:
    """With the bytes in the collection no source is needed; without, an error, and nothing goes."""
    ada.run("add", "acme/kit")
    share(ada)
    clone(ada, bob)
    bob.run("sync")
    shutil.rmtree(upstream.bare)
    shutil.rmtree(bob.project)
    clone(ada, bob)
    bob.run("sync", "--frozen")
    assert has_same(ada, bob)
    shutil.rmtree(bob.project)
    shutil.rmtree(bob.home)
    bob.home.mkdir()
    clone(ada, bob)
    git(bob.project, "config", "user.name", "b")
    (bob.project / ".claude/skills/pdf").mkdir(parents=True)
    (bob.project / ".claude/skills/pdf/SKILL.md").write_text("kept\n")
    assert "no such git repository" in bob.run("sync", "--frozen", status=4)
    assert (bob.project / ".claude/skills/pdf/SKILL.md").read_text() == "kept\n"


def edit(machine: Machine, pattern: str, new: str) -> None:
    """Edit a lock by hand."""
    lock = machine.project / "holdall.lock"
    text = re.sub(pattern, new, lock.read_text())
    assert text != lock.read_text()
    lock.write_text(text)


@pytest.mark.parametrize(
    ("pattern", "new", "said", "status"),
    [
        (r'content_hash = "....', 'content_hash = "0000', "was the lock edited by hand", 3),
        (r'path = "skills/pdf"', 'path = "skills/none"', "is not there: was the lock", 3),
        (r'commit = "....', 'commit = "0000', "is not there any more: a tag was moved", 3),
        (r'source = "https://github.com/acme/kit", p', 'source = "https://h/x", p', "not among", 3),
        (r'id = "skill:pdf"', 'id = "skill:../x"', "line 7: id: unsafe path", 2),
        (r'uuid = "....', 'uuid = "xxxx', "uuid = ", 2),
    ],
)
def test_a_lock_edited_by_hand(
    ada: Machine, bob: Machine, pattern: str, new: str, said: str, status: int
) -> None:
    """A clear error that says where, and nothing is changed."""
    ada.run("add", "acme/kit", "--skill", "pdf")
    share(ada)
    clone(ada, bob)
    edit(bob, pattern, new)
    before = bob.files()
    assert said in bob.run("sync", status=status)
    assert bob.files() == before


def test_a_rewritten_branch(ada: Machine, bob: Machine, upstream: Upstream) -> None:
    """The commit is gone: a clear error, and nothing is changed; where it is cached, no error."""
    ada.run("add", "acme/kit", "--skill", "pdf")
    share(ada)
    clone(ada, bob)
    git(upstream.work, "checkout", "--quiet", "--orphan", "new")
    git(upstream.work, "branch", "--delete", "--force", "main")
    git(upstream.work, "branch", "--move", "main")
    git(upstream.work, "tag", "--delete", "v1.0.0")
    shutil.rmtree(upstream.bare)
    git(upstream.work, "commit", "--quiet", "--message", "other")
    git(upstream.work, "init", "--quiet", "--bare", "--initial-branch=main", str(upstream.bare))
    git(upstream.work, "push", "--quiet", str(upstream.bare), "main")
    said = bob.run("sync", status=3)
    assert (
        f"the commit {upstream.first[:12]}, which holdall.lock has for the default branch" in said
    )
    assert bob.uuids() == {}
    shutil.rmtree(ada.project / ".claude")
    ada.run("sync")
    assert set(ada.uuids()) == {"skill:pdf"}


def test_a_changed_archive(ada: Machine, bob: Machine, upstream: Upstream) -> None:
    """An archive with another digest than the lock's is refused."""
    archive = shutil.make_archive(str(ada.project / "kit"), "zip", upstream.work / "skills/..")
    ada.run("add", archive, "--skill", "pdf")
    assert ada.lock()[""][0]["source"] == "./kit.zip"
    git(ada.project, "add", "kit.zip")
    share(ada)
    clone(ada, bob)
    make_skill(upstream.work, "pdf", "other")
    shutil.make_archive(str(bob.project / "kit"), "zip", upstream.work / "skills/..")
    assert "its digest is sha256:" in bob.run("sync", status=3)
    git(bob.project, "checkout", "--quiet", "kit.zip")
    bob.run("sync")
    assert has_same(ada, bob)


def test_a_taken_name(ada: Machine, bob: Machine, upstream: Upstream) -> None:
    """Where the collection has something else under the lock's name: an error, nothing changed."""
    ada.run("add", "acme/kit", "--skill", "pdf")
    share(ada)
    clone(ada, bob)
    make_skill(upstream.work.parent / "other", "pdf", "mine")
    bob.run("init", str(bob.collection))
    bob.run("collect", upstream.work.parent / "other")
    before = bob.json("list")
    assert "rename" in bob.run("sync", status=3)
    assert bob.json("list") == before
    bob.run("rename", "skill:pdf", "my-pdf")
    bob.run("sync")
    assert has_same(ada, bob)


def test_drop(ada: Machine) -> None:
    """A source as a whole, one of all that was selected; a member and a stranger are refused."""
    ada.run("add", "acme/kit")
    assert "'none' is not in" in ada.run("drop", "none", status=4)
    ada.run("drop", "pdf", "--dry-run")
    assert set(ada.uuids()) == {"skill:pdf", "skill:notes"}
    ada.run("drop", "pdf")
    assert 'select = ["skill:notes"]' in (ada.project / "holdall.toml").read_text()
    assert ada.run("sync", "--check") == AGREE
    ada.run("drop", "github:acme/kit")
    assert ada.uuids() == {}
    ada.run("undo", "2")
    assert set(ada.uuids()) == {"skill:pdf", "skill:notes"}
    assert ada.run("sync", "--check") == AGREE


def test_all_projects_below(ada: Machine) -> None:
    """`sync --all` does each project with a holdall.toml."""
    for name in ("a", "b"):
        (ada.project / name).mkdir()
        ada.run("add", "acme/kit", "--skill", "pdf", "--to", name)
        shutil.rmtree(ada.project / name / ".claude")
    assert "SKILL.md is missing" in ada.run("sync", "--all", "--check", status=1)
    ada.run("sync", "--all")
    assert ada.run("sync", "--all", "--check").count(AGREE) == 2
    assert "no holdall.toml" in ada.run("sync", status=4)


def test_check_without_a_home(
    ada: Machine, bob: Machine, monkeypatch: pytest.MonkeyPatch, upstream: Upstream
) -> None:
    """Where deployed files are in git, --check needs neither a home, a collection nor a source."""
    ada.run("add", "acme/kit")
    git(ada.project, "add", "--all")
    git(ada.project, "commit", "--quiet", "--message", "all")
    clone(ada, bob)
    shutil.rmtree(upstream.bare)
    shutil.rmtree(bob.home)
    with bob.at_work():
        for name in ("HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME"):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv("HOME", "/nonexistent")
        from holdall.testing import in_this_process

        done = in_this_process("sync", "--frozen", "--check")
        assert (done.returncode, done.stdout) == (0, AGREE)
        (bob.project / ".claude/skills/pdf/SKILL.md").write_text("edited")
        assert in_this_process("sync", "--frozen", "--check").returncode == 1
    assert not bob.home.exists()


def test_nothing_to_do_right_after(ada: Machine) -> None:
    """Right behind an add a sync knows by the status of files alone that nothing is to do."""
    import holdall.operations.projects.changes.sync as slow

    ada.run("add", "acme/kit")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(slow, "sync", None)
        assert ada.run("sync") == "everything is in place already\n"


def test_an_edit_while_it_is_compared(ada: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that is edited behind its comparison is not taken for what was compared."""
    import holdall.operations.projects.compare as compare_

    ada.run("add", "acme/kit")
    file = ada.project / ".claude/skills/pdf/SKILL.md"
    text = file.read_text()
    file.write_text(text)

    def and_edit(*given: object) -> Iterator[object]:
        yield from compare_.__dict__["changed_before"](*given)
        file.write_text("edited")

    with monkeypatch.context() as patch:
        patch.setattr(compare_, "changed_before", compare_.compare, raising=False)
        patch.setattr(compare_, "compare", and_edit)
        ada.run("sync")
    assert "SKILL.md is edited" in ada.run("sync", "--check", status=1)


def test_what_came_with_the_project_is_of_the_lock(
    ada: Machine, bob: Machine, upstream: Upstream
) -> None:
    """Where all is in place already, `sync` collects nothing, and nothing is called removed."""
    ada.run("add", "acme/kit@v1.0.0")
    shutil.copytree(ada.project, bob.project, ignore=shutil.ignore_patterns(".holdall"))
    bob.run("sync")
    assert "synced    skill:pdf for claude (of holdall.lock)" in bob.run("status")
    (bob.project / "holdall.lock").write_text("no lock")
    assert "removed   skill:pdf" in bob.run("status", status=1)
