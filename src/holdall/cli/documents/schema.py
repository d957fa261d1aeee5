"""A JSON Schema from a TypedDict, by draft 2020-12, and the one that a command's `--json` has.

    class Listing(TypedDict):          {"type": "object", "properties": {"ids": {"type": "array",
        ids: list[str]        becomes     "items": {"type": "string"}}}, "required": ["ids"]}

Further keys are allowed, as readers have to allow them; `is_closed` refuses them, for tests.
"""

from __future__ import annotations

import types
from collections.abc import Mapping
from importlib import import_module
from typing import (
    Any,
    Literal,
    NotRequired,
    Union,
    get_args,
    get_origin,
    get_type_hints,
    is_typeddict,
)

from holdall.plugins.commands import Command

DIALECT = "https://json-schema.org/draft/2020-12/schema"
_PLAIN = {str: "string", int: "integer", float: "number", bool: "boolean", type(None): "null"}


def document_of(command: Command, name: str) -> type | None:
    """Return the TypedDict of what a command prints, None if it names none.

    `name` is that of the command or of one of its actions, as in `composite create`.
    """
    if not command.documents:
        return None
    module, _, variable = command.documents.partition(":")
    found: Mapping[str, type] = getattr(import_module(module), variable)
    return found.get(name)


def schema_of(
    document: type, title: str, *, version: int | None = None, is_closed: bool = False
) -> dict[str, Any]:
    """Return the schema of a document; with a `version`, it has `schema_version`, too."""
    maker = _Maker(is_closed)
    schema = {"$schema": DIALECT, "title": title, **maker.of_table(document)}
    if version is not None:
        schema["properties"] = {"schema_version": {"const": version}, **schema["properties"]}
        schema["required"] = ["schema_version", *schema["required"]]
    if maker.definitions:
        schema["$defs"] = dict(sorted(maker.definitions.items()))
    return schema


class _Maker:
    """Makes schemas, each TypedDict below the first one once, under `$defs`."""

    def __init__(self, is_closed: bool) -> None:
        self._is_closed = is_closed
        self.definitions: dict[str, Any] = {}

    def of_table(self, table: Any) -> dict[str, Any]:
        """Return the schema of a TypedDict."""
        hints = get_type_hints(table, include_extras=True)
        schema: dict[str, Any] = {"type": "object"}
        if table.__doc__:
            schema["description"] = " ".join(table.__doc__.split())
        schema["properties"] = {key: self._of(hint) for key, hint in hints.items()}
        schema["required"] = [
            key for key, hint in hints.items() if get_origin(hint) is not NotRequired
        ]
        if self._is_closed:
            schema["additionalProperties"] = False
        return schema

    def _of(self, hint: Any) -> dict[str, Any]:
        if hint is Any:
            return {}
        if hint in _PLAIN:
            return {"type": _PLAIN[hint]}
        if is_typeddict(hint):
            return self._reference(hint)
        origin, arguments = get_origin(hint), get_args(hint)
        if origin is NotRequired:
            return self._of(arguments[0])
        if origin is Literal:
            return {"enum": list(arguments)}
        if origin is list:
            return {"type": "array", "items": self._of(arguments[0])}
        if origin is dict:
            return {"type": "object", "additionalProperties": self._of(arguments[1])}
        if origin in (types.UnionType, Union):
            return {"anyOf": [self._of(argument) for argument in arguments]}
        raise TypeError(f"no JSON Schema for {hint!r}")

    def _reference(self, table: Any) -> dict[str, Any]:
        name = table.__name__
        if name not in self.definitions:
            self.definitions[name] = {}  # a table may hold itself
            self.definitions[name] = self.of_table(table)
        return {"$ref": f"#/$defs/{name}"}
