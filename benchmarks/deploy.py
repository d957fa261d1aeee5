#!/usr/bin/env python3
"""Measure collect and deploy as ratios to `cp -a` of the same files, in turn, in one run.

usage: deploy.py [--skills N] [--rounds N]

Makes a tree of skills (5 files, about 20 KB each), then runs `cp -a` and Kitbag in turn and prints
the median of each, its spread, and the ratio. Absolute times depend on the machine; ratios are
what to compare.
"""

from __future__ import annotations

import argparse
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

KITBAG = Path(sys.executable).with_name("kitbag")
WORDS = [
    "collect",
    "deploy",
    "bundle",
    "version",
    "query",
    "design",
    "review",
    "parse",
    "render",
    "cache",
    "merge",
    "plan",
]
FILES = {
    "SKILL.md": 4000,
    "references/guide.md": 6000,
    "references/api.md": 5000,
    "scripts/run.py": 2000,
    "assets/template.txt": 3000,
}


def make_tree(folder: Path, skills: int) -> None:
    rng = random.Random(7)
    for number in range(skills):
        name = f"skill-{number:05d}"
        for path, size in FILES.items():
            text = " ".join(rng.choices(WORDS, k=size // 7))
            head = f"---\nname: {name}\ndescription: skill {number}\n---\n"
            target = folder / "skills" / name / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text((head if path == "SKILL.md" else "") + text + "\n")


def kitbag(*words: str | Path) -> None:
    subprocess.run([KITBAG, "--quiet", *words], check=True, capture_output=True)


def timed(run: Callable[[], None]) -> float:
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


def one_round(work: Path, source: Path) -> dict[str, float]:
    for name in ("copy", "kit", "project"):
        shutil.rmtree(work / name, ignore_errors=True)
    kit, project = work / "kit", work / "project"
    project.mkdir()
    kitbag("init", kit)
    on_kit = ("--collection", kit)
    ids = [f"skill:{path.name}" for path in sorted((source / "skills").iterdir())]
    return {
        "cp -a": timed(lambda: subprocess.run(["cp", "-a", source, work / "copy"], check=True)),
        "first collect": timed(lambda: kitbag(*on_kit, "collect", source)),
        "collect, unchanged": timed(lambda: kitbag(*on_kit, "collect", source)),
        "first deploy": timed(lambda: kitbag(*on_kit, "deploy", *ids, "--to", project)),
        "deploy, unchanged": timed(lambda: kitbag(*on_kit, "deploy", "--to", project)),
        "undeploy": timed(lambda: kitbag(*on_kit, "undeploy", *ids, "--to", project)),
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--skills", type=int, default=500)
    parser.add_argument("--rounds", type=int, default=5)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="kitbag-bench-") as folder:
        work = Path(folder)
        make_tree(work / "source", args.skills)
        rounds = [one_round(work, work / "source") for _ in range(args.rounds)]
    base = statistics.median(times["cp -a"] for times in rounds)
    print(f"{args.skills} skills, {5 * args.skills} files, {args.rounds} rounds")
    for case in rounds[0]:
        times = [times[case] for times in rounds]
        median = statistics.median(times)
        print(
            f"{case:20} {median:7.2f} s  ({min(times):.2f} to {max(times):.2f})"
            f"  {median / base:6.2f} x cp -a"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
