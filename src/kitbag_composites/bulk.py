"""Making frozen values of rows by the ten thousand.

A frozen dataclass sets each field through `object.__setattr__`, which takes nine times as long as
all else about a row. Here a class of the same layout, but not frozen, takes the fields; then each
object becomes what it should be.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import fields
from functools import cache
from itertools import chain, islice, starmap
from typing import Any, TypeVar

__all__ = ["made_of"]

Value = TypeVar("Value")

_FEW = 50


def made_of(value_class: type[Value], rows: Iterable[Sequence[Any]]) -> list[Value]:
    """Return an instance of a frozen dataclass with slots for each row of all its fields."""
    following = iter(rows)
    few = list(islice(following, _FEW))
    if len(few) < _FEW:
        return [value_class(*row) for row in few]
    hashable: Any = value_class
    made: list[Any] = list(starmap(_open_twin(hashable), chain(few, following)))
    for each in made:
        each.__class__ = value_class
    return made


@cache
def _open_twin(value_class: type[Any]) -> type[Any]:
    """Return a class with the same slots that may be set."""
    names = [field.name for field in fields(value_class)]
    lines = [f"    self.{name} = {name}" for name in names]
    scope: dict[str, Any] = {}
    exec("\n".join([f"def __init__(self, {', '.join(names)}):", *lines]), scope)  # noqa: S102
    return type(value_class.__name__, (), {"__slots__": names, "__init__": scope["__init__"]})
