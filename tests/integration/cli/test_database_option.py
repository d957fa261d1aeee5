"""A database URL that cannot be understood is an error in every command, wherever it is from."""

from __future__ import annotations

import sqlite3
import tomllib
from contextlib import closing
from pathlib import Path

import pytest

from holdall.formats import DatabaseURL
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


def test_a_new_collection_keeps_the_database_that_it_is_made_with(
    tmp_path: Path, own_state: Path, empty_database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is upgraded, recorded for the owner only, and trusted: later commands need no option."""
    assert own_state
    monkeypatch.chdir(tmp_path)
    root = tmp_path / "kit"
    for more in (["--dry-run"], []):
        assert not root.exists()
        done = in_this_process("--database", empty_database_url, "init", root, *more)
        assert done.returncode == 0, done.stderr
    settings = root / ".holdall/config.toml"
    recorded = DatabaseURL.parse(empty_database_url).without_password
    assert tomllib.loads(settings.read_text()) == {"database": recorded}
    assert settings.stat().st_mode & 0o777 == 0o600
    for words in ("db current", "list", "log", "doctor"):
        done = in_this_process("--collection", root, *words.split())
        assert done.returncode == 0, (words, done)
    assert not (root / ".holdall/holdall.db").exists()


def test_a_path_is_recorded_as_it_is_from_every_folder(
    tmp_path: Path, own_state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The default one is not recorded at all."""
    assert own_state
    monkeypatch.chdir(tmp_path)
    (tmp_path / "elsewhere").mkdir()
    assert in_this_process("--database", "sqlite:///my.db", "init", "kit").returncode == 0
    found = tomllib.loads((tmp_path / "kit/.holdall/config.toml").read_text())
    assert found == {"database": f"sqlite:///{tmp_path}/my.db"}
    own = "sqlite:///plain/.holdall/holdall.db"
    assert in_this_process("--database", own, "init", "plain").returncode == 0
    assert not (tmp_path / "plain/.holdall/config.toml").exists()


def test_no_collection_is_made_with_a_database_that_does_not_work(
    tmp_path: Path, own_state: Path
) -> None:
    """Somebody else's database, a damaged file, settings that are there: nothing is made."""
    assert own_state
    (tmp_path / "text.db").write_text("not a database")
    with closing(sqlite3.connect(tmp_path / "other.db")) as other:
        other.execute("CREATE TABLE photos (id INTEGER)")
    for name in ("text.db", "other.db"):
        before = (tmp_path / name).read_bytes()
        for more in (["--dry-run"], []):
            url = f"sqlite:///{tmp_path}/{name}"
            done = in_this_process("--database", url, "init", tmp_path / "kit", *more)
            assert (done.returncode, "hint: " in done.stderr) == (5, True), done
        assert (tmp_path / name).read_bytes() == before
        assert not (tmp_path / "kit").exists()
    settings = tmp_path / "kit/.holdall/config.toml"
    settings.parent.mkdir(parents=True)
    settings.write_text("max_file_bytes = 1000\n")
    done = in_this_process("--database", f"{tmp_path}/my.db", "init", tmp_path / "kit")
    assert (done.returncode, "exists already" in done.stderr) == (3, True)
    assert settings.read_text() == "max_file_bytes = 1000\n"
    assert not (tmp_path / "kit/manifest.toml").exists()
