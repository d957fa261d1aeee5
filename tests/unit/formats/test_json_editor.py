"""JSON edited as text: what is put in can be taken out again, byte for byte."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from hypothesis import assume, given, strategies as st

from holdall.errors import InputError
from holdall.formats.json_editor import JsonText
from holdall.formats.marks import MISSING, Marks

pytestmark = pytest.mark.unit

values = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=4),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=8,
)
objects = st.dictionaries(st.sampled_from(["a", "b", "servers", "hooks"]), values, max_size=3)
layouts = st.sampled_from([None, 1, 2, 4, "\t"])


def test_an_entry_is_added_in_the_files_own_style() -> None:
    """Indentation, line ends and comments stay."""
    text = '{\r\n\t// mine\r\n\t"servers": {\r\n\t\t"a": {"x": 1}, // why\r\n\t},\r\n}\r\n'
    document, marks = JsonText(text, "x.json"), Marks()
    document.put(("servers", "b"), {"y": [2]}, marks)
    assert document.text == text.replace(
        "// why",
        '// why\r\n\t\t"b": {\r\n\t\t\t"y": [\r\n\t\t\t\t2\r\n\t\t\t]\r\n\t\t},',
    )
    document.remove(("servers", "b"), marks)
    assert document.text == text


TEXTS = [
    "{}",
    "{ }\n",
    "{\n}\n",
    "{\n  // nothing\n}\n",
    '{"a": 1}',
    '{"servers": {}}',
    '{"a":[ ]}',
    '{"servers": { } , "a": 1}\n',
    '\ufeff{"a": 1}',
    '{\n  "a": 1,\n}\n',
    '{"servers":{"x":{}}}',
    "",
    "\ufeff",
    " \r\n\n",
    '{"a": 1, /* mine */ }',
    '{\n  "a": 1 // mine\n}',
    '// mine\n{\r\n  "a": 1, // mine\r\n}\r\n// and mine',
    '{\n  "a": 1, // mine\n  /* and\n  this */\n}',
    '{"a": 1, "servers": {"x": 1, // mine\n}}',
    '{\n  "servers": { // mine\n  },\n  "hooks": {"Stop": [ /* mine */ ]}\n}',
    '{\n  "servers": {"x": 1},\n  "hooks": {\n    "Stop": [1] /* mine */\n  } // mine\n}',
]


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("first_out", ["one", "two"])
def test_two_entries_go_in_any_order(text: str, first_out: str) -> None:
    """Whoever goes first, the last one leaves the text as it was."""
    document, marks = JsonText(text, "x.json"), Marks()
    before = document.get(())
    document.put(("servers", "one"), {"command": "x"}, marks)
    document.put(("servers", "two"), {"command": "y"}, marks)
    document.append(("hooks", "Stop"), {"one": 1}, marks)
    document.append(("hooks", "Stop"), {"two": 2}, marks)
    added = document.get(())
    assert added["servers"]["two"] == {"command": "y"}
    assert added["hooks"]["Stop"][-2:] == [{"one": 1}, {"two": 2}]
    for name in (first_out, {"one": "two", "two": "one"}[first_out]):
        document.remove(("servers", name), marks)
        document.remove_element(("hooks", "Stop"), {name: {"one": 1, "two": 2}[name]}, marks)
    assert document.text == text
    assert document.get(()) == before
    assert marks == Marks()


@given(objects, layouts, st.permutations(["p", "q", "r"]), values)
def test_any_document_is_as_before(
    held: dict[str, Any], indent: Any, order: list[str], value: Any
) -> None:
    """Entries put in and taken out in any order leave no trace; others are never touched."""
    text = json.dumps(held, indent=indent)
    document, marks = JsonText(text, "x.json"), Marks()
    if not isinstance(held.get("servers", {}), dict):
        with pytest.raises(InputError, match="servers is not an object"):
            document.put(("servers", "p"), value, marks)
        return
    assume(held.get("servers", {}).keys().isdisjoint(order))
    for name in ("p", "q", "r"):
        document.put(("servers", name), value, marks)
    expected = {**held, "servers": {**held.get("servers", {}), "p": value, "q": value, "r": value}}
    assert document.get(()) == expected == json.loads(document.text)
    marks = Marks.from_json(json.loads(json.dumps(marks.to_json())))
    for name in order:
        document.remove(("servers", name), marks)
    assert document.text == text


def test_people_may_edit_in_between() -> None:
    """Their entries stay, also in an object that was made for ours."""
    document, marks = JsonText("{}\n", "x.json"), Marks()
    document.put(("servers", "ours"), 1, marks)
    document.put(("servers", "theirs"), 2, Marks())
    document.remove(("servers", "ours"), marks)
    assert json.loads(document.text) == {"servers": {"theirs": 2}}
    assert document.get(("servers", "ours")) is MISSING


NOTES = ["// a note\n", "/* a note */", "\n  // a note\n  "]


@given(
    objects,
    layouts,
    st.lists(st.tuples(st.integers(0, 400), st.sampled_from(NOTES)), max_size=3),
    st.permutations(["p", "q", "r"]),
    st.booleans(),
)
def test_comments_of_users_stay(
    held: dict[str, Any],
    indent: Any,
    notes: list[tuple[int, str]],
    order: list[str],
    is_before: bool,
) -> None:
    """Before or after entries are put in, anywhere but in them; theirs are never touched."""
    servers = held["servers"] if isinstance(held.get("servers"), dict) else {}
    held["servers"] = {name: value for name, value in servers.items() if name not in order}
    text, marks = json.dumps(held, indent=indent), Marks()
    if is_before:
        text = with_notes(text, notes)
    document = JsonText(text, "x.json")
    for name in ("p", "q", "r"):
        document.put(("servers", name), {}, marks)
    if not is_before:
        document = JsonText(with_notes(document.text, notes), "x.json")
    count = document.text.count("a note")
    for name in order:
        document.remove(("servers", name), marks)
    assert document.get(()) == held
    assert document.text.count("a note") == count
    if is_before:
        assert document.text == text


def with_notes(text: str, notes: list[tuple[int, str]]) -> str:
    """Return JSON with notes between its tokens, but none in our entries."""
    tokens = re.finditer(r'"(?:[^"\\]|\\.)*"|[\[\]{},]', text)
    ends = [m.end() for m in tokens]
    places = [at for at in ends if text[at : at + 1] != ":" and text[at - 1 : at + 1] != "{}"]
    for at, note in sorted(((places[n % len(places)], note) for n, note in notes), reverse=True):
        text = text[:at] + note + text[at:]
    return text


def test_what_a_comment_is_about_stays_beside_it() -> None:
    """An entry is put behind the comment of the line above."""
    document, marks = JsonText('{\n  "a": 1 // about a\n}\n', "x.json"), Marks()
    document.put(("b",), 2, marks)
    assert document.text == '{\n  "a": 1, // about a\n  "b": 2\n}\n'


def test_a_document_of_ours_with_a_comment_is_not_empty() -> None:
    """It may be deleted only where nothing is in it."""
    document, marks = JsonText.new("x.json"), Marks({()})
    document.put(("a", "b"), 1, marks)
    document = JsonText("// mine\n" + document.text, "x.json")
    document.remove(("a", "b"), marks)
    assert document.text == "// mine\n{}\n"
    assert not document.is_empty


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('{"servers": null}', "servers is not an object"),
        ('{"servers": []}', "servers is not an object"),
        ('{"hooks": {"Stop": {}}}', "Stop is not a list"),
        ('{"hooks": "x"}', "hooks is not an object"),
    ],
)
def test_what_cannot_be_edited_is_refused_as_ours(text: str, problem: str) -> None:
    """With what to add by hand; nothing changes."""
    document = JsonText(text, "x.json")
    with pytest.raises(InputError, match=rf"Holdall cannot edit x\.json: .*{problem}") as caught:
        document.put(("servers", "a"), 1, Marks())
        document.append(("hooks", "Stop"), {"a": 1}, Marks())
    assert caught.value.hint is not None
    assert "add it by hand: " in caught.value.hint


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (" x", "line 1: not valid JSON"),
        ("[]", "not a JSON object"),
        ('{"a": 1', "a comma or } is missing"),
        ('{"a" 1}', "a colon is missing"),
        ("{a: 1}", "a key in quotes"),
        ('{"a": 1, "a": 2}', "twice"),
        ('{"a": 01}', "not valid JSON"),
        ('{"a": NaN}', "not valid JSON"),
        ('{"a": 1} x', "text after the end"),
        ('{"a":' * 200 + "1" + "}" * 200, "nested too deeply"),
        ('{\n"a": tru\n}', "line 2"),
        ('{"a": "\\x"}', "not valid JSON"),
    ],
)
def test_what_is_no_json_is_refused(text: str, told: str) -> None:
    """With the file and the line."""
    with pytest.raises(InputError, match=told):
        JsonText(text, "settings.json")
