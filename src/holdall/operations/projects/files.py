"""A project's own files: `holdall.toml`, `holdall.lock`, and the lock as it was last deployed here.

The last one, `.holdall/synced.lock`, is this machine's: what is in it and no longer in the lock,
which git may have changed, leaves the project.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from holdall import NamedTuple
from holdall.artifacts.paths import RelPath
from holdall.artifacts.protected import LOCK_FILE, PROJECT_FILE, SYNCED
from holdall.deploy.locked.lock_file import MAX_LOCK_BYTES, parse_lock, render_lock
from holdall.deploy.locked.project_file import MAX_PROJECT_FILE, parse_project_file
from holdall.deploy.locked.values import Lock, ProjectFile
from holdall.errors import InputError, NotFoundError, TooLargeError
from holdall.files.root import Root
from holdall.transaction.actions import Action
from holdall.transaction.placement import as_read, put_bytes

_ATTRIBUTES = RelPath.parse(".gitattributes")
_MERGED = "".join(f"{name} merge=union\n" for name in (LOCK_FILE, PROJECT_FILE))
_MAX_ATTRIBUTES = 1 << 20


class ProjectFiles(NamedTuple):
    """The texts of a project's own files, None for one that is not there, and what they say."""

    wanted_text: str | None
    lock_text: str | None
    synced_text: str | None
    wanted: ProjectFile
    lock: Lock
    synced: Lock


def read_both(project: Path) -> ProjectFiles:
    """Read a project's files; raises NotFoundError where there is neither."""
    with Root(project) as root:
        files = read_files(root)
    if files.wanted_text is None and files.lock_text is None:
        raise NotFoundError(
            f"{project} has no {PROJECT_FILE}",
            hint="`holdall add SOURCE` makes one, with what a source has",
        )
    return files


def read_files(root: Root) -> ProjectFiles:
    """Read a project's own files; raises InputError that names the file, the line and the key."""
    wanted = _text(root, PROJECT_FILE, MAX_PROJECT_FILE)
    lock = _text(root, LOCK_FILE, MAX_LOCK_BYTES)
    synced = _text(root, SYNCED, MAX_LOCK_BYTES)
    locked = Lock() if lock is None else parse_lock(lock, str(root.path / LOCK_FILE))
    if synced == lock:
        before = locked
    else:
        before = Lock() if synced is None else parse_lock(synced, str(root.path / SYNCED))
    return ProjectFiles(
        wanted,
        lock,
        synced,
        ProjectFile()
        if wanted is None
        else parse_project_file(wanted, str(root.path / PROJECT_FILE)),
        locked,
        before,
    )


def _text(root: Root, path: RelPath, limit: int) -> str | None:
    data = root.read_bytes(path, limit)
    try:
        return None if data is None else data.decode()
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise InputError(
            f"{root.path / path}, line {line}: not valid UTF-8", hint="save it as UTF-8"
        ) from error


def file_actions(
    root: Root, before: ProjectFiles, wanted_text: str | None, lock: Lock
) -> Iterator[Action]:
    """Yield what writes the files, as far as they differ from what was read before.

    Where the project is in git, its attributes say once that these are merged line by line.
    Raises TooLargeError for a file that could not be read again.
    """
    text = render_lock(lock)
    if lock == before.lock and before.lock_text is not None:
        text = before.lock_text
    pairs = [
        (PROJECT_FILE, before.wanted_text, wanted_text, MAX_PROJECT_FILE),
        (LOCK_FILE, before.lock_text, text, MAX_LOCK_BYTES),
        (SYNCED, before.synced_text, text, MAX_LOCK_BYTES),
    ]
    if before.lock_text is None and _is_in_git(root.path):
        attributes = _text(root, _ATTRIBUTES, _MAX_ATTRIBUTES)
        pairs.append((_ATTRIBUTES, attributes, _with_merge(attributes), _MAX_ATTRIBUTES))
    for path, old, new, limit in pairs:
        if new is not None and new != old:
            data = new.encode()
            if len(data) > limit:
                raise TooLargeError(
                    f"{root.path / path} would be larger than {limit >> 20} MiB",
                    hint="add less to this project",
                )
            yield put_bytes(path, data, as_read(root, path, old))


def _is_in_git(project: Path) -> bool:
    place = project.resolve()
    return any(os.path.lexists(folder / ".git") for folder in (place, *place.parents))


def _with_merge(text: str | None) -> str:
    """Return the text of `.gitattributes` with the two files; each line there stays."""
    if text is None or not text.strip():
        return _MERGED
    if any(line.split()[:1] == [str(LOCK_FILE)] for line in text.splitlines()):
        return text
    return f"{text}{'' if text.endswith(chr(10)) else chr(10)}{_MERGED}"
