"""Wheels of this repository, installed into environments of their own, without a network."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]


def build_wheel(project: Path, into: Path) -> Path:
    """Build a project's wheel with the hatchling that is installed here."""
    subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", into, project],
        check=True,
        capture_output=True,
    )
    (wheel,) = into.glob("*.whl")
    return wheel


class Environment:
    """A virtual environment with Holdall's dependencies and what is installed into it."""

    def __init__(self, folder: Path) -> None:
        venv.create(folder / "venv", symlinks=True)
        self.bin = folder / "venv" / "bin"
        self.folder = folder
        self.packages = next((folder / "venv" / "lib").glob("python3*")) / "site-packages"
        # The dependencies come from the environment that runs the tests. A path that a .pth file
        # adds is not searched for .pth files itself, so its editable Holdall does not come along.
        (self.packages / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")

    def install(self, wheel: Path) -> None:
        """Install a wheel, nothing else."""
        subprocess.run(
            [sys.executable, "-m", "pip", "--disable-pip-version-check", "--python",
             self.bin / "python", "install", "--quiet", "--no-deps", "--no-index",
             # tox has the same version among the dependencies
             "--ignore-installed", wheel],
            check=True,
            capture_output=True,
        )  # fmt: skip

    def run(self, line: str, folder: Path) -> subprocess.CompletedProcess[str]:
        """Run a line of shell in a folder, with this environment's commands and no network."""
        return subprocess.run(
            line,
            shell=True,
            cwd=folder,
            env={
                **os.environ,
                "HOME": str(self.folder),
                "PATH": f"{self.bin}:{os.environ['PATH']}",
                "PIP_DISABLE_PIP_VERSION_CHECK": "1",
                # The environment of the tests, whose packages are seen here, may have a Holdall.
                "PIP_IGNORE_INSTALLED": "1",
                "PIP_NO_DEPS": "1",
                "PIP_NO_BUILD_ISOLATION": "0",  # pip reads it as it is named: no isolation
                "PIP_NO_INDEX": "1",
            },
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
        )

    def holdall(self, *words: str | Path, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run the installed command in the environment's folder."""
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("HOLDALL_", "PYTHON"))}
        return subprocess.run(
            [self.bin / "holdall", *words],
            cwd=self.folder,
            env={**kept, "HOME": str(self.folder), **variables},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
        )
