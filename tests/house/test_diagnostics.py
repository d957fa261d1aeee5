"""Every diagnostic is made from the table that says why it matters and what to do."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from holdall.errors import HostilePathError
from holdall.sources.checks.diagnostics import CODES, Code

pytestmark = pytest.mark.house

ROOT = Path(__file__).parents[2]
PACKAGES = ("src/holdall", "src/holdall_composites", "hooks/holdall_composites_hooks")


def calls_of(name: str, path: Path) -> list[ast.Call]:
    """Return the calls of a function or method of this name in a module."""
    calls = [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)]
    names = [getattr(call.func, "attr", getattr(call.func, "id", None)) for call in calls]
    return [call for call, found in zip(calls, names, strict=True) if found == name]


def test_no_diagnostic_is_made_without_the_table() -> None:
    """All come from `diagnose`, which takes a `Code`; each of those has its row."""
    assert set(CODES) == set(Code)
    modules = [path for package in PACKAGES for path in (ROOT / package).rglob("*.py")]
    makers = [path.name for path in modules if calls_of("Diagnostic", path)]
    assert makers == ["diagnostics.py"]


def test_the_problems_of_trees_are_in_the_table() -> None:
    """They are named below the table's layer, by their text."""
    calls = calls_of("_refuse", ROOT / "src/holdall/files/tree.py")
    codes = [code for call in calls for code in [call.args[1]]]
    named = {code.value for code in codes if isinstance(code, ast.Constant)}
    assert len(named) >= 4
    assert named | {HostilePathError.code} <= set(Code)
