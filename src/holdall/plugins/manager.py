"""Find plugins, load each inside the fence, and call their hooks."""

from __future__ import annotations

import importlib
import time
from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from enum import StrEnum
from functools import partial
from types import MappingProxyType
from typing import Any, TypeVar

import pluggy

from holdall import NamedTuple
from holdall.artifacts.ids import BUILTIN_TYPES, TypeSpec
from holdall.config import Config, user_table
from holdall.deploy.targets import BUILTIN_TARGETS, Targets
from holdall.errors import HoldallError, InputError, PluginError, StorageError
from holdall.plugins import hookspecs
from holdall.plugins.calling import Answer, Passing, call_in_order
from holdall.plugins.commands import Command, is_command
from holdall.plugins.entry_points import EntryPoint, find_entry_points
from holdall.plugins.fence import is_plain_error, run_fenced, show_value, text_of
from holdall.plugins.watch import AtWork, Watch
from holdall.reporter import Reporter, log_debug

Kind = TypeVar("Kind")

ENTRY_POINT_GROUP = "holdall.plugins"
OURS = "holdall"
"""The distribution whose plugin needs no watch: it does not end the process."""
LOADING = "loading"


class PluginStatus(StrEnum):
    """Whether a plugin was loaded or failed."""

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
    """The plugins of one run: loaded ones to call, failed ones to report."""

    def __init__(
        self,
        watch: Watch | None = None,
        reporter: Reporter | None = None,
        *,
        verbose: bool = False,
        targets: Targets = BUILTIN_TARGETS,
    ) -> None:
        self._manager = pluggy.PluginManager("holdall")
        self._manager.add_hookspecs(hookspecs)
        self._records: dict[int, PluginRecord] = {}
        self._failed: list[PluginRecord] = []
        self._watch = watch
        self._reporter = reporter or Reporter()
        self._verbose = verbose
        self.types: Mapping[str, TypeSpec] = BUILTIN_TYPES
        self.targets = targets

    @property
    def records(self) -> list[PluginRecord]:
        """Every plugin that was found, loaded or failed, by name."""
        return sorted([*self._records.values(), *self._failed], key=lambda r: r.name)

    @property
    def failed(self) -> list[PluginRecord]:
        """The plugins that could not be used."""
        return list(self._failed)

    def add(self, record: PluginRecord, load: Callable[[], object], config: Config) -> None:
        """Load one plugin inside the fence: whatever it does, the others are loaded."""
        plugin, raised = self._run(record, LOADING, load)
        if raised is None:
            step = partial(self._register, plugin, record, config)
            _, raised = self._run(record, LOADING, step)
        if raised is not None:
            self._run(record, LOADING, partial(self._take_out, plugin, record))
            self._failed.append(record._replace(status=PluginStatus.FAILED, error=text_of(raised)))

    def _register(self, plugin: object, record: PluginRecord, config: Config) -> None:
        self._manager.register(plugin, name=record.title)
        callers = self._manager.get_hookcallers(plugin) or []
        for caller in callers:
            mine = [impl for impl in caller.get_hookimpls() if impl.plugin is plugin]
            if not caller.has_spec() and not all(impl.optionalhook for impl in mine):
                raise PluginError(
                    f"there is no hook {caller.name!r}", hint="see holdall.plugins.hookspecs"
                )
        names = sorted(caller.name for caller in callers if caller.has_spec())
        self._configure(plugin, record, config)
        self._records[id(plugin)] = record._replace(hooks=tuple(names))

    def _configure(self, plugin: object, record: PluginRecord, config: Config) -> None:
        self._call_one(plugin, record, "holdall_configure", config)
        types = list(self._call_one(plugin, record, "holdall_register_types", config) or ())
        targets = list(self._call_one(plugin, record, "holdall_register_targets", config) or ())
        _refuse_known(self.types, types, "type")
        extended = MappingProxyType({**self.types, **{spec.name: spec for spec in types}})
        _refuse_known(self.targets, targets, "target")
        more = {target.name: target for target in targets}
        self.targets = self.targets.with_targets(more).with_types(types)
        self.types = extended

    def _call_one(self, plugin: object, record: PluginRecord, hook: str, config: Config) -> Any:
        """Call one plugin's hook while it is loaded, which is why no wrapper can be around it."""
        caller: pluggy.HookCaller = getattr(self._manager.hook, hook)
        for impl in caller.get_hookimpls():
            if impl.plugin is plugin:
                arguments: dict[str, Any] = {"config": config, "reporter": self._reporter}
                if "settings" in impl.argnames:
                    from holdall.config import plugin_settings

                    arguments["settings"] = plugin_settings(config, record.name)
                return impl.function(*(arguments[name] for name in impl.argnames))
        return None

    def _take_out(self, plugin: object, record: PluginRecord) -> None:
        if self._manager.get_plugin(record.title) is plugin:
            self._manager.unregister(name=record.title)

    def call(self, hook: str, **arguments: Any) -> list[Any]:
        """Call every implementation; the first that raises ends the command.

        Holdall's own errors pass as they are; any other becomes a PluginError that names the plugin
        and the hook.
        """
        answers = self._answers(hook, arguments, goes_on=False)
        for answer in answers:
            if answer.raised is not None:
                raise self._blame(answer.plugin, hook, answer.raised) from answer.raised
        return [answer.value for answer in answers]

    def first(self, hook: str, kind: type[Kind], **arguments: Any) -> Kind | None:
        """Return the first answer that a plugin gives, None without one; raises as `call` does.

        An answer of another kind, or with nonsense in it, is the plugin's failure, too.
        """
        for answer in self._answers(hook, arguments, goes_on=False):
            if answer.raised is not None:
                raise self._blame(answer.plugin, hook, answer.raised) from answer.raised
            if answer.value is None:
                continue
            from holdall.plugins.forms import is_whole

            value = answer.value
            if isinstance(value, kind) and run_fenced(partial(is_whole, value))[0] is True:
                return value
            wrong = TypeError(f"it returned {show_value(value):.200}, not a whole {kind.__name__}")
            raise self._blame(answer.plugin, hook, wrong)
        return None

    def pass_on(
        self, hook: str, name: str, change: Callable[[Kind, object], Kind], **arguments: Any
    ) -> Kind:
        """Return an argument as the implementations change it, each after the one before.

        `change` makes a new value of the argument's and an answer; it raises TypeError for what is
        no answer. Raises as `call` does.
        """
        answers = self._answers(hook, arguments, goes_on=False, passes=(name, change))
        value: Kind = arguments[name]
        for plugin, answer, raised in answers:
            if raised is None and answer is not None:
                try:
                    value = change(value, answer)
                except TypeError as error:  # what a wrapper returned instead
                    raised = error
            if raised is not None:
                raise self._blame(plugin, hook, raised) from raised
        return value

    def call_each(
        self, hook: str, **arguments: Any
    ) -> Iterator[tuple[str, Any, HoldallError | None]]:
        """Call every implementation, whatever the others do: (plugin, result, error) for each."""
        for plugin, value, raised in self._answers(hook, arguments, goes_on=True):
            error = None if raised is None else self._blame(plugin, hook, raised)
            yield self._records[id(plugin)].title, value, error

    def _answers(
        self,
        hook: str,
        arguments: dict[str, Any],
        *,
        goes_on: bool,
        passes: Passing | None = None,
    ) -> list[Answer]:
        caller: pluggy.HookCaller = getattr(self._manager.hook, hook)
        takes_first = caller.spec is not None and bool(caller.spec.opts.get("firstresult"))

        def run(plugin: object, step: Callable[[], Any]) -> tuple[Any, BaseException | None]:
            return self._run(self._records[id(plugin)], hook, step)

        given = (caller.get_hookimpls(), arguments, run, passes)
        return call_in_order(*given, takes_first=takes_first, goes_on=goes_on)

    def implements(self, hook: str) -> bool:
        """Return whether any plugin has this hook."""
        return bool(getattr(self._manager.hook, hook).get_hookimpls())

    def commands(self, taken: Iterable[str]) -> tuple[dict[str, tuple[str, Command]], list[str]]:
        """Return the plugins' commands by name, each with its plugin, and warnings.

        `taken` are names that no plugin's command may have.
        """
        found: dict[str, tuple[str, Command]] = {}
        warnings = []
        names = set(taken)
        for title, answer, error in self.call_each("holdall_register_commands"):
            if error is not None:
                warnings.append(f"{error.message}; {title} adds no commands")
                continue
            for command in answer if isinstance(answer, list | tuple) else (answer,):
                if command is None:
                    continue
                if not is_command(command):
                    what = show_value(command)
                    warnings.append(f"plugin {title} registered {what}, which is not a Command")
                elif command.name in names:
                    problem = f"the command {command.name!r} exists already"
                    warnings.append(f"{problem}; that of plugin {title} is left out")
                else:
                    names.add(command.name)
                    found[command.name] = title, command
        return found, warnings

    def run_command(
        self, title: str, name: str, step: Callable[[], Any], *, prints: bool = True
    ) -> Any:
        """Run a part of a plugin's command; what it raises becomes a PluginError.

        Holdall's own errors and what the system refuses pass as they are.
        """
        record = next(record for record in self._records.values() if record.title == title)
        what = f"the command {name!r}"
        value, raised = self._run(record, what, step, is_command=True, prints=prints)
        if raised is not None and (isinstance(raised, OSError) or is_plain_error(raised)):
            raise raised
        if raised is not None:
            raise _blame_for(title, what, raised) from raised
        return value

    @contextmanager
    def command(self) -> Iterator[None]:
        """Let plugins know that a command runs in the block."""
        self.call("holdall_command_begin")
        try:
            yield
        finally:
            ends = [error for *_, error in self.call_each("holdall_command_end")]
            for error in filter(None, ends):
                self._reporter.warn(error.message)

    @property
    def ended(self) -> list[str]:
        """What to report of plugins with which an earlier command ended."""
        if self._watch is None:
            return []
        reports = [
            f"plugin {found.plugin} was running ({found.hook}) when an earlier command ended"
            for found in self._watch.ended
        ]
        found_now = {record.title for record in self.records}
        for found in self._watch.ended if found_now else ():
            if found.plugin not in found_now:
                self._watch.forget(found)
        return reports

    def close(self) -> None:
        """Forget which plugin was running: all of them have returned."""
        if self._watch is not None:
            self._watch.close()

    def _run(
        self,
        record: PluginRecord,
        hook: str,
        step: Callable[[], Any],
        *,
        is_command: bool = False,
        prints: bool = False,
    ) -> tuple[Any, BaseException | None]:
        """Run a step of a plugin inside the fence, and record that it is running."""
        start = time.monotonic()
        is_ours = record.distribution == OURS
        if self._watch is None or is_ours:
            value, raised = run_fenced(step, prints=prints, is_ours=is_ours)
        else:
            found = AtWork(record.title, hook)
            # A command that was named is run: the report of its earlier end is enough.
            if self._watch.forget(found) and not is_command:
                return None, PluginError(
                    f"plugin {record.title} ended an earlier command ({hook}) and is not"
                    " called for that this time",
                    hint="run with --no-plugins to do without it, or report this to its authors",
                )
            with self._watch.at_work(found):
                value, raised = run_fenced(step, prints=prints)
        log_debug(
            __name__,
            "called plugin %s: %s, %.1f ms%s",
            record.title,
            hook,
            (time.monotonic() - start) * 1000,
            "" if raised is None else ", which failed",
        )
        if raised is not None and self._verbose and not isinstance(raised, HoldallError):
            import traceback

            run_fenced(partial(traceback.print_exception, raised))
        return value, raised

    def _blame(self, plugin: object, hook: str, raised: BaseException) -> HoldallError:
        if isinstance(raised, HoldallError) and is_plain_error(raised):
            return raised
        return _blame_for(self._records[id(plugin)].title, hook, raised)


def _blame_for(title: str, what: str, raised: BaseException) -> PluginError:
    return PluginError(
        f"plugin {title} failed in {what}: {text_of(raised)}",
        hint="run with --no-plugins to do without it, or report this to its authors",
    )


def _refuse_known(known: Container[str], added: Iterable[Any], what: str) -> None:
    seen: set[str] = set()
    for value in added:
        if value.name in known or value.name in seen:
            raise PluginError(f"the {what} {value.name!r} exists already")
        seen.add(value.name)


def load_plugins(config: Config, reporter: Reporter | None = None) -> Plugins:
    """Load the installed plugins and the modules of `HOLDALL_PLUGINS`, each by itself."""
    targets = _with_own(BUILTIN_TARGETS, reporter or Reporter())
    plugins = Plugins(_watch(config), reporter, verbose=config.verbose, targets=targets)
    if not config.plugins_enabled:
        return plugins
    found: list[tuple[PluginRecord, Callable[[], object]]] = [
        (_record_of(point), point.load) for point in find_entry_points(ENTRY_POINT_GROUP)
    ]
    for module in config.extra_plugins:
        record = PluginRecord(module, None, None, PluginStatus.LOADED)
        found.append((record, partial(importlib.import_module, module)))
    for record, load in found:
        plugins.add(record, load, config)
    return plugins


def _with_own(targets: Targets, reporter: Reporter) -> Targets:
    """Return targets with those of the user's settings, if these can be read."""
    try:
        found = user_table("target")
        if found is None:
            return targets
        from holdall.deploy.targets.parse import parse_rows

        table, file = found
        return targets.with_rows(parse_rows(table, f"{file}: target"))
    except InputError as error:
        reporter.warn(f"{error.message}; your own targets are left out")
        return targets


def _record_of(point: EntryPoint) -> PluginRecord:
    return PluginRecord(point.name, point.distribution, point.version, PluginStatus.LOADED)


def _watch(config: Config) -> Watch | None:
    if not config.remembers:
        return None
    from holdall.files.user_state import state_folder

    with suppress(StorageError):
        return Watch(state_folder() / "plugins-at-work")
    return None
