"""Real roles with the rights that `holdall db roles` prints."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from e2e.kit import Kit, in_this_process
from postgres_server import execute

pytestmark = [
    pytest.mark.integration,
    pytest.mark.postgresql,
    pytest.mark.with_sample,
    pytest.mark.parametrize("dialect", ["postgresql"]),
]


@pytest.fixture
def prefix(kit: Kit, postgres_server: str) -> Iterator[str]:
    """The prefix of three roles that were made as the command says."""
    prefix = f"t_{uuid4().hex[:8]}"
    found = kit.json("db", "roles", "--prefix", prefix)
    for statement in found["statements"]:
        execute(kit.database_url or "", statement)
    yield prefix
    for name in ("reader", "publisher", "owner"):
        execute(kit.database_url or "", f"REASSIGN OWNED BY {prefix}_{name} TO CURRENT_USER")
        execute(kit.database_url or "", f"DROP OWNED BY {prefix}_{name}")
        execute(postgres_server, f"DROP ROLE {prefix}_{name}")


def as_role(kit: Kit, role: str, *words: str | Path) -> tuple[int, str]:
    """Run a command on the kit's collection as a role; return status and errors."""
    url = re.sub(r"//[^/@]*@", f"//{role}@", kit.database_url or "")
    done = in_this_process("--collection", kit.collection, "--database", url, *words)
    return done.returncode, done.stderr


def test_each_role_may_do_what_it_is_for(kit: Kit, prefix: str, tmp_path: Path) -> None:
    """A reader lists, deploys and clones; a publisher changes and cannot migrate; an owner can."""
    reader, publisher, owner = (f"{prefix}_{n}" for n in ("reader", "publisher", "owner"))
    url = re.sub(r"//[^/@]*@", f"//{reader}@", kit.database_url or "")
    assert in_this_process("clone", url, tmp_path / "clone").returncode == 0
    for words in ("list", "log", "db current", "versions skill:changelog", "tree writing"):
        assert as_role(kit, reader, *words.split())[0] == 0, words
    assert as_role(kit, reader, "deploy", "writing", "--to", kit.project)[0] == 0
    assert (kit.project / ".claude/skills/changelog/SKILL.md").is_file()
    status, told = as_role(kit, reader, "rename", "skill:changelog", "news")
    assert (status, "can only be read" in told) == (5, True), told

    assert as_role(kit, publisher, "rename", "skill:changelog", "news") == (0, "")
    assert as_role(kit, publisher, "remove", "skill:meeting-notes", "--force")[0] == 0
    assert as_role(kit, publisher, "purge", "skill:meeting-notes")[0] in (0, 1)
    for words in ("db downgrade -1 --lose-data", "db stamp 0005"):
        status, told = as_role(kit, publisher, *words.split())
        assert (status, "may not do this" in told) == (5, True), (words, told)

    assert as_role(kit, owner, "db", "downgrade", "-1", "--lose-data")[0] == 0
    assert as_role(kit, owner, "db", "upgrade")[0] == 0
    assert as_role(kit, owner, "db", "check") == (0, "")
    assert as_role(kit, publisher, "rename", "skill:news", "changelog")[0] == 0
    assert as_role(kit, reader, "list")[0] == 0
    assert kit.json("doctor")["findings"] == []


def test_a_prefix_is_plain(kit: Kit) -> None:
    """What would need quotes in SQL is refused."""
    assert as_role(kit, "postgres", "db", "roles", "--prefix", "x; DROP")[0] == 2
