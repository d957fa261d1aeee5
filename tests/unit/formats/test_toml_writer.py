"""TOML documents cut into tables and put together again."""

from __future__ import annotations

import tomllib

import pytest
import tomli_w
from hypothesis import given, strategies as st

from holdall.formats.toml_writer import render_array, render_table, split_blocks

pytestmark = pytest.mark.unit

DOCUMENT = """\
# licence

[collection]
name = "kit"

# the first
# of two
[[artifacts]]  # header comment
name = "a"
[artifacts.metadata]
x = 1

[[ artifacts ]]
name = "b"
text = "[[artifacts]]"

# the kit
[[composites]]
name = "k"
[[composites.members]]
id = "skill:a"
"""


def test_the_blocks_joined_are_the_document() -> None:
    """Nothing gets lost or doubled, with any line ends."""
    for text in (DOCUMENT, DOCUMENT.replace("\n", "\r\n"), DOCUMENT.rstrip("\n"), "", "\n"):
        assert "".join(block.text for block in split_blocks(text)) == text


def test_a_block_is_a_table_with_the_comment_above_it() -> None:
    """Sub-tables belong to their table, comments to what they stand above."""
    blocks = [b for b in split_blocks(DOCUMENT) if b.name in ("artifacts", "composites")]
    assert [b.name for b in blocks] == ["artifacts", "artifacts", "composites"]
    assert blocks[0].text.startswith("# the first\n# of two\n[[artifacts]]")
    assert "x = 1" in blocks[0].text
    assert blocks[2].text.endswith('id = "skill:a"\n')


def test_a_block_knows_the_line_of_its_header() -> None:
    """The line counts from 1 and is the header's, not the comment's."""
    lines = DOCUMENT.splitlines()
    for block in split_blocks(DOCUMENT):
        if block.name in ("artifacts", "composites"):
            assert lines[block.line - 1].replace(" ", "").startswith(f"[[{block.name}]]")


def test_every_value_is_read_back() -> None:
    """Strings with quotes and line ends, numbers, lists, tables and arrays of tables."""
    values = {
        "text": 'a "quoted" \\ line\nand \u00e4 \u2028',
        "number": 1.5,
        "yes": True,
        "list": ["a", 1],
        "empty": [],
        "a b": "strange key",
        "table": {"inner": {"x": 1}, "y": []},
        "tables": [{"id": "1", "more": [{"z": 1}]}, {"id": "2"}],
    }
    assert tomllib.loads(render_array("entry", values)) == {"entry": [values]}
    assert tomllib.loads("[head]\n" + render_table("head", values)) == {"head": values}


@given(
    st.dictionaries(
        st.text("ab-_1 é", max_size=4),
        st.text(max_size=8) | st.booleans() | st.integers() | st.floats(allow_nan=False),
        max_size=4,
    )
)
def test_plain_tables_are_written_as_tomli_w_has_them(values: dict[str, object]) -> None:
    """The quick way and the long one do not differ by a character."""
    assert render_table("", values) == tomli_w.dumps(values)
