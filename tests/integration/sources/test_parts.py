"""Of a repository only what some skills need is fetched, where its server does that."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from e2e.kit import new_kit
from git_repositories import bare_clone, commit, git, make_repository
from holdall.artifacts.limits import DEFAULT_CAPS
from holdall.sources.fetch.address import GitAddress, parse
from holdall.sources.fetch.repository import lay_out
from holdall.sources.values import Part
from holdall.testing import make_skill, write
from machines import Machine

pytestmark = pytest.mark.integration

SIZE = 8 << 20
"""Of the repository, in bytes that do not compress; the goal is for 1 GB."""


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that stands for github.com, with a large repository `acme/kit`."""
    top = tmp_path_factory.mktemp("hub")
    work = make_repository(top / "work")
    noise = random.Random(7)
    for number in range(8):
        folder = make_skill(work, f"large-{number}", "Large")
        (folder / "data.bin").write_bytes(noise.randbytes(SIZE // 8))
    make_skill(work, "pdf", "Read PDFs", **{"notes.md": "Twice.\n"})
    write(work / "plugins/desk/.claude-plugin/plugin.json", '{"name": "desk"}')
    make_skill(work / "plugins/desk", "tidy", "Tidy")
    commit(work)
    (top / "acme").mkdir()
    bare = bare_clone(work, top / "acme/kit.git")
    git(bare, "config", "uploadpack.allowFilter", "true")
    return top


def size_of(folder: Path) -> int:
    """Return the bytes of all files below a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def address_of(bare: Path) -> GitAddress:
    """Return how the repository is fetched."""
    address = parse(f"file://{bare}")
    assert isinstance(address, GitAddress)
    return address


def test_bytes(hub: Path, tmp_path: Path) -> None:
    """Of one skill at most 2 % of the repository's bytes come."""
    bare = hub / "acme/kit.git"
    found = lay_out(
        address_of(bare), tmp_path / "files", tmp_path / "git", DEFAULT_CAPS, ("pdf", "tidy")
    )
    assert found.part is Part.SOME
    assert size_of(tmp_path / "git") <= size_of(bare) / 50
    there = sorted(str(p.relative_to(tmp_path / "files")) for p in tmp_path.glob("files/**/*.*"))
    assert there == [
        "plugins/desk/.claude-plugin",
        "plugins/desk/.claude-plugin/plugin.json",
        "plugins/desk/skills/tidy/SKILL.md",
        "skills/pdf/SKILL.md",
        "skills/pdf/notes.md",
    ]


@pytest.mark.parametrize("names", [("none",), ("pdf", "PDF"), ("pdf", "../pdf")])
def test_all_where_the_tree_does_not_tell(
    hub: Path, tmp_path: Path, names: tuple[str, ...]
) -> None:
    """What the tree alone does not tell is read from all of it."""
    place = tmp_path / "files"
    found = lay_out(address_of(hub / "acme/kit.git"), place, tmp_path / "git", DEFAULT_CAPS, names)
    assert found.part is Part.ALL
    assert (place / "skills/large-7/data.bin").stat().st_size == SIZE // 8


@pytest.mark.parametrize("allows", [True, False])
def test_add_one_skill(
    hub: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, allows: bool
) -> None:
    """It is added, updated and synced elsewhere as from all; what a server does not do is said."""
    bare = bare_clone(hub / "work", tmp_path / "hub/acme/kit.git")
    git(bare, "config", "uploadpack.allowFilter", "true" if allows else "false")
    settings = tmp_path / "settings"
    settings.write_text(f'[url "file://{tmp_path}/hub/"]\n\tinsteadOf = https://github.com/\n')
    ada, bob = (Machine(tmp_path / name, settings, monkeypatch) for name in ("ada", "bob"))
    for one in (ada, bob):
        one.project.mkdir()
    said = ada.run("add", "acme/kit", "--skill", "pdf")
    assert ("its server sends no parts" in said) is not allows
    bob.run("add", "acme/kit")
    row = ada.lock()["skill:pdf"]
    other = bob.lock()["skill:pdf"]
    assert {**row, "uuid": ""} == {**other, "uuid": ""}
    make_skill(hub / "work", "pdf", f"Read PDFs {allows}", **{"notes.md": "Twice.\n"})
    commit(hub / "work")
    git(hub / "work", "push", "--quiet", str(bare), "main")
    assert "changed skill:pdf" in ada.run("update", "--yes")
    ada.run("add", "acme/kit", "--skill", "skill:tidy")
    assert set(ada.uuids()) == {"skill:pdf", "skill:tidy"}
    for name in ("holdall.toml", "holdall.lock"):
        (bob.project / name).write_bytes((ada.project / name).read_bytes())
    bob.run("sync", "--force")
    assert bob.files()[".claude/skills/pdf/SKILL.md"] == ada.files()[".claude/skills/pdf/SKILL.md"]
    assert "everything is as its source" in ada.run("update")


def test_add_one_skill_of_a_publication(
    tmp_path: Path, own_state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing else of it is read: here the files of the other skill are lost."""
    kit = new_kit(tmp_path / "kit")
    make_skill(tmp_path / "source", "pdf", "Read PDFs")
    make_skill(tmp_path / "source", "web", "Read the web")
    kit.run("collect", tmp_path / "source")
    place = tmp_path / "published"
    kit.run("publish", "--to", place)
    (lost,) = (blob for blob in place.glob("blobs/*") if b"\nRead the web\n" in blob.read_bytes())
    lost.unlink()
    settings = tmp_path / "settings"
    settings.touch()
    ada, bob = (Machine(tmp_path / name, settings, monkeypatch) for name in ("ada", "bob"))
    for one in (ada, bob):
        one.project.mkdir()
    ada.run("add", place, "--skill", "pdf")
    assert ada.uuids() == {"skill:pdf": kit.uuids()["skill:pdf"]}
    assert "everything is as its source" in ada.run("update")
    assert lost.name in bob.run("add", place, "--skill", "web", status=2)
    assert lost.name in bob.run("add", place, "--skill", "pdf", "--skill", "none", status=2)
    assert not bob.files()


def test_another_skill_at_the_place_of_one_that_is_known(
    tmp_path: Path, own_state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Then all is read: what is known may have got another name, and is not the new one."""
    kit = new_kit(tmp_path / "kit")
    make_skill(tmp_path / "source", "pdf", "Read PDFs")
    kit.run("collect", tmp_path / "source")
    place = tmp_path / "published"
    kit.run("publish", "--to", place)
    settings = tmp_path / "settings"
    settings.touch()
    ada = Machine(tmp_path / "ada", settings, monkeypatch)
    ada.project.mkdir()
    ada.run("add", place, "--skill", "pdf")
    before = ada.files()
    kit.run("rename", "skill:pdf", "papers")
    make_skill(tmp_path / "other", "pdf", "Print PDFs")
    kit.run("collect", tmp_path / "other")
    kit.run("publish", "--to", place)
    assert "skill:pdf, as holdall.lock calls it" in ada.run("update", "--yes", status=3)
    assert ada.files() == before
