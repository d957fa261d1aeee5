"""What Holdall remembers of its user, outside of every project and collection."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from holdall.errors import InputError, StorageError
from holdall.files import syscalls
from holdall.files.root import make_folders, storage_errors, write_all

_BELOW_HOME = {
    "state": (".local", "state"),
    "cache": (".cache",),
    "config": (".config",),
    "data": (".local", "share"),
}
_KEY = "journal.key"
_KEY_SIZE = 32
_HINT = "set XDG_STATE_HOME to a folder that you may write to"
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC
_REPLACE = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
_UPDATE = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC


def home_folder() -> Path | None:
    """Return the user's home folder; None where nothing names one, as in some containers."""
    home = os.environ.get("HOME", "")
    if not os.path.isabs(home):
        import pwd

        try:
            home = pwd.getpwuid(os.getuid()).pw_dir
        except KeyError:
            return None
    return Path(home) if os.path.isabs(home) else None


def user_folder(kind: str, owner: str = "holdall") -> Path:
    """Return the user's folder of a kind for a program: `state`, `cache`, `config` or `data`.

    `XDG_STATE_HOME/holdall` and so on where that is a full path, else `~/.local/state/holdall`
    (XDG Base Directory Specification 0.8). Raises StorageError where nothing says where it is.
    """
    variable = f"XDG_{kind.upper()}_HOME"
    if os.path.isabs(chosen := os.environ.get(variable, "").strip()):
        return Path(chosen, owner)
    home = home_folder()
    if home is None:
        raise StorageError(
            f"nothing says where your {kind} folder is: HOME is not set",
            hint=f"set HOME, or {variable}, to a folder that you may write to",
        )
    return home.joinpath(*_BELOW_HOME[kind], owner)


def state_folder() -> Path:
    """Return where Holdall remembers what the user decided, for all collections and projects."""
    return user_folder("state")


def journal_key() -> bytes:
    """Return the user's secret that seals what Holdall is going to do; it is made once, durably.

    A project may come from somebody else, with a journal in it: only one with this seal is done.
    Raises StorageError where the key can neither be read nor made.
    """
    folder = state_folder()
    with storage_errors(folder / _KEY, _HINT):
        try:
            file = os.open(folder / _KEY, _READ)
        except FileNotFoundError:
            return _make_key(folder)
        try:
            key = os.pread(file, _KEY_SIZE, 0)
        finally:
            os.close(file)
        return key if len(key) == _KEY_SIZE else _make_key(folder)


def seal_of(data: bytes) -> str:
    """Return a mark that only this user can make, for something that Holdall did."""
    return _mark(data, journal_key())


def has_seal(data: bytes, seal: str) -> bool:
    """Return whether a mark is what `seal_of` returns for this; it is not without a key."""
    try:
        key = (state_folder() / _KEY).read_bytes()
    except OSError:
        return False
    return len(key) == _KEY_SIZE and seal == _mark(data, key)


def _mark(data: bytes, key: bytes) -> str:
    # Not what seals journals, so that nobody can take one for the other.
    return hashlib.blake2b(data, key=key, digest_size=20, person=b"holdall placed").hexdigest()


def _make_key(folder: Path) -> bytes:
    make_folders(folder, 0o700)
    opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        return _key_in(opened)
    finally:
        os.close(opened)


def _key_in(folder: int) -> bytes:
    file = os.open(_KEY, _UPDATE, 0o600, dir_fd=folder)
    try:
        fcntl.flock(file, fcntl.LOCK_EX)  # one of several first runs makes it
        key = os.pread(file, _KEY_SIZE, 0)
        if len(key) != _KEY_SIZE:
            key = os.urandom(_KEY_SIZE)
            syscalls.truncate(file)
            write_all(file, key)
            syscalls.sync(file)
            syscalls.sync(folder)
    finally:
        os.close(file)
    return key


def read_document(file: Path) -> dict[str, object]:
    """Return what `keep_document` wrote to a file; nothing where it cannot be read."""
    from holdall.formats.documents import MAX_JSON_BYTES, parse_json, read_bounded

    try:
        found = parse_json(read_bounded(file, MAX_JSON_BYTES), str(file))
    except (InputError, StorageError):
        return {}
    return found if isinstance(found, dict) else {}


def keep_document(file: Path, document: Mapping[str, object]) -> None:
    """Write a document to a file in the user's state folder, whole or not at all."""
    with storage_errors(file, _HINT), _locked_folder(file) as folder:
        _replace_file(file, folder, json.dumps(document, indent=1).encode())


def read_cached(kind: str, folder: Path) -> bytes:
    """Return what `write_cached` kept for a folder; nothing where it cannot be read."""
    try:
        return _cache_file(kind, folder).read_bytes()
    except (OSError, StorageError):
        return b""


def write_cached(kind: str, folder: Path, data: bytes) -> None:
    """Keep bytes about a folder in the user's cache folder, whole or not at all."""
    file = _cache_file(kind, folder)
    with storage_errors(file), _locked_folder(file) as opened:
        _replace_file(file, opened, data)


def _cache_file(kind: str, folder: Path) -> Path:
    name = hashlib.sha256(os.fsencode(os.path.realpath(folder))).hexdigest()[:32]
    return user_folder("cache") / f"{kind}-{name}.cache"


def read_words(file: Path) -> set[str]:
    """Return the words in a file that `remember` wrote; none where it cannot be read."""
    from holdall.formats.documents import MAX_JSON_BYTES, parse_json, read_bounded

    try:
        found = parse_json(read_bounded(file, MAX_JSON_BYTES), str(file))
    except (InputError, StorageError):
        return set()
    return set(map(str, found)) if isinstance(found, list) else set()


def remember(file: Path, words: Iterable[str], hint: str) -> None:
    """Add words to a file in the user's state folder; raises StorageError with `hint`.

    A kill may leave what was being written beside it; the next time replaces that.
    """
    with storage_errors(file, hint), _locked_folder(file) as folder:
        # Each writer adds to all words before.
        text = json.dumps(sorted({*read_words(file), *words}), indent=1)
        _replace_file(file, folder, text.encode())


@contextmanager
def _locked_folder(file: Path) -> Iterator[int]:
    file.parent.mkdir(0o700, parents=True, exist_ok=True)
    folder = os.open(file.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        yield folder
    finally:
        os.close(folder)


def _replace_file(file: Path, folder: int, data: bytes) -> None:
    new = os.open(f"{file.name}.new", _REPLACE, 0o600, dir_fd=folder)
    try:
        write_all(new, data)
    finally:
        os.close(new)
    os.replace(f"{file.name}.new", file.name, src_dir_fd=folder, dst_dir_fd=folder)
