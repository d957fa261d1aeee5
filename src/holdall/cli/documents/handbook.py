"""What `make docs` writes of documents: `docs/schemas/` and the page `docs/json.md`."""

from __future__ import annotations

import json
import types
from collections.abc import Iterator, Mapping
from typing import Any, Literal, NotRequired, Union, get_args, get_origin, get_type_hints

from holdall.cli.documents.files import FILES
from holdall.cli.documents.host import ErrorDocument, OverviewDocument
from holdall.cli.documents.schema import document_of, schema_of
from holdall.cli.output import SCHEMA_VERSION
from holdall.plugins.commands import Command

_HEAD = """# What `--json` prints

<!-- Made from the code by `make docs`: edit src/holdall/cli/documents/ instead. -->

Every command takes `--json`, before or after its name. The result is one JSON document on standard
output; all other text goes to standard error. Each has `schema_version`, now {version}: keys
are added, never renamed or removed, while it stays the same. A composite is a bundle, such as a
plugin.

A command that ends with an error prints [ErrorDocument](schemas/error.schema.json), and the lines
`error: ...` and `hint: ...` on standard error. A `code` is stable, as is the code of a
[diagnostic](diagnostics.md) or of a [finding of `doctor`](history.md#when-something-is-wrong).

`docs/schemas/` has a JSON Schema for each document. The tests check real output against them.

| command | prints |
|---|---|
| (none) | [OverviewDocument](schemas/overview.schema.json): Where one stands. |
"""
_FILES = """
## Files

`docs/schemas/` also has a JSON Schema of each file that you edit or git keeps: `manifest.toml` of a
collection, `holdall.toml` and `holdall.lock` of a project. An editor that knows TOML finds one by a
comment in the first line, which Holdall keeps; the path is relative to the file, or a URL of yours:

```toml
#:schema ./schemas/manifest.toml.schema.json
```

## Keys

A key with `?` may be absent.
"""


def documents(commands: Mapping[str, Command]) -> dict[str, type]:
    """Return the document of each command, and of each action, by its name."""
    from importlib import import_module

    found: dict[str, type] = {}
    for command in commands.values():
        module, _, variable = command.documents.partition(":")
        for name in getattr(import_module(module), variable) if module else ():
            document = document_of(command, name)
            if document is not None and name.split()[:1] == [command.name]:
                found[name] = document
    return found


def render_schemas(commands: Mapping[str, Command]) -> dict[str, str]:
    """Return the text of each schema by the name of its file in `docs/schemas/`."""
    made = {
        f"{name.replace(' ', '-')}.schema.json": schema_of(
            document, f"holdall {name} --json", version=SCHEMA_VERSION
        )
        for name, document in documents(commands).items()
    }
    for name, document in (("error", ErrorDocument), ("overview", OverviewDocument)):
        made[f"{name}.schema.json"] = schema_of(document, name, version=SCHEMA_VERSION)
    for file in FILES:
        made[f"{file.name}.schema.json"] = schema_of(file.form, file.name, is_closed=file.is_closed)
    return {name: f"{json.dumps(schema, indent=2)}\n" for name, schema in made.items()}


def render_page(commands: Mapping[str, Command]) -> str:
    """Return the text of `docs/json.md`."""
    lines = [_HEAD.format(version=SCHEMA_VERSION)]
    shown: dict[str, Any] = {}
    for always in (OverviewDocument, ErrorDocument):
        _note(always, shown)
    for name, document in documents(commands).items():
        _note(document, shown)
        schema = f"schemas/{name.replace(' ', '-')}.schema.json"
        lines.append(f"| `{name}` | [{document.__name__}]({schema}): {_summary(document)} |\n")
    lines.append(_FILES)
    for file in FILES:
        _note(file.form, shown)
    for table_name in sorted(shown):
        lines.append(f"\n### {table_name}\n\n{_summary(shown[table_name])}\n\n")
        lines += [f"{line}\n" for line in _keys(shown[table_name])]
    return "".join(lines)


def _summary(document: type) -> str:
    return " ".join((document.__doc__ or "").split())


def _keys(table: type) -> Iterator[str]:
    for key, hint in get_type_hints(table, include_extras=True).items():
        optional = get_origin(hint) is NotRequired
        yield f"- `{key}`{'?' if optional else ''}: {_shape(hint)}"


def _shape(hint: Any) -> str:
    """Return a type in words: `list of [Change](#change)`."""
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is NotRequired:
        return _shape(arguments[0])
    if origin is Literal:
        return ", ".join(f"`{json.dumps(value)}`" for value in arguments)
    if origin is list:
        return f"list of {_shape(arguments[0])}"
    if origin is dict:
        return f"object of {_shape(arguments[1])}"
    if origin in (types.UnionType, Union):
        return " or ".join(map(_shape, arguments))
    if hint is Any:
        return "any value"
    names = {str: "string", int: "number", bool: "boolean", type(None): "null"}
    return names.get(hint) or f"[{hint.__name__}](#{hint.__name__.lower()})"


def _note(table: Any, shown: dict[str, Any]) -> None:
    """Add a table, and those that it holds, to those that the page shows."""
    if table.__name__ in shown:
        return
    shown[table.__name__] = table
    pending = list(get_type_hints(table, include_extras=True).values())
    while pending:
        hint = pending.pop()
        if get_origin(hint) is None:
            if isinstance(hint, type) and hasattr(hint, "__required_keys__"):
                _note(hint, shown)
        elif get_origin(hint) is not Literal:
            pending += get_args(hint)
