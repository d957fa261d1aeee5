"""Eight processes that collect changed versions of the same artifacts at once.

With `make long` for 30 seconds, else for a few.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from e2e.kit import in_this_process
from holdall_composites.database.connect import connect_database
from holdall_composites.store.store import Store
from holdall_composites.values.records import ArtifactRecord
from host_factories import make_skill

pytestmark = [pytest.mark.integration, pytest.mark.slow]

PROCESSES = 8
SECONDS = 30 if os.environ.get("HOLDALL_LONG_TESTS") else 1.5
PROGRAM = Path(__file__).parent / "collector_process.py"


@pytest.mark.parametrize("places", ["one folder", "a folder each"])
def test_no_version_is_lost(database_url: str, tmp_path: Path, places: str) -> None:
    """Numbers stay sequential, every version has its bytes, and no process fails.

    A folder each is what several machines have that share a database: clones of one collection.
    """
    kit = tmp_path / "kit"
    holdall(kit, database_url, "init", kit)
    make_skill(kit, "a")
    make_skill(kit, "b")
    holdall(kit, database_url, "collect")
    kits = [kit] * PROCESSES
    if places == "a folder each":
        kits = [tmp_path / f"kit{number}" for number in range(PROCESSES)]
        for clone in kits:
            shutil.copytree(kit, clone)
    running = [
        subprocess.Popen(
            [sys.executable, PROGRAM, folder, database_url, str(SECONDS), str(number)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for number, folder in enumerate(kits)
    ]
    counts = []
    for process in running:
        out, err = process.communicate(timeout=SECONDS + 120)
        assert process.returncode == 0, err
        counts.append(int(out))
    holdall(kits[-1], database_url, "pull", "--ours")
    holdall(kits[-1], database_url, "collect")
    report = holdall(kits[-1], database_url, "doctor", "--deep", "--json")
    assert json.loads(report)["findings"] == []
    with connect_database(database_url) as database:
        store = Store(database)
        for artifact in ("a", "b"):
            (row,) = [a for a in artifacts(store) if a.id == f"skill:{artifact}"]
            versions = store.versions.all_of(row.uuid)
            assert [v.number for v in versions] == list(range(len(versions)))
            assert [v.parent for v in versions] == [None, *range(len(versions) - 1)]
            for version in versions:
                tree = store.contents.get_tree(version.content_hash)
                assert tree is not None
                assert all(b"".join(store.contents.read_blob(file.sha256)) for file in tree.files)
            # In one folder each round made a version; a folder each takes turns at the database.
            assert len(versions) > (max(counts) if places == "one folder" else 1)


def holdall(kit: Path, url: str, *words: str | Path) -> str:
    """Run a command that has to succeed; return what it printed."""
    done = in_this_process("--collection", kit, "--database", url, *words)
    assert done.returncode == 0, done.stderr
    return done.stdout


def artifacts(store: Store) -> list[ArtifactRecord]:
    """Return all artifacts of the only collection."""
    ((collection_id,),) = store.database.execute_sql("SELECT id FROM collections").fetchall()
    return store.artifacts.all_of(collection_id)
