"""What `make docs` writes of the command line: `docs/commands.md`, from the parsers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from holdall.artifacts.limits import Caps
from holdall.cli.help.man import STATUSES
from holdall.cli.help.root import ENVIRONMENT, by_group

if TYPE_CHECKING:
    from holdall.plugins.manager import Plugins

_HEAD = """# Commands

<!-- Made from the code by `make docs`. -->

`holdall help COMMAND` prints the same. An ID is `type:name`, or a name that only one artifact has.
All commands take `--collection DIR`, `--database URL`, `--no-plugins`, `--json`, `--quiet` and
`--verbose`, before or after their names; [json.md](json.md) describes what `--json` prints.
"""


def render_commands(plugins: Plugins) -> str:
    """Return the text of `docs/commands.md`."""
    return "".join(f"{line}\n" for line in _lines(plugins))


def _lines(plugins: Plugins) -> Iterator[str]:
    from holdall.cli.commands.help import describe
    from holdall.cli.parser import help_of, known_commands, with_actions

    known, _ = known_commands(plugins)
    yield _HEAD
    for group, commands in by_group({n: one.command for n, one in known.items()}).items():
        yield f"## {group.capitalize()}\n"
        for command in commands:
            for parser in with_actions(help_of([command.name], plugins)):
                yield from _command(describe(parser, group, command.summary))
    yield "## Environment\n"
    yield from (f"- `{name}`: {text}" for name, text in ENVIRONMENT)
    for cap, most in Caps._field_defaults.items():
        yield f"- `HOLDALL_{cap.upper()}`: {most:,} if it is not set; also `{cap}` in the"
        yield "  collection's `.holdall/config.toml`"
    yield "\n## Exit status\n"
    yield from (f"- {status}: {text}" for status, text in STATUSES)


def _command(table: dict[str, Any]) -> Iterator[str]:
    yield f"### {table['name']}\n"
    yield f"{_escape(table['description'])}\n"
    general = {"--help", "--collection", "--database", "--no-plugins", "--json", "--quiet"}
    rows = [
        row
        for row in table["arguments"]
        if not general & set(row["options"]) and "--verbose" not in row["options"]
    ]
    for row in rows:
        value = row["metavar"] or "|".join(row["choices"] or ())
        title = " ".join(filter(None, (", ".join(row["options"]), value)))
        yield f"- `{title}`: {_escape(row['help'])}"
    if rows:
        yield ""
    if table["examples"]:
        yield "```sh"
        yield from table["examples"]
        yield "```\n"


def _escape(text: str) -> str:
    """Return text that Markdown shows as it is, but for its code."""
    return text.replace("[", "\\[").replace("<", "&lt;").replace("*", "\\*")
