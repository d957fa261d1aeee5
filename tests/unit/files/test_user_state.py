"""The user's secret: made once, kept from others, the same for all who ask at once."""

from __future__ import annotations

import os
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from holdall.errors import StorageError
from holdall.files.user_state import journal_key, read_words, remember, state_folder, user_folder

pytestmark = pytest.mark.unit


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A user who never ran Holdall."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "a/b"))
    return tmp_path


def test_it_stays_the_same() -> None:
    """The first call makes it, readable by its user alone; the others read it."""
    key = journal_key()
    assert len(key) == 32
    assert journal_key() == key
    file = state_folder() / "journal.key"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700


def test_first_runs_agree() -> None:
    """Whoever makes it first, all get that one."""
    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(lambda _: journal_key(), range(32)))) == 1


@pytest.mark.parametrize("torn", [b"", b"short"])
def test_a_torn_one_is_made_anew(torn: bytes) -> None:
    """A kill while it was being made leaves nothing that matters."""
    state_folder().mkdir(parents=True)
    (state_folder() / "journal.key").write_bytes(torn)
    assert len(journal_key()) == 32
    assert (state_folder() / "journal.key").read_bytes() == journal_key()


def test_no_place_for_it(home: Path) -> None:
    """Where it cannot be kept, the error says what to do."""
    (home / "a").write_text("in the way")
    with pytest.raises(StorageError, match=r"journal\.key") as raised:
        journal_key()
    assert "XDG_STATE_HOME" in (raised.value.hint or "")


def test_it_is_never_read_through_a_link(home: Path) -> None:
    """A link in its place is refused."""
    state_folder().mkdir(parents=True)
    (home / "other").write_bytes(bytes(32))
    os.symlink(home / "other", state_folder() / "journal.key")
    with pytest.raises(StorageError):
        journal_key()


def test_decisions_add_up(tmp_path: Path) -> None:
    """Whoever decides at the same time, nothing of it is lost; a broken file counts as empty."""
    file = tmp_path / "state/decided.json"
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: remember(file, [f"word {n}"], "hint"), range(32)))
    assert read_words(file) == {f"word {n}" for n in range(32)}
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    file.write_bytes(b"[")
    assert read_words(file) == set()


def test_what_cannot_be_remembered_is_said(tmp_path: Path) -> None:
    """With the caller's hint."""
    (tmp_path / "state").write_bytes(b"")
    with pytest.raises(StorageError) as caught:
        remember(tmp_path / "state/decided.json", ["one"], "look there")
    assert caught.value.hint == "look there"


@pytest.mark.parametrize(
    ("kind", "below_home"),
    [
        ("state", ".local/state"),
        ("cache", ".cache"),
        ("config", ".config"),
        ("data", ".local/share"),
    ],
)
def test_folders_are_those_of_xdg(
    kind: str, below_home: str, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A full path in the variable has priority; anything else there counts as none."""
    monkeypatch.setenv("HOME", str(home))
    variable = f"XDG_{kind.upper()}_HOME"
    monkeypatch.setenv(variable, "/elsewhere")
    assert user_folder(kind, "audit") == Path("/elsewhere/audit")
    for nothing in ("", "not/full"):
        monkeypatch.setenv(variable, nothing)
        assert user_folder(kind) == home / below_home / "holdall"
