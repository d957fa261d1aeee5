"""`--verbose`: what the packages log is printed on standard error."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from holdall.formats.escape import one_line

PACKAGES = ("holdall", "holdall_composites")


class _OneLine(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        """Return a record as one line of plain text."""
        return one_line(super().format(record))


@contextmanager
def log_to_stderr() -> Iterator[None]:
    """Print during the block what the packages log, each line with the milliseconds so far."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_OneLine("%(relativeCreated)d ms %(name)s: %(message)s"))
    loggers = [logging.getLogger(package) for package in PACKAGES]
    for logger in loggers:
        logger.addHandler(handler)
        logger.setLevel(logging.DEBUG)
    try:
        yield
    finally:
        for logger in loggers:
            logger.removeHandler(handler)
            logger.setLevel(logging.NOTSET)
