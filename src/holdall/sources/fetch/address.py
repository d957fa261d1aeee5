"""The text that names a source: a folder, an archive, a repository, what a web server lists."""

from __future__ import annotations

import os
import re
from pathlib import Path
from urllib.parse import unquote, urlsplit, urlunsplit

from holdall import dataclass
from holdall.artifacts.paths import RelPath
from holdall.errors import UsageError
from holdall.sources.fetch.hosts import canonical, expand_short, page_of, shorten

ZIP_SUFFIXES = (".zip", ".skill")
ARCHIVE_SUFFIXES = (*ZIP_SUFFIXES, ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz")

_GIT_SCHEMES = ("https", "ssh", "file")
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://")
_SCP = re.compile(r"[A-Za-z0-9_][\w.-]*@[A-Za-z0-9][\w.-]*:")
_CREDENTIALS = re.compile(r"(?<=://)[^/?#\s]*@")
_QUERY = re.compile(r"\?[^#\s]*")
_CHANNEL_FILE = re.compile(r"/channels/([a-z0-9][a-z0-9._-]{0,63})\.json$")
_INDEX_FILE = re.compile(r"/\.well-known/(agent-skills|skills)(?:/index\.json)?/?$")
_ONLY_HOST = re.compile(r"(?i:https?)://[^/?#\s]+/?")
_PUBLISHED_FOLDERS = ("channels", "releases", "blobs")
_BAD_REVISION = re.compile(r"^[-+/]|[\x00-\x20\x7f~^:?*\[\\]|\.\.|@\{|//|/$")


@dataclass(frozen=True, slots=True)
class FolderAddress:
    """A folder, read in place."""

    folder: Path


@dataclass(frozen=True, slots=True)
class ArchiveAddress:
    """A file with an archive's suffix."""

    file: Path


@dataclass(frozen=True, slots=True)
class GitAddress:
    """A repository, with the revision, or range of versions, and the folder that are wanted.

    `url` is what git is given and may hold credentials; `name` never does. `git_dir` is set for a
    repository of this machine, which is read in place.
    """

    url: str
    name: str
    revision: str | None = None
    subfolder: RelPath | None = None
    git_dir: Path | None = None


@dataclass(frozen=True, slots=True)
class PublishedAddress:
    """A channel of a published collection: `url` is the folder's path, or its address.

    `name` is what is recorded, without credentials. `channel` None means the only one.
    """

    url: str
    name: str
    channel: str | None

    @property
    def text(self) -> str:
        """What names it, with the credentials that it was given."""
        return self.url if self.channel is None else f"{self.url}/channels/{self.channel}.json"


@dataclass(frozen=True, slots=True)
class IndexAddress:
    """A web server's index of skills, below `url`: of this form, else of the one that is there.

    `name` is what is recorded, without credentials.
    """

    url: str
    name: str
    form: str | None = None

    @property
    def text(self) -> str:
        """What names it, with the credentials that it was given."""
        return self.url + ("" if self.form is None else f"/.well-known/{self.form}/index.json")


Address = FolderAddress | ArchiveAddress | GitAddress | PublishedAddress | IndexAddress


def parse(text: str) -> Address:
    """Return what `text` names; a file or folder of exactly that name comes first.

    Then come a repository here with a revision or a folder after it, and short names as in
    `holdall.sources.fetch.hosts`. Raises UsageError for a URL of another kind or an impossible
    revision, HostilePathError for a subfolder outside of its repository.
    """
    if not text:
        raise UsageError("a source has no empty name", hint="`.` is the folder here")
    if "\0" in text:
        raise UsageError(
            f"{show_address(text)!a} has a NUL in it", hint="no folder has such a name"
        )
    served = _parse_published(text) or _parse_index(text)
    if served is not None:
        return served
    is_git = text.startswith("git+")
    bare = text.removeprefix("git+")
    if _SCHEME.match(bare) or (_SCP.match(bare) and not os.path.lexists(bare)):
        return _remote(bare, may_be_page=not is_git)
    path = Path(bare if is_git else text)
    git_dir = _git_dir(path, or_work_tree=is_git)
    if git_dir is not None:
        return _local(path, git_dir, None, None)
    if os.path.isfile(path) and path.name.lower().endswith(ARCHIVE_SUFFIXES):
        return ArchiveAddress(path)
    if os.path.lexists(path):
        return FolderAddress(path)
    if (local := _revision_of_local(str(path))) is not None:
        return local
    short = None if is_git else expand_short(text)
    return FolderAddress(path) if short is None else _remote(short, may_be_page=False)


def _parse_published(text: str) -> PublishedAddress | None:
    """Return the published collection of which `text` names the folder or a channel's file."""
    scheme = _SCHEME.match(text)
    if scheme and scheme[1].lower() in ("http", "https"):
        channel = _CHANNEL_FILE.search(text)
        if channel is None:
            return None
        from holdall.sources.fetch.published.transport import refuse_plain_http

        refuse_plain_http(text)
        return PublishedAddress(text[: channel.start()], _name_of(text), channel[1])
    place = text
    if scheme and scheme[1].lower() == "file":
        place = unquote(urlsplit(text).path)
    channel = _CHANNEL_FILE.search(place)
    top = place[: channel.start()] if channel else place
    if not all(os.path.isdir(os.path.join(top, folder)) for folder in _PUBLISHED_FOLDERS):
        return None
    real = os.path.realpath(top)
    if channel is None:
        return PublishedAddress(real, real, None)
    return PublishedAddress(real, os.path.join(real, "channels", f"{channel[1]}.json"), channel[1])


def _parse_index(text: str) -> IndexAddress | None:
    """Return the index of skills that an address names: its file or folder, or only a host."""
    scheme = _SCHEME.match(text)
    if scheme is None or scheme[1].lower() not in ("http", "https"):
        return None
    found = _INDEX_FILE.search(text)
    if found is None and not _ONLY_HOST.fullmatch(text):
        return None
    from holdall.sources.fetch.published.transport import refuse_plain_http

    refuse_plain_http(text)
    url = text[: found.start()] if found else text.rstrip("/")
    one = IndexAddress(url, "", found[1] if found else None)
    return IndexAddress(one.url, _name_of(one.text), one.form)


def show_address(text: str) -> str:
    """Return the text without the credentials in it."""
    if "://" not in text:
        return text
    return _QUERY.sub("", _CREDENTIALS.sub("", text))


def written_address(address: GitAddress) -> str:
    """Return how a remote repository is reached, to be written down: no secrets, no revision."""
    is_web = address.url.lower().startswith("https://")
    folder = f"#{address.subfolder}" if address.subfolder else ""
    return shorten(address.name) if is_web else f"{_name_of(address.url)}{folder}"


def without_password(url: str) -> tuple[str, str | None]:
    """Split `https://user:password@host/path` into the URL without both and a line to log in with.

    The line is what `git credential-store` reads; None where there is no password.
    """
    scheme = _SCHEME.match(url)
    if scheme is None or scheme[1].lower() == "ssh":
        return url, None
    place, slash, path = url[scheme.end() :].partition("/")
    login, at, host = place.rpartition("@")
    if not at or ":" not in login:
        return url, None
    return f"{scheme[0]}{host}{slash}{path}", f"{scheme[0]}{login}@{host}"


def _remote(text: str, *, may_be_page: bool) -> GitAddress:
    if re.search(r"[\x00-\x20\x7f]", text):
        raise UsageError(
            f"{show_address(text)!a} has blanks or control characters in it",
            hint="write %20 for a blank",
        )
    text, _, folder = text.partition("#")
    head, path = _divide(text)
    path, at, revision = path.rpartition("@") if "@" in path else (path, "", "")
    url = head + path
    name = _name_of(url)
    if may_be_page and not at and not folder and (page := page_of(name)) is not None:
        name, revision, folder = page
        # With the user and the password that the address had, if any.
        url, at = head + urlsplit(name).path, "@"
    if at:
        _check_revision(revision, name)
    name = canonical(name)
    return GitAddress(url, _with_folder(name, folder), revision or None, _subfolder(folder))


def _divide(text: str) -> tuple[str, str]:
    """Split a URL after its host: an `@` before that belongs to a user, one after to us."""
    scheme = _SCHEME.match(text)
    if scheme is None:
        host, colon, path = text.partition(":")
        return host + colon, path
    if scheme[1].lower() not in _GIT_SCHEMES:
        raise UsageError(
            f"{show_address(text)!a}: {scheme[1]}:// is not supported as a source",
            hint="use https://, ssh://, file:// or git@host:path for a git repository, or a path",
        )
    host, slash, path = text[scheme.end() :].partition("/")
    return scheme[0] + host, slash + path


def _name_of(url: str) -> str:
    """Return the URL as it is recorded: no password, no query, nothing of https's user."""
    if not _SCHEME.match(url):
        return url.rstrip("/")
    try:
        parts = urlsplit(url)
    except ValueError as error:
        raise UsageError(f"{show_address(url)!a} is not a URL: {error}", hint="check it") from None
    user, at, host = parts.netloc.rpartition("@")
    if at and parts.scheme == "ssh" and (user := user.partition(":")[0]):
        host = f"{user}@{host}"
    return urlunsplit((parts.scheme, host, parts.path, "", "")).rstrip("/")


def _check_revision(revision: str, name: str) -> None:
    from holdall.sources.fetch.ranges import is_range, parse_range

    if is_range(revision):
        parse_range(revision)
    elif not revision or _BAD_REVISION.search(revision):
        raise UsageError(
            f"{name}: {revision!a} cannot be a branch, tag or commit",
            hint="write SOURCE@NAME, where NAME is one of these, or a range as ^1.2",
        )


def _subfolder(text: str) -> RelPath | None:
    text = text.removeprefix("./").rstrip("/")
    return RelPath.parse(text) if text else None


def _with_folder(name: str, folder: str) -> str:
    subfolder = _subfolder(folder)
    return f"{name}#{subfolder}" if subfolder else name


def _git_dir(path: Path, *, or_work_tree: bool) -> Path | None:
    """Return the git directory of a bare repository or, if asked for, of a work tree."""
    if os.path.isfile(path / "HEAD") and all(
        os.path.isdir(path / name) for name in ("objects", "refs")
    ):
        return path.resolve()
    if or_work_tree and os.path.isdir(path / ".git"):
        return (path / ".git").resolve()
    return None


def _local(path: Path, git_dir: Path, revision: str | None, folder: str | None) -> GitAddress:
    name = str(path.resolve())
    if revision is not None:
        _check_revision(revision, name)
    return GitAddress(
        name, _with_folder(name, folder or ""), revision, _subfolder(folder or ""), git_dir
    )


def _revision_of_local(text: str) -> GitAddress | None:
    """Return the repository that `text` names with `@REVISION` or `#SUBFOLDER`, if there is one."""
    place, _, folder = text.partition("#")
    for path, revision in ((place, None), (place.rpartition("@")[0], place.rpartition("@")[2])):
        git_dir = _git_dir(Path(path), or_work_tree=True) if path else None
        if git_dir is not None:
            return _local(Path(path), git_dir, revision, folder)
    return None
