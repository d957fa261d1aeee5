"""Code hosts: short names of repositories, addresses of their web pages, and one name for each.

owner/repo@v2#docs                                https://github.com/owner/repo, docs of v2
gitlab:group/sub/repo                             https://gitlab.com/group/sub/repo
https://github.com/owner/repo/tree/v2/docs        https://github.com/owner/repo, docs of v2
https://git.example.org/a/b/-/blob/v2/x/SKILL.md  https://git.example.org/a/b, x of v2
git@github.com:owner/repo.git                     https://github.com/owner/repo
"""

from __future__ import annotations

import os
import re
from urllib.parse import unquote, urlsplit

from holdall import NamedTuple

_SHORT = {"github": "https://github.com/", "gitlab": "https://gitlab.com/"}
_PREFIXED = re.compile(r"(github|gitlab):(?!/)(.+)", re.DOTALL)
_PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,38}/[A-Za-z0-9._-]{1,100}")
_KNOWN = {
    **{host: host for host in ("github.com", "gitlab.com", "bitbucket.org", "codeberg.org")},
    "www.github.com": "github.com",
    "ssh.github.com": "github.com",
    "altssh.gitlab.com": "gitlab.com",
    "altssh.bitbucket.org": "bitbucket.org",
}
_SSH = re.compile(r"(?:ssh://(?:[^/@]*@)?([^/:@]+)(?::\d+)?/|[^/@:]+@([^/:@]+):/?)(.+)")
_PAGE = re.compile(r"(/[^/]+/[^/]+|/.+?/-)/(tree|blob)/(.+)")


class Page(NamedTuple):
    """A folder of a repository as its web page's address names it; `repository` is for git."""

    repository: str
    revision: str
    folder: str


def expand_short(text: str) -> str | None:
    """Return the address that `github:`, `gitlab:` or `owner/repo` stand for, with what follows.

    None for another text. `owner/repo` stands for itself where there is a folder `owner`: what is
    mistyped there must not be fetched from somebody else.
    """
    if (found := _PREFIXED.fullmatch(text)) is not None:
        return f"{_SHORT[found[1]]}{found[2]}"
    if not is_plain(text) or os.path.lexists(text.partition("/")[0]):
        return None
    return f"{_SHORT['github']}{text}"


def is_plain(text: str) -> bool:
    """Return whether a text is `owner/repo`, maybe with a revision and a folder."""
    place = text.partition("#")[0].partition("@")[0]
    return _PLAIN.fullmatch(place) is not None and place.partition("/")[2].strip(".") != ""


def shorten(name: str) -> str:
    """Return `github:owner/repo` for the one name of such a repository, others as they are."""
    for prefix, start in _SHORT.items():
        if name.startswith(start):
            return f"{prefix}:{name[len(start) :]}"
    return name


def page_of(url: str) -> Page | None:
    """Return what the address of a web page of a code host names; None for another address.

    A revision ends with the first slash: one with a slash in it has `%2F` there. A file stands for
    the folder that it is in.
    """
    parts = urlsplit(url)
    found = _PAGE.fullmatch(parts.path.rstrip("/"))
    if parts.scheme.lower() != "https" or found is None:
        return None
    revision, _, path = found[3].partition("/")
    folder = unquote(path)
    if found[2] == "blob":
        folder = folder.rpartition("/")[0]
    place = found[1].removesuffix("/-")
    return Page(f"{parts.scheme}://{parts.netloc}{place}", unquote(revision), folder)


def canonical(name: str) -> str:
    """Return the one name of a repository, whichever way it is reached.

    On the hosts that serve https and ssh under one path that is the https address without `.git`;
    elsewhere the scheme stays.
    """
    if (found := _SSH.fullmatch(name)) is not None:
        host = _KNOWN.get((found[1] or found[2]).lower())
        return name.removesuffix(".git") if host is None else _of_host(host, found[3])
    if not name.lower().startswith("https://"):
        return name
    host, _, path = name[len("https://") :].partition("/")
    known = _KNOWN.get(host.lower().removesuffix(":443"))
    return f"https://{host.lower()}/{_bare(path)}" if known is None else _of_host(known, path)


def _of_host(host: str, path: str) -> str:
    return f"https://{host}/{_bare(path)}"


def _bare(path: str) -> str:
    return path.strip("/").removesuffix(".git")
