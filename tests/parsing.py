"""The syntax of our own modules, each parsed once for all tests that look at it."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path


@cache
def parsed(path: Path) -> ast.Module:
    """Return a module's syntax tree."""
    return ast.parse(path.read_text(encoding="utf-8"))


@cache
def nodes_of(path: Path) -> tuple[ast.AST, ...]:
    """Return all nodes of a module's syntax tree."""
    return tuple(ast.walk(parsed(path)))


@cache
def functions_of(path: Path) -> frozenset[str]:
    """Return the names of all functions that a module defines."""
    text = path.read_text(encoding="utf-8")
    return frozenset(re.findall(r"^ *(?:async )?def (\w+)\(", text, re.M))
