"""Trees of made-up artifacts, the same for every run: skills of 5 files, about 20 KB each."""

from __future__ import annotations

import random
from collections.abc import Mapping
from pathlib import Path

WORDS = [
    *("deploy", "collect", "artifact", "bundle", "version", "schema", "index", "query", "design"),
    *("review", "test", "parse", "render", "cache", "graph", "merge", "plan", "audit", "trace"),
    *("layout", "signal", "window"),
]
FILES = {
    "SKILL.md": 4000,
    "references/guide.md": 6000,
    "references/api.md": 5000,
    "scripts/run.py": 2000,
    "assets/template.txt": 3000,
}


def text(rng: random.Random, size: int) -> str:
    """Return at least `size` characters in lines of twelve words."""
    lines: list[str] = []
    length = 0
    while length < size:
        lines.append(" ".join(rng.choices(WORDS, k=12)))
        length += len(lines[-1]) + 1
    return "\n".join(lines) + "\n"


def make_skills(
    folder: Path, count: int, sizes: Mapping[str, int] = FILES, seed: int = 7
) -> list[str]:
    """Write skills with files of these sizes below `folder/skills` and return their ids."""
    rng = random.Random(seed)
    for number in range(count):
        name = f"skill-{number:05d}"
        for path, size in sizes.items():
            head = f"---\nname: {name}\ndescription: {text(rng, 60).splitlines()[0]}\n---\n\n"
            target = folder / "skills" / name / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text((head if path == "SKILL.md" else "") + text(rng, size))
    return [f"skill:skill-{number:05d}" for number in range(count)]


def make_commands(folder: Path, count: int, seed: int = 7) -> None:
    """Write commands, one small file each, below `folder/commands`."""
    rng = random.Random(seed)
    (folder / "commands").mkdir(parents=True)
    for number in range(count):
        name = f"command-{number:06d}.md"
        body = f"---\ndescription: command {number}\n---\n\n{text(rng, 300)}"
        (folder / "commands" / name).write_text(body)
