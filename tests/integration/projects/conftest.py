"""An upstream repository, and machines that work with it."""

from __future__ import annotations

from pathlib import Path

import pytest

from git_repositories import make_repository
from machines import Machine, Upstream


@pytest.fixture
def upstream(tmp_path: Path) -> Upstream:
    """The repository `acme/kit`."""
    return Upstream(tmp_path / "upstream")


@pytest.fixture
def ada(tmp_path: Path, upstream: Upstream, monkeypatch: pytest.MonkeyPatch) -> Machine:
    """A machine with an empty project in git."""
    machine = Machine(tmp_path / "ada", upstream.settings, monkeypatch)
    make_repository(machine.project)
    return machine


@pytest.fixture
def bob(tmp_path: Path, upstream: Upstream, monkeypatch: pytest.MonkeyPatch) -> Machine:
    """Another machine, without a project yet."""
    return Machine(tmp_path / "bob", upstream.settings, monkeypatch)
