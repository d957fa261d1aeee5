"""Git repositories as sources: any revision, nothing of theirs run, nothing secret recorded."""

from __future__ import annotations

import base64
import os
import signal
import subprocess
import tempfile
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import pytest

from git_repositories import bare_clone, commit, git, make_repository
from holdall.artifacts.ids import ArtifactId
from holdall.artifacts.limits import Caps
from holdall.cli import main
from holdall.collection.manifest.manifest import ManifestArtifact
from holdall.errors import (
    HostilePathError,
    InputError,
    NotFoundError,
    RefusedError,
    StorageError,
)
from holdall.sources.fetch.origin import open_origin as origin
from host_factories import (
    collect,
    make_collection,
    make_skill,
    make_source,
    manifest_text,
    opened,
    snapshot,
)

pytestmark = pytest.mark.integration


class Upstream:
    """A repository with the tag v1, a newer main, a branch, and a bare clone of it all."""

    def __init__(self, folder: Path) -> None:
        self.work = make_source(make_repository(folder / "work"), "a", "b")
        make_skill(self.work / "pack", "deep")
        (self.work / "skills/a/run.sh").write_text("#!/bin/sh\n")
        (self.work / "skills/a/run.sh").chmod(0o755)
        (self.work / "skills/a/link").symlink_to("run.sh")
        self.first = commit(self.work)
        git(self.work, "tag", "-a", "v1", "-m", "one")
        git(self.work, "branch", "feature/x")
        make_skill(self.work, "a", "newer")
        self.second = commit(self.work)
        self.bare = bare_clone(self.work, folder / "up.git")

    def pull(self) -> None:
        """Bring the bare clone up to date."""
        git(self.bare, "fetch", "--quiet", str(self.work), "+refs/heads/*:refs/heads/*")


@pytest.fixture
def upstream(tmp_path: Path) -> Upstream:
    """A repository to collect from."""
    return Upstream(tmp_path)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """An empty collection."""
    return make_collection(tmp_path / "kit")


def skill(root: Path, name: str = "a") -> ManifestArtifact:
    """Return a skill's entry."""
    found = opened(root).entry(ArtifactId.of("skill", name))
    assert isinstance(found, ManifestArtifact)
    return found


BY_PATH, BY_URL = "{}", "file://{}"


@pytest.mark.parametrize("form", [BY_PATH, BY_URL, "git+file://{}"])
@pytest.mark.parametrize("named", ["", "v1", "feature/x", "main", "first", "short"])
def test_any_revision(upstream: Upstream, form: str, named: str) -> None:
    """Branch, tag, commit, the beginning of one, or none for the head."""
    revision = {"first": upstream.first, "short": upstream.first[:9]}.get(named, named)
    text = form.format(upstream.bare) + (f"@{revision}" if revision else "")
    with origin(text) as found:
        newest = named in ("", "main")
        assert found.revision == (upstream.second if newest else upstream.first)
        assert ("newer" in (found.folder / "skills/a/SKILL.md").read_text()) == newest
        assert found.name == form.format(upstream.bare).removeprefix("git+")
        assert not (found.folder / ".git").exists()
        folder = found.folder
    assert not folder.exists()


def test_files_come_as_they_were_committed(root: Path, upstream: Upstream) -> None:
    """Bytes, modes and links, whatever the attributes say; from a bare clone as from its URL."""
    (upstream.work / ".gitattributes").write_text("* text eol=crlf export-subst\nb export-ignore\n")
    make_skill(upstream.work, "c", "$Format:%H$")
    commit(upstream.work)
    upstream.pull()
    for form in (BY_PATH, BY_URL):
        with origin(form.format(upstream.bare)) as found:
            there = snapshot(found.folder, times=False)
            assert there == snapshot(upstream.work, without=[".git"], times=False)


def test_a_newer_revision_updates_what_an_older_one_brought(root: Path, upstream: Upstream) -> None:
    """One origin in all revisions: the changed follows, and only the changed is written."""
    url = f"file://{upstream.bare}"
    collect(root, f"{url}@v1")
    assert skill(root).source == url
    assert skill(root).source_revision == upstream.first
    before = skill(root, "b")
    changes = collect(root, url)
    assert {str(c.id): c.kind.value for c in changes.changes}["skill:a"] == "changed"
    assert skill(root).source_revision == upstream.second
    assert skill(root, "b") == before
    assert "newer" in (root / "skills/a/SKILL.md").read_text()
    seen = snapshot(root)
    collect(root, url)
    assert snapshot(root) == seen


def test_a_move_between_revisions_is_a_rename(root: Path, upstream: Upstream) -> None:
    """The temporary folder is another one each time; the artifact is the same."""
    collect(root, str(upstream.bare))
    (upstream.work / "skills/a").rename(upstream.work / "skills/z")
    commit(upstream.work)
    upstream.pull()
    changes = collect(root, str(upstream.bare))
    assert {str(c.id): c.kind.value for c in changes.changes}["skill:z"] == "renamed"


def test_a_subfolder_alone(root: Path, upstream: Upstream) -> None:
    """Paths are relative to it, and it is another origin than the whole."""
    collect(root, f"{upstream.bare}@main#pack")
    (entry,) = opened(root).manifest.artifacts
    assert (str(entry.id), entry.source_path) == ("skill:deep", "skills/deep")
    assert entry.source == f"{upstream.bare}#pack"
    for text in (f"{upstream.bare}#gone", f"{upstream.bare}#skills/a/SKILL.md"):
        with pytest.raises(NotFoundError, match="no such folder"), origin(text):
            pass


def test_a_skill_at_the_top_is_named_after_the_repository(tmp_path: Path, root: Path) -> None:
    """Not after a temporary folder."""
    work = make_repository(tmp_path / "work")
    (work / "SKILL.md").write_text("---\ndescription: x\n---\n")
    commit(work)
    bare_clone(work, tmp_path / "useful.git")
    collect(root, f"file://{tmp_path}/useful.git")
    assert skill(root, "useful").source_path == "."


def test_the_head_of_a_work_tree_is_recorded(root: Path, upstream: Upstream) -> None:
    """For a folder below its top too; a folder outside of git has no revision."""
    collect(root, upstream.work / "skills")
    assert skill(root).source_revision == upstream.second
    git(upstream.work, "worktree", "add", "--quiet", str(root.parent / "linked"), "v1")
    with origin(str(root.parent / "linked/skills")) as found:
        assert found.revision == upstream.first
    with origin(str(root)) as found:
        assert found.revision is None


@pytest.mark.parametrize("form", [BY_PATH, BY_URL])
@pytest.mark.parametrize("revision", ["nothing", "0123abc", "0" * 40, "main/x"])
def test_unknown_revisions(upstream: Upstream, form: str, revision: str) -> None:
    """Named, together with the source."""
    text = f"{form.format(upstream.bare)}@{revision}"
    with pytest.raises(NotFoundError, match=revision) as caught, origin(text):
        pass
    assert str(upstream.bare) in caught.value.message


def test_unknown_repositories(tmp_path: Path) -> None:
    """And one without a commit."""
    with (
        pytest.raises(NotFoundError, match="no such git repository"),
        origin(f"file://{tmp_path}/gone"),
    ):
        pass
    make_repository(tmp_path / "empty")
    for text in (f"git+{tmp_path}/empty", f"file://{tmp_path}/empty"):
        with pytest.raises(NotFoundError, match="no commit"), origin(text):
            pass


def test_without_git(upstream: Upstream, monkeypatch: pytest.MonkeyPatch) -> None:
    """A repository cannot be read, and says why; a folder can."""
    monkeypatch.setenv("PATH", "/nonexistent")
    with pytest.raises(StorageError, match="needs the git command"), origin(str(upstream.bare)):
        pass
    with origin(str(upstream.work)) as found:
        assert found.revision is None


def fake_git(folder: Path, script: str) -> str:
    """Write a `git` that runs a shell script, and return the PATH to find it by."""
    folder.mkdir()
    path = folder / "git"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return f"{folder}:{os.environ['PATH']}"


@pytest.mark.parametrize(
    ("complaint", "told", "status"),
    [
        ("fatal: could not read Username for 'https://h': terminal prompts disabled", "wants", 5),
        ("fatal: Authentication failed for 'https://joe:hunter2@h/a/'", "wants credentials", 5),
        ("git@h: Permission denied (publickey).", "wants credentials", 5),
        ("fatal: unable to access 'https://joe:hunter2@h/a/': Could not resolve host", "reach", 5),
        ("fatal: repository 'https://joe:hunter2@h/a/' not found", "no such git repository", 4),
        ("fatal: couldn't find remote ref v1", "no branch, tag or commit", 4),
    ],
)
def test_no_failure_shows_credentials(
    root: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    complaint: str,
    told: str,
    status: int,
) -> None:
    """What git complains of is told in our words, naming the source."""
    script = f'case "$*" in *fetch*) echo "{complaint}" >&2; exit 128;; esac'
    monkeypatch.setenv("PATH", fake_git(tmp_path / "bin", script))
    words = ["--no-plugins", "--collection", str(root), "--verbose"]
    source = "https://joe:hunter2@h/a@v1"
    for command in ("scan", "collect"):
        assert main([*words, command, source]) == status
        said = "".join(capsys.readouterr())
        assert told in said
        assert "https://h/a" in said
        assert "hunter2" not in said
        assert "joe" not in said


def test_an_interrupt_ends_git_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing goes on fetching behind one's back."""
    started: list[subprocess.Popen[bytes]] = []

    def interrupted(process: subprocess.Popen[bytes], timeout: float | None = None) -> None:
        started.append(process)
        raise KeyboardInterrupt

    monkeypatch.setenv("PATH", fake_git(tmp_path / "bin", "exec sleep 60"))
    monkeypatch.setattr(subprocess.Popen, "communicate", interrupted)
    with pytest.raises(KeyboardInterrupt), origin("https://h/a"):
        pass
    (process,) = started
    assert process.returncode == -signal.SIGKILL
    for pipe in (process.stdout, process.stderr):
        assert pipe is not None
        assert pipe.closed


def test_git_is_never_asked_for_more_than_it_should_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No variable leads git elsewhere, prompts are off, and user text is behind `--`."""
    log = tmp_path / "log"
    script = f'{{ echo "$*"; env; }} >> {log}; case "$*" in *fetch*) exit 1;; esac'
    monkeypatch.setenv("PATH", fake_git(tmp_path / "bin", script))
    monkeypatch.setenv("GIT_DIR", "/elsewhere")
    monkeypatch.setenv("GIT_EXTERNAL_DIFF", "core.x")
    with pytest.raises(StorageError), origin("https://h/a@v1"):
        pass
    said = log.read_text()
    assert "-- https://h/a v1" in said
    for setting in ("core.hooksPath=/dev/null", "protocol.ext.allow=never"):
        assert f"-c {setting}" in said
    for line in ("GIT_TERMINAL_PROMPT=0", "GIT_ASKPASS=", "GIT_LFS_SKIP_SMUDGE=1"):
        assert f"\n{line}\n" in said
    assert "/elsewhere" not in said
    assert "core.x" not in said


def test_credentials_are_recorded_nowhere(
    root: Path,
    upstream: Upstream,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Neither in the manifest nor in what is printed, with --json or without."""
    settings = tmp_path / "gitconfig"
    settings.write_text(f'[url "file://{upstream.bare}"]\n\tinsteadOf = https://h/a.git\n')
    monkeypatch.setenv("HOME", str(tmp_path))
    settings.rename(tmp_path / ".gitconfig")
    words = ["--no-plugins", "--collection", str(root)]
    for command in (["scan"], ["collect", "--json"], ["collect"]):
        assert main([*words, *command, "https://joe:hunter2@h/a.git"]) == 0
        said = "".join(capsys.readouterr())
        assert "hunter2" not in said
    assert skill(root).source == "https://h/a"
    for place, _, files in os.walk(root):
        assert not any(b"hunter2" in Path(place, name).read_bytes() for name in files)


class _Server(BaseHTTPRequestHandler):
    """Serves repositories to joe, and looks at the machine's process list meanwhile."""

    projects: Path
    seen: ClassVar[list[str]] = []
    logins: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        """Answer as git's own CGI program does."""
        login = self.headers.get("Authorization", "")
        self.logins.append(login)
        if login != "Basic " + base64.b64encode(b"joe:hunter 2").decode():
            self.send_response(401)
            self.send_header("WWW-Authenticate", 'Basic realm="x"')
            self.end_headers()
            return
        self.seen.extend(
            path.read_bytes().replace(b"\0", b" ").decode(errors="replace")
            for path in Path("/proc").glob("[0-9]*/cmdline")
            if os.path.exists(path)
        )
        path, _, query = self.path.partition("?")
        environment = {
            "PATH": os.environ["PATH"],
            "GIT_PROJECT_ROOT": str(self.projects),
            "GIT_HTTP_EXPORT_ALL": "1",
            "REQUEST_METHOD": self.command,
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "CONTENT_TYPE": self.headers.get("Content-Type", ""),
            "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
            "HTTP_GIT_PROTOCOL": self.headers.get("Git-Protocol", ""),
        }
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        words = ["git", "-c", "safe.directory=*", "http-backend"]
        done = subprocess.run(words, env=environment, input=body, capture_output=True)
        head, _, data = done.stdout.partition(b"\r\n\r\n")
        self.send_response(200)
        for line in head.decode().splitlines():
            self.send_header(*line.split(": ", 1))
        self.end_headers()
        self.wfile.write(data)

    do_POST = do_GET

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.mark.skipif(not Path("/proc/self/cmdline").exists(), reason="the system has no /proc")
def test_a_password_is_used_and_seen_by_nobody(
    upstream: Upstream, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It goes to the server, but into no process list, and no helper of the user's keeps it."""
    kept = tmp_path / "kept"
    (tmp_path / "home").mkdir()
    helper = f"[credential]\n\thelper = store --file={kept}\n"
    (tmp_path / "home/.gitconfig").write_text(helper)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setattr("holdall.sources.fetch.address._GIT_SCHEMES", {"http"})
    _Server.projects = upstream.bare.parent
    with ThreadingHTTPServer(("127.0.0.1", 0), _Server) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        host = f"127.0.0.1:{server.server_port}"
        try:
            with origin(f"http://joe:hunter%202@{host}/up.git@v1") as opened_origin:
                assert opened_origin.revision == upstream.first
                assert opened_origin.name == f"http://{host}/up.git"
            with pytest.raises(StorageError, match="credentials"), origin(f"http://{host}/up.git"):
                pass
        finally:
            server.shutdown()
    assert any("remote-http" in line and host in line for line in _Server.seen)
    assert not any("hunter" in line for line in _Server.seen)
    assert not kept.exists()


def test_a_server_that_sends_too_much_is_cut_off(
    upstream: Upstream, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While it sends, not when the disk is full; git is ended and what it left is gone."""
    monkeypatch.setenv("TMPDIR", str(tmp_path / "scratch"))
    monkeypatch.setattr(tempfile, "tempdir", None)
    (tmp_path / "scratch").mkdir()
    with origin(f"file://{upstream.bare}", Caps(max_source_bytes=1 << 20)):
        pass
    endless = tmp_path / "bin/git"
    endless.parent.mkdir()
    endless.write_text(
        '#!/bin/sh\nfor d in "$@"; do case $d in --git-dir=*) dir=${d#*=};; esac; done\n'
        'mkdir -p "$dir"\n'
        'case "$*" in *fetch*) head -c 5000000 /dev/zero > "$dir/pack"; exec sleep 60;; esac\n'
    )
    endless.chmod(0o755)
    monkeypatch.setenv("PATH", f"{endless.parent}:{os.environ['PATH']}")
    monkeypatch.setattr("holdall.sources.fetch.git._LOOK_EVERY", 0.01)
    with pytest.raises(RefusedError, match="holds more than 1,000,000 bytes") as caught:
        origin("https://h/a", Caps(max_source_bytes=1_000_000)).__enter__()
    assert "HOLDALL_MAX_SOURCE_BYTES" in (caught.value.hint or "")
    assert not list((tmp_path / "scratch").iterdir())


def test_nothing_of_a_repository_is_run(upstream: Upstream, tmp_path: Path) -> None:
    """Hooks, filters, monitors and ssh commands that its own settings name."""
    ran = tmp_path / "ran"
    script = tmp_path / "script"
    script.write_text(f"#!/bin/sh\ntouch {ran}\ncat\n")
    script.chmod(0o755)
    (upstream.work / ".gitattributes").write_text("* filter=evil diff=evil\n")
    commit(upstream.work)
    upstream.pull()
    for key in (
        *("filter.evil.smudge", "filter.evil.clean", "filter.evil.process", "core.fsmonitor"),
        *("core.sshCommand", "core.pager", "diff.evil.textconv", "uploadpack.packObjectsHook"),
        *("alias.cat-file", "tar.tar.command", "core.editor", "credential.helper"),
    ):
        git(upstream.bare, "config", key, f"!{script}" if key.startswith("alias") else str(script))
        git(upstream.work, "config", key, f"!{script}" if key.startswith("alias") else str(script))
    for name in ("post-checkout", "reference-transaction", "post-index-change"):
        (upstream.bare / "hooks").mkdir(exist_ok=True)
        (upstream.bare / "hooks" / name).symlink_to(script)
    forms = (upstream.bare, f"file://{upstream.bare}", upstream.work, f"git+{upstream.work}")
    for text in map(str, forms):
        with origin(text) as found:
            assert (found.folder / "skills/a/SKILL.md").exists()
    assert not ran.exists()


def test_a_partial_clone_is_not_completed(upstream: Upstream, tmp_path: Path) -> None:
    """Missing objects are an error; nobody is asked for them."""
    git(upstream.bare, "config", "uploadpack.allowFilter", "true")
    partial = tmp_path / "partial.git"
    url = f"file://{upstream.bare}"
    git(tmp_path, "clone", "--quiet", "--bare", "--filter=blob:none", url, str(partial))
    with pytest.raises(StorageError, match="lacks the content"), origin(str(partial)):
        pass


def test_submodules_are_left_out(upstream: Upstream) -> None:
    """The entry of one is no file; nothing is fetched for it."""
    head = git(upstream.work, "rev-parse", "HEAD")
    git(upstream.work, "update-index", "--add", "--cacheinfo", f"160000,{head},module")
    git(upstream.work, "commit", "--quiet", "--message", "module")
    upstream.pull()
    with origin(str(upstream.bare)) as found:
        assert not (found.folder / "module").exists()
        assert (found.folder / "skills/a").is_dir()


def evil_tree(work: Path, *, name: str, mode: str = "100644", content: bytes = b"x") -> None:
    """Commit a tree of one entry that git itself would not make."""
    sha = git(work, "hash-object", "-w", "--stdin", stdin=content)
    raw = f"{mode} {name}\0".encode() + bytes.fromhex(sha)
    tree = git(work, "hash-object", "-t", "tree", "--literally", "-w", "--stdin", stdin=raw)
    made = git(work, "commit-tree", tree, "-m", "evil")
    git(work, "update-ref", "refs/heads/evil", made)


@pytest.mark.parametrize("name", ["..", ".git", ".GIT", "../x", "."])
def test_paths_that_lead_out_are_refused(upstream: Upstream, tmp_path: Path, name: str) -> None:
    """No git client makes them; somebody did."""
    evil_tree(upstream.work, name=name)
    with pytest.raises(HostilePathError, match="unsafe path"), origin(f"{upstream.work}@evil"):
        pass
    assert not (tmp_path / "x").exists()


def test_a_link_is_never_written_through(upstream: Upstream, tmp_path: Path) -> None:
    """A tree with a link and a folder of the same name writes nothing where the link leads."""
    outside = tmp_path / "outside"
    outside.mkdir()
    work = upstream.work
    shas = [
        git(work, "hash-object", "-w", "--stdin", stdin=data)
        for data in (str(outside).encode(), b"x")
    ]
    inner = git(work, "mktree", stdin=f"100644 blob {shas[1]}\tpwned\n".encode())
    raw = b"120000 a\0" + bytes.fromhex(shas[0]) + b"40000 a\0" + bytes.fromhex(inner)
    tree = git(work, "hash-object", "-t", "tree", "--literally", "-w", "--stdin", stdin=raw)
    git(work, "update-ref", "refs/heads/evil", git(work, "commit-tree", tree, "-m", "evil"))
    with pytest.raises(Exception, match="there twice"), origin(f"{work}@evil"):
        pass
    assert not any(outside.iterdir())


def test_a_link_that_is_a_book_is_refused(upstream: Upstream) -> None:
    """A link's text has a length that a file system takes."""
    evil_tree(upstream.work, name="l", mode="120000", content=b"x" * 3_000_000)
    with pytest.raises(InputError, match="no usable target"), origin(f"{upstream.work}@evil"):
        pass


@pytest.mark.parametrize("shape", [lambda u: u, lambda u: f"git+{u}"])
def test_unix_names_that_are_odd_elsewhere_are_for_the_reader(
    root: Path, upstream: Upstream, shape: Callable[[str], str]
) -> None:
    """A repository with one bad name is not refused whole."""
    make_skill(upstream.work, "a", "newer", **{"con.txt": "x"})
    commit(upstream.work)
    changes = collect(root, shape(f"file://{upstream.work}"))
    assert {str(c.id) for c in changes.changes} == {"skill:a", "skill:b", "skill:deep"}
    assert not (root / "skills/a/con.txt").exists()


def test_a_holdall_collection_in_git(root: Path, tmp_path: Path) -> None:
    """Its manifest is found in the commit."""
    work = make_collection(make_repository(tmp_path / "team"), "x")
    text = manifest_text(work).replace(
        'name = "x"', f'name = "x"\nuuid = "{"a" * 12}4aaa8{"a" * 15}"'
    )
    (work / "manifest.toml").write_text(text)
    commit(work)
    collect(root, f"file://{work}")
    assert skill(root, "x").uuid == "a" * 12 + "4aaa8" + "a" * 15
