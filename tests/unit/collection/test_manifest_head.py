"""The first table of a manifest, read without the rest."""

from __future__ import annotations

import pytest

from holdall.collection.manifest.head import parse_head
from holdall.collection.manifest.reader import parse

UUID, BASE = "0123456789ab4def8123456789abcdef", "5d" * 32
TABLE = f'[collection]\nname = "kit"\nuuid = "{UUID}"\nrelease = 42\nbase = "{BASE}"\n'
ENTRY = '\n[[artifacts]]\nname = "a"\ntype = "skill"\npath = "skills/a"\n'


@pytest.mark.parametrize(
    "text",
    [
        TABLE,
        TABLE + ENTRY,
        f'# of the team\ntitle = "x"\n\n{TABLE}\n# more\n{ENTRY}',
        (TABLE + ENTRY).replace("\n", "\r\n"),
        f"{TABLE}note = ['one', 'two']\n\n[other]\nrelease = 7\n{ENTRY}",
        f'[collection]\nnote = """\n[x]\nrelease = 1\n"""\n{TABLE.partition("]")[2]}{ENTRY}',
    ],
)
def test_the_head_is_what_the_whole_manifest_says(text: str) -> None:
    """However the file is laid out, as long as the table is before the entries."""
    head, whole = parse_head(text), parse(text, "manifest.toml")
    assert head is not None
    assert head[:3] == (whole.uuid, whole.release, whole.base) == (UUID, 42, BASE)


@pytest.mark.parametrize(
    "text",
    [
        "",
        ENTRY + TABLE,
        TABLE.replace("release = 42\n", ""),
        f'[collection]\nnote = """\n[[x]]\n"""\n{TABLE.partition("]")[2]}{ENTRY}',
        TABLE.replace(
            f'base = "{BASE}"', f"<<<<<<< ours\nbase = '{BASE}'\n=======\n>>>>>>> theirs"
        ),
        "collection = 3\n",
    ],
)
def test_what_cannot_be_told_from_the_beginning_is_read_whole(text: str) -> None:
    """Nothing is guessed."""
    assert parse_head(text) is None
