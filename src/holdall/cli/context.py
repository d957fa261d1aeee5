"""What a command is called with: the settings, the plugins, the output, and the collection."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from holdall import dataclass
from holdall.cli.output import Output
from holdall.config import Config, caps_of, find_collection, has_folder
from holdall.errors import NotFoundError

if TYPE_CHECKING:
    from holdall.artifacts.limits import Caps
    from holdall.collection.collection import Collection
    from holdall.collection.manifest.head import ManifestHead
    from holdall.deploy.consent.allowance import Allowance
    from holdall.deploy.targets import Target
    from holdall.operations.deploy import Deployer
    from holdall.operations.session import Session
    from holdall.operations.write_collection import Editor
    from holdall.plugins.manager import Plugins


@dataclass(frozen=True)
class Context:
    """One run of the command. Notes and warnings go to `out` as well as results."""

    config: Config
    plugins: Plugins
    out: Output
    is_dry_run: bool = False

    @classmethod
    def of(cls, folder: Path) -> Context:
        """Return what a program, rather than a command, needs to work with a collection."""
        import os

        from holdall.plugins.manager import load_plugins

        config, out = Config.from_environment(os.environ, collection=str(folder)), Output()
        return cls(config, load_plugins(config, out), out)

    @property
    def session(self) -> Session:
        """What the operations of this run need."""
        from holdall.operations.session import Session

        # Once it was asked for, the collection is the one that was found.
        return Session(self.__dict__.get("_found", self.config), self.plugins, self.out)

    @property
    def collection_root(self) -> Path:
        """The collection's folder; raises NotFoundError if there is none.

        Where only a database is named, it is a folder of Holdall's own.
        """
        return find_collection(self._found, Path.cwd())

    @cached_property
    def _found(self) -> Config:
        """The settings, with the folder of the collection that is in the database."""
        if not self.config.database or has_folder(self.config, Path.cwd()):
            return self.config
        from holdall.operations.write_collection import find_in_database

        folder = find_in_database(self.session)
        return self.config if folder is None else replace(self.config, collection=folder)

    def collection(self) -> Collection:
        """Read the collection, finishing first what an interrupted run left there."""
        from holdall.transaction.journal import is_unsettled

        if is_unsettled(self.collection_root):
            with self.edit_collection():
                pass
        return self.collection_as_it_is()

    def collection_head(self) -> ManifestHead | None:
        """Read only which release the collection's folder is at.

        None where the manifest does not say, or an interrupted run left something to finish.
        """
        from holdall.collection.collection import read_head
        from holdall.transaction.journal import is_unsettled

        root = self.collection_root
        return None if is_unsettled(root) else read_head(root)

    def newest_collection(self) -> Collection:
        """Read the collection as `collection` does, once what others released is in its folder.

        For what takes names from the database and bytes from the folder. Raises RefusedError where
        what others released cannot be brought in.
        """
        collection = self.collection()
        if collection.has_own_database:
            return collection
        from holdall.operations.write_collection import open_newest

        return open_newest(collection.root, self.session, dry_run=self.is_dry_run)

    def settle(self, project: Path) -> None:
        """Finish what an interrupted run left in a project."""
        from holdall.transaction.journal import is_unsettled

        if is_unsettled(project):
            from holdall.operations.settle import lock_and_settle

            with lock_and_settle(project, self.session):
                pass

    def collection_as_it_is(self) -> Collection:
        """Read the collection and change nothing, whatever an interrupted run left there."""
        return self.session.open_collection(self.collection_root)

    @property
    def caps(self) -> Caps:
        """How much may be read, as the environment or the collection, if there is one, says."""
        try:
            root = find_collection(self.config, Path.cwd())
        except NotFoundError:
            root = None
        return caps_of(self.config, root)

    @contextmanager
    def edit_collection(self, *, as_it_is: bool = False) -> Iterator[Editor]:
        """Lock the collection for a change; what others changed is brought in first.

        Not if it is to be left `as_it_is`; in a dry run that is refused.
        """
        from holdall.operations.write_collection import edit_collection

        how = {"as_it_is": as_it_is, "dry_run": self.is_dry_run}
        with edit_collection(self.collection_root, self.session, **how) as editor:
            yield editor

    def deployer(
        self,
        collection: Collection,
        project: Path,
        targets: Sequence[Target],
        *,
        force: bool,
        dry_run: bool,
        allowance: Allowance | None = None,
    ) -> Deployer:
        """Return what deploys into a project, with this run's plugins and settings."""
        from holdall.deploy.consent.allowance import Allowance
        from holdall.operations.deploy import Deployer

        run = (self.session, force, dry_run, allowance or Allowance())
        return Deployer(collection, project, targets, *run)

    def targets(self, names: Sequence[str] | None, project: Path) -> list[Target]:
        """Return the targets of these names, `claude` if none is named.

        A name may be several with commas between them, or `all`. In the user's home folder they
        are those for all projects.
        """
        from holdall.deploy.targets import target_named, targets_for

        known = targets_for(self.plugins.targets, project)
        words = [word.strip() for name in names or ["claude"] for word in name.split(",")]
        chosen = known if "all" in words else dict.fromkeys(filter(None, words))
        return [target_named(name, known) for name in chosen]
