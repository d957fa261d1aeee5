"""Writing the next migration: a script filled with what differs between models and database.

It is a draft. What nobody can know, such as how to fill a column, is marked `TODO`.
"""

from __future__ import annotations

import re
from pathlib import Path
from textwrap import indent
from typing import Any, NamedTuple

from peewee import SCOPE_VALUES

from holdall.errors import RefusedError, UsageError
from holdall_composites.database.models import MODELS
from holdall_composites.database.peewee_import import Database, SqliteDatabase
from holdall_composites.errors import SchemaError
from holdall_composites.schema.drift import Difference, find_differences
from holdall_composites.schema.revisions import known_revisions, scripts_folder
from holdall_composites.schema.runner import pending_revisions

_COLUMN = re.compile(r"(?P<type>.*?)(?P<null> NOT NULL)?(?: DEFAULT (?P<default>.*))?")
_INDEX = re.compile(r"(?:USING btree )?\((?P<columns>[\w, ]*)\)(?: WHERE (?P<where>.*))?")
_MODELS = {model._meta.table_name: model for model in MODELS}
_WIDTH = 72
_TODO_DOWN = 'raise NotImplementedError("TODO: say how to go back")'

_HEAD = '''"""{title}."""

from __future__ import annotations

from peewee import *
from playhouse.migrate import SchemaMigrator

from holdall_composites_migrations.frozen import *

{rewrites}{models}
def up(migrator: SchemaMigrator, db: Database) -> None:
    """TODO: say what it does."""
{up}


def down(migrator: SchemaMigrator, db: Database) -> None:
    """TODO: say what it reverts, and refuse to lose data."""
{down}
'''
_PEEWEE = (
    *("SQL", "AutoField", "BigIntegerField", "BlobField", "BooleanField", "CharField"),
    *("CompositeKey", "Database", "IntegerField", "Model", "TextField"),
)
_FROZEN = ("ByDialect", "create", "drop_column", "is_sqlite", "rebuild", "refuse_loss")


class _Step(NamedTuple):
    up: list[str]
    down: list[str]
    model: str = ""
    rewrites: str = ""


def write_revision(database: Database, name: str, folder: Path | None = None) -> Path:
    """Write the next script into a folder, the package's own by default; return its path.

    Raises SchemaError while migrations are pending: their changes would be in it again.
    """
    slug = re.sub(r"\W+", "_", name.strip()).strip("_").lower()
    if not re.fullmatch(r"[a-z]\w*", slug, re.ASCII):
        raise UsageError(
            f"{name!a} is no name of a migration", hint="write, for example, add_notes"
        )
    if pending := pending_revisions(database):
        raise SchemaError(
            f"migration {pending[0].title} is pending", hint="run `holdall db upgrade` first"
        )
    title = f"{int(known_revisions()[-1].number) + 1:04}_{slug}"
    path = (folder or scripts_folder()) / f"{title}.py"
    text = render_script(title, find_differences(database), isinstance(database, SqliteDatabase))
    try:
        with path.open("x") as file:
            file.write(text)
    except OSError as error:
        raise RefusedError(
            f"cannot write {path}: {error.strerror}", hint="--to DIR writes it somewhere else"
        ) from error
    return path


def render_script(title: str, differences: list[Difference], on_sqlite: bool) -> str:
    """Return the text of a script that leads from the live schema to that of the models."""
    steps = [_step(difference, on_sqlite) for difference in differences]
    up = [line for step in steps for line in step.up]
    down = [line for step in reversed(steps) for line in step.down]
    rewrites = sorted({step.rewrites for step in steps} - {""})
    models = dict.fromkeys(step.model for step in steps if step.model)
    text = _HEAD.format(
        title=title[5:].replace("_", " ").capitalize(),
        rewrites=f'REWRITES = "{rewrites[0]}"\n\n' if rewrites else "",
        models="".join(f"\n{model}\n\n" for model in models),
        up=_indented(up),
        down=_indented(down),
    )
    used = set(re.findall(r"\w+", text))
    peewee = ", ".join(name for name in _PEEWEE if name in used)
    frozen = ", ".join(name for name in _FROZEN if name in used)
    text = text.replace("from peewee import *", _import("peewee", peewee))
    package = "holdall_composites_migrations.frozen"
    imported = f"{_import(package, frozen)}\n" if frozen else ""
    return re.sub(r"\n{4,}", "\n\n\n", text.replace(f"from {package} import *\n", imported))


def _indented(lines: list[str]) -> str:
    return indent("\n".join(lines), "    ")


def _import(package: str, names: str) -> str:
    line = f"from {package} import {names}"
    if len(line) > 100:
        inner = "".join(f"    {name},\n" for name in names.split(", "))
        return f"from {package} import (\n{inner})"
    return line if names else ""


def _step(found: Difference, on_sqlite: bool) -> _Step:
    table, name = found.table, found.name
    match found.kind:
        case "table":
            return _of_table(found)
        case "column" if found.live is None:
            return _of_new_column(table, name)
        case "column" if found.wanted is None:
            drop_it = _call("drop_column", "migrator", _text(table), _text(name))
            return _Step([drop_it], [_TODO_DOWN])
        case "index" | "unique index":
            adds, drops = _index_lines(found, found.wanted), _index_lines(found, found.live)
            drop = [_migrate("drop_index", _text(table), _text(name))]
            up = (drop if found.live is not None else []) + adds
            return _Step(up, (drop if found.wanted is not None else []) + drops)
        case "column" | "primary key" | "foreign key" | "check":
            return _of_shape(found, on_sqlite)
    return _Step([f"# TODO: {found}"], [])


def _of_table(found: Difference) -> _Step:
    table = found.table
    drop = [
        _call("refuse_loss", "migrator", _text(table), _text(f"all rows of {table}")),
        _migrate("drop_table", _text(table)),
    ]
    if found.wanted is None:
        return _Step(drop, [_TODO_DOWN])
    model = _MODELS[table]
    lines = [f"create(db, {model.__name__})"]
    for index in model._meta.fields_to_index():
        columns = tuple(field.column_name for field in index._expressions)
        lines += _add_index(table, index._name, columns, "", index._unique)
    return _Step(lines, drop, _class(model))


def _of_new_column(table: str, column: str) -> _Step:
    field = _MODELS[table]._meta.columns[column]
    default = next((s for s in map(_sql_of, field.constraints or ()) if "DEFAULT" in s[0]), None)
    is_constant = default is not None and "(" not in default[0]
    down = [_call("drop_column", "migrator", _text(table), _text(column))]
    place = (_text(table), _text(column))
    allow = ["allow_not_null=True"] if is_constant and not field.null else []
    source = _field(field, null=field.null or not is_constant)
    up = [f"column = {source}", _migrate("add_column", *place, "column", *allow)]
    if field.null or is_constant:
        return _Step(up, down)
    up += [f"# TODO: fill {table}.{column}", _migrate("add_not_null", *place)]
    return _Step(up, down, rewrites=table)


def _index_lines(found: Difference, definition: str | None) -> list[str]:
    if definition is None:
        return []
    parts = _INDEX.fullmatch(definition)
    if parts is None:
        return [f"# TODO: the {found.kind} {found.name} of {found.table}: {definition}"]
    columns = tuple(parts["columns"].split(", "))
    is_unique = found.kind == "unique index"
    return _add_index(found.table, found.name, columns, parts["where"] or "", is_unique)


def _add_index(
    table: str, name: str, columns: tuple[str, ...], where: str, is_unique: bool
) -> list[str]:
    options = [f"name={_text(name)}"]
    options += ["unique=True"] if is_unique else []
    options += [f"where={_call('SQL', _text(where))}"] if where else []
    names = ", ".join(map(_text, columns))
    listed = f"({names},)" if len(columns) == 1 else f"({names})"
    return [_migrate("add_index", _text(table), listed, *options)]


def _of_shape(found: Difference, on_sqlite: bool) -> _Step:
    """PostgreSQL changes columns and constraints; SQLite builds the table again."""
    model = _MODELS[found.table]
    change = _column_changes if found.kind == "column" else _constraint_change
    up = ["if is_sqlite(db):", f"    rebuild(migrator, {model.__name__})", "else:"]
    changes = change(found, model, on_sqlite)
    return _Step([*up, _indented(changes)], [_TODO_DOWN], _class(model), found.table)


def _column_changes(found: Difference, model: Any, _on_sqlite: bool) -> list[str]:
    live, wanted = (_COLUMN.fullmatch(str(text)) for text in (found.live, found.wanted))
    assert live is not None
    assert wanted is not None
    field, place = model._meta.columns[found.name], (_text(found.table), _text(found.name))
    changes = []
    if live["type"] != wanted["type"]:
        changes.append(_migrate("alter_column_type", *place, _field(field, null=True)))
    if live["null"] != wanted["null"]:
        changes.append(_migrate("add_not_null" if wanted["null"] else "drop_not_null", *place))
    if live["default"] != wanted["default"]:
        texts = (_sql_of(node)[1] for node in field.constraints or ())
        default = next((text for text in texts if text.startswith("DEFAULT ")), None)
        value = [_call("SQL", _text(default.removeprefix("DEFAULT ")))] if default else []
        changes.append(_migrate(f"{'add' if value else 'drop'}_column_default", *place, *value))
    return changes


def _constraint_change(found: Difference, model: Any, on_sqlite: bool) -> list[str]:
    table, definition = found.table, f"{found.kind.upper()} {found.name}"
    if on_sqlite:
        definition = _as_postgresql(found, model)
    columns = re.findall(r"\w+", found.name.partition(")")[0])
    named = [column for column in columns if column in model._meta.columns]
    # PostgreSQL's own names for what is declared without one.
    name = {
        "primary key": f"{table}_pkey",
        "foreign key": f"{table}_{'_'.join(named)}_fkey",
        "check": f"{table}_{''.join(named[:1])}_check",
    }[found.kind]
    if found.wanted is None:
        return [_migrate("drop_constraint", _text(table), _text(name))]
    added = _call("SQL", _text(definition))
    return [_migrate("add_constraint", _text(table), _text(name), added)]


def _as_postgresql(found: Difference, model: Any) -> str:
    """Return the definition of a constraint that SQLite told, as PostgreSQL wants it."""
    if found.kind != "check":
        return f"{found.kind.upper()} {found.name.replace(' -> ', ' REFERENCES ')}"
    nodes = [node for field in model._meta.sorted_fields for node in field.constraints or ()]
    for sqlite, postgresql in map(_sql_of, [*nodes, *(model._meta.constraints or ())]):
        if " ".join(sqlite.split()) == f"CHECK ({found.name})":
            return postgresql
    return f"CHECK ({found.name})"


def _sql_of(node: Any) -> tuple[str, str]:
    """Return a constraint's text for both databases."""
    return getattr(node, "sqlite", None) or node.sql, getattr(node, "postgresql", None) or node.sql


def _class(model: Any) -> str:
    """Return a frozen copy of a model: its columns, with foreign keys as constraints."""
    meta = model._meta
    body = [f"{f.column_name} = {_field(f, null=f.null)}" for f in meta.sorted_fields]
    context = SqliteDatabase(None).get_sql_context
    keys = (f.foreign_key_constraint() for f in meta.sorted_fields if _is_key(f))
    compiled = (context(scope=SCOPE_VALUES).sql(key).query()[0] for key in keys)
    constraints = [_call("SQL", _text(sql.replace('"', ""))) for sql in compiled]
    constraints += [_constraint(node) for node in meta.constraints or ()]
    inner = [f"table_name = {_text(meta.table_name)}"]
    if names := getattr(meta.primary_key, "field_names", None):
        columns = (_text(meta.fields[name].column_name) for name in names)
        inner.append(f"primary_key = {_call('CompositeKey', *columns)}")
    if constraints:
        inner.append(f"constraints = {_call('', *constraints, '')}")
    body += ["", "class Meta:", _indented(inner)]
    return f"class {model.__name__}(Model):\n{_indented(body)}"


def _is_key(field: Any) -> bool:
    return hasattr(field, "rel_field")


def _field(field: Any, *, null: bool) -> str:
    typed = field
    while _is_key(typed):
        typed = typed.rel_field
    kind = next(c.__name__ for c in type(typed).__mro__ if c.__module__ == "peewee")
    kind = "IntegerField" if kind == "AutoField" and typed is not field else kind
    arguments = [f"max_length={typed.max_length}"] if kind == "CharField" else []
    arguments += ["null=True"] if null else []
    arguments += ["primary_key=True"] if field.primary_key and kind != "AutoField" else []
    if field.constraints:
        arguments.append(
            f"constraints={_call('', *map(_constraint, field.constraints), ends='[]')}"
        )
    return _call(kind, *arguments)


def _constraint(node: Any) -> str:
    sqlite, postgresql = _sql_of(node)
    if sqlite == postgresql:
        return _call("SQL", _text(sqlite))
    return _call("ByDialect", _text(sqlite), _text(postgresql))


def _migrate(operation: str, *arguments: str) -> str:
    return _call("migrator.migrate", _call(f"migrator.{operation}", *arguments))


def _call(name: str, *arguments: str, ends: str = "()") -> str:
    """Return a call on one line, or each argument on its own; an empty one is a comma."""
    line = f"{name}{ends[0]}{', '.join(arguments).rstrip(' ')}{ends[1]}"
    if len(line) <= _WIDTH and "\n" not in line:
        return line
    return f"{name}{ends[0]}\n{_indented([f'{a},' for a in arguments if a])}\n{ends[1]}"


def _text(text: str) -> str:
    """Return a text as Python writes it, in pieces that keep lines short."""
    text = " ".join(text.split())
    pieces = [text[at : at + _WIDTH - 12] for at in range(0, len(text), _WIDTH - 12)] or [""]
    return "\n".join(map(_quoted, pieces))


def _quoted(piece: str) -> str:
    # As ruff wants it: double quotes, unless there are some inside.
    return repr(piece) if '"' in piece else '"' + repr(piece + '"')[1:-2].replace("\\'", "'") + '"'
