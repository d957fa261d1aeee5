"""The `git` command, called so that nothing a repository says is run or asked for."""

from __future__ import annotations

import contextlib
import os
import re
import shlex
import signal
import subprocess
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import unquote

from holdall.errors import HoldallError, NotFoundError, StorageError
from holdall.files.folders import work_tree_of
from holdall.sources.fetch.address import show_address
from holdall.sources.values import GitState

_SETTINGS = (
    "core.hooksPath=/dev/null",
    "core.fsmonitor=false",
    "protocol.ext.allow=never",
    "protocol.file.allow=user",
    "gc.auto=0",
    "maintenance.auto=false",
    "http.lowSpeedLimit=1000",
    "http.lowSpeedTime=30",
)
_OPTIONS = tuple(word for setting in _SETTINGS for word in ("-c", setting))
_NO_TRANSPORT = "none"
_CREDENTIALS_WANTED = (
    "could not read Username",
    "could not read Password",
    "terminal prompts disabled",
    "Authentication failed",
    "Permission denied (",
    "Host key verification failed",
)
_NOT_THERE = ("not found", "does not appear to be a git repository", "does not exist")


_ALL_OF_IT = b"./"
_SPARSE = ".git/info/sparse-checkout"
_MAX_SECONDS = 30.0
_LOOK_EVERY = 0.25
"""Seconds between two looks at what a server sent."""


_KEPT_VARIABLES = re.compile(
    r"CONFIG_(GLOBAL|SYSTEM|NOSYSTEM|COUNT|KEY_\d+|VALUE_\d+|PARAMETERS)"
    r"|SSH(_COMMAND|_VARIANT)?|SSL_\w+|PROXY_\w+|HTTP_\w+|CURL_FTP_\w+"
)
"""What may follow `GIT_` in the user's environment; settings of `_SETTINGS` come before these."""
_TRANSPORTS = ("https", "http", "ssh", "git", "file")
_ABOUT_REASON = ("fatal: ", "error: ", "remote: ", "ssh: ")
_MAX_WORDS = 400


class GitFailed(Exception):
    """What git said when it failed; only `Git.unreachable` shows it, since it may quote secrets."""


class Git:
    """Runs git on one git directory. `label` names the source in errors.

    Without `may_fetch` no transport is allowed, so that a repository which lacks objects cannot
    make git go and get them.
    """

    def __init__(self, git_dir: Path, label: str, *, may_fetch: bool) -> None:
        self.git_dir, self.label = git_dir, label
        self._environment = _environment()
        self._options: tuple[str, ...] = ()
        self._secrets: tuple[str, ...] = ()
        self._place = Path("/")
        if not may_fetch:
            self._environment["GIT_ALLOW_PROTOCOL"] = _NO_TRANSPORT

    def log_in_with(self, line: str) -> None:
        """Let git know a user and password, as `git credential-store` keeps them, and no others.

        They go into a file beside the git directory, which only its owner may read.
        """
        password = line.partition("://")[2].rpartition("@")[0].partition(":")[2]
        self._secrets = tuple(filter(None, (password, unquote(password))))
        file = self.git_dir.with_name(f"{self.git_dir.name}.login")
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        with open(descriptor, "w", encoding="utf-8") as stream:
            stream.write(f"{line}\n")
        helper = f"credential.helper=store --file={shlex.quote(str(file))}"
        # An empty one first: none of the user's own helpers is to keep these.
        self._options = ("-c", "credential.helper=", "-c", helper)

    def work_in(self, top: Path, folder: Path) -> None:
        """Run git in a folder of the work tree at `top`."""
        self._options, self._place = (f"--work-tree={top}",), folder

    def run(
        self,
        *words: str,
        watch: Callable[[int], None] | None = None,
        seconds: float | None = None,
        stdin: int = subprocess.DEVNULL,
    ) -> bytes:
        """Run a git command and return its output; raises GitFailed with what it complained of.

        `watch` is called now and then with the size of the git directory; if it raises, that
        is the end of the command. So are `seconds`.
        """
        with (
            self.start(words, stdin=stdin, stderr=subprocess.PIPE) as process,
            kill_on_error(process),
        ):
            while True:
                try:
                    pause = seconds if watch is None else _LOOK_EVERY
                    output, complaint = process.communicate(timeout=pause)
                    break
                except subprocess.TimeoutExpired:
                    if watch is None:
                        raise GitFailed(f"git took longer than {seconds} seconds") from None
                    watch(size_of(self.git_dir))
        if process.returncode:
            raise GitFailed(complaint.decode(errors="replace"))
        return output

    def start(
        self, words: Sequence[str], *, stdin: int = subprocess.DEVNULL, stderr: int
    ) -> subprocess.Popen[bytes]:
        """Start a git command, whose output is to be read from a pipe."""
        try:
            return subprocess.Popen(
                ["git", *_OPTIONS, *self._options, f"--git-dir={self.git_dir}", *words],
                stdin=stdin,
                stdout=subprocess.PIPE,
                stderr=stderr,
                env=self._environment,
                cwd=self._place,
                # ssh asks at the terminal unless there is none.
                start_new_session=True,
            )
        except FileNotFoundError:
            raise StorageError(
                f"{self.label}: reading a git repository needs the git command, which is not there",
                hint="install git, or name a folder or an archive",
            ) from None

    def unreachable(self, complaint: str) -> HoldallError:
        """Make the error for a repository that could not be fetched from, with git's own words."""
        reason = self._reason_in(complaint)
        said = f": git said {reason}" if reason else ""
        if any(words in complaint for words in _CREDENTIALS_WANTED):
            return StorageError(
                f"{self.label}: the server wants credentials{said}",
                hint="set up a git credential helper or an ssh key; is the address right?",
            )
        if any(words in complaint for words in _NOT_THERE):
            return NotFoundError(
                f"{self.label}: no such git repository{said}",
                hint="check the address for typing errors, and that you may read it",
            )
        return StorageError(
            f"{self.label}: git cannot reach the repository{said}",
            hint="try `git ls-remote` with the same address",
        )

    def _reason_in(self, complaint: str) -> str:
        """Return the lines in which git gives a reason, without credentials."""
        lines = [line.strip() for line in complaint.splitlines()]
        sentences = [line for line in lines if line.startswith(_ABOUT_REASON)]
        words = " / ".join(dict.fromkeys(sentences or [line for line in lines if line][-2:]))
        for secret in self._secrets:
            words = words.replace(secret, "***")
        words = show_address(words)
        return words if len(words) <= _MAX_WORDS else f"{words[:_MAX_WORDS]}..."


@contextmanager
def kill_on_error(process: subprocess.Popen[bytes]) -> Iterator[None]:
    """Kill git and all that it started if we give up: in a session of its own, Ctrl-C spares it."""
    try:
        yield
    except BaseException:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        raise


def size_of(folder: Path) -> int:
    """Return the bytes of all files below a folder."""
    size = 0
    for top, _, files in os.walk(folder):
        for name in files:
            with contextlib.suppress(FileNotFoundError):  # git renames what is complete
                size += os.lstat(os.path.join(top, name)).st_size
    return size


def _environment() -> dict[str, str]:
    """Return the user's environment without what leads git to other repositories or programs.

    How to reach a server stays: settings files, keys, certificates, proxies.
    """
    kept = {name: value for name, value in os.environ.items() if _is_kept(name)}
    allowed = os.environ.get("GIT_ALLOW_PROTOCOL")
    if allowed is not None:
        # Fewer than usual, not more: `ext` runs any command.
        kept["GIT_ALLOW_PROTOCOL"] = ":".join(
            [name for name in _TRANSPORTS if name in allowed.split(":")] or [_NO_TRANSPORT]
        )
    return {
        **kept,
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_ASKPASS": os.environ.get("GIT_ASKPASS", ""),
        "SSH_ASKPASS_REQUIRE": "never",
        "GIT_LFS_SKIP_SMUDGE": "1",
        "GIT_LITERAL_PATHSPECS": "1",
        "GIT_NO_LAZY_FETCH": "1",
        "GIT_NO_REPLACE_OBJECTS": "1",
        "GIT_OPTIONAL_LOCKS": "0",
        "LC_ALL": "C",
    }


def _is_kept(name: str) -> bool:
    head, _, rest = name.partition("_")
    return head != "GIT" or bool(_KEPT_VARIABLES.fullmatch(rest))


def state_in(folder: Path) -> GitState:
    """Return what git knows of a real folder: what its own git ignores or did not check out.

    Nothing if there is no repository; nothing is ignored where that ignores the folder itself,
    which the user named.
    """
    top = work_tree_of(folder)
    if top is None:
        return GitState()
    ignored = ("ls-files", "--others", "--ignored", "--exclude-standard", "--directory", "-z")
    try:
        git = Git(top / ".git", str(folder), may_fetch=False)
        git.work_in(top, folder)
        names = git.run(*ignored, seconds=_MAX_SECONDS).split(b"\0")
        tagged: list[bytes] = []
        if os.path.lexists(top / _SPARSE):
            tagged = git.run("ls-files", "-t", "-z", seconds=_MAX_SECONDS).split(b"\0")
    except (GitFailed, StorageError, OSError):
        return GitState()
    return GitState(
        frozenset() if _ALL_OF_IT in names else _paths(names),
        sparse=_paths(line[2:] for line in tagged if line.startswith(b"S ")),
    )


def _paths(names: Iterable[bytes]) -> frozenset[str]:
    return frozenset(os.fsdecode(name).rstrip("/") for name in names if name)


def descends(folder: Path, commit: str) -> bool:
    """Return whether the history of what is checked out in a folder has a commit."""
    top = work_tree_of(folder)
    if top is None:
        return False
    try:
        git = Git(top / ".git", str(folder), may_fetch=False)
        git.run("merge-base", "--is-ancestor", commit, "HEAD")
    except (GitFailed, StorageError, OSError):
        return False
    return True


def head_of(folder: Path) -> str | None:
    """Return the commit that is checked out in the work tree of a folder; None if unknown."""
    top = work_tree_of(folder)
    if top is None:
        return None
    try:
        git = Git(top / ".git", str(folder), may_fetch=False)
        return git.run("rev-parse", "--verify", "--quiet", "HEAD^{commit}").decode().strip()
    except (GitFailed, StorageError, OSError):
        return None
