"""Completion scripts, by shtab from the parsers of all commands, plugins' too."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from holdall.plugins.manager import Plugins

SHELLS = ("bash", "zsh", "fish")

_VALUES = {
    **dict.fromkeys(("ID", "OLD", "ID[@PIN]"), "ids"),
    **dict.fromkeys(("ID[@VERSION]", "ID@VERSION"), "refs"),
    "COMPOSITE": "composites",
}
"""What completes an argument, by its metavar."""

# bash breaks words at colons: the whole word is taken from the line, and what stands before its
# last colon is cut from the answers.
_PREAMBLE = {
    "bash": r"""
_holdall_values() {
  local word="${COMP_LINE:0:COMP_POINT}"
  word="${word##*[[:space:]]}"
  local head=""
  [[ "$word" == *:* ]] && head="${word%:*}:"
  local value
  holdall completion --values "$1" "$word" "${COMP_WORDS[@]:1}" 2>/dev/null \
    | while IFS= read -r value; do printf '%s\n' "${value#"$head"}"; done
}
_holdall_ids() { _holdall_values ids; }
_holdall_refs() { _holdall_values refs; }
_holdall_composites() { _holdall_values composites; }
""",
    "zsh": r"""
_holdall_values() {
  local -a found
  found=(${(f)"$(holdall completion --values $1 "${(Q)PREFIX}" ${words[2,-1]} 2>/dev/null)"})
  compadd -- $found
}
_holdall_ids() { _holdall_values ids }
_holdall_refs() { _holdall_values refs }
_holdall_composites() { _holdall_values composites }
""",
    "fish": r"""
function _holdall_values
  holdall completion --values $argv[1] (commandline -ct) (commandline -opc)[2..] 2>/dev/null
end
""",
}


def completion_script(shell: str, plugins: Plugins) -> str:
    """Return the script that teaches a shell (`SHELLS`) all words of the command line."""
    import shtab

    script: str = shtab.complete(whole_parser(plugins), shell, preamble=_PREAMBLE[shell])
    return script


def whole_parser(plugins: Plugins) -> argparse.ArgumentParser:
    """Return the parser of the whole command line, with all commands, for shtab."""
    from holdall.cli.parser import CommandParser, Root, known_commands, parser_of, with_actions

    known, _ = known_commands(plugins)
    root = Root(known)
    subparsers = root.add_subparsers(prog="holdall", parser_class=CommandParser)
    for name, one in known.items():
        parser = parser_of(one, plugins, subparsers)
        # shtab shows the help of a command where its name is completed.
        subparsers._choices_actions.append(
            subparsers._ChoicesPseudoAction(name, [], one.command.summary)
        )
        for inner in with_actions(parser):
            for action in inner._actions:
                _complete(action, plugins)
    for action in root._actions:
        _complete(action, plugins)
    return root


def _complete(action: argparse.Action, plugins: Plugins) -> None:
    """Say what completes an argument's value."""
    import shtab

    texts: Mapping[str, Any] = vars(action)
    if action.help and "%(" in action.help:
        action.help = action.help.partition(";")[0].replace("%(targets)s", "those that are known")
        action.help = action.help.replace("%(types)s", "those that are known")
    metavar = texts.get("metavar")
    if metavar == "TARGET":
        action.choices = list(plugins.targets)
    elif metavar == "TYPE":
        action.choices = list(plugins.types)
    elif metavar in ("DIR", "PROJECT"):
        action.complete = shtab.DIRECTORY  # type: ignore[attr-defined]
    elif metavar in ("SOURCE", "DIR|FILE", "FILE"):
        action.complete = shtab.FILE  # type: ignore[attr-defined]
    elif isinstance(metavar, str) and metavar in _VALUES:
        kind = _VALUES[metavar]
        action.complete = {  # type: ignore[attr-defined]
            "bash": f"_holdall_{kind}",
            "zsh": f"_holdall_{kind}",
            "fish": f"(_holdall_values {kind})",
        }
