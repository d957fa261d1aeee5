"""Names for what a source holds."""

import pytest
from hypothesis import given, strategies as st

from holdall.artifacts.ids import BUILTIN_TYPES, ArtifactId, ArtifactType
from holdall.artifacts.paths import refuse_collisions
from holdall.sources.naming import MAX_NAME_BYTES, Names, safe_name

pytestmark = pytest.mark.unit

TYPES = [t.value for t in ArtifactType]


@pytest.mark.parametrize(
    ("type_name", "name", "safe"),
    [
        ("skill", "canvas-design", "canvas-design"), ("skill", "C#", "C#"),
        ("skill", "a:b", "a-b"), ("command", "git:commit", "git:commit"),
        ("command", "a::b:", "a:b"), ("skill", "my\u00a0skill ", "my-skill"),
        ("mcp", "google calendar", "google-calendar"), ("mcp", "@scope/name", "scope-name"),
        ("skill", ".hidden", "hidden"), ("skill", "..", "unnamed"), ("skill", "", "unnamed"),
        ("skill", "con", "skill-con"), ("command", "git:nul", "git:command-nul"),
        ("skill", "a\u202eb", "a-b"), ("skill", "x.", "x"), ("skill", "e\u0301", "é"),
        ("agent", "../../etc/passwd", "etc-passwd"), ("agent", "a\nb\x00", "a-b"),
        ("skill", "-x", "x"),
    ],
)  # fmt: skip
def test_safe_name(type_name: str, name: str, safe: str) -> None:
    """What someone minds is replaced; everything else stays."""
    assert safe_name(type_name, name) == safe


def test_long_names_are_cut_and_stay_distinct() -> None:
    """Two long names that differ at the end are still two names."""
    one, two = (safe_name("skill", "x" * 300 + end) for end in "ab")
    assert one != two
    assert len(one.encode()) <= MAX_NAME_BYTES


@given(st.sampled_from(TYPES), st.text(max_size=40))
def test_any_name_becomes_an_id_that_has_a_place(type_name: str, name: str) -> None:
    """Whatever a source calls its things, they can lie in a collection, and naming is stable."""
    safe = safe_name(type_name, name)
    assert safe_name(type_name, safe) == safe
    ArtifactId.of(type_name, safe).path_in(BUILTIN_TYPES[type_name])


def test_first_comes_first_and_others_get_their_contexts() -> None:
    """A taken name gets the composite's name in front, then a folder's, then a hash behind."""
    names = Names()
    contexts = ["pr-kit", "tools"]
    hashes = ["a" * 64, "b" * 64, "c" * 64, "d" * 64]
    given_out = [names.claim("agent", "reviewer", contexts, h) for h in hashes]
    assert [n.id.name for n in given_out] == [
        "reviewer", "pr-kit-reviewer", "tools-reviewer", "reviewer-dddddddd"
    ]  # fmt: skip
    assert [n.taken for n in given_out] == [False, True, True, True]


def test_same_hash_and_no_context_still_ends() -> None:
    """Even when everything is used up there is a next name."""
    names = Names()
    found = {names.claim("skill", "x", [], "a" * 64).id for _ in range(12)}
    assert len(found) == 12


def test_twins_count_as_taken() -> None:
    """Names that differ in case alone are not given out both."""
    names = Names()
    first, second = (
        names.claim("skill", n, [], h * 64).id for n, h in [("Foo", "a"), ("foo", "b")]
    )
    assert (first.name, second.name) == ("Foo", "foo-bbbbbbbb")


def test_types_do_not_disturb_each_other() -> None:
    """A skill and an agent may have one name."""
    names = Names()
    assert names.claim("skill", "x", [], "a" * 64).id.name == "x"
    assert names.claim("agent", "x", [], "b" * 64).id.name == "x"


def test_command_folders_keep_their_first_spelling() -> None:
    """`Git:b` after `git:a` lies in the same folder, on every file system."""
    names = Names()
    names.claim("command", "git:a", [], "a" * 64)
    assert names.claim("command", "Git:b", [], "b" * 64).id.name == "git:b"


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["command", "skill", "composite"]),
            st.text(alphabet="aAé.:md e", max_size=8),
            st.lists(st.sampled_from(["P", "p", "q r"]), max_size=2),
        ),
        max_size=12,
    )
)
def test_names_never_collide(wanted: list[tuple[str, str, list[str]]]) -> None:
    """All names given out are distinct files on every file system."""
    names = Names()
    ids = [
        names.claim(type_name, name, contexts, f"{number:064x}").id
        for number, (type_name, name, contexts) in enumerate(wanted)
    ]
    assert len(set(ids)) == len(ids)
    refuse_collisions(i.path_in(BUILTIN_TYPES[i.type]) for i in ids)
