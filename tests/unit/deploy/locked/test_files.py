"""`holdall.toml` and `holdall.lock` as text."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from holdall.artifacts.ids import ArtifactId
from holdall.deploy.locked.lock_file import parse_lock, render_lock
from holdall.deploy.locked.project_file import (
    parse_project_file,
    with_requirement,
    without_requirement,
)
from holdall.deploy.locked.values import Lock, LockedArtifact, LockedSource, Requirement, place_of
from holdall.errors import InputError

pytestmark = pytest.mark.unit

TOML, LOCK = "holdall.toml", "holdall.lock"
UUID = "a" * 12 + "4" + "a" * 3 + "8" + "a" * 15
OTHER = UUID[:-1] + "b"
PDF = ArtifactId("skill", "pdf")


def test_a_project_file_is_written_and_read() -> None:
    """What is required reads as it was written, one line for each."""
    one = Requirement("github:o/r", "v2", (PDF,), targets=("claude",))
    text = with_requirement(None, one, TOML)
    assert text.splitlines() == [
        "require = [",
        '    { source = "github:o/r", revision = "v2", select = ["skill:pdf"],'
        ' targets = ["claude"] },',
        "]",
        "",
        "[project]",
        "format = 1",
    ]
    other = Requirement(id=ArtifactId("composite", "starter"))
    text = with_requirement(text, other, TOML)
    assert parse_project_file(text, TOML).requirements == (one, other)
    text = with_requirement(text, one._replace(revision="v3"), TOML)
    assert parse_project_file(text, TOML).requirements[0].revision == "v3"
    assert parse_project_file(without_requirement(text, "github:o/r", TOML), TOML) == (
        parse_project_file("", TOML)._replace(requirements=(other,))
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[project]\nformat = 2\n", "format is unknown"),
        ("[project]\ntargets = 1\n", "targets is not a list"),
        ("other = 1\n", "unknown key 'other'"),
        ("require = 1\n", "require is not an array"),
        ('require = [\n  { source = "a", selects = [] },\n]\n', "line 2: unknown key 'selects'"),
        ("[[require]]\nsource = 1\n", "line 1: source is not a text"),
        ("[[require]]\n[[require]]\n", "line 1: an entry of require has either a source or an id"),
        ('[[require]]\nsource = "a"\nid = "skill:a"\n', "either a source or an id"),
        ('[[require]]\nid = "skill:a"\nrevision = "x"\n', "revision and select are for a source"),
        ('[[require]]\nid = "a"\n', "line 1: id: 'a' is not an artifact id"),
        ('[[require]]\nsource = "a"\nselect = []\n', "select is empty"),
        ('[[require]]\nsource = "a"\nselect = [1]\n', "select is not a text"),
        ('[[require]]\nsource = "a"\npin = "abcdef"\n', "pin is for the id"),
        ('[[require]]\nsource = "a"\n[[require]]\nsource = "a"\n', "line 3: 'a' is required twice"),
        ('[[require]]\nsource = "a\\u0007"\n', "control characters"),
    ],
)
def test_what_a_project_file_may_not_say(text: str, said: str) -> None:
    """Refused, with the line and the key."""
    with pytest.raises(InputError) as error:
        parse_project_file(text, TOML)
    assert said in error.value.message
    assert error.value.hint


LOCKED = Lock(
    (
        LockedSource("https://h/a", "v2", "5" * 40),
        LockedSource("z.zip", None, None, "sha256:" + "1" * 64),
    ),
    (
        LockedArtifact(PDF, UUID, "https://h/a", "skills/pdf", "f" * 64, ("claude",), (PDF,)),
        LockedArtifact(ArtifactId("composite", "a"), OTHER, "https://h/a", ".", wanted_by=(PDF,)),
        LockedArtifact(ArtifactId("agent", "grüße"), None, None, None, "f" * 64, (), ()),
    ),
)


def test_a_lock_is_written_sorted_and_read() -> None:
    """One line for each entry; written again it is the same."""
    text = render_lock(LOCKED)
    assert parse_lock(text, LOCK) == LOCKED.sort()
    assert render_lock(parse_lock(text, LOCK)) == text
    assert text.count("\n") == 2 + 4 + 5
    spaced = text.replace("{ ", "{  ")
    assert parse_lock(spaced, LOCK) == LOCKED.sort()
    assert parse_lock(render_lock(Lock()), LOCK) == Lock()


def test_a_merged_lock() -> None:
    """The same line twice is one; two that differ are refused with both lines."""
    text = render_lock(LOCKED)
    row = next(
        line
        for line in text.splitlines(keepends=True)
        if "skill:pdf" in line and "uuid" in line and "fff" in line
    )
    assert parse_lock(text.replace(row, row * 2), LOCK) == LOCKED.sort()
    with pytest.raises(InputError, match=r"lines \d+ and \d+: skill:pdf stands there twice"):
        parse_lock(text.replace(row, row + row.replace("fff", "eee")), LOCK)
    with pytest.raises(InputError, match="line 1: a conflict of two branches"):
        parse_lock(f"<<<<<<< HEAD\n{text}", LOCK)


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("format = 1", "format = 2", "`format` is 2, not 1"),
        (UUID, "1" * 32, "uuid = "),
        ("skills/pdf", "../pdf", "leads out"),
        ("skills/pdf", "/pdf", "leads out"),
        ("f" * 64, "f" * 63, "content_hash = "),
        ('commit = "', 'kommit = "', "unknown key 'kommit'"),
        ('"skill:pdf", uuid', '"pdf", uuid', "line 8: id: 'pdf' is not"),
        ("sha256:", "md5:", "digest = "),
    ],
)
def test_what_a_lock_may_not_say(before: str, after: str, said: str) -> None:
    """Refused, with the line and the key, in the form that Holdall writes and in any other."""
    text = render_lock(LOCKED)
    assert before in text
    for form in (text, text.replace("{ ", "{  ")):
        with pytest.raises(InputError) as error:
            parse_lock(form.replace(before, after), LOCK)
        assert said in error.value.message


TEXTS = st.text(min_size=1, max_size=12).filter(lambda text: text.isprintable())


@given(TEXTS, st.one_of(st.none(), TEXTS), st.lists(TEXTS, max_size=3, unique=True))
def test_any_text_is_read_as_written(source: str, revision: str | None, targets: list[str]) -> None:
    """Whatever sources and targets are called."""
    lock = Lock(
        (LockedSource(source, revision),),
        (LockedArtifact(PDF, UUID, source, "x", "f" * 64, tuple(sorted(targets)), (PDF,)),),
    )
    assert parse_lock(render_lock(lock), LOCK) == lock


def test_places() -> None:
    """The same file of a repository is one place, however much of the path is the source's."""
    assert place_of("skill", "https://h/a#skills", "pdf") == place_of(
        "skill", "https://h/a", "skills/pdf"
    )
    assert place_of("skill", "https://h/a#skills/pdf", ".") == place_of(
        "skill", "https://h/a", "skills/pdf"
    )
