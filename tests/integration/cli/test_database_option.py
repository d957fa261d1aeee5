"""A database URL that cannot be understood is an error in every command, wherever it is from."""

from __future__ import annotations

from pathlib import Path

import pytest

from holdall.testing import Kit, in_this_process

pytestmark = pytest.mark.integration


@pytest.fixture
def own_kit(tmp_path: Path, own_state: Path) -> Kit:
    """A collection with the database inside of it."""
    kit = Kit(in_this_process, tmp_path)
    kit.run("init", kit.collection)
    return kit


@pytest.mark.parametrize("command", ["list", "scan .", "log", "plugins", "doctor", "status"])
@pytest.mark.parametrize("url", ["nonsense", "", "mysql://h/kit", "postgresql://h"])
def test_nonsense_is_refused_by_every_command(own_kit: Kit, command: str, url: str) -> None:
    """Also by those that need no database; the option is named, and nothing is made."""
    done = own_kit.command("--database", url, *command.split())
    assert done.returncode == 2
    assert "error: --database: " in done.stderr
    assert "postgresql://user@host" in done.stderr
    assert not (own_kit.collection / ".holdall/holdall.db").exists()


def test_the_place_of_a_wrong_url_is_named(own_kit: Kit, monkeypatch: pytest.MonkeyPatch) -> None:
    """The variable, or the key of the collection's settings; an empty variable is none."""
    settings = own_kit.collection / ".holdall/config.toml"
    settings.write_text('database = "nonsense"\n')
    done = own_kit.command("list")
    assert (done.returncode, f"{settings}: database: " in done.stderr) == (2, True)
    settings.unlink()
    monkeypatch.setenv("HOLDALL_DATABASE_URL", "also nonsense")
    done = own_kit.command("list")
    assert (done.returncode, "HOLDALL_DATABASE_URL: " in done.stderr) == (2, True)
    monkeypatch.setenv("HOLDALL_DATABASE_URL", "")
    own_kit.run("list")
