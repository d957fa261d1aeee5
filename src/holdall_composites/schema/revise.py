"""Writing the next migration: a script filled with what differs between models and database.

It is a draft. What nobody can know, such as how to fill a column, is marked `TODO`.
"""

from __future__ import annotations

import ast
import json
import re
from importlib import import_module
from pathlib import Path
from textwrap import indent
from typing import Any

from peewee import SCOPE_VALUES

from holdall import NamedTuple
from holdall.errors import RefusedError, UsageError
from holdall_composites.database.models import MODELS
from holdall_composites.database.peewee_import import Database, SqliteDatabase
from holdall_composites.errors import SchemaError
from holdall_composites.schema.drift import Difference, find_differences
from holdall_composites.schema.revisions import PACKAGE, known_revisions, scripts_folder
from holdall_composites.schema.runner import pending_revisions

_COLUMN = re.compile(r"(?P<type>.*?)(?P<null> NOT NULL)?(?: DEFAULT (?P<default>.*))?")
_INDEX = re.compile(r"(?:USING btree )?\((?P<columns>[\w, ]*)\)(?: WHERE (?P<where>.*))?")
_MODELS: dict[str, Any] = {model._meta.table_name: model for model in MODELS}
_WIDTH = 72
_TODO_DOWN = 'raise NotImplementedError("TODO: say how to go back")'

_SCRIPT = '''{rewrites}{models}
def up(migrator: SchemaMigrator, db: Database) -> None:
    """TODO: say what it does."""
{up}


def down(migrator: SchemaMigrator, db: Database) -> None:
    """TODO: say what it reverts, and refuse to lose data."""
{down}
'''


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
    # Building a table again adds its columns, too.
    rebuilt = {step.rewrites for step in steps if step.model}
    steps = [
        step._replace(up=["if not is_sqlite(db):", _indent(step.up)])
        if found.kind == "column" and found.live is None and found.table in rebuilt
        else step
        for found, step in zip(differences, steps, strict=True)
    ]
    rewrites = sorted({step.rewrites for step in steps} - {""})
    models = dict.fromkeys(step.model for step in steps if step.model)
    script = _SCRIPT.format(
        rewrites=f'REWRITES = "{rewrites[0]}"\n\n' if rewrites else "",
        models="".join(f"\n{model}\n\n" for model in models),
        up=_indent([line for step in steps for line in step.up]),
        down=_indent([line for step in reversed(steps) for line in step.down]),
    )
    head = f'"""{title[5:].replace("_", " ").capitalize()}."""\n\n'
    return f"{head}from __future__ import annotations\n\n{_imports(script)}\n{script}"


def _imports(script: str) -> str:
    """Return the imports that a script needs, in the order that the linter wants."""
    nodes = [*ast.walk(ast.parse(script))]
    read = (node for node in nodes if isinstance(getattr(node, "ctx", None), ast.Load))
    used = {node.id for node in read if isinstance(node, ast.Name)}
    used -= {node.name for node in nodes if isinstance(node, ast.ClassDef)}
    lines = ""
    for package in ("peewee", "playhouse.migrate", f"{PACKAGE}.frozen"):
        names = used & vars(import_module(package)).keys()
        used -= names
        listed = ", ".join(sorted(names, key=lambda name: (not name.isupper(), name)))
        line = f"from {package} import {listed}\n"
        if len(line) > 101:
            line = line.replace(" import ", " import (\n    ").replace(", ", ",\n    ")
            line = f"{line[:-1]},\n)\n"
        lines += "\n" * package.startswith(PACKAGE) + line if names else ""
    return lines


def _indent(lines: list[str]) -> str:
    return indent("\n".join(lines), "    ")


def _step(found: Difference, on_sqlite: bool) -> _Step:
    place = (_text(found.table), _text(found.name))
    drop_column = _call("drop_column", "migrator", *place)
    match found.kind:
        case "table":
            return _of_table(found)
        case "column" if found.live is None:
            return _of_new_column(found, drop_column)
        case "column" if found.wanted is None:
            return _Step([drop_column], [_TODO_DOWN])
        case "index" | "unique index":
            drop = [_migrate("drop_index", *place)]
            up = (drop if found.live is not None else []) + _index_lines(found, found.wanted)
            down = drop if found.wanted is not None else []
            return _Step(up, down + _index_lines(found, found.live))
        case "column" | "primary key" | "foreign key" | "check":
            return _of_shape(found, on_sqlite)
    return _Step([f"# TODO: {found}"], [])


def _of_table(found: Difference) -> _Step:
    table = _text(found.table)
    loss = _call("refuse_loss", "migrator", table, _text(f"all rows of {found.table}"))
    drop = [loss, _migrate("drop_table", table)]
    if found.wanted is None:
        return _Step(drop, [_TODO_DOWN])
    model = _MODELS[found.table]
    lines = [f"create(db, {model.__name__})"]
    for index in model._meta.fields_to_index():
        columns = [field.column_name for field in index._expressions]
        lines.append(_add_index(found.table, index._name, columns, "", index._unique))
    return _Step(lines, drop, _class(model))


def _of_new_column(found: Difference, drop: str) -> _Step:
    field = _MODELS[found.table]._meta.columns[found.name]
    texts = [_sql_of(node)[0] for node in field.constraints or ()]
    is_constant = any("DEFAULT" in text and "(" not in text for text in texts)
    is_filled_later = not field.null and not is_constant
    place = (_text(found.table), _text(found.name))
    allow = ["allow_not_null=True"] if is_constant and not field.null else []
    up = [
        f"column = {_field(field, null=field.null or is_filled_later)}",
        _migrate("add_column", *place, "column", *allow),
    ]
    if not is_filled_later:
        return _Step(up, [drop])
    up += [f"# TODO: fill {found.table}.{found.name}", _migrate("add_not_null", *place)]
    return _Step(up, [drop], rewrites=found.table)


def _index_lines(found: Difference, definition: str | None) -> list[str]:
    if definition is None:
        return []
    parts = _INDEX.fullmatch(definition)
    if parts is None:
        return [f"# TODO: the {found.kind} {found.name} of {found.table}: {definition}"]
    columns, is_unique = parts["columns"].split(", "), found.kind == "unique index"
    return [_add_index(found.table, found.name, columns, parts["where"] or "", is_unique)]


def _add_index(table: str, name: str, columns: list[str], where: str, is_unique: bool) -> str:
    options = [f"name={_text(name)}"]
    options += ["unique=True"] if is_unique else []
    options += [f"where={_call('SQL', _text(where))}"] if where else []
    listed = ", ".join(map(_text, columns)) + "," * (len(columns) == 1)
    return _migrate("add_index", _text(table), f"({listed})", *options)


def _of_shape(found: Difference, on_sqlite: bool) -> _Step:
    """PostgreSQL changes columns and constraints; SQLite builds the table again."""
    model = _MODELS[found.table]
    is_column = found.kind == "column"
    changes = _column_changes(found) if is_column else [_constraint_change(found, on_sqlite)]
    up = ["if is_sqlite(db):", f"    rebuild(migrator, {model.__name__})", "else:"]
    return _Step([*up, _indent(changes)], [_TODO_DOWN], _class(model), found.table)


def _column_changes(found: Difference) -> list[str]:
    live, wanted = (_COLUMN.fullmatch(str(text)) for text in (found.live, found.wanted))
    assert live is not None
    assert wanted is not None
    field = _MODELS[found.table]._meta.columns[found.name]
    place = (_text(found.table), _text(found.name))
    changes = []
    if live["type"] != wanted["type"]:
        changes.append(_migrate("alter_column_type", *place, _field(field, null=True)))
    if live["null"] != wanted["null"]:
        changes.append(_migrate("add_not_null" if wanted["null"] else "drop_not_null", *place))
    if live["default"] != wanted["default"]:
        texts = (_sql_of(node)[1].partition("DEFAULT ") for node in field.constraints or ())
        value = [_call("SQL", _text(text)) for _, is_default, text in texts if is_default]
        changes.append(_migrate(f"{'add' if value else 'drop'}_column_default", *place, *value))
    return changes


def _constraint_change(found: Difference, on_sqlite: bool) -> str:
    meta, kind = _MODELS[found.table]._meta, found.kind
    columns = re.findall(r"\w+", found.name.partition(")")[0])
    named = [column for column in columns if column in meta.columns]
    # PostgreSQL's own names for what is declared without one.
    ends = {"primary key": "pkey", "foreign key": "_".join([*named, "fkey"])}
    end = ends.get(kind, "_".join([*named[:1], "check"]))
    place = (_text(found.table), _text(f"{found.table}_{end}"))
    if found.wanted is None:
        return _migrate("drop_constraint", *place)
    definition = f"{kind.upper()} {found.name}"
    if on_sqlite and kind == "check":
        nodes = [node for field in meta.sorted_fields for node in field.constraints or ()]
        texts = dict(map(_sql_of, [*nodes, *(meta.constraints or ())]))
        definition = texts.get(f"CHECK ({found.name})", f"CHECK ({found.name})")
    elif on_sqlite:
        definition = definition.replace(" -> ", " REFERENCES ")
    return _migrate("add_constraint", *place, _call("SQL", _text(definition)))


def _sql_of(node: Any) -> tuple[str, str]:
    """Return a constraint's text for both databases."""
    texts = [getattr(node, name, None) or node.sql for name in ("sqlite", "postgresql")]
    sqlite, postgresql = (" ".join(text.split()) for text in texts)
    return sqlite, postgresql


def _class(model: Any) -> str:
    """Return a frozen copy of a model: its columns, with foreign keys as constraints."""
    meta = model._meta
    body = [f"{f.column_name} = {_field(f, null=f.null)}" for f in meta.sorted_fields]
    context = SqliteDatabase(None).get_sql_context
    keys = (f.foreign_key_constraint() for f in meta.sorted_fields if hasattr(f, "rel_field"))
    compiled = (context(scope=SCOPE_VALUES).sql(key).query()[0] for key in keys)
    constraints = [_call("SQL", _text(sql.replace('"', ""))) for sql in compiled]
    constraints += [_constraint(node) for node in meta.constraints or ()]
    inner = [f"table_name = {_text(meta.table_name)}"]
    if names := getattr(meta.primary_key, "field_names", None):
        columns = (_text(meta.fields[name].column_name) for name in names)
        inner.append(f"primary_key = {_call('CompositeKey', *columns)}")
    if constraints:
        inner.append(f"constraints = {_call('', *constraints, '')}")
    return f"class {model.__name__}(Model):\n{_indent([*body, '', 'class Meta:', _indent(inner)])}"


def _field(field: Any, *, null: bool) -> str:
    typed = field
    while hasattr(typed, "rel_field"):
        typed = typed.rel_field
    kind = next(c.__name__ for c in type(typed).__mro__ if c.__module__ == "peewee")
    kind = "IntegerField" if kind == "AutoField" and typed is not field else kind
    arguments = [f"max_length={typed.max_length}"] if kind == "CharField" else []
    arguments += ["null=True"] if null else []
    arguments += ["primary_key=True"] if field.primary_key and kind != "AutoField" else []
    if field.constraints:
        constraints = _call("", *map(_constraint, field.constraints), ends="[]")
        arguments.append(f"constraints={constraints}")
    return _call(kind, *arguments)


def _constraint(node: Any) -> str:
    sqlite, postgresql = map(_text, _sql_of(node))
    if sqlite == postgresql:
        return _call("SQL", sqlite)
    return _call("ByDialect", sqlite, postgresql)


def _migrate(operation: str, *arguments: str) -> str:
    return _call("migrator.migrate", _call(f"migrator.{operation}", *arguments))


def _call(name: str, *arguments: str, ends: str = "()") -> str:
    """Return a call on one line, or each argument on its own; an empty one is a comma."""
    line = f"{name}{ends[0]}{', '.join(arguments).rstrip(' ')}{ends[1]}"
    if len(line) <= _WIDTH and "\n" not in line:
        return line
    return f"{name}{ends[0]}\n{_indent([f'{a},' for a in arguments if a])}\n{ends[1]}"


def _text(text: str) -> str:
    """Return a text as Python writes it, in pieces that keep lines short."""
    text = " ".join(text.split())
    pieces = [text[at : at + _WIDTH - 12] for at in range(0, len(text), _WIDTH - 12)] or [""]
    # As ruff wants it: double quotes, unless there are some inside.
    return "\n".join(json.dumps(p) if '"' not in p else repr(p) for p in pieces)
