"""Database URLs: the path of an SQLite file, or a PostgreSQL server's database.

sqlite:///folder/file.db     sqlite:////srv/file.db     ./file.db
postgresql://user:password@host:5432/name?sslmode=require
"""

from __future__ import annotations

import os
import re

from holdall import NamedTuple
from holdall.errors import WrongDatabaseURL

_FORMS = "sqlite:///folder/file.db or postgresql://user@host:5432/name"
_HOST = r"(?:\[[^][/?#@]*\]|[^][:/?#@,]*)(?::\d{1,5})?"
_SERVER = rf"(?:[^@/?#]*@)?(?P<hosts>{_HOST}(?:,{_HOST})*)/(?P<name>[^/?#@]+)(?:\?[^#]*)?"
_WRONG_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")
_LAST_PORT = 65535


class DatabaseURL(NamedTuple):
    """A parsed database URL. `text` may hold a password; `shown` never does.

    `path` is the SQLite file, taken as it is written, or the PostgreSQL database's name.
    """

    text: str
    dialect: str
    path: str
    shown: str

    @classmethod
    def parse(cls, text: str) -> DatabaseURL:
        """Read a URL or the path of an SQLite file; raises WrongDatabaseURL.

        A path has a slash or a dot in it, or a file is there: a mere word is more likely a slip.
        """
        scheme, found, rest = text.partition("://")
        if not found:
            is_path = "/" in text or "." in text.strip(".") or os.path.isfile(text)
            if not is_path or ":" in text.split("/")[0]:
                raise WrongDatabaseURL("not a database URL", hint=f"write {_FORMS}")
            return cls._of_file(text)
        match scheme.lower():
            case "sqlite":
                return cls._of_file(_path_after_slashes(rest))
            case "postgresql" | "postgres":
                return cls._of_server(rest)
        raise WrongDatabaseURL(
            f"no database of the kind {scheme!a} is supported", hint=f"write {_FORMS}"
        )

    @classmethod
    def _of_file(cls, path: str) -> DatabaseURL:
        if path.startswith((":memory:", "file:")) or "\0" in path:
            raise WrongDatabaseURL(f"{path!a} is no file that lasts", hint=f"write {_FORMS}")
        if path.endswith("/"):
            raise WrongDatabaseURL(f"{path!a} is a folder, not a file", hint=f"write {_FORMS}")
        return cls(f"sqlite:///{path}", "sqlite", path, path)

    @classmethod
    def _of_server(cls, rest: str) -> DatabaseURL:
        # What does not match is not shown: who knows where in it the password is.
        place = re.fullmatch(_SERVER, rest)
        hint = f"write {_FORMS}; %-encode what is special in user and password"
        if place is None or "\0" in rest:
            raise WrongDatabaseURL("the PostgreSQL URL is incomplete or wrong", hint=hint)
        shown = f"postgresql://{place['hosts']}/{place['name']}"
        if _WRONG_ESCAPE.search(rest):
            raise WrongDatabaseURL(f"{shown}: a % is not followed by two digits", hint=hint)
        for port in re.findall(r":(\d+)(?:,|$)", place["hosts"]):
            if not 0 < int(port) <= _LAST_PORT:
                raise WrongDatabaseURL(f"{shown}: no port {port}", hint=f"write {_FORMS}")
        from urllib.parse import unquote

        return cls(f"postgresql://{rest}", "postgresql", unquote(place["name"]), shown)

    @property
    def without_password(self) -> str:
        """The URL without its password, which libpq then looks for in `~/.pgpass`."""
        if self.is_embedded:
            return self.text
        head, found, query = self.text.partition("?")
        head = re.sub(r"^(postgresql://[^@/:]*):[^@/]*@", r"\1@", head)
        kept = [part for part in query.split("&") if not part.startswith("password=")]
        return f"{head}{found}{'&'.join(kept)}".rstrip("?")

    @property
    def is_embedded(self) -> bool:
        """Whether it names a file of one collection rather than a shared server."""
        return self.dialect == "sqlite"


def _path_after_slashes(rest: str) -> str:
    if not rest.startswith("/") or rest == "/":
        raise WrongDatabaseURL(
            "an SQLite URL has three slashes, then the file's path", hint=f"write {_FORMS}"
        )
    return rest[1:]
