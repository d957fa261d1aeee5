"""`holdall init` in a folder that git has: on a terminal it asks for the merge driver."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pexpect
import pytest

from e2e.conftest import clean_environment
from e2e.test_completion import HOLDALL

pytestmark = pytest.mark.e2e


@pytest.mark.parametrize(
    ("answer", "driver"), [("y", "holdall git-merge %O %A %B %P\n"), ("", ""), ("\x03", "")]
)
def test_the_driver_is_set_if_the_answer_is_yes(tmp_path: Path, answer: str, driver: str) -> None:
    """By default it is not, and how is said; the collection is made before, whatever follows."""
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    child = pexpect.spawn(
        str(HOLDALL),
        ["init", "."],
        cwd=str(tmp_path),
        env=clean_environment(tmp_path, NO_COLOR="1"),
        encoding="utf-8",
        timeout=60,
    )
    child.expect("let git merge the manifest entry by entry, by its own settings here\\?")
    child.sendline(answer) if answer != "\x03" else child.sendintr()
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == (130 if answer == "\x03" else 0), child.before
    assert (tmp_path / "manifest.toml").exists()
    assert "merge=holdall" in (tmp_path / ".gitattributes").read_text()
    config = ["git", "-C", str(tmp_path), "config", "merge.holdall.driver"]
    assert subprocess.run(config, capture_output=True, text=True, check=False).stdout == driver
    assert ("--install" in str(child.before)) == (answer == "")
