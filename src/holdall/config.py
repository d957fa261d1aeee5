"""What the options, the environment and a collection's own settings say, settled once per run."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import field
from pathlib import Path
from typing import Any

from holdall import dataclass
from holdall.artifacts.limits import Caps
from holdall.errors import (
    InputError,
    NotFoundError,
    RefusedError,
    StorageError,
    UsageError,
    WrongDatabaseURL,
)

MANIFEST = "manifest.toml"
MAX_SETTINGS_BYTES = 64 << 10
DATABASE = ".holdall/holdall.db"
SETTINGS = ".holdall/config.toml"
TRUSTED = "trusted-databases.json"
LEFT_OUT = (
    "note: the password is not recorded: keep it in ~/.pgpass, or name the database with its"
    " password in HOLDALL_DATABASE_URL"
)
"""What is said where a URL is recorded without its password."""


@dataclass(frozen=True, slots=True)
class Config:
    """The settings of one run.

    `collection` is the folder named with `--collection`, `database` the URL given with
    `--database`; None where nothing was given. `extra_plugins` are modules to load, too, with the
    installed plugins; `caps` are those that the environment sets. With `remembers`, the status of
    files is kept in the user's cache folder.
    """

    collection: Path | None = None
    database: str | None = None
    plugins_enabled: bool = True
    extra_plugins: tuple[str, ...] = ()
    caps: Mapping[str, int] = field(default_factory=dict)
    json: bool = False
    quiet: bool = False
    verbose: bool = False
    remembers: bool = False

    @classmethod
    def from_environment(
        cls,
        environment: Mapping[str, str],
        *,
        collection: str | None = None,
        database: str | None = None,
        plugins_enabled: bool = True,
        json: bool = False,
        quiet: bool = False,
        verbose: bool = False,
    ) -> Config:
        """Fill what the options leave open from `HOLDALL_*` variables.

        Raises UsageError for a cap that is not a number or a URL that cannot be understood.
        """
        folder = collection or environment.get("HOLDALL_COLLECTION")
        modules = environment.get("HOLDALL_PLUGINS", "")
        return cls(
            collection=Path(folder) if folder else None,
            database=_chosen_for_run(database, environment),
            plugins_enabled=plugins_enabled,
            extra_plugins=tuple(filter(None, (name.strip() for name in modules.split(",")))),
            caps=dict(_caps_in(environment)),
            json=json,
            quiet=quiet,
            verbose=verbose,
            remembers=True,
        )


def _chosen_for_run(option: str | None, environment: Mapping[str, str]) -> str | None:
    if option is not None:
        return _checked_url(option, "--database")
    variable = "HOLDALL_DATABASE_URL"
    return _checked_url(found, variable) if (found := environment.get(variable)) else None


def _checked_url(url: str, where: str) -> str:
    """Return a URL that can be understood; raises WrongDatabaseURL, with where it comes from."""
    from holdall.formats.database_url import DatabaseURL

    try:
        DatabaseURL.parse(url)
    except WrongDatabaseURL as error:
        raise WrongDatabaseURL(f"{where}: {error.message}", hint=error.hint) from None
    return url


def _caps_in(environment: Mapping[str, str]) -> Iterator[tuple[str, int]]:
    for cap in Caps._fields:
        variable = f"HOLDALL_{cap.upper()}"
        text = environment.get(variable)
        if text:
            if not text.isdecimal() or int(text) < 1:
                raise UsageError(f"{variable}={text!a} is not a number", hint="write one above 0")
            yield cap, int(text)


def find_collection(config: Config, start: Path) -> Path:
    """Return the collection's folder: as given, else the nearest one upwards, else the default.

    Raises NotFoundError, which says where it looked.
    """
    if config.collection is not None:
        if not (config.collection / MANIFEST).exists():
            raise NotFoundError(
                f"no collection in {config.collection}: it has no {MANIFEST}",
                hint=f"make one with `holdall init {config.collection}`",
            )
        return config.collection
    for folder in (start, *start.parents):
        if is_collection(folder):
            return folder
    default = _user_path("data", "collection")
    if default is not None and (default / MANIFEST).exists():
        return default
    raise NotFoundError(
        f"no collection in {start} or above, and none in {default or 'a home folder'}",
        hint="make one with `holdall init DIR`, or name one with --collection DIR",
    )


def has_folder(config: Config, start: Path) -> bool:
    """Return whether a collection's folder is named or above; not the user's default one.

    A mere word that names no folder is the name of a collection in a database.
    """
    if config.collection is not None:
        is_word = config.collection.name == str(config.collection)
        return not is_word or os.path.lexists(config.collection)
    return any(is_collection(folder) for folder in (start, *start.parents))


def default_collection(config: Config) -> Path | None:
    """Return where the user's default collection is, or is made; None if another one is named."""
    return None if config.collection is not None else _user_path("data", "collection")


def is_collection(folder: Path) -> bool:
    """Return whether a folder has a manifest of Holdall's; a broken one counts as ours."""
    if not (folder / MANIFEST).is_file():
        return False
    try:
        text = (folder / MANIFEST).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return True
    return any(line.strip().startswith("[collection]") for line in text.splitlines())


def _user_path(kind: str, *names: str) -> Path | None:
    """Return a place in a folder of the user's; None where nothing says where that is."""
    from holdall.files.user_state import user_folder

    with suppress(StorageError):
        return user_folder(kind).joinpath(*names)
    return None


def plugin_settings(config: Config, name: str) -> Mapping[str, Any]:
    """Return the table `[plugin.NAME]` of the collection's settings and, above it, of the user's.

        [plugin.audit]
        refuse = ["internal"]

    Raises InputError for a file that is not TOML, or a table that is none.
    """
    own = _user_path("config", "config.toml")
    files = [] if own is None else [own]
    with suppress(NotFoundError):
        files.insert(0, find_collection(config, Path.cwd()) / SETTINGS)
    found: dict[str, Any] = {}
    for file in files:
        tables = _read_settings(file).get("plugin", {})
        table = tables.get(name, {}) if isinstance(tables, dict) else None
        if not isinstance(table, dict):
            raise InputError(f"{file}: plugin.{name} is not a table", hint=f"write [plugin.{name}]")
        found.update(table)
    return found


def user_table(name: str) -> tuple[dict[str, Any], Path] | None:
    """Return a table of the user's own settings and their file; None where there is none.

    Raises InputError for a file that is not TOML, or a table that is none.
    """
    file = _user_path("config", "config.toml")
    table = None if file is None else _read_settings(file).get(name)
    if file is None or table is None:
        return None
    if not isinstance(table, dict):
        raise InputError(f"{file}: {name} is not a table", hint=f"write [{name}.NAME]")
    return table, file


def _settings(root: Path) -> dict[str, Any]:
    """Return a collection's own settings; none where it has no file of them."""
    return _read_settings(root / SETTINGS)


def _read_settings(settings: Path) -> dict[str, Any]:
    if not os.path.exists(settings):
        return {}
    from holdall.formats.documents import parse_toml, read_bounded

    return parse_toml(read_bounded(settings, MAX_SETTINGS_BYTES), str(settings))


def caps_of(config: Config, root: Path | None) -> Caps:
    """Return how much may be read: environment, `.holdall/config.toml`, else the defaults."""
    found = dict(config.caps)
    settings = {} if root is None else _settings(root)
    for cap, default in Caps._field_defaults.items():
        value = settings.get(cap)
        if value is not None and (type(value) is not int or value < 1):
            where = f"{(root or Path()) / SETTINGS}: {cap}"
            raise InputError(f"{where} is not a number", hint=f"write {cap} = {default}")
        if value is not None:
            found.setdefault(cap, value)
    return Caps(**found)


def cache_folder(config: Config) -> Path | None:
    """Return the cache folder; None if nothing is cached."""
    if not config.remembers:
        return None
    return _user_path("cache")


def database_url_of(config: Config, root: Path) -> str:
    """Return the database of the collection at `root`: option, environment, `.holdall/config.toml`.

    The default is an SQLite file inside the collection. Raises RefusedError where the collection's
    own settings, which may have come with it from somebody else, choose one outside of it
    that the user did not trust.
    """
    if config.database:
        return config.database
    chosen = _chosen_database(root)
    if chosen is None:
        return f"sqlite:///{os.fspath((root / DATABASE).absolute())}"
    if not _lies_inside(chosen, root) and not _is_trusted(chosen, root):
        raise RefusedError(
            f"{root / SETTINGS} chooses a database outside of the collection",
            hint="read that file; if the database is yours, `holdall db trust` once",
        )
    return chosen


def trust_database(root: Path, chosen: str | None = None) -> None:
    """Remember that the user trusts the database that the settings of a collection choose.

    `chosen` is what they will choose, where they are not there yet. Raises NotFoundError if they
    choose none.
    """
    from holdall.files.user_state import remember, state_folder

    chosen = chosen or _chosen_database(root)
    if chosen is None:
        raise NotFoundError(
            f"{root / SETTINGS} chooses no database", hint="the default needs no trust"
        )
    hint = "set XDG_STATE_HOME to a folder that you may write to"
    remember(state_folder() / TRUSTED, [_choice(chosen, root)], hint)


def _chosen_database(root: Path) -> str | None:
    found = _settings(root).get("database")
    if found is not None and not isinstance(found, str):
        where = root / SETTINGS
        raise InputError(f"{where}: database is not a string", hint='write database = "URL"')
    return _checked_url(found, f"{root / SETTINGS}: database") if found else None


def _lies_inside(url: str, root: Path) -> bool:
    """Return whether a URL names an SQLite file in the collection's folder, links followed."""
    scheme, found, rest = url.partition("://")
    if found and scheme.lower() != "sqlite":
        return False
    path = os.path.realpath(rest[1:] if found else url)
    return Path(path).is_relative_to(os.path.realpath(root))


def _is_trusted(url: str, root: Path) -> bool:
    from holdall.files.user_state import read_words, state_folder

    return _choice(url, root) in read_words(state_folder() / TRUSTED)


def _choice(url: str, root: Path) -> str:
    """Return the remembered form of a choice: a hash, since the URL may hold a password."""
    import hashlib

    return hashlib.sha256(f"{os.path.realpath(root)}\0{url}".encode()).hexdigest()
