"""What each commit measured, one line for each case, and a plot of it: benchmarks/history.jsonl.

    {"commit": "2a7afd4", "case": "unchanged deploy / `cp -a`", "ratio": 0.1021, "cpu": 0.1013}

`ratio` is that of the wall clock, `cpu` that of processor time, which other programs on the machine
move less. A commit that is measured again gets new lines, and the last one counts. Work that is not
committed is that of its commit and a `+`.
"""

from __future__ import annotations

import json
import math
import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path

from benchmarks.measuring import Row

__all__ = ["History", "append", "commit_here", "plot", "read"]

History = Mapping[str, Mapping[str, float]]
"""The ratio of each commit, by case; commits in the order in which they were measured first."""

_LEFT, _RIGHT, _TOP, _BOTTOM = 60, 500, 20, 340
_COLOURS = (
    *("#4e79a7", "#f28e2b", "#e15759", "#76b7b2", "#59a14f"),
    *("#b6992d", "#b07aa1", "#d37295", "#9c755f", "#333333"),
)


def commit_here(folder: Path) -> str:
    """Return the commit that is checked out in a folder, with a `+` if something was changed."""

    def git(*words: str) -> str:
        command = ["git", "-C", str(folder), *words]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()

    changed = git("status", "--porcelain", "--untracked-files=no", "--", "src", "hooks")
    return git("rev-parse", "--short=7", "HEAD") + ("+" if changed else "")


def append(path: Path, commit: str, rows: Iterable[Row]) -> None:
    """Add a line for each ratio that was measured."""
    with path.open("a", encoding="utf-8") as file:
        for row in rows:
            if row.unit == "x":
                case = f"{row.case} / {row.yardstick}"
                line = {"commit": commit, "case": case, "ratio": round(row.value, 4)}
                if row.cpu and row.their_cpu:
                    line["cpu"] = round(row.cpu / row.their_cpu, 4)
                file.write(json.dumps(line) + "\n")


def read(path: Path, cases: Iterable[str]) -> History:
    """Return what is known of some cases, by processor time where that was measured."""
    found: dict[str, dict[str, float]] = {case: {} for case in cases}
    for text in path.read_text(encoding="utf-8").splitlines():
        line = json.loads(text)
        if line["case"] in found:
            found[line["case"]][line["commit"]] = line.get("cpu", line["ratio"])
    return {case: ratios for case, ratios in found.items() if ratios}


def plot(history: History) -> str:
    """Return an SVG with a line for each case over the commits; the ratio's axis is logarithmic."""
    commits = [*dict.fromkeys(commit for ratios in history.values() for commit in ratios)]
    values = [ratio for ratios in history.values() for ratio in ratios.values()]
    low, high = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))
    step = (_RIGHT - _LEFT) / max(1, len(commits) - 1)
    places = {commit: _LEFT + step * number for number, commit in enumerate(commits)}

    def height(ratio: float) -> float:
        return _BOTTOM - (_BOTTOM - _TOP) * (math.log10(ratio) - low) / ((high - low) or 1)

    parts = [
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 840 400" font-family="sans-serif"'
        ' font-size="12"><rect width="840" height="400" fill="white"/>'
    ]
    for power in range(low, high + 1):
        y = height(10.0**power)
        parts.append(f'<path d="M{_LEFT},{y:.1f}H{_RIGHT}" stroke="#ddd"/>')
        parts.append(f'<text x="54" y="{y + 4:.1f}" text-anchor="end">{10.0**power:g} x</text>')
    for commit, x in places.items():
        parts.append(
            f'<text transform="translate({x + 4:.1f},{_BOTTOM + 8}) rotate(-45)"'
            f' text-anchor="end">{commit}</text>'
        )
    for number, (case, ratios) in enumerate(history.items()):
        colour = _COLOURS[number % len(_COLOURS)]
        points = [(places[commit], height(ratio)) for commit, ratio in ratios.items()]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in sorted(points))
        parts.append(f'<polyline points="{path}" stroke="{colour}" stroke-width="2" fill="none"/>')
        parts += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>' for x, y in points]
        parts.append(
            f'<rect x="520" y="{24 + 20 * number}" width="12" height="12" fill="{colour}"/>'
        )
        parts.append(f'<text x="538" y="{35 + 20 * number}">{case.replace("`", "")}</text>')
    return "\n".join([*parts, "</svg>"]) + "\n"
