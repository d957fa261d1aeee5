"""What the options, the environment and a collection's own settings say, settled once per run."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from kitbag.errors import InputError, NotFoundError

__all__ = ["MANIFEST", "Config", "database_url_of", "find_collection", "state_folder"]

MANIFEST = "manifest.toml"
MAX_SETTINGS_BYTES = 64 << 10


@dataclass(frozen=True, slots=True)
class Config:
    """The settings of one run.

    `collection` is the folder named with `--collection`, `database` the URL given with
    `--database`; None where nothing was given. `extra_plugins` are modules to load besides the
    installed plugins.
    """

    collection: Path | None = None
    database: str | None = None
    plugins_enabled: bool = True
    extra_plugins: tuple[str, ...] = ()
    json: bool = False
    quiet: bool = False
    verbose: bool = False

    @classmethod
    def from_environment(
        cls,
        environment: Mapping[str, str],
        *,
        collection: str | None,
        database: str | None,
        plugins_enabled: bool,
        json: bool,
        quiet: bool,
        verbose: bool,
    ) -> Config:
        """Fill what the options leave open from `KITBAG_*` variables."""
        folder = collection or environment.get("KITBAG_COLLECTION")
        modules = environment.get("KITBAG_PLUGINS", "")
        return cls(
            collection=Path(folder) if folder else None,
            database=database or environment.get("KITBAG_DATABASE_URL") or None,
            plugins_enabled=plugins_enabled,
            extra_plugins=tuple(filter(None, (name.strip() for name in modules.split(",")))),
            json=json,
            quiet=quiet,
            verbose=verbose,
        )


def find_collection(config: Config, start: Path) -> Path:
    """Return the collection's folder: as told, else the nearest one upwards, else the default.

    Raises NotFoundError, which says where it looked.
    """
    if config.collection is not None:
        if not (config.collection / MANIFEST).exists():
            raise NotFoundError(
                f"no collection in {config.collection}: it has no {MANIFEST}",
                hint=f"make one with `kitbag init {config.collection}`",
            )
        return config.collection
    for folder in (start, *start.parents):
        if (folder / MANIFEST).is_file() and _is_collection(folder / MANIFEST):
            return folder
    default = _default_collection()
    if (default / MANIFEST).exists():
        return default
    raise NotFoundError(
        f"no collection in {start} or above, and none in {default}",
        hint="make one with `kitbag init DIR`, or name one with --collection DIR",
    )


def _is_collection(manifest: Path) -> bool:
    """Tell our manifest from other tools' files of that name; a broken one counts as ours."""
    try:
        text = manifest.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return True
    return any(line.strip().startswith("[collection]") for line in text.splitlines())


def _default_collection() -> Path:
    from platformdirs import user_data_path

    return user_data_path("kitbag", appauthor=False) / "collection"


def state_folder() -> Path:
    """Return where Kitbag remembers what the user decided, for all collections and projects."""
    from platformdirs import user_state_path

    return user_state_path("kitbag", appauthor=False)


def database_url_of(config: Config, root: Path) -> str:
    """Return the database of the collection at `root`: option, environment, `.kitbag/config.toml`.

    The default is an SQLite file inside the collection.
    """
    if config.database:
        return config.database
    settings = root / ".kitbag" / "config.toml"
    found = None
    if os.path.exists(settings):
        from kitbag.documents import parse_toml, read_bounded

        document = parse_toml(read_bounded(settings, MAX_SETTINGS_BYTES), str(settings))
        found = document.get("database")
    if found is not None and not isinstance(found, str):
        raise InputError(f"{settings}: database is not a string", hint='write database = "URL"')
    return found or f"sqlite:///{os.fspath((root / '.kitbag' / 'kitbag.db').absolute())}"
