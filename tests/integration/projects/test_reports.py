"""What machines report of their projects, in a folder or by PUT, and reading all of it."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from e2e.kit import Kit, in_this_process
from holdall.errors import StorageError
from holdall.sources.fetch.published.transport import put_file
from holdall.testing import make_skill

pytestmark = pytest.mark.integration

SKILL = ".claude/skills/pdf/SKILL.md"
NAME = f"{'a' * 32}.json"
GOOD = {"format": 1, "id": "a" * 32, "machine": "eve", "at": "now", "projects": []}


@pytest.fixture
def ada(tmp_path: Path, own_state: Path) -> Kit:
    """A project with a skill of a source."""
    del own_state
    ada = Kit(in_this_process, tmp_path)
    ada.run("init", ada.collection)
    make_skill(tmp_path / "source", "pdf", "a skill")
    ada.run("add", tmp_path / "source", "--to", ada.project)
    return ada


def report(ada: Kit, to: Path | str, status: int = 0) -> str:
    """Sync and report; return what was said beside it."""
    done = ada.command("sync", "--to", ada.project, "--report-to", to)
    assert done.returncode == status, done.stderr
    return done.stderr


def read(place: Path | str, status: int = 0) -> Any:
    """Return the projects that were reported."""
    done = in_this_process("status", "--all", "--reports", place, "--json")
    assert done.returncode == status, done.stderr
    return json.loads(done.stdout)["projects"]


@contextmanager
def serving(folder: Path) -> Iterator[str]:
    """Serve a folder that takes files by PUT, with its list as nginx sends it."""

    class Handler(SimpleHTTPRequestHandler):
        def __init__(self, *arguments: Any) -> None:
            super().__init__(*arguments, directory=str(folder))

        def do_PUT(self) -> None:
            data = self.rfile.read(int(self.headers["Content-Length"]))
            (folder / Path(self.path).name).write_bytes(data)
            self.send_response(201)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def do_GET(self) -> None:
            if self.path != "/":
                super().do_GET()
                return
            data = json.dumps([{"name": path.name} for path in folder.iterdir()]).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: object) -> None:
            """Keep the test's output clean."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http:
        threading.Thread(target=http.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{http.server_port}"
        http.shutdown()


@pytest.mark.parametrize("kind", ["folder", "server"])
def test_a_machine_reports_one_file_that_says_how_its_projects_are(
    ada: Kit, tmp_path: Path, kind: str
) -> None:
    """Synced, then edited; a second project is beside it, and one that is gone is not any more."""
    shared = tmp_path / "shared"
    shared.mkdir()
    with serving(shared) as url:
        place = shared if kind == "folder" else url
        report(ada, place)
        (one,) = read(place)
        assert (one["states"], one["project"]) == ({"synced": 1}, str(ada.project))
        assert list(one["sources"].values()) == ["a folder"]
        (ada.project / SKILL).write_text("mine")
        report(ada, place, status=1)
        (one,) = read(place, status=1)
        assert one["attention"][0]["id"] == "skill:pdf"
        assert one["states"] == {"modified": 1}
        first, ada.project = ada.project, tmp_path / "second"
        ada.project.mkdir()
        ada.run("add", tmp_path / "source", "--to", ada.project)
        report(ada, place)
        assert {Path(one["project"]).name for one in read(place, status=1)} == {"project", "second"}
        first.rename(tmp_path / "away")
        report(ada, place)
        assert [Path(one["project"]).name for one in read(place)] == ["second"]
        assert len(list(shared.iterdir())) == 1
        assert "mine" not in next(shared.iterdir()).read_text()


def test_a_sync_that_fails_is_reported_and_fails(ada: Kit, tmp_path: Path) -> None:
    """By the code of its error; a dry run reports nothing, a missing place is a warning."""
    ada.run("sync", "--to", ada.project, "--dry-run", "--report-to", tmp_path)
    assert not list(tmp_path.glob("*.json"))
    assert "not reported" in report(ada, tmp_path / "nowhere", status=1)
    (ada.project / "holdall.toml").write_text("[project]\nformat = 1\n")
    done = ada.command("sync", "--frozen", "--to", ada.project, "--report-to", tmp_path)
    assert done.returncode == 3
    (one,) = read(tmp_path, status=1)
    assert one["note"] == "sync failed: conflict"


@pytest.mark.parametrize(
    "data",
    [
        "",
        "[]",
        "{}",
        json.dumps({**GOOD, "id": "b" * 32}),
        json.dumps({**GOOD, "format": 2}),
        json.dumps({**GOOD, "machine": 7}),
        json.dumps({**GOOD, "projects": {"a": 1}}),
        json.dumps({**GOOD, "projects": [{"project": "/p", "states": {"synced": -1}}]}),
        json.dumps({**GOOD, "machine": "x" * 5000}),
        json.dumps(GOOD) + " " * (256 << 10),
    ],
)
def test_what_is_no_report_is_refused_by_its_name(ada: Kit, tmp_path: Path, data: str) -> None:
    """Beside a good one, which is shown."""
    shared = tmp_path / "shared"
    shared.mkdir()
    report(ada, shared)
    (shared / NAME).write_text(data)
    done = in_this_process("status", "--all", "--reports", shared)
    assert done.returncode == 1
    assert NAME in done.stderr
    assert f"{ada.project}: 1 synced" in done.stdout


def test_a_list_of_files_is_read_as_carefully(tmp_path: Path) -> None:
    """Links are not followed, other names refused, and control characters are shown as such."""
    (tmp_path / "secret").write_text(json.dumps(GOOD))
    (tmp_path / NAME).symlink_to(tmp_path / "secret")
    (tmp_path / "..json").write_text("{}")
    project: dict[str, Any] = {"project": "/p\x1b[2J", "states": {"synced": 1}, "note": None}
    project |= {"attention": [], "sources": {}}
    named = {**GOOD, "id": "b" * 32, "projects": [project]}
    (tmp_path / f"{'b' * 32}.json").write_text(json.dumps(named))
    done = in_this_process("status", "--all", "--reports", tmp_path)
    assert "..json" in done.stderr
    assert NAME in done.stderr
    assert "\x1b" not in done.stdout


def test_a_server_that_says_nothing_is_not_waited_for(tmp_path: Path) -> None:
    """The time is for all of it, and plain http is for this machine only."""
    del tmp_path
    import socket

    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/in"
        with pytest.raises(StorageError, match=r"no answer in 0\.2 seconds"):
            put_file(url, NAME, b"{}", seconds=0.2)
    done = in_this_process("status", "--all", "--reports", "http://reports.example")
    assert (done.returncode, "this machine only" in done.stderr) == (2, True)
