"""One small line for each machine, in a folder or behind an address: what its projects have.

    {"format": 1, "id": "0f3a...", "machine": "build-7", "at": "2026-11-28T10:00:00Z",
     "projects": [{"project": "/srv/app", "states": {"synced": 40, "modified": 1}, "note": null,
                   "attention": [{"id": "skill:pdf", "state": "modified", "target": "claude"}],
                   "sources": {"https://github.com/owner/repo": "v2"}}]}

The file of a machine is `ID.json`. The id is made once for each user and place, or follows from
HOLDALL_MACHINE. There are names, paths, counts and versions in it, no content and no credentials.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import secrets
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from holdall.errors import HoldallError, InputError, NotFoundError, StorageError
from holdall.files.root import storage_errors, write_all
from holdall.files.user_state import keep_document, read_document, state_folder
from holdall.formats.documents import parse_json
from holdall.operations.projects.compare import compare, open_to_compare
from holdall.operations.projects.files import read_files
from holdall.operations.projects.fleet.values import SYNCED, Attention, FleetProject
from holdall.sources.fetch.address import show_address
from holdall.sources.fetch.published.transport import (
    FolderPlace,
    Place,
    place_of,
    put_file,
    refuse_plain_http,
)
from holdall.transaction.signature import Signature

if TYPE_CHECKING:
    from holdall.deploy.locked.values import LockedSource
    from holdall.operations.projects.terms import Terms

MAX_REPORT_BYTES = 256 << 10
MAX_LIST_BYTES = 8 << 20
_MOST_TOLD = 100
_LONGEST = 4096
_NAME = re.compile(r"[0-9a-f]{32}\.json")
_HINT = "delete the file, and let its machine report again"


def describe_project(terms: Terms, failure: str | None = None) -> FleetProject:
    """Return what a project has, beside its lock; `failure` says why a sync ended, if it did."""
    from holdall.files.root import Root

    here = (Signature.now().host, os.path.realpath(terms.project), True)
    try:
        with Root(terms.project) as root:
            files = read_files(root)
        with open_to_compare(terms, files.lock) as project:
            found = list(compare(project, files.lock, files.synced))
    except HoldallError:
        if failure is None:
            raise
        return FleetProject(*here, {}, note=failure)
    places = {(name, str(one.id)) for one in files.lock.artifacts for name in one.targets}
    different = {(one.target or "", one.what): one for one in found}
    states = Counter(one.state for one in different.values())
    if synced := len(places - different.keys()):
        states[SYNCED] = synced
    attention = [Attention(d.what, d.state, d.target, None, d.why) for d in different.values()]
    sources = {show_address(one.source): _version(one) for one in files.lock.sources}
    return FleetProject(*here, states, tuple(attention[:_MOST_TOLD]), failure, sources=sources)


def _version(source: LockedSource) -> str:
    commit = source.commit and source.commit[:12]
    return source.tag or commit or source.digest or "a folder"


def send_report(destination: str, projects: Iterable[FleetProject]) -> None:
    """Report projects of this machine, beside those that it reported there before and still has.

    Raises StorageError where the place cannot be written to, or does not answer in time.
    """
    kept = state_folder() / f"report-{hashlib.sha256(destination.encode()).hexdigest()[:32]}.json"
    before, signature = read_document(kept), Signature.now()
    known: dict[str, Any] = {}
    with contextlib.suppress(InputError):
        old = parse_report(json.dumps(before).encode(), str(kept))
        known = {one.project: _to_json(one) for one in old if os.path.isdir(one.project)}
    known |= {one.project: _to_json(one) for one in projects}
    own = before.get("id")
    if named := os.environ.get("HOLDALL_MACHINE"):
        own = hashlib.sha256(named.encode()).hexdigest()[:32]
    elif not isinstance(own, str) or not _NAME.fullmatch(f"{own}.json"):
        own = secrets.token_hex(16)
    report = {"format": 1, "id": own, "machine": signature.host, "at": signature.at}
    report["projects"] = [known[name] for name in sorted(known)]
    data = json.dumps(report, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
    if len(data) > MAX_REPORT_BYTES:
        raise StorageError(
            f"a report may have {MAX_REPORT_BYTES:,} bytes, and this one is larger",
            hint="report some of the projects elsewhere",
        )
    keep_document(kept, report)
    name = f"{own}.json"
    if _is_address(destination):
        put_file(destination, name, data)
    else:
        _write(Path(destination), name, data)


def _to_json(one: FleetProject) -> dict[str, Any]:
    attention = [
        {key: value for key, value in one._asdict().items() if value} for one in one.attention
    ]
    return {
        "project": one.project,
        "states": dict(one.states),
        "note": one.note,
        "attention": attention,
        "sources": dict(one.sources),
    }


def _is_address(text: str) -> bool:
    if text.startswith(("https://", "http://")):
        refuse_plain_http(text)
        return True
    return False


def _write(folder: Path, name: str, data: bytes) -> None:
    """Write a file into a folder that the user named, whole or not at all."""
    hint = "name a folder that is there, and that you may write to"
    with storage_errors(folder / name, hint):
        opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            new, flags = f".{name}.new", os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW
            file = os.open(new, flags | os.O_CLOEXEC, 0o644, dir_fd=opened)
            try:
                write_all(file, data)
            finally:
                os.close(file)
            os.replace(new, name, src_dir_fd=opened, dst_dir_fd=opened)
        finally:
            os.close(opened)


def read_reports(where: str, problems: list[str]) -> Iterator[FleetProject]:
    """Yield what all machines reported, by machine and project; adds to `problems` what is refused.

    Raises NotFoundError for a folder that is not there, StorageError for a server without a list.
    """
    _is_address(where)
    place = place_of(where)
    found: list[FleetProject] = []
    try:
        for name in _names_in(place, problems):
            try:
                data = place.ask(name, MAX_REPORT_BYTES).data or b""
                found += parse_report(data, place.show(name), name)
            except HoldallError as error:
                problems.append(error.message)
    finally:
        place.close()
    yield from sorted(found, key=lambda one: (one.machine, one.project))


def _names_in(place: Place, problems: list[str]) -> list[str]:
    """Return the names of reports. A server sends them as JSON: of strings, or with a `name` each.

    nginx does so with `autoindex_format json`.
    """
    if isinstance(place, FolderPlace):
        try:
            names = [entry.name for entry in os.scandir(place.folder)]
        except OSError as error:
            told = f"cannot read {place.folder}: {error.strerror}"
            raise NotFoundError(told, hint="name the folder that machines report to") from error
        strange = [name for name in names if name.endswith(".json") and not _NAME.fullmatch(name)]
        problems += [f"{place.show(name)}: not the name of a report" for name in sorted(strange)]
    else:
        listed = parse_json(place.ask("", MAX_LIST_BYTES).data or b"", place.show(""))
        rows = listed if isinstance(listed, list) else []
        names = [str(row.get("name") if isinstance(row, dict) else row) for row in rows]
    return sorted(name for name in set(names) if _NAME.fullmatch(name))


def parse_report(data: bytes, where: str, name: str | None = None) -> list[FleetProject]:
    """Read the report of a machine, which may be anybody's; raises InputError with `where`."""
    found = parse_json(data, where)
    try:
        if found["format"] != 1:
            raise InputError(f"{where}: written by a newer Holdall", hint="update Holdall here")
        own, machine, at = (_text(found[key]) for key in ("id", "machine", "at"))
        if name is not None and name != f"{own}.json":
            raise InputError(f"{where}: is the report of another machine", hint=_HINT)
        return [_project(one, machine, at) for one in found["projects"]]
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise InputError(f"{where}: not a report of Holdall", hint=_HINT) from error


def _project(table: Mapping[str, Any], machine: str, at: str) -> FleetProject:
    states = {_text(state): _count(number) for state, number in table["states"].items()}
    note = None if table["note"] is None else _text(table["note"])
    keys = ("target", "root", "note")
    attention = tuple(
        Attention(
            _text(one["id"]),
            _text(one["state"]),
            *(None if one.get(key) is None else _text(one[key]) for key in keys),
        )
        for one in table["attention"]
    )
    sources = {_text(source): _text(version) for source, version in table["sources"].items()}
    project = _text(table["project"])
    return FleetProject(machine, project, False, states, attention, note, at, sources)


def _text(value: object) -> str:
    if not isinstance(value, str) or len(value) > _LONGEST:
        raise TypeError
    return value


def _count(value: object) -> int:
    if type(value) is not int or not 0 < value < 1 << 31:
        raise TypeError
    return value
