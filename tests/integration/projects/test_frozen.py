"""`holdall sync --frozen` in a clone: what the lock names is never deleted, whatever is missing."""

from __future__ import annotations

import shutil

import pytest

from git_repositories import git
from holdall.testing import in_this_process, make_skill
from machines import Machine, Upstream

pytestmark = pytest.mark.integration


def share(machine: Machine, *paths: str) -> None:
    """Commit the project's own files, or these paths."""
    git(machine.project, "add", *(paths or ("holdall.toml", "holdall.lock")))
    git(machine.project, "commit", "--quiet", "--message", "change")


def clone(ada: Machine, bob: Machine) -> None:
    """Get a machine's project on another one."""
    git(ada.project, "clone", "--quiet", str(ada.project), str(bob.project))


def skills(machine: Machine) -> dict[str, bytes]:
    """Return the bytes of the deployed skills' texts, by name."""
    found = sorted((machine.project / ".claude/skills").glob("*/SKILL.md"))
    return {path.parent.name: path.read_bytes() for path in found}


@pytest.mark.parametrize("is_there", [True, False], ids=["reachable", "gone"])
def test_deployed_files_came_with_git(
    ada: Machine, bob: Machine, upstream: Upstream, is_there: bool
) -> None:
    """They stay, byte for byte, with and without the source, in every form of the command."""
    ada.run("add", "acme/kit")
    share(ada, "--all")
    clone(ada, bob)
    if not is_there:
        shutil.rmtree(upstream.bare)
    before = bob.files()
    for words in (("--frozen",), ("--frozen", "--check"), (), ("--frozen", "--force")):
        bob.run("sync", *words)
        assert bob.files() == before
    assert bob.uuids() == ada.uuids()


def test_without_its_source(ada: Machine, bob: Machine, upstream: Upstream) -> None:
    """What is not in place cannot come; what is, and what is the user's, stays as it is."""
    ada.run("add", "acme/kit")
    share(ada)
    clone(ada, bob)
    made = make_skill(bob.project / ".claude", "mine").parent
    shutil.copytree(ada.project / ".claude/skills/pdf", made / "pdf")
    shutil.rmtree(upstream.bare)
    before = bob.files()
    assert "no such git repository" in bob.run("sync", "--frozen", status=4)
    assert bob.files() == before


def test_a_part_that_was_lost(ada: Machine, bob: Machine, upstream: Upstream) -> None:
    """One file is missing, another was edited: the missing one comes, the edit stays."""
    ada.run("add", "acme/kit")
    share(ada, "--all")
    clone(ada, bob)
    (bob.project / ".claude/skills/pdf/SKILL.md").unlink()
    (bob.project / ".claude/skills/notes/SKILL.md").write_text("mine\n")
    bob.run("sync", "--frozen", status=1)
    assert skills(bob) == {"notes": b"mine\n", "pdf": skills(ada)["pdf"]}
    (bob.project / ".claude/skills/pdf/SKILL.md").unlink()
    shutil.rmtree(upstream.bare)
    bob.run("sync", "--frozen", status=1)  # from the collection, which has the bytes now
    assert skills(bob) == {"notes": b"mine\n", "pdf": skills(ada)["pdf"]}


def test_only_what_left_the_lock_goes(ada: Machine, bob: Machine) -> None:
    """A branch that dropped one of two takes that one away, and brings it back when one returns."""
    ada.run("add", "acme/kit")
    share(ada)
    git(ada.project, "checkout", "--quiet", "-b", "less")
    ada.run("drop", "notes")
    share(ada)
    clone(ada, bob)
    git(bob.project, "checkout", "--quiet", "main")
    bob.run("sync", "--frozen")
    both = skills(bob)
    assert set(both) == {"notes", "pdf"}
    git(bob.project, "checkout", "--quiet", "less")
    bob.run("sync", "--frozen")
    assert set(skills(bob)) == {"pdf"}
    git(bob.project, "checkout", "--quiet", "main")
    bob.run("sync", "--frozen")
    assert skills(bob) == both


@pytest.mark.parametrize("lost", [".holdall", ".claude/.skillmeat-deployed.toml"])
def test_what_was_known_is_lost(ada: Machine, lost: str) -> None:
    """Without Holdall's own records of the project nothing that the lock names goes."""
    ada.run("add", "acme/kit")
    before = skills(ada)
    path = ada.project / lost
    shutil.rmtree(path) if path.is_dir() else path.unlink()
    ada.run("sync", "--frozen")
    assert skills(ada) == before
    assert "agree" in ada.run("sync", "--check")


def test_a_lock_that_is_refused(ada: Machine, bob: Machine) -> None:
    """A lock with marks of a conflict, or that is not what is asked for, changes nothing."""
    ada.run("add", "acme/kit")
    share(ada, "--all")
    clone(ada, bob)
    before = bob.files()
    lock = bob.project / "holdall.lock"
    text = lock.read_text()
    lock.write_text(f"<<<<<<< HEAD\n{text}=======\n>>>>>>> other\n")
    bob.run("sync", "--frozen", status=2)
    lock.unlink()
    bob.run("sync", "--frozen", status=3)
    lock.write_text(text)
    assert bob.files() == before


def test_continuous_integration(
    ada: Machine, bob: Machine, upstream: Upstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a cached collection neither a home, a network nor git is needed for a sync, but a place
    for the key of journals; without that nothing is written, and the error says how to name one.
    """
    ada.run("add", "acme/kit")
    share(ada)
    clone(ada, bob)
    cached = bob.home.parent / "cached"
    shutil.copytree(ada.collection, cached)
    shutil.rmtree(upstream.bare)
    shutil.rmtree(bob.home)
    with bob.at_work(), monkeypatch.context() as patch:
        for name in ("HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME"):
            patch.delenv(name, raising=False)
        patch.delenv("XDG_CONFIG_HOME", raising=False)
        patch.setenv("HOME", "/dev/null/home")
        patch.setenv("PATH", "")
        patch.setenv("HOLDALL_COLLECTION", str(cached))
        done = in_this_process("sync", "--frozen")
        assert (done.returncode, skills(bob)) == (5, {})
        assert "set XDG_STATE_HOME to a folder that you may write to" in done.stderr
        patch.setenv("XDG_STATE_HOME", str(bob.home.parent / "state"))
        done = in_this_process("sync", "--frozen")
        assert done.returncode == 0, done.stderr
        assert skills(bob) == skills(ada)
        assert in_this_process("sync", "--frozen", "--check").returncode == 0
    assert not bob.home.exists()
