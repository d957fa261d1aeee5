"""`.well-known` indexes of skills are a source: in both forms, checked, and within bounds."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest

from holdall.sources.fetch.published.skill_index import SCHEMA
from machines import Machine

pytestmark = pytest.mark.integration

HEAD = b"---\nname: %s\ndescription: Does %s.\n---\n%s one\n"
NEW, OLD = "/.well-known/agent-skills/", "/.well-known/skills/"


def skill(name: str) -> bytes:
    """Return a SKILL.md."""
    return HEAD.replace(b"%s", name.encode())


class Site:
    """What a server has by path, and what it was asked for."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.files: dict[str, bytes] = {}
        self.asked: list[str] = []
        self.rows: list[dict[str, Any]] = []

    def offer(self, skill_name: str, **entry: Any) -> dict[str, Any]:
        """Add a skill to the newer index, as an archive; return its entry."""
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as archive:
            archive.writestr("SKILL.md", skill(skill_name))
            archive.writestr("docs/words.md", b"words\n")
        self.files[f"{NEW}{skill_name}.zip"] = data = packed.getvalue()
        row = {"name": skill_name, "type": "archive", "url": f"{skill_name}.zip"}
        row["digest"] = f"sha256:{hashlib.sha256(data).hexdigest()}"
        self.rows.append({**row, **entry})
        self.write()
        return self.rows[-1]

    def write(self, schema: str = SCHEMA) -> None:
        """Write the newer index."""
        table = {"$schema": schema, "skills": self.rows}
        self.files[f"{NEW}index.json"] = json.dumps(table).encode()

    def write_old(self, *rows: Any) -> None:
        """Write the older index."""
        self.files[f"{OLD}index.json"] = json.dumps({"skills": rows}).encode()


@pytest.fixture
def site() -> Iterator[Site]:
    """A server on this machine, empty."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            found.asked.append(self.path)
            data = found.files.get(self.path)
            self.send_response(404 if data is None else 200)
            self.send_header("Content-Length", str(len(data or b"")))
            self.end_headers()
            self.wfile.write(data or b"")

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http:
        found = Site(f"http://127.0.0.1:{http.server_port}")
        thread = Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield found
        http.shutdown()
        thread.join()


def test_the_newer_form(ada: Machine, bob: Machine, site: Site) -> None:
    """Archives and files are added, locked, updated and synced; only what is asked is read."""
    site.offer("pdf")
    site.offer("other")
    site.files[f"{NEW}notes/SKILL.md"] = data = skill("notes")
    digest = f"sha256:{hashlib.sha256(data).hexdigest()}"
    row = {"type": "skill-md", "description": "d", "url": "notes/SKILL.md", "digest": digest}
    site.rows.append({"name": "notes", **row})
    site.write()
    ada.run("add", site.url, "--skill", "pdf", "--skill", "notes")
    assert f"{NEW}other.zip" not in site.asked
    assert (ada.project / ".claude/skills/pdf/docs/words.md").read_text() == "words\n"
    assert (ada.project / ".claude/skills/notes/SKILL.md").read_bytes() == data
    assert ada.lock()[""] == [{"source": site.url, "select": ["skill:pdf", "skill:notes"]}]
    assert ada.run("outdated").strip() == "everything is as its source has it"
    bob.project.mkdir()
    for name in ("holdall.toml", "holdall.lock"):
        (bob.project / name).write_bytes((ada.project / name).read_bytes())
    bob.run("sync")
    assert bob.uuids() == ada.uuids()
    site.rows[-1]["digest"] = f"sha256:{hashlib.sha256(data + b'two').hexdigest()}"
    site.files[f"{NEW}notes/SKILL.md"] = data + b"two"
    site.write()
    assert "1 of 2 artifacts changed" in ada.run("outdated", status=1)
    assert "changed skill:notes" in ada.run("update", "--yes")
    assert (ada.project / ".claude/skills/notes/SKILL.md").read_bytes().endswith(b"two")
    assert "agree" in ada.run("sync", "--check")


def test_the_older_form(ada: Machine, site: Site) -> None:
    """Its files are read one by one; it is asked for where the newer one is not there."""
    site.write_old({"name": "pdf", "description": "d", "files": ["SKILL.md", "docs/a b.md"]})
    site.files |= {f"{OLD}pdf/SKILL.md": skill("pdf"), f"{OLD}pdf/docs/a%20b.md": b"words\n"}
    ada.run("add", site.url)
    assert site.asked[:2] == [f"{NEW}index.json", f"{OLD}index.json"]
    assert (ada.project / ".claude/skills/pdf/docs/a b.md").read_text() == "words\n"
    site.files[f"{OLD}pdf/SKILL.md"] += b"two\n"
    ada.run("drop", "pdf")
    ada.run("add", f"{site.url}{OLD}index.json")
    assert ada.lock()[""] == [{"source": f"{site.url}{OLD}index.json"}]


@pytest.mark.parametrize(
    ("entry", "said", "status"),
    [
        ({"digest": "sha256:" + "0" * 64}, "skill 1, pdf: its bytes are not those of its", 3),
        ({"digest": "md5:1"}, "skill 1: digest is not sha256:", 2),
        ({"name": "../x"}, "skill 1: name is '../x'", 2),
        ({"type": "later"}, "skill 1: type is 'later'", 2),
        ({"url": "none.zip"}, "none.zip is not there", 4),
        ({"url": "http://127.0.0.1:9/x.zip"}, "skill 1: url leads to 'http://127.0.0.1:9/x", 3),
        ({"url": "file:///etc/passwd"}, "skill 1: url leads to 'file:///etc/passwd'", 3),
        ({"url": 1}, "skill 1: url is not a text", 2),
        ({"type": "skill-md"}, "", 0),
    ],
)
def test_what_does_not_fit(
    ada: Machine, site: Site, entry: dict[str, Any], said: str, status: int
) -> None:
    """It is refused with the entry and the key; another skill of the index can be added."""
    site.offer("pdf", **entry)
    site.offer("good")
    if status:
        assert said in ada.run("add", site.url, status=status)
        assert not (ada.project / "holdall.toml").exists()
    ada.run("add", site.url, "--skill", "good")
    assert set(ada.uuids()) == {"skill:good"}


def test_an_index_that_is_none(ada: Machine, site: Site) -> None:
    """No index, one of another schema, and one that is no list are errors that name it."""
    said = ada.run("add", site.url, status=4)
    assert f"there is no {site.url}{NEW}index.json and no {site.url}{OLD}index.json" in said
    site.write("https://example.org/9")
    assert "its $schema is 'https://example.org/9'" in ada.run("add", site.url, status=2)
    site.files[f"{NEW}index.json"] = b"[" * 5000
    assert "index.json" in ada.run("add", site.url, status=2)
    site.files[f"{NEW}index.json"] = b" " * (5 << 20)
    assert "larger than" in ada.run("add", site.url, status=2)
    site.files.clear()
    site.write_old({"name": "pdf", "files": ["../SKILL.md"]})
    assert "skill 1: unsafe path" in ada.run("add", site.url, status=2)
    site.write_old(*({"name": "pdf", "files": ["SKILL.md"]} for _ in range(2)))
    assert "skill 2: 'pdf' is there twice" in ada.run("add", site.url, status=2)
    assert "http:// is read on this machine only" in ada.run("add", "http://a.example", status=2)


def test_what_our_own_site_lists(ada: Machine, site: Site, tmp_path: Any) -> None:
    """What `holdall site` writes is read again, byte by byte, in both forms."""
    ada.run("add", "acme/kit", "--skill", "pdf")
    ada.run("site", "--to", tmp_path / "site")
    for path in (tmp_path / "site/.well-known").rglob("*.*"):
        if path.is_file():
            site.files[f"/{path.relative_to(tmp_path / 'site')}"] = path.read_bytes()
    before = ada.lock()["skill:pdf"]["content_hash"]
    for form in (NEW, OLD):
        ada.run("drop", "pdf")
        ada.run("add", f"{site.url}{form}index.json")
        assert ada.lock()["skill:pdf"]["content_hash"] == before
