"""A plugin's own files: those in its folder that belong to none of its artifacts."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

from holdall.artifacts.ids import ArtifactType
from holdall.artifacts.paths import RelPath
from holdall.errors import StorageError, TooLargeError
from holdall.files.tree import folder_tree, link_stays_inside
from holdall.sources.checks.diagnostics import Code
from holdall.sources.checks.inspection import Inspection
from holdall.sources.draft import Draft, DraftComposite, Gathering, show_path
from holdall.sources.layouts.agents.claude import CLAUDE_MANIFESTS
from holdall.sources.layouts.configs import HOOKS_FILE, MCP_FILE
from holdall.sources.layouts.markdown import LFS_POINTER, SKILL_FILE
from holdall.sources.walk import SourceTree, join_path

# What an export writes again from the members and the composite's metadata.
_MADE = frozenset({*CLAUDE_MANIFESTS, MCP_FILE, f"hooks/{HOOKS_FILE}"})


def read_own_files(gathering: Gathering) -> None:
    """Read the own files of each plugin, when all that is an artifact is known.

    Plugins that share a folder, as the entries of a marketplace that all live at its root do, own
    nothing there: it is unknown which plugin has which file.
    """
    reader = _OwnFiles(gathering)
    roots = [_root_of(gathering.tree, composite) for composite in gathering.composites]
    sharing = Counter(roots)
    for number, root in enumerate(roots):
        if root is not None and sharing[root] == 1:
            composite = gathering.composites[number]
            draft = reader.read(composite, root)
            if draft is not None:
                gathering.composites[number] = replace(composite, files=draft.key)


def _root_of(tree: SourceTree, composite: DraftComposite) -> str | None:
    """Return the real folder of a plugin; None for what only looks like one."""
    if composite.kind == "heuristic":
        return None
    return tree.resolve("" if composite.path == "." else composite.path)


class _OwnFiles:
    """Separates own files from the artifacts of a source, and from their folders."""

    def __init__(self, gathering: Gathering) -> None:
        self._gathering, self._tree = gathering, gathering.tree
        self._artifacts = {gathering.file_of(draft) for draft in gathering.drafts.values()}
        # What could not be read is an artifact still.
        self._artifacts |= {path for _, path in gathering.refused if path in gathering.unread}
        self._holders = {path[:end] for path in self._artifacts for end in _slashes(path)} | {""}

    def read(self, composite: DraftComposite, root: str) -> Draft | None:
        """Read what a plugin owns; None if that is nothing, or with a diagnostic."""
        place = show_path(root)
        if place in self._artifacts:
            return None
        if (lacking := self._find_lacking(root)) is not None:
            message = f"left out: the repository lacks the content of {lacking!a}"
            self._gathering.say_missed(place, Code.ITEM_UNREADABLE, message)
            return None
        made = _MADE | composite.known.made
        location = self._tree.location(root)
        inspection = Inspection(root, is_folder=True)

        def peek(file: RelPath, data: bytes, offset: int) -> None:
            inspection.peek(file, data, offset)
            if offset == 0 and data.startswith(LFS_POINTER):
                where = join_path(root, file)
                self._gathering.say(where, Code.LFS_POINTER, "only a Git LFS pointer")

        def is_left_out(below: str) -> bool:
            path = join_path(root, below)
            is_made = below in made or path == composite.manifest
            return is_made or self._is_left_out(path, below)

        try:
            files = folder_tree(
                location,
                peek,
                within=self._tree.root,
                leave_out=is_left_out,
                meter=self._tree.meter,
                listed=self._tree.list_names,
                ignored=self._tree.is_ignored,
            )
        except (StorageError, TooLargeError) as error:
            self._gathering.say_unread(place, error)
            return None
        if not files.files:
            return None
        exported = composite.known.files
        name = exported.id.name if exported else composite.name
        self._gathering.diagnostics.extend(inspection.found)
        return self._gathering.add(
            Draft(
                *(ArtifactType.PLUGIN_FILES.value, name, place, location, None, files),
                hides_text=inspection.hides_text,
            )
        )

    def _find_lacking(self, root: str) -> str | None:
        """Return a plugin's own file whose content the source lacks."""
        top = f"{root}/" if root else ""
        return next(
            (
                path
                for path in sorted(self._tree.lacks)
                if path.startswith(top)
                and path not in self._artifacts
                and not any(path[:end] in self._artifacts for end in _slashes(path))
            ),
            None,
        )

    def _is_left_out(self, path: str, below: str) -> bool:
        """Return whether a path, `below` its plugin, is somebody else's."""
        head, _, name = path.rpartition("/")
        if path in self._artifacts or path in self._gathering.plugin_roots or name == ".holdall":
            return True
        # The files of an export were separated when it was first collected.
        if name not in self._tree.folder(head).links or self._gathering.is_exported(path):
            return False
        real = self._tree.resolve(path)
        if real is None:
            return False
        try:
            stays = link_stays_inside(below, os.readlink(self._tree.location(path)))
        except OSError:
            return False  # deleted since; the reader of the folder reports what is there
        return self._holds_artifacts(real) or (not stays and _would_be_one(path))

    def _holds_artifacts(self, path: str) -> bool:
        ends = (len(path), *_slashes(path))
        return path in self._holders or any(path[:end] in self._artifacts for end in ends)


def _would_be_one(path: str) -> bool:
    """Return whether a file that a link there stands for would be an artifact if it were real."""
    names = path.split("/")
    is_named_so = names[-1] in (SKILL_FILE, HOOKS_FILE, MCP_FILE)
    return is_named_so or not {"commands", "agents"}.isdisjoint(names)


def _slashes(path: str) -> Iterator[int]:
    """Yield where each folder of a path ends."""
    end = path.find("/")
    while end >= 0:
        yield end
        end = path.find("/", end + 1)
