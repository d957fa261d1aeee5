"""What readers find before names are assigned, each place once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from pathlib import Path
from typing import Any

from holdall import NamedTuple, dataclass
from holdall.errors import StorageError, TooLargeError
from holdall.files.tree import Tree
from holdall.sources.checks.diagnostics import Code, diagnose
from holdall.sources.layouts.identity import KnownMember, KnownPlugin
from holdall.sources.values import Diagnostic, Need, RemoteComposite
from holdall.sources.walk import SourceTree

Key = tuple[str, str]
"""An artifact's type and its path in the source."""


def show_path(path: str) -> str:
    """Return a path as it is in results: the source itself is `.`."""
    return path or "."


class Draft(NamedTuple):
    """An artifact at one place, without its final id; `hides_text` as in `FoundArtifact`."""

    type: str
    name: str
    path: str
    location: Path | None
    data: bytes | None
    tree: Tree
    description: str | None = None
    frontmatter_name: str | None = None
    hides_text: bool = False

    @property
    def key(self) -> Key:
        """The draft's type and path."""
        return self.type, self.path


class DraftMember(NamedTuple):
    """A composite's member: its place, its name there, what an export says of it."""

    key: Key
    name: str
    known: KnownMember | None = None


@dataclass(frozen=True, slots=True)
class DraftComposite:
    """A composite without its final id.

    `files` is the place of its own files, `manifest` that of the manifest that was read first.
    """

    name: str
    path: str
    kind: str
    members: tuple[DraftMember, ...]
    description: str | None = None
    version: str | None = None
    known: KnownPlugin = field(default_factory=KnownPlugin)
    files: Key | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)
    hides_text: bool = False
    manifest: str | None = None
    needs: tuple[Need, ...] = ()


@dataclass
class Gathering:
    """What was found so far. `drafts` has each place once, however many ways lead there.

    `exports` are the folders of plugins that Holdall exported: what those say they hold is all.
    `unread` is as in `Reading`.
    """

    tree: SourceTree
    drafts: dict[Key, Draft] = field(default_factory=dict)
    composites: list[DraftComposite] = field(default_factory=list)
    remotes: list[RemoteComposite] = field(default_factory=list)
    diagnostics: list[Diagnostic] = field(default_factory=list)
    plugin_roots: set[str] = field(default_factory=set)
    exports: set[str] = field(default_factory=set)
    config_files: dict[str, Mapping[str, Any] | None] = field(default_factory=dict)
    refused: set[Key] = field(default_factory=set)
    unread: dict[str, str] = field(default_factory=dict)

    def say(self, path: str, code: Code, message: str, line: int | None = None) -> None:
        """Record a diagnostic."""
        self.diagnostics.append(diagnose(path, code, message, line))

    def say_missed(self, path: str, code: Code, message: str) -> None:
        """Record a diagnostic of something that is there, or should be, and cannot be read."""
        self.unread.setdefault(show_path(path), message)
        self.say(path, code, message)

    def file_of(self, draft: Draft) -> str:
        """Return the folder or file that an artifact is, or that it is an entry of."""
        if draft.location is not None:
            return draft.path
        ends = [end for end, sign in enumerate(draft.path) if sign == "#"]
        files = (draft.path[:end] for end in ends if self.tree.file(draft.path[:end]))
        return next(files, draft.path)

    def is_exported(self, path: str) -> bool:
        """Return whether a path is that of an export, or below one."""
        return bool(self.exports) and any(
            path == export or not export or path.startswith(f"{export}/") for export in self.exports
        )

    def say_unread(self, path: str, error: StorageError | TooLargeError) -> None:
        """Record why something could not be read."""
        is_large = isinstance(error, TooLargeError)
        code = Code.TOO_LARGE if is_large else Code.ITEM_UNREADABLE
        self.say_missed(path, code, error.message)

    def add(self, draft: Draft) -> Draft:
        """Add a draft, unless its place is known already."""
        known = self.drafts.setdefault(draft.key, draft)
        if known is draft:
            for problem in draft.tree.problems:
                self._say_problem(draft.path, problem.path, problem.code, problem.message)
        return known

    def _say_problem(self, artifact: str, path: str, code: str, message: str) -> None:
        whole = path if artifact == "." else f"{artifact}/{path}"
        self.say(whole, Code(code), message)
