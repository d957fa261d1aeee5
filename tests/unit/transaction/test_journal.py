"""How a plan is written down, and what is not taken for one."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from holdall.artifacts.ids import FileKind
from holdall.artifacts.paths import RelPath
from holdall.errors import InputError
from holdall.files.root import FileState
from holdall.transaction.actions import (
    Plan,
    Put,
    Remove,
    RemoveFolder,
    decode_plan,
    encode_plan,
    is_sealed,
)
from holdall.transaction.journal import new_transaction_id

pytestmark = pytest.mark.unit

KEY = b"a key"
FILE = FileState(FileKind.FILE, True, hashlib.sha256(b"file").hexdigest())
LINK = FileState(FileKind.LINK, False, hashlib.sha256(b"link").hexdigest())


def rel(text: str) -> RelPath:
    """Return a path."""
    return RelPath.parse(text)


def test_round_trip() -> None:
    """A plan comes back as it was, only without the sources, which are staged."""
    actions = (
        Put(rel("a/é"), FILE, 4, b"", LINK, True),
        Put(rel("b"), LINK, 4, b"", is_condition=True),
        Put(rel("l"), LINK, 4, b"", needs_all=True),
        Remove(rel("c"), FILE, True),
        RemoveFolder(rel("d")),
    )
    plan = Plan("deploy", {"list": [1, 2.5, None, True, {"ключ": "v"}]}, actions)
    data = encode_plan(plan, "id", KEY)
    assert decode_plan(data) == plan
    assert is_sealed(data, "id", KEY)
    with_source = Put(rel("b"), LINK, 4, Path("/somewhere"), is_condition=True)
    without = encode_plan(Plan("k", {}, actions[1:2]), "id", KEY)
    assert encode_plan(Plan("k", {}, (with_source,)), "id", KEY) == without


def test_the_seal() -> None:
    """It is good for one key, one transaction and one content."""
    data = encode_plan(Plan("deploy", {"n": 1}, ()), "id", KEY)
    assert is_sealed(data, "id", KEY)
    assert not is_sealed(data, "id", b"another key")
    assert not is_sealed(data, "another id", KEY)
    assert not is_sealed(data.replace(b":1", b":2"), "id", KEY)
    assert not is_sealed(b"", "id", KEY)


def test_every_torn_plan_is_noticed() -> None:
    """A plan that was cut off anywhere, or had any byte changed, is none."""
    data = encode_plan(Plan("deploy", {"n": 1}, (RemoveFolder(rel("d")),)), "id", KEY)
    assert all(decode_plan(data[:end]) is None for end in range(len(data)))
    for place in range(len(data)):
        changed = bytearray(data)
        changed[place] ^= 4
        if place != len(b"holdall-plan "):  # that one says: a newer version
            is_whole = decode_plan(bytes(changed)) is not None
            assert not (is_whole and is_sealed(bytes(changed), "id", KEY))


def test_newer_plan_is_not_thrown_away() -> None:
    """A plan of a newer version may be half done: it is an error, not a torn plan."""
    with pytest.raises(InputError, match="newer Holdall"):
        decode_plan(b"holdall-plan 3 " + b"0" * 64 + b" " + b"0" * 64 + b"\n{}")


@pytest.mark.parametrize(
    "action",
    [
        ["put", "../a", False, None, "f-" + "0" * 64, 1, False],
        ["put", "/etc/passwd", False, None, "f-" + "0" * 64, 1, False],
        ["put", ".git/config", False, None, "f-" + "0" * 64, 1, False],
        ["put", "a", False, None, "f-" + "0" * 63, 1, False],
        ["put", "a", False, None, "z-" + "0" * 64, 1, False],
        ["put", "a", False, None, "", 1, False],
        ["put", "a", 1, None, "f-" + "0" * 64, 1, False],
        ["put", "a", False, None, "f-" + "0" * 64, 1, 0],
        ["remove", ".holdall/lock", False, "f-" + "0" * 64],
        ["remove", "a", False, None],
        ["chmod", "a"],
        ["rmdir"],
        ["rmdir", 3],
        [],
        3,
        None,
    ],
)
def test_forged_plans(action: object) -> None:
    """A plan with a right checksum but an action that Holdall never wrote is none."""
    body = json.dumps({"kind": "deploy", "payload": {}, "actions": [action]}).encode()
    checksum = hashlib.sha256(body).hexdigest().encode()
    assert decode_plan(b"holdall-plan 2 " + checksum + b" " + b"0" * 64 + b"\n" + body) is None


@pytest.mark.parametrize(
    "body",
    [b"", b"{}", b"[]", b"3", b"[" * 100_000, b'{"kind": "a"}', b'{"kind": "a", "payload": 3}'],
)
def test_forged_bodies(body: bytes) -> None:
    """A body that is no plan is none, however deep or short it is."""
    checksum = hashlib.sha256(body).hexdigest().encode()
    assert decode_plan(b"holdall-plan 2 " + checksum + b" " + b"0" * 64 + b"\n" + body) is None


def test_ids_sort_by_time() -> None:
    """A later transaction has a greater id, so that messages are delivered in order."""
    ids = [new_transaction_id() for _ in range(50)]
    assert len(set(ids)) == 50
    assert [i[:21] for i in ids] == sorted(i[:21] for i in ids)
