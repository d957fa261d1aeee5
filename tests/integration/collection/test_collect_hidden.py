"""Collecting what hides text from people: refused, told, and taken only by who knows better."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from holdall.artifacts.ids import ArtifactId
from holdall.artifacts.paths import RelPath
from holdall.cli import main
from holdall.collection.collect.from_folder import plan_refresh
from holdall.files.tree import bytes_tree
from holdall.sources.reader import read
from holdall.sources.values import FoundArtifact
from host_factories import collect, make_collection, make_command, make_skill, make_source, opened
from source_trees import PLUGIN, codes, good, write

pytestmark = pytest.mark.integration

TAG = "\U000e0041"
TOKEN = "ghp_" + "aB3dE9" * 6


class Command:
    """The command on a collection, and what it printed."""

    def __init__(self, root: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.root, self.out, self.err = root, "", ""
        self._capsys = capsys

    def __call__(self, *words: str | Path) -> int:
        """Run it without plugins."""
        status = main(["--no-plugins", "--collection", str(self.root), *map(str, words)])
        self.out, self.err = self._capsys.readouterr()
        return status


@pytest.fixture
def command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Command:
    """The command on an empty collection."""
    return Command(make_collection(tmp_path / "kit"), capsys)


def ids(root: Path) -> list[str]:
    """Return what the collection lists."""
    return sorted(map(str, opened(root).manifest.by_id))


def test_what_hides_text_is_not_taken(command: Command, tmp_path: Path) -> None:
    """The rest is; the status is 1, and the error says which file and how to insist."""
    source = make_source(tmp_path / "source", "good", "bad")
    (source / "skills/bad/notes.md").write_text(f"see {TAG}")
    assert command("collect", source) == 1
    assert ids(command.root) == ["skill:good"]
    assert not (command.root / "skills/bad").exists()
    assert "error: skills/bad/notes.md:1: holds U+E0041 [hidden-text]" in command.err
    assert "skill:bad is refused" in command.err
    assert "--allow hidden-text" in command.err
    assert TAG not in command.out + command.err
    assert command("collect", source, "--allow", "hidden-text") == 0
    assert ids(command.root) == ["skill:bad", "skill:good"]
    assert "hidden-text" not in command.err


def test_what_was_collected_stays_when_its_source_begins_to_hide_text(
    command: Command, tmp_path: Path
) -> None:
    """Neither updated nor taken for gone, and still a member; others are updated."""
    files = {
        f"p/{PLUGIN}": {"name": "p"},
        "p/skills/a/SKILL.md": good("a"),
        "p/commands/b.md": good("b"),
    }
    source = write(tmp_path / "source", files)
    assert command("collect", source) == 0
    before = (command.root / "skills/a/SKILL.md").read_bytes()
    write(source, {"p/skills/a/SKILL.md": good("a", TAG), "p/commands/b.md": good("b", "new")})
    assert command("collect", source, "--json") == 1
    (told,) = json.loads(command.out)["sources"]
    kinds = {change["id"]: change["kind"] for change in told["changes"]}
    assert kinds == {"skill:a": "identical", "command:p:b": "changed", "composite:p": "identical"}
    assert (told["refused"], told["diagnostics"][0]["code"]) == (["skill:a"], "hidden-text")
    assert (command.root / "skills/a/SKILL.md").read_bytes() == before
    members = opened(command.root).manifest.composites[0].members
    assert [str(member.id) for member in members] == ["skill:a", "command:p:b"]


def test_a_composite_does_not_lead_to_what_is_refused(command: Command, tmp_path: Path) -> None:
    """A new plugin comes without the member; one whose description hides text does not come."""
    files = {
        f"p/{PLUGIN}": {"name": "p"}, "p/skills/a/SKILL.md": good("a", TAG),
        "p/commands/b.md": good("b"), f"q/{PLUGIN}": {"name": "q", "description": TAG},
        "q/commands/c.md": good("c"),
    }  # fmt: skip
    assert command("collect", write(tmp_path / "source", files)) == 1
    assert ids(command.root) == ["command:p:b", "command:q:c", "composite:p"]
    members = opened(command.root).manifest.composites[0].members
    assert [str(member.id) for member in members] == ["command:p:b"]


def test_a_name_that_is_taken_is_not_touched(command: Command, tmp_path: Path) -> None:
    """What hides text is nobody's, whatever it is called."""
    collect(command.root, make_source(tmp_path / "mine", "a"))
    source = make_source(tmp_path / "theirs", "a")
    make_skill(source, "a", TAG)
    assert command("collect", source) == 1
    assert ids(command.root) == ["skill:a"]
    (entry,) = opened(command.root).manifest.artifacts
    assert entry.source == str((tmp_path / "mine").resolve())


def test_warnings_do_not_refuse(command: Command, tmp_path: Path) -> None:
    """What may be a secret, and single characters without width, are told and taken."""
    source = tmp_path / "source"
    make_command(source, "a", TOKEN)
    make_command(source, "b", "in\u200bvisible")
    assert command("collect", source, "--dry-run") == 1
    assert "[likely-secret]" in command.err
    assert "[zero-width-text]" in command.err
    assert TOKEN not in command.out + command.err
    allowed = ["--allow", "likely-secret", "--allow", "zero-width-text"]
    assert command("scan", source, *allowed) == 0
    assert command("collect", source, *allowed) == 0
    assert ids(command.root) == ["command:a", "command:b"]


def test_the_collections_own_folder_is_looked_at(command: Command) -> None:
    """New and edited artifacts that hide text are told and left; what was allowed is not told."""
    make_skill(command.root, "old")
    assert command("collect") == 0
    taken = opened(command.root).manifest.artifacts
    make_skill(command.root, "old", TAG)
    make_skill(command.root, "new", TAG)
    assert command("collect") == 1
    assert opened(command.root).manifest.artifacts == taken
    assert command.err.count("[hidden-text]") == 2
    assert command("collect", "--allow", "hidden-text") == 0
    assert ids(command.root) == ["skill:new", "skill:old"]
    assert command("collect") == 0
    assert command.err == ""


def test_a_rename_is_no_news(command: Command) -> None:
    """Content that was allowed once may move."""
    folder = make_skill(command.root, "a", TAG)
    assert command("collect", "--allow", "hidden-text") == 0
    folder.rename(folder.with_name("b"))
    refresh = plan_refresh(opened(command.root))
    assert [change.id for change in refresh.changes.changes] == [ArtifactId("skill", "b")]
    assert not refresh.diagnostics


def test_an_unknown_code_is_refused(command: Command, tmp_path: Path) -> None:
    """A misspelled code must not be believed to allow something."""
    for words in (["scan", tmp_path], ["collect", tmp_path]):
        assert command(*map(str, words), "--allow", "hiden-text") == 2
        assert "known are agent-name-colon" in command.err


def test_another_collections_texts_are_looked_at(command: Command, tmp_path: Path) -> None:
    """A collection as a source may hide text in what only its manifest says."""
    theirs = make_collection(tmp_path / "theirs", "a", "b")
    make_skill(theirs, "b", TAG)
    odd = write(theirs, {"odd/x.md": TAG}) / "manifest.toml"
    odd.write_text(
        odd.read_text()
        + '[[artifacts]]\ntype = "command"\nname = "x"\npath = "odd/x.md"\n'
        + '[[composites]]\nname = "c"\ndescription = "\\U000e0041"\n'
    )
    assert command("collect", theirs) == 1
    assert ids(command.root) == ["skill:a"]
    assert command.err.count("[hidden-text]") == 3


def test_what_a_plugin_reads_is_looked_at(tmp_path: Path) -> None:
    """A file, a folder or bytes that only a plugin knows."""
    source = write(tmp_path / "s", {"f.rule": TAG, "d.rule": "", "d/deep/x": TAG, "b.rule": ""})

    def claim(path: Path, source: Path) -> FoundArtifact | None:
        name = path.stem
        location = {"f": path, "d": source / "d", "b": None}.get(name, path)
        data = TAG.encode() if location is None else None
        tree = bytes_tree(b"", RelPath.parse("x"))
        found = FoundArtifact(ArtifactId("rule", name), "rule", name, name, location, data, tree)
        return found if path.suffix == ".rule" else None

    reading = read(source, claim)
    assert [found.hides_text for found in reading.artifacts] == [True] * 3
    assert codes(reading) == {(p, "hidden-text") for p in ("f", "d/deep/x", "b")}
