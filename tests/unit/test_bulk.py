"""Frozen values made of many rows: the same as made one by one."""

from __future__ import annotations

import dataclasses

import pytest

from kitbag_composites.bulk import made_of
from kitbag_composites.types import Link

pytestmark = pytest.mark.unit


@pytest.mark.parametrize("count", [0, 1, 49, 50, 1000])
def test_they_are_what_the_class_makes(count: int) -> None:
    """Equal, with the same hash and type, and as frozen."""
    rows = [(f"skill:{n}", "contains", None, n) for n in range(count)]
    made = made_of(Link, iter(rows))
    assert made == [Link(*row) for row in rows]
    assert {hash(each) for each in made} == {hash(Link(*row)) for row in rows}
    for each in made[-1:]:
        assert type(each) is Link
        assert dataclasses.replace(each, pin="x").pin == "x"
        with pytest.raises(dataclasses.FrozenInstanceError):
            each.pin = "y"  # type: ignore[misc]


def test_a_row_of_another_length_is_refused() -> None:
    """However many there are."""
    for count in (1, 100):
        with pytest.raises(TypeError):
            made_of(Link, [("p",)] * count)
