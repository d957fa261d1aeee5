"""Every command on a collection full of hostile names: nothing printed does anything."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Callable
from pathlib import Path

import pytest

from holdall.cli import main
from host_factories import make_collection, make_project
from source_trees import MARKET, PLUGIN, good, write

pytestmark = pytest.mark.integration

EVIL = "\x1b[2J\x1b]0;x\x07\u202etxt\U000e0041\u200b\r\nerror: forged\x9b\x7f"
Run = Callable[..., tuple[int, str]]


@pytest.fixture
def run(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run the command on a fresh collection; what it prints must be harmless."""
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.chdir(tmp_path)
    root = make_collection(tmp_path / "kit")

    def call(*words: str | Path) -> tuple[int, str]:
        status = main(["--collection", str(root), *map(str, words)])
        out, err = capsys.readouterr()
        for line in (out + err).split("\n"):
            odd = {c for c in line if unicodedata.category(c) in ("Cc", "Cf", "Cs", "Zl", "Zp")}
            assert not odd - {"\t"}, f"{words}: {line!a}"
            assert not re.match(r"\s{0,1}(error|hint): forged", line), f"{words}: {line!a}"
        return status, out + err

    return call


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A source in which everything that is printed is hostile, as far as it can be."""
    server = {EVIL: {"command": EVIL, "args": [EVIL]}, "ok": {"command": f"x\n{EVIL}"}}
    plugin = {"name": EVIL, "description": EVIL, "version": EVIL, "skills": [EVIL, f"./{EVIL}"]}
    entry = {"name": EVIL, "source": f"./{EVIL}", "description": EVIL}
    files = {
        f"p/{PLUGIN}": {**plugin, EVIL: EVIL}, "p/commands/c.md": good("c", EVIL),
        "p/skills/s/SKILL.md": f"---\nname: s\n{EVIL}: *x\ndescription: {EVIL}\n---\n",
        MARKET: {"plugins": [entry, {**entry, "source": {EVIL: EVIL}}, {"name": EVIL}]},
        ".mcp.json": server, "agents/a.md": '---\nname: "a\\e[2J\\n\\u202e"\ndescription: d\n---\n',
        "agents/b.md": good("b"), "hooks/hooks.json": {"hooks": {EVIL: EVIL, "S": [{EVIL: 1}]}},
        "h/hooks.json": {"hooks": {"Stop": [{"hooks": [{"type": "command", "command": EVIL}]}]}},
        "skills/x\x1b[31m/SKILL.md": good("x"), "skills/ok/\u202etxt.md": "x",
        "skills/ok/SKILL.md": good("ok"), "skills/ok/l": ("->", f"/{EVIL}"),
        "skills/\udcff/SKILL.md": good("y"), "d/.mcp.json": f'{{"a": 1, "{"k" * 9}": \n{EVIL}',
    }  # fmt: skip
    return write(tmp_path / "s\x1b[2J\u202e", files)


def test_hostile_names_do_nothing(run: Run, source: Path, tmp_path: Path) -> None:
    """In what is read, collected, listed, deployed, compared and undone, and in errors."""
    project = make_project(tmp_path / "project")
    (bad := tmp_path / "bad\x1b[2J").mkdir()
    assert run("scan", source)[0] == run("lint", source, "--verbose")[0] == 1
    for option in ("--json", "--sarif"):
        printed = run("lint", source, option)[1]
        json.loads(printed[printed.index("{") :])
    assert run("collect", source, "--allow", "hidden-text")[0] == 1
    status, listed = run("list", "--json")
    ids = [entry["id"] for entry in json.loads(listed)["artifacts"]]
    assert len(ids) >= 8
    for words in (
        ["list"],
        ["composite", "list"],
        ["log"],
        ["doctor"],
        ["plugins"],
        ["db", "check"],
    ):
        run(*words)
    for artifact in [*ids, EVIL, f"skill:{EVIL}"]:
        for command in (["show"], ["tree"], ["associations"], ["versions"], ["diff"]):
            run(*command, artifact)
    status, told = run("deploy", *ids, "--to", project)
    assert status == 3
    assert "would run or send this" in told
    assert run("deploy", *ids, "--to", project, "--allow-commands")[0] in (0, 1)
    (project / ".claude/commands/c.md").write_text(EVIL)
    for words in (["status"], ["diff"], ["deploy", *ids], ["undeploy", *ids], ["deploy", EVIL]):
        run(*words, "--to", project)
        run(*words, "--to", bad)
    for others in (
        ["rename", ids[0], f"{ids[0].partition(':')[0]}:{EVIL}"], ["remove", EVIL],
        ["scan", EVIL], ["scan", f"https://u:p@h/{EVIL}"], [EVIL], ["deploy", EVIL],
        ["collect", source, "--rename", f"{EVIL}={EVIL}"], ["--database", EVIL, "list"],
        ["collect", source, "--allow", EVIL], ["deploy", "--target", EVIL], ["undo"],
        ["--collection", str(bad), "list"], ["init", str(bad)], ["composite", "create", EVIL],
        ["composite", "create", "c", "--member", EVIL], ["restore", ids[0], EVIL],
    ):  # fmt: skip
        run(*map(str, others))
