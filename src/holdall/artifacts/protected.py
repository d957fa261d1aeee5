"""Places in a project or home folder that no artifact may write to, however they are spelled."""

from __future__ import annotations

import re
import unicodedata

from holdall.artifacts.paths import RelPath
from holdall.errors import HostilePathError

LEDGER = RelPath.parse(".holdall/ledger.json")
DEPLOYED = RelPath.parse(".holdall/deployed.toml")
ATTRIBUTES = RelPath.parse(".holdall/.gitattributes")
OLDER = RelPath.parse(".holdall/versions")
"""Where a source has older versions that its composites pin: `UUID/CONTENT HASH/` and the files."""
SYNCED = RelPath.parse(".holdall/synced.lock")
PROJECT_FILE = RelPath.parse("holdall.toml")
LOCK_FILE = RelPath.parse("holdall.lock")
SKILLS_LOCK = RelPath.parse("skills-lock.json")

PROJECT_FILES = frozenset(
    {PROJECT_FILE, LOCK_FILE, SYNCED, SKILLS_LOCK, RelPath.parse(".gitattributes")}
)
"""What a project wants and has; commands of the lock write these with what they deploy."""

PROTECTED = frozenset(
    {
        # Holdall's own state
        ".holdall",
        # git runs what these say
        ".gitmodules", ".gitconfig", ".config/git", ".husky", ".pre-commit-config.yaml",
        # shells and direnv run these
        ".bashrc", ".bash_profile", ".bash_login", ".bash_logout", ".bash_aliases", ".profile",
        ".zshrc", ".zshenv", ".zprofile", ".zlogin", ".zlogout", ".kshrc", ".cshrc", ".tcshrc",
        ".login", ".logout", ".inputrc", ".config/fish", ".config/zsh", ".envrc",
        # sessions and services run these
        ".xprofile", ".xinitrc", ".xsession", ".xsessionrc", ".pam_environment", ".local/bin",
        ".config/autostart", ".config/systemd", ".config/environment.d",
        # keys, and where packages come from
        ".ssh", ".gnupg", ".aws", ".netrc", ".npmrc", ".yarnrc", ".yarnrc.yml", ".pypirc",
        ".config/pip", ".cargo", ".docker",
        # editors and build services run what these say
        ".vscode/settings.json", ".vscode/tasks.json", ".vscode/launch.json", ".idea",
        ".devcontainer", ".vimrc", ".exrc", ".github/workflows", ".github/actions",
    }
)  # fmt: skip
"""In lower case, from the project's or home folder on: each file, or folder with all in it."""

_OWN = frozenset({LEDGER, DEPLOYED, ATTRIBUTES, SYNCED})

# What git takes for `.git`, at any depth: a folder of that name makes a repository of the one above
# it, whose settings name programs to run. `git~1` is its short name on NTFS.
_GIT = r"(?:^|/)(?:\.git|git~\d+)(?:/|$)"
# `GI7EBA~1` is the short name of `.gitmodules`, `GI7D29~1` that of `.gitattributes`.
_SHORT = r"gi(?:t[a-z]{3}|7[0-9a-f]{3})~\d"


def is_repository(path: RelPath) -> bool:
    """Return whether git could take something on the way to `path` for a repository."""
    return _is_repository(_fold(path))


def _is_repository(folded: str) -> bool:
    return "git" in folded and re.search(_GIT, folded) is not None


def refuse_protected(path: RelPath) -> None:
    """Raise HostilePathError for protected places, Holdall's own files excepted."""
    folded = _fold(path)
    if (_is_acted_upon(folded) or _is_repository(folded)) and path not in _OWN:
        raise HostilePathError(
            f"{str(path)!a} is a place that no artifact may write to",
            hint="remove the file from its source",
        )


def _is_acted_upon(folded: str) -> bool:
    first, *below = folded.split("/", 2)
    if first in PROTECTED or ("~" in first and re.fullmatch(_SHORT, first)):
        return True
    return bool(below) and f"{first}/{below[0]}" in PROTECTED


def _fold(path: RelPath) -> str:
    """Return what file systems without case, or with invisible characters, take for the path."""
    if path.isascii():
        return path.lower()
    return "".join(c for c in path.fold_key if unicodedata.category(c) != "Cf")
