"""What the commands of a project's lock take: processor time, git's and all processes' included."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from benchmarks.corpus import make_skills
from benchmarks.measuring import Bench, Row, Sample, compared

MANY = 2.5
"""How many times the skills of the other groups a project has that is compared."""


def locked_projects(bench: Bench) -> list[Row]:
    """Measure a first add and a sync with nothing to do, and compare a large project."""
    small = Bench(bench.folder, max(15, 3 * bench.rounds), 1)
    small.profiles = bench.profiles
    source, project = small.empty("repository"), small.empty("locked")
    make_skills(source, 1)
    _commit(source)
    kit = small.folder / "locked-kit"
    chosen = ("--collection", kit)
    small.empty(kit.name)
    small.ours("init", kit)
    to = ("--to", project)

    def add() -> Sample:
        for name in (kit.name, project.name):
            small.empty(name)
        small.ours("init", kit)
        return small.ours(*chosen, "add", f"git+{source}", "--target", "claude", *to)

    found = small.in_turn(
        {
            "pass": lambda: small.run(sys.executable, "-c", "pass"),
            "add": add,
            "sync": lambda: small.ours(*chosen, "sync", *to),
        }
    )
    yard = ("`python -c pass`", found["pass"])
    case = "add of one small skill from a local git repository"
    rows = [_row(case, yard, found["add"], 25), _row("sync, unchanged", yard, found["sync"], 8)]
    return rows + _checked(bench)


def _row(case: str, yard: tuple[str, list[Sample]], ours: list[Sample], limit: float) -> Row:
    return compared(case, yard[0], ours, yard[1], limit, by="cpu")


def _checked(bench: Bench) -> list[Row]:
    """Compare a project of many artifacts with its lock, beside `rsync -an` of its files."""
    rsync = shutil.which("rsync")
    if rsync is None:
        return []
    source, kit, project = (bench.empty(f"many-{n}") for n in ("source", "kit", "project"))
    count = len(make_skills(source, int(MANY * bench.skills)))
    bench.ours("init", kit)
    words = ("--collection", kit)
    to = ("--to", project)
    bench.ours(*words, "add", source, "--target", "claude", *to)
    copy = bench.empty("many-copy")
    bench.run("cp", "-a", f"{project}/.claude", copy)
    found = bench.in_turn(
        {
            "check": lambda: bench.ours(*words, "sync", "--check", *to),
            "rsync": lambda: bench.run(rsync, "-an", f"{project}/.claude/", f"{copy}/.claude/"),
        }
    )
    yard = ("`rsync -an`", found["rsync"])
    return [_row(f"sync --check of {count} artifacts", yard, found["check"], 1.5)]


def _commit(folder: Path) -> None:
    git = ["git", "-C", str(folder), "-c", "user.name=a", "-c", "user.email=a@example.org"]
    for words in (["init", "--quiet"], ["add", "--all"], ["commit", "--quiet", "-m", "one"]):
        subprocess.run([*git, *words], check=True)
