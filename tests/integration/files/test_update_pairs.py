"""Generated updates of texts and trees, and real ones: nothing is lost, and git agrees.

Each is what an artifact was, what somebody made of it, and what its source made of it. Lines that
are put in are unlike all others, so that each can be looked for in what is merged.
"""

from __future__ import annotations

import hashlib
import os
import random
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import pytest

from e2e.kit import REPOSITORY
from git_repositories import merge_file
from holdall.artifacts import FileDigest, FileKind, RelPath
from holdall.files import TreeSide, merge_trees
from holdall.files.merge.lines import is_text, merge_lines
from holdall.files.merge.trees import FileConflictKind

pytestmark = pytest.mark.integration

PAIRS = 10_000 if os.environ.get("HOLDALL_LONG_TESTS") else 240
OLD = REPOSITORY.parent / "shared/devset-old/anthropics+claude-plugins-official"
NEW = REPOSITORY.parent / "shared/devset/anthropics+claude-plugins-official"
WORDS = "read the file then write a test run it and say what was done in one line".split()  # noqa: SIM905

File = tuple[bytes, bool]
Files = dict[str, File]


class Three(NamedTuple):
    """A text as it was, as somebody edited it, and as the source has it now."""

    base: bytes
    ours: bytes
    theirs: bytes


def make_text(chance: random.Random) -> list[bytes]:
    """Return the lines of a skill: a head, headings, paragraphs, lists and commands."""
    lines = [b"---\n", b"name: pdf\n", b"description: reads\n", b"---\n"]
    for _ in range(chance.randint(3, 12)):
        lines += [b"\n", f"## {' '.join(chance.choices(WORDS, k=3))}\n".encode(), b"\n"]
        mark = chance.choice(["", "- ", "1. "])
        for _ in range(chance.randint(1, 9)):
            words = " ".join(chance.choices(WORDS, k=chance.randint(3, 12)))
            lines.append(f"{mark}{words}\n".encode())
        if chance.random() < 0.3:
            lines += [b"\n", b"```console\n", b"$ make\n", b"```\n"]
    return lines


def edited(chance: random.Random, lines: list[bytes], who: str) -> bytes:
    """Return a text after some edits by somebody."""
    lines = list(lines)
    for number in range(chance.randint(1, 3)):
        at = chance.randint(0, max(0, len(lines) - 1))
        count = chance.randint(0, 3)
        new = [f"{who} {chance.randint(0, 1 << 40)} {number}\n".encode()]
        kind = chance.random()
        if kind < 0.35:
            lines[at:at] = new
        elif kind < 0.75:
            lines[at : at + max(1, count)] = new
        elif kind < 0.9:
            del lines[at : at + max(1, count)]
        else:
            block = lines[at : at + count]
            del lines[at : at + count]
            to = chance.randint(0, len(lines))
            lines[to:to] = block
    text = b"".join(lines)
    return text.removesuffix(b"\n") if chance.random() < 0.05 else text


def three_texts(chance: random.Random) -> Three:
    """Return a text and two edits of it; now and then both made the same one."""
    lines = make_text(chance)
    if chance.random() < 0.1:
        lines = edited(chance, lines, "same").splitlines(keepends=True)
    both = [edited(chance, lines, who) for who in ("mine", "upstream")]
    return Three(b"".join(lines), *both)


def refuse_loss(text: bytes, three: Three) -> None:
    """Fail where a line that a side put in, or that both kept, is not in the merged text."""
    base, ours, theirs = (Counter(t.splitlines()) for t in three)
    kept = {line for line in base if base[line] == ours[line] == theirs[line]}
    wanted = (ours.keys() - base) | (theirs.keys() - base) | kept
    assert wanted <= set(text.splitlines()), three


class Tally:
    """How many were merged as git merges them, and which only git or only Holdall merges."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.count, self.merged = folder, 0, 0
        self.ours_only: list[str] = []
        self.git_only: list[str] = []

    def compare(self, three: Three, name: str) -> None:
        """Merge three texts here and by git; what both merge must be the same."""
        merge = merge_lines(*three)
        git = merge_file(self.folder, *three)
        self.count += 1
        if merge.text is None:
            told = "; ".join(conflict.text for conflict in merge.conflicts)
            self.ours_only += [f"{name}: {told}"] if git is not None else []
            return
        self.merged += 1
        refuse_loss(merge.text, three)
        if git is None:
            self.git_only.append(name)
        else:
            assert merge.text == git, (name, three)

    def conclude(self, most: float = 0.01) -> None:
        """Print what differs, of which `most` is the greatest share; much must have merged.

        One in a thousand may be a conflict of git's only, which matched other lines.
        """
        print(f"{self.count} updates, {self.merged} merged", end=", ")
        print(f"{len(self.ours_only)} conflicts only here, {len(self.git_only)} only in git")
        print(*self.ours_only, *self.git_only, sep="\n")
        assert len(self.ours_only) + len(self.git_only) <= most * self.count
        assert len(self.git_only) <= max(1, self.count / 1000)
        assert self.merged >= self.count / 3


def test_texts(tmp_path: Path) -> None:
    """Texts merge as git merges them; the others, one in a thousand, are conflicts here only."""
    tally = Tally(tmp_path)
    for number in range(PAIRS):
        tally.compare(three_texts(random.Random(number)), f"text {number}")
    tally.conclude(0.001)
    assert not tally.git_only


def make_file(chance: random.Random) -> File:
    """Return a text or other bytes, perhaps executable."""
    data = b"".join(make_text(chance)) if chance.random() < 0.8 else b"\0" + chance.randbytes(9)
    return data, chance.random() < 0.2


def edited_tree(chance: random.Random, files: Files, who: str) -> Files:
    """Return files after somebody edited, removed, added and made executable some."""
    files = dict(files)
    for path in list(files):
        kind, (data, executable) = chance.random(), files[path]
        if kind < 0.35 and is_text(data):
            files[path] = edited(chance, data.splitlines(keepends=True), who), executable
        elif kind < 0.45:
            files[path] = data + chance.randbytes(3), executable
        elif kind < 0.5:
            files[path] = data, not executable
        elif kind < 0.55:
            del files[path]
    for _ in range(chance.choice([0, 0, 1, 2])):
        files[f"{chance.choice(['', 'docs/'])}{chance.choice('abcdefgh')}.md"] = make_file(chance)
    return files


def as_side(files: Mapping[str, File]) -> TreeSide:
    """Return files as one side of a merge."""
    digests = {
        FileDigest(
            RelPath.parse(path), FileKind.FILE, executable, hashlib.sha256(data).hexdigest(), 0
        )._replace(size=len(data)): data
        for path, (data, executable) in files.items()
    }
    return TreeSide(sorted(digests), digests.__getitem__)


def expected(
    folder: Path, base: File | None, ours: File | None, theirs: File | None
) -> File | FileConflictKind | None:
    """Return what a file is to be: as the sides say, each of bytes and mode, texts by git."""
    if ours == theirs or theirs == base:
        return ours
    if ours == base:
        return theirs
    if ours is None or theirs is None:
        return FileConflictKind.REMOVED_HERE if ours is None else FileConflictKind.REMOVED_THERE
    if base is None:
        return FileConflictKind.ADDED
    executable = theirs[1] if ours[1] == base[1] else ours[1]
    three = Three(base[0], ours[0], theirs[0])
    if three.ours == three.theirs or three.theirs == three.base:
        return three.ours, executable
    if three.ours == three.base:
        return three.theirs, executable
    text = merge_file(folder, *three) if all(map(is_text, three)) else None
    return FileConflictKind.CHANGED if text is None else (text, executable)


def test_trees(tmp_path: Path) -> None:
    """Each file of a tree is what its three versions say, or one of the listed conflicts."""
    same, ours_only = 0, []
    for number in range(PAIRS):
        chance = random.Random(f"tree {number}")
        base = {f"{name}.md": make_file(chance) for name in "abcd"[: chance.randint(1, 4)]}
        sides = [base, *(edited_tree(chance, base, who) for who in ("mine", "upstream"))]
        wanted = {
            path: expected(tmp_path, *(side.get(path) for side in sides))
            for path in {path for side in sides for path in side}
        }
        merge = merge_trees(*map(as_side, sides))
        found = {str(conflict.path): conflict.kind for conflict in merge.conflicts}
        conflicts = {p: one for p, one in wanted.items() if isinstance(one, FileConflictKind)}
        if merge.conflicts:
            assert conflicts.items() <= found.items(), number
            only = found.keys() - conflicts.keys()
            assert all(found[path] is FileConflictKind.CHANGED for path in only), number
            ours_only += [f"tree {number}: {path}" for path in sorted(only)]
        else:
            made = {str(f.path): (merge.read(f), f.executable) for f in merge.files}
            assert made == {p: one for p, one in wanted.items() if one is not None}, number
        same += not merge.conflicts or found == conflicts
    print(f"{PAIRS} trees, {PAIRS - same} with conflicts only here", *ours_only, sep="\n")
    assert same >= 0.995 * PAIRS, ours_only


def real_updates() -> Iterator[tuple[str, bytes, bytes]]:
    """Yield the texts of a repository that its owners changed: path, old and new."""
    for path in sorted(OLD.rglob("*")):
        new = NEW / path.relative_to(OLD)
        if path.is_symlink() or not path.is_file() or not new.is_file():
            continue
        texts = path.read_bytes(), new.read_bytes()
        if texts[0] != texts[1] and all(map(is_text, texts)):
            yield str(path.relative_to(OLD)), *texts


@pytest.mark.skipif(not OLD.is_dir(), reason="needs two states of a repository beside this one")
def test_real_updates(tmp_path: Path) -> None:
    """What owners really changed merges with edits of the old text as in git, or is a conflict."""
    tally = Tally(tmp_path)
    each = 40 if PAIRS > 1000 else 2
    for path, old, new in real_updates():
        for number in range(each):
            chance = random.Random(f"{path} {number}")
            mine = edited(chance, old.splitlines(keepends=True), "mine")
            tally.compare(Three(old, mine, new), f"{path} {number}")
    tally.conclude()
