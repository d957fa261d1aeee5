"""Whether a folder agrees with its manifest, and whether Holdall's state is private.

Reads only. Codes are stable; docs/history.md lists them.
"""

from __future__ import annotations

import shlex
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path

from holdall import NamedTuple
from holdall.artifacts.ids import ArtifactId
from holdall.artifacts.protected import LEDGER
from holdall.collection.changes import ChangeKind
from holdall.collection.collect.from_folder import LINE_ENDS, plan_refresh
from holdall.collection.collection import Collection
from holdall.deploy.project.ledger import Ledger, parse_ledger
from holdall.errors import HoldallError
from holdall.files.lock import STATE_FOLDER
from holdall.transaction.journal import is_unsettled

_OF_FILES = {
    ChangeKind.NEW: ("not-collected", "is here and is not in the manifest"),
    ChangeKind.CHANGED: ("edited", "was edited since it was collected"),
    ChangeKind.RENAMED: ("renamed", "was renamed since it was collected"),
    ChangeKind.GONE: ("files-missing", "has lost its files"),
    ChangeKind.CONFLICT: ("files-missing", "has lost its files"),
    ChangeKind.KEPT: ("line-ends", LINE_ENDS),
}
_HINTS = {
    "line-ends": "`git config core.autocrlf false`, then delete the files and `git restore` them",
    "files-missing": "`holdall restore {0} VERSION`, or `holdall remove {0}`",
}


class Finding(NamedTuple):
    """One disagreement: a stable code, what it is about, what is wrong, how to fix it."""

    code: str
    subject: str
    message: str
    hint: str

    def to_json(self) -> dict[str, str]:
        """Return the finding as `holdall doctor --json` prints it."""
        return self._asdict()


def examine_files(collection: Collection, more: Iterable[Path]) -> Iterator[Finding]:
    """Yield what an interrupted run left, what others may read, and how files and manifest differ.

    `more` are files that hold state outside of the state folder.
    """
    if is_unsettled(collection.root):
        yield Finding(
            "unfinished",
            str(collection.root),
            "an interrupted run left something to finish or to tell",
            "any command on the collection finishes it, as `holdall list`",
        )
    yield from open_to_others(collection.root, more)
    yield from _files(collection)


def open_to_others(root: Path, more: Iterable[Path] = ()) -> Iterator[Finding]:
    """Yield what of a collection's or project's state may be read or written by others.

    That is the state folder with the settings in it, and `more`.
    """
    state = root / STATE_FOLDER
    for place in (state, *state.glob("config.toml"), *more):
        mode = _mode(place)
        # A private folder keeps what is in it private.
        if mode & 0o077 and (place.name == STATE_FOLDER or _mode(place.parent) & 0o011):
            yield Finding(
                "open-to-others",
                str(place),
                f"its mode is {mode:04o}: others may look at it, or change it",
                f"chmod go= {shlex.quote(str(place))}",
            )


def _mode(place: Path) -> int:
    try:
        return stat.S_IMODE(place.stat().st_mode)
    except OSError:
        return 0


def _files(collection: Collection) -> Iterator[Finding]:
    refresh = plan_refresh(collection, takes_hidden=True)
    for change in refresh.changes.changes:
        if change.kind in _OF_FILES:
            code, message = _OF_FILES[change.kind]
            hint = _HINTS.get(code, "`holdall collect` records it").format(change.id)
            yield Finding(code, str(change.old_id or change.id), message, hint)
    for diagnostic in refresh.diagnostics:
        if diagnostic.code != "member-gone" and diagnostic.level != "info":
            yield Finding(
                diagnostic.code, diagnostic.path, diagnostic.message, "fix or delete the file"
            )
    for entry in collection.manifest.by_id.values():
        if entry.uuid is None:
            yield Finding(
                "no-uuid", str(entry.id), "has no UUID yet", "`holdall collect` gives it one"
            )


def read_deployed(project: Path) -> dict[str | None, set[str]]:
    """Return the content hashes under which a project's ledger has each artifact.

    By UUID, and by id: a project's lock gives it UUIDs of another collection.
    """
    found: dict[str | None, set[str]] = {}
    for entry in _read_ledger(project).deployed:
        for key in (entry.uuid, str(entry.id)):
            found.setdefault(key, set()).add(entry.content_hash)
    return found


def find_deployed_ids(project: Path) -> set[ArtifactId]:
    """Return the ids of what a project's ledger has, and of what was asked for there."""
    ledger = _read_ledger(project)
    return {entry.id for entry in ledger.deployed} | set(ledger.requests)


def _read_ledger(project: Path) -> Ledger:
    """Return a project's ledger, an empty one where it cannot be read."""
    path = project / LEDGER
    try:
        return parse_ledger(path.read_text(encoding="utf-8"), str(path))
    except (OSError, ValueError, HoldallError):
        return Ledger()


def present_in(project: Path) -> frozenset[str]:
    """Return the UUIDs of what is deployed in a project, if it says itself that it is there."""
    from holdall.deploy.project.place import is_project_at

    return (
        frozenset(filter(None, read_deployed(project))) if is_project_at(project) else frozenset()
    )
