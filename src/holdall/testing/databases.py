"""A PostgreSQL database for a test, made on the server that the environment names."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit
from uuid import uuid4

VARIABLE = "HOLDALL_TEST_POSTGRES"
"""Names a server whose user may create databases, as `postgresql://user@host:port/postgres`."""


def dialects() -> list[str]:
    """Return on which databases tests run: SQLite, and PostgreSQL where a server is named."""
    return ["sqlite", "postgresql"] if os.environ.get(VARIABLE) else ["sqlite"]


@contextmanager
def postgres_database(server: str) -> Iterator[str]:
    """Make an empty database on a server and yield its URL; drop it at the end."""
    import psycopg
    from psycopg import sql

    name = f"holdall_test_{uuid4().hex[:12]}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        try:
            yield urlsplit(server)._replace(path=f"/{name}").geturl()
        finally:
            drop = sql.SQL("DROP DATABASE {} WITH (FORCE)")
            connection.execute(drop.format(sql.Identifier(name)))
