"""Imports go one way, and what is heavy is not imported where the start passes by."""

from __future__ import annotations

import ast
import importlib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from parsing import nodes_of, parsed

pytestmark = pytest.mark.house

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
    "reporter",
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
    "testing",
]
PLUGIN = [
    "errors",
    "console",
    "values",
    "database",
    "schema",
    "store",
    "sync",
    "resolver",
    "session",
    "history",
    "service",
    "commands",
]
MOST_NAMES = 12
MOST_PACKAGES = 14
MOST_LINES = 400
PARSERS = {
    "holdall/formats/documents.py": {"json", "yaml", "tomllib"},
    # Each value of a text whose size, values and depth it bounds itself.
    "holdall/formats/json_nodes.py": {"json"},
    # What Holdall itself wrote: behind a checksum, in its lock, in the database, in the package.
    "holdall/transaction/actions.py": {"json"},
    "holdall/files/lock.py": {"json"},
    "holdall/files/stat_index.py": {"json"},
    "holdall/operations/projects/stamps.py": {"json"},
    "holdall/cli/completion/values.py": {"json"},
    "holdall_composites/store/collections.py": {"json"},
    "holdall_composites/store/operations.py": {"json"},
    "holdall_composites/schema/drift.py": {"json"},
    "holdall_composites/service/site/cache.py": {"json"},
    "holdall/operations/delivery.py": {"json"},
    # What the command under test printed.
    "holdall/testing/kit.py": {"json"},
}
HEAVY = {"peewee", "playhouse", "psycopg", "yaml", "rich"}


def modules() -> Iterator[tuple[str, Path]]:
    """Yield every module's package and path."""
    for package, folder in PACKAGES.items():
        for path in sorted(folder.rglob("*.py")):
            yield package, path


@cache
def imports_of(path: Path, *, at_start_only: bool = False, types_too: bool = False) -> set[str]:
    """Return the dotted names that a module imports, if wanted those for types only, too."""
    found: set[str] = set()
    pending: list[ast.AST] = [parsed(path)]
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


def name_of(package: str, path: Path) -> str:
    """Return a module's dotted name."""
    parts = path.relative_to(PACKAGES[package].parent).with_suffix("").parts
    return ".".join(parts).removesuffix(".__init__")


@pytest.mark.parametrize(
    ("package", "order"),
    [("holdall", HOST), ("holdall_composites", PLUGIN)],
    ids=("host", "plugin"),
)
def test_imports_go_down_the_list_only(package: str, order: list[str]) -> None:
    """A module imports from its own room or those before it, also for types only."""
    for path in PACKAGES[package].rglob("*.py"):
        own = name_of(package, path).split(".")[1:2]
        if not own or own == ["__main__"]:
            continue
        for name in imports_of(path, types_too=True):
            parts = name.split(".")
            if parts[0] == package and parts[1] in order:
                assert order.index(parts[1]) <= order.index(own[0]), f"{path} imports {name}"


@pytest.mark.parametrize("package", ["holdall_composites", "holdall_composites_hooks"])
def test_the_plugin_knows_the_host_by_its_faces(package: str) -> None:
    """The plugin imports what the host's packages offer, never a module inside of one."""
    modules = {
        name_of("holdall", path)
        for path in PACKAGES["holdall"].rglob("*.py")
        if path.name != "__init__.py"
    }
    # The one seam at which tests count and fail the calls that change files.
    inside = {module for module in modules if module.count(".") > 1} - {"holdall.files.syscalls"}
    for path in PACKAGES[package].rglob("*.py"):
        for name in imports_of(path, types_too=True):
            assert not (name in inside or name.rpartition(".")[0] in inside), f"{path}: {name}"


def test_faces_offer_what_they_tell_type_checkers() -> None:
    """What a face imports for types is what it hands out at run time."""
    for package, path in modules():
        if path.name == "__init__.py" and "lazy_exports(" in path.read_text():
            name = name_of(package, path)
            if name == "holdall":
                continue
            blocks = [
                node
                for node in ast.parse(path.read_text()).body
                if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)
            ]
            told = {
                alias.name
                for block in blocks
                for node in block.body
                if isinstance(node, ast.ImportFrom) and str(node.module).startswith(f"{name}.")
                for alias in node.names
            }
            face = importlib.import_module(name)
            assert told == set(face.__all__), name
            assert all(getattr(face, offered) is not None for offered in told), name


@pytest.mark.parametrize("package", ["holdall", "holdall_composites"])
def test_rooms_are_small(package: str) -> None:
    """A folder has at most a dozen names, the host itself 13; a module at most 400 lines."""
    names: dict[Path, set[str]] = {}
    for path in PACKAGES[package].rglob("*.py"):
        assert len(path.read_text().splitlines()) <= MOST_LINES, path
        if not path.name.startswith("__"):
            names.setdefault(path.parent, set()).add(path.stem)
        elif path.parent != PACKAGES[package]:
            names.setdefault(path.parent.parent, set()).add(path.parent.name)
    host = PACKAGES["holdall"]
    for folder, found in names.items():
        assert len(found) <= (MOST_PACKAGES if folder == host else MOST_NAMES), (folder, found)


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


def test_values_are_made_without_compiling() -> None:
    """Dataclasses and named tuples come from `holdall`, which compiles nothing."""
    theirs = {"dataclasses.dataclass", "typing.NamedTuple"}
    # A generic named tuple is made by `typing` only; migrations do not know the host.
    others = {PACKAGES["holdall"] / "__init__.py"} | {
        PACKAGES["holdall_composites"] / "values/pagination.py"
    }
    for package, path in modules():
        if path not in others and package != "holdall_composites_migrations":
            used = imports_of(path) & theirs
            assert not used, f"{path}: import {sorted(used)} from holdall instead"


def parsers_in(path: Path) -> set[str]:
    """Return the parsers of YAML, TOML and JSON that a module uses, however it imports them."""
    found = set()
    for node in nodes_of(path):
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
