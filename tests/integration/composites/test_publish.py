"""A release in a folder: read back as it was, from a server, too; nothing torn or older counts."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tomllib
from collections.abc import Callable, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from e2e.kit import Kit, in_this_process, tree
from holdall.files import syscalls
from holdall.sources.fetch.published.channel import published_state
from holdall.testing import make_skill

pytestmark = [pytest.mark.integration, pytest.mark.with_sample]


@pytest.fixture
def published(kit: Kit, tmp_path: Path) -> Path:
    """The sample as release 1 on the channel `main`."""
    kit.run("publish", "--to", tmp_path / "published")
    return tmp_path / "published"


@pytest.fixture
def reader(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Kit:
    """Another collection, which is empty, of a user with an empty cache."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    (tmp_path / "other").mkdir()
    other = Kit(in_this_process, tmp_path / "other")
    other.run("init", other.collection)
    return other


def change(kit: Kit, text: str) -> None:
    """Make another release."""
    make_skill(kit.collection, "meeting-notes", text)
    kit.run("collect")


def channel(published: Path, **changes: object) -> dict[str, Any]:
    """Return what the channel says, with these keys changed in the file."""
    file = published / "channels/main.json"
    found: dict[str, Any] = {**json.loads(file.read_text()), **changes}
    if changes:
        file.write_text(json.dumps(found))
    return found


def changes(kit: Kit, published: Path) -> list[tuple[str, str]]:
    """Collect, and return what is not as it was."""
    told = kit.json("collect", published)["sources"][0]["changes"]
    return [(c["kind"], c["id"]) for c in told if c["kind"] != "identical"]


def identities(kit: Kit) -> list[tuple[object, ...]]:
    """Return what a manifest says of its entries, but where they come from."""
    manifest = tomllib.loads((kit.collection / "manifest.toml").read_text())
    keys = ("type", "name", "uuid", "content_hash", "path")
    found = [tuple(a.get(k) for k in keys) for a in manifest["artifacts"]]
    composites = [(c["name"], c["uuid"], str(c["members"])) for c in manifest["composites"]]
    return sorted([*found, *composites], key=str)


def test_a_reader_has_what_was_published(kit: Kit, published: Path, reader: Kit) -> None:
    """Ids, UUIDs, hashes, members in their order, and the bytes of every file."""
    reader.run("collect", published)
    assert identities(reader) == identities(kit)
    for folder in ("skills", "agents", "commands", "hooks"):
        assert tree(reader.collection / folder) == tree(kit.collection / folder)
    assert changes(reader, published) == []


def test_the_same_release_is_the_same_bytes(kit: Kit, published: Path, tmp_path: Path) -> None:
    """Into another folder, and once more into the first one, which writes nothing."""
    kit.run("publish", "--to", tmp_path / "again")
    before = tree(published)
    assert tree(tmp_path / "again") == before
    told = kit.json("publish", "--to", published)
    assert (told["files"], told["sequence"]) == (0, 1)
    assert tree(published) == before


def test_a_change_writes_what_changed(kit: Kit, published: Path, reader: Kit) -> None:
    """A file, its tree, the chunk of its entry, the release and the channel."""
    reader.run("collect", published)
    change(kit, "other words")
    told = kit.json("publish", "--to", published)
    assert (told["files"], told["number"], told["sequence"]) == (5, 2, 2)
    assert changes(reader, published) == [("changed", "skill:meeting-notes")]


def test_a_channel_goes_back_as_a_new_sequence(kit: Kit, published: Path, reader: Kit) -> None:
    """An older release is followed where it is published; the old file of the channel is not."""
    old = (published / "channels/main.json").read_text()
    change(kit, "other words")
    kit.run("publish", "--to", published)
    reader.run("collect", published)
    told = kit.json("publish", "--to", published, "--release", "1")
    assert (told["number"], told["sequence"]) == (1, 3)
    assert channel(published)["previous"] is not None
    reader.run("collect", published)
    assert identities(reader) != identities(kit)
    (published / "channels/main.json").write_text(old)
    done = reader.command("collect", published)
    assert done.returncode == 3
    assert "the sequence 1 is older than 3" in done.stderr


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"collection": "0" * 32}, "another collection"),
        ({"release": "0" * 64}, "another one of that number"),
        ({"release": "../../etc/passwd"}, "`release`"),
        ({"sequence": -1}, "`sequence`"),
        ({"sequence": True}, "`sequence`"),
        ({"number": 7, "sequence": 2}, "not the release that the channel names"),
        ({"format": 2}, "`format` is 2"),
        ({"channel": "other"}, "it is the channel 'other'"),
    ],
)
def test_a_forged_channel_is_refused(
    published: Path, reader: Kit, changes: dict[str, object], told: str
) -> None:
    """With the file and the key; what was collected before stays."""
    reader.run("collect", published)
    before = tree(reader.collection)
    channel(published, **changes)
    done = reader.command("collect", published)
    assert done.returncode in (2, 3), done.stderr
    assert told in done.stderr
    assert "main.json" in done.stderr or "releases" in done.stderr
    assert tree(reader.collection) == before


def parts(published: Path) -> dict[str, Path]:
    """Return one file of each kind."""
    return parts_of(published, channel(published)["release"])


def parts_of(published: Path, name: str) -> dict[str, Path]:
    """Return one file of each kind that a release has."""
    release = published / "releases" / name
    told = json.loads(release.read_text())
    blobs = published / "blobs"
    (chunk,) = told["chunks"].values()
    content_hash = tomllib.loads((blobs / chunk).read_text())["artifacts"][0]["content_hash"]
    file = (blobs / content_hash).read_text().split(" ")[2]
    names = {"head": told["head"], "chunk": chunk, "tree": content_hash, "file": file}
    return {"release": release, **{kind: blobs / name for kind, name in names.items()}}


@pytest.mark.parametrize("kind", ["release", "head", "chunk", "tree", "file"])
@pytest.mark.parametrize("damage", ["torn", "empty", "longer", "swapped", "gone", "a link"])
def test_a_damaged_file_is_refused_with_its_name(
    published: Path, reader: Kit, tmp_path: Path, kind: str, damage: str
) -> None:
    """Whatever a server gives in its place; nothing of it is collected."""
    found = parts(published)
    path, data = found[kind], found[kind].read_bytes()
    path.unlink()
    cut = {"torn": data[:-1], "empty": b"", "longer": data + b"\n"}
    if damage in cut:
        path.write_bytes(cut[damage])
    elif damage == "swapped":
        shutil.copy(next(other for name, other in found.items() if name != kind), path)
    elif damage == "a link":
        (tmp_path / "elsewhere").write_bytes(data)
        path.symlink_to(tmp_path / "elsewhere")
    before = tree(reader.collection)
    done = reader.command("collect", published)
    assert done.returncode in (2, 3, 5), done.stderr
    assert path.name in done.stderr
    assert tree(reader.collection) == before


@pytest.mark.parametrize("damage", ["torn", "empty", "swapped", "gone", "a link"])
def test_a_damaged_channel_is_refused_with_its_name(
    published: Path, reader: Kit, tmp_path: Path, damage: str
) -> None:
    """It has no hash to be checked against; nothing of what it may lead to is collected."""
    path = published / "channels/main.json"
    data = path.read_bytes()
    path.unlink()
    if damage == "a link":
        (tmp_path / "elsewhere").write_bytes(data)
        path.symlink_to(tmp_path / "elsewhere")
    elif damage != "gone":
        other = parts_of(published, json.loads(data)["release"])["release"].read_bytes()
        path.write_bytes({"torn": data[:-3], "empty": b"", "swapped": other}[damage])
    before = tree(reader.collection)
    done = reader.command("collect", path)
    assert done.returncode in (2, 3, 4, 5), done.stderr
    assert "main.json" in done.stderr
    assert tree(reader.collection) == before


def test_a_foreign_release_is_refused_with_its_name(
    published: Path, reader: Kit, tmp_path: Path
) -> None:
    """Every hash in it is right, but it is another collection's."""
    make_skill(reader.collection, "foreign")
    reader.run("collect")
    reader.run("publish", "--to", tmp_path / "foreign")
    for name in ("releases", "blobs"):
        shutil.copytree(tmp_path / "foreign" / name, published / name, dirs_exist_ok=True)
    release = channel(tmp_path / "foreign")["release"]
    channel(published, release=release)
    before = tree(reader.collection)
    done = reader.command("collect", published)
    assert done.returncode == 2, done.stderr
    assert release in done.stderr
    assert tree(reader.collection) == before


def test_a_hostile_tree_leads_nowhere(published: Path, reader: Kit, tmp_path: Path) -> None:
    """A path out of the folder is refused, though every hash is right."""
    found = parts(published)
    evil = b"f - " + found["file"].name.encode() + b" ../../evil\n"
    names = {found["tree"].name: hashlib.sha256(evil).hexdigest()}
    (published / "blobs" / names[found["tree"].name]).write_bytes(evil)
    for kind in ("chunk", "release"):
        text = found[kind].read_text()
        for old, new in names.items():
            text = text.replace(old, new)
        name = hashlib.sha256(text.encode()).hexdigest()
        names[found[kind].name] = name
        (found[kind].parent / name).write_text(text)
    channel(published, release=names[found["release"].name])
    done = reader.command("collect", published)
    assert done.returncode == 3, done.stderr
    assert "../../evil" in done.stderr
    assert not list(tmp_path.rglob("evil"))


def test_only_an_empty_folder_or_a_publication_is_written_to(kit: Kit, tmp_path: Path) -> None:
    """What else is there stays as it is."""
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/notes.txt").write_text("mine")
    assert kit.command("publish", "--to", tmp_path / "mine").returncode == 3
    assert kit.command("publish", "--to", tmp_path / "mine/notes.txt").returncode == 3
    assert [path.name for path in (tmp_path / "mine").iterdir()] == ["notes.txt"]
    assert kit.command("publish", "--to", tmp_path / "new", "--channel", "../x").returncode == 2
    assert kit.command("publish", "--to", tmp_path / "new", "--release", "9").returncode == 4
    assert not (tmp_path / "new").exists()


def test_a_kill_at_the_very_beginning_is_completed(kit: Kit, tmp_path: Path) -> None:
    """Some of the folders are there, and empty; one with anything in it is somebody's."""
    (tmp_path / "begun/channels").mkdir(parents=True)
    (tmp_path / "theirs/releases").mkdir(parents=True)
    (tmp_path / "theirs/releases/notes.txt").write_text("mine")
    kit.run("publish", "--to", tmp_path / "begun")
    assert channel(tmp_path / "begun")["sequence"] == 1
    assert kit.command("publish", "--to", tmp_path / "theirs").returncode == 3
    assert [path.name for path in (tmp_path / "theirs").iterdir()] == ["releases"]


def test_another_database_is_not_followed_unasked(
    kit: Kit, published: Path, reader: Kit, tmp_path: Path
) -> None:
    """A folder of another collection is refused; one that is ahead is taken over on demand."""
    reader.run("collect", Path(kit.collection))
    assert reader.command("publish", "--to", published).returncode == 3
    channel(published, sequence=7)
    change(kit, "other words")
    done = kit.command("publish", "--to", published)
    assert done.returncode == 3
    assert "--take-over" in done.stderr
    assert kit.json("publish", "--to", published, "--take-over")["sequence"] == 8
    assert kit.json("publish", "--to", published)["sequence"] == 8


class Killed(BaseException):
    """The process is gone."""


@pytest.mark.slow
def test_a_kill_leaves_the_old_release_or_the_new(
    kit: Kit, published: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At every call that changes a file; publishing again completes it, with the same bytes."""
    change(kit, "other words")
    kit.run("publish", "--to", tmp_path / "expected")
    expected = tree(tmp_path / "expected").keys() | tree(published).keys()
    old, new = channel(published)["release"], channel(tmp_path / "expected")["release"]
    calls = [
        *("write", "rename", "rename_with", "link", "create_file", "make_folder", "set_mode"),
        *("truncate", "remove_file", "remove_folder", "sync", "sync_file_system"),
    ]
    real: dict[str, Callable[..., Any]] = {name: getattr(syscalls, name) for name in calls}
    left = 10_000

    def counted(name: str, *words: Any) -> Any:
        nonlocal left
        left -= 1
        if left <= 0:
            raise Killed
        return real[name](*words)

    for name in calls:
        monkeypatch.setattr(syscalls, name, partial(counted, name))
    for number in range(1, 200):
        folder = tmp_path / "tried" / str(number)
        shutil.copytree(published, folder)
        left = number
        kit.run("publish", "--to", folder, status=None)
        was_killed, left = left <= 0, 10_000
        named = channel(folder)["release"]
        assert (folder / "releases" / named).is_file()
        assert named in (old, new)
        kit.run("publish", "--to", folder)
        assert tree(folder).keys() == expected
        assert channel(folder)["release"] == new
        if not was_killed:
            break
    assert 10 < number < 199


class Server(SimpleHTTPRequestHandler):
    """A web server with ETags that counts what it is asked for."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    asked: list[tuple[str, int]]

    def log_request(self, code: Any = "-", size: Any = "-") -> None:
        """Count it."""
        del size
        self.asked.append((self.path, int(code)))

    def do_GET(self) -> None:
        """Answer with the file, or with 304 where it is the one that is known."""
        path = Path(self.translate_path(self.path))
        data = path.read_bytes() if path.is_file() else None
        etag = f'"{hashlib.sha256(data or b"").hexdigest()}"'
        if data is not None and self.headers.get("If-None-Match") == etag:
            self.send_response(304)
            self.send_header("ETag", etag)
            self.end_headers()
            return
        self.send_response(404 if data is None else 200)
        self.send_header("ETag", etag)
        self.send_header("Content-Length", str(len(data or b"")))
        self.end_headers()
        self.wfile.write(data or b"")


@pytest.fixture
def server(published: Path) -> Iterator[tuple[str, list[tuple[str, int]]]]:
    """The published folder, served; and what was asked for."""
    asked: list[tuple[str, int]] = []
    handler = type("Handler", (Server,), {"asked": asked})
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(handler, directory=str(published))) as http:
        thread = Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{http.server_port}/channels/main.json", asked
        http.shutdown()
        thread.join()


def test_a_web_server_is_enough(
    kit: Kit, published: Path, reader: Kit, server: tuple[str, list[tuple[str, int]]]
) -> None:
    """Nothing new is one request without a body; a change is the files that it needs."""
    url, asked = server
    reader.run("collect", url)
    assert identities(reader) == identities(kit)
    asked.clear()
    reader.run("collect", url)
    assert asked == [("/channels/main.json", 304)]
    change(kit, "other words")
    kit.run("publish", "--to", published)
    asked.clear()
    reader.run("collect", url)
    assert [status for _, status in asked] == [200] * 5
    assert identities(reader) == identities(kit)


def test_nothing_new_is_one_request_and_no_database(
    kit: Kit,
    published: Path,
    reader: Kit,
    server: tuple[str, list[tuple[str, int]]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A project that has what the channel names; once it names another release, that is taken."""
    url, asked = server
    project = tmp_path / "project"
    (project / ".claude").mkdir(parents=True)
    reader.run("add", url, "--skill", "meeting-notes", "--to", project)
    with monkeypatch.context() as without:
        without.setattr("sqlite3.connect", refuse)
        for command in ("update", "outdated", "update"):
            asked.clear()
            reader.run(command, "--to", project)
            assert asked == [("/channels/main.json", 304)], command
    change(kit, "other words")
    kit.run("publish", "--to", published)
    assert reader.command("outdated", "--to", project).returncode == 1
    reader.run("update", "--to", project, "--yes")
    place = ".claude/skills/meeting-notes/SKILL.md"
    assert "other words" in (project / place).read_text()


@pytest.mark.slow
def test_each_next_answer_is_the_new_release(
    kit: Kit,
    published: Path,
    server: tuple[str, list[tuple[str, int]]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Of many clients, each with what it remembers; what is known is answered without a body.

    500 questions; HOLDALL_LONG_TESTS makes it so many hundreds.
    """
    url, asked = server
    change(kit, "other words")
    clients, number = 25, max(5, int(os.environ.get("HOLDALL_LONG_TESTS", "0")))
    for turn in range(number):
        kit.run("publish", "--to", published, "--release", str(turn % 2 + 1))
        named = f"sha256:{channel(published)['release']}"
        for client in range(clients):
            monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / f"client-{client}"))
            asked.clear()
            assert [published_state(url) for _ in range(4)] == [named] * 4
            assert [status for _, status in asked] == [200, 304, 304, 304]
        assert (published / "channels/main.json").stat().st_size < 1000


def refuse(*words: object, **more: object) -> None:
    """Stand in for what must not be called."""
    raise AssertionError(words, more)


def test_a_damaged_answer_is_not_kept(
    published: Path, reader: Kit, server: tuple[str, list[tuple[str, int]]]
) -> None:
    """What was torn on its way is refused, and asked for again the next time."""
    url, _ = server
    path = parts(published)["file"]
    data = path.read_bytes()
    path.write_bytes(data[:-1] + b"x")
    done = reader.command("collect", url)
    assert done.returncode == 2, done.stderr
    assert path.name in done.stderr
    path.write_bytes(data)
    reader.run("collect", url)


def test_plain_http_is_for_this_machine(reader: Kit) -> None:
    """Anybody on the way could change it."""
    done = reader.command("collect", "http://example.org/kit/channels/main.json")
    assert done.returncode == 2
    assert "use https://" in done.stderr


def test_a_server_that_does_not_answer_is_named(reader: Kit) -> None:
    """Without the credentials of the address."""
    done = reader.command("collect", "http://ada:secret@127.0.0.1:1/channels/main.json")
    assert done.returncode == 5
    assert "127.0.0.1:1" in done.stderr
    assert "secret" not in done.stderr
