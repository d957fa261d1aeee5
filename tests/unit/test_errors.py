"""The trees of errors, as they are drawn and as they are."""

from __future__ import annotations

import re
from collections.abc import Iterator
from types import ModuleType

import pytest

import holdall.errors
import holdall_composites.errors

pytestmark = pytest.mark.unit


def drawn_in(module: ModuleType) -> Iterator[tuple[str, str | None, int]]:
    """Yield each class in a module's drawing, what it stands below, and its exit status."""
    branches: dict[int, str] = {}
    statuses: dict[int, int] = {}
    for line in (module.__doc__ or "").splitlines():
        found = re.match(r"([│├└─ ]*)([A-Z]\w+)  +(\d?)", line)
        if found is None:
            continue
        depth, name = len(found[1]) // 4, found[2]
        branches[depth] = name
        if found[3]:
            statuses[depth] = int(found[3])
        if depth:
            yield name, branches[depth - 1], statuses[1]


@pytest.mark.parametrize("module", [holdall.errors, holdall_composites.errors])
def test_the_drawn_tree_is_the_tree(module: ModuleType) -> None:
    """Each error is drawn below its parent, with the exit status of its branch, and no other is."""
    drawn = {name: (parent, status) for name, parent, status in drawn_in(module)}
    classes = {
        error.__name__: (error.__bases__[0].__name__, error.exit_status)
        for error in vars(module).values()
        if isinstance(error, type) and error.__module__ == module.__name__
    }
    classes.pop("HoldallError", None)
    assert classes
    assert {name: drawn.get(name) for name in classes} == classes
    assert all(getattr(module, name).exit_status == status for name, (_, status) in drawn.items())


def test_input_that_cannot_be_read_is_no_failure_of_the_storage() -> None:
    """A typo in a file exits as wrong usage does, not as a broken disk."""
    assert holdall.errors.InputError.exit_status == 2
    assert not issubclass(holdall.errors.InputError, holdall.errors.StorageError)
