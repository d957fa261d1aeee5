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
OF_FLEET = 10
"""How many skills, of five files, each project of a fleet has."""


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


def fleet_of_projects(bench: Bench) -> list[Row]:
    """Let many projects go to a release that changes each file, and back.

    Their locks come as from version control: one project is updated, the others have its lock.
    """
    source, kit, reader, copy = (bench.empty(f"of-fleet-{n}") for n in ("a", "kit", "b", "copy"))
    projects, to = bench.empty("of-fleet"), bench.folder / "of-fleet-published"
    make_skills(source, OF_FLEET)
    for folder in (kit, reader):
        bench.ours("init", folder)
    bench.ours("--collection", kit, "collect", source)
    bench.ours("--collection", kit, "publish", "--to", to)
    for file in filter(Path.is_file, (kit / "skills").rglob("*")):
        file.write_bytes(file.read_bytes() + b"Once more.\n")
    bench.ours("--collection", kit, "collect")
    first, *others = (projects / f"{number:05}" for number in range(bench.skills // 2))
    first.mkdir()
    words, channel = ("--collection", reader), to / "channels/main.json"
    bench.ours(*words, "add", channel, "--target", "claude", "--to", first)

    def go(release: int) -> Sample:
        bench.ours("--collection", kit, "publish", "--to", to, "--release", str(release))
        bench.ours(*words, "update", "--to", first)
        for other in others:
            other.mkdir(exist_ok=True)
            for name in ("holdall.toml", "holdall.lock"):
                shutil.copy(first / name, other)
        return bench.ours(*words, "sync", "--all", "--to", projects)

    def copy_all() -> Sample:
        bench.empty(copy.name)
        return bench.run("cp", "-a", projects, copy)

    go(1)
    few = Bench(bench.folder, min(bench.rounds, 3), bench.skills)
    few.profiles = bench.profiles
    found = few.in_turn({"cp": copy_all, "go": lambda: go(2), "back": lambda: go(1)})
    what = f"{bench.skills // 2} projects of {OF_FLEET * 5} files"
    yard = ("`cp -a`", found["cp"])
    return [
        _row(f"{what} to a release: sync --all", yard, found["go"], 10),
        _row("back to the one before: sync --all", yard, found["back"], 10),
    ]


def _commit(folder: Path) -> None:
    git = ["git", "-C", str(folder), "-c", "user.name=a", "-c", "user.email=a@example.org"]
    for words in (["init", "--quiet"], ["add", "--all"], ["commit", "--quiet", "-m", "one"]):
        subprocess.run([*git, *words], check=True)
