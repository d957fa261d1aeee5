"""A newcomer at a terminal of 80 columns: help, mistakes, Ctrl-C, pipes; docs/newcomer.txt is what
they see.
"""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from pathlib import Path

import pexpect
import pytest

from e2e.conftest import clean_environment
from e2e.kit import REPOSITORY
from e2e.test_completion import HOLDALL

pytestmark = pytest.mark.e2e

TRANSCRIPT = REPOSITORY / "docs" / "newcomer.txt"
LINES = [
    "holdall",
    "holdall --version",
    "holdall instal ../sample",
    "holdall ls",
    "holdall init ../kit --nmae mine",
    "holdall init ../kit --name mine",
    "export HOLDALL_COLLECTION=$PWD/../kit",
    "holdall collect ../sample | tail -n 2",
    "holdall search commit",
    "holdall list --ids | head -n 3",
    "holdall show comit-message",
    "holdall deploy commit-message --target cluade",
    "holdall deploy commit-message --target claude",
    "holdall status",
    "holdall help undeploy | cat",
    "holdall undeploy commit-message",
    "holdall undo --dry-run",
    "holdall show nothing --json",
]


def play(folder: Path) -> str:
    """Type each line in a shell on a terminal; return what the newcomer sees, without colours."""
    shutil.copytree(REPOSITORY / "examples" / "sample", folder / "sample")
    for name in ("app", "home"):
        (folder / name).mkdir()
    environment = clean_environment(folder / "home", TERM="xterm", PS1="$ ", NO_COLOR="1")
    for kind in ("STATE", "CACHE", "CONFIG"):
        environment[f"XDG_{kind}_HOME"] = str(folder / "home" / kind)
    environment["PATH"] = f"{HOLDALL.parent}:{os.environ['PATH']}"
    shell = pexpect.spawn(
        "sh", [], cwd=folder / "app", env=environment, encoding="utf-8", timeout=60,
        dimensions=(40, 80), echo=False,
    )  # fmt: skip
    seen = []
    shell.expect_exact("$ ")
    for line in LINES:
        shell.sendline(line)
        shell.expect(r"\r?\n?\$ $")
        seen.append(f"$ {line}\n{shell.before}\n")
    shell.sendline("exit")
    shell.expect(pexpect.EOF)
    text = "".join(seen).replace("\r\n", "\n").replace(str(folder), "~")
    # A slow machine shows a bar for a while, which is taken away again.
    text = re.sub("\x1b\\[[0-9;?]*[A-Za-z]", "", text)
    lines = [line.rpartition("\r")[2].rstrip() for line in text.split("\n") if "\u2501" not in line]
    return "\n".join(lines)


def test_the_newcomer_sees_what_the_transcript_shows() -> None:
    """Each mistake is answered with what was meant; HOLDALL_TRANSCRIPT=1 writes it again."""
    # A short path: a long one is cut at 80 columns.
    with tempfile.TemporaryDirectory(prefix="n", dir="/tmp") as folder:
        seen = play(Path(folder))
    if os.environ.get("HOLDALL_TRANSCRIPT"):
        TRANSCRIPT.write_text(seen, encoding="utf-8")
    shown = TRANSCRIPT.read_text(encoding="utf-8")
    assert list(filter(None, seen.split("\n"))) == list(filter(None, shown.split("\n")))
    assert "Traceback" not in seen
    assert "did you mean `holdall list`" in seen and "did you mean --name?" in seen


def test_ctrl_c_ends_with_a_sentence(tmp_path: Path) -> None:
    """A question is left with Ctrl-C: status 130, nothing written, no traceback."""
    shutil.copytree(REPOSITORY / "examples" / "sample", tmp_path / "sample")
    (tmp_path / "app").mkdir()
    environment = clean_environment(tmp_path, XDG_STATE_HOME=str(tmp_path / "state"))
    child = pexpect.spawn(
        str(HOLDALL), ["add", "../sample"], cwd=tmp_path / "app", env=environment,
        encoding="utf-8", timeout=60,
    )  # fmt: skip
    child.expect("Which ones")
    child.sendintr()
    child.expect(pexpect.EOF)
    child.close()
    assert "interrupted; nothing is left half finished" in str(child.before)
    assert (child.exitstatus, list((tmp_path / "app").iterdir())) == (130, [])
