"""The built wheel, installed into an empty environment."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest

from e2e.wheels import REPOSITORY, Environment, build_wheel

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Holdall's wheel."""
    return build_wheel(REPOSITORY, tmp_path_factory.mktemp("wheel"))


def test_the_wheel_holds_the_four_packages_and_nothing_else(wheel: Path) -> None:
    """Packages, type markers, migrations and the licence are in; tests and examples are not."""
    names = set(zipfile.ZipFile(wheel).namelist())
    tops = {name.split("/")[0] for name in names if ".dist-info/" not in name}
    tops -= {top for top in tops if top.endswith(".data")}  # the man page, and completion
    assert tops == {
        "holdall",
        "holdall_composites",
        "holdall_composites_hooks",
        "holdall_composites_migrations",
    }
    assert {f"{top}/py.typed" for top in tops if "migrations" not in top} <= names
    assert "holdall_composites_migrations/0002_artifact_uuid.py" in names
    assert {f"holdall_composites/schema/{n}" for n in ("postgresql.json", "sqlite.sql")} <= names
    assert any(name.endswith("/LICENSE") for name in names)


def test_the_installed_command_loads_its_plugin_and_works(
    wheel: Path, tmp_path: Path, sample: Path
) -> None:
    """In an empty environment the plugin is there by itself, and the main job runs."""
    environment = Environment(tmp_path)
    environment.install(wheel)
    done = environment.holdall("plugins", "--json")
    assert done.returncode == 0, done.stderr
    (record,) = json.loads(done.stdout)["plugins"]
    assert (record["name"], record["distribution"], record["status"]) == (
        "composites",
        "holdall",
        "loaded",
    )
    assert "holdall_deploy_resolve" in record["hooks"]
    for words in (
        ("init", "kit"),
        ("--collection", "kit", "collect", sample),
        ("--collection", "kit", "deploy", "composite:writing", "--to", tmp_path),
        ("--collection", "kit", "status", "--to", tmp_path),
        ("--collection", "kit", "db", "check"),
    ):
        done = environment.holdall(*words)
        assert done.returncode == 0, done.stdout + done.stderr
    imported = environment.packages / "holdall" / "config.py"
    assert imported.exists()
