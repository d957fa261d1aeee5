"""Nothing but the writer writes into projects and collections.

Every way of changing files is looked for in the packages' source. Who uses one is listed here with
the reason why it is none of a project's or collection's files that an artifact could be.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from parsing import nodes_of

pytestmark = pytest.mark.house

ROOT = Path(__file__).parents[2]
PACKAGES = [
    ROOT / "src/holdall",
    ROOT / "src/holdall_composites",
    ROOT / "hooks/holdall_composites_hooks",
    ROOT / "migrations/holdall_composites_migrations",
]
ALLOWED = {
    "holdall/cli/asking/settling.py": "a copy for the user's editor, in a temporary folder",
    "holdall/cli/__init__.py": "the null device, when nobody reads the output any more",
    "holdall/files/syscalls.py": "the writer's own calls",
    "holdall/files/lock.py": "the lock and the .gitignore of Holdall's own folder",
    "holdall/files/root.py": "the folder of a new collection and of the user's state",
    "holdall/files/user_state.py": "the user's key and decisions, in the user's state folder",
    "holdall/files/stat_index.py": "what is known of files, in the user's cache folder",
    "holdall/sources/fetch/published/reader.py": "what is laid out, in that scratch folder",
    "holdall/sources/fetch/published/skill_index.py": "what an index names, in that scratch folder",
    "holdall/operations/projects/fleet/reports.py": "a report, in the folder that a user named",
    "holdall/operations/projects/stamps.py": "the status of files, in the user's cache folder",
    "holdall/files/scratch.py": "a scratch folder in the system's temporary one",
    "holdall/transaction/export.py": "an archive in memory",
    "holdall/sources/fetch/origin.py": "a scratch folder in the system's temporary one",
    "holdall/sources/fetch/tarball.py": "what is decompressed, a file without a name there",
    "holdall/sources/fetch/git.py": "a password for git, in that scratch folder",
    "holdall/sources/fetch/repository.py": "what is fetched, in that scratch folder",
    "holdall/sources/fetch/unpacking.py": "what is unpacked, in that scratch folder",
    "holdall/plugins/watch.py": "which plugin is at work, in the user's state folder",
    "holdall/testing/factories.py": "what a test wants to have, in its own folder",
    "holdall/testing/fixtures.py": "a home folder for a test, in its own folder",
    "holdall/testing/kit.py": "a project for a test, in its own folder",
    "holdall_composites/database/backup.py": "backups of the database, beside it",
    "holdall_composites/database/sqlite_file.py": "the database's own file, and copies of it",
    "holdall_composites/schema/revise.py": "the next migration, where a developer asked for it",
    "holdall_composites/history/undo.py": "old bytes, in a scratch folder",
    "holdall_composites/history/versions.py": "old versions laid out in a scratch folder",
    "holdall_composites/sync/save_versions.py": "new versions laid out in a scratch folder",
    "holdall_composites/commands/export.py": "a scratch folder",
    "holdall_composites/commands/publish.py": "a scratch folder",
    "holdall_composites/service/site/build.py": "pinned versions, in that scratch folder",
    "holdall_composites/service/site/parts.py": "what is linted, in a scratch folder",
    "holdall_composites/commands/team.py": "the temporary file that git made for the result",
    "holdall_composites/commands/undo.py": "a scratch folder",
    "holdall_composites/commands/version.py": "a scratch folder",
}

OS = {
    *("mkdir", "makedirs", "mkfifo", "mknod", "remove", "removedirs", "unlink", "rmdir", "rename"),
    *("renames", "replace", "link", "symlink", "truncate", "ftruncate", "write", "writev"),
    *("pwrite", "pwritev", "sendfile", "copy_file_range", "splice", "chmod", "fchmod", "lchmod"),
    *("chown", "fchown", "lchown", "utime", "setxattr", "removexattr"),
}
METHODS = {
    *("write_text", "write_bytes", "mkdir", "touch", "rename", "unlink", "rmdir", "symlink_to"),
    *("hardlink_to", "chmod", "lchmod", "extractall", "extract"),
}
FLAGS = {"O_WRONLY", "O_RDWR", "O_CREAT", "O_TRUNC", "O_APPEND", "O_TMPFILE"}
TEMPORARY = {
    *("NamedTemporaryFile", "TemporaryFile", "SpooledTemporaryFile", "TemporaryDirectory"),
    *("mkstemp", "mkdtemp", "mktemp"),
}
HARMLESS_SHUTIL = {"which", "get_terminal_size", "disk_usage"}
OPENING = {"open", "fdopen", "ZipFile"}
MODE = re.compile(r"[rbt]*[wax+][wbt+]*([:|]\w*)?")


def ways_to_write(nodes: Iterable[ast.AST]) -> Iterator[str]:
    """Yield each way of changing files that a module uses, whose nodes these are."""
    for node in nodes:
        if isinstance(node, ast.Attribute) and node.attr in FLAGS:
            yield f"os.{node.attr}"
        elif isinstance(node, ast.ImportFrom):
            names = {alias.name for alias in node.names}
            if node.module in ("shutil", "os", "tempfile"):
                writing = {"os": OS, "tempfile": TEMPORARY}.get(node.module, names)
                yield from (f"{node.module}.{n}" for n in names & writing - HARMLESS_SHUTIL)
        elif isinstance(node, ast.Call):
            yield from _of_call(node)


def _of_call(call: ast.Call) -> Iterator[str]:
    function = call.func
    name = function.attr if isinstance(function, ast.Attribute) else ""
    owner = _owner(function.value) if isinstance(function, ast.Attribute) else ""
    if owner == "syscalls":
        return
    if owner == "os" and name in OS:
        yield f"os.{name}"
    elif owner == "shutil" and name not in HARMLESS_SHUTIL:
        yield f"shutil.{name}"
    elif owner == "tempfile" and name in TEMPORARY:
        yield f"tempfile.{name}"
    elif owner != "os" and name in METHODS:
        yield f".{name}"
    elif (name or getattr(function, "id", "")) in OPENING:
        # Only a path's own method does not take the file first.
        is_method = bool(owner) and owner not in ("io", "os", "tarfile", "zipfile")
        given = [*call.args[not is_method :], *(k.value for k in call.keywords if k.arg == "mode")]
        texts = [
            part.value for v in given for part in ast.walk(v) if isinstance(part, ast.Constant)
        ]
        yield from (f"open({t!r})" for t in texts if isinstance(t, str) and MODE.fullmatch(t))


def _owner(value: ast.expr) -> str:
    return value.id if isinstance(value, ast.Name) else "?"


@pytest.mark.parametrize(
    "source",
    [
        "open('f', 'w')",
        "open('f', mode='ab')",
        "open('f', 'r+')",
        "path.open('xb')",
        "path.open('w' if new else 'a')",
        "io.open('f', 'w')",
        "os.open('f', os.O_RDWR | os.O_CREAT)",
        "os.fdopen(fd, 'wb')",
        "FLAGS = os.O_WRONLY",
        "path.write_text('')",
        "path.write_bytes(b'')",
        "path.mkdir()",
        "path.rename(other)",
        "path.unlink()",
        "os.rename(a, b)",
        "os.replace(a, b)",
        "os.symlink(a, b)",
        "os.chmod(a, 0)",
        "shutil.copytree(a, b)",
        "shutil.rmtree(a)",
        "from shutil import copy",
        "from os import unlink",
        "from tempfile import mkdtemp",
        "tempfile.NamedTemporaryFile()",
        "zipfile.ZipFile(name, 'w')",
        "tarfile.open(name, 'w:gz')",
        "archive.extractall(folder)",
    ],
)
def test_each_way_is_found(source: str) -> None:
    """What would write is noticed."""
    assert list(ways_to_write(ast.walk(ast.parse(source))))


@pytest.mark.parametrize(
    "source",
    [
        "open('w')",
        "open('f', 'rb')",
        "path.open()",
        "os.open('f', os.O_RDONLY | os.O_NOFOLLOW)",
        "syscalls.rename(a, 'x', b, 'y')",
        "text.replace('a', 'b')",
        "replace(entry, id=new)",
        "shutil.which('git')",
    ],
)
def test_what_reads_is_not(source: str) -> None:
    """What only reads, or goes through the writer, is not."""
    assert not list(ways_to_write(ast.walk(ast.parse(source))))


def test_only_the_writer_writes() -> None:
    """Every module that changes files is listed, and every listed one still does."""
    found = {}
    for package in PACKAGES:
        for path in sorted(package.rglob("*.py")):
            if ways := sorted(set(ways_to_write(nodes_of(path)))):
                found[str(path.relative_to(package.parent))] = ways
    strangers = {module: ways for module, ways in found.items() if module not in ALLOWED}
    assert not strangers, "these write by themselves: use holdall.transaction"
    assert found.keys() == ALLOWED.keys()
