"""Writes the description of the models' schema on PostgreSQL: `make schema`."""

from __future__ import annotations

import json

from holdall_composites.database.connect import connected
from holdall_composites.database.models import MODELS
from holdall_composites.schema.describe import Description, describe
from holdall_composites.schema.drift import DESCRIPTION, TABLES
from postgres_server import execute, running_server, with_name


def description_of_models(url: str) -> Description:
    """Return what the models make in an empty database."""
    with connected(url) as database:
        with database.bind_ctx(MODELS):
            database.create_tables(MODELS)
        return describe(database, TABLES)


def main() -> None:
    """Make the models' tables on a server and write down what they consist of."""
    with running_server() as server:
        execute(server, "CREATE DATABASE holdall_schema")
        try:
            found = description_of_models(with_name(server, "holdall_schema"))
        finally:
            execute(server, "DROP DATABASE holdall_schema WITH (FORCE)")
    DESCRIPTION.write_text(json.dumps(found, indent=1, sort_keys=True) + "\n")


if __name__ == "__main__":
    main()
