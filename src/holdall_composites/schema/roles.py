"""What the roles of a shared PostgreSQL database may do: reader, publisher and owner.

A reader lists, deploys and clones; a publisher changes collections, too; an owner migrates as well.
Only the owner's tables are there for all of them, also those that later migrations make:

    GRANT SELECT ON ALL TABLES IN SCHEMA public TO holdall_reader;
    ALTER DEFAULT PRIVILEGES FOR ROLE holdall_owner IN SCHEMA public
      GRANT SELECT ON TABLES TO holdall_reader;
"""

from __future__ import annotations

import re

from holdall.errors import UsageError
from holdall_composites.database.connect import HISTORY
from holdall_composites.schema.drift import TABLES
from holdall_composites.schema.history import AUDIT
from holdall_composites.schema.lock import LOCK

_OF_MIGRATIONS = (HISTORY, AUDIT, LOCK)


def role_statements(database: str, prefix: str) -> list[str]:
    """Return what an administrator runs once, after the first `holdall db upgrade`.

    The roles are `PREFIX_reader` and so on. Raises UsageError for a prefix that is not plain.
    """
    if not re.fullmatch(r"[a-z_][a-z0-9_]{0,40}", prefix):
        raise UsageError(
            f"--prefix {prefix!a} has more than lowercase letters, digits and _",
            hint="write it as in `--prefix holdall`",
        )
    reader, publisher, owner = (f"{prefix}_{name}" for name in ("reader", "publisher", "owner"))
    everybody, named = f"{reader}, {publisher}, {owner}", _quote(database)
    schema = "IN SCHEMA public"
    defaults = f"ALTER DEFAULT PRIVILEGES FOR ROLE {owner} {schema} GRANT"
    return [
        *(f"CREATE ROLE {role} LOGIN" for role in (reader, publisher, owner)),
        f"REVOKE ALL ON DATABASE {named} FROM PUBLIC",
        f"GRANT CONNECT ON DATABASE {named} TO {everybody}",
        "REVOKE CREATE ON SCHEMA public FROM PUBLIC",
        f"GRANT USAGE ON SCHEMA public TO {everybody}",
        f"GRANT CREATE ON SCHEMA public TO {owner}",
        *(f"ALTER TABLE {table} OWNER TO {owner}" for table in (*TABLES, *_OF_MIGRATIONS)),
        f"GRANT SELECT ON ALL TABLES {schema} TO {reader}, {publisher}",
        f"GRANT INSERT, UPDATE, DELETE ON {', '.join(TABLES)} TO {publisher}",
        f"GRANT USAGE ON ALL SEQUENCES {schema} TO {publisher}",
        f"{defaults} SELECT ON TABLES TO {reader}, {publisher}",
        f"{defaults} INSERT, UPDATE, DELETE ON TABLES TO {publisher}",
        f"{defaults} USAGE ON SEQUENCES TO {publisher}",
    ]


def _quote(name: str) -> str:
    doubled = name.replace('"', '""')
    return f'"{doubled}"'
