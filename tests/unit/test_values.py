"""Dataclasses and named tuples as `holdall` makes them, beside Python's own."""

from __future__ import annotations

import copy
import dataclasses
import pickle
import typing
from collections.abc import Callable
from typing import Any

import pytest

from holdall import NamedTuple, dataclass

Declare = Callable[..., Any]


def declare(by: Declare, **options: bool) -> Any:
    """Return a class with every kind of field that there is in Holdall, declared by a decorator."""

    class Value:
        """A value."""

        name: str
        size: int = 0
        parts: list[str] = dataclasses.field(default_factory=list)
        seen: object = dataclasses.field(default=None, compare=False)

    return by(**options)(Value)


@dataclass(frozen=True, slots=True)
class Point:
    """A point, which a copy finds again by its name."""

    x: int
    y: int = 0


@dataclass(frozen=True)
class Place(Point):
    """A point with a name."""

    name: str = ""

    def __post_init__(self) -> None:
        if not self.name:
            object.__setattr__(self, "name", f"{self.x}/{self.y}")


class Ours(NamedTuple):
    """A pair."""

    name: str
    size: int = 3

    @property
    def double(self) -> int:
        """Twice the size."""
        return 2 * self.size

    @classmethod
    def of(cls, name: str) -> Ours:
        """Make one."""
        return cls(name)


class Pythons(typing.NamedTuple):
    """A pair."""

    name: str
    size: int = 3


@pytest.mark.parametrize("slots", [False, True])
@pytest.mark.parametrize("frozen", [False, True])
def test_a_dataclass_is_made_as_python_makes_it(frozen: bool, slots: bool) -> None:
    """Values, equality, text, fields and `replace` are the same, given in any way."""
    ours = declare(dataclass, frozen=frozen, slots=slots)
    pythons = declare(dataclasses.dataclass, frozen=frozen, slots=slots)
    given: list[tuple[tuple[Any, ...], dict[str, Any]]] = [
        (("a",), {}),
        (("a", 1), {"seen": 2}),
        ((), {"parts": ["b"], "name": "a"}),
        (("a", 1, ["b"], 3), {}),
    ]
    for args, named in given:
        one, other = ours(*args, **named), pythons(*args, **named)
        assert repr(one) == repr(other)
        assert dataclasses.asdict(one) == dataclasses.asdict(other)
        assert one == ours(*args, **named)
        assert one != other
        assert one == dataclasses.replace(one, seen="something else")
        assert one != dataclasses.replace(one, name="b")
        assert copy.deepcopy(one) == one
    assert ours("a").parts is not ours("a").parts
    assert [field.name for field in dataclasses.fields(ours)] == ["name", "size", "parts", "seen"]
    assert hasattr(ours("a"), "__dict__") == hasattr(pythons("a"), "__dict__") == (not slots)
    assert ours.__match_args__ == pythons.__match_args__
    assert (ours.__hash__ is None) == (pythons.__hash__ is None) == (not frozen)


@pytest.mark.parametrize("by", [dataclass, dataclasses.dataclass])
def test_a_dataclass_takes_its_own_values_only(by: Declare) -> None:
    """Too many, too few, unknown ones and one that is given twice are errors."""
    made = declare(by)
    wrong: list[tuple[tuple[Any, ...], dict[str, Any]]] = [
        ((), {}),
        (("a", 1, [], 2, 3), {}),
        (("a",), {"name": "b"}),
        (("a",), {"other": 1}),
    ]
    for args, named in wrong:
        with pytest.raises(TypeError):
            made(*args, **named)


def test_a_frozen_one_does_not_change() -> None:
    """Nothing is set or deleted; what a copy or a pickle makes is equal, with the same hash."""
    point = Point(1, 2)
    with pytest.raises(dataclasses.FrozenInstanceError):
        point.x = 3
    with pytest.raises(dataclasses.FrozenInstanceError):
        del point.x
    assert copy.copy(point) == pickle.loads(pickle.dumps(point)) == point
    assert hash(point) == hash(Point(1, 2))
    assert len({point, Point(1, 2), Point(2, 1)}) == 2


def test_a_subclass_has_the_fields_of_both() -> None:
    """They are in order, `__post_init__` runs, and classes with equal values differ."""
    assert repr(Place(1)) == "Place(x=1, y=0, name='1/0')"
    assert Place(1, 2, "here") == Place(name="here", x=1, y=2)
    assert Place(1) != Point(1)


def test_without_equality_each_is_itself() -> None:
    """`eq=False` leaves identity, and the hash that goes with it."""
    made = declare(dataclass, eq=False)
    assert made("a") != made("a")
    assert len({made("a"), made("a")}) == 2


def test_a_named_tuple_is_made_as_python_makes_it() -> None:
    """The tuple, names, defaults, types, text and methods are the same."""
    assert tuple(Ours("a")) == tuple(Pythons("a")) == ("a", 3)
    assert repr(Ours("a")) == repr(Pythons("a")).replace("Pythons", "Ours")
    assert Ours._fields == Pythons._fields
    assert Ours._field_defaults == Pythons._field_defaults
    assert typing.get_type_hints(Ours) == typing.get_type_hints(Pythons)
    assert Ours.__doc__ == Pythons.__doc__
    assert (Ours.__module__, Ours.__qualname__) == (__name__, "Ours")
    assert Ours.of("b")._replace(size=4).double == 8
    assert pickle.loads(pickle.dumps(Ours("a"))) == Ours("a")
    with pytest.raises(TypeError):
        Ours()  # type: ignore[call-arg]
