"""Arrays of tables edited as text, in either form."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, strategies as st

from holdall.errors import InputError
from holdall.formats.documents import parse_toml
from holdall.formats.toml_entries import entries_in, with_entry, with_values, without_entry

pytestmark = pytest.mark.unit

LINES = """\
# mine
require = [
    { source = "a" },  # the first
    # about b
    { source = "b", select = ["skill:x,y", "z"] } , # the second
]

[project]
format = 1
"""
BLOCKS = """\
[project]
format = 1

# about a
[[require]]
source = "a"  # the first
[[require]]
source = "b" # the second
select = [
    "skill:x",
]
"""
WHERE = "holdall.toml"


@pytest.mark.parametrize(("text", "lines"), [(LINES, [3, 5]), (BLOCKS, [5, 7]), ("x = 1\n", [])])
def test_entries_have_lines(text: str, lines: list[int]) -> None:
    """Each entry is found where it stands."""
    assert [entry.line for entry in entries_in(text, "require", WHERE)] == lines


@pytest.mark.parametrize(
    ("text", "new"),
    [
        ("", 'require = [\n    { source = "c" },\n]\n'),
        ("[p]\n", 'require = [\n    { source = "c" },\n]\n\n[p]\n'),
        ("# x\n\n# p\n[p]\n", '# x\n\nrequire = [\n    { source = "c" },\n]\n\n# p\n[p]\n'),
        ("require = []\n", 'require = [\n    { source = "c" },\n]\n'),
        (
            'require = [{ source = "a" } # x\n] # ]\n',
            'require = [{ source = "a" }, # x\n    { source = "c" },\n] # ]\n',
        ),
        (LINES, LINES.replace("second\n", 'second\n    { source = "c" },\n')),
        (BLOCKS, BLOCKS + '\n[[require]]\nsource = "c"\n'),
        ("a = 1\r\n", 'a = 1\r\n\r\nrequire = [\r\n    { source = "c" },\r\n]\r\n'),
    ],
)
def test_one_more(text: str, new: str) -> None:
    """It is the last one, in the form that the others have; all else stays."""
    assert with_entry(text, "require", {"source": "c"}, WHERE) == new


def test_other_values() -> None:
    """Only the lines of keys that differ are written again."""
    values = {"source": "b", "select": ["z"], "revision": "v1"}
    inline = with_values(LINES, "require", 1, values, WHERE)
    assert '{ source = "b", select = ["z"], revision = "v1" } , # the second' in inline
    assert "# about b\n" in inline
    block = with_values(BLOCKS, "require", 1, values, WHERE)
    assert block.endswith('source = "b" # the second\nselect = ["z"]\nrevision = "v1"\n')
    assert with_values(BLOCKS, "require", 1, {"source": "b"}, WHERE).endswith("second\n")


def test_one_less() -> None:
    """Its line goes with the comment after it; a block with the comment above it."""
    assert without_entry(LINES, "require", 0, WHERE) == LINES.replace(
        '    { source = "a" },  # the first\n', ""
    )
    assert without_entry(BLOCKS, "require", 0, WHERE) == BLOCKS.replace(
        '# about a\n[[require]]\nsource = "a"  # the first\n', ""
    )
    assert without_entry("r = [{a = 1}, {b = 2}]\n", "r", 0, WHERE) == "r = [ {b = 2}]\n"


def test_what_cannot_be_edited_is_refused() -> None:
    """Nothing is guessed."""
    for text in ("require = 1\n", "[require]\na = 1\n"):
        with pytest.raises(InputError, match="require"):
            with_entry(text, "require", {"source": "c"}, WHERE)


VALUES = st.dictionaries(
    st.sampled_from(["source", "select", "a b"]),
    st.one_of(st.text(max_size=8).filter(lambda t: t.isprintable()), st.lists(st.just("x,]}"))),
    min_size=1,
)


@given(
    st.sampled_from(["", LINES, BLOCKS, "# only\n"]),
    st.lists(st.tuples(st.sampled_from("amd"), st.integers(0, 9), VALUES), max_size=6),
)
def test_any_edits_read_as_meant(text: str, steps: list[tuple[str, int, dict[str, Any]]]) -> None:
    """After any edits the array is what a list would be, and all else is as it was."""
    expected = list(parse_toml(text, WHERE).get("require", []))
    rest = {k: v for k, v in parse_toml(text, WHERE).items() if k != "require"}
    for kind, number, values in steps:
        index = number % len(expected) if expected else 0
        if kind == "a" or not expected:
            text = with_entry(text, "require", values, WHERE)
            expected.append(values)
        elif kind == "m":
            text = with_values(text, "require", index, values, WHERE)
            expected[index] = values
        else:
            text = without_entry(text, "require", index, WHERE)
            del expected[index]
        found = parse_toml(text, WHERE)
        assert found.pop("require", []) == expected
        assert found == rest
