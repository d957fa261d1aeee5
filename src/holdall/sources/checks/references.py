"""References in a skill's texts that lead away from it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from holdall.sources.checks.diagnostics import Code, diagnose
from holdall.sources.values import Diagnostic

# Not in quotes: those are examples of programs. Nor the examples of attacks.
_UPWARDS = re.compile(r"(?<![\w./*'\"])((?:\.\./)++)(?!etc/|proc/)[\w.{$-][\w./-]*")
_PLUGIN_ROOT = re.compile(r"\$\{?CLAUDE_PLUGIN_ROOT\b")


def references(path: str, text: str, depth: int) -> Iterator[Diagnostic]:
    """Yield where a skill's file refers to files outside of the skill, each kind once.

    `depth` is how many folders below SKILL.md the file is. Only Markdown is asked for `..`:
    in programs it mostly means something else.
    """
    if "CLAUDE_PLUGIN_ROOT" in text and (root := _PLUGIN_ROOT.search(text)):
        yield diagnose(path, Code.PLUGIN_ROOT_REFERENCE, "uses CLAUDE_PLUGIN_ROOT", _line(root))
    if not path.endswith(".md") or "../" not in text:
        return
    for found in _UPWARDS.finditer(text):
        steps = found[1].count("/")
        if steps > depth and (steps > 1 or text.endswith("](", 0, found.start())):
            message = f"refers to {found[0]:.80}"
            yield diagnose(path, Code.OUTSIDE_REFERENCE, message, _line(found))
            return


def _line(found: re.Match[str]) -> int:
    return found.string.count("\n", 0, found.start()) + 1
