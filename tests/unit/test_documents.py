"""Reading YAML, TOML, JSON and frontmatter from strangers."""

import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kitbag.documents import (
    MAX_YAML_BYTES,
    canonical_json,
    parse_json,
    parse_toml,
    parse_yaml,
    read_bounded,
    read_frontmatter,
)
from kitbag.errors import InputError, StorageError

pytestmark = pytest.mark.unit


def test_yaml_scalars_stay_text() -> None:
    """No value turns into a boolean, a number or a date; empty ones are None."""
    text = "a: no\nb: 1.0\nc: 2026-01-01\nd: ~\ne:\nf: [x, {y: z}]\ng: ''\n"
    assert parse_yaml(text, "f") == {
        "a": "no", "b": "1.0", "c": "2026-01-01", "d": None, "e": None,
        "f": ["x", {"y": "z"}], "g": "",
    }  # fmt: skip
    assert parse_yaml("", "f") is None


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a: b: c\n", 1), ("a: 1\na: 2\n", 2), ("x: 1\na: &x 1\nb: *x\n", 3), ("a: !!str x\n", 1),
        ("a: !!python/object:os.system x\n", 1), ("? [a]\n: b\n", 1), ("a: {{x}}\n", 1),
        ("a: 'x\n", 2), ("a: =\n", 1), ("a\n---\nb\n", 2), ("\ta: 1\n", 1), ("a: [1\n", 2),
        ("a: \x00\n", 1), ("[" * 40 + "]" * 40, 1), ("- " * 25000, 1),
        ("a: " + "x" * MAX_YAML_BYTES, 1),
    ],
)  # fmt: skip
def test_yaml_refusals_name_the_line(text: str, line: int) -> None:
    """What is broken or dangerous is an InputError with file and line, and quickly so."""
    started = time.monotonic()
    with pytest.raises(InputError, match=rf"^f\.md, line {line + 9}: "):
        parse_yaml(text, "f.md", first_line=10)
    assert time.monotonic() - started < 5


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet="ab:-[]{}'\"|>&*!? \n\t#%@`,=~", max_size=60))
def test_yaml_raises_nothing_but_input_error(text: str) -> None:
    """Any text is a value or an InputError."""
    try:
        parse_yaml(text, "f")
    except InputError as error:
        assert error.message.startswith("f, line ")


def test_json_values_and_canonical_form() -> None:
    """JSON with a byte order mark is read; its canonical form has one spelling."""
    value = parse_json(b'\xef\xbb\xbf{"b": [1, "\xc3\xa9"], "a": null}', "f")
    assert canonical_json(value) == '{"a":null,"b":[1,"é"]}'.encode()


@pytest.mark.parametrize(
    "data",
    [
        b"{", b"[NaN]", b"[1e999999, Infinity]", b'["\\ud800"]', b"\xff", b"[" * 100_000,
        b"[" * 70 + b"]" * 70, b"9" * 5000, b"",
    ],
)  # fmt: skip
def test_json_refusals(data: bytes) -> None:
    """What is no JSON, or more than we bear, is an InputError that names the file."""
    with pytest.raises(InputError, match=r"^f\.json"):
        parse_json(data, "f.json")


def test_json_error_names_the_line() -> None:
    """A syntax error is found again."""
    with pytest.raises(InputError, match="line 2"):
        parse_json(b'{\n"a": }', "f")


def test_toml() -> None:
    """TOML is read; errors name the line; slow keys and deep nesting are refused quickly."""
    assert parse_toml(b"a = 1\n[b]\nc = 'x'\n", "f") == {"a": 1, "b": {"c": "x"}}
    with pytest.raises(InputError, match="f, line 2: "):
        parse_toml(b"a = 1\nb = \n", "f")
    for data in (b"a." * 20_000 + b"b = 1", b"a = " + b"[" * 100_000, b"\xff"):
        with pytest.raises(InputError):
            parse_toml(data, "f")


def test_read_bounded(tmp_path: Path) -> None:
    """A file above the limit is an InputError, an absent one a StorageError."""
    (tmp_path / "f").write_bytes(b"12345")
    assert read_bounded(tmp_path / "f", 5) == b"12345"
    with pytest.raises(InputError, match="larger"):
        read_bounded(tmp_path / "f", 4)
    with pytest.raises(StorageError, match="cannot read"):
        read_bounded(tmp_path / "g", 4)


def test_frontmatter_is_read_strictly_first() -> None:
    """Valid YAML gives values and no problem, with any line ending."""
    for newline in ("\n", "\r\n", "\r"):
        lines = ["---", "name: a", "description: >", "  two", "  lines", "---", "body: no"]
        front = read_frontmatter(newline.join(lines))
        assert (front.text("name"), front.text("description")) == ("a", "two lines")
        assert front.problem is None


@pytest.mark.parametrize(
    ("head", "key", "value"),
    [
        ("description: Use when: asked", "description", "Use when: asked"),
        ("argument-hint: [a] [b]", "argument-hint", "[a] [b]"),
        ("description: 'x: y' z: w\n  more", "description", "'x: y' z: w more"),
        ('name: "a"\nx: [\n', "name", "a"),
        ("description: |\n  one\n  two\nx: {", "description", "one two"),
        ("model: x\nname:a\nname: b\ny: @", "name", "b"),
    ],
)
def test_frontmatter_is_read_line_by_line_if_need_be(head: str, key: str, value: str) -> None:
    """What is not YAML still gives its keys, with a problem that names the line."""
    front = read_frontmatter(f"---\n{head}\n---\nbody")
    assert front.text(key) == value
    assert front.problem is not None
    assert front.problem.kind == "invalid"
    assert front.problem.line >= 2


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("", "absent"), ("# title\n", "absent"), ("\n---\na: b\n---\n", "absent"),
        ("---\nname: a\n\nbody", "unterminated"), ("---\njust text\n---\n", "invalid"),
        ("---\n- a\n---\n", "invalid"), ("---", "unterminated"),
    ],
)  # fmt: skip
def test_frontmatter_problems(text: str, kind: str) -> None:
    """Each way of being broken has its name."""
    front = read_frontmatter(text)
    assert front.problem is not None
    assert front.problem.kind == kind


def test_unterminated_frontmatter_still_gives_its_keys() -> None:
    """Up to the first blank line it is read line by line."""
    assert read_frontmatter("---\nname: a\n\nb: c").values == {"name": "a"}


def test_frontmatter_texts() -> None:
    """Only texts that are not blank count as texts."""
    front = read_frontmatter("---\na: [x]\nb: '  '\nc:\n---\n")
    assert [front.text(key) for key in "abcd"] == [None] * 4
    assert read_frontmatter("---\n---\n").problem is None


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet="ab:-[]{}'\"|>&*! \n\t\r", max_size=60))
def test_frontmatter_never_raises(text: str) -> None:
    """Any head gives values or a problem."""
    front = read_frontmatter("---\n" + text)
    assert isinstance(dict(front.values), dict)


@settings(max_examples=300, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["name", "a-b", "x"]),
            st.text(alphabet="ab1 :#-,.\"'[]{}&*!|>%@`é\u200b\x85~=", max_size=12)
            | st.sampled_from(["null", "no", "Use this: now", "a #b", "a#b", "http://x"]),
        ),
        min_size=1,
        max_size=3,
    )
)
def test_simple_heads_are_read_as_yaml_reads_them(pairs: list[tuple[str, str]]) -> None:
    """The short cut for plain lines never disagrees with the parser."""
    head = "".join(f"{key}: {value}\n" for key, value in pairs)
    front = read_frontmatter(f"---\n{head}---\n")
    try:
        expected = parse_yaml(head, "f")
    except InputError:
        assert front.problem is not None
    else:
        assert front.values == expected


def test_a_head_above_the_limit_is_invalid() -> None:
    """Too large a frontmatter is read line by line."""
    front = read_frontmatter("---\nname: x\nd: '" + "y" * MAX_YAML_BYTES + "'\n---\n")
    assert front.problem is not None
    assert front.text("name") == "x"
