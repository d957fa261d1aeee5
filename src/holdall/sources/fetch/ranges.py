"""Versions and ranges of them, as npm reads them, and the tags of a repository that are versions.

    ^1.2          >=1.2.0 <2.0.0; ^0.2.3 is >=0.2.3 <0.3.0, ^0.0.3 only 0.0.3
    ~1.2          >=1.2.0 <1.3.0
    >=1.2 <3, ,   all of several; a comma or a blank between them
    1.2.x, 1.2.*  >=1.2.0 <1.3.0; * is every version
    1.2 - 2.3     >=1.2.0 <2.4.0
    ^1 || ^3      one of several
    =1.2.3, 1.2.3 only that

A version with a suffix (1.3.0-rc.1) is in a range only where that names one of the same 1.3.0.
Source: the documentation of npm's semver.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from holdall import NamedTuple
from holdall.errors import UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from holdall.sources.values import Tagged

_NUMBER = r"(?:0|[1-9]\d{0,14})"
_SUFFIX = r"[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*"
_VERSION = rf"v?({_NUMBER})\.({_NUMBER})\.({_NUMBER})(?:-({_SUFFIX}))?(?:\+{_SUFFIX})?"
_PART = rf"(?:{_NUMBER}|[xX*])"
_TAIL = rf"(?:-({_SUFFIX}))?(?:\+{_SUFFIX})?"
_PARTIAL = rf"v?({_PART})(?:\.({_PART})(?:\.({_PART}){_TAIL})?)?"
_SIMPLE = rf"(\^|~>?|>=|<=|>|<|=)?\s*{_PARTIAL}"
_LONGEST = 256
_HINT = "write it as npm does: ^1.2, ~1.2.3, >=1.2 <3, 1.2.*, =1.2.3, or several with ||"

Suffix = tuple[tuple[int, int, str], ...]


class Version(NamedTuple):
    """A version, in npm's order: one with a suffix comes before the one without."""

    major: int
    minor: int
    patch: int
    is_final: bool = True
    suffix: Suffix = ()

    @property
    def numbers(self) -> tuple[int, int, int]:
        """The version without its suffix."""
        return self.major, self.minor, self.patch


class Bound(NamedTuple):
    """One condition: how a version must compare with another one."""

    sign: str
    version: Version

    def allows(self, version: Version) -> bool:
        """Return whether a version meets it."""
        match self.sign:
            case ">=":
                return version >= self.version
            case "<":
                return version < self.version
            case ">":
                return version > self.version
            case "<=":
                return version <= self.version
        return version == self.version


class Range(NamedTuple):
    """Versions that are wanted: `text` as it was written, and alternatives of conditions."""

    text: str
    choices: tuple[tuple[Bound, ...], ...]

    def allows(self, version: Version) -> bool:
        """Return whether a version is in the range."""
        return any(_meets(version, bounds) for bounds in self.choices)


def is_range(text: str | None) -> bool:
    """Return whether a revision is a range: no branch, tag or commit is written so.

    `1.2.3` alone is one, too: it stands for the tag `v1.2.3` as well.
    """
    if text is None:
        return False
    if re.match(r"[\^~<>=*]|\d[\w.]*\.\*|.*[\s|]", text):
        return True
    return text[:1].isdigit() and parse_version(text) is not None


def parse_version(text: str) -> Version | None:
    """Return a version, with or without a `v` before it; None for another text."""
    found = re.fullmatch(_VERSION, text)
    if found is None:
        return None
    numbers = int(found[1]), int(found[2]), int(found[3])
    return Version(*numbers, found[4] is None, _suffix(found[4]))


def parse_range(text: str) -> Range:
    """Read a range; raises UsageError for what is none."""
    if len(text) > _LONGEST:
        raise UsageError(f"a range of more than {_LONGEST} characters", hint=_HINT)
    return Range(text, tuple(tuple(_conditions(part, text)) for part in text.split("||")))


def one_word(text: str) -> str:
    """Return a range without blanks, as it can stand in an address."""
    choices = []
    for bounds in parse_range(text).choices:
        choices.append(",".join(f"{b.sign}{_show(b.version)}" for b in bounds) or "*")
    return "||".join(choices)


def find_tag(tags: Iterable[str], wanted: Range, name: str | None) -> Tagged | None:
    """Return the newest tag in a range; None where there is none.

    With a name, tags of that plugin count (`name--v1.2.3`, `name@1.2.3`) where there are any.
    """
    versions = versions_in(tags, name)
    fitting = [version for version in versions if wanted.allows(version)]
    if not fitting:
        return None
    from holdall.sources.values import Tagged

    final = [version for version in versions if version.is_final]
    newest = max(max(final, default=max(fitting)), max(fitting))
    return Tagged(versions[max(fitting)], versions[newest])


def versions_in(tags: Iterable[str], name: str | None) -> Mapping[Version, str]:
    """Return the tags that are versions, of a plugin if there are any for its name."""
    tags = sorted(tags)
    if name is not None and (own := tags_of_plugin(tags, name)):
        return own
    found = ((parse_version(tag), tag) for tag in tags)
    return {version: tag for version, tag in found if version is not None}


def tags_of_plugin(tags: Iterable[str], name: str) -> Mapping[Version, str]:
    """Return the tags that are versions of one plugin of the repository."""
    found = {}
    for tag in sorted(tags):
        if tag.startswith(name):
            rest = re.fullmatch(r"(?:--v|@v?|-v|/v)(\d.*)", tag[len(name) :])
            if rest is not None and (version := parse_version(rest[1])) is not None:
                found[version] = tag
    return found


def _meets(version: Version, bounds: tuple[Bound, ...]) -> bool:
    if not all(bound.allows(version) for bound in bounds):
        return False
    return version.is_final or any(
        not bound.version.is_final and bound.version.numbers == version.numbers for bound in bounds
    )


def _suffix(text: str | None) -> Suffix:
    """Return what a suffix sorts by: numbers before words, fewer parts before more."""
    if text is None:
        return ()
    parts = text.split(".")
    return tuple((0, int(p), "") if p.isdecimal() else (1, 0, p) for p in parts)


def _show(version: Version) -> str:
    suffix = ".".join(word or str(number) for _, number, word in version.suffix)
    numbers = ".".join(map(str, version.numbers))
    return numbers if version.is_final else f"{numbers}-{suffix or 0}"


def _conditions(part: str, whole: str) -> Iterable[Bound]:
    hyphen = re.fullmatch(r"\s*(\S+)\s+-\s+(\S+)\s*", part)
    if hyphen is not None:
        yield from _simple(f">={hyphen[1]}", whole)
        yield from _simple(f"<={hyphen[2]}", whole)
        return
    rest = part.replace(",", " ").strip()
    while rest:
        found = re.match(_SIMPLE, rest)
        if found is None or (found.end() < len(rest) and not rest[found.end()].isspace()):
            raise UsageError(f"{whole!a} is not a range of versions", hint=_HINT)
        yield from _simple(found[0], whole)
        rest = rest[found.end() :].strip()


def _simple(text: str, whole: str) -> Iterable[Bound]:
    """Yield the conditions of one part, as `^1.2`."""
    found = re.fullmatch(_SIMPLE, text)
    if found is None:
        raise UsageError(f"{whole!a} is not a range of versions", hint=_HINT)
    sign = (found[1] or "").removesuffix(">") if found[1] == "~>" else found[1] or ""
    numbers: list[int] = []
    for part in (found[2], found[3], found[4]):
        if part is None or part in "xX*":
            break
        numbers.append(int(part))
    known = len(numbers)
    major, minor, patch = (*numbers, 0, 0, 0)[:3]
    suffix = found[5] if known == 3 else None
    low = Version(major, minor, patch, suffix is None, _suffix(suffix))
    yield from _bounds(sign, low, known)


def _bounds(sign: str, low: Version, known: int) -> Iterable[Bound]:
    """Yield the conditions of a sign and a version of which `known` numbers were given."""
    if known == 0:
        if sign in ("<", ">"):
            yield Bound("<", _before(0, 0, 0))
        return
    after = _after(low, known)
    match sign:
        case "^":
            yield Bound(">=", low)
            places = [n for n, number in enumerate(low.numbers[:known]) if number]
            yield Bound("<", _after(low, places[0] + 1 if places else known))
        case "~":
            yield Bound(">=", low)
            yield Bound("<", _after(low, min(known, 2)))
        case ">":
            yield Bound(">", low) if known == 3 else Bound(">=", after._replace(is_final=True))
        case "<":
            yield Bound("<", low if known == 3 else _before(*low.numbers))
        case "<=":
            yield Bound("<=", low) if known == 3 else Bound("<", after)
        case ">=":
            yield Bound(">=", low)
        case _:
            if known == 3:
                yield Bound("=", low)
            else:
                yield from (Bound(">=", low), Bound("<", after))


def _after(version: Version, known: int) -> Version:
    """Return the first version, with any suffix, after those with the same first numbers."""
    numbers = [*version.numbers[: known - 1], version.numbers[known - 1] + 1, 0, 0]
    return _before(numbers[0], numbers[1], numbers[2])


def _before(major: int, minor: int, patch: int) -> Version:
    """Return what is before all versions of these numbers with a suffix."""
    return Version(major, minor, patch, is_final=False)
