"""The types of what `--json` prints, and what is made from them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import get_type_hints

import pytest
from jsonschema import Draft202012Validator

from documents import commands
from holdall.cli.documents import FILES
from holdall.cli.documents.files import LockedTable, RequirementTable, SourceTable
from holdall.cli.documents.handbook import documents, render_page, render_schemas
from holdall.cli.help.handbook import render_commands
from holdall.config import Config
from holdall.deploy.locked.values import LockedArtifact, LockedSource, Requirement
from holdall.plugins.manager import load_plugins

pytestmark = pytest.mark.unit

DOCS = Path(__file__).parents[3] / "docs"


@pytest.mark.slow
def test_page_and_schemas_are_made_from_the_code() -> None:
    """`make docs` was run, and each schema is one."""
    assert (DOCS / "json.md").read_text() == render_page(commands()), "run `make docs`"
    made = render_schemas(commands())
    found = {path.name: path.read_text() for path in (DOCS / "schemas").iterdir()}
    assert found == made, "run `make docs`"
    commands_page = render_commands(load_plugins(Config()))
    assert (DOCS / "commands.md").read_text() == commands_page, "run `make docs`"
    for text in made.values():
        Draft202012Validator.check_schema(json.loads(text))


def test_each_document_says_what_it_is() -> None:
    """One sentence each, which the page and the schema show."""
    for name, document in documents(commands()).items():
        assert document.__doc__ and "dict(" not in document.__doc__, name


def test_the_keys_of_files_are_those_that_are_read() -> None:
    """A key of a project's files that is read is in the schema."""
    for table, row in (
        (RequirementTable, Requirement),
        (SourceTable, LockedSource),
        (LockedTable, LockedArtifact),
    ):
        assert set(get_type_hints(table)) == set(row._fields)
    assert [file.name for file in FILES] == ["manifest.toml", "holdall.toml", "holdall.lock"]
