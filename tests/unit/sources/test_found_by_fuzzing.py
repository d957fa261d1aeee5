"""What fuzzing found, each as the smallest input that did it."""

from __future__ import annotations

import json
import time
from collections import Counter
from pathlib import Path

import pytest

from holdall.errors import HostilePathError, UsageError
from holdall.files.user_state import journal_key
from holdall.operations.write_collection import create_collection
from holdall.sources.fetch.origin import open_origin
from holdall.sources.layouts import marketplace
from holdall.sources.reader import read
from holdall.transaction.actions import Plan, encode_plan
from host_factories import collect, deploy, make_collection, make_source, opened, write
from source_trees import MARKET

pytestmark = pytest.mark.unit


def test_half_a_surrogate_pair_in_a_name(tmp_path: Path) -> None:
    """It was taken from the frontmatter, and could not be written into the manifest."""
    source = make_source(tmp_path / "source", "fine")
    write(source / "agents/a.md", '---\nname: "\\ud83d"\ndescription: d\n---\n')
    collect(make_collection(tmp_path / "kit"), source)
    assert len(opened(tmp_path / "kit").manifest.artifacts) == 2


def test_a_nul_in_a_source() -> None:
    """It reached the system call."""
    with pytest.raises(UsageError, match="NUL"), open_origin("a\0b"):
        pass


def test_a_message_that_nobody_sent(tmp_path: Path) -> None:
    """An unfinished transaction of another kind of program made a KeyError of each command."""
    kit, project = make_collection(tmp_path / "kit", "fine"), tmp_path / "project"
    name = "20260101T000000000000-" + "a" * 12
    plan = project / ".holdall/tx" / name / "plan"
    plan.parent.mkdir(parents=True)
    plan.write_bytes(encode_plan(Plan("deploy", {"x": 1}, ()), name, journal_key()))
    said: list[str] = []
    deploy(kit, project, "skill:fine", said=said)
    assert any(f"{name}: not a Holdall message" in line for line in said)
    assert (project / ".claude/skills/fine/SKILL.md").exists()


def test_places_whose_names_are_no_text(tmp_path: Path) -> None:
    """The manifest or the ledger could not be written; scanning works."""
    odd = Path(f"{tmp_path}/\udcff")
    source, kit = make_source(odd, "fine"), make_collection(tmp_path / "kit", "good")
    assert len(read(source).artifacts) == 1
    with pytest.raises(UsageError, match="not valid UTF-8"):
        collect(kit, source)
    with pytest.raises(UsageError, match="not valid UTF-8"):
        create_collection(odd / "kit\udcff", "kit\udcff")
    with pytest.raises(HostilePathError, match="not valid UTF-8"):
        deploy(kit, odd, "skill:good")
    assert not (odd / ".claude").exists()


def test_a_marketplace_that_never_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each entry made Holdall look through those before it; now there is an end to them."""
    monkeypatch.setattr(marketplace, "MAX_ENTRIES", 3)
    entries = [{"name": name, "source": "./"} for name in "aabcd"]
    write(tmp_path / MARKET, json.dumps({"plugins": entries}))
    reading = read(tmp_path)
    assert [found.name for found in reading.composites] == ["a", "b"]
    assert [told.message for told in reading.diagnostics] == [
        "lists 'a' twice",
        "lists 5 plugins; only the first 3 are read",
    ]


def test_folders_that_never_end(tmp_path: Path) -> None:
    """Each folder made Holdall look through all above it, letter by letter."""
    deep = "/".join(["d"] * 400)
    for number in range(40):
        write(tmp_path / deep / str(number) / "commands/x.md", str(number))
    write(tmp_path / deep / "0/SKILL.md", "---\nname: a\ndescription: d\n---\n")
    started = time.process_time()
    reading = read(tmp_path)
    assert time.process_time() - started < 2
    assert Counter(found.type for found in reading.artifacts) == {"command": 39, "skill": 1}
