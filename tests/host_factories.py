"""Collections, projects and plugins on disk, complete but for what a test is about."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from holdall.artifacts.ids import ArtifactId
from holdall.collection.changes import ChangeSet
from holdall.collection.collect.conflicts import OnConflict, refuse_conflicts
from holdall.collection.collect.from_folder import Refresh, plan_refresh
from holdall.collection.collect.from_source import plan_import
from holdall.collection.collection import Collection, open_collection
from holdall.config import MANIFEST, Config
from holdall.deploy.targets import BUILTIN_TARGETS, Target
from holdall.operations.deploy import Deployer
from holdall.operations.projects.values import DeployResult
from holdall.operations.read_source import open_source
from holdall.operations.session import Session
from holdall.operations.write_collection import create_collection, edit_collection
from holdall.plugins.manager import PluginRecord, Plugins, PluginStatus
from holdall.reporter import Reporter
from holdall.testing import make_command, make_plugin, make_project, make_skill, write

__all__ = [
    "Plugin",
    "collect",
    "deploy",
    "deployer",
    "make_collection",
    "make_command",
    "make_plugin",
    "make_project",
    "make_skill",
    "make_source",
    "manifest_text",
    "opened",
    "plugins_of",
    "refresh",
    "session_of",
    "snapshot",
    "undeploy",
    "write",
]

Plugin = SimpleNamespace


def make_collection(
    root: Path, *skills: str, plugins: Plugins | None = None, name: str = "kit"
) -> Path:
    """Make a collection with these skills, each with its own content, all taken note of."""
    create_collection(root, name)
    for skill in skills:
        make_skill(root, skill, f"the skill {skill}")
    if skills:
        refresh(root, plugins)
    return root


def make_source(root: Path, *skills: str) -> Path:
    """Make a folder to collect from."""
    root.mkdir(parents=True, exist_ok=True)
    for skill in skills:
        make_skill(root, skill, f"the skill {skill}")
    return root


def opened(root: Path, **options: Any) -> Collection:
    """Read a collection."""
    return open_collection(root, "sqlite:///unused.db", **options)


def manifest_text(root: Path) -> str:
    """Return a collection's manifest as it lies there."""
    return (root / MANIFEST).read_text()


def plugins_of(*plugins: object, config: Config | None = None) -> Plugins:
    """Load plugins under the names p1, p2, ..."""
    loaded = Plugins()
    for number, plugin in enumerate(plugins, 1):
        record = PluginRecord(f"p{number}", None, None, PluginStatus.LOADED)
        loaded.add(record, lambda plugin=plugin: plugin, config or Config())  # type: ignore[misc]
    return loaded


class Listener(Reporter):
    """Appends notes and warnings to a list instead of printing them."""

    def __init__(self, heard: list[str]) -> None:
        super().__init__()
        self._heard = heard

    def note(self, text: str) -> None:
        """Keep a note, or what a warning is printed as."""
        self._heard.append(text)


def session_of(
    plugins: Plugins | None = None,
    said: list[str] | None = None,
    config: Config | None = None,
) -> Session:
    """Return a session; what it reports goes into `said`."""
    reporter = Listener([] if said is None else said)
    return Session(config or Config(), plugins or Plugins(), reporter)


def refresh(root: Path, plugins: Plugins | None = None, said: list[str] | None = None) -> Refresh:
    """Take note of what changed in a collection's folder."""
    with edit_collection(root, session_of(plugins, said)) as editor:
        found = plan_refresh(editor.collection)
        editor.commit(editor.propose(found.changes))
    return found


def collect(
    root: Path,
    source: Path | str,
    *,
    on_conflict: str = "fail",
    renames: dict[str, str] | None = None,
    plugins: Plugins | None = None,
    said: list[str] | None = None,
) -> ChangeSet:
    """Take a source into a collection."""
    session = session_of(plugins, said)
    names = {ArtifactId.parse(k): ArtifactId.parse(v) for k, v in (renames or {}).items()}
    with (
        open_source(session.plugins, str(source)) as reading,
        edit_collection(root, session) as editor,
    ):
        plan = plan_import(
            editor.collection,
            reading,
            on_conflict=OnConflict(on_conflict),
            renames=names,
        )
        refuse_conflicts(plan)
        changes = editor.propose(plan.changes)
        editor.commit(changes, plan.actions)
    return changes


def deployer(
    root: Path,
    project: Path,
    *,
    plugins: Plugins | None = None,
    targets: Sequence[Target] | None = None,
    said: list[str] | None = None,
    force: bool = False,
    dry_run: bool = False,
) -> Deployer:
    """Return a deployer from a collection into a project."""
    return Deployer(
        opened(root),
        project,
        targets or [BUILTIN_TARGETS["claude"]],
        session_of(plugins, said),
        force=force,
        dry_run=dry_run,
    )


def deploy(root: Path, project: Path, *ids: str, **options: Any) -> DeployResult:
    """Deploy artifacts; without ids renew what is there."""
    return deployer(root, project, **options).deploy([ArtifactId.parse(i) for i in ids])


def undeploy(root: Path, project: Path, *ids: str, **options: Any) -> DeployResult:
    """Undeploy artifacts."""
    return deployer(root, project, **options).undeploy(ids)


def snapshot(
    folder: Path, *, without: Iterable[str] = (".holdall",), times: bool = True
) -> dict[str, tuple[object, ...]]:
    """Return all that lies below a folder: kinds, modes, bytes and, with `times`, when written.

    `without` are names of folders or files to leave out wherever they lie.
    """
    left_out = set(without)
    found: dict[str, tuple[object, ...]] = {}
    for top, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if name not in left_out]
        for name in (*folders, *files):
            path = Path(top, name)
            status = path.lstat()
            content: str | bytes = os.readlink(path) if path.is_symlink() else ""
            if name in files and not content:
                if name in left_out:
                    continue
                content = path.read_bytes()
            time = status.st_mtime_ns if times else None
            found[str(path.relative_to(folder))] = (status.st_mode, content, time)
    return found
