"""`holdall plugins`: what was loaded, from where, and what failed."""

from __future__ import annotations

import argparse

from holdall.cli.context import Context


def configure(_parser: argparse.ArgumentParser) -> None:
    """Add nothing: the command has no arguments."""


def run(context: Context, args: argparse.Namespace) -> int:
    """Print each plugin with its hooks; exit 1 if one failed."""
    records = context.plugins.records
    context.out.table(
        [
            (
                record.name,
                f"{record.distribution or '-'} {record.version or ''}".strip(),
                record.status.value,
                record.error or ", ".join(record.hooks),
            )
            for record in records
        ]
    )
    context.out.data(
        {
            "plugins": [
                {
                    "name": record.name,
                    "distribution": record.distribution,
                    "version": record.version,
                    "status": record.status.value,
                    "hooks": list(record.hooks),
                    "error": record.error,
                }
                for record in records
            ]
        }
    )
    return 1 if context.plugins.failed else 0
