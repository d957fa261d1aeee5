"""The lowest versions that are tested are those that the package asks for."""

from __future__ import annotations

import configparser
import tomllib
from itertools import chain
from pathlib import Path

import pytest

pytestmark = pytest.mark.house

ROOT = Path(__file__).parents[2]


def test_tox_has_what_the_package_asks_for() -> None:
    """Each dependency at the version after its `>=`."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = chain.from_iterable(project["optional-dependencies"].values())
    wanted = [*project["dependencies"], *extras]
    tox = configparser.ConfigParser(interpolation=None)
    tox.read(ROOT / "tox.ini")
    pinned = tox["testenv:lowest"]["deps"].split()
    assert sorted(split(text, "==") for text in pinned) == sorted(
        split(text, ">=") for text in wanted
    )


def split(text: str, sign: str) -> tuple[str, list[int]]:
    """Return a requirement's name, and its version's three numbers."""
    name, _, version = text.partition(sign)
    return name, [*map(int, version.split(".")), 0, 0][:3]
