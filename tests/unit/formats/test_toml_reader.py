"""The quick reader of plain TOML: the same as `tomllib`, or nothing."""

from __future__ import annotations

import tomllib

import pytest
from hypothesis import given, settings, strategies as st

from holdall.collection.manifest.manifest import Manifest, render
from holdall.formats.toml_reader import read_plain
from holdall.formats.toml_writer import render_array
from runs import examples

pytestmark = pytest.mark.unit

PLAIN = """# a comment, ü
[collection]
name = "kit"
format = 1

[[artifacts]]
name = "a"
flag = true
other-key_1 = ""

[[artifacts]]
name = "b # no comment"
n = -12

[[composites]]
name = "c"
[[composites.members]]
id = "skill:a"
[[composites.members]]
id = "skill:b"
[[composites]]
name = "d"
description = "say \\"no\\", C:\\\\new\\n\\ttab"
brought = [
    "skill:a",
    "with \\"quotes\\"",
]
none = []
[composites.metadata]
version = "1"
[composites.metadata.author]
name = "z"
[[composites.members]]
id = "skill:c"
[other]
[other.one]
[[other.one.more]]
n = 0
".c" = "c"
"" = 1
"""

NOT_PLAIN = [
    'a = "x\\u0041"',
    'a = "x\\"',
    'a = "\\e"',
    'a = ["x"]',
    'a = [\n    "x"\n]',
    'a = [\n    "x",',
    "a = [\n    1,\n]",
    "a = []\n[[a]]",
    "a = []\n[a.b]",
    'a = [\n    "x",\n]\n[[a]]',
    'a = [\n    "x",\n]\n[a.b]',
    "[",
    "a = 1\n[",
    "[[a]",
    "[a]]",
    "[a]\nb = 1\n[a.b]",
    "[a]\n[a.b]\n[a.b]",
    "[a]\nb = 1\n[a.b.c]",
    "a = 'x'",
    "a = 1.5",
    "a = 01",
    "a = [1]",
    "a = {}",
    "a=1",
    " a = 1",
    "a = 1 ",
    "a = 1 # why",
    "a = 2020-01-01",
    'a = """x"""',
    "a.b = 1",
    '"a\\n" = 1',
    '"a" = 1\na = 2',
    "[a.b]",
    "[ a ]",
    "a = 1\r\n",
    "# \x01",
    "a = 1\na = 2",
    "[a]\n[a]",
    "[a]\n[[a]]",
    "[[a]]\n[a]",
    "a = 1\n[a]",
    "a = 1\n[[a]]",
    "[[a.b]]",
    "[[a]]\nb = 1\n[[a.b]]",
    "a",
    'a = "\x7f"',
    'a = "x" y',
]

LINES = st.sampled_from(
    [*"abc", "[a]", "[[a]]", "[[a.b]]", "[[b]]", "", "# c", "[b.c]", "a.b = 1", "[a.b]", "[a.b.c]"]
    + ["[[a.b.c]]", "a = [", '    "x",', "]", 'b = [\n    "y\\t",\n]', '"a" = 1', r'b = "\"\\n\x"']
    + [f"{key} = {value}" for key in ("a", "b") for value in ("1", '"x"', "true", "[]", "0x1")]
)


def test_what_holdall_writes_is_plain() -> None:
    """And reads the same as `tomllib` has it."""
    for text in (PLAIN, render(Manifest("kit")), render_array("deployed", {"a": "b", "c": False})):
        assert read_plain(text) == tomllib.loads(text)
        assert list(read_plain(text) or ()) == list(tomllib.loads(text))


@pytest.mark.parametrize("text", NOT_PLAIN)
def test_anything_else_is_left_alone(text: str) -> None:
    """Valid or not: `tomllib` reads it, or says what is wrong."""
    assert read_plain(text) is None


@settings(max_examples=examples(100))
@given(st.lists(LINES, max_size=12).map("\n".join) | st.text(max_size=30))
def test_it_never_reads_anything_as_tomllib_would_not(text: str) -> None:
    """Whatever it reads, `tomllib` reads to the same values of the same types."""
    found = read_plain(text)
    if found is not None:
        expected = tomllib.loads(text)
        assert repr(found) == repr(expected)
