"""The folder for temporary files cannot be used: the error names it and says what to check."""

from __future__ import annotations

import tarfile
import tempfile
from pathlib import Path

import pytest

from holdall.cli import main
from source_trees import good, write

pytestmark = pytest.mark.integration


def test_the_folder_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """An archive is unpacked there."""
    archive = tmp_path / "skills.tar"
    with tarfile.open(archive, "w") as file:
        file.add(write(tmp_path / "source", {"skills/a/SKILL.md": good("a")}), "source")
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "gone"))
    assert main(["scan", str(archive)]) == 5
    told = capsys.readouterr().err
    assert f"error: {tmp_path}/gone/holdall-" in told
    assert told.endswith(": No such file or directory\nhint: check permissions and the disk\n")
