"""Change a collection: under its lock, in one transaction, reported to the plugins."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import field, replace
from pathlib import Path
from types import MappingProxyType

from holdall import dataclass
from holdall.artifacts.paths import RelPath
from holdall.collection.changes import PULL, ChangeSet
from holdall.collection.collection import Collection
from holdall.collection.manifest.manifest import Manifest, render
from holdall.collection.manifest.reader import parse
from holdall.collection.rename_remove import EditPlan
from holdall.config import MANIFEST, SETTINGS, find_collection, is_collection
from holdall.errors import (
    ConflictError,
    InputError,
    NotFoundError,
    OvertakenError,
    RefusedError,
    StorageError,
    UsageError,
)
from holdall.files.lock import lock_folder, write_settings
from holdall.files.root import Root, make_folders
from holdall.files.scratch import Scratch
from holdall.files.tree import Tree
from holdall.formats.toml_writer import dump_toml
from holdall.operations.delivery import CHANGE, deliver_at_end, report_error, to_journal_json
from holdall.operations.progress import show_progress
from holdall.operations.session import Session
from holdall.operations.settle import STEP, lock_and_settle
from holdall.plugins.checks import ask_changes, ask_plugins
from holdall.transaction.actions import Action
from holdall.transaction.commit import Half, Outcome, commit, commit_half, commit_pair, recover
from holdall.transaction.journal import new_transaction_id
from holdall.transaction.placement import as_read, put_bytes

_MANIFEST_PATH = RelPath.parse(MANIFEST)
_ATTRIBUTES_PATH = RelPath.parse(".gitattributes")
_ATTRIBUTES = b"""\
# Every byte counts: git must not change the ends of lines, whatever core.autocrlf says.
* -text
# Merged entry by entry where `git config merge.holdall.driver` is set; else as any text.
manifest.toml merge=holdall
"""


@dataclass(frozen=True)
class Editor:
    """A collection that is locked for a change.

    `proposed` are the change sets that plugins have seen and that are not written.
    """

    root: Root
    collection: Collection
    session: Session
    proposed: list[ChangeSet] = field(default_factory=list)

    def propose(self, changes: ChangeSet) -> ChangeSet:
        """Return a change set as the plugins complete and allow it; raises what they refuse.

        Writes nothing; their warnings are reported. One that grew is proposed again.
        """
        # One that grew has the same `extra`, and takes the place of what it was.
        self.proposed[:] = [other for other in self.proposed if other.extra is not changes.extra]
        self.proposed.append(changes)
        complete = self.proposed[-1] = ask_changes(self.session.plugins, changes, self.collection)
        arguments = {"changes": complete, "collection": self.collection}
        for warning in ask_plugins(self.session.plugins, "holdall_collect_check", **arguments):
            self.session.reporter.warn(warning)
        return complete

    def commit(
        self,
        changes: ChangeSet,
        actions: Sequence[Action] = (),
        trees: Mapping[RelPath, Tree] = MappingProxyType({}),
    ) -> Outcome | None:
        """Write a proposed change set and the files that go with it; None if nothing differs.

        `trees` are the artifacts that the actions put there, as far as they are known.
        """
        return self._commit(new_transaction_id(), changes, actions, trees, None)[0]

    def pull(self, incoming: EditPlan) -> None:
        """Write to the folder what others committed.

        Raises OvertakenError where somebody typed meanwhile: what he typed stays, and the folder
        stays at its release.
        """
        outcome = self.commit(incoming.changes, incoming.actions)
        if outcome is not None and outcome.conflicts:
            raise OvertakenError(
                f"{self.root.path / outcome.conflicts[0]} changed while others' changes came in",
                hint="it was kept; run the command again",
            )
        for path, backup in outcome.backups if outcome else ():
            self.session.reporter.note(f"kept your version of {path} as {backup}")

    def _commit(
        self,
        transaction_id: str,
        changes: ChangeSet,
        actions: Sequence[Action],
        trees: Mapping[RelPath, Tree],
        second: Half | None,
    ) -> tuple[Outcome | None, Outcome | None]:
        before = self.collection
        text = self._manifest_text(changes.after)
        after = replace(before, manifest=changes.after, manifest_text=text)
        payload = to_journal_json(changes.to_payload(after.manifest_hash))
        is_step = STEP in payload["extra"]  # one that is logged even if nothing differs
        if text == before.manifest_text and not actions and not is_step:
            self._settle(changes)
            return None, None if second is None else commit_half(second)
        expected = as_read(self.root, _MANIFEST_PATH, before.manifest_text)
        manifest = put_bytes(_MANIFEST_PATH, text.encode(), expected)
        # Who typed while others' changes came in has not seen them: the folder stays behind then.
        manifest = manifest._replace(needs_all=changes.command == PULL)
        staged_at: list[int] = []

        def prepare(transaction_id: str) -> None:
            staged_at.append(time.time_ns())
            if changes.command != PULL:  # which is committed already
                self._prepare(changes, transaction_id)
                self._commit_elsewhere(changes, after, transaction_id, actions, trees)

        everything = [*actions, manifest]
        with deliver_at_end(self.root, self.session):
            with show_progress(self.session.config, "collecting", everything) as progress:
                given = (self.root, everything, CHANGE, payload, prepare, progress)
                first, other = Half(transaction_id, *given), None
                if second is None:
                    outcome = commit_half(first)
                else:
                    outcome, other = commit_pair(first, second)
            # Before plugins are called: they ask for the same trees again.
            if before.index is not None and not outcome.conflicts:
                before.index.remember_placed(trees, staged_at[0])
                after.remember()
        for path in outcome.conflicts if changes.command != PULL else ():
            self.session.reporter.warn(f"{path} changed meanwhile; your version was kept")
        self._settle(changes)
        return outcome, other

    def _settle(self, changes: ChangeSet) -> None:
        self.proposed[:] = [other for other in self.proposed if other is not changes]

    @contextmanager
    def report_errors(self) -> Iterator[None]:
        """Let plugins observe with what exception the work on proposed changes ends."""
        try:
            yield
        except Exception as error:
            for changes in self.proposed:
                arguments = {"changes": changes, "error": error}
                report_error(self.session, "holdall_collect_error", **arguments)
            raise

    def _manifest_text(self, after: Manifest) -> str:
        """Render a manifest, and make sure that it reads as what it should be."""
        where = str(self.root.path / MANIFEST)
        before = self.collection
        text = render(after, before.manifest_text, before.manifest)
        with contextlib.suppress(InputError):
            if text == before.manifest_text or parse(text, where) == after:
                return text
        return _whole_text(after, where)

    def _commit_elsewhere(
        self,
        changes: ChangeSet,
        after: Collection,
        transaction_id: str,
        actions: Sequence[Action],
        trees: Mapping[RelPath, Tree],
    ) -> None:
        """Let a plugin commit the change where others see it."""
        self.session.plugins.first(
            "holdall_collect_commit",
            bool,
            changes=changes,
            collection=after,
            transaction_id=transaction_id,
            actions=tuple(actions),
            trees=trees,
        )

    def _prepare(self, changes: ChangeSet, transaction_id: str) -> None:
        self.session.plugins.call(
            "holdall_collect_prepare",
            changes=changes,
            collection=self.collection,
            transaction_id=transaction_id,
        )


def _whole_text(manifest: Manifest, where: str) -> str:
    text = render(manifest)
    if parse(text, where) != manifest:
        raise InputError(
            f"{where}: what is about to be written would not read as what it should be",
            hint="nothing was written; please report this",
        )
    return text


@dataclass
class FirstHalf:
    """A change of the collection that is to be done as one with a change of a project."""

    editor: Editor
    changes: ChangeSet
    actions: Sequence[Action]
    trees: Mapping[RelPath, Tree] = field(default_factory=dict)
    transaction_id: str = field(default_factory=new_transaction_id)
    outcome: Outcome | None = None

    def commit(self, second: Half) -> Outcome:
        """Commit both; return the project's outcome. Its messages are for the caller to deliver."""
        given = (self.changes, self.actions, self.trees, second)
        self.outcome, other = self.editor._commit(self.transaction_id, *given)
        assert other is not None, "it was asked for"
        return other


@contextmanager
def edit_collection(
    path: Path, session: Session, *, as_it_is: bool = False, dry_run: bool = False
) -> Iterator[Editor]:
    """Lock the collection at `path`, finish what an earlier run left, and read it.

    What others changed is brought in first (refused in a dry run), unless it stays `as_it_is`.
    """
    with lock_and_settle(path, session) as root:
        editor = Editor(root, session.open_collection(path), session)
        if not as_it_is:
            editor = _up_to_date(editor, dry_run=dry_run)
        with editor.report_errors():
            yield editor


def open_newest(path: Path, session: Session, *, dry_run: bool = False) -> Collection:
    """Read a collection for what needs its files and its database to be of one release.

    What others changed is brought into the folder. Raises RefusedError where there is something
    and nothing may be written: in a dry run, or in the folder of somebody else.
    """
    collection = session.open_collection(path)
    if collection.has_own_database:
        return collection
    with Scratch() as scratch:
        if _find_incoming(collection, session, scratch) is None:
            return collection
    if dry_run or not os.access(path, os.W_OK):
        raise _behind(path)
    with edit_collection(path, session) as editor:
        return editor.collection


def find_in_database(session: Session) -> Path | None:
    """Return a folder of Holdall's own for the collection that only a database was named for.

    It is brought to the newest release. None where no plugin knows one, or where it is the user's
    default collection that is in the database.
    """
    if not session.plugins.implements("holdall_collection_folder"):
        return None
    default = None
    if session.config.collection is None:
        with contextlib.suppress(NotFoundError):
            default = session.open_collection(find_collection(session.config, Path.cwd()))
    chosen = session.config.collection
    folder = session.plugins.first(
        "holdall_collection_folder",
        Path,
        url=session.config.database,
        name=None if chosen is None else str(chosen),
        default=default,
        types=session.plugins.types,
    )
    if folder is not None:
        config = replace(session.config, collection=folder)
        with edit_collection(folder, session._replace(config=config)):
            pass
    return folder


def _up_to_date(editor: Editor, *, dry_run: bool) -> Editor:
    """Bring what others changed into the folder, as a transaction of its own."""
    session = editor.session
    with Scratch() as scratch:
        incoming = _find_incoming(editor.collection, session, scratch)
        if incoming is None:
            return editor
        if dry_run:
            raise _behind(editor.root.path)
        editor.pull(incoming)
    return Editor(editor.root, session.open_collection(editor.root.path), session)


def _find_incoming(collection: Collection, session: Session, scratch: Scratch) -> EditPlan | None:
    """Return what others changed since the folder was written."""
    if not session.plugins.implements("holdall_collect_incoming"):
        return None
    hook, given = "holdall_collect_incoming", {"collection": collection, "scratch": scratch}
    return session.plugins.first(hook, EditPlan, **given)


def _behind(path: Path) -> RefusedError:
    import shlex

    return RefusedError(
        f"{path} is behind the newest release of its database, and nothing may be written now",
        hint=f"`holdall --collection {shlex.quote(str(path))} pull` brings it forward",
    )


def create_collection(
    path: Path, name: str, *, database: str | None = None, dry_run: bool = False
) -> None:
    """Make an empty collection in a folder that holds none; see `fill_collection`."""
    fill_collection(path, Manifest(name), database=database, dry_run=dry_run)


def fill_collection(
    path: Path,
    manifest: Manifest,
    artifacts: Sequence[Action] = (),
    *,
    database: str | None = None,
    dry_run: bool = False,
) -> None:
    """Make a collection in a folder that holds none; the folder may exist.

    The actions put its artifacts there. A `database` is recorded in its settings.

    What an interrupted run began is finished. Raises ConflictError if there is a manifest already,
    or one above, UsageError for a name that is not plain.
    """
    if not _is_plain(manifest.name):
        raise UsageError(
            f"{manifest.name!a} cannot be a collection's name: it is not valid UTF-8, has slashes"
            " or control characters",
            hint="choose another one with --name NAME",
        )
    _refuse_another(path)
    _refuse_inside_of_another(path)
    if dry_run:
        return
    try:
        make_folders(path)
    except OSError as error:
        raise StorageError(
            f"cannot make the folder {path}: {error.strerror}", hint="choose another folder"
        ) from error
    action = put_bytes(_MANIFEST_PATH, _whole_text(manifest, str(path / MANIFEST)).encode(), None)
    actions = [*artifacts, action]
    if not os.path.lexists(path / _ATTRIBUTES_PATH):
        actions.append(put_bytes(_ATTRIBUTES_PATH, _ATTRIBUTES, None))
    with Root(path) as root, lock_folder(root):
        if (
            any(done.applied for done in recover(root))
            and root.state_of(action.path) == action.state
        ):
            return
        _refuse_another(path)
        if database is not None:
            text = dump_toml({"database": database}).encode()
            write_settings(root, Path(SETTINGS).name, text)
        commit(root, actions, kind="init", payload={}, prepare=lambda _: None)


def _is_plain(name: str) -> bool:
    return name.isprintable() and name.strip(" .") != "" and not set(name) & set("/\\")


def _refuse_inside_of_another(path: Path) -> None:
    """Raise ConflictError for a folder in a collection: its files could belong to both."""
    for folder in path.resolve().parents:
        if is_collection(folder):
            raise ConflictError(
                f"{path} is inside of the collection {folder}", hint="choose a folder elsewhere"
            )


def _refuse_another(path: Path) -> None:
    if (path / MANIFEST).exists():
        raise ConflictError(
            f"{path / MANIFEST} exists already", hint="use it, or choose another folder"
        )
