"""What may be seen by others: modes of files, passwords in what is printed and written."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from e2e.kit import SAMPLE, Kit, in_this_process
from holdall.cli import main
from holdall_composites.console import warn_of_password

pytestmark = pytest.mark.integration

SECRET = "hunter2secret"


def findings(kit: Kit) -> dict[str, str]:
    """Return the hint of each place that the doctor calls open to others."""
    found = json.loads(kit.command("doctor", "--json").stdout)["findings"]
    return {f["subject"]: f["hint"] for f in found if f["code"] == "open-to-others"}


@pytest.fixture
def umask() -> Iterator[None]:
    """The most careless umask there is."""
    before = os.umask(0)
    yield
    os.umask(before)


def test_state_and_database_are_private_whatever_the_umask(
    tmp_path: Path, umask: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the collection and in the project; the database's own files and backups, too."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    database = tmp_path / "db" / "kit.db"
    kit = Kit(in_this_process, tmp_path, str(database))
    kit.run("init", kit.collection)
    kit.run("collect", SAMPLE)
    (kit.project / ".claude/agents").mkdir(parents=True)
    (kit.project / ".claude/agents/reviewer.md").write_text("mine")
    kit.run("deploy", "composite:git-care", "--to", kit.project, "--allow-commands", "--force")
    kit.run("db", "backup")
    assert findings(kit) == {}
    for folder in (kit.collection / ".holdall", kit.project / ".holdall", database.parent):
        assert folder.stat().st_mode & 0o777 == 0o700
    assert (kit.project / ".holdall/backups").stat().st_mode & 0o777 == 0o700
    assert len(list(database.parent.iterdir())) > 1
    for file in (*database.parent.iterdir(), tmp_path / "state/holdall/allowed-commands.json"):
        assert file.stat().st_mode & 0o777 == 0o600, file
    assert (tmp_path / "state/holdall").stat().st_mode & 0o777 == 0o700


def test_the_doctor_tells_what_is_open_to_others(tmp_path: Path) -> None:
    """What was there before with wider modes is named with the way to mend it, which works."""
    kit = Kit(in_this_process, tmp_path, str(tmp_path / "kit's.db"))
    kit.run("init", kit.collection)
    kit.run("collect", SAMPLE)
    kit.deploy("skill:changelog")
    settings = kit.collection / ".holdall/config.toml"
    settings.write_text('database = "x"\n')
    settings.chmod(0o644)
    tmp_path.chmod(0o755)
    assert findings(kit) == {}  # nobody gets to the settings
    wide = [kit.collection / ".holdall", kit.project / ".holdall"]
    for folder in wide:
        folder.chmod(0o755)
    (tmp_path / "kit's.db").chmod(0o640)
    found = findings(kit)
    assert set(found) == {*map(str, wide), str(settings), str(tmp_path / "kit's.db")}
    for hint in found.values():
        subprocess.run(hint, shell=True, check=True)
    assert findings(kit) == {}
    assert settings.stat().st_mode & 0o777 == 0o600


def test_a_server_that_came_with_a_collection_is_not_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Until the user trusts it: whoever made the collection would get a password from it."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("PGPASSWORD", SECRET)
    root = tmp_path / "kit"
    assert in_this_process("init", root).returncode == 0
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        url = f"postgresql://me@127.0.0.1:{server.getsockname()[1]}/kit?connect_timeout=1"
        (root / ".holdall/config.toml").write_text(f'database = "{url}"\n')
        for words in (("list",), ("collect", SAMPLE), ("db", "upgrade"), ("doctor",)):
            done = in_this_process("--collection", root, *words)
            assert done.returncode == 3, done.stderr
            assert "holdall db trust" in done.stderr
            with pytest.raises(BlockingIOError):
                server.accept()


def test_another_file_is_trusted_by_its_user_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """For this collection, until the settings choose another; one inside needs no trust."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    roots = [tmp_path / "one", tmp_path / "two"]

    def choose(root: Path, path: object) -> None:
        (root / ".holdall/config.toml").write_text(f'database = "sqlite:///{path}"\n')

    def status(root: Path, *words: str) -> int:
        return in_this_process("--collection", root, *(words or ("list",))).returncode

    for root in roots:
        assert in_this_process("init", root).returncode == 0
        assert status(root, "db", "trust") == 4
        choose(root, tmp_path / "shared.db")
        assert status(root) == 3
    assert not (tmp_path / "shared.db").exists()
    assert status(roots[0], "db", "trust") == 0
    assert [status(root) for root in roots] == [0, 3]
    choose(roots[0], tmp_path / "other.db")
    assert status(roots[0]) == 3
    choose(roots[0], roots[0] / ".holdall/inside.db")
    assert status(roots[0]) == 0
    (roots[0] / "link").symlink_to(tmp_path)
    choose(roots[0], roots[0] / "link/other.db")
    assert status(roots[0]) == 3
    assert not (tmp_path / "other.db").exists()


@pytest.mark.postgresql
@pytest.mark.parametrize("dialect", ["postgresql"])
def test_a_password_is_nowhere(database_url: str, tmp_path: Path) -> None:
    """Not in what any command prints, as JSON or with everything told, nor in any file."""
    psycopg = pytest.importorskip("psycopg")
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(f"DROP ROLE IF EXISTS teller{os.getpid()}")
        connection.execute(f"CREATE ROLE teller{os.getpid()} SUPERUSER LOGIN PASSWORD '{SECRET}'")
    try:
        _look_for_password(database_url, tmp_path)
    finally:
        with psycopg.connect(database_url, autocommit=True) as connection:
            connection.execute(f"REASSIGN OWNED BY teller{os.getpid()} TO CURRENT_USER")
            connection.execute(f"DROP ROLE teller{os.getpid()}")


def _look_for_password(database_url: str, tmp_path: Path) -> None:
    scheme, _, rest = database_url.partition("://")
    url = f"{scheme}://teller{os.getpid()}:{SECRET}@{rest.rpartition('@')[2]}"
    kit = Kit(in_this_process, tmp_path, url)
    kit.run("init", kit.collection)
    commands: list[tuple[str | Path, ...]] = [
        ("collect", SAMPLE),
        ("deploy", "skill:changelog", "--to", kit.project),
        ("deploy", "skill:changelog", "--to", kit.project, "--dry-run"),
        ("status", "--to", kit.project),
        ("log",), ("list",), ("plugins",), ("doctor", "--deep"), ("versions", "changelog"),
        ("db", "current"), ("db", "history"), ("db", "check"), ("db", "backup"),
        ("undo",), ("rebuild", "--force", "--dry-run"), ("purge", "--dry-run"),
    ]  # fmt: skip
    for command in commands:
        for option in ("--json", "--verbose"):
            done = kit.command(*command, option)
            assert done.returncode < 6
            assert SECRET not in done.stdout + done.stderr, command
    assert {o["command"] for o in kit.json("log")["operations"]} == {"collect", "deploy", "undo"}
    broken = url.replace("/holdall_", "/nothing_")
    for wrong in (broken, url.replace("?host=", "?host=/nowhere"), f"{url}&bad=1"):
        kit.database_url = wrong
        for command in (("collect",), ("deploy", "skill:changelog", "--to", kit.project)):
            done = kit.command(*command, "--verbose")
            assert SECRET not in done.stdout + done.stderr
    for top, _, files in os.walk(tmp_path):
        assert not any(SECRET.encode() in Path(top, name).read_bytes() for name in files)


def test_a_password_among_the_words_is_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """`ps` shows them to everybody; without a password there is nothing to tell."""
    monkeypatch.setattr(sys, "argv", ["holdall", "--database", f"postgresql://u:{SECRET}@h/d"])
    assert main(["--collection", str(tmp_path), "init", str(tmp_path)]) == 0
    said = capsys.readouterr().err
    assert "HOLDALL_DATABASE_URL" in said
    assert SECRET not in said
    for words in (
        ["--database=postgres://h/d?user=u&password=x"],
        ["--database", "postgresql://u:p@h/d"],
    ):
        warn_of_password(words)
        assert capsys.readouterr().err
    for words in (["postgresql://u@h:5432/d"], ["postgresql://u:@/d"], ["https://u:p@h/d"]):
        warn_of_password(words)
        assert not capsys.readouterr().err
