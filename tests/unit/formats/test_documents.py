"""Reading YAML, TOML, JSON and frontmatter from strangers."""

import time
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings, strategies as st

from holdall.errors import InputError, StorageError
from holdall.formats.documents import (
    MAX_YAML_BYTES,
    canonical_json,
    parse_json,
    parse_toml,
    parse_yaml,
    read_bounded,
)
from runs import examples

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
        ("a: b: c\n", 1), ("a: 1\na: 2\n", 2), ("x: 1\na: &x 1\nb: *x\n", 2),
        ("x: 1\nb: *x\n", 2), ("&x a: 1\n", 1), ("!x a: 1\n", 1), ("a: !!str x\n", 1),
        ("a: !!python/object:os.system x\n", 1), ("? [a]\n: b\n", 1), ("a: {{x}}\n", 1),
        ("a: 'x\n", 2), ("a: =\n", 1), ("a\n---\nb\n", 2), ("\ta: 1\n", 1), ("a: [1\n", 2),
        ("a: \x00\n", 1), ("[" * 40 + "]" * 40, 1), ("- " * 25000, 1),
        ("a: " + "x" * MAX_YAML_BYTES, 1), ('a: "\\UFFFFFFFF"\n', 1), ("[" * 16_000, 1),
        ('a: "\\ud83d\\ude00"\n', 1), ('a: "\\udfff"\n', 1),
    ],
)  # fmt: skip
def test_yaml_refusals_name_the_line(text: str, line: int) -> None:
    """What is broken or dangerous is an InputError with file and line, and quickly so."""
    started = time.process_time()
    with pytest.raises(InputError, match=rf"^f\.md, line {line + 9}: "):
        parse_yaml(text, "f.md", first_line=10)
    assert time.process_time() - started < 5


@given(st.text(alphabet="ab:-[]{}'\"|>&*!? \n\t#%@`,=~", max_size=60))
def test_yaml_raises_nothing_but_input_error(text: str) -> None:
    """Any text is a value or an InputError."""
    try:
        parse_yaml(text, "f")
    except InputError as error:
        assert error.message.startswith("f, line ")


FRAGMENTS = [
    *"ab:-[]{}'\"|>&*!?\n#%@,=~é\\+1", " ", "\n  ", ": ", "- ", "a: ", "\n---", " #", '""', "\\n",
    "|\n  ", ">-\n  ", "[a, b]",
]  # fmt: skip


@settings(max_examples=examples(75))
@given(st.lists(st.sampled_from(FRAGMENTS), max_size=18).map("".join))
def test_libyaml_changes_no_answer(text: str) -> None:
    """With libyaml and without, a text is the same value or the same error."""
    with_libyaml = read_or_error(text)
    with pytest.MonkeyPatch.context() as patch:
        patch.delattr(yaml, "CSafeLoader", raising=False)
        assert read_or_error(text) == with_libyaml


def read_or_error(text: str) -> object:
    """Return what YAML is read as, or the error's sentence."""
    try:
        return parse_yaml(text, "f")
    except InputError as error:
        return error.message


def test_json_values_and_canonical_form() -> None:
    """JSON with a byte order mark is read; its canonical form has one spelling."""
    value = parse_json(b'\xef\xbb\xbf{"b": [1, "\xc3\xa9"], "a": null}', "f")
    assert canonical_json(value) == '{"a":null,"b":[1,"é"]}'.encode()


@pytest.mark.parametrize(
    "data",
    [
        b"{", b"[NaN]", b"[1e999999, Infinity]", b'["\\ud800"]', b"\xff", b"[" * 100_000,
        b"[" * 70 + b"]" * 70, b"9" * 5000, b"", b"[" + b"[]," * (1 << 20) + b"[]]",
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


@pytest.mark.parametrize(
    ("text", "key", "line"),
    [
        ('{"a": 1,\n"a": 2}', "a", 2),
        ('[{"x": {"b": "}\\""},\n"y": ["b", {"b": 1, "c": 2,\n"\\u0062": 1}]}]', "b", 3),
        ('{"a": {"b": 1}, "b": 1, "c": ["a", "a"],\n\n"c": 1}', "c", 3),
    ],
)
def test_json_refuses_a_key_twice(text: str, key: str, line: int) -> None:
    """Which of two values is meant cannot be told; the second one's line is."""
    with pytest.raises(InputError, match=f"^f, line {line}: the key '{key}' twice"):
        parse_json(text, "f")


@pytest.mark.slow
def test_limits_are_the_callers() -> None:
    """What is our own may be larger than what strangers bring."""
    text = "[" + "1," * (1 << 20) + "1]"
    with pytest.raises(InputError, match="holds more than 1,048,576 values"):
        parse_json(text, "f")
    assert len(parse_json(text, "f", limit=64 << 20)) == (1 << 20) + 1
    with pytest.raises(InputError, match="larger than 1 MiB"):
        parse_toml(" #" * (1 << 20), "f", limit=1 << 20)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("x = 1\n" + "a." * 32 + "b = 1", 2),
        ("x = '''\n'''\n[" + "a . " * 40 + "b]", 3),
        ("a = {" + "b." * 40 + "c = 1}", 1),
        ("a = 0x" + "f" * 400, 1),
        ("a = 1\na = 2", 2),
    ],
)
def test_toml_refusals_name_the_line(text: str, line: int) -> None:
    """Keys that tomllib is slow at, numbers that Python does not print, double keys."""
    with pytest.raises(InputError, match=f"^f, line {line}: "):
        parse_toml(text, "f")


def test_toml_values_may_hold_what_keys_may_not() -> None:
    """Dots and digits in strings and comments are nobody's business."""
    dots, digits = "a." * 40 + "b", "0x" + "f" * 400
    text = f"a = \"{dots} {digits}\" # {dots}\nb = '{dots}'\nc = '''\n{dots}'''\n"
    assert parse_toml(text, "f") == {"a": f"{dots} {digits}", "b": dots, "c": dots}


def test_toml() -> None:
    """TOML is read; errors name the line; slow keys and deep nesting are refused quickly."""
    assert parse_toml(b"a = 1\n[b]\nc = 'x'\n", "f") == {"a": 1, "b": {"c": "x"}}
    with pytest.raises(InputError, match="f, line 2: "):
        parse_toml(b"a = 1\nb = \n", "f")
    deep = b"a = " + b"[" * 70 + b"]" * 70
    for data in (b"a." * 20_000 + b"b = 1", b"a = " + b"[" * 100_000, b"\xff", deep):
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
