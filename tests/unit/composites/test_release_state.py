"""A collection's state: the same for everybody, made of the manifest and made into one again."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, strategies as st

from holdall.artifacts.ids import ArtifactId
from holdall.collection.manifest.manifest import Manifest, render
from holdall.collection.manifest.reader import parse
from holdall_composites.sync.releases.hashing import (
    chunk_hashes,
    chunk_texts,
    hash_of_chunks,
    hash_of_release,
    state_hash,
    width_of,
)
from holdall_composites.sync.releases.manifest import manifest_of, state_of
from holdall_composites.values.states import Entry, canonical, delta_between, with_delta

TEXT = """\
top = 1979-05-27

[collection]
name = "kit"
format = 1
uuid = "11111111111141118111111111111111"
team = { since = 2024-01-01, limit = inf }

[[artifacts]]
name = "pdf"
type = "skill"
uuid = "22222222222242228222222222222222"
path = "skills/pdf"
content_hash = "%(hash)s"
when = 1979-05-27T07:32:00Z
odd = { "$toml" = "not ours" }

[[composites]]
name = "starter"
uuid = "33333333333343338333333333333333"
source_members = ["skill:pdf", "skill:elsewhere"]
files = "skill:pdf"
[[composites.members]]
id = "skill:pdf"
uuid = "22222222222242228222222222222222"
[[composites.members]]
id = "skill:gone"
uuid = "44444444444444448444444444444444"
pin = "%(hash)s"

[others]
at = 07:32:00
""" % {"hash": "ab" * 32}  # noqa: UP031


@pytest.fixture
def manifest() -> Manifest:
    """Return a manifest with all that TOML can say."""
    return parse(TEXT, "manifest.toml")


def test_a_manifest_comes_back_out_of_its_state(manifest: Manifest) -> None:
    """Dates, others' keys and members of removed artifacts come back as they were."""
    state = state_of(manifest)
    assert manifest_of(state, manifest) == manifest
    # Of what is gone, only a manifest that named it knows the name.
    assert manifest_of(state, replace(manifest, artifacts=())) == manifest
    assert canonical(state) == canonical(state_of(parse(render(manifest), "again")))


def test_a_rename_changes_one_entry(manifest: Manifest) -> None:
    """Composites name members by UUID only, so that no other entry is touched."""
    new = ArtifactId.parse("skill:paper")
    old = manifest.artifacts[0]
    renamed = replace(manifest, artifacts=(replace(old, id=new),)).with_renamed({old.id: new})
    delta = delta_between(state_of(manifest), state_of(renamed))
    assert list(delta) == [old.uuid]
    assert manifest_of(with_delta(state_of(manifest), delta), manifest) == renamed


def test_a_change_that_does_not_fit_is_refused(manifest: Manifest) -> None:
    """A delta is applied to the very state that it was made of."""
    state = state_of(manifest)
    with pytest.raises(ValueError, match="does not fit"):
        with_delta(state, {"x": ({"type": "skill"}, None)})


_STATES = st.dictionaries(
    st.text("0123456789abcdef", min_size=6, max_size=6),
    st.builds(lambda name: {"type": "skill", "name": name}, st.text(max_size=3)),
    min_size=1,
    max_size=30,
)


@given(_STATES, st.integers(1, 4))
def test_a_hash_is_that_of_its_chunks(state: dict[str, Entry], copies: int) -> None:
    """One changed entry changes one chunk's hash and the state's, and asking for one chunk does."""
    big = {f"{uuid}{n:02x}": entry for uuid, entry in state.items() for n in range(copies * 4)}
    hashes = chunk_hashes(big)
    assert hash_of_chunks(hashes) == state_hash(big)
    uuid = min(big)
    changed = {**big, uuid: {"type": "skill", "name": "changed"}}
    prefix = uuid[: width_of(len(big))]
    assert list(chunk_texts(changed, [prefix])) == [prefix]
    others = {p for p, h in chunk_hashes(changed).items() if hashes[p] != h}
    assert others == {prefix}
    assert state_hash(changed) != state_hash(big)


def test_a_release_is_known_by_all_that_it_says() -> None:
    """Another parent, state or author makes another hash; the order of keys does not."""
    header = {"number": 1, "author": "anna"}
    digest = hash_of_release("p", "s", header)
    assert digest == hash_of_release("p", "s", dict(reversed(header.items())))
    assert len({digest, hash_of_release("q", "s", header), hash_of_release("p", "t", header)}) == 3
    assert digest != hash_of_release("p", "s", {**header, "author": "bob"})


def test_chunks_stay_small() -> None:
    """A chunk has about 64 entries, whatever the size of the state."""
    assert [width_of(n) for n in (0, 64, 65, 1024, 1025, 10_500, 16_384, 16_385)] == [
        0, 0, 1, 1, 2, 2, 2, 3,
    ]  # fmt: skip
