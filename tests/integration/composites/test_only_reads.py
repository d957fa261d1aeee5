"""What only reads needs no right to write: standbys, roles, and other people's collections."""

from __future__ import annotations

import json
import os
import re
import shutil
import sqlite3
import tempfile
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from e2e.kit import SAMPLE, Kit, in_this_process
from holdall_composites.database.connect import connect_database
from holdall_composites.schema import runner
from postgres_server import execute, with_name
from standby import running_standby, wait_for_replay

pytestmark = pytest.mark.integration

READING = [
    "list",
    "log",
    "show skill:changelog",
    "show skill:changelog@0",
    "versions skill:changelog",
    "associations skill:changelog",
    "tree composite:writing",
    "composite show composite:writing",
]
OF_DATABASE = ["db current", "db check", "db history", "doctor", "doctor --deep"]


def words_for(project: Path) -> list[str]:
    """Return the commands that read a collection, and what works in a project of one's own."""
    return [
        *READING,
        f"deploy composite:writing --to {project}",
        f"status --to {project}",
        f"deploy skill:changelog@0 --to {project} --dry-run",
        f"export composite:writing --to {project}/exported",
        f"undeploy composite:writing --to {project}",
    ]


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder that others may look into, unlike pytest's."""
    folder = Path(tempfile.mkdtemp(prefix="holdall-tests-", dir="/tmp"))
    folder.chmod(0o755)
    yield folder
    for path in folder.rglob("*"):
        if path.is_dir() and not path.is_symlink():
            path.chmod(0o700)
    shutil.rmtree(folder)


def as_somebody_else(home: Path, words: list[list[str]]) -> list[tuple[int, str]]:
    """Run commands in a forked process that owns nothing but its home folder."""
    home.mkdir()
    if os.getuid() == 0:
        os.chown(home, 65534, 65534)
    answers = home / "answers.json"
    pid = os.fork()
    if pid == 0:
        try:
            if os.getuid() == 0:
                os.setgid(65534)
                os.setuid(65534)
            for name in ("STATE", "CACHE", "CONFIG", "DATA"):
                os.environ[f"XDG_{name}_HOME"] = str(home / name)
            os.chdir(home)
            (home / "project").mkdir()
            done = [in_this_process(*command) for command in words]
            told = [(one.returncode, f"{one.args}\n{one.stdout}{one.stderr}") for one in done]
            answers.write_text(json.dumps(told))
            os._exit(0)
        except BaseException:  # noqa: BLE001 - nothing may return from here into pytest
            traceback.print_exc()
            os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    return [(status, text) for status, text in json.loads(answers.read_text())]


def nothing(_: Path) -> None:
    """Leave the collection as it is."""


def forget_the_state(root: Path) -> None:
    """Leave what a clone has: Holdall's own folder is not in git."""
    shutil.rmtree(root / ".holdall")


def edit_the_manifest(root: Path) -> None:
    """Change the manifest, so that the rows are not what it says."""
    path = root / "manifest.toml"
    path.write_text(re.sub('(display_name|description) = "', r'\1 = "New ', path.read_text()))
    path.write_text(path.read_text() + "\n# edited\n")


def age_the_schema(root: Path) -> None:
    """Bring the database back to how an older Holdall made it."""
    with connect_database(str(root / ".holdall/holdall.db")) as database:
        runner.downgrade(database, "-1", lose_data=True)


def leave_a_log(root: Path) -> None:
    """Leave the log that a killed writer leaves, without its index."""
    path = root / ".holdall/holdall.db"
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA wal_autocheckpoint = 0")
    connection.execute("PRAGMA user_version = 7")
    files = {name: Path(f"{path}{name}").read_bytes() for name in ("", "-wal")}
    connection.close()
    for name, data in files.items():
        Path(f"{path}{name}").write_bytes(data)


def keep_the_state_private(root: Path) -> None:
    """Leave Holdall's folder as it is made: for its owner only."""
    (root / ".holdall").chmod(0o700)


@pytest.mark.parametrize(
    "change",
    [
        nothing,
        forget_the_state,
        edit_the_manifest,
        age_the_schema,
        leave_a_log,
        keep_the_state_private,
    ],
)
def test_the_collection_of_somebody_else_is_read_and_deployed(
    place: Path, own_state: Path, change: Callable[[Path], None]
) -> None:
    """All that reads works where nothing may be written, and nothing is."""
    assert own_state
    kit = Kit(in_this_process, place)
    kit.run("init", kit.collection)
    kit.run("collect", SAMPLE)
    # What is imported by now is found by whoever may not look into the owner's home folder.
    kit.run("export", "composite:writing", "--to", place / "exported")
    change(kit.collection)
    for path in [kit.collection, *kit.collection.rglob("*")]:
        path.chmod(path.stat().st_mode & 0o555 | (0o555 if path.is_dir() else 0o444))
    if change is keep_the_state_private:
        (kit.collection / ".holdall").chmod(0o700)
    before = contents(kit.collection)
    home = place / "home"
    words = words_for(home / "project")
    if change in (nothing, leave_a_log):
        words += OF_DATABASE[:3]
    collection = ["--collection", str(kit.collection)]
    told = as_somebody_else(home, [[*collection, *text.split()] for text in words])
    assert [text for status, text in told if status != 0] == []
    assert contents(kit.collection) == before
    (refused,) = as_somebody_else(place / "other", [[*collection, "remove", "skill:changelog"]])
    assert refused[0] in (3, 5)
    assert contents(kit.collection) == before


def contents(root: Path) -> dict[str, bytes | None]:
    """Return every file and folder below a folder."""
    return {
        str(path): path.read_bytes() if path.is_file() else None
        for path in sorted(root.rglob("*"))
        if not path.name.endswith("-shm")
    }


@pytest.fixture(scope="module")
def standby(postgres_server: str) -> Iterator[str]:
    """The URL of a standby of the tests' server."""
    with running_standby(postgres_server) as url:
        yield url


@pytest.fixture
def reading_url(
    request: pytest.FixtureRequest, database_url: str, postgres_server: str
) -> Iterator[str]:
    """The URL of the kit's database for somebody who may only read it, made when it is full."""
    name = re.split(r"[/?]", database_url.partition("://")[2])[1]
    if request.param == "standby":
        url = with_name(request.getfixturevalue("standby"), name)
        yield url
        return
    if request.param == "session":
        mark = "&" if "?" in database_url else "?"
        yield f"{database_url}{mark}options=-cdefault_transaction_read_only%3Don"
        return
    user = f"reader_{uuid4().hex[:8]}"
    execute(postgres_server, f"CREATE ROLE {user} LOGIN")
    execute(database_url, f"GRANT SELECT ON ALL TABLES IN SCHEMA public TO {user}")
    execute(database_url, f"REVOKE TEMP ON DATABASE {name} FROM PUBLIC")
    yield re.sub(r"//[^/@]*@", f"//{user}@", database_url)
    execute(database_url, f"DROP OWNED BY {user}")
    execute(postgres_server, f"DROP ROLE {user}")


@pytest.mark.postgresql
@pytest.mark.with_sample()
@pytest.mark.parametrize("dialect", ["postgresql"])
@pytest.mark.parametrize("reading_url", ["standby", "session", "role"], indirect=True)
def test_a_server_that_is_only_read_is_enough(
    kit: Kit, reading_url: str, postgres_server: str, request: pytest.FixtureRequest
) -> None:
    """What reads works, a deploy is recorded in the project, and a change is refused before it."""
    if "standby" in request.node.callspec.id:
        wait_for_replay(postgres_server, request.getfixturevalue("standby"))
    writing_url, kit.database_url = kit.database_url, reading_url
    for text in [*words_for(kit.project), *OF_DATABASE, "remove skill:changelog --dry-run"]:
        done = kit.command(*text.split())
        assert done.returncode == 0 or "remove" in text, (text, done)
        if text.startswith("deploy") and "--dry-run" not in text:
            assert "can only be read: what was done is recorded in" in done.stderr
    before = contents(kit.collection)
    done = kit.command("remove", "skill:changelog")
    assert (done.returncode, "can only be read" in done.stderr) == (5, True), done
    assert contents(kit.collection) == before
    manifest = kit.collection / "manifest.toml"
    manifest.write_text(manifest.read_text() + "\n# edited\n")
    done = kit.command("log")
    assert (done.returncode, "can only be read, and is not as" in done.stderr) == (0, True)
    kit.database_url = writing_url
    kit.run("deploy", "skill:changelog", "--to", kit.project)
    assert kit.json("doctor")["findings"] == []


@pytest.mark.postgresql
@pytest.mark.with_sample()
@pytest.mark.parametrize("dialect", ["postgresql"])
def test_what_was_begun_is_reported_when_writing_works_again(
    kit: Kit, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A deploy that the database has as pending is not forgotten because it may only be read."""
    from holdall_composites.service import deploy

    real, writing_url = deploy.finish, kit.database_url or ""
    mark = "&" if "?" in writing_url else "?"

    def finish(plan: Any, transaction_id: str) -> None:
        object.__setattr__(
            plan.collection,
            "database_url",
            f"{writing_url}{mark}options=-cdefault_transaction_read_only%3Don",
        )
        real(plan, transaction_id)

    with monkeypatch.context() as patched:
        patched.setattr(deploy, "finish", finish)
        done = kit.command("deploy", "skill:changelog", "--to", kit.project)
    assert "the next run reports it to the plugins again" in done.stderr
    kit.run("deploy", "skill:changelog", "--to", kit.project)
    assert kit.json("doctor")["findings"] == []
