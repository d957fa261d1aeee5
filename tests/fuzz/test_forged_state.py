"""Forged state of projects and collections: no command loses a byte that is not kept elsewhere."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from functools import cache
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import pytest
from hypothesis import HealthCheck, Phase, given, settings, strategies as st

from e2e.kit import Kit, new_kit
from fuzz.forgery import IDS, SETTINGS, Forger
from fuzz.hostile import values
from fuzz.limits import LONG
from holdall.deploy.project.ledger import hash_value
from holdall.deploy.project.skillmeat_record import RECORD_NAME
from host_factories import make_source, write
from tallies import COUNTS

pytestmark = pytest.mark.integration

_DOCUMENTED = frozenset(range(7))
_HOOK = {"hooks": [{"type": "command", "command": "my own hook"}]}


class State(NamedTuple):
    """A collection and a project at one moment, and what Holdall has placed until then."""

    folder: Path
    placed: frozenset[str]
    entries: frozenset[str]


@pytest.fixture(scope="module")
def states(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[State]]:
    """States that commands made, to be forged; all are used in one place, one at a time."""
    base = tmp_path_factory.mktemp("forged")
    with pytest.MonkeyPatch.context() as patch:
        for name in ("STATE", "CACHE", "CONFIG", "DATA"):
            patch.setenv(f"XDG_{name}_HOME", str(base / name))
        yield list(_make_states(base))


def _make_states(base: Path) -> Iterator[State]:
    kit = new_kit(base / "all")
    source = base / "source"
    placed: set[str] = set()
    entries: set[str] = set()
    _collect(kit, source, "one")
    _add_own_files(kit)
    own = set(_files(kit.project))
    steps: list[tuple[str, ...]] = [
        ("deploy", "composite:plug", "--allow-commands"),
        ("deploy", "command:plug:c", "mcp:srv", "--target", "gemini", "--allow-commands"),
        ("collect",),
        ("deploy", "--allow-commands"),
        ("undeploy", "skill:b"),
        ("remove", "skill:b"),
    ]
    for number, step in enumerate(steps):
        if step[0] == "collect":
            _collect(kit, source, "two")
        else:
            to = ("--to", kit.project) if "deploy" in step[0] else ()
            kit.run(*step, *to, status=None)
        files = _files(kit.project)
        placed |= {_sha(files[path]) for path in files.keys() - own - {*SETTINGS}}
        placed |= _blobs(base)
        entries |= {hash_value(value) for _, value in _entries(kit.project)}
        entries -= {hash_value(_HOOK), hash_value({"command": "my-server"})}
        kept = base / f"state-{number}"
        shutil.copytree(kit.collection.parent, kept, symlinks=True)
        yield State(kept, frozenset(placed), frozenset(entries))


def _collect(kit: Kit, source: Path, text: str) -> None:
    make_source(source, "a", "b")
    write(source / ".claude-plugin/plugin.json", '{"name": "plug", "version": "1.0.0"}')
    write(source / "skills/a/SKILL.md", f"---\nname: a\ndescription: d\n---\n{text}\n")
    write(source / "skills/a/more.md", "more\n")
    write(source / "commands/c.md", f"---\ndescription: c\n---\n{text}\n")
    write(source / "agents/d.md", f"---\nname: d\ndescription: d\n---\n{text}\n")
    hook = {"hooks": [{"type": "command", "command": f"${{CLAUDE_PLUGIN_ROOT}}/run {text}"}]}
    write(source / "hooks/hooks.json", json.dumps({"hooks": {"Stop": [hook]}}))
    write(source / "run", f"#!/bin/sh\n# {text}\n")
    (source / "run").chmod(0o755)
    write(source / ".mcp.json", json.dumps({"mcpServers": {"srv": {"command": text}}}))
    kit.run("collect", source, status=None)


def _add_own_files(kit: Kit) -> None:
    """Let the user have files wherever Holdall has some, too."""
    write(kit.project / "src/main.py", "pass\n")
    write(kit.project / "package.json", '{"scripts": {"test": "x"}, "hooks": {"Stop": [1]}}\n')
    write(kit.project / ".claude/skills/mine/SKILL.md", "my own skill\n")
    write(kit.project / ".claude/skills/mine/notes/a.md", "my own notes\n")
    write(kit.project / ".claude/commands/own.md", "my own command\n")
    write(kit.project / ".gemini/commands/own.toml", 'prompt = "my own"\n')
    write(kit.project / ".claude/agents/x.md", "my own agent\n")
    text = json.dumps({"model": "mine", "hooks": {"Stop": [_HOOK]}}, indent=2)
    write(kit.project / SETTINGS[0], f"// mine\n{text}\n")
    server = {"mcpServers": {"mine": {"command": "my-server"}}}
    write(kit.project / SETTINGS[1], json.dumps(server))
    (kit.project / "empty").mkdir()
    write(kit.collection / "notes/x.md", "my own notes in the collection\n")
    write(kit.collection / "skills/draft/SKILL.md", "my own draft\n")


def _files(folder: Path) -> dict[str, bytes]:
    """Return all files below a folder but for Holdall's state."""
    found = {}
    for top, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if name != ".holdall"]
        for name in names:
            path = Path(top, name)
            found[str(path.relative_to(folder))] = path.read_bytes()
    return found


def _sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _blobs(base: Path) -> set[str]:
    """Return the hashes of all bytes that versions have."""
    with closing(sqlite3.connect(base / "all/holdall.db")) as database:
        return {sha256 for (sha256,) in database.execute("SELECT sha256 FROM blobs")}


def _backups(*folders: Path) -> set[str]:
    places = [path for folder in folders for path in (folder / ".holdall/backups").rglob("*")]
    return {_sha(path.read_bytes()) for path in places if path.is_file()}


def _entries(project: Path) -> Iterator[tuple[str, Any]]:
    """Yield the hooks and servers in a project's settings, as far as they can be read."""
    for path in SETTINGS:
        document = _document(project / path)
        for key in ("hooks", "mcpServers"):  # an agent's own names of events are below `hooks`
            there = document.get(key) if isinstance(document, dict) else None
            for value in there.values() if isinstance(there, dict) else ():
                yield from ((path, one) for one in (value if isinstance(value, list) else [value]))


def _document(path: Path) -> Any:
    text = path.read_text() if path.exists() else "{}"
    try:
        return json.loads("\n".join(line for line in text.splitlines() if line[:2] != "//"))
    except ValueError:
        return {}


def _own_leaves(path: Path, known: frozenset[str]) -> list[str]:
    """Return what a settings file says beside the entries that versions would place."""

    def walk(value: Any, way: str) -> Iterator[str]:
        if isinstance(value, dict | list) and value and hash_value(value) in known:
            return
        if isinstance(value, dict):
            for key, item in value.items():
                yield from walk(item, f"{way}/{key}")
        elif isinstance(value, list):
            for item in value:
                yield from walk(item, f"{way}/*")
        else:
            yield f"{way} {value!r}"

    return sorted(walk(_document(path), ""))


_COMMANDS: tuple[tuple[str, ...], ...] = (
    *(("deploy", "{id}", "--allow-commands"), ("deploy", "--allow-commands")),
    *(("deploy", "composite:plug", "--allow-commands", "--force"), ("deploy", "skill:a@0")),
    *(("undeploy", "{id}"), ("undeploy", "{id}", "--force"), ("undeploy", "{id}", "{id}")),
    *(("undo",), ("undo", "--force"), ("undo", "2"), ("adopt", "{id}"), ("status",)),
    *(("collect",), ("rename", "skill:a", "mine"), ("remove", "{id}"), ("restore", "skill:a", "0")),
    *(("doctor",), ("deploy", "{id}", "--target", "gemini", "--allow-commands"), ("diff", "{id}")),
)
_IN_PROJECT = {"deploy": "--to", "undeploy": "--to", "status": "--to", "adopt": "--from"}


@cache
def _examples() -> settings:
    return settings(
        # In a long run three and a half times as many as of the other targets.
        max_examples=LONG * 7 // 2 if LONG else 30,
        deadline=None,
        database=None,
        derandomize=not LONG,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate],
    )


def test_no_forged_state_costs_a_byte(states: list[State]) -> None:
    """What a command replaces or removes is in a version or a backup, whatever files claim."""

    @_examples()
    @given(st.integers(0, 2**63), st.lists(values, min_size=1, max_size=3))
    def attempt(seed: int, hostile: list[Any]) -> None:
        _try(states, Random(seed), hostile)

    attempt()


def _try(states: list[State], random: Random, hostile: list[Any]) -> None:
    state = random.choice(states)
    place = state.folder.parent / "all"
    shutil.rmtree(place)
    shutil.copytree(state.folder, place, symlinks=True)
    kit = Kit.__new__(Kit)
    kit.collection, kit.project = place / "kit", place / "project"
    forger = Forger(random, kit.project, kit.collection, hostile, sorted(state.placed))
    forger.forge()
    key = state.folder.parent / "STATE/holdall/journal.key"
    kept_key = key.read_bytes()
    if random.random() < 0.5:
        key.unlink()
    before = _files(kit.project), _files(kit.collection), _blobs(state.folder.parent)
    own = {path: _own_leaves(kit.project / path, state.entries) for path in SETTINGS}
    backups = _backups(kit.project, kit.collection)
    ids = [*forger.claimed, random.choice(IDS)]
    done = [_run(kit, random, place, ids) for _ in range(random.randint(1, 3))]
    key.write_bytes(kept_key)
    COUNTS["tried/forged state"] += 1
    COUNTS["refused/forged state"] += any(status > 1 for _, status in done)
    kept = _backups(kit.project, kit.collection)
    assert backups <= kept, done
    for path, data in before[0].items():
        now = kit.project / path
        # SkillMeat's records are Holdall's to write.
        if path.endswith(RECORD_NAME) or (now.is_file() and now.read_bytes() == data):
            continue
        if path in SETTINGS and _sha(data) not in kept:
            copies = [now, *kit.project.glob(f".holdall/backups/*/{path}")]
            left = [Counter(_own_leaves(copy, state.entries)) for copy in copies]
            for leaf, count in Counter(own[path]).items():
                assert max(found[leaf] for found in left) >= count, (path, leaf, done)
            continue
        assert _sha(data) in kept | state.placed, (path, done)
    there = {_sha(data) for data in _files(kit.collection).values()}
    stored = there | kept | before[2] | _blobs(state.folder.parent)
    for path, data in before[1].items():
        assert path == "manifest.toml" or _sha(data) in stored, (path, done)


def _run(kit: Kit, random: Random, place: Path, ids: list[str]) -> tuple[tuple[str, ...], int]:
    from holdall.testing import in_this_process

    words = tuple(word.replace("{id}", random.choice(ids)) for word in random.choice(_COMMANDS))
    option = _IN_PROJECT.get(words[0])
    to = () if option is None else (option, kit.project)
    chosen = ("--collection", kit.collection, "--database", f"sqlite:///{place}/holdall.db")
    done = in_this_process(*chosen, *words, *to)
    assert done.returncode in _DOCUMENTED, (words, done.stderr)
    assert "Traceback" not in done.stderr, (words, done.stderr)
    return words, done.returncode
