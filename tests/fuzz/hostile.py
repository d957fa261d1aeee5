"""Hostile names, paths and documents."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

OUTSIDE = "outside"
"""A folder beside the places where Holdall may write; `{up}` leads from any of those to it."""

NAUGHTY = [
    line.encode("latin-1", "backslashreplace").decode("unicode_escape")
    for line in (Path(__file__).with_name("naughty.txt")).read_text().split("\n")[2:-1]
]
_UP = ["../" * n + OUTSIDE for n in range(1, 9)]
_BEGIN = ["", "/", "./", "~/", "//", "\\", "C:/", "file:///", "..\\", "a/../", *_UP, *NAUGHTY]
_SEPARATORS = ["/", "/", "/", "//", "/./", "/../", "\\", "\u2215", "\uff0f", "%2f", ":", "\0", "\n"]
_END = ["", "/", "/.", "/..", ".md", ".json", "/SKILL.md", "\0.md", " ", ".", "/x" * 600, "x" * 300]

characters = st.one_of(
    st.characters(categories=["Cc", "Cf", "Zl", "Zp", "Zs"]),
    st.characters(categories=["Cs", "Co", "Cn", "Mn", "Me"]),
    st.sampled_from("./\\:~-_ aAéßİ\u0301"),
)
components = st.one_of(st.sampled_from(NAUGHTY), st.text(characters, max_size=8))


@st.composite
def _joined(draw: st.DrawFn) -> str:
    parts = draw(st.lists(components, max_size=4))
    text = draw(st.sampled_from(_BEGIN))
    for part in parts:
        text += part + draw(st.sampled_from(_SEPARATORS))
    return text + draw(st.sampled_from(_END))


paths = st.one_of(st.sampled_from(NAUGHTY + _UP), _joined(), st.text(max_size=20))
"""Traversal in all forms, Unicode of all classes, and names that hurt."""

json_paths = paths.map(lambda text: text.encode("utf-8", "replace").decode())
"""The same as far as a UTF-8 file can hold it."""

file_names = paths.map(
    lambda t: t.replace("/", "_").replace("\0", "").encode("utf-8", "surrogatepass")[:200]
).filter(lambda name: name not in (b"", b".", b".."))
"""The same as far as a folder can hold it, as bytes."""

values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | json_paths,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(json_paths, inner, max_size=4),
    max_leaves=15,
)

_SCRAPS = [
    *"{}[]()\"',:;=#&*!|>-?@%~`\\/ \n\r\t.01aé\0\x85\ufeff\u2028\ud800\U000e0041",
    "---\n", "name: ", "description: ", "- ", "  ", '"""', "'''", "[[", "]]", "a = ", "[a.b]\n",
    "//", "/*", "*/", "true", "null", "NaN", "1e999", "0x", "\\u0000", "\\ud800", "\\U000e0041",
    "&a ", "*a", "<<: ", "!!x ", "? ", "|\n", ">-\n", '{"a": ', "[" * 50, "{" * 50, "- " * 50,
    "a." * 50, "9" * 5000,
]  # fmt: skip
scraps = st.lists(st.sampled_from(_SCRAPS), max_size=30).map("".join)
documents = st.one_of(
    scraps.map(lambda text: text.encode("utf-8", "surrogatepass")),
    st.binary(max_size=200),
    values.map(lambda value: json.dumps(value).encode()),
    st.tuples(st.sampled_from(_SCRAPS), st.integers(0, 200_000)).map(
        lambda pair: (pair[0] * pair[1])[:400_000].encode("utf-8", "surrogatepass")
    ),
)
"""Bytes that are nearly a document, or very much of one thing."""
