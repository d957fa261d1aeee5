"""TOML edited as text: right, and byte for byte beside our entries, or refused as ours."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest
from hypothesis import given, strategies as st

from holdall.errors import InputError
from holdall.formats.marks import MISSING, Marks
from holdall.formats.toml_editor import TomlText

pytestmark = pytest.mark.unit

KEYS = ("mcp_servers", "ours")
VALUE = {"command": "x", "args": ["a b"], "env": {"K": "v"}}
PLAIN = {"command": "ours", "env": {"K": "v"}}

TEXTS = {
    "nothing": "",
    "a byte order mark": "\ufeff",
    "blank lines": "\n\n",
    "only a comment": "# mine",
    "no end of the last line": 'model = "x"',
    "a comment at the end": 'model = "x"\n# the end\n\n',
    "ends of lines of Windows": 'model = "x"\r\n\r\n[a]\r\nb = 1 # c\r\n',
    "no last end, of Windows": "a = 1\r\nb = 2",
    "a mark and a header": "\ufeff[a]\nb = 1\n",
    "the table is there": "[mcp_servers]\n\n[mcp_servers.theirs]\ncommand = 'y'\n",
    "keys with dots": "mcp_servers.theirs.command = 'y'\n",
    "one in a line": "[mcp_servers]\ntheirs = { command = 'y' }",
    "headers in texts": 'a = """\n[mcp_servers.ours]\n""""\nb = \'\'\'\n[mcp_servers.ours]\'\'\'\n',
    "lists like headers": "a = [\n  [1, 2],\n  [ 'mcp_servers' ]\n]\n\n[[b]]\nc = 1\n",
    "quoted keys": "[\"a.b\".'c]'] # [d]\n\"x=y\" = '='\n",
}


@pytest.mark.parametrize("name", TEXTS)
@pytest.mark.parametrize("order", [("ours", "more"), ("more", "ours")])
def test_what_is_put_in_comes_out_without_a_trace(name: str, order: tuple[str, str]) -> None:
    """Two entries, in any order; in between, the text before them is as it was."""
    text, marks = TEXTS[name], Marks()
    document = TomlText(text, "f")
    document.put(KEYS, VALUE, marks)
    document.put(("mcp_servers", "more"), {"url": "u"}, marks)
    assert document.text.startswith(text)
    assert ("\n" in document.text.replace("\r\n", "")) == ("\r\n" not in text)
    assert document.get(KEYS) == VALUE
    for key in order:
        document.remove(("mcp_servers", key), marks)
    assert document.text == text
    assert marks == Marks()


LINES = st.lists(
    st.sampled_from(
        ["", "", "# a comment", "[t{}]", "[t{}.x]", "[[u{}]]", "k{} = 1", "k{} = '''\n[no]\n'''",
         "k{} = [\n[1],\n[2]\n]", "k{} = {{ a = 1 }} # c", "'q{} [' = \"]\""]
    ),
    max_size=8,
)  # fmt: skip


@given(LINES, st.sampled_from(["\n", "\r\n"]), st.booleans(), st.permutations(["p", "q", "r"]))
def test_any_document_is_as_before(
    lines: list[str], newline: str, is_ended: bool, order: list[str]
) -> None:
    """Entries put in and taken out in any order leave no trace."""
    text = newline.join(line.format(number) for number, line in enumerate(lines))
    text = text.replace("\r\n", "\n").replace("\n", newline) + newline * is_ended
    document, marks = TomlText(text, "f"), Marks()
    for name in ("p", "q", "r"):
        document.put(("s", name), {"a": [1], "b": {"c": name}}, marks)
    for name in order:
        document.remove(("s", name), marks)
    assert document.text == text


@given(LINES, LINES, st.sets(st.integers(0, 40)), st.booleans())
def test_what_users_did_in_between_stays(
    before: list[str], after: list[str], blanks: set[int], is_ended: bool
) -> None:
    """Blank lines that are gone are not taken again, and no line of theirs is."""
    numbered = [line.format(number) for number, line in enumerate([*before, *after])]
    first, last = numbered[: len(before)], ["[after]", *numbered[len(before) :]]
    document, marks = TomlText("\n".join(first), "f"), Marks()
    document.put(KEYS, PLAIN, marks)
    lines = [line for n, line in enumerate(document.text.split("\n")) if line or n not in blanks]
    text = "\n".join([*lines, *last]) + "\n" * is_ended
    edited = TomlText(text, "f")
    edited.remove(KEYS, marks)
    own = ["[mcp_servers.ours]", 'command = "ours"', "[mcp_servers.ours.env]", 'K = "v"']
    rest = [line for line in text.split("\n") if line and line not in own]
    assert [line for line in edited.text.split("\n") if line] == rest
    assert edited.get(KEYS) is MISSING
    assert tomllib.loads(edited.text) == {
        k: v for k, v in tomllib.loads(text).items() if k != KEYS[0]
    }


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        ("[mcp_servers]\nours = { command = 'x' } # c\nb = 1\n", "[mcp_servers]\nb = 1\n"),
        ("[mcp_servers]\nours.command = 'x'\nours.args = []\n", "[mcp_servers]\n"),
        ("mcp_servers.ours.command = 'x'\na = 1\n", "a = 1\n"),
        ("[mcp_servers.ours]\na = 1\n[t]\n# c\n[mcp_servers.ours.env]\nb = 2\n", "[t]\n# c\n"),
        ("[mcp_servers . \"ours\"]\na = [\n [1]\n]\n\n[ 'mcp_servers'.ours.env ]\n", ""),
        ("[mcp_servers.ours]\n# theirs\na = 1\n", "# theirs\n"),
        ("\ufeff[mcp_servers.ours]\na = 1", "\ufeff"),
    ],
)
def test_an_entry_in_another_form_is_taken_out(text: str, rest: str) -> None:
    """As agents that write the file again leave it; comments and other tables stay."""
    document = TomlText(text, "f")
    document.remove(KEYS, Marks())
    assert document.text == rest


@pytest.mark.parametrize(
    "text",
    [
        "mcp_servers = { theirs = { command = 'y' } }\n",
        "mcp_servers = 1\n",
        "[[mcp_servers]]\nname = 'y'\n",
        "mcp_servers = []\n",
    ],
)
def test_what_cannot_be_edited_is_refused_as_ours(text: str) -> None:
    """With what to add by hand; neither the file nor what is remembered of it changes."""
    document, marks = TomlText(text, "f.toml"), Marks()
    with pytest.raises(InputError, match=r"Holdall cannot edit f\.toml: mcp_servers") as caught:
        document.put(KEYS, VALUE, marks)
    assert caught.value.hint is not None
    by_hand = caught.value.hint.removeprefix("add it by hand: ")
    assert tomllib.loads(by_hand) == {"ours": VALUE}
    assert (document.text, marks) == (text, Marks())


def test_an_entry_within_an_inline_table_is_left_to_the_user() -> None:
    """It is not invalid: the error says what to delete by hand."""
    text = "mcp_servers = { ours = { command = 'x' }, theirs = {} }\n"
    document = TomlText(text, "f")
    with pytest.raises(InputError, match=r"Holdall cannot edit f: mcp_servers\.ours"):
        document.remove(KEYS, Marks())
    assert document.text == text


@pytest.mark.parametrize("value", [{"a": None}, {"a": [{"b": None}]}])
def test_null_is_refused(value: Any) -> None:
    """TOML has none."""
    with pytest.raises(InputError, match="null"):
        TomlText("", "f").put(KEYS, value, Marks())
