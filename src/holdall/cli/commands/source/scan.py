"""`holdall scan`: read sources and print what is there; write nothing."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from holdall.cli.allow import add_allow, refuse_unknown
from holdall.cli.context import Context
from holdall.operations.read_source import open_source
from holdall.sources.fetch.address import show_address

if TYPE_CHECKING:
    from holdall.sources.values import Reading


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument(
        "sources",
        nargs="+",
        metavar="SOURCE",
        help="a folder, an archive, or a git repository: URL[@REVISION][#FOLDER]",
    )
    add_allow(parser)


def run(context: Context, args: argparse.Namespace) -> int:
    """Read each source; exit 1 if one has problems."""
    refuse_unknown(args.allow)
    merged: dict[str, list[object]] = {"artifacts": [], "composites": [], "diagnostics": []}
    attention = False
    for source in args.sources:
        with open_source(context.plugins, source, context.caps) as found:
            reading = found.without(args.allow)
            _tell(context, reading, show_address(source))
            for key, values in _shape(reading).items():
                merged.setdefault(key, []).extend(values)
            attention = attention or reading.needs_attention
    context.out.data(merged)
    return 1 if attention else 0


def _shape(reading: Reading) -> dict[str, Any]:
    from holdall.sources.json_form import reading_to_json

    return reading_to_json(reading)


def _tell(context: Context, reading: Reading, source: str) -> None:
    rows = [(str(found.id), found.path) for found in reading.artifacts]
    rows += [
        (str(found.id), f"{found.path or '.'} ({len(found.members)} members)")
        for found in reading.composites
    ]
    rows += [(f"elsewhere:{remote.name}", remote.shown) for remote in reading.remotes]
    context.out.table(rows)
    for path, why in reading.left_out.items():
        context.out.detail(f"left out: {path}: {why}")
    for line in context.out.shorten([problem.sentence for problem in reading.diagnostics]):
        context.out.note(line)
    context.out.line(
        f"{len({found.id for found in reading.artifacts})} artifacts,"
        f" {len(reading.composites)} composites,"
        f"{f' {len(reading.remotes)} plugins elsewhere,' if reading.remotes else ''}"
        f" {len(reading.diagnostics)} problems in {source}"
    )
