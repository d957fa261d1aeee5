"""PostgreSQL goes away in the middle: what is promised is there, what is refused left nothing."""

from __future__ import annotations

import json
import os
import resource
import subprocess
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import peewee
import pytest

from e2e.kit import Kit, tree
from holdall_composites.errors import DatabaseUnreachable

pytestmark = [
    pytest.mark.integration,
    pytest.mark.postgresql,
    pytest.mark.slow,
    pytest.mark.with_sample(),
    pytest.mark.parametrize("dialect", ["postgresql"]),
]

psycopg = pytest.importorskip("psycopg")

STEP = 1 if os.environ.get("HOLDALL_LONG_TESTS") else 7


class Axe:
    """Has the server end the session that sends statement number `at`, `before` or after it."""

    def __init__(self, url: str, at: int, *, before: bool) -> None:
        self.url, self.at, self.before = url, at, before
        self.count = 0

    def around(self, real: Callable[..., Any]) -> Callable[..., Any]:
        """Return `execute_sql` or `commit` with the axe in it."""

        def call(database: peewee.Database, *given: Any, **named: Any) -> Any:
            if not isinstance(database, peewee.PostgresqlDatabase):
                return real(database, *given, **named)
            self.count += 1
            mine = self.count == self.at
            if mine and self.before:
                self._fall(database)
            result = real(database, *given, **named)
            if mine and not self.before:
                self._fall(database)
            return result

        return call

    def _fall(self, database: peewee.Database) -> None:
        pid = database.connection().info.backend_pid
        with psycopg.connect(self.url, autocommit=True) as other:
            other.execute("SELECT pg_terminate_backend(%s, 5000)", (pid,))


def severed(kit: Kit, axe: Axe, *words: str | Path) -> subprocess.CompletedProcess[str]:
    """Run a command while the axe may fall."""
    with pytest.MonkeyPatch.context() as patched:
        for name in ("execute_sql", "commit"):
            real = getattr(peewee.PostgresqlDatabase, name)
            patched.setattr(peewee.PostgresqlDatabase, name, axe.around(real))
        return kit.command(*words)


def assert_sound(kit: Kit, operations: int) -> None:
    """Everything agrees with everything, and each operation is in the log once."""
    log = kit.json("log")["operations"]
    assert len({o["transaction_id"] for o in log}) == len(log) == operations
    assert kit.json("doctor", "--deep")["findings"] == []


@pytest.mark.parametrize("before", [True, False], ids=["before", "after"])
def test_a_deploy_is_severed_at_every_statement(kit: Kit, before: bool) -> None:
    """Done and told in the end, or refused without a trace; the next command delivers."""
    old = tree(kit.project)
    operations = 1
    for at in range(1, 1000, STEP):
        axe = Axe(str(kit.database_url), at, before=before)
        done = severed(kit, axe, "deploy", "composite:writing", "--to", kit.project)
        if axe.count < at:
            break
        now = tree(kit.project)
        if done.returncode in (0, 1):
            operations += 1
            assert ".claude/skills/changelog/SKILL.md" in now
        else:
            assert done.returncode == 5, done.stderr
            assert now == old
            assert "Traceback" not in done.stderr
        status = kit.command("deploy", "composite:writing", "--to", kit.project)
        assert status.returncode == 0, status.stderr
        operations += done.returncode == 5
        assert_sound(kit, operations)
        kit.run("undeploy", "composite:writing", "--to", kit.project)
        operations += 1
        assert tree(kit.project) == old
    assert at > 20, "the deploy sent fewer statements than this test is about"


def test_an_adoption_is_severed_at_every_statement(kit: Kit) -> None:
    """The edit is in the project in any case; run again, the collection has it."""
    kit.deploy("skill:changelog")
    skill = kit.project / ".claude/skills/changelog/SKILL.md"
    for at in range(1, 1000, STEP):
        text = f"---\nname: changelog\ndescription: x\n---\nedit {at}\n"
        skill.write_text(text)
        axe = Axe(str(kit.database_url), at, before=False)
        done = severed(kit, axe, "adopt", "skill:changelog", "--from", kit.project)
        if axe.count < at:
            break
        assert "Traceback" not in done.stderr
        assert skill.read_text() == text
        kit.run("adopt", "skill:changelog", "--from", kit.project)
        assert (kit.collection / "skills/changelog/SKILL.md").read_text() == text
        found = json.loads(kit.command("status", "--to", kit.project, "--json").stdout)
        assert [f["state"] for f in found["deployed"]] == ["synced"]
        assert kit.json("doctor", "--deep")["findings"] == []


def test_a_commit_of_unknown_outcome_is_told_again(
    kit: Kit, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server has it, the client does not know: told again by its id, it is one operation."""
    from holdall_composites.service import deploy

    real = deploy.finish

    def unknown(plan: Any, transaction_id: str) -> None:
        real(plan, transaction_id)
        raise DatabaseUnreachable("the connection was lost while committing")

    with monkeypatch.context() as patched:
        patched.setattr(deploy, "finish", unknown)
        done = kit.command("deploy", "skill:changelog", "--to", kit.project)
    assert "the next run reports it to the plugins again" in done.stderr
    assert list((kit.project / ".holdall/outbox").iterdir())
    assert kit.deploy("skill:changelog")["written"] == []
    assert not list((kit.project / ".holdall/outbox").iterdir())
    assert_sound(kit, 2)


def test_a_statement_that_hangs_is_given_up(kit: Kit) -> None:
    """Whoever holds a lock for too long is not waited for without end."""
    extra = "&" if "?" in str(kit.database_url) else "?"
    url = kit.database_url
    kit.database_url = f"{url}{extra}options=-clock_timeout%3D200ms"
    before = tree(kit.collection)
    with psycopg.connect(url) as other:
        other.execute("LOCK TABLE artifacts, collections, operations IN ACCESS EXCLUSIVE MODE")
        done = kit.command("deploy", "skill:changelog", "--to", kit.project)
        other.rollback()
    assert done.returncode == 5
    assert "in use" in done.stderr
    assert tree(kit.collection) == before
    assert not (kit.project / ".claude").exists()
    kit.deploy("skill:changelog")
    assert_sound(kit, 2)


def test_a_program_with_very_many_open_files(kit: Kit) -> None:
    """Descriptors above 1,023 are as good as others."""
    limit, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if limit < 2_000:
        pytest.skip("no more than 1,024 files may be open")
    with ExitStack() as held, open(os.devnull) as file:
        for _ in range(1_100):
            held.callback(os.close, os.dup(file.fileno()))
        kit.run("composite", "create", "mine", "--member", "skill:changelog")
        assert "composite:mine" in kit.run("composite", "list")
