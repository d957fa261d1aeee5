"""A folder that is new: filled beside its place, then moved there at once.

At any moment there is nothing at its place, or all of it. What a killed run leaves beside it is
removed by the next one for the same place.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from holdall.errors import ConflictError, HoldallError, LockedError
from holdall.files import syscalls
from holdall.files.root import Root, make_folders, storage_errors
from holdall.transaction.apply import move_new
from holdall.transaction.journal import remove_tree


def refuse_taken(target: Path) -> None:
    """Raise ConflictError for a place where something is, other than an empty folder."""
    if not os.path.lexists(target):
        return
    with storage_errors(target):
        is_free = not target.is_symlink() and target.is_dir() and not any(target.iterdir())
        if not is_free:
            raise ConflictError(
                f"{target} is there already, and is not an empty folder",
                hint="nothing was written; name a new folder",
            )
        if target.samefile(Path.cwd()):
            raise ConflictError(
                f"{target} is the folder that you are in, and would be replaced by a new one",
                hint="run the command from the folder above, or name a new folder",
            )


@contextmanager
def new_folder(target: Path) -> Iterator[Path]:
    """Yield an empty folder; what the block puts there is at `target` when the block ends.

    Raises what `refuse_taken` does, LockedError while another process fills the same folder. If
    the block raises, nothing is left.
    """
    target = target.absolute()
    refuse_taken(target)
    missing = [folder for folder in target.parents if not folder.exists()]
    name = f".holdall-new-{hashlib.sha256(os.fsencode(target.name)).hexdigest()[:16]}"
    with ExitStack() as held:
        held.push(lambda kind, *_: _remove(missing) if kind else None)
        with storage_errors(target):
            make_folders(target.parent)
        parent = held.enter_context(Root(target.parent)).folders.top
        staged = _make_alone(parent, name, target)
        held.callback(os.close, staged)
        try:
            yield target.with_name(name)
            with storage_errors(target):
                syscalls.sync_file_system(staged)
                refuse_taken(target)
                _move(parent, name, target)
                syscalls.sync(parent)
        except BaseException:
            with suppress(OSError):
                remove_tree(name, parent)
            raise


def _make_alone(parent: int, name: str, target: Path) -> int:
    """Make an empty folder that no other process has; return its descriptor, which locks it."""
    with storage_errors(target):
        with suppress(FileNotFoundError):
            left = syscalls.open_folder(name, parent)
            try:
                _lock(left, target)
                remove_tree(name, parent)
            finally:
                os.close(left)
        syscalls.make_folder(name, parent, 0o777)
        made = syscalls.open_folder(name, parent)
        _lock(made, target)
        return made


def _lock(folder: int, target: Path) -> None:
    try:
        fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise LockedError(
            f"another process is making {target}", hint="wait until it is done, or end it"
        ) from None


def _move(parent: int, name: str, target: Path) -> None:
    if os.path.lexists(target):
        syscalls.rename(parent, name, parent, target.name)  # an empty folder only
    elif not move_new(parent, name, parent, target.name):
        refuse_taken(target)


def _remove(folders: Sequence[Path]) -> None:
    """Remove folders that were made for it, as far as nothing is in them."""
    for path in folders:
        try:
            with Root(path.parent) as above:
                syscalls.remove_folder(path.name, above.folders.top)
        except (OSError, HoldallError):
            return
