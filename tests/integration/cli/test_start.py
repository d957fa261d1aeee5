"""What is imported when the command starts, in a process of its own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from host_factories import make_collection

pytestmark = pytest.mark.integration


def imported_by(*words: str | Path) -> set[str]:
    """Run a command in a process of its own and return the modules that it imported."""
    program = (
        "import sys; before = set(sys.modules); from holdall.cli import main;"
        f" main({[str(word) for word in words]!r});"
        " print(*sorted(set(sys.modules) - before), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    return set(done.stderr.split())


def test_version_imports_next_to_nothing() -> None:
    """`holdall --version` loads a handful of modules besides what Python itself does."""
    # What makes an editable installation work may have imported the first.
    assert imported_by("--version") - {"__future__"} == {"holdall", "holdall.cli"}


def test_help_imports_what_it_prints_with() -> None:
    """In a pipe neither rich nor a database, nor a module of a command."""
    imported = imported_by("--help")
    assert not imported & {"rich", "rich_argparse", "peewee", "yaml", "difflib"}
    assert not {name for name in imported if name.startswith("holdall.cli.commands.p")}


def test_a_deploy_imports_what_it_needs(tmp_path: Path) -> None:
    """No driver of another database, no YAML, no parser of another command, no email."""
    kit, project = tmp_path / "kit", tmp_path / "project"
    make_collection(kit, "a")
    project.mkdir()
    subprocess.run([sys.executable, "-m", "holdall", "--collection", kit, "collect"], check=True)
    words = ("--collection", kit, "deploy", "skill:a", "--to", project, "--target", "claude")
    # The second one finds everything in place.
    for most in (261, 246):
        imported = imported_by(*words)
        assert "peewee" in imported
        unneeded = {
            *("psycopg.connection", "asyncio", "yaml", "rich", "email", "zipfile", "csv"),
            *("holdall.deploy.agent_formats", "holdall_composites.database.backup"),
            *("holdall.formats.json_editor", "holdall.formats.toml_editor"),
            *("holdall_composites.schema.runner", "holdall_composites.sync.releases.chain"),
            *("holdall_composites.history.versions", "holdall_composites.resolver.composition"),
            *("holdall.collection.changes", "holdall.files.name_line", "holdall.cli.colour"),
        }
        assert not imported & unneeded
        built = {name for name in imported if name.startswith("holdall.cli.commands.")}
        assert built == {"holdall.cli.commands.project", "holdall.cli.commands.project.deploy"}
        assert len(imported) < most, sorted(imported)


@pytest.mark.parametrize(("words", "most"), [("list", 151), ("collect", 274)])
def test_what_a_command_imports_is_limited(tmp_path: Path, words: str, most: int) -> None:
    """A list opens no database; a first collect makes one without playhouse."""
    make_collection(tmp_path / "kit", "a")
    imported = imported_by("--collection", tmp_path / "kit", words)
    assert not {"playhouse", "platformdirs", "tempfile", "shutil"} & imported
    shared = {f"holdall_composites.service.{name}" for name in ("pull", "publish", "chains")}
    assert not shared & imported
    assert ("peewee" in imported) == (words == "collect")
    assert len(imported) < most, sorted(imported)


def test_nothing_is_looked_through_at_the_end() -> None:
    """Python's last garbage collections pass over what a command imported."""
    program = (
        "import atexit, gc; atexit.register(lambda: print('frozen', gc.get_freeze_count() > 1000));"
        " from holdall.cli import main; main(['plugins'])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1] == "frozen True"


def test_peewee_finds_its_driver_when_somebody_wants_it() -> None:
    """The PostgreSQL driver is imported with the first database of that kind, and complete."""
    pytest.importorskip("psycopg")
    program = """
import sys
from holdall_composites.database.peewee_import import PostgresqlDatabase
import peewee
assert "psycopg" not in sys.modules
database = PostgresqlDatabase("postgresql://user@127.0.0.1:1/none", prefer_psycopg3=True)
import psycopg
assert peewee.psycopg is psycopg
adapter = database._adapter
assert adapter.txn_idle == psycopg.pq.TransactionStatus.IDLE
assert adapter.json_type is psycopg.types.json.Json
assert PostgresqlDatabase("x", prefer_psycopg3=True)._adapter.jsonb_type is not None
try:
    database.connect()
except peewee.OperationalError:
    print("tried")
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("tried\n", "")


@pytest.mark.parametrize(
    "module",
    [
        "database.models",
        "database.fields",
        "schema.migrator",
        "schema.offline",
        "store.artifacts",
    ],
)
def test_no_module_imports_a_driver_with_peewee(module: str) -> None:
    """Whichever comes first: the package imports Peewee in the one way that leaves it out."""
    pytest.importorskip("psycopg")
    program = f"import sys, holdall_composites.{module}; print('psycopg' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("False\n", "")
