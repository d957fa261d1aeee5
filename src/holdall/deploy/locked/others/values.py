"""What another program's lock says of one thing that it installed."""

from __future__ import annotations

from holdall import NamedTuple


class Listed(NamedTuple):
    """A skill or a package in another program's lock.

    `source` is as `add` would be given it, without a revision; None for one that only that program
    reads. `states` are revisions to look for it at, the most exact first, None for the default
    branch; `revision` is what was asked for. `path` is where the source has it. `digest` is their
    hash of its files, by `rule` (see `hashes`).
    """

    name: str
    source: str | None
    path: str | None = None
    revision: str | None = None
    states: tuple[str | None, ...] = (None,)
    rule: str | None = None
    digest: str | None = None


class OtherLock(NamedTuple):
    """All of another program's lock: which program's, what it lists, for which agents, if known."""

    program: str
    listed: tuple[Listed, ...]
    agents: tuple[str, ...] = ()


def revisions(commit: str | None, ref: str | None) -> tuple[str | None, ...]:
    """Return where to look: at the commit, then at what was asked for, or the default branch."""
    return (ref,) if commit is None else (commit, ref)
