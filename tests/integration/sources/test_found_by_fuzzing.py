"""What fuzzing found where git is asked."""

from __future__ import annotations

from pathlib import Path

import pytest

from holdall.errors import NotFoundError, StorageError
from holdall.sources.fetch.origin import open_origin
from holdall.sources.reader import read
from host_factories import collect, make_collection, make_source, write
from source_trees import PLUGIN

pytestmark = pytest.mark.integration


def test_names_that_are_too_long_to_ask_for(tmp_path: Path) -> None:
    """One link of such a text made an error of the whole source, a long word one of the command."""
    source = make_source(tmp_path / "source", "fine")
    (source / "skills/fine/link").symlink_to("x" * 300)
    write(source / PLUGIN, '{"name": "p", "skills": "./odd"}')
    (source / "odd").symlink_to("y/" + "y" * 300)
    reading = read(source)
    assert [found.path for found in reading.artifacts][:1] == ["skills/fine"]
    collect(make_collection(tmp_path / "kit"), source)
    with pytest.raises((NotFoundError, StorageError)), open_origin("x" * 300) as origin:
        read(origin.folder)
