"""Other installers of skills, where they are found: on PATH, or where HOLDALL_BENCH_<NAME> says.

Each gets a tenth of the skills (most need seconds for a hundred), beside `cp -a` of the same.
SkillMeat and apm take one skill at a time and get ten.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

from benchmarks.corpus import make_skills
from benchmarks.measuring import Bench, Row, Sample, compared

NAMES = ("skills", "openskills", "rulesync", "skillmeat", "apm")
FEW = 10


def found_peer(name: str) -> str | None:
    """Return a peer's program, None where there is none that runs."""
    return os.environ.get(f"HOLDALL_BENCH_{name.upper()}") or shutil.which(name)


def version_of(program: str) -> str:
    """Return the version that a program says it has."""
    done = subprocess.run([program, "--version"], capture_output=True, text=True, check=False)
    found = re.search(r"\d+(?:\.\d+)+", done.stdout)
    return found[0] if found else "of an unknown version"


def beside_peers(bench: Bench) -> list[Row]:
    """Install the same skills with every peer, first and again."""
    source = bench.empty("peer-source")
    ids = make_skills(source, max(FEW, bench.skills // 10))
    rows: list[Row] = []
    few = Bench(bench.folder, min(3, bench.rounds), bench.skills)
    for name in NAMES:
        program = found_peer(name)
        if program:
            rows += _measured(few, name, program, source, ids)
    return rows


def _measured(bench: Bench, name: str, program: str, source: Path, ids: list[str]) -> list[Row]:
    home = bench.empty("peer-home")
    bench.environment = {**bench.environment, "HOME": str(home), "CI": "1"}
    count = FEW if name in ("skillmeat", "apm") else len(ids)
    part = bench.empty("peer-part")
    (part / "skills").mkdir()
    for artifact_id in ids[:count]:
        folder = f"skills/{artifact_id.partition(':')[2]}"
        shutil.copytree(source / folder, part / folder)
    kit = bench.empty("peer-kit")
    bench.ours("init", kit)
    bench.ours("--collection", kit, "collect", part)
    project = bench.folder / "peer-project"
    again = WAYS[name](bench, program, part, project)

    def first() -> Sample:
        bench.empty("peer-project")
        return again()

    def copy() -> Sample:
        bench.empty("peer-copy")
        return bench.run("cp", "-a", part, bench.folder / "peer-copy" / "of")

    def ours() -> Sample:
        bench.empty("peer-own")
        words: list[str | Path] = ["deploy", *ids[:count], "--to", bench.folder / "peer-own"]
        return bench.ours("--collection", kit, *words)

    try:
        found = bench.in_turn({"cp": copy, "ours": ours, "first": first, "again": again})
    except (RuntimeError, OSError) as error:
        print(f"\n{name} was left out: {error}"[:300])
        return []
    files, title = 5 * count, f"{name} {version_of(program)}"
    return [
        compared(f"{title}: first, {files} files", "`cp -a`", found["first"], found["cp"]),
        compared(f"{title}: again, {files} files", "`cp -a`", found["again"], found["cp"]),
        compared(f"(Holdall: first, {files} files)", "`cp -a`", found["ours"], found["cp"]),
    ]


Way = Callable[[], Sample]


def _skills(bench: Bench, program: str, source: Path, project: Path) -> Way:
    words = (program, "add", source, "-a", "claude-code", "--skill", "*", "-y", "--copy")
    return lambda: bench.run("env", "-C", project, *words)


def _openskills(bench: Bench, program: str, source: Path, project: Path) -> Way:
    return lambda: bench.run("env", "-C", project, program, "install", source / "skills", "-y")


def _rulesync(bench: Bench, program: str, source: Path, project: Path) -> Way:
    """It takes skills from git, into a folder of its own first."""
    repository = bench.empty("peer-repository")
    bench.run("cp", "-a", source / "skills", repository)
    git = ("git", "-C", repository, "-c", "user.name=a", "-c", "user.email=a@example.org")
    for words in (("init", "--quiet"), ("add", "--all"), ("commit", "--quiet", "-m", "all")):
        bench.run(*git, *words)
    wanted = {"source": f"file://{repository}", "transport": "git", "skills": ["*"]}
    settings = {"targets": ["claudecode"], "features": ["skills"], "sources": [wanted]}

    def install() -> Sample:
        (project / "rulesync.jsonc").write_text(json.dumps(settings))
        one, two = (bench.run("env", "-C", project, program, w) for w in ("install", "generate"))
        return Sample(one.wall + two.wall, one.cpu + two.cpu, max(one.memory, two.memory))

    return install


def _skillmeat(bench: Bench, program: str, source: Path, project: Path) -> Way:
    names = [path.name for path in sorted((source / "skills").iterdir())]
    bench.run(program, "collection", "create", "default")
    for name in names:
        trust = "--dangerously-skip-permissions"
        bench.run(program, "add", "skill", source / "skills" / name, trust)
    return lambda: bench.run("env", "-C", project, program, "deploy", *names)


def _apm(bench: Bench, program: str, source: Path, project: Path) -> Way:
    skills = sorted((source / "skills").iterdir())
    words: list[str | Path] = [program, "install", *skills, "--target", "claude"]
    return lambda: bench.run("env", "-C", project, *words)


WAYS = {
    "apm": _apm,
    "openskills": _openskills,
    "rulesync": _rulesync,
    "skillmeat": _skillmeat,
    "skills": _skills,
}
