"""`holdall db`: the database's schema, and copies of it."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING

from holdall.cli import Context
from holdall.config import database_url_of, trust_database
from holdall.errors import NotFoundError, UsageError

if TYPE_CHECKING:
    from peewee import Database

    from holdall_composites.schema.revisions import Revision


def configure_db(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `holdall db`."""
    actions = parser.add_subparsers(
        title="actions", dest="action", metavar="ACTION", required=True, parser_class=type(parser)
    )

    def action(name: str, run: Callable[..., int], text: str) -> argparse.ArgumentParser:
        parser = actions.add_parser(name, help=text)
        parser.set_defaults(act=run)
        return parser

    upgrade = action("upgrade", run_upgrade, "apply migrations")
    upgrade.add_argument("revision", nargs="?", metavar="REV", help="default: the newest")
    downgrade = action("downgrade", run_downgrade, "revert migrations")
    stamp = action("stamp", run_stamp, "write a revision into the history, running nothing")
    for parser in (downgrade, stamp):
        parser.add_argument("revision", metavar="REV", help="0001, ...; 0 for none")
    downgrade.add_argument("--lose-data", action="store_true", help="even if rows go")
    for parser in (upgrade, downgrade, stamp):
        parser.add_argument("--dry-run", action="store_true", help="print it only")
    action("current", run_current, "print the revision that the database has")
    action("history", run_history, "print every migration, and when it was applied")
    action("check", run_check, "compare the live schema with what it should be")
    sql = action("sql", run_sql, "print what an upgrade or downgrade runs; needs no database")
    sql.add_argument(
        "--dialect", choices=["sqlite", "postgresql"], help="default: that of the database"
    )
    sql.add_argument(
        "--from", dest="start", default="0", metavar="REV", help="from there (default: 0)"
    )
    sql.add_argument("--to", metavar="REV", help="default: the newest")
    new = "write the next migration, from what the models changed"
    revision = action("revision", run_revision, new)
    revision.add_argument("name", metavar="NAME", help="such as add_notes")
    revision.add_argument("--to", type=Path, metavar="DIR", help="default: the package's own")
    backup = action("backup", run_backup, "copy an embedded database beside itself")
    backup.add_argument("--dry-run", action="store_true", help="say where to, copy nothing")
    roles = action("roles", run_roles, "print the GRANTs for a reader, a publisher and an owner")
    roles.add_argument(
        "--prefix", default="holdall", metavar="NAME", help="what their names begin with (holdall)"
    )
    action("trust", run_trust, "allow the database that the collection's own settings choose")


# What else the migration runner does, for those who run the statements by hand.
_AROUND = {
    "sqlite": (
        ("PRAGMA foreign_keys = OFF", "BEGIN IMMEDIATE"),
        ("COMMIT", "PRAGMA foreign_keys = ON"),
    ),
    "postgresql": (("BEGIN",), ("COMMIT",)),
}


def _database(context: Context, *, read_only: bool = False) -> AbstractContextManager[Database]:
    from holdall_composites.database.connect import connect_database

    return connect_database(_url(context), read_only=read_only)


def _url(context: Context) -> str:
    if context.config.database:
        return context.config.database
    return database_url_of(context.config, context.collection_root)


def _tell(context: Context, verb: str, revisions: Iterable[Revision]) -> int:
    titles = [revision.title for revision in revisions]
    for title in titles:
        context.out.line(f"{verb} {title}")
    if not titles:
        context.out.line("nothing to do")
    context.out.data({"revisions": titles})
    return 0


def run_db(context: Context, args: argparse.Namespace) -> int:
    """Run the action that was named."""
    status: int = args.act(context, args)
    return status


def run_trust(context: Context, _args: argparse.Namespace) -> int:
    """Remember that the user trusts the database in `.holdall/config.toml`, until it changes."""
    root = context.collection_root
    trust_database(root)
    context.out.line(f"trusted the database that the settings of {root} choose")
    context.out.data({"collection": str(root)})
    return 0


def run_upgrade(context: Context, args: argparse.Namespace) -> int:
    """Apply what is pending."""
    from holdall_composites.schema import runner

    to = args.revision
    with _database(context, read_only=args.dry_run) as database:
        if args.dry_run:
            return _tell(context, "would apply", runner.pending_revisions(database, to))
        return _tell(context, "applied", runner.upgrade(database, to))


def run_downgrade(context: Context, args: argparse.Namespace) -> int:
    """Revert down to a revision, or the last N with -N."""
    from holdall_composites.schema import runner

    to, lose = args.revision, args.lose_data
    with _database(context, read_only=args.dry_run) as database:
        if args.dry_run:
            return _tell(context, "would revert", reversed(runner.revisions_above(database, to)))
        done = runner.downgrade(database, to, lose_data=lose)
        return _tell(context, "reverted", done)


def run_stamp(context: Context, args: argparse.Namespace) -> int:
    """Set the history."""
    from holdall_composites.schema import runner

    with _database(context) as database:
        if not args.dry_run:
            runner.stamp(database, args.revision)
    context.out.line(f"{'would stamp' if args.dry_run else 'stamped'} {args.revision}")
    context.out.data({"revisions": [args.revision]})
    return 0


def run_current(context: Context, args: argparse.Namespace) -> int:
    """Print the newest applied revision; exit 1 if migrations are pending."""
    from holdall_composites.schema import runner
    from holdall_composites.schema.history import applied_revisions

    with _database(context, read_only=True) as database:
        applied = applied_revisions(database)
        pending = runner.pending_revisions(database)
    current = applied[-1].title if applied else None
    context.out.line(f"{current or 'no schema'}{f', {len(pending)} pending' if pending else ''}")
    context.out.data({"current": current, "pending": [revision.title for revision in pending]})
    return 1 if pending else 0


def run_history(context: Context, args: argparse.Namespace) -> int:
    """Print every known migration with the time it was applied, then all that came and went."""
    from holdall_composites.schema.history import applied_revisions, audit_records
    from holdall_composites.schema.revisions import known_revisions

    with _database(context, read_only=True) as database:
        applied = {row.number: row.applied_at for row in applied_revisions(database)}
        audit = audit_records(database)
    rows = [(r.title, applied.get(r.number)) for r in known_revisions()]
    context.out.table([(title, when or "pending") for title, when in rows])
    context.out.line()
    context.out.table([(a.at, f"{a.author or '-'}@{a.host}", a.action, a.revision) for a in audit])
    revisions = [{"revision": title, "applied_at": when} for title, when in rows]
    context.out.data({"revisions": revisions, "audit": [record.to_json() for record in audit]})
    return 0


def run_check(context: Context, args: argparse.Namespace) -> int:
    """Name every difference between the live schema and the models; exit 1 if there is one."""
    from holdall_composites.schema import runner
    from holdall_composites.schema.drift import find_drift

    with _database(context, read_only=True) as database:
        found = [f"migration {r.title} is pending" for r in runner.pending_revisions(database)]
        found = found or find_drift(database)
    for difference in found:
        context.out.line(difference)
    if not found:
        context.out.line("the schema is as it should be")
    context.out.data({"differences": found})
    return 1 if found else 0


def run_sql(context: Context, args: argparse.Namespace) -> int:
    """Print the statements that lead from one revision to another."""
    from holdall.formats import DatabaseURL
    from holdall_composites.schema.offline import statements

    dialect = args.dialect
    if dialect is None:
        try:
            dialect = DatabaseURL.parse(_url(context)).dialect
        except NotFoundError:
            dialect = "sqlite"
    printed = list(statements(dialect, args.start, args.to))
    before, after = _AROUND[dialect]
    for statement in (*before, *printed, *after):
        for line in f"{statement};".splitlines():
            context.out.line(line)
    context.out.data({"dialect": dialect, "statements": printed})
    return 0


def run_roles(context: Context, args: argparse.Namespace) -> int:
    """Print what an administrator of the server runs once, after the first upgrade."""
    from holdall.formats import DatabaseURL
    from holdall_composites.schema.roles import role_statements

    url = DatabaseURL.parse(_url(context))
    if url.is_embedded:
        raise UsageError(
            f"{url.shown} is a file, which has no roles: its mode says who may read and write it",
            hint="name a server, as in --database postgresql://admin@host/name",
        )
    printed = role_statements(url.path, args.prefix)
    for statement in printed:
        context.out.line(f"{statement};")
    context.out.data({"dialect": url.dialect, "statements": printed})
    return 0


def run_revision(context: Context, args: argparse.Namespace) -> int:
    """Write a script with what differs between the models and this database."""
    from holdall_composites.schema.revise import write_revision

    with _database(context, read_only=True) as database:
        path = write_revision(database, args.name, args.to)
    context.out.line(str(path))
    context.out.data({"revision": path.stem, "path": str(path)})
    return 0


def run_backup(context: Context, args: argparse.Namespace) -> int:
    """Copy the database and print where to."""
    from holdall.formats import DatabaseURL
    from holdall_composites.database.backup import back_up, refuse_backup

    url = DatabaseURL.parse(_url(context))
    refuse_backup(url)
    if args.dry_run:
        context.out.line(f"would copy {url.shown} beside itself")
        context.out.data({"backup": None, "dry_run": True})
        return 0
    with _database(context) as database:
        copy = back_up(database)
    context.out.line(str(copy))
    context.out.data({"backup": str(copy), "dry_run": False})
    return 0
