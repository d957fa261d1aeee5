"""Connections, and errors that say what happened without a password in them."""

from __future__ import annotations

from pathlib import Path

import pytest
from kitbag_composites.database import DatabaseURL, connected, translated_errors
from kitbag_composites.errors import (
    AlreadyExists,
    ConstraintViolated,
    DatabaseFailed,
    DatabaseUnreachable,
    WrongDatabaseURL,
)
from peewee import Database

pytestmark = pytest.mark.integration

COLLECTION = "INSERT INTO collections (id, name) VALUES ('c', 'c')"


@pytest.mark.parametrize(
    ("statement", "error"),
    [
        (COLLECTION, AlreadyExists),
        (
            "INSERT INTO composite_artifacts (collection_id, id) VALUES ('c', 'x')",
            ConstraintViolated,
        ),
        ("INSERT INTO collections (id) VALUES ('d')", ConstraintViolated),
        ("SELECT * FROM nowhere", DatabaseFailed),
    ],
)
def test_driver_errors_become_ours(
    database: Database, statement: str, error: type[Exception]
) -> None:
    """Duplicates, broken keys, missing values and nonsense each have their error."""
    database.execute_sql(COLLECTION)
    with pytest.raises(error), translated_errors(), database.atomic():
        database.execute_sql(statement)


def test_foreign_keys_are_on_for_every_sqlite_connection(tmp_path: Path) -> None:
    """Opening the same file again has them on again, and full durability."""
    for _ in range(2):
        with connected(f"sqlite:///{tmp_path / 'k.db'}") as database:
            assert database.execute_sql("PRAGMA foreign_keys").fetchone() == (1,)
            assert database.execute_sql("PRAGMA synchronous").fetchone() == (2,)
            assert database.execute_sql("PRAGMA journal_mode").fetchone() == ("wal",)


def test_a_new_file_is_private(tmp_path: Path) -> None:
    """Others cannot read the database."""
    with connected(str(tmp_path / "deep" / "k.db")):
        pass
    assert (tmp_path / "deep" / "k.db").stat().st_mode & 0o777 == 0o600


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    """Garbage instead of a database is an error with the file's name."""
    (tmp_path / "k.db").write_text("no database at all, but long enough to be one" * 100)
    with pytest.raises(DatabaseUnreachable, match=r"k\.db"), connected(str(tmp_path / "k.db")):
        pass


def test_an_unreachable_server_shows_no_password() -> None:
    """Nothing listens there; the message has the host and no secret."""
    url = "postgresql://me:s3cret@127.0.0.1:1/none"
    with pytest.raises(DatabaseUnreachable) as refused, connected(url):
        pass
    assert "127.0.0.1:1/none" in refused.value.message
    assert "s3cret" not in refused.value.message + str(refused.value.hint)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "mysql://x/y",
        "postgresql://host",
        "sqlite://",
        "sqlite://host/f",
        "postgresql://h:p:q/x",
    ],
)
def test_wrong_urls_are_refused(text: str) -> None:
    """A URL that names no supported database says which forms there are."""
    with pytest.raises(WrongDatabaseURL) as refused:
        DatabaseURL.parse(text)
    assert "sqlite:///" in str(refused.value.hint)
