"""Commands of a project's lock, killed at mutating calls: the next command makes all agree."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from fault_scenario import killed_at
from tally import IS_LONG

from e2e.kit import in_this_process
from holdall.testing import make_skill

pytestmark = [pytest.mark.integration, pytest.mark.slow]

EVERY = 1 if IS_LONG else 23
COMMANDS = {
    "add": ("add", "source", "--skill", "pdf", "--target", "claude"),
    "more": ("add", "source", "--skill", "notes"),
    "update": ("update", "--yes"),
    "drop": ("drop", "pdf"),
    "sync": ("sync",),
    "merge": ("update", "--yes"),
    "more-sources": ("sync",),
    "clone": ("sync", "--frozen"),
}
BEFORE = {
    "add": (),
    "more": ("add",),
    "update": ("add", "change"),
    "drop": ("add",),
    "sync": ("add", "lose"),
    "merge": ("both", "edit", "change"),
    "more-sources": ("add", "require"),
    "clone": ("both", "leave"),
}
IN_LOCK = {"sync", "clone"}
"""Where the lock stays as it is, and the project follows it."""


LINES = "".join(f"line {number}\n" for number in range(1, 10))


def run(folder: Path, *words: str) -> str:
    """Run a command in the project; return what it printed."""
    done = in_this_process("--collection", str(folder / "kit"), *words)
    assert done.returncode in (0, 1), done.stdout + done.stderr
    return done.stdout


def do(folder: Path, name: str) -> None:
    """Run the command that is killed."""
    run(folder, *COMMANDS[name])


def prepare(folder: Path, name: str, patch: pytest.MonkeyPatch) -> None:
    """Make a source, a collection and a project, in the state that a command starts from."""
    project = folder / "project"
    project.mkdir(parents=True)
    patch.chdir(project)
    for skill in ("pdf", "notes"):
        make_skill(project / "source", skill)
    (project / "source/skills/notes/list.md").write_text(LINES)
    run(folder, "init", str(folder / "kit"))
    for step in BEFORE[name]:
        if step == "both":
            run(folder, "add", "source", "--target", "claude")
        elif step == "change":
            make_skill(project / "source", "pdf", "changed", **{"more.md": "more\n"})
            (project / "source/skills/notes/list.md").write_text(LINES.replace("9", "theirs"))
        elif step == "edit":
            for place in (folder / "kit", project / ".claude"):
                (place / "skills/notes/list.md").write_text(LINES.replace("1", "mine"))
        elif step == "require":
            make_skill(project / "other", "else")
            text = (project / "holdall.toml").read_text()
            line = next(line for line in text.splitlines() if "./source" in line)
            more = line.replace("pdf", "notes"), '    { source = "./other" },'
            (project / "holdall.toml").write_text(text.replace(line, "\n".join((more[0], more[1]))))
        elif step == "leave":
            for place in (project / ".claude", project / ".holdall", folder / "kit"):
                shutil.rmtree(place)
            run(folder, "init", str(folder / "kit"))
        elif step == "lose":
            shutil.rmtree(project / ".claude/skills")
        else:
            run(folder, *COMMANDS[step])


def skills(folder: Path) -> dict[str, str]:
    """Return the deployed skills, with what they say."""
    return {
        path.parent.name: path.read_text()
        for path in sorted((folder / "project/.claude/skills").glob("*/SKILL.md"))
    }


def own(folder: Path) -> tuple[str, ...]:
    """Return the texts of the project's own files."""
    names = ("holdall.toml", "holdall.lock")
    return tuple(p.read_text() for n in names if (p := folder / "project" / n).exists())


def both_merged(folder: Path) -> bool:
    """Return whether the edits and what the source changed are in collection and project."""
    text = LINES.replace("1", "mine").replace("9", "theirs")
    places = (folder / "kit", folder / "project/.claude")
    return all((place / "skills/notes/list.md").read_text() == text for place in places)


@pytest.mark.parametrize("name", COMMANDS)
def test_kills(tmp_path: Path, own_state: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """Project and lock are as before or as after, never between; database and files agree."""
    number, died = 0, True
    outcomes = []
    while died:
        folder = tmp_path / f"{number}"
        prepare(folder, name, monkeypatch)
        before = skills(folder)
        was = own(folder)
        died = killed_at(number * EVERY + 1, lambda place: do(place, name), folder)
        run(folder, "status")
        is_done = own(folder) != was or (name in IN_LOCK and skills(folder) != before)
        assert is_done or skills(folder) == before
        if own(folder):
            checked = json.loads(run(folder, "sync", "--check", "--json"))["projects"][0]
            found = [one["why"] for one in checked["differences"]]
            is_behind = not is_done and name in (*IN_LOCK, "more-sources")
            edits = [".claude/skills/notes/list.md is edited"] if name == "merge" else []
            assert bool(found) if is_behind else found == edits, checked
        said = run(folder, "doctor").splitlines()
        uncollected = [line for line in said if line.startswith("edited: skill:notes")]
        assert uncollected if name == "merge" and not is_done else said[-1].endswith("agree")
        run(folder, *(("sync",) if name == "drop" and is_done else COMMANDS[name]))
        checked = json.loads(run(folder, "sync", "--check", "--json"))["projects"][0]
        assert len(checked["differences"]) == (name == "merge")
        assert name != "merge" or both_merged(folder)
        outcomes.append(is_done)
        number += 1
        shutil.rmtree(folder)
    assert outcomes == sorted(outcomes)
    assert outcomes[-1]
