"""What a deploy has to ask about: what it writes that runs or sends, or that is started by such.

A question is known by its content: what is shown, with the bytes of the artifact and of all that
it may start. What stays in the project counts as well, a user's own hooks included: they may start
what is written.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from holdall.artifacts.ids import ArtifactId, ArtifactType
from holdall.artifacts.paths import RelPath
from holdall.deploy.consent.allowance import Situation
from holdall.deploy.consent.heads import HEADS, MAX_HEAD_BYTES, file_effects, text_effects
from holdall.deploy.planning.files import written_artifacts
from holdall.deploy.planning.plan import PlannedArtifact
from holdall.deploy.targets import Target
from holdall.errors import InputError, StorageError
from holdall.formats.documents import canonical_json, parse_toml, read_bounded
from holdall.formats.escape import one_line_exactly
from holdall.transaction.actions import Put
from holdall.transaction.placement import ancestors

if TYPE_CHECKING:
    from holdall.deploy.consent.started import Startable, Starts

# Where users may have hooks, other than the files that Holdall puts entries into.
_MORE_SETTINGS = (
    ".claude/settings.local.json",
    ".codex/hooks.json",
    ".cursor/hooks.json",
    ".devin/hooks.v1.json",
    ".windsurf/hooks.json",
)


_TO_PROJECT = "$(git rev-parse --show-toplevel)"


def effects_of(artifact: PlannedArtifact, target: Target, project: Path) -> list[str]:
    """Return everything that an artifact lets an agent of this target run or send, shown whole.

    A hook or a server that is not understood has none: it is not merged.
    """
    merge = target.merges.get(artifact.id.type)
    if merge is None:
        return list(file_effects(artifact, target)) if target.place_of(artifact.id) else []
    from holdall.deploy.consent.entries import entry_effects

    try:
        return entry_effects(artifact, merge, target, project)
    except InputError:
        return []


def find_questions(situation: Situation) -> dict[str, list[str]]:
    """Return what is to be asked, by content: the lines to show, escaped and otherwise whole."""
    return _Finder(situation).questions()


class _Finder:
    def __init__(self, situation: Situation) -> None:
        self._situation = situation
        self._project = situation.root.path
        puts = [a.path for a in situation.arrangement.actions if isinstance(a, Put)]
        self._touched = {*puts, *ancestors(puts)}
        self._written = written_artifacts(situation.arrangement)

    def questions(self) -> dict[str, list[str]]:
        """Return the lines of each question by its content."""
        found: dict[str, list[str]] = {}
        planned = []
        for target, artifact in self._situation.planned:
            lines = effects_of(artifact, target, self._project)
            planned += lines
            if lines:
                own = target.root_of(artifact.id.type), artifact.id
                started = self._find_started(lines, own)
                if self._is_written(target, artifact) or self._is_touched(started):
                    others = [*self._companion(artifact), *(s.content_hash for s in started)]
                    key = _key([artifact.tree.content_hash, *lines], others)
                    found.setdefault(key, []).extend(_show(str(artifact.id), lines, started))
        for owner, text in self._find_present(planned):
            started = self._find_started([text], None)
            if self._is_touched(started):
                key = _key([text], [item.content_hash for item in started])
                found.setdefault(key, []).extend(_show(owner, [text], started))
        return found

    @cached_property
    def _starts(self) -> Starts:
        from holdall.deploy.consent.started import Starts

        return Starts(self._startables())

    def _startables(self) -> Iterator[Startable]:
        from holdall.deploy.consent.started import kept_startable, planned_startable

        for target, artifact in self._situation.planned:
            if item := planned_startable(artifact, target):
                yield item
        for entry in self._situation.kept:
            known = self._situation.targets.get(entry.target)
            if known and (item := kept_startable(entry, known, self._project)):
                yield item

    def _find_started(
        self, lines: Iterable[str], own: tuple[str, ArtifactId] | None
    ) -> list[Startable]:
        # What only leads to the project's folder looks for nothing.
        texts = [line.replace(_TO_PROJECT, ".") for line in lines]
        return [s for s in self._starts.find_started(texts) if (s.root, s.id) != own]

    def _is_written(self, target: Target, artifact: PlannedArtifact) -> bool:
        merge = target.merges.get(artifact.id.type)
        if merge is not None:
            return merge.path in self._touched
        return (target.name, artifact.id) in self._written

    def _is_touched(self, started: Iterable[Startable]) -> bool:
        return any(item.place in self._touched for item in started)

    def _companion(self, artifact: PlannedArtifact) -> list[str]:
        planned = (other for _, other in self._situation.planned)
        return [other.tree.content_hash for other in planned if other.id == artifact.companion]

    def _find_present(self, planned: list[str]) -> Iterator[tuple[str, str]]:
        """Yield what runs in the project and is not planned: the file where it is, and its text."""
        message = "\n".join(planned)
        paths = [
            merge.path for t in self._situation.targets.values() for merge in t.merges.values()
        ]
        for path in dict.fromkeys((*paths, *map(RelPath.parse, _MORE_SETTINGS))):
            for table in self._tables_in(path):
                if not all(text in message for text in _own_texts(table)):
                    yield path, f"has: {canonical_json(table).decode(errors='replace')}"
        for entry in self._situation.kept:
            for path in entry.files:
                if path.endswith(".md") and self._is_head(path, entry.id):
                    for line in self._head_effects(path, entry.id):
                        yield path, line

    def _is_head(self, path: RelPath, artifact_id: ArtifactId) -> bool:
        is_single = artifact_id.type in (ArtifactType.AGENT, ArtifactType.COMMAND)
        return is_single or path.name.casefold() in HEADS

    def _head_effects(self, path: RelPath, artifact_id: ArtifactId) -> list[str]:
        data = self._read(path)
        is_command = artifact_id.type != ArtifactType.AGENT
        return [] if data is None else text_effects(data, is_command=is_command)

    def _read(self, path: RelPath) -> bytes | None:
        try:
            return read_bounded(self._project / path, MAX_HEAD_BYTES)
        except (InputError, StorageError):
            return None

    def _tables_in(self, path: RelPath) -> Iterator[dict[str, Any]]:
        data = self._read(path)
        if data is None:
            return
        from holdall.formats.json_editor import JsonText

        text = data.decode(errors="replace")
        try:
            if path.endswith(".toml"):
                yield from _tables(parse_toml(text, path))
            else:
                yield from _tables(JsonText(text, path).get(()))
        except InputError:
            yield {"text": text}


def _tables(value: Any) -> Iterator[dict[str, Any]]:
    """Yield every table of a document that has texts of its own."""
    if isinstance(value, dict):
        if any(_own_texts(value)):
            yield value
        for item in value.values():
            yield from _tables(item)
    elif isinstance(value, list):
        for item in value:
            yield from _tables(item)


def _own_texts(value: Any) -> Iterator[str]:
    """Yield the texts in a table that are not in a table of their own."""
    for item in value.values() if isinstance(value, dict) else value:
        if isinstance(item, str):
            yield item
        elif isinstance(item, list):
            yield from _own_texts([inner for inner in item if not isinstance(inner, dict)])


def _key(shown: list[str], started: Iterable[str]) -> str:
    """Return what stands for what is shown and for the contents of all that it may start."""
    return hashlib.sha256(canonical_json([shown, sorted(set(started))])).hexdigest()


def _show(owner: str, lines: Iterable[str], started: Iterable[Startable]) -> list[str]:
    shown = [one_line_exactly(f"{owner} {line}") for line in lines]
    for item in started:
        names = ", ".join(f"{item.place}/{name}" if name else item.place for name in item.programs)
        shown.append(
            one_line_exactly(f"{owner} may start what is in {item.id}: {names or item.place}")
        )
    return shown
