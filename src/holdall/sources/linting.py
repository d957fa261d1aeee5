"""Lint a source: diagnostics of reading it, the specifications' limits, and its texts' content."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path
from typing import Any

from holdall import NamedTuple
from holdall.artifacts.ids import ArtifactType, FileKind
from holdall.sources.checks.diagnostics import CODES, Code, Level
from holdall.sources.checks.limits import judge_frontmatter
from holdall.sources.checks.references import references
from holdall.sources.values import Diagnostic, FoundArtifact, Reading

MAX_TEXT_BYTES = 64 << 10
"""How much of each file is looked through for references."""

_FRONTED = (ArtifactType.SKILL, ArtifactType.COMMAND, ArtifactType.AGENT)


class Finding(NamedTuple):
    """A diagnostic, and the source that it is about as the caller named it.

    `why` it matters and its `remedy` are those of its code, unless a plugin found it.
    """

    source: str
    diagnostic: Diagnostic
    why: str = ""
    remedy: str = ""

    @property
    def place(self) -> str:
        """The file's path from where the caller stands."""
        path = self.diagnostic.path
        if path == "." or self.source in (".", "./"):
            return self.source if path == "." else path
        return f"{self.source.rstrip('/')}/{path}"

    @property
    def sentence(self) -> str:
        """The finding in the format that editors read: `path:line: level: message [code]`."""
        diagnostic = self.diagnostic
        place = self.place if diagnostic.line is None else f"{self.place}:{diagnostic.line}"
        return f"{place}: {diagnostic.level}: {diagnostic.message} [{diagnostic.code}]"


def lint(source: str, reading: Reading, allowed: Collection[str] = ()) -> list[Finding]:
    """Return what is wrong with a source, by path and line, without the codes in `allowed`."""
    found = set(reading.diagnostics)
    for artifact in reading.artifacts:
        found.update(_judge_texts(artifact))
    return in_order(
        _make_found(source, diagnostic) for diagnostic in found if diagnostic.code not in allowed
    )


def in_order(findings: Iterable[Finding]) -> list[Finding]:
    """Return the findings of one source by path and line."""
    return sorted(
        findings,
        key=lambda f: (
            f.diagnostic.path,
            f.diagnostic.line or 0,
            f.diagnostic.code,
            f.diagnostic.message,
        ),
    )


def _make_found(source: str, diagnostic: Diagnostic) -> Finding:
    info = CODES[Code(diagnostic.code)]
    return Finding(source, diagnostic, info.reason, info.remedy)


def counts(findings: Iterable[Finding]) -> dict[str, int]:
    """Return how many findings there are of each level."""
    found = Counter(finding.diagnostic.level for finding in findings)
    return {f"{level}s": found[level] for level in Level}


def findings_to_json(findings: Collection[Finding]) -> dict[str, Any]:
    """Return findings as `holdall lint --json` prints them."""
    return {"diagnostics": [_finding(finding) for finding in findings], **counts(findings)}


def _finding(finding: Finding) -> dict[str, Any]:
    table = {"source": finding.source, **finding.diagnostic.to_json()}
    return {**table, "why": finding.why, "remedy": finding.remedy}


def _judge_texts(artifact: FoundArtifact) -> Iterator[Diagnostic]:
    is_skill = artifact.type == ArtifactType.SKILL
    for number, (path, below, text) in enumerate(_texts(artifact)):
        if artifact.type in _FRONTED and (below == "SKILL.md" if is_skill else number == 0):
            yield from judge_frontmatter(artifact, path, text)
        if is_skill:
            yield from references(path, text, below.count("/"))


def _texts(artifact: FoundArtifact) -> Iterator[tuple[str, str, str]]:
    """Yield each text file of an artifact: its path in the source, its path there, the text."""
    location = artifact.location
    if location is None:
        return
    if not location.is_dir():
        yield from _text(artifact.path, "", location)
        return
    for digest in artifact.tree.files:
        if digest.kind is FileKind.FILE:
            path = digest.path if artifact.path == "." else f"{artifact.path}/{digest.path}"
            where = artifact.tree.elsewhere.get(digest.path, location / digest.path)
            yield from _text(path, digest.path, where)


def _text(path: str, below: str, location: Path) -> Iterator[tuple[str, str, str]]:
    data = _read_beginning(location)
    if b"\0" not in data:
        yield path, below, data.decode("utf-8", "replace")


def _read_beginning(location: Path) -> bytes:
    """Return what is looked at of a file; nothing if it went away since it was read."""
    try:
        with location.open("rb") as file:
            return file.read(MAX_TEXT_BYTES)
    except OSError:
        return b""
