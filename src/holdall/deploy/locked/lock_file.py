"""`holdall.lock` in a project's root: exactly what the project has. Holdall writes it.

    format = 1
    source = [
        { source = "https://github.com/owner/repo", revision = "v2", commit = "5f2c..." },
    ]
    artifact = [
        { id = "skill:pdf", uuid = "ec12...", source = "https://github.com/owner/repo",
          path = "skills/pdf", content_hash = "fea0...", targets = ["claude"],
          wanted_by = ["composite:writing"] },
    ]

Sorted, and in the file each entry is one line (here broken for reading), which git merges as it
is. What Holdall wrote is read line by line, some fifty times as fast as all of TOML.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeVar

from holdall.artifacts.ids import ArtifactId
from holdall.deploy.locked.fields import Fields
from holdall.deploy.locked.values import Lock, LockedArtifact, LockedSource
from holdall.errors import InputError
from holdall.formats.documents import parse_toml
from holdall.formats.toml_writer import render_inline

MAX_LOCK_BYTES = 64 << 20
FORMAT = 1

_HEAD = "# What this project has. Holdall writes it; keep it in git. `holdall sync` deploys it.\n"
_HINT = "restore it from your version control, or delete it and run `holdall sync`"
_TWICE = "keep the line that is right, as after every merge, then run `holdall sync`"
_UUID = re.compile(r"[0-9a-f]{12}4[0-9a-f]{3}[89ab][0-9a-f]{15}")
_HASH = re.compile(r"[0-9a-f]{64}")
_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_PAIR = re.compile(
    r'([a-z_]+) = (?:"([^"\\\x00-\x1f\x7f]*)"|\[((?:"[^"\\\x00-\x1f\x7f]*"(?:, )?)*)\])'
)
_LINE = re.compile(rf"    \{{ ({_PAIR.pattern}(?:, )?)+ \}},".replace("([a-z_]+)", "[a-z_]+"))
_SOURCE_KEYS = set(LockedSource._fields)
_ARTIFACT_KEYS = set(LockedArtifact._fields)
_Row = TypeVar("_Row", LockedSource, LockedArtifact)
_Table = tuple[dict[str, Any], int | None]


def render_lock(lock: Lock) -> str:
    """Return the file's text."""
    lock = lock.sort()
    parts = (("source", map(_source, lock.sources)), ("artifact", map(_artifact, lock.artifacts)))
    text = f"{_HEAD}format = {FORMAT}\n"
    for name, tables in parts:
        rows = "".join(f"    {render_inline(table)},\n" for table in tables)
        text += f"{name} = [\n{rows}]\n"
    return text


def _source(one: LockedSource) -> dict[str, Any]:
    table = one._asdict()
    table["select"] = None if one.select is None else [str(i) for i in one.select]
    table["needed_by"] = list(one.needed_by) or None
    return _present(table)


def _artifact(one: LockedArtifact) -> dict[str, Any]:
    table = one._asdict()
    for key in ("id", "name", "companion"):
        table[key] = table[key] and str(table[key])
    table["targets"] = list(one.targets) or None
    table["wanted_by"] = [str(request) for request in one.wanted_by]
    return _present(table)


def _present(table: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in table.items() if value is not None}


def parse_lock(text: str, where: str) -> Lock:
    """Read the file; raises InputError that names the line and the key."""
    if len(text) > MAX_LOCK_BYTES:
        raise InputError(f"{where}: larger than {MAX_LOCK_BYTES >> 20} MiB", hint=_HINT)
    tables = _read_lines(text) or _read_toml(text, where)
    sources = _distinct(
        _parse_tables(tables["source"], where, _to_source), where, lambda s: s.source
    )
    artifacts = _distinct(
        _parse_tables(tables["artifact"], where, _to_artifact), where, lambda a: (a.id, a.source)
    )
    lock = Lock(tuple(sources), tuple(artifacts)).sort()
    ids: dict[str | None, ArtifactId] = {}
    for one in lock.artifacts:
        known = ids.setdefault(one.uuid, one.id)
        if one.uuid is not None and known != one.id:
            raise InputError(f"{where}: {known} and {one.id} have one UUID", hint=_HINT)
    return lock


def _read_lines(text: str) -> dict[str, list[_Table]] | None:
    """Return the tables of a file as Holdall writes it; None for any other."""
    tables: dict[str, list[_Table]] = {}
    rows: list[_Table] | None = None
    has_format = False
    for number, line in enumerate(text.split("\n"), 1):
        if rows is not None and line.startswith("    {"):
            if not _LINE.fullmatch(line):
                return None
            rows.append(({pair[1]: _value(pair) for pair in _PAIR.finditer(line)}, number))
        elif line == "]" and rows is not None:
            rows = None
        elif rows is None and line in ("source = [", "artifact = ["):
            name = line.partition(" ")[0]
            if name in tables:
                return None
            rows = tables[name] = []
        elif line == f"format = {FORMAT}" and not has_format and not tables:
            has_format = True
        elif line and not (line.startswith("#") and line.isprintable()):
            return None
    return tables if has_format and len(tables) == 2 and rows is None else None


def _value(pair: re.Match[str]) -> str | list[str]:
    return str(pair[2]) if pair[3] is None else re.findall(r'"([^"]*)"', pair[3])


def _read_toml(text: str, where: str) -> dict[str, list[_Table]]:
    if (mark := re.search(r"(?m)^(?:<<<<<<<|>>>>>>>) .*$", text)) is not None:
        line = text.count("\n", 0, mark.start()) + 1
        raise InputError(f"{where}, line {line}: a conflict of two branches", hint=_TWICE)
    document = parse_toml(text, where, hint=_HINT)
    top = Fields(document, where, None, _HINT)
    if document.get("format") != FORMAT:
        shown = document.get("format", "missing")
        raise InputError(
            f"{where}: `format` is {shown!a:.40}, not {FORMAT}",
            hint=f"a newer Holdall may have written it; if not, {_HINT}",
        )
    top.refuse_unknown({"format", "source", "artifact"})
    found: dict[str, list[_Table]] = {}
    for name in ("source", "artifact"):
        tables = document.get(name, [])
        if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
            top.refuse(f"{name} is not an array of tables")
        from holdall.formats.toml_entries import entries_in

        places = entries_in(text, name, where)
        lines = [p.line for p in places] if len(places) == len(tables) else [None] * len(tables)
        found[name] = list(zip(tables, lines, strict=True))
    return found


def _parse_tables(
    tables: Iterable[_Table], where: str, parse: Callable[[Fields], _Row]
) -> Iterator[tuple[_Row, int | None]]:
    for table, line in tables:
        yield parse(Fields(table, where, line, _HINT)), line


def _to_source(fields: Fields) -> LockedSource:
    fields.refuse_unknown(_SOURCE_KEYS)
    source = fields.text("source")
    if source is None:
        fields.refuse("an entry of source has no source")
    commit, digest = fields.text("commit", _COMMIT), fields.text("digest", _DIGEST)
    if commit is not None and digest is not None:
        fields.refuse("an entry of source has a commit or a digest, not both")
    parts = (fields.text("revision"), commit, digest, fields.ids("select"), fields.text("tag"))
    return LockedSource(source, *parts, fields.texts("needed_by") or ())


def _to_artifact(fields: Fields) -> LockedArtifact:
    fields.refuse_unknown(_ARTIFACT_KEYS)
    artifact_id, path = fields.id("id"), fields.text("path")
    if artifact_id is None:
        fields.refuse("an entry of artifact has no id")
    if path is not None and (path.startswith("/") or ".." in path.split("/")):
        fields.refuse(f"path = {path!a:.80} leads out of the source")
    return LockedArtifact(
        artifact_id,
        fields.text("uuid", _UUID),
        fields.text("source"),
        path,
        fields.text("content_hash", _HASH),
        tuple(sorted(fields.texts("targets") or ())),
        fields.ids("wanted_by") or (),
        fields.id("name"),
        fields.id("companion"),
    )


def _distinct(
    rows: Iterable[tuple[_Row, int | None]], where: str, key: Callable[[_Row], object]
) -> Iterator[_Row]:
    """Yield each row once; raises InputError for two of one name that differ."""
    seen: dict[object, tuple[_Row, int | None]] = {}
    for row, line in rows:
        known = seen.setdefault(key(row), (row, line))
        if known[0] != row:
            at = where if line is None else f"{where}, lines {known[1]} and {line}"
            what = row.id if isinstance(row, LockedArtifact) else row.source
            raise InputError(f"{at}: {what} stands there twice", hint=_TWICE)
        if known[0] is row:
            yield row
