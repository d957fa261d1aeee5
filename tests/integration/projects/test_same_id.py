"""Several sources that have the same artifact: locked under each, there until the last."""

from __future__ import annotations

import tomllib

import pytest

from holdall.testing import make_skill
from machines import Machine, Upstream

pytestmark = pytest.mark.integration


@pytest.fixture
def both(ada: Machine, upstream: Upstream) -> Machine:
    """A project that requires `pdf` of a repository, and of a folder with the same content."""
    make_skill(ada.project / "vendor", "pdf", "pdf one")
    ada.run("add", "acme/kit", "--skill", "pdf")
    ada.run("add", "./vendor")
    del upstream
    return ada


def rows_of(machine: Machine) -> list[str]:
    """Return the sources of the rows of `pdf`."""
    lock = tomllib.loads((machine.project / "holdall.lock").read_text())
    return [one["source"] for one in lock["artifact"] if one["id"] == "skill:pdf"]


def test_locked_under_each(both: Machine) -> None:
    """There is a row for each source, one artifact, and nothing to do."""
    assert rows_of(both) == ["./vendor", "https://github.com/acme/kit"]
    assert set(both.uuids()) == {"skill:pdf"}
    assert "agree" in both.run("sync", "--check")
    assert both.run("sync") == "everything is in place already\n"


@pytest.mark.parametrize("first", ["./vendor", "github:acme/kit"])
def test_until_the_last_is_dropped(both: Machine, first: str) -> None:
    """A source that is dropped leaves what the other one has."""
    both.run("drop", first)
    assert set(both.uuids()) == {"skill:pdf"}
    assert "agree" in both.run("sync", "--check")
    both.run("drop", "pdf")
    assert both.uuids() == {}


def test_dropped_by_its_name(both: Machine) -> None:
    """By its name it goes from both."""
    both.run("drop", "pdf")
    assert both.uuids() == {}
    assert both.lock() == {"": []}


def test_one_goes_on(both: Machine, upstream: Upstream) -> None:
    """Where one source has something else, both are not one any more: it is said, or updated."""
    make_skill(upstream.work, "pdf", "pdf two")
    upstream.release()
    before = both.files()
    said = both.run("update", "--yes", "github:acme/kit", status=3)
    assert "skill:pdf is locked with other content from ./vendor and https://github.com" in said
    assert both.files() == before
    both.run("drop", "./vendor")
    both.run("update", "--yes")
    assert "pdf two" in (both.project / ".claude/skills/pdf/SKILL.md").read_text()


def test_a_lock_of_two_branches(both: Machine) -> None:
    """Rows of one id with other content are refused, and nothing is changed."""
    lock = both.project / "holdall.lock"
    lines = lock.read_text().splitlines(keepends=True)
    number = next(n for n, line in enumerate(lines) if "./vendor" in line and "skill:pdf" in line)
    start = lines[number].index('content_hash = "') + len('content_hash = "')
    lines[number] = f"{lines[number][:start]}0000{lines[number][start + 4 :]}"
    lock.write_text("".join(lines))
    assert "is locked with other content" in both.run("sync", status=3)
    assert (both.project / ".claude/skills/pdf/SKILL.md").is_file()


def test_a_pin_of_the_source(ada: Machine, upstream: Upstream) -> None:
    """A composite that pins a member to what did not arrive is refused; the member alone is not."""
    kit = upstream.work.parent / "kit"
    ada.run("init", kit)
    ada.run("--collection", kit, "collect", upstream.work)
    ada.run("--collection", kit, "composite", "create", "both", "--member", "pdf")
    ada.run("--collection", kit, "composite", "pin", "both", "pdf", "0")
    ada.run("add", kit, "--skill", "composite:both")
    ada.run("drop", "both")
    head = kit / "skills/pdf/SKILL.md"
    head.write_text(head.read_text() + "more\n")
    ada.run("--collection", kit, "collect")
    before = ada.files()
    said = ada.run("add", kit, "--skill", "composite:both", status=3)
    assert "composite:both pins skill:pdf to " in said
    assert ada.files() == before
    ada.run("add", kit, "--skill", "skill:pdf")
    assert set(ada.uuids()) == {"skill:pdf"}
