"""The README's ways to install Holdall, run as they are written, without a network."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from e2e.wheels import REPOSITORY, Environment

pytestmark = pytest.mark.e2e

README = (REPOSITORY / "README.md").read_text()


def test_the_readme_names_the_two_commands_that_do_everything() -> None:
    """`make demo` and `make test` are near the top, each with how long it takes."""
    top = "\n".join(README.splitlines()[:16])
    assert re.search(r"`make demo`[^`]*\(\d+ seconds\)", top)
    assert re.search(r"`make test`[^`]*\(\d+ minutes\)", top)


def installations() -> dict[str, list[str]]:
    """Return the console blocks of the section on installing, by the words before each."""
    section = README.partition("## Install\n")[2].partition("\n## ")[0]
    blocks = re.findall(r"From a (clone|wheel)[^`]*```console\n(.*?)```", section, re.S)
    return {name: re.findall(r"^\$ (.*)$", block, re.M) for name, block in blocks}


@pytest.mark.parametrize("way", ["clone", "wheel"])
def test_the_readme_installs_a_holdall_that_works(tmp_path: Path, way: str) -> None:
    """Each line succeeds in a clone, with an empty environment's pip; the command then runs."""
    clone = tmp_path / "clone"
    subprocess.run(
        ["git", "clone", "--quiet", "--no-hardlinks", REPOSITORY, clone],
        check=True,
        capture_output=True,
    )
    environment = Environment(tmp_path)
    pip = environment.bin / "pip"
    # The build backend and the dependencies are those of the environment that runs the tests.
    pip.write_text(f'#!/bin/sh\nexec {environment.bin}/python -m pip "$@"\n')
    pip.chmod(0o755)
    lines = installations()[way]
    assert lines
    for line in lines:
        done = environment.run(line, clone)
        assert done.returncode == 0, f"$ {line}\n{done.stdout}{done.stderr}"
    assert environment.holdall("--version").stdout == "holdall 0.1.0\n"
    assert "composites" in environment.holdall("plugins").stdout
