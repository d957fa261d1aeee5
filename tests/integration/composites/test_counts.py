"""How much work the main cases are, counted: statements, and system calls for a file."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

import peewee
import pytest

from holdall.artifacts.ids import ArtifactId
from holdall.artifacts.paths import RelPath
from holdall.cli import main
from holdall.collection.manifest.manifest import (
    Manifest,
    ManifestArtifact,
    ManifestComposite,
    ManifestMember,
    render,
)
from holdall.collection.manifest.reader import parse
from holdall.files import syscalls
from holdall_composites.values.uuids import new_uuid
from host_factories import make_skill

pytestmark = pytest.mark.integration

FEW, MANY = 20, 100
FILES = 4
MEMORY_CALLS = ("brk", "madvise", "mmap", "mremap", "munmap")
needs_strace = pytest.mark.skipif(not shutil.which("strace"), reason="there is no strace")


def make_source(folder: Path, count: int) -> Path:
    """Make a source of skills with four files each."""
    for number in range(count):
        files = {f"references/{name}.md": f"{name} {number}" for name in ("a", "b", "c")}
        make_skill(folder, f"s{number}", f"skill {number}", **files)
    return folder


class Life:
    """The steps of artifacts from a source into a project and out again, in a folder."""

    def __init__(self, folder: Path, count: int) -> None:
        source = make_source(folder / "source", count)
        (folder / "project").mkdir()
        kit, to = (
            ("--quiet", "--collection", str(folder / "kit")),
            ("--to", str(folder / "project")),
        )
        ids = [f"skill:s{number}" for number in range(count)]
        self.init = ["--quiet", "init", str(folder / "kit")]
        self.steps = {
            "collect": [*kit, "collect", str(source)],
            "collect again": [*kit, "collect", str(source)],
            "deploy": [*kit, "deploy", *ids, *to],
            "deploy again": [*kit, "deploy", *to],
            "status": [*kit, "status", *to],
            "undeploy": [*kit, "undeploy", *ids, *to],
        }


@pytest.fixture(autouse=True)
def _own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the user's folders out of it."""
    for name in ("CACHE", "DATA", "STATE", "CONFIG"):
        monkeypatch.setenv(f"XDG_{name}_HOME", str(tmp_path / name.lower()))


def statements(folder: Path, count: int, monkeypatch: pytest.MonkeyPatch) -> dict[str, int]:
    """Return the number of SQL statements of each step."""
    folder.mkdir()
    life, counted = Life(folder, count), Counter[str]()
    execute = peewee.Database.execute_sql
    step = [""]

    def counting(self: peewee.Database, *arguments: object, **options: object) -> object:
        counted[step[0]] += 1
        return execute(self, *arguments, **options)

    assert main(life.init) == 0
    with monkeypatch.context() as patch:
        patch.setattr(peewee.Database, "execute_sql", counting)
        for step[0], words in life.steps.items():
            assert main(words) == 0
    return dict(counted)


def test_statements_do_not_grow_with_the_artifacts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And are few: the rows go in and out by the batch."""
    few = statements(tmp_path / "few", FEW, monkeypatch)
    assert statements(tmp_path / "many", MANY, monkeypatch) == few
    most = {"collect": 181, "collect again": 5, "deploy": 28, "deploy again": 6, "undeploy": 12}
    assert few.keys() == most.keys()  # a status asks no database
    assert {step: count for step, count in few.items() if count > most[step]} == {}


def test_a_small_deploy_has_few_connections_and_barriers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One connection for all hooks of a command; an unchanged deploy writes nothing."""
    life, counted, step = Life(tmp_path, 1), Counter[tuple[str, str]](), [""]
    monkeypatch.setattr(syscalls, "others_write_much", lambda: False)

    def count(owner: object, name: str, kind: str) -> None:
        call = getattr(owner, name)

        def counting(*arguments: object, **options: object) -> object:
            counted[step[0], kind] += 1
            return call(*arguments, **options)

        monkeypatch.setattr(owner, name, counting)

    count(peewee.Database, "connect", "connections")
    count(syscalls, "sync", "barriers")
    count(syscalls, "sync_file_system", "barriers")
    assert main(life.init) == 0
    for step[0], words in life.steps.items():
        assert main(words) == 0
    # SQLite has its own besides: a commit is one, a new log one, closing two.
    most = {"deploy": (1, 4), "deploy again": (1, 0), "undeploy": (1, 4)}
    for name, (connections, barriers) in most.items():
        assert counted[name, "connections"] <= connections, name
        assert counted[name, "barriers"] <= barriers, name
    assert counted["deploy", "connections"]
    assert counted["deploy", "barriers"]


def calls(folder: Path, count: int) -> dict[str, Counter[str]]:
    """Return the number of system calls of each step, by name."""
    folder.mkdir()
    life, found = Life(folder, count), {}
    holdall = [sys.executable, "-m", "holdall"]
    # Without what measures coverage, whose calls would be counted, too.
    plain = {k: v for k, v in os.environ.items() if not k.startswith("COVERAGE_")}
    subprocess.run([*holdall, *life.init], check=True, env=plain)
    for step, words in life.steps.items():
        log = folder / "strace.txt"
        subprocess.run(["strace", "-f", "-c", "-o", log, *holdall, *words], check=True, env=plain)
        rows = re.findall(r"^ *[\d.]+ +[\d.]+ +\d+ +(\d+) +(?:\d+ +)?(\w+)$", log.read_text(), re.M)
        found[step] = Counter({name: int(number) for number, name in rows})
        assert found[step]["total"]
        # Python asks for memory now and then, not for each file.
        found[step]["total"] -= sum(found[step][name] for name in MEMORY_CALLS)
    return found


@pytest.mark.slow
@needs_strace
def test_system_calls_for_a_file_are_few(tmp_path: Path) -> None:
    """Counted as what each file more costs, its folders included; the start does not matter."""
    few, many = calls(tmp_path / "few", FEW), calls(tmp_path / "many", MANY)
    files = FILES * (MANY - FEW)
    each = {step: (many[step]["total"] - few[step]["total"]) / files for step in few}
    # A sixth more than was counted.
    most = {"collect": 42, "collect again": 15, "deploy": 28, "deploy again": 4, "undeploy": 22}
    most["status"] = 4
    # Of undeploy 2.3 are SQLite's: over 64 kB it keeps a file of what a savepoint would restore.
    assert {step: count for step, count in each.items() if count > most[step]} == {}
    # SQLite's own are among them: a commit each for the pending and the done, a new log, closing.
    barriers = {s: sum(c[n] for n in ("fsync", "fdatasync", "syncfs")) for s, c in few.items()}
    assert barriers["deploy"] <= 10
    assert barriers["undeploy"] <= 9
    assert barriers["deploy again"] == 0
    # What was put there in the last moment before the end of the run before is read once more.
    for step in ("deploy again", "status"):
        again = many[step] - few[step]
        assert all(again[name] < files / 2 for name in ("read", "openat", "getdents64", "write"))


def test_calls_for_an_entry_of_a_manifest_are_few() -> None:
    """Counted as what one more artifact costs, with its membership, when a manifest is read."""

    def text(count: int) -> str:
        ids = [(ArtifactId("skill", f"s-{number}"), new_uuid()) for number in range(count)]
        folders = [RelPath(f"skills/s-{number}") for number in range(count)]
        artifacts = tuple(
            ManifestArtifact(id_, folder, uuid, content_hash="0f" * 32)
            for (id_, uuid), folder in zip(ids, folders, strict=True)
        )
        members = tuple(ManifestMember(id_, uuid) for id_, uuid in ids)
        composite = ManifestComposite(ArtifactId("composite", "all"), new_uuid(), members=members)
        return render(Manifest("kit", new_uuid(), artifacts, (composite,)))

    def calls(text: str) -> int:
        counted = Counter[str]()
        sys.setprofile(lambda frame, event, argument: counted.update([event]))
        try:
            manifest = parse(text, "manifest.toml")
        finally:
            sys.setprofile(None)
        assert len(manifest.artifacts) in (FEW, MANY)
        return counted["call"] + counted["c_call"]

    assert (calls(text(MANY)) - calls(text(FEW))) / (MANY - FEW) < 160  # 144 were counted
