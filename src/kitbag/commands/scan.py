"""`kitbag scan`: read sources and print what is there; write nothing."""

from __future__ import annotations

import argparse
from pathlib import Path

from kitbag.context import Context
from kitbag.reading import read_source


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    parser = subparsers.add_parser("scan", help="print what a source holds; write nothing")
    parser.add_argument("sources", nargs="+", metavar="SOURCE", help="a folder to look through")
    parser.set_defaults(run=run)


def run(context: Context, args: argparse.Namespace) -> int:
    """Read each source; exit 1 if one has problems."""
    from kitbag.sources import reading_to_json

    readings = [read_source(context.plugins, Path(source)) for source in args.sources]
    for source, reading in zip(args.sources, readings, strict=True):
        rows = [(str(found.id), found.path) for found in reading.artifacts]
        rows += [
            (str(found.id), f"{found.path or '.'} ({len(found.members)} members)")
            for found in reading.composites
        ]
        context.out.table(rows)
        for problem in reading.diagnostics:
            context.out.note(problem.sentence)
        context.out.line(
            f"{len({found.id for found in reading.artifacts})} artifacts,"
            f" {len(reading.composites)} composites,"
            f" {len(reading.diagnostics)} problems in {source}"
        )
    merged: dict[str, list[object]] = {"artifacts": [], "composites": [], "diagnostics": []}
    for reading in readings:
        for key, values in reading_to_json(reading).items():
            merged.setdefault(key, []).extend(values)
    context.out.data(merged)
    return 1 if any(reading.needs_attention for reading in readings) else 0
