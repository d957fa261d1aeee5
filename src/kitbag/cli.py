"""The `kitbag` command: options, commands, and the one place where errors become exit statuses."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NoReturn

from kitbag import __version__
from kitbag.config import Config
from kitbag.errors import KitbagError, UsageError
from kitbag.output import Output, escaped

if TYPE_CHECKING:
    from kitbag.plugins import Plugins

__all__ = ["main"]

INTERRUPTED = 130


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status.

    0 done; 1 done, but something needs attention; 2 wrong usage; 3 refused to protect something;
    4 not found; 5 database or file system failed; 130 interrupted.
    """
    words = sys.argv[1:] if argv is None else list(argv)
    if words in (["--version"], ["-V"]):
        print(f"kitbag {__version__}")
        return 0
    try:
        return _run(words)
    except KitbagError as error:
        return _tell(error)
    except KeyboardInterrupt:
        print("interrupted; nothing is left half done", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        print(f"error: {escaped(str(error))}", file=sys.stderr)
        return 5


def _tell(error: KitbagError) -> int:
    print(f"error: {escaped(error.message)}", file=sys.stderr)
    if error.hint:
        print(f"hint: {escaped(error.hint)}", file=sys.stderr)
    return error.exit_status


def _run(words: list[str]) -> int:
    from kitbag.context import Context
    from kitbag.plugins import load_plugins

    early, _ = _global_options(default=None).parse_known_args(words)
    plugins = load_plugins(_config(early))
    args = _parser(plugins).parse_args(words)
    config = _config(args)
    out = Output(json=config.json, quiet=config.quiet, verbose=config.verbose)
    for record in plugins.failed:
        out.note(f"warning: plugin {record.title} is not used: {record.error}")
    context = Context(config, plugins, out)
    status: int = args.run(context, args)
    return status or (1 if context.warnings else 0)


def _config(args: argparse.Namespace) -> Config:
    return Config.from_environment(
        os.environ,
        collection=args.collection,
        database=args.database,
        plugins_enabled=not args.no_plugins,
        json=bool(args.json),
        quiet=bool(args.quiet),
        verbose=bool(args.verbose),
    )


class _Parser(argparse.ArgumentParser):
    """Reports wrong usage as our error, with the exit status that goes with it."""

    def error(self, message: str) -> NoReturn:
        raise UsageError(message, hint=f"`{self.prog} --help` shows how to use it")


def _global_options(default: object) -> argparse.ArgumentParser:
    """Return the options that every command takes, before or behind its name."""
    options = _Parser(add_help=False, allow_abbrev=False, argument_default=default)
    group = options.add_argument_group("general options")
    group.add_argument("--collection", metavar="DIR", help="the collection to work on")
    group.add_argument("--database", metavar="URL", help="where its database is")
    group.add_argument("--no-plugins", action="store_true", default=default, help="load no plugins")
    group.add_argument(
        "--json", action="store_true", default=default, help="print the result as JSON"
    )
    talk = group.add_mutually_exclusive_group()
    talk.add_argument(
        "--quiet", "-q", action="store_true", default=default, help="print errors only"
    )
    talk.add_argument("--verbose", "-v", action="store_true", default=default, help="tell more")
    return options


class _CommandParser(_Parser):
    """A command's parser: takes the general options too."""

    def __init__(self, **options: Any) -> None:
        shared = _global_options(default=argparse.SUPPRESS)
        super().__init__(parents=[shared], allow_abbrev=False, **options)


def _parser(plugins: Plugins) -> argparse.ArgumentParser:
    from kitbag import commands

    parser = _Parser(
        prog="kitbag",
        description="Collect static artifacts for coding agents and deploy them into projects.",
        parents=[_global_options(default=None)],
        allow_abbrev=False,
    )
    parser.add_argument("--version", "-V", action="version", version=f"kitbag {__version__}")
    parser_class: type[argparse.ArgumentParser] = _CommandParser
    subparsers = parser.add_subparsers(
        title="commands",
        dest="command",
        metavar="COMMAND",
        required=True,
        parser_class=parser_class,
    )
    commands.add_all(subparsers)
    for name, _, error in plugins.call_each("kitbag_add_commands", subparsers=subparsers):
        if error is not None:
            print(f"warning: {escaped(error.message)}; {name} adds no commands", file=sys.stderr)
    return parser
