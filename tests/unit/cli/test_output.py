"""What is printed cannot move the cursor, hide text, or look like a line of ours."""

from __future__ import annotations

import io
import json
import sys
import unicodedata

import pytest
from hypothesis import given, strategies as st

from holdall.cli.output import Output
from holdall.formats.escape import escape_text, one_line

pytestmark = pytest.mark.unit


def test_what_is_harmless_stays() -> None:
    """Letters of all scripts, emoji, tabs, and lists of ours."""
    for text in ("naïve — ❤️ 日本 שלום مرحبا", "a\tb", "these:\n  one\n  two"):
        assert escape_text(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[31m", "\\x1b[31m"), ("a\rb", "a\\rb"), ("\x9b2J", "\\x9b2J"), ("\x7f", "\\x7f"),
        ("\u202egpj", "\\u202egpj"), ("a\u200bb", "a\\u200bb"), ("\u2028", "\\u2028"),
        ("\U000e0041", "\\U000e0041"), ("\U000e0141", "\\U000e0141"), ("\udcff", "\\udcff"),
        ("\u3164", "\\u3164"), ("\ufff9", "\\ufff9"), ("a\nhint: x", "a\\nhint: x"), ("\n", "\\n"),
    ],
)  # fmt: skip
def test_what_is_not_is_escaped(text: str, shown: str) -> None:
    """Controls, directions, tags, blanks without width, forged lines."""
    assert escape_text(text) == one_line(text) == shown


ACTING = {"Cc", "Cf", "Cs", "Zl", "Zp"}
"""Unicode's categories of characters that do something."""


@pytest.mark.slow
def test_every_character_that_does_something_is_escaped() -> None:
    """All that this Python's Unicode knows, the tab excepted."""
    acting = {c for c in map(chr, range(sys.maxunicode + 1)) if unicodedata.category(c) in ACTING}
    assert {c for c in acting if one_line(c) == c} == {"\t"}


@given(st.text())
def test_any_text_can_be_printed(text: str) -> None:
    """On one line, without characters that do something."""
    line = one_line(text)
    assert not {unicodedata.category(c) for c in line.replace("\t", "")} & ACTING
    line.encode()


short = st.text(max_size=9)
values = st.recursive(
    short | st.none(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(short, inner, max_size=3),
    max_leaves=5,
)


@given(st.dictionaries(short, values, max_size=3))
def test_json_is_printed_as_ascii(value: dict[str, object]) -> None:
    """Programs read the value; a terminal sees nothing but printable characters."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "stdout", stream := io.StringIO())
        Output(json=True).data(value)
    assert all(" " <= c <= "~" or c == "\n" for c in stream.getvalue())
    assert json.loads(stream.getvalue()) == {"schema_version": 1, **value}


def test_any_encoding_will_do(monkeypatch: pytest.MonkeyPatch) -> None:
    """What standard output cannot say is escaped."""
    stream = io.TextIOWrapper(raw := io.BytesIO(), encoding="ascii")
    monkeypatch.setattr(sys, "stdout", stream)
    Output().table([("né", "x")])
    stream.flush()
    assert raw.getvalue() == b"n\\xe9  x\n"
