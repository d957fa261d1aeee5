"""Which artifacts' files a command may start: found by what it says, and what they say in turn.

Agents give commands to a shell, so that a path can be spelled in many ways. What names an
artifact's place, its folder (`skills/tidy`) or one of its programs (`tidy.sh`) starts it; what
looks for its files by a pattern, or names a whole folder of an agent, may start all that is there.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Set
from pathlib import Path
from typing import TypeAlias

from holdall import NamedTuple
from holdall.artifacts.ids import ArtifactId
from holdall.deploy.planning.plan import PlannedArtifact
from holdall.deploy.project.ledger import Deployed
from holdall.deploy.targets import Target
from holdall.errors import InputError, StorageError
from holdall.formats.documents import read_bounded

_MAX_PROGRAMS = 32 << 20
_TEXTS = (".md", ".mdc", ".txt")
_DATA = (".json", ".yaml", ".yml", ".toml", ".html", ".css", ".svg", ".png", "__init__.py")
_IMPORTED = (".py", ".js", ".mjs", ".cjs", ".ts", ".rb", ".pl")
_ANYTHING = "of a program that is too large to read"
_PIECE = re.compile(r"[\w-]+")
_SEARCH = re.compile(
    r"/[^\s;|&]*[*?\[]|[*?][^\s;|&]*/|`|\$\(|\b(?:find|fd|xargs|eval|base64|xxd|printf|glob)\b"
)


class Startable(NamedTuple):
    """An artifact whose files are, or will be, in the project, with what a command may name.

    `place` is its path in the project, `content_hash` stands for all of its bytes, `files` says
    where the bytes of each file below `place` are now ("" for a single file).
    """

    id: ArtifactId
    root: str
    place: str
    content_hash: str
    files: Mapping[str, Path]

    @property
    def programs(self) -> dict[str, Path]:
        """Its files that are no texts for agents."""
        return {name: path for name, path in self.files.items() if not _is_text(name or self.place)}


def _is_text(name: str) -> bool:
    return name.casefold().endswith(_TEXTS)


def planned_startable(artifact: PlannedArtifact, target: Target) -> Startable | None:
    """Return what a command may name of an artifact that is about to be deployed."""
    place = target.place_of(artifact.id)
    if place is None:
        return None
    location, elsewhere = artifact.location, artifact.tree.elsewhere
    if location.is_dir():
        files = {str(f.path): elsewhere.get(f.path, location / f.path) for f in artifact.tree.files}
    else:
        files = {"": location}
    root = target.root_of(artifact.id.type)
    full, content = f"{root}/{place}", artifact.tree.content_hash
    return Startable(artifact.id, root, full, content, files)


def kept_startable(entry: Deployed, target: Target, project: Path) -> Startable | None:
    """Return what a command may name of an artifact that is in the project and stays."""
    place = target.place_of(entry.id)
    if place is None:
        return None
    root = target.root_of(entry.id.type)
    full = f"{root}/{place}"
    files = {path[len(full) :].lstrip("/"): project / path for path in entry.files}
    return Startable(entry.id, root, full, entry.content_hash, files)


class Starts:
    """Finds what commands start, among the artifacts that a project will hold."""

    def __init__(self, items: Iterable[Startable]) -> None:
        self._all = [_Needles(item, number) for number, item in enumerate(items)]
        self._wholes = {needles.whole: needles.item.root for needles in self._all}
        self._places: _Index = {}
        self._words: _Index = {}
        for needles in self._all:
            self._places.setdefault(_longest_piece(needles.place), []).append(
                (needles.place, needles)
            )
            for word in needles.words:
                self._words.setdefault(_longest_piece(word), []).append((word, needles))
        self._named: dict[int, set[int]] = {}
        self._known: dict[str, set[int]] = {}

    def find_started(self, texts: Iterable[str]) -> list[Startable]:
        """Return all that commands may start, what the started programs start included."""
        found: set[int] = set()
        pending: set[int] = set()
        for text in texts:
            if text not in self._known:
                self._known[text] = self._find_names(text, is_command=True)
            pending |= self._known[text]
        while pending:
            number = pending.pop()
            found.add(number)
            pending |= self._find_named(number) - found
        return [self._all[number].item for number in sorted(found)]

    def _find_named(self, number: int) -> set[int]:
        if number not in self._named:
            named = [
                self._find_names(text, is_command=False)
                for text in _read_programs(self._all[number].item)
            ]
            self._named[number] = set().union(*named)
        return self._named[number]

    def _find_names(self, text: str, *, is_command: bool) -> set[int]:
        rest = _plain(text)
        pieces = {"", *_PIECE.findall(rest)}
        places = [n for place, n in _candidates(self._places, pieces) if _mentions(rest, place)]
        found = {needles.number for needles in places}
        for needles in sorted(places, key=lambda n: len(n.place), reverse=True):
            rest = needles.without_own_paths(rest)
        found |= {n.number for word, n in _candidates(self._words, pieces) if _mentions(rest, word)}
        roots = {root for pattern, root in self._wholes.items() if re.search(pattern, rest)}
        is_search = text is _ANYTHING or (is_command and _SEARCH.search(text) is not None)
        if is_search or roots:
            found |= {
                needles.number
                for needles in self._all
                if needles.programs and (is_search or needles.item.root in roots)
            }
        return found


class _Needles:
    """What to look for in a text."""

    def __init__(self, item: Startable, number: int) -> None:
        self.item, self.number, self.programs = item, number, item.programs
        self.place = item.place.casefold()
        root = item.root.casefold()
        below = self.place.removeprefix(f"{root}/")
        names = {name.rpartition("/")[2].casefold() for name in self.programs if name}
        programs = {name for name in names if not name.endswith(_DATA)}
        # `import tidy` and `require("./tidy")` leave the suffix out.
        programs |= {name.rpartition(".")[0] for name in programs if name.endswith(_IMPORTED)}
        self.words = [below, *sorted(programs - {""})]
        # The folder of an agent, or one in it, without the name of what is meant there.
        folder = re.escape(below.partition("/")[0])
        self.whole = rf"(?<![\w.-]){re.escape(root)}(?:(?:/{folder})?/?(?![\w./-])|/\S*[*?\[{{$`(])"

    def without_own_paths(self, text: str) -> str:
        """Return a text without the paths that are known to be in this artifact."""
        for name in sorted(self.item.files, key=len, reverse=True):
            text = text.replace(f"{self.place}/{name.casefold()}" if name else self.place, " ")
        return text.replace(self.place, " ")


_Index: TypeAlias = "dict[str, list[tuple[str, _Needles]]]"
"""What to look for, by its longest piece: a text without that piece does not hold it."""


def _longest_piece(word: str) -> str:
    return max(_PIECE.findall(word), key=len, default="")


def _candidates(index: _Index, pieces: Set[str]) -> Iterator[tuple[str, _Needles]]:
    for piece in pieces & index.keys():
        yield from index[piece]


def _plain(text: str) -> str:
    """Return a text as names are looked for in it: without quotes and needless slashes."""
    if "\\" in text:  # of a shell, or the end of a line in JSON
        text = re.sub(r"\\[nrt]", " ", text) + "\n" + text
    bare = re.sub(r"[\"'\\^]", "", text).casefold()
    return re.sub(r"/(?:\.?/)+", "/", bare)


def _mentions(text: str, word: str) -> bool:
    at = text.find(word)
    while at >= 0:
        before, after = text[at - 1 : at] if at else "", text[at + len(word) :][:1]
        if not _PIECE.match(before) and not _PIECE.match(after):
            return True
        at = text.find(word, at + 1)
    return False


def _read_programs(item: Startable) -> Iterator[str]:
    """Yield the programs of an artifact that are texts."""
    left = _MAX_PROGRAMS
    for path in item.programs.values():
        try:
            data = read_bounded(path, left)
        except InputError:
            yield _ANYTHING
            return
        except StorageError:
            continue
        left -= len(data)
        if b"\0" not in data:
            yield data.decode(errors="replace")
