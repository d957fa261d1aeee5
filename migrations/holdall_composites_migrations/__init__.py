"""The numbered scripts that make and change the tables of the composites plugin.

Each has `upgrade(op)` and `downgrade(op)`, frozen once released: they use the tables as they were
then, never the models. They see the database through `Operations` and import nothing of Holdall.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

__all__ = ["DataWouldBeLost", "Operations", "StandsAgainst"]


class DataWouldBeLost(Exception):
    """A downgrade would delete what cannot be made again; it wants to be told to."""


class StandsAgainst(Exception):
    """Something that others made in the database would break; the message names it."""


class Operations(Protocol):
    """What a migration may do: run statements inside the runner's transaction.

    `dialect` is `sqlite` or `postgresql`; `lose_data` says that a downgrade may delete rows.
    """

    dialect: str
    lose_data: bool

    def execute(self, sql: str) -> None:
        """Run one statement."""
        ...

    def fetch(self, sql: str) -> Sequence[Sequence[Any]]:
        """Run one query; returns nothing where statements are only printed."""
        ...
