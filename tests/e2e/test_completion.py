"""Completion in real shells, of what a real collection has."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pexpect
import pytest

from e2e.conftest import clean_environment
from e2e.kit import REPOSITORY, SAMPLE
from e2e.wheels import build_wheel
from holdall.testing import in_this_process

pytestmark = pytest.mark.e2e

HOLDALL = Path(sys.executable).with_name("holdall")


def needs(shell: str) -> pytest.MarkDecorator:
    """Leave out a test where its shell is not installed."""
    return pytest.mark.skipif(shutil.which(shell) is None, reason=f"{shell} is not installed")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home folder with a collection, and a script for each shell."""
    home = tmp_path_factory.mktemp("home")
    for words in (("init", home / "kit"), ("--collection", home / "kit", "collect", SAMPLE)):
        assert in_this_process(*words).returncode == 0
    create = ("composite", "create", "mine", "--member", "plain-prose")
    assert in_this_process("--collection", home / "kit", *create).returncode == 0
    for shell in ("bash", "zsh", "fish"):
        script = in_this_process("completion", shell).stdout
        assert "_holdall_values" in script
        (home / f"holdall.{shell}").write_text(script)
    return home


def environment(home: Path) -> dict[str, str]:
    """Return the environment of a shell that finds the collection."""
    found = clean_environment(home, HOLDALL_COLLECTION=str(home / "kit"), TERM="dumb")
    return {**found, "PATH": f"{HOLDALL.parent}:{os.environ['PATH']}"}


CASES = [
    ("holdall dep", "deploy"),
    ("holdall composite cr", "create"),
    ("holdall deploy --tar", "--target"),
    ("holdall deploy --target curs", "cursor"),
    ("holdall deploy skill:pl", "skill:plain-prose"),
    ("holdall show skill:plain-prose@", "skill:plain-prose@0"),
    ("holdall composite show composite:mi", "composite:mine"),
]


@needs("bash")
@pytest.mark.parametrize(("line", "completed"), CASES)
def test_bash(home: Path, line: str, completed: str) -> None:
    """bash breaks words at colons; what it puts there is right all the same."""
    program = f"""
source {home}/holdall.bash
COMP_LINE={line!r}; COMP_POINT=${{#COMP_LINE}}; COMP_WORDBREAKS=$' \\t\\n:'
read -ra COMP_WORDS <<< "${{COMP_LINE//:/ : }}"
COMP_CWORD=$(( ${{#COMP_WORDS[@]}} - 1 ))
function=$(complete -p holdall | sed 's/.*-F \\([^ ]*\\).*/\\1/')
COMP_WORDS=({line}); COMP_CWORD=$(( ${{#COMP_WORDS[@]}} - 1 ))
$function holdall "${{COMP_WORDS[COMP_CWORD]}}" "${{COMP_WORDS[COMP_CWORD-1]}}"
printf '%s\\n' "${{COMPREPLY[@]}}"
"""
    done = subprocess.run(
        ["bash", "--norc", "-c", program], env=environment(home), capture_output=True, text=True
    )
    wanted = completed.rpartition(":")[2]
    assert wanted in [word.strip() for word in done.stdout.splitlines()], done


@needs("fish")
@pytest.mark.parametrize(("line", "completed"), CASES)
def test_fish(home: Path, line: str, completed: str) -> None:
    """fish says itself what it would offer."""
    program = f"source {home}/holdall.fish; complete -C {line!r}"
    done = subprocess.run(
        ["fish", "--no-config", "-c", program],
        env=environment(home),
        capture_output=True,
        text=True,
    )
    assert completed in [row.partition("\t")[0] for row in done.stdout.splitlines()], done


@needs("zsh")
def test_zsh(home: Path) -> None:
    """A line that is typed with a tab is completed and run."""
    shell = pexpect.spawn(
        "zsh", ["-f", "-i"], env=environment(home), encoding="utf-8", timeout=20, echo=False
    )
    shell.sendline("PS1='ready> '; autoload -U compinit; compinit -u -D")
    shell.sendline(f"source {home}/holdall.zsh; compdef _shtab_holdall holdall; echo set''up")
    shell.expect("setup")
    for line, completed in CASES:
        shell.expect("ready> ")
        shell.send(line)
        shell.send("\t")
        shell.expect_exact(completed)
        shell.send("\x03")
    shell.sendline("exit")
    shell.expect(pexpect.EOF)


def test_a_wheel_has_a_man_page_and_completion(tmp_path: Path) -> None:
    """All commands are in them; `man` renders the page without a complaint."""
    with zipfile.ZipFile(build_wheel(REPOSITORY, tmp_path)) as wheel:
        places = {
            name.partition(".data/data/")[2]: wheel.read(name).decode()
            for name in wheel.namelist()
            if ".data/data/" in name
        }
    assert set(places) == {
        "share/man/man1/holdall.1",
        "share/bash-completion/completions/holdall",
        "share/zsh/site-functions/_holdall",
        "share/fish/vendor_completions.d/holdall.fish",
    }
    for text in places.values():
        assert all(word in text for word in ("deploy", "composite", "associations", "undo"))
    if shutil.which("man") is None:
        return
    (tmp_path / "holdall.1").write_text(places["share/man/man1/holdall.1"])
    done = subprocess.run(
        ["man", "--warnings", "-l", tmp_path / "holdall.1"],
        env={**os.environ, "MANWIDTH": "80", "LC_ALL": "C.UTF-8", "MANPAGER": "cat"},
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "EXIT STATUS" in done.stdout and "holdall deploy skill:pdf --to ./app" in done.stdout


def imported_by(words: list[str], given: dict[str, str], answer: list[str]) -> set[str]:
    """Return the names of the modules that a command imports, which answers with these words."""
    given = {**given, "PYTHONPROFILEIMPORTTIME": "1"}
    done = subprocess.run(words, env=given, capture_output=True, text=True, check=True)
    assert done.stdout.split() == answer
    return {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}


def test_ids_of_a_thousand_come_from_the_cache(tmp_path: Path) -> None:
    """The second time no database is opened, and no library for one imported."""
    kit, source = tmp_path / "kit", tmp_path / "source"
    for number in range(1000):
        (source / f"skills/s{number}").mkdir(parents=True)
        text = f"---\nname: s{number}\ndescription: number {number}\n---\n"
        (source / f"skills/s{number}/SKILL.md").write_text(text)
    assert in_this_process("init", kit).returncode == 0
    assert in_this_process("--collection", kit, "collect", source).returncode == 0
    given = clean_environment(tmp_path, XDG_CACHE_HOME=str(tmp_path / "cache"))
    words = [
        str(HOLDALL),
        *["completion", "--values", "refs", "skill:s99", "--collection"],
        str(kit),
    ]
    ids = ["skill:s99", *(f"skill:s99{n}" for n in range(10))]
    asked = [imported_by(words, given, ids) for _ in range(2)]
    assert asked[0] >= {"peewee", "pluggy"}
    assert asked[1].isdisjoint({"peewee", "yaml", "pluggy", "holdall.collection.collection"})
    again = [*words[:4], "skill:s7@", *words[5:]]
    done = subprocess.run(again, env=given, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["skill:s7@0"]
