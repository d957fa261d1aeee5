"""Documents as large as is allowed, and larger: read or refused in bounded time."""

from __future__ import annotations

import contextlib
import time

import pytest

from holdall.errors import InputError
from holdall.formats.documents import MAX_TOML_BYTES, parse_toml
from holdall.formats.json_editor import JsonText

pytestmark = pytest.mark.integration


@pytest.mark.parametrize(
    "text",
    [
        '{"a":[' + "1," * 200_000 + "1]}",
        '{"a":\n[' + "1," * 200_000 + "1]}",
        "{" + " " * 8_000_000 + "}",
        "{" + "//\n" * 2_000_000 + "}",
        "{" + ",".join(f'"{n}":{{}}' for n in range(80_000)) + "}",
        "{" + "/*" * 4_000_000 + "}",
        "[" * 8_000_000,
        '{"a":["' + "x" * 8_000_000 + '"]}',
    ],
    ids=["numbers", "a line below", "blanks", "comments", "keys", "open", "brackets", "string"],
)
def test_large_documents_are_read_or_refused_in_time(text: str) -> None:
    """Time and memory grow with the text, whatever it holds: else these take hours."""
    started = time.process_time()
    with contextlib.suppress(InputError):
        JsonText(text, "x.json")
    assert time.process_time() - started < 60


def test_too_many_values_are_refused() -> None:
    """What needs minutes to parse is no settings file."""
    with pytest.raises(InputError, match="holds more than 250,000 values"):
        JsonText('{"a":[' + "[]," * 250_000 + "[]]}", "x.json")


def test_plain_toml_may_be_larger() -> None:
    """What takes a tenth of the time to read; not so what only begins like it, and never ends."""
    plain = '[[many]]\nname = "a"\n' * (MAX_TOML_BYTES // 16)
    assert len(parse_toml(plain, "f")["many"]) == MAX_TOML_BYTES // 16
    with pytest.raises(InputError, match="larger than 3 MiB"):
        parse_toml(plain + "!", "f")
    with pytest.raises(InputError, match="holds more than 524,288 values"):
        parse_toml("[[many]]\n" * ((1 << 19) + 1), "f")
    with pytest.raises(InputError, match="larger than 8 MiB"):
        parse_toml(plain * 5, "f")
