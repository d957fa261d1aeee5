"""What each entry of the site gives to it: its page, and its files for other programs.

A part is made from the bytes of the release alone, in this process or in another one, and is known
again by its key: a hash over all that it is made from. Problems are what `holdall lint` finds in
the artifact, laid out in a folder of its own; what an artifact can run is read from its files.
"""

from __future__ import annotations

import difflib
import json
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from holdall import NamedTuple
from holdall.artifacts import FileDigest, FileKind, RelPath
from holdall.deploy import text_effects
from holdall.errors import HoldallError
from holdall.formats import escape_text, one_line, parse_json, read_frontmatter
from holdall.operations import lint_source
from holdall.plugins import Plugins
from holdall_composites.history.versions import write_files
from holdall_composites.service.site.catalog import Entry, File
from holdall_composites.service.site.clients import Listed, skill_files
from holdall_composites.service.site.write import SiteFile

MAX_TEXT_BYTES = 64 << 10
"""Larger files are named, not shown."""

DIFFS = 3
"""How many versions are shown with what they changed."""

_DIFF_LINES = 200
_RUNNING = ("command", "args", "url", "headersHelper", "prompt")

Contents = Mapping[str, bytes]
Digests = Sequence[FileDigest]


class Draft(NamedTuple):
    """An entry that is not known yet, with the files of its versions by number.

    `block` is its block of `manifest.toml`, `path` its place in the collection; a composite has
    neither. `contents` are by SHA-256.
    """

    key: str
    entry: Entry
    block: str
    path: str
    is_single: bool
    files: Digests
    older: Mapping[int, Digests]
    contents: Contents


class Part(NamedTuple):
    """What an entry gives to the site, but for the bytes: each path with its hash.

    `facts` is what lists say of it: description, licence, what it runs, problems, bytes.
    """

    key: str
    files: dict[str, str]
    facts: dict[str, Any]
    listed: Listed


class Drawn(NamedTuple):
    """A part with its bytes."""

    key: str
    files: list[SiteFile]
    facts: dict[str, Any]
    listed: Listed


def tell(entry: Entry, facts: Mapping[str, Any]) -> None:
    """Say of an entry what its part says."""
    for name, value in facts.items():
        setattr(entry, name, value)


def draw_parts(plugins: Plugins, name: str, version: str, drafts: Sequence[Draft]) -> list[Drawn]:
    """Draw the pages of some entries; `name` is the collection's."""
    from holdall_composites.service.site.pages import EntryPages

    problems = _problems(plugins, drafts)
    pages = EntryPages(name, version)
    return [_draw(pages, draft, problems.get(draft.path, ())) for draft in drafts]


def _draw(pages: Any, draft: Draft, problems: Sequence[str]) -> Drawn:
    entry, contents = draft.entry, draft.contents
    entry.files = [_file(file, contents) for file in draft.files]
    if not entry.is_composite:
        head = _head(entry.files)
        entry.description = one_line(str(head.get("description") or ""))
        entry.licence = one_line(str(head.get("license") or ""))
    entry.runs = _runs(entry.type, entry.files)
    entry.problems = [escape_text(text) for text in problems]
    entry.versions = [
        version._replace(diff=_diff(draft, version.number)) for version in entry.versions
    ]
    page = SiteFile(f"a/{entry.uuid}/index.html", pages.render(entry))
    files, listed = skill_files(entry, contents)
    fields = {
        "description": entry.description,
        "licence": entry.licence,
        "runs": entry.runs,
        "problems": entry.problems,
    }
    return Drawn(draft.key, [page, *files], fields, listed)


def _problems(plugins: Plugins, drafts: Sequence[Draft]) -> dict[str, list[str]]:
    """Return what `holdall lint` says of the artifacts, by the path of each and of each file."""
    found: dict[str, list[str]] = {}
    with tempfile.TemporaryDirectory("-holdall") as scratch:
        root = Path(scratch)
        blocks = []
        for draft in drafts:
            if draft.path:
                _lay_out(root, draft)
                blocks.append(draft.block)
        if not blocks:
            return {}
        head = '[collection]\nname = "site"\nformat = 1\n\n'
        (root / "manifest.toml").write_text(head + "\n".join(blocks), encoding="utf-8")
        for finding in lint_source(plugins, scratch):
            path = finding.diagnostic.path
            text = f"{finding.diagnostic.code}: {finding.diagnostic.message}"
            parts = path.split("/")
            for depth in range(1, len(parts) + 1):
                found.setdefault("/".join(parts[:depth]), []).append(text)
    return found


def _lay_out(root: Path, draft: Draft) -> None:
    """Write the files at their paths in the collection."""

    def read(sha256: str) -> Iterable[bytes]:
        return (draft.contents[sha256],)

    place = root / draft.path
    if draft.is_single:
        named = [file._replace(path=RelPath.parse(place.name)) for file in draft.files]
        write_files(place.parent, named, read)
    else:
        write_files(place, draft.files, read)
    for file in draft.files:
        if file.executable and file.kind is FileKind.FILE:
            (place if draft.is_single else place / file.path).chmod(0o755)


def _file(file: FileDigest, contents: Contents) -> File:
    text = None
    if file.size <= MAX_TEXT_BYTES:
        data = contents[file.sha256]
        if b"\0" not in data:
            try:
                text = data.decode()
            except UnicodeDecodeError:
                text = None
    is_link = file.kind is FileKind.LINK
    return File(str(file.path), file.size, file.sha256, file.executable, is_link, text)


def _head(files: Sequence[File]) -> Mapping[str, Any]:
    """Return the frontmatter of the file that an agent reads first."""
    texts = {file.path: file.text for file in files if file.text}
    name = "SKILL.md" if "SKILL.md" in texts else next(iter(texts), None)
    if (len(texts) > 1 and name != "SKILL.md") or name is None or not name.endswith(".md"):
        return {}
    return read_frontmatter(texts[name] or "").values


def _runs(type_name: str, files: Sequence[File]) -> list[str]:
    """Return what the files let an agent's machine run or send, as texts for reading."""
    found: list[str] = []
    for file in files:
        if file.is_executable:
            found.append(f"has an executable file: {file.path}")
        if file.text is None:
            continue
        if file.path.endswith(".md"):
            is_command = type_name != "agent"
            found += text_effects(file.text.encode(), is_command=is_command)
        elif type_name in ("hook", "mcp") and file.path.endswith(".json"):
            found += _commands(file.text)
    return [escape_text(text) for text in dict.fromkeys(found)]


def _commands(text: str) -> list[str]:
    try:
        table = parse_json(text, "")
    except HoldallError:
        return ["may run anything: its file cannot be read"]
    return list(_find_named(table))


def _find_named(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for key, inner in value.items():
            if key in _RUNNING and not isinstance(inner, dict):
                shown = inner if isinstance(inner, str) else json.dumps(inner)
                yield f"{key}: {shown}"
            else:
                yield from _find_named(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _find_named(inner)


def _diff(draft: Draft, number: int) -> tuple[str, ...]:
    if number not in draft.older or number - 1 not in draft.older:
        return ()
    sides = [_texts(draft.older[one], draft.contents) for one in (number - 1, number)]
    lines: list[str] = []
    for path in sorted({*sides[0], *sides[1]}):
        before, after = (side.get(path, "") for side in sides)
        if before != after:
            named = (before.splitlines(), after.splitlines(), path, path)
            lines += difflib.unified_diff(*named, lineterm="", n=2)
    if len(lines) > _DIFF_LINES:
        lines = [*lines[:_DIFF_LINES], f"... {len(lines) - _DIFF_LINES} lines more"]
    return tuple(escape_text(line) for line in lines)


def _texts(files: Iterable[FileDigest], contents: Contents) -> dict[str, str]:
    shown = [_file(file, contents) for file in files]
    return {file.path: file.text for file in shown if file.text is not None}
