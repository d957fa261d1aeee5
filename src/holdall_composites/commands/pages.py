"""`--limit` and `--cursor`: long lists in pages."""

from __future__ import annotations

import argparse

from holdall.cli import Context


def add_page_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of a list that may be read in pages."""
    parser.add_argument("--limit", type=int, metavar="N", help="at most so many (default: all)")
    parser.add_argument(
        "--cursor", metavar="TEXT", help="go on behind the page that ended with this cursor"
    )


def tell_of_more(context: Context, next_cursor: str | None) -> None:
    """Print how to go on, if there is more."""
    if next_cursor is not None:
        context.out.line(f"there is more: --cursor {next_cursor}")
