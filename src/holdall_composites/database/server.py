"""PostgreSQL: limits for every statement, few messages, and a client that never waits for ever.

The server ends a statement at its limit. A connection that went silent, through which nothing comes
any more and nobody says so (a laptop that slept, a gateway that forgot it, a proxy that still
acknowledges), is found by the client itself: it waits a little longer than the server may take.
Imported only where a URL names a server, since the driver takes long to import.
"""

from __future__ import annotations

import logging
import os
import re
import selectors
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, nullcontext, suppress
from time import monotonic
from typing import Any

import psycopg
from peewee import __exception_wrapper__  # type: ignore[attr-defined]
from psycopg.conninfo import conninfo_to_dict

from holdall.errors import WrongDatabaseURL
from holdall.formats import DatabaseURL
from holdall_composites.database.failures import first_line
from holdall_composites.database.peewee_import import PeeweeException, PostgresqlDatabase

CONNECT_SECONDS = 10

_GRACE_SECONDS = 5.0
_UNLIMITED_SECONDS = 3600.0
_OPTION = r"(?:-c\s*|--)(\w+)=(\S*)"
_LIMITS = {
    "timezone": "UTC",
    "lock_timeout": "30s",
    "statement_timeout": "60s",
    "idle_in_transaction_session_timeout": "10min",
}
_CONNECTION = {
    "application_name": "holdall",
    "client_encoding": "UTF8",
    "connect_timeout": CONNECT_SECONDS,
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
    "tcp_user_timeout": 60_000,
}
_SECONDS = {"us": 1e-6, "ms": 1e-3, "s": 1, "min": 60, "h": 3600, "d": 86400}


# A pipeline that ends with its connection is no news: the error is raised as well.
logging.getLogger("psycopg").addHandler(logging.NullHandler())


class NoAnswer(psycopg.OperationalError):
    """Nothing came from the server for longer than a statement may take."""


class Connection(psycopg.Connection[Any]):
    """A connection that is given up when nothing comes for `patience` seconds.

    A statement that may take as long as it takes has a `worker`, its session's number: a second
    connection then asks the server each time whether that session is still at work. `due` are the
    statements that begin a transaction, until they go with its first one; `sending` is there
    while answers are not waited for, and waits for them when it is closed.
    """

    patience: float | None = None
    worker: int | None = None
    due: tuple[str, ...] = ()
    sending: ExitStack | None = None

    def prepend(self, statement: str) -> None:
        """Let a statement that has no answer go with the next one, in the same message."""
        with __exception_wrapper__:
            self.wait(self._exec_command(statement))

    def wait(self, gen: Any, *given: Any, **named: Any) -> Any:
        """Wait for the server's answer."""
        if self.patience is None:
            return super().wait(gen, *given, **named)
        try:
            return super().wait(self._within(gen, self.patience), *given, **named)
        except NoAnswer:
            self.close()  # else ending the transaction would wait again
            raise

    def _within(self, gen: Any, patience: float) -> Generator[Any, Any, Any]:
        """Pass on what the driver waits for and what comes; raise NoAnswer if nothing does."""
        try:
            wanted = next(gen)
            since: float | None = None
            is_last = False
            while True:
                ready = yield wanted
                if ready:
                    since, is_last = None, False
                elif since is None:
                    since = monotonic()
                elif is_last:
                    raise NoAnswer(f"no answer from the server for {patience:.0f} seconds")
                elif monotonic() - since > patience:
                    if self._is_at_work():
                        since = None
                    else:
                        is_last = True  # it may have answered while it was asked
                wanted = gen.send(ready)
        except StopIteration as end:
            return end.value

    def _is_at_work(self) -> bool:
        if self.worker is None:
            return False
        found = None
        asked = "SELECT state FROM pg_stat_activity WHERE pid = %s"
        password: dict[str, Any] = {"password": self.info.password} if self.info.password else {}
        try:
            with Connection.connect(self.info.dsn, **password) as other:
                other.patience = float(CONNECT_SECONDS)
                found = other.execute(asked, (self.worker,)).fetchone()
        except psycopg.Error:
            return False
        return found is not None and found[0] == "active"


class ServerDatabase(PostgresqlDatabase):
    """A PostgreSQL database whose every statement has its limits, whatever stands in between.

    They are set in each transaction: a pooler such as PgBouncer refuses them as start-up options,
    and gives each transaction another session. What is run alone gets a transaction of its own.

    What begins a transaction goes with its first statement, what is only sent (`send`) with the
    next one that waits for its answer, COMMIT with the last: each of them is one round trip.
    """

    is_current = False
    """Whether its schema was found to be current since it was connected to."""
    may_write: bool | None = None
    """What the session and the role may do, once that was asked."""

    def __init__(self, text: str, limits: Mapping[str, str], patience: float) -> None:
        # A prepared statement is unknown to the next server connection behind a transaction pooler.
        super().__init__(text, prefer_psycopg3=True, prepare_threshold=None)
        local = (f"set_config('{name}', '{value}', true)" for name, value in limits.items())
        self._limits, self._patience = f"SELECT {', '.join(local)}", patience

    def _connect(self) -> Any:
        given = conninfo_to_dict(self.database)
        missing: dict[str, Any] = {k: v for k, v in _CONNECTION.items() if k not in given}
        missing["client_encoding"] = "UTF8"  # whatever the URL or PGCLIENTENCODING say
        connection = Connection.connect(self.database, **self.connect_params, **missing)
        connection.autocommit = True
        connection.patience = self._patience
        return connection

    @property
    def _open(self) -> Connection:
        connection: Connection = self.connection()  # type: ignore[no-untyped-call]
        return connection

    @property
    def is_lost(self) -> bool:
        """Whether an idle connection was closed: nothing else comes from a server unasked."""
        if self.is_closed() or self._open.closed:
            return True
        # Not `select`: it takes no descriptor above 1,023.
        with selectors.DefaultSelector() as selector:
            selector.register(self._open.fileno(), selectors.EVENT_READ)
            return bool(selector.select(0))

    def begin(self, isolation_level: str | None = None) -> None:
        """Begin a transaction and set its limits, together with its first statement."""
        level = f" ISOLATION LEVEL {isolation_level}" if isolation_level else ""
        self._open.due = (f"BEGIN{level}", self._limits)

    def send(self, sql: str, params: Any = ()) -> Any:
        """Run a statement of the present transaction, without waiting for its answer.

        Its error is raised with the next answer that is waited for, at the latest by COMMIT. The
        cursor's rows may be fetched, which waits; how many were changed is not known.
        """
        self._begin_to_send()
        return self._pass_on(sql, params)

    def send_many(self, sql: str, rows: Iterable[Sequence[object]]) -> Any:
        """Run a statement for each row of parameters, as `send` does."""
        self._begin_to_send()
        cursor = self.cursor()  # type: ignore[no-untyped-call]
        cursor.executemany(sql, rows)
        return cursor

    def _begin_to_send(self) -> None:
        assert self.in_transaction(), "what is sent is part of a transaction"
        connection = self._open
        if connection.sending is None and psycopg.Pipeline.is_supported():
            connection.sending = ExitStack()
            connection.sending.enter_context(connection.pipeline())
        due, connection.due = connection.due, ()
        for statement in due:
            connection.prepend(statement)

    def execute_sql(self, sql: str, params: Any = None) -> Any:
        """Run a statement in the present transaction, or in one of its own.

        Without parameters it may be several, as scripts have them.
        """
        if not self.in_transaction():
            return self._run_alone(sql, params)
        if params is None:
            return self._run_script(sql)
        if self._is_settled:
            return self._pass_on(sql, params)
        cursor = self.send(sql, params)
        self.settle()
        return cursor

    @property
    def _is_settled(self) -> bool:
        """Whether the transaction has begun, and all that was sent is answered."""
        return self._open.sending is None and not self._open.due

    def _run_alone(self, sql: str, params: Any) -> Any:
        """Run a statement and its limits in one transaction, which needs no words: one message."""
        if params is None or not psycopg.Pipeline.is_supported():
            with self.atomic():
                return self._run_script(sql) if params is None else self.send(sql, params)
        connection = self._open
        with __exception_wrapper__, connection.pipeline():
            connection.prepend(self._limits)
            return self._pass_on(sql, params)

    def _run_script(self, sql: str) -> Any:
        """Run what the driver's pipeline does not take, or a statement that ends a savepoint."""
        if sql.startswith("SAVEPOINT") or (sql.startswith("RELEASE") and self._is_settled):
            return self.send(sql)
        if sql.startswith("RELEASE"):
            cursor = self.send(sql)
            self.settle()
            return cursor
        failures = (psycopg.Error, PeeweeException)
        with suppress(*failures) if sql.startswith("ROLLBACK TO") else nullcontext():
            self.settle()
        due, self._open.due = self._open.due, ()
        if due:
            self._pass_on("; ".join(due))
        return self._pass_on(sql)

    def _pass_on(self, sql: str, params: Any = None) -> Any:
        return super().execute_sql(sql, params)  # type: ignore[no-untyped-call]

    def settle(self) -> None:
        """Wait for the answers to all that was sent; raises what one of them says."""
        sending, self._open.sending = self._open.sending, None
        if sending is not None:
            with __exception_wrapper__:
                sending.close()

    def commit(self) -> None:
        """Commit, if there is anything to commit; raises what was sent and refused."""
        connection = self._open
        if connection.due:
            connection.due = ()
        elif connection.sending is None:
            super().commit()
        else:
            self._pass_on("COMMIT")
            self.settle()

    def rollback(self) -> None:
        """End the transaction; a connection that is lost has none, and its own error stays."""
        connection = self._open
        with suppress(psycopg.Error, PeeweeException):
            self.settle()
        if connection.due:
            connection.due = ()
        elif not connection.closed:
            super().rollback()

    @contextmanager
    def without_time_limit(self) -> Iterator[None]:
        """Let statements of the present transaction take as long as the server works on them."""
        assert self.in_transaction(), "limits are those of a transaction"
        connection = self._open
        (connection.worker,) = self.execute_sql("SELECT pg_backend_pid()").fetchone()
        self.execute_sql("SET LOCAL statement_timeout = 0")
        try:
            yield
        finally:
            connection.worker = None


def make_server_database(url: DatabaseURL, *, read_only: bool) -> ServerDatabase:
    """Return the unconnected database of a URL; raises WrongDatabaseURL."""
    try:
        given = conninfo_to_dict(url.text)
    except psycopg.ProgrammingError as error:
        raise WrongDatabaseURL(
            f"{url.shown}: {_without_quotes(error)}",
            hint="write postgresql://user@host:5432/name?key=value",
        ) from None
    # What the URL says goes before what we would say.
    options = str(given.get("options") or os.environ.get("PGOPTIONS", ""))
    named = {name.lower(): value for name, value in re.findall(_OPTION, options)}
    limits = {name: value for name, value in _LIMITS.items() if name not in named}
    if read_only:
        limits["transaction_read_only"] = "on"
    limit = _seconds(named.get("statement_timeout", _LIMITS["statement_timeout"]))
    return ServerDatabase(url.text, limits, (limit or _UNLIMITED_SECONDS) + _GRACE_SECONDS)


def _seconds(text: str) -> float | None:
    """Return the seconds of a server's setting such as `90s` or `1500`; None for no limit."""
    match = re.fullmatch(r"'?(\d+(?:\.\d+)?)\s*(us|ms|s|min|h|d)?'?", text)
    return float(match[1]) * _SECONDS[match[2] or "ms"] or None if match else None


def _without_quotes(error: BaseException) -> str:
    """Return the first line of a message without what it quotes, which may be a password."""
    return re.sub(r'"[^"]*"?', "...", first_line(error))
