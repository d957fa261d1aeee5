"""Publishing a collection, asking a channel that has nothing new, and the site of thousands."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

from benchmarks.corpus import make_skills
from benchmarks.measuring import Bench, Row, Sample, compared, single

MANY = 5
"""How many times the skills of the other groups are published."""
PAGES = 2.15
"""How many times those have a page."""


def publishing(bench: Bench) -> list[Row]:
    """Publish many artifacts, and once more with one changed; ask a channel with nothing new."""
    source, kit, copy = (bench.empty(f"publish-{n}") for n in ("source", "kit", "copy"))
    count = len(make_skills(source, MANY * bench.skills))
    _collect(bench, kit, source)
    words, to = ("--collection", kit), bench.folder / "published"

    def publish() -> Sample:
        bench.empty(to.name)
        return bench.ours(*words, "publish", "--to", to)

    def again() -> Sample:
        _edit(bench, kit)
        return bench.ours(*words, "publish", "--to", to)

    def copy_all() -> Sample:
        bench.empty(copy.name)
        return bench.run("cp", "-a", source, copy)

    few = Bench(bench.folder, min(bench.rounds, 3), bench.skills)
    few.profiles = bench.profiles
    found = few.in_turn({"cp": copy_all, "publish": publish, "publish one": again})
    times = [sample.wall * 1000 for sample in found["publish one"]]
    return [
        compared(f"publish of {count} artifacts", "`cp -a`", found["publish"], found["cp"], 3),
        single("the same with one changed", "ms", times, 1000),
        *_ask(bench, to),
    ]


def _ask(bench: Bench, published: Path) -> list[Row]:
    """Update a project whose channel names what it has: one request."""
    small = Bench(bench.folder, max(15, 3 * bench.rounds), 1)
    small.profiles = bench.profiles
    kit, project = small.empty("follower"), small.empty("following")
    small.ours("init", kit)
    words, to = ("--collection", kit), ("--to", project)
    with serve(published) as url:
        channel = f"{url}/channels/main.json"
        small.ours(*words, "add", channel, "--skill", "skill-00000", "--target", "claude", *to)
        found = small.in_turn(
            {
                "pass": lambda: small.run(sys.executable, "-c", "pass"),
                "update": lambda: small.ours(*words, "update", *to),
            }
        )
    case = "update from a channel with nothing new"
    return [compared(case, "`python -c pass`", found["update"], found["pass"], 8, by="cpu")]


def drawing(bench: Bench) -> list[Row]:
    """Make the site of many skills, and once more with one changed."""
    source, kit = bench.empty("site-source"), bench.empty("site-kit")
    count = len(make_skills(source, int(PAGES * bench.skills)))
    _collect(bench, kit, source)
    words, to = ("--collection", kit), bench.folder / "www"
    few = Bench(bench.folder, min(bench.rounds, 2), bench.skills)
    few.profiles = bench.profiles

    def first() -> Sample:
        few.empty(to.name)
        return few.ours(*words, "site", "--to", to)

    def again() -> Sample:
        _edit(few, kit)
        return few.ours(*words, "site", "--to", to)

    found = few.in_turn({"site": first, "site one": again})
    rows = [("", found["site"], 60_000), (" with one changed", found["site one"], 1500)]
    return [
        *(
            single(f"site of {count} skills{what}", "ms", [s.wall * 1000 for s in samples], limit)
            for what, samples, limit in rows
        ),
        single("memory at most, site", "MB", [s.memory for s in found["site"]], 300),
    ]


def _collect(bench: Bench, kit: Path, source: Path) -> None:
    bench.ours("init", kit)
    bench.ours("--collection", kit, "collect", source)


def _edit(bench: Bench, kit: Path) -> None:
    """Change a word of one skill, and collect that."""
    with (kit / "skills/skill-00007/SKILL.md").open("a") as file:
        file.write("One word more.\n")
    bench.ours("--collection", kit, "collect")


class _Handler(BaseHTTPRequestHandler):
    """A web server with ETags."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def __init__(self, folder: Path, *words: Any) -> None:
        self.folder = folder
        super().__init__(*words)

    def log_message(self, *words: Any) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        """Answer with a file, or that it is the one that is known."""
        data = (self.folder / self.path.lstrip("/")).read_bytes()
        etag = f'"{hashlib.sha256(data).hexdigest()}"'
        is_known = self.headers.get("If-None-Match") == etag
        self.send_response(304 if is_known else 200)
        self.send_header("ETag", etag)
        self.send_header("Content-Length", "0" if is_known else str(len(data)))
        self.end_headers()
        self.wfile.write(b"" if is_known else data)


@contextmanager
def serve(folder: Path) -> Iterator[str]:
    """Serve a published folder on this machine, and yield its address."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Handler, folder)) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()
