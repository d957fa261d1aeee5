"""The limits and the sandbox themselves: each kind of fault is seen."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from fuzz import limits
from fuzz.limits import TooSlow, bounded
from fuzz.sandbox import SECRET, Sandbox, sandbox
from holdall.errors import InputError

pytestmark = pytest.mark.integration


@pytest.fixture(autouse=True)
def _tally(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "COUNTS", Counter())
    monkeypatch.setattr(limits, "at_most", lambda *_: None)


def test_time_is_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    """An input that takes more is a fault, whatever its reader catches."""
    monkeypatch.setattr(limits, "SECONDS", 0.2)
    with pytest.raises(TooSlow), bounded("x"):
        while True:
            try:
                sum(range(10_000))
            except Exception:  # noqa: BLE001
                break


# More than what the tests before may have left to the allocator.
LARGE = limits.MEMORY + (1 << 30)


def test_memory_is_limited() -> None:
    """An input that takes more gets no more; afterwards there is as much as before."""
    with pytest.raises(MemoryError), bounded("x", 10):
        bytearray(LARGE)
    bytearray(LARGE)


def test_only_our_errors_are_answers() -> None:
    """They are counted; any other error is a fault."""
    with bounded("x"):
        raise InputError("no", hint="fix it")
    assert (limits.COUNTS["tried/x"], limits.COUNTS["refused/x"]) == (1, 1)
    with pytest.raises(KeyError), bounded("x"):
        raise KeyError


def write_outside(box: Sandbox) -> None:
    """Write where nobody may."""
    (box.base / "home/.bashrc").write_text("evil")


def write_beside(box: Sandbox) -> None:
    """Leave a file in the folder for temporary files."""
    (box.base / "tmp/left").write_text("")


def change_a_mode(box: Sandbox) -> None:
    """Open to others what lies outside."""
    (box.base / "home/.ssh/authorized_keys").chmod(0o666)


def take_a_secret(box: Sandbox) -> None:
    """Collect what lies outside."""
    (box.kit / "skills/fine/x").write_bytes(b"a " + SECRET)


def lead_outside(box: Sandbox) -> None:
    """Deploy a link to the outside."""
    os.symlink("../../../outside", Path(box.project, "x"))


@pytest.mark.parametrize(
    "fault", [write_outside, write_beside, change_a_mode, take_a_secret, lead_outside]
)
def test_the_sandbox_sees_it(fault: Callable[[Sandbox], None]) -> None:
    """What is done outside, or brought from there."""
    with pytest.raises(AssertionError), sandbox() as box:
        fault(box)
    with sandbox():
        pass
