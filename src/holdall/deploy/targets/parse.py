"""Read tables of targets: Holdall's own, and those in a user's settings.

    [emacs]
    title = "An agent in Emacs"
    marks = [".emacs-agent"]
    [emacs.project]
    root = ".emacs-agent"
    skill = ".emacs-agent/skills/*/"
    mcp = { file = ".emacs-agent/mcp.json", keys = ["mcpServers"], form = "servers" }

`targets.toml` explains every key.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, NoReturn

from holdall.artifacts.ids import BUILTIN_TYPES, ArtifactType, Shape
from holdall.artifacts.paths import RelPath
from holdall.artifacts.protected import refuse_protected
from holdall.deploy.targets.table import Layout, Row
from holdall.deploy.targets.target import Form
from holdall.errors import HoldallError, InputError

_NAME = re.compile(r"[a-z][a-z0-9-]{0,31}")
_PLACE = re.compile(r"(?P<folder>[^*]+)/(?P<below>\*\*/)?\*(?P<suffix>/|\.[\w.]+|/[\w-]+\.[\w.]+)")
_OTHER_KEYS = frozenset({"title", "source", "marks", "skillmeat", "project", "user"})


def parse_rows(tables: Mapping[str, Any], where: str) -> dict[str, Row]:
    """Return the rows of a table of targets by name; `where` names the file in errors.

    Raises InputError for what is not as it must be.
    """
    return {name: _Reader(name, where).row(table) for name, table in tables.items()}


class _Reader:
    """Reads one target's row; every error names the file and the key."""

    def __init__(self, name: str, where: str) -> None:
        self._name, self._where = name, f"{where}: {name}"

    def row(self, table: Any) -> Row:
        if not _NAME.fullmatch(self._name):
            self._refuse("", "a target's name has small letters, digits and hyphens")
        if not isinstance(table, dict) or not isinstance(table.get("project"), dict):
            self._refuse("", f"no table [{self._name}.project]")
        for key in table.keys() - _OTHER_KEYS:
            self._refuse(key, "not a key of a target")
        project = self._layout("project", table["project"])
        user = self._layout("user", table["user"]) if "user" in table else None
        return Row(
            self._name,
            self._text("title", table.get("title", self._name)),
            self._text("source", table.get("source", "")),
            tuple(self._path("marks", mark) for mark in self._list("marks", table)),
            self._text("skillmeat", table["skillmeat"]) if "skillmeat" in table else None,
            project,
            user,
        )

    def _layout(self, kind: str, table: Any) -> Layout:
        if not isinstance(table, dict):
            self._refuse(kind, "not a table")
        table = dict(table)
        root = self._path(f"{kind}.root", table.pop("root", None))
        reads = table.pop("reads", {})
        if not isinstance(reads, dict):
            self._refuse(f"{kind}.reads", "not a table of types")
        seen = tuple(
            (type_name, tuple(self._path(f"{kind}.reads", path) for path in paths))
            for type_name, paths in reads.items()
        )
        found: dict[str, list[Any]] = {"places": [], "merges": [], "blocks": []}
        for type_name, value in table.items():
            part, entry = self._entry(f"{kind}.{type_name}", type_name, value)
            found[part].append(entry)
        if found["merges"]:
            own = ArtifactType.PLUGIN_FILES.value
            found["places"].append((own, f"{root}/{own}", "", False, True, None))
        return Layout(
            root,
            tuple(found["places"]),
            tuple(found["merges"]),
            tuple(found["blocks"]),
            seen,
        )

    def _entry(self, key: str, type_name: str, value: Any) -> tuple[str, Any]:
        match value:
            case str():
                return "places", self._place(key, type_name, value, None)
            case {"place": str(place), "form": str(form), **rest} if not rest:
                return "places", self._place(key, type_name, place, self._form(key, form))
            case {"file": str(file), "keys": list(keys), "form": str(form), **rest}:
                here = rest.pop("here", None)
                head = rest.pop("head", {})
                if rest or not all(isinstance(k, str) for k in keys) or not isinstance(head, dict):
                    self._refuse(key, "not a settings file, keys, a form, `here` and `head`")
                if here is not None:
                    self._text(key, here)
                path = self._path(key, file)
                form = self._form(key, form)
                return "merges", (type_name, path, tuple(keys), form, here, tuple(head.items()))
            case {"block": str(block), **rest} if not rest:
                return "blocks", (type_name, self._path(key, block))
        raise self._wrong(key, "not a place, a settings file or a block")

    def _place(self, key: str, type_name: str, text: str, form: str | None) -> tuple[Any, ...]:
        match = _PLACE.fullmatch(text)
        if match is None:
            self._refuse(key, f'{text!a} is not like "folder/*/", "folder/*.md", "folder/**/*.md"')
        folder, suffix = self._path(key, match["folder"]), match["suffix"]
        is_folder = suffix == "/"
        spec = BUILTIN_TYPES.get(type_name)
        if form is None and spec is not None and (spec.shape is Shape.FOLDER) != is_folder:
            self._refuse(key, f"a {type_name} is {'a file' if is_folder else 'a folder'}")
        is_flat = not is_folder and match["below"] is None
        return type_name, folder, "" if is_folder else suffix, is_flat, is_folder, form

    def _form(self, key: str, text: str) -> str:
        if text not in {*Form}:
            self._refuse(key, f"{text!a} is no form; forms are {', '.join(sorted(Form))}")
        return text

    def _path(self, key: str, value: Any) -> str:
        try:
            path = RelPath.parse(self._text(key, value))
            refuse_protected(path)
        except HoldallError as error:
            self._refuse(key, error.message)
        return str(path)

    def _list(self, key: str, table: Mapping[str, Any]) -> Iterator[Any]:
        value = table.get(key, [])
        if not isinstance(value, list):
            self._refuse(key, "not a list")
        yield from value

    def _text(self, key: str, value: Any) -> str:
        if not isinstance(value, str):
            self._refuse(key, f"{value!a:.40} is not a text")
        return value

    def _refuse(self, key: str, problem: str) -> NoReturn:
        raise self._wrong(key, problem)

    def _wrong(self, key: str, problem: str) -> InputError:
        where = f"{self._where}.{key}" if key else self._where
        return InputError(f"{where}: {problem}", hint="docs/targets.md explains the keys")
