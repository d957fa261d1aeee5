"""Archives as sources: taken whole when they are harmless, refused whole when they are not."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import random
import stat
import struct
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from holdall.artifacts.limits import Caps
from holdall.errors import ConflictError, HoldallError, HostilePathError, InputError, RefusedError
from holdall.sources.fetch import tarball, unpacking
from holdall.sources.fetch.origin import open_origin

pytestmark = pytest.mark.integration

SKILL = b"---\nname: a\ndescription: d\n---\n"
Member = tarfile.TarInfo


def member(
    name: str, kind: bytes = tarfile.REGTYPE, *, link: str = "", mode: int = 0o644
) -> Member:
    """Return a tar member without content."""
    info = tarfile.TarInfo(name)
    info.type, info.linkname, info.mode = kind, link, mode
    return info


def make_tar(path: Path, *members: tuple[Member, bytes] | Member, mode: str = "w") -> Path:
    """Write a tar archive."""
    with tarfile.open(path, mode) as archive:  # type: ignore[call-overload]
        for item in members:
            info, data = item if isinstance(item, tuple) else (item, b"")
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return path


def make_zip(path: Path, *members: tuple[str | zipfile.ZipInfo, bytes]) -> Path:
    """Write a zip archive."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members:
            archive.writestr(name, data)
    return path


def zip_member(name: str, mode: int) -> zipfile.ZipInfo:
    """Return a zip member with a Unix mode."""
    info = zipfile.ZipInfo(name)
    info.create_system, info.external_attr = 3, mode << 16
    return info


def contents(folder: Path) -> dict[str, tuple[str, str]]:
    """Return the mode and text, or the link, of each file below a folder."""
    found = {}
    for top, _, files in os.walk(folder):
        for path in (Path(top, name) for name in files):
            mode = stat.filemode(path.lstat().st_mode)
            text = os.readlink(path) if path.is_symlink() else path.read_text()
            found[str(path.relative_to(folder))] = ("l" if path.is_symlink() else mode, text)
    return found


def unpacked(path: Path, **caps: int) -> dict[str, tuple[str, str]]:
    """Return what an archive is read as."""
    with open_origin(str(path), Caps(**caps)) as origin:
        return contents(origin.folder)


def write_tar(path: Path) -> None:
    """Write a harmless tar archive, compressed as its name says."""
    kinds = {".gz": "gz", ".tgz": "gz", ".bz2": "bz2", ".xz": "xz"}
    make_tar(
        path,
        member("./", tarfile.DIRTYPE),
        member("./repo-1/", tarfile.DIRTYPE),
        (member("./repo-1/skills/a/SKILL.md", mode=0o4600), b"x"),
        (member("./repo-1/skills/a/run.sh", mode=0o700), b"run"),
        member("./repo-1/skills/a/l", tarfile.SYMTYPE, link="run.sh"),
        member("./repo-1/skills/a/hard", tarfile.LNKTYPE, link="./repo-1/skills/a/run.sh"),
        mode=f"w:{kinds.get(path.suffix, '')}",
    )


def write_zip(path: Path) -> None:
    """Write a harmless zip archive."""
    make_zip(
        path,
        (zip_member("repo-1/", 0o40777), b""),
        (zip_member("repo-1/skills/a/SKILL.md", 0o104600), b"x"),
        (zip_member("repo-1/skills/a/run.sh", 0o100700), b"run"),
        (zip_member("repo-1/skills/a/l", 0o120777), b"run.sh"),
        ("repo-1/skills/a/hard", b"run"),
    )


@pytest.mark.parametrize("suffix", [".zip", ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz"])
def test_every_kind(tmp_path: Path, suffix: str) -> None:
    """One wrapping folder is entered; modes are 0644 or 0755; links stay links."""
    path = tmp_path / f"pack{suffix}"
    (write_zip if suffix == ".zip" else write_tar)(path)
    with open_origin(str(path)) as origin:
        hard = "-rw-r--r--"
        assert contents(origin.folder) == {
            "skills/a/SKILL.md": ("-rw-r--r--", "x"),
            "skills/a/run.sh": ("-rwxr-xr-x", "run"),
            "skills/a/l": ("l", "run.sh"),
            "skills/a/hard": (hard, "run"),
        }
        assert origin.folder.name == "pack"
        assert origin.name == str(path)
        assert origin.revision is not None
        assert origin.revision.startswith("sha256:")
        assert len(origin.revision) == 7 + 64
    assert not origin.folder.exists()


@pytest.mark.parametrize(
    "names",
    [
        ["a/x", "b/y"],
        ["x"],
        ["skills/a/SKILL.md"],
        ["mine/SKILL.md"],
        [".claude-plugin/plugin.json"],
    ],
)
def test_a_top_folder_that_tells_something_is_kept(tmp_path: Path, names: list[str]) -> None:
    """A skill's own folder, or one that is named after what is in it, is no wrapping."""
    path = make_zip(tmp_path / "p.zip", *((name, b"") for name in names))
    assert sorted(unpacked(path)) == names


def test_names_of_no_kind_and_broken_archives(tmp_path: Path) -> None:
    """Told as broken, never a traceback; the file itself stays."""
    for name in ("a.zip", "a.tar", "a.tar.gz", "a.tar.xz", "a.tar.bz2"):
        path = tmp_path / name
        for data in (b"", b"nonsense" * 200, b"PK\x03\x04" + b"x" * 300, b"\x1f\x8b" + b"x" * 600):
            path.write_bytes(data)
            with pytest.raises(InputError, match=r"a\.\w+.*broken"):
                unpacked(path)


def test_any_damage_is_told(tmp_path: Path) -> None:
    """Bytes changed or cut off anywhere: an error of ours, or the archive is read."""
    chance = random.Random(4)
    for suffix in (".zip", ".tar", ".tgz", ".tar.xz", ".tar.bz2"):
        whole = tmp_path / f"whole{suffix}"
        (write_zip if suffix == ".zip" else write_tar)(whole)
        data = whole.read_bytes()
        for _ in range(20):
            damaged = bytearray(data)
            for _ in range(chance.randint(1, 8)):
                damaged[chance.randrange(min(len(damaged), 4096))] = chance.randrange(256)
            path = tmp_path / f"damaged{suffix}"
            path.write_bytes(damaged[: chance.choice([len(data), chance.randrange(len(data))])])
            try:
                unpacked(path)
            except HoldallError as error:
                assert "damaged" in error.message


HOSTILE_NAMES = {
    "absolute": "/etc/x",
    "up": "../x",
    "inner up": "a/../../x",
    "dot": "a/./x",
    "backslash": "..\\x",
    "drive": "c:\\x",
    "control": "a\x1bx",
    "reserved": "a/con",
    "blank": "a/x ",
    "long": "x" * 256,
}


@pytest.mark.parametrize("name", HOSTILE_NAMES.values(), ids=HOSTILE_NAMES)
@pytest.mark.parametrize("suffix", [".zip", ".tar"])
def test_hostile_paths(tmp_path: Path, name: str, suffix: str) -> None:
    """The archive is refused whole, and nothing lies anywhere."""
    path = tmp_path / "in" / f"p{suffix}"
    path.parent.mkdir()
    if suffix == ".zip":
        make_zip(path, ("ok", b""), (name, b"x"))
    else:
        make_tar(path, member("ok"), (member(name), b"x"))
    with pytest.raises(HostilePathError, match=str(path)):
        unpacked(path)
    assert os.listdir(tmp_path) == ["in"]


def test_a_hostile_path_of_a_folder_or_link(tmp_path: Path) -> None:
    """Members without content are looked at too."""
    for number, kind in enumerate((tarfile.DIRTYPE, tarfile.SYMTYPE, tarfile.LNKTYPE)):
        path = make_tar(tmp_path / f"{number}.tar", member("../x", kind, link="y"))
        with pytest.raises(HostilePathError):
            unpacked(path)


@pytest.mark.parametrize(
    "names", [("a/X", "a/x"), ("A/x", "a/y"), ("caf\u00e9", "cafe\u0301"), ("a/", "A/b")]
)
def test_collisions(tmp_path: Path, names: tuple[str, str]) -> None:
    """What would be one file where case or normalisation does not count."""
    path = make_zip(tmp_path / "p.zip", *((name, b"") for name in names))
    with pytest.raises(ConflictError, match=r"p\.zip"):
        unpacked(path)


@pytest.mark.filterwarnings("ignore:Duplicate name:UserWarning")
@pytest.mark.parametrize("names", [("a", "a"), ("a", "a/b"), ("a/b", "a")])
def test_a_path_twice(tmp_path: Path, names: tuple[str, str]) -> None:
    """The same file twice, or one that is a folder too: which is meant cannot be told."""
    path = make_zip(tmp_path / "p.zip", *((name, b"") for name in names))
    with pytest.raises(RefusedError, match="there twice"):
        unpacked(path)
    path = make_tar(tmp_path / "p.tar", *(member(name) for name in names))
    with pytest.raises(RefusedError, match="there twice"):
        unpacked(path)


@pytest.mark.parametrize("kind", [tarfile.FIFOTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE, b"Q"])
def test_special_files_in_tar(tmp_path: Path, kind: bytes) -> None:
    """Pipes, devices and kinds that nobody knows."""
    path = make_tar(tmp_path / "p.tar", member("x", kind))
    with pytest.raises(RefusedError, match="neither a file"):
        unpacked(path)


@pytest.mark.parametrize("mode", [stat.S_IFIFO, stat.S_IFCHR, stat.S_IFBLK, stat.S_IFSOCK])
def test_special_files_in_zip(tmp_path: Path, mode: int) -> None:
    """Pipes, devices and sockets."""
    path = make_zip(tmp_path / "p.zip", (zip_member("x", mode | 0o644), b""))
    with pytest.raises(RefusedError, match="neither a file"):
        unpacked(path)


@pytest.mark.parametrize("target", ["/etc/passwd", "../x", "later", "l", "d"])
def test_hard_links_to_elsewhere(tmp_path: Path, target: str) -> None:
    """One may only stand for an earlier file of the archive."""
    path = make_tar(
        tmp_path / "p.tar",
        member("d/x"),
        member("l", tarfile.SYMTYPE, link="/etc/passwd"),
        member("hard", tarfile.LNKTYPE, link=target),
        member("later"),
    )
    with pytest.raises(RefusedError, match="hard link"):
        unpacked(path)


@pytest.mark.parametrize("suffix", [".zip", ".tar"])
@pytest.mark.parametrize("turned", [False, True])
def test_nothing_is_written_through_a_link(tmp_path: Path, suffix: str, turned: bool) -> None:
    """A link to a folder outside, and a file below the link's name."""
    outside = tmp_path / "outside"
    outside.mkdir()
    path = tmp_path / f"p{suffix}"
    if suffix == ".zip":
        parts = [(zip_member("a", 0o120777), str(outside).encode()), (zip_member("a/x", 0), b"x")]
        make_zip(path, *(reversed(parts) if turned else parts))
    else:
        two = [member("a", tarfile.SYMTYPE, link=str(outside)), member("a/x")]
        make_tar(path, *(reversed(two) if turned else two))
    with pytest.raises(RefusedError, match="there twice"):
        unpacked(path)
    nested = make_tar(
        tmp_path / "n.tar",
        member("a", tarfile.SYMTYPE, link=str(outside)),
        member("a/b", tarfile.SYMTYPE, link="x"),
    )
    with pytest.raises(RefusedError, match="there twice"):
        unpacked(nested)
    assert not any(outside.iterdir())


def test_links_to_anywhere_are_left_to_the_reader(tmp_path: Path) -> None:
    """Kept as links; nobody follows one here."""
    path = make_tar(
        tmp_path / "p.tar", member("a/l", tarfile.SYMTYPE, link="/etc/passwd"), member("b")
    )
    assert unpacked(path)["a/l"] == ("l", "/etc/passwd")
    path = make_tar(tmp_path / "q.tar", member("l", tarfile.SYMTYPE, link=""))
    with pytest.raises(InputError, match="no usable target"):
        unpacked(path)


def test_encrypted_members(tmp_path: Path) -> None:
    """Refused, even if others are readable."""
    path = make_zip(tmp_path / "p.zip", ("a", b"x"), ("b", b"y"))
    data = bytearray(path.read_bytes())
    second = data.rindex(b"PK\x01\x02")
    data[second + 8] |= 1
    path.write_bytes(data)
    with pytest.raises(RefusedError, match="encrypted"):
        unpacked(path)


def test_a_name_with_a_nul(tmp_path: Path) -> None:
    """Readers that stop at it see another name than those that do not."""
    path = make_zip(tmp_path / "p.zip", ("axevil.md", b"x"))
    path.write_bytes(path.read_bytes().replace(b"axevil.md", b"a\0evil.md"))
    with pytest.raises(RefusedError, match="NUL"):
        unpacked(path)


def test_too_many_members(tmp_path: Path) -> None:
    """Folders count too."""
    three = [member(f"{n}", tarfile.DIRTYPE) for n in range(3)]
    assert unpacked(make_tar(tmp_path / "p.tar", *three)) == {}
    for path in (
        make_tar(tmp_path / "p.tar", *three, member("x")),
        make_zip(tmp_path / "p.zip", *((f"{n}/", b"") for n in range(4))),
    ):
        with pytest.raises(RefusedError, match="more than 3 files and folders"):
            unpacked(path, max_source_files=3)


def zip_of(size: int) -> Callable[[Path], Path]:
    """Return a maker of a zip of zeros."""
    return lambda folder: make_zip(folder / "p.zip", ("x", bytes(size)))


def tar_of(size: int, compress: Callable[[bytes], bytes], suffix: str) -> Callable[[Path], Path]:
    """Return a maker of a compressed tar of zeros."""

    def make(folder: Path) -> Path:
        plain = make_tar(folder / "plain", (member("x"), bytes(size)))
        path = folder / f"p.tar.{suffix}"
        path.write_bytes(compress(plain.read_bytes()))
        plain.unlink()
        return path

    return make


BOMBS = {
    "zip": zip_of(2 << 20),
    "gz": tar_of(2 << 20, gzip.compress, "gz"),
    "bz2": tar_of(2 << 20, bz2.compress, "bz2"),
    "xz": tar_of(2 << 20, lzma.compress, "xz"),
}


@pytest.mark.parametrize("make", BOMBS.values(), ids=BOMBS)
def test_bombs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, make: Callable[[Path], Path]
) -> None:
    """Out of proportion above a size that does not matter, or too much of anything."""
    path = make(tmp_path)
    assert unpacked(path)["x"][1] == "\0" * (2 << 20)
    monkeypatch.setattr(unpacking, "_RATIO_COUNTS_ABOVE", 1 << 20)
    with pytest.raises(RefusedError, match="grows more than 200 times"):
        unpacked(path)
    with pytest.raises(RefusedError, match="holds more than"):
        unpacked(path, max_source_bytes=1 << 20)


def test_a_member_that_lies_about_its_size(tmp_path: Path) -> None:
    """Bytes count as they are read, whatever the archive says of them."""
    path = make_zip(tmp_path / "p.zip", ("x", bytes(1 << 20)))
    real = (1 << 20).to_bytes(4, "little")
    path.write_bytes(path.read_bytes().replace(real, (10).to_bytes(4, "little")))
    with pytest.raises(HoldallError, match=r"p\.zip"):
        unpacked(path)
    copies = [member(f"h{n}", tarfile.LNKTYPE, link="x") for n in range(9)]
    path = make_tar(tmp_path / "p.tar", (member("x"), bytes(200_000)), *copies)
    with pytest.raises(RefusedError, match="holds more than"):
        unpacked(path, max_source_bytes=1 << 20)


def long_header(kind: bytes, size: int, declared: int | None = None) -> bytes:
    """Return a tar archive that is one header of that kind and size."""
    info = member("x", kind)
    info.size = size if declared is None else declared
    return info.tobuf(tarfile.GNU_FORMAT) + b"x/" * (size // 2) + bytes(-size % 512 + 1024)


def sparse_map() -> bytes:
    """Return a tar archive with a map of holes that never ends."""
    info = member("x")
    info.pax_headers = {"GNU.sparse.major": "1", "GNU.sparse.minor": "0", "GNU.sparse.name": "x"}
    info.size = 1 << 20
    return info.tobuf(tarfile.PAX_FORMAT) + b"500000\n" + b"0\n" * (1 << 19)


def sparse_headers() -> bytes:
    """Return a tar archive of the old kind with headers of holes that never end."""
    data = bytearray(member("x").tobuf(tarfile.GNU_FORMAT))
    data[156:157], data[482:483] = tarfile.GNUTYPE_SPARSE, b"\1"
    data[148:156] = b"%06o\0 " % (sum(data[:148]) + 256 + sum(data[156:]))
    return bytes(data) + (b"00000000000\0" * 42 + b"\1" + bytes(7)) * 1000


def huge_hole() -> bytes:
    """Return a tar archive with a file that is one hole of a terabyte."""
    info = member("x")
    info.pax_headers = {
        "GNU.sparse.major": "0", "GNU.sparse.minor": "1", "GNU.sparse.map": "0,0",
        "GNU.sparse.size": str(1 << 40),
    }  # fmt: skip
    return info.tobuf(tarfile.PAX_FORMAT) + bytes(1024)


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (long_header(tarfile.XHDTYPE, 1 << 20), "a header that is too long"),
        (long_header(tarfile.GNUTYPE_LONGNAME, 1 << 20), "a header that is too long"),
        (long_header(tarfile.GNUTYPE_LONGLINK, 1 << 20), "a header that is too long"),
        (long_header(tarfile.XGLTYPE, 0, 1 << 30), "a header that is too long"),
        (sparse_map(), "a sparse file"),
        (sparse_headers(), "a sparse file"),
        (huge_hole(), "a sparse file"),
    ],
)
def test_headers_that_would_fill_the_memory(tmp_path: Path, data: bytes, told: str) -> None:
    """What the standard library reads whole before it tells anybody is refused by its size."""
    (path := tmp_path / "p.tar").write_bytes(data)
    with pytest.raises(InputError, match=told):
        unpacked(path)


def test_a_window_that_would_fill_the_memory(tmp_path: Path) -> None:
    """A compressed stream may say that it needs gigabytes; ordinary ones, and several, are read."""
    options = [{"id": lzma.FILTER_LZMA2, "preset": 0, "dict_size": 1 << 30}]
    (path := tmp_path / "p.tar.xz").write_bytes(lzma.compress(bytes(1024), filters=options))
    with pytest.raises(InputError, match="limit"):
        unpacked(path)
    whole = make_tar(tmp_path / "w.tar", (member("a/SKILL.md"), SKILL)).read_bytes()
    streams = lzma.compress(whole[:700], preset=9) + bytes(8) + lzma.compress(whole[700:])
    path.write_bytes(streams)
    assert unpacked(path)["a/SKILL.md"][1] == SKILL.decode()
    path.write_bytes(streams[:100])
    with pytest.raises(InputError, match="ends too early"):
        unpacked(path)


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_odd_compression_is_refused(tmp_path: Path, method: int) -> None:
    """Nobody packs skills so; its decompressors take what memory the archive says."""
    with zipfile.ZipFile(path := tmp_path / "p.zip", "w", method) as archive:
        archive.writestr("a", b"x")
    with pytest.raises(RefusedError, match="compressed in a way"):
        unpacked(path)


@pytest.mark.parametrize("large", [False, True])
def test_a_directory_that_would_fill_the_memory(tmp_path: Path, large: bool) -> None:
    """What a zip archive says of its directory is believed when it is too much."""
    entries, size = (200_000, 1 << 20) if large else (2, 64 << 20)
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 2, 2, size, 0, 0)
    if large:
        record = struct.pack("<4sQ2H2L4Q", b"PK\6\6", 44, 45, 45, 0, 0, entries, entries, size, 0)
        end = record + struct.pack("<4sLQL", b"PK\6\7", 0, 0, 1) + end
    (path := tmp_path / "p.zip").write_bytes(end)
    with pytest.raises(RefusedError, match=r"more than 100,000 files|larger than 16 MiB"):
        unpacked(path, max_source_files=100_000)


def many_members(folder: Path) -> Path:
    """Return a tar archive with more members than are allowed."""
    return make_tar(folder / "p.tar", *(member(f"x{n}") for n in range(2000)))


def large_members(folder: Path) -> Path:
    """Return a zip archive that says it becomes too large."""
    return make_zip(folder / "p.zip", ("a", bytes(1 << 19)), ("b", bytes(1 + (1 << 19))))


def said_size(folder: Path) -> Path:
    """Return a compressed tar archive that says so."""
    info = member("b")
    info.size = 2 << 20
    return packed(folder, member("a").tobuf() + info.tobuf())


def hostile_last(folder: Path) -> Path:
    """Return a compressed tar archive whose last member is hostile."""
    return packed(folder, member("a").tobuf() + member("../b").tobuf() + bytes(1024))


def unlike_in_the_last(folder: Path) -> Path:
    """Return a zip archive whose last member would be the first one elsewhere."""
    return make_zip(folder / "p.zip", ("a", b"x"), ("A", b"x"))


def packed(folder: Path, data: bytes) -> Path:
    """Write a tar archive's bytes, compressed."""
    (path := folder / "p.tgz").write_bytes(gzip.compress(data))
    return path


@pytest.mark.parametrize(
    "make", [many_members, large_members, said_size, hostile_last, unlike_in_the_last]
)
def test_nothing_is_unpacked_before_all_was_looked_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, make: Callable[[Path], Path]
) -> None:
    """What is wrong with the last member is known before the first is written."""
    monkeypatch.setattr(unpacking.Unpacker, "file", None)
    with pytest.raises(HoldallError, match=r"p\.(tar|tgz|zip)"):
        unpacked(make(tmp_path), max_source_bytes=1 << 20, max_source_files=1000)


def test_too_many_members_are_counted_without_reading_their_headers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the standard library takes seconds for is left out."""
    monkeypatch.setattr(tarball, "_headers", None)
    with pytest.raises(RefusedError, match="more than 1,000 files"):
        unpacked(many_members(tmp_path), max_source_files=1000)


def test_what_only_long_headers_tell_is_counted_too(tmp_path: Path) -> None:
    """A size that a header of its own says, or in an odd form, and members behind it."""
    told = member("x")
    told.pax_headers = {"size": "1024"}
    odd = member("y")
    data = bytearray(odd.tobuf(tarfile.GNU_FORMAT))
    data[124:136] = b"\x80" + bytes(9) + b"\4\0"
    data[148:156] = b"%06o\0 " % (sum(data[:148]) + 256 + sum(data[156:]))
    for first in (told.tobuf(tarfile.PAX_FORMAT), bytes(data)):
        rest = b"".join(member(f"z{n}").tobuf() for n in range(3))
        path = packed(tmp_path, first + bytes(1024) + rest + bytes(1024))
        assert len(unpacked(path)) == 4
        with pytest.raises(RefusedError, match="more than 3 files"):
            unpacked(path, max_source_files=3)
        with pytest.raises(RefusedError, match="more than 1,000 bytes"):
            unpacked(path, max_source_bytes=1000)


@pytest.mark.parametrize("suffix", ["gz", "bz2", "xz"])
def test_a_bomb_is_put_out_where_it_begins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, suffix: str
) -> None:
    """Growth is measured beside what was read so far: what follows buys no room."""
    packers: dict[str, Any] = {"gz": gzip.compress, "bz2": bz2.compress, "xz": lzma.compress}
    plain = make_tar(tmp_path / "plain", (member("x"), bytes(4 << 20))).read_bytes()
    (path := tmp_path / f"p.tar.{suffix}").write_bytes(packers[suffix](plain) + os.urandom(3 << 20))
    monkeypatch.setattr(unpacking, "_RATIO_COUNTS_ABOVE", 1 << 20)
    monkeypatch.setattr(unpacking, "_MAX_RATIO", 2)
    with pytest.raises(RefusedError, match="grows more than 2 times"):
        unpacked(path)
