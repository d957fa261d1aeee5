"""Words that mean nothing, and what is not there: said plainly, with nothing done."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from e2e.kit import SAMPLE, Kit, in_this_process
from holdall.errors import StorageError
from holdall.files.user_state import home_folder, user_folder

pytestmark = pytest.mark.integration


@pytest.fixture
def plain_kit(tmp_path: Path, own_state: Path) -> Kit:
    """A collection with the sample, its database in it."""
    kit = Kit(in_this_process, tmp_path)
    kit.run("init", kit.collection)
    kit.run("collect", SAMPLE)
    return kit


def test_a_type_that_is_none_is_refused(plain_kit: Kit) -> None:
    """The types are named; one that nothing has is a type all the same."""
    done = plain_kit.command("list", "--type", "skils")
    assert done.returncode == 2
    assert "skill" in done.stderr and "mcp" in done.stderr
    assert plain_kit.run("list", "--type", "plugin-files") == ""


@pytest.mark.parametrize("name", ["x.rar", "x.tar", "x.tar.xz", "X.ZIP", "x.skill"])
def test_an_archive_that_cannot_be_written_is_refused(
    plain_kit: Kit, tmp_path: Path, name: str
) -> None:
    """It is not a folder of that name."""
    done = plain_kit.command("export", "composite:writing", "--to", tmp_path / name)
    assert (done.returncode, ".tar.gz" in done.stderr) == (2, True)
    assert not (tmp_path / name).exists()


def test_a_folder_may_have_a_dot_in_its_name(plain_kit: Kit, tmp_path: Path) -> None:
    """An end that is no archive's is a part of the name."""
    plain_kit.run("export", "composite:writing", "--to", tmp_path / "starter-1.2")
    assert (tmp_path / "starter-1.2").is_dir()


@pytest.mark.parametrize("name", ["a/b", "a\\b", "..", " ", "a\nb", "caf\udce9", "a\x1b[31m"])
def test_a_collection_has_a_plain_name(tmp_path: Path, name: str) -> None:
    """It is in the records of projects and in messages."""
    done = in_this_process("init", tmp_path / "kit", "--name", name)
    assert (done.returncode, "--name" in done.stderr) == (2, True)
    assert not (tmp_path / "kit").exists()


@pytest.mark.parametrize("place", ["inner", "skills/inner", ".holdall/inner", "a/b"])
def test_no_collection_in_a_collection(plain_kit: Kit, place: str) -> None:
    """A file would be in both; the outer one is named."""
    done = in_this_process("init", plain_kit.collection / place)
    assert (done.returncode, str(plain_kit.collection) in done.stderr) == (3, True)
    assert not (plain_kit.collection / place).exists()


def test_a_home_that_is_no_full_path_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    """What HOME does not say is looked up; nothing is made in a folder called `~`."""
    for value in ("", "home", "./~"):
        monkeypatch.setenv("HOME", value)
        found = home_folder()
        assert found is not None and found.is_absolute()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become a user without a name")
def test_a_user_without_a_home_can_look(
    plain_kit: Kit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Commands that only look do; others say which variables to set, and write nothing."""
    for name in ("HOME", "XDG_STATE_HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    os.setresuid(54321, 0, 0)
    try:
        assert home_folder() is None
        with pytest.raises(StorageError) as caught:
            user_folder("state")
        for words in (("list",), ("status", "--to", str(plain_kit.project)), ("log",)):
            plain_kit.run(*words)
        done = plain_kit.command("deploy", "composite:writing", "--to", plain_kit.project)
        assert (done.returncode, "XDG_STATE_HOME" in done.stderr) == (5, True)
        assert plain_kit.command("status", "--user").returncode == 2
        assert in_this_process("list").returncode == 4
    finally:
        os.setresuid(0, 0, 0)
    assert "XDG_STATE_HOME" in str(caught.value.hint)
    assert not (tmp_path / "~").exists()
    assert list(plain_kit.project.iterdir()) == []


@pytest.mark.parametrize("module", ["holdall.errors", "holdall.plugins.manager", "argparse"])
def test_an_interrupt_while_starting(module: str) -> None:
    """Ctrl-C ends the command like one later: a sentence, the status 130, no traceback."""
    program = (
        "import sys, signal, os\n"
        "class Finder:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        f"        if name == {module!r}:\n"
        "            os.kill(os.getpid(), signal.SIGINT)\n"
        "from holdall.cli import main\n"
        f"sys.modules.pop({module!r}, None)\n"
        "sys.meta_path.insert(0, Finder())\n"
        "sys.exit(main(['plugins']))\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 130, done.stderr
    assert done.stderr == "interrupted; nothing is left half finished\n"
