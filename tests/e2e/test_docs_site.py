"""The documentation is a site without a warning, and without a link that leads nowhere."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from e2e.kit import REPOSITORY

pytestmark = pytest.mark.e2e


def test_the_site_is_built(tmp_path: Path) -> None:
    """Each page is there; an unknown link, page or anchor would be an error."""
    pytest.importorskip("mkdocs", reason="`make docs-site` installs it")
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--quiet", "--site-dir", tmp_path / "site"],
        cwd=REPOSITORY,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "Commands" in (tmp_path / "site/commands.html").read_text()


@pytest.mark.parametrize("page", sorted((REPOSITORY / "docs").rglob("*.md")), ids=lambda p: p.stem)
def test_each_page_is_reached(page: Path) -> None:
    """A page is in the menu of the site, or a decision."""
    name = page.relative_to(REPOSITORY / "docs").as_posix()
    assert name.startswith("adr/0") or name in (REPOSITORY / "mkdocs.yml").read_text()
