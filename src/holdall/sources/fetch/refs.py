"""What a repository calls its commits now: branches and tags, without fetching any of them."""

from __future__ import annotations

from pathlib import Path

from holdall import NamedTuple
from holdall.errors import NotFoundError
from holdall.sources.fetch.address import GitAddress, without_password
from holdall.sources.fetch.git import Git, GitFailed
from holdall.sources.fetch.ranges import find_tag, parse_range, versions_in
from holdall.sources.values import Tagged

_MAX_SECONDS = 60.0
_TAGS, _HEADS = "refs/tags/", "refs/heads/"
_PEELED = "^{}"


class Refs(NamedTuple):
    """The commits that the names of a repository stand for; `head` is the default branch's."""

    head: str | None
    branches: dict[str, str]
    tags: dict[str, str]

    def commit_of(self, revision: str | None) -> str | None:
        """Return the commit that a revision stands for now; None for one that is no name here."""
        if revision is None:
            return self.head
        return self.tags.get(revision) or self.branches.get(revision)


def tag_of(address: GitAddress, refs: Refs) -> Tagged:
    """Return the tag that an address's range of versions stands for; raises NotFoundError."""
    wanted = parse_range(address.revision or "*")
    folder = (address.subfolder or "").rpartition("/")[2] or None
    found = find_tag(refs.tags, wanted, folder)
    if found is None:
        known = [tag for _, tag in sorted(versions_in(refs.tags, folder).items())]
        shown = f"the newest are {', '.join(known[-3:])}" if known else "it has no tag like v1.2.3"
        raise NotFoundError(f"{address.name}: no version in {wanted.text}", hint=shown)
    return found


def read_refs(address: GitAddress, scratch: Path) -> Refs:
    """Ask a repository for its names; `scratch` is a folder that is not there yet.

    Raises what cannot be reached, as a fetch does.
    """
    try:
        if address.git_dir is not None:
            git = Git(address.git_dir, address.name, may_fetch=False)
            shown = git.run("show-ref", "--head", "--dereference", seconds=_MAX_SECONDS)
        else:
            git = Git(scratch, address.name, may_fetch=True)
            git.run("init", "--quiet", "--bare", "--template=")
            place, login = without_password(address.url)
            if login is not None:
                git.log_in_with(login)
            url = address.url if login is None else place
            shown = git.run("ls-remote", "--quiet", "--", url, seconds=_MAX_SECONDS)
    except GitFailed as failure:
        raise git.unreachable(str(failure)) from None
    refs = _read(shown.decode(errors="replace"))
    if refs.head is None and not refs.branches and not refs.tags:
        raise NotFoundError(f"{address.name}: the repository has no commits", hint="is it the one?")
    return refs


def _read(text: str) -> Refs:
    found = Refs(None, {}, {})
    head = None
    for line in text.splitlines():
        commit, _, name = line.replace("\t", " ").partition(" ")
        if name == "HEAD":
            head = commit
        elif name.startswith(_HEADS):
            found.branches[name.removeprefix(_HEADS)] = commit
        elif name.startswith(_TAGS):
            # An annotated tag stands for itself first, then, with ^{}, for its commit.
            found.tags[name.removeprefix(_TAGS).removesuffix(_PEELED)] = commit
    return found._replace(head=head)
