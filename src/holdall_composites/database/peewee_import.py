"""Peewee, without the PostgreSQL driver until somebody wants PostgreSQL.

Peewee and playhouse import every driver that is installed. psycopg takes longer to import than all
the rest of a command together, and an embedded database has no use for it.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any

_DRIVER = "psycopg"


def _is_installed() -> bool:
    """Return whether the driver is there, without importing `importlib.util` to look for it."""
    finders = (getattr(finder, "find_spec", None) for finder in sys.meta_path)
    return any(find is not None and find(_DRIVER, None) is not None for find in finders)


@contextmanager
def without_driver() -> Iterator[None]:
    """Keep what is imported in the block from importing psycopg along, if nobody did before."""
    if _DRIVER in sys.modules or not _is_installed():
        yield
        return
    sys.modules[_DRIVER] = None  # type: ignore[assignment]  # an import of it now fails
    try:
        yield
    finally:
        del sys.modules[_DRIVER]


def _import_peewee() -> None:
    """Import Peewee so that its adapter for psycopg imports the driver when it is made."""
    if {_DRIVER, "peewee"} & sys.modules.keys() or not _is_installed():
        return
    with without_driver():
        import peewee
    _add_driver_later(peewee)


def _add_driver_later(peewee: Any) -> None:
    adapter = getattr(peewee, "Psycopg3Adapter", None)
    if adapter is None:
        del sys.modules["peewee"]  # not the Peewee that we know: it may import what it likes
        return
    make = adapter.__init__

    def make_with_driver(self: Any) -> None:
        adapter.__init__ = make
        _add_driver(peewee)
        make(self)

    peewee.psycopg = ModuleType(_DRIVER)
    adapter.__init__ = make_with_driver


def _add_driver(peewee: Any) -> None:
    """Give Peewee what it would have found when it was imported."""
    import psycopg
    from psycopg.pq import TransactionStatus
    from psycopg.types.json import Json, Jsonb

    peewee.psycopg, peewee.TransactionStatus = psycopg, TransactionStatus
    peewee.Json_pg3, peewee.Jsonb_pg3 = Json, Jsonb
    adapter = peewee.Psycopg3Adapter
    adapter.txn_idle = TransactionStatus.IDLE
    adapter.txn_inerror = TransactionStatus.INERROR
    adapter.txn_unknown = TransactionStatus.UNKNOWN


_import_peewee()

from peewee import (  # noqa: E402
    Database as Database,
    PeeweeException as PeeweeException,
    PostgresqlDatabase as PostgresqlDatabase,
    SqliteDatabase as SqliteDatabase,
)
