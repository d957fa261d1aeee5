"""How much of a source and of an artifact is read at most."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from holdall.artifacts.limits import Caps, Meter
from holdall.artifacts.paths import RelPath
from holdall.cli import main
from holdall.collection.collect.from_folder import plan_refresh
from holdall.collection.collection import open_collection
from holdall.config import Config, caps_of
from holdall.errors import InputError, RefusedError, UsageError
from holdall.files.tree import file_tree
from holdall.operations.read_source import read_source
from holdall.operations.write_collection import create_collection
from holdall.plugins.manager import Plugins
from host_factories import make_command, make_skill

pytestmark = pytest.mark.unit


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A source with two skills of three files and a command."""
    for name in ("a", "b"):
        make_skill(tmp_path / "source", name, "text", **{"x.md": "x" * 500, "y.md": "y" * 400})
    make_command(tmp_path / "source", "c", "run it")
    return tmp_path / "source"


@pytest.mark.parametrize(
    ("cap", "enough", "where"),
    [
        ("max_file_bytes", 500, "skills/a/x.md"),
        ("max_artifact_files", 3, "skills/a"),
        ("max_artifact_bytes", 1000, "skills/a"),
        ("max_source_files", 11, "source"),
        ("max_source_bytes", 2100, "source"),
    ],
)
def test_each_cap(source: Path, cap: str, enough: int, where: str) -> None:
    """What is just allowed is read. Above that, an artifact is left out and told, and the rest of
    the source read; a source is refused. File and setting are named."""
    assert len(read_source(Plugins(), source, Caps(**{cap: enough})).artifacts) == 3
    short = {"max_artifact_bytes": 900, "max_source_bytes": 1900}.get(cap, enough - 1)
    if where != "source":
        reading = read_source(Plugins(), source, Caps(**{cap: short}))
        assert [str(a.id) for a in reading.artifacts] == ["command:c"]
        told = [d for d in reading.diagnostics if d.code == "too-large"]
        assert [(d.path, d.level) for d in told] == [("skills/a", "error"), ("skills/b", "error")]
        assert where in told[0].message
        assert cap in told[0].message
        return
    with pytest.raises(RefusedError, match="holds more than") as caught:
        read_source(Plugins(), source, Caps(**{cap: short}))
    assert caught.value.message.startswith(str(source.parent / "source"))
    assert cap in (caught.value.hint or "")


def test_a_collections_own_files_are_capped(tmp_path: Path) -> None:
    """What somebody else committed there counts as much as any source."""
    create_collection(tmp_path, "kit")
    make_skill(tmp_path, "a", "x" * 100)
    collection = open_collection(tmp_path, "unused.db", caps=Caps(max_file_bytes=50))
    with pytest.raises(RefusedError, match=r"SKILL\.md holds more than 50 bytes"):
        plan_refresh(collection)


def test_a_file_that_grows_is_capped_as_it_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not what the file system says of a file counts, but what comes out of it."""
    path = tmp_path / "x.md"
    path.write_bytes(b"x" * 50)

    def grow(_: RelPath, __: bytes, _offset: int) -> None:
        path.write_bytes(b"x" * 1000)

    monkeypatch.setattr("holdall.files.tree._CHUNK", 16)
    with pytest.raises(RefusedError, match=r"x\.md holds more than 100 bytes"):
        file_tree(path, RelPath.parse("x.md"), grow, meter=Meter(Caps(max_file_bytes=100), "x"))


def test_settings_and_the_environment(tmp_path: Path) -> None:
    """The environment goes before the collection's settings, those before the defaults."""
    settings = tmp_path / ".holdall/config.toml"
    settings.parent.mkdir()
    settings.write_text("max_file_bytes = 7\nmax_source_files = 8\n")
    given = {"collection": None, "database": None, "plugins_enabled": True}
    told = {"json": False, "quiet": False, "verbose": False}
    environment = {"HOLDALL_MAX_FILE_BYTES": "9"}
    config = Config.from_environment(environment, **given, **told)  # type: ignore[arg-type]
    assert caps_of(config, tmp_path) == Caps(max_file_bytes=9, max_source_files=8)
    assert caps_of(Config(), None) == Caps()
    settings.write_text('max_file_bytes = "7"\n')
    with pytest.raises(InputError, match="max_file_bytes is not a number"):
        caps_of(Config(), tmp_path)
    for text in ("x", "0", "-1", "1.5"):
        with pytest.raises(UsageError, match="HOLDALL_MAX_FILE_BYTES"):
            Config.from_environment({"HOLDALL_MAX_FILE_BYTES": text}, **given, **told)  # type: ignore[arg-type]


@pytest.mark.parametrize("cap", Caps._fields)
def test_commands_keep_to_the_caps(
    source: Path, tmp_path: Path, cap: str, monkeypatch: Any, capsys: Any
) -> None:
    """Scan and lint tell, collect takes nothing; all name the setting and have a status for it."""
    kit = tmp_path / "kit"
    assert main(["--no-plugins", "init", str(kit)]) == 0
    monkeypatch.setenv(f"HOLDALL_{cap.upper()}", "1")
    for command in ("scan", "lint", "collect"):
        status = main(["--no-plugins", "--collection", str(kit), command, str(source)])
        assert status == (3 if "source" in cap else 1)
        shown = capsys.readouterr()
        assert cap in (shown.out + shown.err).lower()
