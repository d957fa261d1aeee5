"""Many projects on one machine: to a release and back, what was edited is kept."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from e2e.kit import Kit, new_kit
from holdall.testing import make_skill
from integration.projects.test_reports import read

pytestmark = pytest.mark.integration

COUNT = 20
SKILLS = ("drawing", "reading", "writing")
EDITED = "p07/.claude/skills/reading/SKILL.md"


@pytest.fixture
def team(tmp_path: Path) -> Kit:
    """A collection whose second release, with other words in each skill, is published."""
    team = new_kit(tmp_path / "team")
    for words in ("first words", "second words"):
        for name in SKILLS:
            make_skill(team.collection, name, words)
        team.run("collect")
        team.run("publish", "--to", tmp_path / "published")
    return team


def make_machine(team: Kit, tmp_path: Path, count: int) -> Kit:
    """Return a machine with so many projects, which have the first release."""
    move(team, tmp_path, 1)
    machine = new_kit(tmp_path / "machine")
    channel = tmp_path / "published/channels/main.json"
    first = machine.project / "p00"
    first.mkdir(parents=True)
    machine.run("add", channel, "--target", "claude", "--to", first)
    for number in range(1, count):
        follow(first, machine.project / f"p{number:02}")
    machine.run("sync", "--all", "--to", machine.project)
    return machine


def move(team: Kit, tmp_path: Path, release: int) -> None:
    """Let the channel name a release."""
    team.run("publish", "--to", tmp_path / "published", "--release", str(release))


def follow(first: Path, other: Path) -> None:
    """Give a project what another one has in version control."""
    other.mkdir(exist_ok=True)
    for name in ("holdall.toml", "holdall.lock"):
        shutil.copy(first / name, other / name)


def go(team: Kit, machine: Kit, tmp_path: Path, release: int, status: int) -> str:
    """Let all projects go to a release; return the errors."""
    move(team, tmp_path, release)
    machine.run("update", "--to", machine.project / "p00")
    for number in range(1, COUNT):
        follow(machine.project / "p00", machine.project / f"p{number:02}")
    done = machine.command("sync", "--all", "--to", machine.project)
    assert done.returncode == status, done.stderr
    return done.stderr


def skills(project: Path) -> dict[str, bytes]:
    """Return the skills of a project, by path."""
    root = project / ".claude/skills"
    return {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*.md")}


def test_to_a_release_and_back(team: Kit, tmp_path: Path) -> None:
    """Each has the bytes of the release that its lock names; one with an edit stops no other."""
    machine = make_machine(team, tmp_path, COUNT)
    projects = [machine.project / f"p{number:02}" for number in range(COUNT)]
    one = skills(projects[0])
    assert len(one) == len(SKILLS)
    edited = machine.project / EDITED
    edited.write_bytes(edited.read_bytes() + b"Mine.\n")
    before = skills(projects[7])
    errors = go(team, machine, tmp_path, 2, 3)
    assert "1 of 20 projects were not synced" in errors
    assert "p07" in errors
    two = skills(projects[0])
    assert all(b"second words" in data for data in two.values())
    assert [skills(place) for place in projects] == [*[two] * 7, before, *[two] * 12]
    assert machine.command("sync", "--all", "--to", machine.project).returncode == 3
    go(team, machine, tmp_path, 1, 1)
    assert [skills(place) for place in projects] == [*[one] * 7, before, *[one] * 12]


def test_one_that_cannot_be_read_is_reported(team: Kit, tmp_path: Path) -> None:
    """With the code of its error; the others are synced and reported as they are."""
    machine = make_machine(team, tmp_path, 3)
    (machine.project / "p01/holdall.lock").write_text("no lock")
    shutil.rmtree(machine.project / "p02/.claude")
    reports = tmp_path / "reports"
    reports.mkdir()
    words = ("sync", "--all", "--to", machine.project, "--report-to", reports, "--json")
    done = machine.command(*words)
    assert done.returncode == 2
    told = json.loads(done.stdout)
    assert [Path(one["project"]).name for one in told["projects"]] == ["p00", "p02"]
    assert [(Path(one["project"]).name, one["code"]) for one in told["failed"]] == [
        ("p01", "input")
    ]
    assert len(skills(machine.project / "p02")) == len(SKILLS)
    found = {Path(one["project"]).name: one for one in read(reports, status=1)}
    assert found["p01"]["note"] == "sync failed: input"
    assert [name for name, one in found.items() if one["note"]] == ["p01"]
    assert len(found) == 3
