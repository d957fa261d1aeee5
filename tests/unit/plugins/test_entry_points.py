"""Which plugins are installed, found without `importlib.metadata`."""

from __future__ import annotations

import zipfile
from importlib.metadata import entry_points
from pathlib import Path

import pytest

from holdall.plugins.entry_points import EntryPoint, find_entry_points

pytestmark = pytest.mark.unit

METADATA = "Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n\nName: not this\n"


def add(folder: Path, info: str, points: str, name: str = "a", version: str = "1.0") -> None:
    """Put the metadata of a distribution there."""
    (folder / info).mkdir(parents=True)
    (folder / info / "entry_points.txt").write_text(points)
    kind = "METADATA" if info.endswith(".dist-info") else "PKG-INFO"
    (folder / info / kind).write_text(METADATA.format(name=name, version=version))


def test_what_is_installed_here_is_what_the_standard_library_says() -> None:
    """In this environment, for a group with several distributions."""
    for group in ("console_scripts", "holdall.plugins", "pytest11"):
        expected = {(p.name, p.value) for p in entry_points(group=group)}
        assert {(p.name, p.value) for p in find_entry_points(group)} == expected


def test_points_are_read_with_their_distribution(tmp_path: Path) -> None:
    """Blank lines, comments and other groups are passed over."""
    text = "[other]\nx = y\n\n[g]\n# a comment\n b = m.n:f.g [extra]\na=m\n;\n[last]\nz=z\n"
    add(tmp_path, "A_b-1.0.dist-info", text, "A-b")
    assert find_entry_points("g", [str(tmp_path), str(tmp_path / "missing")]) == [
        EntryPoint("a", "m", "A-b", "1.0"),
        EntryPoint("b", "m.n:f.g [extra]", "A-b", "1.0"),
    ]


def test_of_two_distributions_of_one_name_the_first_counts(tmp_path: Path) -> None:
    """As it does for an import, however the name is written; eggs are found, too."""
    add(tmp_path / "1", "my_plugin.egg-info", "[g]\nnew = m\n", "my-plugin", "2.0")
    add(tmp_path / "2", "My.Plugin-1.0.dist-info", "[g]\nold = m\n", "My.Plugin")
    places = [str(tmp_path / name) for name in ("1", "2")]
    assert [(p.name, p.version) for p in find_entry_points("g", places)] == [("new", "2.0")]


def test_zip_files_are_looked_through(tmp_path: Path) -> None:
    """Where one is on the path, the standard library is asked."""
    archive = tmp_path / "app.zip"
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("z-1.0.dist-info/METADATA", METADATA.format(name="z", version="1.0"))
        file.writestr("z-1.0.dist-info/entry_points.txt", "[g]\nzipped = m\n")
    add(tmp_path / "1", "a-1.0.dist-info", "[g]\nplain = m\n")
    found = find_entry_points("g", [str(archive), str(tmp_path / "1")])
    assert [(p.name, p.distribution) for p in found] == [("plain", "a"), ("zipped", "z")]


def test_a_point_loads_a_module_or_what_is_in_it() -> None:
    """What cannot be loaded raises, for the fence to tell."""
    assert EntryPoint("x", "zipfile", None, None).load() is zipfile
    assert EntryPoint("x", "zipfile:ZipFile.open", None, None).load() is zipfile.ZipFile.open
    with pytest.raises(ImportError):
        EntryPoint("x", "no.such:thing", None, None).load()
