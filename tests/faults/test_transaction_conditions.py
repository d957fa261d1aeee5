"""A move whose new place is taken in the last moment: wholly done or not at all, killed or not."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from fault_scenario import Counter, Tree, build, calls_of, heal, killed_at, seen, some_of, state

from holdall.artifacts.paths import RelPath
from holdall.errors import ConflictError
from holdall.files.lock import lock_folder
from holdall.files.root import Root
from holdall.transaction.actions import Action, Put, Remove, RemoveFolder
from holdall.transaction.commit import commit, forget_message, read_messages

pytestmark = [pytest.mark.integration, pytest.mark.slow]

MINE = {"mine.txt": ("f", b"mine")}
OLD: Tree = {
    **MINE,
    "skills/old/SKILL.md": ("f", b"skill"),
    "skills/old/run": ("x", b"run"),
    "record": ("f", b"old"),
}
NEW: Tree = {
    **MINE,
    "skills/new/SKILL.md": ("f", b"skill"),
    "skills/new/run": ("x", b"run"),
    "record": ("f", b"new"),
}
TAKEN = {"skills/new/run": ("f", b"somebody's")}


def rel(text: str) -> RelPath:
    """Return a path."""
    return RelPath.parse(text)


def actions() -> list[Action]:
    """Return what leads from OLD to NEW."""
    moved = [
        Put(rel(path), state(*NEW[path]), len(NEW[path][1]), NEW[path][1], is_condition=True)
        for path in ("skills/new/SKILL.md", "skills/new/run")
    ]
    gone = [Remove(rel(p), state(*OLD[p])) for p in ("skills/old/SKILL.md", "skills/old/run")]
    record = Put(rel("record"), state("f", b"new"), 3, b"new", state("f", b"old"))
    return [*gone, RemoveFolder(rel("skills/old")), *moved, record]


def move(folder: Path) -> None:
    """Commit the move."""
    with Root(folder) as root, lock_folder(root):
        commit(root, actions(), kind="deploy", payload={"n": 1}, prepare=lambda _: None)


def refused_move(folder: Path) -> None:
    """Commit the move while somebody takes the new place; it must be refused."""

    def take(_: str) -> None:
        write(folder, TAKEN)

    with (
        Root(folder) as root,
        lock_folder(root),
        pytest.raises(ConflictError, match="appeared while Holdall was running"),
    ):
        commit(root, actions(), kind="deploy", payload={"n": 1}, prepare=take)


def write(folder: Path, tree: Tree) -> None:
    """Write files into a project."""
    for name, (_, data) in tree.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)


def settled(folder: Path) -> Tree:
    """Return what lies in a project in which nothing is unfinished any more."""
    with Root(folder) as root:
        told = read_messages(root)
    assert len(told) <= 1
    assert all(message.payload == {"n": 1} for message in told)
    is_done = any(message.applied for message in told)
    found = seen(folder)
    assert is_done == (found["record"] == NEW["record"])
    assert not [name for name in seen(folder / ".holdall/tx") if name != "."]
    return found


def test_a_taken_place_calls_everything_off(tmp_path: Path, system: str) -> None:
    """The old files stay, what was put is taken back, the folder made for it goes, too."""
    Counter().install()
    build(tmp_path / "p", OLD)
    refused_move(tmp_path / "p")
    assert settled(tmp_path / "p") == {**OLD, **TAKEN}
    (tmp_path / "p/skills/new/run").unlink()
    (tmp_path / "p/skills/new").rmdir()
    with Root(tmp_path / "p") as root:
        forget_message(root, read_messages(root)[0].transaction_id)
    move(tmp_path / "p")
    assert settled(tmp_path / "p") == NEW


def test_an_edit_of_what_is_taken_back_stays(tmp_path: Path, system: str) -> None:
    """Whoever changes a new file before it is taken back keeps it."""
    Counter().install()
    from holdall.files import syscalls

    build(tmp_path / "p", OLD)
    real = syscalls.rename_with, syscalls.link
    first = tmp_path / "p/skills/new/SKILL.md"

    def edited(call: Callable[..., object]) -> Callable[..., object]:
        def do(*arguments: object) -> object:
            done = call(*arguments)
            if first.exists():
                first.write_bytes(b"edited")
            return done

        return do

    syscalls.rename_with, syscalls.link = map(edited, real)  # type: ignore
    refused_move(tmp_path / "p")
    syscalls.rename_with, syscalls.link = real
    assert settled(tmp_path / "p") == {**OLD, **TAKEN, "skills/new/SKILL.md": ("f", b"edited")}


@pytest.mark.parametrize("run", [move, refused_move])
@pytest.mark.parametrize("taken", ["before", "after the kill", "never"])
def test_kills(tmp_path: Path, system: str, run: Callable[[Path], None], taken: str) -> None:
    """Killed anywhere, the move is wholly done or not at all, whatever recovery meets."""
    Counter().install()
    build(tmp_path / "whole", OLD)
    total, outcomes = len(calls_of(run, tmp_path / "whole")), set()
    assert total > 20
    for number in some_of(total, system):
        folder = tmp_path / f"p{number}"
        build(folder, OLD)
        assert killed_at(number, run, folder)
        if taken == "after the kill" and run is move:
            write(folder, TAKEN)
        elif taken == "never":
            (folder / "skills/new/run").unlink(missing_ok=True)
        heal(folder)
        found = settled(folder)
        rest = {k: v for k, v in found.items() if k not in {**TAKEN, "skills/new": ()}}
        is_new = found["record"] == NEW["record"]
        outcomes.add(is_new)
        wanted = NEW if is_new else OLD
        assert rest == {k: v for k, v in wanted.items() if k not in TAKEN}, number
    assert False in outcomes
