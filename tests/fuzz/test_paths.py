"""Hostile names and paths in every field that holds one: nothing outside, no traceback."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
import tomli_w
from hypothesis import given, strategies as st

from fuzz.hostile import file_names, json_paths, paths
from fuzz.limits import bounded, many
from fuzz.sandbox import Sandbox, sandbox
from fuzz.test_parsers import archive_of
from holdall.artifacts.paths import MAX_PATH_BYTES, RelPath, refuse_collisions
from holdall.cli import main
from holdall.collection.collection import Collection
from holdall.collection.rename_remove import plan_remove, plan_rename
from holdall.errors import HoldallError
from holdall.files.root import Root
from holdall.sources.json_form import reading_to_json
from holdall.sources.linting import lint
from holdall.sources.reader import read
from holdall.transaction.commit import commit
from holdall.transaction.placement import put_bytes
from host_factories import collect, deploy, opened, refresh, undeploy, write
from source_trees import MARKET, PLUGIN, good

pytestmark = pytest.mark.integration

UUID = "a1b2c3d4e5f640708192a3b4c5d6e7f8"
HASH = hashlib.sha256(b"").hexdigest()


@many(300, times=8)
@given(paths)
def test_the_path_type(text: str) -> None:
    """What it takes stays below any root, whatever joins, prints, folds or writes it."""
    with bounded("RelPath"):
        path = RelPath.parse(text)
        assert os.path.normpath(f"/root/{path}") == f"/root/{path}"
        assert len(os.fsencode(path)) <= MAX_PATH_BYTES
        assert all(len(part.encode()) <= 255 for part in path.split("/"))
        assert not re.search(r"[\\\x00-\x1f\x7f]", path)
        assert RelPath.parse(str(path)) == path
        assert path.fold_key == unicodedata.normalize("NFC", path.fold_key)
        refuse_collisions([path, path])


@many(15, 10, times=2)
@given(st.lists(paths, min_size=10, max_size=10))
def test_the_writer(texts: list[str]) -> None:
    """What the path type takes is written below the root, or refused."""
    with sandbox() as box:
        for text in texts:
            with bounded("writer"):
                action = put_bytes(RelPath.parse(text), b"x", None)
                with Root(box.project) as root:
                    commit(root, [action], kind="x", payload={}, prepare=lambda _: None)


# -- sources: each field of them that holds a name or a path


def marketplace(values: list[str]) -> dict[str, Any]:
    """Paths of plugins, their names, and the folder that bare names lie in."""
    entries = [{"name": v, "source": s} for v in values for s in (v, f"./{v}")]
    return {MARKET: {"plugins": entries, "metadata": {"pluginRoot": values[0]}}}


def components(values: list[str]) -> dict[str, Any]:
    """Paths of a plugin's parts."""
    fields = ("skills", "commands", "agents", "hooks", "mcpServers", "lspServers", "outputStyles")
    found = [f"./{value}" for value in values] + values
    return {f"p/{PLUGIN}": dict.fromkeys(fields, found), "p/skills/a/SKILL.md": good("a")}


def names(values: list[str]) -> dict[str, Any]:
    """Names of plugins, agents and servers."""
    files: dict[str, Any] = {".mcp.json": {v: {"command": v, "args": [v]} for v in values}}
    for number, value in enumerate(values):
        files[f"p{number}/{PLUGIN}"] = {"name": value, "version": value, "description": value}
        files[f"p{number}/agents/a.md"] = (
            f"---\nname: {json.dumps(value)}\ndescription: {number}\n---"
        )
        files[f"p{number}/commands/{number}.md"] = f"x {number}"
    return files


def identities(values: list[str]) -> dict[str, Any]:
    """Ids and paths in what an export says of itself."""
    members = [
        {"id": i, "path": v, "uuid": UUID, "relationship": "contains", "pin": None}
        for v in values
        for i in (v, f"skill:{v}")
    ]
    table = {"format": 1, "uuid": UUID, "composite_type": values[0], "files": None}
    return {
        f"p{n}/{PLUGIN}": {"name": "p", "holdall": {**table, "members": [member]}}
        for n, member in enumerate(members)
    } | {f"p{n}/skills/a/SKILL.md": good("a", str(n)) for n in range(len(members))}


def skillmeat(values: list[str]) -> dict[str, Any]:
    """Names and paths in SkillMeat's manifest."""
    entries = [
        {"name": n, "type": "skill", "path": p, "origin": n}
        for v in values
        for n, p in ((v, "skills/a"), ("a", v), (v, v), ("b", f"skills/{v}"))
    ]
    return {"collection.toml": toml(collection={"name": "x"}, artifacts=entries)}


def listed(values: list[str]) -> dict[str, Any]:
    """Names and paths in the manifest of another collection; one bad one refuses it."""
    entries = [{"name": f"n{n}", "type": "skill", "path": v} for n, v in enumerate(values[:1])]
    entries += [{"name": v, "type": "skill", "path": "skills/a"} for v in values[1:2]]
    return {
        "manifest.toml": toml(collection={"name": values[0]}, artifacts=entries),
        "skills/a/SKILL.md": good("a"),
    }


def toml(**tables: Any) -> str:
    """Return tables as TOML, as far as UTF-8 can hold them."""
    return tomli_w.dumps(tables)


FIELDS: dict[str, Callable[[list[str]], dict[str, Any]]] = {
    "marketplace": marketplace,
    "components": components,
    "names": names,
    "identities": identities,
    "skillmeat": skillmeat,
    "manifest-of-source": listed,
}


def take(box: Sandbox, target: str, source: Path | str, inputs: int) -> None:
    """Read, lint, print, collect and deploy a source."""
    with bounded(target, inputs):
        reading = read(Path(source)) if isinstance(source, Path) else None
        if reading is not None:
            json.dumps(reading_to_json(reading)).encode()
            [finding.sentence for finding in lint("s", reading)]
    with bounded(target, inputs, again=True):
        collect(box.kit, source, on_conflict="both")
    ids = list(opened(box.kit).manifest.by_id)
    with bounded(target, inputs, again=True):
        deploy(box.kit, box.project, *(str(i) for i in ids if i.type in ("skill", "command")))


@pytest.mark.parametrize("target", FIELDS)
def test_fields_of_sources(target: str) -> None:
    """Whatever a source says, it writes into the collection and the project alone."""

    @many(4, 10)
    @given(st.lists(json_paths, min_size=10, max_size=10, unique=True))
    def attempt(values: list[str]) -> None:
        with sandbox() as box:
            for name, content in FIELDS[target](values).items():
                text = content if isinstance(content, str) else json.dumps(content)
                write(box.source / name, text.encode("utf-8", "replace"))
            take(box, target, box.source, len(values))

    attempt()


@many(6, 10)
@given(st.lists(file_names, min_size=10, max_size=10, unique=True), st.lists(paths, min_size=3))
def test_names_and_links_on_the_disk(names: list[bytes], links: list[str]) -> None:
    """Folders and files of any name, and links to anywhere."""
    with sandbox() as box:
        top = os.fsencode(box.source)
        for number, name in enumerate(names):
            for path in (b"skills/" + name, b"skills/fine/" + name, b"commands/" + name):
                _make(top + b"/" + path, path.startswith(b"skills/" + name), number)
            with contextlib.suppress(OSError, ValueError):
                link = links[number % len(links)].encode("utf-8", "surrogatepass")
                os.symlink(link, top + b"/skills/fine/link-%d" % number)
        write(box.source / "skills/fine/SKILL.md", good("fine"))
        take(box, "file names", box.source, len(names) + len(links))


def _make(path: bytes, is_skill: bool, number: int) -> None:
    with contextlib.suppress(OSError):
        os.makedirs(path if is_skill else os.path.dirname(path), exist_ok=True)
        with open(path + b"/SKILL.md" if is_skill else path, "wb") as file:
            file.write(good("x", str(number)).encode())


@pytest.mark.parametrize("kind", ["zip", "gz"])
def test_members_of_archives(kind: str) -> None:
    """Names and links in archives."""

    @many(10, 4)
    @given(st.lists(json_paths, min_size=4, max_size=4))
    def attempt(values: list[str]) -> None:
        with sandbox() as box:
            path = box.source / ("p.zip" if kind == "zip" else "p.tar.gz")
            path.write_bytes(archive_of(kind, values, (0, b"")))
            take(box, f"members of {path.name}", str(path), len(values))

    attempt()


# -- what lies in a project or a collection, which may have been cloned


def records(value: str) -> Iterator[dict[str, str]]:
    """Yield deployed records whose paths and names are hostile."""
    entry = {
        "artifact_name": "fine", "artifact_type": "skill", "from_collection": value,
        "deployed_at": value, "artifact_path": value, "content_hash": HASH,
    }  # fmt: skip
    named = {**entry, "artifact_name": value, "artifact_path": "skills/x"}
    for table in (entry, named, {**entry, "artifact_path": f"skills/{value}"}):
        yield {".claude/.skillmeat-deployed.toml": toml(deployed=[table])}


def ledgers(value: str) -> Iterator[dict[str, str]]:
    """Yield ledgers that call hostile paths Holdall's own."""
    entry: dict[str, Any] = {
        "id": "skill:fine", "target": "claude", "uuid": None, "collection": "kit",
        "content_hash": HASH, "wanted_by": ["skill:fine"], "is_pinned": False, "files": {},
        "merged": [],
    }  # fmt: skip
    state = ["f", "-", HASH]
    for odd in (
        {"files": {value: state}}, {"files": {f".claude/skills/{value}": state}},
        {"merged": [[value, ["a"], "b", 1]]}, {"id": value}, {"target": value},
        {"merged": [[".claude/settings.json", [value], value, 1]]},
    ):  # fmt: skip
        yield {".holdall/ledger.json": ledger_of({**entry, **odd}, [])}
    yield {".holdall/ledger.json": ledger_of(entry, [value])}


def ledger_of(entry: dict[str, Any], folders: list[str]) -> str:
    """Return a ledger with one deployed artifact."""
    document = {"format": 1, "deployed": [entry], "requests": {"skill:fine": None}}
    return json.dumps({**document, "folders": folders, "documents": {}})


def journals(value: str) -> Iterator[dict[str, str]]:
    """Yield unfinished transactions that write to, and remove, hostile paths."""
    state = f"f-{HASH}"
    folder = f".holdall/tx/20260101T000000000000-{HASH[:12]}"
    for action in (
        ["put", value, False, None, state, 0], ["remove", value, False, state], ["rmdir", value]
    ):  # fmt: skip
        body = json.dumps({"kind": "deploy", "payload": {}, "actions": [action]})
        head = f"holdall-plan 1 {hashlib.sha256(body.encode()).hexdigest()}\n"
        yield {f"{folder}/plan": head + body, f"{folder}/new/0": ""}


PROJECTS: dict[str, Callable[[str], Iterator[dict[str, str]]]] = {
    "record": records,
    "ledger": ledgers,
    "journal": journals,
}


@pytest.mark.parametrize("target", PROJECTS)
def test_what_lies_in_a_project(target: str) -> None:
    """A cloned project makes nobody write or delete elsewhere."""

    @many(5, 5)
    @given(st.lists(json_paths, min_size=5, max_size=5))
    def attempt(values: list[str]) -> None:
        with sandbox() as box:
            for files in (files for value in values for files in PROJECTS[target](value)):
                for name, text in files.items():
                    write(box.project / name, text)
                with bounded(f"project {target}"):
                    undeploy(box.kit, box.project, "skill:fine")
                with bounded(f"project {target}", again=True):
                    deploy(box.kit, box.project, "skill:fine")
                assert (box.project / "mine.txt").read_text() == "mine"

    attempt()


@many(6, 5)
@given(st.lists(json_paths, min_size=5, max_size=5))
def test_what_lies_in_a_collection(values: list[str]) -> None:
    """A cloned collection's manifest leads nobody elsewhere."""
    with sandbox() as box:
        for value in values:
            for entry in (
                {"type": "skill", "name": "x", "path": value},
                {"type": "skill", "name": value, "path": "skills/fine"},
                {"type": "command", "name": "x", "path": f"commands/{value}"},
                {"type": value, "name": "x", "path": value},
            ):
                text = toml(collection={"name": "kit", value: value}, artifacts=[entry])
                write(box.kit / "manifest.toml", text)
                with bounded("collection"):
                    collection = opened(box.kit)
                    _use(collection)
                    refresh(box.kit)
                with bounded("collection", again=True):
                    deploy(box.kit, box.project, "skill:x")


def _use(collection: Collection) -> None:
    for artifact in collection.manifest.artifacts:
        with contextlib.suppress(HoldallError):
            assert collection.tree(artifact)


@many(10, 5)
@given(st.lists(file_names, min_size=5, max_size=5))
def test_words_of_the_command(names: list[bytes]) -> None:
    """Ids, names, folders, targets and revisions as people or programs may write them."""
    with sandbox() as box:
        for value in map(os.fsdecode, names):
            kit = ["--no-plugins", "--collection", str(box.kit)]
            for words in (
                ["rename", "skill:fine", value], ["rename", "skill:fine", f"skill:{value}"],
                ["show", value], ["deploy", value, "--to", str(box.project)], ["scan", value],
                ["deploy", "fine", "--to", str(box.project), "--target", value],
                ["undeploy", value, "--to", str(box.project)], ["remove", f"skill:{value}"],
                ["collect", str(box.source), "--rename", f"skill:a={value}"],
                ["status", "--to", f"{box.project}/{value}"],
            ):  # fmt: skip
                with bounded("words"):
                    assert main([*kit, *words]) in range(6)


@many(20, 5)
@given(st.lists(paths, min_size=5, max_size=5))
def test_new_names(values: list[str]) -> None:
    """A rename moves within the collection, or is refused."""
    with sandbox() as box:
        for value in values:
            with bounded("rename"):
                plan = plan_rename(opened(box.kit), "skill:fine", value)
                _paths_are_safe(a.path for a in plan.actions)
            with bounded("rename", again=True):
                plan_remove(opened(box.kit), [value])


def _paths_are_safe(found: Iterable[RelPath]) -> None:
    for path in found:
        assert RelPath.parse(str(path)) == path
