"""`holdall add --from`: what other programs installed is under our lock, and nothing is lost."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from e2e.kit import snapshot
from git_repositories import bare_clone, commit, git, make_repository
from holdall.testing import make_skill
from machines import Machine, Upstream

pytestmark = pytest.mark.integration

RECORDED = Path(__file__).parents[4] / "shared" / "locks"
SKILLS = {"skill:count-lines", "skill:plain-prose", "skill:tidy-desk"}
DESK = {"agent:clerk", "command:desk:sweep", "hook:desk", "mcp:cabinet", "composite:desk"}
CASES = {
    "skills/project": SKILLS,
    "skills/project-well-known": SKILLS,
    "skills/user-github": SKILLS,
    "skills/user-well-known": SKILLS,
    "apm/project": SKILLS | DESK,
    "dotagents/project": SKILLS,
    "dotagents/project-well-known": SKILLS - {"skill:tidy-desk"},
    "rulesync/project": SKILLS - {"skill:tidy-desk"},
    "openskills/project": SKILLS,
}
"""Recorded from the real programs, and what is under the lock afterwards."""

WELL_KNOWN = "its source is none that Holdall reads; it is your collection's own from now"


def lay(case: str, to: Path) -> None:
    """Lay a recorded project or home out."""
    for row in json.loads((RECORDED / case / "tree.json").read_text()):
        path = to / row["path"]
        path.parent.mkdir(parents=True, exist_ok=True)
        if "link" in row:
            os.symlink(row["link"], path)
            continue
        top = RECORDED / "source" / row["copy"] if "copy" in row else None
        path.write_bytes((top or RECORDED / case / "files" / row["file"]).read_bytes())
        path.chmod(int(row["mode"], 8))


@pytest.fixture
def kit(ada: Machine, tmp_path: Path) -> None:
    """The source of the recorded locks, as the repository `acme/kit` with the tag v1.1.0."""
    if not RECORDED.is_dir():
        pytest.skip("the recorded locks are not here")
    work = make_repository(tmp_path / "kit")
    shutil.copytree(RECORDED / "source", work, dirs_exist_ok=True)
    commit(work)
    git(work, "tag", "v1.1.0")
    bare_clone(work, tmp_path / "hub/acme/kit.git")
    ada.settings.write_text(f'[url "file://{tmp_path}/hub/"]\n\tinsteadOf = https://github.com/\n')


def look(folder: Path) -> dict[str, tuple[int, int]]:
    """Return inode and modification time of each file and link below a folder."""
    found = snapshot(folder)
    return {p: s for p, s in found.items() if Path(p).is_symlink() or Path(p).is_file()}


@pytest.mark.slow
@pytest.mark.usefixtures("kit")
@pytest.mark.parametrize("case", CASES)
def test_a_recorded_lock(ada: Machine, case: str) -> None:
    """All that is listed is locked, nothing in place changes, and `why` answers for each."""
    if "user" in case:
        ada.project = ada.home
    lay(case, ada.project)
    before = look(ada.project)
    assert "nothing written" in ada.run("add", "--from", ada.project, "--dry-run")
    assert not (ada.project / "holdall.toml").exists()
    assert not ada.collection.exists()
    said = ada.run("add", "--from", ada.project, "--allow-commands")
    assert (WELL_KNOWN in said) == ("well-known" in case)
    if case == "apm/project":
        # The hook is put in as Codex knows it, beside that of apm, which it does not.
        before.pop(str(ada.project / ".codex/hooks.json"))
    after = look(ada.project)
    assert {path: after.get(path) for path in before} == before
    locked = ada.lock()
    assert CASES[case] == locked.keys() - {""}
    for own in CASES[case]:
        answer = ada.json("why", own)
        assert answer["required"].startswith("holdall.toml, line"), answer
        assert own == "composite:desk" or answer["since"]["command"] == "add"
    is_plain = case not in ("apm/project", "rulesync/project")
    assert ("agree" in ada.command("sync", "--check").stdout) == is_plain


def taken(ada: Machine, **entry: Any) -> Path:
    """Install `pdf` as the program `skills` does, with an entry of its lock."""
    place = ada.project / ".claude/skills/pdf"
    place.parent.mkdir(parents=True)
    make_skill(ada.project / "made", "pdf", "pdf one")
    shutil.move(ada.project / "made/skills/pdf", place)
    shutil.rmtree(ada.project / "made")
    row = {"source": "acme/kit", "sourceType": "github", "skillPath": "skills/pdf/SKILL.md"}
    document = {"version": 1, "skills": {"pdf": row | entry}}
    (ada.project / "skills-lock.json").write_text(json.dumps(document))
    return place


def digest(folder: Path) -> str:
    """Return the hash that `skills` has of a folder with one file."""
    return hashlib.sha256(b"SKILL.md" + (folder / "SKILL.md").read_bytes()).hexdigest()


def test_from_then_on(ada: Machine, upstream: Upstream) -> None:
    """It is updated, dropped and undone as if it had been added; the other lock stays."""
    place = taken(ada, ref="v1.0.0")
    said = ada.run("add", "--from", "skills-lock.json")
    assert "the lock of skills stays" in said
    assert ada.lock()[""][0]["commit"] == upstream.first
    assert ada.run("status").startswith("synced    skill:pdf for claude")
    toml = ada.project / "holdall.toml"
    toml.write_text(toml.read_text().replace('revision = "v1.0.0", ', ""))
    ada.run("sync")
    make_skill(upstream.work, "pdf", "pdf two")
    upstream.release()
    ada.run("update", "--yes")
    assert "pdf two" in (place / "SKILL.md").read_text()
    ada.run("drop", "pdf")
    assert not place.exists()
    ada.run("undo", "3")
    assert "pdf one" in (place / "SKILL.md").read_text()
    assert (ada.project / "skills-lock.json").exists()


@pytest.mark.usefixtures("upstream")
def test_a_link_goes_with_what_it_leads_to(ada: Machine) -> None:
    """`skills` links other agents' folders to one: no such link is left, and an undo has it."""
    place = taken(ada)
    common = ada.project / ".agents/skills"
    common.mkdir(parents=True)
    shutil.move(place, common / "pdf")
    place.symlink_to("../../.agents/skills/pdf")
    other = place.with_name("other")
    other.symlink_to("../../.agents/skills/pdf")  # of the user
    ada.run("add", "--from", ".")
    ada.run("drop", "pdf")
    assert not os.path.lexists(place)
    assert other.is_symlink()
    for _ in range(2):
        ada.run("undo")
        assert os.readlink(place) == "../../.agents/skills/pdf"
        assert (place / "SKILL.md").exists()
        ada.run("redo")
        assert not os.path.lexists(place)
    ada.run("undo")
    (common / "pdf/mine.md").write_text("mine\n")
    ada.run("drop", "pdf")
    assert (place / "mine.md").read_text() == "mine\n"


def test_an_edit_stays(ada: Machine) -> None:
    """What was edited is locked by its hash as the source has it; the edit stays one."""
    place = taken(ada)
    row = json.loads((ada.project / "skills-lock.json").read_text())
    row["skills"]["pdf"]["computedHash"] = digest(place)
    (ada.project / "skills-lock.json").write_text(json.dumps(row))
    (place / "SKILL.md").write_text("mine\n")
    said = ada.run("add", "--from", ".")
    assert ".claude/skills/pdf/SKILL.md: not as its source has it; it stays" in said
    assert (place / "SKILL.md").read_text() == "mine\n"
    assert "SKILL.md is edited" in ada.run("sync", "--check", status=1)
    ada.run("sync", "--force")
    assert "pdf one" in (place / "SKILL.md").read_text()


def test_a_source_that_went_on(ada: Machine, upstream: Upstream) -> None:
    """Where the source has something else now, what is in place stays, and that is said."""
    make_skill(upstream.work, "pdf", "pdf two")
    upstream.release()
    place = taken(ada, computedHash="0" * 64)
    said = ada.run("add", "--from", ".")
    assert "pdf: github:acme/kit has other content than is locked" in said
    assert "pdf one" in (place / "SKILL.md").read_text()


@pytest.mark.parametrize(
    ("entry", "name", "said", "status"),
    [
        ({"source": 3}, "pdf", "skills-lock.json, skills.pdf: source is not a text", 2),
        ({"source": "acme/none"}, "pdf", "no such git repository", 4),
        ({"source": "ext::sh -c x", "sourceType": "git"}, "pdf", "ext::sh", 4),
        ({"sourceType": "well-known"}, "../../x", "unsafe path", 3),
        ({"sourceType": "well-known"}, "gone", "gone is not in", 4),
    ],
)
def test_a_bad_lock(ada: Machine, entry: dict[str, Any], name: str, said: str, status: int) -> None:
    """A clear error, and nothing is changed."""
    taken(ada, **entry)
    lock = ada.project / "skills-lock.json"
    lock.write_text(lock.read_text().replace('"pdf":', f'"{name}":'))
    before = snapshot(ada.project)
    assert said in ada.run("add", "--from", ".", status=status)
    assert snapshot(ada.project) == before
    assert not (ada.collection / "manifest.toml").exists()


def test_which_lock(ada: Machine) -> None:
    """One of several has to be named; a file of another name is refused, and a SOURCE with it."""
    taken(ada)
    (ada.project / "agents.lock").write_text("version = 1\n")
    assert "has several locks: skills-lock.json, agents.lock" in ada.run(
        "add", "--from", ".", status=2
    )
    other = ada.project / ".claude/skills/pdf/SKILL.md"
    assert "is no lock that Holdall reads" in ada.run("add", "--from", other, status=2)
    assert "has no lock of another program" in ada.run("add", "--from", ada.home, status=4)
    assert "name no SOURCE" in ada.run("add", "acme/kit", "--from", "agents.lock", status=2)
    assert "add what?" in ada.run("add", status=2)


def test_a_taken_name(ada: Machine, upstream: Upstream) -> None:
    """Where the collection has something else of that name, nothing is changed."""
    taken(ada)
    make_skill(upstream.work.parent / "other", "pdf", "mine")
    ada.run("init", ada.collection)
    ada.run("collect", upstream.work.parent / "other")
    before = snapshot(ada.project), ada.json("list")
    assert "the collection has something else of that name" in ada.run(
        "add", "--from", ".", status=3
    )
    assert (snapshot(ada.project), ada.json("list")) == before


def test_export_lock(ada: Machine, upstream: Upstream) -> None:
    """What is locked is written as `skills` writes it, and read back as the same."""
    make_skill(ada.project / "vendor", "mine", "mine")
    upstream.release("v1.1.0")
    ada.run("add", "acme/kit@v1.1.0", "--skill", "pdf")
    ada.run("add", "./vendor")
    lock = ada.project / "skills-lock.json"
    lock.write_text('{"version": 1, "skills": {"other": {"source": "a/b"}}, "more": 1}')
    assert "would write 2 skills" in ada.run("export", "--lock", "vercel", "--dry-run")
    assert "computedHash" not in lock.read_text()
    assert "wrote 2 skills to" in ada.run("export", "--lock", "vercel")
    written = json.loads(lock.read_text())
    assert list(written["skills"]) == ["mine", "other", "pdf"]
    assert written["skills"]["other"] == {"source": "a/b"}
    assert written["skills"]["pdf"] == {
        "source": "acme/kit",
        "ref": "v1.1.0",
        "sourceType": "github",
        "skillPath": "skills/pdf/SKILL.md",
        "computedHash": digest(ada.project / ".claude/skills/pdf"),
    }
    before = ada.lock()
    ada.run("undo")
    assert "computedHash" not in lock.read_text()
    ada.run("export", "--lock", "vercel")
    del written["skills"]["other"]
    lock.write_text(json.dumps(written))
    for name in ("holdall.toml", "holdall.lock"):
        (ada.project / name).unlink()
    shutil.rmtree(ada.project / ".holdall")
    ada.run("add", "--from", ".")
    after = ada.lock()
    assert after.keys() == before.keys()
    for own in before.keys() - {""}:
        assert before[own]["content_hash"] == after[own]["content_hash"]
        assert before[own]["uuid"] == after[own]["uuid"]
    assert "export what" in ada.run("export", status=2)
