"""Blocks in a text of the user's: put in, changed, taken out, and nothing else touched."""

import pytest
from hypothesis import given, strategies as st

from holdall.errors import InputError
from holdall.formats.marked_text import MarkedText
from holdall.formats.marks import MISSING, Marks

pytestmark = pytest.mark.unit

BLOCK = "<!-- holdall: begin a -->\nFirst.\n<!-- holdall: end a -->\n"
TEXTS = st.text(st.sampled_from("ab #\n"), max_size=20) | st.text("a\r\n", max_size=9)
VALUES = st.text(st.sampled_from("xy\n<!->"), max_size=12)


def test_a_block_at_the_end() -> None:
    """One blank line is put in front of a block; the file ends with it."""
    marks = Marks()
    document = MarkedText("# Mine\n", "AGENTS.md")
    document.put(("a",), "First.", marks)
    assert document.text == f"# Mine\n\n{BLOCK}"
    assert (document.get(("a",)), document.get(("b",))) == ("First.", MISSING)


def test_a_block_keeps_its_place() -> None:
    """A new text goes where the block is, also where the user wrote around it or moved it."""
    marks = Marks()
    document = MarkedText(f"one\n{BLOCK}two\n", "AGENTS.md")
    document.put(("a",), "Second.", marks)
    assert document.text == f"one\n{BLOCK.replace('First', 'Second')}two\n"
    document.remove(("a",), marks)
    assert document.text == "one\ntwo\n"


@pytest.mark.parametrize(
    "text",
    [
        "<!-- holdall: begin a -->\nx\n",
        "x\n<!-- holdall: end a -->\n",
        f"{BLOCK}{BLOCK}",
        "<!-- holdall: begin a -->\n<!-- holdall: begin b -->\n<!-- holdall: end a -->\n",
        "<!-- holdall: begin a -->\n<!-- holdall: end b -->\n",
    ],
)
def test_marks_that_do_not_fit(text: str) -> None:
    """A file whose marks are broken is not edited; the error names the line."""
    with pytest.raises(InputError, match=r"AGENTS.md, line \d"):
        MarkedText(text, "AGENTS.md")


def test_a_text_with_marks_in_it() -> None:
    """A rule cannot end its block, or begin another."""
    document = MarkedText("", "AGENTS.md")
    with pytest.raises(InputError, match="marks of blocks"):
        document.put(("a",), "x\n<!-- holdall: end a -->\nfree", Marks())
    assert document.text == ""


@given(TEXTS, st.lists(VALUES, min_size=1, max_size=3), st.permutations(range(3)))
def test_taken_out_without_a_trace(text: str, values: list[str], order: list[int]) -> None:
    """Whatever the text, and in whatever order the blocks go, it is as it was, byte for byte."""
    marks = Marks()
    document = MarkedText(text, "AGENTS.md")
    for number, value in enumerate(values):
        document.put((f"n{number}",), value, marks)
        assert document.get((f"n{number}",)) == value
    assert document.text.startswith(text)
    assert MarkedText(document.text, "AGENTS.md").text == document.text
    for number in order:
        document.remove((f"n{number}",), marks)
    assert (document.text, marks.blank) == (text, {})
