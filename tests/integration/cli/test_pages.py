"""What the README and the documentation show is what happens, word for word."""

from __future__ import annotations

import getpass
import os
import re
import shutil
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from databases import empty_postgres
from e2e.kit import REPOSITORY
from holdall.testing import make_skill, write
from machines import Upstream
from pages import Terminal, blocks_of, matches, session_of

pytestmark = pytest.mark.integration

ALL = sorted(
    path.relative_to(REPOSITORY).as_posix()
    for path in (*REPOSITORY.glob("*.md"), *(REPOSITORY / "docs").rglob("*.md"))
)
ELSEWHERE = {"docs/plugins.md"}
"""Run by tests/e2e/test_plugins.py, in an environment of their own."""

SERVER = "postgresql://team@db.example/holdall"
"""What pages call a server's database."""


LOCK = """{"version": 1, "skills": {"pdf": {"source": "acme/kit", "ref": "v1.1.0",
    "sourceType": "github", "skillPath": "skills/pdf/SKILL.md"}}}"""
"""What the program `skills` wrote into a project."""


def pages() -> list[Any]:
    """Return the pages with a session, marked where it needs a server."""
    found = []
    for page in sorted(set(ALL) - ELSEWHERE):
        text = (REPOSITORY / page).read_text(encoding="utf-8")
        if session_of(text):
            found.append(
                pytest.param(page, marks=[pytest.mark.postgresql] if SERVER in text else [])
            )
    return found


class World:
    """A new user in a folder with the examples, and what happens elsewhere meanwhile.

    github.com is a folder with `acme/kit`, the server is a database of the test's.
    """

    def __init__(self, folder: Path, server: Callable[[], str]) -> None:
        self.folder = folder
        self.source = Upstream(folder / "github")
        make_skill(self.source.work, "pdf", "Read PDFs", **{"notes.md": "Read it twice.\n"})
        self.source.release("v1.1.0")
        self._server = server

    def before(self, page: str, command: str) -> None:
        """Let happen what the page says that others did before a command."""
        notes = self.source.work / "skills/pdf/notes.md"
        match page, command:
            case "docs/projects.md", "holdall add --from web":
                web = Path("web").absolute()
                make_skill(web, "pdf", "Read PDFs", **{"notes.md": "Read it twice.\n"})
                write(web / ".claude/README", "")
                (web / "skills").rename(web / ".claude/skills")
                write(web / "skills-lock.json", LOCK)
            case "docs/projects.md", "holdall outdated":
                notes.write_text("Read it twice.\nCount the pages.\n")
                write(self.source.work / "skills/pdf/new.md", "New.\n")
                self.source.release()
            case "docs/projects.md", "holdall update":
                notes.write_text("Read it three times.\nCount the pages.\n")
                self.source.release()

    def names(self, page: str) -> dict[str, str]:
        """Return what a page calls something, and what it is called here."""
        known = {"ada@laptop": f"{getpass.getuser()}@{socket.gethostname()}"}
        if SERVER in page:
            known[SERVER] = self._server()
        return known | {"/home/ada": str(self.folder / "ada")}


@pytest.fixture
def world(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> Iterator[World]:
    """The folder of a new user, as the current one."""
    home = tmp_path / "ada"
    shutil.copytree(REPOSITORY / "examples/sample", home / "examples/sample")
    monkeypatch.chdir(home)
    monkeypatch.setenv("HOME", str(home))
    for name in [name for name in os.environ if name.startswith(("HOLDALL_", "GIT_", "XDG_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}:{os.environ['PATH']}")
    for who in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{who}_NAME", "ada")
        monkeypatch.setenv(f"GIT_{who}_EMAIL", "ada@example.org")
    with ExitStack() as stack:

        def server() -> str:
            url = request.getfixturevalue("postgres_server")
            return stack.enter_context(empty_postgres(url))

        made = World(tmp_path, server)
        monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(made.source.settings))
        yield made


@pytest.mark.parametrize("page", pages())
def test_the_session_on_a_page(page: str, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each command, run as shown, prints what is shown."""
    text = (REPOSITORY / page).read_text(encoding="utf-8")
    terminal = Terminal(world.names(text))
    targets = set(re.findall(r"^([a-z-]+):", (REPOSITORY / "Makefile").read_text(), re.MULTILINE))
    wrong = []
    for command, shown in session_of(text):
        words = command.split()
        if words[0] == "make":
            assert words[1] in targets, command
        elif words[0] == "cd":
            monkeypatch.chdir(words[1])
        elif words[0] != "pip":  # tests/e2e/test_install.py does
            world.before(page, command)
            status, printed = terminal.run(command)
            if not matches(shown, printed) or (status > 1 and "error: " not in shown):
                wrong.append(f"$ {command}\n{printed}")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("page", ALL)
def test_what_shows_a_command_is_run(page: str) -> None:
    """A block with commands is a console block, so that it is run; or an example of the help."""
    for language, text in blocks_of((REPOSITORY / page).read_text(encoding="utf-8")):
        shows = re.search(r"^(\$ |holdall [a-z])", text, re.MULTILINE)
        assert not shows or language == "console" or page == "docs/commands.md", text
