"""Skills that a web server lists in an index, laid out as a folder; in either of two forms.

.well-known/agent-skills/index.json, discovery 0.2 (agentskills.io): what an entry names is checked
against its digest. `url` is relative to the index, or another address.

    {"$schema": "https://schemas.agentskills.io/discovery/0.2.0/schema.json", "skills": [
      {"name": "pdf", "type": "archive", "description": "...", "url": "pdf.zip",
       "digest": "sha256:9f86..."},
      {"name": "notes", "type": "skill-md", "description": "...", "url": "notes/SKILL.md",
       "digest": "sha256:2c26..."}]}

.well-known/skills/index.json, discovery 0.1, each file at NAME/FILE beside it; no digests:

    {"skills": [{"name": "pdf", "description": "...", "files": ["SKILL.md", "words.md"]}]}

Only entries that are wanted are read. One that does not fit, or another digest, is an error.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import quote, urljoin, urlsplit

from holdall import NamedTuple
from holdall.artifacts.limits import Caps
from holdall.artifacts.paths import RelPath, refuse_collisions
from holdall.errors import HoldallError, InputError, NotFoundError, RefusedError
from holdall.formats.documents import parse_json
from holdall.sources.fetch.address import IndexAddress, show_address
from holdall.sources.fetch.archive import unpack
from holdall.sources.fetch.published.transport import WebPlace
from holdall.sources.fetch.unpacking import Budget, Unpacker
from holdall.sources.layouts.markdown import SKILL_FILE

SCHEMA = "https://schemas.agentskills.io/discovery/0.2.0/schema.json"
FORMS = ("agent-skills", "skills")
_MAX_INDEX_BYTES, _MAX_SKILLS = 4 << 20, 10_000
_MAX_FILES, _MAX_BYTES = 1_000, 50 << 20
_NAME = re.compile(r"(?!.*--)[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?")
_DIGEST = re.compile(r"sha256:([0-9a-f]{64})")
_HINT = "whoever serves it has to fix it; --skill with other names takes those"


class _Entry(NamedTuple):
    """A skill of an index; `digest` is None in the older form, which has `files`."""

    name: str
    where: str
    url: str
    digest: str | None
    is_archive: bool
    files: tuple[RelPath, ...] = ()


def lay_out_index(address: IndexAddress, folder: Path, caps: Caps, names: Sequence[str]) -> bool:
    """Write the skills of an index into `folder`, which is new; of some names only these.

    Returns whether that is all. Raises NotFoundError where there is no index, InputError for an
    entry that does not fit, RefusedError for other bytes than the digest says, or above a cap.
    """
    with closing(WebPlace(address.url)) as place:
        form, table, where = _read_index(place, address)
        rows = _rows(table, where)
        every = [(str(row.get("name")), number, row) for number, row in enumerate(rows, 1)]
        some = [one for one in every if one[0] in names]
        chosen = some if {name for name, _, _ in some}.issuperset(names) and names else every
        parse = _parse_new if form == FORMS[0] else _parse_old
        entries = [parse(row, f"{where}: skill {number}") for _, number, row in chosen]
        _refuse_twice(entries)
        base = f"{address.url}/.well-known/{form}/"
        _Reader(place, base, folder, Budget(where, caps)).read(entries)
        return len(chosen) == len(every)


def _read_index(place: WebPlace, address: IndexAddress) -> tuple[str, dict[str, Any], str]:
    """Return the form of the index that is there, the newer one first, and what it says."""
    forms = FORMS if address.form is None else (address.form,)
    for form in forms:
        name = f".well-known/{form}/index.json"
        try:
            data = place.ask(name, _MAX_INDEX_BYTES).data or b""
        except NotFoundError:
            continue
        where = place.show(name)
        table = parse_json(data, where)
        if not isinstance(table, dict):
            raise InputError(f"{where}: not an object", hint="is it the right address?")
        if form == FORMS[0] and table.get("$schema") != SCHEMA:
            told = f"{where}: its $schema is {table.get('$schema')!a:.100}, not {SCHEMA}"
            raise InputError(told, hint="a newer Holdall may know it")
        return form, table, where
    shown = " and no ".join(place.show(f".well-known/{form}/index.json") for form in forms)
    raise NotFoundError(
        f"there is no {shown}", hint="is it the right address? a git repository has a path"
    )


def _rows(table: dict[str, Any], where: str) -> list[dict[str, Any]]:
    rows = table.get("skills")
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise InputError(f"{where}: skills is not a list of objects", hint=_HINT)
    if len(rows) > _MAX_SKILLS:
        raise RefusedError(f"{where}: more than {_MAX_SKILLS:,} skills", hint=_HINT)
    return rows


def _parse_new(row: dict[str, Any], where: str) -> _Entry:
    kind, digest = row.get("type"), _DIGEST.fullmatch(_text(row, "digest", where))
    if kind not in ("archive", "skill-md"):
        raise InputError(f"{where}: type is {kind!a:.40}, not archive or skill-md", hint=_HINT)
    if digest is None:
        raise InputError(f"{where}: digest is not sha256: and 64 digits", hint=_HINT)
    url = _text(row, "url", where)
    return _Entry(_name(row, where), where, url, digest[1], kind == "archive")


def _parse_old(row: dict[str, Any], where: str) -> _Entry:
    files = row.get("files")
    if not isinstance(files, list) or not all(isinstance(file, str) for file in files):
        raise InputError(f"{where}: files is not a list of texts", hint=_HINT)
    if len(files) > _MAX_FILES:
        raise RefusedError(f"{where}: more than {_MAX_FILES:,} files", hint=_HINT)
    try:
        paths = tuple(RelPath.parse(file) for file in files)
        refuse_collisions(paths)
    except HoldallError as error:
        raise InputError(f"{where}: {error.message}", hint=_HINT) from error
    name = _name(row, where)
    return _Entry(name, where, f"{name}/", None, is_archive=False, files=paths)


def _name(row: dict[str, Any], where: str) -> str:
    name = _text(row, "name", where)
    if not _NAME.fullmatch(name):
        told = f"{where}: name is {name!a:.80}, not of lowercase letters, digits, single hyphens"
        raise InputError(told, hint=_HINT)
    return name


def _text(row: dict[str, Any], key: str, where: str) -> str:
    value = row.get(key)
    if not isinstance(value, str):
        raise InputError(f"{where}: {key} is not a text", hint=_HINT)
    return value


def _refuse_twice(entries: Sequence[_Entry]) -> None:
    seen: dict[str, str] = {}
    for one in entries:
        if one.name in seen:
            raise InputError(f"{one.where}: {one.name!a} is there twice", hint=_HINT)
        seen[one.name] = one.where


class _Reader:
    """Reads what entries name into a folder, each skill below `skills/`."""

    def __init__(self, place: WebPlace, base: str, folder: Path, budget: Budget) -> None:
        self._place, self._base, self._folder, self._budget = place, base, folder, budget

    def read(self, entries: Sequence[_Entry]) -> None:
        """Read all of them; what they hold together is counted."""
        unpacker = Unpacker(self._folder, self._budget)
        (self._folder / "skills").mkdir(parents=True)
        for one in entries:
            if one.is_archive:
                self._archive(one)
                continue
            for path in one.files or (RelPath(SKILL_FILE),):
                unpacker.count()
                url = one.url if one.digest is not None else one.url + quote(path)
                data = b"".join(self._bytes(one, url))
                unpacker.file(f"skills/{one.name}/{path}", [data], executable=False)
            self._refuse_no_skill(one)

    def _archive(self, one: _Entry) -> None:
        data = b"".join(self._bytes(one, one.url))
        suffix = ".zip" if data.startswith(b"PK") else ".tar.gz"
        packed = self._folder.with_name(f"{one.name}{suffix}")
        packed.write_bytes(data)
        caps, folder = self._budget.caps, self._folder / "skills" / one.name
        most = min(caps.max_source_files, _MAX_FILES), min(caps.max_source_bytes, _MAX_BYTES)
        try:
            unpack(
                packed, folder, caps._replace(max_source_files=most[0], max_source_bytes=most[1])
            )
        except HoldallError as error:
            shown = show_address(urljoin(self._base, one.url))
            error.message = error.message.replace(str(packed), shown)
            error.args = (error.message,)
            raise
        packed.unlink()
        for file in folder.rglob("*"):
            self._budget.meter.count_of_source(1)
            self._budget.spend(file.lstat().st_size)
        self._refuse_no_skill(one)

    def _refuse_no_skill(self, one: _Entry) -> None:
        if not (self._folder / "skills" / one.name / SKILL_FILE).is_file():
            raise InputError(f"{one.where}: it has no {SKILL_FILE} at its top", hint=_HINT)

    def _bytes(self, one: _Entry, url: str) -> Iterator[bytes]:
        """Yield what an address has; raises RefusedError if it is not what the digest says."""
        whole, own = urlsplit(urljoin(self._base, url)), urlsplit(self._base)
        is_own = (whole.scheme, whole.netloc) == (own.scheme, own.netloc)
        if whole.scheme != "https" and not is_own:
            told = f"{one.where}: url leads to {show_address(whole.geturl())!a:.200}"
            raise RefusedError(told, hint=_HINT)
        size, digest = 0, hashlib.sha256()
        for chunk in self._place.read(whole.geturl()):
            size += len(chunk)
            if size > min(_MAX_BYTES, self._budget.caps.max_file_bytes):
                raise RefusedError(f"{one.where}: larger than {_MAX_BYTES >> 20} MiB", hint=_HINT)
            digest.update(chunk)
            yield chunk
        if one.digest is not None and digest.hexdigest() != one.digest:
            told = f"{one.where}, {one.name}: its bytes are not those of its digest"
            raise RefusedError(told, hint="do not use it; ask whoever serves it")
