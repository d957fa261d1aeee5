"""Who a change is by."""

from __future__ import annotations

import os
import pwd

import pytest

from holdall.transaction import Signature

pytestmark = pytest.mark.unit


def test_the_environment_names_the_user_first(monkeypatch: pytest.MonkeyPatch) -> None:
    """LOGNAME, then USER, then the system's list of users."""
    monkeypatch.setenv("LOGNAME", "ada")
    monkeypatch.setenv("USER", "eve")
    assert Signature.now().author == "ada"
    monkeypatch.delenv("LOGNAME")
    assert Signature.now().author == "eve"
    monkeypatch.delenv("USER")
    monkeypatch.setattr(pwd, "getpwuid", lambda uid: pwd.struct_passwd(["x"] * 7))
    assert Signature.now().author == "x"


def test_a_user_without_a_name_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    """Some containers run as a number that no list of users has."""
    monkeypatch.delenv("LOGNAME", raising=False)
    monkeypatch.delenv("USER", raising=False)
    monkeypatch.setattr(os, "getuid", lambda: 4_000_000_000)
    assert Signature.now().author is None
