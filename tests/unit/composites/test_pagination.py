"""Cursors."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from holdall.errors import UsageError
from holdall_composites.values.pagination import decode_cursor, encode_cursor

pytestmark = pytest.mark.unit


@given(st.integers(), st.text(st.characters(exclude_characters="\0", codec="utf-8")))
def test_a_cursor_leads_back_to_its_key(number: int, text: str) -> None:
    """Whatever the key's values, and in letters that a URL can carry."""
    cursor = encode_cursor("things", (number, text))
    assert decode_cursor(cursor, "things", (int, str)) == (number, text)
    assert cursor.isalnum()


@pytest.mark.parametrize(
    "cursor",
    [
        "",
        "é",
        "!!!!",
        b"not json".hex(),
        encode_cursor("things", ("a",))[:-1],
        encode_cursor("others", ("a",)),
        encode_cursor("things", ()),
        encode_cursor("things", (1,)),
        encode_cursor("things", (True,)),
        encode_cursor("things", ("a", "b")),
        "W" * 10_000,
    ],
)
def test_what_is_no_cursor_is_refused(cursor: str) -> None:
    """Noise, another list's cursor, another key: a usage error with a hint."""
    with pytest.raises(UsageError, match="things") as caught:
        decode_cursor(cursor, "things", (str,))
    assert caught.value.hint
