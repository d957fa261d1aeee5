"""`holdall why`: which version, from where, asked for by what, since when, and how to go back."""

from __future__ import annotations

import re

import pytest

from holdall.testing import make_skill
from machines import Machine, Upstream

pytestmark = pytest.mark.integration


def test_every_answer(ada: Machine, upstream: Upstream) -> None:
    """Of an artifact under the lock, with another project that has it."""
    ada.run("add", "acme/kit@v1.0.0", "--skill", "pdf")
    other = ada.project.with_name("other")
    other.mkdir()
    ada.run("deploy", "skill:pdf", "--to", str(other), "--target", "claude")
    said = ada.run("why", "pdf")
    for pattern in (
        r"version +0, [0-9a-f]{12}\n",
        rf"from +skills/pdf of https://github.com/acme/kit v1.0.0 at {upstream.first[:12]}\n",
        r'required by +holdall.toml, line 2: \{ source = "github:acme/kit"',
        r"since +20\d\d-.*, add by ",
        r"can run or send +nothing by itself\n",
        rf"also in +{re.escape(str(other))}\n",
        r"to go back +`holdall undo` until operation \d+ \(add\)\n",
        r"to go back +`holdall drop skill:pdf` to be without it\n",
    ):
        assert re.search(pattern, said), (pattern, said)
    shown = ada.json("why", "skill:pdf")
    assert (shown["version"], shown["commit"]) == (0, upstream.first)
    assert shown["uuid"] == ada.uuids()["skill:pdf"]


def test_after_an_update_and_an_edit(ada: Machine, upstream: Upstream) -> None:
    """It says the newer version, what was edited, and what it can run."""
    ada.run("add", "acme/kit", "--skill", "pdf")
    head = upstream.work / "skills/pdf/SKILL.md"
    head.write_text(head.read_text().replace("---\npdf", "allowed-tools: Bash(rm:*)\n---\npdf"))
    upstream.release()
    ada.run("update", "--allow-commands")
    (ada.project / ".claude/skills/pdf/SKILL.md").write_text("mine\n")
    shown = ada.json("why", "pdf")
    assert (shown["version"], shown["newest"]) == (1, 1)
    assert shown["edited"] == [".claude/skills/pdf/SKILL.md is edited"]
    assert any("Bash(rm:*)" in effect for effect in shown["effects"])
    assert (shown["since"]["command"], shown["last"]["command"]) == ("add", "update")
    assert "`holdall deploy skill:pdf@0`, until the next sync" in shown["back"]


def test_by_hand_and_not_at_all(ada: Machine, upstream: Upstream) -> None:
    """What was deployed by hand says so; what is not there is an error."""
    make_skill(upstream.work, "mine")
    ada.run("init", str(ada.collection))
    ada.run("collect", upstream.work)
    ada.run("composite", "create", "both", "--member", "pdf", "--member", "mine")
    ada.run("deploy", "both", "--target", "claude")
    assert "deployed by hand  composite:both" in ada.run("why", "mine")
    assert ada.json("why", "both")["content_hash"] is None
    assert "'notes' is not in" in ada.run("why", "notes", status=4)
