"""Imports go one way, and what is heavy stays out of the start."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from host_factories import make_collection

pytestmark = pytest.mark.unit

ROOT = Path(__file__).parents[2]
PACKAGES = {
    "holdall": ROOT / "src/holdall",
    "holdall_composites": ROOT / "src/holdall_composites",
    "holdall_composites_hooks": ROOT / "hooks/holdall_composites_hooks",
    "holdall_composites_migrations": ROOT / "migrations/holdall_composites_migrations",
}
ALLOWED = {
    "holdall": {"holdall"},
    "holdall_composites": {"holdall", "holdall_composites"},
    "holdall_composites_hooks": {"holdall", "holdall_composites", "holdall_composites_hooks"},
    "holdall_composites_migrations": {"holdall_composites_migrations", "peewee", "playhouse"},
}
# A package imports from itself and from those before it in these lists.
HOST = [
    "errors",
    "formats",
    "artifacts",
    "files",
    "config",
    "transaction",
    "sources",
    "collection",
    "deploy",
    "plugins",
    "operations",
    "cli",
]
# Modules that wait for their move, and the package that they belong to.
WAITING = {
    "__main__": "cli",
    "actions": "transaction",
    "adoptable": "deploy",
    "adopting": "operations",
    "allowance": "deploy",
    "applying": "transaction",
    "arguments": "cli",
    "arrange": "deploy",
    "bookkeeping": "deploy",
    "bundling": "collection",
    "caps": "artifacts",
    "changes": "collection",
    "checking": "plugins",
    "collect": "collection",
    "commands": "cli",
    "context": "cli",
    "conversion": "deploy",
    "departing": "collection",
    "deploy": "operations",
    "dispatch": "operations",
    "documents": "formats",
    "editing": "operations",
    "effects": "deploy",
    "edits": "collection",
    "entries": "collection",
    "entry_points": "plugins",
    "escape": "formats",
    "folders": "files",
    "frontmatter": "formats",
    "hashing": "artifacts",
    "hookspecs": "plugins",
    "importing": "collection",
    "journal": "transaction",
    "jsontext": "formats",
    "layout": "transaction",
    "ledger": "deploy",
    "ledger_changes": "deploy",
    "linting": "sources",
    "locking": "files",
    "manifest": "collection",
    "manifest_reader": "collection",
    "merging": "deploy",
    "naming": "sources",
    "ownership": "deploy",
    "origins": "sources",
    "origins.listing": "collection",
    "origins.manifests": "collection",
    "output": "cli",
    "paths": "artifacts",
    "plaintoml": "formats",
    "plan": "deploy",
    "progress": "operations",
    "project": "deploy",
    "protected": "artifacts",
    "reading": "operations",
    "record": "deploy",
    "refresh": "collection",
    "reverting": "deploy",
    "scratch": "files",
    "signature": "transaction",
    "staging": "transaction",
    "standing": "deploy",
    "statindex": "files",
    "status": "deploy",
    "syscalls": "files",
    "targets": "deploy",
    "tomlentries": "formats",
    "tomltext": "formats",
    "trees": "files",
    "userstate": "files",
}
PARSERS = {
    "holdall/formats/documents.py": {"json", "yaml", "tomllib"},
    # Each value of a text whose size, values and depth it bounds itself.
    "holdall/formats/json_editor.py": {"json"},
    # What Holdall itself wrote: behind a checksum, in its lock, in the database, a moment ago.
    "holdall/transaction/actions.py": {"json"},
    "holdall/files/lock.py": {"json"},
    "holdall/files/stat_index.py": {"json"},
    "holdall_composites/store/operations.py": {"json"},
    "holdall/operations/delivery.py": {"json"},
}
HEAVY = {"peewee", "playhouse", "psycopg", "yaml", "rich"}


def modules() -> Iterator[tuple[str, Path]]:
    """Yield every module's package and path."""
    for package, folder in PACKAGES.items():
        for path in sorted(folder.rglob("*.py")):
            yield package, path


def imports_of(path: Path, *, at_start_only: bool = False, types_too: bool = False) -> set[str]:
    """Return the dotted names that a module imports, if wanted those for types only, too."""
    found: set[str] = set()
    pending: list[ast.AST] = [ast.parse(path.read_text())]
    while pending:
        node = pending.pop()
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
        is_function = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        if not types_too and isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            continue
        if not (at_start_only and is_function):
            pending.extend(ast.iter_child_nodes(node))
    return found


@pytest.mark.parametrize(("package", "path"), list(modules()), ids=lambda v: getattr(v, "stem", v))
def test_packages_import_one_way(package: str, path: Path) -> None:
    """Hooks use the plugin, the plugin uses the host, migrations use neither."""
    ours = set(PACKAGES) | {"peewee", "playhouse"}
    used = {name.split(".")[0] for name in imports_of(path)} & ours
    if package == "holdall_composites":
        used -= {"peewee", "playhouse"}
    assert used <= ALLOWED[package]


def place_of(module: str) -> str | None:
    """Return the host's package that a dotted name belongs to; None for the host itself."""
    parts = module.split(".")
    if len(parts) < 2 or parts[0] != "holdall" or parts[1].startswith("__"):
        return None
    if ".".join(parts[1:3]) in WAITING:
        return WAITING[".".join(parts[1:3])]
    waits = parts[1] in WAITING and not (PACKAGES["holdall"] / parts[1] / "__init__.py").exists()
    return WAITING[parts[1]] if waits or parts[1] in ("origins", "commands") else parts[1]


def test_the_host_imports_downwards_only() -> None:
    """Each host module imports from its own package or those before it, also for types only."""
    for path in PACKAGES["holdall"].rglob("*.py"):
        own = place_of(".".join(path.relative_to(PACKAGES["holdall"].parent).with_suffix("").parts))
        for name in imports_of(path, types_too=True):
            used = place_of(name)
            if own is not None and used in HOST:
                assert HOST.index(used) <= HOST.index(own), f"{path} imports {name}"


@pytest.mark.parametrize(
    "path",
    [
        *(
            PACKAGES["holdall"] / name
            for name in ("cli/__init__.py", "__main__.py", "plugins/manager.py")
        ),
        *(
            PACKAGES["holdall"] / name
            for name in ("cli/context.py", "plugins/hookspecs.py", "config.py")
        ),
        *PACKAGES["holdall"].glob("cli/commands/**/*.py"),
        *PACKAGES["holdall_composites_hooks"].glob("*.py"),
        *PACKAGES["holdall_composites"].glob("commands/*.py"),
    ],
    ids=lambda path: path.stem,
)
def test_the_start_imports_nothing_heavy(path: Path) -> None:
    """Peewee, YAML and the like are imported inside functions where the start passes by."""
    assert not {name.split(".")[0] for name in imports_of(path, at_start_only=True)} & HEAVY


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


def test_a_deploy_imports_what_it_needs(tmp_path: Path) -> None:
    """No driver of another database, no YAML, no parser of another command, no email."""
    kit, project = tmp_path / "kit", tmp_path / "project"
    make_collection(kit, "a")
    project.mkdir()
    subprocess.run([sys.executable, "-m", "holdall", "--collection", kit, "collect"], check=True)
    words = ("--collection", kit, "deploy", "skill:a", "--to", project)
    for imported in (imported_by(*words), imported_by(*words)):
        assert "peewee" in imported
        unneeded = {
            *("psycopg.connection", "asyncio", "yaml", "rich", "email", "zipfile", "csv"),
            *("holdall.deploy.agent_formats", "holdall_composites.database.backup"),
        }
        assert not imported & unneeded
        built = {name for name in imported if name.startswith("holdall.cli.commands.")}
        assert built == {"holdall.cli.commands.project", "holdall.cli.commands.project.deploy"}
        assert len(imported) < 255, sorted(imported)


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


def parsers_in(path: Path) -> set[str]:
    """Return the parsers of YAML, TOML and JSON that a module uses, however it imports them."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names} & {"yaml", "tomllib"}
        elif isinstance(node, ast.ImportFrom):
            names = {alias.name for alias in node.names}
            if node.module in ("yaml", "tomllib") or (node.module == "json" and names - {"dumps"}):
                found.add(str(node.module))
        elif (
            isinstance(node, ast.Attribute)
            and isinstance(node.value, ast.Name)
            and node.value.id == "json"
            and node.attr not in ("dumps", "JSONDecodeError")
        ):
            found.add("json")
    return found


def test_parsers_are_called_in_one_place() -> None:
    """What somebody else wrote is parsed by `holdall.formats.documents`, which bounds it."""
    used = {
        f"{package}/{path.relative_to(PACKAGES[package])}": found
        for package, path in modules()
        if (found := parsers_in(path))
    }
    assert used == PARSERS
