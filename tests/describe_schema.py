"""Writes what the package keeps of the schema, for both kinds of database: `make schema`."""

from __future__ import annotations

import json

from holdall_composites.database.connect import connect_database, raw
from holdall_composites.database.models import MODELS
from holdall_composites.database.sqlite_file import private_copy
from holdall_composites.schema.describe import Description, describe
from holdall_composites.schema.drift import DESCRIPTION, TABLES
from holdall_composites.schema.fresh import END, FILE, head_of
from holdall_composites.schema.lock import lock_migrations
from holdall_composites.schema.migrator import Migrator
from holdall_composites.schema.revisions import known_revisions
from postgres_server import execute, running_server, with_name


def description_of_models(url: str) -> Description:
    """Return what the models make in an empty database."""
    with connect_database(url) as database:
        with database.bind_ctx(MODELS):
            database.create_tables(MODELS)
        return describe(database, TABLES)


def statements_of_scripts() -> str:
    """Return what the scripts make in an empty SQLite database."""
    with private_copy() as database:
        with lock_migrations(database):
            migrator = Migrator(database)
            for revision in known_revisions():
                migrator.apply(revision)
        query = """SELECT sql FROM sqlite_master
            WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%' ORDER BY rowid"""
        statements = [sql for (sql,) in raw(database, query, why="the catalogue").fetchall()]
    return f"{head_of(known_revisions())}\n{END.join(statements)};\n"


def main() -> None:
    """Make the models' tables on a server, run the scripts on a file, and write both down."""
    FILE.write_text(statements_of_scripts())
    with running_server() as server:
        execute(server, "CREATE DATABASE holdall_schema")
        try:
            found = description_of_models(with_name(server, "holdall_schema"))
        finally:
            execute(server, "DROP DATABASE holdall_schema WITH (FORCE)")
    DESCRIPTION.write_text(json.dumps(found, indent=1, sort_keys=True) + "\n")


if __name__ == "__main__":
    main()
