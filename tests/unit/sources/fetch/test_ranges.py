"""Ranges of versions mean what npm's semver says, and stand for the right tags."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from holdall.errors import UsageError
from holdall.sources.fetch.ranges import find_tag, is_range, one_word, parse_range, parse_version
from holdall.sources.values import Tagged

NPM = json.loads(Path(__file__).with_name("npm_ranges.json").read_text())
"""What semver 7 answered: the versions in its order, those in each range, what is no range."""


def test_order() -> None:
    """Versions sort as npm's do."""
    versions = [parse_version(text) for text in NPM["versions"].split()]
    assert None not in versions
    assert versions == sorted(versions, key=lambda one: one or (0,))


@pytest.mark.parametrize("text", NPM["ranges"])
def test_ranges(text: str) -> None:
    """A range allows what it allows for npm, and so does its form without blanks."""
    for form in (text, one_word(text)):
        wanted = parse_range(form)
        every = NPM["versions"].split()
        allowed = [v for v in every if (found := parse_version(v)) and wanted.allows(found)]
        assert allowed == NPM["ranges"][text].split(), form
    assert " " not in one_word(text)


@pytest.mark.parametrize("text", [*NPM["refused"], "^1." + "1" * 300])
def test_refused(text: str) -> None:
    """What is no range for npm is an error with a hint."""
    with pytest.raises(UsageError):
        parse_range(text)


@pytest.mark.parametrize("text", ["main", "v1.2.3", "1.2", "1.x", "feature/x", "5f2c", None])
def test_names_are_no_ranges(text: str | None) -> None:
    """What a branch or tag may be called is no range."""
    assert not is_range(text)


@pytest.mark.parametrize(
    "text", ["^1", "~1.2", ">=1 <2", "*", "1.2.*", "=1.2.3", "1.2.3", "1.2.3-rc.1", "1 || 2"]
)
def test_ranges_are_no_names(text: str) -> None:
    """What git has no name for is a range."""
    assert is_range(text)


def test_tags() -> None:
    """The newest in the range, of a plugin's own tags where there are any; others do not count."""
    tags = ["v1.2.0", "1.3.0", "v2.0.0", "v3.0.0-rc.1", "kit--v1.9.0", "kit@1.9.5", "latest", "v1"]
    assert find_tag(tags, parse_range("^1.2"), None) == Tagged("1.3.0", "v2.0.0")
    assert find_tag(tags, parse_range("^1.2"), "kit") == Tagged("kit@1.9.5", "kit@1.9.5")
    assert find_tag(tags, parse_range("^1.2"), "other") == Tagged("1.3.0", "v2.0.0")
    assert find_tag(tags, parse_range("^3.0.0-rc.0"), None) == Tagged("v3.0.0-rc.1", "v3.0.0-rc.1")
    assert find_tag(tags, parse_range("^4"), None) is None
    assert find_tag([], parse_range("*"), None) is None
