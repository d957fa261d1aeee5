"""SQL by hand is rare: the store's queries are built by Peewee."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

pytestmark = pytest.mark.house

ROOT = Path(__file__).parents[2]
FOLDERS = ("src", "hooks", "migrations")
# Ten of them are the GRANTs that `db roles` prints.
MOST_PLACES = 35
RUNS_SQL = {"raw", "execute_sql", "executemany", "executescript"}
# What the driver, a schema, or the whole database is asked for, which no model stands for.
MAY = {
    "src/holdall_composites/commands/database.py",
    "src/holdall_composites/database/backup.py",
    "src/holdall_composites/database/connect.py",
    "src/holdall_composites/database/fields.py",
    "src/holdall_composites/database/server.py",
    "src/holdall_composites/schema/",
    "src/holdall_composites/store/integrity.py",
    "src/holdall_composites/store/prepared.py",
    "migrations/holdall_composites_migrations/",
}
_VERB = re.compile(
    r"\s*(SELECT|INSERT|UPDATE|DELETE|WITH|CREATE|DROP|ALTER|PRAGMA|LOCK|VACUUM|BEGIN|COMMIT"
    r"|ROLLBACK|SAVEPOINT|SET(?! NULL)|TRUNCATE|EXPLAIN|ANALYZE|GRANT|REPLACE|MERGE|COPY)"
    r"\s+[A-Z_a-z({\"*]"
)


def places(path: Path) -> Iterator[int]:
    """Yield the lines of a module that run SQL, or hold a text that begins like a statement."""
    tree = ast.parse(path.read_text())
    docstrings = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    fragments = {
        id(part)
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and _name_of(node.func) in ("Check", "SQL")
        for argument in node.args
        for part in ast.walk(argument)
    }
    told: set[int] = set()
    pending: list[ast.AST] = [tree]
    while pending:
        node = pending.pop()
        if isinstance(node, ast.Call) and _name_of(node.func) in RUNS_SQL:
            told.add(node.lineno)
            continue  # the statement that it runs is no place of its own
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            is_fragment = id(node) in docstrings or id(node) in fragments
            if not is_fragment and _VERB.match(node.value):
                told.add(node.lineno)
        pending.extend(ast.iter_child_nodes(node))
    yield from sorted(told)


def _name_of(function: ast.expr) -> str:
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""


def test_sql_by_hand_is_in_few_places() -> None:
    """Only in the files that may, and in few places of them."""
    found = {
        str(path.relative_to(ROOT)): lines
        for folder in FOLDERS
        for path in sorted((ROOT / folder).rglob("*.py"))
        if (lines := list(places(path)))
    }
    strangers = {path for path in found if not path.startswith(tuple(MAY))}
    assert not strangers
    assert sum(map(len, found.values())) <= MOST_PLACES, found


def test_a_statement_is_seen(tmp_path: Path) -> None:
    """Whether it is run, or only written down; words that begin a sentence are none."""
    module = tmp_path / "module.py"
    module.write_text(
        '"""Select a row."""\n'
        "QUERY = 'SELECT a FROM b'\n"
        "database.execute_sql(text)\n"
        "HINT = 'delete it'\n"
        "x = Check('UPDATE x')\n"
        "F = f'INSERT INTO {x}'\n"
        "raw(database, 'PRAGMA quick_check', why='x')\n"
    )
    assert list(places(module)) == [2, 3, 6, 7]
