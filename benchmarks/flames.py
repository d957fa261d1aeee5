"""Draw where six cases spend their processor time, as flame graphs: `python -m benchmarks.flames`.

Each case runs in a process of its own, which is looked at whenever the system's clock says that it
used another tick of processor time. What was seen are folded stacks, a line each, callers first:

    holdall.cli:main;holdall.operations.deploy:deploy;holdall.files.root:holds 42

docs/flames/CASE.svg has a bar for each function, as wide as its share, above those that called it.
"""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping
from html import escape
from pathlib import Path
from types import FrameType
from typing import NamedTuple

from benchmarks.corpus import make_skills

FOLDER = Path(__file__).parents[1] / "docs" / "flames"
SKILLS = 1_000
TIMES = 20
"""How often what takes a moment is run."""

_SECONDS = 0.001
_WIDTH, _BAR = 1000, 16
_LEAST = 2.0
"""The narrowest bar that is drawn; a name needs seven for each letter."""

_COLOURS = {"holdall": "#f2a65a", "holdall_composites": "#e8836b", "peewee": "#8fb8de"}
Stacks = Mapping[tuple[str, ...], int]


class Node(NamedTuple):
    """A function below its callers: how often it was seen there, and what it called."""

    counts: Counter[str]
    below: dict[str, Node]


def main() -> int:
    """Draw all six, or sample one command for that."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.flames", description=__doc__)
    parser.add_argument("--sample", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--skills", type=int, default=SKILLS, help=f"default: {SKILLS}")
    parser.add_argument("words", nargs=argparse.REMAINDER, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.sample is not None:
        return sample(args.sample, args.words[1:])  # behind `--`
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="holdall-flames-", dir="/var/tmp") as folder:
        for case, stacks in measure(Path(folder), args.skills):
            (FOLDER / f"{case.replace(' ', '-')}.svg").write_text(draw(case, stacks))
            print(f"{case}: {sum(stacks.values())} samples")
    return 0


def sample(file: Path, words: list[str]) -> int:
    """Run Holdall in this process, and add the stacks that it is seen with to a file."""
    seen: Counter[str] = Counter()

    def look(_: int, frame: FrameType | None) -> None:
        seen[";".join(_names(frame))] += 1

    signal.signal(signal.SIGPROF, look)
    signal.setitimer(signal.ITIMER_PROF, _SECONDS, _SECONDS)
    try:
        from holdall.cli import main as run

        status = run(words)
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        with file.open("a") as out:
            out.writelines(f"{stack} {count}\n" for stack, count in seen.items())
    return status


def _names(frame: FrameType | None) -> list[str]:
    """Return the functions of a stack; what an import runs is below what imports it."""
    names: list[str] = []
    while frame is not None:
        module, code = frame.f_globals.get("__name__", "?"), frame.f_code
        if not module.startswith(("importlib.", "benchmarks.", "runpy", "__main__")):
            name = "import" if code.co_name == "<module>" else code.co_name
            names.append(f"{module}:{name}")
        frame = frame.f_back
    return names[::-1]


def measure(folder: Path, skills: int) -> Iterator[tuple[str, Stacks]]:
    """Yield six cases with the stacks that were seen."""
    source, kit, project, one = (folder / name for name in ("source", "kit", "project", "one"))
    ids = make_skills(source, skills)
    for place in (project, one):
        place.mkdir()
    environment = {**os.environ, **{f"XDG_{n}_HOME": str(folder / n) for n in ("CACHE", "STATE")}}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    file = folder / "stacks"

    def run(*words: str | Path, times: int = 1) -> Stacks:
        file.write_text("")
        python = [sys.executable, "-m", "benchmarks.flames", "--sample", str(file)]
        for _ in range(times):
            shutil.rmtree(one)
            one.mkdir()
            command = [*python, "--", "--quiet", *map(str, words)]
            subprocess.run(command, check=True, env=environment, stdout=subprocess.DEVNULL)
        return parse(file.read_text())

    run("init", kit)
    on: tuple[str | Path, ...] = ("--collection", kit)
    to: tuple[str | Path, ...] = ("--target", "claude", "--to")
    yield "first collect", run(*on, "collect", source)
    yield "first deploy", run(*on, "deploy", *ids, *to, project)
    run(*on, "deploy", *to, project)
    yield "unchanged deploy", run(*on, "deploy", *to, project, times=3)
    yield "status", run(*on, "status", "--to", project, times=3)
    yield "list", run(*on, "list", times=TIMES)
    small = folder / "small"
    make_skills(folder / "source-of-one", 1)
    run("init", small)
    run("--collection", small, "collect", folder / "source-of-one")
    words = ("--collection", small, "deploy", ids[0], *to, one)
    yield "deploy of one small skill", run(*words, times=TIMES)


def parse(text: str) -> Stacks:
    """Read folded stacks."""
    found: Counter[tuple[str, ...]] = Counter()
    for line in text.splitlines():
        stack, _, count = line.rpartition(" ")
        found[tuple(stack.split(";")) if stack else ()] += int(count)
    return found


def draw(title: str, stacks: Stacks) -> str:
    """Return an SVG of the stacks: callers below, what they call above them, by name."""
    top = Node(Counter(), {})
    for stack, count in stacks.items():
        node = top
        for name in stack:
            node.counts[name] += count
            node = node.below.setdefault(name, Node(Counter(), {}))
    bars = [*_bars(top, 0.0, _WIDTH / (sum(stacks.values()) or 1), 0)]
    deepest = max((level for _, _, _, level in bars), default=0)
    height = _BAR * (deepest + 3)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}"'
        ' font-family="monospace" font-size="11">'
        f'<rect width="{_WIDTH}" height="{height}" fill="white"/>'
        f'<text x="4" y="14">{escape(title)}: processor time, {sum(stacks.values())} samples</text>'
    ]
    for name, x, width, level in bars:
        y = height - _BAR * (level + 1)
        colour = _COLOURS.get(name.partition(".")[0].partition(":")[0], "#c9c9c9")
        letters = int(width / 7)
        label = escape(name[:letters]) if letters > 3 else ""
        share = 100 * width / _WIDTH
        parts.append(
            f'<g><title>{escape(name)} {share:.1f} %</title><rect x="{x:.1f}" y="{y}"'
            f' width="{width:.1f}" height="{_BAR - 1}" fill="{colour}"/>'
            + (f'<text x="{x + 2:.1f}" y="{y + 11}">{label}</text>' if label else "")
            + "</g>"
        )
    return "\n".join([*parts, "</svg>"]) + "\n"


def _bars(
    node: Node, x: float, scale: float, level: int
) -> Iterator[tuple[str, float, float, int]]:
    """Yield the name, place, width and level of each bar that is wide enough to see."""
    for name, count in sorted(node.counts.items()):
        width = count * scale
        if width >= _LEAST:
            yield name, x, width, level
            yield from _bars(node.below[name], x, scale, level + 1)
        x += width


if __name__ == "__main__":
    sys.exit(main())
