"""Finding plugins, loading them behind a fence, and calling their hooks one by one.

pluggy stops at the first implementation that raises and does not say whose it was; where the
contract promises isolation, each implementation is called by itself here.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator, Sequence
from enum import StrEnum
from functools import partial
from types import MappingProxyType
from typing import Any, NamedTuple

import pluggy

from holdall.artifacts.ids import BUILTIN_TYPES
from holdall.config import Config
from holdall.deploy.targets import BUILTIN_TARGETS
from holdall.errors import HoldallError, PluginError
from holdall.plugins import hookspecs
from holdall.plugins.entry_points import EntryPoint, installed

ENTRY_POINT_GROUP = "holdall.plugins"


class PluginStatus(StrEnum):
    """What became of a plugin."""

    LOADED = "loaded"
    FAILED = "failed"


class PluginRecord(NamedTuple):
    """A plugin that was found: where it comes from, what it implements, why it failed."""

    name: str
    distribution: str | None
    version: str | None
    status: PluginStatus
    hooks: tuple[str, ...] = ()
    error: str | None = None

    @property
    def title(self) -> str:
        """The plugin's name with its distribution, for messages."""
        if self.distribution is None:
            return self.name
        return f"{self.name} ({self.distribution} {self.version})"


class Plugins:
    """The plugins of one run: loaded ones to call, failed ones to tell of."""

    def __init__(self) -> None:
        self._manager = pluggy.PluginManager("holdall")
        self._manager.add_hookspecs(hookspecs)
        self._records: dict[int, PluginRecord] = {}
        self._failed: list[PluginRecord] = []
        self.types = BUILTIN_TYPES
        self.targets = BUILTIN_TARGETS

    @property
    def records(self) -> list[PluginRecord]:
        """Every plugin that was found, loaded or failed, by name."""
        return sorted([*self._records.values(), *self._failed], key=lambda r: r.name)

    @property
    def failed(self) -> list[PluginRecord]:
        """The plugins that could not be used."""
        return list(self._failed)

    def add(self, record: PluginRecord, load: Callable[[], object], config: Config) -> None:
        """Load one plugin behind the fence: whatever it does, the others go on."""
        try:
            plugin = load()
            self._manager.register(plugin, name=record.title)
        except (Exception, SystemExit) as error:  # noqa: BLE001 - the fence
            self._fail(record, error)
            return
        hooks = tuple(sorted(c.name for c in self._manager.get_hookcallers(plugin) or ()))
        self._records[id(plugin)] = record._replace(hooks=hooks)
        try:
            self._refuse_unknown_hooks(plugin)
            self._configure(plugin, config)
        except (Exception, SystemExit) as error:  # noqa: BLE001 - the fence
            self._manager.unregister(plugin)
            del self._records[id(plugin)]
            self._fail(record, error)

    def _refuse_unknown_hooks(self, plugin: object) -> None:
        known = {name for name in dir(hookspecs) if name.startswith("holdall_")}
        for name in dir(plugin):
            is_hook = name.startswith("holdall_") and name not in known
            if is_hook and self._manager.parse_hookimpl_opts(plugin, name) is not None:
                raise PluginError(
                    f"there is no hook {name!r}", hint="see holdall.plugins.hookspecs"
                )

    def _configure(self, plugin: object, config: Config) -> None:
        self._call_one(plugin, "holdall_configure", {"config": config})
        types = self._call_one(plugin, "holdall_register_types", {}) or ()
        targets = self._call_one(plugin, "holdall_register_targets", {}) or ()
        extended = _extended(self.types, types, "type")
        self.targets = _extended(self.targets, targets, "target")
        self.types = extended

    def _fail(self, record: PluginRecord, error: BaseException) -> None:
        message = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
        self._failed.append(record._replace(status=PluginStatus.FAILED, error=message))

    def _call_one(self, plugin: object, hook: str, arguments: dict[str, Any]) -> Any:
        for owner, call in self._implementations(hook):
            if owner is plugin:
                return call(arguments)
        return None

    def _implementations(
        self, hook: str
    ) -> Iterator[tuple[object, Callable[[dict[str, Any]], Any]]]:
        caller: pluggy.HookCaller = getattr(self._manager.hook, hook)
        for impl in reversed(caller.get_hookimpls()):

            def call(arguments: dict[str, Any], impl: pluggy.HookImpl = impl) -> Any:
                return impl.function(*(arguments[name] for name in impl.argnames))

            yield impl.plugin, call

    def call(self, hook: str, **arguments: Any) -> list[Any]:
        """Call every implementation; the first that raises ends the command.

        Holdall's own errors pass as they are; any other becomes a PluginError that names the plugin
        and the hook.
        """
        results = []
        for plugin, run in self._implementations(hook):
            try:
                results.append(run(arguments))
            except HoldallError:
                raise
            except (Exception, SystemExit) as error:
                raise self._blame(plugin, hook, error) from error
        return results

    def call_each(
        self, hook: str, **arguments: Any
    ) -> Iterator[tuple[str, Any, HoldallError | None]]:
        """Call every implementation, whatever the others do: (plugin, result, error) for each."""
        for plugin, run in self._implementations(hook):
            try:
                yield self._records[id(plugin)].title, run(arguments), None
            except HoldallError as error:
                yield self._records[id(plugin)].title, None, error
            except (Exception, SystemExit) as error:  # noqa: BLE001 - the fence
                yield self._records[id(plugin)].title, None, self._blame(plugin, hook, error)

    def implements(self, hook: str) -> bool:
        """Return whether any plugin has this hook."""
        return any(True for _ in self._implementations(hook))

    def _blame(self, plugin: object, hook: str, error: BaseException) -> PluginError:
        return PluginError(
            f"plugin {self._records[id(plugin)].title} failed in {hook}: "
            f"{type(error).__name__}: {error}",
            hint="run with --no-plugins to do without it, or report this to its authors",
        )


def _extended(known: Any, added: Sequence[Any], what: str) -> Any:
    extended = dict(known)
    for value in added:
        if value.name in extended:
            raise PluginError(f"the {what} {value.name!r} exists already")
        extended[value.name] = value
    return MappingProxyType(extended)


def load_plugins(config: Config) -> Plugins:
    """Load the installed plugins and the modules of `HOLDALL_PLUGINS`, each by itself."""
    plugins = Plugins()
    if not config.plugins_enabled:
        return plugins
    for point in installed(ENTRY_POINT_GROUP):
        plugins.add(_record_of(point), point.load, config)
    for module in config.extra_plugins:
        record = PluginRecord(module, None, None, PluginStatus.LOADED)
        plugins.add(record, partial(importlib.import_module, module), config)
    return plugins


def _record_of(point: EntryPoint) -> PluginRecord:
    return PluginRecord(point.name, point.distribution, point.version, PluginStatus.LOADED)
