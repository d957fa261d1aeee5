"""How long it takes until something happens: `--version`, and one small skill."""

from __future__ import annotations

import sys

from benchmarks.corpus import make_skills
from benchmarks.measuring import Bench, Row, Sample, compared


def start_up(bench: Bench) -> list[Row]:
    """Measure against `python -c pass`, in more rounds than large things get."""
    small = Bench(bench.folder, max(15, 3 * bench.rounds), 1)
    small.profiles = bench.profiles
    source, kit = small.empty("one"), small.empty("one-kit")
    (skill,) = make_skills(source, 1)
    small.ours("init", kit)
    small.ours("--collection", kit, "collect", source)
    project = small.empty("one-project")
    deploy = ("--collection", kit, "deploy", skill, "--to", project)

    def first() -> Sample:
        small.empty("one-project")
        return small.ours(*deploy)

    found = small.in_turn(
        {
            "pass": lambda: small.run(sys.executable, "-c", "pass"),
            "version": lambda: small.run(small.holdall, "--version"),
            "help": lambda: small.run(small.holdall, "--help"),
            "deploy": first,
            "again": lambda: small.ours(*deploy),
        }
    )
    pass_, what = found["pass"], "small skill, warm"
    return [
        compared("`holdall --version`", "`python -c pass`", found["version"], pass_, 4),
        compared("`holdall --help`", "`python -c pass`", found["help"], pass_),
        compared(f"deploy of one {what}", "`python -c pass`", found["deploy"], pass_, 10, by="cpu"),
        compared("the same, unchanged", "`python -c pass`", found["again"], pass_, 10, by="cpu"),
    ]
