"""Plugins that need others: brought, held in the range that all allow, and gone with the last."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from git_repositories import git
from holdall.testing import make_skill, write
from machines import Machine, Upstream

pytestmark = pytest.mark.integration

VAULT = "https://github.com/acme/kit#plugins/vault"


def plugin(work: Path, name: str, version: str, *needs: Any) -> None:
    """Make a plugin with a skill of its name, and list it in the marketplace."""
    folder = work / "plugins" / name
    manifest = {"name": name, "version": version, "dependencies": list(needs)}
    write(folder / ".claude-plugin/plugin.json", json.dumps(manifest))
    make_skill(folder, f"{name}-skill", f"{name} {version}")
    market = work / ".claude-plugin/marketplace.json"
    names = sorted(path.name for path in (work / "plugins").iterdir())
    rows = [{"name": one, "source": f"./plugins/{one}"} for one in names]
    write(market, json.dumps({"name": "acme", "owner": {"name": "A"}, "plugins": rows}))


@pytest.fixture
def tools(upstream: Upstream) -> Upstream:
    """`deploy` needs `audit`, and `vault` of a version; `vault` has three, and goes on."""
    work = upstream.work
    for version in ("2.0.0", "2.1.0", "2.1.4"):
        plugin(work, "vault", version)
        upstream.release(f"vault--v{version}")
    plugin(work, "vault", "3.0.0")
    upstream.release("vault--v3.0.0")
    plugin(work, "audit", "1.0.0")
    plugin(work, "deploy", "1.0.0", "audit", {"name": "vault", "version": "~2.1.0"})
    upstream.release()
    return upstream


def bytes_of(machine: Machine, name: str) -> str:
    """Return the deployed text of a plugin's skill."""
    return (machine.project / f".claude/skills/{name}-skill/SKILL.md").read_text()


def test_what_a_plugin_needs(ada: Machine, bob: Machine, tools: Upstream) -> None:
    """Brought at the newest version in the range, locked with who needs it, gone with that."""
    said = ada.run("add", "acme/kit", "--skill", "deploy")
    assert "from https://github.com/acme/kit#plugins/vault ~2.1.0 vault--v2.1.4" in said
    assert "vault 2.1.4" in bytes_of(ada, "vault")
    assert "audit 1.0.0" in bytes_of(ada, "audit")
    lock = ada.lock()
    state = next(one for one in lock[""] if one["source"] == VAULT)
    assert (state["tag"], state["revision"]) == ("vault--v2.1.4", "~2.1.0")
    assert state["needed_by"] == ["composite:deploy ~2.1.0"]
    assert lock["skill:vault-skill"]["wanted_by"] == ["composite:deploy"]
    assert lock["composite:audit"]["wanted_by"] == ["composite:deploy"]
    assert "vault" not in (ada.project / "holdall.toml").read_text()
    for name in ("vault-skill", "audit-skill", "composite:vault", "composite:audit"):
        answer = ada.run("why", name)
        assert "composite:deploy" in answer
        assert 'select = ["composite:deploy"]' in answer
    git(ada.project, "add", ".gitattributes", "holdall.toml", "holdall.lock")
    git(ada.project, "commit", "--quiet", "--message", "one")
    git(ada.project, "clone", "--quiet", str(ada.project), str(bob.project))
    bob.run("sync", "--frozen")
    assert bob.files() == ada.files()
    assert "agree" in ada.run("sync", "--check")
    assert "there because of composite:deploy" in ada.run("drop", "audit", status=3)
    ada.run("drop", "deploy")
    assert ada.uuids() == {}
    assert ada.lock() == {"": []}
    ada.run("undo")
    assert "vault 2.1.4" in bytes_of(ada, "vault")
    assert "agree" in ada.run("sync", "--check")


def test_it_is_updated(ada: Machine, tools: Upstream) -> None:
    """Update goes to the newest in the range; what is needed no more goes."""
    ada.run("add", "acme/kit", "--skill", "deploy")
    plugin(tools.work, "vault", "2.1.9")
    tools.release("vault--v2.1.9")
    plugin(tools.work, "vault", "3.0.0")
    tools.release()
    assert "#plugins/vault ~2.1.0:" in ada.run("outdated", status=1)
    ada.run("update", "--yes", "vault-skill")
    assert "vault 2.1.9" in bytes_of(ada, "vault")
    plugin(tools.work, "deploy", "2.0.0", "audit")
    tools.release()
    ada.run("update", "--yes")
    assert not (ada.project / ".claude/skills/vault-skill").exists()
    assert [one["source"] for one in ada.lock()[""]] == ["https://github.com/acme/kit"]
    assert "agree" in ada.run("sync", "--check")


def test_several_need_one(ada: Machine, tools: Upstream) -> None:
    """The newest that all allow; it stays until the last that needs it is dropped."""
    plugin(tools.work, "report", "1.0.0", {"name": "vault", "version": "<2.1.3"})
    tools.release()
    ada.run("add", "acme/kit", "--skill", "deploy", "--skill", "report")
    assert "vault 2.1.0" in bytes_of(ada, "vault")
    state = next(one for one in ada.lock()[""] if one["source"] == VAULT)
    assert state["needed_by"] == ["composite:deploy ~2.1.0", "composite:report <2.1.3"]
    ada.run("drop", "deploy")
    assert "vault 2.1.0" in bytes_of(ada, "vault")
    state = next(one for one in ada.lock()[""] if one["source"] == VAULT)
    assert state["needed_by"] == ["composite:report <2.1.3"]
    ada.run("drop", "report")
    assert ada.uuids() == {}


def test_chains_and_circles(ada: Machine, tools: Upstream) -> None:
    """What is needed may need others, at its own version; two may need each other."""
    plugin(tools.work, "keys", "1.0.0")
    plugin(tools.work, "vault", "2.1.5", {"name": "keys", "version": "^1"})
    tools.release("vault--v2.1.5")
    tools.release("keys--v1.0.0")
    plugin(tools.work, "vault", "3.0.0")
    plugin(tools.work, "audit", "1.0.0", "deploy")
    tools.release()
    ada.run("add", "acme/kit", "--skill", "deploy")
    assert "keys 1.0.0" in bytes_of(ada, "keys")
    states = {one["source"]: one.get("needed_by") for one in ada.lock()[""]}
    assert states["https://github.com/acme/kit#plugins/keys"] == ["composite:vault ^1"]
    ada.run("drop", "deploy")
    assert ada.uuids() == {}


@pytest.mark.parametrize(
    ("needs", "said"),
    [
        (
            [{"name": "vault", "version": "^4"}],
            "composite:report needs vault ^4\nhint: of vault there is vault--v3.0.0, ",
        ),
        (["none"], "composite:report needs none\nhint: `holdall add` the source that has it first"),
        (
            [{"name": "audit", "marketplace": "other"}],
            "`holdall add` the source of the marketplace other that has it first, with --skill",
        ),
        (
            ["deploy", {"name": "vault", "version": "^3"}],
            "composite:deploy needs vault ~2.1.0",
        ),
    ],
)
def test_nothing_fits(ada: Machine, tools: Upstream, needs: list[Any], said: str) -> None:
    """The error says who needs what and what there is; nothing is changed."""
    plugin(tools.work, "report", "1.0.0", *needs)
    tools.release()
    printed = ada.run("add", "acme/kit", "--skill", "report", status=3)
    assert said in printed, printed
    assert "composite:report needs" in printed
    assert not (ada.project / "holdall.toml").exists()


def test_what_is_chosen_is_held(ada: Machine, tools: Upstream) -> None:
    """A plugin that was chosen itself is what it is: where that is not allowed, it is said."""
    printed = ada.run("add", "acme/kit", "--skill", "deploy", "--skill", "vault", status=3)
    assert "composite:deploy needs vault ~2.1.0" in printed
    assert "there is 3.0.0 in github:acme/kit" in printed


def test_of_another_source(ada: Machine, tools: Upstream) -> None:
    """A plugin of another marketplace counts once the project requires it."""
    plugin(tools.work, "report", "1.0.0", {"name": "extra", "marketplace": "other"})
    tools.release()
    other = ada.project / "other"
    plugin(other, "extra", "1.0.0")
    ada.run("add", "./other", "--skill", "extra")
    ada.run("add", "acme/kit", "--skill", "report")
    assert "report 1.0.0" in bytes_of(ada, "report")
    assert "extra 1.0.0" in bytes_of(ada, "extra")


def test_for_other_agents(ada: Machine, tools: Upstream) -> None:
    """What is needed is for the agents of what needs it, when these change, too."""
    del tools
    ada.run("add", "acme/kit", "--skill", "deploy")
    toml = ada.project / "holdall.toml"
    toml.write_text(toml.read_text() + 'targets = ["cursor"]\n')
    ada.run("sync")
    assert ada.lock()["skill:vault-skill"]["targets"] == ["cursor"]
    assert (ada.project / ".cursor/skills/vault-skill/SKILL.md").is_file()
    assert "agree" in ada.run("sync", "--check")
