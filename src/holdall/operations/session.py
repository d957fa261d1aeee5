"""What travels through the operations of one run."""

from __future__ import annotations

from pathlib import Path

from holdall import NamedTuple
from holdall.collection.collection import Collection, open_collection
from holdall.config import Config, cache_folder, caps_of, database_url_of, find_collection
from holdall.errors import NotFoundError
from holdall.plugins.manager import Plugins
from holdall.reporter import Reporter


class Session(NamedTuple):
    """The settings of one run, its plugins, and what it reports to."""

    config: Config
    plugins: Plugins
    reporter: Reporter

    def knows_database_of(self, path: Path) -> bool:
        """Return whether it is known which database a collection has.

        One that was given for this run is that of the collection that was chosen for it.
        """
        if not self.config.database:
            return True
        try:
            chosen = find_collection(self.config, Path.cwd())
        except NotFoundError:
            return False
        return chosen.resolve() == path.resolve()

    def open_collection(self, path: Path) -> Collection:
        """Read the collection in a folder, as the settings and the plugins' types say."""
        url, caps = database_url_of(self.config, path), caps_of(self.config, path)
        cache = cache_folder(self.config)
        return open_collection(path, url, self.plugins.types, caps, cache=cache)
