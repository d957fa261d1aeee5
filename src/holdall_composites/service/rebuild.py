"""Making a collection's database again, or its rows, from the collection's folder.

An embedded database that is damaged or lost is built beside its place and put there when it is
whole: its schema, its rows and what SQLite checks. Where only rows are wrong, on PostgreSQL always,
they are made right in one transaction, and nothing is lost.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from holdall import NamedTuple
from holdall.collection import Collection
from holdall.errors import HoldallError, LockedError, RefusedError
from holdall.formats import DatabaseURL
from holdall.transaction import REPLACEMENT, Replacement, Signature, note_outside
from holdall_composites.console import close_connections
from holdall_composites.database.backup import unite
from holdall_composites.database.connect import HISTORY, connect_database
from holdall_composites.database.peewee_import import Database
from holdall_composites.errors import DatabaseFailed
from holdall_composites.schema.drift import TABLES, find_drift
from holdall_composites.schema.history import AUDIT, applied_revisions
from holdall_composites.schema.lock import LOCK
from holdall_composites.schema.runner import pending_revisions
from holdall_composites.service.chains import find_break
from holdall_composites.session import REBUILD, bring_in_line, open_synced
from holdall_composites.store.store import Store
from holdall_composites.sync.difference import Rows, difference
from holdall_composites.sync.releases.chain import Header
from holdall_composites.sync.state import state_of

if TYPE_CHECKING:
    from holdall.files import Root

BESIDE = ("-wal", "-shm", "-journal")
"""The ends of names of files that SQLite keeps beside a database."""


class Rebuilt(NamedTuple):
    """What came back, and what could not.

    `is_new` says that the database was built again, so that older versions and the log are lost;
    `replaced` is where the old file is now; `unversioned` are artifacts whose files are not
    what the manifest says; `lost_pins` are (composite, member, content hash).
    """

    artifacts: int
    composites: int
    memberships: int
    is_new: bool
    replaced: str | None
    unversioned: tuple[str, ...]
    lost_pins: tuple[tuple[str, str, str], ...]

    def to_json(self) -> dict[str, object]:
        """Return the result as `holdall rebuild --json` prints it."""
        return self._asdict()


def rebuild(root: Root, collection: Collection, *, force: bool, dry_run: bool) -> Rebuilt | None:
    """Rebuild the database, or only its rows; None for a dry run, which only checks.

    An old file is kept beside the new one. Raises RefusedError for a database that is whole, unless
    forced. The caller holds the lock of the collection, whose folder is `root`.
    """
    url = DatabaseURL.parse(collection.database_url)
    is_file = url.dialect == "sqlite"
    problems = list(_problems(collection))
    if not problems and not (force and is_file):
        hint = "`holdall doctor` says what is wrong"
        if is_file:
            hint += "; --force builds it again all the same, and keeps the old file"
        raise RefusedError(
            f"{url.shown} is whole, and holds what a folder cannot: older versions, the log",
            hint=hint,
        )
    if dry_run:
        return None
    header = Header.of(Signature.now(), REBUILD)
    if not is_file or (_REPAIRED.issuperset(problems) and not force):
        with open_synced(collection, header) as resolver:
            _refuse_break(resolver.store, collection)
            bring_in_line(resolver.store, collection, header)
            return _result(collection, resolver.store, is_new=False)
    return _build(root, collection, Path(url.path))


def _refuse_break(store: Store, collection: Collection) -> None:
    """Raise RefusedError where the rows are right, and the folder is of another release."""
    found = None if collection.has_own_database else find_break(store, collection)
    if found is not None and found.code != "chain-missing":
        raise RefusedError(found.message, hint=found.hint)


_ROWS = "its rows are not what the manifest says"
_OLD = "it lacks migrations"
_REPAIRED = frozenset({_ROWS, _OLD})


def _problems(collection: Collection) -> Iterator[str]:
    """Yield why a database is not whole; raises DatabaseUnreachable if that is on a server."""
    url = DatabaseURL.parse(collection.database_url)
    if url.dialect == "sqlite" and not (Path(url.path).exists() and Path(url.path).stat().st_size):
        yield "it is not there"
        return
    try:
        with connect_database(collection.database_url, read_only=True) as database:
            yield from problems_of(Store(database), collection)
    except RefusedError:
        raise
    except HoldallError as error:
        if url.dialect != "sqlite":
            raise
        yield error.message


def problems_of(store: Store, collection: Collection) -> Iterator[str]:
    """Yield what is wrong with a database: what SQLite checks, then its schema, then its rows."""
    found = store.integrity.broken_files()
    database = store.database
    if not found and not applied_revisions(database):
        _refuse_others(database)
        found = ["it is empty"]
    if not found and pending_revisions(database):
        found = [_OLD]
    found = found or find_drift(database)
    yield from found
    uuid = collection.manifest.uuid
    if found or uuid is None:
        return
    with store.snapshot():
        rows = Rows.read(store, uuid)
        is_known = store.collections.get(uuid) is not None
    if not is_known or not difference(rows, state_of(collection)).is_nothing:
        yield _ROWS


def _refuse_others(database: Database) -> None:
    others = set(database.get_tables()) - {*TABLES, HISTORY, LOCK, AUDIT}
    if others:
        raise RefusedError(
            f"{database.database} is another program's database: it holds {min(others)!a}",
            hint="name another file with --database or in .holdall/config.toml",
        )


def _build(root: Root, collection: Collection, path: Path) -> Rebuilt:
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S.%fZ")
    new, aside = (f"{path.name}.{stamp}.{end}" for end in ("new", "replaced"))
    replacement = Replacement(path.absolute(), new, aside, BESIDE)
    with note_outside(root, REPLACEMENT, replacement.to_payload(), replacement.end):
        built = replace(collection, database_url=f"sqlite:///{path.with_name(new)}")
        with open_synced(built, Header.of(Signature.now(), REBUILD)) as resolver:
            if problems := list(problems_of(resolver.store, collection)):
                raise DatabaseFailed(
                    f"what was built is not whole: {problems[0]}", hint="nothing was changed"
                )
            done = _result(collection, resolver.store, is_new=True)
        close_connections()
        _close(path)
        close_connections()
        replaced = replacement.replace()
    return done._replace(replaced=None if replaced is None else str(replaced))


def _close(path: Path) -> None:
    """Make one file of an old database, if it can still be read; LockedError if it is in use."""
    if not path.exists():
        return
    try:
        with connect_database(str(path)) as database:
            unite(database)
    except LockedError:
        raise
    except HoldallError:
        return


def _result(collection: Collection, store: Store, *, is_new: bool) -> Rebuilt:
    uuid = collection.manifest.uuid or ""
    return Rebuilt(
        artifacts=len(collection.manifest.artifacts),
        composites=len(collection.manifest.composites),
        memberships=len(store.memberships.all_of(uuid)),
        is_new=is_new,
        replaced=None,
        unversioned=tuple(store.versions.list_unversioned(uuid)),
        lost_pins=tuple((c, child, pin) for c, child, pin in store.integrity.unknown_pins(uuid)),
    )
