"""How the processor time of each case grows with the number of artifacts: once for each size.

The processor's time, since a single run on a shared machine says little about the wall clock.
"""

from __future__ import annotations

import shutil

from benchmarks.corpus import make_commands
from benchmarks.measuring import Bench

SIZES = (1_000, 3_000, 10_000, 30_000, 100_000)
QUICK = (300, 1_000, 3_000)


def growth(bench: Bench, sizes: tuple[int, ...]) -> dict[str, dict[int, float]]:
    """Return CPU seconds by case and number of artifacts, one file each, in one composite."""
    found: dict[str, dict[int, float]] = {}
    for size in sizes:
        for case, seconds in _at(bench, size).items():
            found.setdefault(case, {})[size] = seconds
        shutil.rmtree(bench.folder / "grown", ignore_errors=True)
    return found


def _at(bench: Bench, size: int) -> dict[str, float]:
    folder = bench.empty("grown")
    source, kit, project = (folder / name for name in ("source", "kit", "project"))
    source.mkdir()
    make_commands(source, size)
    (source / ".claude-plugin").mkdir()
    (source / ".claude-plugin" / "plugin.json").write_text('{"name": "all", "version": "1.0.0"}')
    project.mkdir()
    bench.ours("init", kit)
    on = ("--collection", kit)
    steps = {
        "scan": ("scan", source),
        "first collect": (*on, "collect", source),
        "unchanged collect": (*on, "collect", source),
        "list": (*on, "list"),
        "expand (tree)": (*on, "tree", "composite:all"),
        "first deploy": (*on, "deploy", "composite:all", "--to", project),
        "unchanged deploy": (*on, "deploy", "--to", project),
        "status": (*on, "status", "--to", project),
        "undeploy": (*on, "undeploy", "composite:all", "--to", project),
    }
    return {
        name: bench.run(bench.holdall, "--quiet", *words, ok=(0, 1)).cpu
        for name, words in steps.items()
    }
