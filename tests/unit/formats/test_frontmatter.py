"""Reading the heads of Markdown files: strictly, and line by line where that fails."""

import pytest
from hypothesis import given, strategies as st

from holdall.errors import InputError
from holdall.formats.documents import MAX_YAML_BYTES, parse_yaml
from holdall.formats.frontmatter import read_frontmatter

pytestmark = pytest.mark.unit


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


@given(st.text(alphabet="ab:-[]{}'\"|>&*! \n\t\r", max_size=60))
def test_frontmatter_never_raises(text: str) -> None:
    """Any head gives values or a problem."""
    front = read_frontmatter("---\n" + text)
    assert isinstance(dict(front.values), dict)


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
