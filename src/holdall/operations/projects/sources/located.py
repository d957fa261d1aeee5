"""Where a source is, under the three names that it has.

in holdall.toml     github:owner/repo              ./vendor/kit
in holdall.lock     https://github.com/owner/repo  ./vendor/kit
in a manifest       https://github.com/owner/repo  /home/ada/web/vendor/kit
"""

from __future__ import annotations

import os
from pathlib import Path

from holdall import NamedTuple
from holdall.errors import UsageError
from holdall.sources.fetch.address import (
    Address,
    FolderAddress,
    GitAddress,
    IndexAddress,
    PublishedAddress,
    parse,
    written_address,
)
from holdall.sources.fetch.hosts import is_plain
from holdall.sources.fetch.ranges import is_range, one_word


class Located(NamedTuple):
    """A source: `written` in `holdall.toml`, `locked` in the lock, `recorded` in a manifest.

    `base` and `folder` are what it is opened by. `kind` is `git`, `archive`, `folder`,
    `published` or `index`. What `is_elsewhere` is on this machine, and not in the project's
    repository.
    """

    written: str
    locked: str
    recorded: str
    base: str
    folder: str
    kind: str
    is_elsewhere: bool = False

    @property
    def note(self) -> str | None:
        """What a user should know who adds it."""
        if not self.is_elsewhere:
            return None
        return (
            f"{self.written} is not in this project's repository: who syncs the project on another"
            " machine needs it in the same place there; a git address works everywhere"
        )

    def address(self, revision: str | None) -> str:
        """Return the text that opens it at a revision or a range, a git repository only."""
        if revision is not None and " " in revision and is_range(revision):
            revision = one_word(revision)
        at = f"@{revision}" if revision and self.kind == "git" else ""
        return f"{self.base}{at}" + (f"#{self.folder}" if self.folder else "")


def locate(text: str, project: Path) -> tuple[Located, str | None]:
    """Find a source that was named on the command line; return it, and the revision named with it.

    A folder or file of the project, or of the repository that the project is in, is written
    relative to the project, so that it is the same on every machine; another one as it was named.
    """
    address, is_absolute = parse(text), text.removeprefix("git+").startswith("/")
    return _locate(address, project, is_absolute=is_absolute)


def _locate(address: Address, project: Path, *, is_absolute: bool) -> tuple[Located, str | None]:
    if isinstance(address, GitAddress) and address.git_dir is None:
        written, folder = written_address(address), str(address.subfolder or "")
        base = address.url
        return Located(written, address.name, address.name, base, folder, "git"), address.revision
    if isinstance(address, GitAddress):
        place, folder = address.name.partition("#")[0], str(address.subfolder or "")
        shown, is_elsewhere = _show(Path(place), project, is_absolute=is_absolute)
        shown += f"#{folder}" if folder else ""
        names = (f"git+{shown}", shown, address.name)
        return Located(*names, f"git+{place}", folder, "git", is_elsewhere), address.revision
    if isinstance(address, IndexAddress):
        return Located(address.name, address.name, address.name, address.text, "", "index"), None
    if isinstance(address, PublishedAddress) and "://" in address.url:
        name = address.name
        return Located(name, name, name, address.text, "", "published"), None
    if isinstance(address, PublishedAddress):
        path = Path(address.text)
    else:
        path = address.folder if isinstance(address, FolderAddress) else address.file
    real, kind = os.path.realpath(path), "archive"
    if isinstance(address, FolderAddress):
        kind = "folder"
    shown, is_elsewhere = _show(Path(real), project, is_absolute=is_absolute)
    return Located(shown, shown, real, real, "", kind, is_elsewhere), None


def locate_written(text: str, project: Path) -> Located:
    """Find a source as `holdall.toml` names it; raises UsageError for one with a revision."""
    bare = text.removeprefix("git+")
    is_absolute = bare.startswith("/")
    if bare.startswith((".", "/")):
        place = os.path.join(os.path.realpath(project), bare)
        text = f"{'git+' if bare != text else ''}{place}"
    elif is_plain(text):
        text = f"github:{text}"
    found, revision = _locate(parse(text), project, is_absolute=is_absolute)
    if revision is not None:
        raise UsageError(
            f"holdall.toml: {text!a} has a revision in the source",
            hint=f'write it as a key of its own: revision = "{revision}"',
        )
    return found


def _show(path: Path, project: Path, *, is_absolute: bool) -> tuple[str, bool]:
    """Return how a path is written, and whether it is outside of the project's repository."""
    home = Path(os.path.realpath(project))
    above = next((f for f in (home, *home.parents) if os.path.lexists(f / ".git")), home)
    real = Path(os.path.realpath(path))
    is_elsewhere = real != above and above not in real.parents
    if is_elsewhere and is_absolute:
        return str(real), True
    relative = os.path.relpath(real, home)
    return relative if relative.startswith(".") else f"./{relative}", is_elsewhere
