"""What was measured, as JSON, as a table, and as plots: benchmarks/results.json and docs/."""

from __future__ import annotations

import json
import math
import os
import platform
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks import history
from benchmarks.measuring import Bench, Row

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "benchmarks" / "results.json"
PAGE = ROOT / "docs" / "performance.md"
PLOT = ROOT / "docs" / "growth.svg"
HISTORY = ROOT / "benchmarks" / "history.jsonl"
HISTORY_PLOT = ROOT / "docs" / "history.svg"
FOLLOWED = (
    "deploy of one small skill, warm / `python -c pass`",
    "the same, unchanged / `python -c pass`",
    "first deploy, durable / `cp -a`",
    "unchanged deploy / `cp -a`",
    "unchanged deploy / `rsync -a` unchanged",
    "undeploy of all / `rm -r`",
    "first collect / `cp -a`",
    "unchanged collect / `cp -a`",
    "scan of 20,000 files / `find` + `sha256sum`",
)
"""The cases of which the plot over commits has a line."""
TITLES = {
    "start": "Start-up",
    "projects": "Projects",
    "files": "Files",
    "scan": "Scanning",
    "size": "Large files",
    "large": "Large collections",
    "database": "Databases",
    "fleet": "A team's collection",
    "migrate": "Migrations",
    "peers": "Peers",
    "of-fleet": "Many projects",
    "publish": "Publishing",
    "site": "The site",
    "growth": "Growth",
}
BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"
COLOURS = (
    *("#4e79a7", "#f28e2b", "#e15759", "#76b7b2", "#59a14f"),
    *("#b6992d", "#b07aa1", "#d37295", "#9c755f"),
)


def table(rows: Iterable[Row]) -> str:
    """Return the rows as a Markdown table."""
    lines = [
        "| case | beside | at most | measured | single rounds | seconds | theirs | CPU | met |",
        "|---|---|--:|--:|--:|--:|--:|--:|:-:|",
    ]
    for row in rows:
        met = {None: "", True: "yes", False: "**no**"}[row.is_met]
        cells = (
            row.case,
            row.yardstick,
            "" if row.limit is None else _number(row.limit, row.unit),
            _number(row.value, row.unit),
            f"{_digits(row.low)} to {_digits(row.high)}",
            "" if row.ours is None else f"{row.ours:.3f}",
            "" if row.theirs is None else f"{row.theirs:.3f}",
            f"{row.cpu / row.their_cpu:.2f} x" if row.cpu and row.their_cpu else "",
            met,
        )
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def _digits(value: float) -> str:
    return f"{value:.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def _number(value: float, unit: str) -> str:
    return f"{_digits(value)} {unit}"


def machine(bench: Bench, load: str) -> str:
    """Return what the figures of a group depend on, in a sentence."""
    return (
        f"{datetime.now(UTC):%Y-%m-%d %H:%M}, {bench.rounds} rounds, {5 * bench.skills:,} files;"
        f" {os.cpu_count()} cores, load {load}; {platform.system()} {platform.machine()},"
        f" Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}."
    )


def add(
    group: str, rows: Sequence[Row], told: str, growth: Mapping[str, Any] | None = None
) -> None:
    """Put a group's figures in the place of its earlier ones in results.json."""
    results = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    results[group] = {"told": told, "rows": [row.to_json() for row in rows]}
    if growth is not None:
        results[group]["seconds"] = growth
    RESULTS.write_text(json.dumps(results, indent=1, sort_keys=True) + "\n")


def write() -> None:
    """Write the part of the page between its marks, and the plot, from results.json."""
    results = json.loads(RESULTS.read_text())
    parts = [BEGIN]
    for group, title in TITLES.items():
        found = results.get(group)
        if found is None:
            continue
        parts += ["", f"### {title}", "", found["told"], ""]
        if "seconds" in found:
            grown = {c: {int(n): t for n, t in at.items()} for c, at in found["seconds"].items()}
            PLOT.write_text(plot(grown))
            parts += [growth_table(grown), "", "![seconds by number of artifacts](growth.svg)"]
        else:
            rows = [{k: v for k, v in row.items() if k != "is_met"} for row in found["rows"]]
            parts += [table(Row(**row) for row in rows)]
    if followed := history.read(HISTORY, FOLLOWED):
        HISTORY_PLOT.write_text(history.plot(followed))
        parts += ["", "### Over commits", "", "Processor time, by commit.", ""]
        parts += ["![ratios by commit](history.svg)"]
    page = PAGE.read_text()
    before, _, rest = page.partition(BEGIN)
    PAGE.write_text(before + "\n".join([*parts, "", END]) + rest.partition(END)[2])


def growth_table(growth: Mapping[str, Mapping[int, float]]) -> str:
    """Return seconds by case and size, and the exponent of the growth between the ends."""
    sizes = sorted({size for times in growth.values() for size in times})
    lines = [
        f"| CPU seconds for | {' | '.join(f'{size:,}' for size in sizes)} | n^ |",
        f"|---|{'--:|' * (len(sizes) + 1)}",
    ]
    for case, times in growth.items():
        cells = " | ".join(f"{times[size]:.2f}" if size in times else "" for size in sizes)
        lines.append(f"| {case} | {cells} | {exponent(times):.2f} |")
    return "\n".join(lines)


def exponent(times: Mapping[int, float]) -> float:
    """Return x where time grows as size^x, from the two largest sizes."""
    *_, (small, first), (large, last) = sorted(times.items())
    return math.log(last / first) / math.log(large / small)


def plot(growth: Mapping[str, Mapping[int, float]]) -> str:
    """Return an SVG with a line per case, both axes logarithmic; dashed is linear growth."""
    points = [(size, time) for times in growth.values() for size, time in times.items()]
    xs, ys = [math.log10(size) for size, _ in points], [math.log10(time) for _, time in points]
    left, right, low, high = min(xs), max(xs), math.floor(min(ys)), math.ceil(max(ys))

    def at(size: float, time: float) -> str:
        x = 60 + 440 * (math.log10(size) - left) / ((right - left) or 1)
        y = 340 - 320 * (math.log10(time) - low) / ((high - low) or 1)
        return f"{x:.1f},{y:.1f}"

    parts = [
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 700 380" font-family="sans-serif"'
        ' font-size="12"><rect width="700" height="380" fill="white"/>'
    ]
    for power in range(low, high + 1):
        x, y = at(10**left, 10.0**power).split(",")
        parts.append(
            f'<path d="M{x},{y}H500" stroke="#ddd"/>'
            f'<text x="54" y="{float(y) + 4}" text-anchor="end">{10.0**power:g} s</text>'
        )
    for size in sorted({size for size, _ in points}):
        x = at(size, 10.0**low).split(",")[0]
        parts.append(f'<text x="{x}" y="358" text-anchor="middle">{size:,}</text>')
    start = 10.0**low * 3
    span = min(10**right / 10**left, 10.0**high / start)
    parts.append(
        f'<path d="M{at(10**left, start)} L{at(10**left * span, start * span)}"'
        ' stroke="#888" stroke-dasharray="5 4" fill="none"/>'
    )
    for number, (case, times) in enumerate(growth.items()):
        colour = COLOURS[number % len(COLOURS)]
        path = " ".join(at(size, time) for size, time in sorted(times.items()))
        parts.append(
            f'<polyline points="{path}" stroke="{colour}" stroke-width="2" fill="none"/>'
            f'<rect x="520" y="{24 + 20 * number}" width="12" height="12" fill="{colour}"/>'
            f'<text x="538" y="{35 + 20 * number}">{case}</text>'
        )
    legend = 35 + 20 * len(growth)
    parts.append(f'<text x="520" y="{legend}" fill="#888">dashed: linear</text>')
    parts.append('<text x="280" y="376" text-anchor="middle">artifacts, one file each</text></svg>')
    return "\n".join(parts) + "\n"
