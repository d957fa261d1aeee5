"""Every parser: any bytes are a value or an error of ours, within a second and 256 MB."""

from __future__ import annotations

import contextlib
import hashlib
import io
import struct
import tarfile
import tempfile
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, strategies as st

from fuzz.hostile import documents, json_paths, paths, scraps, values
from fuzz.limits import bounded, many
from holdall.artifacts.ids import ArtifactId
from holdall.collection.manifest.manifest import Manifest, render
from holdall.collection.manifest.reader import parse as parse_manifest
from holdall.deploy.project.ledger import parse_ledger
from holdall.deploy.project.skillmeat_record import parse_record
from holdall.formats.documents import canonical_json, parse_json, parse_toml, parse_yaml
from holdall.formats.escape import escape_text
from holdall.formats.frontmatter import read_frontmatter
from holdall.formats.json_editor import JsonText
from holdall.formats.marks import Marks
from holdall.formats.toml_editor import TomlText
from holdall.sources.checks.inspection import check_text
from holdall.sources.fetch.address import parse as parse_address, show_address
from holdall.sources.fetch.origin import open_origin
from holdall.transaction.actions import decode_plan
from holdall_composites.values.pagination import decode_cursor

pytestmark = pytest.mark.integration


def text_of(data: bytes) -> str:
    """Return bytes as the readers of files do."""
    return data.decode("utf-8", "replace")


def rendered(data: bytes) -> None:
    """Read a manifest, and write it again."""
    manifest = parse_manifest(text_of(data), "f")
    assert parse_manifest(render(manifest), "f") == manifest
    assert isinstance(manifest, Manifest)


def edited(data: bytes) -> None:
    """Put an entry into settings, and take it out again."""
    text, marks = text_of(data), Marks()
    document = JsonText(text, "f")
    document.put(("servers", "x"), {"a": [1]}, marks)
    document.remove(("servers", "x"), marks)
    assert document.text == text


def edited_toml(data: bytes) -> None:
    """Put a table into settings, and take it out again."""
    text, marks = text_of(data), Marks()
    document = TomlText(text, "f")
    document.put(("servers", "x"), {"a": 1}, marks)
    document.remove(("servers", "x"), marks)


def journal(data: bytes) -> None:
    """Read a plan with a checksum that is right."""
    decode_plan(b"holdall-plan 1 " + hashlib.sha256(data).hexdigest().encode() + b"\n" + data)
    decode_plan(data)


PARSERS: dict[str, Callable[[bytes], Any]] = {
    "json": lambda data: canonical_json(parse_json(data, "f")),
    "toml": lambda data: parse_toml(data, "f"),
    "yaml": lambda data: parse_yaml(text_of(data), "f"),
    "frontmatter": lambda data: read_frontmatter("---\n" + text_of(data) + "\n---\n"),
    "settings-json": edited,
    "settings-toml": edited_toml,
    "manifest": rendered,
    "record": lambda data: parse_record(text_of(data), "f"),
    "ledger": lambda data: parse_ledger(text_of(data), "f"),
    "journal": journal,
    "cursor": lambda data: decode_cursor(text_of(data), "x", (str,)),
    "text-checks": lambda data: list(check_text("f", data)),
    "printing": lambda data: escape_text(data.decode("utf-8", "surrogateescape")).encode(),
}


@pytest.mark.parametrize("target", PARSERS)
def test_any_bytes_are_read_or_refused(target: str) -> None:
    """Nothing but a value or an error of ours comes out."""

    @many(40)
    @given(documents)
    def attempt(data: bytes) -> None:
        with bounded(target):
            PARSERS[target](data)

    attempt()


_KEYS = """
    name type path uuid content_hash origin members format deployed artifact_name artifact_type
    artifact_path from_collection deployed_at id target files merged wanted_by collection is_pinned
"""
TABLES = st.dictionaries(st.sampled_from(_KEYS.split()), values, max_size=12)
SHAPES: dict[str, Callable[[Any], bytes]] = {
    "manifest": lambda table: b'[collection]\nname = "x"\n' + toml({"artifacts": [table]}),
    "record": lambda table: toml({"deployed": [table]}),
    "ledger": lambda table: canonical_json(
        {"format": 1, "deployed": [table], "requests": table, "folders": [], "documents": table}
    ),
    "journal": lambda table: canonical_json(
        {"kind": "x", "payload": table, "actions": [list(table.values())]}
    ),
}


def toml(value: dict[str, Any]) -> bytes:
    """Return a table as TOML; nothing where TOML has no word for it."""
    import tomli_w

    with contextlib.suppress(TypeError):
        return tomli_w.dumps(value).encode("utf-8", "replace")
    return b""


@pytest.mark.parametrize("target", SHAPES)
def test_right_keys_with_wrong_values(target: str) -> None:
    """What looks like ours is looked at in every part."""

    @many(40)
    @given(TABLES)
    def attempt(table: dict[str, Any]) -> None:
        try:
            data = SHAPES[target](table)
        except ValueError:
            return
        with bounded(f"{target}-shape"):
            PARSERS[target](data)

    attempt()


@many(150, times=4)
@given(paths)
def test_addresses(text: str) -> None:
    """What people name as a source; no credentials are shown."""
    with bounded("address"):
        parse_address(text)
    with bounded("address"):
        parse_address(f"https://user:hunter2@host/{text}")
    assert "hunter2" not in show_address(f"https://user:hunter2@host/{text}".replace("://host", ""))


@many(150, times=4)
@given(paths)
def test_ids(text: str) -> None:
    """An id that is taken is a safe place of its own."""
    with bounded("id"):
        parsed = ArtifactId.parse(text if ":" in text else f"skill:{text}")
        assert ArtifactId.parse(str(parsed)) == parsed


def archive_of(kind: str, names: list[str], noise: tuple[int, bytes]) -> bytes:
    """Return an archive with members of these names, some bytes of it replaced."""
    whole = io.BytesIO()
    if kind == "zip":
        with warnings.catch_warnings(), zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as packed:
            warnings.simplefilter("ignore")  # of names that are there twice
            for number, name in enumerate(names):
                info = zipfile.ZipInfo(name.encode("utf-8", "replace").decode())
                info.external_attr = [0, 0o120777 << 16, 0o100755 << 16, 0o10644 << 16][number % 4]
                with contextlib.suppress(ValueError, struct.error):
                    packed.writestr(info, names[number - 1].encode("utf-8", "replace"))
    else:
        with tarfile.open(fileobj=whole, mode=f"w:{kind}") as tar:  # type: ignore[call-overload]
            for number, name in enumerate(names):
                member = tarfile.TarInfo(name)
                member.type = (tarfile.REGTYPE, tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.DIRTYPE)[
                    number % 4
                ]
                member.linkname = names[number - 1]
                member.size = 1 if number % 4 == 0 else 0
                with contextlib.suppress(ValueError, UnicodeError):
                    tar.addfile(member, io.BytesIO(b"x"))
    at, new = noise
    data = bytearray(whole.getvalue())
    data[at % (len(data) + 1) : at % (len(data) + 1) + len(new)] = new
    return bytes(data)


@pytest.mark.parametrize("kind", ["zip", "", "gz", "bz2", "xz"])
def test_archives(kind: str) -> None:
    """Whole ones with hostile names and links, and broken ones."""
    suffix = ".zip" if kind == "zip" else f".tar.{kind}".rstrip(".")

    @many(10, 4)
    @given(
        st.lists(json_paths, max_size=6),
        st.tuples(st.integers(0, 4000), st.binary(max_size=8)),
    )
    def attempt(names: list[str], noise: tuple[int, bytes]) -> None:
        with tempfile.TemporaryDirectory() as folder:
            (path := Path(folder, f"p{suffix}")).write_bytes(archive_of(kind, names, noise))
            with bounded(f"archive{suffix}"), open_origin(str(path)) as origin:
                for found in origin.folder.rglob("*"):
                    assert found.is_relative_to(origin.folder)

    attempt()


@many(60)
@given(scraps)
def test_frontmatter_gives_texts(text: str) -> None:
    """Whatever its head, a Markdown file has a name and a description, or it has not."""
    with bounded("frontmatter"):
        front = read_frontmatter(f"---\nname: a\n{text}")
        assert front.text("name") is None or front.text("name")
