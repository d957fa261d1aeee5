"""Run the benchmarks and print, or write down, what came of them."""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from benchmarks import (
    databases,
    filework,
    fleet,
    growth,
    history,
    large,
    migrations,
    peers,
    projects,
    publishing,
    report,
    starting,
)
from benchmarks.measuring import Bench, Row

# What measures memory comes before what fills this process: the peak of a program that is started
# begins with that of the one that starts it.
GROUPS: dict[str, Callable[[Bench], list[Row]]] = {
    "start": starting.start_up,
    "projects": projects.locked_projects,
    "of-fleet": projects.fleet_of_projects,
    "files": filework.whole_life,
    "scan": filework.scanning,
    "size": filework.growth_in_size,
    "migrate": migrations.migrating,
    "site": publishing.drawing,
    "publish": publishing.publishing,
    "peers": peers.beside_peers,
    "fleet": fleet.shared_collection,
    "database": databases.on_both,
}
LARGE = {"large": large.large_collections}
QUICK = ("start", "of-fleet", "files", "scan", "database")


def main() -> int:
    """Measure what is asked for; exit 1 if a target is not met."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="small, few rounds, writes nothing")
    parser.add_argument("--large", action="store_true", help="only what takes an hour")
    parser.add_argument("--rounds", type=int, help="how often each is run (default: 7)")
    parser.add_argument("--skills", type=int, help="5 files each (default: 2000; large: 100000)")
    parser.add_argument("--folder", type=Path, help="where to work (default: a temporary folder)")
    parser.add_argument("--only", choices=[*GROUPS, "growth"], action="append", help="this group")
    parser.add_argument("--write", action="store_true", help="write results, history and the page")
    parser.add_argument("--profile", type=Path, help="write a profile of each case to this folder")
    args = parser.parse_args()
    # Not where temporary files may be in memory: durability costs nothing there.
    folder = Path(tempfile.mkdtemp(prefix="holdall-bench-", dir=args.folder or "/var/tmp"))
    try:
        return run(args, folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def run(args: argparse.Namespace, folder: Path) -> int:
    """Run the groups in a folder."""
    bench = Bench(
        folder,
        args.rounds or (2 if args.quick else 3 if args.large else 7),
        args.skills or (100 if args.quick else 100_000 if args.large else 2000),
    )
    rows: list[Row] = []
    groups = LARGE if args.large else GROUPS
    for name, measure in groups.items():
        if name in (args.only or (QUICK if args.quick else groups)):
            print(f"{name} ", end="", file=sys.stderr, flush=True)
            load = os.getloadavg()[0]
            bench.profiles = args.profile.absolute() / name if args.profile else None
            found = measure(bench)
            print(file=sys.stderr)
            print(report.table(found), flush=True)
            told = report.machine(bench, f"{load:.1f} to {os.getloadavg()[0]:.1f}")
            if args.write:
                report.add(name, found, told)
                history.append(report.HISTORY, history.commit_here(report.ROOT), found)
            rows += found
    if "growth" in (args.only or ()) or not (args.only or args.quick or args.large):
        load = os.getloadavg()[0]
        grown = growth.growth(bench, growth.QUICK if args.quick else growth.SIZES)
        print(report.growth_table(grown))
        told = report.machine(bench, f"{load:.1f} to {os.getloadavg()[0]:.1f}")
        if args.write:
            report.add("growth", [], told, grown)
    if args.write:
        report.write()
    return 1 if any(row.is_met is False for row in rows) else 0


if __name__ == "__main__":
    sys.exit(main())
