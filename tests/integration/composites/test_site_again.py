"""The site again: only what changed is drawn, and whatever was lost in between, the same bytes."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from e2e.kit import Kit, tree
from holdall.files import syscalls
from holdall.testing import make_skill

pytest.importorskip("nh3", reason="the extra `site` is not installed")

pytestmark = [pytest.mark.integration, pytest.mark.with_sample]


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache folder of the user's."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache/holdall"


@pytest.fixture
def site(kit: Kit, tmp_path: Path, cache: Path) -> Path:
    """The site of the sample."""
    del cache
    kit.run("site", "--to", tmp_path / "site")
    return tmp_path / "site"


def shown(site: Path) -> dict[str, tuple[bytes, int]]:
    """Return the bytes and the mode of every file but those of Holdall."""
    return {path: state for path, state in tree(site).items() if not path.startswith(".holdall/")}


def test_a_change_draws_its_own_page(kit: Kit, site: Path, tmp_path: Path) -> None:
    """Pages of others stay as they are, and all is as in a new folder."""
    before = {path: path.stat().st_ino for path in site.rglob("*.html")}
    make_skill(kit.collection, "meeting-notes", "other words")
    kit.run("collect")
    kit.run("site", "--to", site)
    changed = {path for path, inode in before.items() if path.stat().st_ino != inode}
    entries = {path.parent.name for path in changed if path.parent.parent.name == "a"}
    assert entries == {kit.uuids()["skill:meeting-notes"]}
    kit.run("site", "--to", tmp_path / "new")
    assert shown(site) == shown(tmp_path / "new")


@pytest.mark.parametrize("damage", ["gone", "torn", "foreign"])
def test_a_lost_cache_costs_time_only(kit: Kit, site: Path, cache: Path, damage: str) -> None:
    """A cache that is missing, torn or none leads to the same bytes."""
    before = shown(site)
    kept = list(cache.glob("site-*"))
    assert kept
    for path in kept:
        if damage == "gone":
            path.unlink()
        else:
            data = path.read_bytes()
            path.write_bytes(data[: len(data) // 2] if damage == "torn" else b'["0", {"a": 1}]')
    told = kit.json("site", "--to", site)
    assert (told["written"], told["removed"]) == (0, 0)
    assert shown(site) == before


def test_a_page_that_was_deleted_comes_back(kit: Kit, site: Path) -> None:
    """Though nothing else changed."""
    before = shown(site)
    (site / "index.html").unlink()
    shutil.rmtree(site / "a" / kit.uuids()["skill:meeting-notes"])
    kit.run("site", "--to", site)
    assert shown(site) == before


def test_what_may_be_run_is_written_as_it_is(kit: Kit, site: Path) -> None:
    """A file that became executable is that in the site, too, and back again."""
    make_skill(kit.collection, "runner")
    script = kit.collection / "skills/runner/run.sh"
    script.write_text("#!/bin/sh\n")
    served = site / ".well-known/skills/runner/run.sh"
    for mode in (0o644, 0o755, 0o644):
        script.chmod(mode)
        kit.run("collect", status=None)
        kit.run("site", "--to", site)
        assert served.stat().st_mode & 0o111 == mode & 0o111


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_several_processes_make_the_same_bytes(
    kit: Kit, site: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever draws a page."""
    from holdall_composites.service.site import build, workers

    monkeypatch.setattr(workers, "LEAST", 1)
    monkeypatch.setattr(build, "_BATCH", 2)
    monkeypatch.setattr(workers.os, "cpu_count", lambda: 2)
    kit.run("site", "--to", tmp_path / "again")
    assert shown(tmp_path / "again") == shown(site)


class Killed(BaseException):
    """The process is gone."""


@pytest.mark.slow
def test_a_kill_leaves_each_page_old_or_new(
    kit: Kit, site: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At every call that changes a file; the next run completes it, with the same bytes."""
    make_skill(kit.collection, "meeting-notes", "other words")
    kit.run("remove", "skill:changelog", "--force")
    kit.run("collect", status=None)
    before = shown(site)
    kit.run("site", "--to", tmp_path / "expected")
    after = shown(tmp_path / "expected")
    real: dict[str, Callable[..., Any]] = {
        name: getattr(syscalls, name) for name in syscalls.MUTATING if hasattr(syscalls, name)
    }
    left = 1 << 30

    def counted(name: str, *words: Any) -> Any:
        nonlocal left
        left -= 1
        if left <= 0:
            raise Killed
        return real[name](*words)

    for name in real:
        monkeypatch.setattr(syscalls, name, partial(counted, name))
    number = 0
    was_killed = True
    while was_killed:
        number += 1 if number < 12 else 7
        folder = tmp_path / "tried" / str(number)
        shutil.copytree(site, folder)
        left = number
        kit.run("site", "--to", folder, status=None)
        was_killed, left = left <= 0, 1 << 30
        found = shown(folder)
        for path in before.keys() | after.keys():
            if path != "site.json":
                assert found.get(path) in (before.get(path), after.get(path)), (number, path)
        kit.run("site", "--to", folder)
        assert shown(folder) == after, number
    assert number > 30
