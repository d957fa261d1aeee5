"""What Holdall brings for the tests of plugins: cheap until it is asked for, on both databases."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.integration

TESTS = """
import pytest
from holdall.testing import make_skill

def test_all(
    holdall_kit, holdall_collection, holdall_project, holdall_deploy, holdall_home, tmp_path
):
    make_skill(tmp_path / "source", "a")
    holdall_kit.run("collect", tmp_path / "source")
    (placed,) = holdall_deploy("skill:a")["placed"]
    assert (holdall_project / ".claude/skills/a/SKILL.md").exists()
    assert placed["uuid"]
    assert (holdall_home / "state/holdall").is_dir()
    assert (holdall_collection / "manifest.toml").exists()
    scheme = holdall_kit.database_url.partition(":")[0]
    (tmp_path.parent / scheme).touch()
"""


def run_pytest(folder: Path, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run pytest as a plugin's author does, outside of this repository."""
    left_out = ("HOLDALL_", "PYTEST", "COV", "XDG_")
    kept = {key: value for key, value in os.environ.items() if not key.startswith(left_out)}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *words],
        cwd=folder,
        env={**kept, **variables},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done


@pytest.mark.postgresql
def test_the_fixtures_run_on_both_databases(tmp_path: Path, postgres_server: str) -> None:
    """SQLite always, PostgreSQL where a server is named; nothing stays on the server."""
    import psycopg

    (tmp_path / "test_mine.py").write_text(TESTS)
    base = f"--basetemp={tmp_path / 'base'}"
    assert "1 passed" in run_pytest(tmp_path, base).stdout
    done = run_pytest(tmp_path, base, HOLDALL_TEST_POSTGRES=postgres_server)
    assert "2 passed" in done.stdout
    assert {path.name for path in (tmp_path / "base").iterdir()} >= {"sqlite", "postgresql"}
    with psycopg.connect(postgres_server) as connection:
        query = "SELECT count(*) FROM pg_database WHERE datname LIKE 'holdall_test_%'"
        assert connection.execute(query).fetchone() == (0,)


def test_a_run_that_wants_none_imports_next_to_nothing(tmp_path: Path) -> None:
    """Every user of pytest has the fixtures, wherever Holdall is installed."""
    (tmp_path / "test_mine.py").write_text(
        "import sys\n"
        "def test_it():\n"
        "    found = {name for name in sys.modules if name.split('.')[0].startswith('holdall')}\n"
        "    assert found == {'holdall', 'holdall.testing', 'holdall.testing.fixtures'}\n"
        "    assert not {'peewee', 'rich', 'yaml'} & set(sys.modules)\n"
    )
    assert "1 passed" in run_pytest(tmp_path).stdout
