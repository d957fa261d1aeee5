"""Large inputs that are refused: each within the same second and memory as the small ones."""

from __future__ import annotations

import bz2
import gzip
import lzma
import struct
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from fuzz.limits import bounded
from holdall.artifacts.limits import Caps
from holdall.formats.documents import MAX_PLAIN_TOML_BYTES, MAX_TOML_BYTES, parse_toml
from holdall.sources.fetch.origin import open_origin

pytestmark = [pytest.mark.integration, pytest.mark.slow]

MEMBERS = 100_000
COMPRESS: dict[str, Callable[[bytes], bytes]] = {
    "": bytes,
    ".gz": gzip.compress,
    ".bz2": bz2.compress,
    ".xz": lambda data: lzma.compress(data, preset=0),
}


def header(name: str, size: int = 0) -> bytes:
    """Return a tar member's header."""
    info = tarfile.TarInfo(name)
    info.size = size
    return info.tobuf()


def too_many(_: str) -> bytes:
    """More members than are allowed."""
    return header("x") * (MEMBERS + 1)


def too_much_said(_: str) -> bytes:
    """A member that says it is larger than all that is allowed, and much else before it."""
    return header("x") * 1000 + header("y", 5 << 30)


def hostile_at_last(_: str) -> bytes:
    """Many good members before a bad one."""
    return b"".join(header(f"skills/s{n // 5}/{n}") for n in range(10_000)) + header("../x")


def twins_at_last(_: str) -> bytes:
    """Many good members before one that is another's twin."""
    return b"".join(header(f"skills/s{n // 5}/{n}") for n in range(10_000)) + header("skills/S0")


@pytest.mark.parametrize("suffix", COMPRESS)
@pytest.mark.parametrize("make", [too_many, too_much_said, hostile_at_last, twins_at_last])
def test_tars(tmp_path: Path, make: Callable[[str], bytes], suffix: str) -> None:
    """What is wrong may come last."""
    data = make(suffix) + bytes(1024)
    (path := tmp_path / f"p.tar{suffix}").write_bytes(COMPRESS[suffix](data))
    refused(path, max_source_files=MEMBERS)


@pytest.mark.parametrize("suffix", list(COMPRESS)[1:])
@pytest.mark.parametrize("size", [1 << 20, 1 << 30])
def test_bombs(tmp_path: Path, suffix: str, size: int) -> None:
    """One gigabyte that takes a megabyte or less, in one member or in a thousand."""
    part = COMPRESS[suffix](header("x", size) + bytes(min(size, 64 << 20)))
    rest = COMPRESS[suffix](header("y", size) + bytes(size)) if size == 1 << 20 else part
    many = 1 << (30 - min(size, 64 << 20).bit_length() + 1)
    (path := tmp_path / f"p.tar{suffix}").write_bytes(part + rest * many)
    refused(path)


def test_zips(tmp_path: Path) -> None:
    """More members than are allowed, of which the end of the file does not tell."""
    with zipfile.ZipFile(path := tmp_path / "p.zip", "w") as archive:
        archive.writestr("x", b"")
    data = path.read_bytes()
    at = data.index(b"PK\1\2")
    directory = data[at : data.index(b"PK\5\6")] * (MEMBERS + 1)
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 1, 1, len(directory), at, 0)
    path.write_bytes(data[:at] + directory + end)
    refused(path, max_source_files=MEMBERS)


def refused(path: Path, **caps: int) -> None:
    """Check that an archive is refused within the limits."""
    with bounded("large archive"), open_origin(str(path), Caps(**caps)):
        raise AssertionError("it was taken")


def lines(text: str, limit: int) -> Iterator[str]:
    """Yield a line, numbered, as often as it is allowed."""
    values = limit // 16 // sum(map(text.count, "\n,[{=.\\"))
    return (text.replace("N", str(number)) for number in range(min(values, limit // len(text))))


@pytest.mark.parametrize(
    "line",
    [
        *("kN = 1\n", "[aN]\n", "[[aN]]\n", "dN = 2020-01-01T00:00:00Z\n", "fN = 1.5e10\n"),
        *("a.b.c.d.e.f.gN = 1\n", "[a.b.c.d.eN]\n", "iN = {a=1,b={c=2}}\n", "\t# comment\n"),
        "aN = [1,2,3,4,5,6,7,8,9]\n", 'sN = "\\u0041\\u0042\\n"\n', 'mN = """\\\n  x"""\n',
        "lN = '''" + "x" * 50 + "'''\n", "kN =" + " " * 50 + "1\n",
    ],
)  # fmt: skip
def test_toml_that_fails_at_its_end(line: str) -> None:
    """As much of one thing as is allowed, and then something that is not TOML."""
    with bounded("large TOML"):
        parse_toml("".join(lines(line, MAX_TOML_BYTES)) + "!", "f")
        raise AssertionError("it was taken")


@pytest.mark.parametrize("line", ["[[a]]\n", "[[a]]\n" + 'key = "value of a plain key"\n'])
def test_plain_toml_that_fails_at_its_end(line: str) -> None:
    """The same for what is plain up to there."""
    most = min(MAX_PLAIN_TOML_BYTES // len(line), MAX_PLAIN_TOML_BYTES // 16 // line.count("\n"))
    with bounded("large TOML"):
        parse_toml(line * (most - 1) + "!", "f")
        raise AssertionError("it was taken")
