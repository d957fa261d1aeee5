"""Collections of 100,000 artifacts with 500,000 files, and of 1,000,000 versions.

The files are small, and the rounds few: each takes minutes. What has a yardstick is beside
`rsync -a` of the same files; what should not depend on the size is beside a small collection.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path

from benchmarks.corpus import FILES, make_skills
from benchmarks.measuring import Bench, Row, Sample, compared, single

VERSIONS = 10
"""How many versions each artifact has."""

SMALL = 100
"""How many artifacts the small collection has."""

_MORE_VERSIONS = """
WITH RECURSIVE numbers (number) AS (SELECT 1 UNION ALL SELECT number + 1 FROM numbers LIMIT ?)
INSERT INTO artifact_versions (artifact_uuid, number, parent_id, content_hash, message)
SELECT artifact_uuid, numbers.number, id, content_hash, 'more of the same'
FROM artifact_versions CROSS JOIN numbers WHERE artifact_versions.number = 0
"""


def large_collections(bench: Bench) -> list[Row]:
    """Measure what has nothing to do in a large project, then one of very many versions."""
    kit, project = _placed(bench, "large", bench.skills)
    return measured(bench, kit, project)


def measured(bench: Bench, kit: Path, project: Path) -> list[Row]:
    """Measure a collection and a project that has all of it."""
    rsync = shutil.which("rsync")
    mirror = bench.empty("large-mirror")
    if rsync:
        bench.run(rsync, "-a", f"{project}/.claude/", mirror)
    os.sync()
    on = ("--collection", kit)
    ways = {
        "deploy": lambda: bench.ours(*on, "deploy", "--to", project),
        "status": lambda: bench.ours(*on, "status", "--to", project),
        "list": lambda: bench.ours(*on, "list", "--ids"),
    }
    if rsync:
        ways["rsync"] = lambda: bench.run(rsync, "-a", f"{project}/.claude/", mirror)
    found = bench.in_turn(ways)
    title = f"{bench.skills:,} artifacts, {len(FILES) * bench.skills:,} files"
    rows = _alone(title, found, {"deploy": 6, "status": 6, "list": 1.5})
    if rsync:
        yard = ("`rsync -a` unchanged", found["rsync"])
        for name, what in (("deploy", "unchanged deploy"), ("status", "status")):
            rows.append(compared(f"{what}, {title}", yard[0], found[name], yard[1], by="cpu"))
    shutil.rmtree(mirror)
    return rows + _many_versions(bench, kit)


def _alone(
    title: str, found: Mapping[str, Sequence[Sample]], limits: Mapping[str, float]
) -> list[Row]:
    """Return processor time and memory of each way."""
    names = {"deploy": "unchanged deploy", "status": "status", "list": "list"}
    rows = []
    for name, limit in limits.items():
        samples, case = found[name], f"{names[name]}, {title}"
        rows.append(single(f"{case}: processor time", "s", [s.cpu for s in samples], limit))
        rows.append(single(f"{case}: memory at most", "MB", [s.memory for s in samples], 350))
    return rows


def _placed(bench: Bench, name: str, count: int) -> tuple[Path, Path]:
    """Return a collection of so many skills, and a project that has them all."""
    source, kit = bench.empty(f"{name}-source"), bench.empty(f"{name}-kit")
    make_skills(source, count, dict.fromkeys(FILES, 200))
    (source / ".claude-plugin").mkdir()
    (source / ".claude-plugin" / "plugin.json").write_text('{"name": "all", "version": "1.0.0"}')
    bench.ours("init", kit)
    bench.ours("--collection", kit, "collect", source)
    project = bench.empty(f"{name}-project")
    words = ("deploy", "composite:all", "--target", "claude", "--to", project)
    bench.ours("--collection", kit, *words)
    shutil.rmtree(source)
    return kit, project


def _many_versions(bench: Bench, kit: Path) -> list[Row]:
    """Measure one artifact of a collection with very many versions, beside one with a thousand.

    The versions are rows of what was collected, not made by collecting again.
    """
    small, _ = _placed(bench, "small", SMALL)
    for collection in (kit, small):
        with closing(sqlite3.connect(collection / ".holdall" / "holdall.db")) as database, database:
            database.execute(_MORE_VERSIONS, (VERSIONS - 1,))
    one = "skill:skill-00050"

    def deploy(collection: Path) -> Sample:
        project = bench.empty("one-project")
        words = ("deploy", one, "--target", "claude", "--to", project)
        return bench.ours("--collection", collection, *words)

    ways = {}
    for name, place in (("large", kit), ("small", small)):
        for command in ("show", "versions"):
            words = ("--collection", place, command, one)
            ways[f"{command} {name}"] = lambda words=words: bench.ours(*words)
        ways[f"deploy {name}"] = lambda place=place: deploy(place)
    found = bench.in_turn(ways)
    yard = f"the same of {SMALL * VERSIONS:,}"
    total = f"{bench.skills * VERSIONS:,}"
    return [
        compared(
            f"{command} of one in a collection of {total} versions",
            yard,
            found[f"{command} large"],
            found[f"{command} small"],
            1.5,
            by="cpu",
        )
        for command in ("show", "versions", "deploy")
    ]
