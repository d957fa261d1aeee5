"""What is no part of a source although it is in its folder, and what a repository lacks."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from git_repositories import bare_clone, commit, git, make_repository
from holdall.errors import StorageError
from holdall.operations.read_source import open_source
from holdall.plugins.manager import Plugins
from holdall.sources.fetch.git import Git
from holdall.sources.values import Reading
from holdall.testing.kit import Kit
from host_factories import make_skill, make_source
from source_trees import codes, good, keys

pytestmark = pytest.mark.integration


def reading_of(source: str | Path) -> Reading:
    """Read a source as the commands do."""
    with open_source(Plugins(), str(source)) as reading:
        return reading


def files(reading: Reading) -> set[str]:
    """Return the files of all artifacts."""
    return {f"{a.path}/{file.path}" for a in reading.artifacts for file in a.tree.files}


def test_the_sources_own_git_decides(tmp_path: Path) -> None:
    """`.gitignore` at any depth and `.git/info/exclude` count; commits come first."""
    work = make_source(make_repository(tmp_path / "work"), "a", "b")
    (work / "skills/a/kept.log").write_text("committed")
    commit(work)
    (work / ".gitignore").write_text("*.log\n/dist\n")
    (work / "skills/b/.gitignore").write_text("drafts/\n")
    (work / ".git/info/exclude").write_text("notes.txt\n")
    (work / "skills/a/other.log").write_text("x")
    (work / "skills/b/drafts").mkdir()
    (work / "skills/b/drafts/x.md").write_text("x")
    (work / "skills/b/notes.txt").write_text("x")
    make_skill(work / "dist", "built")
    reading = reading_of(work)
    assert files(reading) == {
        "skills/a/SKILL.md", "skills/a/kept.log", "skills/b/SKILL.md", "skills/b/.gitignore"
    }  # fmt: skip
    assert set(reading.left_out) == {
        "dist", "skills/a/other.log", "skills/b/drafts", "skills/b/notes.txt"
    }  # fmt: skip
    below = reading_of(work / "skills")
    assert set(below.left_out) == {"a/other.log", "b/drafts", "b/notes.txt"}


def test_an_ignored_folder_that_is_named_is_read(tmp_path: Path) -> None:
    """Who asks for what a build made gets it."""
    work = make_source(make_repository(tmp_path / "work"), "a")
    (work / ".gitignore").write_text("dist/\n")
    make_skill(work / "dist", "built")
    assert keys(reading_of(work / "dist")) == {("skill", "skills/built")}


def test_left_out_files_are_counted_and_listed(with_git: Path, kit: Kit) -> None:
    """One line for all of them; `--verbose` and `--json` name each, and no project gets one."""
    shown = kit.command("collect", with_git)
    assert "2 ignored by the source's git" in shown.stderr
    assert "1 never meant to be passed on" in shown.stderr
    assert "skills/a/secret" not in shown.stderr
    assert "left out: skills/a/secret" in kit.command("scan", with_git, "--verbose").stderr
    found = kit.json("scan", with_git)["left_out"]
    assert {one["path"] for one in found} == {
        "skills/a/secret", "skills/a/tmp", "skills/a/.DS_Store"
    }  # fmt: skip
    kit.deploy("skill:a")
    assert [p.name for p in (kit.project / ".claude/skills/a").iterdir()] == ["SKILL.md"]


@pytest.fixture
def with_git(tmp_path: Path) -> Path:
    """A source in git, with files that are ignored and one that nobody wants."""
    work = make_source(make_repository(tmp_path / "work"), "a")
    (work / ".gitignore").write_text("secret\ntmp/\n")
    (work / "skills/a/secret").write_text("x")
    (work / "skills/a/tmp").mkdir()
    (work / "skills/a/tmp/x").write_text("x")
    (work / "skills/a/.DS_Store").write_text("x")
    return work


def blob_of(work: Path, path: str) -> Path:
    """Return where git keeps a committed file's content."""
    sha = git(work, "rev-parse", f"HEAD:{path}")
    return work / ".git/objects" / sha[:2] / sha[2:]


@pytest.mark.parametrize("damage", ["gone", "cut", "many"])
def test_a_missing_object_refuses_one_artifact(tmp_path: Path, damage: str) -> None:
    """All others come; the one that needs it is named, and not taken in part."""
    work = make_source(make_repository(tmp_path / "work"), "a", "b", "c")
    for number in range(5):
        (work / f"skills/b/{number}.txt").write_text(f"content {number} " * 1000)
    commit(work)
    for number in range(5 if damage == "many" else 1):
        blob = blob_of(work, f"skills/b/{number}.txt")
        blob.chmod(0o644)
        if damage == "gone":
            blob.unlink()
        else:
            blob.write_bytes(blob.read_bytes()[:20])
    reading = reading_of(f"git+{work}")
    assert keys(reading) == {("skill", "skills/a"), ("skill", "skills/c")}
    assert ("skills/b", "unreadable") in codes(reading)
    assert reading.why_unread("skills/b") is not None


def test_a_clone_that_has_some_content(tmp_path: Path) -> None:
    """Of a partial clone, what it has is read; nobody is asked for the rest."""
    work = make_source(make_repository(tmp_path / "work"), "a", "b")
    (work / "skills/b/big.bin").write_bytes(b"0123456789" * 1000)
    commit(work)
    bare = bare_clone(work, tmp_path / "up.git")
    git(bare, "config", "uploadpack.allowFilter", "true")
    words = ("clone", "--quiet", "--bare", "--filter=blob:limit=1k", f"file://{bare}", "part.git")
    git(tmp_path, *words)
    reading = reading_of(tmp_path / "part.git")
    assert keys(reading) == {("skill", "skills/a")}
    assert ("skills/b", "unreadable") in codes(reading)


def test_a_submodule_of_a_commit_is_named(tmp_path: Path) -> None:
    """It is no file of the commit; what came from there is kept."""
    work = make_source(make_repository(tmp_path / "work"), "a")
    head = commit(work)
    git(work, "update-index", "--add", "--cacheinfo", f"160000,{head},skills/module")
    git(work, "commit", "--quiet", "--message", "module")
    reading = reading_of(f"git+{work}")
    assert codes(reading) == {("skills/module", "not-checked-out")}
    assert reading.why_unread("skills/module/x") is not None


def test_an_archive_of_a_skill(tmp_path: Path, kit: Kit) -> None:
    """`.skill` is a zip archive with the skill's folder, or what is in it."""
    for name, prefix in (("one", "one/"), ("two", "")):
        with zipfile.ZipFile(tmp_path / f"{name}.skill", "w") as archive:
            archive.writestr(f"{prefix}SKILL.md", good(name))
            archive.writestr(f"{prefix}scripts\\run.py", "print()")
        assert f"new       skill:{name}" in kit.run("collect", tmp_path / f"{name}.skill")
        assert (kit.collection / "skills" / name / "scripts/run.py").is_file()


@pytest.mark.parametrize(
    "name", ["skills\\a\\SKILL.md", "skills/a\\SKILL.md", "top\\skills\\a\\SKILL.md"]
)
def test_an_archive_made_on_windows(tmp_path: Path, name: str) -> None:
    """Its backslashes separate names; its folders' own entries are no files."""
    with zipfile.ZipFile(tmp_path / "w.zip", "w") as archive:
        archive.writestr(name.rpartition("\\")[0] + "\\", "")
        archive.writestr(name, good("a"))
    assert keys(reading_of(tmp_path / "w.zip")) == {("skill", "skills/a")}


SETTINGS = ["GIT_CONFIG_GLOBAL", "GIT_CONFIG_COUNT", "GIT_CONFIG_PARAMETERS"]


@pytest.mark.parametrize("way", SETTINGS)
def test_the_users_settings_of_git_count(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    """Whatever way they are set in, a repository that git reaches is reached."""
    work = make_source(make_repository(tmp_path / "work"), "a")
    commit(work)
    key, value = f"url.file://{tmp_path}/.insteadOf", "https://kit.invalid/"
    if way == "GIT_CONFIG_GLOBAL":
        (tmp_path / "settings").write_text(f'[url "file://{tmp_path}/"]\n\tinsteadOf = {value}\n')
        monkeypatch.setenv(way, str(tmp_path / "settings"))
    elif way == "GIT_CONFIG_COUNT":
        monkeypatch.setenv(way, "1")
        monkeypatch.setenv("GIT_CONFIG_KEY_0", key)
        monkeypatch.setenv("GIT_CONFIG_VALUE_0", value)
    else:
        monkeypatch.setenv(way, f"'{key}'='{value}'")
    assert keys(reading_of("https://kit.invalid/work")) == {("skill", "skills/a")}


def test_settings_run_nothing_that_ours_forbid(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither a transport that is a command nor a monitor of files, whoever allows them."""
    work = make_source(make_repository(tmp_path / "work"), "a")
    commit(work)
    ran = tmp_path / "ran"
    pairs = {
        "url.ext::touch " + str(ran) + " .insteadOf": "https://kit.invalid/",
        "protocol.ext.allow": "always", "core.fsmonitor": f"touch {ran}",
    }  # fmt: skip
    monkeypatch.setenv("GIT_ALLOW_PROTOCOL", "ext:file:https")
    monkeypatch.setenv("GIT_CONFIG_COUNT", str(len(pairs)))
    for number, (key, value) in enumerate(pairs.items()):
        monkeypatch.setenv(f"GIT_CONFIG_KEY_{number}", key)
        monkeypatch.setenv(f"GIT_CONFIG_VALUE_{number}", value)
    with pytest.raises(StorageError):
        reading_of("https://kit.invalid/x")
    reading_of(work)
    assert not ran.exists()


@pytest.mark.parametrize(
    ("complaint", "told"),
    [
        ("fatal: unable to access 'https://h/a/': SSL certificate problem: self signed", "SSL"),
        ("remote: This project moved.\nfatal: repository 'https://h/a' not found", "moved"),
        ("ssh: connect to host h port 22: No route to host\nfatal: Could not read", "No route"),
        ("fatal: bad https://h/a?access_token=hunter2 and hunter2", "bad https://h/a and ***"),
    ],
)  # fmt: skip
def test_gits_own_words_reach_the_user(tmp_path: Path, complaint: str, told: str) -> None:
    """All but the secrets in them."""
    git_of = Git(tmp_path / "git", "https://h/a", may_fetch=True)
    git_of.log_in_with("https://joe:hunter2@h")
    message = git_of.unreachable(complaint).message
    assert told in message
    assert "hunter2" not in message


def test_a_collection_keeps_the_ends_of_its_lines_in_git(tmp_path: Path, kit: Kit) -> None:
    """Whatever the settings of who clones it say: CRLF stays, LF stays."""
    source = make_source(tmp_path / "source", "a")
    (source / "skills/a/windows.md").write_bytes(b"one\r\ntwo\r\n")
    kit.run("collect", source)
    git(kit.collection, "init", "--quiet")
    commit(kit.collection)
    git(tmp_path, "clone", "--quiet", "-c", "core.autocrlf=true", str(kit.collection), "clone")
    clone = tmp_path / "clone"
    for file in ("SKILL.md", "windows.md"):
        path = Path("skills/a") / file
        assert (clone / path).read_bytes() == (source / path).read_bytes()
