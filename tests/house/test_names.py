"""Functions are named by verbs, and what they return by nouns: a participle alone says neither."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

pytestmark = pytest.mark.house

REPOSITORY = Path(__file__).parents[2]
_IRREGULAR = "built|chosen|found|given|held|kept|known|left|made|sent|shown|taken|told|written"
_PARTICIPLE = re.compile(rf"_?(?:{_IRREGULAR}|[a-z]{{2,}}[^e\W]ed|[a-z]{{3,}}ing)(?:_(?:by|in))?")
_OTHER_WORDS = frozenset({"bring", "embed", "finding", "listing", "string"})
_OF_CLASSES = frozenset({"property", "cached_property"})
"""What is read as an attribute may say how a value is: `error.failed`."""


def _functions(source: str) -> Iterator[tuple[str, int]]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            marks = {ast.unparse(one).rpartition(".")[2] for one in node.decorator_list}
            if marks.isdisjoint(_OF_CLASSES):
                yield node.name, node.lineno


def _participles(source: str) -> list[str]:
    return [
        f"{line}: {name}"
        for name, line in _functions(source)
        if _PARTICIPLE.fullmatch(name) and name.strip("_") not in _OTHER_WORDS
    ]


@pytest.mark.parametrize("top", ["src", "hooks", "migrations"])
def test_no_function_is_named_by_a_participle(top: str) -> None:
    """A function is named by what it does, `read_tags`, or by what it returns, `known_tags`."""
    found = [
        f"{path.relative_to(REPOSITORY)}:{where}"
        for path in sorted((REPOSITORY / top).rglob("*.py"))
        for where in _participles(path.read_text())
    ]
    assert not found


@pytest.mark.parametrize("name", ["opened", "_checked", "told", "named_by", "working"])
def test_a_participle_is_found(name: str) -> None:
    """The test above finds the names that it is for."""
    assert _participles(f"def {name}():\n    pass\n") == [f"1: {name}"]


@pytest.mark.parametrize("name", ["need", "read", "known_tags", "seed", "bring", "_finding"])
def test_other_names_are_not(name: str) -> None:
    """Verbs and nouns that end alike are none."""
    assert not _participles(f"def {name}():\n    pass\n")
