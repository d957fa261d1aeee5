"""The `holdall` command: its entry point, and the one place where errors become exit statuses."""

from __future__ import annotations

import sys

from holdall import lazy_exports

TYPE_CHECKING = False  # importing `typing` takes as long as all else that `--version` does
if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence
    from contextlib import AbstractContextManager

    from holdall.cli import parser
    from holdall.config import Config
    from holdall.errors import HoldallError

INTERRUPTED = 130


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status.

    0 done; 1 done, but something needs attention; 2 wrong usage or unreadable input; 3 refused to
    protect something; 4 not found; 5 database, file system or a plugin failed; 130 interrupted.
    """
    try:
        words = sys.argv[1:] if argv is None else list(argv)
        if words in (["--version"], ["-V"]):
            from holdall import __version__

            print(f"holdall {__version__}")
            return 0
        if words[:2] == ["completion", "--values"]:  # a shell waits: no plugin, no parser
            from holdall.cli.completion.values import print_values

            return print_values(words[2:])
        return _report(words)
    except KeyboardInterrupt:
        print("interrupted; nothing is left half finished", file=sys.stderr)
        return INTERRUPTED


def _report(words: list[str]) -> int:
    """Run one command and print the error that it ends with."""
    from holdall.cli.parser import Finished
    from holdall.errors import HoldallError

    try:
        return _run(words)
    except Finished as end:
        return int(end.code or 0)
    except HoldallError as error:
        return _tell(words, error)
    except BrokenPipeError:
        import os

        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        return _tell(words, _storage_error(error))


def _storage_error(error: OSError) -> HoldallError:
    """Return the error for what the system refused, and nobody else explained."""
    from pathlib import Path

    from holdall.errors import StorageError
    from holdall.files.root import storage_error

    if isinstance(error.filename, str):
        return storage_error(Path(error.filename), error)
    return StorageError(error.strerror or str(error))


def _tell(words: list[str], error: HoldallError) -> int:
    """Print an error for the user and, with `--json`, as a document."""
    from holdall.formats.escape import escape_text

    print(f"error: {escape_text(error.message)}", file=sys.stderr)
    if error.hint:
        print(f"hint: {escape_text(error.hint)}", file=sys.stderr)
    if "--json" in words:
        from holdall.cli.output import Output

        table = {"code": error.code, "message": error.message, "hint": error.hint}
        Output(json=True).data({"error": {**table, "exit_status": error.exit_status}})
    return error.exit_status


def _run(words: list[str]) -> int:
    _spare_the_garbage_collector()
    _settle_home()
    from contextlib import nullcontext

    from holdall.cli.context import Context
    from holdall.cli.output import Output
    from holdall.cli.parser import early_options, overview, parse
    from holdall.plugins.manager import load_plugins

    early, command, is_bare = early_options(words)
    config = _config(early)
    out = Output(json=config.json, quiet=config.quiet, verbose=config.verbose, stream=sys.stdout)
    with _verbose() if out.verbose else nullcontext():
        plugins = load_plugins(config, out)
        try:
            ended = plugins.ended
            parsed = overview(early) if is_bare else parse(words, plugins, command, out)
            for record in plugins.failed:
                out.note(f"plugin {record.title} is not used: {record.error}")
            for text in ended:
                out.note(text)
            is_dry_run = bool(getattr(parsed.args, "dry_run", False))
            context = Context(_config(parsed.args), plugins, out, is_dry_run)
            with out.own_stdout(), plugins.command():
                status = _status(parsed, context)
            return status or (1 if out.warnings else 0)
        finally:
            plugins.close()


def _verbose() -> AbstractContextManager[None]:
    from holdall.cli.verbose import log_to_stderr

    return log_to_stderr()


_TRIES = 20


def _status(parsed: parser.Parsed, context: Context) -> int:
    """Run the command, again where somebody else changed the collection first."""
    from holdall.errors import OvertakenError

    for number in range(1, _TRIES):
        try:
            return _status_of(parsed, context)
        except OvertakenError:
            import random
            import time

            time.sleep(random.uniform(0, min(0.05 * 2**number, 3)))  # noqa: S311
    return _status_of(parsed, context)


def _status_of(parsed: parser.Parsed, context: Context) -> int:
    command = parsed.command
    if parsed.plugin is None:
        return command.run(context, parsed.args)
    from holdall.errors import PluginError

    status = context.plugins.run_command(
        parsed.plugin, command.name, lambda: command.run(context, parsed.args)
    )
    if status is None or isinstance(status, int):
        return status or 0

    raise PluginError(
        f"plugin {parsed.plugin}: the command {command.name!r} returned no exit status",
        hint="report this to its authors",
    )


def _spare_the_garbage_collector() -> None:
    """Raise the garbage collector's threshold: Holdall makes many values without cycles.

    At exit Python collects all modules twice, which takes as long as Python's
    own start and frees memory that the process is about to free.
    """
    import atexit
    import gc

    gc.set_threshold(1_000_000, 20, 20)
    atexit.register(gc.freeze)


def _settle_home() -> None:
    """Let HOME be a full path or not be set, for this process and those that it starts."""
    import os

    if not os.path.isabs(os.environ.get("HOME", "")):
        from holdall.files.user_state import home_folder

        os.environ.pop("HOME", None)
        if (home := home_folder()) is not None:
            os.environ["HOME"] = str(home)


def _config(args: argparse.Namespace) -> Config:
    import os

    from holdall.config import Config

    return Config.from_environment(
        os.environ,
        collection=args.collection,
        database=args.database,
        plugins_enabled=not args.no_plugins,
        json=bool(args.json),
        quiet=bool(args.quiet),
        verbose=bool(args.verbose),
    )


# The face.
if TYPE_CHECKING:
    from holdall.cli.commands.collection.show import entry_to_json as entry_to_json, show as show
    from holdall.cli.commands.git_driver import install_driver as install_driver
    from holdall.cli.commands.project.deploy import (
        project_of as project_of,
        result_to_json as result_to_json,
        targets_of as targets_of,
        tell_files as tell_files,
    )
    from holdall.cli.context import Context as Context
else:
    __getattr__, __all__ = lazy_exports(
        __name__,
        {
            "commands.collection.show": (
                "entry_to_json",
                "show",
            ),
            "commands.git_driver": ("install_driver",),
            "commands.project.deploy": (
                "project_of",
                "result_to_json",
                "targets_of",
                "tell_files",
            ),
            "context": ("Context",),
        },
    )
