"""A place with a collection and a project deep in it, and everything around them watched."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from host_factories import make_collection, make_skill, snapshot, write

SECRET = b"a secret that nobody may take"


@dataclass
class Sandbox:
    """`kit` is a collection, `project` a project, `source` an empty folder; all else is watched.

    They lie as deep as `fuzz.hostile` climbs.
    """

    base: Path
    before: dict[str, tuple[object, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.deep = self.base / "1/2/3"
        self.kit, self.project = self.deep / "kit", self.deep / "project"
        self.source = self.deep / "source"

    def check(self) -> None:
        """Assert that nothing was written outside, and that nothing from there was taken."""
        around = self.around()
        changed = {p for p in {*around, *self.before} if around.get(p) != self.before.get(p)}
        assert not changed, f"changed outside: {sorted(changed)}"
        for top in (self.kit, self.project):
            for folder, folders, files in os.walk(top):
                for name in (*folders, *files):
                    self._check_one(Path(folder, name))

    def _check_one(self, path: Path) -> None:
        if path.is_symlink():
            target = Path(os.path.normpath(path.parent / os.readlink(path)))
            assert target.is_relative_to(self.deep), f"{path!a} leads outside"
        elif path.is_file() and ".holdall" not in path.parts:
            assert SECRET not in path.read_bytes(), f"{path!a} has what lies outside"

    def around(self) -> dict[str, tuple[object, ...]]:
        """Return all that lies outside of the three folders; what was left in TMPDIR too."""
        left_out = ("kit", "project", "source", "state")
        return snapshot(self.base, without=left_out, times=False)


@contextmanager
def sandbox() -> Iterator[Sandbox]:
    """Make a sandbox, go into it, and check it at the end."""
    with tempfile.TemporaryDirectory() as folder:
        box = Sandbox(Path(folder))
        for name in ("outside/evil.md", "1/outside/x", "home/.bashrc", "home/.ssh/authorized_keys"):
            write(box.base / name, SECRET)
        make_skill(box.base / "outside", "evil", SECRET.decode())
        (box.base / "tmp").mkdir()
        box.deep.mkdir(parents=True)
        box.source.mkdir()
        make_collection(box.kit, "fine")
        write(box.project / "mine.txt", "mine")
        box.before = box.around()
        with _inside(box):
            yield box
        box.check()


@contextmanager
def _inside(box: Sandbox) -> Iterator[None]:
    """Work in a folder of the sandbox, with its home, and its folder for temporary files."""
    here, kept = Path.cwd(), dict(os.environ)
    temporary = tempfile.tempdir
    os.environ.update({"HOME": str(box.base / "home"), "XDG_STATE_HOME": str(box.deep / "state")})
    tempfile.tempdir = str(box.base / "tmp")
    os.chdir(box.deep)
    try:
        yield
    finally:
        os.chdir(here)
        os.environ.clear()
        os.environ.update(kept)
        tempfile.tempdir = temporary
