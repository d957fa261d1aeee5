"""Others' locks and their hashes, from what the programs themselves wrote."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from holdall.deploy.locked.others.forms import read_openskills, read_other_lock
from holdall.deploy.locked.others.hashes import HashedFile, hash_files, locale_key
from holdall.deploy.locked.others.values import Listed, OtherLock
from holdall.errors import InputError

FILES = {
    "SKILL.md": HashedFile(b"b"),
    "references/words.md": HashedFile(b"a\r\n"),
    "node_modules/x.md": HashedFile(b"n"),
    "link": HashedFile(b"SKILL.md", is_link=True),
}


def sha(*parts: bytes) -> str:
    """Return the SHA-256 of parts, as hex."""
    return hashlib.sha256(b"".join(parts)).hexdigest()


def test_rules() -> None:
    """Each rule has its order, its separators, and what it leaves out; links count for none."""
    words, head = (b"references/words.md", b"a\r\n"), (b"SKILL.md", b"b")
    modules = (b"node_modules/x.md", b"n")
    assert hash_files("vercel", FILES) == sha(*words, *head)
    assert hash_files("apm", FILES) == "sha256:" + sha(*head, *modules, *words)
    parts = [p for path, data in (modules, words, head) for p in (path, b"\0", data, b"\0")]
    assert hash_files("rulesync", FILES) == "sha256-" + sha(*parts)
    assert hash_files("vercel", {"ä.md": HashedFile(b"")}) is None


def test_git_tree() -> None:
    """The tree has git's order and modes; the value is `git write-tree`'s."""
    files = {
        "a0": HashedFile(b"z"),
        "a/link": HashedFile(b"a.md", is_link=True),
        "a.md": HashedFile(b"y\n"),
        "a/b/run.sh": HashedFile(b"x\n", executable=True),
    }
    assert hash_files("git", files) == "21d8c8bbdbcc6ca6299a1e16508c9a216a1d3eb0"


def test_locale_order() -> None:
    """Marks, digits, letters; case decides last, small letters first."""
    names = ["B", "a", "b", "A", "9", "_x", "a-b", "ab", "a/b", "a.b"]
    assert sorted(names, key=locale_key) == [
        "_x",
        "9",
        "a",
        "A",
        "a-b",
        "a.b",
        "a/b",
        "ab",
        "b",
        "B",
    ]


PROGRAMS = {
    "skills-lock.json": (
        json.dumps(
            {
                "version": 1,
                "skills": {
                    "pdf": {
                        "source": "acme/kit",
                        "ref": "v1",
                        "sourceType": "github",
                        "skillPath": "skills/pdf/SKILL.md",
                        "computedHash": "a" * 64,
                    },
                    "web": {"source": "x.example", "sourceType": "well-known"},
                },
            }
        ),
        (
            Listed("pdf", "github:acme/kit", "skills/pdf", "v1", ("v1",), "vercel", "a" * 64),
            Listed("web", None),
        ),
    ),
    ".skill-lock.json": (
        json.dumps(
            {
                "version": 3,
                "skills": {
                    "pdf": {
                        "source": "h.example/kit",
                        "sourceType": "git",
                        "sourceUrl": "https://h.example/kit.git",
                        "skillPath": "SKILL.md",
                        "skillFolderHash": "b" * 40,
                    },
                    "web": {"sourceType": "well-known", "skillFolderHash": ""},
                },
            }
        ),
        (
            Listed("pdf", "https://h.example/kit.git", ".", None, (None,), "git", "b" * 40),
            Listed("web", None),
        ),
    ),
    "agents.lock": (
        'version = 1\n[skills.pdf]\nsource = "acme/kit"\nresolved_url = "https://github.com/acme/kit"\n'
        'resolved_path = "skills/pdf"\nresolved_commit = "c1"\n[skills.own]\nsource = "path:own"\n',
        (
            Listed("pdf", "https://github.com/acme/kit", "skills/pdf", None, ("c1", None)),
            Listed("own", "./own"),
        ),
    ),
    "rulesync.lock": (
        json.dumps(
            {
                "sources": {
                    "acme/kit": {
                        "requestedRef": "v1",
                        "resolvedRef": "c1",
                        "skills": {"pdf": {"integrity": "sha256-1"}},
                    }
                }
            }
        ),
        (Listed("pdf", "github:acme/kit", None, "v1", ("c1", "v1"), "rulesync", "sha256-1"),),
    ),
    "apm.lock.yaml": (
        "dependencies:\n- repo_url: acme/kit\n  name: pdf\n  host: github.com\n"
        "  resolved_commit: c1\n  resolved_ref: v1\n  virtual_path: skills/pdf\n"
        "  package_type: claude_skill\n  content_hash: sha256:1\n"
        "- repo_url: _local/own\n  name: own\n  local_path: ./own\n",
        (
            Listed(
                *("pdf", "https://github.com/acme/kit", "skills/pdf", "v1", ("c1", "v1")),
                *("apm", "sha256:1"),
            ),
            Listed("own", "./own"),
        ),
    ),
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_forms(tmp_path: Path, name: str) -> None:
    """Each lock says what it lists, from where, and by which hash."""
    text, listed = PROGRAMS[name]
    (tmp_path / name).write_text(text)
    assert read_other_lock(tmp_path / name).listed == listed


def test_openskills(tmp_path: Path) -> None:
    """What openskills left in a skill names its repository and folder."""
    mark = tmp_path / ".openskills.json"
    mark.write_text('{"sourceType": "git", "repoUrl": "https://h/k.git", "subpath": "a/pdf"}')
    listed = (Listed("pdf", "https://h/k.git", "a/pdf"),)
    assert read_openskills({"pdf": mark}) == OtherLock("openskills", listed)


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("skills-lock.json", "[]", "not an object"),
        ("skills-lock.json", '{"skills": {"a": 1}}', "skills.a: not an object"),
        ("agents.lock", "[skills.a]\nsource = 1", "source is not a text"),
        ("rulesync.lock", "{", "not valid JSON"),
        ("apm.lock.yaml", "dependencies: 1", "dependencies is not a list"),
        ("apm.lock.yaml", "a: &x 1", "an anchor"),
    ],
)
def test_broken(tmp_path: Path, name: str, text: str, said: str) -> None:
    """What is broken names the file and the key."""
    (tmp_path / name).write_text(text)
    with pytest.raises(InputError, match=said) as caught:
        read_other_lock(tmp_path / name)
    assert name in caught.value.message
