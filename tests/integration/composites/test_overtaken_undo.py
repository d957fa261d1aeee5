"""An undo that somebody overtakes means the operation that was the newest when it was asked."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from e2e.kit import Kit, known
from holdall.testing import in_this_process

pytestmark = [pytest.mark.integration, pytest.mark.with_sample]


@pytest.fixture
def bob(kit: Kit, tmp_path: Path) -> Kit:
    """Return a clone of the collection, on another machine, with a rename of his own."""
    (tmp_path / "bob").mkdir()
    bob = Kit(in_this_process, tmp_path / "bob", kit.database_url)
    assert in_this_process("clone", kit.database_url, bob.collection).returncode == 0
    bob.run("rename", "skill:changelog", "news")
    return bob


@pytest.fixture
def overtaken(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Return what lets a machine run a command in the middle of the next change of another one."""
    from holdall_composites.service import publish

    keep = publish.keep_new

    def race(kit: Kit, *words: str) -> None:
        waiting = [words]

        def slow(*arguments: object) -> None:
            keep(*arguments)  # type: ignore[arg-type]
            if waiting:
                kit.run(*waiting.pop())

        monkeypatch.setattr(publish, "keep_new", slow)

    return race


def test_an_overtaken_undo_undoes_what_was_asked(
    kit: Kit, bob: Kit, overtaken: Callable[..., None]
) -> None:
    """Anna's composite stands, and Bob's rename is taken back."""
    overtaken(kit, "composite", "create", "mine")
    assert "rename" in bob.run("undo")
    assert {"composite:mine", "skill:changelog"} <= bob.uuids().keys()
    kit.run("pull")
    assert known(kit) == known(bob)
    commands = [o["command"] for o in kit.json("log")["operations"]]
    assert commands == ["undo", "composite create", "rename", "collect"]


def test_what_another_one_undid_meanwhile_is_not_undone_twice(
    kit: Kit, bob: Kit, overtaken: Callable[..., None]
) -> None:
    """Whoever is second is told which operation undid it; nothing else is taken back."""
    kit.run("pull")
    overtaken(kit, "undo")
    done = bob.command("undo")
    assert (done.returncode, "was undone by operation" in done.stderr) == (3, True), done
    assert "skill:changelog" in kit.uuids()
    assert len(kit.json("log")["operations"]) == 3
