"""Read the locks of other programs, each by its own form.

skills-lock.json   skills (vercel): {"version": 1, "skills": {"pdf": {"source": "acme/kit", "ref":
                   "v1", "sourceType": "github", "skillPath": ..., "computedHash": ...}}}
.skill-lock.json   the same in a home folder, version 3, with "skillFolderHash" and "sourceUrl"
apm.lock.yaml      apm: dependencies: [{repo_url, resolved_commit, virtual_path, ...}]
agents.lock        dotagents: [skills.pdf] source, resolved_url, resolved_path, resolved_commit
rulesync.lock      {"sources": {"acme/kit": {"resolvedRef": ..., "skills": {"pdf": {"integrity"}}}}}
.openskills.json   openskills, in each skill: {"repoUrl": ..., "subpath": "skills/pdf"}
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from holdall.deploy.locked.fields import Fields
from holdall.deploy.locked.others.values import Listed, OtherLock, revisions
from holdall.errors import InputError
from holdall.formats.documents import parse_json, parse_toml, parse_yaml, read_bounded

_MAX_BYTES = 4 << 20
_HINT = "let the program that wrote it write it again, or add what you want with `holdall add`"
_PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,38}/[A-Za-z0-9._-]{1,100}")
_AGENTS = {"claude-code": "claude", "claudecode": "claude", "codexcli": "codex"}


def read_other_lock(file: Path) -> OtherLock:
    """Read a lock by its name; raises InputError that names the file and the key."""
    return LOCKS[file.name](file)


def _skills(file: Path) -> OtherLock:
    document = _table(parse_json(read_bounded(file, _MAX_BYTES), str(file)), str(file))
    return OtherLock("skills", tuple(_skill(*row) for row in _rows(document, "skills", str(file))))


def _skill(name: str, fields: Fields) -> Listed:
    kind, source = fields.text("sourceType"), fields.text("source")
    url, ref = fields.text("sourceUrl"), fields.text("ref")
    place = {
        "github": f"github:{source}" if source and _PLAIN.fullmatch(source) else url,
        "gitlab": url or (source and f"gitlab:{source}"),
        "git": url or source,
        "local": source,
    }.get(kind or "")
    # Empty for what a well-known address served.
    held = str(fields.table.get("computedHash") or fields.table.get("skillFolderHash") or "")
    rule = {40: "git", 64: "vercel"}.get(len(held))
    path = fields.text("skillPath")
    folder = None if path is None else path.removesuffix("SKILL.md").rstrip("/") or "."
    states = revisions(None, ref)
    return Listed(name, place, folder, ref, states, rule, held or None)


def _dotagents(file: Path) -> OtherLock:
    document = parse_toml(read_bounded(file, _MAX_BYTES), str(file), hint=_HINT)
    listed = []
    for name, fields in _rows(document, "skills", str(file)):
        source, url = fields.text("source") or "", fields.text("resolved_url")
        ref, commit = fields.text("resolved_ref"), fields.text("resolved_commit")
        if source.startswith("path:"):
            folder = source.removeprefix("path:").removeprefix("./")
            listed.append(Listed(name, f"./{folder}"))
        elif commit is None and fields.text("resolved_path") is None:
            listed.append(Listed(name, None))
        else:
            path = fields.text("resolved_path")
            place = _repository(source, url)
            listed.append(Listed(name, place, path, ref, revisions(commit, ref)))
    return OtherLock("dotagents", tuple(listed), _agents_beside(file, "agents.toml"))


def _agents_beside(file: Path, name: str) -> tuple[str, ...]:
    place = file.with_name(name)
    if not place.is_file():
        return ()
    document = parse_toml(read_bounded(place, _MAX_BYTES), str(place), hint=_HINT)
    agents = Fields(document, str(place), None, _HINT).texts("agents") or ()
    return tuple(_AGENTS.get(one, one) for one in agents)


def _rulesync(file: Path) -> OtherLock:
    document = _table(parse_json(read_bounded(file, _MAX_BYTES), str(file)), str(file))
    listed = []
    for source, fields in _rows(document, "sources", str(file)):
        ref, commit = fields.text("requestedRef"), fields.text("resolvedRef")
        for name, skill in _rows(fields.table, "skills", f"{file}, {source}"):
            digest = skill.text("integrity")
            states = revisions(commit, ref)
            place = _repository(source, None)
            listed.append(Listed(name, place, None, ref, states, "rulesync", digest))
    return OtherLock("rulesync", tuple(listed))


def _apm(file: Path) -> OtherLock:
    data = read_bounded(file, _MAX_BYTES)
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        raise InputError(f"{file}: not valid UTF-8", hint=_HINT) from error
    document = _table(parse_yaml(text, str(file), limit=_MAX_BYTES), str(file))
    rows = document.get("dependencies") or []
    if not isinstance(rows, list):
        raise InputError(f"{file}: dependencies is not a list", hint=_HINT)
    listed = []
    for number, row in enumerate(rows, 1):
        where = f"{file}, dependency {number}"
        fields = Fields(_table(row, where), where, None, _HINT)
        listed.append(_package(fields))
    found = document.get("deployments") or []
    agents = [row.get("target") for row in found if isinstance(row, dict)]
    named = [_AGENTS.get(a, a) for a in agents if isinstance(a, str) and a != "mcp"]
    return OtherLock("apm", tuple(listed), tuple(dict.fromkeys(named)))


def _package(fields: Fields) -> Listed:
    url, local = fields.text("repo_url"), fields.text("local_path")
    path = fields.text("virtual_path")
    name = fields.text("name") or (path or local or url or "").rpartition("/")[2]
    if local is not None:
        return Listed(name, local if local.startswith((".", "/")) else f"./{local}")
    host, ref = fields.text("host") or "github.com", fields.text("resolved_ref")
    place = url if url is None or "://" in url else f"https://{host}/{url}"
    states = revisions(fields.text("resolved_commit"), ref)
    is_skill = fields.text("package_type") == "claude_skill"
    digest = fields.text("content_hash") if is_skill else None
    return Listed(name, place, path or ".", ref, states, "apm" if digest else None, digest)


def read_openskills(marks: Mapping[str, Path]) -> OtherLock:
    """Read what openskills left in each skill: the file `.openskills.json`, by the skill's name."""
    listed = []
    for name, file in sorted(marks.items()):
        where = str(file)
        table = _table(parse_json(read_bounded(file, _MAX_BYTES), where), where)
        fields = Fields(table, where, None, _HINT)
        path, kind = fields.text("subpath"), fields.text("sourceType")
        source = fields.text("repoUrl") or fields.text("source")
        if kind == "local":
            source = fields.text("localPath") or source
        listed.append(Listed(name, source, path if kind == "git" else None))
    return OtherLock("openskills", tuple(listed))


def _repository(source: str, url: str | None) -> str:
    if _PLAIN.fullmatch(source):
        return url or f"github:{source}"
    return url or source


def _table(value: Any, where: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise InputError(f"{where}: not an object with keys", hint=_HINT)
    return value


def _rows(document: Mapping[str, Any], key: str, where: str) -> Iterator[tuple[str, Fields]]:
    """Yield each named table below a key."""
    for name, value in _table(document.get(key, {}), f"{where}: {key}").items():
        place = f"{where}, {key}.{name}"
        yield name, Fields(_table(value, place), place, None, _HINT)


LOCKS: Mapping[str, Callable[[Path], OtherLock]] = {
    "skills-lock.json": _skills,
    ".skill-lock.json": _skills,
    "apm.lock.yaml": _apm,
    "agents.lock": _dotagents,
    "rulesync.lock": _rulesync,
}
"""What reads a lock, by the file's name."""
