"""What the migration scripts share. It may grow; what a released script uses never changes."""

from __future__ import annotations

from typing import Any

from peewee import SQL, Context, Database, DatabaseError, Model, Node, SqliteDatabase, Table
from playhouse.migrate import SchemaMigrator


class DataWouldBeLost(Exception):
    """A downgrade would delete what cannot be made again, and nobody allowed it."""


class StandsAgainst(Exception):
    """Something that others made in the database would break; the message names it."""


class ByDialect(Node):
    """A piece of SQL that SQLite and PostgreSQL want in their own words.

    Peewee does not say which database it compiles for; its mark of a parameter does.
    """

    def __init__(self, sqlite: str, postgresql: str) -> None:
        self.sqlite, self.postgresql = sqlite, postgresql

    def __sql__(self, ctx: Context) -> Context:
        return ctx.literal(self.postgresql if ctx.state.param == "%s" else self.sqlite)


_DEPENDED_ON = "2BP01"  # of PostgreSQL, whatever language its messages are in
CASCADE: dict[str, Any] = {"on_delete": "CASCADE", "on_update": "CASCADE", "index": False}
NOW = ByDialect(
    "DEFAULT (strftime('%Y-%m-%dT%H:%M:%SZ', 'now'))",
    """DEFAULT (to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'))""",
)


def is_sqlite(db: Database) -> bool:
    """Return whether a script runs on SQLite rather than on PostgreSQL."""
    return isinstance(db, SqliteDatabase)


def default(text: str) -> SQL:
    """Return a default that the database gives."""
    return SQL(f"DEFAULT {text}")


def refers(to: str, rules: str = "ON DELETE CASCADE ON UPDATE CASCADE") -> SQL:
    """Return a foreign key of one column to a table that an earlier script made."""
    return SQL(f"REFERENCES {to} {rules}")


def foreign_key(column: str, to_table: str, to_column: str) -> SQL:
    """Return a foreign key of two columns: the collection's and this one."""
    return SQL(
        f"FOREIGN KEY (collection_id, {column}) REFERENCES {to_table} (collection_id, {to_column})"
        " ON DELETE CASCADE ON UPDATE CASCADE"
    )


def hex_digits(column: str, digits: int) -> ByDialect:
    """Return the CHECK that a column holds so many lowercase hex digits."""
    return ByDialect(
        f"CHECK (length({column}) = {digits} AND {column} NOT GLOB '*[^0-9a-f]*')",
        f"CHECK ({column} ~ '^[0-9a-f]{{{digits}}}$')",
    )


def create(db: Database, *models: type[Model]) -> None:
    """Create tables in this order: Peewee sorts by its own foreign keys only."""
    with db.bind_ctx(models, bind_refs=False, bind_backrefs=False):
        for model in models:
            model.create_table(safe=False)


def rebuild(migrator: SchemaMigrator, model: type[Model]) -> None:
    """Build an SQLite table again as a model declares it, with its rows and indexes.

    The script names the table in REWRITES, so that it is backed up, and its triggers are kept.
    """
    db, table = migrator.database, model._meta.table_name
    columns = [c.name for c in db.get_columns(table) if c.name in model._meta.columns]
    indexes = [index.sql for index in db.get_indexes(table) if index.sql]
    new = Table(f"{table}__new__", columns).bind(db)
    model._meta.set_table_name(f"{table}__new__")
    create(db, model)
    model._meta.set_table_name(table)
    rows = Table(table, columns).select()
    new.insert(rows, columns=[getattr(new, name) for name in columns]).execute()
    migrator.migrate(migrator.drop_table(table), migrator.rename_table(f"{table}__new__", table))
    migrator.migrate(*map(migrator.sql, indexes))


def refuse_dependents(db: Database, table: str) -> None:
    """Raise StandsAgainst if others made a trigger or a view of an SQLite table to build again."""
    every = Table("sqlite_master").bind(db)
    kinds = every.c.type.in_(("trigger", "view"))
    rows = every.select(every.c.type, every.c.name, every.c.sql).where(kinds).tuples()
    needing = [f"the {kind} {name}" for kind, name, sql in rows if table in sql.lower()]
    if needing:
        raise StandsAgainst(f"{table} is needed by {', '.join(sorted(needing))}")


def refuse_loss(migrator: SchemaMigrator, table: str, what: str) -> None:
    """Raise DataWouldBeLost if a table has rows, unless the user allowed to lose them."""
    allowed = getattr(migrator, "lose_data", False)
    if not allowed and Table(table).bind(migrator.database).select().exists():
        raise DataWouldBeLost(what)


def drop(migrator: SchemaMigrator, what: str, *tables: str) -> None:
    """Drop tables in this order; raises DataWouldBeLost as refuse_loss does, for each of them."""
    for table in tables:
        refuse_loss(migrator, table, what)
    migrator.migrate(*map(migrator.drop_table, tables))


def forget_manifests(db: Database) -> None:
    """Let the next command that opens a collection make the rows that its manifest has."""
    Table("collections", ("manifest_hash",)).bind(db).update(manifest_hash=None).execute()


def drop_column(migrator: SchemaMigrator, table: str, column: str, index: str = "") -> None:
    """Drop a column with its index.

    Raises StandsAgainst if a key, an index or a view of others needs it.
    """
    db, needing = migrator.database, set()
    for name in db.get_tables() if is_sqlite(db) else []:  # a server looks itself
        for key in db.get_foreign_keys(name):
            if (key.dest_table.lower(), key.dest_column.lower()) == (table, column):
                needing.add(f"a foreign key of {name}")
    for other in db.get_indexes(table):
        if column in other.columns and other.name != index:
            needing.add(f"the index {other.name}")
    if needing:
        raise StandsAgainst(f"{table}.{column} is needed by {', '.join(sorted(needing))}")
    try:
        if index:
            migrator.migrate(migrator.drop_index(table, index))
        migrator.migrate(migrator.drop_column(table, column, cascade=False))
    except DatabaseError as error:
        told = " ".join(str(error).split())
        state = getattr(getattr(error, "orig", None) or error.__cause__, "sqlstate", None)
        if "after drop column" in told or state == _DEPENDED_ON:
            raise StandsAgainst(told.partition(" HINT: ")[0]) from error
        raise
