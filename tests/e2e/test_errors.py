"""Wrong input: a clear error and hint, the right exit status, nothing changed."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from e2e.kit import in_this_process

pytestmark = pytest.mark.e2e

Command = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def collection(tmp_path: Path, own_state: Path, sample: Path) -> Path:
    """A collection with the sample in it."""
    folder = tmp_path / "kit"
    assert in_this_process("init", folder).returncode == 0
    assert in_this_process("--collection", folder, "collect", sample).returncode == 0
    return folder


def bytes_below(folder: Path) -> dict[str, bytes]:
    """Return every file's bytes but Holdall's own state."""
    return {
        str(path): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and ".holdall" not in path.parts
    }


@pytest.mark.parametrize(
    ("words", "status", "told"),
    [
        (["show", "skill:changelogs"], 4, "did you mean skill:changelog"),
        (["deploy", "skill:nowhere", "--to", "."], 4, "skill:nowhere"),
        (["show", "nowhere"], 4, "nowhere"),
        (["rename", "skill:changelog", "agent:x"], 2, "keeps the type"),
        (["rename", "skill:changelog", "skill:../x"], 3, "'..'"),
        (["rename", "skill:changelog", "skill:plain-prose"], 3, "exists already"),
        (["collect", "no/such/folder"], 4, "no/such/folder"),
        (["scan", "no/such/folder"], 4, "no/such/folder"),
        (["lint", "no/such/folder"], 4, "no/such/folder"),
        (["lint", ".", "--allow", "nonsense"], 2, "'nonsense'"),
        (["scan", ".", "--allow", "nonsense"], 2, "'nonsense'"),
        (["collect", ".", "--allow", "nonsense"], 2, "'nonsense'"),
        (["lint", ".", "--json", "--sarif"], 2, "--sarif and --json"),
        (["deploy", "skill:changelog", "--to", "no/such/project"], 4, "no/such/project"),
        (
            ["deploy", "skill:changelog", "--target", "emacs"],
            2,
            "known targets: agents, aiassistant",
        ),
        (["undeploy", "skill:changelog", "--to", "."], 4, "not deployed"),
        (["--database", "mysql://x/y", "associations", "changelog"], 2, "mysql"),
        (["--database", "postgresql://u:pw@127.0.0.1:1/x", "collect"], 5, "127.0.0.1:1/x"),
        (["--database", "/proc/no/holdall.db", "collect"], 5, "/proc/no"),
        (["fly"], 2, "fly"),
        (["show"], 2, "ID"),
        (["db", "upgrade", "77"], 5, "no migration"),
        (["composite", "show", "nothing"], 4, "composite:nothing"),
    ],
)
def test_each_mistake_has_its_sentence(
    collection: Path, monkeypatch: pytest.MonkeyPatch, words: list[str], status: int, told: str
) -> None:
    """The status is documented, the message names the thing, a hint follows, nothing changed."""
    monkeypatch.chdir(collection.parent)
    before = bytes_below(collection)
    done = in_this_process("--collection", collection, *words)
    assert done.returncode == status, done.stderr
    assert told in done.stderr
    lines = [line for line in done.stderr.splitlines() if not line.startswith("note: ")]
    assert lines[0].startswith("error: ")
    assert "\nhint: " in done.stderr
    assert "Traceback" not in done.stderr
    assert ":pw" not in done.stderr
    assert bytes_below(collection) == before


def test_a_broken_manifest_is_named_with_its_line(holdall: Command, collection: Path) -> None:
    """The error says the file and line, and the file stays as it is."""
    manifest = collection / "manifest.toml"
    lines = manifest.read_text().splitlines()
    lines[6] = "name = "
    manifest.write_text("\n".join(lines))
    broken = manifest.read_bytes()
    for words in (["list"], ["collect"], ["deploy", "skill:changelog", "--to", "."]):
        done = holdall("--collection", collection, *words)
        assert done.returncode == 2
        assert "manifest.toml, line 7" in done.stderr
    assert manifest.read_bytes() == broken


def test_an_unreadable_source_is_reported(
    holdall: Command, collection: Path, tmp_path: Path
) -> None:
    """A file where a folder is expected and garbage in a folder change nothing, crash nothing."""
    (tmp_path / "file").write_bytes(b"\0\xff")
    assert holdall("--collection", collection, "collect", tmp_path / "file").returncode == 2
    garbage = tmp_path / "garbage"
    (garbage / "skills" / "x").mkdir(parents=True)
    (garbage / "skills" / "x" / "SKILL.md").write_bytes(b"\xff\xfe\0\0---")
    (garbage / ".mcp.json").write_text("[[[[")
    done = holdall("--collection", collection, "collect", garbage)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr


def test_no_collection_says_where_it_looked(holdall: Command) -> None:
    """Outside of any collection, the hint is `holdall init`."""
    done = holdall("list")
    assert done.returncode == 4
    assert "holdall init" in done.stderr


def test_a_collection_is_found_upwards_and_by_environment(
    holdall: Command, collection: Path
) -> None:
    """A folder inside the collection, and HOLDALL_COLLECTION, both lead to it."""
    inside = holdall("list", cwd=collection / "skills")
    by_variable = holdall("list", env={"HOLDALL_COLLECTION": str(collection)})
    assert inside.returncode == by_variable.returncode == 0
    assert inside.stdout == by_variable.stdout


TELLTALE = """
from pathlib import Path
from holdall.plugins import hookimpl

@hookimpl
def holdall_collect_complete(changes, transaction_id):
    if Path("broken").exists():
        raise RuntimeError("out of paper")
    with open("told", "a") as file:
        file.write(changes.command + "\\n")
"""


def test_what_a_plugin_could_not_take_is_told_again(
    holdall: Command, collection: Path, tmp_path: Path
) -> None:
    """The change is done with status 1 and the plugin's name; the next command tells it again."""
    (tmp_path / "telltale.py").write_text(TELLTALE)
    (tmp_path / "broken").touch()
    env = {"HOLDALL_PLUGINS": "telltale", "PYTHONPATH": str(tmp_path)}
    done = holdall("--collection", collection, "rename", "skill:changelog", "news", env=env)
    assert done.returncode == 1
    assert "telltale" in done.stderr
    assert "out of paper" in done.stderr
    assert (collection / "skills" / "news").exists()
    (tmp_path / "broken").unlink()
    assert holdall("--collection", collection, "list", env=env).returncode == 0
    assert (tmp_path / "told").read_text() == "rename\n"


def test_help_and_version(holdall: Command) -> None:
    """Help lists the commands of host and plugin; the version is printed."""
    text = holdall("--help").stdout
    for command in (
        "init",
        "scan",
        "lint",
        "collect",
        "deploy",
        "composite",
        "tree",
        "db",
        "plugins",
    ):
        assert f"\n  {command} " in text
    assert holdall("--version").stdout.startswith("holdall 0.")
    assert holdall("deploy", "--help").returncode == 0
