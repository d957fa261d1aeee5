"""What people write to name a source, told apart without touching the network."""

from __future__ import annotations

from pathlib import Path

import pytest

from holdall.errors import HoldallError, HostilePathError, UsageError
from holdall.sources.fetch.address import (
    ArchiveAddress,
    FolderAddress,
    GitAddress,
    parse,
    show_address,
)

pytestmark = pytest.mark.unit


def bare(folder: Path) -> Path:
    """Make what looks like a bare repository."""
    for name in ("objects", "refs"):
        (folder / name).mkdir(parents=True)
    (folder / "HEAD").write_text("ref: refs/heads/main\n")
    return folder


@pytest.mark.parametrize(
    ("text", "url", "revision", "subfolder", "name"),
    [
        ("https://h/a/b.git", "https://h/a/b.git", None, None, "https://h/a/b"),
        ("git+https://h/a/b/", "https://h/a/b/", None, None, "https://h/a/b"),
        ("https://h/a@v1", "https://h/a", "v1", None, "https://h/a"),
        ("https://h/a@feature/x#sub", "https://h/a", "feature/x", "sub", "https://h/a#sub"),
        ("https://h/a#./sub/dir/", "https://h/a", None, "sub/dir", "https://h/a#sub/dir"),
        ("https://u:p@h:8443/a@v1", "https://u:p@h:8443/a", "v1", None, "https://h:8443/a"),
        ("https://token@h/a", "https://token@h/a", None, None, "https://h/a"),
        ("https://h/a?token=x", "https://h/a?token=x", None, None, "https://h/a"),
        ("ssh://git@h/a@v1", "ssh://git@h/a", "v1", None, "ssh://git@h/a"),
        ("git+ssh://git:pw@h:22/a", "ssh://git:pw@h:22/a", None, None, "ssh://git@h:22/a"),
        ("git@h:a/b.git@v1#s", "git@h:a/b.git", "v1", "s", "git@h:a/b#s"),
        ("file:///srv/a.git@v1", "file:///srv/a.git", "v1", None, "file:///srv/a.git"),
    ],
)
def test_urls(text: str, url: str, revision: str | None, subfolder: str | None, name: str) -> None:
    """Revision and folder are split off; the recorded name has neither them nor credentials."""
    assert parse(text) == GitAddress(url, name, revision, subfolder, None)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("http://h/a", UsageError),
        ("git://h/a", UsageError),
        ("ext::sh://x", UsageError),
        ("https://h/a@", UsageError),
        ("https://h/a@--upload-pack=x", UsageError),
        ("https://h/a@+x:y", UsageError),
        ("https://h/a@a..b", UsageError),
        ("https://h/a@HEAD~1", UsageError),
        ("https://h/a\nb", UsageError),
        ("https://[h/a", UsageError),
        ("https://h/a#../x", HostilePathError),
        ("https://h/a#/etc", HostilePathError),
    ],
)
def test_what_is_no_address(text: str, error: type[HoldallError]) -> None:
    """Refused before git is asked."""
    if text.startswith("ext::"):
        assert parse(text) == FolderAddress(Path(text))
        return
    with pytest.raises(error):
        parse(text)


def test_folders_and_archives(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What exists under that very name comes first; what exists nowhere is a folder not found."""
    monkeypatch.chdir(tmp_path)
    for name in ("plain", "a@v1", "x#y"):
        (tmp_path / name).mkdir()
        assert parse(name) == FolderAddress(Path(name))
    for name in ("a.zip", "A.TAR.GZ", "b.tgz", "c.tar.bz2", "d.tar.xz", "e.tar"):
        (tmp_path / name).touch()
        assert parse(name) == ArchiveAddress(Path(name))
    (tmp_path / "f.rar").touch()
    assert parse("f.rar") == FolderAddress(Path("f.rar"))
    assert parse("no/such/place@x#x") == FolderAddress(Path("no/such/place@x#x"))
    assert parse("plain/such") == FolderAddress(Path("plain/such"))


@pytest.mark.parametrize(
    ("text", "revision", "subfolder"),
    [
        ("owner/repo", None, None),
        ("owner/repo@v1", "v1", None),
        ("owner/repo@feature/x#a/b", "feature/x", "a/b"),
        ("owner/repo.git", None, None),
        ("github:owner/repo@v1", "v1", None),
        ("https://github.com/owner/repo/", None, None),
        ("https://www.GitHub.com/owner/repo.git#a", None, "a"),
        ("https://github.com/owner/repo/tree/v1", "v1", None),
        ("https://github.com/owner/repo/tree/feature%2Fx/a/b%20c", "feature/x", "a/b c"),
        ("https://github.com/owner/repo/blob/v1/a/SKILL.md?plain=1", "v1", "a"),
        ("https://github.com/owner/repo/blob/v1/SKILL.md", "v1", None),
        ("https://token@github.com/owner/repo/tree/v1/a", "v1", "a"),
        ("git@github.com:owner/repo.git@v1", "v1", None),
        ("git@github.com:/owner/repo", None, None),
        ("ssh://git@github.com/owner/repo.git", None, None),
        ("ssh://git@ssh.github.com:443/owner/repo", None, None),
        ("git+https://github.com/owner/repo.git", None, None),
    ],
)
def test_one_name_for_one_repository(
    text: str,
    revision: str | None,
    subfolder: str | None,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """However it is written, a repository of a code host has one recorded address."""
    monkeypatch.chdir(tmp_path)
    address = parse(text)
    assert isinstance(address, GitAddress)
    name = "https://github.com/owner/repo"
    assert address.name == (f"{name}#{subfolder}" if subfolder else name)
    assert (address.revision, address.subfolder) == (revision, subfolder)
    path = address.url.partition("://")[2].partition("/")[2] or address.url.partition(":")[2]
    assert path.strip("/") in ("owner/repo", "owner/repo.git")
    assert ("token@" in text) == ("token@" in address.url)


@pytest.mark.parametrize(
    ("text", "name", "revision"),
    [
        ("gitlab:group/sub/repo@v1", "https://gitlab.com/group/sub/repo", "v1"),
        ("https://gitlab.com/group/sub/repo/-/tree/v1", "https://gitlab.com/group/sub/repo", "v1"),
        ("https://git.h/a/-/tree/v1/s", "https://git.h/a#s", "v1"),
        ("git+https://git.h/a/b/tree/v1", "https://git.h/a/b/tree/v1", None),
        ("git@gitlab.com:group/sub/repo.git", "https://gitlab.com/group/sub/repo", None),
    ],
)
def test_other_hosts(text: str, name: str, revision: str | None) -> None:
    """GitLab's addresses, and a repository whose path only looks like that of a page."""
    address = parse(text)
    assert isinstance(address, GitAddress)
    assert (address.name, address.revision) == (name, revision)


def test_a_folder_of_that_name_wins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`owner/repo` is what is here under that name; a folder `owner` alone is no repository."""
    monkeypatch.chdir(tmp_path)
    assert isinstance(parse("owner/repo"), GitAddress)
    (tmp_path / "owner").mkdir()
    assert parse("owner/repo") == FolderAddress(Path("owner/repo"))
    bare(tmp_path / "owner/repo")
    local = parse("owner/repo@v1#s")
    assert isinstance(local, GitAddress)
    assert local.git_dir == tmp_path / "owner/repo"
    assert isinstance(parse("github:owner/repo"), GitAddress)
    assert parse("github:owner/repo").name == "https://github.com/owner/repo"  # type: ignore[union-attr]


@pytest.mark.parametrize("text", ["a/..", "a/.", "-a/b", "a/b/c", "a b/c", "a/", "github:/a"])
def test_what_is_no_short_name(text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Other words are folders, here or not."""
    monkeypatch.chdir(tmp_path)
    assert isinstance(parse(text), FolderAddress)


def test_local_repositories(tmp_path: Path) -> None:
    """A bare one by itself; a work tree's if a revision, a folder or git+ asks for it."""
    path = bare(tmp_path / "r.git")
    assert parse(str(path)) == GitAddress(str(path), str(path), None, None, path)
    both = parse(f"{path}@v1#sub")
    assert both == GitAddress(str(path), f"{path}#sub", "v1", "sub", path)  # type: ignore[arg-type]
    work = tmp_path / "work"
    git_dir = bare(work / ".git")
    assert parse(str(work)) == FolderAddress(work)
    for text in (f"{work}#s", f"{work}@v1", f"git+{work}"):
        address = parse(text)
        assert isinstance(address, GitAddress)
        assert address.git_dir == git_dir
    with pytest.raises(UsageError):
        parse(f"{path}@-x")


def test_what_is_shown_has_no_credentials() -> None:
    """Neither a user, a password nor a query."""
    assert show_address("git+https://u:p@h/a?t=1@v1#s") == "git+https://h/a#s"
    assert show_address("https://h/a@v1") == "https://h/a@v1"
    assert show_address("some/folder?") == "some/folder?"
